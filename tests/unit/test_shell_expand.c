// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The shell's evaluator with a host of its own: arithmetic, splitting, patterns and parameters by the table, and what a
 * prompt asks of it: going on after errors and interrupts, expanding $PS1, names for completion.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shell/int.h"

/* --- a host: "say WORD…" prints them, "fail N" ends with N, "strike" is Ctrl-C -------------------------------------- */

static struct sh *sh;
static int unknowns, environments, forks;
static char setting[64];

static bool knows(void *arg, const char *word)
{
	return !strcmp(word, "say") || !strcmp(word, "fail") || !strcmp(word, "strike");
}

static int run(void *arg, int argc, const char *const *argv)
{
	int i;

	if (!strcmp(argv[0], "fail"))
		return atoi(argv[1]);
	if (!strcmp(argv[0], "strike")) {
		sh_interrupt(sh);
		return 130;
	}
	for (i = 1; i < argc; i++)
		printf("<%s>", argv[i]);
	return 0;
}

static void unknown(void *arg, const char *word, bool is_program)
{
	unknowns++;
}

static const char *set(void *arg, const char *name, const char *value)
{
	if (!strcmp(value, "bad"))
		return "it is bad";
	snprintf(setting, sizeof(setting), "%s=%s", name, value);
	return NULL;
}

static const char *get(void *arg, const char *name)
{
	return setting;
}

static void forked(void *arg)
{
	forks++;
}

static void environment(void *arg)
{
	environments++;
}

static const struct sh_host host = {
	.knows = knows, .run = run, .unknown = unknown, .set = set, .get = get, .forked = forked,
	.environment = environment,
};

static int setup(void **state)
{
	sh = sh_new(&host, "test");
	return sh ? 0 : -1;
}

static int teardown(void **state)
{
	sh_free(sh);
	return 0;
}

static int text(const char *s)
{
	return sh_run_text(sh, "test", s, strlen(s));
}

/* standard error of the test goes nowhere while text runs that is wrong */
static int quiet(const char *s)
{
	int kept = dup(2), null, ret;

	fflush(stderr);
	null = open("/dev/null", O_WRONLY);
	dup2(null, 2);
	ret = text(s);
	fflush(stderr);
	dup2(kept, 2);
	close(kept);
	close(null);
	return ret;
}

static void value_is(const char *name, const char *want)
{
	const char *is = sh_get(sh, name);

	if (!want)
		assert_null(is);
	else
		assert_string_equal(is ? is : "(not set)", want);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static void arithmetic(void **state)
{
	static const struct {
		const char *expression, *want;	/* NULL: an error */
	} table[] = {
		{ "1 + 2 * 3 - 4 / 2", "5" }, { "(1 + 2) * 3", "9" }, { "-7 / 2", "-3" }, { "-7 % 3", "-1" },
		{ "2 - 3 - 4", "-5" }, { "100 / 10 / 5", "2" }, { "1 << 2 + 1", "8" }, { "1 | 2 ^ 3 & 4", "3" },
		{ "1 < 2 == 1", "1" }, { "5 & 3 == 3", "1" }, { "!0 + !5", "1" }, { "~0", "-1" }, { "- - 3", "3" },
		{ "1 ? 2 : 3 ? 4 : 5", "2" }, { "0 ? 2 : 0 ? 4 : 5", "5" }, { "0 && 1 / 0", "0" }, { "1 || 1 / 0", "1" },
		{ "1 ? 7 : 1 / 0", "7" }, { "0x7fffffffffffffff", "9223372036854775807" }, { "010 + 0x10", "24" },
		{ "9223372036854775807 + 1", "-9223372036854775808" }, { "9223372036854775807 * 2", "-2" },
		{ "(-9223372036854775807 - 1) / -1", "-9223372036854775808" },
		{ "(-9223372036854775807 - 1) % -1", "0" }, { "-(-9223372036854775807 - 1)", "-9223372036854775808" },
		{ "1 << 64", "1" }, { "-8 >> 1", "-4" }, { "1 << 63", "-9223372036854775808" },
		{ "a = 3", "3" }, { "a += 4", "7" }, { "a <<= 2", "28" }, { "a %= 5", "3" }, { "a = b = 2", "2" },
		{ "a == 2 && b == 2", "1" }, { "0 && (a = 9)", "0" }, { "a", "2" }, { "unset_", "0" }, { "", "0" },
		{ "9223372036854775808", NULL }, { "0x10000000000000000", NULL }, { "1 / 0", NULL }, { "1 % 0", NULL },
		{ "08", NULL }, { "1 +", NULL }, { "(1", NULL }, { "1)", NULL }, { "1 2", NULL }, { "a++", NULL },
		{ "--a", NULL }, { "3 = 4", NULL }, { "1 ? 2", NULL }, { "0x", NULL }, { "1a", NULL }, { "1, 2", NULL },
		{ "word", NULL }, { "1 - -1", "2" }, { "1--1", "2" }, { "a /= 0", NULL },
	};
	char line[128];
	size_t i;
	int ret;

	sh_options(sh)->interactive = true;
	sh_put(sh, "word", "abc");
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(line, sizeof(line), "r=$((%s))", table[i].expression);
		ret = table[i].want ? text(line) : quiet(line);
		if (ret != (table[i].want ? 0 : SH_ST_ERROR))
			fail_msg("%s: status %d", line, ret);
		if (table[i].want && strcmp(sh_get(sh, "r"), table[i].want))
			fail_msg("%s: %s", line, sh_get(sh, "r"));
	}
}

/* fields of $v, joined by | */
static void splitting(void **state)
{
	static const struct {
		const char *ifs, *value, *want;
	} table[] = {
		{ " \t\n", "a b  c", "a|b|c" }, { " \t\n", "  a\n\tb ", "a|b" }, { " \t\n", "", "" }, { " \t\n", "  ", "" },
		{ ":", "a:b", "a|b" }, { ":", "a::b", "a||b" }, { ":", ":a", "|a" }, { ":", "a:", "a" }, { ":", "::", "|" },
		{ ":", "a b", "a b" }, { " :", " a : b ", "a|b" }, { " :", "a: :b", "a||b" }, { " :", " : a", "|a" },
		{ "", "a b", "a b" }, { "x", "axxb", "a||b" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		sh_put(sh, "IFS", table[i].ifs);
		sh_put(sh, "v", table[i].value);
		assert_int_equal(text("set -- $v; IFS='|'; r=\"$*\""), 0);
		if (strcmp(sh_get(sh, "r"), table[i].want))
			fail_msg("IFS \"%s\", \"%s\": %s", table[i].ifs, table[i].value, sh_get(sh, "r"));
	}
}

static void joined_fields(void **state)
{
	static const struct {
		const char *words, *want;
	} table[] = {
		{ "$a$b", "x|y|z" }, { "\"$a\"$b", "x y|z" }, { "q$a", "qx|y" }, { "$a\"\"", "x|y" }, { "$c\"\"", "x|" }, { "$c$b", "x|z" }, { "$none", "" },
		{ "\"$none\"", "" }, { "\"\" $none \"\"", "|" }, { "${none:-a b}", "a|b" }, { "\"${none:-a b}\"", "a b" },
		{ "${none:-\"a b\" c}", "a b|c" }, { "${a:+$b}", "z" }, { "$(echo 1 2)3", "1|23" }, { "'$a'", "$a" },
		{ "\"$@\"", "1 1|2" }, { "$@", "1|1|2" }, { "\"-$@-\"", "-1 1|2-" }, { "\"$*\"", "1 1 2" },
		{ "${none+no}", "" }, { "${a+$a}q", "x|yq" }, { "$((1+1))$((3))", "23" },
	};
	char line[128];
	size_t i;

	sh_put(sh, "a", "x y");
	sh_put(sh, "b", " z");
	sh_put(sh, "c", "x ");
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(line, sizeof(line), "set -- '1 1' 2; set -- %s; IFS='|'; r=\"$*\"; unset IFS", table[i].words);
		assert_int_equal(text(line), 0);
		if (strcmp(sh_get(sh, "r"), table[i].want))
			fail_msg("%s: %s", table[i].words, sh_get(sh, "r"));
	}
}

static void patterns(void **state)
{
	static const struct {
		const char *word, *want;
	} table[] = {
		{ "${p##*/}", "lib.so.1" }, { "${p#*/}", "usr/lib.so.1" }, { "${p%/*}", "/usr" }, { "${p%%/*}", "" },
		{ "${p%.*}", "/usr/lib.so" }, { "${p%%.*}", "/usr/lib" }, { "${p#/usr}", "/lib.so.1" }, { "${p#usr}", "/usr/lib.so.1" },
		{ "${s#a\\*}", "b" }, { "${s#'a*'}", "b" }, { "${s#\"a*\"}", "b" }, { "${s##a*}", "" }, { "${s%\"$q\"}", "a*b" },
		{ "${s#$q}", "*b" }, { "${s%[b-d]}", "a*" }, { "${s%[!b]}", "a*b" }, { "${s#\"$s\"}", "" }, { "${none#x}", "" },
		{ "${s#}", "a*b" }, { "${#s}", "3" }, { "${long#a}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "${long##*b}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	};
	char line[128];
	size_t i;

	sh_put(sh, "p", "/usr/lib.so.1");
	sh_put(sh, "s", "a*b");
	sh_put(sh, "q", "?");
	sh_put(sh, "long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(line, sizeof(line), "r=%s; t=\"%s\"", table[i].word, table[i].word);
		assert_int_equal(text(line), 0);
		if (strcmp(sh_get(sh, "r"), table[i].want) || strcmp(sh_get(sh, "t"), table[i].want))
			fail_msg("%s: %s, %s", table[i].word, sh_get(sh, "r"), sh_get(sh, "t"));
	}
}

/* --- variables ----------------------------------------------------------------------------------------------------- */

static void many_variables(void **state)
{
	char name[32];
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		assert_int_equal(sh_put(sh, name, name), 0);
	}
	for (i = 0; i < 5000; i += 7) {
		snprintf(name, sizeof(name), "v%d", i);
		value_is(name, name);
	}
	assert_int_equal(text("unset v7 v14"), 0);
	value_is("v7", NULL);
	value_is("v21", "v21");
	assert_int_equal(sh_put(sh, "1x", ""), -1);
	assert_int_equal(sh_put(sh, "a-b", ""), -1);
	assert_int_equal(text("readonly v21"), 0);
	assert_int_equal(sh_put(sh, "v21", "x"), -1);
	value_is("v21", "v21");
}

static void environment_follows(void **state)
{
	assert_int_equal(text("A1=x; export A1"), 0);
	assert_string_equal(getenv("A1"), "x");
	assert_int_equal(text("f() { local A1=in; r=$(!printenv A1); }; f; s=$(!printenv A1)"), 0);
	value_is("r", "in");
	value_is("s", "x");
	assert_int_equal(text("A2=y say >/dev/null; unset A1"), 0);
	assert_null(getenv("A1"));
	assert_null(getenv("A2"));
	environments = 0;
	assert_int_equal(text("VIRGO_T=1"), 0);
	assert_int_equal(environments, 0);
	assert_int_equal(text("export VIRGO_T; VIRGO_T=2; VIRGO_T=3 say >/dev/null"), 0);
	assert_int_equal(environments, 4);
	assert_string_equal(getenv("VIRGO_T"), "2");
	unsetenv("VIRGO_T");
}

static void locals(void **state)
{
	assert_int_equal(text("x=1; f() { local x y; r=$x; x=2; y=3; g; }; g() { s=$x$y; x=4; }; f"), 0);
	value_is("r", "1");
	value_is("s", "23");
	value_is("x", "1");
	value_is("y", NULL);
	assert_int_equal(text("f() { local IFS=:; v=a:b; set -- $v; r=$#; }; f; v='a b'; set -- $v; r=$r$#"), 0);
	value_is("r", "22");
	assert_int_equal(text("f() { f() { r=new; }; r=old; }; f; s=$r; f"), 0);
	value_is("s", "old");
	value_is("r", "new");
	assert_int_equal(quiet("f() { f; }; f; r=not"), SH_ST_ERROR);
}

/* --- what stays in the process, what does not -------------------------------------------------------------------------- */

static void substitutions(void **state)
{
	assert_int_equal(text("r=$(say a 'b c')$(echo; echo)$(fail 3); s=$?"), 0);
	value_is("r", "<a><b c>");
	value_is("s", "3");
	assert_int_equal(text("x=1; r=$(: ${x:=2} ${y:=3}; echo $x$y); s=${y-none}; t=$(echo $((z=5)))${z-none}"), 0);
	value_is("r", "13");
	value_is("s", "none");
	value_is("t", "5none");
	assert_int_equal(text("r=$(cd /; pwd); s=$(echo $(echo $(echo deep)))"), 0);
	value_is("r", "/");
	value_is("s", "deep");
	sh_options(sh)->interactive = true;
	assert_int_equal(quiet("r=kept; r=$(printf 'a\\0b'); r=not"), SH_ST_ERROR);
	value_is("r", "kept");
	assert_int_equal(quiet("r=$(echo ${none?}; echo not); s=$?"), 0);
	value_is("r", "");
	value_is("s", "2");
	assert_int_equal(forks, 0);	/* a child's count is the child's */
}

static void settings(void **state)
{
	assert_int_equal(text("output json; r=$(output)"), 0);
	value_is("r", "output=json");
	assert_int_equal(quiet("use bad"), SH_ST_ERROR);
	unknowns = 0;
	assert_int_equal(quiet("nobody_knows"), SH_ST_NOT_FOUND);
	assert_int_equal(unknowns, 1);
}

/* --- for a prompt -------------------------------------------------------------------------------------------------------- */

static void goes_on_after_errors(void **state)
{
	int status;

	sh_options(sh)->interactive = true;
	assert_int_equal(quiet("r=1; echo ${none?}; r=2"), SH_ST_ERROR);
	assert_false(sh_exiting(sh, &status));
	assert_int_equal(status, SH_ST_ERROR);
	value_is("r", "1");
	assert_int_equal(quiet("if"), SH_ST_ERROR);
	assert_int_equal(quiet("while :; do f() { : ${none?}; }; f; done"), SH_ST_ERROR);
	assert_int_equal(text("r=$?; break; return 3; r=not"), 3);
	value_is("r", "2");
	assert_int_equal(text("exit 7; r=not"), 7);
	assert_true(sh_exiting(sh, &status));
	assert_int_equal(status, 7);
	assert_int_equal(text("r=not"), 7);
	value_is("r", "2");
}

static void interrupts(void **state)
{
	int status;

	sh_options(sh)->interactive = true;
	assert_int_equal(text("r=1; strike; r=2"), SH_ST_INTERRUPTED);
	assert_int_equal(text("r=1; while :; do strike; done; r=2"), SH_ST_INTERRUPTED);
	assert_int_equal(text("r=1; x=$(strike); r=2"), SH_ST_INTERRUPTED);
	assert_int_equal(text("r=1; strike | :; r=2"), SH_ST_INTERRUPTED);
	assert_int_equal(text("f() { strike; r=2; }; f || r=3; r=4"), SH_ST_INTERRUPTED);
	value_is("r", "1");
	sh_interrupt(sh);	/* a key at the prompt */
	assert_int_equal(text("r=5"), 0);
	value_is("r", "5");
	assert_int_equal(text("trap 'r=trap' INT; strike; s=$?"), 0);
	value_is("r", "trap");
	value_is("s", "130");
	assert_int_equal(text("trap - INT"), 0);
	sh_options(sh)->interactive = false;
	assert_int_equal(text("strike; r=6"), SH_ST_INTERRUPTED);
	assert_true(sh_exiting(sh, &status));
	assert_int_equal(status, SH_ST_INTERRUPTED);
}

static void signals(void **state)
{
	assert_int_equal(text("trap 'r=${r}u' USR1; :"), 0);
	sh_signal(sh, 10);
	sh_signal(sh, 10);
	assert_int_equal(text("fail 4"), 4);
	value_is("r", "u");
	assert_int_equal(sh_status(sh), 4);
	assert_int_equal(text("trap 's=$?; exit' EXIT"), 0);
	assert_int_equal(sh_exit_trap(sh, 9), 9);
	value_is("s", "9");
	assert_int_equal(sh_exit_trap(sh, 8), 8);
}

static void prompts(void **state)
{
	static const struct {
		const char *ps1, *want;
	} table[] = {
		{ "virgo> ", "virgo> " }, { "$x \"q\" 'p' \\$ > ", "v \"q\" 'p' $ > " }, { "$(say a)$((1+1))", "<a>2" }, { "", "" },
		{ "two\nlines", "two\nlines" },
	};
	char *is;
	size_t i;

	sh_options(sh)->interactive = true;
	sh_put(sh, "x", "v");
	text("fail 3");
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		is = sh_expand_text(sh, table[i].ps1);
		assert_string_equal(is ? is : "", table[i].want);
		free(is);
	}
	assert_null(sh_expand_text(sh, "${none?}"));
	assert_null(sh_expand_text(sh, "$("));
	assert_int_equal(sh_status(sh), 3);
	assert_int_equal(text("r=on"), 0);
}

static void names(void **state)
{
	bool seen = false;
	size_t i;

	assert_int_equal(text("my_variable=1; my_function() { :; }"), 0);
	for (i = 0; sh_variable_at(sh, i); i++)
		seen = seen || !strcmp(sh_variable_at(sh, i), "my_variable");
	assert_true(seen);
	assert_string_equal(sh_function_at(sh, 0), "my_function");
	assert_null(sh_function_at(sh, 1));
	for (i = 0; sh_builtin_at(i); i++) {
		assert_ptr_equal(&sh_builtin_find(sh_builtin_at(i)->name)->help, sh_builtin_at(i));
		assert_true(*sh_builtin_at(i)->usage && *sh_builtin_at(i)->summary);
		assert_true(!i || strcmp(sh_builtin_at(i - 1)->name, sh_builtin_at(i)->name) < 0);
	}
	assert_null(sh_builtin_find("nobody"));
	assert_null(sh_builtin_find(""));
	for (i = 0; sh_construct_at(i); i++)
		assert_true(*sh_construct_at(i)->usage && *sh_construct_at(i)->summary);
}

static void secrets(void **state)
{
	static const char *const secret[] = { "MY_SECRET", "db_password", "TOKEN", "AWS_KEY" };
	size_t i, at;

	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		assert_true(sh_is_secret(secret[i]));
	assert_false(sh_is_secret("KEY"));
	assert_false(sh_is_secret("PATH"));
	assert_int_equal(sh_find_secret(sh, "tester:0123456789abcdef0123456789abcdef", &at), 32);
	assert_int_equal(at, 7);
	assert_int_equal(sh_find_secret(sh, "/usr/lib/x86_64-linux-gnu", &at), 0);
	sh_put(sh, "MY_TOKEN", "hush");
	assert_int_equal(sh_find_secret(sh, "say hush", &at), 4);
	assert_int_equal(at, 4);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(arithmetic), TEST(splitting), TEST(joined_fields), TEST(patterns), TEST(many_variables),
		TEST(environment_follows), TEST(locals), TEST(substitutions), TEST(settings), TEST(goes_on_after_errors),
		TEST(interrupts), TEST(signals), TEST(prompts), TEST(names), TEST(secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
