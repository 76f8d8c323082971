// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run from its request to its end: see the life in pool.h. Must never wait for a program, nor tell somebody
 * who has left.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/auth.h"
#include "core/clock.h"
#include "core/conn.h"
#include "core/events.h"
#include "core/node.h"
#include "cpupool/pool.h"

const char *const cp_end_names[CP_ENDS + 1] = {
	"exited", "killed", "timeout", "cancelled", "lost", "failed", NULL
};

/* --- references ------------------------------------------------------------------------------------- */

static struct cp_run *run_alloc(struct cp_pool *pool)
{
	struct cp_run *run = kvzalloc(sizeof(*run), GFP_KERNEL);
	int i;

	if (!run)
		return NULL;
	refcount_set(&run->refs, 1);
	run->pool = pool;
	mutex_init(&run->lock);
	INIT_LIST_HEAD(&run->link);
	INIT_LIST_HEAD(&run->waits);
	for (i = 0; i < CP_STREAMS; i++)
		vg_buf_init(&run->out[i], NULL, 0, 0);
	atomic64_inc(&pool->count.made);
	return run;
}

struct cp_run *cp_run_new(struct cp_pool *pool, struct cp_spec *spec, const struct vg_req *req, bool job)
{
	struct cp_run *run = run_alloc(pool);
	int i;

	if (!run) {
		cp_spec_free(spec);
		return NULL;
	}
	run->spec = *spec;
	*spec = (struct cp_spec){};
	run->job = job;
	run->cfg = vg_config_get(req->conn->cfg);
	if (req->conn->keys)
		run->keys = vg_keyset_get(req->conn->keys);
	run->key = req->key;
	strscpy(run->owner, req->key->id, sizeof(run->owner));
	run->timeout_ms = run->spec.timeout_ms ?: run->cfg->exec_timeout_ms;
	run->item.priority = run->spec.priority;
	for (i = 0; i < CP_STREAMS; i++)
		vg_buf_init(&run->out[i], NULL, 0, run->cfg->output_max);
	return run;
}

void cp_run_get(struct cp_run *run)
{
	refcount_inc(&run->refs);
}

void cp_run_put(struct cp_run *run)
{
	int i;

	if (!run || !refcount_dec_and_test(&run->refs))
		return;
	for (i = 0; i < CP_STREAMS; i++) {
		atomic64_sub(run->out[i].cap, &run->pool->held);
		vg_buf_free(&run->out[i]);
	}
	cp_spec_free(&run->spec);
	vg_config_put(run->cfg);
	vg_keyset_put(run->keys);
	mutex_destroy(&run->lock);
	atomic64_inc(&run->pool->count.gone);
	kvfree(run);
}

/* --- in and out of the pool ---------------------------------------------------------------------------- */

static void pool_add(struct cp_run *run)
{
	struct cp_pool *pool = run->pool;

	cp_run_get(run);
	list_add_tail(&run->link, &pool->runs);
	hlist_add_head(&run->hash, &pool->table[run->id / CP_ID_STEP % CP_HASH]);
}

void cp_forget(struct cp_run *run)
{
	if (list_empty(&run->link))
		return;
	list_del_init(&run->link);
	hlist_del(&run->hash);
	if (run->job && run->state == CP_ENDED)
		cp_step(&run->pool->kept, -1);
	cp_run_put(run);
}

int cp_run_submit(struct cp_run *run)
{
	struct cp_pool *pool = run->pool;
	int ret = -ESHUTDOWN;

	mutex_lock(&pool->lock);
	if (pool->stopping)
		goto out;
	ret = -EBUSY;
	if (pool->queued >= pool->cfg->exec_queued) {
		atomic64_inc(&pool->count.refused_full);
		goto out;
	}
	run->id = pool->next_id;
	pool->next_id += CP_ID_STEP;
	run->item.seq = pool->seq++;
	ret = cp_heap_push(&pool->line[run->job], &run->item);
	if (ret)
		goto out;
	cp_step(&pool->queued, 1);
	run->state = CP_QUEUED;
	run->queued_ms = vg_real_ms();
	atomic64_inc(run->job ? &pool->count.jobs : &pool->count.runs);
	pool_add(run);
	if (run->job)
		cp_journal_begin(run);
	cp_schedule(pool);
out:
	mutex_unlock(&pool->lock);
	return ret;
}

void cp_run_lost(struct cp_pool *pool, u64 id, enum cp_kind kind, struct vg_str owner, struct vg_str name)
{
	struct cp_run *run = run_alloc(pool);

	if (pool->next_id <= id && id < 1ull << CP_ID_BITS)
		pool->next_id += round_up(id - pool->next_id + 1, CP_ID_STEP);
	if (!run)
		return;
	run->spec.text = kvzalloc(name.n + 2, GFP_KERNEL);
	if (!run->spec.text || owner.n >= sizeof(run->owner)) {
		cp_run_put(run);
		return;
	}
	memcpy(run->spec.text, name.p, name.n);
	run->spec.name = run->spec.text;
	run->spec.cwd = run->spec.args = run->spec.env = run->spec.text + name.n;
	run->spec.kind = kind;
	memcpy(run->owner, owner.p, owner.n);
	run->id = id;
	run->job = true;
	run->ended = true;
	run->state = CP_ENDED;
	run->result = (struct cp_result){ .end = CP_LOST, .exit = -1 };
	strscpy(run->result.why, "the node stopped or died before it ended", sizeof(run->result.why));
	run->forget_ms = vg_mono_ms() + pool->cfg->job_keep_ms;
	cp_step(&pool->kept, 1);
	pool_add(run);
	cp_run_put(run);
}

/* --- the end --------------------------------------------------------------------------------------------- */

/* One line the analytics learn from: the name is one word, and the order of the words stays. */
static void log_end(const struct cp_run *run)
{
	const struct cp_result *res = &run->result;
	char name[96], line[224];
	char *p;
	int n;

	vg_printable(run->spec.name, strlen(run->spec.name), name, sizeof(name));
	for (p = name; *p; p++)
		if (*p == ' ')
			*p = '_';
	n = scnprintf(line, sizeof(line), "%s fn=%s arg_bytes=%llu node=%u us=%llu",
		      res->end == CP_EXITED ? "exec" : "ended", name, (unsigned long long)run->spec.arg_bytes,
		      run->pool->node->id, (unsigned long long)res->us);
	if (res->end != CP_EXITED)
		n += scnprintf(line + n, sizeof(line) - n, " how=%s signal=%d", cp_end_names[res->end], res->signal);
	pr_info("virgo_cpupool: %s\n", line);
	/* nobody may be there who keeps events */
	vg_event_log(run->pool->node, "cpupool", vg_str(line, n));
}

/* Tell who waits: for the end, and (at the end or before) for output. run->lock is held. */
static void tell_waits(struct cp_run *run)
{
	struct cp_wait *w;

	list_for_each_entry(w, &run->waits, link)
		if (run->ended || (w->output && run->out[w->stream].len > w->offset))
			vg_req_finish(w->req, w->answer);
}

static void tell_end(struct cp_run *run)
{
	mutex_lock(&run->lock);
	run->ended = true;
	if (run->req)
		vg_req_finish(run->req, run->wake);
	tell_waits(run);
	mutex_unlock(&run->lock);
}

/* What ended and has nobody working on it leaves, unless it is a job. */
static void settle(struct cp_run *run)
{
	if (run->state == CP_ENDED && !run->slot && !run->job)
		cp_forget(run);
}

static void count_end(struct cp_run *run)
{
	struct cp_pool *pool = run->pool;

	atomic64_inc(&pool->count.ended[run->result.end]);
	if (run->result.end == CP_EXITED) {
		pool->mean_us = pool->mean_us ? div_u64(7 * pool->mean_us + run->result.us, 8) : run->result.us;
		pool->ran_since++;
	}
	if (!run->job)
		return;
	run->forget_ms = vg_mono_ms() + pool->cfg->job_keep_ms;
	cp_step(&pool->kept, 1);
	if (!pool->stopping)
		cp_journal_end(run);
}

bool cp_run_end(struct cp_run *run, const struct cp_result *result)
{
	struct cp_pool *pool = run->pool;

	lockdep_assert_held(&pool->lock);
	if (run->state == CP_ENDED)
		return false;
	if (run->state == CP_QUEUED) {
		cp_heap_remove(&pool->line[run->job], &run->item);
		cp_step(&pool->queued, -1);
	}
	run->state = CP_ENDED;
	run->result = *result;
	run->ended_ms = vg_real_ms();
	if (run->begun_ns && !run->result.us)
		run->result.us = div_u64(ktime_get_ns() - run->begun_ns, NSEC_PER_USEC);
	count_end(run);
	log_end(run);
	tell_end(run);
	/* the caller has a reference of its own, or goes on without it */
	settle(run);
	return true;
}

void cp_run_worked(struct cp_run *run)
{
	struct cp_pool *pool = run->pool;

	lockdep_assert_held(&pool->lock);
	if (!run->slot)
		return;
	run->slot = false;
	cp_step(&pool->running[run->job], -1);
	settle(run);
	cp_schedule(pool);
}

void cp_run_cancel(struct cp_run *run, enum cp_end why)
{
	const struct cp_result result = { .end = why, .exit = -1 };
	struct cp_pool *pool = run->pool;

	cp_run_get(run);
	mutex_lock(&pool->lock);
	if (run->state == CP_QUEUED) {
		cp_run_end(run, &result);
	} else if (run->state == CP_RUNNING && run->spec.kind == CP_KERNEL) {
		/* it is asked to return; nobody has to wait for that */
		cp_function_stop(run);
		cp_run_end(run, &result);
	} else if (run->state == CP_RUNNING) {
		cp_helper_kill(run, why == CP_TIMEOUT, false);
	}
	mutex_unlock(&pool->lock);
	cp_run_put(run);
}

/* --- output -------------------------------------------------------------------------------------------------- */

/* How much of @n bytes may be kept */
static size_t room_for(struct cp_run *run, struct vg_buf *b, size_t n)
{
	u64 limit = run->cfg->exec_bytes_max, held = atomic64_read(&run->pool->held);

	n = min_t(size_t, n, b->max - b->len);
	if (b->len + n <= b->cap)
		return n;
	return held >= limit ? 0 : min_t(u64, n, limit - held);
}

void cp_run_output(struct cp_run *run, int stream, const void *p, size_t n)
{
	struct vg_buf *b = &run->out[stream];
	size_t cap, kept;

	mutex_lock(&run->lock);
	if (run->ended)
		goto out;
	run->total[stream] += n;
	atomic64_add(n, &run->pool->count.output_bytes);
	cap = b->cap;
	kept = room_for(run, b, n);
	/* without memory it is cut here, and says so */
	if (kept && vg_buf_put(b, p, kept)) {
		b->err = 0;
		kept = 0;
	}
	atomic64_add(b->cap - cap, &run->pool->held);
	atomic64_add(n - kept, &run->pool->count.output_dropped);
	/* what comes behind a gap would not be where it says it is */
	if (kept < n)
		b->max = b->len;
	if (run->req && run->live && kept)
		vg_req_finish(run->req, run->wake);
	tell_waits(run);
out:
	mutex_unlock(&run->lock);
}
