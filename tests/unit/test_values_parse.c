// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The values file: the original's file, both separators, positions of every refusal, typed items.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/addr.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/values_parse.c"

struct seen {
	char text[2048];
	size_t n;
};

static int on_pair(void *ctx, const struct vg_conf_pair *p, struct vg_conf_error *err)
{
	struct seen *s = ctx;

	assert_true(s->n + p->key.n + p->value.n + 40 < sizeof(s->text));
	s->n += snprintf(s->text + s->n, sizeof(s->text) - s->n, "%.*s=%.*s@%u:%u:%u;",
			 VG_STR_ARG(p->key), VG_STR_ARG(p->value), p->line, p->key_col,
			 p->value_col);
	return 0;
}

/* Parse a copy of exactly the right size, so that the sanitizer sees any read beyond it */
static int parse(struct vg_str text, struct seen *s, struct vg_conf_error *err)
{
	struct vg_conf_sink sink = { .pair = on_pair, .ctx = s };
	char *copy = malloc(text.n ? text.n : 1);
	int ret;

	if (text.n)
		memcpy(copy, text.p, text.n);
	s->n = 0;
	s->text[0] = '\0';
	ret = vg_values_parse(copy, text.n, &sink, err);
	free(copy);
	return ret;
}

static void good(void **state)
{
	static const struct {
		struct vg_str text;
		const char *want;
	} cases[] = {
		{ VG_STR_INIT(""), "" },
		{ VG_STR_INIT("kernel_analytics1=v1,kernel_analytics2=v2"),
		  "kernel_analytics1=v1@1:1:19;kernel_analytics2=v2@1:22:40;" },
		{ VG_STR_INIT("A=1\nB=2\r\n"), "A=1@1:1:3;B=2@2:1:3;" },
		{ VG_STR_INIT(" A\t=  1 , B = 2,\n,,C=3,"), "A=1@1:2:7;B=2@1:11:15;C=3@2:3:5;" },
		{ VG_STR_INIT("# x=1\nA=1# b,c=2\nB=a b"), "A=1@2:1:3;B=a b@3:1:3;" },
		{ VG_STR_INIT("DenySources=1.2.3.4/24@60;::1,X="),
		  "DenySources=1.2.3.4/24@60;::1@1:1:13;X=@1:31:33;" },
		{ VG_STR_INIT("ExecUs.fn-1=10:5;11:9"), "ExecUs.fn-1=10:5;11:9@1:1:13;" },
		{ VG_STR_INIT("a=b=c"), "a=b=c@1:1:3;" },
	};
	struct vg_conf_error err;
	struct seen s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse(cases[i].text, &s, &err))
			fail_msg("%s: %u:%u: %s", cases[i].text.p, err.line, err.col, err.msg);
		assert_string_equal(s.text, cases[i].want);
	}
}

static void bad(void **state)
{
	static const struct {
		struct vg_str text;
		u32 line, col;
		const char *msg;
	} cases[] = {
		{ VG_STR_INIT("a"), 1, 1, "no \"=\" in \"a\": expected key = value" },
		{ VG_STR_INIT("a=1, b"), 1, 6, "no \"=\" in \"b\"" },
		{ VG_STR_INIT("10.0.0.1,10.0.0.2"), 1, 1, "no \"=\" in \"10.0.0.1\"" },
		{ VG_STR_INIT("a=1,\n\n b#=2"), 3, 2, "no \"=\" in \"b\"" },
		{ VG_STR_INIT("a=1,=2"), 1, 5, "no key before the \"=\"" },
		{ VG_STR_INIT("a=1,1b=2"), 1, 5,
		  "\"1\" has no place in key \"1b\": allowed are letters" },
		{ VG_STR_INIT("a=1,b;c=2"), 1, 6, "\";\" has no place in key \"b;c\"" },
		{ VG_STR_INIT("a=1\nb=\x01"), 2, 3, "control byte \\x01 in the value of b" },
		{ VG_STR_INIT("a=1\0,b=2"), 1, 4, "control byte \\x00 in the value of a" },
		{ VG_STR_INIT("a=1,b=2,a=3"), 1, 9, "duplicate key \"a\", first on line 1" },
		{ VG_STR_INIT("a=1\r,b=2"), 1, 4, "control byte \\x0d" },
	};
	struct vg_conf_error err;
	struct seen s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = parse(cases[i].text, &s, &err);

		if (ret != -EINVAL || err.line != cases[i].line || err.col != cases[i].col ||
		    strncmp(err.msg, cases[i].msg, strlen(cases[i].msg)))
			fail_msg("%s: got %d at %u:%u \"%s\"", cases[i].text.p, ret, err.line,
				 err.col, err.msg);
	}
}

static struct vg_conf_pair pair_of(const char *value)
{
	return (struct vg_conf_pair){ .key = VG_STR("K"),
				      .value = vg_cstr(value),
				      .line = 2,
				      .key_col = 1,
				      .value_col = 3 };
}

static void sources(void **state)
{
	static const struct {
		const char *text, *addr;
		u64 ttl;
		u32 col;
		const char *msg;
	} cases[] = {
		{ "1.2.3.4", "1.2.3.4", 0, 0, NULL },
		{ "10.0.0.0/8@60", "10.0.0.0/8", 60, 0, NULL },
		{ "2001:db8::/32@31622400", "2001:db8::/32", 31622400, 0, NULL },
		{ "::ffff:1.2.3.4", "1.2.3.4", 0, 0, NULL },
		{ "", NULL, 0, 3, "K: \"\" is not address[/prefix][@seconds]: no address" },
		{ "@60", NULL, 0, 3, "K: \"@60\" is not address[/prefix][@seconds]: no address" },
		{ "1.2.3.4:80", NULL, 0, 10,
		  "K: \"1.2.3.4:80\" is not address[/prefix][@seconds]: text behind" },
		{ "1.2.3.4/40", NULL, 0, 11,
		  "K: \"1.2.3.4/40\" is not address[/prefix][@seconds]: expected a prefix" },
		{ "1.2.3.4@", NULL, 0, 11,
		  "K: \"\" is not a whole number: allowed are 1 to 31622400" },
		{ "1.2.3.4@0", NULL, 0, 11,
		  "K: \"0\" is out of range: allowed are 1 to 31622400" },
		{ "1.2.3.4@1h", NULL, 0, 11, "K: \"1h\" is not a whole number" },
		{ "1.2.3.4@60@60", NULL, 0, 11, "K: \"60@60\" is not a whole number" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vg_conf_pair p = pair_of(cases[i].text);
		struct vg_conf_error err = { .msg = "" };
		char out[VG_ADDR_TEXT];
		struct vg_addr a;
		u64 ttl;
		int ret = vg_values_source(&p, &a, &ttl, &err);

		if (!ret != !!cases[i].addr)
			fail_msg("%s: %d %s", cases[i].text, ret, err.msg);
		if (!ret) {
			vg_addr_print(&a, out);
			assert_string_equal(out, cases[i].addr);
			assert_int_equal(ttl, cases[i].ttl);
			continue;
		}
		if (err.col != cases[i].col || strncmp(err.msg, cases[i].msg, strlen(cases[i].msg)))
			fail_msg("%s: %u: %s", cases[i].text, err.col, err.msg);
	}
}

static void points_and_integers(void **state)
{
	struct vg_conf_pair p = pair_of("10:500"), item;
	struct vg_conf_list l;
	struct vg_conf_error err;
	u64 x = 1, y = 1;
	s64 s = 1;

	assert_int_equal(vg_values_point(&p, 63, 1000, &x, &y, &err), 0);
	assert_int_equal(x, 10);
	assert_int_equal(y, 500);
	p = pair_of("10");
	assert_int_equal(vg_values_point(&p, 63, 1000, &x, &y, &err), -EINVAL);
	assert_string_equal(err.msg, "K: no \":\" in \"10\": expected number:number");
	p = pair_of("64:5");
	assert_int_equal(vg_values_point(&p, 63, 1000, &x, &y, &err), -ERANGE);
	assert_int_equal(err.col, 3);
	p = pair_of("6:1001");
	assert_int_equal(vg_values_point(&p, 63, 1000, &x, &y, &err), -ERANGE);
	assert_int_equal(err.col, 5);
	assert_int_equal(x, 10);
	p = pair_of(":");
	assert_int_equal(vg_values_point(&p, 63, 1000, &x, &y, &err), -EINVAL);

	p = pair_of("1:2; 3:4");
	l = VG_VALUES_LIST(&p);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 1);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 1);
	assert_int_equal(vg_values_point(&item, 9, 3, &x, &y, &err), -ERANGE);
	assert_int_equal(err.col, 10);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 0);

	p = pair_of("-9223372036854775808");
	assert_int_equal(vg_values_s64(&p, S64_MIN, S64_MAX, &s, &err), 0);
	assert_true(s == S64_MIN);
	p = pair_of("-9223372036854775809");
	assert_int_equal(vg_values_s64(&p, S64_MIN, S64_MAX, &s, &err), -ERANGE);
	p = pair_of("9223372036854775807");
	assert_int_equal(vg_values_s64(&p, S64_MIN, S64_MAX, &s, &err), 0);
	assert_true(s == S64_MAX);
	p = pair_of("9223372036854775808");
	assert_int_equal(vg_values_s64(&p, S64_MIN, S64_MAX, &s, &err), -ERANGE);
	p = pair_of("-6");
	assert_int_equal(vg_values_s64(&p, -5, 5, &s, &err), -ERANGE);
	assert_string_equal(err.msg, "K: \"-6\" is not a whole number from -5 to 5");
	p = pair_of("-");
	assert_int_equal(vg_values_s64(&p, -5, 5, &s, &err), -EINVAL);
	p = pair_of("");
	assert_int_equal(vg_values_s64(&p, -5, 5, &s, &err), -EINVAL);
	p = pair_of("-0");
	assert_int_equal(vg_values_s64(&p, -5, 5, &s, &err), 0);
	assert_true(s == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(sources),
		cmocka_unit_test(points_and_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
