// SPDX-License-Identifier: GPL-3.0-or-later
/* virgo bench: what the balancers do to response times, simulated and on real nodes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench-run.h"
#include "cli/commands.h"

const char *const bench_patterns[BENCH_PATTERNS + 2] = {
	[BENCH_UNIFORM] = "uniform", [BENCH_SKEWED] = "skewed", [BENCH_ONE_SLOW] = "one-slow",
	[BENCH_TWO_SLOW] = "two-slow", [BENCH_PATTERNS] = "all", NULL
};

const char *const bench_balancers[BENCH_BALANCERS + 2] = {
	[VG_LEAST_LOADED] = "least-loaded", [VG_TWO_CHOICES] = "two-choices", [VG_PRG] = "prg",
	[VG_HASH] = "hash", [VG_PREDICTED] = "predicted", [BENCH_ROUND_ROBIN] = "round-robin",
	[BENCH_BALANCERS] = "all", NULL
};

/* the order in which they are shown: what they are compared with first */
static const unsigned int shown[BENCH_BALANCERS] = {
	BENCH_ROUND_ROBIN, VG_PRG, VG_HASH, VG_TWO_CHOICES, VG_LEAST_LOADED, VG_PREDICTED,
};

static const struct cli_option bench_options[] = {
	{ 0, "balance", "HOW", "this balancer alone: round-robin, prg, hash, two-choices, least-loaded, "
	  "predicted; or all", CLI_C_WORDS, bench_balancers },
	{ 0, "pattern", "WHAT", "simulate this alone: uniform, skewed, one-slow, two-slow; or all",
	  CLI_C_WORDS, bench_patterns },
	{ 0, "requests", "N", "how many (50000; with --run 1000)" },
	{ 0, "machines", "N", "over so many (4)" },
	{ 0, "cpus", "N", "processors of each (1)" },
	{ 0, "clients", "N", "who balance apart from each other (4)" },
	{ 0, "load", "PERCENT", "of what all machines can do together (50)" },
	{ 0, "slow", "N", "a slow machine takes so many times as long (2)" },
	{ 0, "work", "DUR", "mean time of a request alone on a machine (10ms)" },
	{ 0, "seed", "N", "of the random numbers (1): the same seed, the same figures" },
	{ 0, "formula", NULL, "how many requests a node is expected to get, the original's formula beside" },
	{ 0, "run", NULL, "real requests over the nodes (-w)" },
	{ 0, "at-once", "N", "with --run: so many at a time (16)" },
	{ 0, "kernel", "NAME", "with --run: run this kernel function in place of GET /healthz" },
	{ 0 }
};

/* index of the option's value among words; their last one, "all", if it was not given */
static int word_opt(struct run *r, const char *name, const char *const *words, unsigned int *value)
{
	const char *text = run_opt(r, name);
	unsigned int i;

	for (i = 0; words[i] && text && strcmp(words[i], text); i++)
		;
	if (text && !words[i])
		return run_usage(r, "--%s \"%.60s\" is none of %s, %s, … all", name, text, words[0],
				 words[1]);
	if (text)
		*value = i;
	return VIRGO_OK;
}

static int number_opt(struct run *r, const char *name, uint32_t min, uint32_t max, uint32_t *value)
{
	uint64_t n = *value;
	int ret = run_opt_u64(r, name, max, &n);

	if (!ret && n < min)
		ret = run_usage(r, "--%s %llu is under %u", name, (unsigned long long)n, min);
	*value = (uint32_t)n;
	return ret;
}

static int take_plan(struct run *r, struct bench_plan *plan)
{
	uint64_t work_ms = plan->run_us / 1000;
	int ret;

	ret = number_opt(r, "requests", 1, BENCH_REQUESTS_MAX, &plan->requests);
	if (!ret)
		ret = number_opt(r, "machines", 1, BENCH_MACHINES_MAX, &plan->machines);
	if (!ret)
		ret = number_opt(r, "cpus", 1, BENCH_MACHINES_MAX, &plan->cpus);
	if (!ret)
		ret = number_opt(r, "clients", 1, BENCH_CLIENTS_MAX, &plan->clients);
	if (!ret)
		ret = number_opt(r, "load", 1, 1000, &plan->load_percent);
	if (!ret)
		ret = number_opt(r, "slow", 1, BENCH_SLOW_MAX, &plan->slow);
	if (!ret)
		ret = run_opt_ms(r, "work", &work_ms);
	if (!ret && work_ms > 600000)
		ret = run_usage(r, "--work is over ten minutes");
	plan->run_us = (uint32_t)work_ms * 1000;
	return ret ? ret : run_opt_u64(r, "seed", UINT64_MAX, &plan->seed);
}

/* --- rows -------------------------------------------------------------------------------------- */

static const struct out_col columns[] = {
	{ "pattern", "PATTERN" }, { "balancer", "BALANCER" }, { "requests", NULL },
	{ "failed", "FAILED", true }, { "p50_us", "P50", true }, { "p99_us", "P99", true },
	{ "mean_us", "MEAN", true },
	{ "p99_ratio", "P99/RR", true }, { "max_mean", "MAX/MEAN", true }, { "cv", "CV", true },
	{ "least", "LEAST", true }, { "most", "MOST", true }, { "per_node", "PER NODE", true },
	{ "original", "ORIGINAL", true },
};

static void real_cell(struct out *o, double v, int digits)
{
	char text[48];

	if (!isfinite(v)) {
		out_none(o);
		return;
	}
	snprintf(text, sizeof(text), "%.*f", digits, v);
	out_json(o, text);
}

static void row(struct run *r, const char *pattern, const struct bench_plan *plan,
		const struct bench_result *result, uint64_t rr_p99_us)
{
	uint32_t least = UINT32_MAX, most = 0;
	struct out *o = &r->out;

	for (uint32_t i = 0; i < plan->machines; i++) {
		least = result->taken[i] < least ? result->taken[i] : least;
		most = result->taken[i] > most ? result->taken[i] : most;
	}
	out_str(o, pattern);
	out_str(o, bench_balancers[plan->balancer]);
	out_u64(o, plan->requests);
	out_u64(o, result->failed);
	out_us(o, result->p50_us);
	out_us(o, result->p99_us);
	out_us(o, result->mean_us);
	real_cell(o, rr_p99_us ? (double)result->p99_us / (double)rr_p99_us : NAN, 3);
	real_cell(o, result->spread, 3);
	real_cell(o, result->variation, 3);
	out_u64(o, least);
	out_u64(o, most);
	real_cell(o, bench_expected(plan->machines, plan->requests), 1);
	real_cell(o, bench_original(plan->machines, plan->requests), 3);
}

static void remark(struct run *r, const struct bench_plan *plan)
{
	if (r->out.format != OUT_TABLE)
		return;
	out_end(&r->out);
	out_printf(&r->out,
		   "\nP99/RR: 99th percentile over round-robin's. PER NODE: %u requests over %u nodes.\n"
		   "ORIGINAL: the original's formula for the same; it counts no requests but adds up the\n"
		   "chances of rows of them, so it stays below %.3f however many there are: see\n"
		   "virgo bench --formula and virgo-balance(7).\n",
		   plan->requests, plan->machines,
		   bench_original(plan->machines < 2 ? 2 : plan->machines, 1000000) + 0.0005);
}

/* --- the three ways ------------------------------------------------------------------------------ */

/* one pattern with the balancers asked for; round robin is always run, to compare with */
static int simulate(struct run *r, struct bench_plan *plan, unsigned int balancer)
{
	struct bench_result result;
	uint64_t rr_p99_us = 0;
	int ret = 0;

	for (size_t i = 0; i < CLI_COUNT(shown) && !ret; i++) {
		plan->balancer = shown[i];
		if (i && balancer != BENCH_BALANCERS && balancer != shown[i])
			continue;
		if (r->cli->interrupted)
			return VIRGO_INTERRUPTED;
		ret = bench_simulate(plan, &result);
		if (ret)
			ret = run_fail(r, VIRGO_FAILED, "out of memory");
		if (!ret && !i)
			rr_p99_us = result.p99_us;
		if (!ret && (balancer == BENCH_BALANCERS || balancer == shown[i]))
			row(r, bench_patterns[plan->pattern], plan, &result, rr_p99_us);
		bench_free(&result);
	}
	return ret;
}

static int simulations(struct run *r, struct bench_plan *plan, unsigned int balancer,
		       unsigned int pattern)
{
	int ret = VIRGO_OK;

	out_list(&r->out, columns, CLI_COUNT(columns));
	for (unsigned int p = 0; p < BENCH_PATTERNS && !ret; p++) {
		if (pattern != BENCH_PATTERNS && pattern != p)
			continue;
		plan->pattern = (enum bench_pattern)p;
		ret = simulate(r, plan, balancer);
	}
	if (!ret)
		remark(r, plan);
	return ret;
}

/* connections are made, and the nodes have woken up, before the first is measured */
static int warm_up(struct run *r, const struct bench_plan *plan, uint32_t at_once)
{
	struct bench_plan first = *plan;
	struct bench_result result;
	int ret;

	first.balancer = BENCH_ROUND_ROBIN;
	first.requests = 2 * at_once < plan->machines ? plan->machines : 2 * at_once;
	ret = bench_run(r, &first, NULL, at_once, &result);
	bench_free(&result);
	return ret;
}

static int real_run(struct run *r, struct bench_plan *plan, uint32_t at_once, uint64_t *rr_p99_us)
{
	struct bench_result result;
	int ret;

	if (plan->balancer != BENCH_ROUND_ROBIN)
		virgo_balancer_set(r->ctx, (enum virgo_balancer)plan->balancer);
	ret = bench_run(r, plan, run_opt(r, "kernel"), at_once, &result);
	if (!ret && plan->balancer == BENCH_ROUND_ROBIN)
		*rr_p99_us = result.p99_us;
	if (!ret)
		row(r, "real", plan, &result, *rr_p99_us);
	bench_free(&result);
	return ret;
}

static int real_runs(struct run *r, struct bench_plan *plan, unsigned int balancer)
{
	enum virgo_balancer before;
	uint32_t at_once = 16;
	uint64_t rr_p99_us = 0;
	int ret;

	ret = number_opt(r, "at-once", 1, 1024, &at_once);
	if (ret)
		return ret;
	if (!run_ctx(r))
		return r->no_ctx;
	if (!run_opt(r, "requests"))
		plan->requests = 1000;
	plan->machines = (uint32_t)virgo_nodeset_count(virgo_nodes(r->ctx));
	before = virgo_balancer_get(r->ctx);
	ret = warm_up(r, plan, at_once);
	if (ret)
		return ret;
	out_list(&r->out, columns, CLI_COUNT(columns));
	for (size_t i = 0; i < CLI_COUNT(shown) && !ret; i++) {
		plan->balancer = shown[i];
		if (balancer == BENCH_BALANCERS || balancer == shown[i])
			ret = real_run(r, plan, at_once, &rr_p99_us);
	}
	virgo_balancer_set(r->ctx, before);
	if (!ret)
		remark(r, plan);
	return ret;
}

static int formula(struct run *r, const struct bench_plan *plan)
{
	static const struct out_col cols[] = {
		{ "requests", "REQUESTS", true }, { "measured", "MEASURED", true },
		{ "per_node", "K/N", true }, { "original", "ORIGINAL", true },
		{ "series", "ITS SERIES", true }, { "ratio", "ORIGINAL/MEASURED", true },
	};
	static const uint32_t ks[] = { 1, 2, 3, 4, 5, 10, 20, 50, 100, 500, 1000 };
	uint32_t n = plan->machines;
	double measured, original;

	out_list(&r->out, cols, CLI_COUNT(cols));
	for (size_t i = 0; i < CLI_COUNT(ks); i++) {
		if (r->cli->interrupted)
			return VIRGO_INTERRUPTED;
		measured = bench_measured(n, ks[i], 20000, plan->seed);
		original = bench_original(n, ks[i]);
		out_u64(&r->out, ks[i]);
		real_cell(&r->out, measured, 4);
		real_cell(&r->out, bench_expected(n, ks[i]), 4);
		real_cell(&r->out, original, 4);
		real_cell(&r->out, bench_series(n, ks[i]), 4);
		real_cell(&r->out, original / measured, 4);
	}
	if (r->out.format != OUT_TABLE)
		return VIRGO_OK;
	out_end(&r->out);
	out_printf(&r->out,
		   "\nMEASURED: requests of one of %u nodes, each going to any at random, mean of 20000 trials.\n"
		   "ORIGINAL: (N^(k+2) - kN^2 + kN - 1) / (N^(k+3) - 2N^(k+2) + N^(k+1)).\n"
		   "ITS SERIES: 1/N + 2/N^2 + … + k/N^k, of which it is the sum but for a slip of two terms,\n"
		   "(N+1) / (N^(k+1) (N-1)). They part from the measurement at once: 1/N^i is the chance that\n"
		   "i given requests all go to one node, not that exactly i of k do. See virgo-balance(7).\n", n);
	return VIRGO_OK;
}

static int bench(struct run *r)
{
	struct bench_plan plan = {
		.machines = 4, .cpus = 1, .clients = 4, .requests = 50000, .load_percent = 50, .slow = 2,
		.run_us = 10000, .seed = 1,
	};
	unsigned int balancer = BENCH_BALANCERS, pattern = BENCH_PATTERNS;
	int ret = take_plan(r, &plan);

	if (!ret)
		ret = word_opt(r, "balance", bench_balancers, &balancer);
	if (!ret)
		ret = word_opt(r, "pattern", bench_patterns, &pattern);
	if (ret)
		return ret;
	if (run_flag(r, "formula"))
		return formula(r, &plan);
	if (run_flag(r, "run"))
		return real_runs(r, &plan, balancer);
	if (run_flag(r, "at-once") || run_flag(r, "kernel"))
		return run_usage(r, "--at-once and --kernel are for --run");
	return simulations(r, &plan, balancer, pattern);
}

const struct cli_command commands_bench[] = {
	{ "bench", "", "what the balancers do to response times, simulated or on the nodes",
	  "Simulates requests over machines, none of which is asked anything: the same for all\n"
	  "(uniform), one in ten that takes ten times as long (skewed), one or two of the machines\n"
	  "slow. For each balancer the response times, and how evenly requests were spread: the most\n"
	  "of one machine over the mean, standard deviation over the mean. Round-robin is what they\n"
	  "are compared with. \"predicted\" is given the machines' speeds and the mean times of small\n"
	  "and large requests.\n\n"
	  "With --run real requests, over the nodes as they are.\n\n"
	  "  virgo bench --pattern one-slow --slow 4 --load 30\n"
	  "  virgo bench --run --balance two-choices -w node[1-4]",
	  bench_options, 0, 0, 0, CLI_C_NONE, NULL, bench },
	{ 0 }
};
