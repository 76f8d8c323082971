// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls: every way one can end, and that nothing is ever sent twice in silence. */
#include "tests/unit/lib_fixture.h"

static void statuses(void **state)
{
	static const struct {
		const char *target;
		enum virgo_code code;
		int status;
		const char *problem, *message, *hint;
	} table[] = {
		{ "/missing", VIRGO_NOT_FOUND, 404, "mem.not_found", "as you   asked on node 7 (",
		  "" },
		{ "/refused", VIRGO_NOT_ALLOWED, 401, "auth.missing", "node 7 (127.",
		  "key_file is \"none\"" },
		{ "/right", VIRGO_NOT_ALLOWED, 403, "auth.rights", ": as you   asked", "" },
		{ "/replay", VIRGO_PRECONDITION, 409, "auth.replay", "as you",
		  "an earlier copy was accepted" },
		{ "/match", VIRGO_PRECONDITION, 412, "mem.precondition", "as you", "" },
		{ "/full", VIRGO_FAILED, 507, "mem.full", "as you", "" },
		{ "/busy", VIRGO_FAILED, 503, "auth.starting", "as you", "try again in 3 s" },
		{ "/plain", VIRGO_FAILED, 500, "", "HTTP status 500", "" },
		{ "/same", VIRGO_OK, 304, "", "", "" },
	};
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_answer *ans;
	struct virgo_error err;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		assert_int_equal(call(ctx, "PUT", table[i].target, &ans, &err), table[i].code);
		assert_non_null(ans);
		assert_int_equal(ans->status, table[i].status);
		virgo_answer_free(ans);
		if (!table[i].code)
			continue;
		assert_int_equal(err.status, table[i].status);
		assert_string_equal(err.problem, table[i].problem);
		assert_string_equal(err.node, server.node);
		assert_string_equal(err.node_id, "7");
		assert_int_equal(err.maybe_done, 0);
		if (!strstr(err.message, table[i].message) || strstr(err.message, "\a"))
			fail_msg("%s: %s", table[i].target, err.message);
		if (!strstr(err.hint, table[i].hint) || !*table[i].hint != !*err.hint)
			fail_msg("%s: hint %s", table[i].target, err.hint);
	}
	virgo_disconnect(ctx);
}

static void lost(void **state)
{
	static const struct {
		const char *method, *target;
		enum virgo_code code;
		int maybe;
		const char *message;
	} table[] = {
		{ "PUT", "/drop", VIRGO_UNREACHABLE, 1, "connection lost" },
		{ "GET", "/drop", VIRGO_UNREACHABLE, 0, "connection lost" },
		{ "GET", "/noise", VIRGO_FAILED, 0, "does not answer in HTTP/1.1" },
		{ "GET", "/head", VIRGO_FAILED, 0, "header is over 64 KiB" },
	};
	struct virgo_answer *ans;
	struct virgo_error err;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		struct virgo_ctx *ctx = connected(server.node, 0);

		assert_int_equal(call(ctx, table[i].method, table[i].target, &ans, &err),
				 table[i].code);
		assert_null(ans);
		assert_int_equal(err.maybe_done, table[i].maybe);
		assert_int_equal(err.timed_out, 0);
		if (!strstr(err.message, table[i].message))
			fail_msg("%s: %s", table[i].target, err.message);
		virgo_disconnect(ctx);
	}
}

static void nobody_there(void **state)
{
	struct virgo_ctx *ctx;
	struct virgo_error err;

	(void)state;
	stop(NULL);
	ctx = connected(server.node, 0);
	assert_int_equal(call(ctx, "PUT", "/x", NULL, &err), VIRGO_UNREACHABLE);
	assert_int_equal(err.maybe_done, 0);
	assert_int_equal(err.timed_out, 0);
	if (!strstr(err.message, "no connection: Connection refused"))
		fail_msg("%s", err.message);
	assert_string_equal(err.node, server.node);
	virgo_disconnect(ctx);
	assert_int_equal(start(NULL), 0);
}

static void time_outs(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_request req = request("PUT", "/silent");
	struct virgo_error err;

	(void)state;
	req.timeout_ms = 100;
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_UNREACHABLE);
	assert_int_equal(err.timed_out, 1);
	assert_int_equal(err.maybe_done, 1);
	assert_non_null(strstr(err.message, "no answer within 100 ms"));
	req.method = "GET";
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_UNREACHABLE);
	assert_int_equal(err.maybe_done, 0);
	virgo_disconnect(ctx);
}

/*
 * order of answers: 0 silent, 1 answers; the silent one must come last, and not keep the other
 * waiting
 */
struct order {
	size_t index[4];
	enum virgo_code code[4];
	size_t n;
};

static int note_order(void *arg, struct virgo_answer *ans)
{
	struct order *o = arg;

	o->code[o->n] = ans->err.code;
	o->index[o->n++] = ans->index;
	virgo_answer_free(ans);
	return 0;
}

static void dead_node_delays_nobody(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_request silent = request("GET", "/silent"), fine = request("GET", "/x");
	struct virgo_request wrong = request("GET", "no target");
	struct virgo_job jobs[] = {
		{ server.node, &silent }, { server.node, &fine }, { "127.0.0.1:1", &fine },
		{ server.node, &wrong },
	};
	struct order order = { .n = 0 };
	struct virgo_error err;

	(void)state;
	silent.timeout_ms = 300;
	assert_int_equal(virgo_call_many(ctx, jobs, 4, note_order, &order, &err), VIRGO_OK);
	assert_int_equal(order.n, 4);
	assert_int_equal(order.index[3], 0);
	for (int i = 0; i < 4; i++) {
		static const enum virgo_code want[] = {
			VIRGO_UNREACHABLE, VIRGO_OK, VIRGO_UNREACHABLE, VIRGO_USAGE,
		};

		assert_int_equal(order.code[i], want[order.index[i]]);
	}
	/* more jobs than may fly at once */
	virgo_parallel(ctx, 1);
	order.n = 0;
	assert_int_equal(virgo_call_many(ctx, jobs + 1, 3, note_order, &order, &err), VIRGO_OK);
	assert_int_equal(order.n, 3);
	virgo_disconnect(ctx);
}

static int stop_at_once(void *arg, struct virgo_answer *ans)
{
	(*(int *)arg)++;
	virgo_answer_free(ans);
	return 1;
}

static void stopped_by_callback(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_request silent = request("GET", "/silent"), fine = request("GET", "/x");
	struct virgo_job jobs[] = { { server.node, &silent }, { server.node, &fine } };
	struct virgo_error err;
	int count = 0;

	(void)state;
	assert_int_equal(virgo_call_many(ctx, jobs, 2, stop_at_once, &count, &err),
			 VIRGO_INTERRUPTED);
	assert_int_equal(count, 1);
	assert_int_equal(call(ctx, "GET", "/x", NULL, &err), VIRGO_OK);
	virgo_disconnect(ctx);
}

static void *cancel_later(void *ctx)
{
	while (!atomic_load(&server.requests))
		poll(NULL, 0, 1);
	virgo_cancel(ctx);
	return NULL;
}

static void cancelled(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_error err;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, cancel_later, ctx), 0);
	assert_int_equal(call(ctx, "GET", "/silent", NULL, &err), VIRGO_INTERRUPTED);
	pthread_join(thread, NULL);
	assert_int_equal(call(ctx, "GET", "/x", NULL, &err), VIRGO_INTERRUPTED);
	virgo_resume(ctx);
	assert_int_equal(call(ctx, "GET", "/x", NULL, &err), VIRGO_OK);
	virgo_disconnect(ctx);
}

/*
 * the connection dies under the second request: unsigned changes must not be repeated, the rest may
 * be
 */
static void never_twice(void **state)
{
	struct virgo_body body;
	struct virgo_error err;

	(void)state;
	virgo_body_mem(&body, "x", 1);
	for (int form = 0; form < 4; form++) {
		struct virgo_ctx *ctx = connected(server.node, form == 3);
		struct virgo_request req = request(form == 2 ? "GET" : "PUT", "/once");
		char a[512], b[512];

		stop(NULL);
		assert_int_equal(start(NULL), 0);
		req.body = form == 1 ? &body : NULL;
		assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_OK);
		if (form < 2) {
			assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err),
					 VIRGO_UNREACHABLE);
			assert_int_equal(err.maybe_done, 1);
			assert_int_equal(atomic_load(&server.requests), 2);
		} else {
			assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_OK);
			assert_int_equal(atomic_load(&server.requests), 3);
		}
		/* signed, the copy carries the same nonce: a node takes one of them */
		if (form == 3) {
			seen_field(&server.log[1], "x-virgo-nonce", a);
			seen_field(&server.log[2], "x-virgo-nonce", b);
			assert_string_equal(a, b);
		}
		virgo_disconnect(ctx);
	}
}

static int collect(void *arg, const void *data, size_t len)
{
	return fwrite(data, 1, len, arg) != len;
}

static int refuse(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 1;
}

static void sinks_and_limits(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_request req = request("GET", "/x");
	struct virgo_answer *ans;
	struct virgo_error err;
	char text[16] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	req.sink = collect;
	req.sink_arg = f;
	assert_int_equal(virgo_call(ctx, server.node, &req, &ans, &err), VIRGO_OK);
	fflush(f);
	assert_string_equal(text, "hello");
	assert_string_equal(ans->body, "");
	assert_int_equal(ans->len, 5);
	virgo_answer_free(ans);
	/* what a refusal says does not go into the caller's file */
	req.target = "/missing";
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_NOT_FOUND);
	fflush(f);
	assert_string_equal(text, "hello");
	req.target = "/x";
	req.sink = refuse;
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_FAILED);
	assert_non_null(strstr(err.message, "unable to write the answer out"));
	req.sink = NULL;
	req.answer_max = 4;
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_FAILED);
	assert_non_null(strstr(err.message, "over the limit"));
	req.answer_max = 5;
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_OK);
	fclose(f);
	virgo_disconnect(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(statuses),
		SERVED(lost),
		SERVED(nobody_there),
		SERVED(time_outs),
		SERVED(dead_node_delays_nobody),
		SERVED(stopped_by_callback),
		SERVED(cancelled),
		SERVED(never_twice),
		SERVED(sinks_and_limits),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
