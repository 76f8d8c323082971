/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to learn from, sparse as libsvm wants them, with what they are to be split by. */
#ifndef VIRGO_AN_ROWS_H
#define VIRGO_AN_ROWS_H

#include <libsvm/svm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AN_FEATURES_MAX	4096	/* of rows that are scaled by their own ranges */

struct an_rows {
	struct svm_node **x;	/* not scaled; index 1 and up, rising; ended by index -1 */
	double *y;		/* 1 or -1, or the value to be predicted */
	double *when;		/* 0..1: the row's place in its log, for splits by time */
	size_t n, room;
	unsigned int nfeat;	/* highest index there may be */
};

/* Copies the row; false when out of memory. */
bool an_rows_add(struct an_rows *rows, const struct svm_node *x, double y, double when);
void an_rows_free(struct an_rows *rows);

/* Dense @f[0..n-1] as sparse nodes; @x has room for n + 1. */
void an_sparse(const double *f, unsigned int n, struct svm_node *x);

/* How rows are held back. Ordered: a row is judged by what was trained on earlier folds only. */
struct an_split {
	unsigned char *fold;	/* one a row */
	unsigned int k, first;	/* folds first..k-1 are judged */
	bool ordered;
};

static inline bool an_split_trains(const struct an_split *s, size_t row, unsigned int fold)
{
	return s->ordered ? s->fold[row] < fold : s->fold[row] != fold;
}

static inline bool an_split_tests(const struct an_split *s, size_t row, unsigned int fold)
{
	return s->fold[row] == fold;
}

/*
 * Deals the rows @index (n of them; fold[i] is that of row index[i]) into @k folds, each class
 * evenly. The same for the same seed. False when out of memory; free(s->fold) in any case.
 */
bool an_split_deal(struct an_split *s, const struct an_rows *rows, const size_t *index, size_t n,
		   unsigned int k, uint64_t seed);

/* Cuts them by time into @k folds of equal number; folds from @first on are judged. */
bool an_split_time(struct an_split *s, const struct an_rows *rows, const size_t *index, size_t n,
		   unsigned int k, unsigned int first);

/* Picks @want of @n indices at random, each class by its share; keeps @index in rising order. */
size_t an_subsample(size_t *index, const double *y, size_t n, size_t want, uint64_t seed);

#endif
