// SPDX-License-Identifier: GPL-3.0-or-later
/* Deny lists: the binary search against a scan of the same networks, nested and not, dead and alive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/shim.h>
#include <linux/slab.h>

#include "core/addr.c"
#include "core/deny.c"

static u64 seed = 1;

static u32 rnd(u32 below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

/* An address out of few, so that networks nest and addresses hit */
static struct vg_addr any_addr(void)
{
	struct vg_addr a = { };
	u32 i;

	a.family = rnd(2) ? 4 : 6;
	a.prefix = a.family == 4 ? 32 : 128;
	for (i = 0; i < (a.family == 4 ? 4 : 16); i++)
		a.ip[i] = rnd(3) ? 10 + rnd(2) : rnd(4) * 64;
	return a;
}

/* Said bit by bit, and by nothing of the code under test */
static bool within(const struct vg_addr *a, const struct vg_addr *net)
{
	u32 bit;

	if (a->family != net->family)
		return false;
	for (bit = 0; bit < net->prefix; bit++)
		if ((a->ip[bit / 8] ^ net->ip[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool scan(const struct vg_deny_entry *e, u32 n, const struct vg_addr *a, u64 now_s)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (within(a, &e[i].net) && !(e[i].until_s && e[i].until_s < now_s))
			return true;
	return false;
}

static void test_search_finds_what_a_scan_finds(void **state)
{
	static struct vg_deny_entry e[VG_DENY_MAX];
	struct vg_deny *d;
	struct vg_addr a;
	u32 round, i, n, hits = 0;

	for (round = 0; round < 300; round++) {
		n = 1 + rnd(round % 10 ? 20 : VG_DENY_MAX);
		for (i = 0; i < n; i++) {
			e[i].net = any_addr();
			e[i].net.prefix = rnd(e[i].net.prefix + 1);
			e[i].until_s = rnd(2) ? rnd(200) : 0;
		}
		d = vg_deny_new(e, n);
		assert_non_null(d);
		for (i = 0; i < 500; i++) {
			a = any_addr();
			assert_int_equal(vg_deny_has(d, &a, 100), scan(e, n, &a, 100));
			hits += scan(e, n, &a, 100);
		}
		kvfree(d);
	}
	/* the test would say nothing if all hit or none did */
	assert_in_range(hits, 10000, 140000);
}

/* Every prefix of both families: the network's first and last address, and those just outside */
static void test_every_prefix(void **state)
{
	struct vg_deny_entry e;
	struct vg_deny *d;
	struct vg_addr a;
	u32 family, prefix, bits, i;

	for (family = 4; family <= 6; family += 2) {
		bits = family == 4 ? 32 : 128;
		for (prefix = 0; prefix <= bits; prefix++) {
			e = (struct vg_deny_entry){ .net = { .family = family, .prefix = prefix } };
			for (i = 0; i < prefix; i++)
				e.net.ip[i / 8] |= rnd(2) << (7 - i % 8);
			d = vg_deny_new(&e, 1);
			assert_non_null(d);
			a = e.net;
			a.prefix = bits;
			assert_true(vg_deny_has(d, &a, 0));
			for (i = prefix; i < bits; i++)
				a.ip[i / 8] |= 0x80 >> i % 8;
			assert_true(vg_deny_has(d, &a, 0));
			for (i = 0; i < prefix; i++) {
				a.ip[i / 8] ^= 0x80 >> i % 8;
				assert_false(vg_deny_has(d, &a, 0));
				a.ip[i / 8] ^= 0x80 >> i % 8;
			}
			kvfree(d);
		}
	}
}

static void test_edges(void **state)
{
	struct vg_deny_entry e = { .net = { .family = 4, .prefix = 0 } };
	struct vg_addr a = { .family = 4, .prefix = 32, .ip = { 255, 255, 255, 255 } };
	struct vg_deny *d = vg_deny_new(&e, 1);

	assert_true(vg_deny_has(d, &a, 0));
	a = (struct vg_addr){ .family = 6, .prefix = 128 };
	assert_false(vg_deny_has(d, &a, 0));
	kvfree(d);
	d = vg_deny_new(&e, 0);
	assert_false(vg_deny_has(d, &a, 0));
	kvfree(d);
	shim_alloc_fail_nth(1);
	assert_null(vg_deny_new(&e, 1));
	shim_alloc_fail_nth(0);
	/* the last second counts, the one after it does not */
	e.until_s = 10;
	d = vg_deny_new(&e, 1);
	a = (struct vg_addr){ .family = 4, .prefix = 32 };
	assert_true(vg_deny_has(d, &a, 10));
	assert_false(vg_deny_has(d, &a, 11));
	kvfree(d);
	assert_int_equal(shim_alloc_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search_finds_what_a_scan_finds),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
