// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the prompt of the shell wants to know: commands from the table, nodes from the
 * configuration, all else from a child process, so that no node ever holds up a key press.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/session.h"
#include "cli/shell-ask.h"
#include "plugins/virgo_plugin.h"
#include "shell/shell.h"

bool shell_knows(struct cli *cli, const char *word)
{
	(void)cli;
	return cli_knows(word);
}

/* of plugins that are loaded, and of the one whose name the word has begun with */
static void plugin_functions(const char *word, FILE *to)
{
	const struct virgo_plugin_function *f;
	struct virgo_error err;
	size_t i;

	if (strchr(word, '_'))
		cli_plugin_function(word, &err);
	for (i = 0; (f = cli_plugin_function_at(i)); i++)
		fprintf(to, "%s\t%s\n", f->name, f->summary);
}

void shell_candidates(struct cli *cli, const char *const *words, size_t n, FILE *to)
{
	if (n == 1)
		plugin_functions(words[0], to);
	if (n < INT_MAX)
		cli_complete(cli, to, CLI_COMPLETE_ANY | CLI_COMPLETE_LOCAL, (int)n, words);
}

/* --- usage ------------------------------------------------------------------------------------ */

/* the option that waits for its value: what it is */
static bool usage_option(const struct cli_option *own, const char *word, FILE *to)
{
	const struct cli_option *tables[] = { own, cli_globals }, *opt;
	size_t i;

	for (i = 0; i < CLI_COUNT(tables); i++) {
		for (opt = tables[i]; opt && opt->name; opt++) {
			if (!opt->arg || (strcmp(word + 2, opt->name) &&
					  (word[1] != opt->letter || word[2])))
				continue;
			fprintf(to, "--%s %s: %s", opt->name, opt->arg, opt->help);
			return true;
		}
	}
	return false;
}

static void usage_group(const char *group, FILE *to)
{
	const struct cli_command *cmd;
	size_t i, len = strlen(group);
	const char *lead = " ";

	fprintf(to, "usage: %s", group);
	for (i = 0; (cmd = cli_at(i, NULL)); i++) {
		if (strncmp(cmd->name, group, len) || cmd->name[len] != ' ')
			continue;
		fprintf(to, "%s%s", lead, cmd->name + len + 1);
		lead = "|";
	}
	fputs(" …", to);
}

static void usage_word(const char *word, FILE *to)
{
	const struct virgo_plugin_function *f;
	const struct sh_word_help *help;
	struct virgo_error err;
	size_t i;

	for (i = 0; (help = sh_builtin_at(i)); i++) {
		if (!strcmp(help->name, word)) {
			fprintf(to, "usage: %s", help->usage);
			return;
		}
	}
	f = strchr(word, '_') ? cli_plugin_function(word, &err) : NULL;
	if (f)
		fprintf(to, "%s: %s", f->name, f->summary);
}

void shell_usage(struct cli *cli, const char *const *words, size_t n, FILE *to)
{
	const struct cli_command *cmd;
	struct virgo_error err;
	int used;

	(void)cli;
	if (!n || n > INT_MAX)
		return;
	cli_plugin_load(words[0], &err);
	cmd = cli_find((int)n, words, &used);
	if (cmd && (int)n > used && words[n - 1][0] == '-' && words[n - 1][1] &&
	    usage_option(cmd->options, words[n - 1], to))
		return;
	if (cmd)
		fprintf(to, "usage: %s%s%s%s", cmd->name, cmd->options ? " [OPTION…]" : "",
			*cmd->args ? " " : "", cmd->args);
	else if (cli_is_group(words[0]))
		usage_group(words[0], to);
	else
		usage_word(words[0], to);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static char *folded(const struct virgo_nodeset *set)
{
	size_t n = virgo_nodeset_count(set), i;
	const char **names = calloc(n + 1, sizeof(*names));
	char *text;

	for (i = 0; names && i < n; i++)
		names[i] = virgo_nodeset_name(set, i);
	text = names ? virgo_nodeset_fold(names, n) : NULL;
	free(names);
	return text;
}

size_t shell_nodes(struct cli *cli, char *name, size_t size)
{
	struct run r = { .cli = cli, .name = "", .set = cli->set };
	struct virgo_nodeset *set;
	struct virgo_error err;
	char *text = NULL;
	size_t n = 0;

	*name = '\0';
	if (session_conf(&r, &err))
		return 0;
	if (!virgo_conf_nodes(r.conf, &set, &err)) {
		n = virgo_nodeset_count(set);
		text = cli->set.nodes ? NULL : folded(set);
		snprintf(name, size, "%s", text ? text : cli->set.nodes ? cli->set.nodes : "?");
		free(text);
		virgo_nodeset_free(set);
	}
	session_release(&r);
	return n;
}

/* --- children --------------------------------------------------------------------------------- */

/* out of the terminal's reach: Ctrl-C and Ctrl-Z are not meant for it */
static int spawn(const char *const *argv, char **env, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int error;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(pid, "/proc/self/exe", &actions, &attr, (char *const *)argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return error;
}

int shell_ask(struct cli *cli, enum prompt_question what, const char *const *words, size_t n,
	      pid_t *pid, int *fd)
{
	const char **argv = calloc(n + 3, sizeof(*argv));
	char *said[CLI_SAID] = { NULL }, **env;
	int fds[2], ret = -1;
	size_t i;

	env = cli_environment(&cli->set, said);
	if (!argv || !env || pipe2(fds, O_CLOEXEC))
		goto free_all;
	argv[0] = "virgo";
	argv[1] = what == PROMPT_HEALTH ? "--health" : "--candidates";
	for (i = 0; i < n; i++)
		argv[i + 2] = words[i];
	ret = spawn(argv, env, fds[1], pid) ? -1 : 0;
	close(fds[1]);
	if (ret)
		close(fds[0]);
	else
		*fd = fds[0];
free_all:
	for (i = 0; i < CLI_SAID; i++)
		free(said[i]);
	free(env);
	free(argv);
	return ret;
}
