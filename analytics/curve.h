/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Run times as tables of integers, for a kernel that has no floats:
 *
 *	us = c(bytes) * 1000 / speed * (1 + coef / 1000 * load)
 *
 * c is a curve over log2 of the bytes, interpolated between its points and flat beyond its ends;
 * the same formula as the node's own (kmod/core/predict.h), which a test holds it against.
 */
#ifndef VIRGO_AN_CURVE_H
#define VIRGO_AN_CURVE_H

#include "analytics.h"
#include "runs.h"

struct an_curve {
	unsigned int n;			/* points; 0: too little was seen of the function */
	uint8_t log2[AN_RUN_KNOTS];
	uint32_t us[AN_RUN_KNOTS];
	uint32_t load_coef;		/* permille, 0..5000 */
	uint64_t runs;
};

struct an_curves {
	struct an_curve fn[AN_RUN_FNS];
	uint32_t speed[AN_RUN_NODES];	/* permille, 100..10000; 0: nothing seen of the node */
};

/* Fits the tables to runs [0, @n) of @v. False when out of memory. */
bool an_curves_fit(struct an_curves *c, const struct an_run_names *names, const struct an_run *v,
		   size_t n);

/* 0 when the function has no curve. */
uint64_t an_curves_predict(const struct an_curves *c, int fn, int node, uint64_t bytes,
			   double load);

#endif
