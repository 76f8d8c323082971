// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shim: work queues. One mutex guards all queues, items and timers; functions run without it.
 * Must never touch an item after its function was called: the function may have freed it.
 */
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "work.h"

enum {
	THREADS_DEFAULT = 8,
	THREADS_MAX = 32,
};

struct shim_worker {
	struct workqueue_struct *wq;
	struct list_head scheduled;	/* items only this worker may run, before others */
	struct work_struct *current;	/* compared, never followed, once func was called */
	work_func_t current_func;	/* so that another item at the same address is not taken for it */
	u64 current_seq;
	pthread_t thread;
};

struct workqueue_struct {
	char name[16];
	struct list_head items;		/* waiting for any worker, oldest first */
	size_t nr_items;
	struct shim_worker *workers[THREADS_MAX];
	int nr_workers, max_workers, idle;
	int delayed;			/* items in the timer for this queue */
	u64 next_seq;
	bool draining, dying;
	pthread_cond_t more;		/* an idle worker has something to do */
	pthread_cond_t done;		/* an item ended */
	int waiting;			/* threads in done */
};

/* An item that tells when everything before it, which it is linked to, is done. */
struct barrier {
	struct work_struct work;
	struct completion done;
};

pthread_mutex_t shim_wq_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread struct shim_worker *this_worker;

/* An item waits either for any worker (worker NULL) or for one. */
static void append(struct workqueue_struct *wq, struct shim_worker *worker,
		   struct work_struct *work)
{
	list_add_tail(&work->entry, worker ? &worker->scheduled : &wq->items);
	work->where = worker ? SHIM_WORK_SCHEDULED : SHIM_WORK_QUEUED;
	wq->nr_items += !worker;
}

static void remove_item(struct workqueue_struct *wq, struct work_struct *work)
{
	wq->nr_items -= work->where == SHIM_WORK_QUEUED;
	list_del_init(&work->entry);
	work->where = SHIM_WORK_NOWHERE;
}

static struct work_struct *take_first(struct workqueue_struct *wq, struct list_head *list)
{
	struct work_struct *work = list_first_entry(list, struct work_struct, entry);

	remove_item(wq, work);
	return work;
}

static struct shim_worker *running_on(struct workqueue_struct *wq, struct work_struct *work)
{
	int i;

	for (i = 0; wq && i < wq->nr_workers; i++)
		if (wq->workers[i]->current == work && wq->workers[i]->current_func == work->func)
			return wq->workers[i];
	return NULL;
}

static void yield_lock(void)
{
	pthread_mutex_unlock(&shim_wq_lock);
	sched_yield();
	pthread_mutex_lock(&shim_wq_lock);
}

/* --- the workers ---------------------------------------------------------------------------- */

/* Called locked, returns locked. */
static void run_one(struct shim_worker *worker, struct work_struct *work)
{
	struct workqueue_struct *wq = worker->wq;
	work_func_t func = work->func;

	worker->current = work;
	worker->current_func = func;
	worker->current_seq = work->seq;
	shim_work_clear_pending(work);
	pthread_mutex_unlock(&shim_wq_lock);
	func(work);
	if (unlikely(shim_atomic_depth || rcu_read_lock_held()))
		SHIM_BUG("work function %p returned with a lock held", (void *)func);
	pthread_mutex_lock(&shim_wq_lock);
	worker->current = NULL;
	if (wq->waiting)
		pthread_cond_broadcast(&wq->done);
}

/* The next item; what is linked to it goes to this worker too, to run right after. */
static struct work_struct *next_item(struct shim_worker *worker)
{
	struct workqueue_struct *wq = worker->wq;
	struct work_struct *work, *follower;
	bool linked;

	if (!list_empty(&worker->scheduled))
		return take_first(wq, &worker->scheduled);
	if (list_empty(&wq->items))
		return NULL;
	work = take_first(wq, &wq->items);
	for (linked = work->linked; linked; linked = follower->linked) {
		follower = take_first(wq, &wq->items);
		append(wq, worker, follower);
	}
	work->linked = false;
	return work;
}

static void *worker_thread(void *arg)
{
	struct shim_worker *worker = arg;
	struct workqueue_struct *wq = worker->wq;

	this_worker = worker;
	pthread_mutex_lock(&shim_wq_lock);
	for (;;) {
		struct work_struct *work = next_item(worker);

		if (work) {
			run_one(worker, work);
			continue;
		}
		if (wq->dying)
			break;
		wq->idle++;
		pthread_cond_wait(&wq->more, &shim_wq_lock);
		wq->idle--;
	}
	pthread_mutex_unlock(&shim_wq_lock);
	return NULL;
}

static void add_worker(struct workqueue_struct *wq)
{
	struct shim_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		SHIM_BUG("no memory for a worker of %s", wq->name);
	worker->wq = wq;
	INIT_LIST_HEAD(&worker->scheduled);
	wq->workers[wq->nr_workers++] = worker;
	worker->thread = shim_thread_start(wq->name, worker_thread, worker);
}

/* --- queueing ------------------------------------------------------------------------------- */

void shim_work_insert(struct workqueue_struct *wq, struct work_struct *work)
{
	struct shim_worker *worker = running_on(wq, work);

	if (wq->dying || (wq->draining && (!this_worker || this_worker->wq != wq)))
		SHIM_BUG("work %p queued on %s while that is being drained", (void *)work->func,
			 wq->name);
	work->wq = wq;
	work->seq = wq->next_seq++;
	work->linked = false;
	append(wq, worker, work);
	if (worker)
		return;		/* it runs there now: never twice at once */
	if (wq->idle)
		pthread_cond_signal(&wq->more);
	/* An idle worker may be on its way to an earlier item: count, do not trust idle alone. */
	if (wq->nr_items > (size_t)wq->idle && wq->nr_workers < wq->max_workers)
		add_worker(wq);
}

void shim_work_delayed(struct workqueue_struct *wq, int n)
{
	wq->delayed += n;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	if (!shim_work_set_pending(work))
		return false;
	pthread_mutex_lock(&shim_wq_lock);
	shim_work_insert(wq, work);
	pthread_mutex_unlock(&shim_wq_lock);
	return true;
}

void shim_init_work(struct work_struct *work, work_func_t func)
{
	memset(work, 0, sizeof(*work));
	INIT_LIST_HEAD(&work->entry);
	work->func = func;
}

bool work_pending(const struct work_struct *work)
{
	return __atomic_load_n(&work->pending, __ATOMIC_ACQUIRE) & SHIM_WORK_PENDING;
}

struct work_struct *current_work(void)
{
	return this_worker ? this_worker->current : NULL;
}

/* --- waiting for one item ------------------------------------------------------------------- */

static void barrier_reached(struct work_struct *work)
{
	complete(&container_of(work, struct barrier, work)->done);
}

static void barrier_init(struct barrier *b, u64 seq)
{
	shim_init_work(&b->work, barrier_reached);
	init_completion(&b->done);
	b->work.pending = SHIM_WORK_PENDING;
	b->work.seq = seq;
}

/* Locked: puts the barrier behind the item where it waits or runs. False: it does neither. */
static bool barrier_insert(struct barrier *b, struct work_struct *work)
{
	struct shim_worker *worker;

	if (work->where == SHIM_WORK_QUEUED || work->where == SHIM_WORK_SCHEDULED) {
		barrier_init(b, work->seq);
		b->work.linked = work->linked;
		work->linked = true;
		list_add(&b->work.entry, &work->entry);
		b->work.where = work->where;
		work->wq->nr_items += work->where == SHIM_WORK_QUEUED;
		return true;
	}
	worker = running_on(work->wq, work);
	if (!worker)
		return false;
	if (worker == this_worker)
		SHIM_BUG("work function %p waits for itself", (void *)work->func);
	barrier_init(b, worker->current_seq);
	list_add(&b->work.entry, &worker->scheduled);
	b->work.where = SHIM_WORK_SCHEDULED;
	return true;
}

bool flush_work(struct work_struct *work)
{
	struct barrier b;
	bool waits;

	might_sleep();
	pthread_mutex_lock(&shim_wq_lock);
	waits = barrier_insert(&b, work);
	pthread_mutex_unlock(&shim_wq_lock);
	if (waits)
		wait_for_completion(&b.done);
	return waits;
}

/*
 * Locked: makes the item ours, so that nobody else can queue it. 1: it was pending, 0: it was not,
 * -1: another thread is in cancel_work_sync() of it, and it is not ours. A barrier linked to it
 * stays and runs alone.
 */
int shim_work_grab(struct work_struct *work)
{
	while (!shim_work_set_pending(work)) {
		if (work->cancelling)
			return -1;
		if (work->where == SHIM_WORK_QUEUED || work->where == SHIM_WORK_SCHEDULED) {
			remove_item(work->wq, work);
			if (work->wq->waiting)
				pthread_cond_broadcast(&work->wq->done);
			return 1;
		}
		if (work->where == SHIM_WORK_DELAYED) {
			shim_timer_remove(to_delayed_work(work));
			return 1;
		}
		/* Another thread is between marking and queueing it: let that one go on. */
		yield_lock();
	}
	return 0;
}

bool cancel_work_sync(struct work_struct *work)
{
	struct barrier b;
	bool waits;
	int was;

	might_sleep();
	pthread_mutex_lock(&shim_wq_lock);
	while ((was = shim_work_grab(work)) < 0)
		yield_lock();
	work->cancelling = true;
	waits = barrier_insert(&b, work);
	pthread_mutex_unlock(&shim_wq_lock);
	if (waits)
		wait_for_completion(&b.done);
	pthread_mutex_lock(&shim_wq_lock);
	work->cancelling = false;
	shim_work_clear_pending(work);
	pthread_mutex_unlock(&shim_wq_lock);
	return was;
}

/* --- whole queues --------------------------------------------------------------------------- */

static bool list_older(struct list_head *list, u64 seq)
{
	struct work_struct *work;

	list_for_each_entry(work, list, entry)
		if (work->seq < seq)
			return true;
	return false;
}

/* Locked: whether an item queued before number seq waits or runs. */
static bool has_older(struct workqueue_struct *wq, u64 seq)
{
	int i;

	if (list_older(&wq->items, seq))
		return true;
	for (i = 0; i < wq->nr_workers; i++) {
		struct shim_worker *w = wq->workers[i];

		if ((w->current && w->current_seq < seq) || list_older(&w->scheduled, seq))
			return true;
	}
	return false;
}

static void wait_older(struct workqueue_struct *wq, u64 seq)
{
	wq->waiting++;
	while (has_older(wq, seq))
		pthread_cond_wait(&wq->done, &shim_wq_lock);
	wq->waiting--;
}

static void refuse_own(struct workqueue_struct *wq, const char *what)
{
	might_sleep();
	if (this_worker && this_worker->wq == wq)
		SHIM_BUG("%s(%s) from an item of the same queue", what, wq->name);
}

void flush_workqueue(struct workqueue_struct *wq)
{
	refuse_own(wq, __func__);
	pthread_mutex_lock(&shim_wq_lock);
	wait_older(wq, wq->next_seq);
	pthread_mutex_unlock(&shim_wq_lock);
}

void drain_workqueue(struct workqueue_struct *wq)
{
	refuse_own(wq, __func__);
	pthread_mutex_lock(&shim_wq_lock);
	wq->draining = true;
	wait_older(wq, SHIM_FOREVER);
	wq->draining = false;
	pthread_mutex_unlock(&shim_wq_lock);
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);
	va_list args;

	(void)flags;
	if (!wq)
		return NULL;
	va_start(args, max_active);
	vscnprintf(wq->name, sizeof(wq->name), fmt, args);
	va_end(args);
	wq->max_workers = max_active > 0 ? min_t(int, max_active, THREADS_MAX) : THREADS_DEFAULT;
	INIT_LIST_HEAD(&wq->items);
	pthread_cond_init(&wq->more, NULL);
	pthread_cond_init(&wq->done, NULL);
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	int i;

	if (!wq)
		return;
	drain_workqueue(wq);
	pthread_mutex_lock(&shim_wq_lock);
	if (wq->delayed)
		SHIM_BUG("destroy_workqueue(%s): %d delayed item(s) not cancelled", wq->name,
			 wq->delayed);
	wq->dying = true;
	pthread_cond_broadcast(&wq->more);
	pthread_mutex_unlock(&shim_wq_lock);
	for (i = 0; i < wq->nr_workers; i++) {
		pthread_join(wq->workers[i]->thread, NULL);
		free(wq->workers[i]);
	}
	pthread_cond_destroy(&wq->more);
	pthread_cond_destroy(&wq->done);
	kfree(wq);
}

static struct workqueue_struct *the_system_wq;

static void make_system_wq(void)
{
	the_system_wq = calloc(1, sizeof(*the_system_wq));
	if (!the_system_wq)
		SHIM_BUG("no memory for the system work queue");
	strscpy(the_system_wq->name, "shim-events", sizeof(the_system_wq->name));
	the_system_wq->max_workers = THREADS_MAX;
	INIT_LIST_HEAD(&the_system_wq->items);
	pthread_cond_init(&the_system_wq->more, NULL);
	pthread_cond_init(&the_system_wq->done, NULL);
}

struct workqueue_struct *shim_system_wq(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_system_wq);
	return the_system_wq;
}
