/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the kernels we build for (6.1 to 7.x). The one place that asks for a version.
 */
#ifndef VIRGO_COMPAT_H
#define VIRGO_COMPAT_H

#include <linux/socket.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* 6.19: the address of kernel_bind() and kernel_connect() has a type of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define vg_sockaddr(p)	((struct sockaddr_unsized *)(p))
#else
#define vg_sockaddr(p)	((struct sockaddr *)(p))
#endif

/* 6.17: a work queue must say that it is per processor; before, it is so without a flag */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define VG_WQ_PERCPU	WQ_PERCPU
#else
#define VG_WQ_PERCPU	0
#endif

#endif
