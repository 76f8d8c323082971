// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two texts compared by diff(1). They are handed over in memory, under /dev/fd; nothing is written to a
 * disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/exec.h"

/* a file without a name that a child inherits; -1 */
static int text_file(const char *text, size_t len)
{
	int fd = memfd_create("virgo-diff", 0);
	ssize_t n;

	while (fd >= 0 && len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		text += n;
		len -= (size_t)n;
	}
	return fd;
}

static int start_diff(const char *name, int fd, const char *name2, int fd2, int to, pid_t *pid)
{
	char path[32], path2[32];
	char *const argv[] = { "diff", "-a", "-u", "--label", (char *)name, "--label",
			       (char *)name2, path, path2, NULL };
	posix_spawn_file_actions_t actions;
	int error;

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	snprintf(path2, sizeof(path2), "/dev/fd/%d", fd2);
	if (posix_spawn_file_actions_init(&actions))
		return -1;
	posix_spawn_file_actions_adddup2(&actions, to, 1);
	error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error ? -1 : 0;
}

static void copy_out(struct out *o, int fd)
{
	char piece[65536];
	ssize_t n;

	do {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			out_write(o, piece, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

int diff_texts(struct out *o, const char *name, const char *text, size_t len, const char *name2,
	       const char *text2, size_t len2)
{
	int fd = text_file(text, len), fd2 = text_file(text2, len2), way[2] = { -1, -1 };
	int status = -1, ret = -1;
	pid_t pid;

	if (fd < 0 || fd2 < 0 || pipe2(way, O_CLOEXEC))
		goto out;
	if (start_diff(name, fd, name2, fd2, way[1], &pid))
		goto out;
	close(way[1]);
	way[1] = -1;
	copy_out(o, way[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* 0: the same, 1: not the same */
	ret = WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0 : -1;
out:
	if (fd >= 0)
		close(fd);
	if (fd2 >= 0)
		close(fd2);
	if (way[0] >= 0)
		close(way[0]);
	if (way[1] >= 0)
		close(way[1]);
	return ret;
}
