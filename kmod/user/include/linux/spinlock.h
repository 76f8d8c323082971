/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: spinlocks on adaptive pthread mutexes, with an owner. Taking one twice and unlocking
 * another thread's lock abort.
 */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/lockdep.h>
#include <linux/shim.h>
#include <pthread.h>

typedef struct spinlock {
	pthread_mutex_t mutex;
	void *owner;		/* shim_me() of the holder, else NULL */
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name)	{ PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP, NULL }
#define DEFINE_SPINLOCK(name)		spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

void spin_lock_init(spinlock_t *lock);

static inline void shim_owner_take(void **owner)
{
	__atomic_store_n(owner, shim_me(), __ATOMIC_RELAXED);
}

static inline void shim_owner_refuse(void **owner, const char *what)
{
	if (unlikely(__atomic_load_n(owner, __ATOMIC_RELAXED) == shim_me()))
		SHIM_BUG("%s: this thread holds the lock already", what);
}

static inline void shim_owner_drop(void **owner, const char *what)
{
	if (unlikely(__atomic_load_n(owner, __ATOMIC_RELAXED) != shim_me()))
		SHIM_BUG("%s: this thread does not hold the lock", what);
	__atomic_store_n(owner, NULL, __ATOMIC_RELAXED);
}

static inline void spin_lock(spinlock_t *lock)
{
	shim_owner_refuse(&lock->owner, "spin_lock");
	pthread_mutex_lock(&lock->mutex);
	shim_owner_take(&lock->owner);
	shim_atomic_depth++;
}

static inline int spin_trylock(spinlock_t *lock)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return 0;
	shim_owner_take(&lock->owner);
	shim_atomic_depth++;
	return 1;
}

static inline void spin_unlock(spinlock_t *lock)
{
	shim_owner_drop(&lock->owner, "spin_unlock");
	shim_atomic_depth--;
	pthread_mutex_unlock(&lock->mutex);
}

static inline int spin_is_locked(spinlock_t *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != NULL;
}

/* There are no interrupts to keep out: the variants are the plain lock. */
#define spin_lock_bh(l)			spin_lock(l)
#define spin_unlock_bh(l)		spin_unlock(l)
#define spin_trylock_bh(l)		spin_trylock(l)
#define spin_lock_irq(l)		spin_lock(l)
#define spin_unlock_irq(l)		spin_unlock(l)
#define spin_lock_irqsave(l, flags)	do { (flags) = 0UL; spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags) do { (void)(flags); spin_unlock(l); } while (0)
#define spin_lock_nested(l, subclass)	spin_lock(l)
#define assert_spin_locked(l)		lockdep_assert_held(l)

#endif /* SHIM_LINUX_SPINLOCK_H */
