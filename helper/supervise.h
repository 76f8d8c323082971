/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor: a process for each run, between the helper and the program. It looks up what is
 * to be run, starts it, waits for it and all of its descendants, ends them when time is up, when it
 * is told to, when the program has ended and when the helper is gone. Killing it or the helper
 * kills the run.
 */
#ifndef HELPER_SUPERVISE_H
#define HELPER_SUPERVISE_H

#include <stdbool.h>

#include "helper/proto.h"

enum supervise_what {
	SUPERVISE_KILL		= 1,	/* to the supervisor: kill */
	SUPERVISE_FORKING	= 2,	/* from it: from here on something may have run */
	SUPERVISE_STARTED	= 3,	/* from it: pid */
	SUPERVISE_ENDED		= 4,	/* from it: ended, text; its last */
};

/* one message of the socket pair between helper and supervisor */
struct supervise_msg {
	uint32_t what;
	int32_t pid;
	struct virgo_kill kill;
	struct virgo_ended ended;	/* without the numbers of bytes */
	char text[256];
};

struct supervision {
	const struct request *request;
	bool is_list;			/* read libraries, not run something */
	int control;
	int stdio[3];
	int group;			/* cgroup_take()'s */
	pid_t helper;
};

/*
 * Called in the new process, which never comes back. Of the helper's memory it uses what it was
 * given and the configuration.
 */
void supervise(const struct supervision *s) __attribute__((noreturn));

#endif
