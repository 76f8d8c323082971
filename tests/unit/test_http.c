// SPDX-License-Identifier: GPL-3.0-or-later
/* The parser of request heads alone, and the small parsers beside it: tables of good and hostile text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn_env.h"

static const struct vg_http_limits limits = { .line = 256, .headers = 1024, .fields = 8 };

static int parse(struct vg_req *req, const char *text, size_t n, struct vg_http_error *err)
{
	memset(err, 0, sizeof(*err));
	vg_http_reset(req);
	return vg_http_parse(req, text, n, &limits, err);
}

#define L "GET / HTTP/1.1\r\n"
#define T(text) text, sizeof(text) - 1

static const struct {
	const char *text;
	size_t n;
	int status;		/* 0: accepted */
} heads[] = {
	{ T(L "\r\n"), 0 },
	{ T(L "Host: x\r\n\r\n"), 0 },
	{ T(L "Host:x\r\n\r\n"), 0 },
	{ T(L "Host: \t x \t \r\n\r\n"), 0 },
	{ T(L "Host:\r\n\r\n"), 0 },
	{ T(L "X: a\tb \x80\xff\r\n\r\n"), 0 },
	{ T(L "X: a long value of more than eight bytes \x80\xff and a\ttab in it\r\n\r\n"), 0 },
	{ T(L "!#$%&'*+-.^_`|~: x\r\n\r\n"), 0 },
	{ T(L "Content-Length: 0\r\n\r\n"), 0 },
	{ T(L "Content-Length: 123456789012345678\r\n\r\n"), 0 },
	{ T(L "Transfer-Encoding: Chunked\r\n\r\n"), 0 },
	{ T(L "Expect: 100-Continue\r\n\r\n"), 0 },
	{ T(L "Accept: a\r\nAccept: b\r\n\r\n"), 0 },
	{ T("GET / HTTP/1.0\r\n\r\n"), 0 },
	{ T("GET / HTTP/1.0\r\nExpect: nonsense\r\n\r\n"), 0 },
	{ T("BREW /pot HTTP/1.1\r\n\r\n"), 0 },
	{ T("GET /?a=b HTTP/1.1\r\n\r\n"), 0 },
	/* the request line */
	{ T(" GET / HTTP/1.1\r\n\r\n"), 400 },
	{ T("GET  / HTTP/1.1\r\n\r\n"), 400 },
	{ T("GET /  HTTP/1.1\r\n\r\n"), 400 },
	{ T("GET\t/ HTTP/1.1\r\n\r\n"), 400 },
	{ T("GET / HTTP/1.1 \r\n\r\n"), 400 },
	{ T("GET / HTTP/1.1\n\r\n\r\n"), 400 },
	{ T("GET / HTTP/1.1\r\r\n\r\n"), 400 },
	{ T("GET /\r\n\r\n"), 400 },
	{ T("GET / http/1.1\r\n\r\n"), 400 },
	{ T("GET / HTTP/11\r\n\r\n\r\n"), 400 },
	{ T("GET / HTTP/1.1x\r\n\r\n"), 400 },
	{ T("GET /\0 HTTP/1.1\r\n\r\n"), 400 },
	{ T("GET /\x7f HTTP/1.1\r\n\r\n"), 400 },
	{ T("G(T / HTTP/1.1\r\n\r\n"), 400 },
	{ T("\r\nGET / HTTP/1.1\r\n\r\n"), 400 },
	{ T("GET / HTTP/2.0\r\n\r\n"), 505 },
	{ T("GET / HTTP/0.9\r\n\r\n"), 505 },
	{ T("GET / HTTP/1.2\r\n\r\n"), 505 },
	{ T("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505 },
	/* fields */
	{ T(L "Host : x\r\n\r\n"), 400 },
	{ T(L "Host\t: x\r\n\r\n"), 400 },
	{ T(L " Host: x\r\n\r\n"), 400 },
	{ T(L "X: a\r\n b\r\n\r\n"), 400 },
	{ T(L "X: a\r\n\tb\r\n\r\n"), 400 },
	{ T(L ": x\r\n\r\n"), 400 },
	{ T(L "Host\r\n\r\n"), 400 },
	{ T(L "Ho(st: x\r\n\r\n"), 400 },
	{ T(L "H\xc3\xb6st: x\r\n\r\n"), 400 },
	{ T(L "X: a\nY: b\r\n\r\n"), 400 },
	{ T(L "X: a\rY: b\r\n\r\n"), 400 },
	{ T(L "X: a\r\r\n\r\n"), 400 },
	{ T(L "X: a\0b\r\n\r\n"), 400 },
	{ T(L "X: a\x01" "b\r\n\r\n"), 400 },
	{ T(L "X: a\x7f\r\n\r\n"), 400 },
	{ T(L "X: 12345678901234\x1f" "5678\r\n\r\n"), 400 },
	{ T(L "X: 12345678901234\x7f" "5678\r\n\r\n"), 400 },
	{ T(L "X: a\n\n"), 400 },
	{ T(L "\n"), 400 },
	{ T(L "\rX"), 400 },
	/* one of each that decides anything */
	{ T(L "Host: a\r\nHost: a\r\n\r\n"), 400 },
	{ T(L "hOsT: a\r\nHOST: b\r\n\r\n"), 400 },
	{ T(L "Authorization: a\r\nAuthorization: a\r\n\r\n"), 400 },
	{ T(L "X-Virgo-Date: a\r\nX-Virgo-Date: a\r\n\r\n"), 400 },
	{ T(L "X-Virgo-Content-Sha256: a\r\nx-virgo-content-sha256: a\r\n\r\n"), 400 },
	{ T(L "X-Virgo-Nonce: a\r\nx-virgo-nonce: a\r\n\r\n"), 400 },
	{ T(L "Range: a\r\nRange: a\r\n\r\n"), 400 },
	/* lengths */
	{ T(L "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400 },
	{ T(L "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400 },
	{ T(L "Content-Length: 1, 1\r\n\r\n"), 400 },
	{ T(L "Content-Length: 01\r\n\r\n"), 400 },
	{ T(L "Content-Length: 00\r\n\r\n"), 400 },
	{ T(L "Content-Length: +1\r\n\r\n"), 400 },
	{ T(L "Content-Length: -1\r\n\r\n"), 400 },
	{ T(L "Content-Length: 0x1\r\n\r\n"), 400 },
	{ T(L "Content-Length: 1 2\r\n\r\n"), 400 },
	{ T(L "Content-Length:\r\n\r\n"), 400 },
	{ T(L "Content-Length: 1234567890123456789\r\n\r\n"), 400 },
	{ T(L "Content-Length: 99999999999999999999999999\r\n\r\n"), 400 },
	{ T(L "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding: identity\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding: gzip, chunked\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding: chunked, chunked\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding: xchunked\r\n\r\n"), 400 },
	{ T(L "Transfer-Encoding:\r\n\r\n"), 400 },
	{ T("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ T(L "Expect: 200-ok\r\n\r\n"), 417 },
	{ T(L "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), 400 },
	/* eight fields are the limit here */
	{ T(L "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\n\r\n"), 0 },
	{ T(L "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\n\r\n"), 431 },
};

static void heads_are_judged(void **state)
{
	struct vg_http_error err;
	struct vg_req req;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		int ret = parse(&req, heads[i].text, heads[i].n, &err);
		int want = heads[i].status ? -EINVAL : (int)heads[i].n;

		if (ret != want || err.status != heads[i].status)
			fail_msg("case %zu: %d (status %d, %s) instead of %d (%d): %s", i, ret,
				 err.status, err.why ?: "-", want, heads[i].status, heads[i].text);
		if (ret > 0 && (req.head != heads[i].text || req.head_n != heads[i].n))
			fail_msg("case %zu: the head is not what was given", i);
		if (ret < 0 && err.at > heads[i].n)
			fail_msg("case %zu: an error outside the head", i);
	}
}

/* An accepted head cut anywhere is incomplete, a refused one incomplete or refused alike. */
static void cut_heads_wait(void **state)
{
	struct vg_http_error err;
	struct vg_req req;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (n = 0; n < heads[i].n; n++) {
			char *copy = malloc(n ?: 1);
			int ret;

			memcpy(copy, heads[i].text, n);
			ret = parse(&req, copy, n, &err);
			free(copy);
			if (!ret || (ret < 0 && err.status == heads[i].status))
				continue;
			fail_msg("case %zu cut at %zu: %d, status %d", i, n, ret, err.status);
		}
	}
}

/* Bytes that drip in: the search tells when to parse, never too late, and each byte is seen once. */
static void ready_agrees_with_parse(void **state)
{
	struct vg_http_error err;
	struct vg_req req;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		struct vg_http_scan scan = {};
		bool ready = false;

		for (n = 1; n <= heads[i].n && !ready; n++)
			ready = vg_http_ready(heads[i].text, n, &limits, &scan);
		if (!heads[i].status && (!ready || n - 1 != heads[i].n))
			fail_msg("case %zu: ready at %zu of %zu", i, n - 1, heads[i].n);
		if (ready && !parse(&req, heads[i].text, n - 1, &err))
			fail_msg("case %zu: ready, but nothing to be had", i);
	}
}

static void limits_hold(void **state)
{
	struct vg_http_scan scan = {};
	struct vg_http_error err;
	struct vg_req req;
	char text[4096];
	int n;

	/* 256 bytes of request line pass, 257 do not, wherever they are cut */
	n = sprintf(text, "GET /%0242d HTTP/1.1\r\n\r\n", 0);
	assert_int_equal(n, 256 + 4);
	assert_int_equal(parse(&req, text, n, &err), n);
	assert_int_equal(parse(&req, text, 257, &err), 0);
	n = sprintf(text, "GET /%0243d HTTP/1.1\r\n\r\n", 0);
	assert_int_equal(parse(&req, text, n, &err), -EINVAL);
	assert_int_equal(err.status, 414);
	n = sprintf(text, "GET /%0300d", 0);
	assert_int_equal(parse(&req, text, n, &err), -EINVAL);
	assert_int_equal(err.status, 414);
	n = sprintf(text, "%0300d", 0);
	assert_int_equal(parse(&req, text, n, &err), -EINVAL);
	assert_int_equal(err.status, 414);
	assert_false(vg_http_ready(text, 250, &limits, &scan));
	assert_true(vg_http_ready(text, 300, &limits, &scan));

	/* 1024 bytes of fields with the empty line */
	n = sprintf(text, "GET / HTTP/1.1\r\nX: %01017d\r\n\r\n", 0);
	assert_int_equal(parse(&req, text, n, &err), n);
	n = sprintf(text, "GET / HTTP/1.1\r\nX: %01018d\r\n\r\n", 0);
	assert_int_equal(parse(&req, text, n, &err), -EINVAL);
	assert_int_equal(err.status, 431);
	n = sprintf(text, "GET / HTTP/1.1\r\nX: %01100d", 0);
	assert_int_equal(parse(&req, text, n, &err), -EINVAL);
	assert_int_equal(err.status, 431);
	scan = (struct vg_http_scan){};
	assert_false(vg_http_ready(text, 16 + 1024, &limits, &scan));
	assert_true(vg_http_ready(text, 16 + 1025, &limits, &scan));
}

static void fields_are_found(void **state)
{
	static const char text[] = "PUT /v1/mem/a%20b?x=1&y=2 HTTP/1.1\r\n"
		"HOST: h:1\r\nAuthorization:  a b \r\nx-virgo-date: d\r\nX-Virgo-Content-SHA256: s\r\n"
		"Content-Length: 12\r\nConnection: foo, Close\r\nOther: o\r\nIf-None-Match: *\r\n\r\n";
	static const struct {
		enum vg_header h;
		const char *want;
	} known[] = {
		{ VG_H_HOST, "h:1" }, { VG_H_AUTHORIZATION, "a b" }, { VG_H_DATE, "d" },
		{ VG_H_SHA256, "s" }, { VG_H_CONTENT_LENGTH, "12" }, { VG_H_IF_NONE_MATCH, "*" },
		{ VG_H_IF_MATCH, NULL }, { VG_H_RANGE, NULL }, { VG_H_EXPECT, NULL },
	};
	struct vg_http_error err;
	struct vg_req req;
	size_t i;

	assert_int_equal(parse(&req, text, sizeof(text) - 1, &err), sizeof(text) - 1);
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		struct vg_str v = vg_req_header(&req, known[i].h);

		assert_int_equal(!v.p, !known[i].want);
		assert_true(vg_str_is(v, known[i].want));
	}
	assert_int_equal(req.method, VG_PUT);
	assert_true(vg_str_is(req.path, "/v1/mem/a%20b"));
	assert_true(vg_str_is(req.query, "x=1&y=2"));
	assert_int_equal(req.content_length, 12);
	assert_false(req.keep_alive);
	assert_int_equal(req.nr_fields, 8);
}

static void keep_alive_follows_version(void **state)
{
	static const struct {
		const char *text;
		bool keep;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nConnection: x\r\nConnection: CLOSE\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keepalive\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
	};
	struct vg_http_error err;
	struct vg_req req;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(parse(&req, cases[i].text, strlen(cases[i].text), &err) > 0);
		assert_int_equal(req.keep_alive, cases[i].keep);
	}
}

static void first_bytes_decide(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} cases[] = {
		{ "GET ", 1 }, { "GET", -EAGAIN }, { "G", -EAGAIN }, { "GE\n", 0 }, { "GET\n", 0 },
		{ "get ", 0 }, { "DELETE ", 1 }, { "DELETE", -EAGAIN }, { "CONNECT ", 1 },
		{ "CONNECTx", 0 }, { "virgo_cloud_get(1)", 0 }, { "\x16\x03\x01", 0 }, { "PRI ", 1 },
		{ "P", -EAGAIN }, { "PU(", 0 }, { "HELLO ", 0 }, { "OPTIONS /", 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (vg_http_sniff(cases[i].text, strlen(cases[i].text)) != cases[i].ret)
			fail_msg("\"%s\"", cases[i].text);
	assert_int_equal(vg_http_sniff("GET\0 /", 6), 0);
}

/* @body decoded, or NULL; *@state of the decoder at its end */
static char *dechunk(const char *body, size_t n, size_t step, u8 *state)
{
	static char out[1024];
	struct vg_chunk c = {};
	size_t at = 0, got = 0;

	while (at < n && c.state != VG_CHUNK_DONE) {
		size_t piece = min(step, n - at);
		ssize_t ret = vg_chunk_framing(&c, body + at, piece);

		if (ret < 0)
			return NULL;
		at += ret;
		piece -= ret;
		if (c.state == VG_CHUNK_DATA && piece) {
			piece = min_t(u64, piece, c.left);
			memcpy(out + got, body + at, piece);
			got += piece;
			at += piece;
			vg_chunk_took(&c, piece);
		}
	}
	out[got] = '\0';
	*state = c.state;
	return out;
}

static void chunks_are_strict(void **state)
{
	static const struct {
		const char *body, *want;
		bool whole;
	} cases[] = {
		{ "0\r\n\r\n", "", true },
		{ "5\r\nhello\r\n0\r\n\r\n", "hello", true },
		{ "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", true },
		{ "A\r\n0123456789\r\n00\r\n\r\n", "0123456789", true },
		{ "a\r\n0123456789\r\n0000000\r\n\r\n", "0123456789", true },
		{ "5\r\nhello\r\n", "hello", false },
		{ "5\r\nhel", "hel", false },
		{ "00000000\r\n\r\n", NULL, false },
		{ "\r\n", NULL, false },
		{ "5;x=y\r\nhello\r\n", NULL, false },
		{ "5 \r\nhello\r\n", NULL, false },
		{ " 5\r\nhello\r\n", NULL, false },
		{ "+5\r\nhello\r\n", NULL, false },
		{ "0x5\r\nhello\r\n", NULL, false },
		{ "5\nhello\r\n", NULL, false },
		{ "5\rhello\r\n", NULL, false },
		{ "5\r\nhello!\r\n", NULL, false },
		{ "5\r\nhello\n", NULL, false },
		{ "5\r\nhello\r\r\n", NULL, false },
		{ "0\r\nX: y\r\n\r\n", NULL, false },
		{ "0\r\n\n", NULL, false },
		{ "-1\r\n", NULL, false },
		{ "g\r\n", NULL, false },
	};
	size_t i, step;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (step = 1; step < 12; step++) {
			u8 at = 0;
			char *got = dechunk(cases[i].body, strlen(cases[i].body), step, &at);

			if (!got != !cases[i].want || (got && strcmp(got, cases[i].want)) ||
			    (got && (at == VG_CHUNK_DONE) != cases[i].whole))
				fail_msg("%s in steps of %zu: %s", cases[i].body, step, got);
		}
	}
}

static void ranges(void **state)
{
	static const struct {
		const char *text;
		u64 total;
		int ret;
		u64 off, len;
	} cases[] = {
		{ "bytes=0-0", 10, 0, 0, 1 },
		{ "bytes=2-4", 10, 0, 2, 3 },
		{ "Bytes=2-", 10, 0, 2, 8 },
		{ "bytes=-3", 10, 0, 7, 3 },
		{ "bytes=-30", 10, 0, 0, 10 },
		{ "bytes=0-99", 10, 0, 0, 10 },
		{ "bytes=9-18446744073709551615", 10, 0, 9, 1 },
		{ "bytes=9-99999999999999999999999", 10, 0, 9, 1 },
		{ "bytes=10-", 10, -ERANGE, 0, 0 },
		{ "bytes=99999999999999999999999-", 10, -ERANGE, 0, 0 },
		{ "bytes=0-", 0, -ERANGE, 0, 0 },
		{ "bytes=-0", 10, -ERANGE, 0, 0 },
		{ "bytes=-5", 0, -ERANGE, 0, 0 },
		{ "bytes=4-2", 10, -ENOENT, 0, 0 },
		{ "bytes=1-2,4-5", 10, -ENOENT, 0, 0 },
		{ "bytes=-", 10, -ENOENT, 0, 0 },
		{ "bytes=", 10, -ENOENT, 0, 0 },
		{ "bytes", 10, -ENOENT, 0, 0 },
		{ "lines=1-2", 10, -ENOENT, 0, 0 },
		{ "bytes=a-b", 10, -ENOENT, 0, 0 },
		{ "bytes=1 - 2", 10, -ENOENT, 0, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 off = 0, len = 0;
		int ret = vg_range_parse(vg_cstr(cases[i].text), cases[i].total, &off, &len);

		if (ret != cases[i].ret || (!ret && (off != cases[i].off || len != cases[i].len)))
			fail_msg("%s of %d: %d, %d+%d", cases[i].text, (int)cases[i].total, ret,
				 (int)off, (int)len);
	}
}

static void etags(void **state)
{
	static const struct {
		const char *text;
		bool weak, exists;
		int ret;
	} cases[] = {
		{ "*", false, true, 1 }, { "*", false, false, 0 },
		{ "\"7\"", false, true, 1 }, { "\"8\"", false, true, 0 }, { "\"7\"", false, false, 0 },
		{ "\"8\", \"7\"", false, true, 1 }, { "\"8\",\"7\" ", true, true, 1 },
		{ "W/\"7\"", false, true, 0 }, { "W/\"7\"", true, true, 1 },
		{ "\"07\"", false, true, 0 }, { "\"\"", false, true, 0 }, { "\"x,y\"", false, true, 0 },
		{ "7", false, true, -EINVAL }, { "", false, true, -EINVAL },
		{ "\"7", false, true, -EINVAL }, { "\"7\" \"8\"", false, true, -EINVAL },
		{ "\"7\",", false, true, -EINVAL }, { "w/\"7\"", true, true, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (vg_etag_list(vg_cstr(cases[i].text), cases[i].weak, 7, cases[i].exists) !=
		    cases[i].ret)
			fail_msg("%s", cases[i].text);
}

static void dates(void **state)
{
	char text[VG_DATE_IMF];
	u64 clock;

	assert_int_equal(vg_date_imf(0, text), 29);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	vg_date_imf(951827696, text);
	assert_string_equal(text, "Tue, 29 Feb 2000 12:34:56 GMT");
	vg_date_imf(1795346082, text);
	assert_string_equal(text, "Sun, 22 Nov 2026 11:14:42 GMT");
	vg_date_imf(4107542399, text);
	assert_string_equal(text, "Sun, 28 Feb 2100 23:59:59 GMT");
	vg_date_basic(4107542400, text);
	assert_string_equal(text, "21000301T000000Z");

	assert_int_equal(vg_clock_parse(VG_STR("1795346739.000001"), &clock), 0);
	assert_int_equal(clock, 1795346739ULL << 16 | 1);
	text[vg_clock_print(clock, text)] = '\0';
	assert_string_equal(text, "1795346739.1");
	assert_int_equal(vg_clock_parse(VG_STR("1795346739"), &clock), -EINVAL);
	assert_int_equal(vg_clock_parse(VG_STR("1."), &clock), -EINVAL);
	assert_int_equal(vg_clock_parse(VG_STR("1.-1"), &clock), -EINVAL);
	assert_int_equal(vg_clock_parse(VG_STR("1.65536"), &clock), -ERANGE);
	assert_int_equal(vg_clock_parse(VG_STR("18446744073709551615.0"), &clock), -ERANGE);
}

static void printable_is_bounded(void **state)
{
	char out[16];

	assert_string_equal(vg_printable("abc", 3, out, sizeof(out)), "abc");
	assert_string_equal(vg_printable("a\0\xff", 3, out, sizeof(out)), "a\\x00\\xff");
	assert_string_equal(vg_printable("0123456789abcde", 15, out, sizeof(out)), "0123456789abcde");
	assert_string_equal(vg_printable("0123456789abcdef", 16, out, sizeof(out)), "0123456789ab...");
	assert_string_equal(vg_printable("\1\2\3\4\5", 5, out, sizeof(out)), "\\x01\\x02\\x03...");
	assert_string_equal(vg_printable("abc", 3, out, 1), "");
	assert_string_equal(vg_printable("abc", 3, out, 3), "..");
}

static void tables_are_checked(void **state)
{
	static const struct vg_route long_path = { .path = "/a/b/c/d/e/f/g/h", .run = env_get };
	static const struct vg_route relative = { .path = "v1", .run = env_get };
	static const struct vg_route head = { .method = VG_HEAD, .path = "/", .run = env_get };
	static const struct vg_route no_run = { .path = "/" };
	static const struct vg_route params = { .path = "/{a}/{b}/{c}/{d}/{e}", .run = env_get };
	static const struct vg_route dirs[] = {
		{ .path = "/", .run = env_get }, { .path = "/a/", .run = env_get },
		{ .path = "/a/b", .run = env_get }, { .path = "/a/{x}", .run = env_get },
	};
	struct vg_str param[VG_PATH_PARAMS_MAX];
	struct vg_matcher m;
	u32 allow;

	assert_int_equal(vg_matcher_init(&m, &long_path, 1), -EINVAL);
	assert_int_equal(vg_matcher_init(&m, &relative, 1), -EINVAL);
	assert_int_equal(vg_matcher_init(&m, &head, 1), -EINVAL);
	assert_int_equal(vg_matcher_init(&m, &no_run, 1), -EINVAL);
	assert_int_equal(vg_matcher_init(&m, &params, 1), -EINVAL);
	assert_int_equal(vg_matcher_init(&m, dirs, ARRAY_SIZE(dirs)), 0);
	assert_ptr_equal(vg_route_match(&m, VG_STR("/"), VG_GET, param, &allow), &dirs[0]);
	assert_ptr_equal(vg_route_match(&m, VG_STR("/a/"), VG_GET, param, &allow), &dirs[1]);
	assert_ptr_equal(vg_route_match(&m, VG_STR("/a/b"), VG_HEAD, param, &allow), &dirs[2]);
	assert_ptr_equal(vg_route_match(&m, VG_STR("/a/c"), VG_GET, param, &allow), &dirs[3]);
	assert_true(vg_str_is(param[0], "c"));
	assert_null(vg_route_match(&m, VG_STR("/a"), VG_GET, param, &allow));
	assert_int_equal(allow, 0);
	assert_null(vg_route_match(&m, VG_STR("/a/b"), VG_PUT, param, &allow));
	assert_int_equal(allow, 1 << VG_GET | 1 << VG_HEAD);
	assert_null(vg_route_match(&m, VG_STR("/a/b/c/d/e/f/g/h/i/j/k/l"), VG_GET, param, &allow));
	assert_null(vg_route_match(&m, VG_STR(""), VG_GET, param, &allow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_judged),
		cmocka_unit_test(cut_heads_wait),
		cmocka_unit_test(ready_agrees_with_parse),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(fields_are_found),
		cmocka_unit_test(keep_alive_follows_version),
		cmocka_unit_test(first_bytes_decide),
		cmocka_unit_test(chunks_are_strict),
		cmocka_unit_test(ranges),
		cmocka_unit_test(etags),
		cmocka_unit_test(dates),
		cmocka_unit_test(printable_is_bounded),
		cmocka_unit_test(tables_are_checked),
	};

	env_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
