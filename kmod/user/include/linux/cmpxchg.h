/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: exchanges on plain variables. Internal: the kernel has them in <linux/atomic.h>. */
#ifndef SHIM_LINUX_CMPXCHG_H
#define SHIM_LINUX_CMPXCHG_H

#include <linux/compiler.h>

#define shim_cmpxchg(ptr, old, new, succ, fail) ({			\
	__typeof__(*(ptr)) __shim_old = (old);				\
									\
	(void)__atomic_compare_exchange_n(ptr, &__shim_old, new, 0, succ, fail); \
	__shim_old;							\
})

/* cmpxchg() gives the value found; try_cmpxchg() says whether it exchanged, else *oldp is it. */
#define cmpxchg(ptr, old, new) \
	shim_cmpxchg(ptr, old, new, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define cmpxchg_relaxed(ptr, old, new) \
	shim_cmpxchg(ptr, old, new, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define cmpxchg_acquire(ptr, old, new) \
	shim_cmpxchg(ptr, old, new, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)
#define cmpxchg_release(ptr, old, new) \
	shim_cmpxchg(ptr, old, new, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
#define try_cmpxchg(ptr, oldp, new) \
	((bool)__atomic_compare_exchange_n(ptr, oldp, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
#define try_cmpxchg_relaxed(ptr, oldp, new) \
	((bool)__atomic_compare_exchange_n(ptr, oldp, new, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
#define xchg(ptr, v)		__atomic_exchange_n(ptr, v, __ATOMIC_SEQ_CST)
#define xchg_relaxed(ptr, v)	__atomic_exchange_n(ptr, v, __ATOMIC_RELAXED)
#define xchg_acquire(ptr, v)	__atomic_exchange_n(ptr, v, __ATOMIC_ACQUIRE)
#define xchg_release(ptr, v)	__atomic_exchange_n(ptr, v, __ATOMIC_RELEASE)

#endif /* SHIM_LINUX_CMPXCHG_H */
