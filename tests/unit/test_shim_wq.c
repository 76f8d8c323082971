// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The shim's work queues: one run at a time, self-queueing, self-freeing, cancelling, delays,
 * misuse.
 */
#include "test_shim.h"

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/shim.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

struct job {
	struct work_struct work;
	struct delayed_work dwork;
	struct workqueue_struct *wq;
	struct completion started, go;
	atomic_t inside, runs, errors;
	int left;
};

static void job_init(struct job *j, work_func_t func, struct workqueue_struct *wq)
{
	memset(j, 0, sizeof(*j));
	INIT_WORK(&j->work, func);
	INIT_DELAYED_WORK(&j->dwork, func);
	init_completion(&j->started);
	init_completion(&j->go);
	j->wq = wq;
}

static void count_alone(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	if (atomic_inc_return(&j->inside) != 1)
		atomic_inc(&j->errors);
	atomic_inc(&j->runs);
	sched_yield();
	atomic_dec(&j->inside);
}

static void *queue_often(void *arg)
{
	struct job *j = arg;
	int i;

	for (i = 0; i < 5000; i++)
		queue_work(j->wq, &j->work);
	return NULL;
}

static void an_item_never_runs_twice_at_once(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("once", WQ_UNBOUND, 4);
	pthread_t t[3];
	struct job j;
	int i;

	job_init(&j, count_alone, wq);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, queue_often, &j), 0);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	flush_work(&j.work);
	assert_false(work_pending(&j.work));
	assert_int_equal(atomic_read(&j.errors), 0);
	assert_true(atomic_read(&j.runs) >= 1);
	destroy_workqueue(wq);
}

static void block(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	atomic_inc(&j->runs);
	complete(&j->started);
	wait_for_completion(&j->go);
}

/* Queued while it runs, it runs once more, however often it is queued. */
static void queueing_a_running_item_runs_it_again(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("again", 0, 4);
	struct job j;

	job_init(&j, block, wq);
	assert_true(queue_work(wq, &j.work));
	wait_for_completion(&j.started);
	assert_false(work_pending(&j.work));
	assert_true(queue_work(wq, &j.work));
	assert_false(queue_work(wq, &j.work));
	assert_true(work_pending(&j.work));
	assert_int_equal(atomic_read(&j.runs), 1);
	complete_all(&j.go);
	flush_work(&j.work);
	assert_int_equal(atomic_read(&j.runs), 2);
	assert_false(flush_work(&j.work));
	destroy_workqueue(wq);
}

static void requeue(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	if (current_work() != work)
		atomic_inc(&j->errors);
	if (--j->left)
		queue_work(j->wq, work);
}

static void an_item_may_queue_itself(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("self", 0);
	struct job j;

	job_init(&j, requeue, wq);
	j.left = 1000;
	queue_work(wq, &j.work);
	drain_workqueue(wq);
	assert_int_equal(j.left, 0);
	assert_int_equal(atomic_read(&j.errors), 0);
	destroy_workqueue(wq);
}

static atomic_t freed;

static void free_self(struct work_struct *work)
{
	kfree(container_of(work, struct job, work));
	atomic_inc(&freed);
}

static void an_item_may_free_itself(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("free", 0, 3);
	long live = shim_alloc_live();
	int i;

	for (i = 0; i < 2000; i++) {
		struct job *j = kzalloc(sizeof(*j), GFP_KERNEL);

		INIT_WORK(&j->work, free_self);
		queue_work(wq, &j->work);
		if (i % 100 == 0)
			flush_workqueue(wq);
	}
	flush_workqueue(wq);
	assert_int_equal(atomic_read(&freed), 2000);
	assert_int_equal(shim_alloc_live(), live);
	destroy_workqueue(wq);
}

static void for_ever(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	if (atomic_inc_return(&j->runs) == 1)
		complete(&j->started);
	queue_work(j->wq, work);
}

static void cancel_sync_stops_an_item_that_queues_itself(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("cancel", 0, 2);
	struct job j;
	int round, runs;

	for (round = 0; round < 200; round++) {
		job_init(&j, for_ever, wq);
		queue_work(wq, &j.work);
		wait_for_completion(&j.started);
		cancel_work_sync(&j.work);
		runs = atomic_read(&j.runs);
		assert_false(work_pending(&j.work));
		flush_workqueue(wq);
		assert_int_equal(atomic_read(&j.runs), runs);
	}
	assert_false(cancel_work_sync(&j.work));
	destroy_workqueue(wq);
}

/* One worker is busy: the second item still waits, and is taken out before it ever runs. */
static void cancel_takes_out_what_waits(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("%s", 0, "order");
	struct job a, b;

	job_init(&a, block, wq);
	job_init(&b, block, wq);
	queue_work(wq, &a.work);
	wait_for_completion(&a.started);
	queue_work(wq, &b.work);
	assert_true(cancel_work_sync(&b.work));
	assert_false(work_pending(&b.work));
	complete(&a.go);
	flush_workqueue(wq);
	assert_int_equal(atomic_read(&b.runs), 0);
	destroy_workqueue(wq);
}

enum { CHAIN = 8 };
static struct job chain[CHAIN];

/* Item i waits for item i + 1, which is queued later. */
static void wait_for_next(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	if (j != &chain[CHAIN - 1])
		wait_for_completion(&j[1].go);
	complete(&j->go);
}

static void items_may_wait_for_one_another(void **state)
{
	struct job first;
	int i, round;

	alarm(60);
	for (round = 0; round < 100; round++) {
		struct workqueue_struct *wq = alloc_workqueue("chain", 0, CHAIN);

		/* one idle worker, which must not be counted on for every item of the burst */
		job_init(&first, count_alone, wq);
		queue_work(wq, &first.work);
		flush_work(&first.work);
		for (i = 0; i < CHAIN; i++)
			job_init(&chain[i], wait_for_next, wq);
		for (i = 0; i < CHAIN; i++)
			queue_work(wq, &chain[i].work);
		wait_for_completion(&chain[0].go);
		flush_workqueue(wq);
		destroy_workqueue(wq);
	}
	alarm(0);
}

static struct job flushed;

static void flush_other(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	flush_work(&flushed.work);
	if (atomic_read(&flushed.runs) != 1)
		atomic_inc(&j->errors);
}

static void an_item_may_flush_another(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("flush", 0, 2);
	struct job j;

	job_init(&j, flush_other, wq);
	job_init(&flushed, block, wq);
	queue_work(wq, &flushed.work);
	queue_work(wq, &j.work);
	wait_for_completion(&flushed.started);
	complete(&flushed.go);
	flush_work(&j.work);
	assert_int_equal(atomic_read(&j.errors), 0);
	destroy_workqueue(wq);
}

static void *flush_thread(void *arg)
{
	struct job *j = arg;

	flush_work(&j->work);
	atomic_inc(&j->inside);
	return NULL;
}

/* The queued item is cancelled under the thread that waits for it: that one must not hang. */
static void flush_survives_a_cancel(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("both", 0);
	struct job a, b;
	pthread_t t[2];
	int i;

	alarm(60);
	job_init(&a, block, wq);
	job_init(&b, count_alone, wq);
	queue_work(wq, &a.work);
	wait_for_completion(&a.started);
	queue_work(wq, &b.work);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, flush_thread, &b), 0);
	sched_yield();
	cancel_work_sync(&b.work);
	complete(&a.go);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_read(&b.inside), 2);
	alarm(0);
	destroy_workqueue(wq);
}

/* Another worker is free, but the waiting thread must not be told before the item itself ends. */
static void flush_waits_for_an_item_that_was_queued(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("two", 0, 2);
	struct timespec pause = { 0, 30000000 };
	struct job a[2], b;
	pthread_t t;
	int i;

	for (i = 0; i < 2; i++) {
		job_init(&a[i], block, wq);
		queue_work(wq, &a[i].work);
	}
	for (i = 0; i < 2; i++)
		wait_for_completion(&a[i].started);
	job_init(&b, block, wq);
	queue_work(wq, &b.work);
	assert_int_equal(pthread_create(&t, NULL, flush_thread, &b), 0);
	nanosleep(&pause, NULL);	/* mostly it waits by now: else less is tested */
	for (i = 0; i < 2; i++)
		complete(&a[i].go);
	wait_for_completion(&b.started);
	nanosleep(&pause, NULL);
	assert_int_equal(atomic_read(&b.inside), 0);
	complete(&b.go);
	pthread_join(t, NULL);
	assert_int_equal(atomic_read(&b.inside), 1);
	destroy_workqueue(wq);
}

static int sequence[300], filled;

/* Called on one worker at a time; the test looks on meanwhile. */
static void note(int n)
{
	sequence[filled] = n;
	smp_store_release(&filled, filled + 1);
}

static void note_order(struct work_struct *work)
{
	note(container_of(work, struct job, work)->left);
}

static void note_delayed(struct work_struct *work)
{
	note(container_of(to_delayed_work(work), struct job, dwork)->left);
}

static void an_ordered_queue_keeps_the_order(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("fifo", 0);
	struct job *j = kcalloc(300, sizeof(*j), GFP_KERNEL);
	int i;

	filled = 0;
	for (i = 0; i < 300; i++) {
		job_init(&j[i], note_order, wq);
		j[i].left = i;
		queue_work(wq, &j[i].work);
	}
	destroy_workqueue(wq);		/* finishes what is queued */
	assert_int_equal(filled, 300);
	for (i = 0; i < 300; i++)
		assert_int_equal(sequence[i], i);
	kfree(j);
}

/* 300 random delays, a third cancelled: none runs too early, the rest in the order of time. */
static void delayed_items_run_by_time(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("timer", 0);
	struct job *j = kcalloc(300, sizeof(*j), GFP_KERNEL);
	int i, want = 0;

	filled = 0;
	for (i = 0; i < 300; i++) {
		job_init(&j[i], note_delayed, wq);
		j[i].left = (int)get_random_u32_below(100000);
		assert_true(queue_delayed_work(wq, &j[i].dwork,
					       3600 * HZ + (unsigned long)j[i].left * HZ));
		assert_false(queue_delayed_work(wq, &j[i].dwork, 0));
	}
	for (i = 0; i < 300; i++) {
		if (i % 3 == 0)
			assert_true(cancel_delayed_work(&j[i].dwork));
		else
			want++;
		assert_int_equal(delayed_work_pending(&j[i].dwork), i % 3 != 0);
	}
	flush_workqueue(wq);
	assert_int_equal(filled, 0);
	shim_clock_advance(200000 * (u64)NSEC_PER_SEC);
	wait_until(smp_load_acquire(&filled) == want);
	shim_clock_reset();
	for (i = 1; i < want; i++)
		assert_true(sequence[i - 1] <= sequence[i]);
	destroy_workqueue(wq);
	kfree(j);
}

static void the_timer_wakes_by_itself(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("tick", 0);
	struct job j[20];
	int i;

	filled = 0;
	for (i = 0; i < 20; i++) {
		job_init(&j[i], note_delayed, wq);
		j[i].left = i;
		queue_delayed_work(wq, &j[i].dwork, 300 + (unsigned long)((i * 7) % 20) * 5);
	}
	wait_until(smp_load_acquire(&filled) == 20);
	for (i = 1; i < 20; i++)
		assert_true(j[sequence[i - 1]].dwork.deadline_ns <=
			    j[sequence[i]].dwork.deadline_ns);
	destroy_workqueue(wq);
}

static void mod_moves_the_time(void **state)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("mod", 0);
	struct job j;

	filled = 0;
	job_init(&j, note_delayed, wq);
	assert_false(mod_delayed_work(wq, &j.dwork, 100 * HZ));
	assert_true(mod_delayed_work(wq, &j.dwork, 5000 * HZ));
	shim_clock_advance(200 * (u64)NSEC_PER_SEC);
	flush_workqueue(wq);
	assert_int_equal(filled, 0);
	assert_true(mod_delayed_work(wq, &j.dwork, 0));
	flush_workqueue(wq);
	assert_int_equal(filled, 1);
	queue_delayed_work(wq, &j.dwork, 100 * HZ);
	flush_delayed_work(&j.dwork);
	assert_int_equal(filled, 2);
	shim_clock_reset();
	destroy_workqueue(wq);
}

static void rearm(struct work_struct *work)
{
	struct job *j = container_of(to_delayed_work(work), struct job, dwork);

	if (atomic_inc_return(&j->runs) == 1)
		complete(&j->started);
	mod_delayed_work(j->wq, &j->dwork, (unsigned long)j->left);
}

static void cancel_sync_stops_an_item_that_rearms_itself(void **state)
{
	struct workqueue_struct *wq = alloc_workqueue("rearm", 0, 2);
	struct job j;
	int round, runs;

	alarm(60);
	for (round = 0; round < 200; round++) {
		job_init(&j, rearm, wq);
		j.left = round % 2;
		queue_delayed_work(wq, &j.dwork, 0);
		wait_for_completion(&j.started);
		cancel_delayed_work_sync(&j.dwork);
		runs = atomic_read(&j.runs);
		assert_false(delayed_work_pending(&j.dwork));
		flush_workqueue(wq);
		assert_int_equal(atomic_read(&j.runs), runs);
	}
	alarm(0);
	destroy_workqueue(wq);
}

static void flush_self(struct work_struct *work)
{
	flush_work(work);
}

static void flush_itself(void)
{
	struct workqueue_struct *wq = alloc_workqueue("x", 0, 2);
	struct job j;

	job_init(&j, flush_self, wq);
	queue_work(wq, &j.work);
	flush_workqueue(wq);
}

static void flush_own_queue_func(struct work_struct *work)
{
	flush_workqueue(container_of(work, struct job, work)->wq);
}

static void flush_own_queue(void)
{
	struct workqueue_struct *wq = alloc_workqueue("x", 0, 2);
	struct job j;

	job_init(&j, flush_own_queue_func, wq);
	queue_work(wq, &j.work);
	flush_workqueue(wq);
}

static void destroy_with_timer(void)
{
	struct workqueue_struct *wq = alloc_workqueue("x", 0, 2);
	struct job j;

	job_init(&j, rearm, wq);
	queue_delayed_work(wq, &j.dwork, 100 * HZ);
	destroy_workqueue(wq);
}

static DEFINE_SPINLOCK(kept);

static void keep_lock(struct work_struct *work)
{
	spin_lock(&kept);
}

static void return_locked(void)
{
	struct workqueue_struct *wq = alloc_workqueue("x", 0, 2);
	struct job j;

	job_init(&j, keep_lock, wq);
	queue_work(wq, &j.work);
	flush_work(&j.work);
}

/* Runs first: a child of fork has none of the parent's threads. */
static void misuse_aborts(void **state)
{
	assert_aborts(flush_itself, "waits for itself");
	assert_aborts(flush_own_queue, "from an item of the same queue");
	assert_aborts(destroy_with_timer, "1 delayed item(s) not cancelled");
	assert_aborts(return_locked, "returned with a lock held");
}

static void the_system_queue_works(void **state)
{
	struct job j;

	job_init(&j, block, NULL);
	assert_true(schedule_work(&j.work));
	wait_for_completion(&j.started);
	complete(&j.go);
	flush_work(&j.work);
	assert_int_equal(atomic_read(&j.runs), 1);
}

static int no_leak(void **state)
{
	return shim_alloc_live() == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(misuse_aborts),
		cmocka_unit_test(an_item_never_runs_twice_at_once),
		cmocka_unit_test(queueing_a_running_item_runs_it_again),
		cmocka_unit_test(an_item_may_queue_itself),
		cmocka_unit_test(an_item_may_free_itself),
		cmocka_unit_test(cancel_sync_stops_an_item_that_queues_itself),
		cmocka_unit_test(cancel_takes_out_what_waits),
		cmocka_unit_test(items_may_wait_for_one_another),
		cmocka_unit_test(an_item_may_flush_another),
		cmocka_unit_test(flush_survives_a_cancel),
		cmocka_unit_test(flush_waits_for_an_item_that_was_queued),
		cmocka_unit_test(an_ordered_queue_keeps_the_order),
		cmocka_unit_test(delayed_items_run_by_time),
		cmocka_unit_test(the_timer_wakes_by_itself),
		cmocka_unit_test(mod_moves_the_time),
		cmocka_unit_test(cancel_sync_stops_an_item_that_rearms_itself),
		cmocka_unit_test(the_system_queue_works),
	};

	return cmocka_run_group_tests(tests, NULL, no_leak);
}
