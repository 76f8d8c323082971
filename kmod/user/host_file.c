// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file side of core/host.h for virgod: small files read whole, replaced whole.
 */
#include <linux/errno.h>
#include <linux/slab.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host.h"

static int check(int fd, size_t max, bool secret)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return secret ? -EPERM : -EINVAL;
	if (secret && (st.st_mode & 077 || (st.st_uid && st.st_uid != geteuid())))
		return -EPERM;
	return st.st_size > (off_t)max ? -E2BIG : 0;
}

static ssize_t read_all(int fd, u8 *p, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(fd, p + have, n - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		have += got;
	}
	return have;
}

int host_read_file(const char *path, size_t max, bool secret, u8 **data, size_t *n)
{
	ssize_t got;
	u8 *p;
	int fd, ret;

	/* O_NONBLOCK: a FIFO in its place must not hang the node */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (secret ? O_NOFOLLOW : 0));
	if (fd < 0)
		return secret && errno == ELOOP ? -EPERM : -errno;
	ret = check(fd, max, secret);
	if (ret)
		goto out_close;
	ret = -ENOMEM;
	/* one byte more tells a file that has grown since */
	p = kvmalloc(max + 1, GFP_KERNEL);
	if (!p)
		goto out_close;
	got = read_all(fd, p, max + 1);
	ret = got < 0 ? got : (size_t)got > max ? -E2BIG : 0;
	if (ret) {
		/* it may be the keys */
		kvfree_sensitive(p, max + 1);
		goto out_close;
	}
	p[got] = 0;
	*data = p;
	*n = got;
out_close:
	close(fd);
	return ret;
}

static int write_all(int fd, const u8 *p, size_t n)
{
	while (n) {
		ssize_t did = write(fd, p, n);

		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -errno;
		p += did;
		n -= did;
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_dir(const char *path)
{
	char dir[512];
	char *slash;
	int fd, ret;

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	slash = strrchr(dir, '/');
	if (!slash)
		return 0;
	slash[slash == dir] = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fsync(fd) ? -errno : 0;
	close(fd);
	return ret;
}

int host_write_file(const char *path, const void *data, size_t n)
{
	char tmp[512];
	int fd, ret;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, data, n);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(tmp, path))
		ret = -errno;
	if (ret) {
		unlink(tmp);
		return ret;
	}
	return sync_dir(path);
}

int host_append_file(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t did;
	int ret;

	if (fd < 0)
		return -errno;
	/* one write: of a few bytes, whole or not at all */
	did = write(fd, data, n);
	ret = did < 0 ? -errno : (size_t)did < n ? -ENOSPC : 0;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}
