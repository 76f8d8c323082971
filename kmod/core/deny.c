// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deny list lookup. Networks are nested or disjoint, so sorted by their first address every network
 * that holds an address is the one before it or an ancestor of that: each entry keeps its parent.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "core/deny.h"

static int by_address(const void *pa, const void *pb)
{
	const struct vg_deny_entry *a = pa, *b = pb;
	int d = (int)a->net.family - (int)b->net.family;

	if (!d)
		d = memcmp(a->net.ip, b->net.ip, sizeof(a->net.ip));
	return d ? d : (int)a->net.prefix - (int)b->net.prefix;
}

static bool expired(const struct vg_deny_entry *e, u64 now_s)
{
	return e->until_s && e->until_s < now_s;
}

struct vg_deny *vg_deny_new(const struct vg_deny_entry *entry, u32 n)
{
	struct vg_deny *d;
	u32 i;
	int p;

	if (n > VG_DENY_MAX)
		n = VG_DENY_MAX;
	d = kvzalloc(struct_size(d, entry, n), GFP_KERNEL);
	if (!d)
		return NULL;
	d->n = n;
	memcpy(d->entry, entry, n * sizeof(*entry));
	for (i = 0; i < n; i++)
		vg_addr_mask(&d->entry[i].net);
	sort(d->entry, n, sizeof(d->entry[0]), by_address, NULL);
	for (i = 0; i < n; i++) {
		for (p = (int)i - 1; p >= 0; p = d->entry[p].parent)
			if (vg_addr_in(&d->entry[i].net, &d->entry[p].net))
				break;
		d->entry[i].parent = p;
	}
	return d;
}

bool vg_deny_has(const struct vg_deny *d, const struct vg_addr *a, u64 now_s)
{
	struct vg_deny_entry want = { .net = *a };
	u32 lo = 0, hi = d->n;
	int i;

	/* the last entry that does not begin behind @a; a longer prefix at the same place counts */
	want.net.prefix = 255;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (by_address(&d->entry[mid], &want) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (i = (int)lo - 1; i >= 0; i = d->entry[i].parent)
		if (vg_addr_in(a, &d->entry[i].net) && !expired(&d->entry[i], now_s))
			return true;
	return false;
}
