/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plots of a report, each a <figure>; where there is nothing to draw, a sentence says so. */
#ifndef VIRGO_AN_PLOTS_H
#define VIRGO_AN_PLOTS_H

#include <stdio.h>

#include "analytics.h"

/* Two plots over the same time: lines a minute, and scores with alarms. */
void an_plot_timeline(FILE *f, const struct an_window_report *w, size_t n);
/* Predicted against actual run time. */
void an_plot_runs(FILE *f, const struct an_exec_point *p, size_t n);
/* Precision over recall; @rule, the hand rule's one point, may be NULL. */
void an_plot_curve(FILE *f, const char *what, const struct an_pr_point *p, size_t n,
		   const struct an_quality *model, const struct an_quality *rule);

#endif
