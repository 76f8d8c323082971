// SPDX-License-Identifier: GPL-3.0-or-later
/* A connection from bytes to bytes: requests and lines, good and hostile, in pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn_env.h"

#define H "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" H "\r\n"
#define T(text) text, sizeof(text) - 1

/* Does the connection live on after all this, with nothing left to say? */
static bool is_open(struct vg_conn *c)
{
	return vg_conn_wants(c) == VG_WANT_READ && c->state != VG_CONN_LINGER;
}

/* Send @text in pieces of @step, take all answers; the connection, still to be freed */
static struct vg_conn *talk(const char *text, size_t n, size_t step, struct env_out *out)
{
	struct vg_conn *c = env_conn();
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	assert_non_null(c);
	while (at < n) {
		size_t took = vg_conn_input(c, text + at, min(step, n - at));

		env_take(c, out, SIZE_MAX);
		if (!took && !(vg_conn_wants(c) & VG_WANT_READ))
			break;
		at += took;
	}
	return c;
}

/* The statuses of all answers in @out, as "200 404", checking each one's form on the way */
static void answers(const struct env_out *out, bool head, char *to)
{
	const char *p = out->p, *end, *len;

	*to = '\0';
	while (p && *p) {
		unsigned int status;
		size_t n = 0;

		if (sscanf(p, "HTTP/1.1 %3u ", &status) != 1)
			fail_msg("no status line: %s", p);
		to += sprintf(to, "%s%u", to[0] || p != out->p ? " " : "", status);
		end = strstr(p, "\r\n\r\n");
		assert_non_null(end);
		if (status == 100) {
			p = end + 4;
			continue;
		}
		assert_true(strstr(p, "\r\nDate: ") < end);
		assert_true(strstr(p, "\r\nVirgo-Node: 1\r\nVirgo-Clock: ") < end);
		len = strstr(p, "\r\nContent-Length: ");
		if (len && len < end)
			n = strtoul(len + 18, NULL, 10);
		assert_true((status == 204) == !(len && len < end));
		if (status >= 400 && !head)
			assert_true(strstr(p, "application/problem+json") < end);
		p = end + 4 + (head ? 0 : n);
		assert_true(p <= out->p + out->n);
	}
}

static const struct {
	const char *text;
	size_t n;
	const char *want;	/* statuses */
	bool open;
} cases[] = {
	{ T(GET("/v1/mem/a")), "200", true },
	{ T(GET("/healthz")), "200", true },
	{ T(GET("/v1/mem/a") GET("/v1/mem/miss") GET("/healthz")), "200 404 200", true },
	{ T("\r\n" GET("/v1/mem/a")), "200", true },
	{ T(GET("/v1/mem/a") "\r\n"), "200 400", false },
	{ T("GET /v1/mem/a HTTP/1.1\r\n\r\n"), "400", true },
	{ T("GET /v1/mem/a HTTP/1.0\r\n\r\n" GET("/v1/mem/a")), "200", false },
	{ T("GET /v1/mem/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET("/v1/mem/a")), "200 200", true },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "Connection: close\r\n\r\n" GET("/v1/mem/a")), "200", false },
	{ T("GET /v1/mem/a HTTP/2.0\r\n" H "\r\n"), "505", false },
	/* routes and methods */
	{ T(GET("/v1/nothing") GET("/v1/mem/a")), "404 200", true },
	{ T(GET("/v1/mem/") GET("/v1/mem/a/b") GET("/")), "404 404 404", true },
	{ T(GET("/v1/a/1/b/2")), "200", true },
	{ T("DELETE /v1/big HTTP/1.1\r\n" H "\r\n" GET("/healthz")), "405 200", true },
	{ T("OPTIONS /v1/mem/a HTTP/1.1\r\n" H "\r\n"), "405", true },
	{ T("PATCH /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx"), "405", false },
	{ T("OPTIONS * HTTP/1.1\r\n" H "\r\n"), "400", true },
	{ T(GET("/healthz") "BREW /v1/mem/a HTTP/1.1\r\n" H "\r\n"), "200 501", true },
	{ T("GET http://h/v1/mem/a HTTP/1.1\r\n" H "\r\n"), "400", true },
	/* targets */
	{ T(GET("/v1/mem/%61")), "400", true },
	{ T(GET("/v1/mem/a%2fb")), "400", true },
	{ T(GET("/v1/mem/a%2Fb")), "200", true },
	{ T(GET("/v1//mem")), "400", true },
	{ T(GET("/v1/../mem")), "400", true },
	{ T(GET("/v1/mem?")), "400", true },
	{ T(GET("/v1/mem?limit=5")), "200", true },
	{ T(GET("/v1/mem?limit=5&after=a")), "400", true },
	{ T(GET("/v1/mem?after=a&limit=5")), "200", true },
	{ T(GET("/v1/mem?limit=0")), "400", true },
	{ T(GET("/v1/mem?limit=x")), "400", true },
	{ T(GET("/v1/mem?other=x")), "400", true },
	{ T(GET("/v1/mem/a?limit=5")), "400", true },
	/* bodies */
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc" GET("/healthz")), "204 200", true },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n" GET("/healthz")), "204 200", true },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "\r\n" GET("/healthz")), "411 200", true },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"), "200", true },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	    "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" GET("/healthz")), "200 200", true },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n"), "400", false },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n"), "400", false },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"), "413", false },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 200001\r\n\r\n"), "413", false },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello" GET("/healthz")), "400", false },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n" GET("/healthz")), "200 200", true },
	{ T("DELETE /v1/mem/a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400", false },
	/* smuggling: the rest is never looked at as a request */
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n" GET("/v1/mem/a")), "400", false },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 4\r\nContent-Length: 5\r\n\r\nhello"), "400", false },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H H "\r\n" GET("/healthz")), "400", false },
	{ T("GET /v1/mem/a HTTP/1.1\n" H "\n\n"), "400", false },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"), "400", false },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "X : a\r\n\r\n"), "400", false },
	{ T("POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 99\r\n\r\nvirgo_cloud_get(1)\n"), "", true },
	{ T(GET("/healthz") "virgo_cloud_get(1)\r\n\r\n"), "200 400", false },
	/* expectations */
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"), "100", true },
	{ T("PUT /v1/big HTTP/1.1\r\n" H "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"), "405", false },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 200001\r\nExpect: 100-continue\r\n\r\n"), "413", false },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 3\r\nExpect: x\r\n\r\n"), "417", false },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n"), "204", true },
	/* conditions */
	{ T("GET /v1/big HTTP/1.1\r\n" H "Range: bytes=0-9\r\n\r\n"), "206", true },
	{ T("GET /v1/big HTTP/1.1\r\n" H "Range: bytes=100000-\r\n\r\n"), "416", true },
	{ T("GET /v1/big HTTP/1.1\r\n" H "Range: bytes=0-9\r\nIf-Range: \"7\"\r\n\r\n"), "206", true },
	{ T("GET /v1/big HTTP/1.1\r\n" H "Range: bytes=0-9\r\nIf-Range: \"6\"\r\n\r\n"), "200", true },
	{ T("GET /v1/big HTTP/1.1\r\n" H "Range: bytes=0-9\r\nIf-Range: W/\"7\"\r\n\r\n"), "200", true },
	{ T("GET /v1/big HTTP/1.1\r\n" H "If-Range: Sun, 22 Nov 2026 11:14:42 GMT\r\nRange: bytes=200000-\r\n\r\n"), "200", true },
	{ T("GET /v1/big HTTP/1.1\r\n" H "Range: bytes=0-1,3-4\r\n\r\n"), "200", true },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "If-Match: \"7\"\r\nContent-Length: 1\r\n\r\nx"), "204", true },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "If-Match: \"8\"\r\nContent-Length: 1\r\n\r\nx"), "412", true },
	{ T("PUT /v1/mem/a HTTP/1.1\r\n" H "If-Match: 8\r\nContent-Length: 1\r\n\r\nx"), "400", true },
	/* clocks */
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "Virgo-Clock: 1795346739.000001\r\n\r\n"), "200", true },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "Virgo-Clock: now\r\n\r\n"), "400", true },
	{ T("GET /v1/mem/a HTTP/1.1\r\n" H "Virgo-Clock: 95617584000000.0\r\n\r\n"), "400", true },
};

static void requests_get_their_answers(void **state)
{
	static const size_t steps[] = { SIZE_MAX, 1, 2, 3, 7, 64 };
	struct env_out out;
	char got[256];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (k = 0; k < ARRAY_SIZE(steps); k++) {
			u32 runs = env_runs;
			struct vg_conn *c = talk(cases[i].text, cases[i].n, steps[k], &out);
			const char *want = cases[i].want;

			answers(&out, false, got);
			/* a byte of the body that came with the head makes 100 needless, and only then */
			if (strcmp(got, want) &&
			    !(!strncmp(got, "100 ", 4) && !strcmp(got + 4, want)))
				fail_msg("case %zu in steps of %zu: \"%s\" instead of \"%s\": %s", i,
					 steps[k], got, want, cases[i].text);
			if (is_open(c) != cases[i].open)
				fail_msg("case %zu in steps of %zu: open %d, state %d: %s", i, steps[k],
					 is_open(c), c->state, cases[i].text);
			if (!strncmp(want, "400", 3) && env_runs != runs && !strstr(cases[i].text, "?l") &&
			    !strstr(cases[i].text, "If-"))
				fail_msg("case %zu: a handler ran", i);
			free(out.p);
			vg_conn_free(c);
		}
	}
	assert_int_equal(env_refs, 0);
}

static void heads_are_answered_without_body(void **state)
{
	static const char text[] = "HEAD /v1/mem/a HTTP/1.1\r\n" H "\r\n"
		"HEAD /v1/big HTTP/1.1\r\n" H "\r\nHEAD /v1/nothing HTTP/1.1\r\n" H "\r\n";
	struct env_out out;
	struct vg_conn *c = talk(T(text), SIZE_MAX, &out);
	char got[64];

	answers(&out, true, got);
	assert_string_equal(got, "200 200 404");
	assert_non_null(strstr(out.p, "Content-Length: 100\r\n"));
	assert_non_null(strstr(out.p, "Content-Length: 100000\r\n"));
	assert_non_null(strstr(out.p, "ETag: \"7\"\r\n"));
	assert_int_equal(env_refs, 0);
	free(out.p);
	vg_conn_free(c);
}

static void problems_say_what(void **state)
{
	struct env_out out;
	struct vg_conn *c;

	c = talk(T("GET /v1/mem/a%2fb\"\x80 HTTP/1.1\r\n" H "\r\n"), SIZE_MAX, &out);
	assert_non_null(strstr(out.p, "\"status\":400,\"title\":\"Bad Request\",\"code\":\"http.target_not_canonical\",\"detail\":\""));
	assert_non_null(strstr(out.p, "canonical form is /v1/mem/a%2Fb%22%80"));
	free(out.p);
	vg_conn_free(c);
	c = talk(T("PUT /v1/big HTTP/1.1\r\n" H "\r\n"), SIZE_MAX, &out);
	assert_non_null(strstr(out.p, "\r\nAllow: GET, HEAD\r\n"));
	free(out.p);
	vg_conn_free(c);
	env_head_status = 401;
	c = talk(T(GET("/v1/mem/a") GET("/healthz")), SIZE_MAX, &out);
	assert_non_null(strstr(out.p, "\r\nWWW-Authenticate: VIRGO4-HMAC-SHA256 realm=\"lab\"\r\n"));
	assert_non_null(strstr(out.p, "\"server_time\":\"20"));
	assert_non_null(strstr(out.p, "\r\n\r\nok\n"));
	free(out.p);
	vg_conn_free(c);
	env_head_status = 0;
}

/* A detail with foreign bytes stays one JSON string, cut at a character. */
static void details_are_escaped(void **state)
{
	char long_text[1000], doc[2000];
	struct vg_conn *c = env_conn();
	struct env_out out = {};
	size_t i;

	vg_request_reset(c);
	vg_problem(&c->req, 409, "a.b", "q\" b\\ n\n u\xc3\xa9");
	env_take(c, &out, SIZE_MAX);
	assert_non_null(strstr(out.p, "\"detail\":\"q\\\" b\\\\ n\\u000a u\xc3\xa9\"}"));
	free(out.p);
	memset(&out, 0, sizeof(out));
	vg_request_reset(c);
	vg_problem(&c->req, 409, "a.b", "bad \xff utf8 \xc3\xa9");
	env_take(c, &out, SIZE_MAX);
	assert_non_null(strstr(out.p, "\"detail\":\"bad ? utf8 ??\"}"));
	free(out.p);
	for (i = 0; i < sizeof(long_text) - 1; i++)
		long_text[i] = i % 7 ? '\1' : '"';
	long_text[i] = '\0';
	memset(&out, 0, sizeof(out));
	vg_request_reset(c);
	vg_problem(&c->req, 503, "a.b", "%s", long_text);
	env_take(c, &out, SIZE_MAX);
	assert_non_null(strstr(out.p, "Retry-After: 1\r\n"));
	strcpy(doc, strstr(out.p, "\r\n\r\n") + 4);
	assert_true(strlen(doc) < 1024);
	assert_string_equal(doc + strlen(doc) - 3, "\"}\n");
	free(out.p);
	vg_conn_free(c);
}

/* No handler can smuggle a line into the head. */
static void headers_stay_lines(void **state)
{
	struct vg_conn *c = env_conn();
	struct env_out out = {};

	vg_request_reset(c);
	vg_reply_header(&c->req, "X", "a\r\nSet-Cookie: b");
	vg_reply(&c->req, 200);
	env_take(c, &out, SIZE_MAX);
	assert_non_null(strstr(out.p, "\r\nX: a??Set-Cookie: b\r\n"));
	free(out.p);
	vg_conn_free(c);
}

static void bodies_arrive_whole(void **state)
{
	static const size_t sizes[] = { 1, 100, 4000, 5000, 70000, 200000 };
	static const size_t steps[] = { 1, 13, 5000, SIZE_MAX };
	char *text = malloc(500000), *body = malloc(200000), *want = malloc(500000);
	size_t i, k, chunk, n, at;

	for (i = 0; i < 200000; i++)
		body[i] = 'a' + i % 23;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < 4; k++) {
			for (chunk = 0; chunk <= 5000; chunk = chunk ? chunk * 17 : 1 + 3 * (i > 2)) {
				struct env_out out;
				struct vg_conn *c;
				struct sha256_ctx sha;
				u8 hash[32];

				n = sprintf(text, "POST /v1/echo HTTP/1.1\r\n" H);
				if (!chunk) {
					n += sprintf(text + n, "Content-Length: %zu\r\n\r\n", sizes[i]);
					memcpy(text + n, body, sizes[i]);
					n += sizes[i];
				} else {
					n += sprintf(text + n, "Transfer-Encoding: chunked\r\n\r\n");
					for (at = 0; at < sizes[i];) {
						size_t part = min(chunk, sizes[i] - at);

						if (n > 490000)
							break;
						n += sprintf(text + n, "%zx\r\n", part);
						memcpy(text + n, body + at, part);
						n += part;
						n += sprintf(text + n, "\r\n");
						at += part;
					}
					if (at < sizes[i])
						continue;
					n += sprintf(text + n, "0\r\n\r\n");
				}
				env_hash = true;
				c = talk(text, n, steps[k], &out);
				env_hash = false;
				assert_non_null(out.p);
				assert_true(is_open(c));
				at = sprintf(want, "Content-Length: %zu\r\n\r\n", sizes[i]);
				memcpy(want + at, body, sizes[i]);
				assert_non_null(memmem(out.p, out.n, want, at + sizes[i]));
				sha256_init(&sha);
				sha256_update(&sha, sizes[i], (u8 *)body);
				sha256_digest(&sha, 32, hash);
				assert_memory_equal(hash, env_hash_seen, 32);
				free(out.p);
				vg_conn_free(c);
			}
		}
	}
	free(text);
	free(body);
	free(want);
}

/* Neither a long body nor a full buffer of requests keeps the processor from others. */
static void work_takes_turns(void **state)
{
	static const char one[] = GET("/v1/mem/a"), put[] = "POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 200000\r\n\r\n";
	struct vg_conn *c = env_conn();
	char many[40 * (sizeof(one) - 1)];
	size_t room;
	u32 i, was;

	for (i = 0; i < 40; i++)
		memcpy(many + i * (sizeof(one) - 1), one, sizeof(one) - 1);
	assert_true(sizeof(many) < VG_IN_MIN);
	was = env_rests;
	assert_int_equal(vg_conn_input(c, many, sizeof(many)), sizeof(many));
	assert_true(env_rests - was >= 40);
	vg_conn_free(c);

	c = env_conn();
	env_hash = true;
	vg_conn_input(c, T(put));
	memset(vg_conn_space(c, &room), 'x', 200000);
	assert_int_equal(room, 200000);
	was = env_rests;
	vg_conn_received(c, room);
	env_hash = false;
	assert_true(env_rests - was >= 200000 / 65536);
	vg_conn_free(c);
}

/* A head that fills the buffer leaves room for the framing of chunks behind it. */
static void chunked_after_long_head(void **state)
{
	char text[24000];
	size_t pad, n;

	for (pad = 3900; pad < 4100; pad++) {
		struct env_out out;
		struct vg_conn *c;

		n = sprintf(text, GET("/healthz") "POST /v1/echo HTTP/1.1\r\n" H "X: %0*d\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", (int)pad, 0);
		c = talk(text, n, pad % 3 ? 1 + pad % 100 : SIZE_MAX, &out);
		assert_true(is_open(c));
		assert_non_null(strstr(out.p, "\r\n\r\nhello"));
		free(out.p);
		vg_conn_free(c);
	}
}

static void line_commands(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want;
		bool open;
	} lines[] = {
		{ T("virgo_cloud_get(5)\n"), "[5]\n", true },
		{ T("virgo_cloud_get( \"5\" )\r\n"), "[5]\n", true },
		{ T("\r\n\nvirgo_cloud_get(5)\n\n\r\nvirgo_cloud_get(6)\n"), "[5]\n[6]\n", true },
		{ T("virgo_cloud_get()\n"), "[]\n", true },
		{ T("virgo_cloud_set(5,a,b (c) \"d\" )\n"), "[5][a,b (c) \"d\" ]\n", true },
		{ T("virgo_cloud_set(\"5\",)\n"), "[5][]\n", true },
		{ T("virgo_cloud_set(5)\n"), "error: line.arguments: virgo_cloud_set: too few arguments\n", true },
		{ T("virgo_cloud_get(5,6)\n"), "error: line.arguments: virgo_cloud_get: too many arguments\n", true },
		{ T("virgo_cloud_get(\"5)\n"), "error: line.arguments: virgo_cloud_get: a double quote is not closed\n", true },
		{ T("virgo_cloud_get(\"5\"6)\n"), "error: line.arguments: virgo_cloud_get: only a comma may follow a quoted argument\n", true },
		{ T("virgo_cloud_get 5\n"), "error: line.arguments: virgo_cloud_get: arguments stand in parentheses, which end the line\n", true },
		{ T("virgo_cloud_get(5\n"), "error: line.arguments: virgo_cloud_get: arguments stand in parentheses, which end the line\n", true },
		{ T("virgo_cloud_get\n"), "error: line.arguments: virgo_cloud_get: arguments stand in parentheses, which end the line\n", true },
		{ T("nonsense\nvirgo_cloud_get(5)\n"), "error: line.unknown: no command nonsense on mempool\n[5]\n", true },
		{ T("virgo_cloud_get(5)\nGET / HTTP/1.1\r\n"), "[5]\nerror: line.unknown: no command GET on mempool\n", true },
		{ T("GET\0 / HTTP/1.1\r\n"), "error: line.malformed: byte 4 is 0x00, a control byte\n", false },
		{ T("\x16\x03\x01\x02"), "error: line.tls: this port does not speak TLS: use http://\n", false },
		{ T("virgo_cloud_get(5)\rvirgo_cloud_get(6)\n"), "error: line.malformed: byte 19 is 0x0d, a control byte\n", false },
		{ T("a\x1b[2J\n"), "error: line.malformed: byte 2 is 0x1b, a control byte\n", false },
		{ T("virgo_cloud_get(5"), "", true },
	};
	size_t i, step;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		for (step = 1; step < 30; step += 7) {
			struct env_out out;
			struct vg_conn *c = talk(lines[i].text, lines[i].n, step == 29 ? SIZE_MAX : step,
						 &out);

			if (strcmp(out.p ?: "", lines[i].want) || is_open(c) != lines[i].open)
				fail_msg("case %zu in steps of %zu: %s (open %d)", i, step, out.p,
					 is_open(c));
			free(out.p);
			vg_conn_free(c);
		}
	}
}

static void lines_have_a_limit(void **state)
{
	char text[5000];
	struct env_out out;
	struct vg_conn *c;

	memset(text, 'x', sizeof(text));
	text[VG_LINE_MAX] = '\r';
	text[VG_LINE_MAX + 1] = '\n';
	c = talk(text, VG_LINE_MAX + 2, 100, &out);
	assert_true(is_open(c));
	assert_non_null(strstr(out.p, "line.unknown"));
	free(out.p);
	vg_conn_free(c);
	text[VG_LINE_MAX] = 'x';
	c = talk(text, VG_LINE_MAX + 1, 100, &out);
	assert_false(is_open(c));
	assert_non_null(strstr(out.p, "error: line.too_long: "));
	free(out.p);
	vg_conn_free(c);
	c = talk(T("big\nbig\nvirgo_cloud_get(1)\n"), SIZE_MAX, &out);
	assert_int_equal(out.n, 2 * (sizeof(env_big) + 1) + 4);
	free(out.p);
	vg_conn_free(c);
}

static void refused_line_closes(void **state)
{
	struct env_out out;
	struct vg_conn *c;

	env_line_refused = true;
	c = talk(T("virgo_cloud_get(5)\nvirgo_cloud_get(5)\n"), SIZE_MAX, &out);
	assert_string_equal(out.p, "error: auth.plaintext_off: use HTTP with a signature\n");
	assert_false(is_open(c));
	free(out.p);
	vg_conn_free(c);
	c = talk(T("nonsense\n"), SIZE_MAX, &out);
	assert_string_equal(out.p, "error: auth.plaintext_off: use HTTP with a signature\n");
	assert_false(is_open(c));
	env_line_refused = false;
	free(out.p);
	vg_conn_free(c);
}

/* After the last answer: shut down, drain, end. */
static void closing_lingers(void **state)
{
	struct env_out out;
	struct vg_conn *c = talk(T("GET / HTTP/9.9\r\n\r\n"), SIZE_MAX, &out);
	char junk[3000] = "";
	size_t room, sum = 0;

	assert_int_equal(vg_conn_wants(c), VG_WANT_SHUT);
	assert_non_null(strstr(out.p, "\r\nConnection: close\r\n"));
	vg_conn_shut(c);
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	while (vg_conn_wants(c) == VG_WANT_READ) {
		assert_non_null(vg_conn_space(c, &room));
		room = min(room, sizeof(junk));
		vg_conn_received(c, room);
		sum += room;
	}
	assert_true(sum > VG_LINGER_BYTES && sum <= VG_LINGER_BYTES + sizeof(junk));
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);

	c = talk(T("GET / HTTP/9.9\r\n\r\n"), SIZE_MAX, &out);
	vg_conn_shut(c);
	vg_conn_eof(c, 0);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);

	c = talk(T("GET / HTTP/9.9\r\n\r\n"), SIZE_MAX, &out);
	vg_conn_shut(c);
	assert_false(vg_conn_expired(c, vg_mono_ms() + VG_LINGER_MS / 2));
	assert_true(vg_conn_expired(c, vg_mono_ms() + 2 * VG_LINGER_MS));
	vg_conn_timeout(c, vg_mono_ms() + 2 * VG_LINGER_MS);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);
}

/* Who shuts down the sending side after a request still gets the answer. */
static void half_closed_peer_is_answered(void **state)
{
	struct vg_conn *c = env_conn();
	struct env_out out = {};

	vg_conn_input(c, T(GET("/v1/big")));
	vg_conn_eof(c, 0);
	assert_int_equal(vg_conn_wants(c), VG_WANT_WRITE);
	env_take(c, &out, SIZE_MAX);
	assert_true(out.n > sizeof(env_big));
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);

	c = env_conn();
	vg_conn_input(c, T("POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nhell"));
	vg_conn_eof(c, 0);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	vg_conn_free(c);
}

static void pending_requests(void **state)
{
	struct env_out out = {};
	struct vg_conn *c = env_conn();
	u32 drops = env_drops;

	vg_conn_input(c, T(GET("/v1/wait") GET("/healthz")));
	assert_int_equal(vg_conn_wants(c), 0);
	assert_false(vg_conn_expired(c, U64_MAX));
	vg_conn_kicked(c);			/* too early: nothing happens */
	assert_int_equal(vg_conn_wants(c), 0);
	vg_req_finish(env_waiting, env_wait_done);
	vg_conn_kicked(c);
	env_take(c, &out, SIZE_MAX);
	assert_non_null(strstr(out.p, "\r\n\r\ndoneHTTP/1.1 200"));
	assert_non_null(strstr(out.p, "\r\n\r\nok\n"));
	assert_int_equal(env_drops, drops + 1);
	assert_true(is_open(c));
	free(out.p);

	/* the peer goes away meanwhile: no close before the handler is done */
	vg_conn_input(c, T(GET("/v1/wait")));
	vg_conn_eof(c, -ECONNRESET);
	assert_int_equal(vg_conn_wants(c), 0);
	vg_req_finish(env_waiting, env_wait_done);
	vg_conn_kicked(c);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	assert_int_equal(env_drops, drops + 2);
	vg_conn_free(c);

	/* half closed: the answer still goes out */
	c = env_conn();
	memset(&out, 0, sizeof(out));
	vg_conn_input(c, T(GET("/v1/wait")));
	vg_conn_eof(c, 0);
	assert_int_equal(vg_conn_wants(c), 0);
	vg_req_finish(env_waiting, env_wait_done);
	vg_conn_kicked(c);
	env_take(c, &out, SIZE_MAX);
	assert_non_null(strstr(out.p, "\r\n\r\ndone"));
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);

	/* a line */
	c = env_conn();
	memset(&out, 0, sizeof(out));
	vg_conn_input(c, T("wait\nvirgo_cloud_get(1)\n"));
	vg_req_finish(env_waiting, env_wait_done);
	vg_conn_kicked(c);
	env_take(c, &out, SIZE_MAX);
	assert_string_equal(out.p, "done\n[1]\n");
	free(out.p);
	vg_conn_free(c);
}

static void handler_errors_are_answered(void **state)
{
	static const struct {
		int ret;
		const char *want;
	} rets[] = { { -ENOMEM, "503" }, { -EIO, "500" }, { 0, "500" } };
	char got[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rets); i++) {
		struct env_out out;
		struct vg_conn *c;

		env_ret = rets[i].ret;
		c = talk(T(GET("/v1/ret") GET("/healthz")), SIZE_MAX, &out);
		answers(&out, false, got);
		assert_memory_equal(got, rets[i].want, 3);
		assert_string_equal(got + 3, " 200");
		free(out.p);
		vg_conn_free(c);
	}
}

/* A peer that does not read is not read from; nothing is lost when it does. */
/* A builder that has grown far past its text does not wait for the peer along with it. */
static void waiting_answers_have_no_slack(void **state)
{
	struct vg_conn *c = env_conn();
	struct vg_buf b;

	vg_request_reset(c);
	vg_buf_init(&b, NULL, 0, 1 << 20);
	assert_non_null(vg_buf_reserve(&b, 1 << 20));
	vg_buf_put(&b, env_big, 5000);
	vg_reply_text(&c->req, 200, "text/plain", &b);
	vg_request_end(c);
	assert_int_equal(c->nr_refs, 1);
	assert_int_equal(c->ref[0].n, 5000);
	assert_true(ksize(c->ref[0].obj) < 10000);
	vg_conn_free(c);
}

static void backpressure(void **state)
{
	static const char one[] = GET("/v1/big");
	struct vg_conn *c = env_conn();
	struct env_out out = {};
	size_t sent = 0, n;
	char got[4096];
	u32 i;

	for (i = 0; i < 100; i++) {
		n = vg_conn_input(c, one, sizeof(one) - 1);
		sent += n;
		if (n < sizeof(one) - 1)
			break;
	}
	assert_true(sent < 100 * (sizeof(one) - 1));
	assert_false(vg_conn_wants(c) & VG_WANT_READ);
	assert_true(c->out_bytes < 2 * VG_OUT_HIGH + sizeof(env_big));
	while (env_take(c, &out, 7777))
		;
	for (; sent < 10 * (sizeof(one) - 1); sent += n) {
		n = vg_conn_input(c, one + sent % (sizeof(one) - 1), 1);
		env_take(c, &out, SIZE_MAX);
		assert_int_equal(n, 1);
	}
	answers(&out, false, got);
	assert_true(strlen(got) >= 10 * 4 - 1);
	assert_int_equal(env_refs, 0);
	free(out.p);
	vg_conn_free(c);

	/* small answers: the linear output stays bounded too */
	c = env_conn();
	for (i = 0; i < 10000; i++)
		if (vg_conn_input(c, T(GET("/v1/mem/a"))) < sizeof(GET("/v1/mem/a")) - 1)
			break;
	assert_true(i < 1000);
	assert_true(c->out_cap <= VG_OUT_MAX);
	memset(&out, 0, sizeof(out));
	vg_conn_eof(c, 0);
	env_take(c, &out, SIZE_MAX);
	answers(&out, false, got);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);
}

static void deadlines(void **state)
{
	struct env_out out = {};
	struct vg_config *cfg;
	struct vg_config quiet;
	struct vg_conn *c;
	u64 now = vg_mono_ms();

	/* nothing at all: 10 s, and not a word */
	c = env_conn();
	assert_false(vg_conn_expired(c, now + 9000));
	vg_conn_timeout(c, now + 9000);
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	vg_conn_timeout(c, now + 10100);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	vg_conn_free(c);

	/* sooner where idle_timeout is shorter; from the first byte on there is a request's time */
	c = env_conn();
	quiet = *c->cfg;
	quiet.idle_timeout_ms = 1000;
	cfg = c->cfg;
	c->cfg = &quiet;
	c->read_by_ms = 0;
	vg_conn_rearm(c);
	vg_conn_timeout(c, now + 900);
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	vg_conn_input(c, T("GE"));
	vg_conn_timeout(c, now + 9000);
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	c->cfg = cfg;
	vg_conn_free(c);
	c = env_conn();
	c->cfg = &quiet;
	c->read_by_ms = 0;
	vg_conn_rearm(c);
	now = vg_mono_ms();
	shim_clock_advance(800 * NSEC_PER_MSEC);
	vg_conn_input(c, T("\r\n"));
	shim_clock_reset();
	vg_conn_timeout(c, now + 1100);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	c->cfg = cfg;
	vg_conn_free(c);

	/* dripping does not gain time */
	c = env_conn();
	vg_conn_input(c, T("GET /v1/mem/a HT"));
	shim_clock_advance(6000 * NSEC_PER_MSEC);
	vg_conn_input(c, T("TP/1.1\r\n"));
	vg_conn_timeout(c, now + 10200);
	env_take(c, &out, SIZE_MAX);
	assert_memory_equal(out.p, "HTTP/1.1 408 ", 13);
	assert_int_equal(vg_conn_wants(c), VG_WANT_SHUT);
	free(out.p);
	vg_conn_free(c);
	shim_clock_reset();

	/* in a body */
	c = env_conn();
	memset(&out, 0, sizeof(out));
	vg_conn_input(c, T("PUT /v1/mem/a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\na"));
	vg_conn_timeout(c, vg_mono_ms() + 10200);
	env_take(c, &out, SIZE_MAX);
	assert_memory_equal(out.p, "HTTP/1.1 408 ", 13);
	free(out.p);
	vg_conn_free(c);

	/* in a line */
	c = env_conn();
	memset(&out, 0, sizeof(out));
	vg_conn_input(c, T("virgo_cloud_get("));
	vg_conn_timeout(c, vg_mono_ms() + 10200);
	env_take(c, &out, SIZE_MAX);
	assert_memory_equal(out.p, "error: line.timeout: ", 21);
	free(out.p);
	vg_conn_free(c);

	/* idle: buffers go first, the connection 75 s after the last answer */
	c = env_conn();
	memset(&out, 0, sizeof(out));
	vg_conn_input(c, T(GET("/v1/mem/a")));
	env_take(c, &out, SIZE_MAX);
	now = vg_mono_ms();
	assert_non_null(c->in);
	vg_conn_timeout(c, now + 2000);
	assert_null(c->in);
	assert_null(c->out);
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	assert_false(vg_conn_expired(c, now + 74000));
	vg_conn_input(c, T(GET("/v1/mem/a")));
	env_take(c, &out, SIZE_MAX);
	vg_conn_timeout(c, now + 2000);
	vg_conn_timeout(c, now + 75100);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	free(out.p);
	vg_conn_free(c);

	/* a peer that does not read */
	c = env_conn();
	memset(&out, 0, sizeof(out));
	vg_conn_input(c, T(GET("/v1/big")));
	now = vg_mono_ms();
	env_take(c, &out, 1000);
	vg_conn_timeout(c, now + 74000);
	assert_true(vg_conn_wants(c) & VG_WANT_WRITE);
	shim_clock_advance(60000 * NSEC_PER_MSEC);
	env_take(c, &out, 1000);
	vg_conn_timeout(c, now + 76000);
	assert_true(vg_conn_wants(c) & VG_WANT_WRITE);
	vg_conn_sent(c, 0);			/* an attempt is no progress */
	vg_conn_received(c, 0);
	vg_conn_timeout(c, now + 136000);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	assert_int_equal(env_refs, 0);
	shim_clock_reset();
	free(out.p);
	vg_conn_free(c);
}

static void limits_of_connections(void **state)
{
	struct vg_conn *c[5], *over[VG_REFUSE_MAX];
	struct vg_addr a = { .family = 4 };
	struct vg_conn *one;
	struct env_out out = {};
	u32 i;

	for (i = 0; i < 4; i++)
		c[i] = env_conn();
	/* a learnt limit in shadow is asked about each that comes in */
	assert_int_equal(env_shadowed, 4);
	for (i = 0; i < VG_REFUSE_MAX; i++) {
		over[i] = env_conn();
		assert_int_equal(vg_conn_wants(over[i]), VG_WANT_WRITE);
	}
	assert_int_equal(vg_conn_new(&env_node, &env_svc, &a, &a, NULL, &one), -EMFILE);
	env_take(over[0], &out, SIZE_MAX);
	assert_memory_equal(out.p, "HTTP/1.1 503 ", 13);
	assert_non_null(strstr(out.p, "\"code\":\"conn.limit\""));
	assert_non_null(strstr(out.p, "\r\nRetry-After: 1\r\n"));
	assert_int_equal(vg_conn_wants(over[0]), VG_WANT_SHUT);
	assert_int_equal(atomic_read(&env_node.connections), 4);
	free(out.p);
	for (i = 0; i < VG_REFUSE_MAX; i++)
		vg_conn_free(over[i]);
	assert_int_equal(atomic_read(&env_node.refusing), 0);
	vg_conn_free(c[0]);
	c[0] = env_conn();
	assert_int_equal(vg_conn_wants(c[0]), VG_WANT_READ);
	for (i = 0; i < 4; i++)
		vg_conn_free(c[i]);
	env_deny = true;
	assert_int_equal(vg_conn_new(&env_node, &env_svc, &a, &a, NULL, &one), -EACCES);
	env_deny = false;
	assert_int_equal(atomic_read(&env_node.connections), 0);
	assert_int_equal(atomic_read(&env_svc.connections), 0);
}

/* What peers have not read yet, and what they have begun to send, is bounded over all of them. */
static void memory_of_all_connections(void **state)
{
	static const char line[] = "big\n", put[] = "POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 1000\r\n\r\n";
	struct vg_conn *c = env_conn(), *d = env_conn();
	struct env_out out = {};

	/* room for a byte is room for an answer; it counts until it is sent */
	atomic64_set(&env_node.answers_bytes, VG_ANSWERS_MAX - 1);
	vg_conn_input(c, T(line));
	assert_int_equal(atomic64_read(&env_node.answers_bytes), VG_ANSWERS_MAX + sizeof(env_big));
	vg_conn_input(d, T(line));
	env_take(d, &out, SIZE_MAX);
	assert_ptr_equal(strstr(out.p, "error: node.memory: "), out.p);
	assert_int_equal(atomic64_read(&env_node.refused_memory), 1);
	/* small ones, and what is not core's own, are answered */
	vg_conn_input(d, T("virgo_cloud_get(5)\n"));
	out.n = 0;
	env_take(d, &out, SIZE_MAX);
	assert_string_equal(out.p, "[5]\n");
	out.n = 0;
	env_take(c, &out, sizeof(env_big));
	assert_int_equal(atomic64_read(&env_node.answers_bytes), VG_ANSWERS_MAX + sizeof(env_big));
	env_take(c, &out, 1);
	assert_int_equal(atomic64_read(&env_node.answers_bytes), VG_ANSWERS_MAX - 1);
	/* or until its connection is gone */
	vg_conn_input(c, T(line));
	vg_conn_free(c);
	vg_conn_free(d);
	assert_int_equal(atomic64_read(&env_node.answers_bytes), VG_ANSWERS_MAX - 1);
	c = env_conn();
	vg_request_reset(c);
	c->req.keep_alive = true;
	assert_true(vg_reply_room(&c->req));
	atomic64_set(&env_node.answers_bytes, VG_ANSWERS_MAX);
	/* who has asked is not refused any more; who has not, is */
	vg_reply_bytes(&c->req, 200, "text/plain", env_big, sizeof(env_big));
	assert_int_equal(c->req.status, 200);
	vg_request_end(c);
	vg_request_reset(c);
	vg_reply_bytes(&c->req, 200, "text/plain", env_big, sizeof(env_big));
	assert_int_equal(c->req.status, 503);
	vg_request_end(c);
	vg_conn_free(c);
	assert_int_equal(atomic64_read(&env_node.answers_bytes), VG_ANSWERS_MAX);
	atomic64_set(&env_node.answers_bytes, 0);

	/* bodies are charged before they come */
	atomic64_set(&env_node.bodies_bytes, VG_BODIES_MAX - 1000);
	c = env_conn();
	d = env_conn();
	vg_conn_input(c, T(put));
	assert_int_equal(c->state, VG_CONN_BODY);
	vg_conn_input(d, T(put));
	assert_int_equal(d->req.status, 503);
	assert_int_equal(d->state, VG_CONN_FLUSH);
	vg_conn_free(d);
	assert_int_equal(atomic64_read(&env_node.bodies_bytes), VG_BODIES_MAX);
	vg_conn_free(c);
	assert_int_equal(atomic64_read(&env_node.bodies_bytes), VG_BODIES_MAX - 1000);
	atomic64_set(&env_node.bodies_bytes, 0);
	free(out.p);
}

static void counters_add_up(void **state)
{
	struct env_out out;
	struct vg_conn *c;
	u64 in, requests;

	requests = atomic64_read(&env_svc.count.requests);
	in = atomic64_read(&env_svc.count.bytes_in);
	c = talk(T(GET("/v1/mem/a") GET("/v1/nothing")), SIZE_MAX, &out);
	assert_int_equal(atomic64_read(&env_svc.count.requests), requests + 2);
	assert_int_equal(atomic64_read(&env_svc.count.bytes_in),
			 in + sizeof(GET("/v1/mem/a") GET("/v1/nothing")) - 1);
	free(out.p);
	vg_conn_free(c);
}

/* The rate over time is the limit, a burst apart, and nothing is charged that did not move. */
static void bandwidth_is_kept(void **state)
{
	struct vg_node *node = &env_node;
	u64 wake = 0, moved = 0, start, ms;
	size_t n;

	assert_int_equal(vg_bandwidth_room(node, 1 << 30, &wake), 1 << 30);
	vg_bandwidth_set(node, 80);			/* 10 MB/s */
	start = ktime_get_ns();
	for (ms = 0; ms < 1000; ms++) {
		while ((n = vg_bandwidth_room(node, 20000, &wake))) {
			vg_bandwidth_used(node, n);
			moved += n;
		}
		assert_true(wake > 0);
		shim_clock_advance(NSEC_PER_MSEC);
	}
	ms = (ktime_get_ns() - start) / NSEC_PER_MSEC;
	assert_in_range(moved, ms * 10000, ms * 10000 + 600000);
	/* what is asked for and not used costs nothing */
	shim_clock_advance(NSEC_PER_SEC);
	n = vg_bandwidth_room(node, 1 << 30, &wake);
	assert_in_range(n, 490000, 510000);
	assert_in_range(vg_bandwidth_room(node, 1 << 30, &wake), n, n + 100000);
	vg_bandwidth_set(node, 0);
	shim_clock_reset();
}

static void bandwidth_makes_connections_wait(void **state)
{
	struct vg_conn *c = env_conn();
	struct env_out out = {};
	u64 delayed = atomic64_read(&env_node.bw_delayed);

	vg_bandwidth_set(&env_node, 1);			/* 125 kB/s, burst 64 KiB */
	vg_conn_input(c, T(GET("/v1/big")));
	env_take(c, &out, SIZE_MAX);
	assert_in_range(out.n, 60000, 70000);
	assert_int_equal(vg_conn_wants(c), VG_WANT_WAIT | VG_WANT_READ);
	assert_true(c->wake_ms > 0);
	assert_true(atomic64_read(&env_node.bw_delayed) > delayed);
	shim_clock_advance(NSEC_PER_SEC);
	assert_true(vg_conn_wants(c) & VG_WANT_WRITE);
	env_take(c, &out, SIZE_MAX);
	assert_true(out.n > sizeof(env_big));
	vg_bandwidth_set(&env_node, 0);
	shim_clock_reset();
	free(out.p);
	vg_conn_free(c);
}

static void clock_only_grows(void **state)
{
	u64 a = vg_clock_now(&env_node), b = vg_clock_now(&env_node), far;

	assert_true(b > a);
	far = b + (30000ULL << 16);
	assert_int_equal(vg_clock_see(&env_node, far), 0);
	assert_int_equal(vg_clock_now(&env_node), far + 1);
	assert_int_equal(vg_clock_see(&env_node, a), 0);
	assert_int_equal(vg_clock_now(&env_node), far + 2);
	assert_int_equal(vg_clock_see(&env_node, far + (60000ULL << 16)), -ERANGE);
	assert_int_equal(vg_clock_now(&env_node), far + 3);
	atomic64_set(&env_node.clock, 0);
}

/* Whatever allocation fails, the peer gets an answer or an end, and nothing leaks. */
static void failing_allocations(void **state)
{
	static const char text[] = GET("/v1/mem/a")
		"POST /v1/echo HTTP/1.1\r\n" H "Content-Length: 5000\r\n\r\n";
	char body[5000] = "x";
	unsigned long nth;

	for (nth = 1;; nth++) {
		long live = shim_alloc_live();
		struct env_out out = {};
		struct vg_conn *c;

		shim_alloc_fail_nth(nth);
		c = env_conn();
		if (c) {
			vg_conn_input(c, T(text));
			vg_conn_input(c, body, sizeof(body));
			vg_conn_input(c, T(GET("/v1/mem?limit=5")));
			env_take(c, &out, SIZE_MAX);
			vg_conn_free(c);
		}
		free(out.p);
		assert_int_equal(shim_alloc_live(), live);
		assert_int_equal(atomic_read(&env_node.connections), 0);
		if (!shim_alloc_failed())
			break;
	}
	shim_alloc_fail_nth(0);
	assert_true(nth > 4);
}

static int teardown(void **state)
{
	return shim_alloc_live() || env_refs || env_trace_starts != env_trace_ends ||
	       atomic64_read(&env_node.answers_bytes) || atomic64_read(&env_node.bodies_bytes) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(requests_get_their_answers, teardown),
		cmocka_unit_test_teardown(heads_are_answered_without_body, teardown),
		cmocka_unit_test_teardown(problems_say_what, teardown),
		cmocka_unit_test_teardown(details_are_escaped, teardown),
		cmocka_unit_test_teardown(headers_stay_lines, teardown),
		cmocka_unit_test_teardown(bodies_arrive_whole, teardown),
		cmocka_unit_test_teardown(work_takes_turns, teardown),
		cmocka_unit_test_teardown(chunked_after_long_head, teardown),
		cmocka_unit_test_teardown(line_commands, teardown),
		cmocka_unit_test_teardown(lines_have_a_limit, teardown),
		cmocka_unit_test_teardown(refused_line_closes, teardown),
		cmocka_unit_test_teardown(closing_lingers, teardown),
		cmocka_unit_test_teardown(half_closed_peer_is_answered, teardown),
		cmocka_unit_test_teardown(pending_requests, teardown),
		cmocka_unit_test_teardown(handler_errors_are_answered, teardown),
		cmocka_unit_test_teardown(waiting_answers_have_no_slack, teardown),
		cmocka_unit_test_teardown(backpressure, teardown),
		cmocka_unit_test_teardown(deadlines, teardown),
		cmocka_unit_test_teardown(limits_of_connections, teardown),
		cmocka_unit_test_teardown(memory_of_all_connections, teardown),
		cmocka_unit_test_teardown(counters_add_up, teardown),
		cmocka_unit_test_teardown(bandwidth_is_kept, teardown),
		cmocka_unit_test_teardown(bandwidth_makes_connections_wait, teardown),
		cmocka_unit_test_teardown(clock_only_grows, teardown),
		cmocka_unit_test_teardown(failing_allocations, teardown),
	};

	env_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
