/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a model said what it said: the features that weighed most, found by taking each away, and the
 * lines behind them, found by reading the logs once more.
 */
#ifndef VIRGO_AN_EXPLAIN_H
#define VIRGO_AN_EXPLAIN_H

#include "gather.h"
#include "learn.h"

struct an_explainer;

/* @g's inputs must be ones that can be read again. NULL-safe: an_explain_end(). */
int an_explain_begin(struct an_explainer **e, const struct an_learned *learned,
		     const struct an_predict_options *opt, struct an_gathered *g,
		     struct an_error *err);

/* Candidate or window @i shall be explained; the others get no lines. */
void an_explain_want(struct an_explainer *e, size_t i);

/* Reads the logs. */
int an_explain_read(struct an_explainer *e, struct an_error *err);

/* Fill out->reasons, and out->causes of candidate or window @i; they live until an_explain_end(). */
void an_explain_reasons(struct an_explainer *e, const struct svm_node *x,
			struct an_prediction *out);
void an_explain_causes(const struct an_explainer *e, size_t i, struct an_prediction *out);
void an_explain_end(struct an_explainer *e);

#endif
