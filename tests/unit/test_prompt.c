// SPDX-License-Identifier: GPL-3.0-or-later
/* shell/prompt: the word at the cursor, what the history keeps and how it is kept, candidates in quotes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/wait.h>

#include "../../shell/prompt/cut.c"
#include "../../shell/prompt/secret.c"
#include "../../shell/prompt/hist.c"
#include "../../shell/prompt/cand.c"

/* --- the word at the cursor ---------------------------------------------------------------------------- */

/* kind, the words before it, the word: "A mem get|us" */
static void expect_cut(const char *text, const char *want)
{
	static const char kinds[] = "-CAFV";
	char got[512];
	struct cut cut;
	size_t i, n;

	assert_int_equal(cut_text(&cut, text, strlen(text)), 0);
	n = (size_t)snprintf(got, sizeof(got), "%c", kinds[cut.kind]);
	for (i = 0; i < cut.n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, " %s", cut.words[i]);
	snprintf(got + n, sizeof(got) - n, "|%s%s%s%s", cut.word, cut.program ? " !" : "",
		 cut.piped ? " piped" : "", cut.quote == '"' ? " \"" : cut.quote ? " '" : "");
	if (strcmp(got, want))
		print_error("%s\n", text);
	assert_string_equal(got, want);
	cut_free(&cut);
}

static void test_cut_commands(void **state)
{
	expect_cut("", "C|");
	expect_cut("me", "C|me");
	expect_cut("mem ", "A mem|");
	expect_cut("mem get us", "A mem get|us");
	expect_cut("mem get a; no", "C|no");
	expect_cut("mem get a && node l", "A node|l");
	expect_cut("mem get a || no", "C|no");
	expect_cut("mem ls | so", "C|so piped");
	expect_cut("mem ls | sort -", "A sort|- piped");
	expect_cut("mem ls\nno", "C|no");
	expect_cut("( no", "C|no");
	expect_cut("{ no", "C|no");
	expect_cut("if no", "C|no");
	expect_cut("if a; then no", "C|no");
	expect_cut("while ! no", "C|no");
	expect_cut("f() no", "C|no");
	expect_cut("f() { mem g", "A mem|g");
	expect_cut("x=1 y=2 mem g", "A mem|g");
	expect_cut("done | no", "C|no piped");
	expect_cut("echo if no", "A echo if|no");
	expect_cut("case $x in a) no", "C|no");
	expect_cut("case $x in a) b;; *) mem g", "A mem|g");
}

static void test_cut_programs(void **state)
{
	expect_cut("!l", "C|l !");
	expect_cut("!", "C| !");
	expect_cut("!ls fi", "A ls|fi !");
	expect_cut("mem ls | !so", "C|so ! piped");
	expect_cut("echo a !b", "A echo a|!b");
	expect_cut("echo $(!da", "C|da !");
	expect_cut("! mem g", "A mem|g");
}

static void test_cut_substitutions(void **state)
{
	expect_cut("echo $(mem get us", "A mem get|us");
	expect_cut("echo \"$(mem get us", "A mem get|us");
	expect_cut("echo \"$(mem get us)\" x", "A echo ?|x");
	expect_cut("echo `mem g", "A mem|g");
	expect_cut("echo `mem g` x", "A echo ?|x");
	expect_cut("echo $( (mem ls); no", "C|no");
	expect_cut("echo $((1 + (2) )) x", "A echo ?|x");
	expect_cut("echo $((1 + ", "-|");
	expect_cut("x=$(mem g", "A mem|g");
	expect_cut("echo ${a:-b c} x", "A echo ?|x");
	expect_cut("$(a $(b $(c d", "A c|d");
}

static void test_cut_variables(void **state)
{
	struct cut cut;

	expect_cut("echo $na", "V|na");
	expect_cut("echo ${na", "V|na");
	expect_cut("echo ${#na", "V|na");
	expect_cut("echo \"$na", "V|na \"");
	expect_cut("echo '$na", "A echo|$na '");
	expect_cut("echo \\$na", "A echo|$na");
	expect_cut("echo $((na + $na", "V|na");
	expect_cut("$", "V|");
	assert_int_equal(cut_text(&cut, "echo ${na", 9), 0);
	assert_true(cut.brace);
	assert_int_equal(cut.start, 7);
	cut_free(&cut);
}

static void test_cut_quotes(void **state)
{
	struct cut cut;

	expect_cut("mem get 'a b", "A mem get|a b '");
	expect_cut("mem get \"a b", "A mem get|a b \"");
	expect_cut("mem get a\\ b", "A mem get|a b");
	expect_cut("mem get 'a b' c", "A mem get a b|c");
	expect_cut("mem get \"a\\\"b\\c", "A mem get|a\"b\\c \"");
	expect_cut("echo 'if; then |", "A echo|if; then | '");
	expect_cut("mem get a\\", "A mem get|a");
	expect_cut("mem get a \\\nb", "A mem get a|b");
	assert_int_equal(cut_text(&cut, "mem get 'a b", 12), 0);
	assert_int_equal(cut.start, 8);
	cut_free(&cut);
}

static void test_cut_files(void **state)
{
	struct cut cut;

	expect_cut("mem get a > fi", "F mem get a|fi");
	expect_cut("mem get a 2>>fi", "F mem get a|fi");
	expect_cut("mem set a <fi", "F mem set a|fi");
	expect_cut("mem get a > file x", "A mem get a|x");
	expect_cut("mem get a 2>&", "- mem get a|");
	expect_cut("mem get a 2>&1 x", "A mem get a|x");
	expect_cut("a=fi", "F|fi");
	expect_cut("echo a=fi", "A echo|a=fi");
	expect_cut("for f in fi", "F for f in|fi");
	expect_cut("for f", "- for|f");
	assert_int_equal(cut_text(&cut, "a=fi", 4), 0);
	assert_int_equal(cut.start, 2);
	cut_free(&cut);
}

static void test_cut_nothing(void **state)
{
	expect_cut("# mem g", "-|");
	expect_cut("echo a # mem g", "- echo a|");
	expect_cut("echo a #x\nmem g", "A mem|g");
	expect_cut("cat <<E", "- cat|E");
	expect_cut("cat <<E\nmem g", "-|");
	expect_cut("cat <<E\nit's\nE\nmem g", "A mem|g");
	expect_cut("cat <<-E\nit's\n\tE\nmem g", "A mem|g");
	expect_cut("echo a#b", "A echo|a#b");
}

/* whatever is typed: no crash, and the word lies within the text */
static void test_cut_anything(void **state)
{
	static const char pieces[] = "ab $({)}`'\"\\|&;<>!#=\n\t-1~";
	char text[48];
	struct cut cut;
	unsigned int seed = 1, i;
	size_t n, k;

	for (i = 0; i < 200000; i++) {
		n = (size_t)rand_r(&seed) % sizeof(text);
		for (k = 0; k < n; k++)
			text[k] = pieces[(size_t)rand_r(&seed) % (sizeof(pieces) - 1)];
		assert_int_equal(cut_text(&cut, text, n), 0);
		assert_true(cut.start <= n);
		cut_free(&cut);
	}
}

static void test_cut_deep(void **state)
{
	static char text[4000];
	struct cut cut;
	size_t i;

	for (i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "$(", 2);
	assert_int_equal(cut_text(&cut, text, sizeof(text)), 0);
	assert_int_equal(cut.kind, CUT_NOTHING);
	cut_free(&cut);
}

/* --- what is kept ---------------------------------------------------------------------------------------- */

static void test_secrets(void **state)
{
	static const char *const kept[] = {
		"mem get a", "for i in 1 2; do\necho $i\ndone", "exec -- /usr/bin/uname -a",
		"!cat /etc/passwd", "use node[1-64],10.0.0.7", "echo token", "key ls", "key rotate",
		"mem set user:1 'a longer value with some words 123'",
		"!ls /usr/lib/x86_64-linux-gnu/libreadline.so.8", "!ls /home/Al/X11/abcd/Documents1",
		"echo 123e4567-e89b-12d3-a456-426614174000", "mem get http://host:80/a@b",
		"api GET /v1/mem/some-Long-Name-With-Parts-2026", "--token", "lock run a -- echo x",
	};
	static const char *const dropped[] = {
		"", " mem get a", "\tmem get a", "mem set a Zk7dQ2vR9xLpT4mWb8NcYf3HsJ6gAe1uKoXi5DzE0qU",
		"TOKEN=abc mem get a", "export MY_SECRET=x", "password='x y'", "api_key=1",
		"foo --password hunter2", "foo --token=abc", "foo --client-secret abc",
		"!curl -H 'Authorization: Bearer x' http://a", "!curl https://me:pw@host/",
		"echo q8Zt3LmX0vB7nK2cR5yW", "mem set h 0123456789abcdef0123456789abcdef",
		"mem set a x; TOKEN=abc", "x=1\nsecret=2",
		"VIRGO_LOCK_TOKEN=17 foo", "mem set 'db password: x' y",
	};
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!hist_keeps(kept[i]))
			fail_msg("not kept: %s", kept[i]);
	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (hist_keeps(dropped[i]))
			fail_msg("kept: %s", dropped[i]);
}

/* keys as virgo key new makes them */
static void test_random_keys(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char line[] = "mem set a 0123456789012345678901234567890123456789012";
	unsigned int seed = 7, i, missed = 0;
	size_t k;

	for (i = 0; i < 10000; i++) {
		for (k = 10; line[k]; k++)
			line[k] = letters[(size_t)rand_r(&seed) % 64];
		missed += hist_keeps(line);
	}
	assert_true(missed <= 15);
}

/* --- the file --------------------------------------------------------------------------------------------- */

static char dir[] = "/tmp/virgo-prompt-XXXXXX";
static char *path;

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char part[256];

	unlink(path);
	free(path);
	snprintf(part, sizeof(part), "%s/virgo", dir);
	rmdir(part);
	return rmdir(dir);	/* fails if a temporary file was left */
}

static void collect(void *arg, const char *entry)
{
	strcat(arg, entry);
	strcat(arg, "|");
}

static void expect_entries(const char *want)
{
	char got[1024] = "";

	hist_load(path, collect, got);
	assert_string_equal(got, want);
}

static void test_file(void **state)
{
	struct stat st;

	path = hist_path(dir, NULL);
	assert_non_null(path);
	assert_int_equal(hist_add(path, "a"), 0);
	assert_int_equal(hist_add(path, "b"), 0);
	assert_int_equal(hist_add(path, "b"), 0);
	assert_int_equal(hist_add(path, "for i in 1; do\n\techo\n\ndone\n"), 0);
	expect_entries("a|b|for i in 1; do\n\techo\n\ndone|");
	assert_int_equal(hist_add(path, "a"), 0);
	expect_entries("b|for i in 1; do\n\techo\n\ndone|a|");
	assert_int_equal(hist_add(path, "for i in 1; do\n\techo\n\ndone"), 0);
	expect_entries("b|a|for i in 1; do\n\techo\n\ndone|");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	chmod(path, 0644);
	assert_int_equal(hist_add(path, "c"), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void count(void *arg, const char *entry)
{
	++*(int *)arg;
}

static void test_file_bounded(void **state)
{
	char line[32];
	int n = 0, i;
	FILE *to;

	to = fopen(path, "w");
	for (i = 0; i < HIST_ENTRIES; i++)
		fprintf(to, "line %d\n", i);
	fclose(to);
	for (; i < HIST_ENTRIES + 3; i++) {
		snprintf(line, sizeof(line), "line %d", i);
		assert_int_equal(hist_add(path, line), 0);
	}
	hist_load(path, count, &n);
	assert_int_equal(n, HIST_ENTRIES);
}

/* several shells at a time: every line is there at the end */
static void test_file_shared(void **state)
{
	enum { SHELLS = 4, LINES = 50 };
	char line[64];
	int i, k, status, n = 0;

	unlink(path);
	for (i = 0; i < SHELLS; i++) {
		if (fork())
			continue;
		for (k = 0; k < LINES; k++) {
			snprintf(line, sizeof(line), "shell %d line %d", i, k);
			if (hist_add(path, line) || hist_add(path, "the same"))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < SHELLS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	hist_load(path, count, &n);
	assert_int_equal(n, SHELLS * LINES + 1);
}

static void test_file_refused(void **state)
{
	char other[256];

	unlink(path);
	snprintf(other, sizeof(other), "%s/other", dir);
	close(open(other, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(hist_add(path, "a"), -1);
	unlink(other);
	unlink(path);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(hist_add(path, "a"), -1);
	unlink(path);
	assert_null(hist_path("relative", NULL));
}

/* --- candidates ------------------------------------------------------------------------------------------- */

static void expect_quoted(const char *word, char quote, bool glob, const char *want)
{
	struct candidate cand = { .word = (char *)word, .end = ' ' };
	char *got = cand_quote(&cand, quote, glob);

	assert_string_equal(got, want);
	free(got);
}

static void test_quoting(void **state)
{
	expect_quoted("plain-1.2/x:y", 0, true, "plain-1.2/x:y");
	expect_quoted("a b", 0, false, "a\\ b");
	expect_quoted("a'b\"c$d`e\\f", 0, false, "a\\'b\\\"c\\$d\\`e\\\\f");
	expect_quoted("node[1-4]", 0, false, "node[1-4]");
	expect_quoted("a*[b]?", 0, true, "a\\*\\[b]\\?");
	expect_quoted("#a#", 0, false, "\\#a#");
	expect_quoted("~a", 0, false, "\\~a");
	expect_quoted("!a", 0, false, "\\!a");
	expect_quoted("a;b|c&d(e)f<g>h", 0, false, "a\\;b\\|c\\&d\\(e\\)f\\<g\\>h");
	expect_quoted("a b", '"', false, "\"a b\"");
	expect_quoted("a$b\"c", '"', false, "\"a\\$b\\\"c\"");
	expect_quoted("a b'c", '\'', false, "'a b'\\''c'");
}

static void test_candidates(void **state)
{
	struct cut cut = { .word = (char *)"a" };
	struct candidates c = { NULL };
	char text[] = "ab\tone\nb\naa\n:file\nab\nac\x1b[1m\n--x=\na=\n";

	cand_parse(&c, &cut, text, NULL, NULL);
	cand_finish(&c);
	assert_int_equal(c.n, 3);
	assert_string_equal(c.list[0].word, "a=");
	assert_int_equal(c.list[0].end, 0);
	assert_string_equal(c.list[1].word, "aa");
	assert_string_equal(c.list[2].word, "ab");
	assert_string_equal(c.list[2].about, "one");
	cand_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_commands), cmocka_unit_test(test_cut_programs),
		cmocka_unit_test(test_cut_substitutions), cmocka_unit_test(test_cut_variables),
		cmocka_unit_test(test_cut_quotes), cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_cut_nothing), cmocka_unit_test(test_cut_anything),
		cmocka_unit_test(test_cut_deep), cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_random_keys),
		cmocka_unit_test(test_file), cmocka_unit_test(test_file_bounded),
		cmocka_unit_test(test_file_shared), cmocka_unit_test(test_file_refused),
		cmocka_unit_test(test_quoting), cmocka_unit_test(test_candidates),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
