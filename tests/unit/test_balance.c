// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The balancers: exact choices, who may never be picked and how he comes back, distributions, that a burst
 * spreads and what the learnt values change. Seeds are fixed: a failure repeats itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.c"
#include "core/balance.c"
#include "core/buf.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/json_read.c"
#include "core/json_write.c"
#include "core/load.c"
#include "core/place.c"
#include "core/predict.c"
#include "core/utf8.c"
#include "core/values_parse.c"

enum { MAX = 16, NOW = 100000 };

static struct vg_peer peers[MAX];
static struct vg_rng rng;
static struct vg_choice choice;

/* @n peers that are all idle, with one processor, seen just now */
static void idle(u32 n, enum vg_policy policy)
{
	static const struct vg_load load = { .cpus = 1 };
	char name[16];
	u32 i;

	memset(peers, 0, sizeof(peers));
	for (i = 0; i < n; i++) {
		peers[i].hash = vg_place_hash(name, snprintf(name, sizeof(name), "node%u", i));
		vg_peer_saw(&peers[i], &load, 0, 0, NOW);
	}
	rng.state = 1;
	choice = (struct vg_choice){ .policy = policy, .peers = peers, .n = n, .now_ms = NOW, .rng = &rng };
}

static void works(u32 i, u32 running, u32 queued)
{
	peers[i].load.running = running;
	peers[i].load.queued = queued;
}

/* how often each is picked in @rounds, nothing changing meanwhile */
static void count(u32 rounds, u32 hits[MAX])
{
	u32 i, at;

	memset(hits, 0, MAX * sizeof(*hits));
	for (i = 0; i < rounds; i++) {
		at = vg_balance_pick(&choice);
		assert_true(at < choice.n);
		hits[at]++;
	}
}

static void generator(void **state)
{
	/* of the reference implementation, computed elsewhere */
	static const u64 want[] = { 6457827717110365317ull, 3203168211198807973ull, 9817491932198370423ull };
	struct vg_rng r = { 1234567 };
	u32 i, hits[7] = { 0 };

	for (i = 0; i < ARRAY_SIZE(want); i++)
		assert_true(vg_rng_next(&r) == want[i]);
	for (i = 0; i < 70000; i++)
		hits[vg_rng_below(&r, 7)]++;
	for (i = 0; i < 7; i++)
		assert_in_range(hits[i], 9600, 10400);	/* 4 sigma are 370 */
	assert_int_equal(vg_rng_below(&r, 0), 0);
	assert_int_equal(vg_rng_below(&r, 1), 0);
}

static void least_loaded_exact(void **state)
{
	u32 hits[MAX];

	idle(4, VG_LEAST_LOADED);
	works(0, 1, 0);
	works(1, 0, 2);
	works(3, 5, 5);
	assert_int_equal(vg_balance_pick(&choice), 2);
	assert_true(vg_balance_score(&choice, 0) == 2000000);
	assert_true(vg_balance_score(&choice, 1) == 3000000);
	assert_true(vg_balance_score(&choice, 2) == 1000000);
	/* twelve on eight processors are less than two on one */
	peers[3].load.cpus = 8;
	works(2, 1, 0);
	works(0, 2, 0);
	assert_int_equal(vg_balance_pick(&choice), 3);
	/* what is our own counts at once, and once */
	peers[3].in_flight = 7;
	assert_int_equal(vg_balance_pick(&choice), 2);
	peers[3].in_view = 7;
	assert_int_equal(vg_balance_pick(&choice), 3);
	/* more of ours than it says it has: none is foreign */
	peers[3].in_view = 12;
	assert_true(vg_balance_score(&choice, 3) == 1000000);
	/* of idle ones that with most processors; of equals, any */
	idle(4, VG_LEAST_LOADED);
	peers[1].load.cpus = 4;
	assert_int_equal(vg_balance_pick(&choice), 1);
	peers[2].load.cpus = 4;
	count(1000, hits);
	assert_int_equal(hits[0] + hits[3], 0);
	assert_in_range(hits[1], 430, 570);
}

static void other_work_counts(void **state)
{
	u32 hits[MAX];

	idle(2, VG_LEAST_LOADED);
	/* three programs of somebody else's against one run */
	peers[0].load.load1_permille = 3000;
	works(1, 1, 0);
	peers[1].load.load1_permille = 1000;
	assert_int_equal(vg_balance_pick(&choice), 1);
	assert_true(vg_balance_score(&choice, 0) == 2500000);
	/* noise does not bind every client to the same idle node */
	works(1, 0, 0);
	peers[0].load.load1_permille = 0;
	peers[1].load.load1_permille = 490;
	count(1000, hits);
	assert_in_range(hits[0], 430, 570);
}

static void none_to_pick(void **state)
{
	u32 two[2];
	u64 wait;
	int p;

	for (p = 0; p < VG_POLICIES; p++) {
		idle(0, p);
		assert_int_equal(vg_balance_pick(&choice), VG_PICK_NONE);
		assert_int_equal(vg_balance_draw(&choice, two), 0);
		assert_int_equal(vg_balance_soonest(&choice, &wait), VG_PICK_NONE);
		idle(1, p);
		assert_int_equal(vg_balance_pick(&choice), 0);
		assert_int_equal(vg_balance_draw(&choice, two), 1);
		assert_int_equal(vg_balance_better(&choice, two, 0), VG_PICK_NONE);
	}
}

static void prg_is_even(void **state)
{
	u32 hits[MAX], i;

	idle(4, VG_PRG);
	works(0, 100, 100);	/* it does not look */
	count(40000, hits);
	for (i = 0; i < 4; i++)
		assert_in_range(hits[i], 9650, 10350);
}

static void hash_is_even_and_constant(void **state)
{
	u64 hashes[4];
	u32 hits[4] = { 0 }, i, at, moved = 0;
	char key[16];

	idle(4, VG_HASH);
	for (i = 0; i < 4; i++)
		hashes[i] = peers[i].hash;
	for (i = 0; i < 40000; i++) {
		choice.key_hash = vg_place_hash(key, snprintf(key, sizeof(key), "k%u", i));
		at = vg_balance_pick(&choice);
		assert_int_equal(at, vg_place(hashes, 4, choice.key_hash));
		hits[at]++;
		/* one that is dead gives its keys, and only those, to the others */
		peers[2].fails = 1;
		peers[2].down_until_ms = NOW + 1;
		if (at != 2)
			assert_int_equal(vg_balance_pick(&choice), at);
		else
			moved += vg_balance_pick(&choice) != 2;
		peers[2].fails = 0;
	}
	for (i = 0; i < 4; i++)
		assert_in_range(hits[i], 9650, 10350);
	assert_int_equal(moved, hits[2]);
}

static void two_choices(void **state)
{
	u32 hits[MAX], two[2], pairs[4][4] = { { 0 } }, i, j;

	idle(4, VG_TWO_CHOICES);
	for (i = 0; i < 4; i++)
		works(i, i, 0);
	count(60000, hits);
	/* of six pairs the best one is in three, the worst one never wins */
	assert_in_range(hits[0], 29400, 30600);
	assert_in_range(hits[1], 19400, 20600);
	assert_in_range(hits[2], 9500, 10500);
	assert_int_equal(hits[3], 0);
	for (i = 0; i < 12000; i++) {
		assert_int_equal(vg_balance_draw(&choice, two), 2);
		assert_int_not_equal(two[0], two[1]);
		pairs[min(two[0], two[1])][max(two[0], two[1])]++;
	}
	for (i = 0; i < 4; i++)
		for (j = i + 1; j < 4; j++)
			assert_in_range(pairs[i][j], 1800, 2200);
	assert_int_equal(vg_balance_better(&choice, (u32[]){ 3, 1 }, 2), 1);
	/* after a look: weak or dead ones do not win while there are others, drawn or not */
	peers[1].load.degraded = true;
	assert_int_equal(vg_balance_better(&choice, (u32[]){ 3, 1 }, 2), 3);
	peers[3].fails = 1;
	peers[3].down_until_ms = NOW + 1;
	assert_int_equal(vg_balance_better(&choice, (u32[]){ 3, 1 }, 2), VG_PICK_NONE);
	peers[0].load.degraded = peers[2].load.degraded = true;
	assert_int_equal(vg_balance_better(&choice, (u32[]){ 3, 1 }, 2), 1);
}

/* a hundred requests at once, no figure changing: every policy that counts spreads them */
static void burst_does_not_herd(void **state)
{
	static const enum vg_policy policies[] = { VG_LEAST_LOADED, VG_PREDICTED, VG_TWO_CHOICES };
	struct vg_model model;
	u32 i, p, seed, at;

	assert_int_equal(vg_curve_parse(&model.curve, VG_STR("0:1000"), NULL), 0);
	model.load_coef_permille = 0;
	for (p = 0; p < ARRAY_SIZE(policies); p++) {
		for (seed = 1; seed <= 50; seed++) {
			idle(4, policies[p]);
			choice.model = &model;
			rng.state = seed;
			works(0, 8, 0);
			for (i = 0; i < 100; i++) {
				at = vg_balance_pick(&choice);
				vg_peer_begin(&peers[at], NOW);
			}
			if (policies[p] == VG_TWO_CHOICES) {
				for (i = 0; i < 4; i++)
					assert_in_range(peers[i].in_flight, 12, 33);
				continue;
			}
			/* 108 in all are 27 each */
			assert_int_equal(peers[0].in_flight, 19);
			for (i = 1; i < 4; i++)
				assert_int_equal(peers[i].in_flight, 27);
		}
	}
}

static void dead_and_back(void **state)
{
	u32 hits[MAX], p, i, first;
	u64 until;

	for (p = 0; p < VG_POLICIES; p++) {
		idle(3, p);
		choice.key_hash = vg_place_hash("x", 1);
		first = vg_balance_pick(&choice);
		vg_peer_begin(&peers[first], NOW);
		vg_peer_end(&peers[first], VG_NOT_CONNECTED, true, NOW, &rng);
		assert_int_equal(peers[first].in_flight, 0);
		until = peers[first].down_until_ms;
		assert_in_range(until, NOW + VG_PAUSE_MIN_MS * 3 / 4, NOW + VG_PAUSE_MIN_MS * 5 / 4);
		/* out at once, whatever the policy, to the last millisecond of its pause */
		count(200, hits);
		assert_int_equal(hits[first], 0);
		choice.now_ms = until - 1;
		count(200, hits);
		assert_int_equal(hits[first], 0);
		/* then one request is let through … */
		choice.now_ms = until;
		assert_true(vg_peer_usable(&peers[first], until));
		for (i = 0; i < 200 && vg_balance_pick(&choice) != first; i++)
			;
		assert_int_not_equal(i, 200);
		vg_peer_begin(&peers[first], until);
		/* … and no second one, until that has ended well */
		count(200, hits);
		assert_int_equal(hits[first], 0);
		vg_peer_end(&peers[first], VG_ANSWERED, true, until, &rng);
		assert_int_equal(peers[first].fails, 0);
		if (p == VG_HASH)
			assert_int_equal(vg_balance_pick(&choice), first);
	}
}

static void pauses_grow(void **state)
{
	u64 now = NOW, pause, want = VG_PAUSE_MIN_MS;
	u32 i;

	idle(2, VG_PRG);
	for (i = 0; i < 40; i++) {
		vg_peer_begin(&peers[0], now);
		vg_peer_end(&peers[0], VG_NOT_CONNECTED, true, now, &rng);
		pause = peers[0].down_until_ms - now;
		assert_in_range(pause, want * 3 / 4, want * 5 / 4);
		/* others of the same burst fail too: that is one failure */
		vg_peer_end(&peers[0], VG_NOT_CONNECTED, false, now + 1, &rng);
		assert_int_equal(peers[0].down_until_ms - now, pause);
		now = peers[0].down_until_ms;
		want = min_t(u64, want * 2, VG_PAUSE_MAX_MS);
	}
	/* what breaks in the middle is no dead peer, but of one that had failed it is */
	vg_peer_end(&peers[0], VG_ANSWERED, false, now, &rng);
	vg_peer_end(&peers[0], VG_LOST, false, now, &rng);
	assert_true(vg_peer_usable(&peers[0], now));
	assert_int_equal(peers[0].seen_ms, 0);
	vg_peer_end(&peers[0], VG_NOT_CONNECTED, false, now, &rng);
	now = peers[0].down_until_ms;
	vg_peer_begin(&peers[0], now);
	vg_peer_end(&peers[0], VG_LOST, true, now, &rng);
	assert_false(vg_peer_usable(&peers[0], now));
	vg_peer_end(&peers[1], VG_NO_MATTER, false, now, &rng);
	assert_true(vg_peer_usable(&peers[1], now));
}

static void retry_after_is_obeyed(void **state)
{
	u32 p, hits[MAX];
	u64 wait;

	for (p = 0; p < VG_POLICIES; p++) {
		idle(2, p);
		vg_peer_retry_after(&peers[0], 3000, NOW);
		count(200, hits);
		assert_int_equal(hits[0], 0);
		vg_peer_retry_after(&peers[1], 2000, NOW);
		assert_int_equal(vg_balance_pick(&choice), VG_PICK_NONE);
		assert_int_equal(vg_balance_soonest(&choice, &wait), 1);
		assert_int_equal(wait, 2000);
		choice.now_ms = NOW + 2000;
		assert_int_equal(vg_balance_pick(&choice), 1);
	}
	vg_peer_retry_after(&peers[0], U64_MAX, NOW);
	assert_int_equal(peers[0].retry_until_ms, NOW + VG_RETRY_AFTER_MAX_MS);
}

static void weak_ones_last(void **state)
{
	u32 p, hits[MAX], two[2];

	for (p = 0; p < VG_POLICIES; p++) {
		idle(4, p);
		peers[0].load.degraded = true;
		peers[1].load.mem_free = VG_MEM_LOW - 1;
		works(2, 50, 0);
		works(3, 50, 0);
		peers[3].load.mem_free = VG_MEM_LOW;
		count(300, hits);
		assert_int_equal(hits[0] + hits[1], 0);
		assert_int_equal(hits[2] + hits[3], 300);
		assert_int_equal(vg_balance_draw(&choice, two), 2);
		assert_int_equal(min(two[0], two[1]), 2);
		/* better a weak one than none */
		peers[2].fails = peers[3].fails = 1;
		peers[2].down_until_ms = peers[3].down_until_ms = NOW + 1;
		count(300, hits);
		assert_int_equal(hits[0] + hits[1], 300);
		/* what it said long ago counts no more */
		peers[2].fails = peers[3].fails = 0;
		peers[0].seen_ms = NOW - VG_VIEW_STALE_MS;
		choice.policy = VG_PRG;
		count(300, hits);
		assert_int_not_equal(hits[0], 0);
		/* who is missing in the registry is a last resort, too */
		peers[0].missing = true;
		count(300, hits);
		assert_int_equal(hits[0] + hits[1], 0);
	}
}

static void tried_ones_are_skipped(void **state)
{
	static const u32 skip[] = { 2, 0 };
	u32 p, hits[MAX];
	u64 wait;

	for (p = 0; p < VG_POLICIES; p++) {
		idle(4, p);
		choice.skip = skip;
		choice.nr_skip = 2;
		count(300, hits);
		assert_int_equal(hits[0] + hits[2], 0);
		peers[0].fails = peers[1].fails = peers[2].fails = peers[3].fails = 1;
		peers[0].down_until_ms = NOW + 1;
		peers[1].down_until_ms = NOW + 9;
		peers[2].down_until_ms = NOW + 2;
		peers[3].down_until_ms = NOW + 8;
		assert_int_equal(vg_balance_pick(&choice), VG_PICK_NONE);
		assert_int_equal(vg_balance_soonest(&choice, &wait), 3);
		assert_int_equal(wait, 8);
		peers[3].probing = true;
		assert_int_equal(vg_balance_soonest(&choice, &wait), 1);
		/* somebody is trying all of them */
		peers[1].probing = true;
		peers[1].retry_until_ms = NOW + 5;
		peers[3].retry_until_ms = NOW + 5;
		assert_true(vg_balance_soonest(&choice, &wait) % 2);
		assert_int_equal(wait, 5);
		peers[1].retry_until_ms = peers[3].retry_until_ms = 0;
	}
}

/* figures lose their weight as they age; a peer without any is like the others on average */
static void old_and_unknown(void **state)
{
	idle(3, VG_LEAST_LOADED);
	works(0, 9, 0);
	works(1, 3, 0);
	peers[2].seen_ms = 0;
	assert_true(vg_balance_score(&choice, 2) == (6 + 1) * 1000000);
	assert_int_equal(vg_balance_pick(&choice), 1);
	/* still fresh; then half as good, blended with the mean of (9 + 3) / 2 */
	peers[0].seen_ms = NOW - VG_VIEW_FRESH_MS;
	assert_true(vg_balance_score(&choice, 0) == 10 * 1000000);
	peers[0].seen_ms = NOW - (VG_VIEW_FRESH_MS + VG_VIEW_STALE_MS) / 2;
	assert_true(vg_balance_score(&choice, 0) == (9 + 6) * 500000 + 1000000);
	/* too old: it counts as unknown, its own figures no longer in the mean */
	peers[0].seen_ms = NOW - VG_VIEW_STALE_MS;
	assert_true(vg_balance_score(&choice, 0) == (3 + 1) * 1000000);
	/* an unknown one has as many processors as the others have on average */
	idle(3, VG_LEAST_LOADED);
	peers[0].load.cpus = 8;
	peers[1].load.cpus = 4;
	peers[2].seen_ms = 0;
	memset(&peers[2].load, 0, sizeof(peers[2].load));
	assert_true(vg_balance_score(&choice, 2) == 1000000 / 6);
	/* nothing is known of anybody: own requests alone decide */
	idle(3, VG_LEAST_LOADED);
	peers[0].seen_ms = peers[1].seen_ms = peers[2].seen_ms = 0;
	peers[0].in_flight = peers[2].in_flight = 1;
	assert_int_equal(vg_balance_pick(&choice), 1);
	/* a clock that seems to run backwards makes nothing old */
	peers[0].seen_ms = NOW + 5000;
	works(0, 1, 0);
	assert_true(vg_balance_score(&choice, 0) == 3000000);
}

static void predicted(void **state)
{
	struct vg_model model = { };
	u32 hits[MAX];

	idle(2, VG_PREDICTED);
	assert_int_equal(vg_curve_parse(&model.curve, VG_STR("10:1000;12:3000"), NULL), 0);
	choice.model = &model;
	choice.arg_bytes = 2048;
	assert_true(vg_balance_expect_us(&choice, 0) == 2000);
	/* the faster one, although it is as idle */
	peers[1].speed_permille = 2000;
	assert_true(vg_balance_expect_us(&choice, 1) == 1000);
	count(100, hits);
	assert_int_equal(hits[1], 100);
	/* with one run to wait for it is no better: 1000 + 1000; with two it is worse */
	peers[1].in_flight = 1;
	assert_true(vg_balance_expect_us(&choice, 1) == 2000);
	peers[1].in_flight = 2;
	assert_int_equal(vg_balance_pick(&choice), 0);
	/* a second processor takes one more without waiting */
	peers[1].load.cpus = 2;
	peers[1].in_flight = 1;
	assert_true(vg_balance_expect_us(&choice, 1) == 1000);
	/* load slows down, by the function's own coefficient: 1000 × (1 + 0.5 × 1/2) */
	model.load_coef_permille = 500;
	assert_true(vg_balance_expect_us(&choice, 1) == 1250);
	/* what it says of its queue counts more than what we make of the number of runs */
	model.load_coef_permille = 0;
	idle(2, VG_PREDICTED);
	choice.model = &model;
	works(0, 1, 0);
	peers[0].load.predicted_us = 50;	/* two of 25 that share one processor */
	works(1, 1, 0);
	assert_true(vg_balance_expect_us(&choice, 0) == 25 + 1000);
	assert_true(vg_balance_expect_us(&choice, 1) == 1000 + 1000);
	works(0, 5, 2);
	peers[0].load.cpus = 4;
	peers[0].load.predicted_us = 1200;	/* eight of 600 that share four */
	assert_true(vg_balance_expect_us(&choice, 0) == 7 * 600 / 4 + 1000);
	peers[0].in_view = 3;
	assert_true(vg_balance_expect_us(&choice, 0) == 4 * 600 / 4 + 1000);
	/* ours in it are not counted twice */
	peers[1].in_view = peers[1].in_flight = 1;
	assert_true(vg_balance_expect_us(&choice, 1) == 1000 + 1000);
	/* unknown: as the mean */
	idle(3, VG_PREDICTED);
	choice.model = &model;
	works(0, 2, 0);
	works(1, 4, 0);
	peers[2].seen_ms = 0;
	assert_true(vg_balance_expect_us(&choice, 2) == 4000);
}

static void predicted_falls_back(void **state)
{
	struct vg_model model = { };
	u32 hits[MAX], p;

	for (p = 0; p < 2; p++) {
		idle(4, VG_PREDICTED);
		choice.model = p ? &model : NULL;
		works(0, 3, 0);
		works(1, 3, 0);
		works(2, 3, 0);
		assert_true(vg_balance_expect_us(&choice, 0) == 0);
		count(12000, hits);
		/* as two-choices: the idle one wins half of the pairs and not all */
		assert_in_range(hits[3], 5700, 6300);
	}
}

/* the extreme numbers a peer may send break nothing and win nothing */
static void extremes(void **state)
{
	static const struct vg_load huge = {
		.cpus = 1, .running = VG_LOAD_RUNS_MAX, .queued = VG_LOAD_RUNS_MAX,
		.load1_permille = VG_LOAD1_MAX, .predicted_us = U64_MAX,
	};
	struct vg_model model;
	u32 i;

	assert_int_equal(vg_curve_parse(&model.curve, VG_STR("0:4294967295"), NULL), 0);
	model.load_coef_permille = VG_LOAD_COEF_MAX;
	for (i = 0; i < VG_POLICIES; i++) {
		idle(2, i);
		choice.model = &model;
		choice.arg_bytes = U64_MAX;
		vg_peer_saw(&peers[0], &huge, 0, U64_MAX, NOW);
		vg_peer_saw(&peers[0], &huge, U32_MAX, 0, NOW);
		peers[0].in_view = 0;
		peers[0].in_flight = U32_MAX;
		peers[0].speed_permille = 1;
		if (i == VG_LEAST_LOADED || i == VG_PREDICTED)
			assert_int_equal(vg_balance_pick(&choice), 1);
		assert_true(vg_balance_score(&choice, 0) > vg_balance_score(&choice, 1));
		assert_true(vg_balance_expect_us(&choice, 0) > vg_balance_expect_us(&choice, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generator),
		cmocka_unit_test(least_loaded_exact),
		cmocka_unit_test(other_work_counts),
		cmocka_unit_test(none_to_pick),
		cmocka_unit_test(prg_is_even),
		cmocka_unit_test(hash_is_even_and_constant),
		cmocka_unit_test(two_choices),
		cmocka_unit_test(burst_does_not_herd),
		cmocka_unit_test(dead_and_back),
		cmocka_unit_test(pauses_grow),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(weak_ones_last),
		cmocka_unit_test(tried_ones_are_skipped),
		cmocka_unit_test(old_and_unknown),
		cmocka_unit_test(predicted),
		cmocka_unit_test(predicted_falls_back),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
