// SPDX-License-Identifier: GPL-3.0-or-later
/* The whole run: read, learn, judge, write; must never write what is no better than a hand rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deny.h"
#include "fit.h"
#include "report.h"
#include "state.h"
#include "values.h"

#define NOW_MAX		253402300799ll	/* the end of the year 9999 */
#define TOP_SHOWN	10

struct run {
	const struct an_train_options *opt;
	struct an_train_report *report;
	struct an_error *err;
	struct an_gathered g;
	struct an_models models;
	struct an_state *state;
	char why[224];		/* why nothing is written, when that is so */
};

void an_train_defaults(struct an_train_options *opt)
{
	memset(opt, 0, sizeof(*opt));
	opt->valid_for = AN_VALID_DEFAULT;
	opt->deny_max = AN_DENY_DEFAULT;
	opt->min_lines = AN_EARLY + 1;
	opt->max_rows = 10000;
	opt->folds = 5;
	opt->max_sources = 1u << 19;
	opt->keep = 5;
	opt->min_quality = AN_QUALITY_MIN;
	opt->state_days = AN_STATE_DAYS;
}

static int check(const struct an_train_options *o, struct an_error *err)
{
	const struct {
		const char *name;
		uint64_t value, min, max;
	} range[] = {
		{ "now", (uint64_t)o->now, 0, NOW_MAX },
		{ "valid-for", o->valid_for, 1, UINT32_MAX },
		{ "deny-max", o->deny_max, 0, AN_DENY_MAX },
		{ "min-lines", o->min_lines, AN_EARLY + 1, 1000000 },
		{ "max-rows", o->max_rows, 100, 100000 },
		{ "folds", o->folds, 2, 20 },
		{ "max-bandwidth", o->max_bandwidth, 0, 1000000 },
		{ "max-sources", o->max_sources, 1000, 1u << 24 },
		{ "keep", o->keep, 0, 9 },
		{ "min-quality", o->min_quality, 0, 1000 },
		{ "state-days", o->state_days, 1, 3650 },
	};
	size_t i;

	if (an_inputs_check(o->logs, o->nlogs, err))
		return AN_USAGE;
	if (o->nlabels > 1 && o->nlabels != o->nlogs)
		return an_fail(err, AN_USAGE, "%zu labels files for %zu logs: give none, one for "
			       "all, or one for each", o->nlabels, o->nlogs);
	if (o->state && o->nlabels > 1)
		return an_fail(err, AN_USAGE, "%zu labels files with a state: what it remembers is "
			       "of all logs together, give one for all", o->nlabels);
	for (i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (range[i].value < range[i].min || range[i].value > range[i].max)
			return an_fail(err, AN_USAGE, "%s must be %llu to %llu", range[i].name,
				       (unsigned long long)range[i].min,
				       (unsigned long long)range[i].max);
	return an_deny_check(o, err);
}

static int fill_top(struct run *run)
{
	const struct an_count *c = &run->g.total;
	uint32_t index[TOP_SHOWN], n = an_count_top(c, index, TOP_SHOWN), i;
	struct an_train_report *r = run->report;

	r->top = calloc(TOP_SHOWN, sizeof(*r->top));
	if (!r->top)
		return an_fail(run->err, AN_NOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		const struct an_count_entry *e = &c->entries[index[i]];

		an_addr_format(e->addr, r->top[i].ip);
		r->top[i].count = e->count;
		r->top[i].error = e->error;
	}
	r->ntop = n;
	return AN_OK;
}

/* A model that is no good goes as if it had never been. */
static void keep_good(struct run *run)
{
	int k;

	for (k = 0; k < AN_KINDS; k++) {
		run->models.has[k] = run->report->of[k].good;
		if (!run->models.has[k])
			an_learned_free(&run->models.of[k]);
	}
}

/* Trains the three. AN_NOT_BETTER leaves the reason in run->why. */
static int learn(struct run *run)
{
	const struct an_fit fit = { run->opt, &run->g, &run->models, run->report, run->err };
	struct an_train_report *r = run->report;
	int ret = an_fit_sources(&fit);

	if (!ret)
		ret = an_fit_windows(&fit);
	if (!ret)
		ret = an_fit_exec(&fit);
	if (ret)
		return ret;
	keep_good(run);
	if (run->models.has[AN_SOURCES] || run->models.has[AN_WINDOWS] ||
	    run->models.has[AN_EXEC])
		return AN_OK;
	snprintf(run->why, sizeof(run->why), "%.110s; %.110s",
		 r->of[AN_SOURCES].why, r->of[AN_WINDOWS].why);
	return AN_NOT_BETTER;
}

/* The tables are as good as themselves, not as the model beside them. */
static bool tables_good(const struct run *run)
{
	const struct an_model_report *r = &run->report->of[AN_EXEC];
	uint32_t quality = r->tables_mape < 1000 ? 1000 - r->tables_mape : 0;

	return r->trained && quality > r->baseline && quality >= run->opt->min_quality;
}

/* One figure for the file: that of the worst model it has values of. */
static void add_quality(struct an_values *v, const struct an_model_report *r, uint32_t quality)
{
	if (!v->train_rows || quality < v->quality)
		v->quality = quality;
	v->train_rows += r->train_rows;
}

static int prepare_values(struct run *run, struct an_new_file *file)
{
	struct an_train_report *r = run->report;
	struct an_values v = {
		.generated = run->opt->now, .valid_for = run->opt->valid_for,
		.model_version = AN_FEATURE_VERSION, .log_limited = r->read.log_limited,
		.max_bandwidth = run->opt->max_bandwidth, .top = r->ntop ? &r->top[0] : NULL,
		.deny = r->deny, .ndeny = r->ndeny,
	};
	char *buf;
	size_t len;
	int ret;

	if (run->models.has[AN_SOURCES]) {
		v.sources_quality = r->of[AN_SOURCES].quality;
		add_quality(&v, &r->of[AN_SOURCES], v.sources_quality);
	}
	if (run->models.has[AN_WINDOWS]) {
		v.windows_quality = r->of[AN_WINDOWS].quality;
		v.anomaly_score = r->anomaly_score;
		v.anomaly_kind = r->anomaly_kind;
		add_quality(&v, &r->of[AN_WINDOWS], v.windows_quality);
	}
	if (tables_good(run)) {
		v.exec_quality = 1000 - r->of[AN_EXEC].tables_mape;
		v.curves = &run->models.curves;
		v.names = &run->models.names;
		add_quality(&v, &r->of[AN_EXEC], v.exec_quality);
	}
	buf = malloc(AN_VALUES_BYTES);
	if (!buf)
		return an_fail(run->err, AN_NOMEM, "out of memory");
	len = an_values_format(&v, buf, &r->ndeny);
	ret = an_file_prepare(file, run->opt->out_conf, buf, len, 0644, run->err);
	free(buf);
	return ret;
}

/*
 * All outputs or none: all is prepared first, and the model comes back when the others fail. The
 * state goes before the values, which cannot come back: if these fail, what it remembers is true.
 */
static int write_out(struct run *run)
{
	const struct an_train_options *o = run->opt;
	struct an_new_file file = { .temp = "" }, state = { .temp = "" };
	struct an_new_dir dir = { .temp = "" };
	int ret = AN_OK;

	if (o->out_conf)
		ret = prepare_values(run, &file);
	if (!ret && o->model_dir)
		ret = an_model_prepare(&dir, &run->models, &run->g, o, run->report, run->err);
	if (!ret && run->state && !o->state_as_is)
		ret = an_state_prepare(run->state, &state, run->err);
	if (!ret && o->model_dir)
		ret = an_dir_commit(&dir, run->err);
	if (!ret && state.temp[0])
		ret = an_file_commit(&state, 0, run->err);
	if (!ret && o->out_conf)
		ret = an_file_commit(&file, o->keep, run->err);
	if (ret) {
		an_dir_abort(&dir);
		an_file_abort(&file);
		an_file_abort(&state);
		return ret;
	}
	an_dir_finish(&dir);
	run->report->model_written = !!o->model_dir;
	run->report->conf_written = !!o->out_conf;
	return AN_OK;
}

static int gather(struct run *run)
{
	const struct an_train_options *o = run->opt;
	struct an_gather_options go = {
		.logs = o->logs, .nlogs = o->nlogs, .labels = o->labels, .nlabels = o->nlabels,
		.prefixes = o->prefixes, .nprefixes = o->nprefixes, .halve = true, .hash = true,
		.state_days = o->state_days, .min_rows = 2 * o->folds, .seed = o->seed, .now = o->now,
		.min_lines = o->min_lines, .max_sources = o->max_sources,
		.progress = o->progress, .progress_arg = o->progress_arg,
	};
	struct an_train_report *r = run->report;
	int ret = o->state ? an_state_open(&run->state, o->state, "train", run->err) : AN_OK;

	go.state = run->state;
	if (!ret)
		ret = an_gather(&go, &run->g, &r->read, run->err);
	if (ret)
		return ret;
	r->weak = run->g.weak;
	r->news = r->read.lines - run->g.before;
	if (run->state && an_state_why(run->state))
		snprintf(r->started_over, sizeof(r->started_over), "%s", an_state_why(run->state));
	return AN_OK;
}

static int run_all(struct run *run)
{
	int ret = gather(run);

	if (!ret)
		ret = fill_top(run);
	if (!ret)
		ret = learn(run);
	if (!ret && run->models.has[AN_SOURCES])
		ret = an_deny(&run->models.of[AN_SOURCES], &run->g, run->opt, run->report,
			      run->err);
	if (!ret)
		ret = write_out(run);
	if (ret == AN_NOT_BETTER && run->state && !run->opt->state_as_is) {
		int saved = an_state_save(run->state, run->err);

		ret = saved ? saved : ret;
	}
	if (ret == AN_OK || ret == AN_NOT_BETTER) {
		int said = an_report_finish(run->report, &run->g, run->opt,
					    ret ? run->why : NULL, run->err);

		if (said)
			ret = said;
	}
	return ret;
}

int an_train(const struct an_train_options *options, struct an_train_report *report,
	     struct an_error *err)
{
	struct an_train_options opt = *options;
	struct run *run;
	int ret;

	memset(report, 0, sizeof(*report));
	memset(err, 0, sizeof(*err));
	if (!opt.now)
		opt.now = time(NULL);
	ret = check(&opt, err);
	if (ret)
		return ret;
	run = calloc(1, sizeof(*run));
	if (!run)
		return an_fail(err, AN_NOMEM, "out of memory");
	run->opt = &opt;
	run->report = report;
	run->err = err;
	ret = run_all(run);
	an_models_free(&run->models);
	an_gather_free(&run->g);
	an_state_free(run->state);
	free(run);
	if (ret < 0)
		an_train_report_free(report);
	return ret;
}
