// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How many of k requests a node gets where each goes to one of N at random: the original's closed
 * form, what it was meant to be, and what is right.
 *
 * The original (VirgoDesign, load balancer 2) lets a random variable X run from 1 to k, the
 * requests of one node, with E = sum of each value times its probability, and gives
 *
 *	E = (N^(k+2) - k N^2 + k N - 1) / (N^(k+3) - 2 N^(k+2) + N^(k+1))
 *
 * With x = 1/N, divided by N^(k+3) above and below, this is
 *
 *	E = (x - k x^(k+1) + k x^(k+2) - x^(k+3)) / (1 - x)^2				(1)
 *
 * and the denominator is that of an arithmetic-geometric series. The series whose first term is x
 * is
 *
 *	S = 1 x + 2 x^2 + … + k x^k,	so that P(X = i) = 1/N^i.			(2)
 *
 * Its closed form follows from S - x S = (x + x^2 + … + x^k) - k x^(k+1):
 *
 *	S = ((x - x^(k+1)) / (1 - x) - k x^(k+1)) / (1 - x)
 *	  = (x - (k+1) x^(k+1) + k x^(k+2)) / (1 - x)^2					(3)
 *
 * (1) comes out the same way if the geometric sum has k + 2 terms in place of k, that is x -
 * x^(k+3) for x - x^(k+1): the first mistake, two indices too far. It makes
 *
 *	E - S = (x^(k+1) - x^(k+3)) / (1 - x)^2 = (N + 1) / (N^(k+1) (N - 1))
 *
 * which is 0.104 for N = 4, k = 1 (E = 0.354 where S = 0.25) and nothing to speak of from k = 10
 * on.
 *
 * The second mistake is the model (2). 1/N^i is the probability that i given requests all go to one
 * node, not that exactly i of k do. These numbers are no distribution: together they are (1 - x^k)
 * / (N - 1), a third for N = 4. What S adds up is bounded by x / (1 - x)^2 = N / (N - 1)^2 however
 * many requests there are, 4/9 for N = 4, and over all nodes by N^2 / (N - 1)^2, less than 4, where
 * k requests must be k. (With the missing factor 1 - x the terms i x^i (1 - x) give the mean number
 * of requests that one node gets in a row from the first one on, 1 / (N - 1): a true figure, of
 * something else.)
 *
 * Right is the binomial distribution: P(X = i) = C(k, i) x^i (1 - x)^(k-i), and by linearity,
 * without any distribution, E = k/N, with the variance k x (1 - x), so that the spread over the
 * nodes is sqrt((N - 1) / k) of the mean. S agrees with it for k = 1 and, by accident, for two requests
 * over two nodes; the original's E never does.
 */
#include <math.h>

#include "cli/bench.h"

double bench_expected(uint32_t n, uint32_t k)
{
	return n ? (double)k / n : NAN;
}

/* (3) */
double bench_series(uint32_t n, uint32_t k)
{
	double x = 1.0 / n;

	if (n == 1)
		return 0.5 * k * (k + 1.0);	/* 1 + 2 + … + k */
	return (x - (k + 1.0) * pow(x, k + 1.0) + k * pow(x, k + 2.0)) / ((1 - x) * (1 - x));
}

/*
 * (1) and not the quotient as it is written: N^(k+3) leaves the range of double at k = 509 for N =
 * 4 and gives infinity over infinity. For N = 1 it is 0/0.
 */
double bench_original(uint32_t n, uint32_t k)
{
	double x = 1.0 / n;

	if (n < 2)
		return NAN;
	return (x - k * pow(x, k + 1.0) + k * pow(x, k + 2.0) - pow(x, k + 3.0)) /
	       ((1 - x) * (1 - x));
}

double bench_measured(uint32_t n, uint32_t k, uint32_t trials, uint64_t seed)
{
	struct vg_rng rng = { seed };
	uint64_t hits = 0;

	for (uint64_t i = 0; i < (uint64_t)trials * k; i++)
		hits += vg_rng_below(&rng, n) == 0;
	return (double)hits / trials;
}
