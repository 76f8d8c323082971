/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which node keeps a key: rendezvous hashing (highest random weight; Thaler and Ravishankar, "Using
 * name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking 6(1), 1998).
 * Every node's weight for the key is a mix of both hashes; the greatest wins. No ring and no state:
 * whoever has the same set of nodes finds the same one, and when one leaves, only its keys move.
 *
 * Used by the kernel and by libvirgo; the results are a promise between them and must never change.
 * No allocation, no floating point, no locks; every function may be called in any context.
 */
#ifndef VG_CORE_PLACE_H
#define VG_CORE_PLACE_H

#include <linux/stddef.h>
#include <linux/types.h>

#define VG_PLACE_NONE ((u32)-1)

/*
 * 64 bits of @n bytes, well mixed: for a key's bytes, and for a node's name (canonical: lower case,
 * IPv6 short and in brackets, a port only if it was given).
 */
u64 vg_place_hash(const void *data, size_t n);

/* The weight of the node with @node_hash for the key with @key_hash */
u64 vg_place_weight(u64 node_hash, u64 key_hash);

/*
 * Index of the winner among @n nodes; VG_PLACE_NONE if @n is 0. Of equal weights (equal hashes) the
 * greater node hash wins, then the lower index: the order of the nodes does not matter.
 */
u32 vg_place(const u64 *node_hashes, u32 n, u64 key_hash);

/*
 * The best @k nodes, best first, into @out: where copies go, or whom to ask next. Returns how many:
 * the smaller of @k and @n. Costs n * k steps.
 */
u32 vg_place_top(const u64 *node_hashes, u32 n, u64 key_hash, u32 *out, u32 k);

#endif
