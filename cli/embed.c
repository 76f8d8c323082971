// SPDX-License-Identifier: GPL-3.0-or-later
/* The directory and the processes of embedded nodes. Signals only what it can prove it started. */
#include "cli/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* a directory, ours, closed to others, not a link */
static bool is_safe(const char *dir)
{
	struct stat st;

	return !lstat(dir, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 077);
}

int embed_open(struct run *r, struct embed *e, bool create)
{
	char path[PATH_MAX];
	struct stat st;

	e->lock = -1;
	if (virgo_runtime_dir(e->dir, sizeof(e->dir)))
		return run_fail(r, VIRGO_FAILED, "XDG_RUNTIME_DIR is too long");
	if (create && mkdir(e->dir, 0700) && errno != EEXIST)
		return run_fail(r, run_errno(errno), "can't make %s: %s", e->dir, strerror(errno));
	if (!create && access(e->dir, F_OK))
		return -1;
	if (!is_safe(e->dir)) {
		run_hint(r, "set XDG_RUNTIME_DIR to a directory of your own");
		return run_fail(r, VIRGO_NOT_ALLOWED,
				"%s is not a directory that only you can enter", e->dir);
	}
	embed_path(e, 0, "lock", path);
	e->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (e->lock < 0)
		return run_fail(r, run_errno(errno), "can't open %s: %s", path, strerror(errno));
	if (flock(e->lock, LOCK_EX | LOCK_NB)) {
		embed_close(e);
		return run_fail(r, VIRGO_FAILED, "another virgo up or down is at work in %s",
				e->dir);
	}
	/* whoever had the lock may have removed the directory with it: this is another one's now */
	if (fstat(e->lock, &st) || !st.st_nlink) {
		embed_close(e);
		return embed_open(r, e, create);
	}
	return VIRGO_OK;
}

void embed_close(struct embed *e)
{
	if (e->lock >= 0)
		close(e->lock);
	e->lock = -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) && errno != ENOENT;
}

int embed_remove(struct run *r, struct embed *e)
{
	if (nftw(e->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT))
		return run_fail(r, VIRGO_FAILED, "can't remove %s: %s", e->dir, strerror(errno));
	return VIRGO_OK;
}

void embed_path(const struct embed *e, unsigned int n, const char *name, char path[PATH_MAX])
{
	if (n)
		snprintf(path, PATH_MAX, "%s/node%u%s%s", e->dir, n, *name ? "/" : "", name);
	else
		snprintf(path, PATH_MAX, "%s/%s", e->dir, name);
}

bool embed_has(const struct embed *e, unsigned int n, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	embed_path(e, n, name, path);
	return !lstat(path, &st);
}

int embed_running_file(const char *name, char path[PATH_MAX])
{
	struct embed e;

	if (virgo_runtime_dir(e.dir, sizeof(e.dir)) || !is_safe(e.dir) ||
	    !embed_has(&e, 0, "client.conf"))
		return -1;
	embed_path(&e, 0, name, path);
	return 0;
}

int embed_write(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd, ret, saved;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	ret = write(fd, text, len) == (ssize_t)len ? 0 : -1;
	saved = errno;
	if (close(fd) && !ret)
		return -1;
	errno = saved;
	return ret;
}

/* when a process started, in clock ticks since boot: with the pid it names one process for good */
static unsigned long long start_time(pid_t pid)
{
	char path[64], text[1024], *p;
	unsigned long long ticks = 0;
	ssize_t n;
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	p = strrchr(text, ')');		/* the name may hold anything */
	for (i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	if (p)
		ticks = strtoull(p, NULL, 10);
	return ticks;
}

static int spawn(const char *virgod, char *const argv[], const char *log, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	sigemptyset(&none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
				 POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);	/* a shell's connections */
	error = posix_spawn(pid, virgod, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

int embed_start(const struct embed *e, const char *virgod, unsigned int n, pid_t *pid,
		char why[CLI_WHY_MAX])
{
	char conf[PATH_MAX], log[PATH_MAX], path[PATH_MAX], id[16], listen[32], text[64];
	char *const argv[] = { (char *)virgod, "--node-id", id, "--listen", listen, "--config",
			       conf, NULL };
	int error;

	embed_path(e, n, "virgo_cloud.conf", conf);
	embed_path(e, n, "log", log);
	embed_path(e, n, "pid", path);
	snprintf(id, sizeof(id), "%u", n);
	snprintf(listen, sizeof(listen), "127.0.0.%u", n);
	error = spawn(virgod, argv, log, pid);
	if (error) {
		snprintf(why, CLI_WHY_MAX, "can't start %.300s: %s", virgod, strerror(error));
		return -1;
	}
	snprintf(text, sizeof(text), "%d %llu\n", (int)*pid, start_time(*pid));
	if (!embed_write(path, text))
		return 0;
	snprintf(why, CLI_WHY_MAX, "can't write %.300s: %s", path, strerror(errno));
	kill(*pid, SIGKILL);
	return -1;
}

void embed_last_words(const struct embed *e, unsigned int n, char *line, size_t size)
{
	char path[PATH_MAX], tail[1024], *p;
	ssize_t len = 0;
	off_t end;
	int fd;

	*line = '\0';
	embed_path(e, n, "log", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	if (end > 0)
		len = pread(fd, tail, sizeof(tail) - 1, end > 1023 ? end - 1023 : 0);
	close(fd);
	while (len > 0 && (tail[len - 1] == '\n' || tail[len - 1] == '\r'))
		len--;
	tail[len > 0 ? len : 0] = '\0';
	p = strrchr(tail, '\n');
	snprintf(line, size, "%s", p ? p + 1 : tail);
}

pid_t embed_pid(const struct embed *e, unsigned int n)
{
	unsigned long long started;
	char path[PATH_MAX];
	FILE *file;
	int pid, got;

	embed_path(e, n, "pid", path);
	file = fopen(path, "re");
	if (!file)
		return 0;
	got = fscanf(file, "%d %llu", &pid, &started);
	fclose(file);
	if (got != 2 || pid <= 1 || !started || start_time(pid) != started)
		return 0;
	return pid;
}

void embed_reap(pid_t pid)
{
	struct pollfd gone = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };

	if (gone.fd < 0 || poll(&gone, 1, EMBED_STOP_MS) <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (gone.fd >= 0)
		close(gone.fd);
}

int embed_stop(const struct embed *e, unsigned int n)
{
	struct pollfd gone = { .events = POLLIN };
	pid_t pid = embed_pid(e, n);
	int ret = -1;

	if (!pid)
		return 0;
	gone.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (gone.fd < 0)
		return errno == ESRCH ? 0 : -1;
	/* between the two looks the number could have become another's: the descriptor can't */
	if (embed_pid(e, n) == pid) {
		syscall(SYS_pidfd_send_signal, gone.fd, SIGTERM, NULL, 0);
		if (poll(&gone, 1, EMBED_STOP_MS) > 0) {
			ret = 1;
		} else {
			syscall(SYS_pidfd_send_signal, gone.fd, SIGKILL, NULL, 0);
			poll(&gone, 1, EMBED_STOP_MS);
		}
	}
	close(gone.fd);
	return ret;
}
