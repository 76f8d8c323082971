// SPDX-License-Identifier: GPL-3.0-or-later
/* Running things: the body that is sent, the answer as it comes in pieces, one node and many. */
#include "tests/unit/lib_fixture.h"

static struct server other;

/*
 * --- what is sent --------------------------------------------------------------------------------
 */

/* exec as JSON, or "!" and the error */
static const char *json_of(const struct virgo_exec *exec)
{
	static char out[1024];
	struct virgo_error err;
	char *json;
	size_t len;

	if (virgo_exec_json(exec, &json, &len, &err)) {
		assert_int_equal(err.code, VIRGO_USAGE);
		snprintf(out, sizeof(out), "!%s", err.message);
		return out;
	}
	assert_true(len < sizeof(out));
	memcpy(out, json, len);
	out[len] = '\0';
	free(json);
	return out;
}

static void bodies(void **state)
{
	static const char *const args[] = { "-c", "", "a \"b\"\n\xc3\xa4" };
	static const char *const env[] = { "A=1", "LONG=x=y", "EMPTY=" };
	struct virgo_exec exec = { .name = "/usr/bin/true" };

	(void)state;
	assert_string_equal(json_of(&exec), "{\"name\":\"/usr/bin/true\"}");
	exec = (struct virgo_exec){
		.kind = VIRGO_EXEC_FUNCTION, .name = "sample:upper", .args = args, .nargs = 3,
		.env = env, .nenv = 3, .cwd = "/tmp", .timeout_ms = 1500, .priority = -7,
		.input = "text\n", .input_len = 5,
	};
	assert_string_equal(json_of(&exec),
			    "{\"kind\":\"function\",\"name\":\"sample:upper\","
			    "\"args\":[\"-c\",\"\",\"a \\\"b\\\"\\n\xc3\xa4\"],"
			    "\"env\":{\"A\":\"1\",\"LONG\":\"x=y\",\"EMPTY\":\"\"},\"cwd\":\"/tmp\","
			    "\"timeout_ms\":1500,\"priority\":-7,\"stdin\":\"text\\n\"}");
	exec = (struct virgo_exec){ .kind = VIRGO_EXEC_KERNEL, .name = "k",
				    .input = "\xff\xfe", .input_len = 2 };
	assert_string_equal(json_of(&exec),
			    "{\"kind\":\"kernel\",\"name\":\"k\",\"stdin_b64\":\"//4=\"}");
	exec.input = "a\0b";
	exec.input_len = 3;
	assert_string_equal(json_of(&exec),
			    "{\"kind\":\"kernel\",\"name\":\"k\",\"stdin_b64\":\"YQBi\"}");
}

static void refused_bodies(void **state)
{
	static const char *const bad_args[] = { "ok", "\xff!" }, *const twice[] = { "A=1", "AB=2", "A=3" };
	static const char *const no_name[] = { "=x" }, *const no_value[] = { "A" };
	static const char *const bad_env[] = { "A=\xc3" };
	struct virgo_exec exec = { .name = "x" };
	struct virgo_error err;
	char *big, *json;
	size_t len;

	(void)state;
	assert_string_equal(json_of(&(struct virgo_exec){ .name = NULL }), "!no program is named");
	assert_string_equal(json_of(&(struct virgo_exec){ .name = "", .kind = VIRGO_EXEC_KERNEL }),
			    "!no kernel is named");
	assert_string_equal(json_of(&(struct virgo_exec){ .name = "\xed\xa0\x80" }),
			    "!the name is not UTF-8: \"???\"");
	exec.args = bad_args;
	exec.nargs = 2;
	assert_string_equal(json_of(&exec), "!argument 2 is not UTF-8: \"?!\"");
	exec.nargs = 1025;
	assert_string_equal(json_of(&exec), "!1025 arguments, at most 1024 can be given");
	exec.nargs = 0;
	exec.env = twice;
	exec.nenv = 3;
	assert_string_equal(json_of(&exec), "!variable \"A\" is there twice");
	exec.nenv = 2;
	assert_string_equal(json_of(&exec), "{\"name\":\"x\",\"env\":{\"A\":\"1\",\"AB\":\"2\"}}");
	exec.nenv = 1;
	exec.env = no_name;
	assert_string_equal(json_of(&exec), "!\"=x\" is not NAME=VALUE");
	exec.env = no_value;
	assert_string_equal(json_of(&exec), "!\"A\" is not NAME=VALUE");
	exec.env = bad_env;
	assert_string_equal(json_of(&exec), "!environment variable 1 is not UTF-8: \"A=?\"");
	exec.nenv = 257;
	assert_string_equal(json_of(&exec), "!257 variables, at most 256 can be given");
	exec.nenv = 0;
	exec.cwd = "tmp";
	assert_string_equal(json_of(&exec), "!directory \"tmp\" is no absolute path");
	exec.cwd = NULL;
	exec.priority = 101;
	assert_string_equal(json_of(&exec), "!priority 101 is not from -100 to 100");
	exec.priority = 0;

	/* the whole of it has 1 MiB: one byte more has not */
	big = malloc(1 << 20);
	memset(big, 'x', 1 << 20);
	exec.input = big;
	exec.input_len = (1 << 20) - strlen("{\"name\":\"x\",\"stdin\":\"\"}");
	assert_int_equal(virgo_exec_json(&exec, &json, &len, &err), VIRGO_OK);
	assert_int_equal(len, 1 << 20);
	free(json);
	exec.input_len++;
	assert_int_equal(virgo_exec_json(&exec, &json, &len, &err), VIRGO_USAGE);
	assert_string_equal(err.message, "arguments and standard input come to over 1 MiB");
	assert_non_null(strstr(err.hint, "virgo mem set"));
	free(big);
}

/*
 * --- what comes back -----------------------------------------------------------------------------
 */

static const char stream_text[] =
	"{\"stream\":\"stdout\",\"data\":\"one\\n\"}\n"
	"{\"stream\":\"stderr\",\"data\":\"a\\u0000b\"}\n"
	"\n"
	"{\"stream\":\"stdout\",\"data_b64\":\"AP8=\"}\n"
	"{\"data\":\"tail\",\"stream\":\"stdout\",\"more\":[1,{\"x\":2}]}\n"
	"{\"id\":\"r-1\",\"node\":7,\"status\":\"exited\",\"exit\":3,\"signal\":0,\"truncated\":true,"
	"\"stdout_bytes\":5000000000,\"stderr_bytes\":3,\"value\":-9223372036854775808,\"error\":\"oh\",\"us\":1234}\n";

static void check_stream(const struct virgo_exec_result *res)
{
	assert_int_equal(res->status, VIRGO_EXEC_EXITED);
	assert_int_equal(res->exit, 3);
	assert_int_equal(res->out_len, 10);
	assert_memory_equal(res->out, "one\n\0\xfftail", 11);
	assert_int_equal(res->err_len, 3);
	assert_memory_equal(res->err, "a\0b", 4);
	assert_true(res->truncated);
	assert_int_equal(res->out_bytes, 5000000000);
	assert_int_equal(res->err_bytes, 3);
	assert_true(res->has_value);
	assert_true(res->value == INT64_MIN);
	assert_int_equal(res->us, 1234);
	assert_string_equal(res->id, "r-1");
	assert_string_equal(res->why, "oh");
}

/* in pieces of every size, also without the last newline */
static void in_pieces(void **state)
{
	size_t all = sizeof(stream_text) - 1;

	(void)state;
	for (size_t step = 1; step <= all; step++) {
		for (size_t len = all - 1; len <= all; len++) {
			struct virgo_exec_result res = { 0 };
			struct virgo_exec_reader r = { .result = &res };

			for (size_t at = 0; at < len; at += step) {
				size_t n = len - at < step ? len - at : step;
				char *piece = malloc(n);	/* ASan sees its end */

				memcpy(piece, stream_text + at, n);
				assert_int_equal(virgo_exec_feed(&r, piece, n), 0);
				free(piece);
			}
			assert_null(virgo_exec_reader_end(&r));
			check_stream(&res);
			virgo_exec_result_free(&res);
		}
	}
}

static const char *verdict(const char *text)
{
	struct virgo_exec_result res = { 0 };
	struct virgo_exec_reader r = { .result = &res };
	const char *bad;

	virgo_exec_feed(&r, text, strlen(text));
	bad = virgo_exec_reader_end(&r);
	virgo_exec_result_free(&res);
	return bad ? bad : "ok";
}

#define EXITED "{\"status\":\"exited\",\"exit\":0}\n"

static void bad_streams(void **state)
{
	static const char *const table[][2] = {
		{ EXITED, "ok" },
		{ "{\"status\":\"killed\",\"exit\":-1,\"signal\":9}", "ok" },
		{ "", "it ends without a result" },
		{ "\n\n", "it ends without a result" },
		{ "{\"stream\":\"stdout\",\"data\":\"x\"}\n", "it ends without a result" },
		{ "x\n", "a line that is no JSON object" },
		{ "[1]\n", "a line that is no JSON object" },
		{ "{\"status\":\"exited\"", "a line that is no JSON object" },
		{ "{}\n", "no \"status\" of a run" },
		{ "{\"status\":\"running\"}\n", "no \"status\" of a run" },
		{ "{\"status\":\"failed\"}\n", "no \"status\" of a run" },
		{ "{\"status\":\"exited\"}\n", "no \"exit\" of a program" },
		{ "{\"status\":\"exited\",\"exit\":256}\n", "no \"exit\" of a program" },
		{ "{\"status\":\"exited\",\"exit\":4294967296}\n", "no \"exit\" of a program" },
		{ EXITED EXITED, "more behind the result" },
		{ EXITED "{\"stream\":\"stdout\",\"data\":\"x\"}\n", "more behind the result" },
		{ "{\"stream\":\"stdin\",\"data\":\"x\"}\n", "output of no stream" },
		{ "{\"stream\":\"stdout\"}\n", "output without bytes" },
		{ "{\"stream\":\"stdout\",\"data\":7}\n", "output without bytes" },
		{ "{\"stream\":\"stdout\",\"data_b64\":\"A\"}\n", "output that is not base64" },
		{ "{\"stream\":\"stdout\",\"data_b64\":\"AB==\"}\n", "output that is not base64" },
		{ "{\"stream\":\"stdout\",\"data_b64\":\"AA A\"}\n", "output that is not base64" },
		{ "{\"stream\":\"stdout\",\"data_b64\":\"AAA\\u0041\"}\n", "output that is not base64" },
	};

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++)
		if (strcmp(verdict(table[i][0]), table[i][1]))
			fail_msg("%s: %s", table[i][0], verdict(table[i][0]));
}

static void bounded(void **state)
{
	struct virgo_exec_result res = { 0 };
	struct virgo_exec_reader r = { .result = &res };
	char *piece = malloc(1 << 16);
	int ret = 0, n = 0;

	(void)state;
	memset(piece, '[', 1 << 16);
	for (; !ret; n++)
		ret = virgo_exec_feed(&r, piece, 1 << 16);
	assert_int_equal(n, 17);
	assert_string_equal(virgo_exec_reader_end(&r), "a line of over 1 MiB");

	memset(&r, 0, sizeof(r));
	r.result = &res;
	memset(piece, 'x', 1 << 16);
	memcpy(piece, "{\"stream\":\"stdout\",\"data\":\"", 27);
	memcpy(piece + (1 << 16) - 3, "\"}\n", 3);
	for (ret = 0, n = 0; !ret; n++)
		ret = virgo_exec_feed(&r, piece, 1 << 16);
	assert_int_equal(n, (64 << 20) / ((1 << 16) - 30) + 1);
	assert_string_equal(virgo_exec_reader_end(&r), "more than 64 MiB of output");
	virgo_exec_result_free(&res);
	free(piece);
}

static void names_and_exits(void **state)
{
	(void)state;
	assert_string_equal(virgo_exec_status_name(VIRGO_EXEC_LOST), "lost");
	assert_null(virgo_exec_status_name(VIRGO_EXEC_STATUSES));
	assert_string_equal(virgo_exec_kind_name(VIRGO_EXEC_FUNCTION), "function");
	assert_null(virgo_exec_kind_name(3));
	assert_int_equal(virgo_exec_exit(VIRGO_EXEC_EXITED, 7, 0), 7);
	assert_int_equal(virgo_exec_exit(VIRGO_EXEC_KILLED, -1, 9), 137);
	assert_int_equal(virgo_exec_exit(VIRGO_EXEC_TIMEOUT, -1, 0), VIRGO_UNREACHABLE);
	assert_int_equal(virgo_exec_exit(VIRGO_EXEC_CANCELLED, -1, 15), VIRGO_INTERRUPTED);
	assert_int_equal(virgo_exec_exit(VIRGO_EXEC_LOST, -1, 0), VIRGO_FAILED);
	assert_true(virgo_exec_ended(VIRGO_EXEC_FAILED));
	assert_false(virgo_exec_ended(VIRGO_EXEC_QUEUED));
}

/* nodes at random, which asks nobody for its load */
static struct virgo_ctx *exec_ctx(const char *nodes)
{
	struct virgo_ctx *ctx = connected(nodes, 1);

	virgo_balancer_set(ctx, VIRGO_PRG);
	return ctx;
}

/*
 * --- nodes ---------------------------------------------------------------------------------------
 */

static char *exec_answer(struct server *s, const struct seen *seen, size_t *len)
{
	(void)s;
	(void)len;
	if (strstr(seen->body, "\"name\":\"missing\""))
		return reply_problem("404 Not Found", "exec.not_found", "no program", "");
	if (strstr(seen->body, "\"name\":\"forbidden\""))
		return reply_problem("403 Forbidden", "exec.not_allowed", "not allowed", "");
	if (strstr(seen->body, "\"name\":\"drop\""))
		return NULL;
	if (strstr(seen->body, "\"name\":\"silent\""))
		return strdup("");
	if (strstr(seen->body, "\"name\":\"noise\""))
		return reply_text("200 OK", "", "{\"stream\":1}\n");
	if (strstr(seen->body, "\"name\":\"half\""))
		return strdup("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			      "27\r\n{\"stream\":\"stdout\",\"data\":\"begun\\n\"}   \n\r\n");
	if (strstr(seen->body, "\"name\":\"empty\""))
		return reply_text("200 OK", "", "");
	return reply_text("200 OK", "Content-Type: application/x-ndjson\r\n", stream_text);
}

static char *busy_answer(struct server *s, const struct seen *seen, size_t *len)
{
	(void)s;
	(void)seen;
	(void)len;
	return reply_problem("503 Service Unavailable", "exec.busy", "the queue is full",
			     "Retry-After: 1\r\n");
}

static int start_exec(void **state)
{
	(void)state;
	return server_start(&server, exec_answer);
}

static enum virgo_code clone_on(struct virgo_ctx *ctx, const char *node, const char *name,
				struct virgo_exec_result *res, struct virgo_error *err)
{
	struct virgo_exec exec = { .name = name };

	return virgo_clone(ctx, node, &exec, res, err);
}

static void one_node(void **state)
{
	struct virgo_ctx *ctx = exec_ctx(server.node);
	struct virgo_exec_result res;
	struct virgo_error err;
	char field[512];

	(void)state;
	assert_int_equal(clone_on(ctx, server.node, "fine", &res, &err), VIRGO_OK);
	check_stream(&res);
	assert_string_equal(res.node, server.node);
	assert_string_equal(res.node_id, "7");
	virgo_exec_result_free(&res);
	virgo_exec_result_free(&res);
	assert_int_equal(strncmp(server.log[0].head, "POST /v1/exec HTTP/1.1\r\n", 24), 0);
	assert_string_equal(seen_field(&server.log[0], "accept", field), "application/x-ndjson");
	assert_string_equal(seen_field(&server.log[0], "content-type", field), "application/json");
	assert_non_null(strstr(seen_field(&server.log[0], "authorization", field), "/cpupool/"));
	assert_string_equal(server.log[0].body, "{\"name\":\"fine\"}");

	assert_int_equal(clone_on(ctx, NULL, "fine", &res, &err), VIRGO_OK);
	virgo_exec_result_free(&res);
	assert_int_equal(clone_on(ctx, server.node, "missing", &res, &err), VIRGO_NOT_FOUND);
	assert_string_equal(err.problem, "exec.not_found");
	assert_false(err.maybe_done);
	assert_null(res.out);
	assert_int_equal(clone_on(ctx, NULL, "forbidden", &res, &err), VIRGO_NOT_ALLOWED);
	assert_int_equal(clone_on(ctx, NULL, "", &res, &err), VIRGO_USAGE);
	assert_int_equal(atomic_load(&server.requests), 4);
	assert_int_equal(atomic_load(&server.connections), 1);
	virgo_disconnect(ctx);
}

/* what may have run is never sent again, and said to be that */
static void maybe_done(void **state)
{
	static const struct {
		const char *name, *says;
		enum virgo_code code;
	} table[] = {
		{ "drop", "connection lost before the answer was complete", VIRGO_UNREACHABLE },
		{ "noise", "unexpected answer: output of no stream", VIRGO_FAILED },
		{ "empty", "unexpected answer: it ends without a result", VIRGO_FAILED },
	};
	char nodes[96];
	struct virgo_ctx *ctx;
	struct virgo_exec_result res;
	struct virgo_error err;

	(void)state;
	assert_int_equal(server_start(&other, exec_answer), 0);
	snprintf(nodes, sizeof(nodes), "%s,%s", server.node, other.node);
	ctx = exec_ctx(nodes);
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		int before = atomic_load(&server.requests) + atomic_load(&other.requests);

		assert_int_equal(clone_on(ctx, NULL, table[i].name, &res, &err), table[i].code);
		assert_non_null(strstr(err.message, table[i].says));
		assert_true(err.maybe_done);
		assert_non_null(strstr(err.hint, "look before you repeat it"));
		assert_true(err.node[0]);
		assert_int_equal(atomic_load(&server.requests) + atomic_load(&other.requests),
				 before + 1);
	}
	virgo_disconnect(ctx);
	server_stop(&other);
}

/* a node that took nothing on: the next one */
static void next_node(void **state)
{
	struct virgo_exec_result res;
	struct virgo_error err;
	struct virgo_ctx *ctx;
	char nodes[96];

	(void)state;
	assert_int_equal(server_start(&other, busy_answer), 0);
	snprintf(nodes, sizeof(nodes), "%s,127.0.0.1:1,%s", other.node, server.node);
	ctx = exec_ctx(nodes);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(clone_on(ctx, NULL, "fine", &res, &err), VIRGO_OK);
		assert_string_equal(res.node, server.node);
		virgo_exec_result_free(&res);
	}
	assert_true(atomic_load(&server.requests) == 12);
	assert_int_equal(clone_on(ctx, "127.0.0.1:1", "fine", &res, &err), VIRGO_UNREACHABLE);
	assert_false(err.maybe_done);
	assert_int_equal(clone_on(ctx, other.node, "fine", &res, &err), VIRGO_FAILED);
	assert_string_equal(err.problem, "exec.busy");
	virgo_disconnect(ctx);
	server_stop(&other);
}

static int stop_output(void *arg, enum virgo_stream stream, const void *data, size_t len)
{
	assert_int_equal(stream, VIRGO_STDOUT);
	assert_memory_equal(data, "one\n", 4);
	assert_int_equal(len, 4);
	++*(int *)arg;
	return 1;
}

static void stopped_by_output(void **state)
{
	struct virgo_ctx *ctx = exec_ctx(server.node);
	struct virgo_exec exec = { .name = "fine" };
	struct virgo_exec_result res;
	struct virgo_error err;
	int pieces = 0;

	(void)state;
	assert_int_equal(virgo_clone_stream(ctx, NULL, &exec, stop_output, &pieces, &res, &err),
			 VIRGO_INTERRUPTED);
	assert_int_equal(pieces, 1);
	virgo_disconnect(ctx);
}

/* the run's limit is the call's, and some */
static void limits_of_calls(void **state)
{
	struct virgo_exec exec = { .name = "x", .timeout_ms = 250 };
	struct outfit o;

	(void)state;
	assert_int_equal(outfit_make(&o, &exec, NULL), VIRGO_OK);
	assert_int_equal(o.timeout_ms, 250 + EXEC_SLACK_MS);
	free(o.json);
	exec.timeout_ms = UINT64_MAX;
	assert_int_equal(outfit_make(&o, &exec, NULL), VIRGO_OK);
	assert_int_equal(o.timeout_ms, EXEC_LONGEST_MS);
	free(o.json);
	exec.timeout_ms = 0;
	assert_int_equal(outfit_make(&o, &exec, NULL), VIRGO_OK);
	assert_int_equal(o.timeout_ms, EXEC_LONGEST_MS);
	free(o.json);
}

struct tally {
	size_t ended, failed, out, err;
	int stop_at;
	struct virgo_error last;
};

static int many_output(void *arg, size_t index, enum virgo_stream stream, const void *data,
		       size_t len)
{
	struct tally *t = arg;

	(void)data;
	assert_true(index < 3);
	*(stream == VIRGO_STDOUT ? &t->out : &t->err) += len;
	return 0;
}

static int many_done(void *arg, size_t index, struct virgo_exec_result *res,
		     const struct virgo_error *err, uint64_t us)
{
	struct tally *t = arg;

	(void)us;
	if (res) {
		t->ended++;
		assert_int_equal(res->exit, 3);
		assert_true(index != 1);
	} else {
		t->failed++;
		t->last = *err;
		assert_int_equal(index, 1);
	}
	return t->stop_at && t->ended + t->failed >= (size_t)t->stop_at;
}

static void many_nodes(void **state)
{
	const char *nodes[] = { server.node, "127.0.0.1:1", server.node };
	struct virgo_ctx *ctx = exec_ctx(server.node);
	struct tally t = { 0 };
	struct virgo_exec_many many = { .nodes = nodes, .n = 3, .output = many_output,
					.done = many_done, .arg = &t };
	struct virgo_exec exec = { .name = "fine" };
	struct virgo_error err;

	(void)state;
	assert_int_equal(virgo_exec_many(ctx, &exec, &many, &err), VIRGO_OK);
	assert_int_equal(t.ended, 2);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.out, 20);
	assert_int_equal(t.err, 6);
	assert_int_equal(t.last.code, VIRGO_UNREACHABLE);
	/* gathered, one at a time, and ended by the first */
	memset(&t, 0, sizeof(t));
	t.stop_at = 1;
	many.output = NULL;
	virgo_parallel(ctx, 1);
	assert_int_equal(virgo_exec_many(ctx, &exec, &many, &err), VIRGO_INTERRUPTED);
	assert_int_equal(t.ended, 1);
	assert_int_equal(t.failed, 0);
	exec.name = "";
	assert_int_equal(virgo_exec_many(ctx, &exec, &many, &err), VIRGO_USAGE);
	many.n = 0;
	assert_int_equal(virgo_exec_many(ctx, &exec, &many, &err), VIRGO_OK);
	virgo_disconnect(ctx);
}

/* what is under way when the caller has had enough is given up, what is not begun never is */
static void given_up_in_the_middle(void **state)
{
	const char *nodes[] = { server.node, "127.0.0.1:1" };
	struct virgo_ctx *ctx = exec_ctx(server.node);
	struct tally t = { .stop_at = 2 };
	struct virgo_exec_many many = { .nodes = nodes, .n = 2, .output = many_output,
					.done = many_done, .arg = &t };
	struct virgo_exec exec = { .name = "half", .timeout_ms = 1 };
	struct virgo_error err;

	(void)state;
	virgo_cancel(ctx);
	assert_int_equal(virgo_exec_many(ctx, &exec, &many, &err), VIRGO_INTERRUPTED);
	assert_int_equal(t.failed, 0);
	virgo_resume(ctx);
	t.stop_at = 1;	/* the second node fails at once: the first is under way, and given up */
	assert_int_equal(virgo_exec_many(ctx, &exec, &many, &err), VIRGO_INTERRUPTED);
	assert_int_equal(t.failed, 1);
	virgo_disconnect(ctx);
}

#define EXEC(test) cmocka_unit_test_setup_teardown(test, start_exec, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(refused_bodies),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(bad_streams),
		cmocka_unit_test(bounded),
		cmocka_unit_test(names_and_exits),
		cmocka_unit_test(limits_of_calls),
		EXEC(one_node),
		EXEC(maybe_done),
		EXEC(next_node),
		EXEC(stopped_by_output),
		EXEC(many_nodes),
		EXEC(given_up_in_the_middle),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
