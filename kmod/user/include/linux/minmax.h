/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: min, max, clamp. Both sides must have one type, as in the kernel. */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#define shim_pick(x, y, op) ({						\
	__typeof__(x) __shim_x = (x);					\
	__typeof__(y) __shim_y = (y);					\
									\
	(void)(&__shim_x == &__shim_y);	/* types differ: warning */	\
	__shim_x op __shim_y ? __shim_x : __shim_y;			\
})

#define min(x, y)		shim_pick(x, y, <)
#define max(x, y)		shim_pick(x, y, >)
#define min3(x, y, z)		min((__typeof__(x))min(x, y), z)
#define max3(x, y, z)		max((__typeof__(x))max(x, y), z)
#define min_t(type, x, y) ({						\
	type __shim_tx = (x);						\
	type __shim_ty = (y);						\
									\
	__shim_tx < __shim_ty ? __shim_tx : __shim_ty;			\
})
#define max_t(type, x, y) ({						\
	type __shim_tx = (x);						\
	type __shim_ty = (y);						\
									\
	__shim_tx > __shim_ty ? __shim_tx : __shim_ty;			\
})
#define min_not_zero(x, y) ({						\
	__typeof__(x) __shim_nx = (x);					\
	__typeof__(y) __shim_ny = (y);					\
									\
	__shim_nx == 0 ? __shim_ny :					\
		(__shim_ny == 0 ? __shim_nx : min(__shim_nx, __shim_ny)); \
})
#define clamp_t(type, val, lo, hi) ({					\
	type __shim_cv = (val);						\
	type __shim_cl = (lo);						\
	type __shim_ch = (hi);						\
									\
	__shim_cv < __shim_cl ? __shim_cl :				\
		(__shim_cv > __shim_ch ? __shim_ch : __shim_cv);	\
})
#define clamp(val, lo, hi) ({						\
	__typeof__(val) __shim_v = (val);				\
	__typeof__(lo) __shim_l = (lo);					\
	__typeof__(hi) __shim_h = (hi);					\
									\
	(void)(&__shim_v == &__shim_l);					\
	(void)(&__shim_v == &__shim_h);					\
	__shim_v < __shim_l ? __shim_l :				\
		(__shim_v > __shim_h ? __shim_h : __shim_v);		\
})
#define clamp_val(val, lo, hi)	clamp_t(__typeof__(val), val, lo, hi)
#define swap(a, b) do {							\
	__typeof__(a) __shim_swap = (a);				\
									\
	(a) = (b);							\
	(b) = __shim_swap;						\
} while (0)

#endif /* SHIM_LINUX_MINMAX_H */
