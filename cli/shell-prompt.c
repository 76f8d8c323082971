// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The prompt's host: what shell/prompt asks is answered by the shell and by the session here. The
 * part with readline is an object of its own, loaded when somebody sits at a terminal.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/shell-ask.h"
#include "cli/shell.h"

/* arg of every call below */
struct host {
	struct cli *cli;
	struct sh *sh;
	struct out_pager pager;
};

static enum prompt_text judge(void *arg, const char *text, size_t len)
{
	struct sh_syntax_error err;
	struct sh_script *script;
	enum sh_parsed parsed;

	(void)arg;
	parsed = sh_parse(&script, "input", text, len, 1, &err);
	sh_script_put(script);
	return parsed == SH_INCOMPLETE ? PROMPT_INCOMPLETE : PROMPT_WHOLE;
}

static int run(void *arg, const char *text, size_t len)
{
	struct host *h = arg;

	return sh_run_text(h->sh, "input", text, len);
}

static int source(void *arg, const char *path)
{
	struct host *h = arg;

	return sh_run_file(h->sh, path);
}

static bool exiting(void *arg, int *status)
{
	struct host *h = arg;

	return sh_exiting(h->sh, status);
}

static void cancelled(void *arg)
{
	struct host *h = arg;

	sh_set_status(h->sh, VIRGO_INTERRUPTED);
}

static void interrupt(void *arg)
{
	struct host *h = arg;

	sh_interrupt(h->sh);
	cli_interrupt(h->cli);
}

static char *expand(void *arg, const char *text)
{
	struct host *h = arg;

	return sh_expand_text(h->sh, text);
}

static const char *get(void *arg, const char *name)
{
	struct host *h = arg;

	return sh_get(h->sh, name);
}

static int put(void *arg, const char *name, const char *value)
{
	struct host *h = arg;

	return sh_put(h->sh, name, value);
}

static const char *help_word(const struct sh_word_help *help, const char **about)
{
	*about = help ? help->summary : NULL;
	return help ? help->name : NULL;
}

static const char *word(void *arg, enum prompt_words kind, size_t i, const char **about)
{
	struct host *h = arg;

	*about = NULL;
	switch (kind) {
	case PROMPT_RESERVED:
		return sh_reserved[i];
	case PROMPT_BUILTINS:
		return help_word(sh_builtin_at(i), about);
	case PROMPT_CONSTRUCTS:
		return help_word(sh_construct_at(i), about);
	case PROMPT_FUNCTIONS:
		return sh_function_at(h->sh, i);
	case PROMPT_VARIABLES:
		return sh_variable_at(h->sh, i);
	}
	return NULL;
}

static bool knows(void *arg, const char *name)
{
	struct host *h = arg;

	return shell_knows(h->cli, name);
}

static void candidates(void *arg, const char *const *words, size_t n, FILE *to)
{
	struct host *h = arg;

	shell_candidates(h->cli, words, n, to);
}

static void usage(void *arg, const char *const *words, size_t n, FILE *to)
{
	struct host *h = arg;

	shell_usage(h->cli, words, n, to);
}

static int ask(void *arg, enum prompt_question what, const char *const *words, size_t n,
	       pid_t *pid, int *fd)
{
	struct host *h = arg;

	return shell_ask(h->cli, what, words, n, pid, fd);
}

static size_t nodes(void *arg, char *name, size_t size)
{
	struct host *h = arg;

	return shell_nodes(h->cli, name, size);
}

static void page(void *arg, const struct prompt_pager *pager)
{
	struct host *h = arg;

	if (pager)
		h->pager = (struct out_pager){ pager->arg, pager->write, pager->end };
	h->cli->pager = pager ? &h->pager : NULL;
}

static int refuse(struct cli *cli, const char *what, const char *why, const char *hint)
{
	fprintf(cli->diag, "virgo: shell: %s%s%s\n", what, *why ? ": " : "", why);
	fprintf(cli->diag, "hint: %s\n", hint);
	return VIRGO_FAILED;
}

int shell_prompt(struct cli *cli, struct sh *sh)
{
	struct host h = { .cli = cli, .sh = sh };
	const struct prompt_host host = {
		.size = sizeof(host), .version = VIRGO_VERSION, .arg = &h,
		.judge = judge, .run = run, .source = source, .exiting = exiting,
		.cancelled = cancelled, .interrupt = interrupt, .expand = expand, .get = get,
		.put = put, .word = word, .knows = knows, .candidates = candidates,
		.usage = usage, .ask = ask, .nodes = nodes, .page = page,
	};
	int (*prompt)(const struct prompt_host *host);
	char path[PATH_MAX];
	void *so, *symbol;
	int status;

	if (cli_beside("virgo-prompt.so", path, sizeof(path)))
		return refuse(cli, "no virgo-prompt.so beside virgo or in " VIRGO_LIBDIR "/virgo",
			      "", "make builds it; virgo run and virgo shell -c need none");
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so)
		return refuse(cli, "can't load the prompt", dlerror(),
			      "apt-get install libreadline8");
	symbol = dlsym(so, "prompt_run");
	memcpy(&prompt, &symbol, sizeof(prompt));
	sh_options(sh)->interactive = true;
	status = symbol ? prompt(&host) : PROMPT_OTHER_VERSION;
	if (status == PROMPT_OTHER_VERSION)
		return refuse(cli, path, "it is of another version",
			      "make install puts both in place");
	return status;
}
