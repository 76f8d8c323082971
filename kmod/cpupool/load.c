// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/load: what a balancer needs to know of this node, as it is now. */
#include "core/host.h"
#include "core/json.h"
#include "core/node.h"
#include "core/values.h"
#include "cpupool/api.h"

int cp_get_load(struct vg_req *req)
{
	struct cp_pool *pool = req->data;
	struct host_facts f;
	char lent[384];
	struct vg_buf b;
	struct vg_jw w;
	u64 predicted;
	u32 running, queued;

	host_facts(&f);
	mutex_lock(&pool->lock);
	running = pool->running[0] + pool->running[1];
	queued = pool->queued;
	predicted = cp_predicted_us(pool);
	mutex_unlock(&pool->lock);
	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_jw_ku64(&w, "node", req->node->id);
	vg_jw_ku64(&w, "cpus", f.cpus);
	vg_jw_key(&w, "load1");
	vg_buf_printf(&b, "%u.%02u", f.load1_milli / 1000, f.load1_milli % 1000 / 10);
	vg_jw_raw(&w, VG_STR(""));
	vg_jw_ku64(&w, "running", running);
	vg_jw_ku64(&w, "queued", queued);
	vg_jw_ku64(&w, "mem_free", f.mem_free);
	vg_jw_ku64(&w, "predicted_us", predicted);
	vg_jw_kbool(&w, "degraded", false);
	vg_jw_obj_end(&w);
	return vg_reply_json(req, 200, &b);
}
