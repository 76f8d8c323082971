/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: waiting for a condition. Whoever makes it true calls wake_up() afterwards. */
#ifndef SHIM_LINUX_WAIT_H
#define SHIM_LINUX_WAIT_H

#include <linux/kernel.h>
#include <linux/shim.h>
#include <pthread.h>

typedef struct wait_queue_head {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	u64 wakes;		/* grows with every wake_up: no wake is lost between test and sleep */
	unsigned int waiters;
} wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name) \
	{ PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 }
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)

void init_waitqueue_head(wait_queue_head_t *wq);
/* wake_up() wakes every waiter: the shim knows no exclusive ones. */
void wake_up(wait_queue_head_t *wq);
bool waitqueue_active(wait_queue_head_t *wq);

#define wake_up_all(wq)			wake_up(wq)
#define wake_up_interruptible(wq)	wake_up(wq)
#define wake_up_interruptible_all(wq)	wake_up(wq)
#define wq_has_sleeper(wq)		waitqueue_active(wq)

/* Internal: the count of wakes to compare with, and the sleep until it grows or time is up. */
u64 shim_wait_begin(wait_queue_head_t *wq);
u64 shim_wait_sleep(wait_queue_head_t *wq, u64 seen, u64 deadline_ns);
void shim_wait_end(wait_queue_head_t *wq);
u64 shim_wait_deadline(unsigned long timeout);
long shim_wait_left(u64 deadline_ns);

#define SHIM_FOREVER	((u64)-1)

/* Tests cond without a lock, any number of times. */
#define shim_wait_event(wq, cond, deadline) ({				\
	bool __shim_ok = !!(cond);					\
									\
	might_sleep();							\
	if (!__shim_ok) {						\
		u64 __shim_seen = shim_wait_begin(&(wq));		\
									\
		while (!(__shim_ok = !!(cond)) && shim_wait_left(deadline)) \
			__shim_seen = shim_wait_sleep(&(wq), __shim_seen, deadline); \
		shim_wait_end(&(wq));					\
	}								\
	__shim_ok;							\
})

#define wait_event(wq, cond)		((void)shim_wait_event(wq, cond, SHIM_FOREVER))
#define wait_event_interruptible(wq, cond) \
	((void)shim_wait_event(wq, cond, SHIM_FOREVER), 0)
#define wait_event_killable(wq, cond)	wait_event_interruptible(wq, cond)

/* Jiffies left, at least 1, when cond came true; 0 when the time ran out before. */
#define wait_event_timeout(wq, cond, timeout) ({			\
	u64 __shim_deadline = shim_wait_deadline(timeout);		\
	long __shim_left;						\
									\
	if (shim_wait_event(wq, cond, __shim_deadline)) {		\
		__shim_left = shim_wait_left(__shim_deadline);		\
		__shim_left = __shim_left ? __shim_left : 1;		\
	} else {							\
		__shim_left = 0;					\
	}								\
	__shim_left;							\
})
#define wait_event_interruptible_timeout(wq, cond, timeout) \
	wait_event_timeout(wq, cond, timeout)

#endif /* SHIM_LINUX_WAIT_H */
