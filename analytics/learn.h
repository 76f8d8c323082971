/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Training and judging one support vector machine. The figures of quality come from nested held-back
 * data: kernel, parameters and threshold are chosen anew inside the training part of each fold, so
 * the rows a prediction is judged on had no part in any choice.
 */
#ifndef VIRGO_AN_LEARN_H
#define VIRGO_AN_LEARN_H

#include "analytics.h"
#include "rows.h"

struct an_candidate {
	int kernel;		/* LINEAR or RBF */
	double c, gamma;	/* of a one-class machine, @c is nu */
	double p;		/* width of the regression's tube */
};

struct an_learn_options {
	int type;			/* C_SVC, ONE_CLASS or EPSILON_SVR */
	const struct an_candidate *grid;	/* simpler ones first: they win a tie */
	size_t ngrid;
	double tie;			/* so much better must a later candidate be */
	size_t grid_rows;		/* rows parameters are chosen on; training itself takes all */
	/* split by time where both sides then have positives, else dealt by class */
	bool ordered;
	/* the lowest threshold that costs little: what is looked for will be less like it than what is known */
	bool eager;
	bool fit_ranges;		/* scale each feature to 0..1 by its own range */
	unsigned int folds;
	uint64_t seed;
	unsigned int threads;		/* 0: as many as there are processors */
	const char *what;		/* "sources", for messages */
	an_progress_fn progress;
	void *progress_arg;
};

struct an_range {
	double min, max;	/* equal: the feature tells nothing and is left out */
};

struct an_learned {
	struct svm_model *model;	/* above 0 is positive; the threshold is inside */
	struct svm_problem prob;	/* the model's support vectors point into these */
	struct an_range *range;		/* nfeat of them */
	unsigned int nfeat;
	double *w, base;		/* LINEAR: weights of unscaled features, and of none */
	int type;
	struct an_candidate chosen;
	double threshold;
	/* of the rows held back */
	struct an_split split;
	double *held;			/* a row: decision less its fold's threshold, or the value */
	struct an_quality quality;
};

/*
 * Needs at least twice @folds rows of either class (AN_USAGE otherwise). Deterministic for rows,
 * seed and folds, whatever the number of threads. On failure there is nothing to free.
 */
int an_learn(const struct an_rows *rows, const struct an_learn_options *opt,
	     struct an_learned *out, struct an_error *err);
void an_learned_free(struct an_learned *learned);

/* Decision value, or the predicted value, of a row that is not scaled yet. */
double an_decide(const struct an_learned *learned, const struct svm_node *x);

/* Scales as svm-scale -r does, or copies where @range is NULL; @to has room. Returns its length without the end. */
size_t an_scale(const struct an_range *range, unsigned int nfeat, const struct svm_node *x,
		struct svm_node *to);

/* Fills learned->w for a linear model; false when out of memory. */
bool an_learned_weigh(struct an_learned *learned);

/*
 * The threshold for decision values @dec that gives the best F1 against @y, and that F1: the middle
 * of those that come within a hundredth of it. 0 is taken when it is within half a percent of the
 * best: nothing is gained by moving it. With @eager it is half a margin down, or the lowest one
 * over that which costs no more than 0.1 of the best F1: what has half of what known positives have in common is one.
 */
double an_best_threshold(const double *dec, const double *y, size_t n, bool eager, double *f1);

/* Nothing libsvm has to say is for the terminal. */
void an_learn_quiet(void);

#endif
