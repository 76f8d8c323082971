// SPDX-License-Identifier: GPL-3.0-or-later
/* Background runs: addresses, what a node says of a job, waiting, output, lists of many nodes. */
#include "tests/unit/lib_fixture.h"

static struct server other;

#define JOB(id, status, more) \
	"{\"id\":\"" id "\",\"kind\":\"program\",\"name\":\"/bin/x\",\"args\":[\"a\",\"b\\n\"],\"status\":\"" \
	status "\"" more "}"

#define ENDED ",\"exit\":4,\"signal\":0,\"priority\":-3,\"key\":\"lab-1\",\"created_ms\":1700000000000," \
	"\"started_ms\":1700000000010,\"ended_ms\":1700000000500,\"us\":490000,\"stdout_bytes\":10," \
	"\"stderr_bytes\":0,\"truncated\":false,\"value\":9007199254740993"
#define RUNNING ",\"exit\":-1,\"created_ms\":1,\"started_ms\":2,\"ended_ms\":null"

static char *output_reply(const char *head)
{
	int offset = atoi(strstr(head, "offset=") + 7);
	char fields[128], rest[16];

	snprintf(rest, sizeof(rest), "%s", "0123456789" + (offset < 10 ? offset : 10));
	snprintf(fields, sizeof(fields), "Virgo-Job-Status: %s\r\nVirgo-Output-Next: %zu\r\n",
		 strstr(head, "stream=stderr") ? "exited" : "running", offset + strlen(rest));
	return reply_text("200 OK", fields, rest);
}

/* node 7: r1 ended, r2 runs until it was asked for three times, r3 is no job at all */
static char *job_answer(struct server *s, const struct seen *seen, size_t *len)
{
	const char *head = seen->head;
	static int asked;

	(void)s;
	(void)len;
	if (!strncmp(head, "POST", 4) && strstr(seen->body, "\"name\":\"odd\""))
		return reply_text("202 Accepted", "", "{\"id\":\"../x\"}");
	if (!strncmp(head, "POST", 4))
		return reply_text("202 Accepted", "", "{\"id\":\"r9\",\"status\":\"queued\",\"node\":7}");
	if (!strncmp(head, "DELETE /v1/jobs/r1 ", 19))
		return strdup("HTTP/1.1 204 No Content\r\nVirgo-Node: 7\r\n\r\n");
	if (!strncmp(head, "DELETE", 6))
		return reply_text("202 Accepted", "", JOB("r4", "running", RUNNING));
	if (strstr(head, "/output?"))
		return strstr(head, "r3") ? reply_text("200 OK", "Virgo-Job-Status: exited\r\n", "x")
					  : output_reply(head);
	if (strstr(head, "/v1/jobs/r1"))
		return reply_text("200 OK", "", JOB("r1", "exited", ENDED));
	if (strstr(head, "/v1/jobs/r2"))
		return reply_text("200 OK", "", ++asked % 3 ? JOB("r2", "running", RUNNING)
							    : JOB("r2", "lost", ""));
	if (strstr(head, "/v1/jobs/r4"))
		return reply_text("200 OK", "", JOB("r4", "queued", ""));
	if (strstr(head, "/v1/jobs/r3"))
		return reply_text("200 OK", "", "{\"id\":\"r3\",\"status\":\"new\"}");
	if (strstr(head, "GET /v1/jobs?after=r1&"))
		return reply_text("200 OK", "", "{\"jobs\":[" JOB("r2", "failed", ",\"error\":\"no \\u0007 such\"") "],"
				  "\"next\":null}");
	if (strstr(head, "GET /v1/jobs?limit="))
		return reply_text("200 OK", "", "{\"jobs\":[" JOB("r0", "killed", ",\"signal\":9") ","
				  JOB("r1", "exited", ENDED) "],\"next\":\"r1\"}");
	return reply_problem("404 Not Found", "exec.no_job", "no such job", "");
}

/* a node whose lists never end, and which has no job */
static char *odd_answer(struct server *s, const struct seen *seen, size_t *len)
{
	(void)s;
	(void)len;
	if (strstr(seen->head, "GET /v1/jobs?"))
		return reply_text("200 OK", "", "{\"jobs\":[" JOB("o1", "queued", "") "],\"next\":\"o1\"}");
	return reply_problem("404 Not Found", "exec.no_job", "no such job", "");
}

static int start_jobs(void **state)
{
	(void)state;
	return server_start(&server, job_answer);
}

static struct virgo_job_address at(const char *id)
{
	struct virgo_job_address job;

	snprintf(job.node, sizeof(job.node), "%s", server.node);
	snprintf(job.id, sizeof(job.id), "%s", id);
	return job;
}

static void showing(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_job_address job = at("r1");
	struct virgo_job_info info;
	struct virgo_error err;

	(void)state;
	assert_int_equal(virgo_job_show(ctx, &job, 0, &info, &err), VIRGO_OK);
	assert_int_equal(strncmp(server.log[0].head, "GET /v1/jobs/r1 HTTP/1.1\r\n", 26), 0);
	assert_string_equal(info.job.id, "r1");
	assert_string_equal(info.job.node, server.node);
	assert_int_equal(info.status, VIRGO_EXEC_EXITED);
	assert_int_equal(info.exit, 4);
	assert_int_equal(info.priority, -3);
	assert_string_equal(info.key, "lab-1");
	assert_true(info.created_ms == 1700000000000 && info.ended_ms == 1700000000500);
	assert_int_equal(info.us, 490000);
	assert_true(info.has_value && info.value == 9007199254740993);
	assert_string_equal(info.name, "/bin/x");
	assert_int_equal(info.nargs, 2);
	assert_string_equal(info.args[1], "b\n");
	virgo_job_info_free(&info);
	virgo_job_info_free(&info);

	job = at("r2");
	assert_int_equal(virgo_job_show(ctx, &job, 1000000, &info, &err), VIRGO_OK);
	assert_int_equal(strncmp(server.log[1].head, "GET /v1/jobs/r2?wait=600000 ", 28), 0);
	assert_int_equal(info.status, VIRGO_EXEC_RUNNING);
	assert_int_equal(info.exit, -1);
	assert_true(info.ended_ms == -1);
	virgo_job_info_free(&info);
	job = at("r3");
	assert_int_equal(virgo_job_show(ctx, &job, 0, &info, &err), VIRGO_FAILED);
	assert_non_null(strstr(err.message, "unexpected answer: no job"));
	job = at("r7");
	assert_int_equal(virgo_job_show(ctx, &job, 0, &info, &err), VIRGO_NOT_FOUND);
	job = at("..");
	assert_int_equal(virgo_job_show(ctx, &job, 0, &info, &err), VIRGO_USAGE);
	virgo_disconnect(ctx);
}

static void submitting(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_exec exec = { .name = "x", .priority = 5 };
	struct virgo_job_address job;
	struct virgo_error err;

	(void)state;
	assert_int_equal(virgo_job_submit(ctx, NULL, &exec, &job, &err), VIRGO_OK);
	assert_string_equal(job.id, "r9");
	assert_string_equal(job.node, server.node);
	assert_string_equal(server.log[0].body, "{\"name\":\"x\",\"priority\":5}");
	exec.name = "odd";
	assert_int_equal(virgo_job_submit(ctx, server.node, &exec, &job, &err), VIRGO_FAILED);
	exec.name = NULL;
	assert_int_equal(virgo_job_submit(ctx, server.node, &exec, &job, &err), VIRGO_USAGE);
	virgo_disconnect(ctx);
}

static void waiting(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_job_address job = at("r2");
	struct virgo_job_info info;
	struct virgo_error err;

	(void)state;
	/* the node gives a wait up before its time: it is asked again, until the job has ended */
	assert_int_equal(virgo_job_wait(ctx, &job, 0, &info, &err), VIRGO_OK);
	assert_int_equal(info.status, VIRGO_EXEC_LOST);
	virgo_job_info_free(&info);
	assert_true(atomic_load(&server.requests) > 1);
	assert_non_null(strstr(server.log[0].head, "?wait=300000 "));
	job = at("r4");
	assert_int_equal(virgo_job_wait(ctx, &job, 20, &info, &err), VIRGO_UNREACHABLE);
	assert_true(err.timed_out);
	assert_non_null(strstr(err.message, "has not ended within 20 ms"));
	virgo_disconnect(ctx);
}

static void ending(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_job_address job = at("r4");
	enum virgo_exec_status status;
	struct virgo_error err;

	(void)state;
	assert_int_equal(virgo_job_cancel(ctx, &job, &status, &err), VIRGO_OK);
	assert_int_equal(status, VIRGO_EXEC_RUNNING);
	assert_int_equal(virgo_job_forget(ctx, &job, &err), VIRGO_PRECONDITION);
	assert_non_null(strstr(err.message, "is queued, it has not ended"));
	assert_int_equal(atomic_load(&server.requests), 3);
	job = at("r1");	/* has ended: it is not forgotten by mistake */
	assert_int_equal(virgo_job_cancel(ctx, &job, &status, &err), VIRGO_OK);
	assert_int_equal(status, VIRGO_EXEC_EXITED);
	assert_int_equal(atomic_load(&server.requests), 4);
	assert_int_equal(virgo_job_forget(ctx, &job, &err), VIRGO_OK);
	assert_int_equal(strncmp(server.log[5].head, "DELETE /v1/jobs/r1 ", 19), 0);
	virgo_disconnect(ctx);
}

static int gather(void *arg, const void *data, size_t len)
{
	strncat(arg, data, len);
	return 0;
}

static void output(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_job_address job = at("r2");
	struct virgo_job_output out;
	struct virgo_error err;
	char text[64] = "";

	(void)state;
	assert_int_equal(virgo_job_output(ctx, &job, VIRGO_STDOUT, 4, 500, gather, text, &out,
					  &err), VIRGO_OK);
	assert_string_equal(text, "456789");
	assert_int_equal(out.next, 10);
	assert_int_equal(out.status, VIRGO_EXEC_RUNNING);
	assert_int_equal(strncmp(server.log[0].head,
				 "GET /v1/jobs/r2/output?offset=4&stream=stdout&wait=500 ", 55), 0);
	assert_int_equal(virgo_job_output(ctx, &job, VIRGO_STDERR, 10, 0, gather, text, &out,
					  &err), VIRGO_OK);
	assert_int_equal(out.next, 10);
	assert_int_equal(out.status, VIRGO_EXEC_EXITED);
	job = at("r3");
	assert_int_equal(virgo_job_output(ctx, &job, VIRGO_STDERR, 0, 0, gather, text, &out,
					  &err), VIRGO_FAILED);
	assert_non_null(strstr(err.message, "Virgo-Output-Next"));
	virgo_disconnect(ctx);
}

static void addresses(void **state)
{
	char nodes[96], text[96];
	struct virgo_job_address job;
	struct virgo_error err;
	struct virgo_ctx *ctx;

	(void)state;
	assert_int_equal(server_start(&other, odd_answer), 0);
	snprintf(nodes, sizeof(nodes), "%s,%s", other.node, server.node);
	ctx = connected(nodes, 1);
	assert_int_equal(virgo_job_parse(ctx, "10.0.0.9/abc_-.1", &job, &err), VIRGO_OK);
	assert_string_equal(job.node, "10.0.0.9");
	assert_string_equal(job.id, "abc_-.1");
	assert_int_equal(atomic_load(&server.requests), 0);
	assert_int_equal(virgo_job_parse(ctx, "r1", &job, &err), VIRGO_OK);
	assert_string_equal(job.node, server.node);
	assert_int_equal(virgo_job_parse(ctx, "nowhere", &job, &err), VIRGO_NOT_FOUND);
	assert_string_equal(err.message, "no job nowhere on any of 2 nodes");
	for (const char *const *bad = (const char *const[]){ "", "/", "a/", "a b/c", "x y", "../r1",
							     "n/..", NULL }; *bad; bad++)
		assert_int_equal(virgo_job_parse(ctx, *bad, &job, &err), VIRGO_USAGE);
	virgo_disconnect(ctx);

	ctx = connected(server.node, 1);
	assert_int_equal(virgo_job_parse(ctx, "whatever", &job, &err), VIRGO_OK);
	assert_string_equal(job.node, server.node);
	virgo_disconnect(ctx);

	/* the same id on two nodes */
	snprintf(text, sizeof(text), "%s,localhost:%s", server.node, strrchr(server.node, ':') + 1);
	ctx = connected(text, 1);
	assert_int_equal(virgo_job_parse(ctx, "r1", &job, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "job r1 is on 2 nodes, "));
	assert_non_null(strstr(err.hint, "name the node: "));
	virgo_disconnect(ctx);

	snprintf(text, sizeof(text), "127.0.0.1:1,%s", other.node);
	ctx = connected(text, 1);
	assert_int_equal(virgo_job_parse(ctx, "r1", &job, &err), VIRGO_UNREACHABLE);
	assert_non_null(strstr(err.message, "and 1 nodes could not say"));
	virgo_disconnect(ctx);
	server_stop(&other);
}

struct listed {
	char text[512];
	int stop_at, n;
	struct virgo_error why;
	int failed;
};

static int list_job(void *arg, const struct virgo_job_info *info)
{
	struct listed *l = arg;

	snprintf(l->text + strlen(l->text), sizeof(l->text) - strlen(l->text), "%s:%s%s%s ",
		 info->job.id, virgo_exec_status_name(info->status), *info->error ? "!" : "",
		 info->error);
	return ++l->n == l->stop_at;
}

static void list_failed(void *arg, const struct virgo_error *err)
{
	struct listed *l = arg;

	l->failed++;
	l->why = *err;
}

static void listing(void **state)
{
	struct listed got = { .n = 0 };
	struct virgo_job_list list = { .job = list_job, .failed = list_failed, .arg = &got };
	struct virgo_error err;
	struct virgo_ctx *ctx;
	char nodes[128];

	(void)state;
	assert_int_equal(server_start(&other, odd_answer), 0);
	snprintf(nodes, sizeof(nodes), "%s,127.0.0.1:1,%s", server.node, other.node);
	ctx = connected(nodes, 1);
	assert_int_equal(virgo_job_list(ctx, &list, &err), VIRGO_UNREACHABLE);
	/* node after node, page after page; a next that stands still is followed once */
	assert_string_equal(got.text, "r0:killed r1:exited o1:queued r2:failed!no   such o1:queued ");
	assert_int_equal(got.failed, 1);
	assert_non_null(strstr(server.log[0].head, "GET /v1/jobs?limit=500 "));
	virgo_disconnect(ctx);
	server_stop(&other);

	ctx = connected(server.node, 1);
	memset(&got, 0, sizeof(got));
	got.stop_at = 2;
	list.has_status = 1;
	list.status = VIRGO_EXEC_QUEUED;
	assert_int_equal(virgo_job_list(ctx, &list, &err), VIRGO_INTERRUPTED);
	assert_int_equal(got.n, 2);
	assert_non_null(strstr(server.log[2].head, "&status=queued "));
	virgo_disconnect(ctx);
}

#define JOBS(test) cmocka_unit_test_setup_teardown(test, start_jobs, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOBS(showing), JOBS(submitting), JOBS(waiting), JOBS(ending), JOBS(output),
		JOBS(addresses), JOBS(listing),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
