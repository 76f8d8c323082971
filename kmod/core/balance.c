// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The balancers. See balance.h, where the formulae stand. Must never allocate, sleep, look at a
 * clock or keep anything but what is in the peers.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "core/balance.h"
#include "core/place.h"

const char *const vg_policy_names[VG_POLICIES + 1] = {
	[VG_LEAST_LOADED] = "least-loaded",
	[VG_TWO_CHOICES] = "two-choices",
	[VG_PRG] = "prg",
	[VG_HASH] = "hash",
	[VG_PREDICTED] = "predicted",
	NULL
};
EXPORT_SYMBOL_GPL(vg_policy_names);

u64 vg_rng_next(struct vg_rng *rng)
{
	u64 x = rng->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

u32 vg_rng_below(struct vg_rng *rng, u32 n)
{
	return (vg_rng_next(rng) >> 32) * n >> 32;
}

/* --- who may be picked -------------------------------------------------------------------------------- */

bool vg_peer_usable(const struct vg_peer *p, u64 now_ms)
{
	if (p->fails && (p->probing || now_ms < p->down_until_ms))
		return false;
	return now_ms >= p->retry_until_ms;
}
EXPORT_SYMBOL_GPL(vg_peer_usable);

/* How much the figures still count, in thousandths; 0: nothing is known. */
static u32 view_weight(const struct vg_peer *p, u64 now_ms)
{
	u64 age = now_ms > p->seen_ms ? now_ms - p->seen_ms : 0;

	if (!p->seen_ms || age >= VG_VIEW_STALE_MS)
		return 0;
	if (age <= VG_VIEW_FRESH_MS)
		return 1000;
	return div_u64((VG_VIEW_STALE_MS - age) * 1000, VG_VIEW_STALE_MS - VG_VIEW_FRESH_MS);
}

/* Does it ask to be spared, or is it perhaps not there? */
static bool weak(const struct vg_peer *p, u64 now_ms)
{
	if (p->missing)
		return true;
	return view_weight(p, now_ms) &&
	       (p->load.degraded || (p->load.mem_free && p->load.mem_free < VG_MEM_LOW));
}

static bool skipped(const struct vg_choice *c, u32 i)
{
	u32 k;

	for (k = 0; k < c->nr_skip; k++)
		if (c->skip[k] == i)
			return true;
	return false;
}

enum tier { FINE, WEAK, OUT };

static enum tier tier_of(const struct vg_choice *c, u32 i)
{
	const struct vg_peer *p = &c->peers[i];

	if (!vg_peer_usable(p, c->now_ms) || skipped(c, i))
		return OUT;
	return weak(p, c->now_ms) ? WEAK : FINE;
}

/* The tier that is picked from: weak peers only count where there is no other. */
static enum tier best_tier(const struct vg_choice *c)
{
	enum tier best = OUT;
	u32 i;

	for (i = 0; i < c->n && best != FINE; i++)
		best = min(best, tier_of(c, i));
	return best;
}

u32 vg_balance_soonest(const struct vg_choice *c, u64 *wait_ms)
{
	u32 best = VG_PICK_NONE, tried = VG_PICK_NONE, nr_tried = 0, i;
	u64 soonest = U64_MAX, at;

	for (i = 0; i < c->n; i++) {
		const struct vg_peer *p = &c->peers[i];

		if (skipped(c, i))
			continue;
		if (p->fails && p->probing) {
			/* any of them alike */
			if (!vg_rng_below(c->rng, ++nr_tried))
				tried = i;
			continue;
		}
		at = max(p->fails ? p->down_until_ms : 0, p->retry_until_ms);
		if (at < soonest) {
			soonest = at;
			best = i;
		}
	}
	if (best == VG_PICK_NONE && tried != VG_PICK_NONE) {
		best = tried;
		soonest = c->peers[best].retry_until_ms;
	}
	if (best != VG_PICK_NONE)
		*wait_ms = soonest > c->now_ms ? soonest - c->now_ms : 0;
	return best;
}
EXPORT_SYMBOL_GPL(vg_balance_soonest);

bool vg_not_taken_on(const char *problem)
{
	static const char *const codes[] = {
		"exec.busy", "exec.degraded", "exec.no_helper", "conn.limit", "auth.starting",
		"auth.replay_table_full",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		if (!strcmp(problem, codes[i]))
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(vg_not_taken_on);

/* --- comparing ------------------------------------------------------------------------------------------ */

enum { OTHER_STEP = 250 };	/* thousandths: a load average below a half is noise */

/* runs that are not ours, in thousandths, as the figures say */
static u64 foreign(const struct vg_peer *p)
{
	u64 runs = (u64)p->load.running + p->load.queued, other = 0;
	u64 own = (u64)p->load.running * 1000;

	if (p->load.load1_permille > own)
		other = div_u64(p->load.load1_permille - own, 2 * OTHER_STEP) * OTHER_STEP;
	return (runs > p->in_view ? runs - p->in_view : 0) * 1000 + other;
}

/* what the function takes on @p alone, µs; 0: not known */
static u64 alone_us(const struct vg_choice *c, const struct vg_peer *p)
{
	return c->model ? vg_predict_us(c->model, c->arg_bytes, p->speed_permille, 0) : 0;
}

/* what a run of those that are on @p takes without the others, µs */
static u64 held_each_us(const struct vg_choice *c, const struct vg_peer *p, u64 runs)
{
	u64 us = min_t(u64, p->load.predicted_us, VG_PREDICT_MAX_US);

	if (!us || !p->load.cpus)
		return alone_us(c, p);
	return div_u64(us * p->load.cpus, max_t(u32, runs + 1, p->load.cpus));
}

/* the work @p holds that is not ours, µs, as the figures say */
static u64 foreign_us(const struct vg_choice *c, const struct vg_peer *p)
{
	u64 runs = (u64)p->load.running + p->load.queued;

	if (runs <= p->in_view)
		return 0;
	return min_t(u64, held_each_us(c, p, runs) * (runs - p->in_view), 1ull << 40);
}

/* of all peers that something recent is known of: what a peer counts as of which nothing is */
struct mean {
	u64 foreign, us;	/* per processor */
	u32 cpus;		/* per peer */
};

static void take_mean(const struct vg_choice *c, struct mean *m)
{
	u64 cpus = 0, runs = 0, us = 0;
	u32 i, known = 0;

	for (i = 0; i < c->n; i++) {
		const struct vg_peer *p = &c->peers[i];

		if (!view_weight(p, c->now_ms))
			continue;
		known++;
		cpus += p->load.cpus;
		runs += foreign(p);
		if (c->policy == VG_PREDICTED)
			us += foreign_us(c, p);
	}
	m->cpus = known ? max_t(u32, div_u64(cpus + known / 2, known), 1) : 1;
	m->foreign = cpus ? div64_u64(runs, cpus) : 0;
	m->us = cpus ? div64_u64(us, cpus) : 0;
}

static u32 cpus_of(const struct vg_peer *p, const struct mean *m)
{
	return p->seen_ms && p->load.cpus ? p->load.cpus : m->cpus;
}

static u64 blend(u64 seen, u64 mean, u32 weight)
{
	return div_u64(min_t(u64, seen, 1ull << 50) * weight +
		       min_t(u64, mean, 1ull << 50) * (1000 - weight), 1000);
}

/* runs that are there, ours included, in thousandths */
static u64 busy(const struct vg_choice *c, const struct vg_peer *p, const struct mean *m)
{
	u32 weight = view_weight(p, c->now_ms);

	return blend(weight ? foreign(p) : 0, m->foreign * cpus_of(p, m), weight) +
	       (u64)p->in_flight * 1000;
}

static u64 score(const struct vg_choice *c, const struct vg_peer *p, const struct mean *m)
{
	return div_u64((busy(c, p, m) + 1000) * 1000, cpus_of(p, m));
}

static u64 expect_us(const struct vg_choice *c, const struct vg_peer *p, const struct mean *m)
{
	u32 cpus = cpus_of(p, m), weight = view_weight(p, c->now_ms);
	u64 runs = busy(c, p, m), wait = 0;

	if (runs >= (u64)cpus * 1000)
		wait = div_u64(blend(weight ? foreign_us(c, p) : 0, m->us * cpus, weight) +
			       alone_us(c, p) * p->in_flight, cpus);
	return wait + vg_predict_us(c->model, c->arg_bytes, p->speed_permille, div_u64(runs, cpus));
}

/* what the policy compares; the lower the better */
static u64 cost(const struct vg_choice *c, u32 i, const struct mean *m)
{
	if (c->policy == VG_PREDICTED && c->model && c->model->curve.n)
		return expect_us(c, &c->peers[i], m);
	return score(c, &c->peers[i], m);
}

u64 vg_balance_score(const struct vg_choice *c, u32 i)
{
	struct mean m;

	take_mean(c, &m);
	return score(c, &c->peers[i], &m);
}

u64 vg_balance_expect_us(const struct vg_choice *c, u32 i)
{
	struct mean m;

	if (!c->model || !c->model->curve.n)
		return 0;
	take_mean(c, &m);
	return expect_us(c, &c->peers[i], &m);
}

/* --- picking -------------------------------------------------------------------------------------------- */

/* The best so far; of equals each is kept with the same chance. */
struct best {
	u32 at, equals;
	u64 cost;
};

static void offer(struct best *b, u32 i, u64 value, struct vg_rng *rng)
{
	if (b->at != VG_PICK_NONE && value > b->cost)
		return;
	if (b->at == VG_PICK_NONE || value < b->cost)
		b->equals = 0;
	if (vg_rng_below(rng, ++b->equals))
		return;
	b->at = i;
	b->cost = value;
}

static u32 pick_lowest(const struct vg_choice *c)
{
	struct best best = { .at = VG_PICK_NONE };
	enum tier tier = best_tier(c);
	struct mean m;
	u32 i;

	take_mean(c, &m);
	for (i = 0; tier != OUT && i < c->n; i++)
		if (tier_of(c, i) == tier)
			offer(&best, i, cost(c, i, &m), c->rng);
	return best.at;
}

/* @k of those who may be picked, any with the same chance (reservoir sampling) */
static u32 draw(const struct vg_choice *c, u32 *out, u32 k)
{
	enum tier tier = best_tier(c);
	u32 i, at, seen = 0;

	for (i = 0; tier != OUT && i < c->n; i++) {
		if (tier_of(c, i) != tier)
			continue;
		at = seen < k ? seen : vg_rng_below(c->rng, seen + 1);
		if (at < k)
			out[at] = i;
		seen++;
	}
	return min(seen, k);
}

u32 vg_balance_draw(const struct vg_choice *c, u32 out[2])
{
	return draw(c, out, 2);
}
EXPORT_SYMBOL_GPL(vg_balance_draw);

u32 vg_balance_better(const struct vg_choice *c, const u32 *which, u32 n)
{
	struct best best = { .at = VG_PICK_NONE };
	enum tier tier = best_tier(c);
	bool first = c->policy == VG_PRG || c->policy == VG_HASH;
	struct mean m;
	u32 i;

	if (n > 1 && !first)
		take_mean(c, &m);
	for (i = 0; i < n; i++) {
		if (tier == OUT || tier_of(c, which[i]) != tier)
			continue;
		if (n == 1 || first)
			return which[i];
		offer(&best, which[i], cost(c, which[i], &m), c->rng);
	}
	return best.at;
}
EXPORT_SYMBOL_GPL(vg_balance_better);

static u32 pick_two(const struct vg_choice *c)
{
	u32 two[2];

	return vg_balance_better(c, two, draw(c, two, 2));
}

static u32 pick_any(const struct vg_choice *c)
{
	u32 one = VG_PICK_NONE;

	draw(c, &one, 1);
	return one;
}

/* The order of vg_place(): of equal weights the greater hash, then the lower index. */
static u32 pick_hash(const struct vg_choice *c)
{
	enum tier tier = best_tier(c);
	u32 i, best = VG_PICK_NONE;
	u64 weight, heaviest = 0;

	for (i = 0; tier != OUT && i < c->n; i++) {
		if (tier_of(c, i) != tier)
			continue;
		weight = vg_place_weight(c->peers[i].hash, c->key_hash);
		if (best != VG_PICK_NONE && weight <= heaviest)
			continue;
		best = i;
		heaviest = weight;
	}
	return best;
}

u32 vg_balance_pick(const struct vg_choice *c)
{
	switch (c->policy) {
	case VG_PRG:
		return pick_any(c);
	case VG_HASH:
		return pick_hash(c);
	case VG_LEAST_LOADED:
		return pick_lowest(c);
	case VG_PREDICTED:
		if (c->model && c->model->curve.n)
			return pick_lowest(c);
		break;
	default:
		break;
	}
	return pick_two(c);
}
EXPORT_SYMBOL_GPL(vg_balance_pick);

/* --- what becomes of requests ----------------------------------------------------------------------------- */

static void pause_peer(struct vg_peer *p, u64 now_ms, struct vg_rng *rng)
{
	u64 ms = VG_PAUSE_MIN_MS;

	/* of a burst that failed together only the first counts */
	if (p->fails && !p->probing && now_ms < p->down_until_ms)
		return;
	p->fails = min_t(u32, p->fails + 1, 32);
	ms = p->fails > 6 ? VG_PAUSE_MAX_MS : min_t(u64, ms << (p->fails - 1), VG_PAUSE_MAX_MS);
	p->down_until_ms = now_ms + ms * 3 / 4 + vg_rng_below(rng, ms / 2 + 1);
}

void vg_peer_begin(struct vg_peer *p, u64 now_ms)
{
	p->in_flight++;
	if (p->fails)
		p->probing = true;
}
EXPORT_SYMBOL_GPL(vg_peer_begin);

void vg_peer_end(struct vg_peer *p, enum vg_outcome what, bool counted, u64 now_ms, struct vg_rng *rng)
{
	if (counted && p->in_flight)
		p->in_flight--;
	if (what == VG_ANSWERED) {
		p->fails = 0;
	} else if (what == VG_NOT_CONNECTED || (what == VG_LOST && p->fails)) {
		pause_peer(p, now_ms, rng);
	}
	if (what == VG_LOST)
		p->seen_ms = 0;
	p->probing = false;
}
EXPORT_SYMBOL_GPL(vg_peer_end);

void vg_peer_retry_after(struct vg_peer *p, u64 ms, u64 now_ms)
{
	p->retry_until_ms = now_ms + min_t(u64, ms, VG_RETRY_AFTER_MAX_MS);
}
EXPORT_SYMBOL_GPL(vg_peer_retry_after);

void vg_peer_saw(struct vg_peer *p, const struct vg_load *load, u32 in_view, u64 age_ms, u64 now_ms)
{
	p->load = *load;
	p->in_view = min_t(u64, in_view, (u64)load->running + load->queued);
	p->seen_ms = age_ms < now_ms ? now_ms - age_ms : 1;
}
EXPORT_SYMBOL_GPL(vg_peer_saw);
