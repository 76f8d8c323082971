/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Training and judging a two-class SVM. The figures of quality come from nested cross validation:
 * kernel, parameters and threshold are chosen anew inside the training part of each fold, so the
 * rows a prediction is judged on had no part in any choice.
 */
#ifndef VIRGO_AN_LEARN_H
#define VIRGO_AN_LEARN_H

#include <libsvm/svm.h>

#include "analytics.h"
#include "feature.h"

#define AN_GRID_ROWS	1000	/* rows parameters are chosen on; training itself takes all */

/* Rows to learn from. The caller's, unchanged. */
struct an_rows {
	const double (*f)[AN_NFEATURES];
	const signed char *y;	/* 1 hostile, -1 not */
	size_t n;
};

struct an_range {
	double min, max;	/* equal: the feature tells nothing and is left out */
};

struct an_learned {
	struct svm_model *model;	/* above 0 is hostile; the threshold is inside */
	struct svm_node *nodes;		/* the model's support vectors point into these */
	struct svm_problem prob;
	struct an_range range[AN_NFEATURES];
	struct an_quality quality;
	int kernel;			/* LINEAR or RBF */
	double c, gamma, threshold;
};

struct an_learn_options {
	uint64_t seed;
	uint32_t folds;
	an_progress_fn progress;
	void *progress_arg;
};

/*
 * Needs at least twice @folds rows of either class (AN_USAGE otherwise). Deterministic for rows,
 * seed and folds. On failure there is nothing to free.
 */
int an_learn(const struct an_rows *rows, const struct an_learn_options *opt,
	     struct an_learned *out, struct an_error *err);
void an_learned_free(struct an_learned *learned);

/* Decision value of one vector of features: above 0 is hostile. */
double an_decide(const struct an_learned *learned, const double f[AN_NFEATURES]);

/*
 * The threshold for decision values @dec that gives the best F1 against @y, and that F1. 0 is
 * taken when it is within half a percent of the best: nothing is gained by moving it.
 */
double an_best_threshold(const double *dec, const signed char *y, size_t n, double *f1);

/*
 * Deals the @n rows that @index names into @k folds, each class evenly; fold[i] is the fold of row
 * index[i]. The same for the same seed. False when out of memory.
 */
bool an_deal(const signed char *y, const size_t *index, size_t n, unsigned int k, uint64_t seed,
	     unsigned char *fold);

/* Picks @want of @n indices at random, each class by its share; keeps @index in rising order. */
size_t an_subsample(size_t *index, const signed char *y, size_t n, size_t want, uint64_t seed);

#endif
