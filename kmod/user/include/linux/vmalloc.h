/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: virtually contiguous memory. */
#ifndef SHIM_LINUX_VMALLOC_H
#define SHIM_LINUX_VMALLOC_H

#include <linux/mm.h>

#define vmalloc(size)	kvmalloc(size, GFP_KERNEL)
#define vzalloc(size)	kvzalloc(size, GFP_KERNEL)
#define vfree(p)	kvfree(p)

#endif /* SHIM_LINUX_VMALLOC_H */
