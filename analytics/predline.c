// SPDX-License-Identifier: GPL-3.0-or-later
/* The lines of logs that stand behind alarms; must never keep a line, however many there are. */
#include <stdlib.h>
#include <string.h>

#include "behind.h"
#include "fit.h"
#include "predict.h"

/* What is known of one kind, sources or windows. */
struct judged {
	struct an_models *models;	/* NULL: the directory holds no model of it */
	double *dec;			/* of each candidate or window */
};

struct lining {
	const struct an_predict_options *opt;
	an_alarm_line_fn fn;
	void *arg;
	struct an_error *err;
	struct judged of[2];		/* AN_SOURCES, AN_WINDOWS */
	struct an_gathered g;
	struct an_behind behind;
	struct an_prefixes prefixes;
	struct an_clock clock;
	const char *file;
};

static int load(struct lining *l, bool has[AN_KINDS])
{
	int kind, ret = an_model_has(l->opt->model_dir, has, l->err);

	if (!ret && !has[AN_SOURCES] && !has[AN_WINDOWS])
		return an_fail(l->err, AN_INPUT, "%s holds no model of sources or windows: none was "
			       "better than its baseline when it was trained", l->opt->model_dir);
	for (kind = AN_SOURCES; kind <= AN_WINDOWS && !ret; kind++) {
		if (!has[kind])
			continue;
		l->of[kind].models = calloc(1, sizeof(*l->of[kind].models));
		if (!l->of[kind].models)
			return an_fail(l->err, AN_NOMEM, "out of memory");
		ret = an_model_load(l->of[kind].models, l->opt->model_dir, (enum an_kind)kind,
				    l->err);
	}
	return ret;
}

static int judge(struct lining *l, enum an_kind kind)
{
	struct judged *of = &l->of[kind];

	if (!of->models)
		return AN_OK;
	of->dec = an_predict_decide(&of->models->of[kind], &l->g, kind);
	return of->dec ? AN_OK : an_fail(l->err, AN_NOMEM, "out of memory");
}

/* Raises out->score to what that thing has; false: it is no alarm. */
static bool alarms(const struct judged *of, size_t i, struct an_alarm_line *out)
{
	if (i == AN_BEHIND_NONE || !of->dec || of->dec[i] <= 0)
		return false;
	if (an_fit_score(of->dec[i]) > out->score)
		out->score = an_fit_score(of->dec[i]);
	return true;
}

static int take(struct lining *l, const struct an_line *line, uint64_t number)
{
	const struct an_group *group = &l->g.groups[0];
	struct an_alarm_line out = {
		.file = l->file, .line = number, .text = line->s,
		.len = (size_t)(line->end - line->s),
	};
	size_t window = l->of[AN_WINDOWS].dec ? an_behind_window(&l->behind, line) : AN_BEHIND_NONE;
	size_t source = l->of[AN_SOURCES].dec ? an_behind_source(&l->behind, line) : AN_BEHIND_NONE;

	if (alarms(&l->of[AN_SOURCES], source, &out))
		an_addr_format(l->g.cands.v[source].addr, out.ip);
	if (window != AN_BEHIND_NONE && l->of[AN_WINDOWS].dec[window] > 0 &&
	    an_behind_why(&l->behind, window, line) && alarms(&l->of[AN_WINDOWS], window, &out)) {
		out.start = group->windows.v[window].start_ms / 1000;
		strcpy(out.about, an_win_kind(&group->windows, &group->norm, window));
	}
	if (!out.ip[0] && !out.about[0])
		return AN_OK;
	return l->fn(l->arg, &out) ? an_fail(l->err, AN_INPUT, "interrupted") : AN_OK;
}

static int take_block(void *arg, struct an_block *block)
{
	struct lining *l = arg;
	const struct an_predict_options *o = l->opt;
	struct an_read_stats unused = { 0 };
	const char *s, *end;
	int ret;

	while (an_next_line(block, &unused, &s, &end)) {
		struct an_line line;

		an_line_split(&l->clock, &l->prefixes, s, end, &line);
		ret = take(l, &line, block->line);
		if (ret)
			return ret;
	}
	if (o->progress && o->progress(o->progress_arg, "finding lines", 0, 0))
		return an_fail(l->err, AN_INPUT, "interrupted");
	return AN_OK;
}

static int read_again(struct lining *l)
{
	struct an_read_stats unused = { 0 };
	int ret = AN_OK;
	size_t i;

	if (!an_behind_init(&l->behind, &l->g, l->of[AN_SOURCES].dec))
		ret = an_fail(l->err, AN_NOMEM, "out of memory");
	l->behind.texts = l->of[AN_WINDOWS].dec && l->of[AN_WINDOWS].models->of[AN_WINDOWS].nfeat == AN_W_NTEXT;
	for (i = 0; i < l->g.logs.n && !ret; i++) {
		l->file = l->g.logs.in[i].name;
		ret = an_logs_scan(&l->g.logs, i, &l->clock, l->opt->now, 0, &unused, take_block, l,
				   l->err);
	}
	an_behind_free(&l->behind);
	return ret;
}

int an_predict_lines(const struct an_predict_options *options, an_alarm_line_fn fn, void *arg,
		     struct an_read_stats *stats, struct an_error *err)
{
	struct an_predict_options opt = *options;
	struct lining l = { .opt = &opt, .fn = fn, .arg = arg, .err = err };
	bool has[AN_KINDS];
	int ret, kind;

	memset(stats, 0, sizeof(*stats));
	memset(err, 0, sizeof(*err));
	if (an_predict_defaults(&opt, err))
		return AN_USAGE;
	l.prefixes = (struct an_prefixes){ opt.prefixes, opt.nprefixes };
	ret = load(&l, has);
	if (!ret) {
		ret = an_predict_gather(&opt, true, &l.g, stats, err);
		if (!ret)
			ret = judge(&l, AN_SOURCES);
		if (!ret)
			ret = judge(&l, AN_WINDOWS);
		if (!ret)
			ret = read_again(&l);
		an_gather_free(&l.g);
	}
	for (kind = AN_SOURCES; kind <= AN_WINDOWS; kind++) {
		if (l.of[kind].models)
			an_models_free(l.of[kind].models);
		free(l.of[kind].models);
		free(l.of[kind].dec);
	}
	return ret;
}
