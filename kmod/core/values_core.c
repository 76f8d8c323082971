// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The learnt values that core itself acts on: bandwidth, connections, pool size, denied sources, anomalies.
 * Each says here what it changes and what it goes back to; when it counts is values.c's to judge.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "core/conf.h"
#include "core/deny.h"
#include "core/host.h"
#include "core/json.h"
#include "core/ledger.h"
#include "core/node.h"
#include "core/values.h"
#include "core/values_parse.h"

static struct vg_config *cfg_of(struct vg_node *node)
{
	return rcu_dereference_protected(node->cfg, lockdep_is_held(&node->lock));
}

/* A count that an administrator's own limit bounds from above, where there is one. */
static void upto(s64 *lo, s64 *hi, u64 least, u64 most)
{
	*lo = max_t(s64, *lo, least);
	if (most)
		*hi = min_t(s64, *hi, most);
}

/* From now a limit that is met is @v's doing, or the administrator's. */
static void limit_learnt(struct vg_node *node, enum vg_act act, const struct vg_value *v, enum vg_force force, s64 own)
{
	WRITE_ONCE(node->act[act].learnt, force == VG_FORCE_APPLY && v->number != own);
}

static u64 acted(struct vg_node *node, enum vg_act act, bool would)
{
	return atomic64_read(would ? &node->act[act].would : &node->act[act].did);
}

/* --- MaxNetworkBandwidth ---------------------------------------------------------------------------- */

static s64 bandwidth_own(struct vg_node *node)
{
	return cfg_of(node)->max_network_bandwidth;
}

static void bandwidth_bounds(struct vg_node *node, s64 *lo, s64 *hi)
{
	upto(lo, hi, 1, cfg_of(node)->max_network_bandwidth);
}

static int bandwidth_apply(const struct vg_value_def *def, struct vg_node *node,
			   const struct vg_value *v, enum vg_force force)
{
	limit_learnt(node, VG_ACT_BANDWIDTH, v, force, bandwidth_own(node));
	vg_bandwidth_set(node, force == VG_FORCE_APPLY ? v->number : bandwidth_own(node));
	vg_bandwidth_shadow(node, force == VG_FORCE_SHADOW ? v->number : 0);
	return 0;
}

static u64 bandwidth_acted(struct vg_node *node, bool would)
{
	return acted(node, VG_ACT_BANDWIDTH, would);
}

/* --- MaxConnections ------------------------------------------------------------------------------------ */

static s64 connections_own(struct vg_node *node)
{
	return cfg_of(node)->max_connections;
}

static void connections_bounds(struct vg_node *node, s64 *lo, s64 *hi)
{
	upto(lo, hi, cfg_of(node)->max_connections_min, cfg_of(node)->max_connections);
}

static int connections_apply(const struct vg_value_def *def, struct vg_node *node,
			     const struct vg_value *v, enum vg_force force)
{
	limit_learnt(node, VG_ACT_CONNECTIONS, v, force, connections_own(node));
	WRITE_ONCE(node->max_connections,
		   force == VG_FORCE_APPLY ? v->number : connections_own(node));
	WRITE_ONCE(node->shadow_connections, force == VG_FORCE_SHADOW ? v->number : 0);
	return 0;
}

static u64 connections_acted(struct vg_node *node, bool would)
{
	return acted(node, VG_ACT_CONNECTIONS, would);
}

void vg_shadow_connections(struct vg_node *node, u32 n)
{
	u64 limit = READ_ONCE(node->shadow_connections);

	if (limit && n > limit)
		vg_act_would(node, VG_ACT_CONNECTIONS);
}

/* --- MempoolMaxBytes --------------------------------------------------------------------------------------- */

static s64 mempool_own(struct vg_node *node)
{
	return cfg_of(node)->mempool_max_bytes;
}

static void mempool_bounds(struct vg_node *node, s64 *lo, s64 *hi)
{
	upto(lo, hi, cfg_of(node)->mempool_max_bytes_min, cfg_of(node)->mempool_max_bytes);
}

static int mempool_apply(const struct vg_value_def *def, struct vg_node *node,
			 const struct vg_value *v, enum vg_force force)
{
	limit_learnt(node, VG_ACT_MEMPOOL, v, force, mempool_own(node));
	WRITE_ONCE(node->mempool_max_bytes, force == VG_FORCE_APPLY ? v->number : mempool_own(node));
	WRITE_ONCE(node->shadow_mempool_bytes, force == VG_FORCE_SHADOW ? v->number : 0);
	return 0;
}

static u64 mempool_acted(struct vg_node *node, bool would)
{
	return acted(node, VG_ACT_MEMPOOL, would);
}

/* --- DenySources ------------------------------------------------------------------------------------------------ */

static int deny_entries(const struct vg_value *v, struct vg_deny_entry *entry, u32 *n)
{
	struct vg_conf_pair pair = { .key = VG_STR_INIT("DenySources"), .value = v->text };
	struct vg_conf_list list = VG_VALUES_LIST(&pair);
	u64 ttl_s, now_s = ktime_get_real_seconds();
	struct vg_conf_pair item;
	int ret;

	*n = 0;
	while ((ret = vg_conf_list_next(&list, &item, NULL)) > 0) {
		if (*n == VG_DENY_MAX)
			return -E2BIG;
		ret = vg_values_source(&item, &entry[*n].net, &ttl_s, NULL);
		if (ret)
			return ret;
		/* "@seconds" counts from the moment the list is taken over */
		entry[*n].until_s = ttl_s ? now_s + ttl_s : v->until_s;
		if (v->until_s)
			entry[*n].until_s = min(entry[*n].until_s, v->until_s);
		(*n)++;
	}
	return ret;
}

static void deny_publish(struct vg_deny __rcu **where, struct vg_deny *fresh)
{
	struct vg_deny *old = rcu_dereference_protected(*where, 1);

	rcu_assign_pointer(*where, fresh);
	if (fresh)
		vg_made(VG_L_DENIES);
	if (!old)
		return;
	kvfree_rcu(old, rcu);
	vg_gone(VG_L_DENIES);
}

static int deny_apply(const struct vg_value_def *def, struct vg_node *node,
		      const struct vg_value *v, enum vg_force force)
{
	struct vg_deny *fresh = NULL;
	struct vg_deny_entry *entry;
	u32 n;
	int ret;

	if (force != VG_FORCE_NONE) {
		entry = kvcalloc(VG_DENY_MAX, sizeof(*entry), GFP_KERNEL);
		if (!entry)
			return -ENOMEM;
		ret = deny_entries(v, entry, &n);
		if (!ret && n)
			fresh = vg_deny_new(entry, n);
		kvfree(entry);
		if (ret)
			return ret;
		if (n && !fresh)
			return -ENOMEM;
	}
	deny_publish(&node->deny, force == VG_FORCE_APPLY ? fresh : NULL);
	deny_publish(&node->deny_shadow, force == VG_FORCE_SHADOW ? fresh : NULL);
	return 0;
}

static u64 deny_acted(struct vg_node *node, bool would)
{
	return would ? acted(node, VG_ACT_DENY, true) : atomic64_read(&node->refused_deny);
}

/* How many of the list there are, live still, and touch somebody who is never refused. */
static void deny_tell(struct vg_node *node, struct vg_jw *w)
{
	const struct vg_deny *d = rcu_dereference_protected(node->deny, lockdep_is_held(&node->lock));
	const struct vg_config *cfg = cfg_of(node);
	u64 now_s = ktime_get_real_seconds();
	u32 i, k, live = 0, spared = 0;

	if (!d)
		d = rcu_dereference_protected(node->deny_shadow, lockdep_is_held(&node->lock));
	for (i = 0; d && i < d->n; i++) {
		const struct vg_addr *net = &d->entry[i].net;
		bool touches = vg_addr_is_loopback(net);

		for (k = 0; !touches && k < cfg->nodes.n; k++)
			touches = vg_addr_in(&cfg->nodes.addr[k], net);
		for (k = 0; !touches && k < cfg->analytics_never_deny.n; k++)
			touches = vg_addr_overlap(&cfg->analytics_never_deny.addr[k], net);
		live += !d->entry[i].until_s || d->entry[i].until_s >= now_s;
		spared += touches;
	}
	vg_jw_ku64(w, "entries", d ? d->n : 0);
	vg_jw_ku64(w, "entries_live", live);
	vg_jw_ku64(w, "entries_spared", spared);
}

/* Those who are never refused, whatever was learnt. Asked for matches only, which are rare. */
static bool is_protected(struct vg_node *node, const struct vg_addr *peer)
{
	struct vg_config *cfg;
	bool yes;
	u32 i;

	if (vg_addr_is_loopback(peer) || host_addr_is_local(peer))
		return true;
	cfg = vg_node_cfg(node);
	yes = vg_addr_list_has(&cfg->analytics_never_deny, peer);
	for (i = 0; !yes && i < cfg->nodes.n; i++)
		yes = vg_addr_same(&cfg->nodes.addr[i], peer);
	vg_config_put(cfg);
	return yes;
}

bool vg_deny_match(struct vg_node *node, const struct vg_addr *peer)
{
	const struct vg_deny *deny, *shadow;
	bool denied = false, shadowed = false;

	rcu_read_lock();
	deny = rcu_dereference(node->deny);
	shadow = rcu_dereference(node->deny_shadow);
	if (deny)
		denied = vg_deny_has(deny, peer, ktime_get_real_seconds());
	if (shadow)
		shadowed = vg_deny_has(shadow, peer, ktime_get_real_seconds());
	rcu_read_unlock();
	if (!denied && !shadowed)
		return false;
	if (is_protected(node, peer))
		return false;
	if (shadowed)
		vg_act_would(node, VG_ACT_DENY);
	if (denied)
		atomic64_inc(&node->refused_deny);
	return denied;
}

/* --- anomalies: values.c judges the two together -------------------------------------------------------------------- */

static int score_apply(const struct vg_value_def *def, struct vg_node *node, const struct vg_value *v, enum vg_force force)
{
	node->anomaly_score = force == VG_FORCE_NONE ? -1 : (int)v->number;
	return 0;
}

static int threshold_apply(const struct vg_value_def *def, struct vg_node *node, const struct vg_value *v,
			   enum vg_force force)
{
	node->anomaly_threshold = force == VG_FORCE_NONE ? -1 : (int)v->number;
	return 0;
}

/* jobs refused, because the node is degraded */
static u64 anomaly_acted(struct vg_node *node, bool would)
{
	return acted(node, VG_ACT_DEGRADED, would);
}

const struct vg_value_def vg_core_values[] = {
	{
		.name = "MaxNetworkBandwidth", .type = VG_VALUE_INT, .unit = "Mbit/s",
		.min = 1, .max = 1000000, .step_permille = 500, .own = bandwidth_own,
		.bounds = bandwidth_bounds, .apply = bandwidth_apply, .acted = bandwidth_acted,
	}, {
		.name = "MaxConnections", .type = VG_VALUE_INT, .unit = "connections",
		.min = 1, .max = VG_CONNECTIONS_MAX, .own = connections_own,
		.bounds = connections_bounds, .apply = connections_apply, .acted = connections_acted,
	}, {
		.name = "MempoolMaxBytes", .type = VG_VALUE_INT, .unit = "bytes",
		.min = 1, .max = S64_MAX, .own = mempool_own, .bounds = mempool_bounds,
		.apply = mempool_apply, .acted = mempool_acted,
	}, {
		.name = "DenySources", .type = VG_VALUE_SOURCES, .unit = "addresses",
		.apply = deny_apply, .acted = deny_acted, .tell = deny_tell,
	}, {
		.name = "AnomalyScorePermille", .type = VG_VALUE_INT, .unit = "permille", .min = 0, .max = 1000,
		.apply = score_apply, .acted = anomaly_acted,
	}, {
		.name = "AnomalyThresholdPermille", .type = VG_VALUE_INT, .unit = "permille", .min = 0, .max = 1000,
		.apply = threshold_apply, .acted = anomaly_acted,
	},
};
const u32 vg_nr_core_values = ARRAY_SIZE(vg_core_values);
