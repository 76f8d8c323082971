// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts lines in stretches of ten minutes; must never need more memory for a longer log. */
#include <math.h>

#include "rate.h"
#include "stamp.h"

#define BUCKETS_MIN	12
#define LINES_MIN	20
#define VERSION		1
#define POISSON_IQR	1.349	/* middle half of a Poisson distribution over its deviation */

void an_rate_add(struct an_rate *rate, int64_t ms)
{
	int64_t bucket;

	if (ms == AN_MS_NONE)
		return;
	bucket = ms / AN_RATE_BUCKET_MS;
	if (rate->begun && bucket == rate->bucket) {
		rate->in_bucket++;
		return;
	}
	if (rate->whole) {
		uint32_t lines = rate->in_bucket;

		rate->buckets++;
		rate->histogram[lines < AN_RATE_MAX ? lines : AN_RATE_MAX - 1]++;
	}
	rate->whole = rate->begun;
	rate->begun = true;
	rate->bucket = bucket;
	rate->in_bucket = 1;
}

static uint32_t quantile(const struct an_rate *rate, double share)
{
	uint64_t want = (uint64_t)(share * (double)rate->buckets), seen = 0;
	uint32_t i;

	for (i = 0; i < AN_RATE_MAX - 1; i++) {
		seen += rate->histogram[i];
		if (seen > want)
			break;
	}
	return i;
}

bool an_rate_limited(const struct an_rate *rate)
{
	uint32_t middle = quantile(rate, 0.5);
	double width = quantile(rate, 0.75) - quantile(rate, 0.25);

	if (rate->buckets < BUCKETS_MIN || middle < LINES_MIN || middle == AN_RATE_MAX - 1)
		return false;
	return width < 0.5 * POISSON_IQR * sqrt(middle);
}

void an_rate_put(const struct an_rate *rate, uint64_t buckets, struct an_bytes *to)
{
	unsigned int shift = 0;
	uint32_t i, n = 0;

	while (rate->buckets >> shift > buckets)
		shift++;
	for (i = 0; i < AN_RATE_MAX; i++)
		n += !!(rate->histogram[i] >> shift);
	an_put(to, VERSION, 1);
	an_put(to, (uint64_t)rate->bucket, 8);
	an_put(to, rate->in_bucket, 4);
	an_put(to, rate->begun, 1);
	an_put(to, rate->whole, 1);
	an_put(to, n, 2);
	for (i = 0; i < AN_RATE_MAX; i++) {
		if (!(rate->histogram[i] >> shift))
			continue;
		an_put(to, i, 2);
		an_put(to, rate->histogram[i] >> shift, 4);
	}
}

bool an_rate_get(struct an_rate *rate, struct an_bytes *from)
{
	uint64_t version = an_get(from, 1), begun, whole;
	uint32_t n, i;

	rate->bucket = (int64_t)an_get(from, 8);
	rate->in_bucket = (uint32_t)an_get(from, 4);
	begun = an_get(from, 1);
	whole = an_get(from, 1);
	n = (uint32_t)an_get(from, 2);
	if (from->bad || version != VERSION || begun > 1 || whole > begun || n > AN_RATE_MAX)
		return false;
	rate->begun = begun;
	rate->whole = whole;
	while (n--) {
		i = (uint32_t)an_get(from, 2);
		if (from->bad || i >= AN_RATE_MAX || rate->histogram[i])
			return false;
		rate->histogram[i] = (uint32_t)an_get(from, 4);
		if (!rate->histogram[i])
			return false;
		rate->buckets += rate->histogram[i];
	}
	return !from->bad;
}
