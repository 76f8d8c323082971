/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What predictions of things (predict.c) and of lines (predline.c) do alike. */
#ifndef VIRGO_AN_PREDICT_H
#define VIRGO_AN_PREDICT_H

#include "gather.h"
#include "learn.h"

/* Defaults in place of what is 0, and a look at the logs' names. */
int an_predict_defaults(struct an_predict_options *opt, struct an_error *err);

/* Reads the logs, to be judged; with @rewind they can be read again. an_gather_free() in any case. */
int an_predict_gather(const struct an_predict_options *opt, bool rewind, struct an_gathered *g,
		      struct an_read_stats *stats, struct an_error *err);

/*
 * The decision on each candidate or window, positive where it is one: hostile, anomalous. The caller frees
 * them. NULL when out of memory.
 */
double *an_predict_decide(const struct an_learned *l, const struct an_gathered *g, enum an_kind kind);

#endif
