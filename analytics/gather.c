// SPDX-License-Identifier: GPL-3.0-or-later
/* Walks over the logs; must never let the later half of a log into what the earlier one teaches. */
#include <stdlib.h>
#include <string.h>

#include "ahead.h"
#include "gather.h"
#include "grow.h"
#include "keep.h"
#include "parsed.h"
#include "state.h"

/* A walk over one log. */
struct walk {
	struct an_gathered *g;
	const struct an_gather_options *opt;
	struct an_read_stats *stats;
	struct an_error *err;
	struct an_prefixes prefixes;
	struct an_clock clock;
	struct an_group *group;
	struct an_sources early;	/* the earlier half; with labels given or a state, all */
	struct an_stretch later;	/* the later half */
	struct an_stretch last;		/* that of the run before, which goes on as well */
	bool halve;
	bool early_is_all;		/* the totals are those of ->early: they are counted once */
	uint64_t total, before;		/* bytes, for the progress; of earlier runs */
	int64_t first_ms;		/* of this log, by the counting walk */
	uint64_t blocks;
};

static int no_memory(struct an_error *err)
{
	return an_fail(err, AN_NOMEM, "out of memory");
}

static int progress(const struct walk *w)
{
	if (w->opt->progress && w->opt->progress(w->opt->progress_arg, "reading",
						 w->stats->bytes - w->before, w->total))
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

static bool take_early(struct walk *w);

static bool take_packet(struct walk *w, const struct an_event *ev)
{
	bool late = w->halve && w->stats->blocks >= w->later.begin;
	bool fresh;

	if (ev->ms != AN_MS_NONE)
		an_rate_add(&w->g->rate, ev->ms);
	if (late && !w->later.taken && !take_early(w))
		return false;
	w->stats->blocks++;
	return (w->early_is_all || an_count_add(&w->g->total, ev->src, &fresh) != AN_COUNT_NONE) &&
	       note_own(w, ev) && (!late || an_sources_add(&w->later.late, ev)) &&
	       (!late || !w->last.taken || an_sources_add(&w->last.late, ev)) &&
	       ((late && !w->opt->state) || an_sources_add(&w->early, ev));
}

static bool take_line(struct walk *w, const struct an_parsed_line *parsed)
{
	const struct an_line *line = &parsed->line;

	if (parsed->packet) {
		if (!take_packet(w, &parsed->ev))
			return false;
	} else if (line->kind == AN_LINE_BLOCK) {
		w->stats->malformed++;
	} else if (line->kind == AN_LINE_EXEC || line->kind == AN_LINE_LOAD) {
		an_runs_add(&w->g->runs, line);
	}
	if (line->ms == AN_MS_NONE)
		return true;
	if (!w->stats->first)
		w->stats->first = line->ms / 1000;
	w->stats->last = line->ms / 1000;
	return an_windows_add(&w->group->windows, line, parsed->packet ? &parsed->ev : NULL);
}

static bool walk_look(const void *arg, struct an_block *block, void *found)
{
	const struct walk *w = arg;

	return an_parsed_look(&w->prefixes, block, found);
}

static int walk_use(void *arg, void *found)
{
	struct walk *w = arg;
	struct an_parsed *parsed = found;
	const struct an_parsed_line *line;

	an_stats_add(w->stats, &parsed->stats);
	while ((line = an_parsed_next(parsed, &w->prefixes, &w->clock)))
		if (!take_line(w, line))
			return no_memory(w->err);
	return progress(w);
}

static void walk_done(void *found)
{
	an_parsed_free(found);
}

static const struct an_looker walk_looker = {
	.look = walk_look, .use = walk_use, .done = walk_done, .size = sizeof(struct an_parsed),
};

/* Only counts, and finds the log's first moment. */
static int count_block(void *arg, struct an_block *block)
{
	struct walk *w = arg;
	const char *line, *stop, *fields;
	struct an_addr src;

	while (an_next_line(block, w->stats, &line, &stop)) {
		if (w->first_ms == AN_MS_NONE &&
		    !an_stamp_parse(&w->clock, line, stop, &w->first_ms))
			w->first_ms = AN_MS_NONE;
		fields = an_line_tag(&w->prefixes, line, stop);
		w->blocks += fields && an_line_source(fields, stop, &src);
	}
	return progress(w);
}

static bool is_own(const struct an_gathered *g, struct an_addr addr)
{
	return an_count_find(&g->own, addr) != AN_COUNT_NONE;
}

/* Whether entry @i of @s has enough lines to be judged, if it is not this machine itself. */
static const struct an_stat *enough(const struct walk *w, const struct an_sources *s, uint32_t i)
{
	const struct an_stat *st = an_sources_stat(s, i);

	return st && st->n >= w->opt->min_lines ? st : NULL;
}

static const struct an_stat *judged(const struct walk *w, const struct an_sources *s, uint32_t i)
{
	return is_own(w->g, s->count.entries[i].addr) ? NULL : enough(w, s, i);
}

static bool add_row(struct an_table *t, const struct an_cand *cand, bool hostile)
{
	struct svm_node x[AN_NFEATURES + 1];

	if (!an_grow((void **)&t->traits, t->rows.n, &t->room, sizeof(*t->traits)))
		return false;
	t->traits[t->rows.n] = cand->traits;
	an_sparse(cand->f, AN_NFEATURES, x);
	return an_rows_add(&t->rows, x, hostile ? 1 : -1, 0);
}

static bool add_cand(struct an_cands *c, struct an_addr addr, const struct an_stat *st,
		     enum an_label label)
{
	struct an_cand *v;

	if (!an_grow((void **)&c->v, c->n, &c->room, sizeof(*c->v)))
		return false;
	v = &c->v[c->n++];
	*v = (struct an_cand){
		.addr = addr, .count = st->n, .busiest = st->busiest, .label = label,
		.udp_share = (double)st->udp / (double)st->n,
	};
	an_features(st, v->f);
	an_traits(st, &v->traits);
	return true;
}

/* Rows and candidates of sources whose labels were given; of an incomplete list, the rule's. */
static bool rows_given(struct walk *w, const struct an_sources *s, const struct an_labels *labels)
{
	uint32_t i;

	for (i = 0; i < s->count.n; i++) {
		struct an_addr addr = s->count.entries[i].addr;
		const struct an_stat *st = judged(w, s, i);
		enum an_label label = AN_LABEL_NONE;
		struct an_traits t;
		bool hostile;

		if (!st)
			continue;
		if (labels)
			label = an_labels_get(labels, addr);
		hostile = label == AN_LABEL_HOSTILE;
		if (labels && label == AN_LABEL_NONE && !labels->complete) {
			an_traits(st, &t);
			hostile = an_rule_says(&an_rule_weak, &t);
			w->g->ruled++;
		}
		if (!add_cand(&w->g->cands, addr, st, label) ||
		    (labels && labels->has_sources &&
		     !add_row(&w->g->sources, &w->g->cands.v[w->g->cands.n - 1], hostile)))
			return false;
	}
	w->g->unobserved += s->unobserved;
	return true;
}

/* The sources of the earlier half as they are now. Who is this machine itself shows at the end. */
static bool take_early(struct walk *w)
{
	uint32_t i;

	w->later.taken = true;
	w->later.since = w->stats->last;
	for (i = 0; i < w->early.count.n; i++) {
		const struct an_stat *st = enough(w, &w->early, i);

		if (st && !add_cand(&w->later.taught, w->early.count.entries[i].addr, st,
				    AN_LABEL_NONE))
			return false;
	}
	return true;
}

/* Whether the weak rule holds for @addr in a stretch. */
static bool became_hostile(const struct an_stretch *s, struct an_addr addr)
{
	uint32_t i = an_count_find(&s->late.count, addr);
	const struct an_stat *st = i == AN_COUNT_NONE ? NULL : an_sources_stat(&s->late, i);
	struct an_traits t;

	if (!st)
		return false;
	an_traits(st, &t);
	return an_rule_says(&an_rule_weak, &t);
}

/* The stretch to learn from: this run's, unless it tells too little and the last run's goes on. */
static struct an_stretch *choose_stretch(struct walk *w)
{
	size_t i, hostile = 0, rows = 0;

	if (!w->last.taken)
		return &w->later;
	for (i = 0; i < w->later.taught.n; i++) {
		struct an_addr addr = w->later.taught.v[i].addr;

		if (is_own(w->g, addr))
			continue;
		rows++;
		hostile += became_hostile(&w->later, addr);
	}
	w->g->by_run = hostile >= w->opt->min_rows && rows - hostile >= w->opt->min_rows;
	return w->g->by_run ? &w->later : &w->last;
}

/* Rows of the earlier half, labelled by the weak rule over the later; candidates of the later. */
static bool rows_weak(struct walk *w, const struct an_stretch *later)
{
	const struct an_sources *late = &later->late;
	size_t i;

	for (i = 0; i < later->taught.n; i++) {
		const struct an_cand *cand = &later->taught.v[i];

		if (!is_own(w->g, cand->addr) &&
		    !add_row(&w->g->sources, cand, became_hostile(later, cand->addr)))
			return false;
	}
	for (i = 0; i < late->count.n; i++) {
		const struct an_stat *st = judged(w, late, (uint32_t)i);

		if (st && !add_cand(&w->g->cands, late->count.entries[i].addr, st, AN_LABEL_NONE))
			return false;
	}
	/* with a state the earlier ones are all */
	w->g->unobserved += w->early.unobserved + (w->opt->state ? 0 : late->unobserved);
	w->g->early = later->begin;
	w->g->late = w->stats->blocks - later->begin;
	return true;
}

/* The group input @i belongs to: one for all, or one for each name given. */
static size_t group_of(const struct an_gathered *g, size_t i)
{
	return g->ngroups > 1 ? g->logs.in[i].given : 0;
}

/*
 * Labels tell the year of stamps that have none where they can only be of this log: other logs beside it,
 * or those of earlier runs, may be what they were given for.
 */
static void tell_year(struct an_gathered *g, size_t i)
{
	const struct an_labels *labels = &g->groups[group_of(g, i)].labels;
	size_t beside = 0, j;

	for (j = 0; j < g->logs.n; j++)
		beside += j != i && group_of(g, j) == group_of(g, i);
	if (labels->nwindows && !beside && !g->logs.state)
		g->logs.in[i].told = labels->windows[labels->nwindows - 1].start_ms;
}

/* Opens the logs. */
static int open_all(struct walk *w)
{
	struct an_gathered *g = w->g;
	bool twice = (w->halve && !g->by_run) || w->opt->rewind;
	const struct an_watch watch = { w->opt->progress, w->opt->progress_arg };
	int ret = an_logs_open(&g->logs, w->opt->logs, w->opt->nlogs, twice, w->opt->state,
			       &watch, w->err);
	size_t i;

	if (ret)
		return ret;
	g->order = calloc(g->logs.n + 1, sizeof(*g->order));
	if (!g->order)
		return no_memory(w->err);
	for (i = 0; i < g->logs.n; i++) {
		g->order[i] = i;
		tell_year(g, i);
		if (g->logs.in[i].packing == AN_PLAIN)
			w->total += g->logs.in[i].size - g->logs.in[i].start.pos;
	}
	return AN_OK;
}

static int walk_log(struct walk *w, size_t i, unsigned int flags)
{
	w->group = &w->g->groups[group_of(w->g, i)];
	return an_logs_scan_ahead(&w->g->logs, i, &w->clock, w->opt->now, flags, w->stats,
				  &walk_looker, w, w->err);
}

/* The groups with their labels, before anything is read. */
static int load_groups(struct walk *w)
{
	struct an_gathered *g = w->g;
	size_t i, n = w->opt->nlabels > 1 ? w->opt->nlabels : 1;
	bool sources = false, windows = false;
	int ret = AN_OK;

	g->groups = calloc(n, sizeof(*g->groups));
	if (!g->groups)
		return no_memory(w->err);
	g->ngroups = n;
	for (i = 0; i < n && !ret; i++) {
		struct an_group *group = &g->groups[i];

		if (i < w->opt->nlabels)
			ret = an_labels_load(&group->labels, w->opt->labels[i], w->err);
		if (!ret && !an_windows_init(&group->windows))
			ret = no_memory(w->err);
		sources |= group->labels.has_sources;
		windows |= group->labels.has_windows;
	}
	g->weak = !sources;
	g->window_labels = windows ? AN_WINDOWS_GIVEN : AN_WINDOWS_WEAK;
	w->halve = g->weak && w->opt->halve;
	w->early_is_all = n == 1 && !w->halve && !w->opt->state;
	return ret;
}

/* What was gathered goes to the state, while nothing is finished that a later run goes on with. */
static int keep(struct walk *w, struct an_stretch *stretch)
{
	const struct an_keep k = {
		w->opt->state, w->g, &w->early, stretch, w->stats, AN_KEEP_ROOM,
	};

	return w->opt->state ? an_keep_put(&k, w->opt->state_days, w->opt->now, w->err) : AN_OK;
}

/* Goes on from the state, when there is one. */
static int go_on(struct walk *w)
{
	const struct an_keep k = {
		w->opt->state, w->g, &w->early, &w->last, w->stats, AN_KEEP_ROOM,
	};
	int ret;

	if (!w->opt->state)
		return AN_OK;
	ret = an_keep_get(&k, w->opt->max_sources, w->opt->seed, w->err);
	w->before = w->stats->bytes;
	w->g->before = w->stats->lines;
	w->g->by_run = w->halve && w->stats->blocks;
	return ret;
}

/* Logs that are not halved: a table for each group, one after the other. */
static int gather_whole(struct walk *w)
{
	unsigned int flags = w->opt->hash ? AN_SCAN_HASH : 0;
	size_t i, j;
	int ret = AN_OK;

	for (i = 0; i < w->g->ngroups && !ret; i++) {
		const struct an_labels *labels = &w->g->groups[i].labels;

		if (!w->early.count.entries && !an_sources_init(&w->early, w->opt->max_sources))
			ret = no_memory(w->err);
		for (j = 0; j < w->g->logs.n && !ret; j++)
			if (group_of(w->g, j) == i)
				ret = walk_log(w, j, flags);
		if (!ret && !rows_given(w, &w->early, labels->has_sources ? labels : NULL))
			ret = no_memory(w->err);
		if (!ret)
			ret = keep(w, &w->later);
		if (w->early_is_all) {
			an_count_free(&w->g->total);
			w->g->total = w->early.count;
			memset(&w->early.count, 0, sizeof(w->early.count));
		}
		an_sources_free(&w->early);
	}
	return ret;
}

/* Puts the logs in the order of their first moments; those without keep their places at the end. */
static void sort_logs(struct an_gathered *g, int64_t *first)
{
	size_t i, j;

	for (i = 1; i < g->logs.n; i++) {
		int64_t ms = first[i];

		if (ms == AN_MS_NONE)
			continue;
		for (j = i; j && (first[j - 1] == AN_MS_NONE || first[j - 1] > ms); j--) {
			g->order[j] = g->order[j - 1];
			first[j] = first[j - 1];
		}
		g->order[j] = i;
		first[j] = ms;
	}
}

/* The first of two walks: how many lines there are to halve, and which log comes first. */
static int count_logs(struct walk *w, uint64_t *blocks)
{
	struct an_read_stats unused = { .bytes = w->before }, *stats = w->stats;
	int64_t *first = calloc(w->g->logs.n + 1, sizeof(*first));
	int ret = AN_OK;
	size_t i;

	if (!first)
		return no_memory(w->err);
	w->stats = &unused;
	for (i = 0; i < w->g->logs.n && !ret; i++) {
		w->blocks = 0;
		w->first_ms = AN_MS_NONE;
		ret = an_logs_scan(&w->g->logs, i, &w->clock, w->opt->now,
				   w->opt->hash ? AN_SCAN_HASH : 0, w->stats, count_block, w, w->err);
		first[i] = w->first_ms;
		*blocks += w->blocks;
	}
	if (!ret)
		sort_logs(w->g, first);
	w->stats = stats;
	free(first);
	return ret;
}

static int gather_halves(struct walk *w)
{
	unsigned int flags = 0;
	uint64_t blocks = 0;
	struct an_stretch *later, *kept;
	int ret = AN_OK;
	size_t i;

	if (w->g->by_run) {
		w->later.begin = w->stats->blocks;
		flags = w->opt->hash ? AN_SCAN_HASH : 0;
	} else {
		ret = count_logs(w, &blocks);
		w->later.begin = blocks / 2;
	}
	if (!ret && ((!w->early.count.entries &&
		      !an_sources_init(&w->early, w->opt->max_sources)) ||
		     !an_sources_init(&w->later.late, w->opt->max_sources)))
		ret = no_memory(w->err);
	for (i = 0; i < w->g->logs.n && !ret; i++)
		ret = walk_log(w, w->g->order[i], flags);
	/* fewer than were counted: a log was cut in between */
	if (w->later.begin > w->stats->blocks)
		w->later.begin = w->stats->blocks;
	if (!ret && !w->later.taken && !take_early(w))
		ret = no_memory(w->err);
	if (ret)
		return ret;
	later = kept = choose_stretch(w);
	/* one that is older than what is remembered is learnt from for the last time */
	if (later->since * 1000 < an_keep_from_ms(w->stats, w->opt->state_days, w->opt->now))
		kept = &w->later;
	return rows_weak(w, later) ? keep(w, kept) : no_memory(w->err);
}

static int finish(struct an_gathered *g, struct an_read_stats *stats, struct an_error *err)
{
	bool column = false;
	size_t i;

	stats->sources = g->total.n;
	stats->log_limited = an_rate_limited(&g->rate);
	an_runs_end(&g->runs);
	g->sources.rows.nfeat = AN_NFEATURES;
	for (i = 0; i < g->ngroups; i++) {
		an_windows_end(&g->groups[i].windows);
		if (!an_win_norm(&g->groups[i].windows, &g->groups[i].norm))
			return no_memory(err);
		column |= g->groups[i].windows.has_alerts;
	}
	if (column && g->window_labels == AN_WINDOWS_WEAK)
		g->window_labels = AN_WINDOWS_COLUMN;
	return AN_OK;
}

int an_gather(const struct an_gather_options *opt, struct an_gathered *g,
	      struct an_read_stats *stats, struct an_error *err)
{
	struct walk w = {
		.g = g, .opt = opt, .stats = stats, .err = err,
		.prefixes = { opt->prefixes, opt->nprefixes },
	};
	int ret;

	memset(g, 0, sizeof(*g));
	if (!an_count_init(&g->total, opt->max_sources) || !an_count_init(&g->own, AN_OWN_MAX) ||
	    !an_runs_init(&g->runs, opt->seed))
		return no_memory(err);
	ret = load_groups(&w);
	if (!ret)
		ret = go_on(&w);
	if (!ret)
		ret = open_all(&w);
	if (!ret)
		ret = w.halve ? gather_halves(&w) : gather_whole(&w);
	an_sources_free(&w.early);
	an_stretch_free(&w.later);
	an_stretch_free(&w.last);
	if (!ret)
		ret = finish(g, stats, err);
	if (ret)
		return ret;
	if (!stats->blocks && !g->runs.n && !stats->first)
		return an_fail(err, AN_INPUT, "no [UFW BLOCK] line, no run and not even a time in "
			       "%llu lines of %s%s: is this the kernel's log",
			       (unsigned long long)stats->lines, opt->logs[0],
			       opt->nlogs > 1 ? " and the others" : "");
	return AN_OK;
}

void an_gather_free(struct an_gathered *g)
{
	size_t i;

	an_logs_close(&g->logs);
	for (i = 0; i < g->ngroups; i++) {
		an_labels_free(&g->groups[i].labels);
		an_windows_free(&g->groups[i].windows);
	}
	free(g->order);
	free(g->groups);
	an_rows_free(&g->sources.rows);
	free(g->sources.traits);
	free(g->cands.v);
	an_runs_free(&g->runs);
	an_count_free(&g->total);
	an_count_free(&g->own);
	memset(g, 0, sizeof(*g));
}

enum an_label an_gather_window(const struct an_gathered *g, const struct an_group *group, size_t i)
{
	const struct an_window *w = &group->windows.v[i];
	enum an_label label = AN_LABEL_NONE;
	struct an_win_traits t;

	if (g->window_labels == AN_WINDOWS_COLUMN)
		return w->alerts ? AN_LABEL_HOSTILE : AN_LABEL_BENIGN;
	if (g->window_labels == AN_WINDOWS_GIVEN) {
		label = an_labels_window(&group->labels, w->start_ms);
		if (label != AN_LABEL_NONE || group->labels.complete)
			return label;
	}
	an_win_traits(&group->windows, &group->norm, i, &t);
	return an_win_rule_weak(&t) ? AN_LABEL_HOSTILE : AN_LABEL_BENIGN;
}

struct window_ref {
	const struct an_group *group;
	size_t i;
};

/* Every window with a label; the caller frees all three. */
static bool list_windows(const struct an_gathered *g, struct window_ref **refs, double **y,
			 size_t **index, size_t *n)
{
	size_t total = 0, i, j;

	for (i = 0; i < g->ngroups; i++)
		total += g->groups[i].windows.n;
	*refs = calloc(total + 1, sizeof(**refs));
	*y = calloc(total + 1, sizeof(**y));
	*index = calloc(total + 1, sizeof(**index));
	*n = 0;
	if (!*refs || !*y || !*index)
		return false;
	for (i = 0; i < g->ngroups; i++) {
		for (j = 0; j < g->groups[i].windows.n; j++) {
			enum an_label label = an_gather_window(g, &g->groups[i], j);

			if (label == AN_LABEL_NONE)
				continue;
			(*index)[*n] = *n;
			(*y)[*n] = label == AN_LABEL_HOSTILE ? 1 : -1;
			(*refs)[(*n)++] = (struct window_ref){ &g->groups[i], j };
		}
	}
	return true;
}

bool an_gather_windows(const struct an_gathered *g, unsigned int nfeat, size_t max, uint64_t seed,
		       struct an_win_table *t, uint64_t *rows, uint64_t *positives)
{
	struct svm_node *x = malloc((nfeat + 1) * sizeof(*x));
	struct window_ref *refs = NULL;
	size_t *index = NULL, n, i;
	double *y = NULL;
	bool ok = false;

	memset(t, 0, sizeof(*t));
	t->rows.nfeat = nfeat;
	*rows = *positives = 0;
	if (!x || !list_windows(g, &refs, &y, &index, &n))
		goto out;
	for (i = 0; i < n; i++)
		*positives += y[i] > 0;
	*rows = n;
	n = an_subsample(index, y, n, max, seed);
	t->traits = calloc(n + 1, sizeof(*t->traits));
	if (!t->traits)
		goto out;
	for (i = 0; i < n; i++) {
		const struct window_ref *ref = &refs[index[i]];
		const struct an_windows *w = &ref->group->windows;
		double span = (double)(w->v[w->n - 1].start_ms - w->v[0].start_ms + AN_WINDOW_MS);

		an_win_row(w, &ref->group->norm, ref->i, nfeat, x);
		an_win_traits(w, &ref->group->norm, ref->i, &t->traits[i]);
		if (!an_rows_add(&t->rows, x, y[index[i]],
				 (double)(w->v[ref->i].start_ms - w->v[0].start_ms) / span))
			goto out;
	}
	ok = true;
out:
	free(x);
	free(refs);
	free(y);
	free(index);
	return ok;
}

void an_win_table_free(struct an_win_table *t)
{
	an_rows_free(&t->rows);
	free(t->traits);
	memset(t, 0, sizeof(*t));
}
