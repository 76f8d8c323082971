// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * "virgo foo" as virgo-foo: a program of the plugin directories or of PATH, in any language. One in a
 * plugin directory that somebody else can write to is refused. And this very program once more, for
 * commands that want a process of their own.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/plugin.h"

/* our environment, with what was said by options in place of the variables of the same meaning */
char **cli_environment(const struct cli_settings *set, char *said[CLI_SAID])
{
	const char *const names[] = { "VIRGO_CONFIG=", "VIRGO_NODES=", "VIRGO_OUTPUT=" };
	const char *const values[] = { set->config, set->nodes, set->output };
	size_t n = 0, i, k;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + CLI_SAID + 1, sizeof(*env));
	for (i = 0, n = 0; env && environ[i]; i++) {
		for (k = 0; k < CLI_SAID; k++)
			if (values[k] && !strncmp(environ[i], names[k], strlen(names[k])))
				break;
		if (k == CLI_SAID)
			env[n++] = environ[i];
	}
	for (k = 0; k < CLI_SAID; k++)
		if (values[k] && asprintf(&said[k], "%s%s", names[k], values[k]) < 0)
			said[k] = NULL;
	for (k = 0; env && k < CLI_SAID; k++)
		if (said[k])
			env[n++] = said[k];
	return env;
}

/* a shell's connections and its deafness to SIGPIPE are its own */
static void as_from_outside(posix_spawnattr_t *attr, posix_spawn_file_actions_t *actions)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(attr, &set);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_addclosefrom_np(actions, 10);
}

static int spawn(struct cli *cli, const char *path, const char *const *args, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *said[CLI_SAID] = { NULL }, **env;
	int error = ENOMEM;
	size_t i;

	env = cli_environment(&cli->set, said);
	if (!env || posix_spawn_file_actions_init(&actions))
		goto free_env;
	posix_spawnattr_init(&attr);
	if (fileno(cli->data) > 2)
		posix_spawn_file_actions_adddup2(&actions, fileno(cli->data), 1);
	if (cli->in_fd > 0)
		posix_spawn_file_actions_adddup2(&actions, cli->in_fd, 0);
	if (cli->pipe_is_quiet)
		as_from_outside(&attr, &actions);
	error = posix_spawn(pid, path, &actions, &attr, (char *const *)args, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
free_env:
	for (i = 0; i < CLI_SAID; i++)
		free(said[i]);
	free(env);
	return error;
}

/* args[0] is what it is called */
static int run_and_wait(struct cli *cli, const char *path, const char *const *args)
{
	int error, status;
	pid_t pid;

	fflush(cli->data);
	fflush(cli->diag);
	error = spawn(cli, path, args, &pid);
	if (error) {
		fprintf(cli->diag, "virgo: can't run %s: %s\n", path, strerror(error));
		return VIRGO_FAILED;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return VIRGO_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* what lies in a plugin directory is judged as a plugin is; PATH is the user's own affair */
static bool may_run(struct cli *cli, const char *word, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct virgo_error err;
	char dir[PATH_MAX];
	size_t i;

	for (i = 0; plugin_dir_at(i, dir); i++) {
		if (!*dir || strncmp(dir, path, (size_t)(slash - path)) || dir[slash - path])
			continue;
		if (plugin_trusted(path, &err))
			return true;
		fprintf(cli->diag, "virgo: %s: %s\nhint: %s\n", word, err.message, err.hint);
		return false;
	}
	return true;
}

static int too_many(const struct cli *cli)
{
	fprintf(cli->diag, "virgo: more than %d words\n", CLI_EXTERNAL_ARGS);
	return VIRGO_USAGE;
}

int cli_external(struct cli *cli, int argc, const char *const *argv)
{
	const char *args[CLI_EXTERNAL_ARGS + 1];
	char name[CLI_NAME_MAX + 8], path[PATH_MAX];
	int n;

	if (!plugin_find(argv[0], false, path))
		return -1;
	if (argc >= CLI_EXTERNAL_ARGS)
		return too_many(cli);
	if (!may_run(cli, argv[0], path))
		return VIRGO_NOT_ALLOWED;
	snprintf(name, sizeof(name), "virgo-%s", argv[0]);
	args[0] = name;
	for (n = 1; n < argc; n++)
		args[n] = argv[n];
	args[n] = NULL;
	return run_and_wait(cli, path, args);
}

int cli_again(struct cli *cli, int argc, const char *const *argv)
{
	const char *args[CLI_EXTERNAL_ARGS + 2];
	int n;

	if (argc >= CLI_EXTERNAL_ARGS)
		return too_many(cli);
	args[0] = "virgo";
	for (n = 0; n < argc; n++)
		args[n + 1] = argv[n];
	args[n + 1] = NULL;
	return run_and_wait(cli, "/proc/self/exe", args);
}
