// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Times virgo_clone() of a program in one process, over a connection that is kept: microseconds a call, minimum, median,
 * maximum. Must never count a run that failed.
 *
 *	clone RUNS NODE PROGRAM
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <virgo/virgo.h>

enum { WARM = 5 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void fail(const char *why)
{
	fprintf(stderr, "clone: %s\n", why);
	exit(1);
}

int main(int argc, char **argv)
{
	int runs = argc == 4 ? atoi(argv[1]) : 0;
	double *us = calloc(runs > 0 ? runs : 1, sizeof(*us));
	struct virgo_exec exec = { .name = argc == 4 ? argv[3] : "" };
	struct virgo_exec_result result;
	struct virgo_error err;
	struct virgo_ctx *ctx;

	if (runs < 1 || !us)
		fail("usage: clone RUNS NODE PROGRAM");
	if (virgo_connect(&ctx, NULL, &err))
		fail(err.message);
	for (int i = -WARM; i < runs; i++) {
		double begun = now_us();

		if (virgo_clone(ctx, argv[2], &exec, &result, &err))
			fail(err.message);
		if (result.status != VIRGO_EXEC_EXITED || result.exit)
			fail("the program failed");
		if (i >= 0)
			us[i] = now_us() - begun;
		virgo_exec_result_free(&result);
	}
	qsort(us, runs, sizeof(*us), by_value);
	printf("%.0f\t%.0f\t%.0f\n", us[0], us[runs / 2], us[runs - 1]);
	virgo_disconnect(ctx);
	return 0;
}
