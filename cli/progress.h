/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line on a terminal that says how far work on many nodes has come. Silent everywhere else. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"

struct progress {
	FILE *to;		/* NULL: not wanted */
	bool shown;
	int64_t start_ms, drawn_ms;
};

/* at once: what may take long says so from the beginning, what a node answers from memory need not */
void progress_start(struct progress *p, struct run *r, size_t total, bool at_once);
/* so many of total are done, so many of these failed: drawn after a while, and not too often */
void progress_show(struct progress *p, size_t done, size_t failed, size_t total);
/* take the line away: before anything else is written, and at the end */
void progress_clear(struct progress *p);

#endif
