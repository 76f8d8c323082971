/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection without a node, for tests, fuzzers and benchmarks: the real files of the connection
 * and the parsers below them, a service with one route of each kind, and stand-ins for the rest. With
 * CONN_ENV_KEYS verification is the real one. To be included once, in one translation unit.
 */
#ifndef TESTS_CONN_ENV_H
#define TESTS_CONN_ENV_H

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/random.h>
#include <linux/sched.h>
#include <linux/shim.h>
#include <linux/slab.h>

static u32 __maybe_unused env_rests;	/* times the processor was offered to others */
#undef cond_resched
#define cond_resched() ({ might_sleep(); env_rests++; 0; })

#include "core/addr.c"
#include "core/bandwidth.c"
#include "core/buf.c"
#include "core/chunk.c"
#include "core/clock.c"
#include "core/cond.c"
#include "core/conn.c"
#include "core/conn_in.c"
#include "core/conn_out.c"
#include "core/http.c"
#include "core/ledger.c"
#include "core/line.c"
#include "core/reply.c"
#include "core/req.c"
#include "core/request.c"
#include "core/route.c"
#include "core/stream.c"
#include "core/target.c"
#include "core/utf8.c"
#ifdef CONN_ENV_KEYS
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/auth.c"
#include "core/keyset.c"
#include "core/replay.c"
#include "core/sigkey.c"
#include "core/sigv4.c"
#endif

/* --- the host ------------------------------------------------------------------------------- */

void host_sha256_init(struct vg_sha256 *s)
{
	static_assert(sizeof(struct sha256_ctx) <= sizeof(s->opaque), "the state fits");
	sha256_init((struct sha256_ctx *)s->opaque);
}

void host_sha256_update(struct vg_sha256 *s, const void *p, size_t n)
{
	sha256_update((struct sha256_ctx *)s->opaque, n, p);
}

void host_sha256_final(struct vg_sha256 *s, u8 out[VG_SHA256_BYTES])
{
	sha256_digest((struct sha256_ctx *)s->opaque, VG_SHA256_BYTES, out);
}

void host_sha256_copy(struct vg_sha256 *to, const struct vg_sha256 *from)
{
	*to = *from;
}

#ifdef CONN_ENV_KEYS
void host_random(void *p, size_t n)
{
	get_random_bytes(p, n);
}
#endif

static u32 env_kicks;

void host_conn_kick(struct vg_conn *c)
{
	env_kicks++;
}

static u32 env_trace_starts, env_trace_ends;

void host_trace_start(const struct vg_req *req)
{
	env_trace_starts++;
}

void host_trace_end(const struct vg_req *req)
{
	env_trace_ends++;
}

/* --- the rest of core ------------------------------------------------------------------------- */

static bool env_deny;
static u32 __maybe_unused env_shadowed;	/* connections at the last admission, as told to the learnt limit */
static u32 __maybe_unused env_gets, env_puts;		/* references to configuration and keys taken and given */

bool vg_deny_match(struct vg_node *node, const struct vg_addr *peer)
{
	return env_deny;
}

void vg_shadow_connections(struct vg_node *node, u32 n)
{
	env_shadowed = n;
}

struct vg_config *vg_node_cfg(struct vg_node *node)
{
	env_gets++;
	return rcu_dereference_protected(node->cfg, 1);
}

struct vg_keyset *vg_node_keys(struct vg_node *node)
{
	struct vg_keyset *keys = rcu_dereference_protected(node->keys, 1);

	return keys ? vg_keyset_get(keys) : NULL;
}

#ifndef CONN_ENV_KEYS
void vg_config_put(struct vg_config *cfg)
{
	env_puts += !!cfg;
}

struct vg_keyset *vg_keyset_get(struct vg_keyset *set)
{
	return set;
}

void vg_keyset_put(struct vg_keyset *set)
{
}

/* --- verification as a stand-in: what the tests tell it to say ----------------------------------- */

static const struct vg_key env_key = { .id = "none", .id_n = 4, .rights = VG_READ | VG_WRITE };
static u16 env_head_status, env_body_status;	/* 0: go on */
static bool env_line_refused, env_hash;
static u8 env_hash_seen[VG_SHA256_BYTES];

int vg_auth_head(struct vg_req *req)
{
	req->key = &env_key;
	req->hash_body = env_hash;
	if (!env_head_status || (req->route && req->route->flags & VG_ROUTE_OPEN))
		return 0;
	vg_problem(req, env_head_status, "auth.test", "refused by head");
	return -EACCES;
}

int vg_auth_body(struct vg_req *req)
{
	if (req->hash_body)
		host_sha256_final(&req->body_hash, env_hash_seen);
	if (!env_body_status)
		return 0;
	vg_problem(req, env_body_status, "auth.test", "refused by body");
	return -EACCES;
}

int vg_auth_line(struct vg_req *req)
{
	req->key = &env_key;
	if (!env_line_refused)
		return 0;
	vg_problem(req, 403, "auth.plaintext_off", "use HTTP with a signature");
	return -EACCES;
}
#else
void vg_config_put(struct vg_config *cfg)
{
}

bool vg_addr_list_has(const struct vg_addr_list *list, const struct vg_addr *a)
{
	return false;
}
#endif

/* --- a service ------------------------------------------------------------------------------------ */

static char env_big[100000];
static u32 env_runs, env_drops, env_refs;	/* handlers run, dropped, references alive */
static struct vg_req *env_waiting;
static int env_ret;				/* what /v1/ret returns */

static void env_put_ref(void *obj)
{
	env_refs--;
}

static void env_kvfree(void *obj)
{
	kvfree(obj);
}

static void env_drop(struct vg_req *req)
{
	env_drops++;
	kvfree(req->priv);
}

static int env_get(struct vg_req *req)
{
	static const char value[100] = "value";

	env_runs++;
	if (vg_str_is(req->param[0], "miss"))
		return vg_problem(req, 404, "mem.not_found", "no key \"%s\" on node %u", "miss", 1);
	vg_reply_etag(req, 7);
	return vg_reply_bytes(req, 200, "application/octet-stream", value, sizeof(value));
}

static int env_big_get(struct vg_req *req)
{
	u64 off, len;
	int status = vg_req_range(req, 7, sizeof(env_big), &off, &len);

	env_runs++;
	if (status == 416)
		return 0;
	env_refs++;
	return vg_reply_ref(req, status, "application/octet-stream", env_big + off, len, env_put_ref,
			    NULL);
}

static int env_list(struct vg_req *req)
{
	u64 limit = 10;
	struct vg_buf b;

	env_runs++;
	if (vg_req_query_u64(req, "limit", 1, 1000, &limit))
		return 0;
	vg_buf_init(&b, NULL, 0, 1 << 20);
	vg_buf_printf(&b, "{\"limit\":%llu}", (unsigned long long)limit);
	return vg_reply_json(req, 200, &b);
}

static size_t env_body_max(struct vg_req *req)
{
	return 200000;
}

static int env_put(struct vg_req *req)
{
	int match = vg_req_etag_match(req, VG_H_IF_MATCH, 7, true);

	env_runs++;
	if (match == -EINVAL)
		return 0;
	if (!match)
		return vg_problem(req, 412, "mem.changed", "another version");
	return vg_reply(req, 204);
}

static int env_echo(struct vg_req *req)
{
	u8 *data = req->body.data;

	env_runs++;
	req->body.data = NULL;
	return vg_reply_ref(req, 200, "text/plain", data, req->body.n, env_kvfree, data);
}

static int env_delete(struct vg_req *req)
{
	env_runs++;
	return vg_reply(req, 204);
}

static int env_wait(struct vg_req *req)
{
	env_runs++;
	req->priv = kvmalloc(10, GFP_KERNEL);
	env_waiting = req;
	return VG_PENDING;
}

static int env_wait_done(struct vg_req *req)
{
	if (req->is_line)
		return vg_line_reply(req, "done", 4);
	return vg_reply_bytes(req, 200, "text/plain", "done", 4);
}

static int env_ret_run(struct vg_req *req)
{
	env_runs++;
	return env_ret;
}

static int env_line(struct vg_req *req)
{
	char text[600];
	size_t n = 0;
	u32 i;

	env_runs++;
	for (i = 0; i < req->nr_args; i++)
		n += scnprintf(text + n, sizeof(text) - n, "[%.*s]", VG_STR_ARG(req->arg[i]));
	return vg_line_reply(req, text, n);
}

static int env_line_big(struct vg_req *req)
{
	return vg_line_reply(req, env_big, sizeof(env_big));
}

static u32 env_events[2];			/* how often each enum vg_event was told */
static int (*env_on_event)(struct vg_req *req, enum vg_event event);

/* A stream begins at once; the test goes on with it as a handler elsewhere would. */
static int env_stream(struct vg_req *req)
{
	env_runs++;
	env_waiting = req;
	vg_stream_begin(req, 200, "text/plain");
	return VG_PENDING;
}

static int env_event(struct vg_req *req, enum vg_event event)
{
	env_events[event]++;
	return env_on_event ? env_on_event(req, event) : VG_PENDING;
}

static const char *const env_list_query[] = { "after", "limit", "prefix", NULL };

static const struct vg_route env_routes[] = {
	{ .method = VG_GET, .path = "/v1/mem/{key}", .rights = VG_READ, .flags = VG_ROUTE_PREFIX,
	  .run = env_get, .line = "virgo_cloud_get", .line_args = 1, .run_line = env_line },
	{ .method = VG_PUT, .path = "/v1/mem/{key}", .rights = VG_WRITE, .flags = VG_ROUTE_PREFIX,
	  .body_max = env_body_max, .run = env_put, .drop = env_drop,
	  .line = "virgo_cloud_set", .line_args = 2, .run_line = env_line },
	{ .method = VG_DELETE, .path = "/v1/mem/{key}", .rights = VG_WRITE, .run = env_delete },
	{ .method = VG_GET, .path = "/v1/mem", .query = env_list_query, .rights = VG_READ,
	  .run = env_list },
	{ .method = VG_POST, .path = "/v1/echo", .rights = VG_WRITE, .body_max = env_body_max,
	  .run = env_echo, .drop = env_drop },
	{ .method = VG_GET, .path = "/v1/big", .rights = VG_READ, .run = env_big_get,
	  .line = "big", .line_args = 0, .run_line = env_line_big },
	{ .method = VG_GET, .path = "/v1/wait", .rights = VG_READ, .run = env_wait, .drop = env_drop,
	  .line = "wait", .line_args = 0, .run_line = env_wait },
	{ .method = VG_GET, .path = "/v1/stream", .rights = VG_READ, .run = env_stream, .drop = env_drop,
	  .event = env_event },
	{ .method = VG_GET, .path = "/v1/ret", .rights = VG_READ, .run = env_ret_run },
	{ .method = VG_GET, .path = "/v1/a/{x}/b/{y}", .rights = VG_READ, .run = env_get },
};

static int env_health(struct vg_req *req)
{
	return vg_reply_bytes(req, 200, "text/plain", "ok\n", 3);
}

const struct vg_route vg_common_routes[] = {
	{ .method = VG_GET, .path = "/healthz", .flags = VG_ROUTE_OPEN, .run = env_health },
};
const u32 vg_nr_common_routes = ARRAY_SIZE(vg_common_routes);

static const struct vg_service env_service = {
	.name = "mempool", .port = 30000, .routes = env_routes, .nr_routes = ARRAY_SIZE(env_routes),
};

static struct vg_config env_cfg;
static struct vg_node env_node;
static struct vg_svc env_svc;

static void env_init(void)
{
	memset(env_big, 'b', sizeof(env_big));
	env_cfg = (struct vg_config){
		.node_id = 1, .cluster = "lab", .request_line_max = VG_REQUEST_LINE_MAX,
		.header_bytes_max = VG_HEADER_BYTES_MAX, .header_fields_max = VG_HEADER_FIELDS_MAX,
		.request_timeout_ms = 10000, .idle_timeout_ms = 75000, .auth_window_past_s = 300,
		.auth_window_future_s = 30, .unhashed_body_max = 65536,
	};
	memset(&env_node, 0, sizeof(env_node));
	env_node.id = 1;
	env_node.max_connections = 4;
	rcu_assign_pointer(env_node.cfg, &env_cfg);
	memset(&env_svc, 0, sizeof(env_svc));
	env_svc.def = &env_service;
	env_svc.node = &env_node;
	if (vg_matcher_init(&env_svc.match, env_routes, ARRAY_SIZE(env_routes)))
		abort();
}

static struct vg_conn *env_conn(void)
{
	const struct vg_addr peer = { .family = 4, .prefix = 32, .port = 4711, .ip = { 127, 0, 0, 1 } };
	const struct vg_addr local = { .family = 4, .prefix = 32, .port = 30000, .ip = { 127, 0, 0, 1 } };
	struct vg_conn *c;

	return vg_conn_new(&env_node, &env_svc, &peer, &local, NULL, &c) ? NULL : c;
}

/* What a peer has got so far, as text; the test's to free() */
struct env_out {
	char *p;
	size_t n, cap;
};

/* Take up to @max bytes of what the connection wants to send; returns how many */
static size_t env_take(struct vg_conn *c, struct env_out *out, size_t max)
{
	struct kvec v[4];
	size_t bytes, took = 0;
	int i, n;

	while (took < max && vg_conn_wants(c) & VG_WANT_WRITE) {
		size_t now = 0;

		n = vg_conn_output(c, v, ARRAY_SIZE(v), &bytes);
		for (i = 0; i < n && took + now < max; i++) {
			size_t k = min(v[i].iov_len, max - took - now);

			if (out->n + k + 1 > out->cap) {
				out->cap = 2 * (out->n + k + 1);
				out->p = realloc(out->p, out->cap);
			}
			memcpy(out->p + out->n, v[i].iov_base, k);
			out->n += k;
			now += k;
		}
		if (!now)
			break;
		vg_conn_sent(c, now);
		took += now;
	}
	if (out->p)
		out->p[out->n] = '\0';
	return took;
}

#endif
