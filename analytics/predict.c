// SPDX-License-Identifier: GPL-3.0-or-later
/* Applies a model directory to logs; must never judge a log by what another log was like. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explain.h"
#include "fit.h"
#include "parallel.h"
#include "predict.h"

#define SOURCES_DEFAULT	(1u << 19)
#define MIN_LINES	5
#define PIECE		64	/* decisions a thread takes at a time */

struct predict {
	const struct an_predict_options *opt;
	struct an_read_stats *stats;
	struct an_error *err;
	struct an_models *models;
	struct an_gathered g;
	struct an_clock clock;		/* of the log under way, AN_EXEC only */
	const char *file;
	double load[AN_RUN_NODES];
};

static int no_memory(struct an_error *err)
{
	return an_fail(err, AN_NOMEM, "out of memory");
}

static int hand_out(const struct predict *p, const struct an_prediction *out)
{
	if (p->opt->predicted(p->opt->predicted_arg, out))
		return an_fail(p->err, AN_INPUT, "interrupted");
	return AN_OK;
}

/* The prediction for one run; a function that was never seen has none. */
static int put_run(struct predict *p, const struct an_line *line, uint64_t number)
{
	const struct an_learned *l = &p->models->of[AN_EXEC];
	const struct an_run_names *names = &p->models->names;
	struct an_prediction out = { .kind = AN_EXEC, .file = p->file, .line = number };
	struct svm_node x[16];
	struct an_exec e;
	int fn, node;

	if (!an_line_exec(line, &e))
		return AN_OK;
	fn = an_run_fn(names, e.fn, e.fn_len);
	node = an_run_node(names, e.node);
	out.fn = e.fn;
	out.fn_len = e.fn_len;
	out.arg_bytes = e.arg_bytes;
	out.node = e.node;
	out.us = e.us;
	if (fn >= 0 && e.arg_bytes <= AN_RUN_BYTES_MAX) {
		an_run_row(names, fn, node, e.arg_bytes, node >= 0 ? p->load[node] : 0, x);
		out.predicted_us = (uint64_t)fmin(fmax(exp(an_decide(l, x)), 1), 1e15);
	}
	return hand_out(p, &out);
}

static int exec_block(void *arg, struct an_block *block)
{
	struct predict *p = arg;
	const char *s, *end;
	uint32_t node, centi;
	int ret, i;

	while (an_next_line(block, p->stats, &s, &end)) {
		struct an_line line;

		an_line_split(&p->clock, NULL, s, end, &line);
		if (line.kind == AN_LINE_LOAD && an_line_load(&line, &node, &centi)) {
			i = an_run_node(&p->models->names, node);
			if (i >= 0)
				p->load[i] = centi / 100.0;
		} else if (line.kind == AN_LINE_EXEC) {
			ret = put_run(p, &line, block->line);
			if (ret)
				return ret;
		}
	}
	if (p->opt->progress &&
	    p->opt->progress(p->opt->progress_arg, "reading", p->stats->bytes, 0))
		return an_fail(p->err, AN_INPUT, "interrupted");
	return AN_OK;
}

static int predict_exec(struct predict *p)
{
	const struct an_predict_options *o = p->opt;
	const struct an_watch watch = { o->progress, o->progress_arg };
	struct an_logs logs;
	int ret = an_logs_open(&logs, o->logs, o->nlogs, false, NULL, &watch, p->err);
	size_t i;

	for (i = 0; !ret && i < logs.n; i++) {
		p->file = logs.in[i].name;
		ret = an_logs_scan(&logs, i, &p->clock, o->now, 0, p->stats, exec_block, p,
				   p->err);
	}
	an_logs_close(&logs);
	return ret;
}

/* Something judged, and where it stands. */
struct judged {
	size_t i;
	double dec;
	int64_t at;
};

static int by_certainty(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	if (fabs(x->dec) != fabs(y->dec))
		return fabs(x->dec) < fabs(y->dec) ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

static int by_place(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

static const struct an_cands *sorting;	/* one an_predict() at a time a process */

static int by_addr(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	return an_addr_cmp(sorting->v[x->i].addr, sorting->v[y->i].addr);
}

static int put_source(struct predict *p, struct an_explainer *e, const struct judged *j)
{
	const struct an_cand *c = &p->g.cands.v[j->i];
	struct an_prediction out = {
		.kind = AN_SOURCES, .lines = c->count, .positive = j->dec > 0,
		.score = an_fit_score(j->dec),
	};
	struct svm_node x[AN_NFEATURES + 1];

	an_addr_format(c->addr, out.ip);
	if (e) {
		an_sparse(c->f, AN_NFEATURES, x);
		an_explain_reasons(e, x, &out);
		an_explain_causes(e, j->i, &out);
	}
	return hand_out(p, &out);
}

static int put_window(struct predict *p, struct an_explainer *e, const struct judged *j)
{
	const struct an_group *group = &p->g.groups[0];
	const struct an_window *w = &group->windows.v[j->i];
	struct an_prediction out = {
		.kind = AN_WINDOWS, .lines = w->lines, .positive = j->dec > 0,
		.score = an_fit_score(j->dec), .start = w->start_ms / 1000,
		.end = (w->start_ms + AN_WINDOW_MS) / 1000,
	};
	unsigned int nfeat = p->models->of[AN_WINDOWS].nfeat;
	struct svm_node *x = NULL;

	strcpy(out.about, out.positive ?
	       an_win_kind(&group->windows, &group->norm, j->i) : "none");
	if (e) {
		x = malloc((nfeat + 1) * sizeof(*x));
		if (!x)
			return no_memory(p->err);
		an_win_row(&group->windows, &group->norm, j->i, nfeat, x);
		an_explain_reasons(e, x, &out);
		an_explain_causes(e, j->i, &out);
		free(x);
	}
	return hand_out(p, &out);
}

struct deciding {
	const struct an_learned *l;
	const struct an_gathered *g;
	enum an_kind kind;
	double *dec;
	size_t n;
};

static bool decide_piece(void *arg, size_t piece)
{
	const struct deciding *d = arg;
	const struct an_group *group = &d->g->groups[0];
	struct svm_node *x = malloc((d->l->nfeat + 1) * sizeof(*x));
	size_t i, end = (piece + 1) * PIECE;

	if (!x)
		return false;
	for (i = piece * PIECE; i < end && i < d->n; i++) {
		if (d->kind == AN_SOURCES)
			an_sparse(d->g->cands.v[i].f, AN_NFEATURES, x);
		else
			an_win_row(&group->windows, &group->norm, i, d->l->nfeat, x);
		d->dec[i] = an_decide(d->l, x);
	}
	free(x);
	return true;
}

double *an_predict_decide(const struct an_learned *l, const struct an_gathered *g, enum an_kind kind)
{
	struct deciding d = {
		.l = l, .g = g, .kind = kind,
		.n = kind == AN_SOURCES ? g->cands.n : g->groups[0].windows.n,
	};

	d.dec = calloc(d.n + 1, sizeof(*d.dec));
	if (d.dec && !an_parallel((d.n + PIECE - 1) / PIECE, 0, decide_piece, NULL, &d)) {
		free(d.dec);
		d.dec = NULL;
	}
	return d.dec;
}

/* Judges all, sorts, explains what has to be, hands out. */
static int judge_all(struct predict *p)
{
	bool sources = p->opt->kind == AN_SOURCES;
	const struct an_windows *w = &p->g.groups[0].windows;
	size_t n = sources ? p->g.cands.n : w->n, i;
	double *dec = an_predict_decide(&p->models->of[p->opt->kind], &p->g, p->opt->kind);
	struct judged *j = calloc(n + 1, sizeof(*j));
	struct an_explainer *e = NULL;
	int ret = AN_OK;

	if (!j || !dec) {
		ret = no_memory(p->err);
		goto out;
	}
	for (i = 0; i < n; i++)
		j[i] = (struct judged){ i, dec[i], sources ? 0 : w->v[i].start_ms };
	if (p->opt->explain)
		ret = an_explain_begin(&e, &p->models->of[p->opt->kind], p->opt, &p->g, p->err);
	for (i = 0; i < n && !ret && e; i++)
		if (j[i].dec > 0 || p->opt->uncertain)
			an_explain_want(e, i);
	if (!ret && e)
		ret = an_explain_read(e, p->err);
	sorting = &p->g.cands;
	qsort(j, n, sizeof(*j), p->opt->uncertain ? by_certainty : sources ? by_addr : by_place);
	for (i = 0; i < n && !ret; i++)
		ret = sources ? put_source(p, e, &j[i]) : put_window(p, e, &j[i]);
	an_explain_end(e);
out:
	free(dec);
	free(j);
	return ret;
}

int an_predict_gather(const struct an_predict_options *o, bool rewind, struct an_gathered *g,
		      struct an_read_stats *stats, struct an_error *err)
{
	struct an_gather_options go = {
		.logs = o->logs, .nlogs = o->nlogs, .now = o->now, .rewind = rewind,
		.prefixes = o->prefixes, .nprefixes = o->nprefixes,
		.min_lines = o->min_lines, .max_sources = o->max_sources,
		.progress = o->progress, .progress_arg = o->progress_arg,
	};

	return an_gather(&go, g, stats, err);
}

static int predict_gathered(struct predict *p)
{
	int ret = an_predict_gather(p->opt, p->opt->explain, &p->g, p->stats, p->err);

	if (!ret)
		ret = judge_all(p);
	an_gather_free(&p->g);
	return ret;
}

int an_predict_defaults(struct an_predict_options *opt, struct an_error *err)
{
	if (!opt->now)
		opt->now = time(NULL);
	if (!opt->min_lines)
		opt->min_lines = MIN_LINES;
	if (!opt->max_sources)
		opt->max_sources = SOURCES_DEFAULT;
	return an_inputs_check(opt->logs, opt->nlogs, err);
}

int an_predict(const struct an_predict_options *options, struct an_read_stats *stats,
	       struct an_error *err)
{
	struct an_predict_options opt = *options;
	struct predict p = { .opt = &opt, .stats = stats, .err = err };
	int ret;

	memset(stats, 0, sizeof(*stats));
	memset(err, 0, sizeof(*err));
	if (an_predict_defaults(&opt, err))
		return AN_USAGE;
	p.models = calloc(1, sizeof(*p.models));
	if (!p.models)
		return no_memory(err);
	ret = an_model_load(p.models, opt.model_dir, opt.kind, err);
	if (!ret)
		ret = opt.kind == AN_EXEC ? predict_exec(&p) : predict_gathered(&p);
	an_models_free(p.models);
	free(p.models);
	return ret;
}
