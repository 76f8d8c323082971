// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The conversation with the helper (uapi/virgo.h): runs in, output and ends out. The helper is our own program,
 * but what it says is checked all the same.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/host.h"
#include "core/node.h"
#include "cpupool/pool.h"

/* --- to the helper ----------------------------------------------------------------------------------- */

static int send(struct cp_pool *pool, struct virgo_msg *m, size_t n, u16 type, u16 flags, u64 run)
{
	*m = (struct virgo_msg){ .len = n, .type = type, .flags = flags, .run = run };
	return host_helper_send(pool->helper, m, n);
}

static char *put(char *to, const char *s)
{
	size_t n = strlen(s) + 1;

	memcpy(to, s, n);
	return to + n;
}

/* The strings behind struct virgo_run; returns their end. Their sum was bounded when they came. */
static char *put_strings(char *to, const struct cp_run *run)
{
	const struct vg_config *cfg = run->cfg;
	const struct cp_spec *spec = &run->spec;
	u32 i;

	to = put(to, spec->name);
	to = put(to, cfg->exec_user);
	to = put(to, cfg->exec_group);
	to = put(to, spec->has_cwd ? spec->cwd : cfg->exec_cwd);
	/* the arguments lie one behind the other */
	memcpy(to, spec->args, spec->env - spec->args);
	to += spec->env - spec->args;
	/* of two the first counts: a client that chose it would choose what a script runs */
	to += sprintf(to, "PATH=%s", cfg->exec_path) + 1;
	memcpy(to, spec->env, spec->text + spec->text_n - spec->env);
	to += spec->text + spec->text_n - spec->env;
	for (i = 0; i < cfg->nr_exec_allow; i++)
		to = put(to, cfg->exec_allow[i]);
	return to;
}

static size_t message_room(const struct cp_run *run)
{
	const struct vg_config *cfg = run->cfg;

	BUILD_BUG_ON(CP_TEXT_MAX + VG_EXEC_ALLOW_MAX * VG_EXEC_PATH_MAX + 4 * VG_EXEC_PATH_MAX > VIRGO_RUN_STRINGS);
	return sizeof(struct virgo_msg) + sizeof(struct virgo_run) + run->spec.text_n +
	       sizeof(cfg->exec_user) + sizeof(cfg->exec_group) + sizeof(cfg->exec_cwd) +
	       sizeof("PATH=") + sizeof(cfg->exec_path) + sizeof(cfg->exec_allow);
}

static void fill_run(struct virgo_run *r, const struct cp_run *run)
{
	const struct vg_config *cfg = run->cfg;
	const struct cp_spec *spec = &run->spec;

	*r = (struct virgo_run){
		.kind = spec->kind == CP_PROGRAM ? VIRGO_RUN_PROGRAM : VIRGO_RUN_FUNCTION,
		.umask = cfg->exec_umask,
		.timeout_ms = run->timeout_ms,
		.grace_ms = cfg->exec_grace_ms,
		.output_max = cfg->output_max,
		.cpu_s = DIV_ROUND_UP_ULL(cfg->exec_cpu_ms, MSEC_PER_SEC),
		.memory = cfg->exec_memory,
		.file_size = cfg->exec_file_size,
		.files = cfg->exec_files,
		.processes = cfg->exec_processes,
		.nargs = spec->nargs,
		.nenv = spec->nenv + 1,
		.nallow = cfg->nr_exec_allow,
		.stdin_follows = spec->input_n > 0,
	};
}

/* The input goes out in pieces; then it is the helper's. */
static int send_input(struct cp_run *run)
{
	struct cp_spec *spec = &run->spec;
	struct virgo_msg *m;
	size_t at, n;
	int ret = 0;

	if (!spec->input_n)
		return 0;
	m = kvmalloc(sizeof(*m) + min_t(size_t, spec->input_n, VIRGO_MSG_DATA), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	for (at = 0; at < spec->input_n && !ret; at += n) {
		n = min_t(size_t, spec->input_n - at, VIRGO_MSG_DATA);
		memcpy(m + 1, spec->input + at, n);
		ret = send(run->pool, m, sizeof(*m) + n, VIRGO_MSG_STDIN,
			   at + n == spec->input_n ? VIRGO_MSGF_EOF : 0, run->id);
	}
	kvfree(m);
	return ret;
}

int cp_helper_start(struct cp_run *run)
{
	struct virgo_msg *m;
	char *end;
	int ret;

	m = kvmalloc(message_room(run), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	fill_run((struct virgo_run *)(m + 1), run);
	end = put_strings((char *)(m + 1) + sizeof(struct virgo_run), run);
	ret = send(run->pool, m, end - (char *)m, VIRGO_MSG_RUN, 0, run->id);
	kvfree(m);
	if (ret)
		return ret;
	ret = send_input(run);
	/* half of it there: it must not go on without the rest */
	if (ret)
		cp_helper_kill(run, false, true);
	kvfree(run->spec.input);
	run->spec.input = NULL;
	return ret;
}

void cp_helper_kill(struct cp_run *run, bool timeout, bool now)
{
	struct {
		struct virgo_msg m;
		struct virgo_kill kill;
	} k = { .kill = { .why = timeout ? VIRGO_END_TIMEOUT : VIRGO_END_CANCELLED, .now = now } };

	if (send(run->pool, &k.m, sizeof(k), VIRGO_MSG_KILL, 0, run->id))
		pr_warn_ratelimited("virgo: run %llu could not be ended: too much waits for the helper\n",
				    (unsigned long long)run->id);
}

int cp_helper_list(struct cp_pool *pool)
{
	struct vg_config *cfg = vg_node_cfg(pool->node);
	struct virgo_msg *m = kvmalloc(sizeof(*m) + sizeof(cfg->exec_allow), GFP_KERNEL);
	char *to = (char *)(m + 1);
	int ret = -ENOMEM;
	u32 i;

	if (m) {
		for (i = 0; i < cfg->nr_exec_allow; i++)
			to = put(to, cfg->exec_allow[i]);
		ret = send(pool, m, to - (char *)m, VIRGO_MSG_LIST, 0, 0);
	}
	kvfree(m);
	vg_config_put(cfg);
	return ret;
}

/* --- from the helper ----------------------------------------------------------------------------------- */

static struct cp_run *find(struct cp_pool *pool, u64 id)
{
	struct cp_run *run;

	mutex_lock(&pool->lock);
	run = cp_find(pool, id);
	mutex_unlock(&pool->lock);
	return run;
}

static const struct {
	enum cp_end end;
	enum cp_refusal refusal;
} ends[] = {
	[VIRGO_END_EXITED] = { CP_EXITED, CP_R_NONE },
	[VIRGO_END_SIGNAL] = { CP_KILLED, CP_R_NONE },
	[VIRGO_END_TIMEOUT] = { CP_TIMEOUT, CP_R_NONE },
	[VIRGO_END_CANCELLED] = { CP_CANCELLED, CP_R_NONE },
	[VIRGO_END_NOT_FOUND] = { CP_FAILED, CP_R_NOT_FOUND },
	[VIRGO_END_NOT_ALLOWED] = { CP_FAILED, CP_R_NOT_ALLOWED },
	[VIRGO_END_FAILED] = { CP_FAILED, CP_R_OTHER },
};

static void ended(struct cp_pool *pool, struct cp_run *run, const struct virgo_ended *e, const char *why, size_t n)
{
	struct cp_result res = { .exit = -1, .us = e->us };

	if (e->why < VIRGO_END_EXITED || e->why >= ARRAY_SIZE(ends))
		return;
	res.end = ends[e->why].end;
	res.refusal = ends[e->why].refusal;
	if (res.end == CP_EXITED) {
		res.exit = e->exit & 0xff;
		res.has_value = run->spec.kind == CP_FUNCTION;
		res.value = e->value;
	}
	res.signal = e->signal;
	vg_printable(why, n, res.why, sizeof(res.why));
	mutex_lock(&run->lock);
	run->total[CP_STDOUT] = max_t(u64, e->out_bytes, run->out[CP_STDOUT].len);
	run->total[CP_STDERR] = max_t(u64, e->err_bytes, run->out[CP_STDERR].len);
	mutex_unlock(&run->lock);
	mutex_lock(&pool->lock);
	cp_run_end(run, &res);
	cp_run_worked(run);
	mutex_unlock(&pool->lock);
}

static void message(void *ctx, const void *msg, size_t n)
{
	const struct virgo_msg *m = msg;
	const void *data = m + 1;
	struct cp_pool *pool = ctx;
	struct cp_run *run;

	n -= sizeof(*m);
	if (m->type == VIRGO_MSG_LISTED) {
		cp_listed(pool, data, n, !(m->flags & VIRGO_MSGF_MORE));
		return;
	}
	if (m->type != VIRGO_MSG_OUTPUT && m->type != VIRGO_MSG_ENDED)
		return;
	/* an unknown one was given up */
	run = find(pool, m->run);
	if (!run)
		return;
	if (run->slot && m->type == VIRGO_MSG_OUTPUT)
		cp_run_output(run, m->flags & VIRGO_MSGF_STDERR ? CP_STDERR : CP_STDOUT, data, n);
	else if (run->slot && n >= sizeof(struct virgo_ended))
		ended(pool, run, data, data + sizeof(struct virgo_ended), n - sizeof(struct virgo_ended));
	cp_run_put(run);
}

/* All that the helper worked on has come to @result. */
static void end_helped(struct cp_pool *pool, const struct cp_result *result)
{
	struct cp_run *run, *tmp;

	mutex_lock(&pool->lock);
	list_for_each_entry_safe(run, tmp, &pool->runs, link) {
		if (!run->slot || run->spec.kind == CP_KERNEL)
			continue;
		/* its slot is free before the next one starts, which a new helper may get */
		run->slot = false;
		cp_step(&pool->running[run->job], -1);
		cp_run_get(run);
		if (!cp_run_end(run, result) && !run->job)
			cp_forget(run);
		cp_run_put(run);
	}
	cp_schedule(pool);
	mutex_unlock(&pool->lock);
	cp_list_failed(pool);
}

static void gone(void *ctx)
{
	const struct cp_result lost = { .end = CP_LOST, .exit = -1, .why = "the helper that ran it died" };

	pr_warn_ratelimited("virgo: the helper has ended: what it ran is lost\n");
	end_helped(ctx, &lost);
}

static void failed(void *ctx, int err)
{
	struct cp_result res = { .end = CP_FAILED, .exit = -1, .refusal = CP_R_NO_HELPER };

	scnprintf(res.why, sizeof(res.why), err == -ENOENT ?
		  "there is no helper to run it: install virgo_kernelupcall_plugin, or say in exec_helper where it is" :
		  "the helper cannot be started (error %d)", -err);
	pr_warn_ratelimited("virgo: %s\n", res.why);
	end_helped(ctx, &res);
}

int cp_helper_open(struct cp_pool *pool)
{
	static const struct host_helper_ops ops = { .message = message, .gone = gone, .failed = failed };

	return host_helper_open(pool->node, pool->cfg->exec_helper, pool->cfg->exec_functions, &ops, pool,
				&pool->helper);
}

void cp_helper_close(struct cp_pool *pool)
{
	host_helper_close(pool->helper);
	pool->helper = NULL;
}
