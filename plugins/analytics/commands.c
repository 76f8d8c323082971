// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The plugin's descriptor and table: analytics train, predict, label, report, top: from kernel logs
 * to values; show, apply, rollback, diff: what the nodes do with them (nodes.c). Here is also top.
 */
#include <string.h>

#include "plugins/analytics/plugin.h"

const struct virgo_plugin_host *host;

static const struct virgo_plugin_option top_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:; - for standard "
	  "input", VIRGO_PLUGIN_C_FILE, NULL, true },
	{ 'n', "count", "N", "so many sources; default 10" },
	{ 0, "state", "FILE", "go on where the run before that wrote FILE stopped", VIRGO_PLUGIN_C_FILE },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0 }
};

static void top_notes(struct virgo_plugin_run *run, const struct an_top_options *opt,
		      const struct an_top_report *report)
{
	const struct an_read_stats *read = &report->read;

	if (report->started_over[0])
		host->warn(run, "%s: %s; all was read from the start", opt->state,
			   report->started_over);
	if (read->truncated)
		host->warn(run, "%llu logs became shorter while they were read",
			   (unsigned long long)read->truncated);
	host->note(run, "%llu lines, %llu blocked packets logged, %llu sources%s",
		   (unsigned long long)read->lines, (unsigned long long)read->blocks,
		   (unsigned long long)read->sources,
		 read->log_limited ? "; the log is rate limited, these are not packet counts" : "");
	if (opt->state)
		host->note(run, "%llu of the lines were new", (unsigned long long)report->news);
}

static int analytics_top(struct virgo_plugin_run *run)
{
	static const struct virgo_plugin_column cols[] = {
		{ "ip", "SOURCE" }, { "count", "BLOCKED", true },
		{ "error", "AT MOST TOO MANY", true },
	};
	struct an_top_options opt = { 0 };
	struct an_top_report report;
	const char *logs[LOGS_MAX], *prefixes[LOGS_MAX];
	struct an_error err;
	uint64_t n = 10;
	size_t i;
	int ret;

	ret = host->option_u64(run, "count", 1000000, &n);
	if (!ret && !n)
		ret = host->usage(run, "--count 0: nothing to show");
	if (!ret)
		ret = given_inputs(run, logs, &opt.nlogs, prefixes, &opt.nprefixes);
	if (ret)
		return ret;
	opt.logs = logs;
	opt.prefixes = prefixes;
	opt.state = host->option(run, "state");
	opt.n = n;
	opt.progress = progress;
	opt.progress_arg = run;
	ret = an_top(&opt, &report, &err);
	host->progress(run, NULL);
	if (ret < 0)
		return failed(run, ret, &err);
	/* counts are exact unless there were more sources than are counted one by one */
	host->list(run, cols, COUNT(cols) - (report.exact != 0));
	for (i = 0; i < report.ntop; i++) {
		host->str(run, report.top[i].ip);
		host->u64(run, report.top[i].count);
		if (!report.exact)
			host->u64(run, report.top[i].error);
	}
	host->end(run);
	top_notes(run, &opt, &report);
	an_top_report_free(&report);
	return VIRGO_OK;
}

/* Every command of the table begins here: with virgo's calls, if this virgo has all of them. */
static int begin(const struct virgo_plugin_host *h, struct virgo_plugin_run *run,
		 int (*command)(struct virgo_plugin_run *run))
{
	if (!VIRGO_PLUGIN_HAS(h, call_folded)) {
		h->hint(run, "install the analytics.so that came with it");
		return h->fail(run, VIRGO_FAILED, "the plugin is newer than this virgo, %s",
			       h->version);
	}
	host = h;
	return command(run);
}

#define COMMAND(name)									\
	static int run_##name(const struct virgo_plugin_host *h, struct virgo_plugin_run *run)	\
	{										\
		return begin(h, run, analytics_##name);					\
	}

COMMAND(train)
COMMAND(predict)
COMMAND(label)
COMMAND(report)
COMMAND(top)
COMMAND(show)
COMMAND(apply)
COMMAND(rollback)
COMMAND(diff)

static const struct virgo_plugin_command commands[] = {
	{ "train", "[LOG…]", "learn from kernel logs and write the values file",
	  "Trains three models: of hostile sources, of anomalous minutes, of run times. Each is\n"
	  "judged on what it has not seen and beside the best hand rule, and kept only when it is\n"
	  "better. Nothing is written when none is worth writing (exit status 1). The\n"
	  "default log is /var/log/kern.log; the default values file that of the nodes that are\n"
	  "up, or /etc/virgo_kernel_analytics.conf. With -q one line instead of the report. See\n"
	  "virgo-analytics(1).",
	  analytics_train_options, 0, LOGS_MAX, 0, VIRGO_PLUGIN_C_FILE, NULL, run_train },
	{ "predict", "[LOG…]", "apply a model to logs",
	  "One row for each source with five lines or more, for each minute that has lines, or for\n"
	  "each run. Scores over .5 are hostile or anomalous. With --explain (JSON) also the\n"
	  "features that weighed most and a few of the lines behind it.",
	  analytics_predict_options, 0, LOGS_MAX, 0, VIRGO_PLUGIN_C_FILE, NULL, run_predict },
	{ "label", "[LOG…]", "answer what the model is least sure of",
	  "Shows minutes and sources, the most doubtful first, with the lines behind them, and asks\n"
	  "about each. Every answer is written at once; a later run goes on. Train with the file:\n"
	  "analytics train --labels FILE.",
	  analytics_label_options, 0, LOGS_MAX, 0, VIRGO_PLUGIN_C_FILE, NULL, run_label },
	{ "report", "[LOG…]", "what a model is worth, and what it says of logs",
	  "Of the training: each model beside its baseline, sources, alarms, what was written and why\n"
	  "not. With logs also what the models say of those, with the lines behind each alarm; with\n"
	  "labels, how right that is. --html writes the same as one page with plots, for any browser.",
	  analytics_report_options, 0, LOGS_MAX, 0, VIRGO_PLUGIN_C_FILE, NULL, run_report },
	{ "top", "[LOG…]", "the most prominent sources of blocked packets",
	  NULL, top_options, 0, LOGS_MAX, 0, VIRGO_PLUGIN_C_FILE, NULL, run_top },
	{ "show", "", "the nodes' learnt values, and what each of them did",
	  "Of each value: what was learnt, its state (apply: in force; shadow: only counted; own: the\n"
	  "administrator's; shown: nobody acts on it), what is in force, the administrator's bounds,\n"
	  "since when, how often it acted, and how often it would have while it was in shadow.",
	  NULL, 0, 0, VIRGO_PLUGIN_NEEDS_NODES, VIRGO_PLUGIN_C_NONE, NULL, run_show },
	{ "apply", "", "make the nodes read the values file again; says what was applied",
	  "Each node reads the file on its own machine. Without an option the node's analytics_mode\n"
	  "counts: a node acts on values with apply, and in shadow says what it would do. --now and\n"
	  "--shadow ask for one or the other, for this reading; a node whose analytics_mode is off\n"
	  "refuses. With --now the exit status is 6 when a node holds the values back.",
	  analytics_apply_options, 0, 0, VIRGO_PLUGIN_NEEDS_NODES, VIRGO_PLUGIN_C_NONE, NULL, run_apply },
	{ "rollback", "", "put the values file before the present one back; the nodes read it",
	  "FILE.1 becomes FILE, FILE.2 becomes FILE.1, and so on: training keeps five. The present\n"
	  "one stays as FILE.undone. Says what changed.",
	  analytics_rollback_options, 0, 0, VIRGO_PLUGIN_NEEDS_NODES, VIRGO_PLUGIN_C_NONE, NULL, run_rollback },
	{ "diff", "[FILE [FILE2]]", "a values file against what is in force on each node, or two files",
	  "Without FILE the nodes' file on this machine. A row is a value that a node has not read so,\n"
	  "does not apply, or bounds; of two files, one that differs. No rows: no difference.",
	  NULL, 0, 2, 0, VIRGO_PLUGIN_C_FILE, NULL, run_diff },
	{ 0 }
};

const struct virgo_plugin virgo_plugin = {
	.head = VIRGO_PLUGIN_HEAD, .name = "analytics", .version = VIRGO_VERSION,
	.summary = "from the kernel's log to models to values that the nodes act on",
	.commands = commands,
};
