/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the tests of kmod/mempool: the pool's sources, and in place of a connection a recorder of
 * answers. Included once by each test program.
 */
#ifndef TESTS_UNIT_MEMPOOL_H
#define TESTS_UNIT_MEMPOOL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/kernel.h>
#include <linux/shim.h>
#include <linux/slab.h>

#include "core/buf.c"
#include "core/json_read.c"
#include "core/json_write.c"
#include "core/utf8.c"
#include "core/target.c"
#include "core/cond.c"
#include "core/req.c"
#include "core/line.c"

#include "mempool/skip.c"
#include "mempool/wheel.c"
/* user space's table never refuses; the kernel's may, and so does this one where a test says so */
#include "mempool/pool.h"
int real_table_insert(struct mp_table *table, struct mp_entry *e);
#define mp_table_insert real_table_insert
#include "mempool/table_lfht.c"
#undef mp_table_insert

static int test_refuse_insert = -1;	/* so many more succeed, then one does not */

int mp_table_insert(struct mp_table *table, struct mp_entry *e)
{
	if (test_refuse_insert >= 0 && !test_refuse_insert--)
		return -ENOMEM;
	return real_table_insert(table, e);
}

#include "mempool/account.c"
#include "mempool/value.c"
#include "mempool/entry.c"
#include "mempool/clock.c"
#include "mempool/blocks.c"
#include "mempool/pool.c"
#include "mempool/api.c"
#include "mempool/keys.c"
#include "mempool/list.c"
#include "mempool/block_api.c"
#include "mempool/txn_parse.c"
#include "mempool/txn.c"
#include "mempool/mempool.c"

/* --- the host ------------------------------------------------------------------------------ */

/* Rounded up as slabs do, so that the correction of an account is seen */
size_t host_alloc_size(const void *p, size_t asked)
{
	return ALIGN(asked, 64);
}

void host_random(void *p, size_t n)
{
	memset(p, 0x5a, n);
}

/* --- a node with one pool ------------------------------------------------------------------ */

static struct vg_config test_cfg;
static struct vg_node test_node;
static long test_live;

static struct mp_pool *test_pool(u64 max, enum vg_evict evict)
{
	struct mp_pool *pool;
	void *data;

	memset(&test_node, 0, sizeof(test_node));
	memset(&test_cfg, 0, sizeof(test_cfg));
	test_cfg.evict = evict;
	test_cfg.value_max = VG_VALUE_MAX;
	test_cfg.block_max = VG_BLOCK_MAX;
	RCU_INIT_POINTER(test_node.cfg, &test_cfg);
	test_node.id = 7;
	test_node.mempool_max_bytes = max;
	rcu_barrier();
	test_live = shim_alloc_live();
	assert_int_equal(mp_service.start(&test_node, &data), 0);
	pool = data;
	return pool;
}

/* Stops it, which checks its own ledger, and sees that nothing is left */
static void test_pool_end(struct mp_pool *pool)
{
	mp_service.stop(pool);
	assert_int_equal(shim_alloc_live(), test_live);
}

static struct mp_lookup test_key(struct mp_pool *pool, const char *key)
{
	struct mp_lookup what;

	mp_hash(pool, vg_cstr(key), &what);
	return what;
}

static int test_any(void *ctx, const struct mp_val *cur, struct mp_val *v)
{
	return 0;
}

/* 0 or -ENOSPC */
static int test_set(struct mp_pool *pool, const char *key, const void *p, size_t n, u64 ttl_ms)
{
	struct mp_lookup what = test_key(pool, key);
	struct mp_val *v = mp_val_new(pool, n);
	u64 version;
	int ret;

	if (!v)
		return -ENOSPC;
	memcpy(v->data, p, n);
	v->expires_ms = ttl_ms ? vg_now_ms() + ttl_ms : 0;
	ret = mp_update(pool, &what, v, test_any, NULL, &version);
	if (ret)
		mp_val_drop(v);
	return ret;
}

static bool test_has(struct mp_pool *pool, const char *key)
{
	struct mp_lookup what = test_key(pool, key);
	bool has;

	rcu_read_lock();
	has = mp_peek(pool, &what, 0);
	rcu_read_unlock();
	return has;
}

/* --- answers ------------------------------------------------------------------------------- */

struct test_answer {
	unsigned int count;	/* answers given to this request: one */
	u16 status;
	char type[64];
	char code[64];		/* of a problem, and then the detail is the body */
	char headers[1024];
	size_t n;
	char *body;		/* NUL follows */
};

static __thread struct test_answer test_ans;
static const struct vg_key test_full_key = {
	.id = "test", .id_n = 4, .rights = VG_READ | VG_WRITE,
};

static int test_record(u16 status, const char *type, const void *p, size_t n)
{
	test_ans.count++;
	test_ans.status = status;
	snprintf(test_ans.type, sizeof(test_ans.type), "%s", type ? type : "");
	free(test_ans.body);
	test_ans.body = malloc(n + 1);
	if (n)
		memcpy(test_ans.body, p, n);
	test_ans.body[n] = '\0';
	test_ans.n = n;
	return 0;
}

int vg_reply(struct vg_req *req, u16 status)
{
	return test_record(status, NULL, NULL, 0);
}

int vg_reply_bytes(struct vg_req *req, u16 status, const char *type, const void *p, size_t n)
{
	return test_record(status, type, p, n);
}

int vg_reply_ref(struct vg_req *req, u16 status, const char *type, const void *p, size_t n,
		 void (*put_obj)(void *obj), void *obj)
{
	test_record(status, type, p, n);
	put_obj(obj);
	return 0;
}

int vg_reply_json(struct vg_req *req, u16 status, struct vg_buf *json)
{
	if (json->err)
		test_record(503, "", "", 0);
	else
		test_record(status, "application/json", json->p, json->len);
	vg_buf_free(json);
	return 0;
}

static bool __maybe_unused test_no_room;

bool vg_reply_room(struct vg_req *req)
{
	if (test_no_room)
		test_record(503, "problem", "", 0);
	return !test_no_room;
}

int vg_line_reply(struct vg_req *req, const void *p, size_t n)
{
	return test_record(1, "line", p, n);
}

int vg_problem(struct vg_req *req, u16 status, const char *code, const char *fmt, ...)
{
	char detail[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	snprintf(test_ans.code, sizeof(test_ans.code), "%s", code);
	return test_record(status, "problem", detail, strlen(detail));
}

void vg_reply_header(struct vg_req *req, const char *name, const char *fmt, ...)
{
	size_t n = strlen(test_ans.headers);
	char value[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(test_ans.headers + n, sizeof(test_ans.headers) - n, "%s: %s\n", name, value);
}

void vg_reply_etag(struct vg_req *req, u64 version)
{
	vg_reply_header(req, "ETag", "\"%llu\"", (unsigned long long)version);
}

bool vg_req_may(const struct vg_req *req, u32 rights, const char *name, size_t n)
{
	u32 i;

	if ((req->key->rights & rights) != rights)
		return false;
	for (i = 0; i < req->key->nr_prefixes; i++)
		if (vg_str_starts(vg_str(name, n), req->key->prefix[i]))
			return true;
	return !req->key->nr_prefixes;
}

/* --- requests ------------------------------------------------------------------------------ */

/* One request; what is not given is NULL or 0 */
struct test_ask {
	enum vg_method method;
	const char *path, *query;
	const char *body;
	size_t body_n;		/* 0: strlen(body) */
	size_t piece;		/* the body comes in pieces of this size, as if chunked */
	const char *if_match, *if_none_match, *range;
	const struct vg_key *key;
};

static struct vg_str test_seg(struct vg_str *rest)
{
	struct vg_str seg = {};

	vg_target_seg(rest, &seg);
	return seg;
}

/* The route of the service's table, its parameters stored in @req; NULL: none */
static const struct vg_route *test_route(struct vg_req *req)
{
	const struct vg_route *r;

	for (r = mp_routes; r < mp_routes + ARRAY_SIZE(mp_routes); r++) {
		struct vg_str pattern = vg_cstr(r->path), path = req->path;
		u32 params = 0;

		if (r->method != req->method && !(r->method == VG_GET && req->method == VG_HEAD))
			continue;
		while (pattern.n && path.n) {
			struct vg_str want = test_seg(&pattern), have = test_seg(&path);

			if (want.n && want.p[0] == '{')
				req->param[params++] = have;
			else if (!vg_str_eq(want, have))
				break;
			if (!pattern.n && !path.n)
				return r;
		}
	}
	return NULL;
}

static void test_header(struct vg_req *req, char *head, size_t *at, enum vg_header h, const char *v)
{
	if (!v)
		return;
	req->field[req->nr_fields].value = *at;
	req->field[req->nr_fields].value_n = strlen(v);
	strcpy(head + *at, v);
	*at += strlen(v);
	req->known[h] = ++req->nr_fields;
}

/* What core does with a body: room before each piece, then the bytes. False: room answered. */
static bool test_body(struct vg_req *req, const struct test_ask *ask, size_t n)
{
	size_t step = ask->piece ? ask->piece : n, at;

	for (at = 0; at < n; at += step) {
		size_t now = min(step, n - at);

		if (req->route->room && req->body.cap < at + now) {
			size_t need = at + now;

			if (ask->piece)
				need = min(max(need, 2 * req->body.cap), req->route->body_max(req));
			if (req->route->room(req, need))
				return false;
		} else if (!req->route->room && !req->body.data) {
			req->body.data = malloc(n);
			req->body.cap = n;
		}
		assert_true(req->body.cap >= at + now);
		memcpy(req->body.data + at, ask->body + at, now);
		req->body.n = at + now;
	}
	return true;
}

static struct test_answer *test_do(struct mp_pool *pool, const struct test_ask *ask)
{
	struct vg_req *req = calloc(1, sizeof(*req));
	size_t n = ask->body ? ask->body_n ? ask->body_n : strlen(ask->body) : 0, at = 0;
	static __thread char head[4096];
	int ret = 0;

	free(test_ans.body);
	memset(&test_ans, 0, sizeof(test_ans));
	req->node = &test_node;
	req->data = pool;
	req->key = ask->key ? ask->key : &test_full_key;
	req->method = ask->method;
	req->path = vg_cstr(ask->path);
	req->query = vg_cstr(ask->query);
	req->head = head;
	test_header(req, head, &at, VG_H_IF_MATCH, ask->if_match);
	test_header(req, head, &at, VG_H_IF_NONE_MATCH, ask->if_none_match);
	test_header(req, head, &at, VG_H_RANGE, ask->range);
	req->route = test_route(req);
	assert_non_null(req->route);
	if (n && n > req->route->body_max(req))
		vg_problem(req, 413, "http.too_large", "body");
	else if (test_body(req, ask, n))
		ret = req->route->run(req);
	if (req->route->drop)
		req->route->drop(req);
	else
		free(req->body.data);
	free(req);
	assert_int_equal(ret, 0);
	assert_int_equal(test_ans.count, 1);
	return &test_ans;
}

#define TEST_DO(pool, ...) test_do(pool, &(struct test_ask){ __VA_ARGS__ })

/* Answered with @status and @text in the body (NULL: any) */
#define TEST_ASK(pool, want, text, ...) do {				\
	const struct test_answer *a_ = TEST_DO(pool, __VA_ARGS__);	\
	const char *t_ = (text);					\
									\
	if (a_->status != (want) || (t_ && strcmp(a_->body, t_)))	\
		fail_msg("got %u %s \"%s\", wanted %u \"%s\"", a_->status, a_->code, a_->body, \
			 (unsigned int)(want), t_ ? t_ : "");		\
} while (0)

/* Refused with @status and @code */
#define TEST_REFUSED(pool, want, what, ...) do {			\
	const struct test_answer *a_ = TEST_DO(pool, __VA_ARGS__);	\
									\
	if (a_->status != (want) || strcmp(a_->code, (what)))		\
		fail_msg("got %u %s \"%s\", wanted %u %s", a_->status, a_->code, a_->body, \
			 (unsigned int)(want), (what));			\
} while (0)

static struct test_answer *test_line(struct mp_pool *pool, const char *command, const char *arg0,
				     const char *arg1, const struct vg_key *key)
{
	struct vg_req *req = calloc(1, sizeof(*req));
	const struct vg_route *r;

	free(test_ans.body);
	memset(&test_ans, 0, sizeof(test_ans));
	req->node = &test_node;
	req->data = pool;
	req->key = key ? key : &test_full_key;
	req->is_line = true;
	req->arg[0] = vg_cstr(arg0);
	req->arg[1] = vg_cstr(arg1);
	req->nr_args = arg1 ? 2 : 1;
	for (r = mp_routes; r < mp_routes + ARRAY_SIZE(mp_routes); r++)
		if (r->line && !strcmp(r->line, command))
			break;
	assert_true(r < mp_routes + ARRAY_SIZE(mp_routes));
	assert_int_equal(r->line_args, req->nr_args);
	req->route = r;
	assert_int_equal(r->run_line(req), 0);
	assert_int_equal(test_ans.count, 1);
	free(req);
	return &test_ans;
}

#endif
