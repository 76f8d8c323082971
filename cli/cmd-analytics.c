// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * analytics train, predict, label, report, top: from kernel logs to values; show, apply, rollback,
 * diff: what the nodes do with them (analytics-nodes.c). Here are the commands' table and top.
 */
#include <string.h>

#include "cli/analytics.h"
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
	{ "analytics report", "[LOG…]", "what a model is worth, and what it says of logs",
	  "Of the training: each model beside its baseline, sources, alarms, what was written and why\n"
	  "not. With logs also what the models say of those, with the lines behind each alarm; with\n"
	  "labels, how right that is. --html writes the same as one page with plots, for any browser.",
	  an_cli_report_options, 0, AN_CLI_LOGS_MAX, 0, CLI_C_FILE, NULL, an_cli_report },
	{ "analytics top", "[LOG…]", "the most prominent sources of blocked packets",
	  NULL, top_options, 0, AN_CLI_LOGS_MAX, 0, CLI_C_FILE, NULL, analytics_top },
	{ "analytics show", "", "the nodes' learnt values, and what each of them did",
	  "Of each value: what was learnt, its state (apply: in force; shadow: only counted; own: the\n"
	  "administrator's; shown: nobody acts on it), what is in force, the administrator's bounds,\n"
	  "since when, how often it acted, and how often it would have while it was in shadow.",
	  NULL, 0, 0, CLI_NEEDS_NODES, CLI_C_NONE, NULL, analytics_show },
	{ "analytics apply", "", "make the nodes read the values file again; says what was applied",
	  "Each node reads the file on its own machine. Without an option the node's analytics_mode\n"
	  "counts: a node acts on values with apply, and in shadow says what it would do. --now and\n"
	  "--shadow ask for one or the other, for this reading; a node whose analytics_mode is off\n"
	  "refuses. With --now the exit status is 6 when a node holds the values back.",
	  analytics_apply_options, 0, 0, CLI_NEEDS_NODES, CLI_C_NONE, NULL, analytics_apply },
	{ "analytics rollback", "", "put the values file before the present one back; the nodes read it",
	  "FILE.1 becomes FILE, FILE.2 becomes FILE.1, and so on: training keeps five. The present\n"
	  "one stays as FILE.undone. Says what changed.",
	  analytics_rollback_options, 0, 0, CLI_NEEDS_NODES, CLI_C_NONE, NULL, analytics_rollback },
	{ "analytics diff", "[FILE [FILE2]]", "a values file against what is in force on each node, or two files",
	  "Without FILE the nodes' file on this machine. A row is a value that a node has not read so,\n"
	  "does not apply, or bounds; of two files, one that differs. No rows: no difference.",
	  NULL, 0, 2, 0, CLI_C_FILE, NULL, analytics_diff },
	{ 0 }
};
