/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: binary search, which libc has in the same form. */
#ifndef SHIM_LINUX_BSEARCH_H
#define SHIM_LINUX_BSEARCH_H

#include <linux/types.h>
#include <stdlib.h>

#endif /* SHIM_LINUX_BSEARCH_H */
