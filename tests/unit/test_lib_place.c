// SPDX-License-Identifier: GPL-3.0-or-later
/* Placement: fixed values that may never change, balance, and that only a lost node's keys move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/place.c"

/* computed by a script of its own, not by the code under test */
#define PROMISE_EMPTY	0xf52a15e9a9b5e89bULL
#define PROMISE_A	0x02c0bdbf481420f8ULL
#define PROMISE_NODE	0x360fa4ade68d5adaULL
#define PROMISE_WEIGHT	0x1e56e2383a545358ULL
#define PROMISE_PLACE	1

enum { NODES = 7, KEYS = 70000 };

static u64 nodes[NODES];

static u64 key_hash(unsigned int i)
{
	char key[24];

	return vg_place_hash(key, snprintf(key, sizeof(key), "user:%u", i));
}

static int name_nodes(void **state)
{
	char name[24];

	(void)state;
	for (int i = 0; i < NODES; i++)
		nodes[i] = vg_place_hash(name, snprintf(name, sizeof(name), "127.0.0.%d", i + 1));
	return 0;
}

/* the kernel, virgod and every libvirgo must agree, now and later */
static void promised(void **state)
{
	(void)state;
	assert_true(vg_place_hash("", 0) == PROMISE_EMPTY);
	assert_true(vg_place_hash("a", 1) == PROMISE_A);
	assert_true(vg_place_hash("127.0.0.1", 9) == PROMISE_NODE);
	assert_true(vg_place_weight(PROMISE_NODE, PROMISE_A) == PROMISE_WEIGHT);
	assert_int_equal(vg_place(nodes, 3, PROMISE_A), PROMISE_PLACE);
}

static void edges(void **state)
{
	u64 same[3] = { 5, 5, 5 };
	u32 out[4] = { 9, 9, 9, 9 };

	(void)state;
	assert_int_equal(vg_place(nodes, 0, 1), VG_PLACE_NONE);
	assert_int_equal(vg_place(nodes, 1, 1), 0);
	assert_int_equal(vg_place(same, 3, 1), 0);
	assert_int_equal(vg_place_top(nodes, NODES, 1, out, 0), 0);
	assert_int_equal(vg_place_top(nodes, 2, 1, out, 4), 2);
	assert_int_equal(out[2], 9);
	assert_int_equal(out[0] + out[1], 1);
}

/* each node gets its seventh: 10,000 keys, deviation 93; 5 % is more than five deviations */
static void balanced(void **state)
{
	unsigned int count[NODES] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < KEYS; i++)
		count[vg_place(nodes, NODES, key_hash(i))]++;
	for (int i = 0; i < NODES; i++)
		assert_in_range(count[i], KEYS / NODES * 95 / 100, KEYS / NODES * 105 / 100);
}

static void minimal_movement(void **state)
{
	u64 fewer[NODES - 1];
	unsigned int moved = 0, lost = 0;

	(void)state;
	memcpy(fewer, nodes, 3 * sizeof(u64));
	memcpy(fewer + 3, nodes + 4, (NODES - 4) * sizeof(u64));
	for (unsigned int i = 0; i < KEYS; i++) {
		u64 key = key_hash(i);
		u32 before = vg_place(nodes, NODES, key);
		u32 after = vg_place(fewer, NODES - 1, key);

		if (before == 3)
			lost++;
		else if (nodes[before] != fewer[after])
			moved++;
	}
	assert_int_equal(moved, 0);
	assert_in_range(lost, KEYS / NODES * 95 / 100, KEYS / NODES * 105 / 100);
}

static void order_of_nodes_is_nothing(void **state)
{
	u64 turned[NODES];

	(void)state;
	for (int i = 0; i < NODES; i++)
		turned[i] = nodes[(i + 3) % NODES];
	for (unsigned int i = 0; i < 1000; i++) {
		u64 key = key_hash(i);

		assert_true(nodes[vg_place(nodes, NODES, key)] ==
			    turned[vg_place(turned, NODES, key)]);
	}
}

/* the second best is the best without the first, and so on */
static void ranked(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		u64 key = key_hash(i), left[NODES];
		u32 out[NODES], few[3], n = NODES;

		assert_int_equal(vg_place_top(nodes, NODES, key, out, NODES), NODES);
		assert_int_equal(vg_place_top(nodes, NODES, key, few, 3), 3);
		assert_memory_equal(out, few, sizeof(few));
		memcpy(left, nodes, sizeof(left));
		for (int k = 0; k < NODES; k++) {
			u32 best = vg_place(left, n, key);

			assert_true(left[best] == nodes[out[k]]);
			memmove(left + best, left + best + 1, (n - best - 1) * sizeof(u64));
			n--;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promised),
		cmocka_unit_test(edges),
		cmocka_unit_test(balanced),
		cmocka_unit_test(minimal_movement),
		cmocka_unit_test(order_of_nodes_is_nothing),
		cmocka_unit_test(ranked),
	};

	return cmocka_run_group_tests(tests, name_nodes, NULL);
}
