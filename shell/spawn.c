// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Processes: children that go on with the tree, programs of this machine, and waiting for both. A
 * child never returns into what its parent was doing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/int.h"

/* no signal may come to a child before it has forgotten those of its parent */
pid_t sh_fork(struct sh *sh)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	fflush(stdout);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	error = errno;
	if (!pid)
		sh_traps_forked(sh);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		sh_say(sh, "no new process: %s", strerror(error));
	if (pid)
		return pid;
	sh->opt.interactive = false;
	sh->piped = false;
	signal(SIGPIPE, SIG_DFL);
	if (sh->host->forked)
		sh->host->forked(sh->host->arg);
	return 0;
}

void sh_child_exit(struct sh *sh, int status)
{
	if (sh->flow >= SH_ABORT)
		status = sh->ending;
	status = sh_exit_trap(sh, status);
	fflush(stdout);
	_exit(status & 255);
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

bool sh_find_program(struct sh *sh, const char *word, char *path, size_t size)
{
	const char *dirs = sh_get(sh, "PATH"), *end;
	char own[PATH_MAX];
	int n;

	if (!path) {
		path = own;
		size = sizeof(own);
	}
	if (strchr(word, '/')) {
		n = snprintf(path, size, "%s", word);
		return n > 0 && (size_t)n < size && is_program(path);
	}
	for (; *word && dirs; dirs = *end ? end + 1 : NULL) {
		end = strchrnul(dirs, ':');
		n = snprintf(path, size, "%.*s%s%s", (int)(end - dirs), dirs,
			     end == dirs ? "" : "/", word);
		if (n > 0 && (size_t)n < size && is_program(path))
			return true;
	}
	return false;
}

/* what we ignore or catch for ourselves is as it should be in a program */
static void default_signals(struct sh *sh, posix_spawnattr_t *attr)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	for (sig = 1; sig < SH_SIGNALS; sig++)
		if (sh->traps[sig] && *sh->traps[sig])
			sigaddset(&set, sig);
	posix_spawnattr_setsigdefault(attr, &set);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int not_started(struct sh *sh, const char *word, int error)
{
	if (error == ENOENT || error == ENOTDIR) {
		sh_say(sh, "no program \"%.200s\" on this machine", word);
		return SH_ST_NOT_FOUND;
	}
	sh_say(sh, "can't run %.200s: %s", word, strerror(error));
	return SH_ST_NOT_RUN;
}

pid_t sh_spawn(struct sh *sh, const char *const *argv, int *status)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error;
	pid_t pid = -1;

	fflush(stdout);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&actions);
	default_signals(sh, &attr);
	/* the host's connections are not a program's business */
	posix_spawn_file_actions_addclosefrom_np(&actions, SH_FDS);
	error = posix_spawnp(&pid, argv[0], &actions, &attr, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (!error)
		return pid;
	*status = not_started(sh, argv[0], error);
	return -1;
}

/* is ours the group that the terminal sends its signals to? */
static bool in_foreground(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	bool is = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return is;
}

void sh_pass_interrupt(struct sh *sh, size_t n, const pid_t *pids)
{
	if (!sh_interrupted(sh) || in_foreground())
		return;
	while (n--)
		if (pids[n] > 0)
			kill(pids[n], SIGINT);
}

static int status_of(struct sh *sh, int how)
{
	int sig;

	if (WIFEXITED(how))
		return WEXITSTATUS(how);
	sig = WTERMSIG(how);
	if (sig != SIGINT && sig != SIGPIPE)
		sh_say(sh, "killed by signal %d, %s", sig, strsignal(sig));
	return SH_ST_SIGNAL + sig;
}

/* until the first of pids ends, or an interrupt comes, which they are told of once */
static void await_end(struct sh *sh, size_t n, const pid_t *pids, bool *told)
{
	int fd = (int)syscall(SYS_pidfd_open, pids[0], 0);

	while (fd >= 0 && !*told && sh_await(sh, fd, NULL, false) < 0) {
		if (!sh_interrupted(sh)) {
			/* what has a trap waits for the end of the command */
			if (sh_await(sh, fd, NULL, true) >= 0)
				break;
			continue;
		}
		sh_pass_interrupt(sh, n, pids);
		*told = true;
	}
	if (fd >= 0)
		close(fd);
}

void sh_wait_all(struct sh *sh, size_t n, const pid_t *pids, int *status)
{
	bool told = false;
	size_t i;
	int how;

	for (i = 0; i < n; i++) {
		if (pids[i] <= 0)
			continue;
		await_end(sh, n - i, pids + i, &told);
		do {
			how = 0;
		} while (waitpid(pids[i], &how, 0) < 0 && errno == EINTR);
		status[i] = status_of(sh, how);
	}
}

int sh_wait(struct sh *sh, pid_t pid)
{
	int status = SH_ST_ERROR;

	sh_wait_all(sh, 1, &pid, &status);
	return status;
}
