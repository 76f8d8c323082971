/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand rules for windows: what a person would set thresholds on, and the weak labels. */
#ifndef VIRGO_AN_WINRULE_H
#define VIRGO_AN_WINRULE_H

#include "analytics.h"
#include "rows.h"
#include "winrow.h"

/* What a hand rule looks at: lines beside the log's median, and lines that are rare in it. */
struct an_win_traits {
	double rare, blocks, lines, fault;
};

/* Anomalous: so many rare lines, or so many times the median of packets, or so few of the lines. */
struct an_win_rule {
	double rare, blocks, lines;
};

/* @x is the window's row. */
void an_win_traits(const struct an_windows *w, const struct an_win_norm *norm, size_t i,
		   struct an_win_traits *t);
bool an_win_rule_says(const struct an_win_rule *rule, const struct an_win_traits *t);
void an_win_rule_text(const struct an_win_rule *rule, char *buf, size_t size);

/*
 * The weak label's rule: eight rare lines that speak of faults, or six times the usual packets, or
 * less than a fifth of the usual lines.
 */
bool an_win_rule_weak(const struct an_win_traits *t);
#define AN_WIN_WEAK_TEXT	"8 or more rare lines with fault words, 6 times the median of " \
				"packets, or under a fifth of the lines"

/* The best rule of a grid, chosen and judged over the same folds as the model. */
void an_win_rule_validate(const struct an_win_traits *t, const double *y,
			  const struct an_split *split, size_t n, struct an_win_rule *rule,
			  struct an_quality *q);

#endif
