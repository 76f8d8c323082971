// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POST /v1/exec and its one-line form: a run that somebody waits for. Whoever leaves before it has ended ends
 * it. req->priv is the run, with a reference.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "core/auth.h"
#include "core/conn.h"
#include "core/json.h"
#include "core/node.h"
#include "cpupool/api.h"

enum {
	ANSWER_SLACK	= 8192,		/* a result without its output */
	LINE_OUT_MAX	= 65536,	/* bytes of output that a line carries */
};

size_t cp_exec_body_max(struct vg_req *req)
{
	return VG_JSON_BODY_MAX;
}

/* --- from the request to a run --------------------------------------------------------------------- */

static int check_spec(struct vg_req *req, const struct cp_spec *spec)
{
	const struct vg_config *cfg = req->conn->cfg;

	if (spec->timeout_ms > cfg->exec_timeout_max_ms)
		return vg_problem(req, 400, "exec.bad_request", "timeout_ms %llu is over %llu: see exec_timeout_max",
				  (unsigned long long)spec->timeout_ms,
				  (unsigned long long)cfg->exec_timeout_max_ms);
	if (!vg_req_may(req, VG_EXEC, spec->name, strlen(spec->name)))
		return vg_problem(req, 403, "exec.not_allowed", "key %s may not run %s: it lies outside its prefixes",
				  req->key->id, spec->name);
	if (spec->kind != CP_KERNEL && !cfg->nr_exec_allow)
		return vg_problem(req, 403, "exec.not_allowed",
				  "node %u runs no programs: list some in exec_allow", req->node->id);
	return 0;
}

static struct cp_run *make_run(struct vg_req *req, struct cp_spec *spec, int ret, const struct cp_fault *fault,
			       bool job)
{
	struct cp_run *run;

	if (ret == -ENOMEM)
		goto nomem;
	if (ret) {
		cp_spec_free(spec);
		vg_problem(req, fault->status, fault->status == 413 ? "exec.too_large" : "exec.bad_request", "%s",
			   fault->why);
		return NULL;
	}
	check_spec(req, spec);
	if (req->answered) {
		cp_spec_free(spec);
		return NULL;
	}
	run = cp_run_new(req->data, spec, req, job);
	if (run)
		return run;
nomem:
	cp_spec_free(spec);
	vg_problem(req, 503, "node.memory", "no memory for this now: try again");
	return NULL;
}

struct cp_run *cp_exec_parse(struct vg_req *req, bool job)
{
	struct cp_fault fault = {};
	struct cp_spec spec;
	int ret = cp_spec_parse(&spec, (const char *)req->body.data, req->body.n, &fault);

	return make_run(req, &spec, ret, &fault, job);
}

int cp_not_submitted(struct vg_req *req, int ret)
{
	struct cp_pool *pool = req->data;

	if (ret != -EBUSY)
		return ret == -ESHUTDOWN ? -EAGAIN : ret;
	return vg_problem(req, 503, "exec.busy", "%u runs and jobs wait on node %u already: try later, or another node",
			  pool->cfg->exec_queued, req->node->id);
}

/* --- to its answer ------------------------------------------------------------------------------------ */

static int reply_result(struct vg_req *req, struct cp_run *run)
{
	size_t max = ANSWER_SLACK;
	struct vg_buf b;
	struct vg_jw w;

	/* an escaped byte takes six at the most */
	max += 6 * (run->out[CP_STDOUT].len + run->out[CP_STDERR].len);
	vg_buf_init(&b, NULL, 0, max);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	cp_result_json(run, &w, true);
	vg_jw_obj_end(&w);
	return vg_reply_json(req, 200, &b);
}

/* On one line: the output without its last line end, what a line cannot carry as \n, \t, \\ or \xNN */
static int reply_line(struct vg_req *req, struct cp_run *run)
{
	const struct cp_result *res = &run->result;
	const struct vg_buf *out = &run->out[CP_STDOUT];
	size_t n = min_t(size_t, out->len, LINE_OUT_MAX);
	struct vg_buf b;
	size_t i;
	int ret;

	if (res->end == CP_EXITED && res->exit)
		return vg_problem(req, 400, "exec.ended", "%s exited with %d", run->spec.name, res->exit);
	if (res->end == CP_FAILED)
		return cp_refused(req, run);
	if (res->end != CP_EXITED)
		return vg_problem(req, 400, "exec.ended", "%s: %s, signal %d", run->spec.name,
				  cp_end_names[res->end], res->signal);
	vg_buf_init(&b, NULL, 0, 4 * LINE_OUT_MAX + 16);
	if (n && out->p[n - 1] == '\n')
		n--;
	for (i = 0; i < n; i++) {
		char c = out->p[i];

		if (c == '\n')
			vg_buf_puts(&b, "\\n");
		else if (c == '\t' || c == '\\')
			vg_buf_puts(&b, c == '\t' ? "\\t" : "\\\\");
		else if (vg_is_ctrl(c))
			vg_buf_printf(&b, "\\x%02x", (u8)c);
		else
			vg_buf_putc(&b, c);
	}
	ret = b.err ? -ENOMEM : vg_line_reply(req, b.p, b.len);
	vg_buf_free(&b);
	return ret;
}

/* On the connection's worker: the run has ended, or (live) has something to say */
static int go_on(struct vg_req *req)
{
	struct cp_run *run = req->priv;
	int ret;

	mutex_lock(&run->lock);
	if (!run->ended && !run->live) {
		ret = VG_PENDING;
	} else if (run->ended && run->result.end == CP_FAILED && !req->streaming) {
		ret = req->is_line ? reply_line(req, run) : cp_refused(req, run);
	} else if (run->live) {
		ret = cp_stream_more(req, run);
	} else {
		ret = req->is_line ? reply_line(req, run) : reply_result(req, run);
	}
	if (ret != VG_PENDING)
		run->req = NULL;
	mutex_unlock(&run->lock);
	return ret;
}

int cp_exec_event(struct vg_req *req, enum vg_event event)
{
	struct cp_run *run = req->priv;

	if (event == VG_EVENT_ROOM)
		return go_on(req);
	mutex_lock(&run->lock);
	run->req = NULL;
	mutex_unlock(&run->lock);
	cp_run_cancel(run, CP_CANCELLED);
	if (req->streaming)
		return -ECONNRESET;
	return vg_problem(req, 409, "exec.cancelled", "the client stopped sending while %s ran: it is ended",
			  run->spec.name);
}

void cp_exec_drop(struct vg_req *req)
{
	cp_run_put(req->priv);
	req->priv = NULL;
}

/* Is the type among those the client names, whatever its preferences are? */
static bool wants_lines(const struct vg_req *req)
{
	struct vg_str rest = vg_req_header(req, VG_H_ACCEPT);

	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? comma - rest.p : rest.n;
		const char *semicolon = memchr(rest.p, ';', n);
		struct vg_str type = vg_str(rest.p, semicolon ? semicolon - rest.p : n);

		if (vg_str_eq_nocase(vg_str_trim(type), VG_STR("application/x-ndjson")))
			return true;
		rest = vg_str_sub(rest, n + 1, rest.n);
	}
	return false;
}

static int submit(struct vg_req *req, struct cp_run *run)
{
	int ret;

	req->priv = run;
	run->req = req;
	run->wake = go_on;
	ret = cp_run_submit(run);
	if (!ret)
		return VG_PENDING;
	run->req = NULL;
	return cp_not_submitted(req, ret);
}

int cp_exec(struct vg_req *req)
{
	struct cp_run *run;

	/* what a program has done is not taken back for want of room for the answer */
	if (!vg_reply_room(req))
		return 0;
	run = cp_exec_parse(req, false);
	if (!run)
		return 0;
	run->live = wants_lines(req);
	return submit(req, run);
}

/* The first word may be a kernel function's or a library function's name, or a program's */
int cp_exec_line(struct vg_req *req)
{
	struct cp_fault fault = {};
	struct cp_spec spec;
	struct cp_run *run;
	int ret;

	if (!vg_reply_room(req))
		return 0;
	ret = cp_spec_line(&spec, req->arg[0], &fault);
	if (!ret && cp_function_exists(spec.name))
		spec.kind = CP_KERNEL;
	else if (!ret && strchr(spec.name, ':') && spec.name[0] != '/')
		spec.kind = CP_FUNCTION;
	run = make_run(req, &spec, ret, &fault, false);
	return run ? submit(req, run) : 0;
}
