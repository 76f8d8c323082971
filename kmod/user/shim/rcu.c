// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: RCU callbacks and thread registration. Must never run a callback inside call_rcu(). */
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/rcupdate.h>
#include <linux/shim.h>
#include <linux/slab.h>
#include <urcu/static/urcu-memb.h>	/* urcu_memb_reader, whatever rcupdate.h inlines */
#include "internal.h"

enum {
	KFREE_OFFSETS = 4096,		/* a func below is kfree_rcu()'s offset, not a function */
	GATHER_NS = 2000000,		/* callbacks of 2 ms share a grace period */
};

__thread bool shim_rcu_ready;
#ifdef SHIM_TSAN
char shim_rcu_tsan;
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;

/* Callbacks not yet taken, newest first; pushed without a lock. */
static struct rcu_head *queued;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool hurry;		/* under lock: somebody waits in rcu_barrier() */

static void thread_gone(void *unused)
{
	(void)unused;
	shim_rcu_ready = false;
	urcu_memb_unregister_thread();
}

static void make_key(void)
{
	if (pthread_key_create(&thread_key, thread_gone))
		SHIM_BUG("cannot create a key for thread ends");
}

void shim_rcu_register(void)
{
	if (!URCU_TLS(urcu_memb_reader).registered) {
		pthread_once(&once, make_key);
		urcu_memb_register_thread();
		pthread_setspecific(thread_key, &shim_rcu_ready);
	}
	shim_rcu_ready = true;
}

static struct rcu_head *next_of(struct rcu_head *head)
{
	return (struct rcu_head *)head->next.next;
}

static void set_next(struct rcu_head *head, struct rcu_head *next)
{
	head->next.next = (struct cds_wfcq_node *)next;
}

/* Waits for callbacks and gives them oldest first. */
static struct rcu_head *take(void)
{
	struct rcu_head *list, *prev = NULL;
	u64 until;

	pthread_mutex_lock(&lock);
	while (!__atomic_load_n(&queued, __ATOMIC_ACQUIRE))
		pthread_cond_wait(&cond, &lock);
	until = shim_mono_raw_ns() + GATHER_NS;
	while (!hurry && shim_mono_raw_ns() < until)
		shim_cond_wait_until(&cond, &lock, until);
	hurry = false;
	pthread_mutex_unlock(&lock);

	list = __atomic_exchange_n(&queued, NULL, __ATOMIC_ACQ_REL);
	while (list) {
		struct rcu_head *next = next_of(list);

		set_next(list, prev);
		prev = list;
		list = next;
	}
	return prev;
}

static void run(struct rcu_head *list)
{
	while (list) {
		struct rcu_head *head = list;
		unsigned long offset = (unsigned long)head->func;

		list = next_of(list);
		if (offset < KFREE_OFFSETS)
			kvfree((char *)head - offset);
		else
			head->func(head);
	}
}

static void *callback_thread(void *unused)
{
	(void)unused;
	for (;;) {
		struct rcu_head *list = take();

		shim_synchronize_rcu();
		shim_in_callback = true;
		run(list);
		shim_in_callback = false;
	}
	return NULL;
}

static void start_thread(void)
{
	pthread_detach(shim_thread_start("shim-rcu", callback_thread, NULL));
}

void shim_call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	struct rcu_head *old = __atomic_load_n(&queued, __ATOMIC_RELAXED);

	pthread_once(&thread_once, start_thread);
	head->func = func;
	do {
		set_next(head, old);
	} while (!__atomic_compare_exchange_n(&queued, &old, head, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	if (old)
		return;		/* whoever pushed the first one wakes the thread */
	pthread_mutex_lock(&lock);
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
}

void shim_kfree_rcu(struct rcu_head *head, size_t offset)
{
	shim_call_rcu(head, (rcu_callback_t)(unsigned long)offset);
}

void shim_synchronize_rcu(void)
{
	might_sleep();
	urcu_memb_synchronize_rcu();
	shim_rcu_tsan_acquire();
}

struct barrier {
	struct rcu_head rcu;
	struct completion done;
};

static void barrier_reached(struct rcu_head *head)
{
	complete(&container_of(head, struct barrier, rcu)->done);
}

void shim_rcu_barrier(void)
{
	struct barrier b;

	might_sleep();
	init_completion(&b.done);
	shim_call_rcu(&b.rcu, barrier_reached);
	pthread_mutex_lock(&lock);
	hurry = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
	wait_for_completion(&b.done);
}
