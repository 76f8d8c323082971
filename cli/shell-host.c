// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the shell asks of virgo: its commands, run in this process on connections that stay open, and
 * the session's settings. Never prints for a command that ran.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/session.h"
#include "cli/shell.h"
#include "plugins/virgo_plugin.h"

static bool knows(void *arg, const char *word)
{
	(void)arg;
	return cli_knows(word);
}

/* plugins' functions have a _ in their names */
static const char *function(void *arg, const char *word)
{
	const struct virgo_plugin_function *f;
	struct virgo_error err;

	(void)arg;
	f = strchr(word, '_') ? cli_plugin_function(word, &err) : NULL;
	return f ? f->text : NULL;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void say_time(struct shell_host *host, int argc, const char *const *argv, uint64_t us)
{
	struct out_text t = { 0 };
	int used = 1;

	cli_find(argc, argv, &used);
	text_printf(&t, "%s%s%.*s: ", argv[0], used > 1 ? " " : "", used > 1 ? CLI_NAME_MAX : 0,
		    used > 1 ? argv[1] : "");
	text_us(&t, us);
	if (!t.failed)
		fprintf(host->cli->diag, "time: %s\n", t.data);
	text_free(&t);
}

static int run(void *arg, int argc, const char *const *argv)
{
	struct shell_host *host = arg;
	struct cli *cli = host->cli;
	const struct cli_command *cmd;
	uint64_t began = host->timing ? now_us() : 0;
	int used, ret;

	cli->interrupted = 0;
	if (cli->ctx)
		virgo_resume(cli->ctx);
	if (host->sh && sh_interrupted(host->sh))
		return VIRGO_INTERRUPTED;	/* what came before this is lost above */
	cmd = cli_find(argc, argv, &used);
	if (cmd && cmd->flags & CLI_OWN_PROCESS)
		ret = cli_again(cli, argc, argv);
	else
		ret = cli_run(cli, argc, argv);
	if (host->timing)
		say_time(host, argc, argv, now_us() - began);
	return ret;
}

/* the shell has said that nobody knows it */
static void unknown(void *arg, const char *word, bool is_program)
{
	struct shell_host *host = arg;
	char near[CLI_NAME_MAX];
	struct virgo_error err;

	if (strchr(word, '_') && !cli_plugin_function(word, &err) && err.code)
		fprintf(host->cli->diag, "virgo: %s\nhint: %s\n", err.message, err.hint);
	else if (is_program)
		fprintf(host->cli->diag, "hint: !%s runs the program of this machine\n", word);
	else if (*word == '-')
		fprintf(host->cli->diag, "hint: options stand behind the command: mem get -w SET KEY\n");
	else if (cli_nearest(NULL, word, near))
		fprintf(host->cli->diag, "hint: did you mean %s?\n", near);
	else
		fprintf(host->cli->diag, "hint: help lists the commands\n");
}

static int help(void *arg, int argc, const char *const *argv)
{
	return run(arg, argc, argv);
}

/* what is open was made of other settings */
static void renew(struct shell_host *host)
{
	cli_free(host->cli);
}

static void forked(void *arg)
{
	struct shell_host *host = arg;

	host->cli->ctx = NULL;
	host->cli->conf = NULL;
	host->cli->busy = NULL;
}

static void environment(void *arg)
{
	renew(arg);
}

/* --- settings ---------------------------------------------------------------------------------------- */

static char why_not[sizeof(((struct virgo_error *)0)->message)];

static const char *out_of_memory(void)
{
	return "out of memory";
}

/* does the configuration take these nodes? */
static const char *check_nodes(struct shell_host *host, const char *nodes)
{
	struct virgo_conf *conf;
	struct virgo_nodeset *set;
	struct virgo_error err;
	enum virgo_code code;

	code = virgo_conf_open(&conf, host->cli->set.config, &err);
	if (!code) {
		code = virgo_conf_set(conf, "nodes", nodes, &err);
		if (!code)
			code = virgo_conf_nodes(conf, &set, &err);
		if (!code)
			virgo_nodeset_free(set);
		virgo_conf_free(conf);
	}
	if (!code)
		return NULL;
	snprintf(why_not, sizeof(why_not), "%s", err.message);
	return why_not;
}

static const char *set_nodes(struct shell_host *host, const char *value)
{
	const char *why = NULL;
	char *copy = NULL;

	if (strcmp(value, "-")) {
		why = check_nodes(host, value);
		if (why)
			return why;
		copy = strdup(value);
		if (!copy)
			return out_of_memory();
	}
	renew(host);
	host->cli->set.nodes = copy ? copy : host->before.nodes;
	free(host->nodes);
	host->nodes = copy;
	return NULL;
}

static const struct cli_option *global(const char *name)
{
	const struct cli_option *opt = cli_globals;

	while (opt->name && strcmp(opt->name, name))
		opt++;
	return opt;
}

static const char *set_output(struct shell_host *host, const char *value)
{
	struct cli_settings probe = host->cli->set;
	char *copy = NULL;

	if (strcmp(value, "-")) {
		if (cli_global_set(&probe, global("output"), value, why_not))
			return why_not + 2;	/* "--output …": it is a word here */
		copy = strdup(value);
		if (!copy)
			return out_of_memory();
	}
	host->cli->set.output = copy ? copy : host->before.output;
	free(host->output);
	host->output = copy;
	return NULL;
}

static const char *set(void *arg, const char *setting, const char *value)
{
	struct shell_host *host = arg;

	if (!strcmp(setting, "use"))
		return set_nodes(host, value);
	if (!strcmp(setting, "output"))
		return set_output(host, value);
	if (strcmp(value, "on") && strcmp(value, "off"))
		return "it is on or off";
	host->timing = !strcmp(value, "on");
	return NULL;
}

static const char *get(void *arg, const char *setting)
{
	struct shell_host *host = arg;
	struct run r = { .cli = host->cli, .name = setting, .set = host->cli->set };
	struct virgo_conf *conf;
	const char *value;

	if (!strcmp(setting, "timing"))
		return host->timing ? "on" : "off";
	value = !strcmp(setting, "use") ? r.set.nodes : r.set.output;
	if (value)
		return value;
	out_init(&r.out, host->cli->data, OUT_TABLE);
	conf = run_conf(&r);
	value = conf ? virgo_conf_get(conf, !strcmp(setting, "use") ? "nodes" : "output") : NULL;
	if (!value && strcmp(setting, "use"))
		value = "-";
	free(host->shown);
	host->shown = value ? strdup(value) : NULL;
	session_release(&r);
	return host->shown;
}

void shell_host_init(struct shell_host *host, struct cli *cli)
{
	*host = (struct shell_host){
		.calls = { .arg = host, .knows = knows, .run = run, .function = function,
			   .unknown = unknown, .set = set, .get = get, .help = help,
			   .forked = forked, .environment = environment },
		.cli = cli, .before = cli->set,
	};
	cli->pipe_is_quiet = true;
}

void shell_host_free(struct shell_host *host)
{
	renew(host);
	host->cli->set = host->before;
	host->cli->pipe_is_quiet = false;
	host->cli->interrupted = 0;
	free(host->nodes);
	free(host->output);
	free(host->shown);
}
