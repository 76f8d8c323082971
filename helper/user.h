/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a run is: names looked up, and the one-way change of a process to that user. */
#ifndef HELPER_USER_H
#define HELPER_USER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "helper/fault.h"

struct user {
	bool change;		/* else: stay who we are, and the numbers mean nothing */
	uid_t uid;
	gid_t gid;
	gid_t *groups;		/* on the heap */
	int n;
	char name[LOGIN_NAME_MAX], home[PATH_MAX];
};

/*
 * Names or numbers; group "": that user's. Where the helper is not root both are ignored: a run is
 * the helper's user. Never falls back to root: user 0 is only who is called "root". May take long
 * (name services). 0, or -1 and *f.
 */
int user_find(const char *name, const char *group, struct user *u, struct fault *f);
/* Whom nobody is harmed by, for reading libraries. */
int user_find_nobody(struct user *u, struct fault *f);

/*
 * Become u: groups, user, and no capability left. Called in a process of its own, makes system
 * calls only. 0, or -1 with errno set: then the process must end.
 */
int user_become(const struct user *u);

#endif
