// SPDX-License-Identifier: GPL-3.0-or-later
/* Transactions of the pool: form, rights, conditions, order, all or nothing. */
#include "mempool.h"

#define POOL test_pool(64 << 20, VG_EVICT_NONE)

#define TXN(pool, want, ...) \
	TEST_ASK(pool, 200, want, .method = VG_POST, .path = "/v1/txn", .body = __VA_ARGS__)
#define TXN_BAD(pool, status, code, ...) \
	TEST_REFUSED(pool, status, code, .method = VG_POST, .path = "/v1/txn", .body = __VA_ARGS__)

/* The answer with every version replaced by "#", so that it can be compared */
static const char *plain(const char *body)
{
	static char out[65536];
	size_t n = 0;

	while (*body && n < sizeof(out) - 32) {
		if (!strncmp(body, "\"version\":\"", 11)) {
			n += sprintf(out + n, "\"version\":\"#\"");
			body = strchr(body + 11, '"') + 1;
			continue;
		}
		out[n++] = *body++;
	}
	out[n] = '\0';
	return out;
}

static void it_does_all(void **state)
{
	struct mp_pool *pool = POOL;
	u64 version;
	char body[256];

	TXN(pool, "{\"succeeded\":true,\"results\":[]}", "{}");
	TXN(pool, NULL,
	    "{\"if\":[{\"key\":\"a\",\"absent\":true}],"
	    "\"then\":[{\"set\":\"a\",\"value\":\"1\"},{\"set\":\"b\",\"value\":\"t\\u00e4xt\","
	    "\"ttl_ms\":1000},{\"get\":\"a\"},{\"get\":\"none\"},{\"del\":\"none\"}]}");
	assert_string_equal(
		plain(test_ans.body),
		"{\"succeeded\":true,\"results\":[{\"set\":\"a\",\"version\":\"#\"},"
		"{\"set\":\"b\",\"version\":\"#\"},{\"get\":\"a\",\"value\":\"1\",\"version\":\"#\"},"
		"{\"get\":\"none\",\"value\":null},{\"del\":\"none\",\"deleted\":false}]}");
	TEST_ASK(pool, 200, "1", .path = "/v1/mem/a");
	TEST_ASK(pool, 200, "t\xc3\xa4xt", .path = "/v1/mem/b");
	/* now it is there: the other branch */
	TXN(pool, NULL, "{\"if\":[{\"key\":\"a\",\"absent\":true}],\"then\":[{\"del\":\"b\"}],"
			"\"else\":[{\"get\":\"a\"}]}");
	assert_string_equal(plain(test_ans.body), "{\"succeeded\":false,\"results\":"
			    "[{\"get\":\"a\",\"value\":\"1\",\"version\":\"#\"}]}");
	assert_int_equal(sscanf(strstr(test_ans.body, "version") + 10, "%llu", &version), 1);
	snprintf(body, sizeof(body),
		 "{\"if\":[{\"key\":\"a\",\"version\":\"%llu\"},{\"key\":\"a\","
		 "\"value\":\"\\u0031\"}],\"then\":[{\"del\":\"a\"}]}",
		 (unsigned long long)version);
	TXN(pool, "{\"succeeded\":true,\"results\":[{\"del\":\"a\",\"deleted\":true}]}", body);
	TXN(pool, "{\"succeeded\":false,\"results\":[]}", body);
	TEST_REFUSED(pool, 404, "mem.not_found", .path = "/v1/mem/a");
	assert_int_equal(pool->keys, 1);
	shim_clock_advance(NSEC_PER_SEC);
	TXN(pool, "{\"succeeded\":true,\"results\":[{\"get\":\"b\",\"value\":null}]}",
	    "{\"if\":[{\"key\":\"b\",\"absent\":true}],\"then\":[{\"get\":\"b\"}]}");
	mp_service.tick(pool, vg_now_ms());
	shim_clock_advance(NSEC_PER_SEC);
	mp_service.tick(pool, vg_now_ms());
	assert_int_equal(pool->keys, 0);
	test_pool_end(pool);
}

static void operations_run_in_order(void **state)
{
	struct mp_pool *pool = POOL;

	TXN(pool, NULL,
	    "{\"then\":[{\"get\":\"a\"},{\"set\":\"a\",\"value\":\"1\"},{\"get\":\"a\"},"
	    "{\"set\":\"a\",\"value\":\"2\"},{\"get\":\"a\"},{\"del\":\"a\"},{\"get\":\"a\"},"
	    "{\"del\":\"a\"},{\"set\":\"a\",\"value\":\"3\"},{\"get\":\"a\"}]}");
	assert_string_equal(
		plain(test_ans.body),
		"{\"succeeded\":true,\"results\":["
		"{\"get\":\"a\",\"value\":null},{\"set\":\"a\",\"version\":\"#\"},"
		"{\"get\":\"a\",\"value\":\"1\",\"version\":\"#\"},{\"set\":\"a\",\"version\":\"#\"},"
		"{\"get\":\"a\",\"value\":\"2\",\"version\":\"#\"},{\"del\":\"a\",\"deleted\":true},"
		"{\"get\":\"a\",\"value\":null},{\"del\":\"a\",\"deleted\":false},"
		"{\"set\":\"a\",\"version\":\"#\"},{\"get\":\"a\",\"value\":\"3\",\"version\":\"#\"}]}");
	TEST_ASK(pool, 200, "3", .path = "/v1/mem/a");
	/* set and deleted in one go: never there */
	TXN(pool, NULL,
	    "{\"then\":[{\"set\":\"b\",\"value\":\"1\"},{\"del\":\"b\"},{\"del\":\"a\"},"
	    "{\"set\":\"a\",\"value\":\"4\"},{\"del\":\"a\"}]}");
	assert_int_equal(pool->keys, 0);
	test_pool_end(pool);
}

static void values_that_are_no_text(void **state)
{
	struct mp_pool *pool = POOL;
	char raw[] = { '\xff', 'a', '"', '\0', '/' };

	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = raw, .body_n = 5);
	TXN(pool, NULL, "{\"then\":[{\"get\":\"a\"}]}");
	assert_string_equal(plain(test_ans.body), "{\"succeeded\":true,\"results\":["
			    "{\"get\":\"a\",\"value_raw\":\"%FFa%22%00%2F\",\"version\":\"#\"}]}");
	TXN(pool, NULL, "{\"then\":[{\"set\":\"a\",\"value\":\"\\u0000\\n\"},{\"get\":\"a\"}]}");
	assert_string_equal(plain(test_ans.body),
			    "{\"succeeded\":true,\"results\":[{\"set\":\"a\",\"version\":\"#\"},"
			    "{\"get\":\"a\",\"value\":\"\\u0000\\n\",\"version\":\"#\"}]}");
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem/a");
	assert_int_equal(test_ans.n, 2);
	test_pool_end(pool);
}

static void forms_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"1",
		"{\"then\":{}}",
		"{\"then\":[1]}",
		"{\"then\":[[]]}",
		"{\"then\":[{}]}",
		"{\"when\":[]}",
		"{\"if\":[],\"if\":[]}",
		"{\"if\":[{\"key\":\"a\"}]}",
		"{\"if\":[{\"key\":\"a\",\"absent\":false}]}",
		"{\"if\":[{\"key\":\"a\",\"absent\":1}]}",
		"{\"if\":[{\"key\":\"a\",\"version\":1}]}",
		"{\"if\":[{\"key\":\"a\",\"version\":\"x\"}]}",
		"{\"if\":[{\"key\":\"a\",\"value\":1}]}",
		"{\"if\":[{\"key\":\"a\",\"value\":\"1\",\"version\":\"1\"}]}",
		"{\"if\":[{\"key\":\"a\",\"value\":\"1\",\"version\":\"1\",\"absent\":true}]}",
		"{\"if\":[{\"absent\":true}]}",
		"{\"if\":[{\"set\":\"a\",\"value\":\"1\"}]}",
		"{\"if\":[{\"key\":\"\",\"absent\":true}]}",
		"{\"if\":[{\"key\":1,\"absent\":true}]}",
		"{\"then\":[{\"key\":\"a\",\"absent\":true}]}",
		"{\"then\":[{\"set\":\"a\"}]}",
		"{\"then\":[{\"set\":\"a\",\"value\":1}]}",
		"{\"then\":[{\"set\":\"a\",\"get\":\"a\"}]}",
		"{\"then\":[{\"get\":\"a\",\"value\":\"1\"}]}",
		"{\"then\":[{\"del\":\"a\",\"ttl_ms\":1}]}",
		"{\"then\":[{\"set\":\"a\",\"value\":\"1\",\"ttl_ms\":0}]}",
		"{\"then\":[{\"set\":\"a\",\"value\":\"1\",\"ttl_ms\":\"5\"}]}",
		"{\"then\":[{\"set\":\"a\",\"value\":\"1\",\"x\":1}]}",
		"{\"then\":[{\"set\":\"a\\u0000\",\"value\":\"1\"}]}",
		"{\"then\":[{\"get\":\"a\"}",
		/* the second is wrong: nor is the first done */
		"{\"then\":[{\"set\":\"a\",\"value\":\"1\"},{\"set\":\"b\"}]}",
		"{\"then\":[{\"set\":\"a\",\"value\":\"1\"}],\"else\":[{\"get\":5}]}",
	};
	struct mp_pool *pool = POOL;
	char *many = malloc(65536);
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		TXN_BAD(pool, 400, "mem.bad_txn", bad[i]);
	assert_int_equal(pool->keys, 0);
	assert_int_equal(atomic64_read(&pool->used), 0);
	n = sprintf(many, "{\"if\":[{\"key\":\"a\",\"absent\":true}],\"then\":[");
	for (i = 0; i < MP_TXN_OPS_MAX - 1; i++)
		n += sprintf(many + n, "%s{\"set\":\"k%u\",\"value\":\"\"}", i ? "," : "", i);
	strcpy(many + n, "]}");
	TXN(pool, NULL, many);
	assert_int_equal(pool->keys, MP_TXN_OPS_MAX - 1);
	strcpy(many + n, ",{\"get\":\"a\"}]}");
	TXN_BAD(pool, 413, "mem.too_large", many);
	free(many);
	test_pool_end(pool);
}

static void each_key_needs_its_right(void **state)
{
	static const struct vg_key reader = { .rights = VG_READ };
	static const struct vg_key writer = { .rights = VG_WRITE };
	static const struct vg_key some = {
		.rights = VG_READ | VG_WRITE, .nr_prefixes = 1, .prefix = { VG_STR_INIT("a/") },
	};
	struct mp_pool *pool = POOL;

	TXN_BAD(pool, 403, "mem.forbidden", "{\"then\":[{\"set\":\"a/1\",\"value\":\"\"}]}",
		.key = &reader);
	TXN_BAD(pool, 403, "mem.forbidden", "{\"then\":[{\"del\":\"a/1\"}]}", .key = &reader);
	TXN_BAD(pool, 403, "mem.forbidden", "{\"else\":[{\"get\":\"a/1\"}]}", .key = &writer);
	TXN_BAD(pool, 403, "mem.forbidden", "{\"if\":[{\"key\":\"a/1\",\"value\":\"x\"}]}",
		.key = &writer);
	TXN_BAD(pool, 403, "mem.forbidden",
		"{\"then\":[{\"set\":\"a/1\",\"value\":\"\"},{\"get\":\"b\"}]}", .key = &some);
	assert_int_equal(pool->keys, 0);
	TXN(pool, NULL, "{\"then\":[{\"set\":\"a/1\",\"value\":\"\"},{\"get\":\"a/2\"}]}",
	    .key = &some);
	TXN(pool, NULL, "{\"then\":[{\"get\":\"a/1\"}]}", .key = &reader);
	TXN(pool, NULL, "{\"then\":[{\"set\":\"z\",\"value\":\"\"}]}", .key = &writer);
	test_pool_end(pool);
}

static void too_much_to_read_changes_nothing(void **state)
{
	struct mp_pool *pool = POOL;
	char *big = malloc(600 * 1024);

	memset(big, '\x01', 600 * 1024);
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = big,
		 .body_n = 600 * 1024);
	TXN_BAD(pool, 413, "mem.too_large",
		"{\"then\":[{\"set\":\"b\",\"value\":\"\"},{\"get\":\"a\"},{\"get\":\"a\"}]}");
	assert_int_equal(pool->keys, 1);
	/* the worst that fits: every byte six */
	TXN(pool, NULL, "{\"then\":[{\"get\":\"a\"}]}");
	assert_true(test_ans.n > 6 * 600 * 1024);
	free(big);
	test_pool_end(pool);
}

static void no_room_for_the_answer_changes_nothing(void **state)
{
	struct mp_pool *pool = POOL;

	test_no_room = true;
	TEST_REFUSED(pool, 503, "", .method = VG_POST, .path = "/v1/txn",
		     .body = "{\"then\":[{\"set\":\"a\",\"value\":\"1\"}]}");
	test_no_room = false;
	assert_false(test_has(pool, "a"));
	test_pool_end(pool);
}

/* Whichever allocation fails: all of the transaction or nothing of it */
static void all_or_nothing_without_memory(void **state)
{
	static const char text[] =
		"{\"if\":[{\"key\":\"a\",\"value\":\"old\"}],\"then\":[{\"set\":\"a\",\"value\":\"new\"},"
		"{\"set\":\"b\",\"value\":\"new\"},{\"del\":\"c\"},{\"set\":\"d\",\"value\":\"new\"},{\"get\":\"a\"}],"
		"\"else\":[{\"set\":\"e\",\"value\":\"x\"}]}";
	unsigned int done = 0, refused = 0;
	bool failed = true;
	unsigned long n;

	for (n = 1; failed; n++) {
		struct mp_pool *pool = POOL;
		struct vg_req *req = calloc(1, sizeof(*req));
		bool all;
		int ret;

		assert_int_equal(test_set(pool, "a", "old", 3, 0), 0);
		assert_int_equal(test_set(pool, "c", "old", 3, 0), 0);
		req->data = pool;
		req->node = &test_node;
		req->key = &test_full_key;
		req->body.data = (u8 *)text;
		req->body.n = strlen(text);
		free(test_ans.body);
		memset(&test_ans, 0, sizeof(test_ans));
		shim_alloc_fail_nth(n);
		ret = mp_txn(req);
		failed = shim_alloc_failed();
		shim_alloc_fail_nth(0);
		free(req);
		all = test_has(pool, "b");
		assert_int_equal(test_has(pool, "d"), all);
		assert_int_equal(test_has(pool, "c"), !all);
		assert_false(test_has(pool, "e"));
		TEST_ASK(pool, 200, all ? "new" : "old", .path = "/v1/mem/a");
		assert_int_equal(pool->keys, all ? 3 : 2);
		if (failed && !all) {
			assert_true(ret == -ENOMEM || !ret);
			refused++;
		}
		done += all;
		test_pool_end(pool);
	}
	assert_int_equal(done, 1);
	assert_true(refused >= 10);
}

/* A table that refuses an insert: the ghosts before it go again */
static void a_refused_key_takes_the_ghosts_with_it(void **state)
{
	struct mp_pool *pool = POOL;
	int n;

	for (n = 0; n < 3; n++) {
		test_refuse_insert = n;
		TXN_BAD(pool, 507, "mem.full",
			"{\"then\":[{\"set\":\"a\",\"value\":\"1\"},"
			"{\"set\":\"b\",\"value\":\"1\"},{\"del\":\"x\"},{\"set\":\"c\",\"value\":\"1\"}]}");
		test_refuse_insert = -1;
		assert_int_equal(pool->keys, 0);
		rcu_barrier();
		assert_int_equal(atomic64_read(&pool->used), 0);
	}
	test_refuse_insert = 0;
	assert_int_equal(test_set(pool, "a", "1", 1, 0), -ENOSPC);
	test_refuse_insert = -1;
	test_pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_does_all),
		cmocka_unit_test(operations_run_in_order),
		cmocka_unit_test(values_that_are_no_text),
		cmocka_unit_test(forms_refused),
		cmocka_unit_test(each_key_needs_its_right),
		cmocka_unit_test(too_much_to_read_changes_nothing),
		cmocka_unit_test(no_room_for_the_answer_changes_nothing),
		cmocka_unit_test(all_or_nothing_without_memory),
		cmocka_unit_test(a_refused_key_takes_the_ghosts_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
