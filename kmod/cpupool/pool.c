// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pool's life, its line and its clock. Order of the end: nothing new begins; what runs is ended by the
 * helper's end or by asking functions to return; what is left of the table goes; then the memory.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/clock.h"
#include "core/node.h"
#include "cpupool/pool.h"

enum {
	OVERDUE_MS	= 30000,	/* the helper has said nothing for so long after a run should have ended */
	LOAD_LINE_MS	= 60000,	/* between two lines about the load, while there is any */
};

/* --- the line ------------------------------------------------------------------------------------------ */

static void start(struct cp_run *run)
{
	struct cp_pool *pool = run->pool;
	struct cp_result failed = { .end = CP_FAILED, .exit = -1, .refusal = CP_R_OTHER };
	int ret;

	cp_run_get(run);
	cp_step(&pool->queued, -1);
	cp_step(&pool->running[run->job], 1);
	run->slot = true;
	run->state = CP_RUNNING;
	run->started_ms = vg_real_ms();
	run->begun_ns = ktime_get_ns();
	run->overdue_ms = vg_mono_ms() + run->timeout_ms + run->cfg->exec_grace_ms + OVERDUE_MS;
	ret = run->spec.kind == CP_KERNEL ? cp_function_start(run) : cp_helper_start(run);
	if (ret) {
		cp_step(&pool->running[run->job], -1);
		run->slot = false;
		if (ret == -ENOENT)
			failed.refusal = CP_R_NOT_FOUND;
		scnprintf(failed.why, sizeof(failed.why), ret == -ENOENT ? "no function %.100s" :
			  "%.60s could not be handed over (error %d)", run->spec.name, -ret);
		cp_run_end(run, &failed);
	}
	cp_run_put(run);
}

void cp_schedule(struct cp_pool *pool)
{
	const u32 limit[2] = { pool->cfg->exec_running, pool->cfg->jobs_running };
	struct cp_item *item;
	int job;

	lockdep_assert_held(&pool->lock);
	for (job = 0; job < 2; job++) {
		while (!pool->stopping && pool->running[job] < limit[job]) {
			item = cp_heap_pop(&pool->line[job]);
			if (!item)
				break;
			start(container_of(item, struct cp_run, item));
		}
	}
}

struct cp_run *cp_find(struct cp_pool *pool, u64 id)
{
	struct cp_run *run;

	lockdep_assert_held(&pool->lock);
	hlist_for_each_entry(run, &pool->table[id / CP_ID_STEP % CP_HASH], hash) {
		if (run->id == id) {
			cp_run_get(run);
			return run;
		}
	}
	return NULL;
}

/*
 * How long a run begun now would take: as long as runs took lately, or longer where it has to share the
 * processors with those that are there. Of single functions the balancer may know more.
 */
u64 cp_predicted_us(const struct cp_pool *pool, u32 cpus)
{
	u64 runs = pool->queued + pool->running[0] + pool->running[1] + 1;

	lockdep_assert_held(&pool->lock);
	return div_u64(pool->mean_us * max_t(u64, runs, cpus), cpus);
}

/* --- the clock ------------------------------------------------------------------------------------------- */

/* Jobs whose time is over, and the oldest where there are too many */
static void forget_old(struct cp_pool *pool, u64 now_ms)
{
	struct cp_run *run, *tmp;

	list_for_each_entry_safe(run, tmp, &pool->runs, link) {
		if (!run->job || run->state != CP_ENDED || run->slot)
			continue;
		if (now_ms >= run->forget_ms || pool->kept > pool->cfg->jobs_kept)
			cp_forget(run);
	}
}

/* The helper lives, but this one it has forgotten, or cannot end. */
static void end_overdue(struct cp_pool *pool, u64 now_ms)
{
	const struct cp_result lost = { .end = CP_LOST, .exit = -1 };
	struct cp_run *run, *tmp;

	list_for_each_entry_safe(run, tmp, &pool->runs, link) {
		if (!run->slot || run->spec.kind == CP_KERNEL || now_ms < run->overdue_ms)
			continue;
		pr_warn_ratelimited("virgo: run %llu is not over %d s after its time: it is given up\n",
				    (unsigned long long)run->id, OVERDUE_MS / 1000);
		cp_helper_kill(run, true, true);
		cp_run_get(run);
		cp_run_end(run, &lost);
		cp_run_worked(run);
		cp_run_put(run);
	}
}

/* Requests that have waited for a job as long as they wanted to */
static void end_waits(struct cp_pool *pool, u64 now_ms)
{
	struct cp_run *run;
	struct cp_wait *w;

	list_for_each_entry(run, &pool->runs, link) {
		if (!run->job)
			continue;
		mutex_lock(&run->lock);
		list_for_each_entry(w, &run->waits, link)
			if (now_ms >= w->until_ms)
				vg_req_finish(w->req, w->answer);
		mutex_unlock(&run->lock);
	}
}

static void tell_load(struct cp_pool *pool, u64 now_ms)
{
	struct host_facts f;

	if (!pool->ran_since || now_ms < pool->load_told_ms + LOAD_LINE_MS)
		return;
	host_facts(&f);
	pool->ran_since = 0;
	pool->load_told_ms = now_ms;
	pr_info("virgo_cpupool: load node=%u run=%u.%02u\n", pool->node->id, f.load1_milli / 1000,
		f.load1_milli % 1000 / 10);
}

/* Core holds node->lock here and in cp_pool_config(); nobody who holds ours takes it. */
void cp_pool_tick(struct cp_pool *pool, u64 now_ms)
{
	mutex_lock(&pool->lock);
	forget_old(pool, now_ms);
	end_overdue(pool, now_ms);
	end_waits(pool, now_ms);
	tell_load(pool, now_ms);
	mutex_unlock(&pool->lock);
	cp_list_tick(pool, now_ms);
}

void cp_pool_config(struct cp_pool *pool)
{
	struct vg_config *cfg = vg_node_cfg(pool->node), *old;

	mutex_lock(&pool->lock);
	old = pool->cfg;
	pool->cfg = cfg;
	cp_schedule(pool);
	mutex_unlock(&pool->lock);
	vg_config_put(old);
	cp_list_expire(pool);
}

/* --- life ------------------------------------------------------------------------------------------------- */

int cp_pool_new(struct vg_node *node, struct cp_pool **out)
{
	struct cp_pool *pool = kvzalloc(sizeof(*pool), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!pool)
		return -ENOMEM;
	pool->node = node;
	mutex_init(&pool->lock);
	mutex_init(&pool->list_lock);
	INIT_LIST_HEAD(&pool->runs);
	INIT_LIST_HEAD(&pool->list_waits);
	vg_buf_init(&pool->list, NULL, 0, CP_LIST_MAX);
	pool->cfg = vg_node_cfg(node);
	/* later than any id of an earlier life, unless it began 4,096 runs each second; a job's id of it is looked at */
	pool->next_id = ((u64)ktime_get_real_seconds() << CP_ID_SECOND) + node->id % CP_ID_STEP;
	pool->fn_wq = alloc_workqueue("virgo_fn", WQ_UNBOUND, 0);
	if (!pool->fn_wq)
		goto err_pool;
	ret = cp_helper_open(pool);
	if (ret)
		goto err_wq;
	mutex_lock(&pool->lock);
	cp_journal_read(pool);
	mutex_unlock(&pool->lock);
	*out = pool;
	return 0;

err_wq:
	destroy_workqueue(pool->fn_wq);
err_pool:
	vg_config_put(pool->cfg);
	mutex_destroy(&pool->list_lock);
	mutex_destroy(&pool->lock);
	kvfree(pool);
	return ret;
}

/* End all that has not ended; functions are asked to return. */
static void end_all(struct cp_pool *pool)
{
	const struct cp_result lost = { .end = CP_LOST, .exit = -1 };
	struct cp_run *run, *tmp;

	mutex_lock(&pool->lock);
	pool->stopping = true;
	list_for_each_entry_safe(run, tmp, &pool->runs, link) {
		cp_run_get(run);
		if (run->state == CP_RUNNING && run->spec.kind == CP_KERNEL)
			cp_function_stop(run);
		cp_run_end(run, &lost);
		cp_run_put(run);
	}
	mutex_unlock(&pool->lock);
}

void cp_pool_free(struct cp_pool *pool)
{
	struct cp_run *run, *tmp;

	end_all(pool);
	/* ends every process; no message comes afterwards */
	cp_helper_close(pool);
	/* waits for functions */
	destroy_workqueue(pool->fn_wq);
	mutex_lock(&pool->lock);
	list_for_each_entry_safe(run, tmp, &pool->runs, link)
		cp_forget(run);
	mutex_unlock(&pool->lock);
	cp_heap_free(&pool->line[0]);
	cp_heap_free(&pool->line[1]);
	vg_buf_free(&pool->list);
	vg_config_put(pool->cfg);
	pr_info("virgo: ledger: runs %lld/%lld\n", (long long)atomic64_read(&pool->count.made),
		(long long)atomic64_read(&pool->count.gone));
	WARN(atomic64_read(&pool->count.made) != atomic64_read(&pool->count.gone) ||
	     atomic64_read(&pool->held), "virgo: runs are left\n");
	mutex_destroy(&pool->list_lock);
	mutex_destroy(&pool->lock);
	kvfree(pool);
}
