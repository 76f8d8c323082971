// SPDX-License-Identifier: GPL-3.0-or-later
/* The whole run: read, learn, judge, write; must never write what is no better than a hand rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deny.h"
#include "model.h"
#include "report.h"
#include "values.h"

#define NOW_MAX		253402300799ll	/* the end of the year 9999 */
#define TOP_SHOWN	10

struct run {
	const struct an_train_options *opt;
	struct an_train_report *report;
	struct an_error *err;
	struct an_gathered g;
	struct an_learned learned;
	char why[200];		/* why nothing is written, when that is so */
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
	};
	size_t i;

	if (an_inputs_check(o->logs, o->nlogs, err))
		return AN_USAGE;
	if (o->nlabels > 1 && o->nlabels != o->nlogs)
		return an_fail(err, AN_USAGE, "%zu labels files for %zu logs: give none, one for "
			       "all, or one for each", o->nlabels, o->nlogs);
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

/* Keeps at most max_rows of the rows, by class. */
static int limit_rows(struct run *run)
{
	struct an_table *t = &run->g.rows;
	size_t *index, i, n;

	if (t->n <= run->opt->max_rows)
		return AN_OK;
	index = calloc(t->n, sizeof(*index));
	if (!index)
		return an_fail(run->err, AN_NOMEM, "out of memory");
	for (i = 0; i < t->n; i++)
		index[i] = i;
	n = an_subsample(index, t->y, t->n, run->opt->max_rows, run->opt->seed);
	/* The indices rise, so rows only ever move forward onto ones already used. */
	for (i = 0; i < n; i++) {
		memmove(t->f[i], t->f[index[i]], sizeof(t->f[i]));
		t->traits[i] = t->traits[index[i]];
		t->y[i] = t->y[index[i]];
	}
	t->n = n;
	free(index);
	return AN_OK;
}

static void describe_model(const struct an_learned *l, char *buf, size_t size)
{
	if (l->kernel == RBF)
		snprintf(buf, size, "C-SVC, RBF kernel, C %g, gamma %g, threshold %.3f", l->c,
			 l->gamma, l->threshold);
	else
		snprintf(buf, size, "C-SVC, linear kernel, C %g, threshold %.3f", l->c,
			 l->threshold);
}

/* What anybody could do without a model, on the same rows and the same folds. */
static int judge_rules(struct run *run)
{
	struct an_train_report *r = run->report;
	struct an_table *t = &run->g.rows;
	size_t *index = calloc(t->n, sizeof(*index)), i;
	unsigned char *fold = calloc(t->n, 1);
	struct an_rule rule;
	int ret = AN_OK;

	for (i = 0; index && i < t->n; i++)
		index[i] = i;
	if (!index || !fold ||
	    !an_deal(t->y, index, t->n, run->opt->folds, run->opt->seed, fold)) {
		ret = an_fail(run->err, AN_NOMEM, "out of memory");
		goto out;
	}
	an_rule_cross_validate(t->traits, t->y, fold, run->opt->folds, t->n, &rule, &r->rule);
	an_rule_text(&rule, r->rule_text, sizeof(r->rule_text));
	if (r->weak) {
		an_rule_judge(&an_rule_weak, t->traits, t->y, NULL, 0, t->n, &r->persist);
		an_quality_finish(&r->persist);
	}
out:
	free(fold);
	free(index);
	return ret;
}

/* Trains and compares with the hand rules. AN_NOT_BETTER leaves the reason in run->why. */
static int learn(struct run *run)
{
	struct an_train_report *r = run->report;
	struct an_table *t = &run->g.rows;
	struct an_learn_options lo = {
		.seed = run->opt->seed, .folds = run->opt->folds,
		.progress = run->opt->progress, .progress_arg = run->opt->progress_arg,
	};
	struct an_rows rows;
	uint32_t best;
	size_t i;
	int ret;

	r->rows = t->n;
	for (i = 0; i < t->n; i++)
		r->positives += t->y[i] > 0;
	ret = limit_rows(run);
	if (ret)
		return ret;
	rows = (struct an_rows){ (const double (*)[AN_NFEATURES])t->f, t->y, t->n };
	ret = an_learn(&rows, &lo, &run->learned, run->err);
	if (ret == AN_USAGE) {
		snprintf(run->why, sizeof(run->why), "%.190s", run->err->msg);
		return AN_NOT_BETTER;
	}
	if (ret)
		return ret;
	r->train_rows = t->n;
	r->model = run->learned.quality;
	describe_model(&run->learned, r->model_text, sizeof(r->model_text));
	ret = judge_rules(run);
	if (ret)
		return ret;
	best = r->persist.f1 > r->rule.f1 ? r->persist.f1 : r->rule.f1;
	if (r->model.f1 > best)
		return AN_OK;
	snprintf(run->why, sizeof(run->why), "the model (F1 permille %u) is no better than a hand "
		 "rule (%u)", r->model.f1, best);
	return AN_NOT_BETTER;
}

static int prepare_values(struct run *run, struct an_new_file *file)
{
	struct an_train_report *r = run->report;
	struct an_values v = {
		.generated = run->opt->now, .valid_for = run->opt->valid_for,
		.model_version = AN_FEATURE_VERSION, .quality = r->model.f1,
		.train_rows = r->train_rows, .log_limited = r->read.log_limited,
		.max_bandwidth = run->opt->max_bandwidth, .top = r->ntop ? &r->top[0] : NULL,
		.deny = r->deny, .ndeny = r->ndeny,
	};
	char buf[AN_VALUES_BYTES];
	size_t len = an_values_format(&v, buf, &r->ndeny);

	return an_file_prepare(file, run->opt->out_conf, buf, len, 0644, run->err);
}

/* Both outputs or none: all is prepared first, and the model comes back when the values fail. */
static int write_out(struct run *run)
{
	const struct an_train_options *o = run->opt;
	struct an_new_file file = { .temp = "" };
	struct an_new_dir dir = { .temp = "" };
	int ret = AN_OK;

	if (o->out_conf)
		ret = prepare_values(run, &file);
	if (!ret && o->model_dir)
		ret = an_model_prepare(&dir, &run->learned, &run->g, o, run->report, run->err);
	if (!ret && o->model_dir)
		ret = an_dir_commit(&dir, run->err);
	if (!ret && o->out_conf)
		ret = an_file_commit(&file, o->keep, run->err);
	if (ret) {
		an_dir_abort(&dir);
		an_file_abort(&file);
		return ret;
	}
	an_dir_finish(&dir);
	run->report->model_written = !!o->model_dir;
	run->report->conf_written = !!o->out_conf;
	return AN_OK;
}

static int run_all(struct run *run)
{
	int ret = an_gather(run->opt, &run->g, &run->report->read, run->err);

	run->report->weak = run->g.weak;
	if (!ret)
		ret = fill_top(run);
	if (!ret)
		ret = learn(run);
	if (!ret)
		ret = an_deny(&run->learned, &run->g, run->opt, run->report, run->err);
	if (!ret)
		ret = write_out(run);
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
	struct run run = { .opt = &opt, .report = report, .err = err };
	int ret;

	memset(report, 0, sizeof(*report));
	memset(err, 0, sizeof(*err));
	if (!opt.now)
		opt.now = time(NULL);
	ret = check(&opt, err);
	if (ret)
		return ret;
	ret = run_all(&run);
	an_learned_free(&run.learned);
	an_gather_free(&run.g);
	if (ret < 0)
		an_train_report_free(report);
	return ret;
}

void an_train_report_free(struct an_train_report *report)
{
	free(report->deny);
	free(report->top);
	free(report->text);
	memset(report, 0, sizeof(*report));
}
