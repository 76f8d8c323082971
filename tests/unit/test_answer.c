// SPDX-License-Identifier: GPL-3.0-or-later
/* The parser of answers: tables of good and hostile text, and bodies cut in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/answer.c"
#include "core/chunk.c"
#include "core/http.c"

#define L "HTTP/1.1 200 OK\r\n"
#define T(text) text, sizeof(text) - 1

static const struct {
	const char *text;
	size_t n;
	int ret;		/* 0: all of it is the head */
} heads[] = {
	{ T(L "\r\n"), 0 },
	{ T(L "X: a\tb \x80\xff\r\n\r\n"), 0 },
	{ T(L "Content-Length: 0\r\n\r\n"), 0 },
	{ T(L "Content-Length: 123456789012345678\r\n\r\n"), 0 },
	{ T(L "Transfer-Encoding: Chunked\r\n\r\n"), 0 },
	{ T(L "Accept: a\r\nAccept: b\r\n\r\n"), 0 },
	{ T("HTTP/1.0 200 OK\r\n\r\n"), 0 },
	{ T("HTTP/1.1 200 \r\n\r\n"), 0 },
	{ T("HTTP/1.1 404 No such thing \xc3\xbc\r\n\r\n"), 0 },
	{ T("HTTP/1.1 100 Continue\r\n\r\n"), 0 },
	{ T("HTTP/1.1 599 x\r\n\r\n"), 0 },
	/* the status line */
	{ T("HTTP/1.1 200\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1  200 OK\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 20 OK\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 2000 OK\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 +20 OK\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 099 x\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 600 x\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 101 Switching Protocols\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.2 200 OK\r\n\r\n"), -EPROTO },
	{ T("HTTP/2.0 200 OK\r\n\r\n"), -EPROTO },
	{ T("http/1.1 200 OK\r\n\r\n"), -EPROTO },
	{ T("ICY 200 OK\r\n\r\n"), -EPROTO },
	{ T(" HTTP/1.1 200 OK\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 200 OK\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 200 O\rK\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.1 200 O\0K\r\n\r\n"), -EPROTO },
	{ T("\r\nHTTP/1.1 200 OK\r\n\r\n"), -EPROTO },
	{ T("error: auth.plaintext_off\n"), -EPROTO },
	{ T("SSH-2.0-OpenSSH\r\n"), -EPROTO },
	/* fields: the rules of requests */
	{ T(L "X : a\r\n\r\n"), -EPROTO },
	{ T(L " X: a\r\n\r\n"), -EPROTO },
	{ T(L "X: a\r\n b\r\n\r\n"), -EPROTO },
	{ T(L "X\r\n\r\n"), -EPROTO },
	{ T(L ": x\r\n\r\n"), -EPROTO },
	{ T(L "X: a\nY: b\r\n\r\n"), -EPROTO },
	{ T(L "X: a\0b\r\n\r\n"), -EPROTO },
	{ T(L "\rX"), -EPROTO },
	{ T(L "\n"), -EPROTO },
	/* what decides where the body ends */
	{ T(L "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), -EPROTO },
	{ T(L "Content-Length: 01\r\n\r\n"), -EPROTO },
	{ T(L "Content-Length: +1\r\n\r\n"), -EPROTO },
	{ T(L "Content-Length: 1, 1\r\n\r\n"), -EPROTO },
	{ T(L "Content-Length:\r\n\r\n"), -EPROTO },
	{ T(L "Content-Length: 99999999999999999999\r\n\r\n"), -EPROTO },
	{ T(L "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), -EPROTO },
	{ T(L "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), -EPROTO },
	{ T(L "Transfer-Encoding: gzip, chunked\r\n\r\n"), -EPROTO },
	{ T("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), -EPROTO },
};

static void heads_good_and_bad(void **state)
{
	struct vg_answer a;
	const char *why;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		int want = heads[i].ret ?: (int)heads[i].n, ret;
		/* of its exact size: one byte too far is the sanitizer's */
		char *copy = malloc(heads[i].n);

		memcpy(copy, heads[i].text, heads[i].n);
		why = NULL;
		ret = vg_answer_head(&a, VG_GET, copy, heads[i].n, &why);
		if (ret != want)
			fail_msg("head %zu (%s): %d instead of %d", i, heads[i].text, ret, want);
		if (ret < 0)
			assert_non_null(why);
		/* whatever the cut: more is asked for until it is decided, and never decided otherwise */
		for (n = 0; n < heads[i].n; n++) {
			ret = vg_answer_head(&a, VG_GET, copy, n, &why);
			if (ret != 0 && ret != want)
				fail_msg("head %zu cut at %zu: %d", i, n, ret);
			if (ret < 0)
				break;
		}
		free(copy);
	}
}

/* @count fields of @each bytes with CRLF; malloc'd */
static char *many_fields(size_t count, size_t each, size_t *n)
{
	char *text = malloc(sizeof(L) + count * each + 2);
	size_t i;

	*n = sizeof(L) - 1;
	memcpy(text, L, *n);
	for (i = 0; i < count; i++) {
		memset(text + *n, 'x', each);
		memcpy(text + *n, "X: ", 3);
		memcpy(text + *n + each - 2, "\r\n", 2);
		*n += each;
	}
	memcpy(text + *n, "\r\n", 2);
	*n += 2;
	return text;
}

static void limits_of_heads(void **state)
{
	static const struct {
		size_t count, each;
		bool ok;
	} cases[] = {
		{ VG_HEADER_FIELDS_MAX, 10, true },
		{ VG_HEADER_FIELDS_MAX + 1, 10, false },
		{ 1, VG_HEADER_BYTES_MAX - 2, true },
		{ 1, VG_HEADER_BYTES_MAX - 1, false },
		{ 16, VG_HEADER_BYTES_MAX / 16, false },
		{ 2, 100000, false },
	};
	struct vg_answer a;
	const char *why;
	char *text;
	size_t i, n;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		text = many_fields(cases[i].count, cases[i].each, &n);
		ret = vg_answer_head(&a, VG_GET, text, n, &why);
		assert_int_equal(ret, cases[i].ok ? (int)n : -E2BIG);
		free(text);
	}
	/* a first line that never ends is waited for up to its limit */
	text = malloc(VG_REQUEST_LINE_MAX);
	memset(text, 'x', VG_REQUEST_LINE_MAX);
	memcpy(text, L, 13);
	assert_int_equal(vg_answer_head(&a, VG_GET, text, VG_REQUEST_LINE_MAX - 1, &why), 0);
	assert_int_equal(vg_answer_head(&a, VG_GET, text, VG_REQUEST_LINE_MAX, &why), -E2BIG);
	free(text);
}

static void framings(void **state)
{
	static const struct {
		const char *head;
		enum vg_method method;
		enum vg_framing framing;
		bool keep;
	} cases[] = {
		{ L "Content-Length: 5\r\n\r\n", VG_GET, VG_BODY_LENGTH, true },
		{ L "Content-Length: 5\r\n\r\n", VG_HEAD, VG_BODY_NONE, true },
		{ L "Content-Length: 0\r\n\r\n", VG_GET, VG_BODY_NONE, true },
		{ L "Content-Length: 5\r\nConnection: close\r\n\r\n", VG_GET, VG_BODY_LENGTH, false },
		{ L "Content-Length: 5\r\nConnection: x, Close\r\n\r\n", VG_GET, VG_BODY_LENGTH, false },
		{ L "Transfer-Encoding: chunked\r\n\r\n", VG_POST, VG_BODY_CHUNKED, true },
		{ L "\r\n", VG_GET, VG_BODY_CLOSE, false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", VG_GET, VG_BODY_LENGTH, false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", VG_GET,
		  VG_BODY_LENGTH, true },
		{ "HTTP/1.1 204 No Content\r\n\r\n", VG_DELETE, VG_BODY_NONE, true },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", VG_GET, VG_BODY_NONE, true },
		{ "HTTP/1.1 100 Continue\r\n\r\n", VG_PUT, VG_BODY_NONE, true },
	};
	struct vg_answer a;
	const char *why;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].head);

		assert_int_equal(vg_answer_head(&a, cases[i].method, cases[i].head, n, &why), n);
		if (a.framing != cases[i].framing || a.keep_alive != cases[i].keep)
			fail_msg("case %zu: framing %d, keep-alive %d", i, a.framing, a.keep_alive);
		assert_int_equal(a.done, a.framing == VG_BODY_NONE);
		assert_int_equal(vg_answer_eof(&a), a.framing == VG_BODY_CLOSE || a.framing == VG_BODY_NONE ?
				 0 : -ECONNRESET);
	}
}

static void fields_by_name(void **state)
{
	static const char head[] = L "Virgo-Node: 7\r\nA: 1\r\na: 2\r\nEmpty:\r\n\r\n";
	struct vg_answer a;
	const char *why;

	assert_int_equal(vg_answer_head(&a, VG_GET, head, sizeof(head) - 1, &why), sizeof(head) - 1);
	assert_true(vg_str_is(vg_answer_field(&a, "virgo-node"), "7"));
	assert_true(vg_str_is(vg_answer_field(&a, "A"), "1"));
	assert_non_null(vg_answer_field(&a, "empty").p);
	assert_int_equal(vg_answer_field(&a, "empty").n, 0);
	assert_null(vg_answer_field(&a, "virgo").p);
}

/* Feed @body in pieces of @step; what comes out goes to @out. The number of bytes eaten, or -EPROTO */
static ssize_t feed(const char *head, const char *body, size_t n, size_t step, char *out, size_t *got,
		    struct vg_answer *a)
{
	const char *why;
	size_t at = 0;

	assert_int_equal(vg_answer_head(a, VG_GET, head, strlen(head), &why), strlen(head));
	*got = 0;
	while (at < n && !a->done) {
		size_t now = min(step, n - at);
		struct vg_str data;
		ssize_t ate = vg_answer_body(a, body + at, now, &data);

		if (ate < 0)
			return ate;
		assert_true((size_t)ate == now || data.n || a->done);
		memcpy(out + *got, data.p, data.n);
		*got += data.n;
		at += ate;
	}
	return at;
}

static void bodies(void **state)
{
	static const char length[] = L "Content-Length: 11\r\n\r\n", chunked[] = L "Transfer-Encoding: chunked\r\n\r\n";
	static const char close[] = L "\r\n";
	static const struct {
		const char *head, *body;
		ssize_t eaten;		/* -EPROTO: refused */
		bool done;
	} cases[] = {
		{ length, "hello world", 11, true },
		{ length, "hello worldHTTP/1.1", 11, true },
		{ length, "hello worl", 10, false },
		{ chunked, "b\r\nhello world\r\n0\r\n\r\n", 21, true },
		{ chunked, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nHTTP", 26, true },
		{ chunked, "0000005\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 32, true },
		{ chunked, "5\r\nhello\r\n6\r\n world\r\n0\r\n", 24, false },
		{ chunked, "5\r\nhelloX", -EPROTO, false },
		{ chunked, "5;x=y\r\nhello\r\n", -EPROTO, false },
		{ chunked, "00000005\r\nhello\r\n", -EPROTO, false },
		{ chunked, "5\nhello\r\n", -EPROTO, false },
		{ chunked, "\r\n", -EPROTO, false },
		{ chunked, "0\r\nTrailer: x\r\n\r\n", -EPROTO, false },
		{ close, "hello world", 11, false },
	};
	char out[64];
	struct vg_answer a;
	size_t i, step, got;
	ssize_t ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		for (step = 1; step < 40; step++) {
			size_t n = strlen(cases[i].body);
			char *copy = malloc(n);

			memcpy(copy, cases[i].body, n);
			ret = feed(cases[i].head, copy, n, step, out, &got, &a);
			free(copy);
			if (cases[i].eaten < 0) {
				assert_int_equal(ret, -EPROTO);
				continue;
			}
			if (ret != cases[i].eaten || a.done != cases[i].done)
				fail_msg("case %zu in steps of %zu: eaten %zd, done %d", i, step, ret, a.done);
			if (a.done || a.framing == VG_BODY_CLOSE)
				assert_true(got == 11 && !memcmp(out, "hello world", 11));
			got = a.done || a.framing == VG_BODY_CLOSE;
			assert_int_equal(vg_answer_eof(&a), got ? 0 : -ECONNRESET);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_good_and_bad),
		cmocka_unit_test(limits_of_heads),
		cmocka_unit_test(framings),
		cmocka_unit_test(fields_by_name),
		cmocka_unit_test(bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
