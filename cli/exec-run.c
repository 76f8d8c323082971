// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs a plan, and what is true of every view of it: the exit status, the log, the list of failures.
 * Never begins a run twice.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/exec.h"

bool exec_may_hold(struct plan *p, uint64_t len)
{
	if (len <= EXEC_HELD_MAX - p->held) {
		p->held += len;
		return true;
	}
	if (!p->dropped)
		run_warn(p->r, "virgo: exec: over %d MiB of output in all: the rest is left out",
			 EXEC_HELD_MAX >> 20);
	p->dropped = true;
	p->worst = p->worst > VIRGO_FAILED ? p->worst : VIRGO_FAILED;
	return false;
}

/* who it was; where none was named, the last one that was tried, by its address */
static void write_log(struct plan *p, size_t index, const struct virgo_exec_result *result,
		      const struct virgo_error *err, uint64_t us)
{
	const char *node = result ? result->node : p->nodes ? p->nodes[index] : err->node;

	if (p->log && *node)
		joblog_write(p->log, node, us, result);
}

/* "node 2 (10.0.0.2): killed by signal 9, Killed" */
static void describe(const struct plan *p, const struct virgo_exec_result *res,
		     struct virgo_error *err)
{
	char who[VIRGO_NODE_NAME_MAX + 40];
	int code = virgo_exec_exit(res->status, res->exit, res->signal);

	snprintf(who, sizeof(who), *res->node_id ? "node %s (%s)" : "%s%s", res->node_id,
		 res->node);
	switch (res->status) {
	case VIRGO_EXEC_EXITED:
		virgo_error_set(err, VIRGO_FAILED, "%s: exit status %d", who, res->exit);
		break;
	case VIRGO_EXEC_KILLED:
		virgo_error_set(err, VIRGO_FAILED, "%s: killed by signal %d, %s", who, res->signal,
				strsignal(res->signal));
		break;
	case VIRGO_EXEC_TIMEOUT:
		virgo_error_set(err, code, "%s: ended by its time limit after %llu ms", who,
				(unsigned long long)(res->us / 1000));
		if (!p->exec.timeout_ms)
			virgo_error_hint(err, "--timeout sets another than the node's exec_timeout");
		err->timed_out = 1;
		break;
	case VIRGO_EXEC_CANCELLED:
		virgo_error_set(err, code, "%s: cancelled", who);
		break;
	default:
		virgo_error_set(err, code, "%s: lost%s%s", who, *res->why ? ": " : "", res->why);
		virgo_error_hint(err, "it ran, and nobody knows how far; look before you repeat it");
		break;
	}
	snprintf(err->node, sizeof(err->node), "%s", res->node);
	snprintf(err->node_id, sizeof(err->node_id), "%s", res->node_id);
}

/* a program that says by its status that it failed is its user's business, unless it is one of many */
static void note_end(struct plan *p, const struct virgo_exec_result *res)
{
	int code = virgo_exec_exit(res->status, res->exit, res->signal);
	struct virgo_error err;

	p->worst = code > p->worst ? code : p->worst;
	p->failed += code != 0;
	if (res->truncated) {
		progress_clear(&p->progress);
		run_warn(p->r, "virgo: exec: %s: the node kept only the beginning of its output (%llu and %llu bytes came)",
			 res->node, (unsigned long long)res->out_bytes,
			 (unsigned long long)res->err_bytes);
	}
	if (!code || out_is_json(&p->r->out) || (!p->many && res->status == VIRGO_EXEC_EXITED))
		return;
	describe(p, res, &err);
	run_node_failed(p->r, &err);
}

static void note_error(struct plan *p, size_t index, const struct virgo_error *why)
{
	struct virgo_error err = *why;

	p->worst = (int)err.code > p->worst ? (int)err.code : p->worst;
	p->failed++;
	/* in the list of all that failed a node has one name, whatever the reason */
	if (p->nodes && !out_is_json(&p->r->out))
		snprintf(err.node, sizeof(err.node), "%s", p->nodes[index]);
	run_node_failed(p->r, &err);
}

static int exec_output(void *arg, size_t index, enum virgo_stream stream, const void *data,
		       size_t len)
{
	struct plan *p = arg;

	progress_clear(&p->progress);
	return p->view->output(p, index, stream, data, len);
}

static int exec_done(void *arg, size_t index, struct virgo_exec_result *result,
		     const struct virgo_error *err, uint64_t us)
{
	struct plan *p = arg;

	p->done++;
	write_log(p, index, result, err, us);
	if (p->view->done) {
		progress_clear(&p->progress);
		p->view->done(p, index, result);
	}
	if (result)
		note_end(p, result);
	else
		note_error(p, index, err);
	progress_show(&p->progress, p->done, p->failed, p->n);
	return (p->fail_fast && p->failed) || p->r->out.error;
}

static int pick_output(void *arg, enum virgo_stream stream, const void *data, size_t len)
{
	return exec_output(arg, 0, stream, data, len);
}

/* the one node that the balancer picks */
static enum virgo_code run_picked(struct plan *p, struct virgo_error *err)
{
	struct virgo_exec_result result;
	struct virgo_error why;
	enum virgo_code code;

	if (p->view->output)
		code = virgo_clone_stream(p->r->ctx, NULL, &p->exec, pick_output, p, &result, &why);
	else
		code = virgo_clone(p->r->ctx, NULL, &p->exec, &result, &why);
	if (code == VIRGO_INTERRUPTED) {
		*err = why;
		return code;
	}
	exec_done(p, 0, code ? NULL : &result, &why, result.us);
	virgo_exec_result_free(&result);
	return VIRGO_OK;
}

static enum virgo_code run_all(struct plan *p, struct virgo_error *err)
{
	struct virgo_exec_many many = { .nodes = p->nodes, .n = p->n, .done = exec_done, .arg = p };

	if (p->view->output)
		many.output = exec_output;
	return virgo_exec_many(p->r->ctx, &p->exec, &many, err);
}

/* it did not come to its end: by the user, by --fail-fast, or because nothing can be written */
static int stopped(struct plan *p, const struct virgo_error *err)
{
	size_t left = p->n - p->done;

	if (p->r->out.error)
		return VIRGO_FAILED;	/* said when the output is closed */
	if (err->code != VIRGO_INTERRUPTED)
		return run_error(p->r, err);
	if (p->r->cli->interrupted || !p->fail_fast) {
		if (p->many && !out_is_json(&p->r->out))
			run_warn(p->r, "virgo: exec: interrupted, %zu of %zu nodes had not ended", left,
				 p->n);
		return VIRGO_INTERRUPTED;
	}
	if (left)
		run_warn(p->r, "virgo: exec: stopped by --fail-fast, %zu of %zu nodes had not ended",
			 left, p->n);
	return VIRGO_OK;
}

static int close_log(struct plan *p)
{
	int error = p->log ? joblog_close(p->log) : 0;

	p->log = NULL;
	if (!error)
		return VIRGO_OK;
	return run_fail(p->r, VIRGO_FAILED, "can't write %s: %s", run_opt(p->r, "joblog"),
			strerror(error));
}

int exec_run(struct plan *p)
{
	struct run *r = p->r;
	struct virgo_error err;
	enum virgo_code code;
	int ret;

	ret = p->view->begin ? p->view->begin(p) : VIRGO_OK;
	if (ret)
		return ret;
	r->asked = p->n;
	progress_start(&p->progress, r, p->n, true);
	code = p->nodes ? run_all(p, &err) : run_picked(p, &err);
	progress_clear(&p->progress);
	if (p->view->end)
		p->view->end(p);
	fflush(r->cli->data);
	ret = code ? stopped(p, &err) : VIRGO_OK;
	p->worst = ret > p->worst ? ret : p->worst;
	run_failures(r);
	ret = close_log(p);
	return ret > p->worst ? ret : p->worst;
}
