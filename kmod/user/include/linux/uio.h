/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: vectors of kernel memory. */
#ifndef SHIM_LINUX_UIO_H
#define SHIM_LINUX_UIO_H

#include <sys/uio.h>
#include <linux/types.h>

struct kvec {
	void *iov_base;
	size_t iov_len;
};

#endif /* SHIM_LINUX_UIO_H */
