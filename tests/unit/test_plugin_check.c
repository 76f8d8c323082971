// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/plugin-check.c: what a descriptor may hold, good ones and everything that is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/outtext.c"
#include "../../cli/plugin-check.c"

/* what the file needs of its neighbours */
enum virgo_code virgo_error_set(struct virgo_error *err, enum virgo_code code, const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof(*err));
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	return code;
}

void virgo_error_hint(struct virgo_error *err, const char *fmt, ...)
{
	(void)fmt;
	strcpy(err->hint, "there is one");
}

bool plugin_is_word(const char *word)
{
	return *word >= 'a' && *word <= 'z' && strlen(word) <= VIRGO_PLUGIN_NAME_MAX &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(word);
}

int plugin_run(struct run *r)
{
	(void)r;
	return 0;
}

void plugin_offer(struct completing *c, const struct cli_command *cmd, const struct cli_cursor *at)
{
	(void)c;
	(void)cmd;
	(void)at;
}

static int run(const struct virgo_plugin_host *host, struct virgo_plugin_run *r)
{
	(void)host;
	(void)r;
	return 0;
}

static void offer(const struct virgo_plugin_host *host, struct virgo_plugin_completion *c,
		  const struct virgo_plugin_cursor *at)
{
	(void)host;
	(void)c;
	(void)at;
}

static const char *const words[] = { "one", "two", NULL };

/* One plugin with room to spoil. */
struct sample {
	struct virgo_plugin_option options[VIRGO_PLUGIN_OPTIONS_MAX + 2];
	struct virgo_plugin_command commands[VIRGO_PLUGIN_COMMANDS_MAX + 2];
	struct virgo_plugin_function functions[VIRGO_PLUGIN_FUNCTIONS_MAX + 2];
	struct virgo_plugin d;
};

static struct sample *fresh(void)
{
	static struct sample s;

	memset(&s, 0, sizeof(s));
	s.options[0] = (struct virgo_plugin_option){ 'n', "number", "N", "how many" };
	s.options[1] = (struct virgo_plugin_option){ 0, "kind", "KIND", "which", CLI_C_WORDS, words,
						     1 };
	s.commands[0] = (struct virgo_plugin_command){
		"count", "PREFIX", "count things", "A line.\n\n\tAnother.", s.options, 1, 2,
		VIRGO_PLUGIN_NEEDS_NODES, CLI_C_CALL, NULL, run, offer };
	s.commands[1] = (struct virgo_plugin_command){ .name = "", .summary = "alone", .run = run };
	s.functions[0] = (struct virgo_plugin_function){ "my_own_each", "each", "my_own_each() { :; }\n" };
	s.d = (struct virgo_plugin){ VIRGO_PLUGIN_HEAD, "my-own", "1.0", "a test", s.commands,
				     s.functions };
	return &s;
}

static struct virgo_error err;

static void refused_at(int where, const struct sample *s, const char *why)
{
	struct plugin p = { .path = (char *)"/p/my-own.so" };
	int ret = plugin_check(&p, "my-own", &s->d, &err);

	plugin_check_free(&p);
	if (!ret || !strstr(err.message, why) || !strstr(err.message, "/p/my-own.so") || !*err.hint)
		fail_msg("line %d: %d, \"%s\"", where, ret, err.message);
}

#define REFUSED(change, why)						\
	do {								\
		struct sample *s = fresh();				\
									\
		change;							\
		refused_at(__LINE__, s, why);				\
	} while (0)

static void test_good(void **state)
{
	struct plugin p = { .path = (char *)"/p/my-own.so" };
	struct sample *s = fresh();

	(void)state;
	assert_int_equal(plugin_check(&p, "my-own", &s->d, &err), 0);
	assert_int_equal(p.ncommands, 2);
	assert_string_equal(p.rows[0].name, "my-own count");
	assert_string_equal(p.rows[1].name, "my-own");
	assert_null(p.rows[2].name);
	assert_string_equal(p.rows[1].args, "");
	assert_null(p.rows[1].options);
	assert_null(p.rows[1].offer);
	assert_string_equal(p.rows[0].options[1].name, "kind");
	assert_int_equal(p.rows[0].options[1].complete, CLI_C_WORDS);
	assert_true(p.rows[0].options[1].repeats);
	assert_null(p.rows[0].options[2].name);
	assert_int_equal(p.rows[0].min_args, 1);
	assert_int_equal(p.nfunctions, 1);
	assert_string_equal(p.group.name, "plugins");
	assert_string_equal(p.group.origin, "/p/my-own.so");
	plugin_check_free(&p);
}

/* a later header: structures that are longer, of which only ours is read */
static void test_longer(void **state)
{
	struct longer {
		struct virgo_plugin_command c;
		const char *more[3];
	} commands[3];
	struct plugin p = { .path = (char *)"/p/my-own.so" };
	struct sample *s = fresh();

	(void)state;
	memset(commands, 0, sizeof(commands));
	commands[0].c = s->commands[0];
	commands[0].more[0] = "later";
	commands[1].c = s->commands[1];
	s->d.commands = &commands[0].c;
	s->d.head.command_size = sizeof(struct longer);
	assert_int_equal(plugin_check(&p, "my-own", &s->d, &err), 0);
	assert_int_equal(p.ncommands, 2);
	assert_string_equal(p.rows[1].summary, "alone");
	plugin_check_free(&p);
}

static void test_head(void **state)
{
	(void)state;
	REFUSED(s->d.head.abi = 2, "plugin ABI 2, and virgo " VIRGO_VERSION " has plugin ABI 1");
	REFUSED(s->d.head.abi = 0, "plugin ABI 0, and virgo");
	REFUSED(s->d.head.plugin_size = 16, "VIRGO_PLUGIN_HEAD");
	REFUSED(s->d.head.plugin_size = 100000, "VIRGO_PLUGIN_HEAD");
	REFUSED(s->d.head.command_size = 0, "VIRGO_PLUGIN_HEAD");
	REFUSED(s->d.head.command_size -= 8, "VIRGO_PLUGIN_HEAD");
	REFUSED(s->d.head.option_size += 1, "VIRGO_PLUGIN_HEAD");
	REFUSED(s->d.head.function_size = ~0u, "VIRGO_PLUGIN_HEAD");
	REFUSED(s->d.name = NULL, "it has no name");
	REFUSED(s->d.name = "other", "it is \"other\", so its file has to be other.so");
	REFUSED(s->d.version = NULL, "no version");
	REFUSED(s->d.version = "", "no version");
	REFUSED(s->d.version = "1 0", "no version");
	REFUSED(s->d.version = "1.0000000000000000000000000000000000000000", "no version");
	REFUSED(s->d.summary = NULL, "it has no summary");
	REFUSED(s->d.summary = "two\nlines", "its summary is not one line");
	REFUSED(s->d.summary = "bell\a", "its summary is not one line");
	REFUSED(s->d.summary = "\xff", "its summary is not one line");
	REFUSED(s->d.commands = NULL, "it has no commands");
	REFUSED(s->commands[0].name = NULL, "it has no commands");
}

static void many_commands(struct sample *s)
{
	static char names[VIRGO_PLUGIN_COMMANDS_MAX + 1][8];
	size_t i;

	for (i = 0; i <= VIRGO_PLUGIN_COMMANDS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "c%zu", i);
		s->commands[i] = (struct virgo_plugin_command){ .name = names[i], .summary = "s",
								.run = run };
	}
}

static void test_commands(void **state)
{
	(void)state;
	REFUSED(s->commands[0].name = "two words", "command \"two words\": that is no name");
	REFUSED(s->commands[0].name = "Upper", "that is no name");
	REFUSED(s->commands[0].name = "-x", "that is no name");
	REFUSED(s->commands[0].name = "a2345678901234567890123456789", "that is no name");
	REFUSED(s->commands[0].name = "", "it is there twice");
	REFUSED(s->commands[0].summary = NULL, "command \"count\": it has no summary");
	REFUSED(s->commands[0].args = "A\tB", "its synopsis is not one line");
	REFUSED(s->commands[0].detail = "esc \033[2J", "its detail is not text");
	REFUSED(s->commands[0].run = NULL, "it has no run()");
	REFUSED(s->commands[0].min_args = 3, "it wants at least 3 arguments and at most 2");
	REFUSED(s->commands[0].flags = 0x100, "flags that this virgo doesn't know (0x100)");
	REFUSED(s->commands[0].complete = 99, "its way of completion is unknown (99)");
	REFUSED(s->commands[0].complete = -1, "its way of completion is unknown (-1)");
	REFUSED(s->commands[0].offer = NULL, "no offer() to complete it");
	REFUSED(s->commands[0].complete = CLI_C_WORDS, "it has no words for its completion");
	REFUSED(many_commands(s), "more than 64 commands");
}

static void many_options(struct sample *s)
{
	static char names[VIRGO_PLUGIN_OPTIONS_MAX + 1][8];
	size_t i;

	for (i = 0; i <= VIRGO_PLUGIN_OPTIONS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "o%zu", i);
		s->options[i] = (struct virgo_plugin_option){ .name = names[i], .help = "h" };
	}
}

static void test_options(void **state)
{
	static const char *const bad_words[] = { "fine", "not\nfine", NULL };

	(void)state;
	REFUSED(s->options[0].name = "x", "option \"x\": that is no name");
	REFUSED(s->options[0].name = "", "that is no name");
	REFUSED(s->options[0].name = "--number", "that is no name");
	REFUSED(s->options[0].name = "a b", "that is no name");
	REFUSED(s->options[0].name = "a=b", "that is no name");
	REFUSED(s->options[0].name = "help", "--help is virgo's own");
	REFUSED(s->options[0].letter = '-', "its letter can't be one");
	REFUSED(s->options[0].letter = 'h', "its letter can't be one");
	REFUSED(s->options[0].letter = ' ', "its letter can't be one");
	REFUSED(s->options[0].arg = "", "its value has an empty name");
	REFUSED(s->options[0].help = NULL, "it has no help");
	REFUSED(s->options[0].complete = CLI_C_WORDS, "it has no words");
	REFUSED(s->options[0].complete = 42, "unknown (42)");
	REFUSED((s->options[0].complete = CLI_C_WORDS, s->options[0].words = bad_words),
		"word 2 of its completion");
	REFUSED(s->options[0].name = "kind", "it is there twice");
	REFUSED(s->options[1].letter = 'n', "it is there twice");
	REFUSED(many_options(s), "more than 24 options");
}

static void many_functions(struct sample *s)
{
	size_t i;

	for (i = 0; i <= VIRGO_PLUGIN_FUNCTIONS_MAX; i++)
		s->functions[i] = s->functions[0];
}

static void test_functions(void **state)
{
	(void)state;
	REFUSED(s->functions[0].name = "each", "does not begin with the plugin's and \"_\"");
	REFUSED(s->functions[0].name = "my-own_each", "does not begin");
	REFUSED(s->functions[0].name = "my_own_", "does not begin");
	REFUSED(s->functions[0].name = "my_own_a b", "does not begin");
	REFUSED(s->functions[0].name = "my_own_a;reboot", "does not begin");
	REFUSED(s->functions[0].summary = NULL, "it has no summary");
	REFUSED(s->functions[0].text = NULL, "its text is not text");
	REFUSED(s->functions[0].text = "x() {\r}", "its text is not text");
	REFUSED(many_functions(s), "more than 64 functions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_longer),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
