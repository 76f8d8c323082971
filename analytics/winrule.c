// SPDX-License-Identifier: GPL-3.0-or-later
/* Thresholds on windows that anybody could set; must never look at what a model may not see. */
#include <stdio.h>
#include <string.h>

#include "rule.h"
#include "winrule.h"

#define NEVER	1e18

void an_win_traits(const struct an_windows *w, const struct an_win_norm *norm, size_t i,
		   struct an_win_traits *t)
{
	const struct an_window *v = &w->v[i];
	uint32_t k;

	*t = (struct an_win_traits){
		.blocks = norm->blocks > 0 ? v->blocks / norm->blocks : 0,
		.lines = norm->lines > 0 ? v->lines / norm->lines : 1,
	};
	/* The first and the last minute may be cut. */
	if (!i || i + 1 == w->n)
		t->lines = t->lines > 1 ? t->lines : 1;
	for (k = 0; k < v->npairs; k++) {
		const struct an_pair *p = &w->pairs[v->pairs + k];
		const struct an_template *tm = &w->templates[p->template];
		double lines = p->count * an_win_rarity(w, tm);

		t->rare += lines;
		if (tm->about & AN_ABOUT_FAULT)
			t->fault += lines;
	}
}

bool an_win_rule_says(const struct an_win_rule *rule, const struct an_win_traits *t)
{
	return t->rare >= rule->rare || t->blocks >= rule->blocks || t->lines < rule->lines;
}

bool an_win_rule_weak(const struct an_win_traits *t)
{
	return t->fault >= 8 || t->blocks >= 6 || t->lines < 0.2;
}

void an_win_rule_text(const struct an_win_rule *rule, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = 0;
	if (rule->rare < NEVER)
		at += (size_t)snprintf(buf, size, "%.0f or more rare lines", rule->rare);
	if (rule->blocks < NEVER && at < size)
		at += (size_t)snprintf(buf + at, size - at, "%s%.1f times the median of packets",
				       at ? ", or " : "", rule->blocks);
	if (rule->lines > 0 && at < size)
		snprintf(buf + at, size - at, "%sunder %.0f %% of the median of lines",
			 at ? ", or " : "", rule->lines * 100);
}

/* F1 on the rows that fold @but is judged without; @but past all folds: on all rows. */
static double rule_f1(const struct an_win_rule *rule, const struct an_win_traits *t,
		      const double *y, const struct an_split *split, unsigned int but, size_t n)
{
	size_t i, hits = 0, said = 0, positives = 0;

	for (i = 0; i < n; i++) {
		bool says;

		if (but < split->k && !an_split_trains(split, i, but))
			continue;
		says = an_win_rule_says(rule, &t[i]);
		said += says;
		positives += y[i] > 0;
		hits += says && y[i] > 0;
	}
	return said + positives ? 2.0 * (double)hits / (double)(said + positives) : 0;
}

static void best_rule(const struct an_win_traits *t, const double *y, const struct an_split *split,
		      unsigned int but, size_t n, struct an_win_rule *rule)
{
	static const double rare[] = { NEVER, 1, 2, 3, 5, 8, 12, 20, 30, 50, 100 };
	static const double blocks[] = { NEVER, 1.5, 2, 3, 4, 6, 10 };
	static const double lines[] = { 0, 0.1, 0.2, 0.3, 0.5 };
	double best = -1;
	size_t i;

	for (i = 0; i < 11 * 7 * 5; i++) {
		struct an_win_rule r = {
			.rare = rare[i % 11], .blocks = blocks[i / 11 % 7], .lines = lines[i / 77],
		};
		double now = rule_f1(&r, t, y, split, but, n);

		if (now <= best)
			continue;
		*rule = r;
		best = now;
	}
}

void an_win_rule_validate(const struct an_win_traits *t, const double *y,
			  const struct an_split *split, size_t n, struct an_win_rule *rule,
			  struct an_quality *q)
{
	unsigned int f;
	size_t i;

	memset(q, 0, sizeof(*q));
	for (f = split->first; f < split->k; f++) {
		best_rule(t, y, split, f, n, rule);
		for (i = 0; i < n; i++) {
			if (!an_split_tests(split, i, f))
				continue;
			if (an_win_rule_says(rule, &t[i]))
				y[i] > 0 ? q->tp++ : q->fp++;
			else
				y[i] > 0 ? q->fn++ : q->tn++;
		}
	}
	an_quality_finish(q);
	best_rule(t, y, split, split->k, n, rule);
}
