// SPDX-License-Identifier: GPL-3.0-or-later
/* help and completion: what virgo says of itself, made from the table. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/plugin.h"
#include "shell/shell.h"

static const struct cli_option help_options[] = {
	{ 0, "man", NULL, "the commands' part of virgo(1), or of a plugin's page: its source" },
	{ 0 }
};

static void options_cell(struct out *o, const struct cli_option *opt)
{
	struct out_text t = { 0 };

	for (; opt && opt->name; opt++) {
		text_printf(&t, "%s{\"name\":\"%s\",\"letter\":", t.len ? "," : "[", opt->name);
		text_printf(&t, opt->letter ? "\"%c\"" : "null", opt->letter);
		text_printf(&t, ",\"value\":");
		if (opt->arg)
			text_json_string(&t, opt->arg, strlen(opt->arg));
		else
			text_str(&t, "null");
		text_str(&t, ",\"help\":");
		text_json_string(&t, opt->help, strlen(opt->help));
		text_printf(&t, ",\"repeats\":%s}", opt->repeats ? "true" : "false");
	}
	text_str(&t, t.len ? "]" : "[]");
	out_json(o, t.failed ? NULL : t.data);
	text_free(&t);
}

/* the table itself, for programs: all commands, or those whose name begins with the topic */
static int help_json(struct run *r)
{
	static const struct out_col cols[] = {
		{ "name" }, { "group" }, { "arguments" }, { "summary" }, { "detail" },
		{ "options" },
	};
	const struct cli_command *cmd;
	const struct cli_group *group;
	char topic[2 * CLI_NAME_MAX] = "";
	size_t i;

	if (!r->argc)
		cli_plugin_load_bundled();
	else
		snprintf(topic, sizeof(topic), "%s%s%s", r->argv[0], r->argc > 1 ? " " : "",
			 r->argc > 1 ? r->argv[1] : "");
	out_list(&r->out, cols, CLI_COUNT(cols));
	for (i = 0; (cmd = cli_at(i, &group)); i++) {
		if (strncmp(cmd->name, topic, strlen(topic)))
			continue;
		out_str(&r->out, cmd->name);
		out_str(&r->out, group->name);
		out_str(&r->out, cmd->args);
		out_str(&r->out, cmd->summary);
		out_str(&r->out, cmd->detail);
		options_cell(&r->out, cmd->options);
	}
	if (r->out.rows)
		return VIRGO_OK;
	return run_fail(r, VIRGO_NOT_FOUND, "no help on \"%.120s\"", topic);
}

/* a program is asked itself: its status, or -1: there is none */
static int help_external(struct run *r)
{
	const char *const words[] = { r->argv[0], "--help", NULL };

	return r->argc == 1 ? cli_external(r->cli, 2, words) : -1;
}

/* words of the shell's language, and functions that plugins have for it: was it one? */
static bool help_language(struct run *r)
{
	const struct sh_word_help *word = r->argc == 1 ? sh_help_on(r->argv[0]) : NULL;
	const struct virgo_plugin_function *f;
	struct virgo_error err;

	if (word) {
		out_printf(&r->out, "usage: %s\n\n%s\n\n", word->usage, word->summary);
		out_printf(&r->out, "of the shell's language: virgo-shell(1)\n");
		return true;
	}
	f = r->argc == 1 && strchr(r->argv[0], '_') ? cli_plugin_function(r->argv[0], &err) : NULL;
	if (f)
		out_printf(&r->out, "%s\n\na function of the shell, from a plugin:\n\n%s", f->summary,
			   f->text);
	return f;
}

static int help(struct run *r)
{
	char *text = NULL, near[CLI_NAME_MAX];
	struct virgo_error err;
	size_t len = 0;
	FILE *to;
	int ret = 0;

	if (r->argc && cli_plugin_load(r->argv[0], &err) < 0)
		return run_error(r, &err);
	to = open_memstream(&text, &len);
	if (!to)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	if (out_is_json(&r->out)) {
		fclose(to);
		free(text);
		return help_json(r);
	}
	if (run_flag(r, "man"))
		help_man(to, r->argc ? r->argv[0] : NULL);
	else
		ret = help_topic(to, r->argc, r->argv);
	if (fclose(to) || ret)
		ret = ret ? ret : -2;
	if (!ret)
		out_write(&r->out, text, len);
	free(text);
	if (ret == -2)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	if (!ret || help_language(r))
		return VIRGO_OK;
	ret = help_external(r);
	if (ret >= 0)
		return ret;
	if (cli_is_group(r->argv[0]) && r->argc > 1 ? cli_nearest(r->argv[0], r->argv[1], near)
	    : cli_nearest(NULL, r->argv[0], near))
		run_hint(r, "did you mean virgo help %s?", near);
	else
		run_hint(r, "virgo help");
	return run_fail(r, VIRGO_NOT_FOUND, "no help on \"%.60s%s%.60s\"", r->argv[0],
			r->argc > 1 ? " " : "", r->argc > 1 ? r->argv[1] : "");
}

static int completion(struct run *r)
{
	const char *script = completion_script(r->argv[0]);

	if (!script)
		return run_usage(r, "no completion for \"%.40s\": bash, zsh or fish", r->argv[0]);
	out_write(&r->out, script, strlen(script));
	return VIRGO_OK;
}

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

const struct cli_command commands_help[] = {
	{ "help", "[TOPIC]", "show help on a command, or on all",
	  "TOPIC is a command, the first word of several, a group, or a word of the shell's\n"
	  "language: if, trap, quoting. With -o json: the command table itself.",
	  help_options, 0, 2, CLI_VALUE, CLI_C_COMMAND, NULL, help },
	{ "completion", "bash | zsh | fish", "print the shell's completion script",
	  "  bash: source <(virgo completion bash)\n"
	  "  zsh:  virgo completion zsh > \"${fpath[1]}/_virgo\"\n"
	  "  fish: virgo completion fish > ~/.config/fish/completions/virgo.fish",
	  NULL, 1, 1, CLI_VALUE, CLI_C_WORDS, shells, completion },
	{ 0 }
};
