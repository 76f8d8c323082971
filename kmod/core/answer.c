// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser of answers. See answer.h.
 */
#include <linux/kernel.h>

#include "core/answer.h"
#include "core/http.h"

static int answer_malformed(const char **why, const char *what)
{
	*why = what;
	return -EPROTO;
}

static int answer_too_large(const char **why)
{
	*why = "the head of the answer is over 4 KiB in its first line, 16 KiB or 64 fields in the rest";
	return -E2BIG;
}

/* "HTTP/1.1 200 OK" and CRLF: its length with them, 0 or -EPROTO, -E2BIG */
static int answer_line(struct vg_answer *a, const char *p, size_t n, const char **why)
{
	static const char form[] = "HTTP/1.";
	const char *lf;
	size_t i, len;

	if (memcmp(p, form, min(n, sizeof(form) - 1)))
		return answer_malformed(why, "the answer does not begin with HTTP/1.");
	lf = memchr(p, '\n', min_t(size_t, n, VG_REQUEST_LINE_MAX));
	if (!lf)
		return n < VG_REQUEST_LINE_MAX ? 0 : answer_too_large(why);
	len = lf - p + 1;
	/* HTTP/1.m SP ddd SP reason CRLF */
	if (len < 15 || p[len - 2] != '\r' || (p[7] != '0' && p[7] != '1') || p[8] != ' ' ||
	    p[12] != ' ')
		return answer_malformed(why, "the status line is not HTTP/1.1, a number and a reason");
	for (i = 9; i < 12; i++)
		if (!vg_is_digit(p[i]))
			return answer_malformed(why, "the status is not three digits");
	for (i = 13; i < len - 2; i++)
		if (vg_is_ctrl(p[i]) && p[i] != '\t')
			return answer_malformed(why, "a control byte in the status line");
	a->minor = p[7] - '0';
	a->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
	if (a->status < 100 || a->status > 599 || a->status == 101)
		return answer_malformed(why, "a status that no request of ours leads to");
	return len;
}

/* What fields say of the body and the connection, gathered before any of it counts */
struct answer_says {
	bool has_length, chunked, close, keep;
	u64 length;
};

static int answer_note(struct answer_says *f, struct vg_str name, struct vg_str value,
		       const char **why)
{
	if (vg_str_eq_nocase(name, VG_STR("content-length"))) {
		if (f->has_length)
			return answer_malformed(why, "Content-Length twice");
		if (value.n > 18 || vg_str_u64(value, &f->length))
			return answer_malformed(why, "Content-Length is digits without leading zero");
		f->has_length = true;
	} else if (vg_str_eq_nocase(name, VG_STR("transfer-encoding"))) {
		if (f->chunked || !vg_str_eq_nocase(value, VG_STR("chunked")))
			return answer_malformed(why, "the only transfer coding is chunked, once");
		f->chunked = true;
	} else if (vg_str_eq_nocase(name, VG_STR("connection"))) {
		f->close |= vg_http_list_has(value, VG_STR("close"));
		f->keep |= vg_http_list_has(value, VG_STR("keep-alive"));
	}
	return 0;
}

static int answer_frame(struct vg_answer *a, enum vg_method method, const struct answer_says *f,
			const char **why)
{
	if (f->chunked && (f->has_length || !a->minor))
		return answer_malformed(why, "a transfer coding beside a length, or in HTTP/1.0");
	a->keep_alive = !f->close && (a->minor || f->keep);
	if (method == VG_HEAD || a->status < 200 || a->status == 204 || a->status == 304) {
		a->framing = VG_BODY_NONE;
	} else if (f->chunked) {
		a->framing = VG_BODY_CHUNKED;
	} else if (f->has_length) {
		a->framing = f->length ? VG_BODY_LENGTH : VG_BODY_NONE;
		a->left = f->length;
	} else {
		a->framing = VG_BODY_CLOSE;
		a->keep_alive = false;
	}
	a->done = a->framing == VG_BODY_NONE;
	return 0;
}

/* The field at @at: the offset behind it, 0 or an error */
static int answer_field(struct vg_answer *a, int at, size_t n, struct answer_says *says,
			const char **why)
{
	const char *p = a->head;
	struct vg_field f;
	size_t bad;
	int next, ret;

	next = vg_http_field(p, at, n, &f, why, &bad);
	if (next < 0)
		return -EPROTO;
	if (!next)
		return 0;
	if (a->nr_fields == VG_HEADER_FIELDS_MAX)
		return answer_too_large(why);
	a->field[a->nr_fields++] = f;
	ret = answer_note(says, vg_str(p + f.name, f.name_n), vg_str(p + f.value, f.value_n), why);
	return ret ?: next;
}

int vg_answer_head(struct vg_answer *a, enum vg_method method, const char *p, size_t n,
		   const char **why)
{
	struct answer_says says = { };
	int at, next, ret;

	n = min_t(size_t, n, VG_REQUEST_LINE_MAX + VG_HEADER_BYTES_MAX);
	memset(a, 0, offsetof(struct vg_answer, field));
	if (!n)
		return 0;
	at = answer_line(a, p, n, why);
	if (at <= 0)
		return at;
	a->head = p;
	a->fields_at = at;
	while (at == n || p[at] != '\r') {
		next = at == n ? 0 : answer_field(a, at, n, &says, why);
		if (next < 0)
			return next;
		if (!next)
			return n - a->fields_at < VG_HEADER_BYTES_MAX ? 0 : answer_too_large(why);
		at = next;
	}
	if (n - at < 2)
		return 0;
	if (p[at + 1] != '\n')
		return answer_malformed(why, "a CR alone");
	a->head_n = at + 2;
	if (a->head_n - a->fields_at > VG_HEADER_BYTES_MAX)
		return answer_too_large(why);
	ret = answer_frame(a, method, &says, why);
	return ret ?: (int)a->head_n;
}

struct vg_str vg_answer_field(const struct vg_answer *a, const char *name)
{
	u32 i;

	for (i = 0; i < a->nr_fields; i++) {
		const struct vg_field *f = &a->field[i];

		if (vg_str_eq_nocase(vg_str(a->head + f->name, f->name_n), vg_cstr(name)))
			return vg_str(a->head + f->value, f->value_n);
	}
	return vg_str(NULL, 0);
}

static ssize_t answer_chunked(struct vg_answer *a, const char *p, size_t n, struct vg_str *data)
{
	ssize_t eaten = vg_chunk_framing(&a->chunk, p, n);

	if (eaten < 0)
		return -EPROTO;
	if (a->chunk.state == VG_CHUNK_DATA) {
		*data = vg_str(p + eaten, min_t(u64, a->chunk.left, n - eaten));
		if (data->n)
			vg_chunk_took(&a->chunk, data->n);
	}
	a->done = a->chunk.state == VG_CHUNK_DONE;
	return eaten + data->n;
}

ssize_t vg_answer_body(struct vg_answer *a, const char *p, size_t n, struct vg_str *data)
{
	*data = vg_str(p, 0);
	if (a->done || !n)
		return 0;
	switch (a->framing) {
	case VG_BODY_CHUNKED:
		return answer_chunked(a, p, n, data);
	case VG_BODY_LENGTH:
		data->n = min_t(u64, a->left, n);
		a->left -= data->n;
		a->done = !a->left;
		return data->n;
	default:
		data->n = n;
		return n;
	}
}

int vg_answer_eof(struct vg_answer *a)
{
	if (a->framing == VG_BODY_CLOSE)
		a->done = true;
	return a->done ? 0 : -ECONNRESET;
}
