// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Times whole processes against each other: runs each command in turn, so that what else the machine does falls on all of
 * them alike. Prints, for each, wall and CPU time in microseconds: minimum, median, maximum. Must never count a run that
 * failed, nor let a shell or a terminal into the time.
 *
 *	pair RUNS NAME COMMAND [ARGUMENT...] [-- NAME COMMAND [ARGUMENT...]]...
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 8, WARM = 5 };

extern char **environ;

struct command {
	char **argv;	/* [0] is the name, [1] what is run */
	double *wall, *cpu;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "pair: %s: %s\n", what, why);
	exit(1);
}

static double us(struct timeval t)
{
	return t.tv_sec * 1e6 + t.tv_usec;
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void run(const struct command *c, posix_spawn_file_actions_t *quiet, double *wall, double *cpu)
{
	struct rusage use;
	double start = now_us();
	int status, ret;
	pid_t pid;

	ret = posix_spawnp(&pid, c->argv[1], quiet, NULL, c->argv + 1, environ);
	if (ret)
		fail(c->argv[1], strerror(ret));
	if (wait4(pid, &status, 0, &use) != pid)
		fail("wait4", strerror(errno));
	*wall = now_us() - start;
	*cpu = us(use.ru_utime) + us(use.ru_stime);
	if (status)
		fail(c->argv[0], "the command failed");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *name, const char *what, double *t, int n)
{
	qsort(t, n, sizeof(*t), compare);
	printf("%s\t%s\t%.0f\t%.0f\t%.0f\n", name, what, t[0], t[n / 2], t[n - 1]);
}

int main(int argc, char **argv)
{
	struct command c[COMMANDS];
	posix_spawn_file_actions_t quiet;
	int runs = argc > 1 ? atoi(argv[1]) : 0, n = 0, i, k;

	for (i = 2; i < argc && n < COMMANDS; i++) {
		c[n++].argv = argv + i;
		while (i < argc && strcmp(argv[i], "--"))
			i++;
		argv[i] = NULL;
	}
	if (runs < 1 || !n) {
		fprintf(stderr, "usage: pair RUNS NAME COMMAND [ARGUMENT...] [-- NAME COMMAND [ARGUMENT...]]...\n");
		return 2;
	}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (i = 0; i < n; i++) {
		c[i].wall = calloc(runs, sizeof(double));
		c[i].cpu = calloc(runs, sizeof(double));
		if (!c[i].argv[0] || !c[i].argv[1] || !c[i].wall || !c[i].cpu)
			fail("start", "a name and a command are wanted");
	}
	for (k = -WARM; k < runs; k++)
		for (i = 0; i < n; i++)
			run(&c[i], &quiet, &c[i].wall[k < 0 ? 0 : k], &c[i].cpu[k < 0 ? 0 : k]);
	for (i = 0; i < n; i++) {
		print(c[i].argv[0], "wall", c[i].wall, runs);
		print(c[i].argv[0], "cpu", c[i].cpu, runs);
	}
	return 0;
}
