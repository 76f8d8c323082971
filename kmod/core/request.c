// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One request from its parsed head to its answer: the checks, the body's memory, the handler, the
 * account at its end. Must never run a handler before head, rights and body are checked.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "core/clock.h"
#include "core/conn_int.h"
#include "core/ledger.h"
#include "core/line.h"
#include "core/target.h"

/* --- a request's account -------------------------------------------------------------------- */

void vg_request_reset(struct vg_conn *c)
{
	struct vg_req *req = &c->req;

	vg_http_reset(req);
	req->data = c->svc->data;
	req->route = NULL;
	req->key = NULL;
	req->priv = NULL;
	req->body = (struct vg_body){};
	req->nr_args = 0;
	req->is_line = false;
	req->answered = false;
	req->has_room = false;
	req->pending = false;
	req->streaming = false;
	req->gone = false;
	req->entered = false;
	req->parked = false;
	req->hash_body = false;
	req->status = 0;
	req->begun_ns = 0;
	req->extra_n = 0;
}

/* A body in memory of core's own: charged before it is asked for. */
static bool charge_body(struct vg_req *req, size_t n)
{
	struct vg_node *node = req->node;

	if (atomic64_add_return(n, &node->bodies_bytes) <= VG_BODIES_MAX)
		return true;
	atomic64_sub(n, &node->bodies_bytes);
	atomic64_inc(&node->refused_memory);
	return false;
}

static void free_body(struct vg_req *req, const struct vg_body *body)
{
	kvfree(body->data);
	atomic64_sub(body->cap, &req->node->bodies_bytes);
}

static void request_drop(struct vg_req *req)
{
	const struct vg_route *route = req->route;

	if (!req->entered && !req->parked)
		return;
	if (req->entered && route->drop)
		route->drop(req);
	if (req->parked || !route->room)
		free_body(req, &req->body);
	req->entered = false;
	req->parked = false;
	req->body = (struct vg_body){};
	req->priv = NULL;
}

void vg_request_end(struct vg_conn *c)
{
	struct vg_req *req = &c->req;

	if (req->begun_ns)
		host_trace_end(req);
	request_drop(req);
	if (req->answered)
		c->n_status[min_t(u32, req->status / 100, ARRAY_SIZE(c->n_status) - 1)]++;
	c->n_requests++;
	c->begun = false;
	c->partial = false;
	c->scan = (struct vg_http_scan){};
	if (!req->keep_alive || c->out_failed)
		vg_conn_close(c);
	else
		c->state = req->is_line ? VG_CONN_LINE : VG_CONN_HEAD;
}

void vg_request_answered(struct vg_req *req, int ret)
{
	/* what was begun and not ended must not look whole */
	if (req->streaming)
		vg_stream_cut(req);
	if (req->answered)
		return;
	if (ret == -ENOMEM || ret == -EAGAIN)
		vg_problem(req, 503, "node.memory", "no memory for this now: try again");
	else
		vg_problem(req, 500, "node.internal", "the operation failed with error %d", -ret);
}

/* --- head ------------------------------------------------------------------------------------ */

/* Apart from the check, for the room its texts take on every request's stack */
static noinline int refuse_target(struct vg_req *req, struct vg_str target,
				  const struct vg_fault *fault)
{
	char lent[160], shown[160], byte[12] = "";
	struct vg_buf b;

	if (fault->pos < target.n)
		vg_printable(target.p + fault->pos, 1, byte, sizeof(byte));
	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	if (vg_target_canon(target, &b))
		b.len = 0;
	return vg_problem(req, 400, "http.target_not_canonical",
			  "byte %zu \"%s\": %s%s%s", fault->pos + 1, byte, fault->why,
			  b.len ? "; the canonical form is " : "",
			  b.len ? vg_printable(b.p, b.len, shown, sizeof(shown)) : "");
}

static int target_checks(struct vg_req *req)
{
	const char *end = req->query.n ? req->query.p + req->query.n : req->path.p + req->path.n;
	struct vg_str target = vg_str(req->path.p, end - req->path.p);
	struct vg_target t;
	struct vg_fault fault;

	/* a lone "?" belongs to the target though the query is empty */
	if (!req->query.n && *end == '?')
		target.n++;
	if (likely(!vg_target_check(target, &t, &fault)))
		return 0;
	return refuse_target(req, target, &fault);
}

static int no_route(struct vg_req *req, u32 allow)
{
	char shown[96], text[VG_ALLOW_TEXT];
	struct vg_str m = req->method_name;

	if (!allow)
		return vg_problem(req, 404, "http.no_route", "no such resource %s on %s",
				  vg_printable(req->path.p, req->path.n, shown, sizeof(shown)),
				  req->conn->svc->def->name);
	vg_allow_print(allow, text);
	vg_reply_header(req, "Allow", "%s", text);
	vg_printable(m.p, m.n, shown, 32);
	return vg_problem(req, 405, "http.method_not_allowed", "%s is not possible here: use %s",
			  shown, text);
}

/* Found nowhere, and signed over a body that is yet to come: who asks is known when that is here. */
static int nowhere_run(struct vg_req *req)
{
	u32 allow;

	vg_route_match(&req->conn->svc->match, req->path, req->method, req->param, &allow);
	return no_route(req, allow);
}

static size_t nowhere_max(struct vg_req *req)
{
	return req->conn->cfg->unhashed_body_max;
}

static const struct vg_route nowhere = { .body_max = nowhere_max, .run = nowhere_run };

/* Methods that this protocol has no use for, but that are methods */
static bool is_foreign_method(struct vg_str m)
{
	return vg_str_is(m, "OPTIONS") || vg_str_is(m, "PATCH") || vg_str_is(m, "TRACE") ||
	       vg_str_is(m, "CONNECT");
}

static int query_checks(struct vg_req *req)
{
	const char *const *known;
	struct vg_str rest = req->query, key, value;
	char shown[48];

	while (vg_target_pair(&rest, &key, &value)) {
		for (known = req->route->query; known && *known; known++)
			if (vg_str_is(key, *known))
				break;
		if (!known || !*known)
			return vg_problem(req, 400, "http.query_unknown",
					  "no query parameter %s here",
					  vg_printable(key.p, key.n, shown, sizeof(shown)));
	}
	return 0;
}

/* Everything that the head alone decides; the request is answered if something is wrong. */
static void head_checks(struct vg_conn *c)
{
	struct vg_req *req = &c->req;
	char shown[48];
	u32 allow;

	target_checks(req);
	if (req->answered)
		return;
	if (req->method == VG_METHODS && !is_foreign_method(req->method_name)) {
		vg_problem(req, 501, "http.method_unknown", "method %s is not known here",
			   vg_printable(req->method_name.p, req->method_name.n, shown,
					sizeof(shown)));
		return;
	}
	req->route = vg_route_match(&c->svc->match, req->path, req->method, req->param, &allow) ?:
		     &nowhere;
	/* who may not ask is not told what there is */
	if (vg_auth_head(req))
		return;
	/* where requests are signed, verification has said what is missing */
	if (!req->known[VG_H_HOST] && req->minor) {
		vg_problem(req, 400, "http.malformed", "HTTP/1.1 wants a Host field");
		return;
	}
	if (req->route == &nowhere && !req->auth.deferred)
		no_route(req, allow);
	else if (req->query.n && !req->auth.deferred)
		query_checks(req);
}

/* --- body ------------------------------------------------------------------------------------ */

static int default_room(struct vg_req *req, size_t need)
{
	u8 *data;

	if (!charge_body(req, need))
		return -ENOMEM;
	data = kvmalloc(need, GFP_KERNEL);
	if (!data) {
		atomic64_sub(need, &req->node->bodies_bytes);
		return -ENOMEM;
	}
	if (req->body.n)
		memcpy(data, req->body.data, req->body.n);
	free_body(req, &req->body);
	req->body.data = data;
	req->body.cap = need;
	return 0;
}

static int service_room(struct vg_req *req, size_t need)
{
	int ret;

	req->entered = true;
	ret = (req->route->room ?: default_room)(req, need);
	return ret ?: WARN_ON_ONCE(!req->body.data || req->body.cap < need) ? -EIO : 0;
}

bool vg_body_room(struct vg_conn *c, size_t need)
{
	struct vg_req *req = &c->req;
	int ret;

	if (need <= req->body.cap)
		return true;
	/* chunks come without a word on how many: double, so that copying stays linear */
	if (req->chunked)
		need = min(max(need, 2 * req->body.cap), c->body_max);
	/* what is signed over its body must not touch the service before that shows who asks */
	req->parked = req->auth.deferred && req->route->room;
	if (req->parked)
		ret = default_room(req, need);
	else
		ret = service_room(req, need);
	if (ret)
		vg_request_answered(req, ret);
	return !ret;
}

/* Who asks is known now: the body moves to where the service wants it. */
static int unpark_body(struct vg_req *req)
{
	struct vg_body was = req->body;
	int ret;

	if (!req->parked)
		return 0;
	req->parked = false;
	req->body = (struct vg_body){};
	ret = service_room(req, was.n);
	if (!ret) {
		memcpy(req->body.data, was.data, was.n);
		req->body.n = was.n;
	} else {
		vg_request_answered(req, ret);
	}
	free_body(req, &was);
	return ret;
}

/* What the head says about the body; answered if it cannot be. */
static void body_checks(struct vg_conn *c, bool has_body)
{
	struct vg_req *req = &c->req;

	c->body_max = req->route->body_max ? req->route->body_max(req) : 0;
	if (req->answered)
		return;
	if (!has_body) {
		if (c->body_max && !req->has_length &&
		    (req->method == VG_PUT || req->method == VG_POST))
			vg_problem(req, 411, "http.length_required",
				   "a body is expected: send Content-Length");
		return;
	}
	if (!c->body_max)
		vg_problem(req, 400, "http.body_unexpected", "no body is expected here");
	else if (req->content_length > c->body_max)
		vg_problem(req, 413, "http.body_too_large", "%llu bytes are more than %zu",
			   (unsigned long long)req->content_length, c->body_max);
	else if (!req->chunked)
		vg_body_room(c, req->content_length);
}

static void put_continue(struct vg_conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	char *out = vg_out_room(c, sizeof(text) - 1);

	if (!out)
		return;
	memcpy(out, text, sizeof(text) - 1);
	vg_out_add(c, sizeof(text) - 1);
}

/* --- the handler ----------------------------------------------------------------------------- */

static void see_clock(struct vg_req *req)
{
	struct vg_str text = vg_req_header(req, VG_H_CLOCK);
	char shown[40];
	u64 seen;
	int ret = vg_clock_parse(text, &seen);

	if (!ret)
		ret = vg_clock_see(req->node, seen);
	if (ret)
		vg_problem(req, 400, ret == -ERANGE ? "clock.ahead" : "clock.malformed",
			   "Virgo-Clock %s: %s", vg_printable(text.p, text.n, shown, sizeof(shown)),
			   ret == -ERANGE ? "too far ahead of this node: set the clock" :
			   "not of the form <unix ms>.<counter>");
}

/* Returns whether the connection can go on to the next request */
static bool run_handler(struct vg_conn *c, int (*run)(struct vg_req *req))
{
	struct vg_req *req = &c->req;
	int ret;

	/* before run(), which may hand the request to somebody quick */
	req->entered = true;
	req->pending = true;
	c->state = VG_CONN_PENDING;
	ret = run(req);
	if (ret == VG_PENDING) {
		vg_made(VG_L_PENDING);
		return false;
	}
	req->pending = false;
	vg_request_answered(req, ret);
	vg_request_end(c);
	return true;
}

bool vg_request_run(struct vg_conn *c)
{
	struct vg_req *req = &c->req;

	req->keep_alive = c->stays;
	if (vg_auth_body(req) || req->answered)
		goto answered;
	/* where nobody is asked who they are, nobody may move the clock */
	if (req->known[VG_H_CLOCK] && !(req->route->flags & VG_ROUTE_OPEN))
		see_clock(req);
	/* what the head's checks left until the body had shown who asks */
	if (!req->answered && req->auth.deferred && req->query.n && req->route != &nowhere)
		query_checks(req);
	if (req->answered || unpark_body(req))
		goto answered;
	return run_handler(c, req->route->run);
answered:
	vg_request_end(c);
	return true;
}

bool vg_request_begin(struct vg_conn *c)
{
	struct vg_req *req = &c->req;
	bool has_body = req->chunked || req->content_length;

	req->begun_ns = ktime_get_ns();
	c->stays = req->keep_alive;
	/* an answer before the body has come ends the connection: nobody waits for the rest */
	if (has_body)
		req->keep_alive = false;
	head_checks(c);
	host_trace_start(req);
	if (!req->answered)
		body_checks(c, has_body);
	if (req->answered) {
		vg_request_end(c);
		return true;
	}
	if (!has_body)
		return vg_request_run(c);
	if (req->hash_body)
		host_sha256_init(&req->body_hash);
	c->chunk = (struct vg_chunk){};
	c->state = VG_CONN_BODY;
	if (req->expect_continue && c->in_at == c->in_n)
		put_continue(c);
	return true;
}

bool vg_request_line(struct vg_conn *c, struct vg_str line)
{
	static const struct vg_route nothing = { .rights = 0 };
	struct vg_req *req = &c->req;
	struct vg_str name;
	const char *why;
	char shown[64];
	int ret;

	req->keep_alive = false;
	ret = vg_line_split(&c->svc->match, line, req, &req->route, &name, &why);
	if (ret == -ENOENT)
		req->route = &nothing;
	if (vg_auth_line(req) || req->answered) {
		vg_request_end(c);
		return false;
	}
	req->keep_alive = true;
	if (!ret)
		return run_handler(c, req->route->run_line);
	if (ret == -ENOENT)
		vg_problem(req, 400, "line.unknown", "no command %s on %s",
			   vg_printable(name.p, name.n, shown, sizeof(shown)), c->svc->def->name);
	else
		vg_problem(req, 400, "line.arguments", "%s: %s", req->route->line, why);
	vg_request_end(c);
	return true;
}
