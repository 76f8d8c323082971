// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Request targets: what is canonical, why something is not, its canonical form, and the walk over
 * both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <linux/slab.h>

#include "core/buf.c"
#include "core/target.c"

/* Check a copy of exactly the right size, so that the sanitizer sees any read beyond it */
static int check(struct vg_str s, struct vg_target *t, struct vg_fault *fault)
{
	char *copy = malloc(s.n ? s.n : 1);
	int ret;

	if (s.n)
		memcpy(copy, s.p, s.n);
	ret = vg_target_check(vg_str(copy, s.n), t, fault);
	if (!ret) {
		t->path.p = s.p + (t->path.p - copy);
		t->query.p = t->query.n ? s.p + (t->query.p - copy) : NULL;
	}
	free(copy);
	return ret;
}

static void good(void **state)
{
	static const struct {
		const char *target, *path, *query;
	} cases[] = {
		{ "/", "/", "" },
		{ "/v1/mem/a", "/v1/mem/a", "" },
		{ "/v1/mem/", "/v1/mem/", "" },
		{ "/v1/mem/a%2Fb%20c", "/v1/mem/a%2Fb%20c", "" },
		{ "/A-Z.a_z~0/...", "/A-Z.a_z~0/...", "" },
		{ "/.a/a./..a", "/.a/a./..a", "" },
		{ "/%FF%01", "/%FF%01", "" },
		{ "/%2B", "/%2B", "" },
		{ "/v1/mem?after=&limit=10&prefix=a%2F", "/v1/mem",
		  "after=&limit=10&prefix=a%2F" },
		{ "/?a=&aa=&b=", "/", "a=&aa=&b=" },
		{ "/?A=&Z=&_=&a=", "/", "A=&Z=&_=&a=" },
		{ "/?abcdefghijklmnopqrstuvwxyzABCDEF=1", "/",
		  "abcdefghijklmnopqrstuvwxyzABCDEF=1" },
		{ "/?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11&l=12&m=13&n=14&o=15&p=16", "/",
		  "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11&l=12&m=13&n=14&o=15&p=16" },
	};
	struct vg_fault fault;
	struct vg_target t;
	struct vg_buf b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (check(vg_cstr(cases[i].target), &t, &fault))
			fail_msg("%s: %s at %zu", cases[i].target, fault.why, fault.pos);
		assert_true(vg_str_is(t.path, cases[i].path));
		assert_true(vg_str_is(t.query, cases[i].query));
		/* what is canonical is its own canonical form */
		vg_buf_init(&b, NULL, 0, 8192);
		assert_int_equal(vg_target_canon(vg_cstr(cases[i].target), &b), 0);
		assert_true(vg_str_is(vg_buf_view(&b), cases[i].target));
		vg_buf_free(&b);
	}
}

static const struct {
	struct vg_str target;
	size_t pos;
	const char *why;
	const char *canon;	/* NULL: there is none */
} bad[] = {
	{ VG_STR_INIT(""), 0, "begin with /", NULL },
	{ VG_STR_INIT("*"), 0, "begin with /", NULL },
	{ VG_STR_INIT("http://h/"), 0, "begin with /", NULL },
	{ VG_STR_INIT("v1/mem"), 0, "begin with /", NULL },
	{ VG_STR_INIT("?a=1"), 0, "begin with /", NULL },
	{ VG_STR_INIT("//"), 1, "empty path segment", "/" },
	{ VG_STR_INIT("//a"), 1, "empty path segment", "/a" },
	{ VG_STR_INIT("/a//b"), 3, "empty path segment", "/a/b" },
	{ VG_STR_INIT("/a//"), 3, "empty path segment", "/a/" },
	{ VG_STR_INIT("/."), 1, "path segment", "/" },
	{ VG_STR_INIT("/.."), 1, "path segment", "/" },
	{ VG_STR_INIT("/../../a"), 1, "path segment", "/a" },
	{ VG_STR_INIT("/a/../b"), 3, "path segment", "/b" },
	{ VG_STR_INIT("/a/b/.."), 5, "path segment", "/a/" },
	{ VG_STR_INIT("/a/./b/."), 3, "path segment", "/a/b/" },
	{ VG_STR_INIT("/a/%2e%2E/b"), 3, "two digits of 0-9 A-F", "/b" },
	{ VG_STR_INIT("/%2E"), 1, "must not be escaped", "/" },
	{ VG_STR_INIT("/a:b"), 2, "must be escaped", "/a%3Ab" },
	{ VG_STR_INIT("/a+b"), 2, "must be escaped", "/a%2Bb" },
	{ VG_STR_INIT("/a=b,c@d"), 2, "must be escaped", "/a%3Db%2Cc%40d" },
	{ VG_STR_INIT("/a b"), 2, "must be escaped", "/a%20b" },
	{ VG_STR_INIT("/a#b"), 2, "must be escaped", "/a%23b" },
	{ VG_STR_INIT("/\xc3\xa9"), 1, "must be escaped", "/%C3%A9" },
	{ VG_STR_INIT("/a\0b"), 2, "must be escaped", NULL },
	{ VG_STR_INIT("/a%2fb"), 2, "two digits of 0-9 A-F", "/a%2Fb" },
	{ VG_STR_INIT("/a%C3%a9"), 5, "two digits of 0-9 A-F", "/a%C3%A9" },
	{ VG_STR_INIT("/a%"), 2, "two digits of 0-9 A-F", "/a%25" },
	{ VG_STR_INIT("/a%2"), 2, "two digits of 0-9 A-F", "/a%252" },
	{ VG_STR_INIT("/a%2/b"), 2, "two digits of 0-9 A-F", "/a%252/b" },
	{ VG_STR_INIT("/a%GG"), 2, "two digits of 0-9 A-F", "/a%25GG" },
	{ VG_STR_INIT("/a%u0041"), 2, "two digits of 0-9 A-F", "/a%25u0041" },
	{ VG_STR_INIT("/%41"), 1, "must not be escaped", "/A" },
	{ VG_STR_INIT("/a%7E"), 2, "must not be escaped", "/a~" },
	{ VG_STR_INIT("/a%00"), 2, "NUL", NULL },
	{ VG_STR_INIT("/a?"), 2, "empty query", "/a" },
	{ VG_STR_INIT("/?&"), 2, "needs a key", "/" },
	{ VG_STR_INIT("/?a"), 3, "needs a =", "/?a=" },
	{ VG_STR_INIT("/?a&b=1"), 3, "needs a =", "/?a=&b=1" },
	{ VG_STR_INIT("/?=1"), 2, "needs a key", NULL },
	{ VG_STR_INIT("/?a=1&"), 6, "needs a key", "/?a=1" },
	{ VG_STR_INIT("/?a=1&&b=2"), 6, "needs a key", "/?a=1&b=2" },
	{ VG_STR_INIT("/?a1=1"), 3, "letters and _ only", NULL },
	{ VG_STR_INIT("/?a-b=1"), 3, "letters and _ only", NULL },
	{ VG_STR_INIT("/?%61=1"), 2, "letters and _ only", NULL },
	{ VG_STR_INIT("/?b=1&a=2"), 6, "byte order", "/?a=2&b=1" },
	{ VG_STR_INIT("/?a=1&a=2"), 6, "twice", NULL },
	{ VG_STR_INIT("/?c=1&aa=2&a&b=%2f"), 6, "byte order", "/?a=&aa=2&b=%2F&c=1" },
	{ VG_STR_INIT("/?a=x+y"), 5, "+ is ambiguous", NULL },
	{ VG_STR_INIT("/?a=%2B"), 4, "no plus in a query", NULL },
	{ VG_STR_INIT("/?a=%2b"), 4, "two digits of 0-9 A-F", NULL },
	{ VG_STR_INIT("/?a=%00"), 4, "NUL", NULL },
	{ VG_STR_INIT("/?a=b=c"), 5, "must be escaped", "/?a=b%3Dc" },
	{ VG_STR_INIT("/?a=/?"), 4, "must be escaped", "/?a=%2F%3F" },
	{ VG_STR_INIT("/?a=%4a"), 4, "two digits of 0-9 A-F", "/?a=J" },
	{ VG_STR_INIT("/?a=%4A"), 4, "must not be escaped", "/?a=J" },
	{ VG_STR_INIT("/?abcdefghijklmnopqrstuvwxyzABCDEFG=1"), 2, "at most 32", NULL },
	{ VG_STR_INIT(
		  "/?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11&l=12&m=13&n=14&o=15&p=16&q="),
	  73, "more than 16", NULL },
};

static void bad_with_reason_and_form(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vg_fault fault = { .why = "" };
		struct vg_target t;
		struct vg_buf b;
		int ret = check(bad[i].target, &t, &fault);

		if (ret != -EINVAL || fault.pos != bad[i].pos || !strstr(fault.why, bad[i].why))
			fail_msg("%s: got %d \"%s\" at %zu, expected \"%s\" at %zu",
				 bad[i].target.p, ret, fault.why, fault.pos, bad[i].why,
				 bad[i].pos);
		vg_buf_init(&b, NULL, 0, 8192);
		vg_buf_puts(&b, "see ");
		ret = vg_target_canon(bad[i].target, &b);
		if (bad[i].canon && (ret || !vg_str_is(vg_str(b.p + 4, b.len - 4), bad[i].canon)))
			fail_msg("%s: %d \"%.*s\"", bad[i].target.p, ret, (int)b.len, b.p);
		if (!bad[i].canon) {
			assert_int_equal(ret, -EINVAL);
			assert_int_equal(b.len, 4);
			assert_int_equal(b.err, 0);
		}
		vg_buf_free(&b);
	}
}

static void lengths(void **state)
{
	char text[4096];
	struct vg_fault fault;
	struct vg_target t;
	struct vg_buf b;

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	assert_int_equal(check(vg_str(text, 2048), &t, NULL), 0);
	assert_int_equal(check(vg_str(text, 2049), &t, &fault), -EINVAL);
	assert_int_equal(fault.pos, 2048);
	assert_non_null(strstr(fault.why, "2048"));
	vg_buf_init(&b, NULL, 0, 8192);
	assert_int_equal(vg_target_canon(vg_str(text, 2049), &b), -EINVAL);
	assert_int_equal(b.len, 0);
	vg_buf_free(&b);

	memcpy(text, "/?a=", 4);
	assert_int_equal(check(vg_str(text, 2 + 1024), &t, NULL), 0);
	assert_int_equal(check(vg_str(text, 2 + 1025), &t, &fault), -EINVAL);
	assert_int_equal(fault.pos, 2 + 1024);
	assert_non_null(strstr(fault.why, "1024"));

	/* no room for the form: the buffer's error, not a wrong form */
	vg_buf_init(&b, NULL, 0, 3);
	assert_int_equal(vg_target_canon(VG_STR("/a//b"), &b), -E2BIG);
	vg_buf_free(&b);
}

static void segments_and_pairs(void **state)
{
	struct vg_str rest, seg, key, value;
	struct vg_target t;
	u64 v = 0;

	assert_int_equal(vg_target_check(VG_STR("/v1/mem/a%2Fb/?by=12&limit=&x_y=01"), &t, NULL),
			 0);
	assert_true(vg_target_is_dir(&t));
	rest = t.path;
	assert_true(vg_target_seg(&rest, &seg) && vg_str_is(seg, "v1"));
	assert_true(vg_target_seg(&rest, &seg) && vg_str_is(seg, "mem"));
	assert_true(vg_target_seg(&rest, &seg) && vg_str_is(seg, "a%2Fb"));
	assert_false(vg_target_seg(&rest, &seg));
	rest = t.query;
	assert_true(vg_target_pair(&rest, &key, &value) && vg_str_is(key, "by") &&
		    vg_str_is(value, "12"));
	assert_true(vg_target_pair(&rest, &key, &value) && vg_str_is(key, "limit") && !value.n);
	assert_true(vg_target_pair(&rest, &key, &value) && vg_str_is(key, "x_y"));
	assert_false(vg_target_pair(&rest, &key, &value));
	assert_true(vg_target_get(&t, "limit", &value));
	assert_false(vg_target_get(&t, "lim", &value));
	assert_int_equal(vg_target_u64(&t, "by", &v), 0);
	assert_int_equal(v, 12);
	assert_int_equal(vg_target_u64(&t, "limit", &v), -EINVAL);
	assert_int_equal(vg_target_u64(&t, "x_y", &v), -EINVAL);
	assert_int_equal(vg_target_u64(&t, "none", &v), -ENOENT);

	assert_int_equal(vg_target_check(VG_STR("/"), &t, NULL), 0);
	rest = t.path;
	assert_false(vg_target_seg(&rest, &seg));
	rest = t.query;
	assert_false(vg_target_pair(&rest, &key, &value));
	assert_int_equal(vg_target_check(VG_STR("/a"), &t, NULL), 0);
	assert_false(vg_target_is_dir(&t));
}

static void decodes(void **state)
{
	char out[8];

	assert_int_equal(vg_pct_decode(VG_STR("a%2Fb%FF"), out, sizeof(out)), 4);
	assert_memory_equal(out, "a/b\xff", 4);
	assert_int_equal(vg_pct_decode(VG_STR("a%2Fb%FF"), out, 4), 4);
	assert_int_equal(vg_pct_decode(VG_STR("a%2Fb%FF"), out, 3), -ENOSPC);
	assert_int_equal(vg_pct_decode(VG_STR("%2"), out, sizeof(out)), -EINVAL);
	assert_int_equal(vg_pct_decode(VG_STR("%"), out, sizeof(out)), -EINVAL);
	assert_int_equal(vg_pct_decode(VG_STR("%zz"), out, sizeof(out)), -EINVAL);
	assert_int_equal(vg_pct_decode(vg_str(NULL, 0), NULL, 0), 0);
}

/* Any key of a pool, escaped as a segment, is canonical and decodes to itself */
static void encodes_every_byte(void **state)
{
	struct vg_target t;
	struct vg_buf b;
	char in[255], out[255];
	int i;

	for (i = 0; i < 255; i++)
		in[i] = i + 1;
	vg_buf_init(&b, NULL, 0, 8192);
	vg_buf_putc(&b, '/');
	assert_int_equal(vg_pct_encode(&b, vg_str(in, 255), false), 0);
	assert_int_equal(vg_target_check(vg_buf_view(&b), &t, NULL), 0);
	assert_int_equal(vg_pct_decode(vg_str(b.p + 1, b.len - 1), out, 255), 255);
	assert_memory_equal(in, out, 255);
	vg_buf_reset(&b);
	vg_pct_encode(&b, VG_STR("a/b c"), true);
	assert_true(vg_str_is(vg_buf_view(&b), "a/b%20c"));
	vg_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad_with_reason_and_form),
		cmocka_unit_test(lengths),
		cmocka_unit_test(segments_and_pairs),
		cmocka_unit_test(decodes),
		cmocka_unit_test(encodes_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
