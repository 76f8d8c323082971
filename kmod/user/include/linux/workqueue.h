/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: work done later by threads. An item never runs twice at once on a queue; it may queue
 * or free itself.
 */
#ifndef SHIM_LINUX_WORKQUEUE_H
#define SHIM_LINUX_WORKQUEUE_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/types.h>

struct work_struct;
struct workqueue_struct;
struct shim_worker;

typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	unsigned long pending;		/* bit 0: queued or delayed, function not yet called */
	struct list_head entry;
	work_func_t func;
	struct workqueue_struct *wq;	/* the last queue */
	u64 seq;			/* age in its queue, for flush_workqueue() */
	u8 where;			/* what entry is in: an enum of the shim's work.h */
	bool linked;			/* the next entry belongs to this one */
	bool cancelling;		/* somebody is in cancel_work_sync(): do not queue */
};

struct delayed_work {
	struct work_struct work;
	struct workqueue_struct *wq;
	u64 deadline_ns;
	size_t heap_index;
};

#define __WORK_INITIALIZER(n, f)	{ .entry = { &(n).entry, &(n).entry }, .func = (f) }
#define DECLARE_WORK(n, f)		struct work_struct n = __WORK_INITIALIZER(n, f)
#define DECLARE_DELAYED_WORK(n, f) \
	struct delayed_work n = { .work = __WORK_INITIALIZER((n).work, f) }

void shim_init_work(struct work_struct *work, work_func_t func);
void shim_init_delayed_work(struct delayed_work *dwork, work_func_t func);

#define INIT_WORK(w, f)			shim_init_work(w, f)
#define INIT_WORK_ONSTACK(w, f)		shim_init_work(w, f)
#define INIT_DELAYED_WORK(w, f)		shim_init_delayed_work(w, f)
#define INIT_DELAYED_WORK_ONSTACK(w, f)	shim_init_delayed_work(w, f)
#define destroy_work_on_stack(w)	((void)(w))
#define destroy_delayed_work_on_stack(w) ((void)(w))

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

#define WQ_UNBOUND		0x02u
#define WQ_FREEZABLE		0x04u
#define WQ_MEM_RECLAIM		0x08u
#define WQ_HIGHPRI		0x10u
#define WQ_CPU_INTENSIVE	0x20u
#define WQ_SYSFS		0x40u
#define WQ_POWER_EFFICIENT	0x80u
#define __WQ_ORDERED		0x100u
#define WQ_MAX_ACTIVE		512
#define WQ_DFL_ACTIVE		(WQ_MAX_ACTIVE / 2)

extern struct workqueue_struct *shim_system_wq(void);
#define system_wq		shim_system_wq()
#define system_long_wq		shim_system_wq()
#define system_unbound_wq	shim_system_wq()
#define system_highpri_wq	shim_system_wq()

/*
 * max_active is the most items at once, 0 the default. The shim starts as many threads as items
 * wait, up to max_active or 32, whichever is less: so many items may wait for one another.
 */
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
	__printf(1, 4);
#define alloc_ordered_workqueue(fmt, flags, args...) \
	alloc_workqueue(fmt, WQ_UNBOUND | __WQ_ORDERED | (flags), 1, ##args)
#define create_workqueue(name)	alloc_workqueue("%s", WQ_MEM_RECLAIM, 1, (name))
#define create_singlethread_workqueue(name) \
	alloc_ordered_workqueue("%s", WQ_MEM_RECLAIM, name)

/* Finishes what is queued, then frees. A delayed work still waiting for its time aborts. */
void destroy_workqueue(struct workqueue_struct *wq);

/* False when it was pending already. */
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			unsigned long delay);
/* Sets the time anew, unless it is being cancelled; true when it was pending. */
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      unsigned long delay);

/* True when something was waited for. */
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *dwork);
/* True when it was pending. After the sync forms it runs nowhere, even if it queues itself. */
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *dwork);
bool cancel_delayed_work_sync(struct delayed_work *dwork);

/* flush waits for what was queued before the call, drain until the queue is empty. */
void flush_workqueue(struct workqueue_struct *wq);
void drain_workqueue(struct workqueue_struct *wq);

/* The queue item the calling thread is running, or NULL. */
struct work_struct *current_work(void);

bool work_pending(const struct work_struct *work);
#define delayed_work_pending(w)	work_pending(&(w)->work)

static inline bool schedule_work(struct work_struct *work)
{
	return queue_work(system_wq, work);
}

static inline bool schedule_delayed_work(struct delayed_work *dwork, unsigned long delay)
{
	return queue_delayed_work(system_wq, dwork, delay);
}

#endif /* SHIM_LINUX_WORKQUEUE_H */
