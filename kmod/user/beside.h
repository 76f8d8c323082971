/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that come with virgod. */
#ifndef VIRGOD_BESIDE_H
#define VIRGOD_BESIDE_H

#include <stddef.h>

/*
 * The path of the program @name: beside virgod itself, or in lib/virgo next to the directory it is in, or where
 * it is installed. Always fills @path; whether it is there shows when it is started.
 */
void find_beside(const char *name, char *path, size_t n);

#endif
