// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node's bandwidth limit: one virtual clock (GCRA) that every byte moves forward. Must never
 * cost more than a load or two while there is no limit.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "core/node.h"

enum {
	BURST_MS	= 50,		/* what may move at once after a pause: this long's, */
	BURST_KIB	= 64,		/* but at least this much */
	QUANTUM		= 4096,		/* do not wake a connection for less */
	KIB_NS_AT_1MBIT	= 8192000,
};

static u64 burst_ns(u64 ns_per_kib)
{
	return max_t(u64, (u64)BURST_MS * NSEC_PER_MSEC, BURST_KIB * ns_per_kib);
}

size_t vg_bandwidth_room(struct vg_node *node, size_t want, u64 *wake_ms)
{
	u64 per_kib = READ_ONCE(node->bw_ns_per_kib);
	u64 now, limit, tat, room, need;

	if (likely(!per_kib))
		return want;
	now = ktime_get_ns();
	limit = now + burst_ns(per_kib);
	tat = max_t(u64, atomic64_read(&node->bw_tat_ns), now);
	need = div_u64(min_t(u64, want, QUANTUM) * per_kib, 1024);
	if (tat + need > limit) {
		*wake_ms = div_u64(now + (tat + need - limit), NSEC_PER_MSEC) + 1;
		return 0;
	}
	room = div64_u64((limit - tat) * 1024, per_kib);
	return min_t(u64, want, room);
}

/* The same with a limit in shadow: who would have had to wait is counted, and then has waited. */
static void shadow_used(struct vg_node *node, size_t n)
{
	u64 per_kib = READ_ONCE(node->shadow_bw_ns_per_kib);
	u64 now, limit, next;
	bool late;
	s64 old;

	if (likely(!per_kib) || !n)
		return;
	now = ktime_get_ns();
	limit = now + burst_ns(per_kib);
	old = atomic64_read(&node->shadow_bw_tat_ns);
	do {
		next = max_t(u64, old, now) + div_u64((u64)n * per_kib, 1024);
		late = next > limit;
		next = min(next, limit);
	} while (!atomic64_try_cmpxchg(&node->shadow_bw_tat_ns, &old, next));
	if (late)
		vg_act_would(node, VG_ACT_BANDWIDTH);
}

void vg_bandwidth_used(struct vg_node *node, size_t n)
{
	u64 per_kib = READ_ONCE(node->bw_ns_per_kib);
	u64 now, cost;
	s64 old, next;

	shadow_used(node, n);
	if (likely(!per_kib) || !n)
		return;
	now = ktime_get_ns();
	cost = div_u64((u64)n * per_kib, 1024);
	old = atomic64_read(&node->bw_tat_ns);
	do {
		next = max_t(u64, old, now) + cost;
	} while (!atomic64_try_cmpxchg(&node->bw_tat_ns, &old, next));
}

void vg_bandwidth_waits(struct vg_node *node)
{
	atomic64_inc(&node->bw_delayed);
	vg_act_did(node, VG_ACT_BANDWIDTH);
}

static u64 ns_per_kib(u64 mbit)
{
	return mbit ? max_t(u64, div64_u64(KIB_NS_AT_1MBIT, mbit), 1) : 0;
}

void vg_bandwidth_shadow(struct vg_node *node, u64 mbit)
{
	u64 per_kib = ns_per_kib(mbit);

	if (per_kib == READ_ONCE(node->shadow_bw_ns_per_kib))
		return;
	WRITE_ONCE(node->shadow_bw_ns_per_kib, per_kib);
	atomic64_set(&node->shadow_bw_tat_ns, 0);
}

void vg_bandwidth_set(struct vg_node *node, u64 mbit)
{
	u64 per_kib = ns_per_kib(mbit);

	if (per_kib == READ_ONCE(node->bw_ns_per_kib))
		return;
	WRITE_ONCE(node->bw_ns_per_kib, per_kib);
	/* what was owed under another rate is forgiven */
	atomic64_set(&node->bw_tat_ns, 0);
}
