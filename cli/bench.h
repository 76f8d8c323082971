/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virgo bench from the inside: what is simulated or sent, and what comes of it. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/balance.h"

enum bench_limit {
	BENCH_MACHINES_MAX = 1024,
	BENCH_CLIENTS_MAX = 256,
	BENCH_REQUESTS_MAX = 1000000,
	BENCH_SLOW_MAX = 100,
};

/* the balancers of core, and two of the bench's own: one to compare with, one to mean all */
enum { BENCH_ROUND_ROBIN = VG_POLICIES, BENCH_BALANCERS };

enum bench_pattern {
	BENCH_UNIFORM,		/* machines and requests alike, run times exponential */
	BENCH_SKEWED,		/* one request in ten takes ten times as long; few functions are most requests */
	BENCH_ONE_SLOW,		/* uniform requests; machine 0 is slow */
	BENCH_TWO_SLOW,		/* … machines 0 and 1 are */
	BENCH_PATTERNS,
};

extern const char *const bench_patterns[BENCH_PATTERNS + 2];	/* …, "all", NULL */
extern const char *const bench_balancers[BENCH_BALANCERS + 2];

struct bench_plan {
	enum bench_pattern pattern;
	unsigned int balancer;		/* enum vg_policy or BENCH_ROUND_ROBIN */
	uint32_t machines, cpus, clients, requests;
	uint32_t load_percent;		/* of what all machines can do together */
	uint32_t slow;			/* a slow machine takes so many times as long */
	uint32_t run_us;		/* mean run time on a machine that is not slow */
	uint64_t seed;
};

struct bench_result {
	uint32_t failed;		/* real requests without a good answer */
	uint64_t p50_us, p99_us, mean_us;	/* from sending to the answer, of those that were answered */
	uint32_t *taken;		/* requests each machine took */
	double spread;			/* the most of them over the mean */
	double variation;		/* standard deviation over the mean */
};

/* 0, or -1: no memory. The result is freed by bench_free(), also after -1. */
int bench_simulate(const struct bench_plan *plan, struct bench_result *result);
/* p50 and so on from n times (sorted here), spread and variation from taken */
void bench_sum_up(const struct bench_plan *plan, double *us, uint32_t n, struct bench_result *result);
void bench_free(struct bench_result *result);

/*
 * Expected requests per node for k requests over n nodes, by: the binomial distribution; the series
 * the original means; the original's closed form. NAN where there is none.
 */
double bench_expected(uint32_t n, uint32_t k);
double bench_series(uint32_t n, uint32_t k);
double bench_original(uint32_t n, uint32_t k);
/* the same measured: requests of one of n nodes, each going to any at random, mean of trials */
double bench_measured(uint32_t n, uint32_t k, uint32_t trials, uint64_t seed);

#endif
