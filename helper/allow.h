/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exec_allow: what may be run. An entry is the path of a file, or, with a slash at its end, of a
 * directory.
 *
 * A name is allowed by an entry if both hold:
 *  - the name is the entry's: its directory, resolved, is the entry's directory and the last part
 *    is the same; or, for an entry that is a directory, lies in or below that directory. (So /bin/sh
 *    is not allowed by /bin/true where both lead to one busybox, which looks at its name.)
 *  - the file that was opened is the entry's: the same inode by the same real path; or its real
 *    path lies below the entry's.
 * What is judged is the open descriptor, and what is run is that descriptor: names are not looked
 * up twice.
 */
#ifndef HELPER_ALLOW_H
#define HELPER_ALLOW_H

#include "helper/fault.h"
#include "helper/proto.h"

enum allow_need {
	ALLOW_PROGRAM,		/* executable */
	ALLOW_LIBRARY,
};

/*
 * Open name (an absolute path; a program may also be a bare name, looked for in the entries in
 * their order) with O_PATH, if the list allows it. A descriptor that is closed on exec, or -1 and
 * *f: NOT_FOUND, NOT_ALLOWED (also for names that are not on the list and not there), FAILED.
 */
int allow_open(const struct strings *list, const char *name, enum allow_need need, struct fault *f);

#endif
