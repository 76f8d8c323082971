// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a balancer needs to know of this node, as it is now; and whether the node asks to be spared, which the
 * learnt values say: an anomaly whose score is over its threshold.
 */
#include "core/host.h"
#include "core/load.h"
#include "core/node.h"
#include "core/values.h"
#include "cpupool/api.h"

void cp_load(struct cp_pool *pool, struct vg_load *load)
{
	struct host_facts f;

	host_facts(&f);
	*load = (struct vg_load){
		.node = pool->node->id, .cpus = f.cpus, .load1_permille = f.load1_milli,
		.mem_free = f.mem_free, .degraded = READ_ONCE(pool->degraded),
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

void cp_load_judge(struct cp_pool *pool)
{
	struct vg_values *values = pool->node->values;
	s64 score = 0, threshold = 1000;
	bool degraded;

	lockdep_assert_held(&pool->node->lock);
	degraded = !vg_values_get_s64(values, "AnomalyScorePermille", &score) &&
		   !vg_values_get_s64(values, "AnomalyThresholdPermille", &threshold) && score > threshold;
	if (degraded == pool->degraded)
		return;
	WRITE_ONCE(pool->degraded, degraded);
	if (degraded)
		pr_warn("virgo: node %u is degraded: AnomalyScorePermille %lld is over AnomalyThresholdPermille %lld\n",
			pool->node->id, (long long)score, (long long)threshold);
	else
		pr_info("virgo: node %u is degraded no more\n", pool->node->id);
}
