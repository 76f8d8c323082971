/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What names of logs tell: patterns, and which files are one log, rotated. */
#ifndef VIRGO_AN_NAMES_H
#define VIRGO_AN_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "analytics.h"

/* A file that one of the names given means. */
struct an_path {
	char *path;		/* the list's */
	size_t given;		/* index of that name */
	bool extra;		/* nobody named it: an older part of a log that was named */
};

struct an_paths {
	struct an_path *v;
	size_t n, room;
};

/*
 * Replaces patterns by the files there are, drops what is there twice, and puts the parts of a
 * rotated log (kern.log, kern.log.1, kern.log.2.gz; kern.log-20251103) in order of time, oldest
 * first, at the place of the first of them. Returns an an_status; an_paths_free() in any case.
 */
int an_paths_expand(struct an_paths *paths, const char *const *names, size_t n,
		    struct an_error *err);

/* Adds @path unless it is there already; false when out of memory. */
bool an_paths_add(struct an_paths *paths, const char *path, size_t given, bool extra);

/* Puts the parts of rotated logs together and in order; drops a packed part whose origin is there. */
bool an_paths_order(struct an_paths *paths);

/* Adds the parts of @path's log that lie beside it, as extra ones. */
bool an_paths_siblings(struct an_paths *paths, const char *path, size_t given);

/* Whether two paths are parts of one log. */
bool an_same_log(const char *a, const char *b);

/* Neither standard input nor the journal. */
bool an_is_file(const char *name);

void an_paths_free(struct an_paths *paths);

#endif
