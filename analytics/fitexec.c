// SPDX-License-Identifier: GPL-3.0-or-later
/* Run times: the model, its baseline, the kernel's tables; must never be judged by earlier runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "random.h"

#define EXEC_SHOWN	2000
#define FOLDS		4
#define ROWS_MAX	5000	/* more made it no better, only slower by their square */
#define HALF_OCTAVES	(2 * AN_RUN_KNOTS)

static const struct an_candidate exec_grid[] = {
	{ LINEAR, 1, 0, 0.08 }, { RBF, 10, 0.1, 0.08 },
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Picks @want of the runs at random, in order. */
static size_t sample(const struct an_runs *runs, size_t want, uint64_t seed, size_t *index)
{
	struct an_random random = { seed };
	size_t i, n = 0;

	for (i = 0; i < runs->n; i++)
		if (an_random_below(&random, runs->n - i) < want - n)
			index[n++] = i;
	return n;
}

static bool make_rows(const struct an_runs *runs, const size_t *index, size_t n,
		      struct an_rows *rows)
{
	struct svm_node x[16];
	size_t i;

	rows->nfeat = an_run_nfeat(&runs->names);
	for (i = 0; i < n; i++) {
		const struct an_run *r = &runs->v[index[i]];

		an_run_row(&runs->names, r->fn, r->node, r->bytes, (double)r->load, x);
		if (!an_rows_add(rows, x, log(r->us), (double)r->seq / (double)runs->seq))
			return false;
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int half_octave(const struct an_run *r)
{
	int at = (int)(2 * log2((double)r->bytes + 1));

	return at < HALF_OCTAVES ? at : HALF_OCTAVES - 1;
}

/* The hand rule: the median of the function's earlier runs of about that size, else of all of its. */
struct medians {
	double of[AN_RUN_FNS][HALF_OCTAVES], all[AN_RUN_FNS], any;
};

static double median(double *v, size_t n)
{
	if (!n)
		return 0;
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void fill_medians(const struct an_runs *runs, const size_t *index, size_t n, double *tmp,
			 struct medians *m)
{
	unsigned int fn;
	size_t i, k;
	int size;

	for (fn = 0; fn < runs->names.nfns; fn++) {
		for (size = -1; size < HALF_OCTAVES; size++) {
			for (i = k = 0; i < n; i++) {
				const struct an_run *r = &runs->v[index[i]];

				if (r->fn == fn && (size < 0 || half_octave(r) == size))
					tmp[k++] = r->us;
			}
			*(size < 0 ? &m->all[fn] : &m->of[fn][size]) = median(tmp, k);
		}
	}
	for (i = 0; i < n; i++)
		tmp[i] = runs->v[index[i]].us;
	m->any = median(tmp, n);
}

static double by_medians(const struct medians *m, const struct an_run *r)
{
	double us = m->of[r->fn][half_octave(r)];

	if (us <= 0)
		us = m->all[r->fn];
	return us > 0 ? us : m->any;
}

static uint32_t permille(double sum, size_t n)
{
	return n ? (uint32_t)fmin(sum / (double)n * 1000 + 0.5, 1e6) : 0;
}

/* Errors of model, hand rule and tables on the same later runs, each made of the earlier ones. */
static bool judge(const struct an_fit *fit, const struct an_rows *rows, const size_t *index)
{
	const struct an_learned *l = &fit->models->of[AN_EXEC];
	struct an_model_report *r = &fit->report->of[AN_EXEC];
	const struct an_runs *runs = &fit->g->runs;
	struct medians *m = calloc(1, sizeof(*m));
	struct an_curves *c = calloc(1, sizeof(*c));
	double *tmp = calloc(rows->n + 1, sizeof(*tmp)), model = 0, rule = 0, tables = 0;
	struct an_run *early = calloc(rows->n + 1, sizeof(*early));
	size_t i, n = 0, held = 0;
	bool ok = false;

	fit->report->exec = calloc(EXEC_SHOWN, sizeof(*fit->report->exec));
	if (!m || !c || !tmp || !early || !fit->report->exec)
		goto out;
	/* Rows are in order of time, so the earlier ones come first. */
	while (n < rows->n && l->split.fold[n] < l->split.first) {
		early[n] = runs->v[index[n]];
		n++;
	}
	fill_medians(runs, index, n, tmp, m);
	if (!an_curves_fit(c, &runs->names, early, n))
		goto out;
	for (i = n; i < rows->n; i++) {
		const struct an_run *run = &runs->v[index[i]];
		uint64_t by_table = an_curves_predict(c, run->fn, run->node, run->bytes,
						      (double)run->load);
		double us = run->us, predicted = exp(l->held[i]);

		model += fabs(predicted - us) / us;
		rule += fabs(by_medians(m, run) - us) / us;
		tables += fabs((double)by_table - us) / us;
		if (held++ % (rows->n / EXEC_SHOWN + 1) == 0)
			fit->report->exec[fit->report->nexec++] = (struct an_exec_point){
				run->us, (uint64_t)(predicted + 0.5)
			};
	}
	r->mape = permille(model, held);
	r->rule_mape = permille(rule, held);
	r->tables_mape = permille(tables, held);
	ok = true;
out:
	free(early);
	free(tmp);
	free(c);
	free(m);
	return ok;
}

static void describe(const struct an_fit *fit, struct an_model_report *r)
{
	const struct an_learned *l = &fit->models->of[AN_EXEC];

	an_fit_describe(l, r->model_text, sizeof(r->model_text));
	snprintf(r->labels_text, sizeof(r->labels_text), "the times the nodes logged");
	snprintf(r->split_text, sizeof(r->split_text), "by time: the later half, judged by what "
		 "was trained and chosen on the runs before it");
	snprintf(r->rule_text, sizeof(r->rule_text), "the median of the function's earlier runs "
		 "within half an octave of the bytes");
	r->quality = r->mape < 1000 ? 1000 - r->mape : 0;
	r->baseline = r->rule_mape < 1000 ? 1000 - r->rule_mape : 0;
}

int an_fit_exec(const struct an_fit *fit)
{
	const struct an_train_options *o = fit->opt;
	const struct an_runs *runs = &fit->g->runs;
	struct an_model_report *r = &fit->report->of[AN_EXEC];
	struct an_learn_options lo = {
		.type = EPSILON_SVR, .grid = exec_grid,
		.ngrid = sizeof(exec_grid) / sizeof(exec_grid[0]), .grid_rows = 2000,
		.ordered = true, .folds = FOLDS, .seed = o->seed, .threads = o->threads,
		.what = "runs", .tie = 0.003, .progress = o->progress,
		.progress_arg = o->progress_arg,
	};
	size_t *index = calloc(runs->n + 1, sizeof(*index)), n;
	struct an_rows rows = { 0 };
	int ret = AN_OK;

	r->rows = runs->seen;
	if (!index)
		return an_fail(fit->err, AN_NOMEM, "out of memory");
	n = sample(runs, least(runs->n, least(o->max_rows, ROWS_MAX)), o->seed, index);
	fit->models->names = runs->names;
	if (!make_rows(runs, index, n, &rows)) {
		ret = an_fail(fit->err, AN_NOMEM, "out of memory");
		goto out;
	}
	ret = an_learn(&rows, &lo, &fit->models->of[AN_EXEC], fit->err);
	if (!an_fit_learnt(fit, r, &ret))
		goto out;
	r->train_rows = n;
	if (!judge(fit, &rows, index) ||
	    !an_curves_fit(&fit->models->curves, &runs->names, runs->v, runs->n)) {
		ret = an_fail(fit->err, AN_NOMEM, "out of memory");
		goto out;
	}
	describe(fit, r);
	an_fit_verdict(o, r);
out:
	an_rows_free(&rows);
	free(index);
	return ret;
}
