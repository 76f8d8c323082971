/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limits of a run, for the process that becomes it. */
#ifndef HELPER_RLIMITS_H
#define HELPER_RLIMITS_H

#include <sys/resource.h>
#include <sys/types.h>

#include "uapi/virgo.h"

/*
 * What RLIMIT_NPROC should be for a run that may have so many processes. It counts those of a user,
 * on the whole machine and in all runs, so it can only be a bound: what the user has now, and
 * RLIMITS_SHARE times the number, lest runs take each other's places. (A control group does it
 * exactly.) Reads /proc.
 */
enum { RLIMITS_SHARE = 8 };
rlim_t rlimits_processes(uid_t uid, unsigned int processes);

/* The first before the change of user, the second after it. 0, or -1 and errno. */
int rlimits_apply(const struct virgo_run *run);
int rlimits_apply_processes(rlim_t processes);

/* Prepare what processes of one helper share: called once. */
void rlimits_open(void);

#endif
