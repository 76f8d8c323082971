/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history as a file: an entry a line; further lines of an entry begin with a tab, which is not
 * theirs. Knows no readline.
 */
#ifndef SHELL_PROMPT_HIST_H
#define SHELL_PROMPT_HIST_H

#include <stdbool.h>

enum hist_limit {
	HIST_ENTRIES = 5000,
	HIST_ENTRY_MAX = 64 << 10,	/* bytes: longer ones are not kept */
	HIST_FILE_MAX = 8 << 20,	/* the oldest go first */
};

/* may this be kept: does it begin with no blank and hold nothing that looks like a secret? */
bool hist_keeps(const char *entry);
/* $XDG_STATE_HOME/virgo/history, its directory made: malloc'd; NULL: there is none to be had */
char *hist_path(const char *state_home, const char *home);
/* every entry of the file, the oldest first. A file that is not ours alone is not read. */
void hist_load(const char *path, void (*entry)(void *arg, const char *text), void *arg);
/*
 * Put an entry at the end; an older one that is the same goes, and the oldest when there are too
 * many. Other shells may do the same at the same time. A failure leaves the file as it was.
 */
int hist_add(const char *path, const char *entry);

#endif
