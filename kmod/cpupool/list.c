// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GET /v1/functions: what this node can run. Functions of libraries are known to the helper alone; what it
 * lists is kept for a while, and who asks before it has answered waits, not for ever.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/clock.h"
#include "core/conn.h"
#include "core/json.h"
#include "core/node.h"
#include "cpupool/pool.h"

enum {
	KEEP_MS		= 5000,		/* a list is good for so long */
	WAIT_MS		= 6000,		/* and waited for so long */
	ANSWER_MAX	= 1 << 20,
};

struct cp_list_wait {
	struct list_head link;		/* pool->list_waits, under list_lock */
	struct vg_req *req;
};

/* The next string of @at, NUL included; NULL: none, or cut */
static const char *next_string(const char **at, const char *end)
{
	const char *s = *at, *nul = s < end ? memchr(s, 0, end - s) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return s;
}

static void listed_json(struct cp_pool *pool, struct vg_jw *w)
{
	const char *at = pool->list.p, *end = at + pool->list.len, *name, *summary;

	lockdep_assert_held(&pool->list_lock);
	while ((name = next_string(&at, end)) && (summary = next_string(&at, end))) {
		vg_jw_obj(w);
		vg_jw_kcstr(w, "name", name);
		vg_jw_kcstr(w, "summary", summary);
		vg_jw_obj_end(w);
	}
}

static int answer(struct vg_req *req)
{
	const struct vg_config *cfg = req->conn->cfg;
	struct cp_pool *pool = req->data;
	struct vg_buf b;
	struct vg_jw w;
	u32 i;

	vg_buf_init(&b, NULL, 0, ANSWER_MAX);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_jw_karr(&w, "kernel");
	cp_functions_json(&w);
	vg_jw_arr_end(&w);
	vg_jw_karr(&w, "functions");
	mutex_lock(&pool->list_lock);
	listed_json(pool, &w);
	mutex_unlock(&pool->list_lock);
	vg_jw_arr_end(&w);
	vg_jw_karr(&w, "programs");
	for (i = 0; i < cfg->nr_exec_allow; i++)
		vg_jw_cstr(&w, cfg->exec_allow[i]);
	vg_jw_arr_end(&w);
	vg_jw_obj_end(&w);
	return vg_reply_json(req, 200, &b);
}

static int answer_waiting(struct vg_req *req)
{
	cp_functions_drop(req);
	return answer(req);
}

int cp_functions_event(struct vg_req *req, enum vg_event event)
{
	return event == VG_EVENT_GONE ? answer_waiting(req) : VG_PENDING;
}

void cp_functions_drop(struct vg_req *req)
{
	struct cp_list_wait *wait = req->priv;
	struct cp_pool *pool = req->data;

	if (!wait)
		return;
	mutex_lock(&pool->list_lock);
	list_del(&wait->link);
	mutex_unlock(&pool->list_lock);
	kfree(wait);
	req->priv = NULL;
}

/* Ask the helper anew. list_lock is held. */
static void ask(struct cp_pool *pool)
{
	vg_buf_reset(&pool->list);
	pool->list_by_ms = vg_mono_ms() + WAIT_MS;
	pool->listing = !cp_helper_list(pool);
}

int cp_get_functions(struct vg_req *req)
{
	struct cp_pool *pool = req->data;
	struct cp_list_wait *wait;

	/* nothing allowed is nothing to be listed */
	if (!req->conn->cfg->nr_exec_allow)
		return answer(req);
	wait = kzalloc(sizeof(*wait), GFP_KERNEL);
	if (!wait)
		return -ENOMEM;
	wait->req = req;
	mutex_lock(&pool->list_lock);
	if (!pool->listing && (!pool->listed_ms || vg_mono_ms() >= pool->listed_ms + KEEP_MS))
		ask(pool);
	if (pool->listing) {
		req->priv = wait;
		list_add_tail(&wait->link, &pool->list_waits);
		wait = NULL;
	}
	mutex_unlock(&pool->list_lock);
	if (!wait)
		return VG_PENDING;
	kfree(wait);
	return answer(req);
}

/* The list is as good as it gets. list_lock is held. */
static void list_done(struct cp_pool *pool)
{
	struct cp_list_wait *wait;

	pool->listing = false;
	pool->listed_ms = vg_mono_ms();
	list_for_each_entry(wait, &pool->list_waits, link)
		vg_req_finish(wait->req, answer_waiting);
}

void cp_listed(struct cp_pool *pool, const char *p, size_t n, bool last)
{
	mutex_lock(&pool->list_lock);
	if (pool->listing) {
		vg_buf_put(&pool->list, p, n);
		if (last)
			list_done(pool);
	}
	mutex_unlock(&pool->list_lock);
}

void cp_list_failed(struct cp_pool *pool)
{
	mutex_lock(&pool->list_lock);
	if (pool->listing)
		list_done(pool);
	mutex_unlock(&pool->list_lock);
}

void cp_list_tick(struct cp_pool *pool, u64 now_ms)
{
	mutex_lock(&pool->list_lock);
	if (pool->listing && now_ms >= pool->list_by_ms)
		list_done(pool);
	mutex_unlock(&pool->list_lock);
}

void cp_list_expire(struct cp_pool *pool)
{
	mutex_lock(&pool->list_lock);
	pool->listed_ms = 0;
	mutex_unlock(&pool->list_lock);
}
