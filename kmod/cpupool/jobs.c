// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs: runs that nobody waits for on the connection that began them. A job is seen by the key that began it,
 * and by administrators. Looking at one that has not ended yet may wait; req->priv is the struct cp_wait then.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/auth.h"
#include "core/clock.h"
#include "core/conn.h"
#include "core/json.h"
#include "core/node.h"
#include "cpupool/api.h"

enum {
	JOB_JSON_MAX	= 6 * CP_TEXT_MAX + 4096,
	LIST_DEFAULT	= 100,
	LIST_MAX	= 1000,
	LIST_BYTES	= 1 << 20,	/* a page ends behind the job that passes this */
	WAIT_MAX_MS	= 600000,
	OUTPUT_MAX	= 16 << 20,	/* bytes of output in one answer */
};

/* --- whose is it ---------------------------------------------------------------------------------------- */

static bool may_see(const struct vg_req *req, const struct cp_run *run)
{
	return req->key->rights & VG_ADMIN || !strcmp(req->key->id, run->owner);
}

/* The job of the path with a reference; NULL: answered. */
static struct cp_run *find_job(struct vg_req *req)
{
	struct cp_pool *pool = req->data;
	struct cp_run *run = NULL;
	char shown[32];
	u64 id;

	if (!vg_str_u64(req->param[0], &id)) {
		mutex_lock(&pool->lock);
		run = cp_find(pool, id);
		mutex_unlock(&pool->lock);
	}
	if (run && run->job && may_see(req, run))
		return run;
	cp_run_put(run);
	vg_problem(req, 404, "exec.no_job", "no job %s on node %u",
		   vg_printable(req->param[0].p, req->param[0].n, shown, sizeof(shown)), req->node->id);
	return NULL;
}

/* --- telling ---------------------------------------------------------------------------------------------- */

static int reply_job(struct vg_req *req, u16 status, struct cp_run *run)
{
	struct vg_buf b;
	struct vg_jw w;

	vg_buf_init(&b, NULL, 0, JOB_JSON_MAX);
	vg_jw_init(&w, &b);
	mutex_lock(&run->pool->lock);
	cp_job_json(run, &w);
	mutex_unlock(&run->pool->lock);
	return vg_reply_json(req, status, &b);
}

/* May jobs not begin here? Counts those it keeps away, or in shadow would. */
static bool is_degraded(struct vg_node *node)
{
	switch (READ_ONCE(node->degraded)) {
	case VG_FORCE_APPLY:
		atomic64_inc(&node->act[VG_ACT_DEGRADED].did);
		return true;
	case VG_FORCE_SHADOW:
		vg_act_would(node, VG_ACT_DEGRADED);
		return false;
	default:
		return false;
	}
}

int cp_job_post(struct vg_req *req)
{
	struct cp_run *run;
	struct vg_buf b;
	struct vg_jw w;
	u64 id;
	int ret;

	if (is_degraded(req->node))
		return vg_problem(req, 503, "exec.degraded",
				  "node %u is degraded and takes no new jobs: see GET /v1/analytics", req->node->id);
	run = cp_exec_parse(req, true);
	if (!run)
		return 0;
	ret = cp_run_submit(run);
	id = run->id;
	cp_run_put(run);
	if (ret)
		return cp_not_submitted(req, ret);
	vg_buf_init(&b, NULL, 0, 256);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_jw_kid(&w, "id", id);
	vg_jw_kcstr(&w, "status", "queued");
	vg_jw_ku64(&w, "node", req->node->id);
	vg_jw_obj_end(&w);
	vg_reply_header(req, "Location", "/v1/jobs/%llu", (unsigned long long)id);
	return vg_reply_json(req, 202, &b);
}

/* Is @run what ?status= asks for? */
static bool has_status(const struct cp_run *run, struct vg_str status)
{
	if (!status.p)
		return true;
	if (run->state != CP_ENDED)
		return vg_str_is(status, run->state == CP_QUEUED ? "queued" : "running");
	return vg_str_is(status, cp_end_names[run->result.end]);
}

static bool is_status(struct vg_str s)
{
	u32 i;

	for (i = 0; cp_end_names[i]; i++)
		if (vg_str_is(s, cp_end_names[i]))
			return true;
	return vg_str_is(s, "queued") || vg_str_is(s, "running");
}

int cp_job_list(struct vg_req *req)
{
	struct cp_pool *pool = req->data;
	u64 after = 0, limit = LIST_DEFAULT, next = 0, last = 0;
	struct vg_str status = {};
	struct cp_run *run;
	struct vg_buf b;
	struct vg_jw w;
	u64 n = 0;

	if (vg_req_query_u64(req, "after", 0, U64_MAX, &after) || vg_req_query_u64(req, "limit", 1, LIST_MAX, &limit))
		return 0;
	if (vg_req_query(req, "status", &status) && !is_status(status))
		return vg_problem(req, 400, "exec.bad_request",
				  "status is one of queued, running, exited, killed, timeout, cancelled, lost and failed");
	vg_buf_init(&b, NULL, 0, LIST_BYTES + JOB_JSON_MAX);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_jw_karr(&w, "jobs");
	mutex_lock(&pool->lock);
	list_for_each_entry(run, &pool->runs, link) {
		if (!run->job || run->id <= after || !may_see(req, run) || !has_status(run, status))
			continue;
		if (n == limit || b.len > LIST_BYTES) {
			next = last;
			break;
		}
		cp_job_json(run, &w);
		last = run->id;
		n++;
	}
	mutex_unlock(&pool->lock);
	vg_jw_arr_end(&w);
	vg_jw_key(&w, "next");
	if (next)
		vg_jw_id(&w, next);
	else
		vg_jw_null(&w);
	vg_jw_obj_end(&w);
	return vg_reply_json(req, 200, &b);
}

/* --- waiting ------------------------------------------------------------------------------------------------ */

/* The wait is over: the job with the wait's reference */
static struct cp_run *end_wait(struct cp_wait *w)
{
	struct cp_run *run = w->run;

	mutex_lock(&run->lock);
	list_del_init(&w->link);
	mutex_unlock(&run->lock);
	return run;
}

void cp_job_drop(struct vg_req *req)
{
	struct cp_wait *w = req->priv;

	if (!w)
		return;
	cp_run_put(end_wait(w));
	kfree(w);
	req->priv = NULL;
}

/* Nobody is there to read it, but it is an answer. */
int cp_job_event(struct vg_req *req, enum vg_event event)
{
	struct cp_wait *w = req->priv;

	return event == VG_EVENT_GONE ? w->answer(req) : VG_PENDING;
}

/*
 * Wait for @run (its reference is taken over) as @w says, if there is reason to: VG_PENDING, or the answer. The
 * answer may come before this returns.
 */
static int wait_for(struct vg_req *req, struct cp_run *run, const struct cp_wait *how, u64 wait_ms)
{
	struct cp_wait *w = kmalloc(sizeof(*w), GFP_KERNEL);
	bool wait;

	if (!w) {
		cp_run_put(run);
		return -ENOMEM;
	}
	*w = *how;
	w->run = run;
	w->req = req;
	w->until_ms = vg_now_ms() + wait_ms;
	INIT_LIST_HEAD(&w->link);
	req->priv = w;
	mutex_lock(&run->lock);
	wait = wait_ms && !run->ended && !(w->output && run->out[w->stream].len > w->offset);
	if (wait)
		list_add_tail(&w->link, &run->waits);
	mutex_unlock(&run->lock);
	return wait ? VG_PENDING : w->answer(req);
}

static int answer_job(struct vg_req *req)
{
	struct cp_wait *w = req->priv;

	return reply_job(req, 200, end_wait(w));
}

int cp_job_get(struct vg_req *req)
{
	const struct cp_wait how = { .answer = answer_job };
	struct cp_run *run;
	u64 wait_ms = 0;

	if (vg_req_query_u64(req, "wait", 0, WAIT_MAX_MS, &wait_ms))
		return 0;
	run = find_job(req);
	return run ? wait_for(req, run, &how, wait_ms) : 0;
}

static int answer_output(struct vg_req *req)
{
	struct cp_wait *w = req->priv;
	struct cp_run *run = end_wait(w);
	const struct vg_buf *out = &run->out[w->stream];
	size_t n;
	int ret;

	mutex_lock(&run->lock);
	if (w->offset > out->len) {
		ret = vg_problem(req, 416, "exec.range", "offset %llu is behind the %zu bytes that were kept",
				 (unsigned long long)w->offset, out->len);
		goto out;
	}
	n = min_t(size_t, out->len - w->offset, OUTPUT_MAX);
	vg_reply_header(req, "Virgo-Job-Status", "%s", run->ended ? cp_end_names[run->result.end] : "running");
	vg_reply_header(req, "Virgo-Output-Next", "%llu", (unsigned long long)(w->offset + n));
	ret = vg_reply_bytes(req, 200, "application/octet-stream", out->p + w->offset, n);
out:
	mutex_unlock(&run->lock);
	return ret;
}

int cp_job_output(struct vg_req *req)
{
	struct cp_wait how = { .output = true, .answer = answer_output };
	struct vg_str stream = VG_STR("stdout");
	struct cp_run *run;
	u64 wait_ms = 0;

	if (vg_req_query_u64(req, "wait", 0, WAIT_MAX_MS, &wait_ms) ||
	    vg_req_query_u64(req, "offset", 0, U64_MAX, &how.offset))
		return 0;
	vg_req_query(req, "stream", &stream);
	how.stream = vg_str_is(stream, "stderr") ? CP_STDERR : CP_STDOUT;
	if (how.stream == CP_STDOUT && !vg_str_is(stream, "stdout"))
		return vg_problem(req, 400, "exec.bad_request", "stream is stdout or stderr");
	run = find_job(req);
	return run ? wait_for(req, run, &how, wait_ms) : 0;
}

/* --- ending one ----------------------------------------------------------------------------------------------- */

int cp_job_delete(struct vg_req *req)
{
	struct cp_run *run = find_job(req);
	struct cp_pool *pool = req->data;
	bool ended;
	int ret;

	if (!run)
		return 0;
	mutex_lock(&pool->lock);
	ended = run->state == CP_ENDED;
	if (ended && !run->slot)
		cp_forget(run);
	mutex_unlock(&pool->lock);
	if (ended) {
		ret = vg_reply(req, 204);
	} else {
		cp_run_cancel(run, CP_CANCELLED);
		ret = reply_job(req, 202, run);
	}
	cp_run_put(run);
	return ret;
}
