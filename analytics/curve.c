// SPDX-License-Identifier: GPL-3.0-or-later
/* Fits the kernel's tables; must never predict by another formula than the kernel's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"

#define ROUNDS		4
#define PRIOR_RUNS	2
#define MIN_RUNS	20		/* of a function; of a node */
#define SPEED_MIN	100
#define SPEED_MAX	10000
#define COEF_MAX	5000
#define STEP		1024
#define US_MAX		(1 << 30)

struct fit {
	const struct an_run_names *names;
	const struct an_run *v;
	size_t n;
	double c[AN_RUN_FNS][AN_RUN_KNOTS];	/* µs at each power of two */
	double prior[AN_RUN_FNS][AN_RUN_KNOTS];
	double coef[AN_RUN_FNS], mean_load[AN_RUN_FNS];
	double slow[AN_RUN_NODES];		/* 1000 / speed */
	double *tmp;
};

/* The kernel's own log2: the bits behind the first taken as its fraction. */
static unsigned int log2_steps(uint64_t bytes)
{
	unsigned int whole;

	if (bytes < 2)
		return 0;
	whole = 63 - (unsigned int)__builtin_clzll(bytes);
	bytes <<= 63 - whole;
	return whole * STEP + ((bytes >> 53) & (STEP - 1));
}

static double place(const struct an_run *r, int *knot)
{
	unsigned int at = log2_steps(r->bytes);

	*knot = (int)(at / STEP);
	if (*knot >= AN_RUN_KNOTS - 1) {
		*knot = AN_RUN_KNOTS - 2;
		return 1;
	}
	return (double)(at % STEP) / STEP;
}

static double curve_at(const double *c, const struct an_run *r)
{
	int knot;
	double part = place(r, &knot);

	return c[knot] + part * (c[knot + 1] - c[knot]);
}

static double factor(const struct fit *f, const struct an_run *r)
{
	return f->slow[r->node] * (1 + f->coef[r->fn] * r->load);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n & 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Weight of a run whose time is @ratio times what was expected: outliers count little (Huber). */
static double trust(double ratio)
{
	double off = fabs(log(ratio));

	return off < 0.15 ? 1 : 0.15 / off;
}

/* The best a and b of us = a + b * x[i], by weighted least squares of relative errors. */
static double fit_line(const struct fit *f, unsigned int fn, double power, double *a, double *b)
{
	double error = 0;
	int round;
	size_t i;

	*a = *b = 0;
	for (round = 0; round < 4; round++) {
		double sw = 0, sx = 0, sxx = 0, sy = 0, sxy = 0, d;

		for (i = error = 0; i < f->n; i++) {
			const struct an_run *r = &f->v[i];
			double x, y, w, was;

			if (r->fn != fn)
				continue;
			x = pow((double)r->bytes, power);
			y = r->us / factor(f, r);
			was = round ? fmax(*a + *b * x, 1e-3) : y;
			w = trust(y / was) / (was * was);
			error += fmin(fabs(log(y / was)), 1);
			sw += w;
			sx += w * x;
			sxx += w * x * x;
			sy += w * y;
			sxy += w * x * y;
		}
		d = sw * sxx - sx * sx;
		*b = d > 0 ? fmax((sw * sxy - sx * sy) / d, 0) : 0;
		*a = sw > 0 ? fmax((sy - *b * sx) / sw, 0) : 0;
	}
	return error;
}

/*
 * A first curve, a + b * bytes^p: what most functions do, and what stands in where no run was seen.
 * Where runs were seen they soon outweigh it.
 */
static void first_curve(struct fit *f, unsigned int fn)
{
	double best = 1e300, a, b, error, power;
	size_t i, n;
	int k;

	for (i = n = 0; i < f->n; i++) {
		if (f->v[i].fn != fn)
			continue;
		f->mean_load[fn] += (double)f->v[i].load;
		n++;
	}
	if (!n)
		return;
	f->mean_load[fn] /= (double)n;
	for (power = 0.5; power < 2.05; power += 0.1) {
		error = fit_line(f, fn, power, &a, &b);
		if (error >= best)
			continue;
		best = error;
		for (k = 0; k < AN_RUN_KNOTS; k++)
			f->c[fn][k] = fmax(a + b * pow(2, k * power), 0.5);
	}
	memcpy(f->prior[fn], f->c[fn], sizeof(f->prior[fn]));
}

/* Solves the tridiagonal system (@diag, @off) x = @b in place of @b. */
static void solve(double *diag, double *off, double *b, int n)
{
	int i;

	for (i = 1; i < n; i++) {
		double m = off[i - 1] / diag[i - 1];

		diag[i] -= m * off[i - 1];
		b[i] -= m * b[i - 1];
	}
	b[n - 1] /= diag[n - 1];
	for (i = n - 2; i >= 0; i--)
		b[i] = (b[i] - off[i] * b[i + 1]) / diag[i];
}

/* Weighted least squares of relative errors over the knots; the first curve counts as two runs. */
static void fit_curve(struct fit *f, unsigned int fn)
{
	double diag[AN_RUN_KNOTS], off[AN_RUN_KNOTS] = { 0 }, b[AN_RUN_KNOTS];
	double *c = f->c[fn];
	size_t i;
	int k;

	for (k = 0; k < AN_RUN_KNOTS; k++) {
		double w = PRIOR_RUNS / (f->prior[fn][k] * f->prior[fn][k]);

		diag[k] = w;
		b[k] = w * f->prior[fn][k];
	}
	for (i = 0; i < f->n; i++) {
		const struct an_run *r = &f->v[i];
		double was, us, w, part;

		if (r->fn != fn)
			continue;
		was = curve_at(c, r);
		us = r->us / factor(f, r);
		w = trust(us / was) / (was * was);
		part = place(r, &k);
		diag[k] += w * (1 - part) * (1 - part);
		diag[k + 1] += w * part * part;
		off[k] += w * part * (1 - part);
		b[k] += w * (1 - part) * us;
		b[k + 1] += w * part * us;
	}
	solve(diag, off, b, AN_RUN_KNOTS);
	for (k = 0; k < AN_RUN_KNOTS; k++)
		c[k] = fmax(b[k], c[k] / 4);
}

/*
 * What is left when the curve is fitted anew for this coefficient: the two pull at each other, so
 * one must not be held while the other moves. The curve stays as fitted.
 */
static double coef_error(struct fit *f, unsigned int fn, double coef)
{
	double sum = 0, from = 1 + f->coef[fn] * f->mean_load[fn];
	size_t i;
	int k;

	/* Begin where the new coefficient leaves the middle of the runs as it was. */
	for (k = 0; k < AN_RUN_KNOTS; k++)
		f->c[fn][k] *= from / (1 + coef * f->mean_load[fn]);
	for (k = 0; k < AN_RUN_KNOTS; k++)
		f->prior[fn][k] *= from / (1 + coef * f->mean_load[fn]);
	f->coef[fn] = coef;
	fit_curve(f, fn);
	fit_curve(f, fn);
	for (i = 0; i < f->n; i++) {
		const struct an_run *r = &f->v[i];

		if (r->fn == fn)
			sum += fabs(log(r->us / (curve_at(f->c[fn], r) * factor(f, r))));
	}
	return sum;
}

/* The load's coefficient by golden section, between 0 and 5. */
static void fit_coef(struct fit *f, unsigned int fn)
{
	const double golden = 0.6180339887498949;
	double low = 0, high = COEF_MAX / 1000.0;
	double a = high - golden * (high - low), b = low + golden * (high - low);
	double ea = coef_error(f, fn, a), eb = coef_error(f, fn, b);
	int i;

	for (i = 0; i < 16; i++) {
		if (ea <= eb) {
			high = b;
			b = a;
			eb = ea;
			a = high - golden * (high - low);
			ea = coef_error(f, fn, a);
		} else {
			low = a;
			a = b;
			ea = eb;
			b = low + golden * (high - low);
			eb = coef_error(f, fn, b);
		}
	}
	coef_error(f, fn, (low + high) / 2);
}

/* How much slower each node is than the others: medians, with a geometric mean of 1. */
static void fit_nodes(struct fit *f)
{
	double mean = 0;
	unsigned int node, known = 0;
	size_t i, n;

	for (node = 0; node < f->names->nnodes; node++) {
		for (i = n = 0; i < f->n; i++) {
			const struct an_run *r = &f->v[i];

			if (r->node == node)
				f->tmp[n++] = r->us / (curve_at(f->c[r->fn], r) *
						       (1 + f->coef[r->fn] * r->load));
		}
		if (n < MIN_RUNS)
			continue;
		f->slow[node] = fmin(fmax(median(f->tmp, n), 0.1), 10);
		mean += log(f->slow[node]);
		known++;
	}
	for (node = 0; known && node < f->names->nnodes; node++)
		f->slow[node] /= exp(mean / known);
}

static uint32_t whole(double v, double low, double high)
{
	return (uint32_t)(fmin(fmax(v, low), high) + 0.5);
}

/* Only the points between which runs were seen. */
static void put_curve(const struct fit *f, unsigned int fn, struct an_curve *to)
{
	int low = AN_RUN_KNOTS, high = -1, k;
	size_t i;

	for (i = 0; i < f->n; i++) {
		double part;

		if (f->v[i].fn != fn)
			continue;
		to->runs++;
		part = place(&f->v[i], &k);
		low = k < low ? k : low;
		high = k + (part > 0) > high ? k + (part > 0) : high;
	}
	if (to->runs < MIN_RUNS)
		return;
	to->load_coef = whole(f->coef[fn] * 1000, 0, COEF_MAX);
	for (k = low; k <= high; k++) {
		to->log2[to->n] = (uint8_t)k;
		to->us[to->n++] = whole(f->c[fn][k], 1, US_MAX);
	}
}

static void put_nodes(const struct fit *f, struct an_curves *c)
{
	uint64_t runs[AN_RUN_NODES] = { 0 };
	unsigned int node;
	size_t i;

	for (i = 0; i < f->n; i++)
		runs[f->v[i].node]++;
	for (node = 0; node < f->names->nnodes; node++)
		if (runs[node] >= MIN_RUNS)
			c->speed[node] = whole(1000 / f->slow[node], SPEED_MIN, SPEED_MAX);
}

bool an_curves_fit(struct an_curves *c, const struct an_run_names *names, const struct an_run *v,
		   size_t n)
{
	struct fit *f = calloc(1, sizeof(*f));
	unsigned int fn, node;
	int round;

	memset(c, 0, sizeof(*c));
	if (!f)
		return false;
	*f = (struct fit){ .names = names, .v = v, .n = n };
	f->tmp = calloc(n + 1, sizeof(*f->tmp));
	if (!f->tmp) {
		free(f);
		return false;
	}
	for (node = 0; node < AN_RUN_NODES; node++)
		f->slow[node] = 1;
	for (fn = 0; fn < names->nfns; fn++) {
		f->coef[fn] = 0.3;
		first_curve(f, fn);
	}
	for (round = 0; round < ROUNDS && n; round++) {
		for (fn = 0; fn < names->nfns; fn++) {
			if (f->c[fn][0] <= 0)	/* not a single run of it */
				continue;
			fit_coef(f, fn);
		}
		fit_nodes(f);
	}
	for (fn = 0; fn < names->nfns; fn++)
		put_curve(f, fn, &c->fn[fn]);
	put_nodes(f, c);
	free(f->tmp);
	free(f);
	return true;
}

static uint64_t curve_us(const struct an_curve *c, uint64_t bytes)
{
	unsigned int at = log2_steps(bytes), i, from, to;

	for (i = 0; i < c->n && c->log2[i] * STEP <= at; i++)
		;
	if (!i)
		return c->us[0];
	if (i == c->n)
		return c->us[i - 1];
	from = c->log2[i - 1] * STEP;
	to = c->log2[i] * STEP;
	return (uint64_t)((int64_t)c->us[i - 1] + ((int64_t)c->us[i] - c->us[i - 1]) *
			  (int64_t)(at - from) / (int64_t)(to - from));
}

uint64_t an_curves_predict(const struct an_curves *c, int fn, int node, uint64_t bytes,
			   double load)
{
	const struct an_curve *v = &c->fn[fn];
	uint64_t speed = node >= 0 && c->speed[node] ? c->speed[node] : 1000, us, stretch;

	if (!v->n)
		return 0;
	stretch = (uint64_t)(load * 1000 + 0.5) * v->load_coef / 1000;
	us = curve_us(v, bytes) * 1000 / speed;
	us += us * stretch / 1000;
	return us < 1 ? 1 : us > US_MAX ? US_MAX : us;
}
