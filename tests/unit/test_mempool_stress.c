// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Many threads on one small pool that evicts: readers, writers, listings, blocks and transactions
 * at once, each checking what it can. Meant for TSan as well: build with -fsanitize=thread.
 */
#include <pthread.h>

#include "mempool.h"

enum {
	THREADS = 6,
	ROUNDS = 3000,
	KEYS = 64,
	BLOCK = 3000,
	LARGE = 400000, /* copying it takes long enough for another writer to come in between */
};

static struct mp_pool *pool;
static char block_path[128];
static bool stop;

static u32 next_random(u32 *rnd)
{
	*rnd = *rnd * 1664525 + 1013904223;
	return *rnd >> 8;
}

/* Asserts of cmocka belong to its own thread; others fall hard */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "failed: %s (got %u %s \"%.60s\")\n", what, test_ans.status, test_ans.code,
		test_ans.body);
	abort();
}

/* a value: any length, all bytes the same */
static bool uniform(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (p[i] != p[0])
			return false;
	return true;
}

static void one_put(const char *path, u32 r)
{
	static __thread char body[4000];

	memset(body, 'a' + r % 26, sizeof(body));
	TEST_DO(pool, .method = VG_PUT, .path = path, .body = body, .body_n = 1 + r % sizeof(body),
		.piece = r & 1 ? 700 : 0, .query = r & 2 ? "ttl_ms=20" : NULL);
	/* a full pool may refuse while others hold what was evicted */
	must(test_ans.status == 201 || test_ans.status == 204 || test_ans.status == 507, "put");
}

static void one_list(u32 r)
{
	const char *at, *last = "";
	static __thread char query[32];
	size_t n = 0;

	snprintf(query, sizeof(query), "limit=%u&prefix=k", 1 + r % 40);
	TEST_DO(pool, .path = "/v1/mem", .query = query);
	must(test_ans.status == 200, "list");
	for (at = test_ans.body; (at = strstr(at, "{\"key\":\"")); last = at) {
		at += 8;
		n = strcspn(at, "\"");
		must(!*last || strncmp(last, at, n) < 0, "order of a listing");
	}
}

static void one_block(u32 r)
{
	static __thread char body[BLOCK];
	char query[64];
	u32 half = r & 1 ? BLOCK / 2 : 0;

	if (r & 2) {
		memset(body, '0' + r % 10, sizeof(body));
		snprintf(query, sizeof(query), "offset=%u", half);
		TEST_DO(pool, .method = VG_PUT, .path = block_path, .query = query, .body = body,
			.body_n = BLOCK / 2);
		must(test_ans.status == 204 || test_ans.status == 507, "block put");
	} else {
		TEST_DO(pool, .path = block_path);
		must(test_ans.status == 200 && test_ans.n == BLOCK, "block get");
		must(uniform(test_ans.body, BLOCK / 2) &&
			     uniform(test_ans.body + BLOCK / 2, BLOCK / 2),
		     "a block is one state");
	}
}

static void *worker(void *arg)
{
	u32 rnd = (unsigned long)arg * 7919 + 1, r, i;
	char path[64];

	for (i = 0; i < ROUNDS; i++) {
		r = next_random(&rnd);
		snprintf(path, sizeof(path), "/v1/mem/k%02u", r % KEYS);
		r = next_random(&rnd);
		switch (r % 16) {
		case 0 ... 3:
			one_put(path, r / 16);
			break;
		case 4:
			TEST_DO(pool, .method = VG_DELETE, .path = path);
			must(test_ans.status == 204 || test_ans.status == 404, "delete");
			break;
		case 5:
			one_list(r / 16);
			break;
		case 6 ... 7:
			one_block(r / 16);
			break;
		case 8:
			TEST_DO(pool, .method = VG_POST, .path = "/v1/mem/count/incr");
			must(test_ans.status == 200 || test_ans.status == 507, "incr");
			break;
		default:
			TEST_DO(pool, .path = path);
			must(test_ans.status == 404 || (test_ans.status == 200 &&
			     uniform(test_ans.body, test_ans.n)), "get");
			break;
		}
		must(atomic64_read(&pool->used) <= test_node.mempool_max_bytes, "within the limit");
	}
	free(test_ans.body);
	test_ans.body = NULL;
	return NULL;
}

static void *ticker(void *arg)
{
	while (!READ_ONCE(stop)) {
		shim_clock_advance(2 * MP_WHEEL_MS * NSEC_PER_MSEC);
		mp_service.tick(pool, vg_now_ms());
		sched_yield();
	}
	return NULL;
}

static void everything_at_once(void **state)
{
	pthread_t thread[THREADS], tick;
	unsigned long i;

	pool = test_pool(100 * 1024, VG_EVICT_CLOCK);
	TEST_ASK(pool, 201, NULL, .method = VG_POST, .path = "/v1/blocks",
		 .body = "{\"size\":3000}");
	assert_int_equal(sscanf(test_ans.headers, "Location: %127s", block_path), 1);
	stop = false;
	pthread_create(&tick, NULL, ticker, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, worker, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	WRITE_ONCE(stop, true);
	pthread_join(tick, NULL);
	/* the whole was exercised; half of the values were to live for 20 ms */
	shim_clock_advance(NSEC_PER_SEC);
	mp_service.tick(pool, vg_now_ms());
	assert_true(atomic64_read(&pool->stats.evicted) > 0);
	assert_true(atomic64_read(&pool->stats.expired) > 0);
	assert_true(atomic64_read(&pool->stats.sets) > 100);
	assert_int_equal(pool->blocks, 1);
	test_pool_end(pool);
}

/* --- transactions are seen at one instant -------------------------------------------------- */

static void *txn_writer(void *arg)
{
	char body[256];
	unsigned int i;

	for (i = 1; i <= ROUNDS; i++) {
		snprintf(body, sizeof(body),
			 "{\"then\":[{\"set\":\"a\",\"value\":\"%u\"},"
			 "{\"set\":\"m\",\"value\":\"%u\"},{\"set\":\"z\",\"value\":\"%u\"}]}",
			 i, i, i);
		TEST_DO(pool, .method = VG_POST, .path = "/v1/txn", .body = body);
		must(test_ans.status == 200, "txn");
	}
	WRITE_ONCE(stop, true);
	free(test_ans.body);
	test_ans.body = NULL;
	return NULL;
}

static unsigned int number_at(const char *path)
{
	TEST_DO(pool, .path = path);
	must(test_ans.status == 200, "get");
	return strtoul(test_ans.body, NULL, 10);
}

/* Who has seen one key of transaction i sees all of its keys from then on, whichever came first */
static void *txn_reader(void *arg)
{
	static const char *const path[] = { "/v1/mem/a", "/v1/mem/m", "/v1/mem/z" };
	unsigned int seen = 0, now, i = (unsigned long)arg;

	while (!READ_ONCE(stop)) {
		i += 1 + (seen & 1);
		now = number_at(path[i % 3]);
		must(now >= seen, "a transaction is seen in part");
		seen = now;
	}
	free(test_ans.body);
	test_ans.body = NULL;
	return NULL;
}

static void transactions_are_seen_whole(void **state)
{
	pthread_t writer, reader[3];
	unsigned long i;

	pool = test_pool(1 << 20, VG_EVICT_NONE);
	test_set(pool, "a", "0", 1, 0);
	test_set(pool, "m", "0", 1, 0);
	test_set(pool, "z", "0", 1, 0);
	stop = false;
	for (i = 0; i < 3; i++)
		pthread_create(&reader[i], NULL, txn_reader, (void *)i);
	pthread_create(&writer, NULL, txn_writer, NULL);
	pthread_join(writer, NULL);
	for (i = 0; i < 3; i++)
		pthread_join(reader[i], NULL);
	assert_int_equal(number_at("/v1/mem/z"), ROUNDS);
	test_pool_end(pool);
}

/* --- what a reader holds stays ------------------------------------------------------------- */

static void *delete_and_replace(void *arg)
{
	TEST_DO(pool, .method = VG_DELETE, .path = "/v1/mem/a");
	must(test_ans.status == 204, "delete");
	TEST_DO(pool, .method = VG_PUT, .path = "/v1/mem/b", .body = "2");
	must(test_ans.status == 204, "put");
	free(test_ans.body);
	test_ans.body = NULL;
	return NULL;
}

static void a_reader_keeps_what_it_found(void **state)
{
	struct mp_lookup a, b;
	struct mp_entry *ea, *eb;
	struct mp_val *va, *vb;
	pthread_t other;

	pool = test_pool(1 << 20, VG_EVICT_NONE);
	test_set(pool, "a", "1", 1, 0);
	test_set(pool, "b", "1", 1, 0);
	a = test_key(pool, "a");
	b = test_key(pool, "b");
	rcu_read_lock();
	ea = mp_table_find(pool->table, &a);
	eb = mp_table_find(pool->table, &b);
	va = mp_entry_read(ea, 0);
	vb = mp_entry_read(eb, 0);
	pthread_create(&other, NULL, delete_and_replace, NULL);
	pthread_join(other, NULL);
	/* under ASan: none of it was freed */
	assert_true(vg_str_eq(mp_entry_key(ea), VG_STR("a")));
	assert_ptr_equal(mp_skip_next(&ea->skip), &eb->skip);
	assert_int_equal(va->data[0], '1');
	assert_int_equal(vb->data[0], '1');
	/* but it cannot be had any more */
	assert_null(mp_entry_read(ea, 0));
	assert_false(mp_val_get(va));
	assert_int_equal(mp_entry_read(eb, 0)->data[0], '2');
	rcu_read_unlock();
	test_pool_end(pool);
}

/* --- parts of a block do not undo each other ------------------------------------------------- */

static void *half_writer(void *arg)
{
	static __thread char half[LARGE / 2];
	unsigned long side = (unsigned long)arg;
	unsigned int i;

	for (i = 0; i < ROUNDS / 10; i++) {
		memset(half, 'a' + i % 26, sizeof(half));
		TEST_DO(pool, .method = VG_PUT, .path = block_path, .body = half,
			.body_n = sizeof(half), .query = side ? "offset=200000" : "offset=0");
		must(test_ans.status == 204, "half put");
		TEST_DO(pool, .path = block_path);
		must(test_ans.n == LARGE, "the whole block");
		must(!memcmp(test_ans.body + side * (LARGE / 2), half, sizeof(half)),
		     "a part that was written stays");
	}
	free(test_ans.body);
	test_ans.body = NULL;
	return NULL;
}

static void halves_are_not_lost(void **state)
{
	pthread_t thread[2];
	unsigned long i;

	pool = test_pool(64 << 20, VG_EVICT_NONE);
	TEST_ASK(pool, 201, NULL, .method = VG_POST, .path = "/v1/blocks",
		 .body = "{\"size\":400000}");
	assert_int_equal(sscanf(test_ans.headers, "Location: %127s", block_path), 1);
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, half_writer, (void *)i);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	test_pool_end(pool);
}

/* --- the index alone, with readers that walk it -------------------------------------------- */

struct walked {
	struct rcu_head rcu;
	struct mp_skip_node node;	/* last */
};

static struct mp_skip walk_list;

static void free_walked(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct walked, rcu));
}

static struct walked *new_walked(unsigned int i, u32 r)
{
	unsigned int height = mp_skip_height(r);
	struct walked *w = kzalloc(sizeof(*w) + mp_skip_tail(height, 8), GFP_KERNEL);
	char key[16];

	snprintf(key, sizeof(key), "%08u", i);
	w->node.height = height;
	w->node.key_n = 8;
	memcpy(mp_skip_key_at(&w->node), key, 8);
	return w;
}

static void *walk(void *arg)
{
	const struct mp_skip_node *n;
	struct vg_str last, key;
	char from[16];
	u32 rnd = (unsigned long)arg + 5;
	unsigned int fixed;

	while (!READ_ONCE(stop)) {
		snprintf(from, sizeof(from), "%08u", next_random(&rnd) % 500);
		last = vg_str(NULL, 0);
		fixed = 0;
		rcu_read_lock();
		for (n = mp_skip_seek(&walk_list, vg_cstr(from), false); n; n = mp_skip_next(n)) {
			key = mp_skip_key(n);
			must(vg_str_cmp(key, vg_cstr(from)) >= 0,
			     "seek lands at or behind the key");
			must(!last.p || vg_str_cmp(last, key) < 0, "order of the index");
			fixed += key.p[7] == '0';
			last = key;
		}
		rcu_read_unlock();
		/* those that are never removed are always found */
		must(fixed == 50 - (strtoul(from, NULL, 10) + 9) / 10, "a key that stays is found");
	}
	return NULL;
}

static void readers_walk_the_index(void **state)
{
	static struct walked *at[500];
	pthread_t thread[3];
	unsigned long i;
	u32 rnd = 1, round;

	rcu_barrier();
	test_live = shim_alloc_live();
	mp_skip_init(&walk_list);
	for (i = 0; i < 500; i += 10) {
		at[i] = new_walked(i, next_random(&rnd));
		mp_skip_insert(&walk_list, &at[i]->node);
	}
	stop = false;
	for (i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, walk, (void *)i);
	for (round = 0; round < 20 * ROUNDS; round++) {
		i = next_random(&rnd) % 500;
		if (!(i % 10))
			continue;
		if (at[i]) {
			mp_skip_remove(&walk_list, &at[i]->node);
			call_rcu(&at[i]->rcu, free_walked);
			at[i] = NULL;
		} else {
			at[i] = new_walked(i, next_random(&rnd));
			mp_skip_insert(&walk_list, &at[i]->node);
		}
	}
	WRITE_ONCE(stop, true);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < 500; i++)
		kfree(at[i]);
	rcu_barrier();
	assert_int_equal(shim_alloc_live(), test_live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_walk_the_index),
		cmocka_unit_test(a_reader_keeps_what_it_found),
		cmocka_unit_test(halves_are_not_lost),
		cmocka_unit_test(transactions_are_seen_whole),
		cmocka_unit_test(everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
