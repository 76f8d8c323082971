// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The simulation against what queueing theory says of it, and the original's formula against what
 * it is the sum of. Figures are those of fixed seeds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.c"
#include "core/balance.c"
#include "core/buf.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/json_read.c"
#include "core/json_write.c"
#include "core/load.c"
#include "core/place.c"
#include "core/predict.c"
#include "core/utf8.c"
#include "core/values_parse.c"

#include "cli/bench-formula.c"
#include "cli/bench-sim.c"

static struct bench_plan plan_of(enum bench_pattern pattern, unsigned int balancer)
{
	return (struct bench_plan){
		.pattern = pattern, .balancer = balancer, .machines = 4, .cpus = 1, .clients = 4,
		.requests = 200000, .load_percent = 50, .slow = 2, .run_us = 10000, .seed = 1,
	};
}

static struct bench_result result_of(const struct bench_plan *plan)
{
	struct bench_result r;
	uint64_t sum = 0;

	assert_int_equal(bench_simulate(plan, &r), 0);
	for (uint32_t i = 0; i < plan->machines; i++)
		sum += r.taken[i];
	assert_int_equal(sum, plan->requests);
	bench_free(&r);
	return r;
}

static void assert_near(double got, double want, double part)
{
	if (fabs(got - want) > part * fabs(want))
		fail_msg("%g is not %g within %g", got, want, part);
}

/* random choice makes each machine an M/M/1 queue: response times are exponential, mean s / (1 - load) */
static void one_processor(void **state)
{
	static const uint32_t loads[] = { 10, 50, 80 };
	struct bench_plan plan = plan_of(BENCH_UNIFORM, VG_PRG);
	struct bench_result r;
	double mean;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		plan.load_percent = loads[i];
		mean = plan.run_us / (1 - loads[i] / 100.0);
		r = result_of(&plan);
		assert_near(r.mean_us, mean, 0.05);
		assert_near(r.p50_us, mean * log(2), 0.05);
		assert_near(r.p99_us, mean * log(100), 0.08);
	}
}

/* M/M/2: mean s / (1 - load^2) */
static void two_processors(void **state)
{
	struct bench_plan plan = plan_of(BENCH_UNIFORM, VG_PRG);

	(void)state;
	plan.machines = 1;
	plan.cpus = 2;
	plan.load_percent = 70;
	assert_near(result_of(&plan).mean_us, 10000 / (1 - 0.49), 0.05);
}

/* slow machines under random choice: M/M/1 each, at their own load */
static void slow_machines(void **state)
{
	struct bench_plan plan = plan_of(BENCH_ONE_SLOW, VG_PRG);
	double rate = 0.5 * 3.5 / 4;	/* requests each machine gets in the time of one */

	(void)state;
	assert_near(result_of(&plan).mean_us,
		    10000 * (0.75 / (1 - rate) + 0.25 / (0.5 - rate)), 0.1);
	plan.pattern = BENCH_TWO_SLOW;
	rate = 0.5 * 3 / 4;
	assert_near(result_of(&plan).mean_us, 10000 * (0.5 / (1 - rate) + 0.5 / (0.5 - rate)), 0.1);
}

/* even by random choice, the spread is the binomial distribution's */
static void spread(void **state)
{
	struct bench_plan plan = plan_of(BENCH_UNIFORM, VG_PRG);
	double variation = 0;

	(void)state;
	plan.requests = 1000;
	plan.machines = 20;
	for (plan.seed = 1; plan.seed <= 200; plan.seed++)
		variation += result_of(&plan).variation / 200;
	assert_near(variation, sqrt(19 / 1000.0), 0.05);
}

static void the_same_again(void **state)
{
	struct bench_plan plan = plan_of(BENCH_SKEWED, VG_TWO_CHOICES);
	struct bench_result a = result_of(&plan), b = result_of(&plan);

	(void)state;
	assert_int_equal(a.p99_us, b.p99_us);
	assert_int_equal(a.mean_us, b.mean_us);
	plan.seed = 2;
	b = result_of(&plan);
	assert_int_not_equal(a.mean_us, b.mean_us);
	assert_near(b.mean_us, a.mean_us, 0.05);
}

static uint64_t p99(enum bench_pattern pattern, unsigned int balancer)
{
	struct bench_plan plan = plan_of(pattern, balancer);

	return result_of(&plan).p99_us;
}

/* what the balancers are there for */
static void worth_it(void **state)
{
	uint64_t rr = p99(BENCH_ONE_SLOW, BENCH_ROUND_ROBIN);

	(void)state;
	assert_true(p99(BENCH_ONE_SLOW, VG_TWO_CHOICES) < rr * 4 / 10);
	assert_true(p99(BENCH_ONE_SLOW, VG_LEAST_LOADED) < rr * 35 / 100);
	assert_true(p99(BENCH_ONE_SLOW, VG_PREDICTED) < rr * 25 / 100);
	rr = p99(BENCH_TWO_SLOW, BENCH_ROUND_ROBIN);
	assert_true(p99(BENCH_TWO_SLOW, VG_TWO_CHOICES) < rr * 3 / 4);
	assert_true(p99(BENCH_TWO_SLOW, VG_PREDICTED) < rr / 2);
	rr = p99(BENCH_UNIFORM, BENCH_ROUND_ROBIN);
	assert_true(p99(BENCH_UNIFORM, VG_PRG) > rr * 11 / 10);
	assert_true(p99(BENCH_UNIFORM, VG_LEAST_LOADED) < rr);
	assert_true(p99(BENCH_SKEWED, VG_PREDICTED) < p99(BENCH_SKEWED, BENCH_ROUND_ROBIN));
}

static void odd_plans(void **state)
{
	struct bench_plan plan;

	(void)state;
	for (unsigned int b = 0; b < BENCH_BALANCERS; b++) {
		for (int p = 0; p < BENCH_PATTERNS; p++) {
			plan = plan_of(p, b);
			plan.requests = 1;
			result_of(&plan);
			plan.requests = 500;
			plan.machines = 1;
			plan.clients = 1;
			assert_near(result_of(&plan).spread, 1, 1e-9);
			plan.machines = 100;
			plan.clients = 256;
			plan.load_percent = 1000;
			plan.slow = 100;
			plan.run_us = 600000000;
			result_of(&plan);
		}
	}
}

/* --- the formula ------------------------------------------------------------------------------- */

static void formula(void **state)
{
	double n, k, series, quotient;

	(void)state;
	for (n = 2; n <= 12; n++) {
		series = 0;
		for (k = 1; k <= 40; k++) {
			series += k / pow(n, k);
			quotient = (pow(n, k + 2) - k * n * n + k * n - 1) /
				   (pow(n, k + 3) - 2 * pow(n, k + 2) + pow(n, k + 1));
			/* as it is written, and as we compute it */
			assert_near(bench_original(n, k), quotient, 1e-9);
			assert_near(bench_series(n, k), series, 1e-9);
			/* the slip */
			assert_near(bench_original(n, k),
				    series + (n + 1) / (pow(n, k + 1) * (n - 1)), 1e-9);
			/* its bound, and that it never says what is right */
			assert_true(series < n / ((n - 1) * (n - 1)) * (1 + 1e-12));
			assert_true(fabs(bench_original(n, k) - k / n) > 1e-3);
		}
	}
	assert_near(bench_original(4, 1), 51.0 / 144, 1e-12);
	/* where the quotient is no number any more */
	assert_true(isinf(pow(4, 509 + 3)));
	assert_near(bench_original(4, 1000000), 4.0 / 9, 1e-9);
	assert_true(isnan(bench_original(1, 5)));
	assert_near(bench_series(1, 5), 15, 1e-12);
	assert_near(bench_expected(4, 10), 2.5, 1e-12);
}

static void measured(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 8; n++)
		for (uint32_t k = 1; k <= 64; k *= 4)
			assert_near(bench_measured(n, k, 40000, n * k), (double)k / n, 0.06);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_processor),
		cmocka_unit_test(two_processors),
		cmocka_unit_test(slow_machines),
		cmocka_unit_test(spread),
		cmocka_unit_test(the_same_again),
		cmocka_unit_test(worth_it),
		cmocka_unit_test(odd_plans),
		cmocka_unit_test(formula),
		cmocka_unit_test(measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
