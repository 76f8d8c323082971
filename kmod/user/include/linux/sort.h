/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: sorting in place, without recursion and without memory, in n log n always (heap sort,
 * not stable).
 */
#ifndef SHIM_LINUX_SORT_H
#define SHIM_LINUX_SORT_H

#include <linux/types.h>

/* swap_func NULL copies bytes. */
void sort(void *base, size_t num, size_t size, int (*cmp_func)(const void *, const void *),
	  void (*swap_func)(void *, void *, int size));

#endif /* SHIM_LINUX_SORT_H */
