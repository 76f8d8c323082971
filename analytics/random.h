/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Repeatable randomness: the same seed gives the same numbers on every machine. Not for secrets. */
#ifndef VIRGO_AN_RANDOM_H
#define VIRGO_AN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct an_random {
	uint64_t state;
};

/* splitmix64. */
static inline uint64_t an_random_next(struct an_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 .. @n - 1; the bias is below n / 2^64. */
static inline size_t an_random_below(struct an_random *r, size_t n)
{
	return (size_t)((unsigned __int128)an_random_next(r) * n >> 64);
}

static inline void an_random_shuffle(struct an_random *r, size_t *v, size_t n)
{
	size_t i, j, tmp;

	for (i = n; i > 1; i--) {
		j = an_random_below(r, i);
		tmp = v[i - 1];
		v[i - 1] = v[j];
		v[j] = tmp;
	}
}

#endif
