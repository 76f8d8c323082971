/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: IPv4 addresses, as libc has them. */
#ifndef SHIM_LINUX_IN_H
#define SHIM_LINUX_IN_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/types.h>

static inline bool ipv4_is_loopback(__be32 addr)
{
	return (addr & htonl(0xff000000)) == htonl(0x7f000000);
}

static inline bool ipv4_is_multicast(__be32 addr)
{
	return (addr & htonl(0xf0000000)) == htonl(0xe0000000);
}

static inline bool ipv4_is_zeronet(__be32 addr)
{
	return (addr & htonl(0xff000000)) == htonl(0x00000000);
}

#endif /* SHIM_LINUX_IN_H */
