/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: pages as far as sizes go. */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <linux/align.h>
#include <linux/slab.h>
#include <linux/types.h>

#undef PAGE_SHIFT
#undef PAGE_SIZE
#undef PAGE_MASK
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)
#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)

static inline bool is_vmalloc_addr(const void *p)
{
	(void)p;
	return false;
}

#endif /* SHIM_LINUX_MM_H */
