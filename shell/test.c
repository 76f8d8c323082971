// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test and [: what is meant depends on the number of arguments, as POSIX says, so that no value of a
 * variable is taken for an operator. More than four are read with -a, -o and parentheses.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/int.h"

enum { DEPTH_MAX = 200 };

struct test {
	struct sh *sh;
	const char *const *v;
	int n, at;
	unsigned int depth;
	bool failed;
};

static bool expression(struct test *t);

static bool wrong(struct test *t, const char *what, const char *word)
{
	if (!t->failed)
		sh_say(t->sh, "test: %s \"%.100s\"", what, word);
	t->failed = true;
	return false;
}

static bool is_unary(const char *op)
{
	return op[0] == '-' && op[1] && !op[2] && strchr("bcdefghknprstuwxzLSGO", op[1]);
}

static const char *const binaries[] = {
	"=", "!=", "-eq", "-ne", "-gt", "-ge", "-lt", "-le", "-nt", "-ot", "-ef", "<", ">",
};

static int binary_of(const char *op)
{
	int i;

	for (i = 0; i < (int)SH_COUNT(binaries); i++)
		if (!strcmp(op, binaries[i]))
			return i;
	return -1;
}

/* decimal, whatever it begins with */
static int64_t number(struct test *t, const char *text)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || end[strspn(end, " \t\n")] || errno)
		wrong(t, "not a whole number of 64 bits:", text);
	return n;
}

static bool compare_numbers(struct test *t, int op, const char *a, const char *b)
{
	int64_t x = number(t, a), y = t->failed ? 0 : number(t, b);

	switch (op) {
	case 2:
		return x == y;
	case 3:
		return x != y;
	case 4:
		return x > y;
	case 5:
		return x >= y;
	case 6:
		return x < y;
	default:
		return x <= y;
	}
}

static bool newer(const char *a, const char *b)
{
	struct stat x, y;

	if (stat(a, &x))
		return false;
	if (stat(b, &y))
		return true;
	return x.st_mtim.tv_sec != y.st_mtim.tv_sec ? x.st_mtim.tv_sec > y.st_mtim.tv_sec
						    : x.st_mtim.tv_nsec > y.st_mtim.tv_nsec;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool binary(struct test *t, const char *a, const char *word, const char *b)
{
	int op = binary_of(word);

	switch (op) {
	case -1:
		return wrong(t, strcmp(word, "==") ? "no such operator:" : "= compares, not", word);
	case 0:
		return !strcmp(a, b);
	case 1:
		return strcmp(a, b);
	case 8:
		return newer(a, b);
	case 9:
		return newer(b, a);
	case 10:
		return same_file(a, b);
	case 11:
		return strcmp(a, b) < 0;
	case 12:
		return strcmp(a, b) > 0;
	default:
		return compare_numbers(t, op, a, b);
	}
}

static bool of_file(char op, const char *path)
{
	struct stat st;

	if (op == 'h' || op == 'L')
		return !lstat(path, &st) && S_ISLNK(st.st_mode);
	if (stat(path, &st))
		return false;
	switch (op) {
	case 'b':
		return S_ISBLK(st.st_mode);
	case 'c':
		return S_ISCHR(st.st_mode);
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'f':
		return S_ISREG(st.st_mode);
	case 'g':
		return st.st_mode & S_ISGID;
	case 'k':
		return st.st_mode & S_ISVTX;
	case 'p':
		return S_ISFIFO(st.st_mode);
	case 's':
		return st.st_size > 0;
	case 'S':
		return S_ISSOCK(st.st_mode);
	case 'u':
		return st.st_mode & S_ISUID;
	case 'G':
		return st.st_gid == getegid();
	case 'O':
		return st.st_uid == geteuid();
	default:
		return true;
	}
}

static bool unary(struct test *t, const char *op, const char *word)
{
	switch (op[1]) {
	case 'n':
		return *word;
	case 'z':
		return !*word;
	case 't':
		return isatty((int)number(t, word));
	case 'r':
		return !faccessat(AT_FDCWD, word, R_OK, AT_EACCESS);
	case 'w':
		return !faccessat(AT_FDCWD, word, W_OK, AT_EACCESS);
	case 'x':
		return !faccessat(AT_FDCWD, word, X_OK, AT_EACCESS);
	default:
		return of_file(op[1], word);
	}
}

/* --- more than four arguments ----------------------------------------------------------------------- */

static bool primary(struct test *t)
{
	const char *const *v = t->v + t->at;
	int left = t->n - t->at;
	bool is;

	if (left < 1)
		return wrong(t, "something is missing behind", t->n ? t->v[t->n - 1] : "");
	if (left >= 3 && binary_of(v[1]) >= 0) {
		t->at += 3;
		return binary(t, v[0], v[1], v[2]);
	}
	if (!strcmp(v[0], "!")) {
		t->at++;
		if (++t->depth > DEPTH_MAX)
			return wrong(t, "too deep at", v[0]);
		is = !primary(t);
		t->depth--;
		return is;
	}
	if (!strcmp(v[0], "(")) {
		t->at++;
		if (++t->depth > DEPTH_MAX)
			return wrong(t, "too deep at", v[0]);
		is = expression(t);
		t->depth--;
		if (t->at == t->n || strcmp(t->v[t->at], ")"))
			return wrong(t, "no ) for", "(");
		t->at++;
		return is;
	}
	if (left >= 2 && is_unary(v[0])) {
		t->at += 2;
		return unary(t, v[0], v[1]);
	}
	t->at++;
	return *v[0];
}

static bool next_is(struct test *t, const char *word)
{
	if (t->failed || t->at == t->n || strcmp(t->v[t->at], word))
		return false;
	t->at++;
	return true;
}

static bool conjunction(struct test *t)
{
	bool is = primary(t);

	while (next_is(t, "-a"))
		is = primary(t) && is;
	return is;
}

static bool expression(struct test *t)
{
	bool is = conjunction(t);

	while (next_is(t, "-o"))
		is = conjunction(t) || is;
	return is;
}

static bool many(struct test *t)
{
	bool is = expression(t);

	if (!t->failed && t->at < t->n)
		return wrong(t, "not expected:", t->v[t->at]);
	return is;
}

/* --- by number of arguments ----------------------------------------------------------------------------- */

static bool two(struct test *t, const char *const *v)
{
	if (!strcmp(v[0], "!"))
		return !*v[1];
	if (is_unary(v[0]))
		return unary(t, v[0], v[1]);
	return wrong(t, "no such operator:", v[0]);
}

static bool three(struct test *t, const char *const *v)
{
	if (binary_of(v[1]) >= 0)
		return binary(t, v[0], v[1], v[2]);
	if (!strcmp(v[1], "-a"))
		return *v[0] && *v[2];
	if (!strcmp(v[1], "-o"))
		return *v[0] || *v[2];
	if (!strcmp(v[0], "!"))
		return !two(t, v + 1);
	if (!strcmp(v[0], "(") && !strcmp(v[2], ")"))
		return *v[1];
	return binary(t, v[0], v[1], v[2]);
}

static bool ask(struct test *t)
{
	switch (t->n) {
	case 0:
		return false;
	case 1:
		return *t->v[0];
	case 2:
		return two(t, t->v);
	case 3:
		return three(t, t->v);
	case 4:
		if (!strcmp(t->v[0], "!"))
			return !three(t, t->v + 1);
		if (!strcmp(t->v[0], "(") && !strcmp(t->v[3], ")"))
			return two(t, t->v + 1);
		return many(t);
	default:
		return many(t);
	}
}

int sh_b_test(struct sh *sh, int argc, const char *const *argv)
{
	struct test t = { .sh = sh, .v = argv + 1, .n = argc - 1 };
	bool is;

	if (*argv[0] == '[' && (argc < 2 || strcmp(argv[--t.n + 1], "]")))
		return sh_complain(sh, argv, "there is no ] at the end");
	is = ask(&t);
	return t.failed ? SH_ST_ERROR : !is;
}
