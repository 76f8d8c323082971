// SPDX-License-Identifier: GPL-2.0-or-later
/* The processor pool as a service: its routes and one-line commands, life, statistics. */
#include <linux/kernel.h>
#include <linux/module.h>

#include "core/json.h"
#include "core/node.h"
#include "cpupool/api.h"
#include "cpupool/cpupool.h"

static const char *const cp_list_query[] = { "after", "limit", "status", NULL };
static const char *const cp_job_query[] = { "wait", NULL };
static const char *const cp_output_query[] = { "offset", "stream", "wait", NULL };

static const struct vg_route cp_routes[] = {
	{
		.method = VG_POST, .path = "/v1/exec", .rights = VG_EXEC, .body_max = cp_exec_body_max,
		.run = cp_exec, .drop = cp_exec_drop, .event = cp_exec_event,
		/* what no other line is */
		.line = "", .line_args = -1, .run_line = cp_exec_line,
	}, {
		.method = VG_POST, .path = "/v1/jobs", .rights = VG_EXEC, .body_max = cp_exec_body_max,
		.run = cp_job_post,
	}, {
		.method = VG_GET, .path = "/v1/jobs", .query = cp_list_query, .rights = VG_EXEC, .run = cp_job_list,
	}, {
		.method = VG_GET, .path = "/v1/jobs/{id}", .query = cp_job_query, .rights = VG_EXEC,
		.run = cp_job_get, .drop = cp_job_drop, .event = cp_job_event,
	}, {
		.method = VG_GET, .path = "/v1/jobs/{id}/output", .query = cp_output_query, .rights = VG_EXEC,
		.run = cp_job_output, .drop = cp_job_drop, .event = cp_job_event,
	}, {
		.method = VG_DELETE, .path = "/v1/jobs/{id}", .rights = VG_EXEC, .run = cp_job_delete,
	}, {
		.method = VG_GET, .path = "/v1/load", .rights = VG_READ, .run = cp_get_load,
	}, {
		.method = VG_GET, .path = "/v1/functions", .rights = VG_READ, .run = cp_get_functions,
		.drop = cp_functions_drop, .event = cp_functions_event,
	},
};

static int cp_start(struct vg_node *node, void **data)
{
	struct cp_pool *pool;
	int ret = cp_pool_new(node, &pool);

	if (!ret)
		*data = pool;
	return ret;
}

static void cp_stop(void *data)
{
	cp_pool_free(data);
}

static void cp_tick(void *data, u64 now_ms)
{
	cp_pool_tick(data, now_ms);
}

static void cp_tell_load(void *data, struct vg_load *load)
{
	cp_load(data, load);
}

static void cp_config(void *data)
{
	cp_pool_config(data);
}

/* a number of /v1/stats and, as virgo_cpupool_<name>, of /metrics */
struct cp_number {
	const char *name;
	const char *help;
	bool counter;
	u64 (*get)(struct cp_pool *pool);
};

static u64 cp_running(struct cp_pool *pool)
{
	return READ_ONCE(pool->running[0]);
}

static u64 cp_jobs_running(struct cp_pool *pool)
{
	return READ_ONCE(pool->running[1]);
}

static u64 cp_queued(struct cp_pool *pool)
{
	return READ_ONCE(pool->queued);
}

static u64 cp_kept(struct cp_pool *pool)
{
	return READ_ONCE(pool->kept);
}

static u64 cp_held(struct cp_pool *pool)
{
	return atomic64_read(&pool->held);
}

#define CP_COUNT(name, field)						\
static u64 cp_##name(struct cp_pool *pool)				\
{									\
	return atomic64_read(&pool->count.field);			\
}

CP_COUNT(runs, runs)
CP_COUNT(jobs, jobs)
CP_COUNT(exited, ended[CP_EXITED])
CP_COUNT(killed, ended[CP_KILLED])
CP_COUNT(timeouts, ended[CP_TIMEOUT])
CP_COUNT(cancelled, ended[CP_CANCELLED])
CP_COUNT(lost, ended[CP_LOST])
CP_COUNT(failed, ended[CP_FAILED])
CP_COUNT(refused_full, refused_full)
CP_COUNT(output_bytes, output_bytes)
CP_COUNT(output_dropped, output_dropped)

static const struct cp_number cp_numbers[] = {
	{ "running", "runs under way that somebody waits for", false, cp_running },
	{ "jobs_running", "jobs under way", false, cp_jobs_running },
	{ "queued", "runs and jobs in line", false, cp_queued },
	{ "jobs_kept", "jobs that have ended and are remembered", false, cp_kept },
	{ "bytes_held", "memory for output", false, cp_held },
	{ "runs", "runs that were asked for", true, cp_runs },
	{ "jobs", "jobs that were asked for", true, cp_jobs },
	{ "exited", "ended by exiting", true, cp_exited },
	{ "killed", "ended by a signal", true, cp_killed },
	{ "timeout", "ended because their time was over", true, cp_timeouts },
	{ "cancelled", "ended because nobody wanted them any more", true, cp_cancelled },
	{ "lost", "ended with their helper or the node", true, cp_lost },
	{ "failed", "that could not be started", true, cp_failed },
	{ "refused_full", "refused for a full line", true, cp_refused_full },
	{ "output_bytes", "output that came", true, cp_output_bytes },
	{ "output_dropped", "of it, what was not kept", true, cp_output_dropped },
};

static void cp_stats(void *data, struct vg_jw *json)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cp_numbers); i++)
		vg_jw_ku64(json, cp_numbers[i].name, cp_numbers[i].get(data));
}

static void cp_metrics(void *data, struct vg_buf *out)
{
	const struct cp_number *n;

	for (n = cp_numbers; n < cp_numbers + ARRAY_SIZE(cp_numbers); n++)
		vg_buf_metric(out, "cpupool", n->name, n->help, n->counter, n->get(data));
}

const struct vg_service cp_service = {
	.name = "cpupool",
	.port = 10000,
	.routes = cp_routes,
	.nr_routes = ARRAY_SIZE(cp_routes),
	.owner = THIS_MODULE,
	.start = cp_start,
	.stop = cp_stop,
	.tick = cp_tick,
	.load = cp_tell_load,
	.stats = cp_stats,
	.metrics = cp_metrics,
	.config = cp_config,
};
