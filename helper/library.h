/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The libraries that functions are in: NAME.so in the functions' directory, if exec_allow says so.
 */
#ifndef HELPER_LIBRARY_H
#define HELPER_LIBRARY_H

#include "helper/fault.h"
#include "helper/helper.h"
#include "helper/proto.h"

struct libraries {
	unsigned int n;
	int fds[LIBRARIES_MAX];		/* O_PATH */
	char names[LIBRARIES_MAX][LIBRARY_NAME + 1];
};

/* All that are allowed, by name; none is no error. */
void libraries_all(const struct strings *allow, struct libraries *l);

/*
 * Those that a function of this name ("library:function" or "function") may be in. *function is
 * what stands behind the colon. 0, or -1 and *f.
 */
int libraries_find(const struct strings *allow, const char *name, struct libraries *l,
		   const char **function, struct fault *f);

/* 1 to LIBRARY_NAME letters, digits, '_', '-' and '.', not beginning with '.' or '-' */
int library_name_ok(const char *name, size_t n);

#endif
