/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that becomes a program. */
#ifndef HELPER_SPAWN_H
#define HELPER_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "helper/helper.h"
#include "helper/user.h"
#include "uapi/virgo.h"

/*
 * What the new process, or the function in it, has to say to its supervisor, through a pipe. A
 * program's end of the pipe is closed by its start, which says that it has started.
 */
enum report_what {
	REPORT_FAILED	= 1,
	REPORT_STARTED	= 2,	/* a function is about to be called */
	REPORT_VALUE	= 3,	/* it has returned */
};

struct report {
	uint32_t what;
	uint32_t why;		/* FAILED: enum virgo_end_why */
	int32_t err;
	uint32_t reserved;
	int64_t value;
	char text[232];
};

/* Where a function's process finds its end of the pipe, and the libraries behind it */
enum { REPORT_FD = 3, LIBRARY_FD = 4 };

struct spawn {
	pid_t supervisor;
	char **argv, **envp;
	const char *cwd;
	mode_t umask;
	const struct virgo_run *limits;
	rlim_t processes;
	const struct user *user;
	int stdio[3];
	int program;
	int report;
	bool is_function;	/* libraries and report stay open over exec */
	const int *libraries;
	unsigned int nr_libraries;
};

/*
 * Called in the new process. What it does before exec are system calls only, nothing is allocated.
 */
void spawn(const struct spawn *s) __attribute__((noreturn));

#endif
