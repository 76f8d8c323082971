// SPDX-License-Identifier: GPL-3.0-or-later
/* What is to be run, from JSON and from a line; base64; the line that runs wait in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <linux/shim.h>
#include <linux/slab.h>

#include "core/base64.c"
#include "core/buf.c"
#include "core/json_read.c"
#include "core/utf8.c"
#include "cpupool/heap.c"
#include "cpupool/spec.c"

/* --- good bodies ------------------------------------------------------------------------------------ */

static void take(struct cp_spec *spec, const char *body)
{
	struct cp_fault fault = {};

	if (cp_spec_parse(spec, body, strlen(body), &fault))
		fail_msg("%s: %s", body, fault.why);
}

static void bodies_are_taken_apart(void **state)
{
	struct cp_spec s;

	take(&s, "{\"name\":\"true\"}");
	assert_int_equal(s.kind, CP_PROGRAM);
	assert_string_equal(s.name, "true");
	assert_string_equal(s.cwd, "");
	assert_false(s.has_cwd);
	assert_int_equal(s.nargs, 0);
	assert_int_equal(s.timeout_ms, 0);
	cp_spec_free(&s);

	take(&s, "{\"priority\":-100,\"env\":{\"A\":\"\",\"PATH\":\"/x\"},\"stdin\":\"a\\u0000\\n\",\"args\":[\"\",\"b c\",\"\\u00e4\"],"
	     "\"timeout_ms\":5,\"cwd\":\"/tmp/x\",\"name\":\"/usr/bin/env\",\"kind\":\"program\"}");
	assert_int_equal(s.priority, -100);
	assert_int_equal(s.timeout_ms, 5);
	assert_string_equal(s.cwd, "/tmp/x");
	assert_int_equal(s.nargs, 3);
	assert_string_equal(s.args, "");
	assert_string_equal(cp_next(s.args), "b c");
	assert_string_equal(cp_next(cp_next(s.args)), "\xc3\xa4");
	/* the arguments and the environment lie one behind the other */
	assert_ptr_equal(cp_next(cp_next(cp_next(s.args))), s.env);
	assert_int_equal(s.nenv, 2);
	assert_string_equal(s.env, "A=");
	assert_string_equal(cp_next(s.env), "PATH=/x");
	assert_ptr_equal(cp_next(cp_next(s.env)), s.text + s.text_n);
	assert_int_equal(s.input_n, 3);
	assert_memory_equal(s.input, "a\0\n", 3);
	assert_int_equal(s.arg_bytes, 3 + 2 + 3);
	cp_spec_free(&s);

	take(&s, "{\"kind\":\"function\",\"name\":\"sample:upper\",\"stdin_b64\":\"AP8=\"}");
	assert_int_equal(s.kind, CP_FUNCTION);
	assert_memory_equal(s.input, "\0\xff", 2);
	cp_spec_free(&s);
}

/* --- bad ones: each is refused with a reason that names the culprit --------------------------------------- */

static const struct {
	const char *body, *why;
} bad[] = {
	{ "", "not JSON" }, { "[]", "object" }, { "{}", "\"name\" is missing" }, { "{\"name\":1}", "name is a string" },
	{ "{\"name\":\"\"}", "1 to 255" }, { "{\"name\":\"a\\u0000b\"}", "NUL" }, { "{\"name\":\"a\\nb\"}", "control" },
	{ "{\"name\":\"./a\"}", "absolute" }, { "{\"name\":\"a/b\"}", "absolute" }, { "{\"name\":\"/a/../b\"}", "absolute" },
	{ "{\"name\":\"/a//b\"}", "absolute" }, { "{\"name\":\"/a/\"}", "absolute" }, { "{\"name\":\"..\"}", "absolute" },
	{ "{\"name\":\"/\"}", "absolute" }, { "{\"name\":\"/a/.\"}", "absolute" },
	{ "{\"name\":\"a\",\"kind\":\"shell\"}", "kind is one of" }, { "{\"name\":\"a\",\"kind\":1}", "kind is one of" },
	{ "{\"name\":\"a/b\",\"kind\":\"kernel\"}", "function's name" },
	{ "{\"name\":\"a\",\"shell\":true}", "unknown member \"shell\"" },
	{ "{\"name\":\"a\",\"args\":\"x\"}", "args is an array" }, { "{\"name\":\"a\",\"args\":[1]}", "an argument is a string" },
	{ "{\"name\":\"a\",\"args\":[\"\\u0000\"]}", "NUL" },
	{ "{\"name\":\"a\",\"env\":[]}", "env is an object" }, { "{\"name\":\"a\",\"env\":{\"\":\"x\"}}", "variable's name" },
	{ "{\"name\":\"a\",\"env\":{\"1A\":\"x\"}}", "variable's name" }, { "{\"name\":\"a\",\"env\":{\"A=B\":\"x\"}}", "variable's name" },
	{ "{\"name\":\"a\",\"env\":{\"A\\u0042\":\"x\"}}", "variable's name" }, { "{\"name\":\"a\",\"env\":{\"A\":null}}", "value is a string" },
	{ "{\"name\":\"a\",\"cwd\":\"tmp\"}", "cwd is" }, { "{\"name\":\"a\",\"cwd\":\"/tmp/..\"}", "cwd is" },
	{ "{\"name\":\"a\",\"timeout_ms\":0}", "timeout_ms" }, { "{\"name\":\"a\",\"timeout_ms\":-1}", "timeout_ms" },
	{ "{\"name\":\"a\",\"timeout_ms\":1.5}", "timeout_ms" }, { "{\"name\":\"a\",\"priority\":101}", "priority" },
	{ "{\"name\":\"a\",\"stdin\":1}", "stdin is" }, { "{\"name\":\"a\",\"stdin\":\"\",\"stdin_b64\":\"\"}", "one of stdin" },
	{ "{\"name\":\"a\",\"stdin_b64\":\"A\"}", "base64" }, { "{\"name\":\"a\",\"stdin_b64\":\"AA\\u003d=\"}", "base64" },
	{ "{\"name\":\"a\",\"name\":\"b\"}", "not JSON" },
};

static void bad_bodies_are_refused(void **state)
{
	struct cp_spec spec;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct cp_fault fault = {};

		if (cp_spec_parse(&spec, bad[i].body, strlen(bad[i].body), &fault) != -EINVAL)
			fail_msg("taken: %s", bad[i].body);
		assert_int_equal(fault.status, 400);
		if (!strstr(fault.why, bad[i].why))
			fail_msg("%s: \"%s\" instead of \"%s\"", bad[i].body, fault.why, bad[i].why);
		cp_spec_free(&spec);
	}
}

/* @n arguments of @len bytes; the caller's to free() */
static char *many_args(size_t n, size_t len)
{
	char *body = malloc(n * (len + 3) + 64), *p = body;

	p += sprintf(p, "{\"name\":\"a\",\"args\":[");
	while (n--) {
		*p++ = '"';
		memset(p, 'x', len);
		p += len;
		*p++ = '"';
		if (n)
			*p++ = ',';
	}
	strcpy(p, "]}");
	return body;
}

static int status_of(char *body)
{
	struct cp_fault fault = {};
	struct cp_spec spec;
	int ret = cp_spec_parse(&spec, body, strlen(body), &fault);

	cp_spec_free(&spec);
	free(body);
	return ret ? fault.status : 200;
}

static void limits_are_kept(void **state)
{
	assert_int_equal(status_of(many_args(CP_ARGS_MAX, 1)), 200);
	assert_int_equal(status_of(many_args(CP_ARGS_MAX + 1, 1)), 400);
	/* "a", "", and the rest: to the last byte, each with its NUL */
	assert_int_equal(status_of(many_args(1, CP_TEXT_MAX - 3 - 1)), 200);
	assert_int_equal(status_of(many_args(1, CP_TEXT_MAX - 3)), 413);
	assert_int_equal(status_of(many_args(8192, 1)), 400);
}

/* --- lines ------------------------------------------------------------------------------------------------- */

static void lines_are_words(void **state)
{
	struct cp_fault fault = {};
	struct cp_spec s;

	assert_int_equal(cp_spec_line(&s, VG_STR("  echo  'a b'\"c\"  x\"\"  \"\" "), &fault), 0);
	assert_string_equal(s.name, "echo");
	assert_int_equal(s.nargs, 3);
	assert_string_equal(s.args, "a bc");
	assert_string_equal(cp_next(s.args), "x");
	assert_string_equal(cp_next(cp_next(s.args)), "");
	assert_ptr_equal(s.env, s.text + s.text_n);
	cp_spec_free(&s);
	assert_int_equal(cp_spec_line(&s, VG_STR("echo 'a"), &fault), -EINVAL);
	cp_spec_free(&s);
	assert_int_equal(cp_spec_line(&s, VG_STR("../echo"), &fault), -EINVAL);
	cp_spec_free(&s);
	/* nothing of a shell's */
	assert_int_equal(cp_spec_line(&s, VG_STR("echo $HOME;id|cat>x \\"), &fault), 0);
	assert_string_equal(s.args, "$HOME;id|cat>x");
	assert_string_equal(cp_next(s.args), "\\");
	cp_spec_free(&s);
}

/* --- base64 -------------------------------------------------------------------------------------------------- */

static void base64_both_ways(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {	/* RFC 4648, section 10 */
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	static const char *const wrong[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=Zg=", "Z===", "====", "Zm9v Zg==", "Zm-v", "Zg==Zg==",
	};
	u8 out[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vg_buf b;

		vg_buf_init(&b, NULL, 0, 64);
		assert_int_equal(vg_base64_encode(&b, cases[i].text, strlen(cases[i].text)), 0);
		assert_true(vg_str_is(vg_buf_view(&b), cases[i].code));
		vg_buf_free(&b);
		assert_int_equal(vg_base64_decode(vg_cstr(cases[i].code), out), strlen(cases[i].text));
		assert_memory_equal(out, cases[i].text, strlen(cases[i].text));
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (vg_base64_decode(vg_cstr(wrong[i]), out) != -EINVAL)
			fail_msg("taken: %s", wrong[i]);
}

/* --- the line ------------------------------------------------------------------------------------------------- */

enum { ITEMS = 500 };

static void the_line_keeps_its_order(void **state)
{
	struct cp_item item[ITEMS], *got, *before;
	struct cp_heap h = {};
	u32 i, round, left;

	srand(1);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < ITEMS; i++) {
			item[i] = (struct cp_item){ .priority = rand() % 5 - 2, .seq = i };
			assert_int_equal(cp_heap_push(&h, &item[i]), 0);
		}
		for (i = 0, left = ITEMS; i < ITEMS; i += 1 + rand() % 7, left--)
			cp_heap_remove(&h, &item[i]);
		cp_heap_remove(&h, &item[0]);	/* it is in none any more */
		for (before = NULL; (got = cp_heap_pop(&h)); before = got, left--) {
			assert_int_equal(got->at, 0);
			assert_true(!before || before->priority > got->priority ||
				    (before->priority == got->priority && before->seq < got->seq));
		}
		assert_int_equal(left, 0);
	}
	cp_heap_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_taken_apart),
		cmocka_unit_test(bad_bodies_are_refused),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(lines_are_words),
		cmocka_unit_test(base64_both_ways),
		cmocka_unit_test(the_line_keeps_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
