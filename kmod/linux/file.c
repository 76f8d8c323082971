// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file side of core/host.h in the kernel: the configuration, the keys, the learnt values and the stamp of
 * the replay table. Small, bounded, and the only code of ours that opens a path. Runs with the
 * credentials and root of who loads the module, later with the kernel's own.
 */
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "core/host.h"

static int check(struct file *f, size_t max, bool secret)
{
	struct inode *inode = file_inode(f);

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return secret ? -EPERM : -EINVAL;
	if (secret && (inode->i_mode & 077 ||
		       !(uid_eq(inode->i_uid, GLOBAL_ROOT_UID) || uid_eq(inode->i_uid, current_euid()))))
		return -EPERM;
	return i_size_read(inode) > max ? -E2BIG : 0;
}

static ssize_t read_all(struct file *f, u8 *p, size_t n)
{
	size_t have = 0;
	loff_t at = 0;

	while (have < n) {
		ssize_t got = kernel_read(f, p + have, n - have, &at);

		if (got < 0)
			return got;
		if (!got)
			break;
		have += got;
	}
	return have;
}

int host_read_file(const char *path, size_t max, bool secret, u8 **data, size_t *n)
{
	struct file *f;
	ssize_t got;
	u8 *p;
	int ret;

	/* O_NONBLOCK: a FIFO in its place must not hang us */
	f = filp_open(path, O_RDONLY | O_NONBLOCK | (secret ? O_NOFOLLOW : 0), 0);
	if (IS_ERR(f))
		return secret && PTR_ERR(f) == -ELOOP ? -EPERM : PTR_ERR(f);
	ret = check(f, max, secret);
	if (ret)
		goto out_close;
	ret = -ENOMEM;
	/* one byte more tells a file that has grown since */
	p = kvmalloc(max + 1, GFP_KERNEL);
	if (!p)
		goto out_close;
	got = read_all(f, p, max + 1);
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
	filp_close(f, NULL);
	return ret;
}
EXPORT_SYMBOL_GPL(host_read_file);

int host_append_file(const char *path, const void *data, size_t n)
{
	struct file *f;
	loff_t at = 0;
	ssize_t did;

	f = filp_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (IS_ERR(f))
		return PTR_ERR(f);
	did = kernel_write(f, data, n, &at);
	filp_close(f, NULL);
	return did < 0 ? did : (size_t)did < n ? -ENOSPC : 0;
}
EXPORT_SYMBOL_GPL(host_append_file);

/*
 * Written in place: what is written here (host.h) is a few bytes whose reader takes anything incomplete
 * for nothing at all.
 */
int host_write_file(const char *path, const void *data, size_t n)
{
	struct file *f;
	loff_t at = 0;
	ssize_t did;
	int ret;

	f = filp_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (IS_ERR(f))
		return PTR_ERR(f);
	did = kernel_write(f, data, n, &at);
	ret = did < 0 ? did : (size_t)did < n ? -ENOSPC : vfs_fsync(f, 0);
	filp_close(f, NULL);
	return ret;
}
EXPORT_SYMBOL_GPL(host_write_file);

size_t host_alloc_size(const void *p, size_t asked)
{
	if (!p)
		return 0;
	return is_vmalloc_addr(p) ? PAGE_ALIGN(asked) : ksize(p);
}
EXPORT_SYMBOL_GPL(host_alloc_size);
