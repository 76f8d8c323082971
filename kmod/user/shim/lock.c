// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shim: the out-of-line part of locks and counts. Must never let misuse pass that the kernel
 * would warn about.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/string.h>

void spin_lock_init(spinlock_t *lock)
{
	static const pthread_mutex_t unlocked = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

	lock->mutex = unlocked;
	lock->owner = NULL;
}

void mutex_init(struct mutex *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	lock->owner = NULL;
}

void mutex_destroy(struct mutex *lock)
{
	if (mutex_is_locked(lock))
		SHIM_BUG("mutex_destroy: the mutex is locked");
	pthread_mutex_destroy(&lock->mutex);
}

void init_rwsem(struct rw_semaphore *sem)
{
	memset(sem, 0, sizeof(*sem));
	pthread_mutex_init(&sem->mutex, NULL);
	pthread_cond_init(&sem->cond, NULL);
}

void down_read(struct rw_semaphore *sem)
{
	might_sleep();
	shim_owner_refuse(&sem->owner, "down_read");
	pthread_mutex_lock(&sem->mutex);
	while (sem->owner || sem->writers_waiting)
		pthread_cond_wait(&sem->cond, &sem->mutex);
	sem->readers++;
	pthread_mutex_unlock(&sem->mutex);
}

int down_read_trylock(struct rw_semaphore *sem)
{
	bool ok;

	pthread_mutex_lock(&sem->mutex);
	ok = !sem->owner && !sem->writers_waiting;
	sem->readers += ok;
	pthread_mutex_unlock(&sem->mutex);
	return ok;
}

void up_read(struct rw_semaphore *sem)
{
	pthread_mutex_lock(&sem->mutex);
	if (sem->readers <= 0)
		SHIM_BUG("up_read: the semaphore has no reader");
	if (--sem->readers == 0)
		pthread_cond_broadcast(&sem->cond);
	pthread_mutex_unlock(&sem->mutex);
}

void down_write(struct rw_semaphore *sem)
{
	might_sleep();
	shim_owner_refuse(&sem->owner, "down_write");
	pthread_mutex_lock(&sem->mutex);
	sem->writers_waiting++;
	while (sem->owner || sem->readers)
		pthread_cond_wait(&sem->cond, &sem->mutex);
	sem->writers_waiting--;
	shim_owner_take(&sem->owner);
	pthread_mutex_unlock(&sem->mutex);
}

int down_write_trylock(struct rw_semaphore *sem)
{
	bool ok;

	pthread_mutex_lock(&sem->mutex);
	ok = !sem->owner && !sem->readers;
	if (ok)
		shim_owner_take(&sem->owner);
	pthread_mutex_unlock(&sem->mutex);
	return ok;
}

void up_write(struct rw_semaphore *sem)
{
	pthread_mutex_lock(&sem->mutex);
	shim_owner_drop(&sem->owner, "up_write");
	pthread_cond_broadcast(&sem->cond);
	pthread_mutex_unlock(&sem->mutex);
}

void downgrade_write(struct rw_semaphore *sem)
{
	pthread_mutex_lock(&sem->mutex);
	shim_owner_drop(&sem->owner, "downgrade_write");
	sem->readers++;
	pthread_cond_broadcast(&sem->cond);
	pthread_mutex_unlock(&sem->mutex);
}

bool shim_rwsem_held(const struct rw_semaphore *sem)
{
	return rwsem_is_locked((struct rw_semaphore *)sem);
}

int rwsem_is_locked(struct rw_semaphore *sem)
{
	bool locked;

	pthread_mutex_lock(&sem->mutex);
	locked = sem->owner || sem->readers;
	pthread_mutex_unlock(&sem->mutex);
	return locked;
}

void shim_refcount_bad(const refcount_t *r, const char *what, int found)
{
	SHIM_BUG("refcount %p: %s (found %d)", (const void *)r, what, found);
}

bool refcount_dec_if_one(refcount_t *r)
{
	int one = 1;

	return atomic_try_cmpxchg(&r->refs, &one, 0);
}

bool refcount_dec_not_one(refcount_t *r)
{
	int old = atomic_read(&r->refs);

	do {
		if (old == 1)
			return false;
		if (old <= 0)
			shim_refcount_bad(r, "underflow, use after free", old);
	} while (!atomic_try_cmpxchg_release(&r->refs, &old, old - 1));
	return true;
}

bool refcount_dec_and_lock(refcount_t *r, spinlock_t *lock)
{
	if (refcount_dec_not_one(r))
		return false;
	spin_lock(lock);
	if (refcount_dec_and_test(r))
		return true;
	spin_unlock(lock);
	return false;
}

bool refcount_dec_and_mutex_lock(refcount_t *r, struct mutex *lock)
{
	if (refcount_dec_not_one(r))
		return false;
	mutex_lock(lock);
	if (refcount_dec_and_test(r))
		return true;
	mutex_unlock(lock);
	return false;
}
