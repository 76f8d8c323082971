// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * analytics train, predict, label, top, show, apply: from kernel logs to values, and what the nodes
 * do with them.
 */
#include <string.h>

#include "cli/analytics.h"
#include "cli/ask.h"
#include "cli/commands.h"

static const struct cli_option top_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:; - for standard "
	  "input", CLI_C_FILE, NULL, true },
	{ 'n', "count", "N", "so many sources; default 10" },
	{ 0, "state", "FILE", "go on where the run before that wrote FILE stopped", CLI_C_FILE },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0 }
};

static void top_notes(struct run *r, const struct an_top_options *opt,
		      const struct an_top_report *report)
{
	const struct an_read_stats *read = &report->read;

	if (report->started_over[0])
		run_warn(r, "%s: %s; all was read from the start", opt->state,
			 report->started_over);
	if (read->truncated)
		run_warn(r, "%llu logs became shorter while they were read",
			 (unsigned long long)read->truncated);
	run_note(r, "%llu lines, %llu blocked packets logged, %llu sources%s",
		 (unsigned long long)read->lines, (unsigned long long)read->blocks,
		 (unsigned long long)read->sources,
		 read->log_limited ? "; the log is rate limited, these are not packet counts" : "");
	if (opt->state)
		run_note(r, "%llu of the lines were new", (unsigned long long)report->news);
}

static int analytics_top(struct run *r)
{
	static const struct out_col cols[] = {
		{ "ip", "SOURCE" }, { "count", "BLOCKED", true },
		{ "error", "AT MOST TOO MANY", true },
	};
	struct an_top_options opt = { 0 };
	struct an_top_report report;
	const char *logs[AN_CLI_LOGS_MAX], *prefixes[AN_CLI_LOGS_MAX];
	struct an_error err;
	struct watching w;
	struct learning l;
	uint64_t n = 10;
	size_t i;
	int ret;

	ret = run_opt_u64(r, "count", 1000000, &n);
	if (!ret && !n)
		ret = run_usage(r, "--count 0: nothing to show");
	if (!ret)
		ret = an_cli_logs(r, logs, &opt.nlogs);
	if (!ret)
		ret = an_cli_list(r, "block-prefix", prefixes, &opt.nprefixes);
	if (!ret)
		ret = an_cli_load(r, &l);
	if (ret)
		return ret;
	an_cli_watch(r, &w);
	opt.logs = logs;
	opt.prefixes = prefixes;
	opt.state = run_opt(r, "state");
	opt.n = n;
	opt.progress = an_cli_progress;
	opt.progress_arg = &w;
	ret = l.top(&opt, &report, &err);
	an_cli_unwatch(&w);
	if (ret < 0)
		return an_cli_failed(r, ret, &err);
	/* counts are exact unless there were more sources than are counted one by one */
	out_list(&r->out, cols, CLI_COUNT(cols) - (report.exact != 0));
	for (i = 0; i < report.ntop; i++) {
		out_str(&r->out, report.top[i].ip);
		out_u64(&r->out, report.top[i].count);
		if (!report.exact)
			out_u64(&r->out, report.top[i].error);
	}
	out_end(&r->out);
	top_notes(r, &opt, &report);
	l.top_free(&report);
	return VIRGO_OK;
}

/* one learnt value in the words of a person */
static void print_value(struct out *o, const cJSON *value)
{
	const cJSON *applied = cJSON_GetObjectItemCaseSensitive(value, "applied");
	const char *learnt = json_text(value, "learnt", NULL), *unit = json_text(value, "unit", "");
	const char *why = json_text(value, "why", NULL);
	double in_force = json_number(value, "in_force", -1);

	out_shown(o, "%-26s %s%s%s", json_text(value, "name", "?"), learnt ? learnt : "not learnt",
		  *unit && learnt ? " " : "", learnt ? unit : "");
	if (cJSON_IsTrue(applied))
		out_shown(o, ", applied");
	else if (learnt)
		out_shown(o, ", not applied");
	if (why)
		out_shown(o, ": %s", why);
	if (in_force >= 0)
		out_shown(o, " (in force: %.0f)", in_force);
	out_write(o, "\n", 1);
}

static void print_values(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	cJSON *body = cJSON_ParseWithLength(ans->body, ans->len);
	const cJSON *value;
	const char *why = json_text(body, "why", NULL);

	(void)r;
	(void)arg;
	out_shown(o, "%s, mode %s%s%s", json_text(body, "file", "?"),
		  json_text(body, "mode", "?"), why ? ": " : "", why ? why : "");
	out_write(o, "\n", 1);
	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(body, "values"))
		print_value(o, value);
	cJSON_Delete(body);
}

static int analytics_show(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/v1/analytics" };

	return ask_folded(r, &req, print_values, NULL);
}

static int analytics_apply(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST",
				     .target = "/v1/analytics/reload" };

	return ask_folded(r, &req, print_values, NULL);
}

const struct cli_command commands_analytics[] = {
	{ "analytics train", "[LOG…]", "learn from kernel logs and write the values file",
	  "Trains three models: of hostile sources, of anomalous minutes, of run times. Each is\n"
	  "judged on what it has not seen and beside the best hand rule, and kept only when it is\n"
	  "better. Nothing is written when none is worth writing (exit status 1). The\n"
	  "default log is /var/log/kern.log; the default values file that of the nodes that are\n"
	  "up, or /etc/virgo_kernel_analytics.conf. With -q one line instead of the report. See\n"
	  "virgo-analytics(1).",
	  an_cli_train_options, 0, AN_CLI_LOGS_MAX, 0, CLI_C_FILE, NULL, an_cli_train },
	{ "analytics predict", "[LOG…]", "apply a model to logs",
	  "One row for each source with five lines or more, for each minute that has lines, or for\n"
	  "each run. Scores over .5 are hostile or anomalous. With --explain (JSON) also the\n"
	  "features that weighed most and a few of the lines behind it.",
	  an_cli_predict_options, 0, AN_CLI_LOGS_MAX, 0, CLI_C_FILE, NULL, an_cli_predict },
	{ "analytics label", "[LOG…]", "answer what the model is least sure of",
	  "Shows minutes and sources, the most doubtful first, with the lines behind them, and asks\n"
	  "about each. Every answer is written at once; a later run goes on. Train with the file:\n"
	  "analytics train --labels FILE.",
	  an_cli_label_options, 0, AN_CLI_LOGS_MAX, 0, CLI_C_FILE, NULL, an_cli_label },
	{ "analytics top", "[LOG…]", "the most prominent sources of blocked packets",
	  NULL, top_options, 0, AN_CLI_LOGS_MAX, 0, CLI_C_FILE, NULL, analytics_top },
	{ "analytics show", "", "the nodes' learnt values, and what each of them changed",
	  NULL, NULL, 0, 0, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, analytics_show },
	{ "analytics apply", "", "make the nodes read the values file again; says what was applied",
	  "A node acts on values only with analytics_mode = apply; in shadow mode it says what it\n"
	  "would do.",
	  NULL, 0, 0, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, analytics_apply },
	{ 0 }
};
