/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A deny list ready for lookup: sorted networks, each with its end of life. Immutable; exchanged whole
 * under RCU. A lookup is a binary search, takes no lock and allocates nothing.
 */
#ifndef VG_CORE_DENY_H
#define VG_CORE_DENY_H

#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "core/addr.h"
#include "core/limits.h"

struct vg_deny_entry {
	struct vg_addr net;
	u64 until_s;		/* Unix seconds, 0: as long as the list */
	int parent;		/* index of the network around this one, -1: none */
};

struct vg_deny {
	struct rcu_head rcu;
	u32 n;
	struct vg_deny_entry entry[];
};

/* Copy and sort @n entries (at most VG_DENY_MAX; parent need not be set). NULL: no memory. */
struct vg_deny *vg_deny_new(const struct vg_deny_entry *entry, u32 n);
/* Is @a denied at @now_s? */
bool vg_deny_has(const struct vg_deny *deny, const struct vg_addr *a, u64 now_s);

#endif
