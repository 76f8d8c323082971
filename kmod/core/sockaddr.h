/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between addresses and the socket addresses of either host. Must never touch a socket.
 */
#ifndef VG_CORE_SOCKADDR_H
#define VG_CORE_SOCKADDR_H

#include <linux/socket.h>

#include "core/addr.h"

/* Fill all of *@ss; returns how many bytes of it count. The prefix is left out. */
int vg_addr_to_sockaddr(const struct vg_addr *a, struct sockaddr_storage *ss);
/* 0, or -EAFNOSUPPORT and *@a is none. @sa: as long as its family says. */
int vg_addr_from_sockaddr(struct vg_addr *a, const void *sa);

#endif
