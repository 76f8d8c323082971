/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: error numbers. libc's <errno.h> reaches this file too, so the real values come first. */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

/* Numbers that exist in the kernel only. None may leave the node: no reply, no exit status. */
#define ERESTARTSYS	512
#define ENOIOCTLCMD	515
#define EPROBE_DEFER	517
#define EBADHANDLE	521
#define ENOTSUPP	524
#define ETOOSMALL	525
#define ESERVERFAULT	526
#define EIOCBQUEUED	529

#endif /* SHIM_LINUX_ERRNO_H */
