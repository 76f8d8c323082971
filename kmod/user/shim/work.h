/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What work queues and their timer tell one another. Nothing else may include it. */
#ifndef SHIM_WORK_H
#define SHIM_WORK_H

#include <linux/rcupdate.h>
#include <linux/shim.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "internal.h"

#define SHIM_WORK_PENDING	1UL

/* Where an item is; changed under the lock only. */
enum {
	SHIM_WORK_NOWHERE,
	SHIM_WORK_QUEUED,	/* for any worker of its queue */
	SHIM_WORK_SCHEDULED,	/* for one worker */
	SHIM_WORK_DELAYED,
};

/* Guards queues, workers, the places of items and the timer. */
extern pthread_mutex_t shim_wq_lock;

/* True: it was not pending, and it is the caller who must queue it or clear the mark again. */
static inline bool shim_work_set_pending(struct work_struct *work)
{
	return !(__atomic_fetch_or(&work->pending, SHIM_WORK_PENDING, __ATOMIC_ACQ_REL) &
		 SHIM_WORK_PENDING);
}

/* An exchange, not a store: what was written before a queue_work() that gave false is seen. */
static inline void shim_work_clear_pending(struct work_struct *work)
{
	(void)__atomic_fetch_and(&work->pending, ~SHIM_WORK_PENDING, __ATOMIC_ACQ_REL);
}

/* All of these are called with the lock held. */
void shim_work_insert(struct workqueue_struct *wq, struct work_struct *work);
int shim_work_grab(struct work_struct *work);
void shim_work_delayed(struct workqueue_struct *wq, int n);
void shim_timer_remove(struct delayed_work *dwork);

#endif /* SHIM_WORK_H */
