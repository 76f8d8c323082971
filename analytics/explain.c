// SPDX-License-Identifier: GPL-3.0-or-later
/* Finds reasons and lines; must never keep more of a log than a few lines of each thing explained. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behind.h"
#include "explain.h"

#define CAUSES_TOTAL	20000	/* lines kept at most, all together */
#define CAUSE_BYTES	512

struct kept {
	char text[CAUSE_BYTES];
	size_t len, next;	/* next: 1 + index of the next line of the same thing */
	const char *file;
	uint64_t number;
};

struct thing {
	bool wanted;
	unsigned int n;
	size_t first, last;	/* 1 + index into kept */
};

struct an_explainer {
	const struct an_learned *learned;
	const struct an_predict_options *opt;
	struct an_gathered *g;
	struct thing *things;	/* candidates or windows */
	size_t n;
	struct an_behind behind;
	struct kept *kept;
	size_t nkept, room;
	char (*words)[AN_WORD_MAX + 1];	/* a word of each bucket, from the lines kept */
	char (*texts)[2 * AN_WORD_MAX + 2];	/* a word, or a pair of them, of each place */
	struct an_prefixes prefixes;
	struct an_clock clock;
	const char *file;
	bool nomem;
};

int an_explain_begin(struct an_explainer **to, const struct an_learned *learned,
		     const struct an_predict_options *opt, struct an_gathered *g,
		     struct an_error *err)
{
	struct an_explainer *e = calloc(1, sizeof(*e));

	*to = e;
	if (!e)
		return an_fail(err, AN_NOMEM, "out of memory");
	e->learned = learned;
	e->opt = opt;
	e->g = g;
	e->prefixes = (struct an_prefixes){ opt->prefixes, opt->nprefixes };
	e->n = opt->kind == AN_SOURCES ? g->cands.n : g->groups[0].windows.n;
	e->things = calloc(e->n + 1, sizeof(*e->things));
	e->words = calloc(AN_WORD_BUCKETS, sizeof(*e->words));
	e->texts = calloc(AN_TEXT_PLACES, sizeof(*e->texts));
	if (!e->things || !e->words || !e->texts ||
	    !an_behind_init(&e->behind, g, opt->kind == AN_SOURCES))
		return an_fail(err, AN_NOMEM, "out of memory");
	e->behind.texts = opt->kind == AN_WINDOWS && learned->nfeat == AN_W_NTEXT;
	return AN_OK;
}

void an_explain_want(struct an_explainer *e, size_t i)
{
	e->things[i].wanted = true;
}

static void keep(struct an_explainer *e, struct thing *t, const struct an_line *line,
		 uint64_t number)
{
	struct kept *k;

	if (t->n == AN_CAUSES_MAX || e->nkept == CAUSES_TOTAL)
		return;
	if (e->nkept == e->room) {
		size_t room = e->room ? e->room * 2 : 64;

		k = realloc(e->kept, room * sizeof(*k));
		if (!k) {
			e->nomem = true;
			return;
		}
		e->kept = k;
		e->room = room;
	}
	k = &e->kept[e->nkept++];
	k->len = (size_t)(line->end - line->s);
	if (k->len > CAUSE_BYTES)
		k->len = CAUSE_BYTES;
	memcpy(k->text, line->s, k->len);
	k->file = e->file;
	k->number = number;
	k->next = 0;
	if (t->last)
		e->kept[t->last - 1].next = e->nkept;
	else
		t->first = e->nkept;
	t->last = e->nkept;
	t->n++;
}

/* The first that comes to a place names it. */
static void name_place(char *to, size_t size, const char *first, const char *second)
{
	if (!*to)
		snprintf(to, size, "%s%s%s", first, *second ? " " : "", second);
}

static void remember_words(struct an_explainer *e, const struct an_line *line)
{
	char word[AN_WORD_MAX + 1], last[AN_WORD_MAX + 1] = "";
	unsigned int known = 0, before;
	uint16_t words[AN_WORDS_MAX];
	const char *s = line->msg;
	size_t len;

	while (known < AN_WORDS_MAX && (len = an_word_next(&s, line->end, word))) {
		uint16_t hash = an_word_hash(word, len);

		before = known;
		known = an_word_add(words, known, hash);
		if (known == before)
			continue;
		word[len] = 0;
		name_place(e->words[an_word_bucket(hash)], sizeof(*e->words), word, "");
		name_place(e->texts[an_word_place(hash)], sizeof(*e->texts), word, "");
		if (before)
			name_place(e->texts[an_word_pair_place(words[before - 1], hash)], sizeof(*e->texts),
				   last, word);
		memcpy(last, word, len + 1);
	}
}

static void take_window(struct an_explainer *e, const struct an_line *line, uint64_t number)
{
	size_t i = an_behind_window(&e->behind, line);
	bool packet = line->kind == AN_LINE_BLOCK;

	if (i == AN_BEHIND_NONE || !e->things[i].wanted)
		return;
	/* packets are all alike: half the room is enough */
	if ((packet && e->things[i].n >= AN_CAUSES_MAX / 2) || !an_behind_why(&e->behind, i, line))
		return;
	keep(e, &e->things[i], line, number);
	if (!packet)
		remember_words(e, line);
}

static void take_source(struct an_explainer *e, const struct an_line *line, uint64_t number)
{
	size_t i = an_behind_source(&e->behind, line);

	if (i != AN_BEHIND_NONE && e->things[i].wanted)
		keep(e, &e->things[i], line, number);
}

static int explain_block(void *arg, struct an_block *block)
{
	struct an_explainer *e = arg;
	struct an_read_stats unused = { 0 };
	const char *s, *end;

	while (an_next_line(block, &unused, &s, &end)) {
		struct an_line line;

		an_line_split(&e->clock, &e->prefixes, s, end, &line);
		if (e->opt->kind == AN_SOURCES)
			take_source(e, &line, block->line);
		else
			take_window(e, &line, block->line);
	}
	return e->opt->progress && e->opt->progress(e->opt->progress_arg, "explaining", 0, 0) ?
	       AN_INPUT : AN_OK;
}

int an_explain_read(struct an_explainer *e, struct an_error *err)
{
	struct an_read_stats unused = { 0 };
	int ret = AN_OK;
	size_t i;

	for (i = 0; i < e->g->logs.n && !ret; i++) {
		e->file = e->g->logs.in[i].name;
		an_fail(err, AN_INPUT, "interrupted");
		ret = an_logs_scan(&e->g->logs, i, &e->clock, e->opt->now, 0, &unused,
				   explain_block, e, err);
	}
	if (!ret)
		err->msg[0] = 0;
	if (!ret && e->nomem)
		ret = an_fail(err, AN_NOMEM, "out of memory");
	return ret;
}

static void name_feature(const struct an_explainer *e, int index, char *name, size_t size)
{
	int word = index - 1 - AN_W_SCALARS, place = index - 1 - AN_W_NFEATURES;

	if (e->opt->kind == AN_SOURCES)
		snprintf(name, size, "%s", an_feature_names[index - 1]);
	else if (word < 0)
		snprintf(name, size, "%s", an_win_names[index - 1]);
	else if (place >= 0 && e->texts[place][0])
		snprintf(name, size, "text:%s", e->texts[place]);
	else if (place >= 0)
		snprintf(name, size, "text#%d", place);
	else if (e->words[word][0])
		snprintf(name, size, "word:%s", e->words[word]);
	else
		snprintf(name, size, "word#%d", word);
}

/* Puts the reason in its place among the most weighty ones. */
static void rank(struct an_prediction *out, const struct an_reason *r)
{
	size_t i = out->nreasons;

	if (i == AN_REASONS_MAX) {
		if (fabs(r->weight) <= fabs(out->reasons[i - 1].weight))
			return;
		i--;
	} else {
		out->nreasons++;
	}
	for (; i && fabs(out->reasons[i - 1].weight) < fabs(r->weight); i--)
		out->reasons[i] = out->reasons[i - 1];
	out->reasons[i] = *r;
}

void an_explain_reasons(struct an_explainer *e, const struct svm_node *x,
			struct an_prediction *out)
{
	const double *w = e->learned->w;
	struct svm_node without[AN_W_NFEATURES + 1];
	double whole = an_decide(e->learned, x);
	size_t n = 0, i;

	while (x[n].index != -1)
		n++;
	for (i = 0; i < n; i++) {
		struct an_reason r = { .name = "" };

		/* rows with text are longer than that, but their machine is linear */
		if (w) {
			r.weight = w[x[i].index - 1] * x[i].value * (e->learned->type == ONE_CLASS ? -1 : 1);
		} else {
			memcpy(without, x, i * sizeof(*x));
			memcpy(without + i, x + i + 1, (n - i) * sizeof(*x));
			r.weight = whole - an_decide(e->learned, without);
		}
		name_feature(e, x[i].index, r.name, sizeof(r.name));
		if (r.weight != 0)
			rank(out, &r);
	}
}

void an_explain_causes(const struct an_explainer *e, size_t thing, struct an_prediction *out)
{
	size_t i;

	for (i = e->things[thing].first; i; i = e->kept[i - 1].next) {
		const struct kept *k = &e->kept[i - 1];

		out->causes[out->ncauses++] = (struct an_cause){
			k->file, k->text, k->number, k->len
		};
	}
}

void an_explain_end(struct an_explainer *e)
{
	if (!e)
		return;
	an_behind_free(&e->behind);
	free(e->things);
	free(e->words);
	free(e->texts);
	free(e->kept);
	free(e);
}
