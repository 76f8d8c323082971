// SPDX-License-Identifier: GPL-3.0-or-later
/* helper/allow.c: which names lead to which files, and which of those the list allows; descriptors are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>

#include "helper/allow.c"
#include "helper/fault.c"

static char dir[] = "/tmp/virgo-allow-XXXXXX";

/* A path below the test's directory; eight at a time. */
static const char *at(const char *name)
{
	static char paths[8][128];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void make_file(const char *name, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, name, strlen(name)), strlen(name));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int setup(void **state)
{
	char real[PATH_MAX];

	if (!mkdtemp(dir) || !realpath(dir, real) || strcmp(real, dir))
		return -1;
	assert_int_equal(mkdir(at("yes"), 0755) | mkdir(at("no"), 0755) | mkdir(at("yes/sub"), 0755) |
			 mkdir(at("yesterday"), 0755), 0);
	make_file("yes/a", 0755);
	make_file("yes/sub/b", 0755);
	make_file("yes/plain", 0644);
	make_file("yes/gone (deleted)", 0755);
	make_file("no/c", 0755);
	make_file("yesterday/d", 0755);
	assert_int_equal(symlink("../no/c", at("yes/out")) | symlink("../yes/a", at("no/in")) |
			 symlink("a", at("yes/alias")) | symlink("yes", at("way")) |
			 symlink("loop", at("yes/loop")) | link(at("yes/a"), at("yes/hard")), 0);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static unsigned int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* What the list (its entries with a NUL each) says of a name: 0, or why not; the file it opened is want. */
static uint32_t ask(const char *list, size_t n, const char *name, enum allow_need need, const char *want)
{
	struct strings s = { list, n };
	struct fault f = { .why = 0 };
	unsigned int before = open_files();
	struct stat a, b;
	int fd = allow_open(&s, name, need, &f);

	if (fd < 0) {
		assert_true(f.why && f.err && f.text[0]);
	} else {
		assert_int_equal(f.why, 0);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(fstat(fd, &a) | stat(want, &b), 0);
		assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
		close(fd);
	}
	assert_int_equal(open_files(), before);
	return f.why;
}

#define ONE(entry, name, want) ask(entry, 1, name, ALLOW_PROGRAM, want)

static void test_directory(void **state)
{
	char list[128];

	snprintf(list, sizeof(list), "%s", at("yes/"));
	assert_int_equal(ONE(list, at("yes/a"), at("yes/a")), 0);
	assert_int_equal(ONE(list, at("yes/sub/b"), at("yes/sub/b")), 0);
	assert_int_equal(ONE(list, at("yes/alias"), at("yes/a")), 0);
	assert_int_equal(ONE(list, at("yes/hard"), at("yes/a")), 0);
	assert_int_equal(ONE(list, at("way/a"), at("yes/a")), 0);
	assert_int_equal(ONE(list, at("yes/gone (deleted)"), at("yes/gone (deleted)")), 0);
	assert_int_equal(ONE(list, at("yes/out"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(list, at("no/c"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(list, at("no/in"), NULL), VIRGO_END_NOT_ALLOWED);
	/* a name that begins alike is another */
	assert_int_equal(ONE(list, at("yesterday/d"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(list, at("yes/missing"), NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ONE(list, at("yes/a/b"), NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ONE(list, at("no/missing"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(list, at("no/where/missing"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(list, at("yes/loop"), NULL), VIRGO_END_FAILED);
	assert_int_equal(ONE(list, at("yes/sub"), NULL), VIRGO_END_FAILED);
	assert_int_equal(ONE(list, at("yes/plain"), NULL), VIRGO_END_FAILED);
	assert_int_equal(ask(list, 1, at("yes/plain"), ALLOW_LIBRARY, at("yes/plain")), 0);
	/* through a link, a directory is what it leads to */
	assert_int_equal(ONE(at("way/"), at("yes/a"), at("yes/a")), 0);
	assert_int_equal(ONE("/", at("no/c"), at("no/c")), 0);
}

static void test_file(void **state)
{
	assert_int_equal(ONE(at("yes/a"), at("yes/a"), at("yes/a")), 0);
	assert_int_equal(ONE(at("yes/a"), at("way/a"), at("yes/a")), 0);
	assert_int_equal(ONE(at("way/a"), at("yes/a"), at("yes/a")), 0);
	assert_int_equal(ONE(at("yes/alias"), at("yes/alias"), at("yes/a")), 0);
	assert_int_equal(ONE(at("yes/out"), at("yes/out"), at("no/c")), 0);
	/* the same file by another name, in both directions */
	assert_int_equal(ONE(at("yes/alias"), at("yes/a"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(at("yes/a"), at("yes/alias"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(at("yes/a"), at("yes/hard"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(at("yes/a"), at("no/in"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE(at("yes/missing"), at("yes/missing"), NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ONE(at("gone/x"), at("gone/x"), NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ONE(at("gone/x"), at("gone/y"), NULL), VIRGO_END_NOT_ALLOWED);
	/* an entry that is not of its form allows nothing */
	assert_int_equal(ONE(at("yes/../yes/a"), at("yes/a"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE("a", at("yes/a"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ONE("", at("yes/a"), NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ask("", 0, at("yes/a"), ALLOW_PROGRAM, NULL), VIRGO_END_NOT_ALLOWED);
}

static void test_bare(void **state)
{
	char list[512];
	int n = snprintf(list, sizeof(list), "%s%c%s%c%s", at("no/missing"), 0, at("no/c"), 0, at("yes/"));

	assert_in_range(n, 1, sizeof(list) - 1);
	assert_int_equal(ask(list, 3, "a", ALLOW_PROGRAM, at("yes/a")), 0);
	assert_int_equal(ask(list, 3, "c", ALLOW_PROGRAM, at("no/c")), 0);
	assert_int_equal(ask(list, 3, "alias", ALLOW_PROGRAM, at("yes/a")), 0);
	assert_int_equal(ask(list, 3, "missing", ALLOW_PROGRAM, NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ask(list, 3, "b", ALLOW_PROGRAM, NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ask(list, 3, "sub", ALLOW_PROGRAM, NULL), VIRGO_END_NOT_FOUND);
	assert_int_equal(ask(list, 3, "out", ALLOW_PROGRAM, NULL), VIRGO_END_NOT_ALLOWED);
	assert_int_equal(ask(list, 3, "plain", ALLOW_PROGRAM, NULL), VIRGO_END_FAILED);
	/* libraries have no bare names */
	assert_int_equal(ask(list, 3, "a", ALLOW_LIBRARY, NULL), VIRGO_END_NOT_ALLOWED);
}

static void test_names_that_are_none(void **state)
{
	static const char *const none[] = {
		"", ".", "..", "/", "//", "a/", "./a", "sub/b", "../yes/a", "/.", "/..", "/tmp/", "/tmp/.", "/a//b",
		"/a/../b", "/a/./b", "//a",
	};
	char *longest = malloc(2 * PATH_MAX);
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(ONE("/", none[i], NULL), VIRGO_END_NOT_ALLOWED);
	memset(longest, 'x', 2 * PATH_MAX);
	longest[2 * PATH_MAX - 1] = '\0';
	assert_int_equal(ONE("/", longest, NULL), VIRGO_END_NOT_FOUND);
	longest[0] = '/';
	assert_int_equal(ONE("/", longest, NULL), VIRGO_END_NOT_ALLOWED);
	free(longest);
	/* dots are fine where they are no directories */
	assert_true(is_plain("/..a/.b/c..") && is_plain("/...") && is_plain("/a"));
}

static void test_deleted(void **state)
{
	struct opened o;
	char name[64];
	int fd;

	make_file("yes/soon", 0755);
	fd = open(at("yes/soon"), O_PATH | O_CLOEXEC);
	assert_int_equal(unlink(at("yes/soon")), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	/* it can be opened, but it is nowhere */
	assert_int_equal(open_at(&o, AT_FDCWD, name, 0), ENOENT);
	assert_int_equal(o.fd, -1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory), cmocka_unit_test(test_file), cmocka_unit_test(test_bare),
		cmocka_unit_test(test_names_that_are_none), cmocka_unit_test(test_deleted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
