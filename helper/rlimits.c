// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See rlimits.h. Must never raise a limit above what the helper itself was given.
 *
 * Counting a user's processes is a walk through /proc: its result is kept for a moment, in memory
 * that all supervisors share. They write it without a lock: at worst somebody counts once more.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "helper/helper.h"
#include "helper/rlimits.h"

enum { KEPT_MS = 1000, USES_MAX = 8 };

struct count {
	atomic_ullong until_ms;
	atomic_uint uid, n, uses;
};

static struct count *shared;

void rlimits_open(void)
{
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	shared = p == MAP_FAILED ? NULL : p;
}

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* The threads of a process: a link each of its directory, beside the two that any has. */
static unsigned int threads(int proc, const char *pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "%.16s/task", pid);
	return fstatat(proc, path, &st, 0) || st.st_nlink < 3 ? 1 : st.st_nlink - 2;
}

/* A process that is not dumpable counts as root's here: what users have is what matters. */
static unsigned int count_processes(uid_t uid)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	unsigned int n = 0;
	struct stat st;

	if (!dir)
		return 0;
	while ((d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]) &&
		    !fstatat(dirfd(dir), d->d_name, &st, 0) && st.st_uid == uid)
			n += threads(dirfd(dir), d->d_name);
	closedir(dir);
	return n;
}

rlim_t rlimits_processes(uid_t uid, unsigned int processes)
{
	unsigned int n;

	if (!processes)
		return RLIM_INFINITY;
	if (shared && shared->uid == uid && shared->until_ms > now_ms() &&
	    shared->uses++ < USES_MAX)
		return shared->n + (rlim_t)processes * RLIMITS_SHARE;
	n = count_processes(uid);
	if (shared) {
		shared->until_ms = 0;
		shared->n = n;
		shared->uid = uid;
		shared->uses = 0;
		shared->until_ms = now_ms() + KEPT_MS;
	}
	return n + (rlim_t)processes * RLIMITS_SHARE;
}

static int apply(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit r;

	if (getrlimit(what, &r))
		return -1;
	if (hard < r.rlim_max)
		r.rlim_max = hard;
	r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max;
	return setrlimit(what, &r);
}

int rlimits_apply(const struct virgo_run *run)
{
	/* first SIGXCPU, then SIGKILL */
	if (run->cpu_s && apply(RLIMIT_CPU, run->cpu_s, run->cpu_s + (run->cpu_s < RLIM_INFINITY)))
		return -1;
	if (run->memory && apply(RLIMIT_AS, run->memory, run->memory))
		return -1;
	if (run->file_size && apply(RLIMIT_FSIZE, run->file_size, run->file_size))
		return -1;
	if (run->files)
		return apply(RLIMIT_NOFILE, run->files, run->files);
	return apply(RLIMIT_NOFILE, config.files.rlim_cur, config.files.rlim_max);
}

int rlimits_apply_processes(rlim_t processes)
{
	return processes == RLIM_INFINITY ? 0 : apply(RLIMIT_NPROC, processes, processes);
}
