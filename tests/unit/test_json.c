// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The JSON reader and writer, and UTF-8: what is accepted, what is refused and at which byte, the
 * accessors, and that the writer's output is always read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <linux/slab.h>

#include "core/buf.c"
#include "core/utf8.c"
#include "core/json_read.c"
#include "core/json_write.c"

#define TOKS 4096

static struct vg_jtok toks[TOKS];

/* Parse a copy of exactly the right size, so that the sanitizer sees any read beyond it */
static int parse(struct vg_json *doc, struct vg_str s, u32 max)
{
	char *copy = malloc(s.n ? s.n : 1);
	int ret;

	if (s.n)
		memcpy(copy, s.p, s.n);
	ret = vg_json_parse(doc, copy, s.n, toks, max);
	free(copy);
	doc->text = s.p;
	return ret;
}

static void accepts(void **state)
{
	static const struct vg_str good[] = {
		VG_STR_INIT("null"), VG_STR_INIT("true"), VG_STR_INIT("false"), VG_STR_INIT("\"\""),
		VG_STR_INIT("0"), VG_STR_INIT("-0"), VG_STR_INIT("-1.5e+10"), VG_STR_INIT("1E-2"),
		VG_STR_INIT("0.0"), VG_STR_INIT("123456789012345678901234567890"),
		VG_STR_INIT(" \t\r\n{ } \n"), VG_STR_INIT("[]"), VG_STR_INIT("[ ]"),
		VG_STR_INIT("[1,2 , 3]"), VG_STR_INIT("{\"a\":1,\"b\":[{}],\"\":null}"),
		VG_STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\ude00\""),
		VG_STR_INIT("\"\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\""),
		VG_STR_INIT("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),
		VG_STR_INIT("{\"a\":{\"a\":{\"a\":1}},\"A\":2,\"a \":3}"),
	};
	struct vg_json doc;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (parse(&doc, good[i], TOKS))
			fail_msg("%s: %s at %zu", good[i].p, doc.fault.why, doc.fault.pos);
		assert_int_equal(vg_json_root(&doc)->next, doc.used);
		/* the promise of the header about the number of tokens */
		assert_int_equal(parse(&doc, good[i], good[i].n / 2 + 1), 0);
	}
}

static const struct {
	struct vg_str text;
	int ret;
	size_t pos;
	const char *why;	/* part of the reason */
} bad[] = {
	{ VG_STR_INIT(""), -EINVAL, 0, "too early" },
	{ VG_STR_INIT("  "), -EINVAL, 2, "too early" },
	{ VG_STR_INIT("nul"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("nulll"), -EINVAL, 4, "text behind" },
	{ VG_STR_INIT("True"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("NaN"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("'a'"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("\xef\xbb\xbf{}"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("{} x"), -EINVAL, 3, "text behind" },
	{ VG_STR_INIT("{}\0"), -EINVAL, 2, "text behind" },
	{ VG_STR_INIT("1 2"), -EINVAL, 2, "text behind" },
	{ VG_STR_INIT("01"), -EINVAL, 0, "leading zero" },
	{ VG_STR_INIT("-01"), -EINVAL, 1, "leading zero" },
	{ VG_STR_INIT("-"), -EINVAL, 1, "no digit behind the minus" },
	{ VG_STR_INIT("+1"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT(".5"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("1."), -EINVAL, 2, "decimal point" },
	{ VG_STR_INIT("1.e5"), -EINVAL, 2, "decimal point" },
	{ VG_STR_INIT("1e"), -EINVAL, 2, "exponent" },
	{ VG_STR_INIT("1e+"), -EINVAL, 3, "exponent" },
	{ VG_STR_INIT("0x10"), -EINVAL, 1, "text behind" },
	{ VG_STR_INIT("["), -EINVAL, 1, "too early" },
	{ VG_STR_INIT("[1"), -EINVAL, 2, "too early" },
	{ VG_STR_INIT("[1,"), -EINVAL, 3, "too early" },
	{ VG_STR_INIT("[1,]"), -EINVAL, 3, "no JSON value" },
	{ VG_STR_INIT("[,1]"), -EINVAL, 1, "no JSON value" },
	{ VG_STR_INIT("[1 2]"), -EINVAL, 3, "expected , or ]" },
	{ VG_STR_INIT("[1}"), -EINVAL, 2, "expected , or ]" },
	{ VG_STR_INIT("]"), -EINVAL, 0, "no JSON value" },
	{ VG_STR_INIT("{"), -EINVAL, 1, "too early" },
	{ VG_STR_INIT("{1:2}"), -EINVAL, 1, "expected a key" },
	{ VG_STR_INIT("{a:2}"), -EINVAL, 1, "expected a key" },
	{ VG_STR_INIT("{\"a\"}"), -EINVAL, 4, "expected a colon" },
	{ VG_STR_INIT("{\"a\""), -EINVAL, 4, "expected a colon" },
	{ VG_STR_INIT("{\"a\":}"), -EINVAL, 5, "no JSON value" },
	{ VG_STR_INIT("{\"a\":1,}"), -EINVAL, 7, "expected a key" },
	{ VG_STR_INIT("{\"a\":1]"), -EINVAL, 6, "expected , or }" },
	{ VG_STR_INIT("{\"a\":1 \"b\":2}"), -EINVAL, 7, "expected , or }" },
	{ VG_STR_INIT("\"abc"), -EINVAL, 0, "closing quote" },
	{ VG_STR_INIT("[\"abc\\\"]"), -EINVAL, 1, "closing quote" },
	{ VG_STR_INIT("\"a\nb\""), -EINVAL, 2, "control byte" },
	{ VG_STR_INIT("\"a\0b\""), -EINVAL, 2, "control byte" },
	{ VG_STR_INIT("\"\\x41\""), -EINVAL, 1, "unknown escape" },
	{ VG_STR_INIT("\"\\"), -EINVAL, 1, "unknown escape" },
	{ VG_STR_INIT("\"\\\0\""), -EINVAL, 1, "unknown escape" },
	{ VG_STR_INIT("\"\\u12"), -EINVAL, 1, "four hexadecimal" },
	{ VG_STR_INIT("\"\\u12G4\""), -EINVAL, 1, "four hexadecimal" },
	{ VG_STR_INIT("\"\\ud83d\""), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"\\ud83dx\""), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"\\ud83d\\n\""), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"\\ud83d\\u0041\""), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"\\ud83d\\ud83d\""), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"\\ude00\""), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"\\ud83d\\ude0"), -EILSEQ, 1, "surrogate" },
	{ VG_STR_INIT("\"ab\x80\""), -EILSEQ, 3, "UTF-8" },
	{ VG_STR_INIT("\"\xc0\xaf\""), -EILSEQ, 1, "UTF-8" },
	{ VG_STR_INIT("\"\xed\xa0\x80\""), -EILSEQ, 1, "UTF-8" },
	{ VG_STR_INIT("\"\xf4\x90\x80\x80\""), -EILSEQ, 1, "UTF-8" },
	{ VG_STR_INIT("\"\xe2\x82"), -EILSEQ, 1, "UTF-8" },
	{ VG_STR_INIT("{\"a\":1,\"a\":2}"), -EINVAL, 7, "duplicate key" },
	{ VG_STR_INIT("{\"a\":[{}],\"b\":0,\"\\u0061\":2}"), -EINVAL, 16, "duplicate key" },
	{ VG_STR_INIT("{\"\\n\\u00e9\":1,\"\\u000a\xc3\xa9\":2}"), -EINVAL, 14, "duplicate key" },
	{ VG_STR_INIT("{\"\":1,\"\":2}"), -EINVAL, 6, "duplicate key" },
	{ VG_STR_INIT("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), -E2BIG, 16, "deeper" },
};

static void refuses_with_position(void **state)
{
	struct vg_json doc;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = parse(&doc, bad[i].text, TOKS);

		if (ret != bad[i].ret || doc.fault.pos != bad[i].pos ||
		    !strstr(doc.fault.why, bad[i].why))
			fail_msg("%s: got %d \"%s\" at %zu, expected %d \"%s\" at %zu",
				 bad[i].text.p, ret, ret ? doc.fault.why : "", doc.fault.pos,
				 bad[i].ret, bad[i].why, bad[i].pos);
	}
}

/* Every prefix of a document is refused: it ends too early somewhere */
static void refuses_every_prefix(void **state)
{
	struct vg_str text = VG_STR(
		"{\"a\\u0041\xc3\xa9\":[1.5e3,true,{\"b\":\"\\ud83d\\ude00\"}],\"c\":null}");
	struct vg_json doc;
	size_t n;

	assert_int_equal(parse(&doc, text, TOKS), 0);
	for (n = 0; n < text.n; n++)
		assert_int_not_equal(parse(&doc, vg_str(text.p, n), TOKS), 0);
}

static void limits(void **state)
{
	struct vg_json doc;
	struct vg_buf b;
	char key[600];
	int i;

	assert_int_equal(parse(&doc, VG_STR("[1,2]"), 2), -E2BIG);
	assert_int_equal(doc.fault.pos, 3);
	assert_int_equal(parse(&doc, VG_STR("[1,2]"), 3), 0);
	assert_int_equal(parse(&doc, VG_STR("[]"), 0), -E2BIG);

	vg_buf_init(&b, NULL, 0, 1 << 20);
	for (i = 0; i < 257; i++) {
		vg_buf_printf(&b, "%c\"%d\":%d", i ? ',' : '{', i, i);
		if (i == 255) {
			vg_buf_putc(&b, '}');
			assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), 0);
			assert_int_equal(vg_json_root(&doc)->count, 256);
			vg_buf_cut(&b, b.len - 1);
		}
	}
	vg_buf_putc(&b, '}');
	assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), -E2BIG);
	assert_memory_equal(b.p + doc.fault.pos, "256\"", 4);
	vg_buf_free(&b);

	memset(key, 'k', sizeof(key));
	vg_buf_init(&b, NULL, 0, 1 << 20);
	vg_buf_printf(&b, "{\"%.512s\":1}", key);
	assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), 0);
	vg_buf_reset(&b);
	vg_buf_printf(&b, "{\"%.513s\":1}", key);
	assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), -E2BIG);
	assert_int_equal(doc.fault.pos, 2);
	vg_buf_free(&b);

	assert_int_equal(vg_json_parse(&doc, "", (size_t)1 << 40, toks, TOKS), -E2BIG);
}

/* Each of 200 keys once more, plain and with an escape, is found among them all, and only it */
static void finds_duplicates_among_many(void **state)
{
	struct vg_json doc;
	struct vg_buf b;
	int twice, i;

	vg_buf_init(&b, NULL, 0, 1 << 20);
	for (twice = 0; twice < 200; twice++) {
		size_t pos;

		vg_buf_reset(&b);
		for (i = 0; i < 200; i++)
			vg_buf_printf(&b, "%c\"key%d\":{\"key%d\":[%d]}", i ? ',' : '{', i, i, i);
		vg_buf_putc(&b, '}');
		assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), 0);
		for (i = 0; i < doc.used; i++)
			assert_true(toks[i].key ? toks[i].next == i + 1 : toks[i].next > i);
		vg_buf_cut(&b, b.len - 1);
		pos = b.len + 1;
		vg_buf_printf(&b, twice & 1 ? ",\"k\\u0065y%d\":0}" : ",\"key%d\":0}", twice);
		assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), -EINVAL);
		assert_string_equal(doc.fault.why, "duplicate key");
		assert_int_equal(doc.fault.pos, pos);
	}
	vg_buf_free(&b);
}

static void accessors(void **state)
{
	static const char text[] =
		"{\"kind\":\"program\",\"args\":[\"a\",{\"x\":[]},7],\"n\":18446744073709551615,"
		"\"m\":-9223372036854775808,\"big\":18446744073709551616,"
		"\"f\":1.0,\"e\":1e3,\"z\":-0,"
		"\"t\":true,\"id\":\"42\",\"\\u006bey\":\"v\",\"empty\":{}}";
	const struct vg_jtok *root, *args, *t;
	struct vg_json doc;
	bool flag = false;
	u64 u = 1;
	s64 s = 1;

	assert_int_equal(vg_json_parse(&doc, text, sizeof(text) - 1, toks, TOKS), 0);
	root = vg_json_root(&doc);
	assert_int_equal(root->count, 12);
	assert_true(vg_json_str_eq(&doc, vg_json_get(&doc, root, "kind"), VG_STR("program")));
	assert_false(vg_json_str_eq(&doc, vg_json_get(&doc, root, "kind"), VG_STR("progra")));
	assert_true(vg_json_str_eq(&doc, vg_json_get(&doc, root, "key"), VG_STR("v")));
	assert_null(vg_json_get(&doc, root, "x"));
	assert_null(vg_json_get(&doc, root, ""));
	assert_null(vg_json_get(&doc, NULL, "x"));

	args = vg_json_get(&doc, root, "args");
	assert_true(vg_json_is(args, VG_JSON_ARRAY));
	assert_null(vg_json_get(&doc, args, "x"));
	assert_int_equal(args->count, 3);
	t = vg_json_first(&doc, args);
	assert_true(vg_json_str_eq(&doc, t, VG_STR("a")));
	t = vg_json_next(&doc, args, t);
	assert_true(vg_json_is(vg_json_get(&doc, t, "x"), VG_JSON_ARRAY));
	assert_null(vg_json_first(&doc, vg_json_get(&doc, t, "x")));
	t = vg_json_next(&doc, args, t);
	assert_int_equal(vg_json_u64(&doc, t, &u), 0);
	assert_int_equal(u, 7);
	assert_null(vg_json_next(&doc, args, t));
	assert_null(vg_json_first(&doc, t));
	assert_null(vg_json_first(&doc, NULL));
	assert_null(vg_json_first(&doc, vg_json_get(&doc, root, "empty")));

	assert_int_equal(vg_json_u64(&doc, vg_json_get(&doc, root, "n"), &u), 0);
	assert_true(u == U64_MAX);
	assert_int_equal(vg_json_s64(&doc, vg_json_get(&doc, root, "n"), &s), -ERANGE);
	assert_int_equal(vg_json_s64(&doc, vg_json_get(&doc, root, "m"), &s), 0);
	assert_true(s == S64_MIN);
	assert_int_equal(vg_json_u64(&doc, vg_json_get(&doc, root, "m"), &u), -EINVAL);
	assert_int_equal(vg_json_u64(&doc, vg_json_get(&doc, root, "big"), &u), -ERANGE);
	assert_int_equal(vg_json_u64(&doc, vg_json_get(&doc, root, "f"), &u), -EINVAL);
	assert_int_equal(vg_json_s64(&doc, vg_json_get(&doc, root, "e"), &s), -EINVAL);
	assert_int_equal(vg_json_s64(&doc, vg_json_get(&doc, root, "z"), &s), 0);
	assert_true(s == 0);
	assert_int_equal(vg_json_u64(&doc, vg_json_get(&doc, root, "kind"), &u), -EINVAL);
	assert_int_equal(vg_json_u64(&doc, NULL, &u), -EINVAL);
	assert_true(u == U64_MAX);
	assert_int_equal(vg_json_bool(&doc, vg_json_get(&doc, root, "t"), &flag), 0);
	assert_true(flag);
	assert_int_equal(vg_json_bool(&doc, vg_json_get(&doc, root, "n"), &flag), -EINVAL);
	assert_int_equal(vg_json_id(&doc, vg_json_get(&doc, root, "id"), &u), 0);
	assert_int_equal(u, 42);
	assert_int_equal(vg_json_id(&doc, vg_json_get(&doc, root, "n"), &u), -EINVAL);
}

static void strings_decode(void **state)
{
	static const char text[] = "[\"a\\u0000\\n\\ud83d\\ude00\xc3\xa9\\/\",\"\",\"plain\"]";
	static const char want[] = "a\0\n\xf0\x9f\x98\x80\xc3\xa9/";
	const struct vg_jtok *t;
	struct vg_json doc;
	struct vg_buf b;
	char out[32];

	assert_int_equal(vg_json_parse(&doc, text, sizeof(text) - 1, toks, TOKS), 0);
	t = vg_json_first(&doc, vg_json_root(&doc));
	assert_int_equal(vg_json_str(&doc, t, out, sizeof(out)), sizeof(want) - 1);
	assert_memory_equal(out, want, sizeof(want) - 1);
	assert_int_equal(vg_json_str(&doc, t, out, sizeof(want) - 1), sizeof(want) - 1);
	assert_int_equal(vg_json_str(&doc, t, out, sizeof(want) - 2), -ENOSPC);
	assert_true(vg_json_str_eq(&doc, t, vg_str(want, sizeof(want) - 1)));
	assert_false(vg_json_str_eq(&doc, t, vg_str(want, sizeof(want))));
	assert_false(vg_json_str_eq(&doc, t, vg_str(want, sizeof(want) - 2)));
	assert_int_equal(vg_json_str(&doc, vg_json_root(&doc), out, sizeof(out)), -EINVAL);

	vg_buf_init(&b, NULL, 0, 100);
	vg_buf_putc(&b, '<');
	assert_int_equal(vg_json_str_buf(&doc, t, &b), 0);
	t = vg_json_next(&doc, vg_json_root(&doc), t);
	assert_int_equal(vg_json_str(&doc, t, NULL, 0), 0);
	assert_int_equal(vg_json_str_buf(&doc, t, &b), 0);
	t = vg_json_next(&doc, vg_json_root(&doc), t);
	assert_int_equal(vg_json_str_buf(&doc, t, &b), 0);
	assert_int_equal(vg_json_str_buf(&doc, NULL, &b), -EINVAL);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.len, 1 + sizeof(want) - 1 + 5);
	assert_memory_equal(b.p + b.len - 5, "plain", 5);
	vg_buf_free(&b);
}

static void utf8(void **state)
{
	char out[4];
	u32 cp, got;

	for (cp = 0; cp <= 0x110000; cp++) {
		unsigned int n = vg_utf8_encode(cp, out);

		if ((cp >= 0xd800 && cp <= 0xdfff) || cp > 0x10ffff) {
			assert_int_equal(n, 0);
			continue;
		}
		assert_int_equal(vg_utf8_decode(out, n, &got), n);
		assert_int_equal(got, cp);
		assert_int_equal(vg_utf8_decode(out, n - 1, &got), 0);
	}
	assert_true(vg_utf8_valid("", 0));
	assert_int_equal(vg_utf8_span("0123456789\xc3\xa9 0123456789\xff", 24), 23);
	assert_false(vg_utf8_valid("\xf8\x88\x80\x80\x80", 5));
	assert_false(vg_utf8_valid("\xe0\x80\xaf", 3));
}

static void assert_written(struct vg_jw *w, const char *want)
{
	struct vg_json doc;

	assert_int_equal(vg_jw_end(w), 0);
	assert_int_equal(w->b->len, strlen(want));
	assert_memory_equal(w->b->p, want, w->b->len);
	assert_int_equal(parse(&doc, vg_buf_view(w->b), TOKS), 0);
}

static void writes(void **state)
{
	struct vg_jw w;
	struct vg_buf b;

	vg_buf_init(&b, NULL, 0, 1 << 20);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_jw_kcstr(&w, "a", "x\"\\/\b\f\n\r\t\x01\x7f");
	vg_jw_ku64(&w, "n", 0);
	vg_jw_ks64(&w, "m", -5);
	vg_jw_kid(&w, "id", 18446744073709551615ULL);
	vg_jw_kbool(&w, "t", true);
	vg_jw_karr(&w, "l");
	vg_jw_bool(&w, false);
	vg_jw_null(&w);
	vg_jw_obj(&w);
	vg_jw_obj_end(&w);
	vg_jw_arr(&w);
	vg_jw_arr_end(&w);
	vg_jw_fmt(&w, "%d \"%s\"", 7, "q");
	vg_jw_arr_end(&w);
	vg_jw_kobj(&w, "k\n");
	vg_jw_obj_end(&w);
	vg_jw_key(&w, "r");
	vg_jw_raw(&w, VG_STR("[1]"));
	vg_jw_obj_end(&w);
	assert_written(
		&w,
		"{\"a\":\"x\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\",\"n\":0,\"m\":-5,"
		"\"id\":\"18446744073709551615\",\"t\":true,"
		"\"l\":[false,null,{},[],\"7 \\\"q\\\"\"],"
		"\"k\\n\":{},\"r\":[1]}");

	/* what is no UTF-8 becomes a replacement character a byte; the rest stays */
	vg_buf_reset(&b);
	vg_jw_init(&w, &b);
	vg_jw_str(&w, VG_STR("\xc3\xa9\xff\xe2\x82z\0"));
	assert_written(&w, "\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\\u0000\"");
	vg_buf_free(&b);
}

static void writer_refuses_misuse(void **state)
{
	struct vg_buf b;
	struct vg_jw w;
	int i;

	vg_buf_init(&b, NULL, 0, 1000);
#define MISUSE(calls) do {							\
		vg_buf_reset(&b);						\
		vg_jw_init(&w, &b);						\
		calls;								\
		assert_int_equal(vg_jw_end(&w), -EPROTO);			\
	} while (0)
	MISUSE((void)0);
	MISUSE(vg_jw_obj(&w));
	MISUSE((vg_jw_u64(&w, 1), vg_jw_u64(&w, 2)));
	MISUSE((vg_jw_obj(&w), vg_jw_u64(&w, 1), vg_jw_obj_end(&w)));
	MISUSE((vg_jw_arr(&w), vg_jw_obj_end(&w)));
	MISUSE((vg_jw_obj(&w), vg_jw_arr_end(&w)));
	MISUSE((vg_jw_arr(&w), vg_jw_key(&w, "k"), vg_jw_null(&w), vg_jw_arr_end(&w)));
	MISUSE((vg_jw_obj(&w), vg_jw_key(&w, "k"), vg_jw_obj_end(&w)));
	MISUSE((vg_jw_obj(&w), vg_jw_key(&w, "k"), vg_jw_key(&w, "k"), vg_jw_null(&w),
		vg_jw_obj_end(&w)));
	MISUSE((vg_jw_key(&w, "k"), vg_jw_null(&w)));
	MISUSE(vg_jw_obj_end(&w));
#undef MISUSE
	vg_buf_reset(&b);
	vg_jw_init(&w, &b);
	for (i = 0; i < VG_JW_DEPTH; i++)
		assert_int_equal(vg_jw_arr(&w), 0);
	assert_int_equal(vg_jw_arr(&w), -EPROTO);
	vg_buf_free(&b);
}

/*
 * Any bytes, written and read back: the same, or with replacement characters if they were no
 * UTF-8
 */
static void round_trip(void **state)
{
	u32 seed = 4711;
	int round;

	for (round = 0; round < 2000; round++) {
		char in[24], out[24];
		struct vg_json doc;
		struct vg_buf b;
		struct vg_jw w;
		size_t n, i;

		seed = seed * 1664525 + 1013904223;
		n = seed >> 16 & 15;
		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = seed >> (seed >> 30 ? 25 : 24);
		}
		vg_buf_init(&b, NULL, 0, 1000);
		vg_jw_init(&w, &b);
		vg_jw_str(&w, vg_str(in, n));
		assert_int_equal(vg_jw_end(&w), 0);
		assert_int_equal(parse(&doc, vg_buf_view(&b), TOKS), 0);
		if (vg_utf8_valid(in, n)) {
			assert_int_equal(vg_json_str(&doc, vg_json_root(&doc), out, sizeof(out)),
					 n);
			assert_memory_equal(in, out, n);
		}
		vg_buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts),
		cmocka_unit_test(refuses_with_position),
		cmocka_unit_test(refuses_every_prefix),
		cmocka_unit_test(limits),
		cmocka_unit_test(finds_duplicates_among_many),
		cmocka_unit_test(accessors),
		cmocka_unit_test(strings_decode),
		cmocka_unit_test(utf8),
		cmocka_unit_test(writes),
		cmocka_unit_test(writer_refuses_misuse),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
