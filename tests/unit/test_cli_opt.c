// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/opt.c and globals.c: command lines taken apart, good ones and wrong ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/globals.c"
#include "../../cli/opt.c"

/* what the files need of their neighbours */
const char *cli_nearest_option(const struct cli_option *options, const char *word)
{
	(void)options;
	return !strcmp(word, "tlt") ? "ttl" : NULL;
}

int run_usage(struct run *r, const char *fmt, ...)
{
	(void)r;
	(void)fmt;
	return VIRGO_USAGE;
}

enum virgo_code virgo_parse_size(const char *text, uint64_t *bytes, struct virgo_error *err)
{
	*bytes = strtoull(text, NULL, 10);
	err->message[0] = '\0';
	return *text >= '0' && *text <= '9' ? VIRGO_OK : VIRGO_USAGE;
}

enum virgo_code virgo_parse_duration(const char *text, uint64_t *ms, struct virgo_error *err)
{
	return virgo_parse_size(text, ms, err);
}

static const struct cli_option options[] = {
	{ 't', "ttl", "DUR", "" }, { 'f', "force", NULL, "" }, { 'n', "number", "N", "" },
	{ 0, "set", "X", "", .repeats = true }, { 0, "settle", NULL, "" }, { 0 }
};
static const struct cli_command plain = { "test", .options = options };
static const struct cli_command stop = { "test", .options = options, .flags = CLI_STOP_OPTIONS };
static const struct cli_command negative = { "test", .options = options, .flags = CLI_NEGATIVE };

struct line {
	struct run r;
	char why[CLI_WHY_MAX];
	bool help;
	int ret;
};

/* words end with NULL */
static void parse(struct line *l, const struct cli_command *cmd, const char *const *words)
{
	int argc = 0;

	memset(l, 0, sizeof(*l));
	l->r.cmd = cmd;
	while (words[argc])
		argc++;
	l->ret = run_parse(&l->r, argc, words, &l->help, l->why);
}

#define PARSE(l, cmd, ...) parse(l, cmd, (const char *const []){ __VA_ARGS__, NULL })

static void test_good(void **state)
{
	struct line l;

	PARSE(&l, &plain, "key", "--ttl", "5s", "value", "-f");
	assert_int_equal(l.ret, 0);
	assert_int_equal(l.r.argc, 2);
	assert_string_equal(l.r.argv[1], "value");
	assert_string_equal(run_opt(&l.r, "ttl"), "5s");
	assert_true(run_flag(&l.r, "force"));
	assert_false(run_flag(&l.r, "number"));
	run_parse_free(&l.r);

	PARSE(&l, &plain, "--ttl=", "-fn7", "-", "--", "-x", "--ttl");
	assert_int_equal(l.ret, 0);
	assert_string_equal(run_opt(&l.r, "ttl"), "");
	assert_string_equal(run_opt(&l.r, "number"), "7");
	assert_int_equal(l.r.argc, 3);
	assert_string_equal(l.r.argv[0], "-");
	assert_string_equal(l.r.argv[2], "--ttl");
	run_parse_free(&l.r);

	PARSE(&l, &plain, "--num", "1", "--set", "a", "--set", "b", "-o", "json", "-vv", "-h");
	assert_int_equal(l.ret, 0);
	assert_string_equal(run_opt(&l.r, "number"), "1");
	assert_string_equal(run_opt_at(&l.r, "set", 1), "b");
	assert_null(run_opt_at(&l.r, "set", 2));
	assert_string_equal(l.r.set.output, "json");
	assert_int_equal(l.r.set.verbose, 2);
	assert_true(l.help);
	run_parse_free(&l.r);
}

static void test_flags(void **state)
{
	struct line l;

	PARSE(&l, &stop, "-f", "program", "-f", "--ttl");
	assert_int_equal(l.ret, 0);
	assert_int_equal(l.r.argc, 3);
	assert_string_equal(l.r.argv[2], "--ttl");
	run_parse_free(&l.r);

	PARSE(&l, &negative, "key", "-5");
	assert_int_equal(l.ret, 0);
	assert_string_equal(l.r.argv[1], "-5");
	run_parse_free(&l.r);
}

static void wrong(const struct cli_command *cmd, const char *a, const char *b, const char *want)
{
	struct line l;

	PARSE(&l, cmd, a, b);
	assert_int_equal(l.ret, -1);
	assert_string_equal(l.why, want);
	run_parse_free(&l.r);
}

static void test_wrong(void **state)
{
	struct line l;

	wrong(&plain, "--nonsense", NULL, "unknown option \"--nonsense\"");
	wrong(&plain, "-z", NULL, "unknown option \"-z\"");
	wrong(&plain, "-\xff", NULL, "unknown option \"-?\"");
	wrong(&plain, "-5", NULL, "unknown option \"-5\"");
	wrong(&plain, "--ttl", NULL, "option --ttl needs a value, DUR");
	wrong(&plain, "-t", NULL, "option -t needs a value, DUR");
	wrong(&plain, "--force=yes", NULL, "option --force takes no value");
	wrong(&plain, "--ttl=1", "--ttl=2", "option --ttl is there twice");
	wrong(&plain, "--se", "x", "ambiguous option \"--se\"");
	wrong(&plain, "-o", "xml", "--output \"xml\" is none of table, json, ndjson, tsv, raw");
	PARSE(&l, &plain, "--tlt", "5s");
	assert_string_equal(l.r.hint, "did you mean --ttl?");
	run_parse_free(&l.r);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 }, { "100", 0, 100 }, { "101", VIRGO_USAGE, 9 }, { "", VIRGO_USAGE, 9 },
		{ "-1", VIRGO_USAGE, 9 }, { "1x", VIRGO_USAGE, 9 }, { "007", 0, 7 },
		{ "18446744073709551617", VIRGO_USAGE, 9 },
	};
	struct line l;
	uint64_t value;
	size_t i;

	for (i = 0; i < CLI_COUNT(cases); i++) {
		value = 9;
		PARSE(&l, &plain, "--number", cases[i].text);
		assert_int_equal(run_opt_u64(&l.r, "number", 100, &value), cases[i].ret);
		assert_int_equal(value, cases[i].value);
		run_parse_free(&l.r);
	}
}

static void test_globals(void **state)
{
	static const char *const words[] = {
		"-w", "node[1-3]", "-qvo", "json", "--timeout=3s", "mem", "get", "-w", NULL
	};
	char why[CLI_WHY_MAX];
	struct cli cli = { 0 };
	int used, special = 0;

	assert_int_equal(cli_parse_globals(&cli, 8, words, &used, &special, why), 0);
	assert_int_equal(used, 5);
	assert_string_equal(cli.set.nodes, "node[1-3]");
	assert_string_equal(cli.set.output, "json");
	assert_string_equal(cli.set.timeout, "3s");
	assert_true(cli.set.quiet);
	assert_int_equal(cli.set.verbose, 1);
	assert_int_equal(special, 0);
	assert_int_equal(cli_parse_globals(&cli, 1, (const char *const []){ "--version" }, &used,
					   &special, why), 0);
	assert_int_equal(special, 'V');
	assert_int_equal(cli_parse_globals(&cli, 1, (const char *const []){ "-w" }, &used, &special,
					   why), -1);
	assert_string_equal(why, "option -w needs a value, SET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_wrong), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_globals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
