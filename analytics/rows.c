// SPDX-License-Identifier: GPL-3.0-or-later
/* Keeps rows and deals them into folds; must never put a row on both sides of a split. */
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "rows.h"

bool an_rows_add(struct an_rows *rows, const struct svm_node *x, double y, double when)
{
	size_t len = 0;
	struct svm_node *copy;

	if (rows->n == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 256;
		void *p;

		p = realloc(rows->x, room * sizeof(*rows->x));
		if (!p)
			return false;
		rows->x = p;
		p = realloc(rows->y, room * sizeof(*rows->y));
		if (!p)
			return false;
		rows->y = p;
		p = realloc(rows->when, room * sizeof(*rows->when));
		if (!p)
			return false;
		rows->when = p;
		rows->room = room;
	}
	while (x[len].index != -1)
		len++;
	copy = malloc((len + 1) * sizeof(*copy));
	if (!copy)
		return false;
	memcpy(copy, x, (len + 1) * sizeof(*copy));
	rows->x[rows->n] = copy;
	rows->y[rows->n] = y;
	rows->when[rows->n++] = when;
	return true;
}

void an_rows_free(struct an_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		free(rows->x[i]);
	free(rows->x);
	free(rows->y);
	free(rows->when);
	memset(rows, 0, sizeof(*rows));
}

void an_sparse(const double *f, unsigned int n, struct svm_node *x)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (f[i] != 0)
			*x++ = (struct svm_node){ (int)i + 1, f[i] };
	*x = (struct svm_node){ -1, 0 };
}

bool an_split_deal(struct an_split *s, const struct an_rows *rows, const size_t *index, size_t n,
		   unsigned int k, uint64_t seed)
{
	struct an_random random = { seed };
	size_t *order = calloc(n + 1, sizeof(*order)), i, dealt = 0;
	int side;

	*s = (struct an_split){ calloc(n + 1, 1), k, 0, false };
	if (!order || !s->fold) {
		free(order);
		return false;
	}
	for (i = 0; i < n; i++)
		order[i] = i;
	an_random_shuffle(&random, order, n);
	for (side = 1; side >= 0; side--)
		for (i = 0; i < n; i++)
			if ((rows->y[index[order[i]]] > 0) == side)
				s->fold[order[i]] = (unsigned char)(dealt++ % k);
	free(order);
	return true;
}

struct placed {
	double when;
	size_t i;
};

static int by_time(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

bool an_split_time(struct an_split *s, const struct an_rows *rows, const size_t *index, size_t n,
		   unsigned int k, unsigned int first)
{
	struct placed *order = calloc(n + 1, sizeof(*order));
	size_t i;

	*s = (struct an_split){ calloc(n + 1, 1), k, first, true };
	if (!order || !s->fold) {
		free(order);
		return false;
	}
	for (i = 0; i < n; i++)
		order[i] = (struct placed){ rows->when[index[i]], i };
	qsort(order, n, sizeof(*order), by_time);
	for (i = 0; i < n; i++)
		s->fold[order[i].i] = (unsigned char)(i * k / n);
	free(order);
	return true;
}

size_t an_subsample(size_t *index, const double *y, size_t n, size_t want, uint64_t seed)
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
