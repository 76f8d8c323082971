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

#include "cli/analytics.h"
#include "cli/labels.h"

static const char *const kind_words[] = { "windows", "sources", NULL };

const struct cli_option an_cli_label_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:", CLI_C_FILE,
	  NULL, true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "model-dir", "DIR", "the model whose doubts are asked about", CLI_C_DIR },
	{ 0, "labels", "FILE", "the file of answers, made or added to", CLI_C_FILE },
	{ 0, "kind", "KIND", "only windows, or only sources", CLI_C_WORDS, kind_words },
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
	struct run *r;
	struct labels labels;
	struct watching watching;
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
		return a->r->cli->interrupted;
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
	return a->r->cli->interrupted;
}

static void show(struct run *r, const struct doubt *d, size_t i, size_t n)
{
	struct out *o = &r->out;
	struct out_text t = { 0 };
	size_t k;

	out_printf(o, "\n%zu of %zu: %s %s, %llu lines, score %.2f%s%s\n", i + 1, n,
		   d->p.kind == AN_SOURCES ? "source" : "the minute from", d->name,
		   (unsigned long long)d->p.lines, d->p.score,
		   d->p.kind == AN_WINDOWS && d->p.positive ? ", " : "",
		   d->p.kind == AN_WINDOWS && d->p.positive ? d->p.about : "");
	for (k = 0; k < d->p.nreasons; k++)
		text_printf(&t, "%s%s %+.2f", k ? ", " : "  weighs: ", d->p.reasons[k].name,
			    d->p.reasons[k].weight);
	if (t.len) {
		out_write(o, t.data, t.len);
		out_write(o, "\n", 1);
	}
	text_free(&t);
	for (k = 0; k < d->p.ncauses; k++) {
		out_shown(o, "  %llu: %.*s", (unsigned long long)d->p.causes[k].number,
			  (int)d->p.causes[k].len, d->p.causes[k].text);
		out_write(o, "\n", 1);
	}
}

/* One line of the person's, of which the first letter counts. */
static enum answer read_answer(struct run *r)
{
	char c, first;
	ssize_t n;

	for (;;) {
		out_printf(&r->out, "[y]es, [n]o, [s]kip, [q]uit? ");
		fflush(r->out.file);
		first = 0;
		while ((n = read(r->cli->in_fd, &c, 1)) == 1 && c != '\n')
			if (!first && c != ' ')
				first = c;
		if (n < 0 && errno == EINTR && !r->cli->interrupted)
			continue;
		if (n <= 0 && !first)
			return QUIT;
		switch (first) {
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
}

static int ask_all(struct asking *a, enum an_kind kind, size_t *answered, bool *quit)
{
	const char *verdict = kind == AN_SOURCES ? "malicious" : "anomalous";
	enum answer answer;
	size_t i;
	int ret;

	for (i = 0; i < a->n && !*quit; i++) {
		show(a->r, &a->doubts[i], i, a->n);
		out_printf(&a->r->out, "%s? ", kind == AN_SOURCES ? "Hostile" : "Anomalous");
		answer = read_answer(a->r);
		*quit = answer == QUIT;
		if (answer != YES && answer != NO)
			continue;
		ret = labels_add(a->r, &a->labels, list_of(kind), key_of(kind),
				 a->doubts[i].name, verdict, answer == YES);
		if (ret)
			return ret;
		++*answered;
	}
	return VIRGO_OK;
}

/* Predictions of one kind, the least certain first, and the questions. */
static int walk(struct asking *a, const struct learning *l, struct an_predict_options *opt,
		enum an_kind kind, size_t *answered, bool *quit)
{
	struct an_read_stats stats;
	struct an_error err;
	int ret;

	a->n = 0;
	an_cli_watch(a->r, &a->watching);
	opt->kind = kind;
	opt->predicted = collect;
	opt->predicted_arg = a;
	opt->progress = an_cli_progress;
	opt->progress_arg = &a->watching;
	ret = l->predict(opt, &stats, &err);
	an_cli_unwatch(&a->watching);
	if (ret < 0)
		return an_cli_failed(a->r, ret, &err);
	if (!a->n)
		run_note(a->r, "no %s left to ask about", list_of(kind));
	return ask_all(a, kind, answered, quit);
}

static int take_kinds(struct run *r, bool *windows, bool *sources)
{
	const char *word = run_opt(r, "kind");

	*windows = !word || !strcmp(word, "windows");
	*sources = !word || !strcmp(word, "sources");
	if (!*windows && !*sources)
		return run_usage(r, "--kind %s: windows or sources", word);
	return VIRGO_OK;
}

static int label(struct asking *a, const struct learning *l, struct an_predict_options *opt,
		 bool windows, bool sources)
{
	size_t answered = 0;
	bool quit = false;
	int ret = VIRGO_OK;

	if (windows)
		ret = walk(a, l, opt, AN_WINDOWS, &answered, &quit);
	if (!ret && sources && !quit)
		ret = walk(a, l, opt, AN_SOURCES, &answered, &quit);
	if (!ret)
		out_printf(&a->r->out, "\n%zu answers added to %s\n", answered, a->labels.path);
	return ret;
}

int an_cli_label(struct run *r)
{
	const char *logs[AN_CLI_LOGS_MAX], *prefixes[AN_CLI_LOGS_MAX];
	struct an_predict_options opt = { .explain = 1, .uncertain = 1 };
	struct asking a = { .r = r };
	bool windows, sources;
	struct learning l;
	uint64_t n = 20;
	int ret;

	opt.model_dir = run_opt(r, "model-dir");
	if (!opt.model_dir || !run_opt(r, "labels"))
		return run_usage(r, "--model-dir and --labels are needed: whose doubts, and where "
				 "the answers go");
	if (out_is_json(&r->out))
		return run_usage(r, "questions are for people: no -o json here");
	ret = run_opt_u64(r, "count", ASK_MAX, &n);
	if (!ret)
		ret = take_kinds(r, &windows, &sources);
	if (!ret)
		ret = an_cli_logs(r, logs, &opt.nlogs);
	if (!ret)
		ret = an_cli_list(r, "block-prefix", prefixes, &opt.nprefixes);
	if (!ret)
		ret = an_cli_load(r, &l);
	if (ret)
		return ret;
	opt.logs = logs;
	opt.prefixes = prefixes;
	a.max = n;
	a.doubts = calloc(n + 1, sizeof(*a.doubts));
	ret = a.doubts ? labels_open(r, &a.labels, run_opt(r, "labels")) :
			 run_fail(r, VIRGO_FAILED, "out of memory");
	if (!ret)
		ret = label(&a, &l, &opt, windows, sources);
	labels_free(&a.labels);
	free(a.doubts);
	return ret;
}
