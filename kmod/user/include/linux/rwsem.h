/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: sleeping reader-writer locks. Waiting writers go before new readers; no side may be
 * taken twice.
 */
#ifndef SHIM_LINUX_RWSEM_H
#define SHIM_LINUX_RWSEM_H

#include <linux/lockdep.h>
#include <pthread.h>

struct rw_semaphore {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	void *owner;		/* the writer */
	int readers;
	int writers_waiting;
};

#define __RWSEM_INITIALIZER(name) \
	{ PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0, 0 }
#define DECLARE_RWSEM(name)	struct rw_semaphore name = __RWSEM_INITIALIZER(name)

void init_rwsem(struct rw_semaphore *sem);
void down_read(struct rw_semaphore *sem);
int down_read_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
int down_write_trylock(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
/* The writer becomes a reader without letting another writer in between. */
void downgrade_write(struct rw_semaphore *sem);
int rwsem_is_locked(struct rw_semaphore *sem);

#endif /* SHIM_LINUX_RWSEM_H */
