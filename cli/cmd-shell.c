// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * shell, run: the language over every command. Here is how one is begun and ended, and what signals
 * do; the language is shell/'s, its commands are shell-host.c's.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/shell.h"

static const struct cli_option shell_options[] = {
	{ 'c', "command", "TEXT", "run this and end; the arguments are $0, $1 …" },
	{ 'x', "trace", NULL, "show every command before it runs (set -x)" },
	{ 0 }
};

static const struct cli_option run_options[] = {
	{ 'x', "trace", NULL, "show every command before it runs (set -x)" },
	{ 0 }
};

/* a shell on its way */
struct session {
	struct run *r;
	struct shell_host host;
	struct cli_settings before;
	struct sh *sh;
	struct sigaction old;
};

static struct session *volatile current;	/* for the handler: one shell a process */

static void interrupt(int sig)
{
	int saved = errno;

	(void)sig;
	if (current && current->sh) {
		cli_interrupt(current->r->cli);
		sh_interrupt(current->sh);
	}
	errno = saved;
}

static void catch_interrupt(struct session *s)
{
	struct sigaction sa = { .sa_handler = interrupt };	/* waiting is to end: no SA_RESTART */

	sigaction(SIGINT, NULL, &s->old);
	current = s;
	if (s->old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &sa, NULL);
}

/*
 * What was said behind the command's name holds for all of the session; what the run has opened is
 * closed, for the commands within open their own.
 */
static int begin(struct session *s, struct run *r, const char *name)
{
	struct cli *cli = r->cli;

	s->r = r;
	session_release(r);
	cli_free(cli);
	s->before = cli->set;
	cli->set = r->set;
	shell_host_init(&s->host, cli);
	catch_interrupt(s);	/* before sh_new(), which looks who handles what */
	s->sh = sh_new(&s->host.calls, name);
	s->host.sh = s->sh;
	if (s->sh && cli->interrupted)
		sh_interrupt(s->sh);	/* the key was faster */
	if (s->sh) {
		sh_options(s->sh)->xtrace = run_flag(r, "trace");
		return VIRGO_OK;
	}
	return run_fail(r, VIRGO_FAILED, "out of memory");
}

static int end(struct session *s, int status)
{
	struct cli *cli = s->r->cli;
	int exiting;

	if (s->sh && sh_exiting(s->sh, &exiting))
		status = exiting;
	if (s->sh)
		status = sh_exit_trap(s->sh, status);
	sigaction(SIGINT, &s->old, NULL);
	current = NULL;
	shell_host_free(&s->host);
	cli->set = s->before;
	sh_free(s->sh);
	return status;
}

static int run_stdin(struct session *s)
{
	if (isatty(s->r->cli->in_fd))
		return shell_prompt(s->r->cli, s->sh);
	return sh_run_file(s->sh, "-");
}

static int shell(struct run *r)
{
	const char *text = run_opt(r, "command");
	struct session s = { 0 };
	int status;

	if (!text && r->argc)
		return run_usage(r, "unexpected argument \"%.100s\": virgo run FILE runs a file",
				 r->argv[0]);
	status = begin(&s, r, text && r->argc ? r->argv[0] : "virgo");
	if (!status && text) {
		if (r->argc > 1)
			sh_set_args(s.sh, r->argc - 1, r->argv + 1);
		status = sh_run_text(s.sh, "-c", text, strlen(text));
	} else if (!status) {
		status = run_stdin(&s);
	}
	return end(&s, status);
}

static int run(struct run *r)
{
	struct session s = { 0 };
	struct sh_options *opt;
	int status;

	status = begin(&s, r, r->argv[0]);
	if (!status) {
		opt = sh_options(s.sh);
		opt->errexit = true;
		opt->nounset = true;
		opt->pipefail = true;
		sh_set_args(s.sh, r->argc - 1, r->argv + 1);
		status = sh_run_file(s.sh, r->argv[0]);
	}
	return end(&s, status);
}

const struct cli_command commands_shell[] = {
	{ "shell", "[-c TEXT [NAME [ARG…]]]", "commands from a prompt, a text or standard input",
	  "The language is the POSIX shell's: variables, loops, functions, pipes, redirections. A\n"
	  "command is one of virgo without the word virgo, and connections stay open from one to\n"
	  "the next; !PROGRAM runs a program of this machine, and behind | its name is enough.\n"
	  "use SET picks the nodes for all that follows, output FORMAT the format.\n"
	  "The exit status is that of the last command.",
	  shell_options, 0, CLI_ANY, CLI_STOP_OPTIONS | CLI_VALUE | CLI_OWN_PROCESS, CLI_C_FILE,
	  NULL, shell },
	{ "run", "FILE [ARG…]", "run a script of the shell's language",
	  "FILE is - for standard input. The first error ends it: set -e, -u and pipefail are on,\n"
	  "and set +e, +u, +o pipefail turn them off. A file that begins with\n"
	  "#!/usr/bin/env -S virgo run is a program.",
	  run_options, 1, CLI_ANY, CLI_STOP_OPTIONS | CLI_VALUE | CLI_OWN_PROCESS, CLI_C_FILE,
	  NULL, run },
	{ 0 }
};
