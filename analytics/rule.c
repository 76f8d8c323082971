// SPDX-License-Identifier: GPL-3.0-or-later
/* Hand rules: thresholds anybody could set; they must never look at what a model may not see. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rule.h"

#define NEVER	1e18

const struct an_rule an_rule_weak = { .syn_share = 0.8, .ports = 5, .dsts = 5, .lines = 20 };

void an_traits(const struct an_stat *st, struct an_traits *t)
{
	t->lines = (double)st->n;
	t->ports = an_stat_ports(st);
	t->dsts = an_stat_dsts(st);
	t->syn_share = st->n ? (double)st->syn_only / (double)st->n : 0;
}

bool an_rule_says(const struct an_rule *rule, const struct an_traits *t)
{
	return t->syn_share >= rule->syn_share &&
	       (t->ports >= rule->ports || t->dsts >= rule->dsts || t->lines >= rule->lines);
}

void an_rule_text(const struct an_rule *rule, char *buf, size_t size)
{
	const struct {
		double min;
		const char *what;
	} part[] = {
		{ rule->ports, "ports" }, { rule->dsts, "destinations" }, { rule->lines, "lines" },
	};
	size_t i, at = 0;
	const char *glue = "";

	buf[0] = 0;
	for (i = 0; i < 3 && at < size; i++) {
		if (part[i].min >= NEVER)
			continue;
		at += (size_t)snprintf(buf + at, size - at, "%s%.0f or more %s", glue, part[i].min,
				       part[i].what);
		glue = ", or ";
	}
	if (rule->syn_share > 0 && at < size)
		snprintf(buf + at, size - at, "; %.0f %% or more bare SYN", rule->syn_share * 100);
}

static uint32_t permille(uint64_t a, uint64_t b)
{
	return b ? (uint32_t)((a * 1000 + b / 2) / b) : 0;
}

void an_quality_finish(struct an_quality *q)
{
	q->precision = permille(q->tp, q->tp + q->fp);
	q->recall = permille(q->tp, q->tp + q->fn);
	q->f1 = permille(2 * q->tp, 2 * q->tp + q->fp + q->fn);
}

void an_rule_judge(const struct an_rule *rule, const struct an_traits *t, const double *y,
		   const struct an_split *split, unsigned int only, size_t n,
		   struct an_quality *q)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (split && !an_split_tests(split, i, only))
			continue;
		if (an_rule_says(rule, &t[i]))
			y[i] > 0 ? q->tp++ : q->fp++;
		else
			y[i] > 0 ? q->fn++ : q->tn++;
	}
}

static double rule_f1(const struct an_rule *rule, const struct an_traits *t, const double *y,
		      const struct an_split *split, unsigned int but, size_t n)
{
	size_t i, hits = 0, said = 0, positives = 0;

	for (i = 0; i < n; i++) {
		bool says;

		if (split && !an_split_trains(split, i, but))
			continue;
		says = an_rule_says(rule, &t[i]);
		said += says;
		positives += y[i] > 0;
		hits += says && y[i] > 0;
	}
	return said + positives ? 2.0 * (double)hits / (double)(said + positives) : 0;
}

void an_rule_best(const struct an_traits *t, const double *y, const struct an_split *split,
		  unsigned int but, size_t n, struct an_rule *rule)
{
	static const double syn[] = { 0, 0.5, 0.8, 0.95 };
	static const double ports[] = { NEVER, 2, 5, 10, 20, 50, 100 };
	static const double dsts[] = { NEVER, 2, 3, 5, 10 };
	static const double lines[] = { NEVER, 5, 10, 20, 30, 50, 100, 300 };
	double best, now;
	size_t i;

	*rule = an_rule_weak;
	best = rule_f1(rule, t, y, split, but, n);
	for (i = 0; i < 4 * 7 * 5 * 8; i++) {
		struct an_rule r = {
			.syn_share = syn[i % 4], .ports = ports[i / 4 % 7],
			.dsts = dsts[i / 28 % 5], .lines = lines[i / 140],
		};

		now = rule_f1(&r, t, y, split, but, n);
		if (now <= best)
			continue;
		*rule = r;
		best = now;
	}
}

void an_rule_cross_validate(const struct an_traits *t, const double *y,
			    const struct an_split *split, size_t n, struct an_rule *rule,
			    struct an_quality *q)
{
	unsigned int f;

	memset(q, 0, sizeof(*q));
	for (f = split->first; f < split->k; f++) {
		an_rule_best(t, y, split, f, n, rule);
		an_rule_judge(rule, t, y, split, f, n, q);
	}
	an_quality_finish(q);
	an_rule_best(t, y, NULL, 0, n, rule);
}
