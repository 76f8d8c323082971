/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: reference counts. What the kernel warns about and saturates (counting up from 0, below
 * 0, over INT_MAX) aborts here.
 */
#ifndef SHIM_LINUX_REFCOUNT_H
#define SHIM_LINUX_REFCOUNT_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n)	{ .refs = ATOMIC_INIT(n) }

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return (unsigned int)atomic_read(&r->refs);
}

void shim_refcount_bad(const refcount_t *r, const char *what, int found) __noreturn;

/* False, and nothing done, when the count is 0. */
static inline bool __must_check refcount_add_not_zero(int i, refcount_t *r)
{
	int old = atomic_read(&r->refs);
	int sum;

	do {
		if (!old)
			return false;
		if (unlikely(i < 0 || old < 0 || __builtin_add_overflow(old, i, &sum)))
			shim_refcount_bad(r, "saturated", old);
	} while (!atomic_try_cmpxchg_relaxed(&r->refs, &old, sum));
	return true;
}

static inline bool __must_check refcount_inc_not_zero(refcount_t *r)
{
	return refcount_add_not_zero(1, r);
}

static inline void refcount_add(int i, refcount_t *r)
{
	if (unlikely(!refcount_add_not_zero(i, r)))
		shim_refcount_bad(r, "addition on 0, use after free", 0);
}

static inline void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

/* True when the count became 0: then the caller owns the object alone. */
static inline bool __must_check refcount_sub_and_test(int i, refcount_t *r)
{
	int old = atomic_fetch_sub_release(i, &r->refs);

	if (unlikely(i < 0 || old < i))
		shim_refcount_bad(r, "underflow, use after free", old);
	if (old != i)
		return false;
	(void)atomic_read_acquire(&r->refs);	/* see what the other holders did before */
	return true;
}

static inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

static inline void refcount_dec(refcount_t *r)
{
	if (unlikely(refcount_sub_and_test(1, r)))
		shim_refcount_bad(r, "refcount_dec hit 0, the object leaks", 1);
}

bool __must_check refcount_dec_if_one(refcount_t *r);
bool __must_check refcount_dec_not_one(refcount_t *r);
/* True with the lock held when the count became 0, else false without it. */
bool __must_check refcount_dec_and_lock(refcount_t *r, spinlock_t *lock);
bool __must_check refcount_dec_and_mutex_lock(refcount_t *r, struct mutex *lock);

#endif /* SHIM_LINUX_REFCOUNT_H */
