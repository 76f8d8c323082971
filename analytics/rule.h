/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hand rules a model is measured against, and the weak labels made of one of them. */
#ifndef VIRGO_AN_RULE_H
#define VIRGO_AN_RULE_H

#include "analytics.h"
#include "rows.h"
#include "stat.h"

/* What a hand rule looks at. */
struct an_traits {
	double lines, ports, dsts, syn_share;
};

/* Hostile: SYN-only share >= syn_share, and ports, dsts or lines at or over their thresholds. */
struct an_rule {
	double syn_share, ports, dsts, lines;
};

/*
 * The rule that makes weak labels: at least 80 % bare SYN, and 5 ports, 5 destinations or 20
 * lines.
 */
extern const struct an_rule an_rule_weak;

void an_traits(const struct an_stat *st, struct an_traits *t);
bool an_rule_says(const struct an_rule *rule, const struct an_traits *t);

/* In words, for people. */
void an_rule_text(const struct an_rule *rule, char *buf, size_t size);

/* Fills precision, recall and f1 from the four counts. */
void an_quality_finish(struct an_quality *q);

/*
 * The rule with the best F1 on the rows that fold @but of @split is judged without, out of a grid
 * that holds the weak rule too; among equals the first of the grid wins. @split NULL: all rows.
 */
void an_rule_best(const struct an_traits *t, const double *y, const struct an_split *split,
		  unsigned int but, size_t n, struct an_rule *rule);

/* Adds to @q's counts how @rule does on the rows of fold @only (all when @split is NULL). */
void an_rule_judge(const struct an_rule *rule, const struct an_traits *t, const double *y,
		   const struct an_split *split, unsigned int only, size_t n,
		   struct an_quality *q);

/*
 * The best rule judged as the model is: thresholds chosen anew without the fold they are judged
 * on. *rule gets the best over all rows, for the report.
 */
void an_rule_cross_validate(const struct an_traits *t, const double *y,
			    const struct an_split *split, size_t n, struct an_rule *rule,
			    struct an_quality *q);

#endif
