// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One command from its words to its exit status: found in the table, its options parsed, what it
 * needs opened, its output filtered and checked. The only way commands are run.
 */
#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/jq.h"
#include "cli/session.h"

static int format_of(const char *name)
{
	static const struct {
		const char *name;
		enum out_format format;
	} formats[] = {
		{ "table", OUT_TABLE }, { "json", OUT_JSON }, { "ndjson", OUT_NDJSON },
		{ "tsv", OUT_TSV }, { "raw", OUT_RAW },
	};
	size_t i;

	for (i = 0; name && i < CLI_COUNT(formats); i++)
		if (!strcmp(name, formats[i].name))
			return (int)formats[i].format;
	return -1;
}

static bool want_color(const struct run *r, bool tty)
{
	const char *color = r->conf ? virgo_conf_get(r->conf, "color") : "auto";
	const char *none = getenv("NO_COLOR");

	if (r->set.no_color)
		return false;
	if (color && !strcmp(color, "always"))
		return true;
	return tty && (!color || !strcmp(color, "auto")) && !(none && *none);
}

/* option, environment and files (both through the configuration), then what stdout is */
static void choose_format(struct run *r)
{
	bool tty = isatty(fileno(r->cli->data));
	int format = format_of(r->set.output);

	if (format < 0)
		format = format_of(r->conf ? virgo_conf_get(r->conf, "output")
				   : getenv("VIRGO_OUTPUT"));
	if (r->set.jq && format != OUT_NDJSON)
		format = OUT_JSON;
	if (format < 0)
		format = tty ? OUT_TABLE : r->cmd && r->cmd->flags & CLI_VALUE ? OUT_RAW : OUT_TSV;
	out_init(&r->out, r->cli->data, (enum out_format)format);
	r->out.color = want_color(r, tty) && format == OUT_TABLE;
	r->out.filtered = r->set.jq;
	r->out.pager = r->cli->pager;
}

/* --jq: everything the command wrote is in out.doc */
static int filter(struct run *r, int status)
{
	char why[CLI_WHY_MAX];

	if (!r->out.filtered || !r->out.doc.len || r->out.doc.failed)
		return status;
	if (!jq_filter(r->set.jq, r->out.doc.data, r->out.doc.len, r->cli->data, why, sizeof(why)))
		return status;
	return run_fail(r, status > VIRGO_USAGE ? (enum virgo_code)status : VIRGO_USAGE, "%s", why);
}

/* a signal is why, and whoever sent it knows */
static int quiet_end(struct run *r, int status)
{
	__fpurge(r->cli->data);
	clearerr(r->cli->data);
	return status;
}

/* data that did not arrive is a failure, whatever the command thinks */
static int settle(struct run *r, int status)
{
	if (r->out.open)
		out_end(&r->out);
	status = filter(r, status);
	if (fflush(r->cli->data) && !r->out.error)
		r->out.error = errno;
	if (!r->out.error)
		return status;
	if (r->cli->pipe_is_quiet && r->out.error == EPIPE)
		return quiet_end(r, 128 + SIGPIPE);
	if (r->cli->interrupted && r->out.error == EINTR)
		return quiet_end(r, VIRGO_INTERRUPTED);
	r->out.format = OUT_TSV;	/* the error must not go where nothing arrives */
	__fpurge(r->cli->data);		/* else it fails again when it is closed */
	clearerr(r->cli->data);
	return run_fail(r, VIRGO_FAILED, "can't write the output: %s", strerror(r->out.error));
}

static int execute(struct run *r, bool help)
{
	int ret;

	if (help) {
		help_command(r->cli->data, r->cmd);
		return VIRGO_OK;
	}
	if ((unsigned int)r->argc < r->cmd->min_args)
		return run_usage(r, "%s", r->argc ? "too few arguments" : "no argument given");
	if ((unsigned int)r->argc > r->cmd->max_args)
		return run_usage(r, "unexpected argument \"%.100s\"", r->argv[r->cmd->max_args]);
	if ((r->cmd->flags & CLI_NEEDS_NODES) && !run_ctx(r))
		return r->no_ctx;
	ret = r->cmd->run(r);
	return r->cli->interrupted && ret ? VIRGO_INTERRUPTED : ret;
}

static int run_one(struct cli *cli, const struct cli_command *cmd, int argc,
		   const char *const *argv)
{
	struct run r = { .cli = cli, .cmd = cmd, .name = cmd->name, .set = cli->set };
	char why[CLI_WHY_MAX] = "";
	struct virgo_error err;
	bool help = false;
	int ret;

	ret = run_parse(&r, argc, argv, &help, why);
	if (!help || ret)
		session_conf(&r, &err);	/* its "output" and "color"; who needs it asks again */
	choose_format(&r);
	ret = ret ? run_usage(&r, "%s", why) : execute(&r, help);
	ret = settle(&r, ret);
	session_release(&r);
	out_free(&r.out);
	free(r.failures);
	run_parse_free(&r);
	return ret;
}

static int unknown(struct cli *cli, int argc, const char *const *argv)
{
	struct run r = { .cli = cli, .name = "", .set = cli->set };
	bool group = cli_is_group(argv[0]);
	char near[CLI_NAME_MAX];
	int ret;

	choose_format(&r);
	r.name = group ? argv[0] : "";
	if (group && argc < 2) {
		run_hint(&r, "virgo help %s", argv[0]);
		ret = run_fail(&r, VIRGO_USAGE, "which command of %s?", argv[0]);
	} else {
		if (cli_nearest(group ? argv[0] : NULL, argv[group], near))
			run_hint(&r, "did you mean virgo %s?", near);
		else
			run_hint(&r, "virgo help%s%s", group ? " " : "", group ? argv[0] : "");
		ret = run_fail(&r, VIRGO_USAGE, "no such command: \"%.60s\"", argv[group]);
	}
	ret = settle(&r, ret);
	out_free(&r.out);
	return ret;
}

/* the word is a plugin's, and the plugin can't be used */
static int refused(struct cli *cli, const char *word, const struct virgo_error *err)
{
	struct run r = { .cli = cli, .name = word, .set = cli->set };
	int ret;

	choose_format(&r);
	ret = settle(&r, run_error(&r, err));
	out_free(&r.out);
	return ret;
}

int cli_refuse(struct cli *cli, const char *why)
{
	struct run r = { .cli = cli, .name = "", .set = cli->set };
	int ret;

	choose_format(&r);
	run_hint(&r, "virgo help");
	ret = settle(&r, run_fail(&r, VIRGO_USAGE, "%s", why));
	out_free(&r.out);
	return ret;
}

int cli_run(struct cli *cli, int argc, const char *const *argv)
{
	const struct cli_command *cmd;
	struct virgo_error err;
	int used, ret;

	cmd = cli_find(argc, argv, &used);
	if (!cmd && !cli_is_group(argv[0])) {
		ret = cli_plugin_load(argv[0], &err);
		if (ret < 0)
			return refused(cli, argv[0], &err);
		cmd = ret ? cli_find(argc, argv, &used) : NULL;
	}
	if (cmd)
		return run_one(cli, cmd, argc - used, argv + used);
	if (cli_is_group(argv[0]) && argc > 1 && (!strcmp(argv[1], "--help") ||
						  !strcmp(argv[1], "-h"))) {
		help_topic(cli->data, 1, argv);
		return VIRGO_OK;
	}
	ret = cli_is_group(argv[0]) ? -1 : cli_external(cli, argc, argv);
	return ret >= 0 ? ret : unknown(cli, argc, argv);
}
