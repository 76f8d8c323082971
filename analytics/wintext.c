// SPDX-License-Identifier: GPL-3.0-or-later
/* From messages to their words; must never depend on what is rare, so that it says the same in every log. */
#include <math.h>
#include <stdlib.h>

#include "wintext.h"

#define LENGTH	4.0	/* of the vector */

struct text {
	double lines[AN_TEXT_PLACES];	/* that hold a word or a pair */
	uint16_t used[AN_TEXT_PLACES];	/* places with any */
	size_t n;
};

static void add(struct text *t, unsigned int place, uint32_t lines)
{
	if (!t->lines[place])
		t->used[t->n++] = (uint16_t)place;
	t->lines[place] += lines;
}

static void read_window(const struct an_windows *w, const struct an_window *v, struct text *to)
{
	uint32_t i, j;

	for (i = 0; i < v->npairs; i++) {
		const struct an_pair *p = &w->pairs[v->pairs + i];
		const struct an_template *t = &w->templates[p->template];

		for (j = 0; j < t->nwords; j++) {
			add(to, an_word_place(t->word[j]), p->count);
			if (j)
				add(to, an_word_pair_place(t->word[j - 1], t->word[j]), p->count);
		}
	}
}

static int by_place(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

void an_win_text(const struct an_windows *w, size_t i, int after, struct svm_node *x)
{
	struct text t = { .n = 0 };
	double squares = 0;
	struct svm_node *from;
	size_t k;

	read_window(w, &w->v[i], &t);
	qsort(t.used, t.n, sizeof(*t.used), by_place);
	while (x->index != -1)
		x++;
	for (from = x, k = 0; k < t.n; k++, x++) {
		*x = (struct svm_node){ after + t.used[k] + 1, 1 + log(t.lines[t.used[k]]) };
		squares += x->value * x->value;
	}
	x->index = -1;
	for (; from < x; from++)
		from->value *= LENGTH / sqrt(squares);
}
