// SPDX-License-Identifier: GPL-3.0-or-later
/* Replacing files whole; must never leave a reader with half of anything, nor with nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "reader.h"

#define OLD_MAX	(1024 * 1024)	/* an older file beyond this is not one of ours */

static int sys_fail(struct an_error *err, const char *what, const char *path)
{
	return an_fail_sys(err, AN_OUTPUT, what, path);
}

/* The directory part of @path into @dir; "." when there is none. */
static bool dir_of(const char *path, char *dir, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;

	if (slash == path)
		len = 1;
	if (len >= size)
		return false;
	memcpy(dir, slash ? path : ".", len);
	dir[len] = 0;
	return true;
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	ret = fsync(fd);
	close(fd);
	return ret;
}

static int write_and_sync(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

/* Writes a temporary file beside @path; its name goes to @temp. 0, or -1 with errno. */
static int write_temp(const char *path, char temp[AN_PATH_MAX], const void *data, size_t len,
		      unsigned int mode)
{
	int fd, saved;

	if (snprintf(temp, AN_PATH_MAX, "%s.new-XXXXXX", path) >= AN_PATH_MAX) {
		temp[0] = 0;
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		temp[0] = 0;
		return -1;
	}
	if (!fchmod(fd, mode) && !write_and_sync(fd, data, len)) {
		if (!close(fd))
			return 0;
		fd = -1;
	}
	saved = errno;
	if (fd >= 0)
		close(fd);
	unlink(temp);
	temp[0] = 0;
	errno = saved;
	return -1;
}

int an_file_prepare(struct an_new_file *f, const char *path, const void *data, size_t len,
		    unsigned int mode, struct an_error *err)
{
	struct stat st;

	memset(f, 0, sizeof(*f));
	if (strlen(path) >= sizeof(f->path) - 16 || !dir_of(path, f->dir, sizeof(f->dir)))
		return an_fail(err, AN_OUTPUT, "path too long: %.80s…", path);
	strcpy(f->path, path);
	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		return an_fail(err, AN_OUTPUT, "%s is not a regular file and will not be replaced",
			       path);
	if (write_temp(path, f->temp, data, len, mode))
		return sys_fail(err, "write beside", path);
	return AN_OK;
}

/* Reads a whole small file; NULL when it is absent or no file to keep. */
static char *read_old(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *data = NULL;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= OLD_MAX)
		data = malloc((size_t)st.st_size + 1);
	if (data)
		n = read(fd, data, (size_t)st.st_size);
	close(fd);
	if (n < 0 || n != st.st_size) {
		free(data);
		return NULL;
	}
	*len = (size_t)n;
	return data;
}

static void numbered(const struct an_new_file *f, unsigned int i, char name[AN_PATH_MAX + 16])
{
	snprintf(name, AN_PATH_MAX + 16, "%s.%u", f->path, i);
}

/*
 * Copies the file in place to PATH.1 after moving the older ones on. The file itself stays where it
 * is until the new one is renamed over it, so that there is never none.
 */
static int keep_old(const struct an_new_file *f, unsigned int keep, struct an_error *err)
{
	char from[AN_PATH_MAX + 16], to[AN_PATH_MAX + 16], temp[AN_PATH_MAX];
	size_t len = 0, newlen = 0;
	char *old = keep ? read_old(f->path, &len) : NULL;
	char *new = old ? read_old(f->temp, &newlen) : NULL;
	int status = AN_OK;
	unsigned int i;

	if (!old || (new && len == newlen && !memcmp(old, new, len)))
		goto out;
	/* before any is moved: on a full disk they stay what they were */
	if (write_temp(f->path, temp, old, len, 0644)) {
		status = sys_fail(err, "keep a copy of", f->path);
		goto out;
	}
	for (i = keep; i > 1 && !status; i--) {
		numbered(f, i - 1, from);
		numbered(f, i, to);
		if (rename(from, to) && errno != ENOENT)
			status = sys_fail(err, "keep", from);
	}
	numbered(f, 1, to);
	if (!status && rename(temp, to))
		status = sys_fail(err, "keep", to);
	if (status)
		unlink(temp);
out:
	free(old);
	free(new);
	return status;
}

int an_file_commit(struct an_new_file *f, unsigned int keep, struct an_error *err)
{
	int status = keep_old(f, keep, err);

	if (status)
		return status;
	if (rename(f->temp, f->path))
		return sys_fail(err, "replace", f->path);
	f->temp[0] = 0;
	/* The file is in place; a directory that cannot be synced does not undo that. */
	sync_dir(f->dir);
	return AN_OK;
}

void an_file_abort(struct an_new_file *f)
{
	if (f->temp[0])
		unlink(f->temp);
	f->temp[0] = 0;
}

static bool known(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* Whether the directory holds only @names; the first other one is reported. */
static int only_known(const struct an_new_dir *d, struct an_error *err)
{
	int status = AN_OK;
	struct dirent *e;
	struct stat st;
	DIR *dir;

	if (!lstat(d->path, &st) && !S_ISDIR(st.st_mode))
		return an_fail(err, AN_OUTPUT, "%s is not a directory and will not be replaced",
			       d->path);
	dir = opendir(d->path);
	if (!dir)
		return errno == ENOENT ? AN_OK : sys_fail(err, "open the directory", d->path);
	while (!status && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    known(d->names, e->d_name))
			continue;
		status = an_fail(err, AN_OUTPUT, "%s holds %s, which is not a model's: "
				 "name a directory of its own", d->path, e->d_name);
	}
	closedir(dir);
	return status;
}

int an_dir_prepare(struct an_new_dir *d, const char *path, const char *const *names,
		   struct an_error *err)
{
	size_t len = strlen(path);
	int status;

	memset(d, 0, sizeof(*d));
	d->names = names;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!len || len >= sizeof(d->path) - 32)
		return an_fail(err, AN_OUTPUT, "no path for a model directory: \"%.80s\"", path);
	memcpy(d->path, path, len);
	if (!dir_of(d->path, d->dir, sizeof(d->dir)))
		return an_fail(err, AN_OUTPUT, "path too long: %.80s…", path);
	status = only_known(d, err);
	if (status)
		return status;
	snprintf(d->temp, sizeof(d->temp), "%.*s.new-XXXXXX", (int)len, path);
	if (!mkdtemp(d->temp)) {
		d->temp[0] = 0;
		return sys_fail(err, "make a directory beside", d->path);
	}
	if (chmod(d->temp, 0755)) {
		status = sys_fail(err, "set the mode of", d->temp);
		an_dir_abort(d);
	}
	return status;
}

static int sync_files(const struct an_new_dir *d)
{
	const char *const *name;
	int dir = open(d->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = 0;

	if (dir < 0)
		return -1;
	for (name = d->names; *name && !ret; name++) {
		int fd = openat(dir, *name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		ret = fd < 0 || fchmod(fd, 0644) || fsync(fd) ? -1 : 0;
		if (fd >= 0)
			close(fd);
	}
	if (!ret)
		ret = fsync(dir);
	close(dir);
	return ret;
}

/* Exchanges two directories; file systems that cannot do it at once do it in two steps. */
static int exchange(const struct an_new_dir *d)
{
	char aside[AN_PATH_MAX + 8];

	if (!renameat2(AT_FDCWD, d->temp, AT_FDCWD, d->path, RENAME_EXCHANGE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	snprintf(aside, sizeof(aside), "%s.old", d->temp);
	if (rename(d->path, aside))
		return -1;
	if (rename(d->temp, d->path)) {
		int saved = errno;

		rename(aside, d->path);
		errno = saved;
		return -1;
	}
	return rename(aside, d->temp);
}

int an_dir_commit(struct an_new_dir *d, struct an_error *err)
{
	struct stat st;

	if (sync_files(d))
		return sys_fail(err, "sync", d->temp);
	if (!lstat(d->path, &st)) {
		if (exchange(d))
			return sys_fail(err, "replace", d->path);
		d->swapped = true;
	} else {
		if (rename(d->temp, d->path))
			return sys_fail(err, "make", d->path);
		/* What would have to be put back is "nothing there". */
		memcpy(d->temp, d->path, sizeof(d->temp));
	}
	sync_dir(d->dir);
	return AN_OK;
}

/* Removes the directory @path and our files in it. */
static void remove_dir(const struct an_new_dir *d, const char *path)
{
	const char *const *name;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	for (name = d->names; *name; name++)
		unlinkat(dir, *name, 0);
	close(dir);
	rmdir(path);
}

void an_dir_abort(struct an_new_dir *d)
{
	if (!d->temp[0])
		return;
	if (d->swapped)
		exchange(d);
	remove_dir(d, d->temp);
	d->temp[0] = 0;
}

void an_dir_finish(struct an_new_dir *d)
{
	if (d->temp[0] && d->swapped)
		remove_dir(d, d->temp);
	d->temp[0] = 0;
}
