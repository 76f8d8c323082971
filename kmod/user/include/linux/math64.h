/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: 64-bit division. */
#ifndef SHIM_LINUX_MATH64_H
#define SHIM_LINUX_MATH64_H

#include <linux/types.h>

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = (u32)(dividend % divisor);
	return dividend / divisor;
}

static inline u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline s64 div_s64_rem(s64 dividend, s32 divisor, s32 *remainder)
{
	*remainder = (s32)(dividend % divisor);
	return dividend / divisor;
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline s64 div_s64(s64 dividend, s32 divisor)
{
	return dividend / divisor;
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

static inline s64 div64_s64(s64 dividend, s64 divisor)
{
	return dividend / divisor;
}

#define DIV64_U64_ROUND_UP(n, d) ({					\
	u64 __shim_d = (d);						\
									\
	div64_u64((n) + __shim_d - 1, __shim_d);			\
})

/* do_div() divides n in place and gives the remainder. */
#define do_div(n, base) ({						\
	u32 __shim_base = (base);					\
	u32 __shim_rem = (u32)((u64)(n) % __shim_base);			\
									\
	(n) = (u64)(n) / __shim_base;					\
	__shim_rem;							\
})

/*
 * a * b / c with a product of 128 bits. c is not 0, and the quotient must fit 64 bits: x86 traps
 * otherwise, so the shim aborts.
 */
u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c);
u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift);
u64 mul_u64_u64_shr(u64 a, u64 mul, unsigned int shift);

#endif /* SHIM_LINUX_MATH64_H */
