// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rendezvous hashing. Pure: must never allocate, sleep, or depend on the machine's byte order.
 *
 * The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
 * number generators", OOPSLA 2014, with the constants of David Stafford's variant 13); bytes are
 * taken in by FNV-1a (Fowler, Noll, Vo; RFC 9923), which alone spreads the last bytes too little.
 */
#include "core/place.h"

static u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return x;
}

u64 vg_place_hash(const void *data, size_t n)
{
	const u8 *p = data;
	u64 h = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return mix(h);
}

u64 vg_place_weight(u64 node_hash, u64 key_hash)
{
	/*
	 * The inner mix keeps a node and a key of the same name from cancelling out. For a given
	 * key this is a bijection of the node's hash.
	 */
	return mix((node_hash ^ mix(key_hash + 0x9e3779b97f4a7c15ULL)) + 0x9e3779b97f4a7c15ULL);
}

u32 vg_place(const u64 *node_hashes, u32 n, u64 key_hash)
{
	u32 best = VG_PLACE_NONE;

	vg_place_top(node_hashes, n, key_hash, &best, 1);
	return best;
}

/* Insertion into a list of at most @k: for the few copies anybody keeps, cheaper than sorting */
u32 vg_place_top(const u64 *node_hashes, u32 n, u64 key_hash, u32 *out, u32 k)
{
	u32 have = 0, i, at;

	if (!k)
		return 0;
	for (i = 0; i < n; i++) {
		u64 w = vg_place_weight(node_hashes[i], key_hash);

		for (at = have; at > 0; at--) {
			if (w <= vg_place_weight(node_hashes[out[at - 1]], key_hash))
				break;
			if (at < k)
				out[at] = out[at - 1];
		}
		if (at < k) {
			out[at] = i;
			if (have < k)
				have++;
		}
	}
	return have;
}
