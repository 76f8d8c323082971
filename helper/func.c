// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See func.h. Must never be run with a privilege: what it loads is other people's code. Nothing but
 * the name virgo_function_table is looked up in a library, so that only what is in its table can be
 * called.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/func.h"
#include "helper/library.h"
#include "helper/listing.h"
#include "helper/spawn.h"
#include "virgo/function.h"

enum { LIBRARY_S = 1 };		/* for one library to be listed */

struct args {
	bool is_list;
	unsigned int n;
	char **libraries;
	char **rest;		/* the function's name and its arguments */
	int nr_rest;
};

/* what is called, and what came of it */
struct call {
	const struct virgo_function *f;
	int argc;
	const char *const *argv;
	bool returned;
	long value;
};

bool func_is_meant(int argc, char **argv)
{
	return argc >= 3 &&
	       (!strcmp(argv[1], "--call-function") || !strcmp(argv[1], "--list-functions"));
}

static bool parse(int argc, char **argv, struct args *a)
{
	char *end;
	unsigned long n = strtoul(argv[2], &end, 10);

	a->is_list = !strcmp(argv[1], "--list-functions");
	if (*end || n > LIBRARIES_MAX || argc < 3 + (int)n + !a->is_list)
		return false;
	a->n = n;
	a->libraries = argv + 3;
	a->rest = a->libraries + n;
	a->nr_rest = argc - 3 - n;
	return true;
}

static void report(const struct report *r)
{
	if (write(REPORT_FD, r, sizeof(*r)) != sizeof(*r))
		_exit(126);
}

static int fail(unsigned int why, int err, const char *what, const char *name)
{
	struct report r = { .what = REPORT_FAILED, .why = why, .err = err };

	snprintf(r.text, sizeof(r.text), "%s: %s", name, what);
	report(&r);
	return 127;
}

static bool table_is_sound(const struct virgo_function_table *t)
{
	return t->abi == VIRGO_FUNCTION_ABI && t->count <= VIRGO_FUNCTIONS_MAX && t->functions;
}

/* NULL, with *why saying what is wrong with the library. */
static const struct virgo_function_table *load(unsigned int i, const char **why)
{
	const struct virgo_function_table *t;
	char path[40];
	void *library;

	snprintf(path, sizeof(path), "/proc/self/fd/%u", LIBRARY_FD + i);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		*why = dlerror();
		return NULL;
	}
	t = dlsym(library, "virgo_function_table");
	*why = !t ? "it declares no functions, see virgo/function.h" :
		    "its table of functions is of another version, or too long";
	return t && table_is_sound(t) ? t : NULL;
}

static const struct virgo_function *find(const struct virgo_function_table *t, const char *name)
{
	const struct virgo_function *f;
	unsigned int i;

	for (i = 0; i < t->count; i++) {
		f = &t->functions[i];
		if (f->name && f->call && !strcmp(f->name, name))
			return f;
	}
	return NULL;
}

/*
 * A child in which a library may be loaded, whatever comes of it; its output is nobody's. As
 * fork().
 */
static pid_t fork_prober(void)
{
	pid_t pid = fork();
	int null;

	if (!pid) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0)
			_exit(1);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(REPORT_FD);
		alarm(LIBRARY_S);
	}
	return pid;
}

/* --- calling ---------------------------------------------------------------------------------- */

static void *run_thread(void *arg)
{
	struct call *c = arg;

	c->value = c->f->call(c->argc, c->argv);
	c->returned = true;
	return NULL;
}

/* 0 or errno */
static int run(struct call *c)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	err = pthread_attr_setstacksize(&attr, VIRGO_FUNCTION_STACK);
	if (!err)
		err = pthread_create(&thread, &attr, run_thread, c);
	pthread_attr_destroy(&attr);
	return err ? err : pthread_join(thread, NULL);
}

static int status_of(long value)
{
	return value && !(value & 255) ? 1 : value & 255;
}

/* Does a library have the function? One that crashes or hangs has not. */
static bool probe(unsigned int i, const char *name)
{
	const struct virgo_function_table *t;
	const char *why;
	pid_t pid = fork_prober();
	int status;

	if (!pid) {
		t = load(i, &why);
		_exit(!t || !find(t, name));
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static int call(struct args *a)
{
	struct report started = { .what = REPORT_STARTED }, done = { .what = REPORT_VALUE };
	const struct virgo_function_table *t;
	struct call c = { .argc = a->nr_rest, .argv = (const char *const *)a->rest };
	const char *why = "", *name = a->rest[0];
	unsigned int i = 0;
	int err;

	/* where any of several may have it, only the one that has it is loaded in here */
	while (a->n > 1 && i < a->n && !probe(i, name))
		i++;
	t = i < a->n ? load(i, &why) : NULL;
	if (i < a->n && !t)
		return fail(VIRGO_END_FAILED, ENOEXEC, why, a->libraries[i]);
	c.f = t ? find(t, name) : NULL;
	if (!c.f)
		return fail(VIRGO_END_NOT_FOUND, ENOENT, "no library has this function", name);
	/* the way to the supervisor, behind it, is closed for what the function starts */
	close_range(LIBRARY_FD, ~0u, 0);
	prctl(PR_SET_NAME, name);
	report(&started);
	err = run(&c);
	fflush(NULL);
	if (err) {
		fprintf(stderr, "%s: no thread: %s\n", name, strerror(err));
		return 126;
	}
	if (!c.returned)
		return 126;
	done.value = c.value;
	report(&done);
	return status_of(c.value);
}

/* --- listing ---------------------------------------------------------------------------------- */

/* What a library has, to fd: "library:function", summary, each with its NUL. */
static int describe(unsigned int i, const char *library, int fd)
{
	const struct virgo_function_table *t;
	const struct virgo_function *f;
	char line[2 * LIBRARY_NAME + SUMMARY_MAX + 8];
	const char *why;
	unsigned int k;
	char *p;
	int n;

	t = load(i, &why);
	for (k = 0; t && k < t->count; k++) {
		f = &t->functions[k];
		if (!f->name || !f->call || !library_name_ok(f->name, strlen(f->name)))
			continue;
		n = snprintf(line, sizeof(line), "%s:%s%c%.*s", library, f->name, 0, SUMMARY_MAX,
			     f->summary ? f->summary : "");
		for (p = line + strlen(line) + 1; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				*p = ' ';
		if (write(fd, line, n + 1) != n + 1)
			return 1;
	}
	return 0;
}

/* All that a child says, if it ends well. */
static void collect(int from, pid_t pid)
{
	static char text[LISTING_MAX];
	size_t n = 0, at;
	ssize_t ret;
	int status;

	while (n < sizeof(text) && (ret = read(from, text + n, sizeof(text) - n)) > 0)
		n += ret;
	if (waitpid(pid, &status, 0) != pid || status)
		return;
	for (at = 0; at < n; at += ret) {
		ret = write(STDOUT_FILENO, text + at, n - at);
		if (ret <= 0)
			return;
	}
}

/* Each in a child: one that crashes or hangs is left out. */
static int list(struct args *a)
{
	struct report started = { .what = REPORT_STARTED };
	unsigned int i;
	int p[2];
	pid_t pid;

	report(&started);
	for (i = 0; i < a->n; i++) {
		if (pipe2(p, O_CLOEXEC))
			return 1;
		pid = fork_prober();
		if (!pid) {
			close(p[0]);
			_exit(describe(i, a->libraries[i], p[1]));
		}
		close(p[1]);
		if (pid > 0)
			collect(p[0], pid);
		close(p[0]);
	}
	return 0;
}

int func_main(int argc, char **argv)
{
	struct args a;
	unsigned int i;

	if (!parse(argc, argv, &a)) {
		fputs("virgo_kernelupcall_plugin: this is for its own use\n", stderr);
		return 2;
	}
	for (i = 0; i <= a.n; i++)
		fcntl(REPORT_FD + i, F_SETFD, FD_CLOEXEC);
	i = a.is_list ? list(&a) : call(&a);
	fflush(NULL);
	_exit(i);
}
