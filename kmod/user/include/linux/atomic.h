/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: atomic numbers. _return forms give the new value, fetch_ forms and cmpxchg the old one. */
#ifndef SHIM_LINUX_ATOMIC_H
#define SHIM_LINUX_ATOMIC_H

#include <linux/barrier.h>
#include <linux/cmpxchg.h>
#include <linux/types.h>

#define ATOMIC_INIT(i)		{ (i) }
#define ATOMIC64_INIT(i)	{ (i) }
#define ATOMIC_LONG_INIT(i)	{ (i) }

/* One operation in the four orders: plain is fully ordered, the others carry a suffix. */
#define SHIM_ATOMIC_ORDER(p, V, T, op, builtin, suffix, order)		\
static inline T p##_fetch_##op##suffix(T i, V *v)			\
{									\
	return builtin(&v->counter, i, order);				\
}

#define SHIM_ATOMIC_OP(p, V, T, op, builtin)				\
static inline void p##_##op(T i, V *v)					\
{									\
	(void)builtin(&v->counter, i, __ATOMIC_RELAXED);		\
}									\
SHIM_ATOMIC_ORDER(p, V, T, op, builtin, , __ATOMIC_SEQ_CST)		\
SHIM_ATOMIC_ORDER(p, V, T, op, builtin, _relaxed, __ATOMIC_RELAXED)	\
SHIM_ATOMIC_ORDER(p, V, T, op, builtin, _acquire, __ATOMIC_ACQUIRE)	\
SHIM_ATOMIC_ORDER(p, V, T, op, builtin, _release, __ATOMIC_RELEASE)

/* The kernel's counters wrap: the sum is made of unsigned numbers. */
#define SHIM_ATOMIC_SUM(p, V, T, U, op, sign, suffix)			\
static inline T p##_##op##_return##suffix(T i, V *v)			\
{									\
	return (T)((U)p##_fetch_##op##suffix(i, v) sign (U)i);		\
}

#define SHIM_ATOMIC_STEP(p, V, T, name, op, suffix)			\
static inline T p##_##name##_return##suffix(V *v)			\
{									\
	return p##_##op##_return##suffix(1, v);				\
}									\
static inline T p##_fetch_##name##suffix(V *v)				\
{									\
	return p##_fetch_##op##suffix(1, v);				\
}

#define SHIM_ATOMIC_ARITH(p, V, T, U, suffix)				\
SHIM_ATOMIC_SUM(p, V, T, U, add, +, suffix)				\
SHIM_ATOMIC_SUM(p, V, T, U, sub, -, suffix)				\
SHIM_ATOMIC_STEP(p, V, T, inc, add, suffix)				\
SHIM_ATOMIC_STEP(p, V, T, dec, sub, suffix)

#define SHIM_ATOMIC_SWAP(p, V, T, suffix, order, fail)			\
static inline T p##_xchg##suffix(V *v, T i)				\
{									\
	return __atomic_exchange_n(&v->counter, i, order);		\
}									\
static inline bool p##_try_cmpxchg##suffix(V *v, T *old, T new)		\
{									\
	return __atomic_compare_exchange_n(&v->counter, old, new, 0, order, fail); \
}									\
static inline T p##_cmpxchg##suffix(V *v, T old, T new)			\
{									\
	(void)p##_try_cmpxchg##suffix(v, &old, new);			\
	return old;							\
}

#define SHIM_ATOMIC_BASIC(p, V, T)					\
static inline T p##_read(const V *v)					\
{									\
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);		\
}									\
static inline T p##_read_acquire(const V *v)				\
{									\
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);		\
}									\
static inline void p##_set(V *v, T i)					\
{									\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);		\
}									\
static inline void p##_set_release(V *v, T i)				\
{									\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);		\
}

#define SHIM_ATOMIC_TEST(p, V, T)					\
static inline void p##_inc(V *v)					\
{									\
	p##_add(1, v);							\
}									\
static inline void p##_dec(V *v)					\
{									\
	p##_sub(1, v);							\
}									\
static inline bool p##_sub_and_test(T i, V *v)				\
{									\
	return p##_sub_return(i, v) == 0;				\
}									\
static inline bool p##_dec_and_test(V *v)				\
{									\
	return p##_dec_return(v) == 0;					\
}									\
static inline bool p##_inc_and_test(V *v)				\
{									\
	return p##_inc_return(v) == 0;					\
}									\
static inline bool p##_add_negative(T i, V *v)				\
{									\
	return p##_add_return(i, v) < 0;				\
}

/* add_unless() says whether it added; fetch_add_unless() gives the value found. */
#define SHIM_ATOMIC_UNLESS(p, V, T, U)					\
static inline T p##_fetch_add_unless(V *v, T a, T u)			\
{									\
	T c = p##_read(v);						\
									\
	while (c != u && !p##_try_cmpxchg(v, &c, (T)((U)c + (U)a)))	\
		;							\
	return c;							\
}									\
static inline bool p##_add_unless(V *v, T a, T u)			\
{									\
	return p##_fetch_add_unless(v, a, u) != u;			\
}									\
static inline bool p##_inc_not_zero(V *v)				\
{									\
	return p##_add_unless(v, 1, 0);					\
}									\
static inline bool p##_inc_unless_negative(V *v)			\
{									\
	T c = p##_read(v);						\
									\
	while (c >= 0)							\
		if (p##_try_cmpxchg(v, &c, (T)((U)c + 1)))		\
			return true;					\
	return false;							\
}									\
static inline T p##_dec_if_positive(V *v)				\
{									\
	T c = p##_read(v);						\
									\
	while (c > 0)							\
		if (p##_try_cmpxchg(v, &c, c - 1))			\
			break;						\
	return (T)((U)c - 1);						\
}

#define SHIM_ATOMIC(p, V, T, U)						\
SHIM_ATOMIC_BASIC(p, V, T)						\
SHIM_ATOMIC_OP(p, V, T, add, __atomic_fetch_add)			\
SHIM_ATOMIC_OP(p, V, T, sub, __atomic_fetch_sub)			\
SHIM_ATOMIC_OP(p, V, T, and, __atomic_fetch_and)			\
SHIM_ATOMIC_OP(p, V, T, or, __atomic_fetch_or)				\
SHIM_ATOMIC_OP(p, V, T, xor, __atomic_fetch_xor)			\
static inline T p##_fetch_andnot(T i, V *v)				\
{									\
	return p##_fetch_and(~i, v);					\
}									\
static inline void p##_andnot(T i, V *v)				\
{									\
	p##_and(~i, v);							\
}									\
SHIM_ATOMIC_ARITH(p, V, T, U, )						\
SHIM_ATOMIC_ARITH(p, V, T, U, _relaxed)					\
SHIM_ATOMIC_ARITH(p, V, T, U, _acquire)					\
SHIM_ATOMIC_ARITH(p, V, T, U, _release)					\
SHIM_ATOMIC_SWAP(p, V, T, , __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)		\
SHIM_ATOMIC_SWAP(p, V, T, _relaxed, __ATOMIC_RELAXED, __ATOMIC_RELAXED)	\
SHIM_ATOMIC_SWAP(p, V, T, _acquire, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)	\
SHIM_ATOMIC_SWAP(p, V, T, _release, __ATOMIC_RELEASE, __ATOMIC_RELAXED)	\
SHIM_ATOMIC_TEST(p, V, T)						\
SHIM_ATOMIC_UNLESS(p, V, T, U)

SHIM_ATOMIC(atomic, atomic_t, int, unsigned int)
SHIM_ATOMIC(atomic64, atomic64_t, s64, u64)
SHIM_ATOMIC(atomic_long, atomic_long_t, long, unsigned long)

#endif /* SHIM_LINUX_ATOMIC_H */
