// SPDX-License-Identifier: GPL-3.0-or-later
/* analytics predict: a model directory applied to logs; prints rows as they come. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/analytics/plugin.h"

/* the models' kinds by number, and what is no model's */
static const char *const kind_words[] = { "sources", "windows", "exec", "lines", NULL };

enum { LINES = AN_KINDS };

const struct virgo_plugin_option analytics_predict_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:; - for standard "
	  "input", VIRGO_PLUGIN_C_FILE, NULL, true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "model-dir", "DIR", "the directory that train wrote", VIRGO_PLUGIN_C_DIR },
	{ 0, "kind", "KIND", "sources, windows, exec or lines; default sources", VIRGO_PLUGIN_C_WORDS, kind_words },
	{ 0, "explain", NULL, "also why: the features that weighed most and lines of the log" },
	{ 0 }
};

enum { WHY_COLS = 2 };

static const struct virgo_plugin_column cols[AN_KINDS + 1][7 + WHY_COLS] = {
	[AN_SOURCES] = {
		{ "ip", "SOURCE" }, { "lines", "LINES", true }, { "hostile", "HOSTILE" },
		{ "score", "SCORE", true }, { "reasons", "REASONS" }, { "causes", "CAUSES" },
	},
	[AN_WINDOWS] = {
		{ "start", "START" }, { "end", "END" }, { "lines", "LINES", true },
		{ "anomalous", "ANOMALOUS" }, { "score", "SCORE", true }, { "kind", "KIND" },
		{ "reasons", "REASONS" }, { "causes", "CAUSES" },
	},
	[AN_EXEC] = {
		{ "line", "LINE", true }, { "fn", "FUNCTION" }, { "arg_bytes", "BYTES", true },
		{ "node", "NODE", true }, { "us", "TOOK US", true },
		{ "predicted_us", "EXPECTED US", true },
	},
	[LINES] = {
		{ "file", "FILE" }, { "line", "LINE", true }, { "ip", "HOSTILE SOURCE" },
		{ "start", "ANOMALOUS MINUTE" }, { "kind", "KIND" }, { "score", "SCORE", true },
		{ "text", "TEXT" },
	},
};

static const unsigned int ncols[AN_KINDS + 1] = {
	[AN_SOURCES] = 4, [AN_WINDOWS] = 6, [AN_EXEC] = 6, [LINES] = 7,
};

struct printing {
	struct virgo_plugin_run *run;
	bool explain;
};

static void put_number(struct virgo_plugin_run *run, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", v);
	host->json(run, text);
}

static void put_time(struct virgo_plugin_run *run, int64_t sec)
{
	time_t t = (time_t)sec;
	char text[40] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &tm);
	host->str(run, text);
}

/* A cell that is a list; without memory it is none, and false. */
static bool list_begin(struct virgo_plugin_run *run, struct document *d)
{
	if (!document_begin(d)) {
		host->none(run);
		return false;
	}
	fputs("[", d->to);
	return true;
}

static void list_end(struct virgo_plugin_run *run, struct document *d)
{
	char *text;

	fputs("]", d->to);
	text = document_end(d);
	host->json(run, text);
	free(text);
}

static void put_reasons(struct virgo_plugin_run *run, const struct an_prediction *p)
{
	struct document d;
	size_t i;

	if (!list_begin(run, &d))
		return;
	for (i = 0; i < p->nreasons; i++) {
		fputs(i ? ",{\"feature\":" : "{\"feature\":", d.to);
		document_string(&d, p->reasons[i].name);
		fprintf(d.to, ",\"weight\":%.4f}", p->reasons[i].weight);
	}
	list_end(run, &d);
}

static void put_causes(struct virgo_plugin_run *run, const struct an_prediction *p)
{
	struct document d;
	size_t i;

	if (!list_begin(run, &d))
		return;
	for (i = 0; i < p->ncauses; i++) {
		fputs(i ? ",{" : "{", d.to);
		document_member(&d, "file", p->causes[i].file, strlen(p->causes[i].file));
		fprintf(d.to, ",\"line\":%llu,", (unsigned long long)p->causes[i].number);
		document_member(&d, "text", p->causes[i].text, p->causes[i].len);
		fputs("}", d.to);
	}
	list_end(run, &d);
}

static void put_run(struct virgo_plugin_run *run, const struct an_prediction *p)
{
	host->u64(run, p->line);
	host->bytes(run, p->fn, p->fn_len);
	host->u64(run, p->arg_bytes);
	host->u64(run, p->node);
	host->u64(run, p->us);
	if (p->predicted_us)
		host->u64(run, p->predicted_us);
	else
		host->none(run);
}

static int print(void *arg, const struct an_prediction *p)
{
	struct printing *to = arg;
	struct virgo_plugin_run *run = to->run;

	host->progress(run, NULL);
	switch (p->kind) {
	case AN_SOURCES:
		host->str(run, p->ip);
		host->u64(run, p->lines);
		host->boolean(run, p->positive);
		put_number(run, p->score);
		break;
	case AN_WINDOWS:
		put_time(run, p->start);
		put_time(run, p->end);
		host->u64(run, p->lines);
		host->boolean(run, p->positive);
		put_number(run, p->score);
		host->str(run, p->about);
		break;
	default:
		put_run(run, p);
	}
	if (to->explain) {
		put_reasons(run, p);
		put_causes(run, p);
	}
	return host->interrupted(run) || host->output_failed(run);
}

static int print_line(void *arg, const struct an_alarm_line *l)
{
	struct printing *to = arg;
	struct virgo_plugin_run *run = to->run;

	host->progress(run, NULL);
	host->str(run, l->file);
	host->u64(run, l->line);
	if (l->ip[0])
		host->str(run, l->ip);
	else
		host->none(run);
	if (l->about[0]) {
		put_time(run, l->start);
		host->str(run, l->about);
	} else {
		host->none(run);
		host->none(run);
	}
	put_number(run, l->score);
	host->bytes(run, l->text, l->len);
	return host->interrupted(run) || host->output_failed(run);
}

/* sources, windows, exec: an enum an_kind; or LINES */
static int take_kind(struct virgo_plugin_run *run, int *kind)
{
	const char *word = host->option(run, "kind");

	*kind = AN_SOURCES;
	for (int k = 0; word && kind_words[k]; k++) {
		if (!strcmp(word, kind_words[k])) {
			*kind = k;
			return VIRGO_OK;
		}
	}
	if (word)
		return host->usage(run, "--kind %s: sources, windows, exec or lines", word);
	return VIRGO_OK;
}

int analytics_predict(struct virgo_plugin_run *run)
{
	struct an_predict_options opt = { .predicted = print };
	struct printing printing = { .run = run };
	const char *logs[LOGS_MAX], *prefixes[LOGS_MAX];
	struct an_read_stats stats;
	struct an_error err;
	int kind, ret;

	opt.model_dir = host->option(run, "model-dir");
	if (!opt.model_dir)
		return host->usage(run, "--model-dir is missing: which model");
	ret = take_kind(run, &kind);
	if (!ret)
		ret = given_inputs(run, logs, &opt.nlogs, prefixes, &opt.nprefixes);
	if (ret)
		return ret;
	opt.explain = host->flag(run, "explain");
	if (opt.explain && kind != AN_SOURCES && kind != AN_WINDOWS)
		return host->usage(run, "--explain is of sources and windows, not of %s", kind_words[kind]);
	printing.explain = opt.explain;
	opt.logs = logs;
	opt.prefixes = prefixes;
	opt.predicted_arg = &printing;
	opt.progress = progress;
	opt.progress_arg = run;
	host->list(run, cols[kind], ncols[kind] + (opt.explain ? WHY_COLS : 0));
	if (kind == LINES) {
		ret = an_predict_lines(&opt, print_line, &printing, &stats, &err);
	} else {
		opt.kind = (enum an_kind)kind;
		ret = an_predict(&opt, &stats, &err);
	}
	host->progress(run, NULL);
	if (ret < 0 && !host->output_failed(run))
		return failed(run, ret, &err);
	host->end(run);
	return VIRGO_OK;
}
