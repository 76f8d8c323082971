/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: waiting for an event that happens once or is counted. */
#ifndef SHIM_LINUX_COMPLETION_H
#define SHIM_LINUX_COMPLETION_H

#include <linux/kernel.h>
#include <pthread.h>

struct completion {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned int done;
};

#define COMPLETION_INITIALIZER(work) \
	{ PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }
#define DECLARE_COMPLETION(work)	struct completion work = COMPLETION_INITIALIZER(work)
#define DECLARE_COMPLETION_ONSTACK(work) DECLARE_COMPLETION(work)

void init_completion(struct completion *x);
void reinit_completion(struct completion *x);
void complete(struct completion *x);
/* Lets all waiters through, now and later, until reinit_completion(). */
void complete_all(struct completion *x);
void wait_for_completion(struct completion *x);
/* Jiffies left, at least 1; 0 when the time ran out. */
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout);
bool try_wait_for_completion(struct completion *x);
bool completion_done(struct completion *x);

static inline int __must_check wait_for_completion_interruptible(struct completion *x)
{
	wait_for_completion(x);
	return 0;
}

static inline int __must_check wait_for_completion_killable(struct completion *x)
{
	wait_for_completion(x);
	return 0;
}

#endif /* SHIM_LINUX_COMPLETION_H */
