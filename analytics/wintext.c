// SPDX-License-Identifier: GPL-3.0-or-later
/* From messages to their words; must never depend on what is rare, nor on how many words there are. */
#include <math.h>

#include "wintext.h"

#define LENGTH	4.0	/* of the vector */

/* Adds the lines that hold each word and each pair to @places, one node each. */
static void count(const struct an_windows *w, const struct an_window *v, struct svm_node *places)
{
	uint32_t i, j;

	for (i = 0; i < v->npairs; i++) {
		const struct an_pair *p = &w->pairs[v->pairs + i];
		const struct an_template *t = &w->templates[p->template];

		for (j = 0; j < t->nwords; j++) {
			places[an_word_place(t->word[j])].value += p->count;
			if (j)
				places[an_word_pair_place(t->word[j - 1], t->word[j])].value += p->count;
		}
	}
}

void an_win_text(const struct an_windows *w, size_t i, int after, struct svm_node *x)
{
	struct svm_node *from, *place;
	double squares = 0;
	int k;

	while (x->index != -1)
		x++;
	for (from = x, k = 0; k < AN_TEXT_PLACES; k++)
		from[k] = (struct svm_node){ after + k + 1, 0 };
	count(w, &w->v[i], from);
	/* what is left moves up: the row is its own scratch space */
	for (place = from; place < from + AN_TEXT_PLACES; place++) {
		if (!place->value)
			continue;
		*x = (struct svm_node){ place->index, 1 + log(place->value) };
		squares += x->value * x->value;
		x++;
	}
	x->index = -1;
	for (; from < x; from++)
		from->value *= LENGTH / sqrt(squares);
}
