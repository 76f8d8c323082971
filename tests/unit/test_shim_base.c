// SPDX-License-Identifier: GPL-3.0-or-later
/* The shim's lists, bits, arithmetic, hashes, sorting, calendar and clocks. */
#include "test_shim.h"

#include <crypto/algapi.h>
#include <linux/bitmap.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/shim.h>
#include <linux/siphash.h>
#include <linux/sort.h>
#include <linux/time.h>
#include <linux/unaligned.h>

struct item {
	int n;
	struct list_head list;
	struct hlist_node hash;
};

static void list_replace_works_on_empty_and_full(void **state)
{
	LIST_HEAD(old);
	struct list_head new = { NULL, NULL };
	struct item a = { .n = 1 }, b = { .n = 2 };

	list_replace(&old, &new);
	assert_true(list_empty(&new) && new.prev == &new);

	INIT_LIST_HEAD(&old);
	memset(&new, 0, sizeof(new));
	list_replace_init(&old, &new);
	assert_true(list_empty(&new) && new.prev == &new);
	assert_true(list_empty(&old) && old.prev == &old);

	list_add_tail(&a.list, &old);
	list_add_tail(&b.list, &old);
	list_replace_init(&old, &new);
	assert_true(list_empty(&old));
	assert_ptr_equal(list_first_entry(&new, struct item, list), &a);
	assert_ptr_equal(list_last_entry(&new, struct item, list), &b);
	assert_ptr_equal(b.list.next, &new);
}

static int list_sum(struct list_head *head)
{
	struct item *it;
	int sum = 0;

	list_for_each_entry(it, head, list)
		sum = sum * 10 + it->n;
	return sum;
}

static void lists_move_and_splice(void **state)
{
	struct item it[5], *pos, *n;
	LIST_HEAD(a);
	LIST_HEAD(b);
	int i;

	for (i = 0; i < 5; i++) {
		it[i].n = i + 1;
		list_add_tail(&it[i].list, i < 3 ? &a : &b);
	}
	assert_int_equal(list_sum(&a), 123);
	list_splice_init(&b, &a);
	assert_int_equal(list_sum(&a), 45123);
	assert_true(list_empty(&b));
	list_splice_tail_init(&b, &a);	/* empty: nothing happens */
	list_move_tail(&it[3].list, &a);
	assert_int_equal(list_sum(&a), 51234);
	list_swap(&it[4].list, &it[0].list);
	assert_int_equal(list_sum(&a), 15234);
	list_swap(&it[2].list, &it[0].list);
	assert_int_equal(list_sum(&a), 35214);
	list_rotate_left(&a);
	assert_int_equal(list_sum(&a), 52143);
	list_for_each_entry_safe(pos, n, &a, list)
		if (pos->n & 1)
			list_del(&pos->list);
	assert_int_equal(list_sum(&a), 24);
	assert_int_equal(list_count_nodes(&a), 2);
	assert_ptr_equal(it[0].list.next, LIST_POISON1);
	assert_null(list_first_entry_or_null(&b, struct item, list));
}

static void hash_table_finds_and_forgets(void **state)
{
	DEFINE_HASHTABLE(table, 4);
	struct item it[64], *pos;
	struct hlist_node *tmp;
	int i, bkt, found = 0;

	assert_true(hash_empty(table));
	for (i = 0; i < 64; i++) {
		it[i].n = i;
		INIT_HLIST_NODE(&it[i].hash);
		hash_add(table, &it[i].hash, it[i].n);
	}
	hash_for_each_possible(table, pos, hash, 42)
		found += pos->n == 42;
	assert_int_equal(found, 1);
	hash_for_each_safe(table, bkt, tmp, pos, hash)
		if (pos->n % 2)
			hash_del(&pos->hash);
	found = 0;
	hash_for_each(table, bkt, pos, hash) {
		assert_int_equal(pos->n % 2, 0);
		found++;
	}
	assert_int_equal(found, 32);
	assert_false(hash_hashed(&it[1].hash));
	hash_del(&it[1].hash);		/* a second time is allowed */
}

static void bits_count_as_documented(void **state)
{
	DECLARE_BITMAP(map, 130);
	unsigned long bit, seen = 0;

	bitmap_zero(map, 130);
	assert_false(test_and_set_bit(129, map));
	assert_true(test_and_set_bit(129, map));
	set_bit(0, map);
	set_bit(64, map);
	assert_true(test_bit(64, map));
	assert_true(test_and_clear_bit(64, map));
	assert_false(test_and_clear_bit(64, map));
	for_each_set_bit(bit, map, 130)
		seen = seen * 1000 + bit;
	assert_int_equal(seen, 129);
	assert_int_equal(find_next_bit(map, 130, 1), 129);
	assert_int_equal(find_next_bit(map, 129, 1), 129);
	assert_int_equal(find_first_zero_bit(map, 130), 1);
	bitmap_fill(map, 130);
	assert_int_equal(find_first_zero_bit(map, 130), 130);
	assert_int_equal(fls(0), 0);
	assert_int_equal(fls(1), 1);
	assert_int_equal(fls(0x80000000u), 32);
	assert_int_equal(fls64(1ULL << 40), 41);
	assert_int_equal(ffs(8), 4);
	assert_int_equal(__ffs(8), 3);
	assert_int_equal(__fls(8), 3);
	assert_int_equal(ilog2(1), 0);
	assert_int_equal(ilog2(4097), 12);
	assert_int_equal(hweight64(0xf0f0ULL), 8);
	assert_int_equal(roundup_pow_of_two(1), 1);
	assert_int_equal(roundup_pow_of_two(5), 8);
	assert_int_equal(roundup_pow_of_two(8), 8);
	assert_int_equal(rounddown_pow_of_two(15), 8);
	assert_int_equal(rol32(0x80000001u, 1), 3);
	assert_true(GENMASK(5, 2) == 0x3c && GENMASK_ULL(63, 0) == ~0ULL);
}

static void arithmetic_tells_overflow(void **state)
{
	struct flex {
		int n;
		u64 v[];
	} *p = NULL;
	size_t s;
	u8 b;

	assert_true(check_add_overflow((u8)200, (u8)100, &b));
	assert_false(check_add_overflow((u8)200, (u8)55, &b));
	assert_int_equal(b, 255);
	assert_true(check_mul_overflow((size_t)1 << 40, (size_t)1 << 40, &s));
	assert_true(check_sub_overflow((size_t)1, (size_t)2, &s));
	assert_int_equal(struct_size(p, v, 3), 8 + 24);
	assert_true(struct_size(p, v, SIZE_MAX / 8) == SIZE_MAX);
	assert_true(array_size(SIZE_MAX, 2) == SIZE_MAX);
	assert_true(size_add(SIZE_MAX, 1) == SIZE_MAX && size_sub(1, 2) == SIZE_MAX);
	assert_int_equal(round_up(13, 8), 16);
	assert_int_equal(round_down(13, 8), 8);
	assert_int_equal(roundup(13, 5), 15);
	assert_int_equal(DIV_ROUND_UP(13, 5), 3);
	assert_int_equal(ALIGN(4097UL, 4096), 8192);
	assert_int_equal(clamp(15, 0, 9), 9);
	assert_int_equal(clamp_t(int, -3, 0, 9), 0);
	assert_int_equal(min(min(3, 2), min(9, 4)), 2);
	assert_int_equal(min_not_zero(0, 4), 4);
	assert_true(mul_u64_u64_div_u64(U64_MAX, 1000, 1000) == U64_MAX);
	assert_true(mul_u64_u64_div_u64(U64_MAX - 1, 3, 6) == (U64_MAX - 1) / 2);
	assert_true(mul_u64_u32_shr(1ULL << 63, 4, 33) == 1ULL << 32);
}

static void divide_beyond_64_bits(void)
{
	volatile u64 big = U64_MAX;

	big = mul_u64_u64_div_u64(big, big, 2);
}

static void division_overflow_aborts(void **state)
{
	assert_aborts(divide_beyond_64_bits, "does not fit 64 bits");
}

/* Input 00 01 02 ..., key 00 .. 0f: the authors' table, of which the 16th stands in the paper. */
static void siphash_gives_the_authors_numbers(void **state)
{
	static const u8 want[16][8] = {
		{ 0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72 },
		{ 0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74 },
		{ 0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d },
		{ 0x2d, 0x7e, 0xfb, 0xd7, 0x96, 0x66, 0x67, 0x85 },
		{ 0xb7, 0x87, 0x71, 0x27, 0xe0, 0x94, 0x27, 0xcf },
		{ 0x8d, 0xa6, 0x99, 0xcd, 0x64, 0x55, 0x76, 0x18 },
		{ 0xce, 0xe3, 0xfe, 0x58, 0x6e, 0x46, 0xc9, 0xcb },
		{ 0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab },
		{ 0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93 },
		{ 0xb0, 0xe4, 0xa9, 0x0b, 0xdf, 0x82, 0x00, 0x9e },
		{ 0xf3, 0xb9, 0xdd, 0x94, 0xc5, 0xbb, 0x5d, 0x7a },
		{ 0xa7, 0xad, 0x6b, 0x22, 0x46, 0x2f, 0xb3, 0xf4 },
		{ 0xfb, 0xe5, 0x0e, 0x86, 0xbc, 0x8f, 0x1e, 0x75 },
		{ 0x90, 0x3d, 0x84, 0xc0, 0x27, 0x56, 0xea, 0x14 },
		{ 0xee, 0xf2, 0x7a, 0x8e, 0x90, 0xca, 0x23, 0xf7 },
		{ 0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1 },
	};
	siphash_key_t key;
	u8 in[65], *unaligned = in + 1;
	size_t i;

	for (i = 0; i < 64; i++)
		unaligned[i] = (u8)i;
	key.key[0] = get_unaligned_le64(unaligned);
	key.key[1] = get_unaligned_le64(unaligned + 8);
	for (i = 0; i < 16; i++)
		assert_true(siphash(unaligned, i, &key) == get_unaligned_le64(want[i]));
	assert_true(siphash(unaligned, 15, &key) == 0xa129ca6149be45e5ull);
	assert_true(siphash_1u64(key.key[0], &key) == siphash(unaligned, 8, &key));
	assert_true(siphash_2u64(key.key[0], key.key[1], &key) == siphash(unaligned, 16, &key));
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void sort_orders_every_length(void **state)
{
	u32 v[300], sum, after;
	size_t n, i;

	for (n = 0; n <= ARRAY_SIZE(v); n++) {
		sum = after = 0;
		for (i = 0; i < n; i++)
			sum += v[i] = get_random_u32() % 64;
		sort(v, n, sizeof(v[0]), by_value, NULL);
		for (i = 0; i < n; i++) {
			after += v[i];
			assert_true(i == 0 || v[i - 1] <= v[i]);
		}
		assert_int_equal(sum, after);
	}
}

static void secrets_compare_every_byte(void **state)
{
	u8 a[33], b[33];
	size_t i;

	get_random_bytes(a, sizeof(a));
	memcpy(b, a, sizeof(a));
	assert_int_equal(crypto_memneq(a, b, sizeof(a)), 0);
	for (i = 0; i < sizeof(a); i++) {
		b[i] ^= 0x80;
		assert_true(crypto_memneq(a, b, sizeof(a)) != 0);
		assert_int_equal(crypto_memneq(a, b, i), 0);
		b[i] ^= 0x80;
	}
	for (i = 0; i < 1000; i++)
		assert_true(get_random_u32_below(7) < 7);
	assert_int_equal(get_random_u32_below(1), 0);
}

static void calendar_agrees_with_libc(void **state)
{
	static const s64 edge[] = {
		0, -1, 1, 951782399, 951782400, 951868800, 4107542399, 4107542400, -2203891200,
		253402300799, 253402300800, -62135596800, -62167219200, 68169600,
	};
	unsigned int seed = 2;
	int i;

	for (i = 0; i < 100000; i++) {
		s64 t = (s64)((u64)rand_r(&seed) << 8 ^ (u64)rand_r(&seed)) - (1LL << 37);
		time_t libc;
		struct tm mine, want;

		if (i < (int)ARRAY_SIZE(edge))
			t = edge[i];
		libc = t;
		time64_to_tm(t, 0, &mine);
		gmtime_r(&libc, &want);
		if (mine.tm_year != want.tm_year || mine.tm_mon != want.tm_mon ||
		    mine.tm_mday != want.tm_mday || mine.tm_hour != want.tm_hour ||
		    mine.tm_min != want.tm_min || mine.tm_sec != want.tm_sec ||
		    mine.tm_wday != want.tm_wday || mine.tm_yday != want.tm_yday)
			fail_msg("%lld: %d-%d-%d", t, mine.tm_year + 1900, mine.tm_mon + 1,
				 mine.tm_mday);
		if (mine.tm_year >= -1900)
			assert_true(mktime64(mine.tm_year + 1900, mine.tm_mon + 1, mine.tm_mday,
					     mine.tm_hour, mine.tm_min, mine.tm_sec) == t);
	}
}

static void clocks_move_together(void **state)
{
	u64 mono = ktime_get_ns(), real = ktime_get_real_ns();
	unsigned long j = jiffies;

	assert_true((u32)j > (u32)(-301 * HZ));		/* soon past 32 bits */
	shim_clock_advance(3600 * (u64)NSEC_PER_SEC);
	assert_true(ktime_get_ns() - mono >= 3600 * (u64)NSEC_PER_SEC);
	assert_true(ktime_get_real_ns() - real >= 3600 * (u64)NSEC_PER_SEC);
	assert_true(time_after_eq(jiffies, j + 3600 * HZ));
	shim_clock_set_real_ns(1700000000 * (u64)NSEC_PER_SEC);
	assert_true(ktime_get_real_ns() / NSEC_PER_SEC - 1700000000 < 60);
	assert_true(ktime_get_ns() - mono >= 3600 * (u64)NSEC_PER_SEC);
	shim_clock_reset();
	assert_true(ktime_get_ns() - mono < 600 * (u64)NSEC_PER_SEC);
	assert_true(time_after((unsigned long)5, (unsigned long)-5));
	assert_true(time_before((unsigned long)-5, (unsigned long)5));
}

static char printed[256];
static int printed_level, printed_times;

static void capture(int level, const char *text, size_t len)
{
	printed_level = level;
	printed_times++;
	snprintf(printed, sizeof(printed), "%.*s", (int)len, text);
}

static void printk_has_levels_and_limits(void **state)
{
	int i;

	shim_printk = capture;
	printk(KERN_ERR "bad %d\n", 7);
	assert_int_equal(printed_level, 3);
	assert_string_equal(printed, "bad 7");
	pr_info("well");
	assert_int_equal(printed_level, 6);
	printed_times = 0;
	pr_debug("%s", "hidden");
	assert_int_equal(printed_times, 0);
	shim_printk_level = 7;
	pr_debug("%s", "shown");
	assert_string_equal(printed, "shown");
	shim_printk_level = 6;
	printed_times = 0;
	for (i = 0; i < 100; i++)
		pr_warn_once("once");
	assert_int_equal(printed_times, 1);
	printed_times = 0;
	for (i = 0; i < 100; i++) {
		if (i == 50)
			shim_clock_advance(6 * (u64)NSEC_PER_SEC);
		pr_warn_ratelimited("many");
	}
	/* two bursts, and one line about the missed */
	assert_int_equal(printed_times, 2 * DEFAULT_RATELIMIT_BURST + 1);
	shim_clock_reset();
	shim_printk = shim_printk_stderr;
}

static void bug_with_hostile_text(void)
{
	shim_printk_marks = true;
	BUG_ON(0);
	WARN(1, "a\nb\033[2J\x7f");
}

static void messages_hold_no_control_characters(void **state)
{
	assert_aborts(bug_with_hostile_text, "a\\x0ab\\x1b[2J\\x7f\n");
	assert_aborts(bug_with_hostile_text, "<0>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_replace_works_on_empty_and_full),
		cmocka_unit_test(lists_move_and_splice),
		cmocka_unit_test(hash_table_finds_and_forgets),
		cmocka_unit_test(bits_count_as_documented),
		cmocka_unit_test(arithmetic_tells_overflow),
		cmocka_unit_test(division_overflow_aborts),
		cmocka_unit_test(siphash_gives_the_authors_numbers),
		cmocka_unit_test(sort_orders_every_length),
		cmocka_unit_test(secrets_compare_every_byte),
		cmocka_unit_test(calendar_agrees_with_libc),
		cmocka_unit_test(clocks_move_together),
		cmocka_unit_test(printk_has_levels_and_limits),
		cmocka_unit_test(messages_hold_no_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
