/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: what the kernel asks of the compiler. READ_ONCE and WRITE_ONCE are relaxed atomics, so
 * that TSan knows them.
 */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include <linux/compiler_types.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" : : : "memory")
#define unreachable()	__builtin_unreachable()

/* Scalars and pointers only, as in the kernel. */
#define READ_ONCE(x) \
	__atomic_load_n((const volatile __typeof__(x) *)&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val) \
	__atomic_store_n((volatile __typeof__(x) *)&(x), (val), __ATOMIC_RELAXED)
#define data_race(expr)	(expr)

#endif /* SHIM_LINUX_COMPILER_H */
