// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/out.c and outtext.c: every format of the same data, and spellings that must not be ambiguous. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/outtext.c"
#include "../../cli/out.c"

static const struct out_col cols[] = {
	{ "name", "NAME" }, { "n", "N", true }, { "size", "SIZE", true }, { "on", "ON" },
};

static void rows(struct out *o)
{
	out_str(o, "a\tb\n\\");
	out_u64(o, UINT64_MAX);
	out_size(o, 1536);
	out_bool(o, true);
	out_bytes(o, "\xff\x01", 2);
	out_i64(o, INT64_MIN);
	out_none(o);
	out_bool(o, false);
}

static void expect(enum out_format format, bool record, void (*fill)(struct out *), const char *want)
{
	char *got = NULL;
	size_t len;
	FILE *to = open_memstream(&got, &len);
	struct out o;

	out_init(&o, to, format);
	if (record)
		out_record(&o, cols, 4);
	else
		out_list(&o, cols, 4);
	fill(&o);
	out_end(&o);
	assert_int_equal(o.error, 0);
	out_free(&o);
	fclose(to);
	assert_string_equal(got, want);
	free(got);
}

static void test_list(void **state)
{
	expect(OUT_TSV, false, rows,
	       "a\\tb\\n\\\\\t18446744073709551615\t1536\ttrue\n"
	       "\\xff\\x01\t-9223372036854775808\t\tfalse\n");
	expect(OUT_RAW, false, rows, "a\tb\n\\\n\xff\x01\n");
	expect(OUT_NDJSON, false, rows,
	       "{\"name\":\"a\\tb\\n\\\\\",\"n\":18446744073709551615,\"size\":1536,\"on\":true}\n"
	       "{\"name_b64\":\"/wE=\",\"n\":-9223372036854775808,\"size\":null,\"on\":false}\n");
	expect(OUT_JSON, false, rows,
	       "[\n{\"name\":\"a\\tb\\n\\\\\",\"n\":18446744073709551615,\"size\":1536,\"on\":true},\n"
	       "{\"name_b64\":\"/wE=\",\"n\":-9223372036854775808,\"size\":null,\"on\":false}\n]\n");
	expect(OUT_TABLE, false, rows,
	       "NAME                         N  SIZE  ON\n"
	       "a\\tb\\n\\\\  18446744073709551615  1.5k  yes\n"
	       "\\xff\\x01  -9223372036854775808     -  no\n");
}

static void nothing(struct out *o)
{
	(void)o;
}

static void one(struct out *o)
{
	out_str(o, "x");
	out_u64(o, 7);
	out_none(o);
	out_bool(o, true);
}

static void test_empty_and_record(void **state)
{
	expect(OUT_JSON, false, nothing, "[]\n");
	expect(OUT_TABLE, false, nothing, "");
	expect(OUT_TSV, false, nothing, "");
	expect(OUT_JSON, true, one, "{\"name\":\"x\",\"n\":7,\"size\":null,\"on\":true}\n");
	expect(OUT_TABLE, true, one, "NAME  x\nN     7\nON    yes\n");
	expect(OUT_TSV, true, one, "name\tx\nn\t7\nsize\t\non\ttrue\n");
	expect(OUT_RAW, true, one, "x\n");
}

static void element(struct out *o)
{
	one(o);
	out_element(o, "{\"error\":{}}", 12);
	one(o);
}

static void test_element_among_rows(void **state)
{
	expect(OUT_JSON, false, element,
	       "[\n{\"name\":\"x\",\"n\":7,\"size\":null,\"on\":true},\n{\"error\":{}},\n"
	       "{\"name\":\"x\",\"n\":7,\"size\":null,\"on\":true}\n]\n");
}

static void many(struct out *o)
{
	int i;

	for (i = 0; i < 2 * OUT_ROWS_HELD; i++)
		one(o);
	out_str(o, "wider than the column");
	out_u64(o, 1);
	out_u64(o, 1);
	out_u64(o, 1);
}

/* the widths of the first rows hold for all: memory is bounded, later rows may stick out */
static void test_many_rows(void **state)
{
	char *got = NULL;
	size_t len, lines = 0, i;
	FILE *to = open_memstream(&got, &len);
	struct out o;

	out_init(&o, to, OUT_TABLE);
	out_list(&o, cols, 4);
	many(&o);
	out_end(&o);
	out_free(&o);
	fclose(to);
	for (i = 0; i < len; i++)
		lines += got[i] == '\n';
	assert_int_equal(lines, 2 * OUT_ROWS_HELD + 2);
	assert_non_null(strstr(got, "wider than the column"));
	free(got);
}

static void check_value(enum out_format format, const char *data, size_t len, const char *want)
{
	char *got = NULL;
	size_t n;
	FILE *to = open_memstream(&got, &n);
	struct out o;

	out_init(&o, to, format);
	out_value(&o, data, len);
	out_free(&o);
	fclose(to);
	assert_int_equal(n, strlen(want));
	assert_string_equal(got, want);
	free(got);
}

static void test_value(void **state)
{
	check_value(OUT_TABLE, "two\nlines", 9, "two\nlines\n");
	check_value(OUT_TABLE, "end\n", 4, "end\n");
	check_value(OUT_TABLE, "", 0, "\n");
	check_value(OUT_TABLE, "nul\0esc\033[2J", 11, "nul\\x00esc\\x1b[2J\n");
	check_value(OUT_TABLE, "c1 \xc2\x9b", 5, "c1 \\xc2\\x9b\n");
	check_value(OUT_RAW, "esc\033", 4, "esc\033");
	check_value(OUT_TSV, "a\nb", 3, "a\nb");
}

static void test_shown(void **state)
{
	char *text = NULL;
	struct out o;
	size_t len;
	FILE *to;

	(void)state;
	to = open_memstream(&text, &len);
	assert_non_null(to);
	out_init(&o, to, OUT_TABLE);
	out_shown(&o, "%s=%d", "a\033[2J\n\xc2\x9b", 7);
	out_free(&o);
	fclose(to);
	assert_string_equal(text, "a\\x1b[2J\\n\\xc2\\x9b=7");
	free(text);
}

static void test_utf8(void **state)
{
	assert_true(text_is_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15));
	assert_false(text_is_utf8("\xc0\xaf", 2));		/* overlong */
	assert_false(text_is_utf8("\xe0\x80\xaf", 3));
	assert_false(text_is_utf8("\xed\xa0\x80", 3));		/* surrogate */
	assert_false(text_is_utf8("\xf4\x90\x80\x80", 4));	/* past U+10FFFF */
	assert_false(text_is_utf8("\xe2\x82", 2));		/* cut */
	assert_false(text_is_utf8("\x80", 1));
}

static void spelled(void (*spell)(struct out_text *, uint64_t), uint64_t n, const char *want)
{
	struct out_text t = { 0 };

	spell(&t, n);
	assert_string_equal(t.data, want);
	text_free(&t);
}

static void test_spellings(void **state)
{
	spelled(text_size, 0, "0");
	spelled(text_size, 1023, "1023");
	spelled(text_size, 1024, "1.0k");
	spelled(text_size, 1048575, "1.0M");
	spelled(text_size, UINT64_MAX, "16.0E");
	spelled(text_ms, 999, "999ms");
	spelled(text_ms, 61000, "1m 01s");
	spelled(text_ms, 3600000, "1h 00m");
	spelled(text_ms, 90000000, "1d 01h");
	spelled(text_us, 999, "999 us");
	spelled(text_us, 1500, "1.50 ms");
}

static void test_full_disk(void **state)
{
	FILE *to = fopen("/dev/full", "w");
	char block[65536] = { 0 };
	struct out o;

	assert_non_null(to);
	out_init(&o, to, OUT_RAW);
	out_write(&o, block, sizeof(block));
	out_write(&o, block, sizeof(block));
	assert_int_equal(o.error, ENOSPC);
	out_free(&o);
	fclose(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list), cmocka_unit_test(test_empty_and_record),
		cmocka_unit_test(test_element_among_rows), cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_value), cmocka_unit_test(test_shown),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_spellings), cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
