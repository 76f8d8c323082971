// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The byte builder and the string views: limits, lent storage, sticky errors, failing
 * allocations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/shim.h>
#include <linux/slab.h>

#include "core/buf.c"

static void assert_content(const struct vg_buf *b, const char *want)
{
	assert_int_equal(b->err, 0);
	assert_int_equal(b->len, strlen(want));
	if (b->len)
		assert_memory_equal(b->p, want, b->len);
}

static void str_u64_is_strict(void **state)
{
	static const struct {
		struct vg_str s;
		int ret;
		u64 v;
	} cases[] = {
		{ VG_STR_INIT("0"), 0, 0 },
		{ VG_STR_INIT("7"), 0, 7 },
		{ VG_STR_INIT("18446744073709551615"), 0, U64_MAX },
		{ VG_STR_INIT("18446744073709551616"), -ERANGE, 0 },
		{ VG_STR_INIT("99999999999999999999999"), -ERANGE, 0 },
		{ VG_STR_INIT(""), -EINVAL, 0 },
		{ VG_STR_INIT("00"), -EINVAL, 0 },
		{ VG_STR_INIT("01"), -EINVAL, 0 },
		{ VG_STR_INIT("+1"), -EINVAL, 0 },
		{ VG_STR_INIT("-1"), -EINVAL, 0 },
		{ VG_STR_INIT(" 1"), -EINVAL, 0 },
		{ VG_STR_INIT("1 "), -EINVAL, 0 },
		{ VG_STR_INIT("1\0"), -EINVAL, 0 },
		{ VG_STR_INIT("0x1"), -EINVAL, 0 },
		{ VG_STR_INIT("1e3"), -EINVAL, 0 },
		{ VG_STR_INIT("99999999999999999999999x"), -EINVAL, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 v = 4711;

		assert_int_equal(vg_str_u64(cases[i].s, &v), cases[i].ret);
		assert_true(v == (cases[i].ret ? 4711 : cases[i].v));
	}
}

static void str_views(void **state)
{
	struct vg_str none = vg_str(NULL, 0);

	assert_true(vg_str_eq(none, VG_STR("")));
	assert_true(vg_str_eq(VG_STR("a\0b"), vg_str("a\0b", 3)));
	assert_false(vg_str_eq(VG_STR("a\0b"), VG_STR("a\0c")));
	assert_true(vg_str_eq_nocase(VG_STR("Content-LENGTH"), VG_STR("content-length")));
	assert_false(vg_str_eq_nocase(VG_STR("a["), VG_STR("a{")));
	assert_false(vg_str_eq_nocase(VG_STR("\xc4"), VG_STR("\xe4")));
	assert_true(vg_str_starts(VG_STR("ab"), none));
	assert_false(vg_str_starts(none, VG_STR("a")));
	assert_true(vg_str_eq(vg_str_trim(VG_STR(" \t a b \t")), VG_STR("a b")));
	assert_int_equal(vg_str_trim(VG_STR(" \t")).n, 0);
	assert_int_equal(vg_str_trim(none).n, 0);
	assert_true(vg_str_cmp(VG_STR("a"), VG_STR("ab")) < 0);
	assert_true(vg_str_cmp(VG_STR("\x80"), VG_STR("a")) > 0);
	assert_int_equal(vg_str_cmp(none, none), 0);
	assert_true(vg_str_eq(vg_str_sub(VG_STR("abc"), 1, 99), VG_STR("bc")));
	assert_int_equal(vg_str_sub(VG_STR("abc"), 5, 9).n, 0);
	assert_int_equal(vg_hex_val('F'), 15);
	assert_int_equal(vg_hex_val('g'), -1);
	assert_int_equal(vg_hex_val('`'), -1);
}

static void numbers(void **state)
{
	static const struct {
		s64 v;
		const char *dec;
	} cases[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { -1, "-1" }, { 4294967295LL, "4294967295" },
		{ 4294967296LL, "4294967296" }, { 10000000000LL, "10000000000" },
		{ S64_MAX, "9223372036854775807" }, { S64_MIN, "-9223372036854775808" },
	};
	char lent[64];
	struct vg_buf b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
		vg_buf_s64(&b, cases[i].v);
		assert_content(&b, cases[i].dec);
	}
	vg_buf_reset(&b);
	vg_buf_u64(&b, U64_MAX);
	assert_content(&b, "18446744073709551615");
	vg_buf_reset(&b);
	vg_buf_hex64(&b, 0);
	vg_buf_putc(&b, ' ');
	vg_buf_hex64(&b, 0xdeadbeef01ULL);
	vg_buf_putc(&b, ' ');
	vg_buf_hex(&b, "\x00\xfe", 2);
	assert_content(&b, "0 deadbeef01 00fe");
}

static void lent_storage_never_allocates(void **state)
{
	long live = shim_alloc_live();
	char lent[8];
	struct vg_buf b;

	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	assert_int_equal(vg_buf_puts(&b, "12345678"), 0);
	assert_content(&b, "12345678");
	assert_int_equal(vg_buf_putc(&b, '9'), -E2BIG);
	assert_int_equal(b.len, 8);
	assert_int_equal(shim_alloc_live(), live);
	/* the error sticks, even for what would fit */
	vg_buf_cut(&b, 0);
	assert_int_equal(vg_buf_putc(&b, 'x'), -E2BIG);
	assert_int_equal(b.len, 0);
	vg_buf_reset(&b);
	assert_int_equal(vg_buf_putc(&b, 'x'), 0);
	assert_content(&b, "x");
}

static void grows_up_to_its_limit(void **state)
{
	long live = shim_alloc_live();
	char lent[4];
	struct vg_buf b;
	size_t i, n;
	char *p;

	vg_buf_init(&b, lent, sizeof(lent), 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(vg_buf_putc(&b, 'a' + i % 26), 0);
	assert_int_equal(b.cap, 1000);
	assert_int_equal(vg_buf_putc(&b, 'x'), -E2BIG);
	assert_int_equal(b.len, 1000);
	assert_null(vg_buf_take(&b, &n));
	vg_buf_free(&b);
	assert_int_equal(shim_alloc_live(), live);

	/* one piece that is over the limit leaves nothing of itself */
	vg_buf_init(&b, NULL, 0, 10);
	assert_int_equal(vg_buf_puts(&b, "12345"), 0);
	assert_int_equal(vg_buf_puts(&b, "678901"), -E2BIG);
	assert_int_equal(b.len, 5);
	vg_buf_free(&b);

	vg_buf_init(&b, NULL, 0, SIZE_MAX);
	vg_buf_putc(&b, 'x');
	assert_null(vg_buf_reserve(&b, SIZE_MAX));
	assert_int_equal(b.err, -E2BIG);
	vg_buf_free(&b);

	/* all zero is a buffer too, one that holds nothing */
	memset(&b, 0, sizeof(b));
	assert_int_equal(vg_buf_put(&b, NULL, 0), 0);
	assert_int_equal(vg_buf_putc(&b, 'x'), -E2BIG);
	vg_buf_free(&b);

	vg_buf_init(&b, NULL, 0, 100);
	p = vg_buf_reserve(&b, 3);
	assert_non_null(p);
	memcpy(p, "abc", 3);
	vg_buf_add(&b, 3);
	assert_content(&b, "abc");
	vg_buf_add(&b, 98);
	assert_int_equal(b.err, -EPROTO);
	vg_buf_free(&b);
	assert_int_equal(shim_alloc_live(), live);
}

static void take_gives_memory_of_its_own(void **state)
{
	long live = shim_alloc_live();
	char lent[8];
	struct vg_buf b;
	size_t n;
	char *p;

	vg_buf_init(&b, lent, sizeof(lent), 100);
	vg_buf_puts(&b, "lent");
	p = vg_buf_take(&b, &n);
	assert_non_null(p);
	assert_ptr_not_equal(p, lent);
	assert_int_equal(n, 4);
	assert_memory_equal(p, "lent", 4);
	kvfree(p);

	vg_buf_puts(&b, "much longer than lent");
	p = vg_buf_take(&b, &n);
	assert_int_equal(n, 21);
	assert_memory_equal(p, "much longer than lent", 21);
	kvfree(p);
	assert_ptr_equal(b.p, lent);

	p = vg_buf_take(&b, &n);
	assert_non_null(p);
	assert_int_equal(n, 0);
	kvfree(p);
	vg_buf_free(&b);
	assert_int_equal(shim_alloc_live(), live);
}

static void printf_grows_and_stops(void **state)
{
	char lent[8];
	struct vg_buf b;

	vg_buf_init(&b, lent, sizeof(lent), 64);
	assert_int_equal(vg_buf_printf(&b, "%d", 1234567), 0);
	assert_int_equal(vg_buf_printf(&b, "-%s-%c", "some more", 'x'), 0);
	assert_content(&b, "1234567-some more-x");
	assert_int_equal(vg_buf_printf(&b, "%s", ""), 0);
	assert_content(&b, "1234567-some more-x");
	assert_int_equal(vg_buf_printf(&b, "%64s", "x"), -E2BIG);
	assert_int_equal(b.len, 19);
	vg_buf_free(&b);

	/* the NUL in between must never be written outside */
	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	assert_int_equal(vg_buf_printf(&b, "%s", "1234567"), 0);
	assert_int_equal(vg_buf_printf(&b, "%s", "8"), -E2BIG);
	assert_int_equal(b.len, 7);
	vg_buf_reset(&b);
	assert_int_equal(vg_buf_printf(&b, "%s", "12345678"), -E2BIG);
	assert_int_equal(b.len, 0);
}

/* Every allocation of a run fails once; what was there before stays, and nothing leaks */
static void memory_runs_out(void **state)
{
	long live = shim_alloc_live();
	unsigned long nth;
	bool failed;

	for (nth = 1, failed = true; failed; nth++) {
		char lent[4];
		struct vg_buf b;
		size_t n;
		void *p;

		shim_alloc_fail_nth(nth);
		vg_buf_init(&b, lent, sizeof(lent), 10000);
		vg_buf_puts(&b, "abcd");
		vg_buf_printf(&b, "%300d", 1);
		vg_buf_printf(&b, "%3000d", 1);
		p = vg_buf_take(&b, &n);
		failed = shim_alloc_failed();
		shim_alloc_fail_nth(0);
		if (failed) {
			assert_null(p);
			assert_int_equal(n, 0);
			assert_int_equal(b.err, -ENOMEM);
			assert_memory_equal(b.p, "abcd", 4);
		} else {
			assert_int_equal(n, 3304);
			kvfree(p);
		}
		vg_buf_free(&b);
		assert_int_equal(shim_alloc_live(), live);
		assert_true(nth < 10);
	}
	assert_true(nth > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_u64_is_strict),
		cmocka_unit_test(str_views),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lent_storage_never_allocates),
		cmocka_unit_test(grows_up_to_its_limit),
		cmocka_unit_test(take_gives_memory_of_its_own),
		cmocka_unit_test(printf_grows_and_stops),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
