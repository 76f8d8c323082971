// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Many requests at once over one libcurl multi handle: each answer is handed over as it comes, so
 * that a dead node costs its own time-out and nobody else's.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "view.h"
#include "xfer.h"

enum {
	POLL_MS = 200, ENOUGH_MS = 10, START_MS = 1, CONNECTIONS_KEPT = 256,
	START_AT_ONCE = 8,		/* then what is under way goes on: the first need not wait for the last */
	HEAD_START_MS = 10,		/* of those, at most: their answers need not wait for everybody's work */
};

struct run {
	struct virgo_ctx *ctx;
	const struct virgo_job *jobs;
	size_t n, next, active;
	uint64_t head_start_ms;		/* until when only the first are under way; 0: they have not begun */
	struct virgo_xfer **flying;	/* by job; NULL: not begun or over */
	virgo_answer_fn fn;
	virgo_enough_fn enough;		/* NULL: all are waited for */
	void *arg;
	struct virgo_error *err;
};

static enum virgo_code hand_over(struct run *run, struct virgo_answer *ans)
{
	if (run->fn(run->arg, ans))
		return virgo_error_set(run->err, VIRGO_INTERRUPTED, "stopped by the caller");
	return VIRGO_OK;
}

/* how many ms of the head start are left; it ends with the first answer */
static int head_start(const struct run *run)
{
	uint64_t now_ms = virgo_now_ms();

	return run->head_start_ms > now_ms ? (int)(run->head_start_ms - now_ms) : 0;
}

static enum virgo_code start_more(struct run *run)
{
	struct virgo_answer *ans;
	struct virgo_error err;
	enum virgo_code code;

	if (head_start(run))
		return VIRGO_OK;
	if (!run->next)
		run->head_start_ms = virgo_now_ms() + HEAD_START_MS;
	for (int k = 0; k < START_AT_ONCE && run->next < run->n; k++) {
		size_t i = run->next;

		if (run->active >= run->ctx->parallel)
			break;
		run->next++;
		code = virgo_xfer_start(run->ctx, &run->jobs[i], i, &run->flying[i], &ans, &err);
		if (!code) {
			run->active++;
			continue;
		}
		if (!ans)
			return virgo_error_move(run->err, &err);
		code = hand_over(run, ans);
		if (code)
			return code;
	}
	return VIRGO_OK;
}

static enum virgo_code take_finished(struct run *run)
{
	struct virgo_answer *ans;
	struct virgo_xfer *xfer;
	enum virgo_code code;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(run->ctx->multi, &left))) {
		CURLcode result = msg->data.result;
		char *private = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
		xfer = (struct virgo_xfer *)private;
		run->head_start_ms = 0;
		run->flying[xfer->ans->index] = NULL;
		run->active--;
		ans = virgo_xfer_finish(xfer, result);
		code = hand_over(run, ans);
		if (code)
			return code;
	}
	return VIRGO_OK;
}

/* how many ms to wait for something to happen */
static int patience(const struct run *run)
{
	if (run->active == run->ctx->parallel || run->next == run->n)
		return run->enough ? ENOUGH_MS : POLL_MS;
	return head_start(run) ? head_start(run) : START_MS;
}

static enum virgo_code drive(struct run *run)
{
	CURLM *multi = run->ctx->multi;
	enum virgo_code code;
	CURLMcode bad;
	int running;

	for (;;) {
		code = start_more(run);
		if (code)
			return code;
		bad = curl_multi_perform(multi, &running);
		if (!bad) {
			code = take_finished(run);
			if (code)
				return code;
			if (!run->active && run->next == run->n)
				return VIRGO_OK;
			if (run->enough && run->enough(run->arg))
				return VIRGO_OK;
			bad = curl_multi_poll(multi, NULL, 0, patience(run), NULL);
		}
		if (bad)
			return virgo_error_set(run->err, VIRGO_FAILED, "libcurl: %s",
					       curl_multi_strerror(bad));
		if (run->ctx->cancelled)
			return virgo_error_set(run->err, VIRGO_INTERRUPTED, "interrupted");
	}
}

static enum virgo_code make_multi(struct virgo_ctx *ctx, struct virgo_error *err)
{
	if (ctx->multi)
		return VIRGO_OK;
	ctx->multi = curl_multi_init();
	if (!ctx->multi)
		return virgo_error_nomem(err);
	curl_multi_setopt(ctx->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	curl_multi_setopt(ctx->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return VIRGO_OK;
}

enum virgo_code virgo_call_until(struct virgo_ctx *ctx, const struct virgo_job *jobs, size_t n,
				 virgo_answer_fn fn, virgo_enough_fn enough, void *arg,
				 struct virgo_error *err)
{
	struct run run = {
		.ctx = ctx, .jobs = jobs, .n = n, .fn = fn, .enough = enough, .arg = arg, .err = err,
	};
	enum virgo_code code;

	if (ctx->device)
		return virgo_device_many(ctx, jobs, n, fn, enough, arg, err);
	virgo_error_clear(err);
	if (ctx->cancelled)
		return virgo_error_set(err, VIRGO_INTERRUPTED, "interrupted");
	code = make_multi(ctx, err);
	if (code || !n)
		return code;
	run.flying = calloc(n, sizeof(*run.flying));
	if (!run.flying)
		return virgo_error_nomem(err);
	code = drive(&run);
	for (size_t i = 0; i < run.next; i++)
		if (run.flying[i])
			virgo_xfer_abandon(run.flying[i]);
	free(run.flying);
	return code;
}

enum virgo_code virgo_call_many(struct virgo_ctx *ctx, const struct virgo_job *jobs, size_t n,
				virgo_answer_fn fn, void *arg, struct virgo_error *err)
{
	return virgo_call_until(ctx, jobs, n, fn, NULL, arg, err);
}

enum virgo_code virgo_call_all(struct virgo_ctx *ctx, const struct virgo_request *req,
			       virgo_answer_fn fn, void *arg, struct virgo_error *err)
{
	size_t n = virgo_nodeset_count(ctx->nodes);
	struct virgo_job *jobs = calloc(n, sizeof(*jobs));
	enum virgo_code code;

	if (!jobs)
		return virgo_error_nomem(err);
	for (size_t i = 0; i < n; i++) {
		jobs[i].node = virgo_nodeset_name(ctx->nodes, i);
		jobs[i].req = req;
	}
	code = virgo_call_many(ctx, jobs, n, fn, arg, err);
	free(jobs);
	return code;
}

static int keep_answer(void *arg, struct virgo_answer *ans)
{
	*(struct virgo_answer **)arg = ans;
	return 0;
}

enum virgo_code virgo_call(struct virgo_ctx *ctx, const char *node, const struct virgo_request *req,
			   struct virgo_answer **ans, struct virgo_error *err)
{
	struct virgo_job job = { .node = node, .req = req };
	struct virgo_answer *got = NULL;
	enum virgo_code code;

	if (ans)
		*ans = NULL;
	code = virgo_call_many(ctx, &job, 1, keep_answer, &got, err);
	if (code)
		return code;
	code = got->err.code;
	if (code)
		virgo_error_move(err, &got->err);
	if (ans && got->status)
		*ans = got;
	else
		virgo_answer_free(got);
	return code;
}
