/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashes of whole files, by which they are known again. */
#ifndef VIRGO_AN_HASH_H
#define VIRGO_AN_HASH_H

#include <stddef.h>
#include <stdint.h>

/* @len bytes as lower-case hex digits and a NUL. */
void an_hex(const uint8_t *bytes, size_t len, char *hex);

/* SHA-256 of a file as 64 hex digits and a NUL; -1 with errno. */
int an_hash_file(const char *path, char hex[65]);

#endif
