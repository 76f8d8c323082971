/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three models: each trained, judged beside its baseline, and described. */
#ifndef VIRGO_AN_FIT_H
#define VIRGO_AN_FIT_H

#include "model.h"

struct an_fit {
	const struct an_train_options *opt;
	const struct an_gathered *g;
	struct an_models *models;
	struct an_train_report *report;
	struct an_error *err;
};

/*
 * Fill models->of and report->of. AN_OK also when the model is no good: report->of[].good and why
 * say so. Anything else is a failure.
 */
int an_fit_sources(const struct an_fit *fit);
int an_fit_windows(const struct an_fit *fit);
int an_fit_exec(const struct an_fit *fit);

/*
 * What an_learn() came to, in *ret: true where there is a model to be judged. Rows it can't learn from are
 * no error, but the reason in r->why.
 */
bool an_fit_learnt(const struct an_fit *fit, struct an_model_report *r, int *ret);

/* Compares quality with baseline and floor; sets good or why. */
void an_fit_verdict(const struct an_train_options *opt, struct an_model_report *r);

/* Kernel and parameters in words. */
void an_fit_describe(const struct an_learned *l, char *buf, size_t size);

/* Precision and recall over all thresholds of what was held back. False when out of memory. */
bool an_fit_curve(const struct an_learned *l, const double *y, size_t n,
		  struct an_model_report *r);

/* A decision value beside the truth, 1 or -1. */
struct an_held {
	double dec, y;
};

/* The same from @n rows, which are sorted by it. */
bool an_fit_points(struct an_held *h, size_t n, struct an_model_report *r);

/* 0..1 from a decision value, above .5 where that is above 0. */
double an_fit_score(double decision);

#endif
