// SPDX-License-Identifier: GPL-3.0-or-later
/* The windows' model; must never be judged by an earlier minute than it was trained on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "review.h"

#define SHOWN_MAX	100000u	/* windows in the report: 69 days */
#define LATEST		5	/* minutes the node's present state is judged by */

static const struct an_candidate window_grid[] = {
	{ LINEAR, 0.3, 0, 0 }, { LINEAR, 1, 0, 0 }, { LINEAR, 3, 0, 0 }, { LINEAR, 10, 0, 0 },
	{ RBF, 10, 0.03, 0 }, { RBF, 3, 0.1, 0 }, { RBF, 10, 0.1, 0 },
};

/* Where the text counts: other kernels know nothing of words they never met. */
static const struct an_candidate sparse_grid[] = {
	{ LINEAR, 0.1, 0, 0 }, { LINEAR, 0.3, 0, 0 }, { LINEAR, 1, 0, 0 }, { LINEAR, 3, 0, 0 },
};

static const struct an_candidate one_class_grid[] = {
	{ RBF, 0.02, 0.03, 0 }, { RBF, 0.05, 0.03, 0 }, { RBF, 0.1, 0.03, 0 },
	{ RBF, 0.05, 0.1, 0 }, { RBF, 0.1, 0.3, 0 },
};

static void describe_labels(const struct an_fit *fit, struct an_model_report *r)
{
	static const char *const who[] = {
		[AN_WINDOWS_WEAK] = "weak, made by a rule (" AN_WIN_WEAK_TEXT "), not by anybody "
				    "who knows; so a one-class machine, which learns without",
		[AN_WINDOWS_GIVEN] = "given",
		[AN_WINDOWS_COLUMN] = "the log's own first column, of which no feature is made",
	};

	size_t i;

	snprintf(r->labels_text, sizeof(r->labels_text), "%s", who[fit->g->window_labels]);
	for (i = 0; i < fit->g->ngroups; i++)
		if (fit->g->groups[i].labels.has_windows && !fit->g->groups[i].labels.complete)
			snprintf(r->labels_text, sizeof(r->labels_text), "given where somebody "
				 "has said; weak ones made by a rule elsewhere (%s)",
				 AN_WIN_WEAK_TEXT);
}

static void describe_split(const struct an_fit *fit, struct an_model_report *r)
{
	const struct an_split *s = &fit->models->of[AN_WINDOWS].split;

	if (s->ordered)
		snprintf(r->split_text, sizeof(r->split_text), "by time in %u parts: each of the "
			 "later ones judged by what was trained and chosen on the parts before it",
			 s->k);
	else
		snprintf(r->split_text, sizeof(r->split_text), "%u-fold, each class dealt evenly: "
			 "the later parts alone hold too few anomalies; what is new will be harder",
			 s->k);
}

static void judge_rules(const struct an_fit *fit, const struct an_win_table *t,
			struct an_model_report *r)
{
	struct an_win_rule rule = { 0 };

	an_win_rule_validate(t->traits, t->rows.y, &fit->models->of[AN_WINDOWS].split, t->rows.n,
			     &rule, &r->rule);
	an_win_rule_text(&rule, r->rule_text, sizeof(r->rule_text));
	r->baseline = r->rule.f1;
}

/* The group whose windows end last: the present. */
static const struct an_group *latest(const struct an_gathered *g)
{
	const struct an_group *best = NULL;
	int64_t end = INT64_MIN;
	size_t i;

	for (i = 0; i < g->ngroups; i++) {
		const struct an_windows *w = &g->groups[i].windows;

		if (!w->n || w->v[w->n - 1].start_ms < end)
			continue;
		best = &g->groups[i];
		end = w->v[w->n - 1].start_ms;
	}
	return best;
}

/* @x: room for a row */
static void show_window(const struct an_fit *fit, const struct an_group *group, size_t i, struct svm_node *x,
			struct an_window_report *to)
{
	static const int label[] = { [AN_LABEL_NONE] = 0, [AN_LABEL_BENIGN] = -1,
				     [AN_LABEL_HOSTILE] = 1 };
	const struct an_window *w = &group->windows.v[i];
	const struct an_learned *l = &fit->models->of[AN_WINDOWS];
	const char *kind = "none";
	double dec;

	an_win_row(&group->windows, &group->norm, i, l->nfeat, x);
	dec = an_decide(l, x);
	if (dec > 0)
		kind = an_win_kind(&group->windows, &group->norm, i);
	*to = (struct an_window_report){
		.start = w->start_ms / 1000, .lines = w->lines, .blocks = w->blocks,
		.score = (uint32_t)(an_fit_score(dec) * 1000 + 0.5),
		.label = label[an_gather_window(fit->g, group, i)],
	};
	/* What is rounded stays on its side of the threshold. */
	if (dec > 0 && to->score <= 500)
		to->score = 501;
	snprintf(to->kind, sizeof(to->kind), "%s", kind);
}

/* Every window of the latest group as the model now sees it, and what that says of the present. */
static bool show_windows(const struct an_fit *fit)
{
	struct an_train_report *r = fit->report;
	const struct an_group *group = latest(fit->g);
	size_t n = group ? group->windows.n : 0, i, from;
	struct svm_node *x;

	snprintf(r->anomaly_kind, sizeof(r->anomaly_kind), "none");
	if (!n)
		return true;
	from = n > SHOWN_MAX ? n - SHOWN_MAX : 0;
	r->windows = calloc(n - from, sizeof(*r->windows));
	x = malloc((fit->models->of[AN_WINDOWS].nfeat + 1) * sizeof(*x));
	if (!r->windows || !x) {
		free(x);
		return false;
	}
	for (i = from; i < n; i++)
		show_window(fit, group, i, x, &r->windows[r->nwindows++]);
	free(x);
	for (i = n - from > LATEST ? n - from - LATEST : 0; i < n - from; i++) {
		const struct an_window_report *w = &r->windows[i];

		if (w->score < r->anomaly_score)
			continue;
		r->anomaly_score = w->score;
		snprintf(r->anomaly_kind, sizeof(r->anomaly_kind), "%s", w->kind);
	}
	return true;
}

/* Whether most minutes are of logs in which only the text tells a new kind of fault. */
static bool sparse(const struct an_gathered *g)
{
	size_t few = 0, all = 0, i;

	for (i = 0; i < g->ngroups; i++) {
		all += g->groups[i].windows.n;
		few += an_win_sparse(&g->groups[i].norm) ? g->groups[i].windows.n : 0;
	}
	return 2 * few > all;
}

static int learn(const struct an_fit *fit, const struct an_win_table *t)
{
	const struct an_train_options *o = fit->opt;
	bool weak = fit->g->window_labels == AN_WINDOWS_WEAK, text = t->rows.nfeat == AN_W_NTEXT;
	struct an_learn_options lo = {
		.type = weak ? ONE_CLASS : C_SVC,
		.grid = weak ? one_class_grid : text ? sparse_grid : window_grid,
		.ngrid = weak ? sizeof(one_class_grid) / sizeof(one_class_grid[0]) :
			 text ? sizeof(sparse_grid) / sizeof(sparse_grid[0]) :
				sizeof(window_grid) / sizeof(window_grid[0]),
		.grid_rows = 1500, .ordered = true, .folds = o->folds < 4 ? 4 : o->folds,
		.seed = o->seed, .threads = o->threads, .what = "anomalous minutes",
		.tie = 0.01, .eager = text,
		.progress = o->progress, .progress_arg = o->progress_arg,
	};

	return an_learn(&t->rows, &lo, &fit->models->of[AN_WINDOWS], fit->err);
}

/* Nothing to learn from: an AN_USAGE that says whether the labels are of another time. */
static int none_labelled(const struct an_fit *fit)
{
	char of_log[24], of_labels[24];
	size_t i;

	for (i = 0; i < fit->g->ngroups; i++) {
		const struct an_group *group = &fit->g->groups[i];

		if (!group->labels.nwindows || !group->windows.n)
			continue;
		an_review_time(group->labels.windows[0].start_ms / 1000, of_labels);
		an_review_time(group->windows.v[0].start_ms / 1000, of_log);
		return an_fail(fit->err, AN_USAGE, "none of %zu labelled minutes is in the log: they "
			       "begin at %s, it at %s", group->labels.nwindows, of_labels, of_log);
	}
	return an_fail(fit->err, AN_USAGE, "no minute with a label");
}

int an_fit_windows(const struct an_fit *fit)
{
	struct an_model_report *r = &fit->report->of[AN_WINDOWS];
	struct an_learned *learned = &fit->models->of[AN_WINDOWS];
	/* without labels there is nothing that words could be like */
	bool text = fit->g->window_labels != AN_WINDOWS_WEAK && sparse(fit->g);
	unsigned int nfeat = text ? AN_W_NTEXT : AN_W_NFEATURES;
	struct an_win_table t;
	int ret = AN_OK;

	describe_labels(fit, r);
	if (!an_gather_windows(fit->g, nfeat, fit->opt->max_rows, fit->opt->seed, &t, &r->rows,
			       &r->positives)) {
		ret = an_fail(fit->err, AN_NOMEM, "out of memory");
		goto out;
	}
	ret = r->rows ? learn(fit, &t) : none_labelled(fit);
	if (!an_fit_learnt(fit, r, &ret))
		goto out;
	r->train_rows = t.rows.n;
	r->model = learned->quality;
	r->quality = r->model.f1;
	an_fit_describe(learned, r->model_text, sizeof(r->model_text));
	describe_split(fit, r);
	judge_rules(fit, &t, r);
	an_fit_verdict(fit->opt, r);
	if (!an_fit_curve(learned, t.rows.y, t.rows.n, r) || !show_windows(fit))
		ret = an_fail(fit->err, AN_NOMEM, "out of memory");
out:
	an_win_table_free(&t);
	return ret;
}
