// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: waiting, on condition variables. Must never lose a wake between test and sleep. */
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/wait.h>
#include "internal.h"

/* Twice this still is below what the counter of completions holds. */
#define DONE_FOR_ALL	(UINT_MAX / 2)

void shim_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, u64 raw_ns)
{
	struct timespec ts = shim_ns_to_timespec(raw_ns);

	if (raw_ns == SHIM_FOREVER)
		pthread_cond_wait(cond, mutex);
	else
		pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &ts);
}

u64 shim_wait_deadline(unsigned long timeout)
{
	u64 now = shim_mono_raw_ns();

	if (timeout >= MAX_JIFFY_OFFSET / (NSEC_PER_SEC / HZ))
		return SHIM_FOREVER;
	return now + jiffies_to_nsecs(timeout);
}

/* Jiffies left, rounded up: 0 only when the time is over. */
long shim_wait_left(u64 deadline_ns)
{
	u64 now;

	if (deadline_ns == SHIM_FOREVER)
		return LONG_MAX;
	now = shim_mono_raw_ns();
	if (now >= deadline_ns)
		return 0;
	return (long)DIV_ROUND_UP(deadline_ns - now, (u64)(NSEC_PER_SEC / HZ));
}

void init_waitqueue_head(wait_queue_head_t *wq)
{
	pthread_mutex_init(&wq->mutex, NULL);
	pthread_cond_init(&wq->cond, NULL);
	wq->wakes = 0;
	wq->waiters = 0;
}

void wake_up(wait_queue_head_t *wq)
{
	pthread_mutex_lock(&wq->mutex);
	wq->wakes++;
	if (wq->waiters)
		pthread_cond_broadcast(&wq->cond);
	pthread_mutex_unlock(&wq->mutex);
}

bool waitqueue_active(wait_queue_head_t *wq)
{
	bool active;

	pthread_mutex_lock(&wq->mutex);
	active = wq->waiters > 0;
	pthread_mutex_unlock(&wq->mutex);
	return active;
}

u64 shim_wait_begin(wait_queue_head_t *wq)
{
	u64 seen;

	pthread_mutex_lock(&wq->mutex);
	wq->waiters++;
	seen = wq->wakes;
	pthread_mutex_unlock(&wq->mutex);
	return seen;
}

u64 shim_wait_sleep(wait_queue_head_t *wq, u64 seen, u64 deadline_ns)
{
	pthread_mutex_lock(&wq->mutex);
	while (wq->wakes == seen && shim_wait_left(deadline_ns))
		shim_cond_wait_until(&wq->cond, &wq->mutex, deadline_ns);
	seen = wq->wakes;
	pthread_mutex_unlock(&wq->mutex);
	return seen;
}

void shim_wait_end(wait_queue_head_t *wq)
{
	pthread_mutex_lock(&wq->mutex);
	wq->waiters--;
	pthread_mutex_unlock(&wq->mutex);
}

void init_completion(struct completion *x)
{
	pthread_mutex_init(&x->mutex, NULL);
	pthread_cond_init(&x->cond, NULL);
	x->done = 0;
}

void reinit_completion(struct completion *x)
{
	pthread_mutex_lock(&x->mutex);
	x->done = 0;
	pthread_mutex_unlock(&x->mutex);
}

void complete(struct completion *x)
{
	pthread_mutex_lock(&x->mutex);
	if (x->done < DONE_FOR_ALL)
		x->done++;
	pthread_cond_signal(&x->cond);
	pthread_mutex_unlock(&x->mutex);
}

void complete_all(struct completion *x)
{
	pthread_mutex_lock(&x->mutex);
	x->done = DONE_FOR_ALL;
	pthread_cond_broadcast(&x->cond);
	pthread_mutex_unlock(&x->mutex);
}

/* Under the mutex: takes one, unless all may pass. */
static bool take(struct completion *x)
{
	if (!x->done)
		return false;
	if (x->done < DONE_FOR_ALL)
		x->done--;
	return true;
}

static unsigned long wait_until(struct completion *x, u64 deadline)
{
	long left = 0;
	bool ok;

	might_sleep();
	pthread_mutex_lock(&x->mutex);
	while (!(ok = take(x)) && shim_wait_left(deadline))
		shim_cond_wait_until(&x->cond, &x->mutex, deadline);
	pthread_mutex_unlock(&x->mutex);
	if (ok)
		left = max_t(long, shim_wait_left(deadline), 1);
	return (unsigned long)left;
}

void wait_for_completion(struct completion *x)
{
	wait_until(x, SHIM_FOREVER);
}

unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	return wait_until(x, shim_wait_deadline(timeout));
}

bool try_wait_for_completion(struct completion *x)
{
	bool ok;

	pthread_mutex_lock(&x->mutex);
	ok = take(x);
	pthread_mutex_unlock(&x->mutex);
	return ok;
}

bool completion_done(struct completion *x)
{
	bool done;

	pthread_mutex_lock(&x->mutex);
	done = x->done > 0;
	pthread_mutex_unlock(&x->mutex);
	return done;
}
