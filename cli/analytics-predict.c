// SPDX-License-Identifier: GPL-3.0-or-later
/* analytics predict: a model directory applied to logs; prints rows as they come. */
#include <string.h>
#include <time.h>

#include "cli/analytics.h"

static const char *const kind_words[] = { "sources", "windows", "exec", NULL };

const struct cli_option an_cli_predict_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:; - for standard "
	  "input", CLI_C_FILE, NULL, true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "model-dir", "DIR", "the directory that train wrote", CLI_C_DIR },
	{ 0, "kind", "KIND", "sources, windows or exec; default sources", CLI_C_WORDS, kind_words },
	{ 0, "explain", NULL, "also why: the features that weighed most and lines of the log" },
	{ 0 }
};

enum { WHY_COLS = 2 };

static const struct out_col cols[AN_KINDS][7 + WHY_COLS] = {
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
};

static const unsigned int ncols[AN_KINDS] = {
	[AN_SOURCES] = 4, [AN_WINDOWS] = 6, [AN_EXEC] = 6,
};

struct printing {
	struct run *r;
	struct watching *watching;
	bool explain;
};

static void put_number(struct out *o, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", v);
	out_json(o, text);
}

static void put_time(struct out *o, int64_t sec)
{
	time_t t = (time_t)sec;
	char text[40] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &tm);
	out_str(o, text);
}

static void put_why(struct out *o, const struct an_prediction *p)
{
	struct out_text t = { 0 };
	size_t i;

	text_str(&t, "[");
	for (i = 0; i < p->nreasons; i++) {
		text_str(&t, i ? ",{\"feature\":" : "{\"feature\":");
		text_json_string(&t, p->reasons[i].name, strlen(p->reasons[i].name));
		text_printf(&t, ",\"weight\":%.4f}", p->reasons[i].weight);
	}
	text_str(&t, "]");
	text_add(&t, "", 1);
	out_json(o, t.failed ? NULL : t.data);
	t.len = 0;
	text_str(&t, "[");
	for (i = 0; i < p->ncauses; i++) {
		text_str(&t, i ? ",{" : "{");
		text_json_member(&t, "file", p->causes[i].file, strlen(p->causes[i].file));
		text_printf(&t, ",\"line\":%llu,", (unsigned long long)p->causes[i].number);
		text_json_member(&t, "text", p->causes[i].text, p->causes[i].len);
		text_str(&t, "}");
	}
	text_str(&t, "]");
	text_add(&t, "", 1);
	out_json(o, t.failed ? NULL : t.data);
	text_free(&t);
}

static void put_run(struct out *o, const struct an_prediction *p)
{
	out_u64(o, p->line);
	out_bytes(o, p->fn, p->fn_len);
	out_u64(o, p->arg_bytes);
	out_u64(o, p->node);
	out_u64(o, p->us);
	if (p->predicted_us)
		out_u64(o, p->predicted_us);
	else
		out_none(o);
}

static int print(void *arg, const struct an_prediction *p)
{
	struct printing *to = arg;
	struct out *o = &to->r->out;

	an_cli_unwatch(to->watching);
	switch (p->kind) {
	case AN_SOURCES:
		out_str(o, p->ip);
		out_u64(o, p->lines);
		out_bool(o, p->positive);
		put_number(o, p->score);
		break;
	case AN_WINDOWS:
		put_time(o, p->start);
		put_time(o, p->end);
		out_u64(o, p->lines);
		out_bool(o, p->positive);
		put_number(o, p->score);
		out_str(o, p->about);
		break;
	default:
		put_run(o, p);
	}
	if (to->explain && p->kind != AN_EXEC)
		put_why(o, p);
	return to->r->cli->interrupted || o->error;
}

static int take_kind(struct run *r, enum an_kind *kind)
{
	const char *word = run_opt(r, "kind");
	int k;

	*kind = AN_SOURCES;
	for (k = 0; word && k < AN_KINDS; k++) {
		if (!strcmp(word, kind_words[k])) {
			*kind = (enum an_kind)k;
			return VIRGO_OK;
		}
	}
	if (word)
		return run_usage(r, "--kind %s: sources, windows or exec", word);
	return VIRGO_OK;
}

int an_cli_predict(struct run *r)
{
	struct an_predict_options opt = { .predicted = print };
	struct printing printing = { .r = r };
	const char *logs[AN_CLI_LOGS_MAX], *prefixes[AN_CLI_LOGS_MAX];
	struct an_read_stats stats;
	struct an_error err;
	struct watching w;
	struct learning l;
	int ret;

	opt.model_dir = run_opt(r, "model-dir");
	if (!opt.model_dir)
		return run_usage(r, "--model-dir is missing: which model");
	ret = take_kind(r, &opt.kind);
	if (!ret)
		ret = an_cli_logs(r, logs, &opt.nlogs);
	if (!ret)
		ret = an_cli_list(r, "block-prefix", prefixes, &opt.nprefixes);
	if (!ret)
		ret = an_cli_load(r, &l);
	if (ret)
		return ret;
	an_cli_watch(r, &w);
	printing.watching = &w;
	printing.explain = run_flag(r, "explain");
	opt.explain = printing.explain;
	opt.logs = logs;
	opt.prefixes = prefixes;
	opt.predicted_arg = &printing;
	opt.progress = an_cli_progress;
	opt.progress_arg = &w;
	out_list(&r->out, cols[opt.kind], ncols[opt.kind] +
		 (opt.explain && opt.kind != AN_EXEC ? WHY_COLS : 0));
	ret = l.predict(&opt, &stats, &err);
	an_cli_unwatch(&w);
	if (ret < 0 && !r->out.error)
		return an_cli_failed(r, ret, &err);
	out_end(&r->out);
	return VIRGO_OK;
}
