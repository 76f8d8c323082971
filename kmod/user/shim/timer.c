// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shim: delayed work. One thread sleeps until the earliest item of a binary heap is due and
 * queues it. Must never run an item itself.
 */
#include <linux/bug.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>
#include "work.h"

/* All under shim_wq_lock. The item at i is due no later than those at 2i+1 and 2i+2. */
static struct delayed_work **heap;
static size_t heap_len, heap_room;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void put(size_t i, struct delayed_work *dwork)
{
	heap[i] = dwork;
	dwork->heap_index = i;
}

static void move_up(size_t i, struct delayed_work *dwork)
{
	while (i > 0 && dwork->deadline_ns < heap[(i - 1) / 2]->deadline_ns) {
		put(i, heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(i, dwork);
}

static void move_down(size_t i, struct delayed_work *dwork)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap_len)
			break;
		if (child + 1 < heap_len &&
		    heap[child + 1]->deadline_ns < heap[child]->deadline_ns)
			child++;
		if (dwork->deadline_ns <= heap[child]->deadline_ns)
			break;
		put(i, heap[child]);
		i = child;
	}
	put(i, dwork);
}

static void heap_add(struct delayed_work *dwork)
{
	if (heap_len == heap_room) {
		size_t room = heap_room ? 2 * heap_room : 64;
		struct delayed_work **p = reallocarray(heap, room, sizeof(*p));

		if (!p)
			SHIM_BUG("no memory for %zu timers", room);
		heap = p;
		heap_room = room;
	}
	heap_len++;
	move_up(heap_len - 1, dwork);
}

void shim_timer_remove(struct delayed_work *dwork)
{
	size_t i = dwork->heap_index;
	struct delayed_work *last = heap[--heap_len];

	if (last != dwork) {
		if (i > 0 && last->deadline_ns < heap[(i - 1) / 2]->deadline_ns)
			move_up(i, last);
		else
			move_down(i, last);
	}
	dwork->work.where = SHIM_WORK_NOWHERE;
	shim_work_delayed(dwork->wq, -1);
}

static void *timer_thread(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&shim_wq_lock);
	for (;;) {
		u64 now = ktime_get_ns();
		struct delayed_work *first;

		if (!heap_len) {
			pthread_cond_wait(&changed, &shim_wq_lock);
			continue;
		}
		first = heap[0];
		if (first->deadline_ns > now) {
			shim_cond_wait_until(&changed, &shim_wq_lock,
					     shim_mono_raw_ns() + (first->deadline_ns - now));
			continue;
		}
		shim_timer_remove(first);
		shim_work_insert(first->wq, &first->work);
	}
	return NULL;
}

static void start_thread(void)
{
	pthread_detach(shim_thread_start("shim-timer", timer_thread, NULL));
}

void shim_timer_kick(void)
{
	pthread_mutex_lock(&shim_wq_lock);
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&shim_wq_lock);
}

/* Locked, the item marked as pending. */
static void arm(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)
{
	dwork->wq = wq;
	if (!delay) {
		shim_work_insert(wq, &dwork->work);
		return;
	}
	delay = min_t(unsigned long, delay, MAX_JIFFY_OFFSET / (NSEC_PER_SEC / HZ));
	dwork->deadline_ns = ktime_get_ns() + jiffies_to_nsecs(delay);
	dwork->work.where = SHIM_WORK_DELAYED;
	shim_work_delayed(wq, 1);
	heap_add(dwork);
	pthread_once(&once, start_thread);
	if (heap[0] == dwork)
		pthread_cond_signal(&changed);
}

void shim_init_delayed_work(struct delayed_work *dwork, work_func_t func)
{
	shim_init_work(&dwork->work, func);
	dwork->wq = NULL;
	dwork->deadline_ns = 0;
	dwork->heap_index = 0;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			unsigned long delay)
{
	if (!shim_work_set_pending(&dwork->work))
		return false;
	pthread_mutex_lock(&shim_wq_lock);
	arm(wq, dwork, delay);
	pthread_mutex_unlock(&shim_wq_lock);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      unsigned long delay)
{
	int was;

	pthread_mutex_lock(&shim_wq_lock);
	was = shim_work_grab(&dwork->work);
	if (was >= 0)
		arm(wq, dwork, delay);
	pthread_mutex_unlock(&shim_wq_lock);
	return was != 0;
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	int was;

	pthread_mutex_lock(&shim_wq_lock);
	was = shim_work_grab(&dwork->work);
	if (was >= 0)
		shim_work_clear_pending(&dwork->work);
	pthread_mutex_unlock(&shim_wq_lock);
	return was > 0;
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	return cancel_work_sync(&dwork->work);
}

/* What waits for its time is done at once. */
bool flush_delayed_work(struct delayed_work *dwork)
{
	pthread_mutex_lock(&shim_wq_lock);
	if (dwork->work.where == SHIM_WORK_DELAYED) {
		shim_timer_remove(dwork);
		shim_work_insert(dwork->wq, &dwork->work);
	}
	pthread_mutex_unlock(&shim_wq_lock);
	return flush_work(&dwork->work);
}
