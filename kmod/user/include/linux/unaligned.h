/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: numbers at any address. On kernels before 6.12 include <asm/unaligned.h> instead. */
#ifndef SHIM_LINUX_UNALIGNED_H
#define SHIM_LINUX_UNALIGNED_H

#include <linux/types.h>
#include <endian.h>
#include <string.h>

#define SHIM_UNALIGNED(bits, end)					\
static inline u##bits get_unaligned_##end##bits(const void *p)		\
{									\
	u##bits v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return end##bits##toh(v);					\
}									\
static inline void put_unaligned_##end##bits(u##bits v, void *p)	\
{									\
	v = (u##bits)hto##end##bits(v);					\
	memcpy(p, &v, sizeof(v));					\
}

SHIM_UNALIGNED(16, le)
SHIM_UNALIGNED(32, le)
SHIM_UNALIGNED(64, le)
SHIM_UNALIGNED(16, be)
SHIM_UNALIGNED(32, be)
SHIM_UNALIGNED(64, be)

#define get_unaligned(ptr) ({						\
	const struct {							\
		__typeof__(*(ptr)) x;					\
	} __attribute__((__packed__)) *__shim_p = (const void *)(ptr);	\
									\
	__shim_p->x;							\
})
#define put_unaligned(val, ptr) do {					\
	__typeof__(*(ptr)) __shim_v = (val);				\
									\
	memcpy(ptr, &__shim_v, sizeof(__shim_v));			\
} while (0)

#endif /* SHIM_LINUX_UNALIGNED_H */
