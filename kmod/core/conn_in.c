// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From bytes to requests: the states in which a connection takes input. Must never look at body
 * bytes as anything else, nor receive past the end of what it has given out.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/conn_int.h"
#include "core/line.h"

enum {
	SPACE_MIN	= 512,	/* do not receive into less */
	FRAMING_MIN	= 64,	/* room behind a head for the framing of chunks */
	HASH_PIECE	= 65536,	/* of a body, before others get a turn */
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
			vg_bandwidth_waits(c->node);
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

/* A socket may hold megabytes, which take their time: the processor is not ours for all of it. */
static void hash_body(struct vg_req *req, const u8 *p, size_t n)
{
	while (n > HASH_PIECE) {
		host_sha256_update(&req->body_hash, p, HASH_PIECE);
		p += HASH_PIECE;
		n -= HASH_PIECE;
		cond_resched();
	}
	host_sha256_update(&req->body_hash, p, n);
}

/* @n bytes of the body have arrived in their place */
static void body_took(struct vg_req *req, size_t n)
{
	if (req->hash_body)
		hash_body(req, req->body.data + req->body.n, n);
	req->body.n += n;
	if (req->chunked)
		vg_chunk_took(&req->conn->chunk, n);
}

void vg_conn_received(struct vg_conn *c, size_t n)
{
	if (!n)
		return;
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
		return vg_request_begin(c);
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
	return req->body.n == req->content_length && vg_request_run(c);
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
	if (!vg_body_room(c, req->body.n + c->chunk.left)) {
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
			return vg_request_run(c);
		if (c->chunk.state == VG_CHUNK_DATA && !take_chunk_data(c))
			return false;
		if (c->in_at == c->in_n)
			return false;
	}
}

static bool bad_line(struct vg_conn *c, size_t at, char byte)
{
	if (!at && byte == 0x16)
		refuse_and_close(c, 400, "line.tls", "this port does not speak TLS: use http://");
	else
		refuse_and_close(c, 400, "line.malformed", "byte %zu is 0x%02x, a control byte",
				 at + 1, (u8)byte);
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
		refuse_and_close(c, 400, "line.too_long", "a command is at most %d bytes",
				 VG_LINE_MAX);
		return false;
	}
	if (!lf) {
		c->scan.at = end;
		return false;
	}
	c->in_at += lf - p + 1;
	c->scan.at = 0;
	return !end || vg_request_line(c, vg_str(p, end));
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
		/* a buffer holds a thousand short commands, and some of them are work */
		cond_resched();
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
