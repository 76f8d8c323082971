// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Times programs that print a line for each of many nodes: runs each command in turn, and prints for each the time to its
 * first line, to its end, and the most memory it or a process of its took, in KiB: minimum, median, maximum. Must never count
 * a run that failed or left a line out.
 *
 *	lines RUNS LINES NAME COMMAND [ARGUMENT...] [-- NAME COMMAND [ARGUMENT...]]...
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

enum { COMMANDS = 8, FIRST, LAST, MEMORY, VALUES };

extern char **environ;

struct command {
	char **argv;	/* [0] is the name, [1] what is run */
	double *values[VALUES];
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "lines: %s: %s\n", what, why);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static pid_t start(char **argv, int out)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int ret;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	ret = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (ret)
		fail(argv[0], strerror(ret));
	return pid;
}

/* how many lines come; when the first one did */
static long count_lines(int fd, double begun, double *first)
{
	char piece[65536];
	long lines = 0;
	ssize_t n;

	*first = 0;
	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += piece[i] == '\n';
		if (!*first && lines)
			*first = now_us() - begun;
	}
	return lines;
}

static void run(const struct command *c, long want, int nth)
{
	double begun = now_us();
	struct rusage use;
	int way[2], status;
	long lines;
	pid_t pid;

	if (pipe2(way, O_CLOEXEC))
		fail("pipe", strerror(errno));
	pid = start(c->argv + 1, way[1]);
	close(way[1]);
	lines = count_lines(way[0], begun, &c->values[FIRST][nth]);
	close(way[0]);
	if (wait4(pid, &status, 0, &use) != pid)
		fail("wait4", strerror(errno));
	c->values[LAST][nth] = now_us() - begun;
	c->values[MEMORY][nth] = use.ru_maxrss;
	if (lines == want && WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	fprintf(stderr, "lines: %s: %ld lines instead of %ld, status %d\n", c->argv[0], lines, want, status);
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void report(const struct command *c, int runs)
{
	static const char *const names[] = { [FIRST] = "first", [LAST] = "last", [MEMORY] = "memory" };

	for (int v = FIRST; v < VALUES; v++) {
		qsort(c->values[v], runs, sizeof(double), by_value);
		printf("%s\t%s\t%.0f\t%.0f\t%.0f\n", c->argv[0], names[v], c->values[v][0],
		       c->values[v][runs / 2], c->values[v][runs - 1]);
	}
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS];
	int n = 0, runs = argc > 1 ? atoi(argv[1]) : 0;
	long want = argc > 2 ? atol(argv[2]) : 0;

	for (int i = 3; i < argc && n < COMMANDS; n++) {
		commands[n].argv = argv + i;
		while (i < argc && strcmp(argv[i], "--"))
			i++;
		if (i < argc)
			argv[i++] = NULL;
		if (!commands[n].argv[0] || !commands[n].argv[1])
			fail("arguments", "a name and a command are needed");
		for (int v = FIRST; v < VALUES; v++)
			commands[n].values[v] = calloc(runs > 0 ? runs : 1, sizeof(double));
	}
	if (runs < 1 || want < 1 || !n)
		fail("usage", "lines RUNS LINES NAME COMMAND [ARGUMENT...] [-- NAME COMMAND...]...");
	for (int k = 0; k < runs; k++)
		for (int i = 0; i < n; i++)
			run(&commands[i], want, k);
	for (int i = 0; i < n; i++)
		report(&commands[i], runs);
	return 0;
}
