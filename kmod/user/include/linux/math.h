/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: rounding and division. */
#ifndef SHIM_LINUX_MATH_H
#define SHIM_LINUX_MATH_H

#include <linux/types.h>
#include <stdlib.h>

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_DOWN_ULL(n, d) ((unsigned long long)(n) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_DOWN_ULL((unsigned long long)(n) + (d) - 1, (d))
#define DIV_ROUND_CLOSEST(n, d)	(((n) + (d) / 2) / (d))	/* unsigned operands only */

/* y is a power of two. */
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))((y) - 1))) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))((y) - 1)))
#define roundup(x, y) ({						\
	__typeof__(y) __shim_ry = (y);					\
									\
	(((x) + (__shim_ry - 1)) / __shim_ry) * __shim_ry;		\
})
#define rounddown(x, y) ({						\
	__typeof__(x) __shim_rx = (x);					\
									\
	__shim_rx - (__shim_rx % (y));					\
})

#undef abs
#define abs(x) ({							\
	__typeof__(x) __shim_ax = (x);					\
									\
	__shim_ax < 0 ? -__shim_ax : __shim_ax;				\
})

#endif /* SHIM_LINUX_MATH_H */
