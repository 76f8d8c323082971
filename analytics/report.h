/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a training run, for people. */
#ifndef VIRGO_AN_REPORT_H
#define VIRGO_AN_REPORT_H

#include <stdio.h>

#include "gather.h"

/*
 * Fills report->summary and report->text from the rest of it; @why says why nothing was written,
 * NULL when it was. AN_NOMEM when there is no room for it.
 */
int an_report_finish(struct an_train_report *report, const struct an_gathered *g,
		     const struct an_train_options *opt, const char *why, struct an_error *err);

/* What is known of one model, and what it found. */
void an_report_model(FILE *f, const struct an_train_report *r, enum an_kind kind);

#endif
