// SPDX-License-Identifier: GPL-3.0-or-later
/* What the three models have in common, and the sources' own; must never call a worse model good. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"

#define CURVE_POINTS	101

bool an_fit_learnt(const struct an_fit *fit, struct an_model_report *r, int *ret)
{
	if (*ret == AN_USAGE) {
		snprintf(r->why, sizeof(r->why), "%.200s", fit->err->msg);
		*ret = AN_OK;
		return false;
	}
	return !*ret;
}

void an_fit_verdict(const struct an_train_options *opt, struct an_model_report *r)
{
	r->trained = 1;
	r->why[0] = 0;
	if (r->quality <= r->baseline)
		snprintf(r->why, sizeof(r->why), "the model (permille %u) is no better than a hand "
			 "rule (%u)", r->quality, r->baseline);
	else if (r->quality < opt->min_quality)
		snprintf(r->why, sizeof(r->why), "the model (permille %u) is below the floor (%u)",
			 r->quality, opt->min_quality);
	r->good = !r->why[0];
}

void an_fit_describe(const struct an_learned *l, char *buf, size_t size)
{
	const struct an_candidate *c = &l->chosen;
	char gamma[32] = "";

	if (c->kernel == RBF)
		snprintf(gamma, sizeof(gamma), ", gamma %g", c->gamma);
	if (l->type == EPSILON_SVR)
		snprintf(buf, size, "eps-SVR, %s kernel, C %g%s, p %g",
			 c->kernel == RBF ? "RBF" : "linear", c->c, gamma, c->p);
	else
		snprintf(buf, size, "%s, %s kernel, %s %g%s, threshold %.3f",
			 l->type == ONE_CLASS ? "one-class SVM" : "C-SVC",
			 c->kernel == RBF ? "RBF" : "linear", l->type == ONE_CLASS ? "nu" : "C",
			 c->c, gamma, l->threshold);
}

double an_fit_score(double decision)
{
	return 1 / (1 + exp(-2 * decision));
}

static int by_falling(const void *a, const void *b)
{
	const struct an_held *x = a, *y = b;

	if (x->dec != y->dec)
		return x->dec < y->dec ? 1 : -1;
	return (y->y > 0) - (x->y > 0);
}

static uint32_t permille(double part)
{
	return (uint32_t)(part * 1000 + 0.5);
}

bool an_fit_points(struct an_held *h, size_t m, struct an_model_report *r)
{
	size_t i, positives = 0, tp = 0;

	r->ncurve = 0;
	r->curve = calloc(CURVE_POINTS, sizeof(*r->curve));
	if (!r->curve)
		return false;
	for (i = 0; i < m; i++)
		positives += h[i].y > 0;
	qsort(h, m, sizeof(*h), by_falling);
	for (i = 0; i < m && positives; i++) {
		double recall;

		tp += h[i].y > 0;
		recall = (double)tp / (double)positives;
		/* a point for each hundredth of recall, where it is first reached */
		if (h[i].y <= 0 || r->ncurve == CURVE_POINTS ||
		    recall * (CURVE_POINTS - 1) < (double)r->ncurve)
			continue;
		r->curve[r->ncurve++] = (struct an_pr_point){
			permille((double)tp / (double)(i + 1)), permille(recall),
			permille(an_fit_score(h[i].dec)),
		};
	}
	return true;
}

bool an_fit_curve(const struct an_learned *l, const double *y, size_t n, struct an_model_report *r)
{
	struct an_held *h = calloc(n + 1, sizeof(*h));
	size_t m = 0, i;
	bool ok;

	if (!h)
		return false;
	for (i = 0; i < n; i++)
		if (l->split.fold[i] >= l->split.first)
			h[m++] = (struct an_held){ l->held[i], y[i] };
	ok = an_fit_points(h, m, r);
	free(h);
	return ok;
}

static const struct an_candidate source_grid[] = {
	{ LINEAR, 1, 0, 0 }, { LINEAR, 10, 0, 0 },
	{ RBF, 1, 1, 0 }, { RBF, 10, 0.25, 0 }, { RBF, 10, 1, 0 }, { RBF, 10, 4, 0 },
	{ RBF, 100, 0.25, 0 }, { RBF, 100, 1, 0 },
};

static void describe_source_labels(const struct an_fit *fit, struct an_model_report *r)
{
	const struct an_gathered *g = fit->g;
	char rule[160];

	an_rule_text(&an_rule_weak, rule, sizeof(rule));
	if (g->weak)
		snprintf(r->labels_text, sizeof(r->labels_text), "weak, made by a rule (%s) over "
			 "%s, not by anybody who knows", rule,
			 g->by_run ? "what is new" : "the later half");
	else if (g->ruled)
		snprintf(r->labels_text, sizeof(r->labels_text), "given; %llu weak ones made by a "
			 "rule (%s) where nobody has said", (unsigned long long)g->ruled, rule);
	else
		snprintf(r->labels_text, sizeof(r->labels_text), "given");
	snprintf(r->split_text, sizeof(r->split_text), "%u-fold cross validation, each class dealt "
		 "evenly, parameters and threshold chosen inside each fold", fit->opt->folds);
}

/* At most max_rows of the rows, by class. The caller frees what is new in *rows and *traits. */
static bool limit_sources(const struct an_fit *fit, struct an_rows *rows, struct an_traits **traits)
{
	const struct an_table *t = &fit->g->sources;
	size_t *index = calloc(t->rows.n + 1, sizeof(*index)), n, i;
	bool ok = false;

	*traits = calloc(t->rows.n + 1, sizeof(**traits));
	if (!index || !*traits)
		goto out;
	for (i = 0; i < t->rows.n; i++)
		index[i] = i;
	n = an_subsample(index, t->rows.y, t->rows.n, fit->opt->max_rows, fit->opt->seed);
	rows->nfeat = t->rows.nfeat;
	for (i = 0; i < n; i++) {
		(*traits)[i] = t->traits[index[i]];
		if (!an_rows_add(rows, t->rows.x[index[i]], t->rows.y[index[i]], 0))
			goto out;
	}
	ok = true;
out:
	free(index);
	return ok;
}

/* What anybody could do without a model, on the same rows and the same folds. */
static void judge_source_rules(const struct an_fit *fit, const struct an_rows *rows,
			       const struct an_traits *traits)
{
	struct an_model_report *r = &fit->report->of[AN_SOURCES];
	struct an_quality *persist = &fit->report->persist;
	struct an_rule rule;

	an_rule_cross_validate(traits, rows->y, &fit->models->of[AN_SOURCES].split, rows->n, &rule,
			       &r->rule);
	an_rule_text(&rule, r->rule_text, sizeof(r->rule_text));
	r->baseline = r->rule.f1;
	if (!fit->g->weak)
		return;
	an_rule_judge(&an_rule_weak, traits, rows->y, NULL, 0, rows->n, persist);
	an_quality_finish(persist);
	if (persist->f1 > r->baseline)
		r->baseline = persist->f1;
}

int an_fit_sources(const struct an_fit *fit)
{
	const struct an_train_options *o = fit->opt;
	struct an_model_report *r = &fit->report->of[AN_SOURCES];
	struct an_learned *learned = &fit->models->of[AN_SOURCES];
	struct an_learn_options lo = {
		.type = C_SVC, .grid = source_grid,
		.ngrid = sizeof(source_grid) / sizeof(source_grid[0]), .grid_rows = 1000,
		.fit_ranges = true, .tie = 0.003, .folds = o->folds, .seed = o->seed, .threads = o->threads,
		.what = "hostile sources", .progress = o->progress,
		.progress_arg = o->progress_arg,
	};
	struct an_traits *traits = NULL;
	struct an_rows rows = { 0 };
	int ret = AN_OK;
	size_t i;

	r->rows = fit->g->sources.rows.n;
	for (i = 0; i < r->rows; i++)
		r->positives += fit->g->sources.rows.y[i] > 0;
	describe_source_labels(fit, r);
	if (!limit_sources(fit, &rows, &traits)) {
		ret = an_fail(fit->err, AN_NOMEM, "out of memory");
		goto out;
	}
	ret = an_learn(&rows, &lo, learned, fit->err);
	if (!an_fit_learnt(fit, r, &ret))
		goto out;
	r->train_rows = rows.n;
	r->model = learned->quality;
	r->quality = r->model.f1;
	an_fit_describe(learned, r->model_text, sizeof(r->model_text));
	judge_source_rules(fit, &rows, traits);
	an_fit_verdict(o, r);
	if (!an_fit_curve(learned, rows.y, rows.n, r))
		ret = an_fail(fit->err, AN_NOMEM, "out of memory");
out:
	free(traits);
	an_rows_free(&rows);
	return ret;
}
