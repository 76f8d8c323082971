// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/plugin-load.c, plugin-dirs.c, plugin-trust.c: finding, refusing, and functions of the shell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../cli/beside.c"
#include "../../cli/plugin-dirs.c"
#include "../../cli/plugin-load.c"
#include "../../cli/plugin-trust.c"

/* what the files need of their neighbours */
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
	(void)err;
	(void)fmt;
}

void virgo_error_clear(struct virgo_error *err)
{
	memset(err, 0, sizeof(*err));
}

enum virgo_code run_errno(int error)
{
	return error == ENOENT ? VIRGO_NOT_FOUND : VIRGO_FAILED;
}

const struct cli_command *cli_find(int argc, const char *const *argv, int *used)
{
	static const struct cli_command status = { "status" };

	*used = 1;
	return argc && !strcmp(argv[0], "status") ? &status : NULL;
}

bool cli_is_group(const char *word)
{
	return !strcmp(word, "mem");
}

int plugin_check(struct plugin *p, const char *word, const struct virgo_plugin *from,
		 struct virgo_error *err)
{
	(void)p;
	(void)word;
	(void)from;
	(void)err;
	return -1;
}

void plugin_check_free(struct plugin *p)
{
	(void)p;
}

static char dir[] = "/tmp/virgo-plugin-XXXXXX";
static struct virgo_error err;

static void file(const char *name, mode_t mode)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("no object\n", f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	setenv("VIRGO_PLUGIN_PATH", dir, 1);
	setenv("XDG_DATA_HOME", "/no/such", 1);
	setenv("PATH", dir, 1);
	file("text.so", 0644);
	file("mem.so", 0644);
	file("Bad Name.so", 0644);
	file("open.so", 0666);
	file("virgo-prog", 0755);
	file("virgo-text", 0755);
	file("virgo-plain", 0644);
	file("virgo-status", 0755);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "text.so", "mem.so", "Bad Name.so", "open.so", "virgo-prog",
					     "virgo-text", "virgo-plain", "virgo-status" };
	char path[PATH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < CLI_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static void test_words(void **state)
{
	struct plugin_word *words;
	size_t n;

	(void)state;
	/* sorted, once each, less what is built in, is no word, or can't be run */
	n = plugin_words(&words);
	assert_int_equal(n, 3);
	assert_string_equal(words[0].name, "open");
	assert_string_equal(words[1].name, "prog");
	assert_false(words[1].object);
	assert_string_equal(words[2].name, "text");
	assert_true(words[2].object);
	free(words);
	assert_true(cli_knows("text"));
	assert_true(cli_knows("prog"));
	assert_true(cli_knows("mem"));
	assert_true(cli_knows("status"));
	assert_false(cli_knows("plain"));
	assert_false(cli_knows("Bad Name"));
	assert_false(cli_knows("../text"));
	assert_false(cli_knows(""));
}

static void test_dirs(void **state)
{
	char list[PLUGIN_DIRS_MAX * 8 + 64], at[PATH_MAX];
	size_t i, n;

	(void)state;
	setenv("VIRGO_PLUGIN_PATH", "a::b:", 1);
	assert_true(plugin_dir_at(0, at));
	assert_string_equal(at, "a");
	assert_true(plugin_dir_at(1, at));
	assert_string_equal(at, "");
	assert_true(plugin_dir_at(2, at));
	assert_string_equal(at, "b");
	assert_true(plugin_dir_at(3, at));
	assert_true(plugin_dir_at(4, at));
	assert_string_equal(at, "/no/such/virgo/plugins");
	assert_true(plugin_dir_at(6, at));
	assert_string_equal(at, VIRGO_LIBDIR "/virgo/plugins");
	assert_false(plugin_dir_at(7, at));
	for (*list = '\0', i = 0; i < PLUGIN_DIRS_MAX + 9; i++)
		strcat(list, "x:");
	setenv("VIRGO_PLUGIN_PATH", list, 1);
	for (n = 0; plugin_dir_at(n, at); n++)
		;
	assert_int_equal(n, PLUGIN_DIRS_MAX + 3);
	unsetenv("VIRGO_PLUGIN_PATH");
	assert_true(plugin_dir_at(0, at));
	assert_string_equal(at, "/no/such/virgo/plugins");
	setenv("VIRGO_PLUGIN_PATH", dir, 1);
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(cli_plugin_load("mem", &err), 0);
	assert_int_equal(cli_plugin_load("status", &err), 0);
	assert_int_equal(cli_plugin_load("nothing", &err), 0);
	assert_int_equal(cli_plugin_load("prog", &err), 0);
	/* what comes with virgo is missed */
	assert_int_equal(cli_plugin_load("analytics", &err), -1);
	assert_true(cli_knows("analytics"));
	assert_int_equal(cli_plugin_load("text", &err), -1);
	assert_int_equal(err.code, VIRGO_FAILED);
	assert_non_null(strstr(err.message, "no shared object"));
	assert_int_equal(cli_plugin_load("open", &err), -1);
	assert_int_equal(err.code, VIRGO_NOT_ALLOWED);
	assert_null(cli_plugin_group(0));
}

static void test_functions(void **state)
{
	static struct virgo_plugin_function own[] = { { "my_own_each", "s", "t" } };
	static struct virgo_plugin_function my[] = { { "my_each", "s", "t" }, { "my_own_way", "s", "t" } };
	static struct plugin second = { .about.name = "my-own", .functions = own, .nfunctions = 1 };
	static struct plugin first = { .next = &second, .about.name = "my", .functions = my,
				       .nfunctions = 2 };

	(void)state;
	loaded = &first;
	assert_ptr_equal(cli_plugin_function("my_each", &err), &my[0]);
	assert_ptr_equal(cli_plugin_function("my_own_way", &err), &my[1]);
	assert_ptr_equal(cli_plugin_function("my_own_each", &err), &own[0]);
	assert_null(cli_plugin_function("my_other", &err));
	assert_null(cli_plugin_function("my", &err));
	assert_null(cli_plugin_function("", &err));
	assert_null(cli_plugin_function("_my_each", &err));
	assert_null(cli_plugin_function("a_name_that_is_longer_than_any_plugin_s_word_could_be", &err));
	assert_int_equal(err.code, VIRGO_OK);
	/* a plugin that would have been asked, and is refused */
	assert_null(cli_plugin_function("text_each", &err));
	assert_int_equal(err.code, VIRGO_FAILED);
	assert_ptr_equal(cli_plugin_function_at(0), &my[0]);
	assert_ptr_equal(cli_plugin_function_at(2), &own[0]);
	assert_null(cli_plugin_function_at(3));
	assert_ptr_equal(cli_plugin_group(1), &second.group);
	assert_null(cli_plugin_group(2));
	loaded = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_dirs),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_functions),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
