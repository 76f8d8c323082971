/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every part of the helper may know: how it was started, and the limits of all there is. */
#ifndef HELPER_HELPER_H
#define HELPER_HELPER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

enum helper_limit {
	RUNS_MAX	= 4096,		/* at a time */
	RUN_FILES	= 4,		/* descriptors the helper keeps for a run */
	OTHER_FILES	= 64,		/* and for itself, and while it starts one */
	OUTPUT_MAX	= 1 << 20,	/* what output_max 0 means */
	STDIN_MAX	= 1 << 20,	/* bytes of a run that wait for it to read */
	STDIN_ALL_MAX	= 256 << 20,	/* the same of all runs */
	LIBRARIES_MAX	= 64,
	LIBRARY_NAME	= 64,		/* bytes of a library's or function's name */
	LISTING_MAX	= 256 << 10,	/* bytes of all functions' names and summaries */
	LIST_MS		= 5000,		/* for reading all libraries */
	START_S		= 30,		/* for looking up names before a program is started */
	LINGER_MS	= 5000,		/* a killed process that does not die is waited for */
	GOODBYE_MS	= 5000,		/* for all runs to end after BYE */
};

struct helper_config {
	const char *functions;	/* where libraries are */
	int self;		/* this program, O_PATH */
	int null;		/* /dev/null, for reading and writing */
	bool is_root;		/* runs change their user */
	char user[LOGIN_NAME_MAX], home[PATH_MAX];	/* one's own, where they do not */
	struct rlimit files;	/* as it was when the helper started */
	int nice;
};

extern struct helper_config config;

#endif
