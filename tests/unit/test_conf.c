// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The configuration parser: pairs and their positions, every refusal, typed values, lists,
 * tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/conf.c"
#include "core/conf_value.c"

/* What a parse delivered, as text: "key=value@line:key_col:value_col;" */
struct seen {
	char text[16384];	/* room for 512 short pairs */
	size_t n;
	char errors[2048];	/* what sink->bad was told: "line:col;" */
	bool repeat_x;
	bool go_on;
	int refuse;		/* what the key "refused" gets */
};

static int on_pair(void *ctx, const struct vg_conf_pair *p, struct vg_conf_error *err)
{
	struct seen *s = ctx;

	if (vg_str_is(p->key, "refused"))
		return s->refuse;
	if (vg_str_is(p->key, "explained"))
		return vg_conf_fail(err, p, -EDOM, "no \x1b[31m\n%s", "because");
	assert_true(s->n + p->key.n + p->value.n + 40 < sizeof(s->text));
	s->n += snprintf(s->text + s->n, sizeof(s->text) - s->n, "%.*s=%.*s@%u:%u:%u;",
			 VG_STR_ARG(p->key), VG_STR_ARG(p->value), p->line, p->key_col,
			 p->value_col);
	return 0;
}

static bool on_repeats(void *ctx, struct vg_str key)
{
	struct seen *s = ctx;

	return s->repeat_x && vg_str_is(key, "x");
}

static bool on_bad(void *ctx, const struct vg_conf_error *err)
{
	struct seen *s = ctx;
	size_t n = strlen(s->errors);

	snprintf(s->errors + n, sizeof(s->errors) - n, "%u:%u;", err->line, err->col);
	return s->go_on;
}

/* Parse a copy of exactly the right size, so that the sanitizer sees any read beyond it */
static int parse(struct vg_str text, struct seen *s, struct vg_conf_error *err)
{
	struct vg_conf_sink sink = { .pair = on_pair, .repeats = on_repeats, .ctx = s };
	char *copy = malloc(text.n ? text.n : 1);
	int ret;

	if (s->go_on)
		sink.bad = on_bad;
	if (text.n)
		memcpy(copy, text.p, text.n);
	s->n = 0;
	s->text[0] = '\0';
	s->errors[0] = '\0';
	ret = vg_conf_parse(copy, text.n, &sink, err);
	free(copy);
	return ret;
}

static void good_files(void **state)
{
	static const struct {
		struct vg_str text;
		const char *want;
	} cases[] = {
		{ VG_STR_INIT(""), "" },
		{ VG_STR_INIT("\n\r\n  \t\n"), "" },
		{ VG_STR_INIT("# only a comment"), "" },
		{ VG_STR_INIT("a=1"), "a=1@1:1:3;" },
		{ VG_STR_INIT("a = 1\nb=2\n"), "a=1@1:1:5;b=2@2:1:3;" },
		{ VG_STR_INIT(" a\t=\t1  \r\nb=2\r\n"), "a=1@1:2:6;b=2@2:1:3;" },
		{ VG_STR_INIT("a=1\r"), "a=1@1:1:3;" },
		{ VG_STR_INIT("a="), "a=@1:1:3;" },
		{ VG_STR_INIT("a =  \nb="), "a=@1:1:4;b=@2:1:3;" },
		{ VG_STR_INIT("a=b=c"), "a=b=c@1:1:3;" },
		{ VG_STR_INIT("a=1 # one\n#b=2\n  # c\nd=#4"), "a=1@1:1:3;d=#4@4:1:3;" },
		{ VG_STR_INIT("a=1#2"), "a=1#2@1:1:3;" },
		{ VG_STR_INIT("a= #2"), "a=@1:1:3;" },
		{ VG_STR_INIT("a=\xc3\xa9 \xff"), "a=\xc3\xa9 \xff@1:1:3;" },
		{ VG_STR_INIT("# \x01\x02 any byte\0 in a comment\na=1"), "a=1@2:1:3;" },
		{ VG_STR_INIT("group.web_1-x=1"), "group.web_1-x=1@1:1:15;" },
		{ VG_STR_INIT("10.0.0.1,10.0.0.2\n"), "nodes=10.0.0.1,10.0.0.2@1:1:1;" },
		{ VG_STR_INIT("x=1\n 10.0.0.1 , 10.0.0.2 ,\r\n"),
		  "x=1@1:1:3;nodes=10.0.0.1 , 10.0.0.2@2:2:2;" },
		{ VG_STR_INIT("fe80::1,[::1]:30000"), "nodes=fe80::1,[::1]:30000@1:1:1;" },
		{ VG_STR_INIT("127.0.0.1"), "nodes=127.0.0.1@1:1:1;" },
	};
	struct vg_conf_error err;
	struct seen s = { .n = 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = parse(cases[i].text, &s, &err);

		if (ret)
			fail_msg("%s: %u:%u: %s", cases[i].text.p, err.line, err.col, err.msg);
		assert_string_equal(s.text, cases[i].want);
	}
}

static const struct {
	struct vg_str text;
	int ret;
	u32 line, col;
	const char *msg;
} bad[] = {
	{ VG_STR_INIT("a"), -EINVAL, 1, 1, "no \"=\" in \"a\": expected key = value" },
	{ VG_STR_INIT("a=1\n  b c\n"), -EINVAL, 2, 3,
	  "no \"=\" in \"b c\": expected key = value" },
	{ VG_STR_INIT("10.0.0.x,10.0.0.2"), -EINVAL, 1, 1, "no \"=\" in \"10.0.0.x,10.0.0.2\"" },
	{ VG_STR_INIT("a=1\n\r\n =2"), -EINVAL, 3, 2, "no key before the \"=\"" },
	{ VG_STR_INIT("A=1"), -EINVAL, 1, 1,
	  "\"A\" has no place in key \"A\": allowed are lower-case" },
	{ VG_STR_INIT("ab!c = 1"), -EINVAL, 1, 3, "\"!\" has no place in key \"ab!c\"" },
	{ VG_STR_INIT("a b = 1"), -EINVAL, 1, 2, "\" \" has no place in key \"a b\"" },
	{ VG_STR_INIT("1a=1"), -EINVAL, 1, 1, "\"1\" has no place" },
	{ VG_STR_INIT("_a=1"), -EINVAL, 1, 1, "\"_\" has no place" },
	{ VG_STR_INIT("\xef\xbb\xbf"
		      "a=1"),
	  -EINVAL, 1, 1, "\"\\xef\" has no place in key \"\\xef\\xbb\\xbfa\"" },
	{ VG_STR_INIT("a\0b=1"), -EINVAL, 1, 2, "\"\\x00\" has no place in key \"a\\x00b\"" },
	{ VG_STR_INIT("a=1\0"), -EINVAL, 1, 4, "control byte \\x00 in the value of a" },
	{ VG_STR_INIT("a= x\ty"), -EINVAL, 1, 5, "control byte \\x09 in the value of a" },
	{ VG_STR_INIT("a=1\rb=2\n"), -EINVAL, 1, 4, "control byte \\x0d" },
	{ VG_STR_INIT("a=1\r\r\n"), -EINVAL, 1, 4, "control byte \\x0d" },
	{ VG_STR_INIT("a=\x7f"), -EINVAL, 1, 3, "control byte \\x7f" },
	{ VG_STR_INIT("a=1\nb=2\n\na = 3"), -EINVAL, 4, 1,
	  "duplicate key \"a\", first on line 1" },
	{ VG_STR_INIT("ab=1\na=2\nab=2"), -EINVAL, 3, 1,
	  "duplicate key \"ab\", first on line 1" },
	{ VG_STR_INIT("10.0.0.1\n10.0.0.2"), -EINVAL, 2, 1,
	  "duplicate key \"nodes\", first on line 1" },
	{ VG_STR_INIT("nodes=10.0.0.1\n\n 10.0.0.2"), -EINVAL, 3, 2,
	  "duplicate key \"nodes\", first on line 1" },
	{ VG_STR_INIT("#\n10.0.0.1\nnodes = 10.0.0.2"), -EINVAL, 3, 1,
	  "duplicate key \"nodes\", first on line 2" },
	{ VG_STR_INIT("a=1\nrefused=1"), -ENOENT, 2, 1, "key \"refused\" was refused: error 2" },
	{ VG_STR_INIT("explained =  1"), -EDOM, 1, 14, "no ?[31m?because" },
};

static void bad_files(void **state)
{
	struct seen s = { .refuse = -ENOENT };
	struct vg_conf_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = parse(bad[i].text, &s, &err);

		if (ret != bad[i].ret || err.line != bad[i].line || err.col != bad[i].col ||
		    strncmp(err.msg, bad[i].msg, strlen(bad[i].msg)))
			fail_msg("%s: got %d at %u:%u \"%s\", expected %d at %u:%u \"%s\"",
				 bad[i].text.p, ret, err.line, err.col, err.msg, bad[i].ret,
				 bad[i].line, bad[i].col, bad[i].msg);
		/* the error may be left out */
		assert_int_equal(parse(bad[i].text, &s, NULL), bad[i].ret);
	}
}

static void limits(void **state)
{
	static char big[VG_CONF_BYTES + 2];
	struct seen s = { .repeat_x = false };
	struct vg_conf_error err;
	size_t n, i;

	memset(big, 'k', sizeof(big));
	big[64] = '=';
	assert_int_equal(parse(vg_str(big, 65), &s, &err), 0);
	memset(big, 'k', 65);
	big[65] = '=';
	assert_int_equal(parse(vg_str(big, 66), &s, &err), -E2BIG);
	assert_int_equal(err.col, 1);
	assert_non_null(strstr(err.msg, "has 65 bytes: at most 64"));

	memset(big, 'v', sizeof(big));
	memcpy(big, "a=", 2);
	assert_int_equal(parse(vg_str(big, 2 + 1024), &s, &err), 0);
	assert_int_equal(parse(vg_str(big, 2 + 1025), &s, &err), -E2BIG);
	assert_int_equal(err.col, 3);
	assert_string_equal(err.msg, "the value of a has 1025 bytes: at most 1024 are allowed");

	memset(big, '\n', sizeof(big));
	assert_int_equal(parse(vg_str(big, VG_CONF_BYTES), &s, &err), 0);
	assert_int_equal(parse(vg_str(big, VG_CONF_BYTES + 1), &s, &err), -E2BIG);
	assert_int_equal(err.line, VG_CONF_BYTES + 1);
	assert_int_equal(err.col, 1);

	big[VG_CONF_BYTES - 3] = 'x';
	big[VG_CONF_BYTES - 2] = 'x';
	big[VG_CONF_BYTES - 1] = 'x';
	assert_int_equal(parse(vg_str(big, VG_CONF_BYTES + 1), &s, &err), -E2BIG);
	assert_int_equal(err.line, VG_CONF_BYTES - 2);
	assert_int_equal(err.col, 4);
	assert_string_equal(err.msg, "the file has more than 65536 bytes");

	for (i = n = 0; i < 513; i++)
		n += sprintf(big + n, "k%zu=\n", i);
	s.go_on = true;
	assert_int_equal(parse(vg_str(big, n), &s, &err), -E2BIG);
	assert_int_equal(err.line, 513);
	assert_string_equal(err.msg, "more than 512 pairs");
	assert_string_equal(s.errors, "513:1;");
	assert_int_equal(parse(vg_str(big, n - strlen("k512=\n")), &s, &err), 0);
}

static void repeats_and_goes_on(void **state)
{
	struct seen s = { .repeat_x = true };
	struct vg_conf_error err;

	assert_int_equal(parse(VG_STR("x=1\nx=2\n"), &s, &err), 0);
	assert_string_equal(s.text, "x=1@1:1:3;x=2@2:1:3;");
	s.repeat_x = false;
	s.go_on = true;
	s.refuse = -EPERM;
	assert_int_equal(parse(VG_STR("x=1\nb\nx=2\nrefused=\nc=3\n!=1\n"), &s, &err), -EINVAL);
	assert_string_equal(s.text, "x=1@1:1:3;c=3@5:1:3;");
	assert_string_equal(s.errors, "2:1;3:1;4:1;6:1;");
	/* the first error is the one that is returned */
	assert_int_equal(err.line, 2);
	assert_string_equal(err.msg, "no \"=\" in \"b\": expected key = value");
}

static void shows_any_bytes(void **state)
{
	char out[VG_CONF_SHOWN], long_text[200];
	size_t n;

	assert_string_equal(vg_conf_show(out, VG_STR("a\"\\\n\xff z")),
			    "\"a\\x22\\x5c\\x0a\\xff z\"");
	assert_string_equal(vg_conf_show(out, vg_str(NULL, 0)), "\"\"");
	memset(long_text, 'x', sizeof(long_text));
	for (n = 0; n < sizeof(long_text); n++) {
		vg_conf_show(out, vg_str(long_text, n));
		assert_true(strlen(out) < VG_CONF_SHOWN);
		if (n > 60)
			assert_string_equal(out + strlen(out) - 5, "x...\"");
	}
	memset(long_text, 1, sizeof(long_text));
	assert_true(strlen(vg_conf_show(out, vg_str(long_text, 200))) < VG_CONF_SHOWN);
}

static struct vg_conf_pair pair_of(const char *value)
{
	return (struct vg_conf_pair){ .key = VG_STR("k"), .value = vg_cstr(value), .line = 3,
				      .key_col = 1, .value_col = 5 };
}

static void typed_values(void **state)
{
	static const struct {
		char type;	/* u64 number, size, time */
		const char *text;
		int ret;
		u64 v;
		const char *msg;
	} cases[] = {
		{ 'u', "0", 0, 0, NULL },
		{ 'u', "18446744073709551615", 0, U64_MAX, NULL },
		{ 'u', "", -EINVAL, 0, "k: \"\" is not a whole number: allowed are 0 to " },
		{ 'u', "-1", -EINVAL, 0, "k: \"-1\" is not a whole number: allowed are 0 to " },
		{ 'u', "1k", -EINVAL, 0, "k: \"1k\" is not a whole number" },
		{ 'u', "18446744073709551616", -ERANGE, 0,
		  "k: \"18446744073709551616\" is out of range: allowed are 0 to 1844" },
		{ 's', "0", 0, 0, NULL },
		{ 's', "17", 0, 17, NULL },
		{ 's', "64k", 0, 65536, NULL },
		{ 's', "16M", 0, 16 << 20, NULL },
		{ 's', "2g", 0, 2ULL << 30, NULL },
		{ 's', "3T", 0, 3ULL << 40, NULL },
		{ 's', "1.5G", -EINVAL, 0,
		  "k: \"1.5G\" is not a size (digits and k, M, G or T): allowed" },
		{ 's', "k", -EINVAL, 0, "k: \"k\" is not a size" },
		{ 's', "1 k", -EINVAL, 0, "k: \"1 k\" is not a size" },
		{ 's', "1kB", -EINVAL, 0, "k: \"1kB\" is not a size" },
		{ 's', "16777216T", -ERANGE, 0, "k: \"16777216T\" is out of range" },
		{ 't', "10", 0, 10000, NULL },
		{ 't', "10ms", 0, 10, NULL },
		{ 't', "10s", 0, 10000, NULL },
		{ 't', "2m", 0, 120000, NULL },
		{ 't', "3h", 0, 3 * 3600 * 1000, NULL },
		{ 't', "0", 0, 0, NULL },
		{ 't', "1d", -EINVAL, 0,
		  "k: \"1d\" is not a time (digits and ms, s, m or h): allowed" },
		{ 't', "5124095576030432h", -ERANGE, 0,
		  "k: \"5124095576030432h\" is out of range" },
	};
	struct vg_conf_error err;
	struct vg_conf_pair p;
	u64 v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret;

		v = 4711;
		p = pair_of(cases[i].text);
		if (cases[i].type == 'u')
			ret = vg_conf_u64(&p, 0, U64_MAX, &v, &err);
		else if (cases[i].type == 's')
			ret = vg_conf_size(&p, 0, U64_MAX, &v, &err);
		else
			ret = vg_conf_ms(&p, 0, U64_MAX, &v, &err);
		if (ret != cases[i].ret)
			fail_msg("%s: got %d", cases[i].text, ret);
		assert_true(v == (ret ? 4711 : cases[i].v));
		if (!ret)
			continue;
		assert_memory_equal(err.msg, cases[i].msg, strlen(cases[i].msg));
		assert_int_equal(err.line, 3);
		assert_int_equal(err.col, 5);
	}
	/* the range is told in the unit a person would use */
	p = pair_of("5G");
	assert_int_equal(vg_conf_size(&p, 4096, 2ULL << 30, &v, &err), -ERANGE);
	assert_string_equal(err.msg, "k: \"5G\" is out of range: allowed are 4k to 2G");
	p = pair_of("0");
	assert_int_equal(vg_conf_ms(&p, 1500, 7200000, &v, &err), -ERANGE);
	assert_string_equal(err.msg, "k: \"0\" is out of range: allowed are 1500ms to 2h");
}

static void words(void **state)
{
	static const char *const choices[] = { "off", "readonly", "on", NULL };
	static const char *const yes[] = { "on", "yes", "true", "1" }, *const no[] = {
		"off", "no", "false", "0"
	};
	struct vg_conf_error err;
	struct vg_conf_pair p;
	bool b;
	u32 e = 9;
	size_t i;

	for (i = 0; i < 4; i++) {
		p = pair_of(yes[i]);
		b = false;
		assert_int_equal(vg_conf_bool(&p, &b, &err), 0);
		assert_true(b);
		p = pair_of(no[i]);
		assert_int_equal(vg_conf_bool(&p, &b, &err), 0);
		assert_false(b);
	}
	p = pair_of("On");
	assert_int_equal(vg_conf_bool(&p, &b, &err), -EINVAL);
	assert_string_equal(
		err.msg, "k: \"On\" is unknown: allowed are on, off, yes, no, true, false, 1, 0");
	p = pair_of("on");
	assert_int_equal(vg_conf_enum(&p, choices, &e, &err), 0);
	assert_int_equal(e, 2);
	p = pair_of("");
	assert_int_equal(vg_conf_enum(&p, choices, &e, &err), -EINVAL);
	assert_string_equal(err.msg, "k: \"\" is unknown: allowed are off, readonly, on");
	assert_int_equal(e, 2);
}

static void lists(void **state)
{
	struct vg_conf_pair p = pair_of("a, b ,,c"), item;
	struct vg_conf_list l = VG_CONF_LIST(&p, ',');
	struct vg_conf_error err;

	assert_int_equal(vg_conf_list_next(&l, &item, &err), 1);
	assert_true(vg_str_is(item.value, "a"));
	assert_int_equal(item.value_col, 5);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 1);
	assert_true(vg_str_is(item.value, "b"));
	assert_int_equal(item.value_col, 8);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), -EINVAL);
	assert_int_equal(err.col, 11);
	assert_string_equal(err.msg, "k: empty item: remove the spare \",\"");
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 1);
	assert_true(vg_str_is(item.value, "c"));
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 0);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 0);

	p = pair_of("a;");
	l = VG_CONF_LIST(&p, ';');
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 1);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), -EINVAL);
	assert_int_equal(err.col, 7);
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 0);

	p = pair_of("");
	l = VG_CONF_LIST(&p, ',');
	assert_int_equal(vg_conf_list_next(&l, &item, &err), 0);
}

struct settings {
	bool flag;
	u32 count;
	u64 bytes;
	u32 wait_ms;
	u32 mode;
	char name[8];
	char guard;
	char group[32];
};

static const char *const modes[] = { "off", "shadow", "apply", NULL };

static int set_group(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	struct settings *s = base;

	snprintf(s->group, sizeof(s->group), "%.*s=%.*s", VG_STR_ARG(pair->key),
		 VG_STR_ARG(pair->value));
	return 0;
}

static const struct vg_conf_key keys[] = {
	{ .name = "flag",
	  .type = VG_CONF_T_BOOL,
	  VG_CONF_AT(struct settings, flag),
	  .def = "on" },
	{ .name = "max_count",
	  .type = VG_CONF_T_NUM,
	  VG_CONF_AT(struct settings, count),
	  .min = 1,
	  .def = "4096" },
	{ .name = "max_bytes",
	  .type = VG_CONF_T_SIZE,
	  VG_CONF_AT(struct settings, bytes),
	  .min = 4096,
	  .max = 1ULL << 40,
	  .def = "64M" },
	{ .name = "wait",
	  .type = VG_CONF_T_MS,
	  VG_CONF_AT(struct settings, wait_ms),
	  .max = 600000,
	  .def = "10s" },
	{ .name = "mode",
	  .type = VG_CONF_T_ENUM,
	  VG_CONF_AT(struct settings, mode),
	  .choices = modes,
	  .def = "shadow" },
	{ .name = "name", .type = VG_CONF_T_STR, VG_CONF_AT(struct settings, name), .min = 1 },
	{ .name = "group.*", .type = VG_CONF_T_FUNC, .set = set_group, .repeats = true },
};

static const struct vg_conf_table table = { .keys = keys,
					    .n = ARRAY_SIZE(keys),
					    .manual = "test.conf(5)" };

static int set(struct settings *s, const char *key, const char *value, struct vg_conf_error *err)
{
	struct vg_conf_pair p = { .key = vg_cstr(key),
				  .value = vg_cstr(value),
				  .line = 7,
				  .key_col = 2,
				  .value_col = 9 };

	return vg_conf_set(&table, s, &p, err);
}

static void tables(void **state)
{
	static const char *const shown[] = { "on", "4096", "64M", "10s", "shadow", "old" };
	struct settings s = { .name = "old", .guard = 'G' };
	struct vg_conf_error err;
	char out[32];
	size_t i;

	assert_int_equal(vg_conf_defaults(&table, &s, &err), 0);
	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		assert_int_equal(vg_conf_print(&keys[i], &s, out, sizeof(out)), strlen(shown[i]));
		assert_string_equal(out, shown[i]);
	}
	assert_int_equal(vg_conf_print(&keys[6], &s, out, sizeof(out)), -EOPNOTSUPP);
	assert_true(s.flag);
	assert_int_equal(s.count, 4096);
	assert_int_equal(s.bytes, 64 << 20);
	assert_int_equal(s.wait_ms, 10000);
	assert_int_equal(s.mode, 1);

	assert_int_equal(set(&s, "max_count", "4294967295", &err), 0);
	assert_int_equal(s.count, U32_MAX);
	assert_int_equal(set(&s, "max_count", "4294967296", &err), -ERANGE);
	assert_string_equal(
		err.msg,
		"max_count: \"4294967296\" is out of range: allowed are 1 to 4294967295");
	assert_int_equal(err.line, 7);
	assert_int_equal(err.col, 9);
	assert_int_equal(set(&s, "max_count", "0", &err), -ERANGE);
	assert_int_equal(s.count, U32_MAX);
	assert_int_equal(set(&s, "name", "1234567", &err), 0);
	assert_string_equal(s.name, "1234567");
	assert_int_equal(set(&s, "name", "12345678", &err), -EINVAL);
	assert_string_equal(err.msg, "name: 8 bytes: allowed are 1 to 7");
	assert_int_equal(set(&s, "name", "", &err), -EINVAL);
	assert_string_equal(s.name, "1234567");
	assert_int_equal(s.guard, 'G');
	assert_int_equal(set(&s, "group.web", "1,2", &err), 0);
	assert_string_equal(s.group, "group.web=1,2");
	assert_int_equal(set(&s, "group.", "1,2", &err), -ENOENT);
	assert_int_equal(set(&s, "group", "1,2", &err), -ENOENT);

	assert_int_equal(set(&s, "max_conut", "1", &err), -ENOENT);
	assert_string_equal(err.msg, "unknown key \"max_conut\": did you mean \"max_count\"?");
	assert_int_equal(err.col, 2);
	assert_int_equal(set(&s, "quite_other", "1", &err), -ENOENT);
	assert_string_equal(err.msg,
			    "unknown key \"quite_other\": the allowed ones are in test.conf(5)");
}

static void nearest(void **state)
{
	static const char *const names[] = { "status", "set", "mem", "listen", "lists" };
	static const struct {
		const char *word, *want;
	} cases[] = {
		{ "statsu", "status" },
		{ "stauts", "status" },
		{ "statuss", "status" },
		{ "tatus", "status" },
		{ "listn", "listen" },
		{ "lists", "lists" },
		{ "sett", "set" },
		{ "me", "mem" },
		{ "x", NULL },
		{ "", NULL },
		{ "mme", "mem" },
		{ "lsiten", "listen" },
		{ "abcdefgh", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = vg_conf_nearest(vg_cstr(cases[i].word), names, ARRAY_SIZE(names));

		if (!got != !cases[i].want || (got && strcmp(got, cases[i].want)))
			fail_msg("%s: %s", cases[i].word, got ? got : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(limits),
		cmocka_unit_test(repeats_and_goes_on),
		cmocka_unit_test(shows_any_bytes),
		cmocka_unit_test(typed_values),
		cmocka_unit_test(words),
		cmocka_unit_test(lists),
		cmocka_unit_test(tables),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
