// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers: from what a handler says to bytes in the output. Must never let foreign bytes make a
 * header line, and never answer a request twice.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "core/clock.h"
#include "core/conn_int.h"
#include "core/utf8.h"

enum {
	DETAIL_MAX	= 384,
	DOCUMENT_MAX	= 960,
};

struct status_text {
	u16 status;
	u8 n;
	const char *line;
	const char *title;
};

#define STATUS(s, t) \
	{ .status = s, .n = sizeof("HTTP/1.1 " #s " " t "\r\n") - 1, \
	  .line = "HTTP/1.1 " #s " " t "\r\n", .title = t }

static const struct status_text statuses[] = {
	STATUS(200, "OK"),
	STATUS(201, "Created"),
	STATUS(202, "Accepted"),
	STATUS(204, "No Content"),
	STATUS(206, "Partial Content"),
	STATUS(304, "Not Modified"),
	STATUS(400, "Bad Request"),
	STATUS(401, "Unauthorized"),
	STATUS(403, "Forbidden"),
	STATUS(404, "Not Found"),
	STATUS(405, "Method Not Allowed"),
	STATUS(408, "Request Timeout"),
	STATUS(409, "Conflict"),
	STATUS(410, "Gone"),
	STATUS(411, "Length Required"),
	STATUS(412, "Precondition Failed"),
	STATUS(413, "Content Too Large"),
	STATUS(414, "URI Too Long"),
	STATUS(415, "Unsupported Media Type"),
	STATUS(416, "Range Not Satisfiable"),
	STATUS(417, "Expectation Failed"),
	STATUS(422, "Unprocessable Content"),
	STATUS(429, "Too Many Requests"),
	STATUS(431, "Request Header Fields Too Large"),
	STATUS(500, "Internal Server Error"),
	STATUS(501, "Not Implemented"),
	STATUS(503, "Service Unavailable"),
	STATUS(505, "HTTP Version Not Supported"),
	STATUS(507, "Insufficient Storage"),
};

static const struct status_text *status_text(u16 status)
{
	static const struct status_text other = STATUS(500, "Internal Server Error");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return &statuses[i];
	WARN_ONCE(1, "virgo: no text for status %u\n", status);
	return &other;
}

static inline char *put_bytes(char *out, const char *s, size_t n)
{
	memcpy(out, s, n);
	return out + n;
}

#define PUT_LIT(out, lit) put_bytes(out, lit, sizeof(lit) - 1)

/* The lines that stay the same for a second, or a tick; @clock_ms of the logical clock */
static void make_date(struct vg_conn *c, u64 now_s, u64 clock_ms)
{
	char *p = c->date;

	BUILD_BUG_ON(sizeof(c->date) < 6 + VG_DATE_IMF + 14 + VG_U64_DIGITS + 15 + VG_CLOCK_TEXT);
	if (c->date_s != now_s) {
		p = PUT_LIT(p, "Date: ");
		p += vg_date_imf(now_s, p);
		p = PUT_LIT(p, "\r\nVirgo-Node: ");
		p += vg_u64_to_dec(c->node->id, p);
		p = PUT_LIT(p, "\r\nVirgo-Clock: ");
		c->date_s = now_s;
		c->date_n = p - c->date;
	}
	p = c->date + c->date_n;
	p += vg_u64_to_dec(clock_ms, p);
	*p++ = '.';
	c->date_ms = clock_ms;
	c->date_ms_n = p - c->date;
}

static bool bodyless(u16 status)
{
	return status == 204 || status == 304;
}

/* The head of an answer whose body has @n bytes, to @p; returns its end */
char *vg_reply_head(struct vg_req *req, char *p, u16 status, const char *type, u64 n)
{
	const struct status_text *t = status_text(status);
	struct vg_conn *c = req->conn;
	struct timespec64 now;
	u64 clock;

	ktime_get_coarse_real_ts64(&now);
	clock = vg_clock_at(c->node, vg_ts_ms(&now));
	if (c->date_ms != clock >> 16 || c->date_s != now.tv_sec)
		make_date(c, now.tv_sec, clock >> 16);
	p = put_bytes(p, t->line, t->n);
	p = put_bytes(p, c->date, c->date_ms_n);
	p += vg_u64_to_dec(clock & 0xffff, p);
	if (!bodyless(status)) {
		if (type) {
			p = PUT_LIT(p, "\r\nContent-Type: ");
			p = put_bytes(p, type, strnlen(type, 80));
		}
		if (n != VG_LENGTH_UNKNOWN) {
			p = PUT_LIT(p, "\r\nContent-Length: ");
			p += vg_u64_to_dec(n, p);
		} else if (req->minor) {
			p = PUT_LIT(p, "\r\nTransfer-Encoding: chunked");
		}
	}
	p = PUT_LIT(p, "\r\n");
	if (req->extra_n)
		p = put_bytes(p, req->extra, req->extra_n);
	if (!req->keep_alive)
		p = PUT_LIT(p, "Connection: close\r\n");
	else if (!req->minor)
		p = PUT_LIT(p, "Connection: keep-alive\r\n");
	return PUT_LIT(p, "\r\n");
}

/* May this request be answered now? Settles what an answer says about the connection. */
bool vg_reply_begin(struct vg_req *req, u16 status)
{
	if (WARN_ONCE(req->answered, "virgo: a request was answered twice\n"))
		return false;
	req->answered = true;
	req->status = status;
	return !req->conn->aborted;
}

/* Head, and the body copied behind it if there is one to send */
static int reply_linear(struct vg_req *req, u16 status, const char *type, const void *body,
			size_t n)
{
	struct vg_conn *c = req->conn;
	bool send = n && req->method != VG_HEAD && !bodyless(status);
	char *out, *p;

	/* what may stand there when a request begins, "100 Continue", and the longest such answer */
	BUILD_BUG_ON(VG_OUT_HIGH + 64 + VG_HEAD_ROOM + VG_EXTRA_HEADERS_MAX + VG_COPY_MAX > VG_OUT_MAX);
	if (!vg_reply_begin(req, status))
		return 0;
	out = vg_out_room(c, VG_HEAD_ROOM + req->extra_n + (send ? n : 0));
	if (!out)
		return 0;
	p = vg_reply_head(req, out, status, type, n);
	if (send)
		p = put_bytes(p, body, n);
	vg_out_add(c, p - out);
	return 0;
}

int vg_reply(struct vg_req *req, u16 status)
{
	return reply_linear(req, status, NULL, NULL, 0);
}
EXPORT_SYMBOL_GPL(vg_reply);

int vg_reply_ref(struct vg_req *req, u16 status, const char *type, const void *p, size_t n,
		 void (*put_obj)(void *obj), void *obj)
{
	struct vg_conn *c = req->conn;
	char *out;

	if (n <= VG_COPY_MAX || req->method == VG_HEAD || bodyless(status)) {
		reply_linear(req, status, type, p, n);
		put_obj(obj);
		return 0;
	}
	if (!vg_reply_begin(req, status))
		goto drop;
	out = vg_out_room(c, VG_HEAD_ROOM + req->extra_n);
	if (!out)
		goto drop;
	vg_out_add(c, vg_reply_head(req, out, status, type, n) - out);
	vg_out_ref(c, p, n, put_obj, obj);
	return 0;
drop:
	put_obj(obj);
	return 0;
}
EXPORT_SYMBOL_GPL(vg_reply_ref);

bool vg_reply_room(struct vg_req *req)
{
	struct vg_node *node = req->node;
	u64 used = atomic64_read(&node->answers_bytes);

	/* those who pass here at once may go beyond it together, by an answer each */
	if (req->has_room || used < VG_ANSWERS_MAX) {
		req->has_room = true;
		return true;
	}
	atomic64_inc(&node->refused_memory);
	vg_problem(req, 503, "node.memory",
		   "answers that wait for their readers take %llu bytes, and may take no more: try again",
		   (unsigned long long)used);
	return false;
}
EXPORT_SYMBOL_GPL(vg_reply_room);

int vg_reply_bytes(struct vg_req *req, u16 status, const char *type, const void *p, size_t n)
{
	void *copy;

	if (n <= VG_COPY_MAX || req->method == VG_HEAD || bodyless(status))
		return reply_linear(req, status, type, p, n);
	if (!vg_reply_room(req))
		return 0;
	copy = kvmalloc(n, GFP_KERNEL);
	if (!copy)
		return vg_problem(req, 503, "node.memory", "no memory for an answer of %zu bytes",
				  n);
	memcpy(copy, p, n);
	return vg_reply_ref(req, status, type, copy, n, vg_out_own, copy);
}
EXPORT_SYMBOL_GPL(vg_reply_bytes);

int vg_reply_text(struct vg_req *req, u16 status, const char *type, struct vg_buf *text)
{
	void *p;
	size_t n;

	if (text->err) {
		vg_buf_free(text);
		return vg_problem(req, 503, "node.memory", "no memory for the answer");
	}
	/* a peer that does not read keeps what waits for it: no more than the answer itself */
	if (text->len <= VG_COPY_MAX || text->cap - text->len > text->len) {
		vg_reply_bytes(req, status, type, text->p, text->len);
		vg_buf_free(text);
		return 0;
	}
	if (!vg_reply_room(req)) {
		vg_buf_free(text);
		return 0;
	}
	p = vg_buf_take(text, &n);
	if (!p) {
		vg_buf_free(text);
		return vg_problem(req, 503, "node.memory", "no memory for the answer");
	}
	return vg_reply_ref(req, status, type, p, n, vg_out_own, p);
}
EXPORT_SYMBOL_GPL(vg_reply_text);

int vg_reply_json(struct vg_req *req, u16 status, struct vg_buf *json)
{
	return vg_reply_text(req, status, "application/json", json);
}
EXPORT_SYMBOL_GPL(vg_reply_json);

void vg_reply_header(struct vg_req *req, const char *name, const char *fmt, ...)
{
	size_t name_n = strlen(name), room = sizeof(req->extra) - req->extra_n, i;
	char *p = req->extra + req->extra_n;
	va_list ap;
	int n;

	if (req->is_line)
		return;
	if (WARN_ONCE(room < name_n + 5, "virgo: no room for header %s\n", name))
		return;
	p = put_bytes(p, name, name_n);
	p = PUT_LIT(p, ": ");
	room -= name_n + 4;
	va_start(ap, fmt);
	n = vsnprintf(p, room, fmt, ap);
	va_end(ap);
	if (WARN_ONCE(n < 0 || (size_t)n >= room, "virgo: no room for header %s\n", name))
		return;
	for (i = 0; i < n; i++)
		if (vg_is_ctrl(p[i]))
			p[i] = '?';
	PUT_LIT(p + n, "\r\n");
	req->extra_n += name_n + 2 + n + 2;
}
EXPORT_SYMBOL_GPL(vg_reply_header);

void vg_reply_etag(struct vg_req *req, u64 version)
{
	char *p = req->extra + req->extra_n;

	if (req->is_line || sizeof(req->extra) - req->extra_n < 10 + VG_U64_DIGITS)
		return;
	p = PUT_LIT(p, "ETag: \"");
	p += vg_u64_to_dec(version, p);
	p = PUT_LIT(p, "\"\r\n");
	req->extra_n = p - req->extra;
}
EXPORT_SYMBOL_GPL(vg_reply_etag);

/* --- errors ------------------------------------------------------------------------------ */

/* @s as the inside of a JSON string to [p, end), cut where it would not fit; returns the new end */
static char *put_escaped(char *p, const char *end, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	bool utf8 = vg_utf8_valid(s, strlen(s));

	for (; *s && end - p >= 6; s++) {
		if (*s == '"' || *s == '\\') {
			*p++ = '\\';
			*p++ = *s;
		} else if (vg_is_ctrl(*s)) {
			p = PUT_LIT(p, "\\u00");
			*p++ = hex[(u8)*s >> 4];
			*p++ = hex[(u8)*s & 15];
		} else {
			*p++ = utf8 || !((u8)*s & 0x80) ? *s : '?';
		}
	}
	/* not in the middle of a character */
	if (*s && utf8 && ((u8)*s & 0xc0) == 0x80)
		while ((u8)*--p < 0xc0)
			;
	return p;
}

static bool has_extra(const struct vg_req *req, const char *name)
{
	return strnstr(req->extra, name, req->extra_n);
}

static void problem_headers(struct vg_req *req, u16 status)
{
	if (status == 401)
		vg_reply_header(req, "WWW-Authenticate", "VIRGO4-HMAC-SHA256 realm=\"%s\"",
				req->conn->cfg ? req->conn->cfg->cluster : "virgo");
	if ((status == 429 || status == 503) && !has_extra(req, "Retry-After: "))
		vg_reply_header(req, "Retry-After", "1");
}

static int problem_line(struct vg_req *req, const char *code, char *detail)
{
	struct vg_conn *c = req->conn;
	size_t n, code_n = strlen(code);
	char *p, *out;

	if (!vg_reply_begin(req, 400))
		return 0;
	for (p = detail; *p; p++)
		if (vg_is_ctrl(*p))
			*p = '?';
	n = p - detail;
	out = vg_out_room(c, sizeof("error: : \n") + code_n + n);
	if (!out)
		return 0;
	p = PUT_LIT(out, "error: ");
	p = put_bytes(p, code, code_n);
	p = PUT_LIT(p, ": ");
	p = put_bytes(p, detail, n);
	p = PUT_LIT(p, "\n");
	vg_out_add(c, p - out);
	return 0;
}

int vg_problem(struct vg_req *req, u16 status, const char *code, const char *fmt, ...)
{
	char detail[DETAIL_MAX], doc[DOCUMENT_MAX], *p = doc, *end = doc + sizeof(doc);
	const char *title = status_text(status)->title;
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	if (req->is_line)
		return problem_line(req, code, detail);
	problem_headers(req, status);
	p = PUT_LIT(p, "{\"status\":");
	p += vg_u64_to_dec(status, p);
	p = PUT_LIT(p, ",\"title\":\"");
	p = put_bytes(p, title, strlen(title));
	p = PUT_LIT(p, "\",\"code\":\"");
	p = put_bytes(p, code, strnlen(code, 64));
	p = PUT_LIT(p, "\",\"detail\":\"");
	p = put_escaped(p, end - 48, detail);
	p = PUT_LIT(p, "\"");
	if (status == 401) {
		p = PUT_LIT(p, ",\"server_time\":\"");
		p += vg_date_basic(ktime_get_real_seconds(), p);
		p = PUT_LIT(p, "\"");
	}
	p = PUT_LIT(p, "}\n");
	return reply_linear(req, status, "application/problem+json", doc, p - doc);
}
EXPORT_SYMBOL_GPL(vg_problem);

/* --- one-line commands ------------------------------------------------------------------- */

int vg_line_reply(struct vg_req *req, const void *p, size_t n)
{
	struct vg_conn *c = req->conn;
	void *copy;
	char *out;

	if (n > VG_COPY_MAX && !vg_reply_room(req))
		return 0;
	if (!vg_reply_begin(req, 0))
		return 0;
	if (n <= VG_COPY_MAX) {
		out = vg_out_room(c, n + 1);
		if (!out)
			return 0;
		if (n)
			memcpy(out, p, n);
		out[n] = '\n';
		vg_out_add(c, n + 1);
		return 0;
	}
	copy = kvmalloc(n + 1, GFP_KERNEL);
	if (!copy) {
		c->out_failed = true;
		return 0;
	}
	memcpy(copy, p, n);
	((char *)copy)[n] = '\n';
	vg_out_ref(c, copy, n + 1, vg_out_own, copy);
	return 0;
}
EXPORT_SYMBOL_GPL(vg_line_reply);

int vg_line_printf(struct vg_req *req, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vscnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return vg_line_reply(req, text, n);
}
EXPORT_SYMBOL_GPL(vg_line_printf);
