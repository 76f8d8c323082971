// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See cgroup.h. Must never touch a group it did not make, nor move a process: a child is born where
 * it belongs, which costs nothing, while moving one waits for every processor.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/helper.h"

#define MOUNT	"/sys/fs/cgroup"
#define PREFIX	"virgo.helper."

static int parent_fd = -1, base_fd = -1;
static char base_name[40];
static unsigned int made;		/* groups 0 to made - 1 are there */
static unsigned int nr_free;
static unsigned short idle[RUNS_MAX];

/* The file system's type is asked of an open directory: no name is looked up twice. */
static int open_group(const char *path)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && (fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The group that we are in ourselves. */
static int open_own(void)
{
	char line[PATH_MAX + 8], path[2 * PATH_MAX];
	FILE *f = fopen("/proc/self/cgroup", "re");
	int fd = -1;

	while (f && fd < 0 && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(path, sizeof(path), MOUNT "%s", line + 3);
		fd = open_group(path);
		break;
	}
	if (f)
		fclose(f);
	return fd;
}

static int put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Groups of runs that are empty, and the directory around them if all were. */
static void remove_base(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (!strncmp(d->d_name, "run-", 4))
			unlinkat(dirfd(dir), d->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* A helper that was killed could not clean up. */
static void remove_stale(int parent)
{
	int fd = dup(parent);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;
	int pid;

	while (dir && (d = readdir(dir))) {
		if (strncmp(d->d_name, PREFIX, sizeof(PREFIX) - 1))
			continue;
		pid = atoi(d->d_name + sizeof(PREFIX) - 1);
		if (pid > 0 && pid != getpid() && kill(pid, 0) && errno == ESRCH)
			remove_base(parent, d->d_name);
	}
	if (dir)
		closedir(dir);
}

int cgroup_open(const char *dir)
{
	if (dir && !strcmp(dir, "none"))
		return 0;
	parent_fd = dir ? open_group(dir) : open_own();
	if (parent_fd < 0)
		return 0;
	remove_stale(parent_fd);
	snprintf(base_name, sizeof(base_name), PREFIX "%d", getpid());
	if (mkdirat(parent_fd, base_name, 0755) && errno != EEXIST)
		return 0;
	base_fd = openat(parent_fd, base_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base_fd < 0)
		return 0;
	/* where the number of processes cannot be limited here, RLIMIT_NPROC does it */
	put(parent_fd, "cgroup.subtree_control", "+pids");
	put(base_fd, "cgroup.subtree_control", "+pids");
	return 1;
}

void cgroup_close(void)
{
	if (base_fd >= 0)
		remove_base(parent_fd, base_name);
	base_fd = -1;
}

int cgroup_fd(void)
{
	return base_fd;
}

static void name_of(char *name, size_t n, int group)
{
	snprintf(name, n, "run-%d", group);
}

int cgroup_take(void)
{
	char name[16];

	if (base_fd < 0)
		return -1;
	if (nr_free)
		return idle[--nr_free];
	if (made == RUNS_MAX)
		return -1;
	name_of(name, sizeof(name), made);
	if (mkdirat(base_fd, name, 0755) && errno != EEXIST)
		return -1;
	return made++;
}

void cgroup_give(int group)
{
	if (group >= 0)
		idle[nr_free++] = group;
}

int cgroup_enter(int group, unsigned int processes, bool *limits)
{
	char name[16], limit[16] = "max";
	int dir;

	*limits = false;
	if (group < 0)
		return -1;
	name_of(name, sizeof(name), group);
	dir = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	if (processes)
		snprintf(limit, sizeof(limit), "%u", processes);
	/* a group is used again and again: "max" undoes what the run before had */
	*limits = !put(dir, "pids.max", limit) && processes;
	return dir;
}

pid_t cgroup_fork(int dir)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = dir,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	/*
	 * not let in, not a group for processes, a kernel or a sandbox without: all the same to us
	 */
	if (pid < 0 && errno != EAGAIN && errno != ENOMEM)
		errno = ENOSYS;
	return pid;
}

int cgroup_kill(int dir)
{
	return put(dir, "cgroup.kill", "1");
}
