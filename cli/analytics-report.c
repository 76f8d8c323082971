// SPDX-License-Identifier: GPL-3.0-or-later
/* analytics report: what training found, what the models say of logs; writes a page if asked. */
#include <string.h>

#include "cli/analytics.h"

const struct cli_option an_cli_report_options[] = {
	{ 0, "model-dir", "DIR", "the directory that train wrote", CLI_C_DIR },
	{ 0, "log", "FILE", "a kernel log to judge, plain, gzip or zstd; a pattern; journal:; - for "
	  "standard input", CLI_C_FILE, NULL, true },
	{ 0, "labels", "FILE", "what is known of the logs' sources and minutes, to measure by",
	  CLI_C_FILE, NULL, true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "html", "FILE", "also write a page that needs nothing else", CLI_C_FILE },
	{ 0 }
};

static int take(struct run *r, struct an_report_options *opt, const char *logs[AN_CLI_LOGS_MAX],
		const char *labels[AN_CLI_LOGS_MAX], const char *prefixes[AN_CLI_LOGS_MAX])
{
	int ret;

	opt->model_dir = run_opt(r, "model-dir");
	opt->html = run_opt(r, "html");
	if (!opt->model_dir)
		return run_usage(r, "--model-dir is missing: which model");
	if (opt->html && !strcmp(opt->html, "-"))
		return run_usage(r, "--html -: a page is written as a whole or not at all: name a "
				 "file");
	ret = an_cli_list(r, "labels", labels, &opt->nlabels);
	if (!ret)
		ret = an_cli_list(r, "block-prefix", prefixes, &opt->nprefixes);
	/* unlike elsewhere, no log means none: then the report is of the training alone */
	if (!ret && (r->argc || run_opt(r, "log")))
		ret = an_cli_logs(r, logs, &opt->nlogs);
	if (!ret && opt->nlabels && !opt->nlogs)
		ret = run_usage(r, "--labels without a log: name the log that they are of");
	opt->logs = logs;
	opt->labels = labels;
	opt->prefixes = prefixes;
	return ret;
}

int an_cli_report(struct run *r)
{
	const char *logs[AN_CLI_LOGS_MAX], *labels[AN_CLI_LOGS_MAX], *prefixes[AN_CLI_LOGS_MAX];
	struct an_report_options opt = { 0 };
	struct an_report report;
	struct an_error err;
	struct watching w;
	struct learning l;
	int ret = take(r, &opt, logs, labels, prefixes);

	if (!ret)
		ret = an_cli_load(r, &l);
	if (ret)
		return ret;
	an_cli_watch(r, &w);
	opt.progress = an_cli_progress;
	opt.progress_arg = &w;
	ret = l.report(&opt, &report, &err);
	an_cli_unwatch(&w);
	if (ret < 0)
		return an_cli_failed(r, ret, &err);
	if (out_is_json(&r->out))
		out_printf(&r->out, "%s\n", report.json);
	else if (!r->set.quiet || !opt.html)
		out_printf(&r->out, "%s", report.text);
	if (opt.html)
		run_note(r, "%s is written", opt.html);
	l.report_free(&report);
	return VIRGO_OK;
}
