// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * analytics train, top, show, apply: from kernel logs to values, and what the nodes do with them.
 * The part that learns is an object of its own, loaded when it is first needed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analytics/analytics.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/embed.h"

/* What is used of virgo-analytics.so. */
struct learning {
	void (*defaults)(struct an_train_options *);
	int (*train)(const struct an_train_options *, struct an_train_report *, struct an_error *);
	void (*train_free)(struct an_train_report *);
	int (*top)(const struct an_top_options *, struct an_top_report *, struct an_error *);
	void (*top_free)(struct an_top_report *);
};

/* 0, or a status after reporting. The object stays loaded: libraries below it can't be unloaded. */
static int load(struct run *r, struct learning *l)
{
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{ "an_train_defaults", &l->defaults }, { "an_train", &l->train },
		{ "an_train_report_free", &l->train_free }, { "an_top", &l->top },
		{ "an_top_report_free", &l->top_free },
	};
	char path[PATH_MAX];
	void *so, *symbol;
	size_t i;

	if (cli_beside("virgo-analytics.so", path, sizeof(path))) {
		run_hint(r, "make builds it; packages put it into " VIRGO_LIBDIR "/virgo");
		return run_fail(r, VIRGO_FAILED, "no virgo-analytics.so beside virgo or in "
				VIRGO_LIBDIR "/virgo");
	}
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		run_hint(r, "apt-get install libsvm3 libcjson1 zlib1g libzstd1");
		return run_fail(r, VIRGO_FAILED, "can't load %s: %s", path, dlerror());
	}
	for (i = 0; i < CLI_COUNT(symbols); i++) {
		symbol = dlsym(so, symbols[i].name);
		if (!symbol)
			return run_fail(r, VIRGO_FAILED, "%s has no %s: it is of another version",
					path, symbols[i].name);
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	return VIRGO_OK;
}

struct watching {
	struct run *r;
	bool tty, shown;
};

static int progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct watching *w = arg;

	if (w->tty && total)
		fprintf(w->r->cli->diag, "\r%s %u %%\033[K", what,
			(unsigned int)(100.0 * (double)done / (double)total));
	else if (w->tty)
		fprintf(w->r->cli->diag, "\r%s\033[K", what);
	w->shown = w->tty;
	return w->r->cli->interrupted;
}

static void watch(struct run *r, struct watching *w)
{
	w->r = r;
	w->shown = false;
	w->tty = !r->set.quiet && isatty(fileno(r->cli->diag));
}

static void unwatch(struct watching *w)
{
	if (w->shown)
		fputs("\r\033[K", w->r->cli->diag);
}

/* 1 is left to "no better than a hand rule" and to a machine out of memory or disk */
static enum virgo_code status_code(int status, int sys)
{
	if (run_errno(sys) != VIRGO_FAILED)
		return run_errno(sys);
	return status == AN_USAGE || status == AN_INPUT ? VIRGO_USAGE : VIRGO_FAILED;
}

static int failed(struct run *r, int status, const struct an_error *err)
{
	if (r->cli->interrupted)
		return run_fail(r, VIRGO_INTERRUPTED, "interrupted, nothing was written");
	return run_fail(r, status_code(status, err->sys), "%s", err->msg);
}

enum { LOGS_MAX = 256 };

/* the values of a repeating option; *n at most LOGS_MAX */
static int take_list(struct run *r, const char *option, const char *list[LOGS_MAX], size_t *n)
{
	const char *value;

	for (*n = 0; (value = run_opt_at(r, option, *n)); ++*n) {
		if (*n == LOGS_MAX)
			return run_usage(r, "more than %d times --%s", LOGS_MAX, option);
		list[*n] = value;
	}
	return VIRGO_OK;
}

/* logs are named by --log or as arguments; without any, the system's */
static int take_logs(struct run *r, const char *list[LOGS_MAX], size_t *n)
{
	int ret = take_list(r, "log", list, n), i;

	for (i = 0; i < r->argc && !ret; i++) {
		if (*n == LOGS_MAX)
			return run_usage(r, "more than %d logs", LOGS_MAX);
		list[(*n)++] = r->argv[i];
	}
	if (!ret && !*n)
		list[(*n)++] = "/var/log/kern.log";
	return ret;
}

static const struct cli_option train_options[] = {
	{ 0, "log", "FILE", "a kernel log, plain or gzip, - for standard input", CLI_C_FILE, NULL,
	  true },
	{ 0, "labels", "FILE", "what is known of sources: {\"sources\":[{\"ip\",\"malicious\"}]}",
	  CLI_C_FILE, NULL, true },
	{ 0, "out", "CONF", "the values file to write; default, unless --model-dir: the nodes'",
	  CLI_C_FILE },
	{ 0, "model-dir", "DIR", "write the model here", CLI_C_DIR },
	{ 0, "never-deny", "NET", "address[/prefix] that is never denied", .repeats = true },
	{ 0, "valid-for", "DUR", "how long the values count; default 26h" },
	{ 0, "deny", "N", "at most so many addresses denied, 0 to 256; default 64" },
	{ 0, "max-bandwidth", "MBIT", "also write MaxNetworkBandwidth" },
	{ 0, "seed", "N", "same logs and seed, same model; default 0" },
	{ 'n', "dry-run", NULL, "train and report, write nothing" },
	{ 0 }
};

/* values go to the nodes that are up, or to the system's file */
static void default_conf(char path[PATH_MAX])
{
	if (embed_running_file("virgo_kernel_analytics.conf", path))
		snprintf(path, PATH_MAX, "/etc/virgo_kernel_analytics.conf");
}

static int take_numbers(struct run *r, struct an_train_options *opt)
{
	uint64_t valid = (uint64_t)opt->valid_for * 1000, deny = opt->deny_max;
	uint64_t bandwidth = 0, seed = opt->seed;
	int ret;

	ret = run_opt_ms(r, "valid-for", &valid);
	if (!ret)
		ret = run_opt_u64(r, "deny", AN_DENY_MAX, &deny);
	if (!ret)
		ret = run_opt_u64(r, "max-bandwidth", 1000000, &bandwidth);
	if (!ret)
		ret = run_opt_u64(r, "seed", UINT64_MAX, &seed);
	opt->valid_for = (uint32_t)(valid / 1000);
	opt->deny_max = (uint32_t)deny;
	opt->max_bandwidth = (uint32_t)bandwidth;
	opt->seed = seed;
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

static void report_json(struct run *r, const struct an_train_report *rep, const char *conf)
{
	struct out_text t = { 0 };

	text_printf(&t, "{\"written\":%s,\"conf\":", rep->conf_written ? "true" : "false");
	if (rep->conf_written)
		text_json_string(&t, conf, strlen(conf));
	else
		text_str(&t, "null");
	text_printf(&t, ",\"lines\":%llu,\"blocks\":%llu,\"sources\":%llu,\"rows\":%llu,"
		    "\"weak_labels\":%s,\"hostile\":%llu",
		    (unsigned long long)rep->read.lines, (unsigned long long)rep->read.blocks,
		    (unsigned long long)rep->read.sources, (unsigned long long)rep->rows,
		    rep->weak ? "true" : "false", (unsigned long long)rep->hostile);
	quality(&t, "model", &rep->model);
	quality(&t, "rule", &rep->rule);
	sources(&t, "deny", rep->deny, rep->ndeny);
	sources(&t, "top", rep->top, rep->ntop);
	text_str(&t, ",\"summary\":");
	text_json_string(&t, rep->summary, strlen(rep->summary));
	text_str(&t, "}\n");
	out_write(&r->out, t.data, t.failed ? 0 : t.len);
	text_free(&t);
}

static int trained(struct run *r, int status, const struct an_train_report *rep, const char *conf)
{
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

static int analytics_train(struct run *r)
{
	const char *logs[LOGS_MAX], *labels[LOGS_MAX], *never[LOGS_MAX];
	struct an_train_report report;
	struct an_train_options opt;
	char conf[PATH_MAX] = "";
	struct an_error err;
	struct watching w;
	struct learning l;
	int ret;

	ret = load(r, &l);
	if (ret)
		return ret;
	l.defaults(&opt);
	ret = take_logs(r, logs, &opt.nlogs);
	if (!ret)
		ret = take_list(r, "labels", labels, &opt.nlabels);
	if (!ret)
		ret = take_list(r, "never-deny", never, &opt.nnever_deny);
	if (!ret)
		ret = take_numbers(r, &opt);
	if (ret)
		return ret;
	default_conf(conf);
	opt.logs = logs;
	opt.labels = labels;
	opt.never_deny = never;
	if (!run_flag(r, "dry-run")) {
		opt.model_dir = run_opt(r, "model-dir");
		opt.out_conf = run_opt(r, "out");
		if (opt.out_conf && !strcmp(opt.out_conf, "-"))
			return run_usage(r, "--out -: values are written as a whole or not at "
					 "all: name a file");
		if (!opt.out_conf && !opt.model_dir)
			opt.out_conf = conf;
	}
	watch(r, &w);
	opt.progress = progress;
	opt.progress_arg = &w;
	ret = l.train(&opt, &report, &err);
	unwatch(&w);
	if (ret < 0)
		return failed(r, ret, &err);
	ret = trained(r, ret, &report, opt.out_conf);
	l.train_free(&report);
	return ret;
}

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
	const char *logs[LOGS_MAX], *prefixes[LOGS_MAX];
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
		ret = take_logs(r, logs, &opt.nlogs);
	if (!ret)
		ret = take_list(r, "block-prefix", prefixes, &opt.nprefixes);
	if (!ret)
		ret = load(r, &l);
	if (ret)
		return ret;
	watch(r, &w);
	opt.logs = logs;
	opt.prefixes = prefixes;
	opt.state = run_opt(r, "state");
	opt.n = n;
	opt.progress = progress;
	opt.progress_arg = &w;
	ret = l.top(&opt, &report, &err);
	unwatch(&w);
	if (ret < 0)
		return failed(r, ret, &err);
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
	  "Counts the sources of [UFW BLOCK] lines, trains a model, judges it on sources it has\n"
	  "not seen and beside the best hand rule, and writes the values with where they come\n"
	  "from. Nothing is written when there is nothing worth writing (exit status 1). The\n"
	  "default log is /var/log/kern.log; the default values file that of the nodes that are\n"
	  "up, or /etc/virgo_kernel_analytics.conf. With -q one line instead of the report. See\n"
	  "virgo-analytics(1).",
	  train_options, 0, LOGS_MAX, 0, CLI_C_FILE, NULL, analytics_train },
	{ "analytics top", "[LOG…]", "the most prominent sources of blocked packets",
	  NULL, top_options, 0, LOGS_MAX, 0, CLI_C_FILE, NULL, analytics_top },
	{ "analytics show", "", "the nodes' learnt values, and what each of them changed",
	  NULL, NULL, 0, 0, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, analytics_show },
	{ "analytics apply", "", "make the nodes read the values file again; says what was applied",
	  "A node acts on values only with analytics_mode = apply; in shadow mode it says what it\n"
	  "would do.",
	  NULL, 0, 0, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, analytics_apply },
	{ 0 }
};
