// SPDX-License-Identifier: GPL-3.0-or-later
/* See user.h. Must never leave a process half changed: who cannot become another ends. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper.h"
#include "helper/privileges.h"
#include "helper/user.h"
#include "uapi/virgo.h"

enum { GROUPS_MAX = 65536, NOBODY = 65534 };

/* A decimal number that can be an id; (uid_t)-1 means "leave as it is" to the kernel. */
static bool is_id(const char *s, unsigned int *id)
{
	unsigned long long n;
	char *end;

	if (*s < '0' || *s > '9' || strlen(s) > 10)
		return false;
	n = strtoull(s, &end, 10);
	*id = n;
	return !*end && n < 0xffffffffull;
}

static int no_user(struct fault *f, const char *name)
{
	return fault_set(f, VIRGO_END_FAILED, ENOENT, "there is no user \"%s\"", name);
}

static int set_name(struct user *u, const char *name, const char *home, struct fault *f)
{
	int n = snprintf(u->name, sizeof(u->name), "%s", name);
	int m = snprintf(u->home, sizeof(u->home), "%s", home);

	if (n < (int)sizeof(u->name) && m < (int)sizeof(u->home))
		return 0;
	return fault_set(f, VIRGO_END_FAILED, ENAMETOOLONG,
			 "the name or home of user \"%s\" is too long", name);
}

static int find_group(struct user *u, const char *name, struct fault *f)
{
	struct group *g = getgrnam(name);
	unsigned int id;

	if (g)
		u->gid = g->gr_gid;
	else if (is_id(name, &id))
		u->gid = id;
	else
		return fault_set(f, VIRGO_END_FAILED, ENOENT, "there is no group \"%s\"", name);
	if (!u->gid && strcmp(name, "root"))
		return fault_set(f, VIRGO_END_FAILED, EPERM,
				 "group \"%s\" is root's: only \"root\" stands for it", name);
	return 0;
}

/* The supplementary groups, u->gid among them. */
static int find_groups(struct user *u, struct fault *f)
{
	int room = 64, n;
	gid_t *more;

	for (;;) {
		more = realloc(u->groups, room * sizeof(*more));
		if (!more)
			return fault_set(f, VIRGO_END_FAILED, ENOMEM, "no memory for groups");
		u->groups = more;
		n = room;
		if (getgrouplist(u->name, u->gid, u->groups, &n) >= 0)
			break;
		if (n <= room || n > GROUPS_MAX)
			return fault_set(f, VIRGO_END_FAILED, E2BIG,
					 "user \"%s\" is in too many groups", u->name);
		room = n;
	}
	u->n = n;
	return 0;
}

/* A number that no account has: that number, in the one group that is named. */
static int find_number(const char *name, unsigned int id, const char *group, struct user *u,
		       struct fault *f)
{
	if (!*group)
		return fault_set(f, VIRGO_END_FAILED, ENOENT,
				 "user %u has no account: a group must be named, too", id);
	u->uid = id;
	if (set_name(u, name, "/", f) || find_group(u, group, f))
		return -1;
	u->groups = malloc(sizeof(*u->groups));
	if (!u->groups)
		return fault_set(f, VIRGO_END_FAILED, ENOMEM, "no memory for groups");
	u->groups[0] = u->gid;
	u->n = 1;
	return 0;
}

static int find_account(const char *name, const char *group, struct user *u, struct fault *f)
{
	struct passwd *pw = getpwnam(name);
	unsigned int id;

	if (!pw && is_id(name, &id)) {
		pw = getpwuid(id);
		if (!pw && id)
			return find_number(name, id, group, u, f);
	}
	if (!pw)
		return no_user(f, name);
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	if (!u->uid && strcmp(name, "root"))
		return fault_set(f, VIRGO_END_FAILED, EPERM,
				 "user \"%s\" is root: only \"root\" stands for it", name);
	if (set_name(u, pw->pw_name, pw->pw_dir, f))
		return -1;
	if (*group && find_group(u, group, f))
		return -1;
	return find_groups(u, f);
}

int user_find(const char *name, const char *group, struct user *u, struct fault *f)
{
	memset(u, 0, sizeof(*u));
	if (!config.is_root)
		return set_name(u, config.user, config.home, f);
	u->change = true;
	if (!*name)
		return fault_set(f, VIRGO_END_FAILED, EPERM,
				 "no user is named, and root is not taken for granted");
	return find_account(name, group, u, f);
}

int user_find_nobody(struct user *u, struct fault *f)
{
	memset(u, 0, sizeof(*u));
	if (!config.is_root)
		return set_name(u, config.user, config.home, f);
	u->change = true;
	u->uid = NOBODY;
	u->gid = NOBODY;
	return set_name(u, "nobody", "/", f);
}

/* What was asked for must be what is, and there must be no way back. */
static bool is_become(const struct user *u)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) || getresgid(&gr, &ge, &gs))
		return false;
	if (r != u->uid || e != u->uid || s != u->uid)
		return false;
	if (gr != u->gid || ge != u->gid || gs != u->gid)
		return false;
	return !u->uid || setresuid(-1, 0, -1) < 0;
}

int user_become(const struct user *u)
{
	if (!u->change)
		return privileges_drop_all();
	if (setgroups(u->n, u->groups) || setresgid(u->gid, u->gid, u->gid) ||
	    setresuid(u->uid, u->uid, u->uid) || privileges_drop_all())
		return -1;
	if (is_become(u))
		return 0;
	errno = EPERM;
	return -1;
}
