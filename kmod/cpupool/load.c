// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a balancer needs to know of this node, as it is now; also whether it asks to be spared, which core knows from
 * the learnt values.
 */
#include "core/host.h"
#include "core/load.h"
#include "core/node.h"
#include "cpupool/api.h"

void cp_load(struct cp_pool *pool, struct vg_load *load)
{
	struct host_facts f;

	host_facts(&f);
	*load = (struct vg_load){
		.node = pool->node->id, .cpus = f.cpus, .load1_permille = f.load1_milli,
		.mem_free = f.mem_free, .degraded = READ_ONCE(pool->node->degraded) == VG_FORCE_APPLY,
	};
	mutex_lock(&pool->lock);
	load->running = pool->running[0] + pool->running[1];
	load->queued = pool->queued;
	load->predicted_us = cp_predicted_us(pool, f.cpus);
	mutex_unlock(&pool->lock);
}

int cp_get_load(struct vg_req *req)
{
	struct vg_load load;
	char lent[384];
	struct vg_buf b;
	struct vg_jw w;

	cp_load(req->data, &load);
	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_load_json(&load, &w);
	vg_jw_obj_end(&w);
	return vg_reply_json(req, 200, &b);
}
