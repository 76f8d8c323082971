// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Running something on a node and waiting for its end, or on many. Must never send a run anew where one
 * may have begun: that is the caller's to decide.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "exec_int.h"

/*
 * A call may last as long as the run; what the node needs besides (a place among its runs, the grace it
 * grants a program that is to end) comes on top. Without a limit of the caller's the node's own holds.
 */
enum { EXEC_SLACK_MS = 15 * 1000, EXEC_LONGEST_MS = 8 * 24 * 3600 * 1000 };

static const struct virgo_header exec_headers[] = {
	{ "Accept", "application/x-ndjson" }, { "Content-Type", "application/json" },
};

/* what all copies of a run have in common */
struct outfit {
	struct virgo_body body;
	char *json;
	unsigned long timeout_ms;
};

static enum virgo_code outfit_make(struct outfit *o, const struct virgo_exec *exec,
				   struct virgo_error *err)
{
	enum virgo_code code;
	size_t len;

	code = virgo_exec_json(exec, &o->json, &len, err);
	if (code)
		return code;
	virgo_body_mem(&o->body, o->json, len);
	o->timeout_ms = EXEC_LONGEST_MS;
	if (exec->timeout_ms && exec->timeout_ms < EXEC_LONGEST_MS - EXEC_SLACK_MS)
		o->timeout_ms = exec->timeout_ms + EXEC_SLACK_MS;
	return VIRGO_OK;
}

static struct virgo_request outfit_request(const struct outfit *o, struct virgo_exec_reader *reader)
{
	return (struct virgo_request){
		.service = VIRGO_CPUPOOL, .method = "POST", .target = "/v1/exec",
		.headers = exec_headers, .nheaders = VIRGO_COUNT(exec_headers), .body = &o->body,
		.sink = virgo_exec_feed, .sink_arg = reader, .timeout_ms = o->timeout_ms,
	};
}

static enum virgo_code wrong_answer(const char *address, const char *node_id, const char *bad,
				    struct virgo_error *err)
{
	if (*node_id)
		virgo_error_set(err, VIRGO_FAILED, "node %s (%s): unexpected answer: %s", node_id,
				address, bad);
	else
		virgo_error_set(err, VIRGO_FAILED, "%s: unexpected answer: %s", address, bad);
	if (!err)
		return VIRGO_FAILED;
	snprintf(err->node, sizeof(err->node), "%s", address);
	snprintf(err->node_id, sizeof(err->node_id), "%s", node_id);
	err->maybe_done = 1;
	virgo_error_hint(err, "it may have run; look before you repeat it");
	return VIRGO_FAILED;
}

/*
 * How the call went (why) and what the reader makes of the answer: VIRGO_OK only for a whole result. ans
 * is NULL where no answer came to its end.
 */
static enum virgo_code judge(struct virgo_exec_reader *reader, const struct virgo_error *why,
			     const struct virgo_answer *ans, struct virgo_error *err)
{
	const char *bad = why->code ? reader->bad : virgo_exec_reader_end(reader);

	virgo_exec_reader_free(reader);
	if (reader->stopped)
		return virgo_error_set(err, VIRGO_INTERRUPTED, "stopped by the caller");
	if (bad)
		return wrong_answer(ans ? ans->address : why->node,
				    ans ? ans->node_id : why->node_id, bad, err);
	if (why->code)
		return virgo_error_move(err, why);
	snprintf(reader->result->node, sizeof(reader->result->node), "%s", ans->node);
	snprintf(reader->result->node_id, sizeof(reader->result->node_id), "%s", ans->node_id);
	return VIRGO_OK;
}

static enum virgo_code exec_one(struct virgo_ctx *ctx, const char *node,
			       const struct virgo_exec *exec, struct virgo_exec_reader *reader,
			       struct virgo_error *err)
{
	struct virgo_answer *ans = NULL;
	struct virgo_request req;
	struct virgo_error why;
	struct virgo_want want;
	struct outfit o = { 0 };
	enum virgo_code code;

	memset(reader->result, 0, sizeof(*reader->result));
	code = outfit_make(&o, exec, err);
	if (code)
		return code;
	req = outfit_request(&o, reader);
	virgo_error_clear(&why);
	if (node) {
		virgo_call(ctx, node, &req, &ans, &why);
	} else {
		virgo_exec_want(exec, &want);
		virgo_call_picked(ctx, &want, &req, &ans, &why);
	}
	code = judge(reader, &why, ans, err);
	if (code)
		virgo_exec_result_free(reader->result);
	virgo_answer_free(ans);
	free(o.json);
	return code;
}

enum virgo_code virgo_clone(struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec,
			    struct virgo_exec_result *result, struct virgo_error *err)
{
	struct virgo_exec_reader reader = { .result = result };

	virgo_error_clear(err);
	if (virgo_device_clones(ctx, node, exec))
		return virgo_device_clone(ctx, node, exec, result, err);
	return exec_one(ctx, node, exec, &reader, err);
}

enum virgo_code virgo_clone_stream(struct virgo_ctx *ctx, const char *node,
				   const struct virgo_exec *exec, virgo_output_fn output, void *arg,
				   struct virgo_exec_result *result, struct virgo_error *err)
{
	struct virgo_exec_reader reader = { .result = result, .output = output, .arg = arg };

	virgo_error_clear(err);
	return exec_one(ctx, node, exec, &reader, err);
}

/* one of many */
struct copy {
	const struct virgo_exec_many *many;
	size_t index;
	struct virgo_request req;
	struct virgo_exec_reader reader;
	struct virgo_exec_result result;
};

struct copies {
	struct copy *all;
	struct virgo_job *jobs;
};

static int copy_output(void *arg, enum virgo_stream stream, const void *data, size_t len)
{
	struct copy *c = arg;

	return c->many->output(c->many->arg, c->index, stream, data, len);
}

static int copy_done(void *arg, struct virgo_answer *ans)
{
	struct copy *c = &((struct copies *)arg)->all[ans->index];
	struct virgo_error err;
	int ret;

	virgo_error_clear(&err);
	judge(&c->reader, &ans->err, ans, &err);
	ret = c->reader.stopped ? -1 :
	      c->many->done(c->many->arg, c->index, err.code ? NULL : &c->result, &err, ans->us);
	virgo_exec_result_free(&c->result);
	virgo_answer_free(ans);
	return ret;
}

enum virgo_code virgo_exec_many(struct virgo_ctx *ctx, const struct virgo_exec *exec,
				const struct virgo_exec_many *many, struct virgo_error *err)
{
	struct copies copies = { 0 };
	struct outfit o = { 0 };
	enum virgo_code code;

	virgo_error_clear(err);
	if (!many->n)
		return VIRGO_OK;
	code = outfit_make(&o, exec, err);
	if (code)
		return code;
	copies.all = calloc(many->n, sizeof(*copies.all));
	copies.jobs = calloc(many->n, sizeof(*copies.jobs));
	for (size_t i = 0; copies.all && copies.jobs && i < many->n; i++) {
		struct copy *c = &copies.all[i];

		c->many = many;
		c->index = i;
		c->reader.result = &c->result;
		c->reader.output = many->output ? copy_output : NULL;
		c->reader.arg = c;
		c->req = outfit_request(&o, &c->reader);
		copies.jobs[i] = (struct virgo_job){ .node = many->nodes[i], .req = &c->req };
	}
	if (copies.all && copies.jobs)
		code = virgo_call_many(ctx, copies.jobs, many->n, copy_done, &copies, err);
	else
		code = virgo_error_nomem(err);
	for (size_t i = 0; copies.all && i < many->n; i++) {
		virgo_exec_reader_free(&copies.all[i].reader);
		virgo_exec_result_free(&copies.all[i].result);
	}
	free(copies.all);
	free(copies.jobs);
	free(o.json);
	return code;
}
