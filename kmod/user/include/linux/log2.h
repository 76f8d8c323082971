/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: powers of two. */
#ifndef SHIM_LINUX_LOG2_H
#define SHIM_LINUX_LOG2_H

#include <linux/types.h>

/* n is not 0. */
#define ilog2(n) \
	((int)(63 - __builtin_clzll((unsigned long long)(n))))

static inline __attribute__((__const__)) bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static inline unsigned long shim_roundup_pow2(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (BITS_PER_LONG - __builtin_clzl(n - 1));
}

/* n is 1 .. 1 << 63. */
#define roundup_pow_of_two(n)	shim_roundup_pow2(n)
#define rounddown_pow_of_two(n)	(1UL << ilog2(n))
#define order_base_2(n)		((n) <= 1 ? 0 : ilog2((unsigned long)(n) - 1) + 1)

#endif /* SHIM_LINUX_LOG2_H */
