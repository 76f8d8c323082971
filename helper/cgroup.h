/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A control group a run, where this machine has version 2 of them and lets us make some: then the
 * number of a run's processes is limited exactly, and all of them are killed at once. Everything
 * works without.
 */
#ifndef HELPER_CGROUP_H
#define HELPER_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Below dir, or, if that is NULL, below our own group; "none": without. Says whether there are
 * groups.
 */
int cgroup_open(const char *dir);
/* What is left of it, and of helpers that were killed. */
void cgroup_close(void);

/* What a supervisor must not close. -1: there are no groups */
int cgroup_fd(void);

/*
 * A group that nobody is in, -1 without. Given back when its run has ended; it must be empty then.
 */
int cgroup_take(void);
void cgroup_give(int group);

/*
 * In the supervisor. The group's directory or -1. *limits: at most so many processes fit in; else
 * that is left to RLIMIT_NPROC.
 */
int cgroup_enter(int group, unsigned int processes, bool *limits);
/* fork(), the child being in the group from its beginning. -1 with errno; ENOSYS: do without. */
pid_t cgroup_fork(int dir);
/* Kill everybody in it: 0, or -1 where the kernel cannot. */
int cgroup_kill(int dir);

#endif
