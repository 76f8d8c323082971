// SPDX-License-Identifier: GPL-3.0-or-later
/* The pool without HTTP: skip list, wheel, account, eviction, blocks, failing allocations. */
#include "mempool.h"

/* --- skip list ----------------------------------------------------------------------------- */

static struct mp_skip_node *node_new(const char *key, unsigned int height)
{
	size_t n = strlen(key);
	struct mp_skip_node *node = kzalloc(sizeof(*node) + mp_skip_tail(height, n), GFP_KERNEL);

	node->height = height;
	node->key_n = n;
	memcpy(mp_skip_key_at(node), key, n);
	return node;
}

static void skip_keeps_order(void **state)
{
	enum { N = 2000 };
	static struct mp_skip_node *node[N];
	static bool in[N];
	struct mp_skip s;
	char key[32];
	unsigned int i, round;
	u32 rnd = 12345;

	mp_skip_init(&s);
	assert_null(mp_skip_seek(&s, VG_STR(""), false));
	for (i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "%06u", i * 3);
		node[i] = node_new(key, mp_skip_height(i * 2654435761u));
	}
	for (round = 0; round < 20000; round++) {
		rnd = rnd * 1664525 + 1013904223;
		i = (rnd >> 8) % N;
		if (in[i])
			mp_skip_remove(&s, node[i]);
		else
			mp_skip_insert(&s, node[i]);
		in[i] = !in[i];
	}
	for (i = 0; i < N; i++) {
		struct mp_skip_node *at, *behind;
		unsigned int j, k;

		snprintf(key, sizeof(key), "%06u", i * 3);
		at = mp_skip_seek(&s, vg_cstr(key), false);
		behind = mp_skip_seek(&s, vg_cstr(key), true);
		for (j = i; j < N && !in[j]; j++)
			;
		for (k = i + 1; k < N && !in[k]; k++)
			;
		assert_ptr_equal(at, j < N ? node[j] : NULL);
		assert_ptr_equal(behind, k < N ? node[k] : NULL);
		if (in[i])
			assert_ptr_equal(mp_skip_next(node[i]), behind);
	}
	for (i = 0; i < N; i++) {
		if (in[i])
			mp_skip_remove(&s, node[i]);
		kfree(node[i]);
	}
	assert_null(mp_skip_seek(&s, VG_STR(""), false));
}

static void skip_heights_are_bounded(void **state)
{
	unsigned int count[MP_SKIP_LEVELS + 1] = {};
	u32 i;

	assert_true(mp_skip_height(0) <= MP_SKIP_LEVELS);
	assert_int_equal(mp_skip_height(1), 1);
	assert_int_equal(mp_skip_height(4), 2);
	for (i = 0; i < 65536; i++)
		count[mp_skip_height(i * 2654435761u)]++;
	/* three quarters, three sixteenths, ... */
	assert_in_range(count[1], 48000, 50400);
	assert_in_range(count[2], 11500, 13000);
}

static void skip_sorts_bytes(void **state)
{
	static const char *const keys[] = {"",	"\x01", "A",	"A\x01",   "AA",
					   "B", "a",	"\x80", "\xff\xff"};
	struct mp_skip_node *node[ARRAY_SIZE(keys)], *at;
	struct mp_skip s;
	int i;

	mp_skip_init(&s);
	for (i = ARRAY_SIZE(keys) - 1; i >= 0; i--) {
		node[i] = node_new(keys[i], 1 + i % MP_SKIP_LEVELS);
		mp_skip_insert(&s, node[i]);
	}
	at = mp_skip_seek(&s, VG_STR(""), false);
	for (i = 0; i < ARRAY_SIZE(keys); i++, at = mp_skip_next(at))
		assert_ptr_equal(at, node[i]);
	assert_null(at);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		kfree(node[i]);
}

/* --- wheel --------------------------------------------------------------------------------- */

struct fired {
	unsigned int n;
	struct mp_timer *last;
};

static void note(void *ctx, struct mp_timer *t)
{
	struct fired *f = ctx;

	f->n++;
	f->last = t;
}

static void wheel_fires_when_due(void **state)
{
	/* within a turn, exactly a turn, several turns ahead, in the past */
	static const u64 at[] = {1, 249, 250, 251, 1000, 250 * 1024, 250 * 1024 + 1, 250 * 5000, 0};
	struct mp_wheel *w = malloc(sizeof(*w));
	const u64 start = 7777777;
	unsigned int i;
	u64 now;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct mp_timer t = {};
		struct fired f = {};

		mp_wheel_init(w, start);
		mp_wheel_add(w, &t, start + at[i]);
		for (now = start; !f.n; now += MP_WHEEL_MS) {
			assert_true(now <= start + at[i] + 2 * MP_WHEEL_MS);
			assert_true(mp_wheel_turn(w, now, 10, note, &f));
			if (f.n)
				assert_true(now >= start + at[i]);
		}
		assert_ptr_equal(f.last, &t);
		assert_true(hlist_unhashed(&t.link));
		mp_wheel_del(&t);	/* of one that has fired: nothing */
	}
	free(w);
}

static void wheel_fires_what_is_overdue(void **state)
{
	struct mp_wheel *w = malloc(sizeof(*w));
	struct mp_timer t = {};
	struct fired f = {};

	mp_wheel_init(w, 100000);
	mp_wheel_add(w, &t, 5000);
	assert_true(mp_wheel_turn(w, 100000, 10, note, &f));
	assert_true(mp_wheel_turn(w, 100000 + MP_WHEEL_MS, 10, note, &f));
	assert_int_equal(f.n, 1);
	free(w);
}

static void wheel_survives_a_pause_and_a_budget(void **state)
{
	enum { N = 3000 };
	struct mp_wheel *w = malloc(sizeof(*w));
	struct mp_timer *t = calloc(N, sizeof(*t));
	struct fired f = {};
	unsigned int i, calls;

	mp_wheel_init(w, 0);
	for (i = 0; i < N; i++)
		mp_wheel_add(w, &t[i], i * 1000);
	for (i = 0; i < N; i += 3)
		mp_wheel_del(&t[i]);
	/* far ahead in one step: all that are due, a hundred looked at a time, and none that is not */
	for (calls = 1; !mp_wheel_turn(w, 2000 * 1000 + 500, 100, note, &f); calls++)
		assert_true(f.n <= calls * 100);
	assert_int_equal(f.n, 2001 - 667);
	assert_true(mp_wheel_turn(w, 1ULL << 50, N, note, &f));
	assert_int_equal(f.n, N - N / 3);
	free(t);
	free(w);
}

/* Who chooses times to live that all meet in one slot makes each call look at the budget's worth, no more. */
static void wheel_looks_at_a_budget(void **state)
{
	enum { N = 1000, BUDGET = 100 };
	const u64 round = (u64)MP_WHEEL_SLOTS * MP_WHEEL_MS;
	struct mp_wheel *w = malloc(sizeof(*w));
	struct mp_timer *t = calloc(2 * N, sizeof(*t));
	struct fired f = {};
	unsigned int i, calls;

	mp_wheel_init(w, 0);
	for (i = 0; i < N; i++)
		mp_wheel_add(w, &t[i], 1);
	/* the last added are the first to be met, and are due a round later */
	for (i = N; i < 2 * N; i++)
		mp_wheel_add(w, &t[i], 1 + round);
	for (calls = 1; !mp_wheel_turn(w, MP_WHEEL_MS, BUDGET, note, &f); calls++) {
		assert_true(f.n <= calls * BUDGET);
		/* between two calls timers come and go */
		if (calls == 5) {
			mp_wheel_del(&t[0]);
			mp_wheel_del(&t[2 * N - 1]);
			mp_wheel_add(w, &t[2 * N - 1], 1 + round);
		}
	}
	assert_int_equal(calls, 2 * N / BUDGET);
	assert_int_equal(f.n, N - 1);
	for (i = 0; !mp_wheel_turn(w, round + MP_WHEEL_MS - 1, BUDGET, note, &f); i++)
		;
	assert_int_equal(f.n, N - 1);
	while (!mp_wheel_turn(w, round + MP_WHEEL_MS, BUDGET, note, &f))
		;
	assert_int_equal(f.n, 2 * N - 1);
	free(t);
	free(w);
}

/* --- keys ---------------------------------------------------------------------------------- */

static void keys_expire(void **state)
{
	struct mp_pool *pool = test_pool(1 << 20, VG_EVICT_NONE);
	u64 used;

	assert_int_equal(test_set(pool, "keep", "k", 1, 0), 0);
	rcu_barrier();
	used = atomic64_read(&pool->used);
	assert_int_equal(test_set(pool, "short", "s", 1, 1000), 0);
	assert_int_equal(test_set(pool, "long", "l", 1, 3600 * 1000), 0);
	assert_true(test_has(pool, "short"));
	shim_clock_advance(1000 * NSEC_PER_MSEC);
	/* at once, before any tick */
	assert_false(test_has(pool, "short"));
	assert_int_equal(pool->keys, 3);
	shim_clock_advance(500 * NSEC_PER_MSEC);
	mp_service.tick(pool, vg_now_ms());
	assert_int_equal(pool->keys, 2);
	assert_int_equal(atomic64_read(&pool->stats.expired), 1);
	/* set anew without ttl: it stays */
	assert_int_equal(test_set(pool, "long", "l", 1, 0), 0);
	shim_clock_advance(3601 * NSEC_PER_SEC);
	mp_service.tick(pool, vg_now_ms());
	assert_true(test_has(pool, "long"));
	assert_int_equal(test_set(pool, "long", "l", 1, 10), 0);
	shim_clock_advance(NSEC_PER_SEC);
	mp_service.tick(pool, vg_now_ms());
	rcu_barrier();
	assert_int_equal(atomic64_read(&pool->used), used);
	test_pool_end(pool);
}

static void account_is_exact(void **state)
{
	struct mp_pool *pool = test_pool(1 << 20, VG_EVICT_NONE);
	struct mp_val *v = mp_val_new(pool, 1000);
	u64 one;

	assert_int_equal(v->charged, ALIGN(sizeof(*v) + 1000, 64));
	assert_int_equal(atomic64_read(&pool->used), v->charged);
	mp_val_put(v);
	assert_int_equal(atomic64_read(&pool->used), v->charged);
	rcu_barrier();
	assert_int_equal(atomic64_read(&pool->used), 0);
	assert_int_equal(atomic64_read(&pool->dying), 0);
	test_set(pool, "a", "x", 1, 0);
	one = atomic64_read(&pool->used);
	assert_true(one > sizeof(struct mp_entry) + sizeof(struct mp_val));
	test_set(pool, "a", "y", 1, 0);
	rcu_barrier();
	assert_int_equal(atomic64_read(&pool->used), one);
	test_pool_end(pool);
}

static void full_pool_refuses(void **state)
{
	static char big[4096];
	struct mp_pool *pool = test_pool(64 * 1024, VG_EVICT_NONE);
	char key[16];
	unsigned int n;

	for (n = 0; ; n++) {
		snprintf(key, sizeof(key), "k%u", n);
		if (test_set(pool, key, big, sizeof(big), 0))
			break;
		assert_true(atomic64_read(&pool->used) <= 64 * 1024);
	}
	assert_in_range(n, 12, 16);
	assert_int_equal(pool->keys, n);
	assert_true(atomic64_read(&pool->stats.refused_full) > 0);
	/* overwriting works however often: what waits to be freed does not count as full */
	for (n = 0; n < 200; n++)
		assert_int_equal(test_set(pool, "k0", big, 1024, 0), 0);
	/* a lower limit refuses more, and takes nothing away */
	n = pool->keys;
	test_node.mempool_max_bytes = 8 * 1024;
	mp_service.tick(pool, vg_now_ms());
	assert_int_equal(pool->keys, n);
	assert_int_equal(test_set(pool, "k0", big, 1, 0), -ENOSPC);
	test_pool_end(pool);
}

static void clock_evicts_what_is_not_read(void **state)
{
	static char big[1024];
	struct mp_pool *pool = test_pool(256 * 1024, VG_EVICT_CLOCK);
	char key[16];
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(test_set(pool, key, big, sizeof(big), 0), 0);
		assert_true(atomic64_read(&pool->used) <= 256 * 1024);
		/* one that is always read */
		assert_true(test_has(pool, "k0"));
	}
	assert_false(test_has(pool, "k1"));
	assert_true(test_has(pool, "k1999"));
	assert_true(atomic64_read(&pool->stats.evicted) > 1500);
	/* a lower limit takes away in the tick */
	test_node.mempool_max_bytes = 64 * 1024;
	mp_service.tick(pool, vg_now_ms());
	rcu_barrier();
	assert_true(atomic64_read(&pool->used) <= 64 * 1024);
	assert_true(pool->keys > 10);
	test_pool_end(pool);
}

static void clock_goes_on_when_all_are_read(void **state)
{
	enum { N = 3 * MP_CLOCK_STEPS };
	struct mp_pool *pool = test_pool(8 << 20, VG_EVICT_CLOCK);
	char key[16];
	unsigned int i;

	for (i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(test_set(pool, key, "v", 1, 0), 0);
		assert_true(test_has(pool, key));
	}
	assert_true(mp_evict(pool, 1) > 0);
	assert_int_equal(pool->keys, N - 1);
	/* all of it, and then there is nothing to evict */
	mp_evict(pool, SIZE_MAX);
	assert_int_equal(pool->keys, 0);
	assert_int_equal(mp_evict(pool, 1), 0);
	test_pool_end(pool);
}

static void blocks_are_not_evicted(void **state)
{
	struct mp_pool *pool = test_pool(256 * 1024, VG_EVICT_CLOCK);
	struct mp_block_id id[64];
	struct mp_val *v;
	unsigned int n, i;

	for (n = 0; n < 64; n++) {
		v = mp_val_new(pool, 8192);
		if (!v)
			break;
		assert_int_equal(mp_block_new(pool, v, &id[n]), 0);
	}
	assert_in_range(n, 20, 31);
	assert_int_equal(test_set(pool, "a", "x", 1, 0), 0);
	assert_null(mp_val_new(pool, 128 * 1024));
	for (i = 0; i < n; i++) {
		v = mp_block_get(pool, &id[i]);
		assert_non_null(v);
		mp_val_put(v);
	}
	test_pool_end(pool);
}

static void a_held_value_is_not_freed(void **state)
{
	struct mp_pool *pool = test_pool(64 * 1024, VG_EVICT_CLOCK);
	struct mp_lookup what;
	struct mp_val *v;

	test_set(pool, "a", "hello", 5, 0);
	what = test_key(pool, "a");
	rcu_read_lock();
	v = mp_peek(pool, &what, 0);
	assert_true(mp_val_get(v));
	rcu_read_unlock();
	assert_int_equal(mp_delete(pool, &what, NULL, NULL), 0);
	assert_int_equal(mp_delete(pool, &what, NULL, NULL), -ENOENT);
	rcu_barrier();
	assert_memory_equal(v->data, "hello", 5);
	assert_true(atomic64_read(&pool->used) >= v->charged);
	/* held memory cannot be had back: eviction gives up instead of spinning */
	assert_null(mp_val_new(pool, 64 * 1024 - 200));
	mp_val_put(v);
	test_pool_end(pool);
}

/* --- blocks -------------------------------------------------------------------------------- */

static void block_ids(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"1-2",
		"1-2-",
		"-1-2",
		"1--2",
		"1-2-3-4",
		"01-2-3",
		"1-02-3",
		"1-2-03",
		"G-2-3",
		"1-A-3",
		"1-2-3 ",
		" 1-2-3",
		"100000000-1-1",
		"1-100000000-1",
		"1-1-10000000000000000",
		"1-2-0x3",
		"00-0-0",
	};
	struct mp_block_id id;
	char text[MP_BLOCK_ID_TEXT];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (mp_block_id_parse(vg_cstr(bad[i]), &id))
			fail_msg("accepted \"%s\"", bad[i]);
	assert_true(mp_block_id_parse(VG_STR("ffffffff-fffff-ffffffffffffffff"), &id));
	assert_int_equal(id.node, U32_MAX);
	assert_int_equal(id.slot, 0xfffff);
	assert_int_equal(id.generation, U64_MAX);
	assert_int_equal(mp_block_id_print(&id, text), 31);
	assert_string_equal(text, "ffffffff-fffff-ffffffffffffffff");
	assert_true(mp_block_id_parse(VG_STR("0-0-0"), &id));
	assert_true(mp_block_id_parse(VG_STR("7-a0-10"), &id));
	assert_int_equal(id.slot, 0xa0);
}

static void a_freed_id_never_resolves(void **state)
{
	struct mp_pool *pool = test_pool(16 << 20, VG_EVICT_NONE);
	struct mp_block_id first, id, far = { .node = 7, .slot = U32_MAX, .generation = 1 };
	struct mp_val *v;
	unsigned int i;

	assert_int_equal(mp_block_new(pool, mp_val_new(pool, 8), &first), 0);
	assert_int_equal(mp_block_free(pool, &first), 0);
	for (i = 0; i < 3000; i++) {
		assert_int_equal(mp_block_new(pool, mp_val_new(pool, 8), &id), 0);
		if (i & 1)
			continue;
		assert_int_equal(mp_block_free(pool, &id), 0);
	}
	assert_int_equal(pool->blocks, 1500);
	/* the slot was given out again, under another id */
	assert_true(first.slot < pool->slots);
	assert_null(mp_block_get(pool, &first));
	assert_int_equal(mp_block_free(pool, &first), -ENOENT);
	v = mp_val_new(pool, 8);
	assert_int_equal(mp_block_swap(pool, &first, NULL, v), -ENOENT);
	mp_val_drop(v);
	assert_null(mp_block_get(pool, &far));
	far.slot = pool->slots;
	assert_null(mp_block_get(pool, &far));
	assert_int_equal(mp_block_free(pool, &far), -ENOENT);
	test_pool_end(pool);
}

static void a_swap_sees_that_another_was_first(void **state)
{
	struct mp_pool *pool = test_pool(1 << 20, VG_EVICT_NONE);
	struct mp_val *old, *a = mp_val_new(pool, 8), *b = mp_val_new(pool, 8);
	struct mp_block_id id;

	assert_int_equal(mp_block_new(pool, mp_val_new(pool, 8), &id), 0);
	old = mp_block_get(pool, &id);
	assert_int_equal(mp_block_swap(pool, &id, old, a), 0);
	assert_int_equal(mp_block_swap(pool, &id, old, b), -EAGAIN);
	assert_int_equal(mp_block_swap(pool, &id, NULL, b), 0);
	mp_val_put(old);
	test_pool_end(pool);
}

/* --- failing allocations ------------------------------------------------------------------- */

/* Everything that allocates, once; true if nothing failed */
static bool all_of_it(struct mp_pool *pool)
{
	struct mp_block_id id;
	struct mp_val *v;
	bool ok;

	ok = !test_set(pool, "a", "1", 1, 0);
	ok = !test_set(pool, "b", "2", 1, 1000) && ok;
	ok = !test_set(pool, "a", "3", 1, 0) && ok;
	v = mp_val_new(pool, 100);
	if (!v)
		return false;
	if (mp_block_new(pool, v, &id)) {
		mp_val_drop(v);
		return false;
	}
	return ok;
}

static void every_allocation_may_fail(void **state)
{
	unsigned long n;
	bool failed = true;

	for (n = 1; failed; n++) {
		struct mp_pool *pool = test_pool(1 << 20, VG_EVICT_NONE);
		bool ok;

		shim_alloc_fail_nth(n);
		ok = all_of_it(pool);
		failed = shim_alloc_failed();
		shim_alloc_fail_nth(0);
		assert_int_equal(ok, !failed);
		rcu_barrier();
		/* and what it left is whole */
		assert_true(all_of_it(pool));
		assert_true(test_has(pool, "a"));
		test_pool_end(pool);
	}
	assert_true(n > 6);
}

static void a_pool_that_cannot_start_leaves_nothing(void **state)
{
	unsigned long n;
	bool failed = true;
	void *data;

	test_pool_end(test_pool(1 << 20, VG_EVICT_NONE));
	for (n = 1; failed; n++) {
		int ret;

		shim_alloc_fail_nth(n);
		ret = mp_service.start(&test_node, &data);
		failed = shim_alloc_failed();
		shim_alloc_fail_nth(0);
		assert_int_equal(ret, failed ? -ENOMEM : 0);
		if (!ret)
			mp_service.stop(data);
		assert_int_equal(shim_alloc_live(), test_live);
	}
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skip_keeps_order),
		cmocka_unit_test(skip_heights_are_bounded),
		cmocka_unit_test(skip_sorts_bytes),
		cmocka_unit_test(wheel_fires_when_due),
		cmocka_unit_test(wheel_fires_what_is_overdue),
		cmocka_unit_test(wheel_survives_a_pause_and_a_budget),
		cmocka_unit_test(wheel_looks_at_a_budget),
		cmocka_unit_test(keys_expire),
		cmocka_unit_test(account_is_exact),
		cmocka_unit_test(full_pool_refuses),
		cmocka_unit_test(clock_evicts_what_is_not_read),
		cmocka_unit_test(clock_goes_on_when_all_are_read),
		cmocka_unit_test(blocks_are_not_evicted),
		cmocka_unit_test(a_held_value_is_not_freed),
		cmocka_unit_test(block_ids),
		cmocka_unit_test(a_freed_id_never_resolves),
		cmocka_unit_test(a_swap_sees_that_another_was_first),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_pool_that_cannot_start_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
