// SPDX-License-Identifier: GPL-3.0-or-later
/* analytics report: what training found, what the models say of logs; writes a page if asked. */
#include <string.h>

#include "plugins/analytics/plugin.h"

const struct virgo_plugin_option analytics_report_options[] = {
	{ 0, "model-dir", "DIR", "the directory that train wrote", VIRGO_PLUGIN_C_DIR },
	{ 0, "log", "FILE", "a kernel log to judge, plain, gzip or zstd; a pattern; journal:; - for "
	  "standard input", VIRGO_PLUGIN_C_FILE, NULL, true },
	{ 0, "labels", "FILE", "what is known of the logs' sources and minutes, to measure by",
	  VIRGO_PLUGIN_C_FILE, NULL, true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "html", "FILE", "also write a page that needs nothing else", VIRGO_PLUGIN_C_FILE },
	{ 0 }
};

static int take(struct virgo_plugin_run *run, struct an_report_options *opt, const char *logs[LOGS_MAX],
		const char *labels[LOGS_MAX], const char *prefixes[LOGS_MAX])
{
	int ret;

	opt->model_dir = host->option(run, "model-dir");
	opt->html = host->option(run, "html");
	if (!opt->model_dir)
		return host->usage(run, "--model-dir is missing: which model");
	if (opt->html && !strcmp(opt->html, "-"))
		return host->usage(run, "--html -: a page is written as a whole or not at all: name a "
				   "file");
	ret = given_list(run, "labels", labels, &opt->nlabels);
	if (!ret)
		ret = given_list(run, "block-prefix", prefixes, &opt->nprefixes);
	/* unlike elsewhere, no log means none: then the report is of the training alone */
	if (!ret && (host->argc(run) || host->option(run, "log")))
		ret = given_logs(run, logs, &opt->nlogs);
	if (!ret && opt->nlabels && !opt->nlogs)
		ret = host->usage(run, "--labels without a log: name the log that they are of");
	opt->logs = logs;
	opt->labels = labels;
	opt->prefixes = prefixes;
	return ret;
}

int analytics_report(struct virgo_plugin_run *run)
{
	const char *logs[LOGS_MAX], *labels[LOGS_MAX], *prefixes[LOGS_MAX];
	struct an_report_options opt = { 0 };
	struct an_report report;
	struct an_error err;
	int ret = take(run, &opt, logs, labels, prefixes);

	if (ret)
		return ret;
	opt.progress = progress;
	opt.progress_arg = run;
	ret = an_report(&opt, &report, &err);
	host->progress(run, NULL);
	if (ret < 0)
		return failed(run, ret, &err);
	if (host->is_json(run))
		host->print(run, "%s\n", report.json);
	else if (!host->quiet(run) || !opt.html)
		host->print(run, "%s", report.text);
	if (opt.html)
		host->note(run, "%s is written", opt.html);
	an_report_free(&report);
	return VIRGO_OK;
}
