// SPDX-License-Identifier: GPL-3.0-or-later
/* help and completion: what virgo says of itself, made from the table. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/completion.h"

static const struct cli_option help_options[] = {
	{ 0, "man", NULL, "the commands' part of virgo(1), for the manual page's source" },
	{ 0 }
};

/* help is text whatever the format: it goes out as it is */
static int help(struct run *r)
{
	char *text = NULL, near[CLI_NAME_MAX];
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int ret = 0;

	if (!to)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	if (run_flag(r, "man"))
		help_man(to);
	else
		ret = help_topic(to, r->argc, r->argv);
	if (fclose(to) || ret)
		ret = ret ? ret : -2;
	if (!ret)
		out_write(&r->out, text, len);
	free(text);
	if (ret == -2)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	if (!ret)
		return VIRGO_OK;
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
	  NULL, help_options, 0, 2, CLI_VALUE, CLI_C_COMMAND, NULL, help },
	{ "completion", "bash | zsh | fish", "print the shell's completion script, which asks virgo",
	  "bash: source <(virgo completion bash)\n"
	  "zsh:  virgo completion zsh > \"${fpath[1]}/_virgo\"\n"
	  "fish: virgo completion fish > ~/.config/fish/completions/virgo.fish",
	  NULL, 1, 1, CLI_VALUE, CLI_C_WORDS, shells, completion },
	{ 0 }
};
