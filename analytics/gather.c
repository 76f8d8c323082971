// SPDX-License-Identifier: GPL-3.0-or-later
/* Walks over the logs; must never let the later half of a log into what the earlier one teaches. */
#include <stdlib.h>
#include <string.h>

#include "gather.h"

#define OWN_MAX		4096	/* addresses of this machine that are told apart */

/* A walk over one log. */
struct walk {
	struct an_gathered *g;
	const struct an_train_options *opt;
	struct an_read_stats *stats;
	struct an_error *err;
	struct an_clock clock;
	struct an_sources early, late;	/* the two halves; with labels given, early is all */
	bool halve;
	uint64_t switch_at;
	uint64_t total;			/* bytes, for the progress */
	int64_t first_ms;		/* of this log, by the counting walk */
	uint64_t blocks;
};

static int progress(const struct walk *w)
{
	if (w->opt->progress && w->opt->progress(w->opt->progress_arg, "reading", w->stats->bytes,
						 w->total))
		return an_fail(w->err, AN_INPUT, "interrupted");
	return AN_OK;
}

/* Which addresses are this machine's own, as far as the packets tell. */
static bool note_own(struct walk *w, const struct an_event *ev)
{
	struct an_addr own = ev->flags & AN_F_OUTGOING ? ev->src : ev->dst;
	bool fresh;

	if (!(ev->flags & AN_F_OUTGOING) &&
	    (!(ev->flags & AN_F_DST) || ev->flags & (AN_F_FORWARD | AN_F_GROUP)))
		return true;
	return an_count_add(&w->g->own, own, &fresh) != AN_COUNT_NONE;
}

static bool take(struct walk *w, const struct an_event *ev)
{
	struct an_read_stats *stats = w->stats;
	bool late = w->halve && stats->blocks >= w->switch_at;
	bool fresh;

	if (ev->ms != AN_MS_NONE) {
		if (!stats->blocks)
			stats->first = ev->ms / 1000;
		stats->last = ev->ms / 1000;
		an_rate_add(&w->g->rate, ev->ms);
	}
	stats->blocks++;
	return an_count_add(&w->g->total, ev->src, &fresh) != AN_COUNT_NONE &&
	       note_own(w, ev) && an_sources_add(late ? &w->late : &w->early, ev);
}

static int walk_block(void *arg, struct an_block *block)
{
	struct walk *w = arg;
	const char *line, *stop, *fields;

	while (an_next_line(block, w->stats, &line, &stop)) {
		struct an_event ev;

		fields = an_line_tag(NULL, line, stop);
		if (!fields)
			continue;
		if (!an_line_event(&w->clock, line, fields, stop, &ev))
			w->stats->malformed++;
		else if (!take(w, &ev))
			return an_fail(w->err, AN_NOMEM, "out of memory");
	}
	return progress(w);
}

/* Only counts, and finds the log's first moment. */
static int count_block(void *arg, struct an_block *block)
{
	struct walk *w = arg;
	const char *line, *stop, *fields;
	struct an_addr src;

	while (an_next_line(block, w->stats, &line, &stop)) {
		fields = an_line_tag(NULL, line, stop);
		if (!fields || !an_line_source(fields, stop, &src))
			continue;
		if (!w->blocks++ && !an_stamp_parse(&w->clock, line, stop, &w->first_ms))
			w->first_ms = AN_MS_NONE;
	}
	return progress(w);
}

static bool is_own(const struct an_gathered *g, struct an_addr addr)
{
	return an_count_find(&g->own, addr) != AN_COUNT_NONE;
}

/* Whether entry @i of @s is a source to judge: enough lines, and not this machine itself. */
static const struct an_stat *judged(const struct walk *w, const struct an_sources *s, uint32_t i)
{
	const struct an_stat *st = an_sources_stat(s, i);

	if (!st || st->n < w->opt->min_lines || is_own(w->g, s->count.entries[i].addr))
		return NULL;
	return st;
}

static bool table_grow(struct an_table *t)
{
	size_t room = t->room ? t->room * 2 : 256;
	void *p;

	p = realloc(t->f, room * sizeof(*t->f));
	if (!p)
		return false;
	t->f = p;
	p = realloc(t->traits, room * sizeof(*t->traits));
	if (!p)
		return false;
	t->traits = p;
	p = realloc(t->y, room);
	if (!p)
		return false;
	t->y = p;
	t->room = room;
	return true;
}

static bool add_row(struct an_table *t, const struct an_stat *st, bool hostile)
{
	if (t->n == t->room && !table_grow(t))
		return false;
	an_features(st, t->f[t->n]);
	an_traits(st, &t->traits[t->n]);
	t->y[t->n++] = hostile ? 1 : -1;
	return true;
}

static bool add_cand(struct an_cands *c, struct an_addr addr, const struct an_stat *st,
		     enum an_label label)
{
	struct an_cand *v;

	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 256;

		v = realloc(c->v, room * sizeof(*v));
		if (!v)
			return false;
		c->v = v;
		c->room = room;
	}
	v = &c->v[c->n++];
	*v = (struct an_cand){ .addr = addr, .count = st->n, .label = label };
	an_features(st, v->f);
	an_traits(st, &v->traits);
	return true;
}

/* Rows and candidates of sources whose labels were given. */
static bool rows_given(struct walk *w, const struct an_sources *s, const struct an_labels *labels)
{
	uint32_t i;

	for (i = 0; i < s->count.n; i++) {
		struct an_addr addr = s->count.entries[i].addr;
		const struct an_stat *st = judged(w, s, i);
		enum an_label label;

		if (!st)
			continue;
		label = an_labels_get(labels, addr);
		if (!add_row(&w->g->rows, st, label == AN_LABEL_HOSTILE) ||
		    !add_cand(&w->g->cands, addr, st, label))
			return false;
	}
	w->g->unobserved += s->unobserved;
	return true;
}

/* Rows of the earlier half, labelled by the weak rule over the later; candidates of the later. */
static bool rows_weak(struct walk *w, const struct an_sources *early, const struct an_sources *late)
{
	const struct an_stat *st, *then;
	uint32_t i, j;

	for (i = 0; i < early->count.n; i++) {
		struct an_traits t;
		bool hostile = false;

		st = judged(w, early, i);
		if (!st)
			continue;
		j = an_count_find(&late->count, early->count.entries[i].addr);
		then = j == AN_COUNT_NONE ? NULL : an_sources_stat(late, j);
		if (then) {
			an_traits(then, &t);
			hostile = an_rule_says(&an_rule_weak, &t);
		}
		if (!add_row(&w->g->rows, st, hostile))
			return false;
	}
	for (i = 0; i < late->count.n; i++) {
		st = judged(w, late, i);
		if (st && !add_cand(&w->g->cands, late->count.entries[i].addr, st, AN_LABEL_NONE))
			return false;
	}
	w->g->unobserved += early->unobserved + late->unobserved;
	return true;
}

static int open_all(struct walk *w, bool rewind)
{
	size_t i;
	int ret;

	w->g->inputs = calloc(w->opt->nlogs, sizeof(*w->g->inputs));
	if (!w->g->inputs)
		return an_fail(w->err, AN_NOMEM, "out of memory");
	for (i = 0; i < w->opt->nlogs; i++)
		w->g->inputs[i].fd = -1;
	w->g->ninputs = w->opt->nlogs;
	for (i = 0; i < w->opt->nlogs; i++) {
		ret = an_input_open(&w->g->inputs[i], w->opt->logs[i], rewind, w->err);
		if (ret)
			return ret;
		if (w->g->inputs[i].packing == AN_PLAIN)
			w->total += w->g->inputs[i].size;
	}
	return AN_OK;
}

/* One log on its own clock: each begins with a year of its own. */
static int walk_log(struct walk *w, struct an_input *in, unsigned int flags, an_block_fn fn)
{
	an_clock_init(&w->clock, w->opt->now);
	return an_input_scan(in, flags, w->stats, fn, w, w->err);
}

/* Logs with labels: one table for each labels file, one after the other. */
static int gather_given(struct walk *w)
{
	size_t nlogs = w->opt->nlogs, group = w->opt->nlabels == 1 ? nlogs : 1, i, j;
	int ret = open_all(w, false);

	for (i = 0; i < w->opt->nlabels && !ret; i++) {
		struct an_labels labels = { 0 };

		ret = an_labels_load(&labels, w->opt->labels[i], w->err);
		if (!ret && !an_sources_init(&w->early, w->opt->max_sources))
			ret = an_fail(w->err, AN_NOMEM, "out of memory");
		for (j = i * group; j < (i + 1) * group && !ret; j++)
			ret = walk_log(w, &w->g->inputs[j], AN_SCAN_HASH, walk_block);
		if (!ret && !rows_given(w, &w->early, &labels))
			ret = an_fail(w->err, AN_NOMEM, "out of memory");
		an_sources_free(&w->early);
		an_labels_free(&labels);
	}
	return ret;
}

/* Puts the logs in the order of their first moments; those without keep their places at the end. */
static void sort_logs(struct an_input *in, int64_t *first, size_t n)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		struct an_input input = in[i];
		int64_t ms = first[i];

		if (ms == AN_MS_NONE)
			continue;
		for (j = i; j && (first[j - 1] == AN_MS_NONE || first[j - 1] > ms); j--) {
			in[j] = in[j - 1];
			first[j] = first[j - 1];
		}
		in[j] = input;
		first[j] = ms;
	}
}

/* The first of two walks: how many lines there are to halve, and which log comes first. */
static int count_logs(struct walk *w, uint64_t *blocks)
{
	struct an_read_stats unused = { 0 }, *stats = w->stats;
	int64_t *first = calloc(w->opt->nlogs, sizeof(*first));
	int ret = AN_OK;
	size_t i;

	if (!first)
		return an_fail(w->err, AN_NOMEM, "out of memory");
	w->stats = &unused;
	for (i = 0; i < w->opt->nlogs && !ret; i++) {
		w->blocks = 0;
		w->first_ms = AN_MS_NONE;
		ret = walk_log(w, &w->g->inputs[i], AN_SCAN_HASH, count_block);
		first[i] = w->first_ms;
		*blocks += w->blocks;
	}
	if (!ret)
		sort_logs(w->g->inputs, first, w->opt->nlogs);
	w->stats = stats;
	free(first);
	return ret;
}

static int gather_weak(struct walk *w)
{
	uint64_t blocks = 0;
	int ret = open_all(w, true);
	size_t i;

	if (!ret)
		ret = count_logs(w, &blocks);
	if (!ret && (!an_sources_init(&w->early, w->opt->max_sources) ||
		     !an_sources_init(&w->late, w->opt->max_sources)))
		ret = an_fail(w->err, AN_NOMEM, "out of memory");
	w->halve = true;
	w->switch_at = blocks / 2;
	for (i = 0; i < w->opt->nlogs && !ret; i++)
		ret = walk_log(w, &w->g->inputs[i], 0, walk_block);
	if (!ret && !rows_weak(w, &w->early, &w->late))
		ret = an_fail(w->err, AN_NOMEM, "out of memory");
	w->g->early = w->switch_at;
	w->g->late = w->stats->blocks - w->switch_at;
	an_sources_free(&w->early);
	an_sources_free(&w->late);
	return ret;
}

int an_gather(const struct an_train_options *opt, struct an_gathered *g,
	      struct an_read_stats *stats, struct an_error *err)
{
	struct walk w = { .g = g, .opt = opt, .stats = stats, .err = err };
	int ret;

	memset(g, 0, sizeof(*g));
	g->weak = !opt->nlabels;
	if (!an_count_init(&g->total, opt->max_sources) || !an_count_init(&g->own, OWN_MAX))
		return an_fail(err, AN_NOMEM, "out of memory");
	ret = g->weak ? gather_weak(&w) : gather_given(&w);
	if (ret)
		return ret;
	stats->sources = g->total.n;
	stats->log_limited = an_rate_limited(&g->rate);
	if (!stats->blocks)
		return an_fail(err, AN_INPUT, "no [UFW BLOCK] line in %llu lines of %s%s: is this "
			       "the kernel's log, and does the firewall log (ufw logging low)",
			       (unsigned long long)stats->lines, opt->logs[0],
			       opt->nlogs > 1 ? " and the others" : "");
	return AN_OK;
}

void an_gather_free(struct an_gathered *g)
{
	size_t i;

	for (i = 0; i < g->ninputs; i++)
		an_input_close(&g->inputs[i]);
	free(g->inputs);
	free(g->rows.f);
	free(g->rows.traits);
	free(g->rows.y);
	free(g->cands.v);
	an_count_free(&g->total);
	an_count_free(&g->own);
	memset(g, 0, sizeof(*g));
}
