// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From bytes to handlers: the states in which a connection takes input. Must never run a handler
 * before head, rights and body are checked, nor look at body bytes as anything else.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core/clock.h"
#include "core/conn_int.h"
#include "core/line.h"
#include "core/target.h"

enum {
	SPACE_MIN	= 512,	/* do not receive into less */
	FRAMING_MIN	= 64,	/* room behind a head for the framing of chunks */
};

/* --- the input buffer ----------------------------------------------------------------------- */

/* Get at least @n free bytes behind in_n, moving what lies from @base on; false: no memory */
static bool in_room(struct vg_conn *c, u32 base, u32 n)
{
	u32 keep = c->in_n - base, cap = c->in_cap ? c->in_cap : VG_IN_MIN;
	char *bigger;

	if (c->in_cap - c->in_n >= n)
		return true;
	if (c->in_cap >= keep + n) {
		memmove(c->in, c->in + base, keep);
	} else {
		while (cap < keep + n)
			cap *= 2;
		cap = min_t(u32, cap, VG_IN_MAX);
		if (cap < keep + n)
			return false;
		bigger = kvmalloc(cap, GFP_KERNEL);
		if (!bigger)
			return false;
		if (keep)
			memcpy(bigger, c->in + base, keep);
		kvfree(c->in);
		c->in = bigger;
		c->in_cap = cap;
	}
	c->in_n = keep;
	c->in_at -= base;
	return true;
}

/* Where body bytes may be received without a detour, and how many; NULL: nowhere */
static void *body_space(struct vg_conn *c, size_t *room)
{
	struct vg_req *req = &c->req;
	u64 left = req->chunked ? c->chunk.left : req->content_length - req->body.n;

	if (c->state != VG_CONN_BODY || (req->chunked && c->chunk.state != VG_CHUNK_DATA))
		return NULL;
	*room = min_t(u64, left, req->body.cap - req->body.n);
	return *room ? req->body.data + req->body.n : NULL;
}

void *vg_conn_space(struct vg_conn *c, size_t *room)
{
	u32 base = c->state == VG_CONN_BODY ? c->head_end : 0;
	size_t limit;
	void *p;

	*room = 0;
	p = body_space(c, room);
	c->direct = p;
	if (!p) {
		if (c->state == VG_CONN_LINGER || c->in_at == c->in_n)
			c->in_at = c->in_n = base;
		/* behind a head in use nothing may move; its framing is eaten at once */
		if (c->state != VG_CONN_BODY && !in_room(c, c->in_at, SPACE_MIN)) {
			vg_conn_eof(c, -ENOMEM);
			return NULL;
		}
		p = c->in + c->in_n;
		*room = c->in_cap - c->in_n;
	}
	limit = vg_bandwidth_room(c->node, *room, &c->wake_ms);
	if (!limit) {
		if (!c->waits_in)
			atomic64_inc(&c->node->bw_delayed);
		c->waits_in = true;
		if (c->begun && c->wake_ms > c->now_ms) {
			/* our limit is not the peer's slowness */
			c->read_by_ms += c->wake_ms - c->now_ms;
			c->now_ms = c->wake_ms;
			vg_conn_rearm(c);
		}
		*room = 0;
		return NULL;
	}
	*room = limit;
	return p;
}
EXPORT_SYMBOL_GPL(vg_conn_space);

/* @n bytes of the body have arrived in their place */
static void body_took(struct vg_req *req, size_t n)
{
	if (req->hash_body)
		host_sha256_update(&req->body_hash, req->body.data + req->body.n, n);
	req->body.n += n;
	if (req->chunked)
		vg_chunk_took(&req->conn->chunk, n);
}

void vg_conn_received(struct vg_conn *c, size_t n)
{
	c->now_ms = vg_mono_ms();
	c->n_in += n;
	vg_bandwidth_used(c->node, n);
	if (c->state == VG_CONN_LINGER) {
		c->linger_bytes += n;
		if (c->linger_bytes > VG_LINGER_BYTES)
			c->state = VG_CONN_DEAD;
		return;
	}
	if (c->direct)
		body_took(&c->req, n);
	else
		c->in_n += n;
	c->direct = false;
	vg_conn_run(c);
	vg_conn_rearm(c);
}
EXPORT_SYMBOL_GPL(vg_conn_received);

size_t vg_conn_input(struct vg_conn *c, const void *p, size_t n)
{
	size_t at = 0;

	while (at < n && vg_conn_wants(c) & VG_WANT_READ) {
		size_t room;
		void *to = vg_conn_space(c, &room);

		if (!to)
			break;
		room = min(room, n - at);
		memcpy(to, (const char *)p + at, room);
		vg_conn_received(c, room);
		at += room;
	}
	return at;
}
EXPORT_SYMBOL_GPL(vg_conn_input);

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
	req->pending = false;
	req->entered = false;
	req->hash_body = false;
	req->status = 0;
	req->extra_n = 0;
}

static void drop(struct vg_req *req)
{
	const struct vg_route *route = req->route;

	if (!req->entered)
		return;
	req->entered = false;
	if (route->drop)
		route->drop(req);
	if (!route->room)
		kvfree(req->body.data);
	req->body = (struct vg_body){};
	req->priv = NULL;
}

void vg_request_end(struct vg_conn *c)
{
	struct vg_req *req = &c->req;

	drop(req);
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
	if (req->answered)
		return;
	if (ret == -ENOMEM || ret == -EAGAIN)
		vg_problem(req, 503, "node.memory", "no memory for this now: try again");
	else
		vg_problem(req, 500, "node.internal", "the operation failed with error %d", -ret);
}

/* Answer and close: whatever follows on this connection cannot be trusted to be a request */
#define refuse_and_close(c, status, code, ...) do { \
	(c)->req.keep_alive = false; \
	vg_problem(&(c)->req, status, code, __VA_ARGS__); \
	vg_request_end(c); \
} while (0)

/* --- head ------------------------------------------------------------------------------------ */

static int check_target(struct vg_req *req)
{
	const char *end = req->query.n ? req->query.p + req->query.n : req->path.p + req->path.n;
	struct vg_str target = vg_str(req->path.p, end - req->path.p);
	char lent[160], shown[160], byte[12] = "";
	struct vg_target t;
	struct vg_fault fault;
	struct vg_buf b;

	/* a lone "?" belongs to the target though the query is empty */
	if (!req->query.n && *end == '?')
		target.n++;
	if (likely(!vg_target_check(target, &t, &fault)))
		return 0;
	if (fault.pos < target.n)
		vg_printable(target.p + fault.pos, 1, byte, sizeof(byte));
	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	if (vg_target_canon(target, &b))
		b.len = 0;
	return vg_problem(req, 400, "http.target_not_canonical",
			  "byte %zu \"%s\": %s%s%s", fault.pos + 1, byte, fault.why,
			  b.len ? "; the canonical form is " : "",
			  b.len ? vg_printable(b.p, b.len, shown, sizeof(shown)) : "");
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
	return vg_problem(req, 405, "http.method_not_allowed", "%s is not possible here, but %s is",
			  shown, text);
}

/* Methods that this protocol has no use for, but that are methods */
static bool is_foreign_method(struct vg_str m)
{
	return vg_str_is(m, "OPTIONS") || vg_str_is(m, "PATCH") || vg_str_is(m, "TRACE") ||
	       vg_str_is(m, "CONNECT");
}

static int check_query(struct vg_req *req)
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
static void check_head(struct vg_conn *c)
{
	struct vg_req *req = &c->req;
	char shown[48];
	u32 allow;

	check_target(req);
	if (req->answered)
		return;
	if (req->method == VG_METHODS && !is_foreign_method(req->method_name)) {
		vg_problem(req, 501, "http.method_unknown", "method %s is not known here",
			   vg_printable(req->method_name.p, req->method_name.n, shown,
					sizeof(shown)));
		return;
	}
	/* where requests are signed, verification says what is missing */
	if (!req->known[VG_H_HOST] && req->minor && !(c->keys && c->keys->n)) {
		vg_problem(req, 400, "http.malformed", "HTTP/1.1 wants a Host field");
		return;
	}
	req->route = vg_route_match(&c->svc->match, req->path, req->method, req->param, &allow);
	if (!req->route) {
		no_route(req, allow);
		return;
	}
	if (vg_auth_head(req))
		return;
	if (req->query.n)
		check_query(req);
}

/* --- body ------------------------------------------------------------------------------------ */

static int default_room(struct vg_req *req, size_t need)
{
	u8 *data = kvmalloc(need, GFP_KERNEL);

	if (!data)
		return -ENOMEM;
	if (req->body.n)
		memcpy(data, req->body.data, req->body.n);
	kvfree(req->body.data);
	req->body.data = data;
	req->body.cap = need;
	return 0;
}

/* Make the body able to hold @need bytes; answered if not */
static bool body_room(struct vg_conn *c, size_t need)
{
	struct vg_req *req = &c->req;
	int ret;

	if (need <= req->body.cap)
		return true;
	/* chunks come without a word on how many: double, so that copying stays linear */
	if (req->chunked)
		need = min(max(need, 2 * req->body.cap), c->body_max);
	req->entered = true;
	ret = (req->route->room ?: default_room)(req, need);
	if (!ret && !WARN_ON_ONCE(!req->body.data || req->body.cap < need))
		return true;
	vg_request_answered(req, ret);
	return false;
}

/* What the head says about the body; answered if it cannot be. */
static void check_lengths(struct vg_conn *c, bool has_body)
{
	struct vg_req *req = &c->req;

	c->body_max = req->route->body_max ? req->route->body_max(req) : 0;
	if (req->answered)
		return;
	if (!has_body) {
		if (c->body_max && !req->has_length && (req->method == VG_PUT || req->method == VG_POST))
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
		body_room(c, req->content_length);
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
	if (ret == VG_PENDING)
		return false;
	req->pending = false;
	vg_request_answered(req, ret);
	vg_request_end(c);
	return true;
}

/* Head and body are there */
static bool run_request(struct vg_conn *c)
{
	struct vg_req *req = &c->req;

	req->keep_alive = c->stays;
	if (vg_auth_body(req) || req->answered)
		goto answered;
	if (req->known[VG_H_CLOCK])
		see_clock(req);
	if (req->answered)
		goto answered;
	return run_handler(c, req->route->run);
answered:
	vg_request_end(c);
	return true;
}

/* --- states ---------------------------------------------------------------------------------- */

/* Room behind the head for framing, so that the head need not move; true: parse it again */
static bool moved_for_framing(struct vg_conn *c, u32 head_n)
{
	if (!c->req.chunked || c->in_cap - (c->in_at + head_n) >= FRAMING_MIN)
		return false;
	/* heads never come near VG_IN_MAX: see limits.h */
	if (in_room(c, c->in_at, c->in_cap - c->in_n + FRAMING_MIN))
		return true;
	vg_conn_eof(c, -ENOMEM);
	return true;
}

static bool begin_request(struct vg_conn *c)
{
	struct vg_req *req = &c->req;
	bool has_body = req->chunked || req->content_length;

	req->begun_ns = ktime_get_ns();
	c->stays = req->keep_alive;
	/* an answer before the body has come ends the connection: nobody waits for the rest */
	if (has_body)
		req->keep_alive = false;
	check_head(c);
	if (!req->answered)
		check_lengths(c, has_body);
	if (req->answered) {
		vg_request_end(c);
		return true;
	}
	if (!has_body)
		return run_request(c);
	if (req->hash_body)
		host_sha256_init(&req->body_hash);
	c->chunk = (struct vg_chunk){};
	c->state = VG_CONN_BODY;
	if (req->expect_continue && c->in_at == c->in_n)
		put_continue(c);
	return true;
}

static bool in_head(struct vg_conn *c)
{
	const char *p = c->in + c->in_at;
	size_t n = c->in_n - c->in_at;
	struct vg_http_error err;
	int ret;

	if (!n)
		return false;
	if (!vg_out_low(c)) {
		c->held = true;
		return false;
	}
	if (!c->partial)
		vg_conn_refresh(c);
	else if (!vg_http_ready(p, n, &c->limits, &c->scan))
		return false;
	vg_request_reset(c);
	ret = vg_http_parse(&c->req, p, n, &c->limits, &err);
	if (ret > 0) {
		if (unlikely(moved_for_framing(c, ret)))
			return true;
		c->in_at += ret;
		c->head_end = c->in_at;
		return begin_request(c);
	}
	c->partial = true;
	if (ret < 0)
		refuse_and_close(c, err.status, err.code, "byte %u of the head: %s", err.at + 1,
				 err.why);
	return false;
}

static bool in_identity_body(struct vg_conn *c)
{
	struct vg_req *req = &c->req;
	size_t n = min_t(u64, c->in_n - c->in_at, req->content_length - req->body.n);

	if (n) {
		memcpy(req->body.data + req->body.n, c->in + c->in_at, n);
		c->in_at += n;
		body_took(req, n);
	}
	return req->body.n == req->content_length && run_request(c);
}

/* Data of one chunk that lies in the buffer; false: answered */
static bool take_chunk_data(struct vg_conn *c)
{
	struct vg_req *req = &c->req;
	size_t n = min_t(u64, c->in_n - c->in_at, c->chunk.left);

	if (c->chunk.left > c->body_max - req->body.n) {
		refuse_and_close(c, 413, "http.body_too_large", "more than %zu bytes", c->body_max);
		return false;
	}
	if (!body_room(c, req->body.n + c->chunk.left)) {
		vg_request_end(c);
		return false;
	}
	if (n) {
		memcpy(req->body.data + req->body.n, c->in + c->in_at, n);
		c->in_at += n;
		body_took(req, n);
	}
	return true;
}

static bool in_chunked_body(struct vg_conn *c)
{
	for (;;) {
		ssize_t n = vg_chunk_framing(&c->chunk, c->in + c->in_at, c->in_n - c->in_at);

		if (n < 0) {
			refuse_and_close(c, 400, "http.malformed",
					 "chunks are 1 to 7 hexadecimal digits, CRLF, data, CRLF; no extensions, no trailers");
			return false;
		}
		c->in_at += n;
		if (c->chunk.state == VG_CHUNK_DONE)
			return run_request(c);
		if (c->chunk.state == VG_CHUNK_DATA && !take_chunk_data(c))
			return false;
		if (c->in_at == c->in_n)
			return false;
	}
}

/* One line is there, without its end */
static bool run_line(struct vg_conn *c, struct vg_str line)
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

static bool bad_line(struct vg_conn *c, size_t at, char byte)
{
	if (!at && byte == 0x16)
		refuse_and_close(c, 400, "line.tls", "this port does not speak TLS: use http://");
	else
		refuse_and_close(c, 400, "line.malformed", "byte %zu is 0x%02x, a control byte", at + 1,
				 (u8)byte);
	return false;
}

static bool in_line(struct vg_conn *c)
{
	const char *p = c->in + c->in_at, *lf;
	size_t n = c->in_n - c->in_at, end, bad;

	if (!n)
		return false;
	if (!vg_out_low(c)) {
		c->held = true;
		return false;
	}
	vg_conn_refresh(c);
	vg_request_reset(c);
	c->req.is_line = true;
	lf = memchr(p + c->scan.at, '\n', n - c->scan.at);
	end = lf ? (size_t)(lf - p) : n;
	if (end && p[end - 1] == '\r')
		end--;
	bad = c->scan.at + vg_line_span(p + c->scan.at, end - min_t(size_t, end, c->scan.at));
	if (bad < end)
		return bad_line(c, bad, p[bad]);
	if (end > VG_LINE_MAX) {
		refuse_and_close(c, 400, "line.too_long", "a command is at most %d bytes", VG_LINE_MAX);
		return false;
	}
	if (!lf) {
		c->scan.at = end;
		return false;
	}
	c->in_at += lf - p + 1;
	c->scan.at = 0;
	return !end || run_line(c, vg_str(p, end));
}

/* Which language? Line ends before the first word are nobody's. */
static bool in_first(struct vg_conn *c)
{
	int ret;

	while (c->in_at < c->in_n && (c->in[c->in_at] == '\r' || c->in[c->in_at] == '\n'))
		c->in_at++;
	if (c->in_at == c->in_n)
		return false;
	ret = vg_http_sniff(c->in + c->in_at, c->in_n - c->in_at);
	if (ret == -EAGAIN)
		return false;
	c->state = ret ? VG_CONN_HEAD : VG_CONN_LINE;
	return true;
}

void vg_conn_run(struct vg_conn *c)
{
	bool more = true;

	c->held = false;
	while (more) {
		switch (c->state) {
		case VG_CONN_FIRST:
			more = in_first(c);
			break;
		case VG_CONN_HEAD:
			more = in_head(c);
			break;
		case VG_CONN_BODY:
			more = c->req.chunked ? in_chunked_body(c) : in_identity_body(c);
			break;
		case VG_CONN_LINE:
			more = in_line(c);
			break;
		default:
			return;
		}
	}
	/* after the peer's last byte nothing more can become whole */
	if (!c->eof || c->held)
		return;
	c->req.keep_alive = false;
	if (c->state == VG_CONN_BODY)
		vg_request_end(c);
	else
		vg_conn_close(c);
}
