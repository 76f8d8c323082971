// SPDX-License-Identifier: GPL-3.0-or-later
/* analytics train: from kernel logs to models and values. */
#include <string.h>

#include "cli/analytics.h"
#include "cli/embed.h"

const struct cli_option an_cli_train_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain, gzip or zstd; a pattern; journal:; - for standard "
	  "input", CLI_C_FILE, NULL, true },
	{ 0, "labels", "FILE", "what is known of sources and minutes, as JSON",
	  CLI_C_FILE, NULL, true },
	{ 0, "out", "CONF", "the values file to write; default, unless --model-dir: the nodes'",
	  CLI_C_FILE },
	{ 0, "model-dir", "DIR", "write the model here", CLI_C_DIR },
	{ 0, "never-deny", "NET", "address[/prefix] that is never denied", .repeats = true },
	{ 0, "block-prefix", "TEXT", "a log prefix of refused packets, beside [UFW BLOCK]",
	  .repeats = true },
	{ 0, "state", "FILE", "go on where the run before that wrote FILE stopped", CLI_C_FILE },
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

/* values go to the nodes that are up, or to the system's file */
void values_default(char path[PATH_MAX])
{
	if (embed_running_file("virgo_kernel_analytics.conf", path))
		snprintf(path, PATH_MAX, "/etc/virgo_kernel_analytics.conf");
}

static int take_numbers(struct run *r, struct an_train_options *opt)
{
	uint64_t valid = (uint64_t)opt->valid_for * 1000, deny = opt->deny_max;
	uint64_t bandwidth = 0, seed = opt->seed, quality = opt->min_quality;
	uint64_t days = opt->state_days;
	int ret;

	ret = run_opt_ms(r, "valid-for", &valid);
	if (!ret)
		ret = run_opt_u64(r, "deny", AN_DENY_MAX, &deny);
	if (!ret)
		ret = run_opt_u64(r, "max-bandwidth", 1000000, &bandwidth);
	if (!ret)
		ret = run_opt_u64(r, "min-quality", 1000, &quality);
	if (!ret)
		ret = run_opt_u64(r, "seed", UINT64_MAX, &seed);
	if (!ret)
		ret = run_opt_u64(r, "state-days", 3650, &days);
	opt->valid_for = (uint32_t)(valid / 1000);
	opt->deny_max = (uint32_t)deny;
	opt->max_bandwidth = (uint32_t)bandwidth;
	opt->min_quality = (uint32_t)quality;
	opt->seed = seed;
	opt->state_days = (uint32_t)days;
	return ret;
}

static void quality(struct out_text *t, const char *name, const struct an_quality *q)
{
	text_printf(t, ",\"%s\":{\"precision_permille\":%u,\"recall_permille\":%u,"
		    "\"f1_permille\":%u,\"tp\":%llu,\"fp\":%llu,\"fn\":%llu,\"tn\":%llu}", name,
		    q->precision, q->recall, q->f1, (unsigned long long)q->tp,
		    (unsigned long long)q->fp, (unsigned long long)q->fn,
		    (unsigned long long)q->tn);
}

static void sources(struct out_text *t, const char *name, const struct an_source *s, size_t n)
{
	size_t i;

	text_printf(t, ",\"%s\":[", name);
	for (i = 0; i < n; i++)
		text_printf(t, "%s{\"ip\":\"%s\",\"count\":%llu,\"score_permille\":%d}",
			    i ? "," : "", s[i].ip, (unsigned long long)s[i].count, s[i].score);
	text_str(t, "]");
}

static void kept_off(struct out_text *t, const struct an_train_report *rep)
{
	size_t i;

	text_str(t, ",\"kept_off\":[");
	for (i = 0; i < rep->nkept; i++) {
		text_printf(t, "%s{\"ip\":\"%s\",\"count\":%llu,\"why\":", i ? "," : "",
			    rep->kept[i].source.ip, (unsigned long long)rep->kept[i].source.count);
		text_json_string(t, rep->kept[i].why, strlen(rep->kept[i].why));
		text_str(t, "}");
	}
	text_str(t, "]");
}

static void text_member(struct out_text *t, const char *name, const char *text)
{
	text_printf(t, ",\"%s\":", name);
	text_json_string(t, text, strlen(text));
}

static void model(struct out_text *t, const struct an_model_report *m, const char *name, bool exec)
{
	text_printf(t, ",\"%s\":{\"trained\":%s,\"kept\":%s,\"rows\":%llu,\"train_rows\":%llu,"
		    "\"quality_permille\":%u,\"hand_rule_permille\":%u", name,
		    m->trained ? "true" : "false", m->good ? "true" : "false",
		    (unsigned long long)m->rows, (unsigned long long)m->train_rows, m->quality,
		    m->baseline);
	if (exec) {
		text_printf(t, ",\"mape_permille\":%u,\"hand_rule_mape_permille\":%u,"
			    "\"tables_mape_permille\":%u", m->mape, m->rule_mape,
			    m->tables_mape);
	} else {
		text_printf(t, ",\"positives\":%llu", (unsigned long long)m->positives);
		quality(t, "model", &m->model);
		quality(t, "rule", &m->rule);
	}
	text_member(t, "labels", m->labels_text);
	text_member(t, "split", m->split_text);
	text_member(t, "parameters", m->model_text);
	text_member(t, "rule_text", m->rule_text);
	if (m->why[0])
		text_member(t, "why", m->why);
	text_str(t, "}");
}

static void report_json(struct run *r, const struct an_train_report *rep, const char *conf)
{
	struct out_text t = { 0 };

	text_printf(&t, "{\"written\":%s,\"conf\":",
		    rep->conf_written || rep->model_written ? "true" : "false");
	if (rep->conf_written)
		text_json_string(&t, conf, strlen(conf));
	else
		text_str(&t, "null");
	text_printf(&t, ",\"news\":%llu", (unsigned long long)rep->news);
	text_printf(&t, ",\"lines\":%llu,\"blocks\":%llu,\"sources\":%llu,\"weak_labels\":%s,"
		    "\"hostile\":%llu",
		    (unsigned long long)rep->read.lines, (unsigned long long)rep->read.blocks,
		    (unsigned long long)rep->read.sources, rep->weak ? "true" : "false",
		    (unsigned long long)rep->hostile);
	text_str(&t, ",\"models\":{\"feature_version\":");
	text_printf(&t, "%d", AN_FEATURE_VERSION);
	model(&t, &rep->of[AN_SOURCES], "sources", false);
	model(&t, &rep->of[AN_WINDOWS], "windows", false);
	model(&t, &rep->of[AN_EXEC], "exec", true);
	text_str(&t, "}");
	sources(&t, "deny", rep->deny, rep->ndeny);
	kept_off(&t, rep);
	sources(&t, "top", rep->top, rep->ntop);
	text_member(&t, "summary", rep->summary);
	text_str(&t, "}\n");
	out_write(&r->out, t.data, t.failed ? 0 : t.len);
	text_free(&t);
}

static int trained(struct run *r, int status, const struct an_train_report *rep,
		   const struct an_train_options *opt)
{
	const char *conf = opt->out_conf;

	if (rep->started_over[0])
		run_warn(r, "%s: %s; all was read from the start", opt->state, rep->started_over);
	if (out_is_json(&r->out))
		report_json(r, rep, conf);
	else if (r->set.quiet)
		out_printf(&r->out, "%s\n", rep->summary);
	else
		out_printf(&r->out, "%s", rep->text);
	if (status == AN_NOT_BETTER)	/* a report in JSON says so itself ("written") */
		return out_is_json(&r->out) ? VIRGO_FAILED :
		       run_fail(r, VIRGO_FAILED, "%s", rep->summary);
	if (rep->conf_written)
		run_note(r, "%s is written; virgo analytics apply makes the nodes read it", conf);
	return VIRGO_OK;
}

int an_cli_train(struct run *r)
{
	const char *logs[AN_CLI_LOGS_MAX], *labels[AN_CLI_LOGS_MAX], *never[AN_CLI_LOGS_MAX];
	const char *prefixes[AN_CLI_LOGS_MAX];
	struct an_train_report report;
	struct an_train_options opt;
	char conf[PATH_MAX] = "";
	struct an_error err;
	struct watching w;
	struct learning l;
	int ret;

	ret = an_cli_load(r, &l);
	if (ret)
		return ret;
	l.defaults(&opt);
	ret = an_cli_logs(r, logs, &opt.nlogs);
	if (!ret)
		ret = an_cli_list(r, "labels", labels, &opt.nlabels);
	if (!ret)
		ret = an_cli_list(r, "never-deny", never, &opt.nnever_deny);
	if (!ret)
		ret = an_cli_list(r, "block-prefix", prefixes, &opt.nprefixes);
	if (!ret)
		ret = take_numbers(r, &opt);
	if (ret)
		return ret;
	values_default(conf);
	opt.logs = logs;
	opt.labels = labels;
	opt.never_deny = never;
	opt.prefixes = prefixes;
	opt.state = run_opt(r, "state");
	opt.state_as_is = run_flag(r, "dry-run");
	if (!opt.state_as_is) {
		opt.model_dir = run_opt(r, "model-dir");
		opt.out_conf = run_opt(r, "out");
		if (opt.out_conf && !strcmp(opt.out_conf, "-"))
			return run_usage(r, "--out -: values are written as a whole or not at "
					 "all: name a file");
		if (!opt.out_conf && !opt.model_dir && !run_flag(r, "no-apply"))
			opt.out_conf = conf;
	}
	an_cli_watch(r, &w);
	opt.progress = an_cli_progress;
	opt.progress_arg = &w;
	ret = l.train(&opt, &report, &err);
	an_cli_unwatch(&w);
	if (ret < 0)
		return an_cli_failed(r, ret, &err);
	ret = trained(r, ret, &report, &opt);
	l.train_free(&report);
	return ret;
}
