/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells whether the firewall's log is rate limited. The limiter lets through the same number of
 * lines in every stretch of time, where honest traffic scatters at least as a Poisson process does.
 */
#ifndef VIRGO_AN_RATE_H
#define VIRGO_AN_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

#define AN_RATE_BUCKET_MS	600000ll
#define AN_RATE_MAX		4096	/* lines in ten minutes; limiters let fewer through */

struct an_rate {
	int64_t bucket;
	uint32_t in_bucket;
	bool begun;		/* the first bucket, cut at its start, is not counted */
	bool whole;
	uint64_t buckets;
	uint32_t histogram[AN_RATE_MAX];	/* buckets by their number of lines */
};

void an_rate_add(struct an_rate *rate, int64_t ms);

/*
 * Writes all for a later run. Of more than @buckets all are halved until they are no more: what was
 * long ago counts less and less.
 */
void an_rate_put(const struct an_rate *rate, uint64_t buckets, struct an_bytes *to);

/* Reads it back into @rate, zeroed. False when it is none. */
bool an_rate_get(struct an_rate *rate, struct an_bytes *from);

/* At least 12 buckets of 20 lines or more, whose middle half is half as wide as by chance. */
bool an_rate_limited(const struct an_rate *rate);

#endif
