// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See allow.h. Must never open a file in a way that does something (everything is O_PATH), and
 * never say yes to a name: only to the file behind the descriptor it returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/allow.h"

/* a file or directory that is open, and where it really is */
struct opened {
	int fd;
	struct stat st;
	char real[PATH_MAX];
};

static void opened_close(struct opened *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}

/* Where a descriptor's file is now. False: nowhere (deleted, not below our root, too deep). */
static bool find_real(struct opened *o)
{
	static const char gone[] = " (deleted)";
	char link[40];
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", o->fd);
	n = readlink(link, o->real, sizeof(o->real));
	if (n <= 0 || n >= (ssize_t)sizeof(o->real) || o->real[0] != '/')
		return false;
	o->real[n] = '\0';
	if (n < (ssize_t)sizeof(gone) || strcmp(o->real + n - (sizeof(gone) - 1), gone))
		return true;
	/* or is that its name? */
	return !lstat(o->real, &st) && st.st_dev == o->st.st_dev && st.st_ino == o->st.st_ino;
}

/* 0 or errno */
static int open_at(struct opened *o, int dir, const char *name, int flags)
{
	int err;

	o->fd = openat(dir, name, O_PATH | O_CLOEXEC | flags);
	if (o->fd < 0)
		return errno;
	if (!fstat(o->fd, &o->st) && find_real(o))
		return 0;
	err = errno == EACCES || errno == ENOENT ? errno : ESTALE;
	opened_close(o);
	return err;
}

/* Open the directory that name, an absolute path, lies in. 0 or errno */
static int open_parent(struct opened *o, const char *name, const char **last)
{
	const char *slash = strrchr(name, '/');
	size_t n = slash - name;
	char path[PATH_MAX];

	o->fd = -1;
	if (n >= sizeof(path))
		return ENAMETOOLONG;
	memcpy(path, name, n);
	path[n] = '\0';
	*last = slash + 1;
	return open_at(o, AT_FDCWD, n ? path : "/", O_DIRECTORY);
}

/* Is path below dir, both of them real? */
static bool is_below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (n == 1)
		return path[0] == '/' && path[1];
	return !strncmp(dir, path, n) && path[n] == '/';
}

static bool is_same(const struct opened *a, const struct opened *b)
{
	return a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino &&
	       !strcmp(a->real, b->real);
}

static bool is_directory_entry(const char *entry)
{
	return entry[strlen(entry) - 1] == '/';
}

/* An absolute path without empty parts, "." and "..", that ends in a name. */
static bool is_plain(const char *path)
{
	size_t n;

	if (*path != '/' || strlen(path) >= PATH_MAX)
		return false;
	while (*path) {
		n = strcspn(++path, "/");
		if (!n || (n == 1 && path[0] == '.') || (n == 2 && !strncmp(path, "..", 2)))
			return false;
		path += n;
	}
	return true;
}

enum answer { NOT_THIS_NAME, NOT_THIS_FILE, YES };

/*
 * A name in the directory parent, and its file (fd -1 if there is none), against a directory's
 * entry.
 */
static enum answer ask_directory(const char *entry, const struct opened *parent,
				 const struct opened *file)
{
	enum answer answer = NOT_THIS_NAME;
	struct opened dir;

	if (open_at(&dir, AT_FDCWD, entry, O_DIRECTORY))
		return NOT_THIS_NAME;
	if (!strcmp(dir.real, parent->real) || is_below(dir.real, parent->real))
		answer = file->fd >= 0 && is_below(dir.real, file->real) ? YES : NOT_THIS_FILE;
	opened_close(&dir);
	return answer;
}

/* The same against the entry of one file. */
static enum answer ask_file(const char *entry, const struct opened *parent, const char *name,
			    const struct opened *file)
{
	enum answer answer = NOT_THIS_NAME;
	struct opened dir, its;
	const char *last;

	if (!is_plain(entry) || open_parent(&dir, entry, &last))
		return NOT_THIS_NAME;
	if (!strcmp(last, name) && is_same(&dir, parent)) {
		answer = NOT_THIS_FILE;
		if (file->fd >= 0 && !open_at(&its, dir.fd, last, 0)) {
			if (is_same(&its, file))
				answer = YES;
			opened_close(&its);
		}
	}
	opened_close(&dir);
	return answer;
}

static enum answer ask_list(const struct strings *list, const struct opened *parent,
			    const char *name, const struct opened *file)
{
	enum answer best = NOT_THIS_NAME, answer;
	const char *entry = list->first;
	size_t i;

	for (i = 0; i < list->n && best != YES; i++, entry = strings_next(entry)) {
		if (*entry != '/')
			continue;
		answer = is_directory_entry(entry) ? ask_directory(entry, parent, file) :
						     ask_file(entry, parent, name, file);
		if (answer > best)
			best = answer;
	}
	return best;
}

/* Does the list speak of a name whose directory cannot be looked at? */
static bool is_named(const struct strings *list, const char *name)
{
	const char *entry = list->first;
	size_t i;

	for (i = 0; i < list->n; i++, entry = strings_next(entry))
		if (*entry == '/' && (is_directory_entry(entry) ?
				      !strncmp(entry, name, strlen(entry)) : !strcmp(entry, name)))
			return true;
	return false;
}

static int not_there(struct fault *f, const char *name, int err)
{
	if (err == ENOENT || err == ENOTDIR)
		return fault_set(f, VIRGO_END_NOT_FOUND, err, "there is no \"%s\"", name);
	return fault_set(f, VIRGO_END_FAILED, err, "\"%s\" cannot be opened: %s", name,
			 strerror(err));
}

static int not_listed(struct fault *f, const char *name)
{
	return fault_set(f, VIRGO_END_NOT_ALLOWED, EPERM, "\"%s\" is not in exec_allow", name);
}

/* Is it something that can be run at all? */
static int check_kind(const struct opened *file, const char *name, enum allow_need need,
		      struct fault *f)
{
	if (S_ISDIR(file->st.st_mode))
		return fault_set(f, VIRGO_END_FAILED, EISDIR, "\"%s\" is a directory", name);
	if (!S_ISREG(file->st.st_mode))
		return fault_set(f, VIRGO_END_FAILED, EACCES, "\"%s\" is not a regular file", name);
	if (need == ALLOW_PROGRAM && !(file->st.st_mode & 0111))
		return fault_set(f, VIRGO_END_FAILED, EACCES, "\"%s\" is not executable", name);
	return 0;
}

static int open_path(const struct strings *list, const char *name, enum allow_need need,
		     struct fault *f)
{
	struct opened parent, file = { .fd = -1 };
	enum answer answer;
	const char *last;
	int err, ret;

	err = open_parent(&parent, name, &last);
	if (err)
		return is_named(list, name) ? not_there(f, name, err) : not_listed(f, name);
	err = open_at(&file, parent.fd, last, 0);
	answer = ask_list(list, &parent, last, &file);
	opened_close(&parent);
	if (answer == NOT_THIS_NAME)
		ret = not_listed(f, name);
	else if (err)
		ret = not_there(f, name, err);
	else if (answer == NOT_THIS_FILE)
		ret = fault_set(f, VIRGO_END_NOT_ALLOWED, EPERM,
				"\"%s\" leads to \"%s\", which is not in exec_allow", name,
				file.real);
	else
		ret = check_kind(&file, name, need, f);
	if (!ret)
		return file.fd;
	opened_close(&file);
	return -1;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The first entry that has a file of this bare name decides. */
static int open_bare(const struct strings *list, const char *name, struct fault *f)
{
	const char *entry = list->first;
	char path[PATH_MAX];
	size_t i;
	int n;

	for (i = 0; i < list->n; i++, entry = strings_next(entry)) {
		if (*entry != '/')
			continue;
		if (!is_directory_entry(entry)) {
			if (!strcmp(strrchr(entry, '/') + 1, name) && is_file(entry))
				return open_path(list, entry, ALLOW_PROGRAM, f);
			continue;
		}
		n = snprintf(path, sizeof(path), "%s%s", entry, name);
		if (n > 0 && (size_t)n < sizeof(path) && is_file(path))
			return open_path(list, path, ALLOW_PROGRAM, f);
	}
	return fault_set(f, VIRGO_END_NOT_FOUND, ENOENT, "exec_allow has no program \"%s\"", name);
}

int allow_open(const struct strings *list, const char *name, enum allow_need need, struct fault *f)
{
	if (!list->n)
		return fault_set(f, VIRGO_END_NOT_ALLOWED, EPERM,
				 "exec_allow is empty: nothing may be run");
	if (is_plain(name))
		return open_path(list, name, need, f);
	if (need == ALLOW_PROGRAM && *name && !strchr(name, '/') && strcmp(name, ".") &&
	    strcmp(name, ".."))
		return open_bare(list, name, f);
	return fault_set(f, VIRGO_END_NOT_ALLOWED, EINVAL,
			 "\"%s\" is no bare name, and no absolute path without dots and gaps", name);
}
