// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the helper makes of bytes without doing anything: messages, environments, lists of functions, sentences.
 * Messages lie at the end of blocks of their size, so that the sanitizer sees a byte too far.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "helper/env.c"
#include "helper/fault.c"
#include "helper/helper.h"
#include "helper/listing.c"
#include "helper/proto.c"

/* library.c's, without its need of a directory */
int library_name_ok(const char *name, size_t n)
{
	return n && n <= LIBRARY_NAME && *name != '.' && !memchr(name, ' ', n);
}

/* A message of a type with data behind its head; the caller's to free. */
static char *message(unsigned int type, unsigned int flags, uint64_t run, const void *data, size_t n)
{
	struct virgo_msg head = { .len = HEAD + n, .type = type, .flags = flags, .run = run };
	char *m = malloc(HEAD + n);

	memcpy(m, &head, HEAD);
	if (n)
		memcpy(m + HEAD, data, n);
	return m;
}

static bool accepts(unsigned int type, unsigned int flags, uint64_t run, size_t n)
{
	char *data = calloc(1, n + 1), *m = message(type, flags, run, data, n);
	struct virgo_msg head;
	const char *wrong = proto_head(m, HEAD + n, &head);

	if (!wrong)
		assert_true(head.type == type && head.run == run && head.len == HEAD + n);
	free(data);
	free(m);
	return !wrong;
}

static void test_heads(void **state)
{
	const size_t run = sizeof(struct virgo_run);
	struct virgo_msg head;
	unsigned int type;
	char *m;

	assert_true(accepts(VIRGO_MSG_RUN, 0, 1, run));
	assert_false(accepts(VIRGO_MSG_RUN, 0, 0, run));
	assert_false(accepts(VIRGO_MSG_RUN, 0, 1, run - 1));
	assert_false(accepts(VIRGO_MSG_RUN, VIRGO_MSGF_EOF, 1, run));
	assert_true(accepts(VIRGO_MSG_RUN, 0, 1, VIRGO_MSG_MAX - HEAD));
	assert_false(accepts(VIRGO_MSG_RUN, 0, 1, VIRGO_MSG_MAX - HEAD + 1));
	assert_true(accepts(VIRGO_MSG_STDIN, 0, 1, 0) && accepts(VIRGO_MSG_STDIN, VIRGO_MSGF_EOF, 1, 5));
	assert_true(accepts(VIRGO_MSG_STDIN, 0, 1, VIRGO_MSG_DATA));
	assert_false(accepts(VIRGO_MSG_STDIN, 0, 1, VIRGO_MSG_DATA + 1));
	assert_false(accepts(VIRGO_MSG_STDIN, VIRGO_MSGF_STDERR, 1, 5));
	assert_true(accepts(VIRGO_MSG_KILL, 0, 1, sizeof(struct virgo_kill)));
	assert_false(accepts(VIRGO_MSG_KILL, 0, 1, sizeof(struct virgo_kill) + 1));
	assert_true(accepts(VIRGO_MSG_LIST, 0, 0, 0) && accepts(VIRGO_MSG_LIST, 0, 3, 7));
	assert_true(accepts(VIRGO_MSG_BYE, 0, 0, 0));
	assert_false(accepts(VIRGO_MSG_BYE, 0, 0, 1));
	for (type = 0; type < 300; type++)
		if (!type || type > VIRGO_MSG_BYE)
			assert_false(accepts(type, 0, 1, 0));
	/* too short for a head, or not as long as it says */
	m = message(VIRGO_MSG_BYE, 0, 0, NULL, 0);
	assert_non_null(proto_head(m, HEAD - 1, &head));
	m[0]++;
	assert_non_null(proto_head(m, HEAD, &head));
	free(m);
}

/* RUN with these numbers of arguments, variables and entries, and strings of n bytes */
static const char *run(uint32_t nargs, uint32_t nenv, uint32_t nallow, const char *strings, size_t n,
		       struct request *r, char **m)
{
	struct virgo_run fixed = { .kind = 1, .nargs = nargs, .nenv = nenv, .nallow = nallow };
	char *data = malloc(sizeof(fixed) + n);

	memcpy(data, &fixed, sizeof(fixed));
	memcpy(data + sizeof(fixed), strings, n);
	*m = message(VIRGO_MSG_RUN, 0, 77, data, sizeof(fixed) + n);
	free(data);
	return proto_run(*m, HEAD + sizeof(fixed) + n, r);
}

static bool run_accepts(uint32_t nargs, uint32_t nenv, uint32_t nallow, const char *strings, size_t n)
{
	struct request r;
	char *m;
	bool yes = !run(nargs, nenv, nallow, strings, n, &r, &m);

	free(m);
	return yes;
}

static void test_run(void **state)
{
	static const char s[] = "name\0user\0group\0/cwd\0arg 1\0\0A=b\0/one/\0/two";
	struct request r;
	char *m;

	assert_null(run(2, 1, 2, s, sizeof(s), &r, &m));
	assert_int_equal(r.id, 77);
	assert_string_equal(r.name, "name");
	assert_string_equal(r.user, "user");
	assert_string_equal(r.group, "group");
	assert_string_equal(r.cwd, "/cwd");
	assert_string_equal(r.args.first, "arg 1");
	assert_string_equal(strings_next(r.args.first), "");
	assert_string_equal(r.env.first, "A=b");
	assert_string_equal(r.allow.first, "/one/");
	assert_string_equal(strings_next(r.allow.first), "/two");
	assert_true(r.args.n == 2 && r.env.n == 1 && r.allow.n == 2);
	free(m);
	/* one more or less than there are, without their end, sums that do not fit 32 bits */
	assert_false(run_accepts(2, 1, 1, s, sizeof(s)));
	assert_false(run_accepts(2, 1, 3, s, sizeof(s)));
	assert_false(run_accepts(2, 1, 2, s, sizeof(s) - 1));
	assert_false(run_accepts(0, 0, 0, "", 0));
	assert_false(run_accepts(0, 0, 0, "a\0b\0c", 6));
	assert_true(run_accepts(0, 0, 0, "a\0b\0c\0d", 8));
	assert_false(run_accepts(~0u, ~0u, 3, s, sizeof(s)));
	assert_false(run_accepts(~0u - 3, 0, 0, s, sizeof(s)));
}

static void test_string_lengths(void **state)
{
	char *all = malloc(VIRGO_RUN_STRINGS + 1);
	struct request r;
	struct strings s;
	char *m;

	memset(all, 'x', VIRGO_RUN_STRINGS + 1);
	all[VIRGO_RUN_STRINGS - 1] = '\0';
	assert_null(proto_strings(all, VIRGO_RUN_STRINGS, &s));
	assert_int_equal(s.n, 1);
	all[VIRGO_RUN_STRINGS] = '\0';
	assert_non_null(proto_strings(all, VIRGO_RUN_STRINGS + 1, &s));
	memset(all, 0, VIRGO_RUN_STRINGS);
	assert_null(proto_strings(all, VIRGO_RUN_STRINGS, &s));
	assert_int_equal(s.n, VIRGO_RUN_STRINGS);
	free(all);
	assert_null(proto_strings("", 0, &s));
	assert_int_equal(s.n, 0);
	m = message(VIRGO_MSG_LIST, 0, 5, "/a\0/b/", 7);
	assert_null(proto_list(m, HEAD + 7, &r));
	assert_true(r.allow.n == 2 && r.id == 5 && !r.run.timeout_ms);
	free(m);
}

/* Environments: the entries, each with its NUL */
static char **build(const char *entries, size_t n, struct fault *f)
{
	struct strings s = { entries, n };

	f->why = 0;
	return env_build(&s, "nobody", "/nonexistent", f);
}

static const char *get(char **env, const char *name)
{
	size_t n = strlen(name);
	const char *found = NULL;

	for (; *env; env++) {
		if (strncmp(*env, name, n) || (*env)[n] != '=')
			continue;
		assert_null(found);
		found = *env + n + 1;
	}
	return found;
}

static void test_environment(void **state)
{
	struct fault f;
	char **env = build("", 0, &f);

	assert_string_equal(get(env, "PATH"), "/usr/local/bin:/usr/bin:/bin");
	assert_string_equal(get(env, "HOME"), "/nonexistent");
	assert_string_equal(get(env, "USER"), "nobody");
	assert_string_equal(get(env, "LOGNAME"), "nobody");
	assert_string_equal(get(env, "SHELL"), "/bin/sh");
	assert_string_equal(get(env, "LANG"), "C.UTF-8");
	env_free(env);
	/* the first one counts, also against the base */
	env = build("PATH=/a\0HOME=/h\0PATH=/b\0E=\0E2=x=y\0E=z", 6, &f);
	assert_string_equal(get(env, "PATH"), "/a");
	assert_string_equal(get(env, "HOME"), "/h");
	assert_string_equal(get(env, "E"), "");
	assert_string_equal(get(env, "E2"), "x=y");
	env_free(env);
}

static void test_environment_refused(void **state)
{
	static const char *const refused[] = {
		"LD_PRELOAD=x", "LD_=", "LD_AUDIT=", "BASH_ENV=x", "BASH_FUNC_a%%=() { }", "a=() { }", "a=()", "ENV=x", "IFS=",
		"PERL5LIB=x", "PYTHONPATH=x", "GIT_DIR=x", "GLIBC_TUNABLES=x",
	};
	static const char *const fine[] = {
		"LD=x", "XLD_PRELOAD=x", "ld_preload=x", "ENVX=x", "A=(x)", "A=x=() {", "PYTHONUNBUFFERED=1", "PERL=1",
	};
	struct fault f;
	size_t i;
	char **env, *many;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_null(build(refused[i], 1, &f));
		assert_int_equal(f.why, VIRGO_END_NOT_ALLOWED);
	}
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		env = build(fine[i], 1, &f);
		assert_non_null(env);
		env_free(env);
	}
	assert_null(build("novalue", 1, &f));
	assert_int_equal(f.why, VIRGO_END_FAILED);
	assert_null(build("=x", 1, &f));
	assert_null(build("", 1, &f));
	/* a limit, and both of its sides */
	many = calloc(ENV_MAX + 1, 8);
	for (i = 0; i <= ENV_MAX; i++)
		snprintf(many + 7 * i, 8, "%05zu=", i);
	env = build(many, ENV_MAX, &f);
	assert_non_null(env);
	env_free(env);
	assert_null(build(many, ENV_MAX + 1, &f));
	assert_int_equal(f.err, E2BIG);
	free(many);
}

static void test_listing(void **state)
{
	static char text[] = "lib:one\0first\0lib:two\0\0bad name\0x\0lib:three\0y";
	char *room = malloc(VIRGO_MSG_DATA), *big;
	struct stream s = { .gathered = text, .kept = sizeof(text) };
	size_t at = 0, n, all;
	bool more;

	/* what is no pair ends the list */
	assert_int_equal(listing_next(&s, &at, room, &more), 23);
	assert_memory_equal(room, text, 23);
	assert_false(more);
	/* so does a pair that is cut off */
	for (n = 0; n < 23; n++) {
		big = malloc(n ? n : 1);
		memcpy(big, text, n);
		s = (struct stream){ .gathered = big, .kept = n };
		at = 0;
		assert_int_equal(listing_next(&s, &at, room, &more), n < 14 ? 0 : 14);
		free(big);
	}
	/* many: in messages that are full but not too full, none lost */
	big = malloc(LISTING_MAX);
	for (all = 0; all + 16 <= LISTING_MAX - 16; all += 16)
		memcpy(big + all, "library:f\0abcde", 16);
	s = (struct stream){ .gathered = big, .kept = all };
	at = 0;
	do {
		n = listing_next(&s, &at, room, &more);
		assert_in_range(n, 1, VIRGO_MSG_DATA);
	} while (more);
	assert_int_equal(at, all);
	free(big);
	free(room);
	/* and none at all */
	s = (struct stream){ .gathered = NULL };
	at = 0;
	assert_int_equal(listing_next(&s, &at, NULL, &more), 0);
	assert_false(more);
}

static void test_sentences(void **state)
{
	char text[400];
	struct fault f;

	assert_int_equal(fault_set(&f, VIRGO_END_FAILED, EIO, "a\nb\t%s\x7f", "c\x1b"), -1);
	assert_string_equal(f.text, "a?b?c??");
	assert_true(f.why == VIRGO_END_FAILED && f.err == EIO);
	/* cut between characters, not within one */
	memset(text, 'x', sizeof(text));
	memcpy(text + 254, "\xc3\xa4", 2);
	text[300] = '\0';
	fault_set(&f, 1, 1, "%s", text);
	assert_int_equal(strlen(f.text), 254);
	memcpy(text + 252, "\xe2\x82\xac", 3);
	fault_set(&f, 1, 1, "%s", text);
	assert_int_equal(strlen(f.text), 255);
	memcpy(text + 252, "\xf0\x9f\x98\x80", 4);
	fault_set(&f, 1, 1, "%s", text);
	assert_int_equal(strlen(f.text), 252);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads), cmocka_unit_test(test_run), cmocka_unit_test(test_string_lengths),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_environment_refused),
		cmocka_unit_test(test_listing), cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
