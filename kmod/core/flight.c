// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The course of a call to another node: a connection, the request, the answer. See client.h.
 * Must never send a request that changes something a second time, nor wait past the call's deadline.
 *
 * A call belongs to its thread. While it waits it looks every SLICE_MS whether the node stops.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "core/client_int.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/ledger.h"
#include "core/node.h"

enum {
	SLICE_MS	= 250,
	SEND_MAX	= 256 << 10,	/* bytes at a time: a blocking send looks at nothing meanwhile */
	SEND_WHOLE	= 8 << 10,	/* a body of this size goes in one piece with the head */
	IN_MIN		= 4096,
	IN_BODY		= 32 << 10,	/* of a chunked body, or for a sink, at a time */
	INTERIM_MAX	= 8,		/* heads with a status of 1xx before the answer's */
};

/* --- waiting ---------------------------------------------------------------------------------------------- */

static int call_failed(struct vg_flight *f, int err, const char *why)
{
	if (!f->call->why)
		f->call->why = why;
	return err;
}

/* How long the next wait may be: 0 with *@ms set, or the call is over */
static int next_slice(struct vg_flight *f, u64 until_ms, u32 *ms)
{
	u64 now_ms = vg_now_ms();

	if (READ_ONCE(f->client->stopping))
		return call_failed(f, -ESHUTDOWN, "this node stops");
	if (f->call->cancel && READ_ONCE(*f->call->cancel))
		return call_failed(f, -ECANCELED, "cancelled");
	if (now_ms >= until_ms)
		return call_failed(f, -ETIMEDOUT, "no answer in time");
	*ms = min_t(u64, until_ms - now_ms, SLICE_MS);
	return 0;
}

/* What a connection that broke says, in one word for the caller; the rest is as it is */
static int broken(struct vg_flight *f, int err)
{
	switch (err) {
	case -EINTR:
		return call_failed(f, err, "interrupted");
	case -ENOMEM:
		return call_failed(f, err, "out of memory");
	default:
		return call_failed(f, -ECONNRESET, "connection lost before the answer was complete");
	}
}

/* Bytes of the answer, at least 1; or an error */
static ssize_t flight_recv(struct vg_flight *f, void *p, size_t n)
{
	ssize_t got;
	u32 ms;
	int ret;

	do {
		ret = next_slice(f, f->until_ms, &ms);
		if (ret)
			return ret;
		got = host_peer_recv(f->kept->peer, p, n, ms);
	} while (got == -ETIMEDOUT);
	if (got > 0) {
		f->heard = true;
		return got;
	}
	/* where the end of the connection ends the body, the caller knows */
	return got ? broken(f, got) : 0;
}

static int flight_send(struct vg_flight *f, const void *p, size_t n)
{
	ssize_t done;
	u32 ms;
	int ret;

	while (n) {
		ret = next_slice(f, f->until_ms, &ms);
		if (ret)
			return ret;
		done = host_peer_send(f->kept->peer, p, min_t(size_t, n, SEND_MAX), ms);
		if (done == -ETIMEDOUT)
			continue;
		if (done < 0)
			return broken(f, done);
		f->sent += done;
		p += done;
		n -= done;
	}
	return 0;
}

/* --- the course of a call ------------------------------------------------------------------------------------ */

static int flight_dial(struct vg_flight *f, struct vg_kept *k)
{
	struct vg_call *call = f->call;
	u64 until_ms = min_t(u64, f->until_ms, vg_now_ms() + (call->connect_ms ?: VG_CALL_CONNECT_MS));
	u32 ms;
	int ret;

	ret = host_dial(&call->to, &k->peer);
	if (ret)
		return call_failed(f, ret, "no connection");
	do {
		ret = next_slice(f, until_ms, &ms) ?: host_dial_wait(k->peer, ms);
		/* it is the slice that is over, or all of the time there was */
	} while (ret == -ETIMEDOUT && !call->why);
	if (ret) {
		host_hangup(k->peer);
		if (ret == -ETIMEDOUT)
			call->why = "no connection in time";
		return call_failed(f, ret, "no connection");
	}
	return 0;
}

/* A connection that is idle, or a new one; always a new one with @fresh */
static int flight_connect(struct vg_flight *f, bool fresh)
{
	struct vg_client *c = f->client;
	struct vg_call *call = f->call;
	struct vg_kept *k;
	u8 random[VG_NONCE_STREAM / 2];
	int ret;

	f->reused = false;
	while (!fresh && (k = vg_kept_take(c, &call->to))) {
		if (!vg_kept_stale(k)) {
			f->kept = k;
			f->reused = true;
			call->connected = true;
			return 0;
		}
		vg_kept_free(k);
	}
	k = kzalloc(sizeof(*k), GFP_KERNEL);
	if (!k)
		return call_failed(f, -ENOMEM, "out of memory");
	ret = flight_dial(f, k);
	if (ret) {
		kfree(k);
		return ret;
	}
	vg_made(VG_L_PEERS);
	host_random(random, sizeof(random));
	vg_hex(k->stream, random, sizeof(random));
	k->addr = call->to;
	f->kept = k;
	call->connected = true;
	return 0;
}

/* The whole request. If the connection breaks while it goes out, an answer that says why may be there. */
static int flight_request(struct vg_flight *f)
{
	const struct vg_call *call = f->call;
	size_t body_n = call->body_n;
	int ret;

	f->sent = 0;
	vg_buf_reset(&f->in);
	ret = vg_flight_head(f);
	if (ret)
		return call_failed(f, ret, "out of memory");
	if (body_n && body_n <= SEND_WHOLE && !vg_buf_put(&f->out, call->body, body_n))
		body_n = 0;
	ret = flight_send(f, f->out.p, f->out.len);
	if (!ret && body_n)
		ret = flight_send(f, call->body, body_n);
	return ret;
}

/* More of the answer into f->in; 0 at the connection's end */
static ssize_t more_in(struct vg_flight *f, size_t n)
{
	char *to = vg_buf_reserve(&f->in, n);
	ssize_t got;

	if (!to)
		return call_failed(f, f->in.err == -E2BIG ? -EPROTO : f->in.err,
				   "the head of the answer is too large, or memory too short");
	got = flight_recv(f, to, n);
	if (got > 0)
		vg_buf_add(&f->in, got);
	return got;
}

/* One head at the beginning of f->in, in f->answer; what is behind it stays */
static int one_head(struct vg_flight *f)
{
	static const struct vg_http_limits limits = {
		.line = VG_REQUEST_LINE_MAX, .headers = VG_HEADER_BYTES_MAX, .fields = VG_HEADER_FIELDS_MAX,
	};
	size_t max = VG_REQUEST_LINE_MAX + VG_HEADER_BYTES_MAX;
	const char *why = NULL;
	ssize_t got;
	int n = 0;

	memset(&f->scan, 0, sizeof(f->scan));
	for (;;) {
		if (vg_http_ready(f->in.p, f->in.len, &limits, &f->scan))
			n = vg_answer_head(&f->answer, f->call->method, f->in.p, f->in.len, &why);
		if (n > 0)
			return n;
		if (n < 0 || f->in.len >= max)
			return call_failed(f, -EPROTO, why ?: "the head of the answer is too large");
		got = more_in(f, min_t(size_t, IN_MIN, max - f->in.len));
		if (!got)
			return broken(f, -ECONNRESET);
		if (got < 0)
			return got;
	}
}

/* What the node says of itself */
static void note_head(struct vg_flight *f)
{
	const struct vg_answer *a = &f->answer;
	struct vg_call *call = f->call;
	u64 number;

	call->status = a->status;
	call->length = a->left;
	if (!vg_str_u64(vg_answer_field(a, "virgo-node"), &number) && number <= U32_MAX)
		call->node = number;
	if (!vg_str_u64(vg_answer_field(a, "retry-after"), &number))
		call->retry_after_s = min_t(u64, number, U32_MAX);
	/* one that is too far ahead moves nothing */
	if (!vg_clock_parse(vg_answer_field(a, "virgo-clock"), &number))
		vg_clock_see(f->node, number);
}

/* The head of the answer; f->in then holds what came behind it, from f->in_at on */
static int flight_answer(struct vg_flight *f)
{
	struct vg_call *call = f->call;
	u32 interim = 0;
	int n;

	for (;;) {
		n = one_head(f);
		if (n < 0)
			return n;
		if (f->answer.status >= 200)
			break;
		if (++interim > INTERIM_MAX)
			return call_failed(f, -EPROTO, "interim answers without end");
		memmove(f->in.p, f->in.p + n, f->in.len - n);
		vg_buf_cut(&f->in, f->in.len - n);
	}
	note_head(f);
	if (call->head && vg_buf_put(call->head, f->in.p + f->answer.fields_at,
				     n - f->answer.fields_at - 2))
		return call_failed(f, call->head->err == -E2BIG ? -EMSGSIZE : call->head->err,
				   "the head of the answer is larger than there is room for");
	f->in_at = n;
	return 0;
}

/* Did the connection turn out to be dead before it mattered? */
static bool may_begin_anew(const struct vg_flight *f, int err)
{
	return err == -ECONNRESET && f->reused && !f->heard &&
	       (!f->sent || !vg_call_changes(f->call));
}

static int flight_begin(struct vg_flight *f)
{
	bool fresh = false;
	int ret;

	for (;;) {
		ret = flight_connect(f, fresh);
		if (ret)
			return ret;
		ret = flight_request(f);
		/* what went out may have been answered: refused, before all of it was there */
		f->partial = ret == -ECONNRESET && f->sent;
		if (f->partial)
			f->call->why = NULL;
		f->waits = !ret;
		if (!ret || f->partial)
			ret = flight_answer(f);
		if (!may_begin_anew(f, ret))
			return ret;
		vg_kept_free(f->kept);
		f->kept = NULL;
		f->call->why = NULL;
		f->call->connected = false;
		fresh = true;
	}
}

/* --- life of a call ---------------------------------------------------------------------------------------------- */

static int find_key(struct vg_flight *f)
{
	const char *id = f->cfg->client_key;

	if (f->call->unsigned_ok || !id[0])
		return 0;
	f->key = vg_keyset_find(f->keys, vg_cstr(id));
	return f->key ? 0 : call_failed(f, -ENOKEY, "client_key names no key of the key file");
}

static u64 service_port(u32 service)
{
	return service < VG_SERVICE_NAMES ? 10000 * (service + 1) : 0;
}

static void flight_free(struct vg_flight *f)
{
	struct vg_client *c = f->client;

	vg_buf_free(&f->out);
	vg_buf_free(&f->in);
	vg_keyset_put(f->keys);
	vg_config_put(f->cfg);
	kfree(f);
	vg_gone(VG_L_CALLS);
	vg_client_leave(c);
}

/* An attempt has ended with @ret: may what was asked for have been done all the same? */
static int note_end(struct vg_flight *f, int ret)
{
	f->call->maybe_done = ret && f->sent && vg_call_changes(f->call) && f->call->status < 300;
	return ret;
}

int vg_call_open(struct vg_client *c, struct vg_call *call, struct vg_flight **out)
{
	struct vg_flight *f;
	int ret;

	*out = NULL;
	call->status = 0;
	call->node = call->retry_after_s = 0;
	call->us = call->length = call->body_got = 0;
	call->connected = call->maybe_done = false;
	call->why = NULL;
	ret = vg_client_enter(c);
	if (ret) {
		call->why = ret == -EBUSY ? "too many calls are under way" : "this node stops";
		return ret;
	}
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f) {
		call->why = "out of memory";
		vg_client_leave(c);
		return -ENOMEM;
	}
	vg_made(VG_L_CALLS);
	f->client = c;
	f->node = c->node;
	f->call = call;
	f->cfg = vg_node_cfg(c->node);
	f->keys = vg_node_keys(c->node);
	f->begun_ns = ktime_get_ns();
	f->until_ms = vg_now_ms() + (call->timeout_ms ?: VG_CALL_MS);
	vg_buf_init(&f->out, NULL, 0, VG_REQUEST_LINE_MAX + VG_HEADER_BYTES_MAX + SEND_WHOLE);
	vg_buf_init(&f->in, NULL, 0, max_t(size_t, VG_REQUEST_LINE_MAX + VG_HEADER_BYTES_MAX, IN_BODY));
	call->to = call->peer;
	if (!call->to.port)
		call->to.port = service_port(call->service);
	ret = note_end(f, find_key(f) ?: vg_flight_check(f) ?: flight_begin(f));
	if (ret && !(ret == -EINTR && f->waits))
		vg_call_close(f);
	else
		*out = f;
	return ret;
}
EXPORT_SYMBOL_GPL(vg_call_open);

int vg_call_resume(struct vg_flight *f)
{
	f->call->why = NULL;
	return note_end(f, flight_answer(f));
}
EXPORT_SYMBOL_GPL(vg_call_resume);

/* The connection has ended: is the body complete by that? */
static ssize_t body_ends(struct vg_flight *f)
{
	return vg_answer_eof(&f->answer) ? broken(f, -ECONNRESET) : 0;
}

ssize_t vg_call_read(struct vg_flight *f, void *p, size_t n)
{
	struct vg_answer *a = &f->answer;
	struct vg_str data;
	ssize_t got;

	/* that a wait was interrupted before says nothing of what comes, nor of the connection */
	f->call->why = NULL;
	while (!a->done && n) {
		if (f->in_at < f->in.len) {
			got = vg_answer_body(a, f->in.p + f->in_at, min(n, f->in.len - f->in_at), &data);
			if (got < 0)
				return call_failed(f, -EPROTO, "the answer's chunks are broken");
			f->in_at += got;
			memcpy(p, data.p, data.n);
		} else if (a->framing == VG_BODY_CHUNKED) {
			vg_buf_reset(&f->in);
			f->in_at = 0;
			data.n = 0;
			got = more_in(f, min_t(size_t, f->in.cap, IN_BODY));
		} else {
			if (a->framing == VG_BODY_LENGTH)
				n = min_t(u64, n, a->left);
			got = flight_recv(f, p, n);
			if (got > 0)
				vg_answer_body(a, p, got, &data);
		}
		if (got < 0)
			return got;
		if (!got)
			return body_ends(f);
		f->call->body_got += data.n;
		if (data.n)
			return data.n;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vg_call_read);

bool vg_call_ready(const struct vg_flight *f)
{
	return !f->answer.done && f->in_at < f->in.len;
}

bool vg_call_is_done(const struct vg_flight *f)
{
	return f->answer.done;
}

void vg_call_close(struct vg_flight *f)
{
	struct vg_kept *k = f->kept;
	const struct vg_answer *a = &f->answer;

	f->call->us = div_u64(ktime_get_ns() - f->begun_ns, NSEC_PER_USEC);
	/* bytes behind the answer were not asked for: whatever they are, no other call shall read them */
	if (k && a->done && a->keep_alive && !f->partial && f->in_at == f->in.len && !f->call->why)
		vg_kept_put(f->client, k);
	else
		vg_kept_free(k);
	flight_free(f);
}
EXPORT_SYMBOL_GPL(vg_call_close);

/* --- a call as a whole ----------------------------------------------------------------------------------------------- */

/* The body into call->out */
static int body_to_buf(struct vg_flight *f)
{
	struct vg_buf *b = f->call->out;
	ssize_t got = 1;
	char *to, spare;

	if (f->answer.framing == VG_BODY_LENGTH && f->answer.left > b->max - b->len)
		return call_failed(f, -EMSGSIZE, "the answer is larger than there is room for");
	while (got > 0) {
		size_t n = min_t(size_t, b->max - b->len, SEND_MAX);

		if (f->answer.framing == VG_BODY_LENGTH)
			n = min_t(u64, n, f->answer.left);
		else
			n = min_t(size_t, n, IN_BODY);
		to = n ? vg_buf_reserve(b, n) : &spare;
		if (!to)
			return call_failed(f, b->err, "out of memory");
		got = vg_call_read(f, to, n ?: 1);
		if (got > 0 && !n)
			return call_failed(f, -EMSGSIZE, "the answer is larger than there is room for");
		if (got > 0)
			vg_buf_add(b, got);
	}
	return got;
}

/* To the sink, or to nobody */
static int body_to_sink(struct vg_flight *f)
{
	struct vg_call *call = f->call;
	bool sink = call->sink && call->status / 100 == 2;
	void *piece = kvmalloc(IN_BODY, GFP_KERNEL);
	ssize_t got;
	int ret;

	if (!piece)
		return call_failed(f, -ENOMEM, "out of memory");
	while ((got = vg_call_read(f, piece, IN_BODY)) > 0) {
		ret = sink ? call->sink(call, piece, got) : 0;
		if (ret < 0) {
			got = call_failed(f, ret, "the answer could not be taken");
			break;
		}
	}
	kvfree(piece);
	return got;
}

int vg_call(struct vg_client *c, struct vg_call *call)
{
	struct vg_flight *f;
	int ret;

	ret = vg_call_open(c, call, &f);
	if (ret && f)
		vg_call_close(f);
	if (ret)
		return ret;
	if (f->answer.done)
		ret = 0;
	else if (call->out && !(call->sink && call->status / 100 == 2))
		ret = body_to_buf(f);
	else
		ret = body_to_sink(f);
	note_end(f, ret);
	vg_call_close(f);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_call);

/* --- problems -------------------------------------------------------------------------------------------------------------- */

/* As much of the string @t as fits, cut in front of an escape or character rather than in it */
static void take_string(const struct vg_json *doc, const struct vg_jtok *t, char *out, size_t cap)
{
	struct vg_jtok cut;
	ssize_t n = 0;
	u32 tries;

	if (vg_json_is(t, VG_JSON_STRING)) {
		cut = *t;
		cut.len = min_t(size_t, t->len, cap - 1);
		for (tries = 0; tries < 16; tries++) {
			n = vg_json_str(doc, &cut, out, cap - 1);
			if (n >= 0 || !cut.len--)
				break;
		}
	}
	out[n < 0 ? 0 : n] = 0;
}

void vg_call_problem(const char *body, size_t n, char code[VG_CALL_CODE], char detail[VG_CALL_DETAIL])
{
	struct vg_jtok tok[32];
	struct vg_json doc;

	code[0] = detail[0] = 0;
	if (!n || vg_json_parse(&doc, body, n, tok, ARRAY_SIZE(tok)))
		return;
	take_string(&doc, vg_json_get(&doc, vg_json_root(&doc), "code"), code, VG_CALL_CODE);
	take_string(&doc, vg_json_get(&doc, vg_json_root(&doc), "detail"), detail, VG_CALL_DETAIL);
}
EXPORT_SYMBOL_GPL(vg_call_problem);
