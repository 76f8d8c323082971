// SPDX-License-Identifier: GPL-3.0-or-later
/* Nested cross validation over a small grid; never judges a choice by the rows it was made on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "random.h"
#include "reader.h"
#include "rule.h"

#define INNER_FOLDS	5
#define CACHE_MB	64

struct candidate {
	int kernel;
	double c, gamma;
};

/* Simpler ones first: they win a tie. */
static const struct candidate grid[] = {
	{ LINEAR, 1, 0 }, { LINEAR, 10, 0 },
	{ RBF, 1, 0.25 }, { RBF, 1, 1 }, { RBF, 1, 4 },
	{ RBF, 10, 0.25 }, { RBF, 10, 1 }, { RBF, 10, 4 },
	{ RBF, 100, 0.25 }, { RBF, 100, 1 },
};

#define NGRID	(sizeof(grid) / sizeof(grid[0]))

struct learner {
	const struct an_rows *rows;
	const struct an_learn_options *opt;
	struct an_error *err;
	uint64_t steps;		/* of progress */
};

/* Some of the rows, scaled, as libsvm wants them. */
struct set {
	struct svm_problem prob;
	struct svm_node *nodes;
};

struct choice {
	struct candidate cand;
	double threshold;
};

/* libsvm reports its progress on standard output unless told where else. */
static void quiet(const char *text)
{
	(void)text;
}

static void set_free(struct set *set)
{
	free(set->prob.x);
	free(set->prob.y);
	free(set->nodes);
	memset(set, 0, sizeof(*set));
}

static void range_fit(const struct an_rows *rows, const size_t *index, size_t n,
		      struct an_range range[AN_NFEATURES])
{
	size_t i;
	int j;

	for (j = 0; j < AN_NFEATURES; j++)
		range[j] = (struct an_range){ rows->f[index[0]][j], rows->f[index[0]][j] };
	for (i = 1; i < n; i++) {
		for (j = 0; j < AN_NFEATURES; j++) {
			range[j].min = fmin(range[j].min, rows->f[index[i]][j]);
			range[j].max = fmax(range[j].max, rows->f[index[i]][j]);
		}
	}
}

/* One scaled vector; @node has room for AN_NFEATURES + 1. Zeros are left out, as in files. */
static struct svm_node *scale(const double *f, const struct an_range *range, struct svm_node *node)
{
	int j;

	for (j = 0; j < AN_NFEATURES; j++) {
		double width = range[j].max - range[j].min;
		double v = width > 0 ? (f[j] - range[j].min) / width : 0;

		if (v != 0)
			*node++ = (struct svm_node){ j + 1, v };
	}
	*node++ = (struct svm_node){ -1, 0 };
	return node;
}

static bool set_make(struct set *set, const struct an_rows *rows, const size_t *index, size_t n,
		     const struct an_range *range)
{
	struct svm_node *node;
	size_t i;

	set->prob.l = (int)n;
	set->prob.x = calloc(n, sizeof(*set->prob.x));
	set->prob.y = calloc(n, sizeof(*set->prob.y));
	set->nodes = calloc(n * (AN_NFEATURES + 1), sizeof(*set->nodes));
	if (!set->prob.x || !set->prob.y || !set->nodes) {
		set_free(set);
		return false;
	}
	for (node = set->nodes, i = 0; i < n; i++) {
		set->prob.x[i] = node;
		set->prob.y[i] = rows->y[index[i]];
		node = scale(rows->f[index[i]], range, node);
	}
	return true;
}

static struct svm_model *train(const struct learner *l, const struct set *set,
			       const struct candidate *cand)
{
	struct svm_parameter param = {
		.svm_type = C_SVC, .kernel_type = cand->kernel, .gamma = cand->gamma,
		.C = cand->c, .cache_size = CACHE_MB, .eps = 1e-3, .shrinking = 1,
	};
	const char *wrong = svm_check_parameter(&set->prob, &param);

	if (wrong) {
		an_fail(l->err, AN_NOMEM, "libsvm refuses its parameters: %s", wrong);
		return NULL;
	}
	return svm_train(&set->prob, &param);
}

bool an_deal(const signed char *y, const size_t *index, size_t n, unsigned int k, uint64_t seed,
	     unsigned char *fold)
{
	struct an_random random = { seed };
	size_t *order = calloc(n, sizeof(*order));
	size_t i, dealt = 0;
	int side;

	if (!order)
		return false;
	for (i = 0; i < n; i++)
		order[i] = i;
	an_random_shuffle(&random, order, n);
	for (side = 1; side >= -1; side -= 2)
		for (i = 0; i < n; i++)
			if (y[index[order[i]]] == side)
				fold[order[i]] = (unsigned char)(dealt++ % k);
	free(order);
	return true;
}

/* Splits @index by fold: @in gets what is not in @f, @out what is. */
static void split(const size_t *index, const unsigned char *fold, size_t n, unsigned int f,
		  size_t *in, size_t *nin, size_t *out, size_t *nout)
{
	size_t i;

	*nin = *nout = 0;
	for (i = 0; i < n; i++) {
		if (fold[i] == f)
			out[(*nout)++] = i;
		else
			in[(*nin)++] = index[i];
	}
}

struct ranked {
	double dec;
	signed char y;
};

static int by_falling_dec(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->dec != y->dec)
		return x->dec < y->dec ? 1 : -1;
	return y->y - x->y;
}

double an_best_threshold(const double *dec, const signed char *y, size_t n, double *f1)
{
	struct ranked *r = calloc(n ? n : 1, sizeof(*r));
	double best = 0, threshold = 0, at_zero = 0;
	size_t i, positives = 0, tp = 0, zero_tp = 0, zero_n = 0;

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
		double now;

		tp += r[i].y > 0;
		if (i + 1 < n && r[i + 1].dec == r[i].dec)
			continue;
		now = 2.0 * (double)tp / (double)(i + 1 + positives);
		if (now <= best)
			continue;
		best = now;
		threshold = i + 1 < n ? (r[i].dec + r[i + 1].dec) / 2 : r[i].dec - 1;
	}
	free(r);
	*f1 = best;
	if (at_zero < best - 0.005)
		return threshold;
	*f1 = at_zero;
	return 0;
}

size_t an_subsample(size_t *index, const signed char *y, size_t n, size_t want, uint64_t seed)
{
	struct an_random random = { seed };
	size_t left[2] = { 0, 0 }, take[2], i, kept = 0;

	if (n <= want)
		return n;
	for (i = 0; i < n; i++)
		left[y[index[i]] > 0]++;
	take[1] = left[1] * want / n;
	if (!take[1] && left[1])
		take[1] = 1;
	take[0] = want - take[1];
	/* Each of the rows left is taken with the chance that fills the quota exactly. */
	for (i = 0; i < n; i++) {
		int side = y[index[i]] > 0;

		if (an_random_below(&random, left[side]--) >= take[side])
			continue;
		take[side]--;
		index[kept++] = index[i];
	}
	return kept;
}

/* Held-back decision values of every candidate over one inner fold. */
static bool inner_fold(const struct learner *l, const size_t *in, size_t nin, const size_t *index,
		       const size_t *out, size_t nout, double *dec, size_t n)
{
	struct an_range range[AN_NFEATURES];
	struct svm_node vec[AN_NFEATURES + 1];
	struct set set = { 0 };
	size_t c, i;

	range_fit(l->rows, in, nin, range);
	if (!set_make(&set, l->rows, in, nin, range))
		return false;
	for (c = 0; c < NGRID; c++) {
		struct svm_model *model = train(l, &set, &grid[c]);

		if (!model)
			break;
		for (i = 0; i < nout; i++) {
			scale(l->rows->f[index[out[i]]], range, vec);
			svm_predict_values(model, vec, &dec[c * n + out[i]]);
		}
		svm_free_and_destroy_model(&model);
	}
	set_free(&set);
	return c == NGRID;
}

/* The best candidate and its threshold on the rows @index, by an inner cross validation. */
static bool choose(const struct learner *l, const size_t *all, size_t nall, uint64_t seed,
		   struct choice *choice)
{
	size_t *index = calloc(nall * 3, sizeof(*index));
	size_t *in, *out, n, nin, nout, i, c;
	unsigned char *fold = calloc(nall, 1);
	signed char *y = calloc(nall, 1);
	double *dec = NULL, best = -1, f1, threshold;
	unsigned int f;
	bool ok = false;

	if (!index || !fold || !y)
		goto out;
	in = index + nall;
	out = in + nall;
	memcpy(index, all, nall * sizeof(*index));
	n = an_subsample(index, l->rows->y, nall, AN_GRID_ROWS, seed);
	dec = calloc(n * NGRID, sizeof(*dec));
	if (!dec || !an_deal(l->rows->y, index, n, INNER_FOLDS, seed, fold))
		goto out;
	for (i = 0; i < n; i++)
		y[i] = l->rows->y[index[i]];
	for (f = 0; f < INNER_FOLDS; f++) {
		split(index, fold, n, f, in, &nin, out, &nout);
		if (!inner_fold(l, in, nin, index, out, nout, dec, n))
			goto out;
	}
	for (c = 0; c < NGRID; c++) {
		threshold = an_best_threshold(dec + c * n, y, n, &f1);
		if (f1 <= best)
			continue;
		best = f1;
		*choice = (struct choice){ grid[c], threshold };
	}
	ok = true;
out:
	free(dec);
	free(y);
	free(fold);
	free(index);
	return ok;
}

static int step(struct learner *l)
{
	l->steps++;
	if (l->opt->progress && l->opt->progress(l->opt->progress_arg, "training", l->steps,
						 l->opt->folds + 1ull))
		return an_fail(l->err, AN_INPUT, "interrupted");
	return AN_OK;
}

/* One outer fold: chooses and trains on @in, judges on @out. */
static bool outer_fold(const struct learner *l, const size_t *in, size_t nin, const size_t *out,
		       size_t nout, uint64_t seed, struct an_quality *q)
{
	struct an_range range[AN_NFEATURES];
	struct svm_node vec[AN_NFEATURES + 1];
	struct svm_model *model = NULL;
	struct set set = { 0 };
	struct choice choice;
	size_t i;

	if (!choose(l, in, nin, seed, &choice))
		return false;
	range_fit(l->rows, in, nin, range);
	if (!set_make(&set, l->rows, in, nin, range))
		return false;
	model = train(l, &set, &choice.cand);
	for (i = 0; model && i < nout; i++) {
		double dec;

		scale(l->rows->f[out[i]], range, vec);
		svm_predict_values(model, vec, &dec);
		if (dec > choice.threshold)
			l->rows->y[out[i]] > 0 ? q->tp++ : q->fp++;
		else
			l->rows->y[out[i]] > 0 ? q->fn++ : q->tn++;
	}
	set_free(&set);
	if (!model)
		return false;
	svm_free_and_destroy_model(&model);
	return true;
}

static int cross_validate(struct learner *l, const size_t *index, struct an_quality *q)
{
	size_t n = l->rows->n, nin, nout;
	size_t *in = calloc(n * 2, sizeof(*in)), *out;
	unsigned char *fold = calloc(n, 1);
	int status = an_fail(l->err, AN_NOMEM, "out of memory");
	unsigned int f;

	if (!in || !fold || !an_deal(l->rows->y, index, n, l->opt->folds, l->opt->seed, fold))
		goto out;
	out = in + n;
	for (f = 0; f < l->opt->folds; f++) {
		split(index, fold, n, f, in, &nin, out, &nout);
		if (!outer_fold(l, in, nin, out, nout, l->opt->seed + 1 + f, q))
			goto out;
		status = step(l);
		if (status)
			goto out;
		status = an_fail(l->err, AN_NOMEM, "out of memory");
	}
	status = AN_OK;
out:
	free(fold);
	free(in);
	return status;
}

static bool train_final(const struct learner *l, const size_t *index, struct an_learned *out)
{
	struct choice choice;
	struct set set = { 0 };

	if (!choose(l, index, l->rows->n, l->opt->seed, &choice))
		return false;
	range_fit(l->rows, index, l->rows->n, out->range);
	if (!set_make(&set, l->rows, index, l->rows->n, out->range))
		return false;
	out->prob = set.prob;
	out->nodes = set.nodes;
	out->model = train(l, &set, &choice.cand);
	if (!out->model)
		return false;
	/* Inside the model the threshold holds for svm-predict too, which knows no other than 0. */
	out->model->rho[0] += choice.threshold;
	out->threshold = choice.threshold;
	out->kernel = choice.cand.kernel;
	out->c = choice.cand.c;
	out->gamma = choice.cand.gamma;
	return true;
}

int an_learn(const struct an_rows *rows, const struct an_learn_options *opt,
	     struct an_learned *out, struct an_error *err)
{
	struct learner l = { .rows = rows, .opt = opt, .err = err };
	size_t *index, i, positives = 0;
	int status;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < rows->n; i++)
		positives += rows->y[i] > 0;
	if (positives < 2 * opt->folds || rows->n - positives < 2 * opt->folds)
		return an_fail(err, AN_USAGE, "%zu hostile and %zu other sources are too few for "
			       "%u folds: %u of either are needed", positives,
			       rows->n - positives, opt->folds, 2 * opt->folds);
	index = calloc(rows->n, sizeof(*index));
	if (!index)
		return an_fail(err, AN_NOMEM, "out of memory");
	svm_set_print_string_function(quiet);
	for (i = 0; i < rows->n; i++)
		index[i] = i;
	status = cross_validate(&l, index, &out->quality);
	an_quality_finish(&out->quality);
	if (!status && !train_final(&l, index, out))
		status = an_fail(err, AN_NOMEM, "out of memory");
	if (!status)
		status = step(&l);
	free(index);
	if (status)
		an_learned_free(out);
	else
		err->msg[0] = 0;
	return status;
}

void an_learned_free(struct an_learned *learned)
{
	if (learned->model)
		svm_free_and_destroy_model(&learned->model);
	free(learned->prob.x);
	free(learned->prob.y);
	free(learned->nodes);
	memset(learned, 0, sizeof(*learned));
}

double an_decide(const struct an_learned *learned, const double f[AN_NFEATURES])
{
	struct svm_node vec[AN_NFEATURES + 1];
	double dec = 0;

	scale(f, learned->range, vec);
	svm_predict_values(learned->model, vec, &dec);
	return dec;
}
