// SPDX-License-Identifier: GPL-3.0-or-later
/* Keys, listings, transactions and blocks over a small pretended memory pool. */
#include "tests/unit/lib_fixture.h"

enum { POOLS = 3 };

/* a pool's keys, sorted; the answers imitate a node's */
struct pool {
	const char *const *keys;
	size_t n;
	int broken;			/* pages that are no JSON */
};

static struct server pools[POOLS];
static struct pool content[POOLS];
static const char *long_keys[2500];
static char set_text[256];

/* the value of a query parameter, decoded; "" if absent */
static void parameter(const char *target, const char *name, char out[600])
{
	char want[40];
	const char *at;
	size_t n;

	snprintf(want, sizeof(want), "%s=", name);
	out[0] = '\0';
	for (at = strchr(target, '?'); at; at = strchr(at, '&')) {
		at++;
		if (strncmp(at, want, strlen(want)))
			continue;
		at += strlen(want);
		n = strcspn(at, "& ");
		assert_true(n < 600);
		memcpy(out, at, n);
		out[virgo_pct_decode(out, n)] = '\0';
		return;
	}
}

/* A place in the order of keys: as text, or in hexadecimal under the other name */
static void place(const char *target, const char *name, const char *hex_name, char out[600])
{
	char hex[600];
	unsigned int byte;
	size_t i;

	parameter(target, name, out);
	parameter(target, hex_name, hex);
	assert_false(out[0] && hex[0]);
	for (i = 0; hex[2 * i]; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = byte;
		out[i + 1] = '\0';
	}
}

static int is_text(const char *key)
{
	return !strchr(key, '\xff');
}

static char *page(const struct pool *pool, const char *target)
{
	char after[600], prefix[600], limit[600], *body = malloc(300000), *reply;
	size_t at = sprintf(body, "{\"keys\":["), left, given = 0, i;
	const char *last = NULL;

	place(target, "after", "after_hex", after);
	place(target, "prefix", "prefix_hex", prefix);
	parameter(target, "limit", limit);
	left = strtoul(limit, NULL, 10);
	assert_in_range(left, 1, 1000);
	for (i = 0; i < pool->n && left; i++) {
		const char *key = pool->keys[i];

		if (strcmp(key, after) <= 0 || strncmp(key, prefix, strlen(prefix)))
			continue;
		at += sprintf(body + at,
			      "%s{\"%s\":\"%s\",\"size\":%zu,\"version\":\"%zu\",\"ttl_ms\":%s}",
			      given++ ? "," : "", is_text(key) ? "key" : "key_raw",
			      is_text(key) ? key : "z%25%FF", strlen(key), i + 1,
			      key[0] == 't' ? "900" : "null");
		last = key;
		left--;
	}
	if (i < pool->n && last)
		sprintf(body + at, "],\"%s\":\"%s\"}", is_text(last) ? "next" : "next_raw",
			is_text(last) ? last : "z%25%FF");
	else
		sprintf(body + at, "],\"next\":null}");
	reply = reply_text("200 OK", "", body);
	free(body);
	return reply;
}

static char *pool_answer(struct server *s, const struct seen *seen, size_t *len)
{
	struct pool *pool = s->arg;
	const char *line = seen->head;

	(void)len;
	if (!strncmp(line, "GET /v1/mem?", 12))
		return pool->broken ? reply_text("200 OK", "", "{\"keys\":7}") : page(pool, line);
	if (!strncmp(line, "GET /healthz ", 13))
		return reply_text("200 OK", "", "ok\n");
	if (!strncmp(line, "PUT /v1/mem/new?ttl_ms=9 ", 25))
		return reply_text("201 Created", "ETag: \"41\"\r\n", "");
	if (!strncmp(line, "PUT /v1/mem/", 12))
		return reply_text("204 No Content", "ETag: \"42\"\r\n", "");
	if (!strncmp(line, "POST /v1/mem/n/incr?by=-5 ", 26))
		return reply_text("200 OK", "", "{ \"value\" : -9223372036854775807 }");
	if (!strncmp(line, "POST /v1/mem/odd/incr", 21))
		return reply_text("200 OK", "", "{\"value\":1.5}");
	if (!strncmp(line, "POST /v1/txn ", 13))
		return reply_text("200 OK", "", "{\"succeeded\":true,\"results\":[]}");
	if (!strncmp(line, "POST /v1/blocks ", 16))
		return reply_text("201 Created", "", "{\"id\":\"7-0-a1\",\"node\":7,\"size\":5}");
	if (!strncmp(line, "DELETE ", 7))
		return strdup("HTTP/1.1 204 No Content\r\nVirgo-Node: 7\r\n\r\n");
	return reply_text("200 OK", "ETag: \"17\"\r\n", "hello");
}

static int start_pools(void **state)
{
	(void)state;
	set_text[0] = '\0';
	memset(content, 0, sizeof(content));
	for (int i = 0; i < POOLS; i++) {
		if (server_start(&pools[i], pool_answer))
			return -1;
		pools[i].arg = &content[i];
		snprintf(set_text + strlen(set_text), 40, "%s%s", i ? "," : "", pools[i].node);
	}
	return 0;
}

static int stop_pools(void **state)
{
	(void)state;
	for (int i = 0; i < POOLS; i++)
		server_stop(&pools[i]);
	return 0;
}

static void fill(int i, const char *const *keys, size_t n)
{
	content[i].keys = keys;
	content[i].n = n;
}

/*
 * --- listings ------------------------------------------------------------------------------------
 */

struct listed {
	char text[512];
	size_t count, failures, stop_at;
	char last[64];
};

static int on_entry(void *arg, const struct virgo_mem_entry *e)
{
	struct listed *l = arg;
	size_t n = strlen(l->text);

	if (l->count && strcmp(e->key, l->last) < 0)
		fail_msg("%s comes after %s", e->key, l->last);
	snprintf(l->last, sizeof(l->last), "%s", e->key);
	snprintf(l->text + n, sizeof(l->text) - n, "%s ", e->key);
	assert_int_equal(e->ttl_ms, e->key[0] == 't' ? 900 : -1);
	assert_true(strlen(e->version) > 0);
	l->count++;
	return l->count == l->stop_at;
}

static void on_failed(void *arg, const struct virgo_error *err)
{
	struct listed *l = arg;

	assert_true(err->code != VIRGO_OK);
	l->failures++;
}

static enum virgo_code list(struct listed *l, const char *prefix, const char *after, uint64_t limit,
			    struct virgo_error *err)
{
	struct virgo_ctx *ctx = connected(set_text, 0);
	struct virgo_mem_list how = {
		.prefix = prefix, .after = after, .limit = limit, .entry = on_entry,
		.failed = on_failed, .arg = l,
	};
	enum virgo_code code = virgo_mem_list(ctx, &how, err);

	virgo_disconnect(ctx);
	return code;
}

static void merged(void **state)
{
	static const char *const a[] = { "a", "d", "t1" }, *const b[] = { "b", "c", "e" };
	static const char *const c[] = { "a", "z%\xff" };
	struct listed l = { .count = 0 };
	struct virgo_error err;

	(void)state;
	fill(0, a, 3);
	fill(1, b, 3);
	fill(2, c, 2);
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_OK);
	assert_string_equal(l.text, "a a b c d e t1 z%\xff ");
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, NULL, "b", 2, &err), VIRGO_OK);
	assert_string_equal(l.text, "c d ");
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, "t", NULL, 0, &err), VIRGO_OK);
	assert_string_equal(l.text, "t1 ");
	l = (struct listed){ .stop_at = 3 };
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_INTERRUPTED);
	assert_int_equal(l.count, 3);
}

static void nothing_there(void **state)
{
	struct listed l = { .count = 0 };
	struct virgo_error err;

	(void)state;
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_OK);
	assert_int_equal(l.count, 0);
}

/* more keys than a page, on two of the nodes */
static void pages(void **state)
{
	static char store[2500][16];
	struct listed l = { .count = 0 };
	struct virgo_error err;

	(void)state;
	for (int i = 0; i < 2500; i++) {
		snprintf(store[i], sizeof(store[i]), "k%05d", i);
		long_keys[i] = store[i];
	}
	fill(0, long_keys, 2500);
	fill(2, long_keys, 1000);
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_OK);
	assert_int_equal(l.count, 3500);
	assert_int_equal(atomic_load(&pools[0].requests), 3);
}

/* "+" can be in no query: what has one goes in hexadecimal */
static void plus_signs(void **state)
{
	static char store[1500][16];
	static const char *const a[] = { "+", "+1", "a", "a+1", "a+2", "a-", "b" };
	struct listed l = { .count = 0 };
	struct virgo_error err;

	(void)state;
	fill(0, a, 7);
	assert_int_equal(list(&l, NULL, "a+1", 0, &err), VIRGO_OK);
	assert_string_equal(l.text, "a+2 a- b ");
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, "a+", NULL, 0, &err), VIRGO_OK);
	assert_string_equal(l.text, "a+1 a+2 ");
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, "+", NULL, 0, &err), VIRGO_OK);
	assert_string_equal(l.text, "+ +1 ");
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, NULL, "+", 3, &err), VIRGO_OK);
	assert_string_equal(l.text, "+1 a a+1 ");
	for (int i = 0; i < 1500; i++) {
		snprintf(store[i], sizeof(store[i]), "k+%05d", i);
		long_keys[i] = store[i];
	}
	fill(0, long_keys, 1500);
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_OK);
	assert_int_equal(l.count, 1500);
}

/* a node that fails takes its own keys away, and nobody else's */
static void partly(void **state)
{
	static const char *const a[] = { "a", "c" }, *const b[] = { "b" };
	struct listed l = { .count = 0 };
	struct virgo_error err;

	(void)state;
	fill(0, a, 2);
	fill(2, b, 1);
	content[1].broken = 1;
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_FAILED);
	assert_string_equal(l.text, "a b c ");
	assert_int_equal(l.failures, 1);
	assert_string_equal(err.node, pools[1].node);
	assert_non_null(strstr(err.message, "no list \"keys\""));
	server_stop(&pools[1]);
	l = (struct listed){ .count = 0 };
	assert_int_equal(list(&l, NULL, NULL, 0, &err), VIRGO_UNREACHABLE);
	assert_string_equal(l.text, "a b c ");
	assert_int_equal(l.failures, 1);
	assert_int_equal(server_start(&pools[1], pool_answer), 0);
}

/*
 * --- single keys ---------------------------------------------------------------------------------
 */

static void keys(void **state)
{
	struct virgo_ctx *ctx = connected(pools[0].node, 0);
	struct virgo_mem_options opt = { .ttl_ms = 9, .if_absent = 1 };
	struct virgo_stored stored;
	struct virgo_value value;
	struct virgo_body body;
	struct virgo_error err;
	char field[512], big[VIRGO_MEM_KEY_MAX + 2];
	int64_t number = 0;

	(void)state;
	virgo_body_mem(&body, "v", 1);
	assert_int_equal(virgo_mem_set(ctx, "new", &body, &opt, &stored, &err), VIRGO_OK);
	assert_int_equal(stored.created, 1);
	assert_string_equal(stored.version, "41");
	assert_string_equal(stored.node, pools[0].node);
	assert_string_equal(seen_field(&pools[0].log[0], "if-none-match", field), "*");
	opt = (struct virgo_mem_options){ .if_version = "41" };
	assert_int_equal(virgo_mem_set(ctx, "new", &body, &opt, &stored, &err), VIRGO_OK);
	assert_int_equal(stored.created, 0);
	assert_string_equal(seen_field(&pools[0].log[1], "if-match", field), "\"41\"");
	opt.if_version = "4\"1";
	assert_int_equal(virgo_mem_del(ctx, "new", &opt, &err), VIRGO_USAGE);
	assert_int_equal(virgo_mem_del(ctx, "new", NULL, &err), VIRGO_OK);

	opt = (struct virgo_mem_options){ .has_range = 1, .offset = 2, .length = 3,
					  .if_version = "17" };
	assert_int_equal(virgo_mem_get(ctx, "a/b", &opt, &value, &err), VIRGO_OK);
	assert_string_equal(value.data, "hello");
	assert_string_equal(value.version, "17");
	virgo_value_free(&value);
	assert_string_equal(seen_field(&pools[0].log[3], "range", field), "bytes=2-4");
	assert_string_equal(seen_field(&pools[0].log[3], "if-match", field), "\"17\"");
	assert_memory_equal(pools[0].log[3].head, "GET /v1/mem/a%2Fb HTTP", 22);
	opt = (struct virgo_mem_options){ .has_range = 1, .offset = UINT64_MAX, .length = 1 };
	assert_int_equal(virgo_mem_get(ctx, "a", &opt, &value, &err), VIRGO_USAGE);

	/* beyond 2^53: a double would be wrong */
	assert_int_equal(virgo_mem_incr(ctx, "n", -5, NULL, &number, &err), VIRGO_OK);
	assert_true(number == -9223372036854775807LL);
	assert_int_equal(virgo_mem_incr(ctx, "odd", 1, NULL, &number, &err), VIRGO_FAILED);

	memset(big, 'k', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(virgo_mem_get(ctx, big, NULL, &value, &err), VIRGO_USAGE);
	assert_int_equal(virgo_mem_get(ctx, "", NULL, &value, &err), VIRGO_USAGE);
	assert_int_equal(virgo_mem_get(ctx, "..", NULL, &value, &err), VIRGO_USAGE);
	big[VIRGO_MEM_KEY_MAX] = '\0';
	memset(big, ' ', VIRGO_MEM_KEY_MAX);
	assert_int_equal(virgo_mem_get(ctx, big, NULL, &value, &err), VIRGO_OK);
	virgo_value_free(&value);
	virgo_disconnect(ctx);
}

/* a key goes where it is placed, unless a node is named */
static void placed(void **state)
{
	struct virgo_ctx *ctx = connected(set_text, 0);
	struct virgo_mem_options opt = { .node = pools[2].node };
	struct virgo_value value;
	struct virgo_error err;

	(void)state;
	for (int i = 0; i < 20; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key%d", i);
		assert_int_equal(virgo_mem_get(ctx, key, NULL, &value, &err), VIRGO_OK);
		assert_string_equal(value.node, virgo_place(ctx, key, strlen(key)));
		virgo_value_free(&value);
		assert_int_equal(virgo_mem_get(ctx, key, &opt, &value, &err), VIRGO_OK);
		assert_string_equal(value.node, pools[2].node);
		virgo_value_free(&value);
	}
	virgo_disconnect(ctx);
}

static void transactions(void **state)
{
	struct virgo_ctx *ctx = connected(set_text, 0);
	struct virgo_mem_options opt = { .node = pools[0].node };
	char text[256], *answer_text, other[16] = "";
	struct virgo_error err;
	int done = 0;

	(void)state;
	for (int i = 0; !other[0]; i++) {
		snprintf(text, sizeof(text), "k%d", i);
		if (strcmp(virgo_place(ctx, text, strlen(text)), virgo_place(ctx, "a", 1)))
			snprintf(other, sizeof(other), "k%d", i);
	}
	snprintf(text, sizeof(text), "{\"if\":[{\"key\":\"a\",\"absent\":true}],"
		 "\"then\":[{\"set\":\"a\",\"value\":\"%s\"}]}", other);
	assert_int_equal(virgo_mem_txn(ctx, text, strlen(text), NULL, &done, &answer_text, &err),
			 VIRGO_OK);
	assert_int_equal(done, 1);
	assert_string_equal(answer_text, "{\"succeeded\":true,\"results\":[]}");
	free(answer_text);
	snprintf(text, sizeof(text),
		 "{\"then\":[{\"set\":\"a\",\"value\":\"1\"},{\"del\":\"%s\"}]}", other);
	assert_int_equal(virgo_mem_txn(ctx, text, strlen(text), NULL, &done, NULL, &err),
			 VIRGO_USAGE);
	assert_non_null(strstr(err.message, "a transaction runs on one node, but \"a\" is on "));
	assert_int_equal(virgo_mem_txn(ctx, text, strlen(text), &opt, &done, NULL, &err), VIRGO_OK);
	assert_int_equal(virgo_mem_txn(ctx, "{}", 2, NULL, &done, NULL, &err), VIRGO_USAGE);
	assert_int_equal(virgo_mem_txn(ctx, "[]", 2, NULL, &done, NULL, &err), VIRGO_USAGE);
	assert_int_equal(virgo_mem_txn(ctx, "{", 1, NULL, &done, NULL, &err), VIRGO_USAGE);
	virgo_disconnect(ctx);
}

static void blocks(void **state)
{
	struct virgo_ctx *ctx = connected(pools[1].node, 0);
	struct virgo_address addr, again;
	struct virgo_body body;
	struct virgo_error err;
	char text[400], *data;
	size_t len;

	(void)state;
	assert_int_equal(virgo_malloc(ctx, NULL, 5, &addr, &err), VIRGO_OK);
	assert_string_equal(addr.id, "7-0-a1");
	assert_string_equal(addr.node, pools[1].node);
	assert_string_equal(pools[1].log[0].body, "{\"size\":5}");
	virgo_body_mem(&body, "xyz", 3);
	assert_int_equal(virgo_set(ctx, &addr, 2, &body, &err), VIRGO_OK);
	assert_memory_equal(pools[1].log[1].head, "PUT /v1/blocks/7-0-a1?offset=2 HTTP", 35);
	assert_int_equal(virgo_get(ctx, &addr, 1, 5, NULL, NULL, &data, &len, &err), VIRGO_OK);
	assert_memory_equal(pools[1].log[2].head,
			    "GET /v1/blocks/7-0-a1?length=5&offset=1 HTTP", 44);
	assert_string_equal(data, "hello");
	free(data);
	assert_int_equal(virgo_free(ctx, &addr, &err), VIRGO_OK);

	assert_int_equal(virgo_address_parse(ctx, "7-0-a1", &again, &err), VIRGO_OK);
	assert_string_equal(again.node, pools[1].node);
	snprintf(text, sizeof(text), "%s/%s", addr.node, addr.id);
	assert_int_equal(virgo_address_parse(ctx, text, &again, &err), VIRGO_OK);
	assert_string_equal(again.id, addr.id);
	assert_int_equal(virgo_address_parse(ctx, "../x", &again, &err), VIRGO_USAGE);
	assert_int_equal(virgo_address_parse(ctx, "!/7-0-a1", &again, &err), VIRGO_USAGE);
	assert_int_equal(virgo_address_parse(ctx, "", &again, &err), VIRGO_USAGE);
	snprintf(again.id, sizeof(again.id), "../../x");
	assert_int_equal(virgo_free(ctx, &again, &err), VIRGO_USAGE);
	virgo_disconnect(ctx);

	/* which of several nodes is number 7? The pretended ones all are; nobody is 8. */
	ctx = connected(set_text, 0);
	assert_int_equal(virgo_address_parse(ctx, "7-0-a1", &again, &err), VIRGO_OK);
	assert_int_equal(err.code, VIRGO_OK);
	assert_true(virgo_nodeset_find(virgo_nodes(ctx), again.node) >= 0);
	assert_int_equal(virgo_address_parse(ctx, "8-0-a1", &again, &err), VIRGO_NOT_FOUND);
	assert_non_null(strstr(err.hint, "NODE/8-0-a1"));
	server_stop(&pools[0]);
	assert_int_equal(virgo_address_parse(ctx, "8-0-a1", &again, &err), VIRGO_UNREACHABLE);
	assert_int_equal(server_start(&pools[0], pool_answer), 0);
	virgo_disconnect(ctx);
}

#define POOLED(test) cmocka_unit_test_setup_teardown(test, start_pools, stop_pools)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOLED(merged),
		POOLED(nothing_there),
		POOLED(pages),
		POOLED(plus_signs),
		POOLED(partly),
		POOLED(keys),
		POOLED(placed),
		POOLED(transactions),
		POOLED(blocks),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
