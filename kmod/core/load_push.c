// SPDX-License-Identifier: GPL-2.0-or-later
/* Telling the registry of load. See load_push.h. Must never call with a lock held. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "core/client.h"
#include "core/clock.h"
#include "core/load.h"
#include "core/load_push.h"
#include "core/node.h"

enum { CONTROL = 3, TARGET_BYTES = 64, PUSH_MS = 5000 };

struct vg_load_push {
	struct vg_node *node;
	struct work_struct work;
	u64 next_ms;		/* the tick's own */
	bool failing;		/* the work's own, as the last push went */
};

/* Where clients reach the service: an address that means this node to others rather than to itself alone */
static const struct vg_addr *own_address(const struct vg_svc *svc)
{
	const struct vg_addr *best = NULL, *a;
	u32 i;

	for (i = 0; i < svc->nr_listeners; i++) {
		a = &svc->listener[i].addr;
		if (vg_addr_is_any(a) || (best && !vg_addr_is_loopback(best)))
			continue;
		if (!best || !vg_addr_is_loopback(a))
			best = a;
	}
	return best;
}

/* The document to send; false: this node has no load to tell */
static bool write_load(struct vg_node *node, struct vg_jw *w)
{
	const struct vg_addr *at;
	char text[VG_ADDR_TEXT];
	struct vg_load load;
	struct vg_addr addr;
	struct vg_svc *svc = NULL;
	u32 i;

	mutex_lock(&node->lock);
	for (i = 0; i < node->nr_svcs && !svc; i++)
		if (node->svc[i]->def->load)
			svc = node->svc[i];
	if (svc) {
		svc->def->load(svc->data, &load);
		vg_jw_obj(w);
		vg_load_json(&load, w);
		at = own_address(svc);
		if (at) {
			addr = *at;
			if (addr.port == svc->def->port)
				addr.port = 0;
			vg_jw_kstr(w, "address", vg_str(text, vg_addr_print(&addr, text)));
		}
		vg_jw_obj_end(w);
	}
	mutex_unlock(&node->lock);
	return svc && !vg_jw_end(w);
}

/* Say once that it fails, and once that it does no more. */
static void tell(struct vg_load_push *push, const struct vg_addr *to, int ret,
		 const struct vg_call *call)
{
	bool failing = ret || call->status / 100 != 2;
	char text[VG_ADDR_TEXT];

	if (failing == push->failing)
		return;
	push->failing = failing;
	vg_addr_print(to, text);
	if (!failing)
		pr_info("virgo: node %u tells its load to the registry %s\n", push->node->id, text);
	else if (ret)
		pr_warn("virgo: node %u cannot tell its load to the registry %s: %s (error %d)\n",
			push->node->id, text, call->why, ret);
	else
		pr_warn("virgo: node %u cannot tell its load to the registry %s: status %u (see client_key, and the key's rights there)\n",
			push->node->id, text, call->status);
}

static void push_work(struct work_struct *work)
{
	struct vg_load_push *push = container_of(work, struct vg_load_push, work);
	struct vg_config *cfg = vg_node_cfg(push->node);
	struct vg_call call = { .service = CONTROL, .method = VG_PUT, .timeout_ms = PUSH_MS };
	char target[TARGET_BYTES];
	struct vg_buf body;
	struct vg_jw w;
	int ret;

	vg_buf_init(&body, NULL, 0, VG_LOAD_BYTES);
	vg_jw_init(&w, &body);
	if (cfg->load_registry.n && write_load(push->node, &w)) {
		call.peer = cfg->load_registry.addr[0];
		call.target = vg_str(target, scnprintf(target, sizeof(target),
						       "/v1/loads/%u?ttl_ms=%llu", push->node->id,
						       (unsigned long long)cfg->load_lease_ms));
		call.body = body.p;
		call.body_n = body.len;
		ret = vg_call(push->node->client, &call);
		if (ret != -ESHUTDOWN)
			tell(push, &cfg->load_registry.addr[0], ret, &call);
	}
	vg_buf_free(&body);
	vg_config_put(cfg);
}

void vg_load_push_tick(struct vg_load_push *push, u64 now_ms)
{
	struct vg_config *cfg;

	if (now_ms < push->next_ms)
		return;
	cfg = vg_node_cfg(push->node);
	/* a lease that was changed counts from the next push on */
	push->next_ms = now_ms + div_u64(cfg->load_lease_ms, 3);
	if (cfg->load_registry.n)
		queue_work(push->node->wq, &push->work);
	else
		push->next_ms = 0;
	vg_config_put(cfg);
}

int vg_load_push_new(struct vg_node *node, struct vg_load_push **out)
{
	struct vg_load_push *push = kzalloc(sizeof(*push), GFP_KERNEL);

	if (!push)
		return -ENOMEM;
	push->node = node;
	INIT_WORK(&push->work, push_work);
	*out = push;
	return 0;
}

void vg_load_push_free(struct vg_load_push *push)
{
	if (!push)
		return;
	flush_work(&push->work);
	kfree(push);
}
