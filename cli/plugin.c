// SPDX-License-Identifier: GPL-3.0-or-later
/* Programs and objects that lie beside virgo: "virgo foo" as virgo-foo, virgod, loaded parts. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

static const char *const plugin_dirs[] = { VIRGO_LIBDIR "/virgo/plugins", VIRGO_LIBDIR "/virgo" };

/* the directory of this very program, not of a link to it */
static int own_dir(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	if (n <= 0)
		return -1;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return -1;
	*slash = '\0';
	return 0;
}

static bool found(char *path, size_t size, const char *dir, const char *name)
{
	int n = snprintf(path, size, "%s/%s", dir, name);

	return n > 0 && (size_t)n < size && !access(path, R_OK);
}

int cli_beside(const char *name, char *path, size_t size)
{
	char dir[PATH_MAX], other[PATH_MAX + 16];
	size_t i;

	if (!own_dir(dir, sizeof(dir))) {
		snprintf(other, sizeof(other), "%s/../sbin", dir);
		if (found(path, size, dir, name) || found(path, size, other, name))
			return 0;
		snprintf(other, sizeof(other), "%s/../lib/virgo", dir);
		if (found(path, size, other, name))
			return 0;
	}
	for (i = 0; i < CLI_COUNT(plugin_dirs); i++)
		if (found(path, size, plugin_dirs[i], name))
			return 0;
	return -1;
}

/* a command's name may not lead out of the directories that are searched */
static bool plain_word(const char *word)
{
	return *word && strlen(word) < 64 &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(word);
}

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

/* path: run that, NULL: look for name */
static int spawn(struct cli *cli, const char *path, const char *name, const char *const *args,
		 pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *said[CLI_SAID] = { NULL }, at[PATH_MAX], **env;
	int error = ENOENT;
	size_t i;

	env = cli_environment(&cli->set, said);
	if (!env || posix_spawn_file_actions_init(&actions))
		goto free_env;
	posix_spawnattr_init(&attr);
	if (cli->pipe_is_quiet)
		as_from_outside(&attr, &actions);
	if (fileno(cli->data) > 2)
		posix_spawn_file_actions_adddup2(&actions, fileno(cli->data), 1);
	if (cli->in_fd > 0)
		posix_spawn_file_actions_adddup2(&actions, cli->in_fd, 0);
	if (path)
		error = posix_spawn(pid, path, &actions, &attr, (char *const *)args, env);
	for (i = 0; !path && error && i < CLI_COUNT(plugin_dirs); i++) {
		snprintf(at, sizeof(at), "%s/%s", plugin_dirs[i], name);
		error = posix_spawn(pid, at, &actions, &attr, (char *const *)args, env);
	}
	if (!path && error)
		error = posix_spawnp(pid, name, &actions, &attr, (char *const *)args, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
free_env:
	for (i = 0; i < CLI_SAID; i++)
		free(said[i]);
	free(env);
	return error;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return VIRGO_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cli_external(struct cli *cli, int argc, const char *const *argv)
{
	const char *args[CLI_EXTERNAL_ARGS + 1];
	char name[80];
	int n, error;
	pid_t pid;

	if (!plain_word(argv[0]) || argc >= CLI_EXTERNAL_ARGS)
		return -1;
	snprintf(name, sizeof(name), "virgo-%s", argv[0]);
	args[0] = name;
	for (n = 1; n < argc; n++)
		args[n] = argv[n];
	args[n] = NULL;
	fflush(cli->data);
	fflush(cli->diag);
	error = spawn(cli, NULL, name, args, &pid);
	if (error == ENOENT || error == ENOTDIR || error == EACCES)
		return -1;
	if (error) {
		fprintf(cli->diag, "virgo: can't run %s: %s\n", name, strerror(error));
		return VIRGO_FAILED;
	}
	return wait_for(pid);
}

bool cli_has_external(const char *word)
{
	const char *dirs = getenv("PATH"), *end;
	char path[PATH_MAX];
	size_t i;

	if (!plain_word(word))
		return false;
	for (i = 0; i < CLI_COUNT(plugin_dirs); i++) {
		snprintf(path, sizeof(path), "%s/virgo-%s", plugin_dirs[i], word);
		if (!access(path, X_OK))
			return true;
	}
	for (; dirs; dirs = *end ? end + 1 : NULL) {
		end = strchrnul(dirs, ':');
		snprintf(path, sizeof(path), "%.*s%svirgo-%s", (int)(end - dirs), dirs,
			 end == dirs ? "" : "/", word);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

int cli_again(struct cli *cli, int argc, const char *const *argv)
{
	const char *args[CLI_EXTERNAL_ARGS + 2];
	int n, error;
	pid_t pid;

	if (argc >= CLI_EXTERNAL_ARGS) {
		fprintf(cli->diag, "virgo: more than %d words\n", CLI_EXTERNAL_ARGS);
		return VIRGO_USAGE;
	}
	args[0] = "virgo";
	for (n = 0; n < argc; n++)
		args[n + 1] = argv[n];
	args[n + 1] = NULL;
	fflush(cli->data);
	fflush(cli->diag);
	error = spawn(cli, "/proc/self/exe", "virgo", args, &pid);
	if (!error)
		return wait_for(pid);
	fprintf(cli->diag, "virgo: can't run %s: %s\n", args[0], strerror(error));
	return VIRGO_FAILED;
}
