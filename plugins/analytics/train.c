// SPDX-License-Identifier: GPL-3.0-or-later
/* analytics train: from kernel logs to models and values. */
#include <stdlib.h>
#include <string.h>

#include "plugins/analytics/plugin.h"

const struct virgo_plugin_option analytics_train_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:; - for standard "
	  "input", VIRGO_PLUGIN_C_FILE, NULL, true },
	{ 0, "labels", "FILE", "what is known of sources and minutes, as JSON",
	  VIRGO_PLUGIN_C_FILE, NULL, true },
	{ 0, "out", "CONF", "the values file to write; default, unless --model-dir: the nodes'",
	  VIRGO_PLUGIN_C_FILE },
	{ 0, "model-dir", "DIR", "write the model here", VIRGO_PLUGIN_C_DIR },
	{ 0, "never-deny", "NET", "address[/prefix] that is never denied", .repeats = true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "state", "FILE", "go on where the run before that wrote FILE stopped", VIRGO_PLUGIN_C_FILE },
	{ 0, "state-days", "N", "what is older leaves the state; default 30" },
	{ 0, "valid-for", "DUR", "how long the values count; default 26h" },
	{ 0, "deny", "N", "at most so many addresses denied, 0 to 256; default 64" },
	{ 0, "max-bandwidth", "MBIT", "also write MaxNetworkBandwidth" },
	{ 0, "min-quality", "N", "keep no model below so many permille; default 700" },
	{ 0, "seed", "N", "same logs and seed, same model; default 0" },
	{ 'n', "dry-run", NULL, "train and report, write nothing" },
	{ 0, "no-apply", NULL, "write no values file unless --out names one" },
	{ 0 }
};

static int take_numbers(struct virgo_plugin_run *run, struct an_train_options *opt)
{
	uint64_t valid = (uint64_t)opt->valid_for * 1000, deny = opt->deny_max;
	uint64_t bandwidth = 0, seed = opt->seed, quality = opt->min_quality;
	uint64_t days = opt->state_days;
	int ret;

	ret = host->option_ms(run, "valid-for", &valid);
	if (!ret)
		ret = host->option_u64(run, "deny", AN_DENY_MAX, &deny);
	if (!ret)
		ret = host->option_u64(run, "max-bandwidth", 1000000, &bandwidth);
	if (!ret)
		ret = host->option_u64(run, "min-quality", 1000, &quality);
	if (!ret)
		ret = host->option_u64(run, "seed", UINT64_MAX, &seed);
	if (!ret)
		ret = host->option_u64(run, "state-days", 3650, &days);
	opt->valid_for = (uint32_t)(valid / 1000);
	opt->deny_max = (uint32_t)deny;
	opt->max_bandwidth = (uint32_t)bandwidth;
	opt->min_quality = (uint32_t)quality;
	opt->seed = seed;
	opt->state_days = (uint32_t)days;
	return ret;
}

static void quality(struct document *d, const char *name, const struct an_quality *q)
{
	fprintf(d->to, ",\"%s\":{\"precision_permille\":%u,\"recall_permille\":%u,"
		"\"f1_permille\":%u,\"tp\":%llu,\"fp\":%llu,\"fn\":%llu,\"tn\":%llu}", name,
		q->precision, q->recall, q->f1, (unsigned long long)q->tp,
		(unsigned long long)q->fp, (unsigned long long)q->fn,
		(unsigned long long)q->tn);
}

static void sources(struct document *d, const char *name, const struct an_source *s, size_t n)
{
	size_t i;

	fprintf(d->to, ",\"%s\":[", name);
	for (i = 0; i < n; i++)
		fprintf(d->to, "%s{\"ip\":\"%s\",\"count\":%llu,\"score_permille\":%d}",
			i ? "," : "", s[i].ip, (unsigned long long)s[i].count, s[i].score);
	fputs("]", d->to);
}

static void kept_off(struct document *d, const struct an_train_report *rep)
{
	size_t i;

	fputs(",\"kept_off\":[", d->to);
	for (i = 0; i < rep->nkept; i++) {
		fprintf(d->to, "%s{\"ip\":\"%s\",\"count\":%llu,\"why\":", i ? "," : "",
			rep->kept[i].source.ip, (unsigned long long)rep->kept[i].source.count);
		document_string(d, rep->kept[i].why);
		fputs("}", d->to);
	}
	fputs("]", d->to);
}

static void text_member(struct document *d, const char *name, const char *text)
{
	fprintf(d->to, ",\"%s\":", name);
	document_string(d, text);
}

static void model(struct document *d, const struct an_model_report *m, const char *name, bool exec)
{
	fprintf(d->to, ",\"%s\":{\"trained\":%s,\"kept\":%s,\"rows\":%llu,\"train_rows\":%llu,"
		"\"quality_permille\":%u,\"hand_rule_permille\":%u", name,
		m->trained ? "true" : "false", m->good ? "true" : "false",
		(unsigned long long)m->rows, (unsigned long long)m->train_rows, m->quality,
		m->baseline);
	if (exec) {
		fprintf(d->to, ",\"mape_permille\":%u,\"hand_rule_mape_permille\":%u,"
			"\"tables_mape_permille\":%u", m->mape, m->rule_mape,
			m->tables_mape);
	} else {
		fprintf(d->to, ",\"positives\":%llu", (unsigned long long)m->positives);
		quality(d, "model", &m->model);
		quality(d, "rule", &m->rule);
	}
	text_member(d, "labels", m->labels_text);
	text_member(d, "split", m->split_text);
	text_member(d, "parameters", m->model_text);
	text_member(d, "rule_text", m->rule_text);
	if (m->why[0])
		text_member(d, "why", m->why);
	fputs("}", d->to);
}

static void put_report(struct document *d, const struct an_train_report *rep, const char *conf)
{
	fprintf(d->to, "{\"written\":%s,\"conf\":",
		rep->conf_written || rep->model_written ? "true" : "false");
	if (rep->conf_written)
		document_string(d, conf);
	else
		fputs("null", d->to);
	fprintf(d->to, ",\"news\":%llu", (unsigned long long)rep->news);
	fprintf(d->to, ",\"lines\":%llu,\"blocks\":%llu,\"sources\":%llu,\"weak_labels\":%s,"
		"\"hostile\":%llu", (unsigned long long)rep->read.lines,
		(unsigned long long)rep->read.blocks, (unsigned long long)rep->read.sources,
		rep->weak ? "true" : "false", (unsigned long long)rep->hostile);
	fprintf(d->to, ",\"models\":{\"feature_version\":%d", AN_FEATURE_VERSION);
	model(d, &rep->of[AN_SOURCES], "sources", false);
	model(d, &rep->of[AN_WINDOWS], "windows", false);
	model(d, &rep->of[AN_EXEC], "exec", true);
	fputs("}", d->to);
	sources(d, "deny", rep->deny, rep->ndeny);
	kept_off(d, rep);
	sources(d, "top", rep->top, rep->ntop);
	text_member(d, "summary", rep->summary);
	fputs("}\n", d->to);
}

static void report_json(struct virgo_plugin_run *run, const struct an_train_report *rep,
			const char *conf)
{
	struct document doc, *d = &doc;
	char *text = NULL;

	if (document_begin(d)) {
		put_report(d, rep, conf);
		text = document_end(d);
	}
	if (text)
		host->write(run, text, strlen(text));
	else
		host->fail(run, VIRGO_FAILED, "out of memory");
	free(text);
}

static int trained(struct virgo_plugin_run *run, int status, const struct an_train_report *rep,
		   const struct an_train_options *opt)
{
	const char *conf = opt->out_conf;

	if (rep->started_over[0])
		host->warn(run, "%s: %s; all was read from the start", opt->state, rep->started_over);
	if (rep->read.kept_hours)
		host->warn(run, "%s: too many sources for %u days; those silent in the last %u hours "
			   "are forgotten", opt->state, opt->state_days, rep->read.kept_hours);
	if (host->is_json(run))
		report_json(run, rep, conf);
	else if (host->quiet(run))
		host->print(run, "%s\n", rep->summary);
	else
		host->print(run, "%s", rep->text);
	if (status == AN_NOT_BETTER)	/* a report in JSON says so itself ("written") */
		return host->is_json(run) ? VIRGO_FAILED :
		       host->fail(run, VIRGO_FAILED, "%s", rep->summary);
	if (rep->conf_written)
		host->note(run, "%s is written; virgo analytics apply makes the nodes read it", conf);
	return VIRGO_OK;
}

int analytics_train(struct virgo_plugin_run *run)
{
	const char *logs[LOGS_MAX], *labels[LOGS_MAX], *never[LOGS_MAX];
	const char *prefixes[LOGS_MAX];
	struct an_train_report report;
	struct an_train_options opt;
	char conf[PATH_MAX] = "";
	struct an_error err;
	int ret;

	an_train_defaults(&opt);
	ret = given_inputs(run, logs, &opt.nlogs, prefixes, &opt.nprefixes);
	if (!ret)
		ret = given_list(run, "labels", labels, &opt.nlabels);
	if (!ret)
		ret = given_list(run, "never-deny", never, &opt.nnever_deny);
	if (!ret)
		ret = take_numbers(run, &opt);
	if (ret)
		return ret;
	values_default(run, conf);
	opt.logs = logs;
	opt.labels = labels;
	opt.never_deny = never;
	opt.prefixes = prefixes;
	opt.state = host->option(run, "state");
	if (host->flag(run, "state-days") && !opt.state)
		return host->usage(run, "--state-days without --state: there is none to leave");
	opt.state_as_is = host->flag(run, "dry-run");
	if (!opt.state_as_is) {
		opt.model_dir = host->option(run, "model-dir");
		opt.out_conf = host->option(run, "out");
		if (opt.out_conf && !strcmp(opt.out_conf, "-"))
			return host->usage(run, "--out -: values are written as a whole or not at "
					   "all: name a file");
		if (!opt.out_conf && !opt.model_dir && !host->flag(run, "no-apply"))
			opt.out_conf = conf;
	}
	opt.progress = progress;
	opt.progress_arg = run;
	ret = an_train(&opt, &report, &err);
	host->progress(run, NULL);
	if (ret < 0)
		return failed(run, ret, &err);
	ret = trained(run, ret, &report, &opt);
	an_train_report_free(&report);
	return ret;
}
