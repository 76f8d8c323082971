// SPDX-License-Identifier: GPL-3.0-or-later
/* The handlers: keys, listings, blocks, one-line commands. Transactions: test_mempool_txn.c */
#include "mempool.h"

#define POOL test_pool(64 << 20, VG_EVICT_NONE)

static unsigned long long etag(const struct test_answer *a)
{
	unsigned long long v = 0;
	const char *at = strstr(a->headers, "ETag: \"");

	assert_non_null(at);
	assert_int_equal(sscanf(at, "ETag: \"%llu\"", &v), 1);
	return v;
}

static void put_get_delete(void **state)
{
	struct mp_pool *pool = POOL;
	unsigned long long first, second;

	TEST_REFUSED(pool, 404, "mem.not_found", .path = "/v1/mem/a");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "hello");
	first = etag(&test_ans);
	TEST_ASK(pool, 200, "hello", .path = "/v1/mem/a");
	assert_int_equal(etag(&test_ans), first);
	TEST_ASK(pool, 200, "hello", .method = VG_HEAD, .path = "/v1/mem/a");
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "world!");
	second = etag(&test_ans);
	assert_true(second > first);
	assert_true(second >> 20 > 1700000000);
	TEST_ASK(pool, 200, "world!", .path = "/v1/mem/a");
	/* empty values are values */
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/empty");
	TEST_ASK(pool, 200, "", .path = "/v1/mem/empty");
	TEST_ASK(pool, 204, "", .method = VG_DELETE, .path = "/v1/mem/a");
	TEST_REFUSED(pool, 404, "mem.not_found", .method = VG_DELETE, .path = "/v1/mem/a");
	TEST_REFUSED(pool, 404, "mem.not_found", .path = "/v1/mem/a");
	assert_non_null(strstr(test_ans.body, "\"a\""));
	test_pool_end(pool);
}

static void keys_are_decoded_and_bounded(void **state)
{
	struct mp_pool *pool = POOL;
	char path[2048] = "/v1/mem/";

	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a%2Fb%FF", .body = "1");
	assert_true(test_has(pool, "a/b\xff"));
	memset(path + 8, 'k', 512);
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = path, .body = "2");
	TEST_ASK(pool, 200, "2", .path = path);
	strcat(path, "k");
	TEST_REFUSED(pool, 400, "mem.bad_key", .method = VG_PUT, .path = path, .body = "3");
	strcat(path, "%20");
	TEST_REFUSED(pool, 400, "mem.bad_key", .path = path);
	TEST_REFUSED(pool, 400, "mem.bad_key", .method = VG_DELETE, .path = path);
	test_pool_end(pool);
}

static void bodies_of_all_sizes_and_pieces(void **state)
{
	static const size_t sizes[] = { 1, 511, 512, 513, 2048, 2049, 100000, VG_VALUE_MAX };
	struct mp_pool *pool = POOL;
	char *body = malloc(VG_VALUE_MAX + 1);
	unsigned int i;
	u64 used;

	for (i = 0; i <= VG_VALUE_MAX; i++)
		body[i] = i * 7 + (i >> 8);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		TEST_ASK(pool, i ? 204 : 201, "", .method = VG_PUT, .path = "/v1/mem/k",
			 .body = body, .body_n = sizes[i]);
		TEST_ASK(pool, 200, NULL, .path = "/v1/mem/k");
		assert_int_equal(test_ans.n, sizes[i]);
		assert_memory_equal(test_ans.body, body, sizes[i]);
		rcu_barrier();
		used = atomic64_read(&pool->used);
		TEST_ASK(pool, 204, "", .method = VG_PUT, .path = "/v1/mem/k", .body = body,
			 .body_n = sizes[i], .piece = 1000);
		TEST_ASK(pool, 200, NULL, .path = "/v1/mem/k");
		assert_int_equal(test_ans.n, sizes[i]);
		assert_memory_equal(test_ans.body, body, sizes[i]);
		/* not much more is kept for a body whose length was not known */
		rcu_barrier();
		assert_true(atomic64_read(&pool->used) < used + sizes[i] / 4 + 512);
	}
	TEST_REFUSED(pool, 413, "http.too_large", .method = VG_PUT, .path = "/v1/mem/k",
		     .body = body, .body_n = VG_VALUE_MAX + 1);
	free(body);
	test_pool_end(pool);
}

static void conditions(void **state)
{
	struct mp_pool *pool = POOL;
	char tag[64], old[64];

	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_PUT, .path = "/v1/mem/a",
		     .body = "1", .if_match = "*");
	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_PUT, .path = "/v1/mem/a",
		     .body = "1", .if_match = "\"5\"");
	assert_int_equal(pool->keys, 0);
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "1",
		 .if_none_match = "*");
	snprintf(old, sizeof(old), "\"%llu\"", etag(&test_ans));
	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_PUT, .path = "/v1/mem/a",
		     .body = "2", .if_none_match = "*");
	assert_non_null(strstr(test_ans.body, "is at version"));
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "2",
		 .if_match = old);
	snprintf(tag, sizeof(tag), "\"1\", \"%llu\"", etag(&test_ans));
	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_PUT, .path = "/v1/mem/a",
		     .body = "3", .if_match = old);
	TEST_ASK(pool, 200, "2", .path = "/v1/mem/a");
	TEST_ASK(pool, 304, "", .path = "/v1/mem/a", .if_none_match = tag);
	assert_true(etag(&test_ans) > 0);
	TEST_ASK(pool, 200, "2", .path = "/v1/mem/a", .if_none_match = old);
	TEST_REFUSED(pool, 412, "mem.precondition", .path = "/v1/mem/a", .if_match = old);
	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_DELETE, .path = "/v1/mem/a",
		     .if_match = old);
	TEST_REFUSED(pool, 404, "mem.not_found", .method = VG_DELETE, .path = "/v1/mem/none",
		     .if_match = old);
	TEST_REFUSED(pool, 404, "mem.not_found", .path = "/v1/mem/none", .if_match = old);
	TEST_REFUSED(pool, 400, "http.etag", .method = VG_PUT, .path = "/v1/mem/a", .body = "3",
		     .if_match = "2");
	TEST_REFUSED(pool, 400, "http.etag", .method = VG_DELETE, .path = "/v1/mem/a",
		     .if_match = "\"");
	TEST_REFUSED(pool, 400, "http.etag", .path = "/v1/mem/a", .if_none_match = "x");
	TEST_ASK(pool, 204, "", .method = VG_DELETE, .path = "/v1/mem/a", .if_match = tag);
	test_pool_end(pool);
}

static void ranges(void **state)
{
	struct mp_pool *pool = POOL;
	char *big = malloc(5000);

	memset(big, 'b', 5000);
	big[4999] = 'e';
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "0123456789");
	TEST_ASK(pool, 206, "234", .path = "/v1/mem/a", .range = "bytes=2-4");
	assert_non_null(strstr(test_ans.headers, "Content-Range: bytes 2-4/10\n"));
	TEST_ASK(pool, 206, "89", .path = "/v1/mem/a", .range = "bytes=-2");
	TEST_ASK(pool, 416, NULL, .path = "/v1/mem/a", .range = "bytes=10-");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/b", .body = big, .body_n = 5000);
	TEST_ASK(pool, 206, "be", .path = "/v1/mem/b", .range = "bytes=4998-");
	TEST_ASK(pool, 416, NULL, .path = "/v1/mem/b", .range = "bytes=5000-");
	TEST_ASK(pool, 206, NULL, .path = "/v1/mem/b", .range = "bytes=1-4000");
	assert_int_equal(test_ans.n, 4000);
	free(big);
	test_pool_end(pool);
}

static void ttl(void **state)
{
	struct mp_pool *pool = POOL;

	TEST_REFUSED(pool, 400, "http.query_value", .method = VG_PUT, .path = "/v1/mem/a",
		     .query = "ttl_ms=0");
	TEST_REFUSED(pool, 400, "http.query_value", .method = VG_PUT, .path = "/v1/mem/a",
		     .query = "ttl_ms=18446744073709551615");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .query = "ttl_ms=500",
		 .body = "1");
	/* incr keeps it */
	TEST_ASK(pool, 200, "{\"value\":2}", .method = VG_POST, .path = "/v1/mem/a/incr");
	shim_clock_advance(500 * NSEC_PER_MSEC);
	TEST_REFUSED(pool, 404, "mem.not_found", .path = "/v1/mem/a");
	TEST_REFUSED(pool, 404, "mem.not_found", .method = VG_DELETE, .path = "/v1/mem/a");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "3",
		 .if_none_match = "*");
	TEST_ASK(pool, 200, "{\"value\":4}", .method = VG_POST, .path = "/v1/mem/a/incr");
	test_pool_end(pool);
}

static void incr(void **state)
{
	static const char *const bad[] = {"x",	"1 ", "+1", "1.0", "01", "9223372036854775808",
					  "1\n"};
	struct mp_pool *pool = POOL;
	unsigned int i;

	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_POST, .path = "/v1/mem/n/incr",
		     .if_match = "*");
	TEST_ASK(pool, 200, "{\"value\":1}", .method = VG_POST, .path = "/v1/mem/n/incr");
	assert_true(etag(&test_ans) > 0);
	TEST_REFUSED(pool, 412, "mem.precondition", .method = VG_POST, .path = "/v1/mem/n/incr",
		     .if_match = "\"1\"");
	TEST_ASK(pool, 200, "{\"value\":-41}", .method = VG_POST, .path = "/v1/mem/n/incr",
		 .query = "by=-42");
	TEST_ASK(pool, 200, "-41", .path = "/v1/mem/n");
	TEST_REFUSED(pool, 400, "http.query_value", .method = VG_POST, .path = "/v1/mem/n/incr",
		     .query = "by=1x");
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = "/v1/mem/n",
		 .body = "9223372036854775807");
	TEST_REFUSED(pool, 409, "mem.overflow", .method = VG_POST, .path = "/v1/mem/n/incr");
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = "/v1/mem/n",
		 .body = "-9223372036854775808");
	TEST_REFUSED(pool, 409, "mem.overflow", .method = VG_POST, .path = "/v1/mem/n/incr",
		     .query = "by=-1");
	TEST_ASK(pool, 200, "{\"value\":-1}", .method = VG_POST, .path = "/v1/mem/n/incr",
		 .query = "by=9223372036854775807");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		TEST_ASK(pool, 204, "", .method = VG_PUT, .path = "/v1/mem/n", .body = bad[i]);
		TEST_REFUSED(pool, 409, "mem.not_a_number", .method = VG_POST,
			     .path = "/v1/mem/n/incr");
	}
	test_pool_end(pool);
}

static void full(void **state)
{
	struct mp_pool *pool = test_pool(16384, VG_EVICT_NONE);
	char *big = calloc(1, 20000);

	TEST_REFUSED(pool, 507, "mem.full", .method = VG_PUT, .path = "/v1/mem/a", .body = big,
		     .body_n = 20000);
	assert_non_null(strstr(test_ans.body, "no room for 20000 bytes: 0 of 16384"));
	/* chunked: it fails on its way */
	TEST_REFUSED(pool, 507, "mem.full", .method = VG_PUT, .path = "/v1/mem/a", .body = big,
		     .body_n = 20000, .piece = 1500);
	TEST_REFUSED(pool, 507, "mem.full", .method = VG_POST, .path = "/v1/blocks",
		     .body = "{\"size\":16384}");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = big,
		 .body_n = 12000);
	TEST_REFUSED(pool, 507, "mem.full", .method = VG_PUT, .path = "/v1/mem/a", .body = big,
		     .body_n = 12000);
	TEST_ASK(pool, 204, "", .method = VG_DELETE, .path = "/v1/mem/a");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = big,
		 .body_n = 12000);
	free(big);
	test_pool_end(pool);
}

/* --- listing ------------------------------------------------------------------------------- */

static void list_in_order_and_pages(void **state)
{
	struct mp_pool *pool = POOL;
	char key[32], path[64], query[64], want[64];
	unsigned int i, pages = 0, keys = 0;

	TEST_ASK(pool, 200, "{\"keys\":[],\"next\":null}", .path = "/v1/mem");
	for (i = 0; i < 250; i++) {
		snprintf(path, sizeof(path), "/v1/mem/k%03u", (i * 77) % 250);
		TEST_ASK(pool, 201, "", .method = VG_PUT, .path = path, .body = "x");
	}
	query[0] = '\0';
	for (;;) {
		const char *at, *next;

		TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .query = query[0] ? query : NULL);
		for (at = test_ans.body; (at = strstr(at, "\"key\":\"")); at++) {
			snprintf(want, sizeof(want), "\"key\":\"k%03u\",\"size\":1,\"version\":\"",
				 keys++);
			if (strncmp(at, want, strlen(want)))
				fail_msg("%.60s, wanted %s", at, want);
		}
		pages++;
		next = strstr(test_ans.body, "\"next\":");
		if (!strcmp(next, "\"next\":null}"))
			break;
		assert_int_equal(sscanf(next, "\"next\":\"%31[^\"]\"", key), 1);
		snprintf(query, sizeof(query), "after=%s", key);
	}
	assert_int_equal(keys, 250);
	assert_int_equal(pages, 3);
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .query = "after=k007&limit=1&prefix=k00");
	assert_non_null(strstr(test_ans.body, "{\"keys\":[{\"key\":\"k008\""));
	assert_non_null(strstr(test_ans.body, "\"ttl_ms\":null}],\"next\":\"k008\"}"));
	TEST_ASK(pool, 200, "{\"keys\":[],\"next\":null}", .path = "/v1/mem",
		 .query = "after=k009&prefix=k00");
	/* a last page that is just full says that it is the last */
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .query = "limit=10&prefix=k00");
	assert_non_null(strstr(test_ans.body, "\"key\":\"k009\""));
	assert_non_null(strstr(test_ans.body, "\"next\":null}"));
	TEST_ASK(pool, 200, "{\"keys\":[],\"next\":null}", .path = "/v1/mem", .query = "prefix=z");
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .query = "after=a&limit=1000&prefix=k24");
	assert_non_null(strstr(test_ans.body, "k249"));
	assert_null(strstr(test_ans.body, "k239"));
	/* the same places in hexadecimal, for keys that no query can spell */
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .query = "after_hex=6b303037&limit=1&prefix_hex=6B3030");
	assert_non_null(strstr(test_ans.body, "{\"keys\":[{\"key\":\"k008\""));
	TEST_REFUSED(pool, 400, "mem.bad_key", .path = "/v1/mem", .query = "after_hex=6b3");
	TEST_REFUSED(pool, 400, "mem.bad_key", .path = "/v1/mem", .query = "prefix_hex=6g");
	TEST_REFUSED(pool, 400, "mem.bad_key", .path = "/v1/mem", .query = "after=a&after_hex=61");
	TEST_REFUSED(pool, 400, "http.query_value", .path = "/v1/mem", .query = "limit=1001");
	TEST_REFUSED(pool, 400, "http.query_value", .path = "/v1/mem", .query = "limit=0");
	test_pool_end(pool);
}

static void list_shows_ttl_and_raw_keys(void **state)
{
	struct mp_pool *pool = POOL;

	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/t", .query = "ttl_ms=60000");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/gone", .query = "ttl_ms=5");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/%FFa%2Fb%22");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/%FFz");
	shim_clock_advance(1000 * NSEC_PER_MSEC);
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem");
	assert_null(strstr(test_ans.body, "gone"));
	assert_non_null(strstr(test_ans.body, "{\"key\":\"t\",\"size\":0,"));
	assert_non_null(strstr(test_ans.body, "\"ttl_ms\":5"));	/* 59 seconds and less */
	assert_non_null(strstr(test_ans.body, "{\"key_raw\":\"%FFa%2Fb%22\",\"size\":0,"));
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .query = "limit=1&prefix=%FF");
	assert_non_null(strstr(test_ans.body, "\"next_raw\":\"%FFa%2Fb%22\"}"));
	test_pool_end(pool);
}

static void list_is_limited_to_prefixes(void **state)
{
	static const struct vg_key some = {
		.rights = VG_READ, .nr_prefixes = 3,
		.prefix = { VG_STR_INIT("m/"), VG_STR_INIT("b/"), VG_STR_INIT("zz/") },
	};
	static const struct vg_key writer = { .rights = VG_WRITE };
	struct mp_pool *pool = POOL;
	char path[32];
	unsigned int i;

	/* more keys in between than are looked at in one go */
	for (i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "/v1/mem/c%04u", i);
		TEST_ASK(pool, 201, "", .method = VG_PUT, .path = path);
	}
	for (i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/v1/mem/%s%02u", i & 1 ? "b%2F" : "m%2F", i);
		TEST_ASK(pool, 201, "", .method = VG_PUT, .path = path);
	}
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .key = &some, .query = "limit=30");
	assert_null(strstr(test_ans.body, "\"c"));
	assert_non_null(strstr(test_ans.body, "[{\"key\":\"b/01\""));
	assert_non_null(strstr(test_ans.body, "\"next\":\"m/18\"}"));
	TEST_ASK(pool, 200, NULL, .path = "/v1/mem", .key = &some, .query = "after=m%2F18");
	assert_non_null(strstr(test_ans.body, "[{\"key\":\"m/20\""));
	assert_non_null(strstr(test_ans.body, "\"next\":null}"));
	TEST_ASK(pool, 200, "{\"keys\":[],\"next\":null}", .path = "/v1/mem", .key = &writer);
	test_pool_end(pool);
}

/* --- blocks -------------------------------------------------------------------------------- */

static char *make_block(struct mp_pool *pool, unsigned int size)
{
	static char path[128];
	char body[64], id[64];

	snprintf(body, sizeof(body), "{\"size\":%u}", size);
	TEST_ASK(pool, 201, NULL, .method = VG_POST, .path = "/v1/blocks", .body = body);
	assert_int_equal(sscanf(test_ans.body, "{\"id\":\"%63[^\"]\"", id), 1);
	snprintf(body, sizeof(body), "\"node\":7,\"size\":%u}", size);
	assert_non_null(strstr(test_ans.body, body));
	snprintf(path, sizeof(path), "Location: /v1/blocks/%s\n", id);
	assert_string_equal(test_ans.headers, path);
	snprintf(path, sizeof(path), "/v1/blocks/%s", id);
	return path;
}

static void blocks(void **state)
{
	struct mp_pool *pool = POOL;
	const char *path = make_block(pool, 10);

	TEST_ASK(pool, 200, NULL, .path = path);
	assert_int_equal(test_ans.n, 10);
	assert_memory_equal(test_ans.body, "\0\0\0\0\0\0\0\0\0\0", 10);
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = path, .body = "0123456789");
	TEST_ASK(pool, 200, "0123456789", .path = path);
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = path, .query = "length=3&offset=4",
		 .body = "abc");
	TEST_ASK(pool, 200, "0123abc789", .path = path);
	/* in pieces, at an offset */
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = path, .query = "offset=5",
		 .body = "VWXYZ", .piece = 2);
	TEST_ASK(pool, 200, "0123aVWXYZ", .path = path);
	TEST_ASK(pool, 200, "3aV", .path = path, .query = "length=3&offset=3");
	TEST_ASK(pool, 200, "Z", .path = path, .query = "offset=9");
	TEST_ASK(pool, 200, "", .path = path, .query = "offset=10");
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = path, .query = "offset=10");
	TEST_REFUSED(pool, 416, "mem.range", .path = path, .query = "offset=11");
	assert_string_equal(test_ans.headers, "Content-Range: bytes */10\n");
	TEST_REFUSED(pool, 416, "mem.range", .path = path, .query = "length=11");
	TEST_REFUSED(pool, 416, "mem.range", .path = path,
		     .query = "length=1&offset=18446744073709551615");
	TEST_REFUSED(pool, 416, "mem.range", .path = path,
		     .query = "length=18446744073709551615&offset=1");
	TEST_REFUSED(pool, 416, "mem.range", .method = VG_PUT, .path = path,
		     .query = "offset=18446744073709551615", .body = "ab");
	TEST_REFUSED(pool, 416, "mem.range", .method = VG_PUT, .path = path, .query = "offset=9",
		     .body = "ab");
	TEST_REFUSED(pool, 416, "mem.range", .method = VG_PUT, .path = path, .body = "0123456789a");
	TEST_REFUSED(pool, 400, "mem.bad_request", .method = VG_PUT, .path = path,
		     .query = "length=3", .body = "ab");
	TEST_ASK(pool, 200, "0123aVWXYZ", .path = path);
	TEST_ASK(pool, 204, "", .method = VG_DELETE, .path = path);
	TEST_REFUSED(pool, 404, "mem.no_block", .method = VG_DELETE, .path = path);
	TEST_REFUSED(pool, 404, "mem.no_block", .path = path);
	TEST_REFUSED(pool, 404, "mem.no_block", .method = VG_PUT, .path = path, .body = "x");
	test_pool_end(pool);
}

static void blocks_refuse(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[1]",
		"{\"size\":\"1\"}",
		"{\"size\":-1}",
		"{\"size\":1.5}",
		"{\"size\":0}",
		"{\"size\":1,\"x\":1}",
		"{\"size\":99999999999999999999}",
		"{\"size\":1",
		"1",
	};
	static const struct vg_key limited = {
		.rights = VG_READ | VG_WRITE, .nr_prefixes = 1, .prefix = { VG_STR_INIT("7") },
	};
	struct mp_pool *pool = POOL;
	char far[128];
	const char *path;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		TEST_REFUSED(pool, 400, "mem.bad_request", .method = VG_POST, .path = "/v1/blocks",
			     .body = bad[i]);
	TEST_REFUSED(pool, 413, "mem.too_large", .method = VG_POST, .path = "/v1/blocks",
		     .body = "{\"size\":16777217}");
	TEST_REFUSED(pool, 400, "mem.bad_id", .path = "/v1/blocks/nope");
	TEST_REFUSED(pool, 400, "mem.bad_id", .method = VG_PUT, .path = "/v1/blocks/nope",
		     .body = "x");
	TEST_REFUSED(pool, 400, "mem.bad_id", .method = VG_DELETE, .path = "/v1/blocks/7-0-0x1");
	path = make_block(pool, 16 << 20);
	snprintf(far, sizeof(far), "/v1/blocks/8%s", path + strlen("/v1/blocks/7"));
	TEST_REFUSED(pool, 404, "mem.no_block", .path = far);
	assert_non_null(strstr(test_ans.body, "is node 8's, this is node 7"));
	TEST_REFUSED(pool, 404, "mem.no_block", .method = VG_DELETE, .path = far);
	TEST_REFUSED(pool, 403, "mem.forbidden", .method = VG_POST, .path = "/v1/blocks",
		     .body = "{\"size\":1}", .key = &limited);
	TEST_REFUSED(pool, 403, "mem.forbidden", .path = path, .key = &limited);
	TEST_REFUSED(pool, 403, "mem.forbidden", .method = VG_PUT, .path = path, .body = "x",
		     .key = &limited);
	TEST_REFUSED(pool, 403, "mem.forbidden", .method = VG_DELETE, .path = path,
		     .key = &limited);
	TEST_ASK(pool, 200, NULL, .path = path);
	test_pool_end(pool);
}

/* What a line carries of a block is found however many zeros follow it. */
static void lines_of_large_blocks(void **state)
{
	static const size_t sizes[] = { 65535, 65536, 65537, 131072, 500000 };
	struct mp_pool *pool = POOL;
	char id[64], size[24], *text = malloc(65537);
	size_t i;

	memset(text, 'x', 65536);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(size, sizeof(size), "%zu", sizes[i]);
		strcpy(id, test_line(pool, "virgo_cloud_malloc", size, NULL, NULL)->body);
		assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->body, "");
		test_line(pool, "virgo_cloud_set", id, "a", NULL);
		assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->body, "a");
		text[min_t(size_t, sizes[i], 65536)] = '\0';
		test_line(pool, "virgo_cloud_set", id, text, NULL);
		assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->body, text);
		text[min_t(size_t, sizes[i], 65536)] = 'x';
		text[65536] = '\0';
	}
	/* one byte more than a line has */
	text[65536] = 'y';
	text = realloc(text, 65538);
	text[65537] = '\0';
	test_line(pool, "virgo_cloud_set", id, text, NULL);
	assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->code, "mem.too_large");
	free(text);
	test_pool_end(pool);
}

static void lines(void **state)
{
	static const struct vg_key limited = {
		.rights = VG_READ | VG_WRITE, .nr_prefixes = 1, .prefix = { VG_STR_INIT("7") },
	};
	struct mp_pool *pool = POOL;
	char id[64], path[96];

	test_line(pool, "virgo_cloud_malloc", "12", NULL, NULL);
	assert_int_equal(test_ans.status, 1);
	snprintf(id, sizeof(id), "%s", test_ans.body);
	assert_int_equal(strncmp(id, "7-0-", 4), 0);
	assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->body, "");
	assert_string_equal(test_line(pool, "virgo_cloud_set", id, "hello, (you)", NULL)->body,
			    "0");
	assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->body,
			    "hello, (you)");
	assert_string_equal(test_line(pool, "virgo_cloud_set", id, "bye", NULL)->body, "0");
	assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->body, "bye");
	assert_string_equal(test_line(pool, "virgo_cloud_set", id, "0123456789abc", NULL)->code,
			    "mem.range");
	assert_string_equal(test_line(pool, "virgo_cloud_get", "x", NULL, NULL)->code,
			    "mem.bad_id");
	assert_string_equal(test_line(pool, "virgo_cloud_malloc", "x", NULL, NULL)->code,
			    "mem.bad_request");
	assert_string_equal(test_line(pool, "virgo_cloud_malloc", "0", NULL, NULL)->code,
			    "mem.bad_request");
	assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, &limited)->code,
			    "mem.forbidden");
	snprintf(path, sizeof(path), "/v1/blocks/%s", id);
	TEST_ASK(pool, 204, "", .method = VG_PUT, .path = path, .body = "a\nb");
	assert_string_equal(test_line(pool, "virgo_cloud_get", id, NULL, NULL)->code,
			    "mem.not_a_line");
	assert_string_equal(test_line(pool, "virgo_cloud_free", id, NULL, NULL)->body, "0");
	assert_string_equal(test_line(pool, "virgo_cloud_free", id, NULL, NULL)->code,
			    "mem.no_block");
	assert_string_equal(test_line(pool, "virgo_cloud_set", id, "x", NULL)->code,
			    "mem.no_block");
	test_pool_end(pool);
}

/* --- what it says about itself ------------------------------------------------------------- */

static void stats_and_metrics(void **state)
{
	struct mp_pool *pool = POOL;
	struct vg_buf b;
	struct vg_jw json;
	const char *line;

	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "1");
	TEST_ASK(pool, 200, "1", .path = "/v1/mem/a");
	TEST_REFUSED(pool, 404, "mem.not_found", .path = "/v1/mem/b");
	make_block(pool, 100);
	vg_buf_init(&b, NULL, 0, 65536);
	vg_jw_init(&json, &b);
	vg_jw_obj(&json);
	mp_service.stats(pool, &json);
	vg_jw_obj_end(&json);
	assert_int_equal(vg_jw_end(&json), 0);
	vg_buf_putc(&b, '\0');
	assert_non_null(strstr(b.p, "{\"keys\":1,\"blocks\":1,\"bytes_used\":"));
	assert_non_null(strstr(b.p, "\"bytes_max\":67108864,"));
	assert_non_null(strstr(b.p, "\"hits\":1,\"misses\":1,"));
	vg_buf_reset(&b);
	mp_service.metrics(pool, &b);
	assert_int_equal(b.err, 0);
	vg_buf_putc(&b, '\0');
	assert_non_null(
		strstr(b.p, "# HELP virgo_mempool_keys keys held\n# TYPE virgo_mempool_keys gauge\n"
			    "virgo_mempool_keys 1\n"));
	assert_non_null(strstr(
		b.p, "# TYPE virgo_mempool_hits_total counter\nvirgo_mempool_hits_total 1\n"));
	for (line = b.p; *line; line = strchr(line, '\n') + 1)
		assert_true(!strncmp(line, "# HELP virgo_", 13) ||
			    !strncmp(line, "# TYPE virgo_", 13) ||
			    !strncmp(line, "virgo_mempool_", 14));
	vg_buf_free(&b);
	test_pool_end(pool);
}

static void config_is_read_anew(void **state)
{
	struct mp_pool *pool = POOL;

	test_cfg.value_max = 3;
	test_cfg.block_max = 5;
	mp_service.config(pool);
	TEST_REFUSED(pool, 413, "http.too_large", .method = VG_PUT, .path = "/v1/mem/a",
		     .body = "1234");
	TEST_ASK(pool, 201, "", .method = VG_PUT, .path = "/v1/mem/a", .body = "123");
	TEST_REFUSED(pool, 413, "mem.too_large", .method = VG_POST, .path = "/v1/blocks",
		     .body = "{\"size\":6}");
	test_pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_get_delete),
		cmocka_unit_test(keys_are_decoded_and_bounded),
		cmocka_unit_test(bodies_of_all_sizes_and_pieces),
		cmocka_unit_test(conditions),
		cmocka_unit_test(ranges),
		cmocka_unit_test(ttl),
		cmocka_unit_test(incr),
		cmocka_unit_test(full),
		cmocka_unit_test(list_in_order_and_pages),
		cmocka_unit_test(list_shows_ttl_and_raw_keys),
		cmocka_unit_test(list_is_limited_to_prefixes),
		cmocka_unit_test(blocks),
		cmocka_unit_test(blocks_refuse),
		cmocka_unit_test(lines),
		cmocka_unit_test(lines_of_large_blocks),
		cmocka_unit_test(stats_and_metrics),
		cmocka_unit_test(config_is_read_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
