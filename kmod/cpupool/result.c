// SPDX-License-Identifier: GPL-2.0-or-later
/* Results as JSON, and refusals as problems. Must never cut output without saying so. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/node.h"
#include "core/utf8.h"
#include "cpupool/api.h"

void cp_bytes_json(struct vg_jw *w, const char *name, const char *name_b64, const char *p, size_t n)
{
	if (vg_utf8_valid(p, n)) {
		vg_jw_kstr(w, name, vg_str(p, n));
		return;
	}
	/* a string without anything to escape, put together by hand */
	vg_jw_key(w, name_b64);
	vg_jw_raw(w, VG_STR("\""));
	vg_base64_encode(w->b, p, n);
	vg_buf_putc(w->b, '"');
}

static bool is_truncated(const struct cp_run *run)
{
	return run->total[CP_STDOUT] > run->out[CP_STDOUT].len || run->total[CP_STDERR] > run->out[CP_STDERR].len;
}

void cp_result_json(struct cp_run *run, struct vg_jw *w, bool output)
{
	const struct cp_result *res = &run->result;

	lockdep_assert_held(&run->lock);
	vg_jw_kid(w, "id", run->id);
	vg_jw_ku64(w, "node", run->pool->node->id);
	vg_jw_kcstr(w, "status", cp_end_names[res->end]);
	vg_jw_ks64(w, "exit", res->exit);
	vg_jw_ks64(w, "signal", res->signal);
	if (res->has_value)
		vg_jw_ks64(w, "value", res->value);
	if (output) {
		cp_bytes_json(w, "stdout", "stdout_b64", run->out[CP_STDOUT].p, run->out[CP_STDOUT].len);
		cp_bytes_json(w, "stderr", "stderr_b64", run->out[CP_STDERR].p, run->out[CP_STDERR].len);
	}
	vg_jw_kbool(w, "truncated", is_truncated(run));
	if (is_truncated(run)) {
		vg_jw_ku64(w, "stdout_bytes", run->total[CP_STDOUT]);
		vg_jw_ku64(w, "stderr_bytes", run->total[CP_STDERR]);
	}
	if (res->why[0])
		vg_jw_kcstr(w, "error", res->why);
	vg_jw_ku64(w, "us", res->us);
}

static const char *state_name(const struct cp_run *run)
{
	switch (run->state) {
	case CP_QUEUED:
		return "queued";
	case CP_RUNNING:
		return "running";
	default:
		return cp_end_names[run->result.end];
	}
}

static void time_json(struct vg_jw *w, const char *name, u64 ms)
{
	vg_jw_key(w, name);
	if (ms)
		vg_jw_u64(w, ms);
	else
		vg_jw_null(w);
}

static void spec_json(const struct cp_spec *spec, struct vg_jw *w)
{
	const char *arg = spec->args;
	u32 i;

	vg_jw_kcstr(w, "kind", cp_kind_names[spec->kind]);
	vg_jw_kcstr(w, "name", spec->name);
	vg_jw_karr(w, "args");
	for (i = 0; i < spec->nargs; i++, arg += strlen(arg) + 1)
		vg_jw_cstr(w, arg);
	vg_jw_arr_end(w);
}

void cp_job_json(struct cp_run *run, struct vg_jw *w)
{
	const struct cp_result *res = &run->result;

	lockdep_assert_held(&run->pool->lock);
	mutex_lock(&run->lock);
	vg_jw_obj(w);
	vg_jw_kid(w, "id", run->id);
	vg_jw_ku64(w, "node", run->pool->node->id);
	spec_json(&run->spec, w);
	vg_jw_kcstr(w, "status", state_name(run));
	vg_jw_ks64(w, "exit", run->ended ? res->exit : -1);
	vg_jw_ks64(w, "signal", res->signal);
	if (res->has_value)
		vg_jw_ks64(w, "value", res->value);
	vg_jw_ks64(w, "priority", run->spec.priority);
	vg_jw_kcstr(w, "key", run->owner);
	time_json(w, "created_ms", run->queued_ms);
	time_json(w, "started_ms", run->started_ms);
	time_json(w, "ended_ms", run->ended_ms);
	vg_jw_ku64(w, "us", res->us);
	vg_jw_ku64(w, "stdout_bytes", run->total[CP_STDOUT]);
	vg_jw_ku64(w, "stderr_bytes", run->total[CP_STDERR]);
	vg_jw_kbool(w, "truncated", is_truncated(run));
	if (res->why[0])
		vg_jw_kcstr(w, "error", res->why);
	vg_jw_obj_end(w);
	mutex_unlock(&run->lock);
}

int cp_refused(struct vg_req *req, const struct cp_run *run)
{
	u32 node = run->pool->node->id;

	switch (run->result.refusal) {
	case CP_R_NOT_FOUND:
		return vg_problem(req, 404, "exec.not_found", "%s %s on node %u: %s",
				  cp_kind_names[run->spec.kind], run->spec.name, node, run->result.why);
	case CP_R_NOT_ALLOWED:
		return vg_problem(req, 403, "exec.not_allowed",
				  "%s %s may not be run on node %u: %s; exec_allow in its configuration lists what may",
				  cp_kind_names[run->spec.kind], run->spec.name, node, run->result.why);
	case CP_R_NO_HELPER:
		return vg_problem(req, 503, "exec.no_helper", "node %u: %s", node, run->result.why);
	default:
		return vg_problem(req, 409, "exec.failed", "%s could not be run on node %u: %s", run->spec.name, node,
				  run->result.why);
	}
}
