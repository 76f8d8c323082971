// SPDX-License-Identifier: GPL-3.0-or-later
/* The shim's numbers, strings, character classes and addresses, against tables and against libc. */
#include "test_shim.h"

#include <arpa/inet.h>
#include <linux/ctype.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/shim.h>
#include <linux/slab.h>
#include <linux/string.h>

static void kstrtoull_is_strict(void **state)
{
	static const struct {
		const char *s;
		unsigned int base;
		int ret;
		unsigned long long val;
	} t[] = {
		{ "0", 10, 0, 0 }, { "00", 10, 0, 0 }, { "+7", 10, 0, 7 }, { "7\n", 10, 0, 7 },
		{ "18446744073709551615", 10, 0, ULLONG_MAX },
		{ "18446744073709551616", 10, -ERANGE, 0 },
		{ "99999999999999999999999999999x", 10, -ERANGE, 0 },
		{ "0xffffffffffffffff", 0, 0, ULLONG_MAX },
		{ "0x10000000000000000", 0, -ERANGE, 0 },
		{ "0x1F", 16, 0, 31 }, { "1f", 16, 0, 31 }, { "0X1f", 0, 0, 31 },
		{ "017", 0, 0, 15 }, { "017", 10, 0, 17 }, { "08", 0, -EINVAL, 0 },
		{ "0x", 0, -EINVAL, 0 }, { "0x", 16, -EINVAL, 0 }, { "0xg", 0, -EINVAL, 0 },
		{ "", 10, -EINVAL, 0 }, { "\n", 10, -EINVAL, 0 }, { "+", 10, -EINVAL, 0 },
		{ "++1", 10, -EINVAL, 0 }, { "-1", 10, -EINVAL, 0 }, { " 1", 10, -EINVAL, 0 },
		{ "1 ", 10, -EINVAL, 0 }, { "1\n\n", 10, -EINVAL, 0 }, { "1\nx", 10, -EINVAL, 0 },
		{ "1k", 10, -EINVAL, 0 }, { "1.0", 10, -EINVAL, 0 }, { "1e3", 10, -EINVAL, 0 },
		{ "a", 10, -EINVAL, 0 }, { "2", 2, -EINVAL, 0 }, { "101", 2, 0, 5 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		unsigned long long val = 12345;
		int ret = kstrtoull(t[i].s, t[i].base, &val);

		if (ret != t[i].ret || val != (ret ? 12345 : t[i].val))
			fail_msg("kstrtoull(\"%s\", %u): %d, %llu", t[i].s, t[i].base, ret, val);
	}
}

static void kstrtoll_and_narrower_know_their_range(void **state)
{
	static const struct {
		const char *s;
		int ret;
		long long val;
	} t[] = {
		{ "-0", 0, 0 }, { "-1", 0, -1 }, { "+1", 0, 1 },
		{ "9223372036854775807", 0, LLONG_MAX }, { "9223372036854775808", -ERANGE, 0 },
		{ "-9223372036854775808", 0, LLONG_MIN }, { "-9223372036854775809", -ERANGE, 0 },
		{ "-", -EINVAL, 0 }, { "--1", -EINVAL, 0 }, { "-+1", -EINVAL, 0 },
		{ "+-1", -EINVAL, 0 }, { "- 1", -EINVAL, 0 },
	};
	unsigned int u = 9;
	int i = 9;
	u8 b = 9;
	s8 c = 9;
	size_t k;

	for (k = 0; k < ARRAY_SIZE(t); k++) {
		long long val = 12345;
		int ret = kstrtoll(t[k].s, 10, &val);

		if (ret != t[k].ret || val != (ret ? 12345 : t[k].val))
			fail_msg("kstrtoll(\"%s\"): %d, %lld", t[k].s, ret, val);
	}
	assert_int_equal(kstrtouint("4294967295", 10, &u), 0);
	assert_int_equal(u, UINT_MAX);
	assert_int_equal(kstrtouint("4294967296", 10, &u), -ERANGE);
	assert_int_equal(kstrtoint("-2147483648", 10, &i), 0);
	assert_int_equal(i, INT_MIN);
	assert_int_equal(kstrtoint("2147483648", 10, &i), -ERANGE);
	assert_int_equal(kstrtou8("255", 10, &b), 0);
	assert_int_equal(kstrtou8("256", 10, &b), -ERANGE);
	assert_int_equal(b, 255);
	assert_int_equal(kstrtos8("-129", 10, &c), -ERANGE);
	assert_int_equal(kstrtos8("-128", 10, &c), 0);
	assert_int_equal(c, -128);
}

static void kstrtobool_reads_first_letters(void **state)
{
	static const char yes[][6] = { "y", "Yes", "1", "true", "T", "on", "ON\n", "1x" };
	static const char no[][6] = { "n", "No", "0", "false", "F", "off", "OFF", "of" };
	static const char bad[][6] = { "", "o", "x", "2", "+1", " 1", "oo" };
	bool b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(yes); i++, assert_true(b))
		assert_int_equal(kstrtobool(yes[i], &b), 0);
	for (i = 0; i < ARRAY_SIZE(no); i++, assert_false(b))
		assert_int_equal(kstrtobool(no[i], &b), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(kstrtobool(bad[i], &b), -EINVAL);
	assert_int_equal(kstrtobool(NULL, &b), -EINVAL);
}

static void hex_goes_both_ways(void **state)
{
	u8 bytes[256], back[256];
	char text[513];
	int c;

	for (c = 0; c < 256; c++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *p = c ? strchr(digits, c) : NULL;
		int want = !p ? -1 : p - digits < 16 ? (int)(p - digits) : (int)(p - digits) - 6;

		assert_int_equal(hex_to_bin((unsigned char)c), want);
		bytes[c] = (u8)c;
	}
	assert_ptr_equal(bin2hex(text, bytes, 256), text + 512);
	text[512] = '\0';
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 508, "feff");
	assert_int_equal(hex2bin(back, text, 256), 0);
	assert_memory_equal(back, bytes, 256);
	assert_int_equal(hex2bin(back, "0g", 1), -EINVAL);
	assert_int_equal(hex2bin(back, "g0", 1), -EINVAL);
}

static void strings_keep_their_bounds(void **state)
{
	const char *volatile six = "abcdef";	/* the compiler warns of cuts it can see */
	char buf[8];

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(strscpy(buf, "abc", 4), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(strscpy(buf, "abcd", 4), -E2BIG);
	assert_string_equal(buf, "abc");
	assert_int_equal(strscpy(buf, "abcd", 0), -E2BIG);
	assert_int_equal(strscpy(buf, "", 1), 0);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(strscpy_pad(buf, "a", sizeof(buf)), 1);
	assert_ptr_equal(memchr_inv(buf + 1, 0, 7), NULL);
	buf[7] = 1;
	assert_ptr_equal(memchr_inv(buf + 1, 0, 7), buf + 7);

	assert_int_equal(scnprintf(buf, 4, "%s", six), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(scnprintf(buf, 0, "x"), 0);
	assert_int_equal(snprintf(buf, 4, "%s", six), 6);

	assert_ptr_equal(strnchr("abc", 2, 'c'), NULL);
	assert_non_null(strnchr("abc", 3, 'c'));
	assert_null(strnstr("abc", "c", 2));
	assert_non_null(strnstr("abc", "bc", 3));
	assert_true(sysfs_streq("on\n", "on"));
	assert_true(sysfs_streq("on", "on\n"));
	assert_false(sysfs_streq("on\n\n", "on"));
	assert_false(sysfs_streq("on", "o"));
	assert_int_equal(str_has_prefix("foobar", "foo"), 3);
	assert_int_equal(str_has_prefix("fo", "foo"), 0);
	assert_int_equal(strcasecmp("HeLLo", "hEllO"), 0);
	assert_true(strcasecmp("a", "B") < 0);
	assert_int_equal(strncasecmp("ABx", "aby", 2), 0);
	assert_string_equal(kbasename("/a/b"), "b");
	assert_string_equal(kbasename("b"), "b");
}

static void strings_are_trimmed_and_matched(void **state)
{
	static const char * const words[] = { "off", "readonly", "on", NULL, "never" };
	char text[] = "  a b \t\n", blank[] = " \n ";

	assert_string_equal(strim(text), "a b");
	assert_string_equal(strim(blank), "");
	assert_int_equal(match_string(words, ARRAY_SIZE(words), "on"), 2);
	assert_int_equal(match_string(words, ARRAY_SIZE(words), "never"), -EINVAL);
	assert_int_equal(match_string(words, 2, "on"), -EINVAL);
	assert_int_equal(sysfs_match_string(words, "readonly\n"), 1);
}

static void copies_are_allocated(void **state)
{
	long live = shim_alloc_live();
	char *a = kstrdup("abc", GFP_KERNEL), *b = kstrndup("abc", 2, GFP_KERNEL);
	char *c = kasprintf(GFP_KERNEL, "%d-%s", 7, "x"), *d = kmemdup("a\0b", 4, GFP_KERNEL);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "ab");
	assert_string_equal(c, "7-x");
	assert_memory_equal(d, "a\0b", 4);
	assert_null(kstrdup(NULL, GFP_KERNEL));
	assert_int_equal(shim_alloc_live(), live + 4);
	kfree(a);
	kfree(b);
	kfree(c);
	kfree(d);
	assert_int_equal(shim_alloc_live(), live);
}

static void classes_are_ascii_and_latin1(void **state)
{
	int c;

	for (c = 0; c < 128; c++) {
		bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
		bool digit = c >= '0' && c <= '9';

		assert_int_equal(isupper(c), upper);
		assert_int_equal(islower(c), lower);
		assert_int_equal(isdigit(c), digit);
		assert_int_equal(isalnum(c), upper || lower || digit);
		assert_int_equal(isxdigit(c), digit || (c && strchr("abcdefABCDEF", c)));
		assert_int_equal(isspace(c), c == ' ' || (c >= 9 && c <= 13));
		assert_int_equal(iscntrl(c), c < 32 || c == 127);
		assert_int_equal(isprint(c), c >= 32 && c < 127);
		assert_int_equal(ispunct(c), c > 32 && c < 127 && !isalnum(c));
		assert_int_equal(tolower(c), upper ? c + 32 : c);
		assert_int_equal(toupper(c), lower ? c - 32 : c);
	}
	assert_true(isalpha(0xe4) && islower(0xe4) && isupper(0xc4) && isspace(0xa0));
	assert_false(isdigit(0xb2) || isxdigit(0xe4));
}

static void in4_pton_table(void **state)
{
	static const struct {
		const char *s;
		int len, delim, ret, used;
		u32 addr;
	} t[] = {
		{ "1.2.3.4", -1, -1, 1, 7, 0x01020304 },
		{ "255.255.255.255", -1, -1, 1, 15, 0xffffffff },
		{ "0.0.0.0", -1, -1, 1, 7, 0 },
		{ "1.2.3.45", 7, -1, 1, 7, 0x01020304 },
		{ "1.2.3.4/24", -1, -1, 1, 7, 0x01020304 },
		{ "1.2.3.4/24", -1, '/', 1, 7, 0x01020304 },
		{ "1.2.3.4:80", -1, -1, 1, 7, 0x01020304 },
		{ "1.2.3.4 ", -1, '/', 0, 7, 0 },
		{ "1.2.3.4a", -1, -1, 0, 7, 0 },
		{ "1.2.3.4.5", -1, -1, 0, 7, 0 }, { "1.2.3.4.", -1, -1, 0, 7, 0 },
		{ "1.2.3", -1, -1, 0, 5, 0 }, { "1.2.3.", -1, -1, 0, 6, 0 },
		{ "1..3.4", -1, -1, 0, 2, 0 }, { ".1.2.3", -1, -1, 0, 0, 0 },
		{ "256.1.1.1", -1, -1, 0, 2, 0 }, { "", -1, -1, 0, 0, 0 },
		{ "99999999999999999999.1.1.1", -1, -1, 0, 2, 0 },
		{ "-1.2.3.4", -1, -1, 0, 0, 0 }, { " 1.2.3.4", -1, -1, 0, 0, 0 },
		{ "010.2.3.4", -1, -1, 1, 9, 0x0a020304 }, { "0x1.2.3.4", -1, -1, 0, 1, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const char *end;
		u8 dst[4] = { 9, 9, 9, 9 };
		int ret = in4_pton(t[i].s, t[i].len, dst, t[i].delim, &end);
		u32 want = htonl(ret ? t[i].addr : 0x09090909);

		if (ret != t[i].ret || memcmp(dst, &want, 4) || end - t[i].s != t[i].used)
			fail_msg("in4_pton(\"%s\", %d, %d): %d, end %td", t[i].s, t[i].len,
				 t[i].delim, ret, end - t[i].s);
	}
}

static void in6_pton_table(void **state)
{
	static const struct {
		const char *s;
		int len, delim, ret, used;
		const char *same;
	} t[] = {
		{ "::", -1, -1, 1, 2, "::" }, { "::1", -1, -1, 1, 3, "::1" },
		{ "1::", -1, -1, 1, 3, "1::" },
		{ "2001:DB8::a:b", -1, -1, 1, 13, "2001:db8::a:b" },
		{ "1:2:3:4:5:6:7:8", -1, -1, 1, 15, "1:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", -1, -1, 1, 15, "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", -1, -1, 1, 15, "0:2:3:4:5:6:7:8" },
		{ "::ffff:1.2.3.4", -1, -1, 1, 14, "::ffff:102:304" },
		{ "1:2:3:4:5:6:1.2.3.4", -1, -1, 1, 19, "1:2:3:4:5:6:102:304" },
		{ "fe80::1%eth0", -1, '%', 1, 7, "fe80::1" },
		{ "fe80::1]:80", -1, ']', 1, 7, "fe80::1" },
		{ "fe80::1/64", -1, -1, 1, 7, "fe80::1" },
		{ "fe80::12", 7, -1, 1, 7, "fe80::1" },
		{ "", -1, -1, 0, 0, NULL }, { ":", -1, -1, 0, 1, NULL },
		{ ":::", -1, -1, 0, 2, NULL }, { "1:::2", -1, -1, 0, 3, NULL },
		{ ":1", -1, -1, 0, 1, NULL }, { "1:", -1, -1, 0, 2, NULL },
		{ "1::2::3", -1, -1, 0, 6, NULL }, { "1::2:", -1, -1, 0, 5, NULL },
		{ "1:2:3:4:5:6:7", -1, -1, 0, 13, NULL },
		{ "1:2:3:4:5:6:7:8:9", -1, -1, 0, 17, NULL },
		{ "1:2:3:4::5:6:7:8", -1, -1, 0, 16, NULL },
		{ "12345::", -1, -1, 0, 4, NULL }, { "g::", -1, -1, 0, 0, NULL },
		{ "::1.2.3", -1, -1, 0, 7, NULL }, { "1.2.3.4", -1, -1, 0, 7, NULL },
		{ "1:2:3:4:5:6:7:1.2.3.4", -1, -1, 0, 14, NULL },
		{ "::1.2.3.4.5", -1, -1, 0, 9, NULL }, { "::1 ", -1, '/', 0, 3, NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		u8 dst[16], want[16];
		const char *end;
		int ret;

		memset(dst, 9, 16);
		memset(want, 9, 16);
		if (t[i].same)
			assert_int_equal(inet_pton(AF_INET6, t[i].same, want), 1);
		ret = in6_pton(t[i].s, t[i].len, dst, t[i].delim, &end);
		if (ret != t[i].ret || memcmp(dst, want, 16) ||
		    (ret && end - t[i].s != t[i].used))
			fail_msg("in6_pton(\"%s\", %d, %d): %d, end %td", t[i].s, t[i].len,
				 t[i].delim, ret, end - t[i].s);
	}
}

/* Random texts of the address alphabet: the same answer as libc, but for IPv4 tails. */
static void in6_pton_agrees_with_libc(void **state)
{
	static const char alphabet[] = "0123abcF::::::.";
	unsigned int seed = 1;
	int i, good = 0;

	for (i = 0; i < 400000; i++) {
		char text[24];
		size_t len, k;
		u8 mine[16], libc[16];
		int a, b;

		len = (size_t)(rand_r(&seed) % 20);
		for (k = 0; k < len; k++)
			text[k] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		if (strchr(text, '.'))
			continue;
		a = in6_pton(text, (int)len, mine, -1, NULL);
		b = inet_pton(AF_INET6, text, libc);
		good += b == 1;
		if (a != (b == 1) || (a && memcmp(mine, libc, 16)))
			fail_msg("\"%s\": shim %d, libc %d", text, a, b);
	}
	assert_true(good > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kstrtoull_is_strict),
		cmocka_unit_test(kstrtoll_and_narrower_know_their_range),
		cmocka_unit_test(kstrtobool_reads_first_letters),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(strings_keep_their_bounds),
		cmocka_unit_test(strings_are_trimmed_and_matched),
		cmocka_unit_test(copies_are_allocated),
		cmocka_unit_test(classes_are_ascii_and_latin1),
		cmocka_unit_test(in4_pton_table),
		cmocka_unit_test(in6_pton_table),
		cmocka_unit_test(in6_pton_agrees_with_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
