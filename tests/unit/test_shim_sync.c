// SPDX-License-Identifier: GPL-3.0-or-later
/* The shim's atomics, counts, locks, waiting and allocator: right values, and aborts on misuse. */
#include "test_shim.h"

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/shim.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>

/* The kernel's rule: _return gives the new value, fetch_ the old one. */
static void atomics_give_old_or_new(void **state)
{
	atomic_t v = ATOMIC_INIT(5);
	int old = 7;

	assert_int_equal(atomic_add_return(3, &v), 8);
	assert_int_equal(atomic_fetch_add(2, &v), 8);
	assert_int_equal(atomic_sub_return(1, &v), 9);
	assert_int_equal(atomic_fetch_sub(2, &v), 9);
	assert_int_equal(atomic_inc_return(&v), 8);
	assert_int_equal(atomic_fetch_inc(&v), 8);
	assert_int_equal(atomic_dec_return(&v), 8);
	assert_int_equal(atomic_fetch_dec(&v), 8);
	assert_int_equal(atomic_xchg(&v, 1), 7);
	assert_int_equal(atomic_cmpxchg(&v, 2, 9), 1);
	assert_int_equal(atomic_cmpxchg(&v, 1, 9), 1);
	assert_int_equal(atomic_read(&v), 9);
	assert_false(atomic_try_cmpxchg(&v, &old, 3));
	assert_int_equal(old, 9);
	assert_true(atomic_try_cmpxchg(&v, &old, 3));
	assert_int_equal(atomic_fetch_or(4, &v), 3);
	assert_int_equal(atomic_fetch_and(6, &v), 7);
	assert_int_equal(atomic_fetch_andnot(2, &v), 6);
	assert_int_equal(atomic_fetch_xor(5, &v), 4);
	assert_int_equal(atomic_read(&v), 1);
}

static void atomics_test_and_limit(void **state)
{
	atomic_t v = ATOMIC_INIT(2);
	atomic64_t w = ATOMIC64_INIT(S64_MAX);
	atomic_long_t l = ATOMIC_LONG_INIT(0);

	assert_false(atomic_dec_and_test(&v));
	assert_true(atomic_dec_and_test(&v));
	assert_false(atomic_inc_not_zero(&v));
	assert_int_equal(atomic_read(&v), 0);
	assert_true(atomic_add_unless(&v, 5, 1));
	assert_false(atomic_add_unless(&v, 5, 5));
	assert_int_equal(atomic_fetch_add_unless(&v, 1, 9), 5);
	assert_true(atomic_inc_not_zero(&v));
	assert_int_equal(atomic_read(&v), 7);
	assert_true(atomic_sub_and_test(7, &v));
	assert_true(atomic_add_negative(-1, &v));
	assert_true(atomic_inc_and_test(&v));
	assert_int_equal(atomic_dec_if_positive(&v), -1);
	assert_int_equal(atomic_read(&v), 0);
	atomic_set(&v, 3);
	assert_int_equal(atomic_dec_if_positive(&v), 2);
	assert_true(atomic64_inc_return(&w) == S64_MIN);	/* wraps, as in the kernel */
	assert_false(atomic64_inc_unless_negative(&w));
	assert_int_equal(atomic_long_add_return(-4, &l), -4);
}

static void exchanges_on_plain_variables(void **state)
{
	unsigned long v = 1, old = 5;
	int *p = NULL, x;

	assert_int_equal(cmpxchg(&v, 2, 3), 1);
	assert_int_equal(cmpxchg(&v, 1, 3), 1);
	assert_false(try_cmpxchg(&v, &old, 9));
	assert_int_equal(old, 3);
	assert_int_equal(xchg(&v, 4), 3);
	assert_null(cmpxchg(&p, NULL, &x));
	assert_ptr_equal(xchg(&p, NULL), &x);
	smp_store_release(&v, 8);
	assert_int_equal(smp_load_acquire(&v), 8);
	WRITE_ONCE(v, 9);
	assert_int_equal(READ_ONCE(v), 9);
}

static atomic_t shared;
static int plain;
static DEFINE_SPINLOCK(plain_lock);

static void *add_many(void *unused)
{
	int i;

	for (i = 0; i < 20000; i++) {
		atomic_inc(&shared);
		spin_lock_bh(&plain_lock);
		plain++;
		spin_unlock_bh(&plain_lock);
	}
	return NULL;
}

static void threads_lose_no_count(void **state)
{
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, add_many, NULL), 0);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_read(&shared), 80000);
	assert_int_equal(plain, 80000);
}

static refcount_t ref;

static void ref_inc_from_zero(void)
{
	refcount_set(&ref, 0);
	refcount_inc(&ref);
}

static void ref_underflow(void)
{
	refcount_set(&ref, 1);
	if (refcount_dec_and_test(&ref) && refcount_dec_and_test(&ref))
		_exit(1);
}

static void ref_overflow(void)
{
	refcount_set(&ref, INT_MAX);
	refcount_inc(&ref);
}

static void ref_dec_to_zero(void)
{
	refcount_set(&ref, 1);
	refcount_dec(&ref);
}

static int released;

static void release(struct kref *kref)
{
	released++;
}

static void refcounts_count_and_abort(void **state)
{
	struct kref k;

	refcount_set(&ref, 1);
	refcount_inc(&ref);
	assert_false(refcount_dec_and_test(&ref));
	assert_true(refcount_dec_and_test(&ref));
	assert_false(refcount_inc_not_zero(&ref));
	assert_int_equal(refcount_read(&ref), 0);
	refcount_set(&ref, 1);
	assert_false(refcount_dec_not_one(&ref));
	assert_true(refcount_dec_and_lock(&ref, &plain_lock));
	lockdep_assert_held(&plain_lock);
	spin_unlock(&plain_lock);
	refcount_set(&ref, 2);
	assert_false(refcount_dec_and_lock(&ref, &plain_lock));
	assert_false(spin_is_locked(&plain_lock));
	assert_true(refcount_dec_if_one(&ref));

	kref_init(&k);
	kref_get(&k);
	assert_int_equal(kref_put(&k, release), 0);
	assert_int_equal(kref_put(&k, release), 1);
	assert_int_equal(released, 1);
	assert_int_equal(kref_get_unless_zero(&k), 0);

	assert_aborts(ref_inc_from_zero, "addition on 0");
	assert_aborts(ref_underflow, "underflow");
	assert_aborts(ref_overflow, "saturated");
	assert_aborts(ref_dec_to_zero, "hit 0");
}

static DEFINE_MUTEX(mtx);
static DECLARE_RWSEM(sem);

static void spin_twice(void)
{
	spin_lock(&plain_lock);
	spin_lock(&plain_lock);
}

static void spin_unlock_free(void)
{
	spin_unlock(&plain_lock);
}

static void *lock_and_leave(void *unused)
{
	mutex_lock(&mtx);
	return NULL;
}

static void mutex_unlock_strange(void)
{
	pthread_t t;

	pthread_create(&t, NULL, lock_and_leave, NULL);
	pthread_join(t, NULL);
	mutex_unlock(&mtx);
}

static void mutex_twice(void)
{
	mutex_lock(&mtx);
	mutex_lock(&mtx);
}

static void mutex_in_spin(void)
{
	spin_lock(&plain_lock);
	mutex_lock(&mtx);
}

static void alloc_in_spin(void)
{
	spin_lock(&plain_lock);
	kfree(kmalloc(1, GFP_KERNEL));
}

static void free_big_in_spin(void)
{
	void *p = kvmalloc(1 << 20, GFP_KERNEL);

	spin_lock(&plain_lock);
	kvfree(p);
}

static void assert_not_held(void)
{
	lockdep_assert_held(&mtx);
}

static void assert_held_by_other(void)
{
	pthread_t t;

	pthread_create(&t, NULL, lock_and_leave, NULL);
	pthread_join(t, NULL);
	lockdep_assert_held(&mtx);
}

static void rwsem_read_is_no_write(void)
{
	down_read(&sem);
	lockdep_assert_held(&sem);
	lockdep_assert_held_write(&sem);
}

static void rwsem_up_without_down(void)
{
	up_read(&sem);
}

static void locks_know_their_owner(void **state)
{
	spin_lock(&plain_lock);
	kfree(kmalloc(1, GFP_ATOMIC));
	lockdep_assert_held(&plain_lock);
	assert_false(spin_trylock(&plain_lock));
	spin_unlock(&plain_lock);
	lockdep_assert_not_held(&plain_lock);
	mutex_lock(&mtx);
	lockdep_assert_held(&mtx);
	assert_false(mutex_trylock(&mtx));
	mutex_unlock(&mtx);

	assert_aborts(spin_twice, "holds the lock already");
	assert_aborts(spin_unlock_free, "does not hold the lock");
	assert_aborts(mutex_unlock_strange, "does not hold the lock");
	assert_aborts(mutex_twice, "holds the lock already");
	assert_aborts(mutex_in_spin, "sleeping with 1 spinlock");
	assert_aborts(alloc_in_spin, "sleeping with 1 spinlock");
	assert_aborts(free_big_in_spin, "sleeping with 1 spinlock");
	assert_aborts(assert_not_held, "lockdep_assert_held(&mtx)");
	assert_aborts(assert_held_by_other, "lockdep_assert_held(&mtx)");
	assert_aborts(rwsem_read_is_no_write, "lockdep_assert_held_write(&sem)");
	assert_aborts(rwsem_up_without_down, "no reader");
}

static atomic_t writers_in, readers_in, rw_errors;

static void *rw_user(void *arg)
{
	int i;

	for (i = 0; i < 3000; i++) {
		if (i % 4 == (long)arg) {
			down_write(&sem);
			if (atomic_inc_return(&writers_in) != 1 || atomic_read(&readers_in))
				atomic_inc(&rw_errors);
			atomic_dec(&writers_in);
			if (i & 8) {
				downgrade_write(&sem);
				up_read(&sem);
			} else {
				up_write(&sem);
			}
		} else {
			down_read(&sem);
			atomic_inc(&readers_in);
			sched_yield();
			if (atomic_read(&writers_in))
				atomic_inc(&rw_errors);
			atomic_dec(&readers_in);
			up_read(&sem);
		}
	}
	return NULL;
}

static void rwsem_excludes(void **state)
{
	pthread_t t[4];
	long i;

	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, rw_user, (void *)i), 0);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_read(&rw_errors), 0);
	assert_false(rwsem_is_locked(&sem));
	assert_int_equal(down_read_trylock(&sem), 1);
	assert_int_equal(down_write_trylock(&sem), 0);
	up_read(&sem);
}

static DECLARE_WAIT_QUEUE_HEAD(ping);
static DECLARE_WAIT_QUEUE_HEAD(pong);
static int turn;

static void *player(void *unused)
{
	int i;

	for (i = 0; i < 2000; i++) {
		wait_event(ping, READ_ONCE(turn) == 1);
		WRITE_ONCE(turn, 0);
		wake_up(&pong);
	}
	return NULL;
}

/* Each side waits for the other: a single lost wake hangs, and the alarm ends the test. */
static void waiting_loses_no_wake(void **state)
{
	pthread_t t;
	int i;

	alarm(60);
	assert_int_equal(pthread_create(&t, NULL, player, NULL), 0);
	for (i = 0; i < 2000; i++) {
		WRITE_ONCE(turn, 1);
		wake_up(&ping);
		assert_true(wait_event_timeout(pong, READ_ONCE(turn) == 0, 30 * HZ) > 0);
	}
	pthread_join(t, NULL);
	alarm(0);
	assert_false(waitqueue_active(&ping));
}

static void waiting_ends_in_time(void **state)
{
	uint64_t begin = test_now_ms();

	assert_int_equal(wait_event_timeout(ping, false, msecs_to_jiffies(30)), 0);
	assert_true(test_now_ms() - begin >= 29);
	assert_int_equal(wait_event_timeout(ping, true, 0), 1);
	assert_true(wait_event_timeout(ping, true, 1000) <= 1000);
	assert_int_equal(wait_event_interruptible(ping, true), 0);
}

static void completions_count(void **state)
{
	DECLARE_COMPLETION_ONSTACK(c);

	assert_int_equal(wait_for_completion_timeout(&c, 5), 0);
	complete(&c);
	complete(&c);
	assert_true(completion_done(&c));
	wait_for_completion(&c);
	assert_true(wait_for_completion_timeout(&c, 1000) > 0);
	assert_false(try_wait_for_completion(&c));
	complete_all(&c);
	wait_for_completion(&c);
	wait_for_completion(&c);
	reinit_completion(&c);
	assert_false(completion_done(&c));
}

static void alloc_counts_and_refuses(void **state)
{
	long live = shim_alloc_live();
	volatile size_t huge = SIZE_MAX / 2;	/* the compiler warns of sizes it can see */
	char *p = kzalloc(100, GFP_KERNEL), *q;
	int i;

	assert_non_null(p);
	for (i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	assert_true(ksize(p) >= 100);
	q = krealloc(p, 5000, GFP_KERNEL);
	assert_non_null(q);
	assert_int_equal(shim_alloc_live(), live + 1);
	kfree_sensitive(q);
	kfree(NULL);
	assert_ptr_equal(kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	kfree(ZERO_SIZE_PTR);
	assert_null(kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN));
	assert_null(kcalloc(huge, 3, GFP_KERNEL));
	assert_null(kvmalloc((size_t)INT_MAX + 1, GFP_KERNEL));
	assert_null(kvmalloc_array(huge, 3, GFP_KERNEL));
	p = kvcalloc(5 << 20, 1, GFP_KERNEL);
	assert_non_null(p);
	assert_null(memchr(p, 1, 5 << 20));
	kvfree(p);
	assert_int_equal(shim_alloc_live(), live);
}

/* What a constructor under test does: three allocations and an unwinding that frees them. */
static int build_three(void)
{
	void *a, *b, *c;
	int ret = -ENOMEM;

	a = kmalloc(8, GFP_KERNEL);
	if (!a)
		return ret;
	b = kvmalloc(8, GFP_KERNEL);
	if (!b)
		goto err_a;
	c = krealloc(NULL, 8, GFP_KERNEL);
	if (!c)
		goto err_b;
	ret = 0;
	kfree(c);
err_b:
	kvfree(b);
err_a:
	kfree(a);
	return ret;
}

static void alloc_fails_the_nth(void **state)
{
	long live = shim_alloc_live();
	unsigned long n;

	for (n = 1; ; n++) {
		int ret;

		shim_alloc_fail_nth(n);
		ret = build_three();
		assert_int_equal(shim_alloc_live(), live);
		if (!shim_alloc_failed()) {
			assert_int_equal(ret, 0);
			break;
		}
		assert_int_equal(ret, -ENOMEM);
	}
	shim_alloc_fail_nth(0);
	assert_int_equal(n, 4);
	assert_int_equal(build_three(), 0);
}

static void cache_with_live_object(void)
{
	struct kmem_cache *c = kmem_cache_create("things", 24, 0, 0, NULL);

	if (kmem_cache_alloc(c, GFP_KERNEL))
		kmem_cache_destroy(c);
}

static void caches_align_and_count(void **state)
{
	long live = shim_alloc_live();
	struct kmem_cache *c = kmem_cache_create("big", 200, 64, 0, NULL);
	void *a = kmem_cache_zalloc(c, GFP_KERNEL), *b = kmem_cache_alloc(c, GFP_KERNEL);

	assert_true(IS_ALIGNED((unsigned long)a, 64) && IS_ALIGNED((unsigned long)b, 64));
	assert_null(memchr_inv(a, 0, 200));
	assert_int_equal(shim_alloc_live(), live + 3);
	kmem_cache_free(c, a);
	kmem_cache_free(c, b);
	kmem_cache_destroy(c);
	assert_int_equal(shim_alloc_live(), live);
	assert_aborts(cache_with_live_object, "1 objects are still in use");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(atomics_give_old_or_new),
		cmocka_unit_test(atomics_test_and_limit),
		cmocka_unit_test(exchanges_on_plain_variables),
		cmocka_unit_test(threads_lose_no_count),
		cmocka_unit_test(refcounts_count_and_abort),
		cmocka_unit_test(locks_know_their_owner),
		cmocka_unit_test(rwsem_excludes),
		cmocka_unit_test(waiting_loses_no_wake),
		cmocka_unit_test(waiting_ends_in_time),
		cmocka_unit_test(completions_count),
		cmocka_unit_test(alloc_counts_and_refuses),
		cmocka_unit_test(alloc_fails_the_nth),
		cmocka_unit_test(caches_align_and_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
