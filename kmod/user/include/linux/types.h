/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: the kernel's basic types. Keeps the system header's __u8 and friends, as libc needs
 * them.
 */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

typedef unsigned int gfp_t;
typedef s64 time64_t;
typedef s64 ktime_t;

#define __user
#define __force
#define __rcu
#define __iomem
#ifndef __bitwise
#define __bitwise
#endif

#define BITS_PER_LONG		((int)(8 * sizeof(long)))
#define BITS_PER_LONG_LONG	64
#define DECLARE_BITMAP(name, bits) \
	unsigned long name[((bits) + 8 * sizeof(long) - 1) / (8 * sizeof(long))]

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	long counter;
} atomic_long_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#endif /* SHIM_LINUX_TYPES_H */
