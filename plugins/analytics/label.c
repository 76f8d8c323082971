// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * analytics label: asks about what the model is least sure of, one thing after the other. Each answer
 * is in the file before the next question.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plugins/analytics/labels.h"

static const char *const kind_words[] = { "windows", "sources", NULL };

const struct virgo_plugin_option analytics_label_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:", VIRGO_PLUGIN_C_FILE,
	  NULL, true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "model-dir", "DIR", "the model whose doubts are asked about", VIRGO_PLUGIN_C_DIR },
	{ 0, "labels", "FILE", "the file of answers, made or added to", VIRGO_PLUGIN_C_FILE },
	{ 0, "kind", "KIND", "only windows, or only sources", VIRGO_PLUGIN_C_WORDS, kind_words },
	{ 'n', "count", "N", "so many of each; default 20" },
	{ 0 }
};

enum { TEXT_MAX = 512, ASK_MAX = 1000 };

/* A thing to ask about, with copies of all that the library only lent. */
struct doubt {
	struct an_prediction p;
	char text[AN_CAUSES_MAX][TEXT_MAX];
	char name[AN_ADDR_STRLEN];		/* as in the labels file */
};

struct asking {
	struct virgo_plugin_run *run;
	struct labels labels;
	struct doubt *doubts;
	size_t n, max;
};

enum answer { YES, NO, SKIP, QUIT };

static void put_time(int64_t sec, char *text, size_t size)
{
	time_t t = (time_t)sec;
	struct tm tm;

	text[0] = 0;
	if (gmtime_r(&t, &tm))
		strftime(text, size, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
}

static const char *list_of(enum an_kind kind)
{
	return kind == AN_SOURCES ? "sources" : "windows";
}

static const char *key_of(enum an_kind kind)
{
	return kind == AN_SOURCES ? "ip" : "start";
}

/* Takes the first ones that nobody has answered yet: they come by rising certainty. */
static int collect(void *arg, const struct an_prediction *p)
{
	struct asking *a = arg;
	struct doubt *d = &a->doubts[a->n];
	size_t i;

	if (a->n == a->max)
		return host->interrupted(a->run);
	d->p = *p;
	if (p->kind == AN_SOURCES)
		snprintf(d->name, sizeof(d->name), "%s", p->ip);
	else
		put_time(p->start, d->name, sizeof(d->name));
	if (labels_have(&a->labels, list_of(p->kind), key_of(p->kind), d->name))
		return 0;
	for (i = 0; i < p->ncauses; i++) {
		size_t len = p->causes[i].len < TEXT_MAX ? p->causes[i].len : TEXT_MAX;

		memcpy(d->text[i], p->causes[i].text, len);
		d->p.causes[i].text = d->text[i];
		d->p.causes[i].len = len;
		d->p.causes[i].file = NULL;	/* lent */
	}
	a->n++;
	return host->interrupted(a->run);
}

static void show(struct virgo_plugin_run *run, const struct doubt *d, size_t i, size_t n)
{
	size_t k;

	host->print(run, "\n%zu of %zu: %s %s, %llu lines, score %.2f%s%s\n", i + 1, n,
		    d->p.kind == AN_SOURCES ? "source" : "the minute from", d->name,
		    (unsigned long long)d->p.lines, d->p.score,
		    d->p.kind == AN_WINDOWS && d->p.positive ? ", " : "",
		    d->p.kind == AN_WINDOWS && d->p.positive ? d->p.about : "");
	for (k = 0; k < d->p.nreasons; k++)
		host->print(run, "%s%s %+.2f", k ? ", " : "  weighs: ", d->p.reasons[k].name,
			    d->p.reasons[k].weight);
	if (d->p.nreasons)
		host->print(run, "\n");
	for (k = 0; k < d->p.ncauses; k++) {
		host->shown(run, "  %llu: %.*s", (unsigned long long)d->p.causes[k].number,
			    (int)d->p.causes[k].len, d->p.causes[k].text);
		host->write(run, "\n", 1);
	}
}

/* One line of the person's, of which the first letter counts. */
static enum answer read_answer(struct virgo_plugin_run *run)
{
	static const char question[] = "[y]es, [n]o, [s]kip, [q]uit? ";
	char line[64];

	while (host->prompt(run, question, line, sizeof(line)) >= 0) {
		switch (line[strspn(line, " ")]) {
		case 'y': case 'Y':
			return YES;
		case 'n': case 'N':
			return NO;
		case 's': case 'S':
			return SKIP;
		case 'q': case 'Q':
			return QUIT;
		}
	}
	return QUIT;
}

static int ask_all(struct asking *a, enum an_kind kind, size_t *answered, bool *quit)
{
	const char *verdict = kind == AN_SOURCES ? "malicious" : "anomalous";
	enum answer answer;
	size_t i;
	int ret;

	for (i = 0; i < a->n && !*quit; i++) {
		show(a->run, &a->doubts[i], i, a->n);
		host->print(a->run, "%s? ", kind == AN_SOURCES ? "Hostile" : "Anomalous");
		answer = read_answer(a->run);
		*quit = answer == QUIT;
		if (answer != YES && answer != NO)
			continue;
		ret = labels_add(a->run, &a->labels, list_of(kind), key_of(kind),
				 a->doubts[i].name, verdict, answer == YES);
		if (ret)
			return ret;
		++*answered;
	}
	return VIRGO_OK;
}

/* Predictions of one kind, the least certain first, and the questions. */
static int walk(struct asking *a, struct an_predict_options *opt, enum an_kind kind,
		size_t *answered, bool *quit)
{
	struct an_read_stats stats;
	struct an_error err;
	int ret;

	a->n = 0;
	opt->kind = kind;
	opt->predicted = collect;
	opt->predicted_arg = a;
	opt->progress = progress;
	opt->progress_arg = a->run;
	ret = an_predict(opt, &stats, &err);
	host->progress(a->run, NULL);
	if (ret < 0 && host->interrupted(a->run))
		return host->fail(a->run, VIRGO_INTERRUPTED, "interrupted");
	if (ret < 0)
		return failed(a->run, ret, &err);
	if (!a->n)
		host->note(a->run, "no %s left to ask about", list_of(kind));
	return ask_all(a, kind, answered, quit);
}

static int take_kinds(struct virgo_plugin_run *run, bool *windows, bool *sources)
{
	const char *word = host->option(run, "kind");

	*windows = !word || !strcmp(word, "windows");
	*sources = !word || !strcmp(word, "sources");
	if (!*windows && !*sources)
		return host->usage(run, "--kind %s: windows or sources", word);
	return VIRGO_OK;
}

static int label(struct asking *a, struct an_predict_options *opt, bool windows, bool sources)
{
	size_t answered = 0;
	bool quit = false;
	int ret = VIRGO_OK;

	if (windows)
		ret = walk(a, opt, AN_WINDOWS, &answered, &quit);
	if (!ret && sources && !quit)
		ret = walk(a, opt, AN_SOURCES, &answered, &quit);
	if (!ret || answered)
		host->print(a->run, "\n%zu answers added to %s\n", answered, a->labels.path);
	if (!ret && host->interrupted(a->run))
		ret = host->fail(a->run, VIRGO_INTERRUPTED, "interrupted");
	return ret;
}

int analytics_label(struct virgo_plugin_run *run)
{
	const char *logs[LOGS_MAX], *prefixes[LOGS_MAX];
	struct an_predict_options opt = { .explain = 1, .uncertain = 1 };
	struct asking a = { .run = run };
	bool windows, sources;
	uint64_t n = 20;
	int ret;

	opt.model_dir = host->option(run, "model-dir");
	if (!opt.model_dir || !host->option(run, "labels"))
		return host->usage(run, "--model-dir and --labels are needed: whose doubts, and where "
				   "the answers go");
	if (host->is_json(run))
		return host->usage(run, "questions are for people: no -o json here");
	ret = host->option_u64(run, "count", ASK_MAX, &n);
	if (!ret)
		ret = take_kinds(run, &windows, &sources);
	if (!ret)
		ret = given_inputs(run, logs, &opt.nlogs, prefixes, &opt.nprefixes);
	if (ret)
		return ret;
	opt.logs = logs;
	opt.prefixes = prefixes;
	a.max = n;
	a.doubts = calloc(n + 1, sizeof(*a.doubts));
	ret = a.doubts ? labels_open(run, &a.labels, host->option(run, "labels")) :
			 host->fail(run, VIRGO_FAILED, "out of memory");
	if (!ret)
		ret = label(&a, &opt, windows, sources);
	labels_free(&a.labels);
	free(a.doubts);
	return ret;
}
