/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which node is to take a run. One source for the kernel, virgod, libvirgo and "virgo bench": pure,
 * so no allocation, no lock, no clock (the caller brings now_ms, any monotonic one) and no
 * randomness but the caller's generator. The array of peers is the caller's, and so is its lock.
 *
 * Who may be picked. Never: a peer whose pause after a failed connect is not over, one whose
 * Retry-After is not over, one that is being probed, one on the list to skip. Only if nobody else
 * can (it is weak): one that says it is degraded, has less than VG_MEM_LOW free, or is missing in
 * the registry that knows others. A peer whose pause is over gets one request (the probe) and no
 * second one until that has ended well. Pauses: VG_PAUSE_MIN_MS doubled with each failure up to
 * VG_PAUSE_MAX_MS, times 0.75 to 1.25 at random so that clients do not probe in step.
 *
 * The score, by which two peers are compared; the lower one wins, ties are broken at random:
 *
 *	foreign = max(0, running + queued - in_view) + the extra load
 *	extra   = half of what load1 exceeds running, in quarters (rounded down)
 *	busy    = w × foreign + (1 - w) × mean foreign + in_flight
 *	score   = (busy + 1) / cpus
 *
 * running, queued, load1 are the peer's figures as last seen, in_view of them our own; in_flight is
 * what we have under way there now, so a burst spreads although no figure changes meanwhile. load1
 * counts programs that are not the node's, but lags a minute behind: hence half. w is 1 up to
 * VG_VIEW_FRESH_MS of age and falls to 0 at VG_VIEW_STALE_MS: old figures mislead more than none
 * (Mitzenmacher, "How Useful Is Old Information?", IEEE TPDS 11(1), 2000), so a peer of which
 * nothing (recent) is known counts as the mean of the others. 1 is the request to be placed: of two
 * idle peers the one with more processors is better.
 *
 *	least-loaded	lowest score of all
 *	two-choices	lower score of two taken at random: longest queues of log(log n) where one
 *			choice gives log(n) / log(log n), with two looks instead of n, and no herd
 *			on one peer where many clients share an old view (Azar, Broder,
 *			Karlin, Upfal, "Balanced Allocations", SIAM J. Comput. 29(1), 1999;
 *			Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE
 *			TPDS 12(10), 2001)
 *	prg		any, at random: the original's pseudo-random generator
 *	hash		rendezvous, as core/place.h: the same key finds the same peer as long as
 *			that may be picked
 *	predicted	lowest wait + run, both expected from the learnt values (core/predict.h):
 *
 *	run  = us(fn, bytes, peer, busy / cpus)
 *	wait = 0 while busy < cpus, else work / cpus
 *	work = w × foreign work + (1 - w) × mean of that + us × in_flight
 *	foreign work = each × max(0, running + queued - in_view)
 *	each = predicted_us × cpus / max(running + queued + 1, cpus), or us where it was not said:
 *	       predicted_us is what a run begun now would take where all share the processors
 *
 * with us the function's expected time on that peer without load. What runs already counts whole
 * though some of it is done: the same for every peer. Without a curve for the function predicted is
 * two-choices.
 *
 * Random numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014; public domain constants as in
 * place.c), brought below n by multiplication (Lemire, "Fast Random Integer Generation in an
 * Interval", ACM TOMACS 29(1), 2019) without its rejection step: n / 2^32 off at the most.
 */
#ifndef VG_CORE_BALANCE_H
#define VG_CORE_BALANCE_H

#include <linux/types.h>

#include "core/load.h"
#include "core/predict.h"

enum vg_policy {
	VG_LEAST_LOADED,
	VG_TWO_CHOICES,
	VG_PRG,
	VG_HASH,
	VG_PREDICTED,
	VG_POLICIES,
};

/* "least-loaded" …, as in the configuration; ends with NULL */
extern const char *const vg_policy_names[VG_POLICIES + 1];

enum vg_balance_limit {
	VG_VIEW_FRESH_MS = 1000,
	VG_VIEW_STALE_MS = 10000,
	VG_PAUSE_MIN_MS = 500,
	VG_PAUSE_MAX_MS = 30000,
	VG_RETRY_AFTER_MAX_MS = 3600000,
	VG_MEM_LOW = 16 << 20,
};

#define VG_PICK_NONE ((u32)-1)

struct vg_rng {
	u64 state;	/* any value; the same one gives the same numbers */
};

u64 vg_rng_next(struct vg_rng *rng);
/* 0 … n - 1; 0 for n 0 */
u32 vg_rng_below(struct vg_rng *rng, u32 n);

/* All zero but @hash: a peer of which nothing is known. */
struct vg_peer {
	u64 hash;		/* vg_place_hash() of its name */
	u32 speed_permille;	/* learnt; 0: as any other */
	u32 in_flight;		/* our requests under way */
	u32 in_view;		/* how many of them @load contains */
	u32 fails;		/* connects that failed in a row */
	bool probing;		/* one request is out to see whether it is back */
	bool missing;		/* the registry that others told their load knows nothing of it */
	struct vg_load load;
	u64 seen_ms;		/* when @load was true; 0: never */
	u64 down_until_ms;	/* counts if @fails */
	u64 retry_until_ms;
};

struct vg_choice {
	enum vg_policy policy;
	const struct vg_peer *peers;
	u32 n;
	const u32 *skip;		/* indexes that were tried already */
	u32 nr_skip;
	u64 key_hash;			/* hash */
	const struct vg_model *model;	/* predicted; NULL: nothing is learnt */
	u64 arg_bytes;
	u64 now_ms;
	struct vg_rng *rng;
};

/*
 * The peer to take, or VG_PICK_NONE; costs n steps. Changes no peer: vg_peer_begin() does, when the
 * request sets out, before another one is picked for.
 */
u32 vg_balance_pick(const struct vg_choice *c);
/*
 * The two that two-choices compares, for a caller who wants to look at them first: how many, 0 to
 * 2. Then the better of @n indexes, as by the policy (prg and hash: the first); VG_PICK_NONE if
 * none of them may be picked any more, or only as a weak one while there are others: draw again.
 */
u32 vg_balance_draw(const struct vg_choice *c, u32 out[2]);
u32 vg_balance_better(const struct vg_choice *c, const u32 *which, u32 n);
/*
 * Where nobody may be picked: the peer (not to be skipped) whose pause or Retry-After ends first; if
 * somebody is trying each of them just now, perhaps with a call that takes an hour, any of them; or
 * VG_PICK_NONE. *@wait_ms until then. For a caller who would rather try a dead peer than nothing.
 */
u32 vg_balance_soonest(const struct vg_choice *c, u64 *wait_ms);
/* Is @problem (a problem document's code) a refusal that a node speaks before it has begun anything? */
bool vg_not_taken_on(const char *problem);
/* May @p be picked at all at @now_ms? */
bool vg_peer_usable(const struct vg_peer *p, u64 now_ms);

/* what became of a request, as far as its peer is concerned */
enum vg_outcome {
	VG_ANSWERED,		/* it lives, whatever it said */
	VG_NOT_CONNECTED,	/* nothing was sent */
	VG_LOST,		/* the connection broke: what is known of it counts no more */
	VG_NO_MATTER,		/* given up by us, or over time */
};

/* A request sets out. */
void vg_peer_begin(struct vg_peer *p, u64 now_ms);
/* It is over. Also, without a vg_peer_begin(), for asking for the load: @counted false. */
void vg_peer_end(struct vg_peer *p, enum vg_outcome what, bool counted, u64 now_ms, struct vg_rng *rng);
/* It sent Retry-After. */
void vg_peer_retry_after(struct vg_peer *p, u64 ms, u64 now_ms);
/* Its figures, @age_ms old (from a registry), with @in_view of our requests in them. */
void vg_peer_saw(struct vg_peer *p, const struct vg_load *load, u32 in_view, u64 age_ms, u64 now_ms);

/* What is compared, for reports and tests: thousandths, and µs (0 without a model). */
u64 vg_balance_score(const struct vg_choice *c, u32 i);
u64 vg_balance_expect_us(const struct vg_choice *c, u32 i);

#endif
