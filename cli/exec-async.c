// SPDX-License-Identifier: GPL-3.0-or-later
/* exec --async: jobs in place of runs, and where they are. */
#include "cli/exec.h"

static void put_job(struct run *r, const struct virgo_job_address *job)
{
	char text[sizeof(job->node) + sizeof(job->id) + 1];

	snprintf(text, sizeof(text), "%s/%s", job->node, job->id);
	if (!out_is_json(&r->out)) {
		out_printf(&r->out, "%s\n", text);
		return;
	}
	out_str(&r->out, text);
	out_str(&r->out, job->node);
	out_str(&r->out, job->id);
}

static int submitted(void *arg, size_t index, const struct virgo_job_address *job,
		     const struct virgo_error *err)
{
	struct plan *p = arg;

	(void)index;
	progress_clear(&p->progress);
	if (job)
		put_job(p->r, job);
	else
		run_node_failed(p->r, err);
	p->failed += !job;
	progress_show(&p->progress, ++p->done, p->failed, p->n);
	return p->r->out.error;
}

int exec_submit(struct plan *p)
{
	static const struct out_col cols[] = { { "job" }, { "node" }, { "id" } };
	struct virgo_job_address job;
	struct run *r = p->r;
	struct virgo_error err;
	int ret, worst;

	if (out_is_json(&r->out))
		out_list(&r->out, cols, CLI_COUNT(cols));
	r->asked = p->n;
	if (!p->nodes) {
		ret = virgo_job_submit(r->ctx, NULL, &p->exec, &job, &err);
		if (ret)
			return run_error(r, &err);
		put_job(r, &job);
		return VIRGO_OK;
	}
	progress_start(&p->progress, r, p->n, false);
	ret = virgo_job_submit_many(r->ctx, &p->exec, p->nodes, p->n, submitted, p, &err);
	progress_clear(&p->progress);
	if (ret && !r->out.error)
		run_error(r, &err);
	worst = run_failures(r);
	return worst > ret ? worst : ret;
}
