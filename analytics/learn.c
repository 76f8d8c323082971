// SPDX-License-Identifier: GPL-3.0-or-later
/* Nested choice over a small grid; never judges a choice by the rows it was made on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "parallel.h"
#include "reader.h"
#include "rule.h"

#define INNER_FOLDS	4
#define CACHE_MB	64
#define JUDGED_MIN	5	/* positives on either side of a cut by time */
#define THRESHOLD_HAIR	0.01
#define EAGER_COST	0.1	/* of F1, at most */
#define EAGER_MIN	(-0.5)
#define EAGER_OVER	0.2	/* what has nothing in common with anything known */
#define THRESHOLD_MAX	0.9	/* a whole margin off, rows of either class lie in heaps */

struct choice {
	size_t cand;
	double threshold;
};

struct learner {
	const struct an_rows *rows;
	const struct an_learn_options *opt;
	struct an_learned *out;
	struct an_quality *quality;	/* one a fold */
	size_t tasks;
	struct choice chosen;		/* on all rows */
	bool stopped;
};

/* Some of the rows, scaled, as libsvm wants them; they lie in one piece behind x[0]. */
struct set {
	struct svm_problem prob;
};

static void quiet(const char *text)
{
	(void)text;
}

void an_learn_quiet(void)
{
	svm_set_print_string_function(quiet);
}

static void set_free(struct set *set)
{
	if (set->prob.x)
		free(set->prob.x[0]);
	free(set->prob.x);
	free(set->prob.y);
	memset(set, 0, sizeof(*set));
}

/*
 * Ranges of the rows @index. A feature that a row leaves out is 0 there. Without fitting they are
 * 0..1: nothing is changed.
 */
static void range_fit(const struct learner *l, const size_t *index, size_t n,
		      struct an_range *range)
{
	size_t seen[AN_FEATURES_MAX] = { 0 }, i;
	unsigned int j;

	for (j = 0; j < l->rows->nfeat; j++)
		range[j] = (struct an_range){ 0, l->opt->fit_ranges ? 0 : 1 };
	if (!l->opt->fit_ranges)
		return;
	for (i = 0; i < n; i++) {
		const struct svm_node *x = l->rows->x[index[i]];

		for (; x->index != -1; x++) {
			j = (unsigned int)x->index - 1;
			if (!seen[j]++)
				range[j] = (struct an_range){ x->value, x->value };
			range[j].min = fmin(range[j].min, x->value);
			range[j].max = fmax(range[j].max, x->value);
		}
	}
	for (j = 0; j < l->rows->nfeat; j++) {
		if (seen[j] == n)
			continue;
		range[j].min = fmin(range[j].min, 0);
		range[j].max = fmax(range[j].max, 0);
	}
}

size_t an_scale(const struct an_range *range, unsigned int nfeat, const struct svm_node *x,
		struct svm_node *to)
{
	struct svm_node *from = to;
	unsigned int j = 0;

	while (!range && x->index != -1)
		*to++ = *x++;
	/* As svm-scale: a feature left out is 0, and 0 need not stay 0. */
	for (; range && j < nfeat; j++) {
		double v = 0;

		while (x->index != -1 && (unsigned int)x->index < j + 1)
			x++;
		if (x->index == (int)j + 1)
			v = x->value;
		else if (range[j].min == 0)
			continue;
		if (range[j].max <= range[j].min)
			continue;
		v = (v - range[j].min) / (range[j].max - range[j].min);
		if (v != 0)
			*to++ = (struct svm_node){ (int)j + 1, v };
	}
	*to = (struct svm_node){ -1, 0 };
	return (size_t)(to - from);
}

/* What was not fitted changes nothing. */
static const struct an_range *scaling(const struct learner *l, const struct an_range *range)
{
	return l->opt->fit_ranges ? range : NULL;
}

static size_t row_len(const struct svm_node *x)
{
	size_t n = 0;

	while (x[n].index != -1)
		n++;
	return n;
}

static bool set_make(struct set *set, const struct learner *l, const size_t *index, size_t n,
		     const struct an_range *range)
{
	unsigned int nfeat = l->rows->nfeat;
	size_t total = 0, i;
	struct svm_node *at;

	/* Scaling may fill in features that were left out. */
	for (i = 0; i < n; i++)
		total += (l->opt->fit_ranges ? nfeat : row_len(l->rows->x[index[i]])) + 1;
	set->prob.l = (int)n;
	set->prob.x = calloc(n + 1, sizeof(*set->prob.x));
	set->prob.y = calloc(n + 1, sizeof(*set->prob.y));
	at = malloc((total + 1) * sizeof(*at));
	if (!set->prob.x || !set->prob.y || !at) {
		free(at);
		set_free(set);
		return false;
	}
	set->prob.x[0] = at;
	for (i = 0; i < n; i++) {
		set->prob.x[i] = at;
		set->prob.y[i] = l->rows->y[index[i]];
		at += an_scale(scaling(l, range), nfeat, l->rows->x[index[i]], at) + 1;
	}
	return true;
}

static struct svm_model *train(const struct learner *l, const struct set *set,
			       const struct an_candidate *cand)
{
	struct svm_parameter param = {
		.svm_type = l->opt->type, .kernel_type = cand->kernel, .gamma = cand->gamma,
		.C = cand->c, .nu = cand->c, .p = cand->p, .cache_size = CACHE_MB, .eps = 1e-3,
		.shrinking = 1,
	};

	if (!set->prob.l || svm_check_parameter(&set->prob, &param))
		return NULL;
	return svm_train(&set->prob, &param);
}

/* What one class alone was learnt from tells nothing: never positive. */
static bool one_sided(const struct learner *l, const struct set *set)
{
	int i;

	if (l->opt->type != C_SVC)
		return false;
	for (i = 1; i < set->prob.l; i++)
		if (set->prob.y[i] != set->prob.y[0])
			return false;
	return true;
}

static double decision(int type, const struct svm_model *model, const struct svm_node *scaled)
{
	double dec = 0;

	svm_predict_values(model, scaled, &dec);
	/* A one-class machine is above 0 for what is usual. */
	return type == ONE_CLASS ? -dec : dec;
}

struct ranked {
	double dec, y;
};

static int by_falling_dec(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->dec != y->dec)
		return x->dec < y->dec ? 1 : -1;
	return (y->y > 0) - (x->y > 0);
}

/* F1 of saying yes to the first @i + 1 of @r. */
static double f1_at(size_t tp, size_t i, size_t positives)
{
	return 2.0 * (double)tp / (double)(i + 1 + positives);
}

/* A threshold under the @i-th of @r: in the middle of the gap, or at @floor where the gap ends under that. */
static double under(const struct ranked *r, size_t i, size_t n, double floor)
{
	if (i + 1 < n)
		return r[i + 1].dec <= floor ? floor : (r[i].dec + r[i + 1].dec) / 2;
	return isinf(floor) ? r[i].dec - 1 : floor;
}

/* Whether a threshold can lie under the @i-th. */
static bool ends(const struct ranked *r, size_t i, size_t n)
{
	return i + 1 == n || r[i + 1].dec != r[i].dec;
}

/* The lowest threshold from EAGER_MIN on whose F1 is @least or more, and that F1. */
static double eager_threshold(const struct ranked *r, size_t n, size_t positives, double least, double *f1)
{
	double low = EAGER_MIN;
	bool found = false;
	size_t i, tp = 0;

	*f1 = 0;
	for (i = 0; i < n && r[i].dec > EAGER_MIN; i++) {
		tp += r[i].y > 0;
		/* where none is so good, the best are all lower still */
		if (!ends(r, i, n) || (found && f1_at(tp, i, positives) < least))
			continue;
		found = f1_at(tp, i, positives) >= least;
		*f1 = f1_at(tp, i, positives);
		low = found ? under(r, i, n, EAGER_MIN) : EAGER_MIN;
	}
	return fmin(low, THRESHOLD_MAX);
}

double an_best_threshold(const double *dec, const double *y, size_t n, bool eager, double *f1)
{
	struct ranked *r = calloc(n ? n : 1, sizeof(*r));
	double best = 0, at_zero = 0, high = 0, low = 0;
	size_t i, positives = 0, tp = 0, zero_tp = 0, zero_n = 0;
	bool found = false;

	*f1 = 0;
	if (!r)
		return 0;
	for (i = 0; i < n; i++) {
		r[i] = (struct ranked){ dec[i], y[i] };
		positives += y[i] > 0;
		zero_n += dec[i] > 0;
		zero_tp += dec[i] > 0 && y[i] > 0;
	}
	if (positives)
		at_zero = 2.0 * (double)zero_tp / (double)(zero_n + positives);
	qsort(r, n, sizeof(*r), by_falling_dec);
	for (i = 0; i < n; i++) {
		tp += r[i].y > 0;
		if (ends(r, i, n))
			best = fmax(best, f1_at(tp, i, positives));
	}
	if (eager && best > 0) {
		low = eager_threshold(r, n, positives, best - EAGER_COST, f1);
		free(r);
		return low;
	}
	/* All that are as good but for a hair: the middle of them is the least a matter of chance. */
	for (i = tp = 0; i < n && best > 0; i++) {
		tp += r[i].y > 0;
		if (!ends(r, i, n) || f1_at(tp, i, positives) < best - THRESHOLD_HAIR)
			continue;
		low = under(r, i, n, -INFINITY);
		if (!found)
			high = low;
		found = true;
	}
	free(r);
	*f1 = best;
	if (at_zero < best - 0.005)
		return fmin(fmax((high + low) / 2, -THRESHOLD_MAX), THRESHOLD_MAX);
	*f1 = at_zero;
	return 0;
}

/* How good predictions are, more is better, and the threshold that makes it so. */
static double score(const struct learner *l, const double *dec, const double *y, size_t n,
		    double *threshold)
{
	double f1, sum = 0;
	size_t i;

	*threshold = 0;
	if (l->opt->type != EPSILON_SVR) {
		*threshold = an_best_threshold(dec, y, n, l->opt->eager, &f1);
		return f1;
	}
	for (i = 0; i < n; i++)
		sum += fabs(exp(dec[i] - y[i]) - 1);
	return n ? 1 - sum / (double)n : 0;
}

/* Held-back decision values of every candidate over one inner fold; dec[c * n + i]. */
static bool inner_fold(const struct learner *l, const size_t *index, size_t n,
		       const struct an_split *split, unsigned int fold, double *dec)
{
	unsigned int nfeat = l->rows->nfeat;
	struct an_range *range = calloc(nfeat + 1, sizeof(*range));
	struct svm_node *vec = calloc(nfeat + 2, sizeof(*vec));
	size_t *in = calloc(n + 1, sizeof(*in)), nin = 0, c, i;
	struct set set = { 0 };
	bool ok = false;

	if (!range || !vec || !in)
		goto out;
	for (i = 0; i < n; i++)
		if (an_split_trains(split, i, fold))
			in[nin++] = index[i];
	range_fit(l, in, nin, range);
	if (!set_make(&set, l, in, nin, range))
		goto out;
	for (c = 0; c < l->opt->ngrid; c++) {
		struct svm_model *model = one_sided(l, &set) ? NULL :
					  train(l, &set, &l->opt->grid[c]);

		for (i = 0; i < n; i++) {
			if (!an_split_tests(split, i, fold))
				continue;
			dec[c * n + i] = -1;
			if (!model)
				continue;
			an_scale(scaling(l, range), nfeat, l->rows->x[index[i]], vec);
			dec[c * n + i] = decision(l->opt->type, model, vec);
		}
		if (model)
			svm_free_and_destroy_model(&model);
	}
	ok = true;
out:
	set_free(&set);
	free(in);
	free(vec);
	free(range);
	return ok;
}

/* Leaves only what was held back, so that it can be judged: returns how many. */
static size_t gather_tested(const struct an_split *split, const double *dec, const double *y,
			    size_t n, double *tested, double *truth)
{
	size_t i, m = 0;

	for (i = 0; i < n; i++) {
		if (split->fold[i] < split->first)
			continue;
		tested[m] = dec[i];
		truth[m++] = y[i];
	}
	return m;
}

/* Whether either side of every cut by time has enough positives to learn or to judge from. */
static bool time_tells(const struct learner *l, const size_t *index, size_t n,
		       const struct an_split *split)
{
	size_t early = 0, late = 0, i;

	if (l->opt->type == EPSILON_SVR)
		return true;
	for (i = 0; i < n; i++) {
		if (l->rows->y[index[i]] > 0)
			split->fold[i] < split->first ? early++ : late++;
	}
	return late >= JUDGED_MIN && (early >= JUDGED_MIN || l->opt->type == ONE_CLASS);
}

/* By time when that is wanted and possible, else each class dealt evenly. */
static bool make_split(const struct learner *l, const size_t *index, size_t n, unsigned int k,
		       uint64_t seed, struct an_split *split)
{
	if (l->opt->ordered) {
		if (!an_split_time(split, l->rows, index, n, k, k / 2))
			return false;
		if (time_tells(l, index, n, split))
			return true;
		free(split->fold);
	}
	return an_split_deal(split, l->rows, index, n, k, seed);
}

/* The best candidate and its threshold on the rows @all, by an inner cross validation. */
static bool choose(const struct learner *l, const size_t *all, size_t nall, uint64_t seed,
		   struct choice *choice)
{
	size_t *index = calloc(nall + 1, sizeof(*index)), n, i, c;
	double *y = calloc(nall * 3 + 1, sizeof(*y)), *dec = NULL, best = -1e9, now, threshold;
	struct an_split split = { 0 };
	unsigned int f;
	bool ok = false;

	if (!index || !y)
		goto out;
	memcpy(index, all, nall * sizeof(*index));
	n = an_subsample(index, l->rows->y, nall, l->opt->grid_rows, seed);
	dec = calloc(n * l->opt->ngrid + 1, sizeof(*dec));
	if (!dec || !make_split(l, index, n, INNER_FOLDS, seed, &split))
		goto out;
	for (i = 0; i < n; i++)
		y[i] = l->rows->y[index[i]];
	for (f = split.first; f < split.k; f++)
		if (!inner_fold(l, index, n, &split, f, dec))
			goto out;
	for (c = 0; c < l->opt->ngrid; c++) {
		size_t m = gather_tested(&split, dec + c * n, y, n, y + nall, y + 2 * nall);

		now = score(l, y + nall, y + 2 * nall, m, &threshold);
		if (now <= best + (c ? l->opt->tie : 0))
			continue;
		best = now;
		/* Halfway to the machine's own border: the next log is not this one. */
		*choice = (struct choice){ c, l->opt->eager ? threshold : threshold / 2 };
	}
	ok = true;
out:
	free(split.fold);
	free(dec);
	free(y);
	free(index);
	return ok;
}

/*
 * A model of the rows @in with @choice, whose eager threshold it may raise: a row without a single feature is no
 * alarm, however few others there are that say so, but never over what is known. The caller frees all three.
 */
static bool fit(const struct learner *l, const size_t *in, size_t nin, struct choice *choice,
		struct an_range *range, struct set *set, struct svm_model **model)
{
	static const struct svm_node nothing = { -1, 0 };

	range_fit(l, in, nin, range);
	if (!set_make(set, l, in, nin, range))
		return false;
	*model = one_sided(l, set) ? NULL : train(l, set, &l->opt->grid[choice->cand]);
	if (*model && l->opt->eager)
		choice->threshold = fmin(fmax(choice->threshold,
					      decision(l->opt->type, *model, &nothing) + EAGER_OVER),
					 THRESHOLD_MAX);
	return true;
}

/* One outer fold: chooses and trains without it, predicts it. */
static bool outer_fold(const struct learner *l, unsigned int fold)
{
	unsigned int nfeat = l->rows->nfeat;
	const struct an_split *split = &l->out->split;
	struct an_range *range = calloc(nfeat + 1, sizeof(*range));
	struct svm_node *vec = calloc(nfeat + 2, sizeof(*vec));
	size_t n = l->rows->n, *in = calloc(n + 1, sizeof(*in)), nin = 0, i;
	struct svm_model *model = NULL;
	struct choice choice = { 0 };
	struct set set = { 0 };
	bool ok = false;

	if (!range || !vec || !in)
		goto out;
	for (i = 0; i < n; i++)
		if (an_split_trains(split, i, fold))
			in[nin++] = i;
	if (!choose(l, in, nin, l->opt->seed + 1 + fold, &choice) ||
	    !fit(l, in, nin, &choice, range, &set, &model))
		goto out;
	for (i = 0; i < n; i++) {
		if (!an_split_tests(split, i, fold))
			continue;
		l->out->held[i] = -1;
		if (!model)
			continue;
		an_scale(scaling(l, range), nfeat, l->rows->x[i], vec);
		l->out->held[i] = decision(l->opt->type, model, vec) - choice.threshold;
	}
	ok = true;
out:
	if (model)
		svm_free_and_destroy_model(&model);
	set_free(&set);
	free(in);
	free(vec);
	free(range);
	return ok;
}

/* The last piece of work is the choice on all rows, the others are the folds. */
static bool piece(void *arg, size_t i)
{
	struct learner *l = arg;
	size_t *index, n = l->rows->n, j;
	bool ok;

	if (i + 1 < l->tasks)
		return outer_fold(l, l->out->split.first + (unsigned int)i);
	index = calloc(n + 1, sizeof(*index));
	if (!index)
		return false;
	for (j = 0; j < n; j++)
		index[j] = j;
	ok = choose(l, index, n, l->opt->seed, &l->chosen);
	free(index);
	return ok;
}

static bool piece_done(void *arg, size_t done)
{
	struct learner *l = arg;

	if (l->opt->progress && l->opt->progress(l->opt->progress_arg, "training", done,
						 l->tasks + 1))
		l->stopped = true;
	return !l->stopped;
}

bool an_learned_weigh(struct an_learned *l)
{
	const struct svm_model *m = l->model;
	unsigned int j;
	int i;

	if (m->param.kernel_type != LINEAR || l->w)
		return true;
	l->w = calloc(l->nfeat + 1ul, sizeof(*l->w));
	if (!l->w)
		return false;
	for (i = 0; i < m->l; i++) {
		const struct svm_node *x = m->SV[i];

		for (; x->index != -1; x++)
			if (x->index >= 1 && (unsigned int)x->index <= l->nfeat)
				l->w[x->index - 1] += m->sv_coef[0][i] * x->value;
	}
	/* The scaling goes into the weights: what is 0 unscaled then costs nothing. */
	for (j = 0; j < l->nfeat; j++) {
		double width = l->range[j].max - l->range[j].min;

		l->w[j] = width > 0 ? l->w[j] / width : 0;
		l->base -= l->w[j] * l->range[j].min;
	}
	return true;
}

static bool train_final(struct learner *l)
{
	struct an_learned *out = l->out;
	size_t n = l->rows->n, *index = calloc(n + 1, sizeof(*index)), i;
	struct set set = { 0 };
	bool ok;

	out->range = calloc(l->rows->nfeat + 1, sizeof(*out->range));
	if (!index || !out->range) {
		free(index);
		return false;
	}
	for (i = 0; i < n; i++)
		index[i] = i;
	ok = fit(l, index, n, &l->chosen, out->range, &set, &out->model);
	free(index);
	out->prob = set.prob;
	if (!ok || !out->model)
		return false;
	out->chosen = l->opt->grid[l->chosen.cand];
	out->threshold = l->chosen.threshold;
	/* Inside the model the threshold holds for svm-predict too, which knows no other than 0. */
	out->model->rho[0] += l->opt->type == ONE_CLASS ? -out->threshold : out->threshold;
	return an_learned_weigh(out);
}

static void judge(const struct an_rows *rows, struct an_learned *out)
{
	struct an_quality *q = &out->quality;
	size_t i;

	for (i = 0; i < rows->n && out->type != EPSILON_SVR; i++) {
		if (out->split.fold[i] < out->split.first)
			continue;
		if (out->held[i] > 0)
			rows->y[i] > 0 ? q->tp++ : q->fp++;
		else
			rows->y[i] > 0 ? q->fn++ : q->tn++;
	}
	an_quality_finish(q);
}

static int check(const struct an_rows *rows, const struct an_learn_options *opt,
		 struct an_error *err)
{
	size_t i, positives = 0, least = 2ul * opt->folds;

	for (i = 0; i < rows->n; i++)
		positives += rows->y[i] > 0;
	if (opt->type == EPSILON_SVR ? rows->n >= 50 :
	    positives >= least && rows->n - positives >= least)
		return AN_OK;
	if (opt->type == EPSILON_SVR)
		return an_fail(err, AN_USAGE, "%zu %s are too few: 50 are needed", rows->n,
			       opt->what);
	return an_fail(err, AN_USAGE, "%zu %s to be told from %zu others are too few for %u "
		       "folds: %zu of either are needed", positives, opt->what,
		       rows->n - positives, opt->folds, least);
}

int an_learn(const struct an_rows *rows, const struct an_learn_options *opt,
	     struct an_learned *out, struct an_error *err)
{
	struct learner l = { .rows = rows, .opt = opt, .out = out };
	size_t *index, i;
	int status;
	bool ok;

	memset(out, 0, sizeof(*out));
	status = check(rows, opt, err);
	if (status)
		return status;
	an_learn_quiet();
	out->nfeat = rows->nfeat;
	out->type = opt->type;
	out->held = calloc(rows->n + 1, sizeof(*out->held));
	index = calloc(rows->n + 1, sizeof(*index));
	for (i = 0; index && i < rows->n; i++)
		index[i] = i;
	ok = index && out->held &&
	     make_split(&l, index, rows->n, opt->folds, opt->seed, &out->split);
	free(index);
	if (ok) {
		l.tasks = out->split.k - out->split.first + 1ul;
		ok = an_parallel(l.tasks, opt->threads, piece, piece_done, &l) && train_final(&l);
	}
	if (!ok) {
		an_learned_free(out);
		return l.stopped ? an_fail(err, AN_INPUT, "interrupted") :
				   an_fail(err, AN_NOMEM, "out of memory");
	}
	judge(rows, out);
	piece_done(&l, l.tasks + 1);
	return AN_OK;
}

void an_learned_free(struct an_learned *learned)
{
	struct set set = { learned->prob };

	if (learned->model)
		svm_free_and_destroy_model(&learned->model);
	set_free(&set);
	free(learned->range);
	free(learned->w);
	free(learned->held);
	free(learned->split.fold);
	memset(learned, 0, sizeof(*learned));
}

/* A model's file may hold what gives none: that is no alarm. */
static double number_of(double dec)
{
	return isfinite(dec) ? dec : 0;
}

double an_decide(const struct an_learned *learned, const struct svm_node *x)
{
	struct svm_node *vec;
	double dec;

	if (learned->w) {
		dec = learned->base - learned->model->rho[0];
		for (; x->index != -1; x++)
			if ((unsigned int)x->index <= learned->nfeat)
				dec += learned->w[x->index - 1] * x->value;
		return number_of(learned->type == ONE_CLASS ? -dec : dec);
	}
	vec = malloc((learned->nfeat + 2) * sizeof(*vec));
	if (!vec)
		return 0;
	an_scale(learned->range, learned->nfeat, x, vec);
	dec = decision(learned->type, learned->model, vec);
	free(vec);
	return number_of(dec);
}
