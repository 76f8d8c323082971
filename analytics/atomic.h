/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files and directories that appear whole or not at all: prepare writes beside the target and
 * syncs, commit renames, abort leaves no trace. Nothing is ever written into the target itself.
 */
#ifndef VIRGO_AN_ATOMIC_H
#define VIRGO_AN_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>

#include "analytics.h"

#define AN_PATH_MAX	4096

/* A file about to be replaced. Zeroed is "nothing prepared". */
struct an_new_file {
	char path[AN_PATH_MAX];
	char temp[AN_PATH_MAX];		/* empty: nothing prepared */
	char dir[AN_PATH_MAX];
};

/* Writes @len bytes beside @path with @mode. Refuses a path that is not a regular file. */
int an_file_prepare(struct an_new_file *f, const char *path, const void *data, size_t len,
		    unsigned int mode, struct an_error *err);

/*
 * Puts the prepared file in its place. A file that was there with other bytes stays as PATH.1,
 * what was PATH.1 becomes PATH.2, up to @keep.
 */
int an_file_commit(struct an_new_file *f, unsigned int keep, struct an_error *err);
void an_file_abort(struct an_new_file *f);

/* A directory about to be replaced as a whole. */
struct an_new_dir {
	char path[AN_PATH_MAX];
	char temp[AN_PATH_MAX];		/* empty: nothing prepared */
	char dir[AN_PATH_MAX];		/* that holds path */
	const char *const *names;	/* the only files either may hold, NULL at the end */
	bool swapped;			/* temp now holds what path held before */
};

/*
 * Makes an empty directory beside @path, to be filled by the caller. When @path is there already it
 * may hold nothing but @names, so that no stranger's file can get lost.
 */
int an_dir_prepare(struct an_new_dir *d, const char *path, const char *const *names,
		   struct an_error *err);

/* Syncs the new files and exchanges the directories. */
int an_dir_commit(struct an_new_dir *d, struct an_error *err);

/* After a commit: the old directory comes back. Before: the new one goes. */
void an_dir_abort(struct an_new_dir *d);

/* After a commit, when all else went well too: removes what the old directory held. */
void an_dir_finish(struct an_new_dir *d);

#endif
