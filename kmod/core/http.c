// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser of HTTP request heads. Must never accept what another party on the way could read
 * differently: one line end, one length, one of each field that decides anything.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>

#include "core/http.h"

const char *const vg_method_names[VG_METHODS] = {
	[VG_GET] = "GET",
	[VG_HEAD] = "HEAD",
	[VG_PUT] = "PUT",
	[VG_POST] = "POST",
	[VG_DELETE] = "DELETE",
};

enum {
	C_TOKEN	= 1,	/* tchar of RFC 9110 */
	C_VALUE	= 2,	/* of a field's value: visible, SP, HTAB, 0x80 and up */
	C_URI	= 4,	/* of a target as far as framing goes: visible and 0x80 and up */
};

#define VU (C_VALUE | C_URI)
#define TVU (C_TOKEN | C_VALUE | C_URI)

static const u8 char_class[256] = {
	['\t'] = C_VALUE,
	[' '] = C_VALUE,
	['!'] = TVU,
	['"'] = VU,
	['#' ... '\''] = TVU,
	['(' ... ')'] = VU,
	['*' ... '+'] = TVU,
	[','] = VU,
	['-' ... '.'] = TVU,
	['/'] = VU,
	['0' ... '9'] = TVU,
	[':' ... '@'] = VU,
	['A' ... 'Z'] = TVU,
	['[' ... ']'] = VU,
	['^' ... 'z'] = TVU,
	['{'] = VU,
	['|'] = TVU,
	['}'] = VU,
	['~'] = TVU,
	[0x80 ... 0xff] = VU,
};

static inline bool is_class(char c, u8 class)
{
	return char_class[(u8)c] & class;
}

/*
 * The fields known by name, found by length and then by a comparison. A field that is not a
 * list and decides anything may come once: two parties might each believe another copy.
 */
struct known_field {
	const char *name;
	u8 n;
	u8 header;
	bool many;
	u8 next;	/* 1 + index of another one of this length */
};

#define FIELD(_name, _header, _many, _next) \
	{ .name = _name, .n = sizeof(_name) - 1, .header = _header, .many = _many, .next = _next }

static const struct known_field known_fields[] = {
	FIELD("host", VG_H_HOST, false, 0),
	FIELD("range", VG_H_RANGE, false, 0),
	FIELD("accept", VG_H_ACCEPT, true, 4),
	FIELD("expect", VG_H_EXPECT, false, 17),
	FIELD("if-match", VG_H_IF_MATCH, false, 6),
	FIELD("if-range", VG_H_IF_RANGE, false, 0),
	FIELD("connection", VG_H_CONNECTION, true, 0),
	FIELD("virgo-clock", VG_H_CLOCK, false, 0),
	FIELD("x-virgo-date", VG_H_DATE, false, 0),
	FIELD("authorization", VG_H_AUTHORIZATION, false, 11),
	FIELD("x-virgo-nonce", VG_H_NONCE, false, 12),
	FIELD("if-none-match", VG_H_IF_NONE_MATCH, false, 0),
	FIELD("content-length", VG_H_CONTENT_LENGTH, false, 0),
	FIELD("content-encoding", VG_H_CONTENT_ENCODING, false, 0),
	FIELD("transfer-encoding", VG_H_TRANSFER_ENCODING, false, 0),
	FIELD("x-virgo-content-sha256", VG_H_SHA256, false, 0),
	FIELD("origin", VG_H_ORIGIN, true, 0),
};

/* 1 + index of the first known field of that length */
static const u8 by_length[] = {
	[4] = 1, [5] = 2, [6] = 3, [8] = 5, [10] = 7, [11] = 8, [12] = 9, [13] = 10, [14] = 13,
	[16] = 14, [17] = 15, [22] = 16,
};

static const struct known_field *find_known(const char *name, size_t n)
{
	u32 i = n < ARRAY_SIZE(by_length) ? by_length[n] : 0;

	while (i) {
		const struct known_field *k = &known_fields[i - 1];
		size_t j = 0;

		/* of all tchars only letters change into letters here */
		while (j < n && (name[j] | 0x20) == k->name[j])
			j++;
		if (j == n)
			return k;
		i = k->next;
	}
	return NULL;
}

static int head_refuse(struct vg_http_error *err, u16 status, const char *code, const char *why,
		       size_t at)
{
	*err = (struct vg_http_error){ .status = status, .code = code, .why = why, .at = at };
	return -EINVAL;
}

static int head_malformed(struct vg_http_error *err, const char *why, size_t at)
{
	return head_refuse(err, 400, "http.malformed", why, at);
}

void vg_http_reset(struct vg_req *req)
{
	req->head = NULL;
	req->head_n = 0;
	req->nr_fields = 0;
	memset(req->known, 0, sizeof(req->known));
	req->path = (struct vg_str){};
	req->query = (struct vg_str){};
	req->method_name = (struct vg_str){};
	req->method = VG_METHODS;
	req->minor = 1;
	req->keep_alive = false;
	req->chunked = false;
	req->has_length = false;
	req->expect_continue = false;
	req->content_length = 0;
}

static enum vg_method method_of(const char *p, size_t n)
{
	u32 i;

	for (i = 0; i < VG_METHODS; i++)
		if (strlen(vg_method_names[i]) == n && !memcmp(p, vg_method_names[i], n))
			break;
	return i;
}

/*
 * "GET /target HTTP/1.1". Returns the length with CRLF, 0 or -EINVAL.
 */
static int parse_line(struct vg_req *req, const char *p, size_t n, const struct vg_http_limits *lim,
		      struct vg_http_error *err)
{
	size_t i = 0, target, version;
	const char *mark;

	while (i < n && is_class(p[i], C_TOKEN))
		i++;
	if (i == n)
		goto more;
	if (!i || p[i] != ' ')
		return head_malformed(err, "a request begins with a method and one space", i);
	req->method = method_of(p, i);
	req->method_name = vg_str(p, i);
	target = ++i;
	while (i < n && is_class(p[i], C_URI))
		i++;
	if (i == n)
		goto more;
	if (p[i] != ' ' || i == target)
		return head_malformed(err, "one space, a target and a space follow the method", i);
	version = ++i;
	if (n - i < 10 && memchr(p + i, '\n', n - i))
		return head_malformed(err, "the request line ends with HTTP/1.1 and CRLF", i);
	if (n - i < 10)
		goto more;
	if (i + 8 > lim->line)
		goto more;
	if (memcmp(p + version, "HTTP/", 5) || !vg_is_digit(p[version + 5]) ||
	    p[version + 6] != '.' || !vg_is_digit(p[version + 7]) || p[version + 8] != '\r' ||
	    p[version + 9] != '\n')
		return head_malformed(err, "the request line ends with HTTP/1.1 and CRLF", version);
	if (p[version + 5] != '1' || p[version + 7] > '1')
		return head_refuse(err, 505, "http.version", "only HTTP/1.1 and 1.0 are spoken",
				   version);
	req->minor = p[version + 7] - '0';
	mark = memchr(p + target, '?', version - 1 - target);
	req->path = vg_str(p + target, (mark ? mark : p + version - 1) - (p + target));
	if (mark)
		req->query = vg_str(mark + 1, p + version - 1 - (mark + 1));
	return version + 10;
more:
	if (n > lim->line + 1 || i + 8 > lim->line)
		return head_refuse(err, 414, "http.target_too_long",
			      "the request line is longer than request_line_max", lim->line);
	return 0;
}

bool vg_http_list_has(struct vg_str v, struct vg_str token)
{
	size_t i = 0, from;

	while (i < v.n) {
		from = i;
		while (i < v.n && v.p[i] != ',')
			i++;
		if (vg_str_eq_nocase(vg_str_trim(vg_str(v.p + from, i - from)), token))
			return true;
		i++;
	}
	return false;
}

/* What a known field means for the framing of this request and the connection. */
static int note_known(struct vg_req *req, const struct known_field *k, struct vg_str v, size_t at,
		      struct vg_http_error *err)
{
	switch (k->header) {
	case VG_H_CONTENT_LENGTH:
		if (vg_str_u64(v, &req->content_length) || v.n > 18)
			return head_malformed(err,
					      "Content-Length is 1 to 18 digits, no leading zero",
					      at);
		req->has_length = true;
		break;
	case VG_H_TRANSFER_ENCODING:
		if (!vg_str_eq_nocase(v, VG_STR("chunked")))
			return head_malformed(err, "the only transfer coding is chunked", at);
		req->chunked = true;
		break;
	case VG_H_CONNECTION:
		if (vg_http_list_has(v, VG_STR("close")))
			req->keep_alive = false;
		else if (!req->minor && vg_http_list_has(v, VG_STR("keep-alive")))
			req->keep_alive = true;
		break;
	case VG_H_EXPECT:
		if (!req->minor)
			break;
		if (!vg_str_eq_nocase(v, VG_STR("100-continue")))
			return head_refuse(err, 417, "http.expectation",
				      "the only expectation met is 100-continue", at);
		req->expect_continue = true;
		break;
	}
	return 0;
}

/* First byte at or after @i that no field value may have (CR among them), or @n */
static size_t value_end(const char *p, size_t i, size_t n)
{
	const u64 ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;

	/* eight at a time: none below 0x20 and none 0x7f; HTAB takes the slow road */
	while (n - i >= 8) {
		u64 w, del;

		memcpy(&w, p + i, 8);
		del = w ^ (0x7f * ones);
		if ((((w - 0x20 * ones) & ~w) | ((del - ones) & ~del)) & tops) {
			size_t stop = i + 8;

			while (i < stop && is_class(p[i], C_VALUE))
				i++;
			if (i < stop)
				return i;
			continue;
		}
		i += 8;
	}
	while (i < n && is_class(p[i], C_VALUE))
		i++;
	return i;
}

int vg_http_field(const char *p, size_t i, size_t n, struct vg_field *f, const char **why,
		  size_t *at)
{
	size_t name = i, name_n, v, end;

	while (i < n && is_class(p[i], C_TOKEN))
		i++;
	if (i == n)
		return 0;
	name_n = i - name;
	*at = i;
	*why = "a field is a name, a colon and a value on one line";
	if (p[i] != ':' || !name_n)
		return -EINVAL;
	i++;
	while (i < n && vg_is_blank(p[i]))
		i++;
	v = i;
	i = value_end(p, i, n);
	*at = i;
	*why = "a control byte or a CR or LF alone in a field";
	if (i < n && p[i] != '\r')
		return -EINVAL;
	if (n - i < 2)
		return 0;
	if (p[i + 1] != '\n')
		return -EINVAL;
	end = i;
	while (end > v && vg_is_blank(p[end - 1]))
		end--;
	*f = (struct vg_field){ .name = name, .name_n = name_n, .value = v, .value_n = end - v };
	return i + 2;
}

/* One field at @i, not the empty line. Returns the offset behind its CRLF, 0 or -EINVAL. */
static int parse_field(struct vg_req *req, const char *p, size_t i, size_t n,
		       const struct vg_http_limits *lim, struct vg_http_error *err)
{
	const struct known_field *k;
	struct vg_field f;
	const char *why;
	size_t at;
	int next, ret;

	next = vg_http_field(p, i, n, &f, &why, &at);
	if (next < 0)
		return head_malformed(err, why, at);
	if (!next)
		return 0;
	if (req->nr_fields >= min_t(u32, lim->fields, VG_HEADER_FIELDS_MAX))
		return head_refuse(err, 431, "http.headers_too_large",
			      "more fields than header_fields_max", f.name);
	req->field[req->nr_fields++] = f;
	k = find_known(p + f.name, f.name_n);
	if (k) {
		if (req->known[k->header] && !k->many)
			return head_malformed(err, "a field that comes once came twice", f.name);
		if (!req->known[k->header])
			req->known[k->header] = req->nr_fields;
		ret = note_known(req, k, vg_str(p + f.value, f.value_n), f.value, err);
		if (ret)
			return ret;
	}
	return next;
}

int vg_http_parse(struct vg_req *req, const char *p, size_t n, const struct vg_http_limits *lim,
		  struct vg_http_error *err)
{
	size_t fields;
	int i;

	n = min_t(size_t, n, U16_MAX);
	i = parse_line(req, p, n, lim, err);
	if (i <= 0)
		return i;
	fields = i;
	req->head = p;
	req->keep_alive = req->minor;
	for (;;) {
		int next;

		if ((size_t)i - fields > lim->headers)
			goto too_large;
		if (n - i < 1)
			goto more;
		if (p[i] == '\r') {
			if (n - i < 2)
				goto more;
			if (p[i + 1] != '\n')
				return head_malformed(err, "a CR alone", i);
			i += 2;
			break;
		}
		next = parse_field(req, p, i, n, lim, err);
		if (next < 0)
			return next;
		if (!next)
			goto more;
		i = next;
	}
	if (i - fields > lim->headers)
		goto too_large;
	if (req->chunked && (req->has_length || !req->minor))
		return head_malformed(err, req->minor ?
				      "Content-Length and Transfer-Encoding together" :
				      "HTTP/1.0 has no Transfer-Encoding", 0);
	req->head_n = i;
	return i;
more:
	if (n - fields <= lim->headers)
		return 0;
too_large:
	return head_refuse(err, 431, "http.headers_too_large",
			   "the fields are longer than header_bytes_max", fields + lim->headers);
}

bool vg_http_ready(const char *p, size_t n, const struct vg_http_limits *lim,
		   struct vg_http_scan *scan)
{
	while (scan->at < n) {
		const char *lf = memchr(p + scan->at, '\n', n - scan->at);
		size_t at;

		if (!lf)
			break;
		at = lf - p;
		scan->at = at + 1;
		if (!scan->line)
			scan->line = at + 1;
		if (!at || p[at - 1] != '\r')
			return true;
		if (at >= 2 && p[at - 2] == '\n')
			return true;
	}
	scan->at = n;
	return n - scan->line > (scan->line ? lim->headers : lim->line);
}

/* Methods that make the first bytes HTTP, served or not; PRI is how HTTP/2 begins. */
static const char *const http_words[] = {
	"GET ", "HEAD ", "PUT ", "POST ", "DELETE ", "OPTIONS ", "PATCH ", "TRACE ", "CONNECT ",
	"PRI ",
};

int vg_http_sniff(const char *p, size_t n)
{
	bool maybe = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(http_words); i++) {
		size_t w = strlen(http_words[i]);

		if (memcmp(p, http_words[i], min(n, w)))
			continue;
		if (n >= w)
			return 1;
		maybe = true;
	}
	return maybe ? -EAGAIN : 0;
}
