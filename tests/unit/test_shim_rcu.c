// SPDX-License-Identifier: GPL-3.0-or-later
/* The shim's RCU: nothing is freed under a reader, callbacks run in order, misuse aborts. */
#include "test_shim.h"

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/shim.h>
#include <linux/slab.h>

struct thing {
	int value;
	struct hlist_node node;
	struct list_head list;
	struct rcu_head rcu;
};

static struct thing __rcu *current_thing;
static DECLARE_COMPLETION(reader_in);
static DECLARE_COMPLETION(reader_may_go);
static DEFINE_SPINLOCK(writer);

static struct thing *new_thing(int value)
{
	struct thing *t = kzalloc(sizeof(*t), GFP_ATOMIC);

	assert_non_null(t);
	t->value = value;
	return t;
}

/* Spins instead of sleeping: a reader may not sleep. */
static void *slow_reader(void *unused)
{
	struct thing *t;

	rcu_read_lock();
	t = rcu_dereference(current_thing);
	complete(&reader_in);
	while (!try_wait_for_completion(&reader_may_go))
		cpu_relax();
	assert_int_equal(t->value, 7);
	rcu_read_unlock();
	return NULL;
}

static void kfree_rcu_waits_for_readers(void **state)
{
	long live = shim_alloc_live();
	struct thing *old = new_thing(7);
	struct timespec pause = { 0, 30000000 };
	pthread_t t;

	rcu_assign_pointer(current_thing, old);
	assert_int_equal(pthread_create(&t, NULL, slow_reader, NULL), 0);
	wait_for_completion(&reader_in);
	RCU_INIT_POINTER(current_thing, NULL);
	kfree_rcu(old, rcu);
	/* Time to free it wrongly; the reader reads it afterwards, under ASan. */
	nanosleep(&pause, NULL);
	assert_int_equal(shim_alloc_live(), live + 1);
	complete(&reader_may_go);
	pthread_join(t, NULL);
	rcu_barrier();
	assert_int_equal(shim_alloc_live(), live);
}

static void kfree_rcu_takes_null_and_never_frees_at_once(void **state)
{
	struct thing *t = NULL;
	long live;

	kfree_rcu(t, rcu);
	rcu_barrier();
	live = shim_alloc_live();
	rcu_read_lock();
	t = new_thing(1);
	kvfree_rcu(t, rcu);
	assert_int_equal(t->value, 1);
	assert_int_equal(shim_alloc_live(), live + 1);
	rcu_read_unlock();
	rcu_barrier();
	assert_int_equal(shim_alloc_live(), live);
}

static int order[500], ordered;

static void note(struct rcu_head *head)
{
	struct thing *t = container_of(head, struct thing, rcu);

	order[ordered++] = t->value;
	kfree(t);
}

static void callbacks_run_in_order_before_the_barrier(void **state)
{
	int i;

	for (i = 0; i < 500; i++)
		call_rcu(&new_thing(i)->rcu, note);
	rcu_barrier();
	assert_int_equal(ordered, 500);
	for (i = 0; i < 500; i++)
		assert_int_equal(order[i], i);
}

static void again(struct rcu_head *head)
{
	struct thing *t = container_of(head, struct thing, rcu);

	if (--t->value)
		call_rcu(head, again);
	else
		kfree(t);
}

static void callbacks_may_queue_themselves(void **state)
{
	long live = shim_alloc_live();

	call_rcu(&new_thing(5)->rcu, again);
	wait_until(shim_alloc_live() == live);
}

static HLIST_HEAD(hashed);
static LIST_HEAD(listed);
static int stop;
static atomic_t walks;

static void *walker(void *unused)
{
	struct thing *t;

	while (!READ_ONCE(stop)) {
		int last = -1, n = 0;

		rcu_read_lock();
		hlist_for_each_entry_rcu(t, &hashed, node) {
			if (t->value < 0)
				abort();	/* freed memory is scribbled over first */
			n++;
		}
		list_for_each_entry_rcu(t, &listed, list) {
			if (t->value <= last)
				abort();
			last = t->value;
		}
		rcu_read_unlock();
		atomic_inc(&walks);
	}
	return NULL;
}

static void poison(struct rcu_head *head)
{
	struct thing *t = container_of(head, struct thing, rcu);

	t->value = -1;
	kfree(t);
}

static void renew(int i)
{
	struct thing *fresh = new_thing(i), *old = NULL;

	spin_lock(&writer);
	if (i % 3 == 0 && !list_empty(&listed)) {
		old = list_first_entry(&listed, struct thing, list);
		fresh->value = old->value;
		list_replace_rcu(&old->list, &fresh->list);
		hlist_replace_rcu(&old->node, &fresh->node);
	} else {
		list_add_tail_rcu(&fresh->list, &listed);
		hlist_add_head_rcu(&fresh->node, &hashed);
		if (i > 20) {
			old = list_first_entry(&listed, struct thing, list);
			list_del_rcu(&old->list);
			hlist_del_rcu(&old->node);
		}
	}
	spin_unlock(&writer);
	if (old)
		call_rcu(&old->rcu, poison);
}

static void readers_walk_while_lists_change(void **state)
{
	long live = shim_alloc_live();
	struct thing *t, *n;
	pthread_t r[2];
	int i;

	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&r[i], NULL, walker, NULL), 0);
	for (i = 0; i < 20000 || atomic_read(&walks) < 100; i++)
		renew(i);
	WRITE_ONCE(stop, 1);
	for (i = 0; i < 2; i++)
		pthread_join(r[i], NULL);
	list_for_each_entry_safe(t, n, &listed, list) {
		list_del_rcu(&t->list);
		hlist_del_init_rcu(&t->node);
		kfree_rcu(t, rcu);
	}
	assert_true(hlist_empty(&hashed));
	rcu_barrier();
	assert_int_equal(shim_alloc_live(), live);
}

static void synchronize_waits_for_readers(void **state)
{
	pthread_t t;
	struct thing *old = new_thing(7);

	rcu_assign_pointer(current_thing, old);
	assert_int_equal(pthread_create(&t, NULL, slow_reader, NULL), 0);
	wait_for_completion(&reader_in);
	complete(&reader_may_go);
	rcu_assign_pointer(current_thing, NULL);
	synchronize_rcu();
	kfree(old);
	pthread_join(t, NULL);
}

static void deref_outside(void)
{
	(void)rcu_dereference(current_thing);
}

static void protected_without_lock(void)
{
	(void)rcu_dereference_protected(current_thing, lockdep_is_held(&writer));
}

static void walk_outside(void)
{
	struct thing *t;

	list_for_each_entry_rcu(t, &listed, list)
		_exit(0);
}

static void synchronize_inside(void)
{
	rcu_read_lock();
	synchronize_rcu();
}

static void unlock_unlocked(void)
{
	rcu_read_unlock();
}

static void sleep_inside(void)
{
	rcu_read_lock();
	kfree(kmalloc(1, GFP_KERNEL));
}

static void sleeping_callback(struct rcu_head *head)
{
	static DEFINE_MUTEX(m);

	mutex_lock(&m);
}

static void sleep_in_callback(void)
{
	struct thing *t = kzalloc(sizeof(*t), GFP_KERNEL);

	call_rcu(&t->rcu, sleeping_callback);
	rcu_barrier();
}

/* Before any test starts the shim's own thread, which a child of fork would lack. */
static void misuse_aborts(void **state)
{
	struct thing *t;

	assert_aborts(deref_outside, "RCU access without protection");
	assert_aborts(protected_without_lock, "RCU access without protection");
	assert_aborts(walk_outside, "RCU access without protection");
	assert_aborts(synchronize_inside, "sleeping inside an RCU reader");
	assert_aborts(unlock_unlocked, "no reader");
	assert_aborts(sleep_inside, "sleeping inside an RCU reader");
	assert_aborts(sleep_in_callback, "sleeping inside an RCU callback");
	spin_lock(&writer);
	assert_null(rcu_dereference_protected(current_thing, lockdep_is_held(&writer)));
	assert_null(rcu_dereference_check(current_thing, lockdep_is_held(&writer)));
	list_for_each_entry_rcu(t, &listed, list, lockdep_is_held(&writer))
		fail();
	spin_unlock(&writer);
	assert_null(rcu_access_pointer(current_thing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(misuse_aborts),
		cmocka_unit_test(kfree_rcu_waits_for_readers),
		cmocka_unit_test(kfree_rcu_takes_null_and_never_frees_at_once),
		cmocka_unit_test(callbacks_run_in_order_before_the_barrier),
		cmocka_unit_test(callbacks_may_queue_themselves),
		cmocka_unit_test(readers_walk_while_lists_change),
		cmocka_unit_test(synchronize_waits_for_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
