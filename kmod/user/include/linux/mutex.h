/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: mutexes with an owner. Taking one twice, unlocking another thread's and locking where
 * sleeping is forbidden abort.
 */
#ifndef SHIM_LINUX_MUTEX_H
#define SHIM_LINUX_MUTEX_H

#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <pthread.h>

struct mutex {
	pthread_mutex_t mutex;
	void *owner;
};

#define __MUTEX_INITIALIZER(name)	{ PTHREAD_MUTEX_INITIALIZER, NULL }
#define DEFINE_MUTEX(name)		struct mutex name = __MUTEX_INITIALIZER(name)

void mutex_init(struct mutex *lock);
void mutex_destroy(struct mutex *lock);

static inline void mutex_lock(struct mutex *lock)
{
	might_sleep();
	shim_owner_refuse(&lock->owner, "mutex_lock");
	pthread_mutex_lock(&lock->mutex);
	shim_owner_take(&lock->owner);
}

static inline int mutex_trylock(struct mutex *lock)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return 0;
	shim_owner_take(&lock->owner);
	return 1;
}

static inline void mutex_unlock(struct mutex *lock)
{
	shim_owner_drop(&lock->owner, "mutex_unlock");
	pthread_mutex_unlock(&lock->mutex);
}

static inline bool mutex_is_locked(struct mutex *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != NULL;
}

/* No signal reaches a thread of the node: the interruptible form always succeeds. */
static inline int __must_check mutex_lock_interruptible(struct mutex *lock)
{
	mutex_lock(lock);
	return 0;
}

static inline int __must_check mutex_lock_killable(struct mutex *lock)
{
	mutex_lock(lock);
	return 0;
}

#define mutex_lock_nested(l, subclass)	mutex_lock(l)

#endif /* SHIM_LINUX_MUTEX_H */
