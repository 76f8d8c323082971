// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Socket addresses. See sockaddr.h.
 */
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/string.h>

#include "core/sockaddr.h"

int vg_addr_to_sockaddr(const struct vg_addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	memcpy(&in6->sin6_addr, a->ip, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int vg_addr_from_sockaddr(struct vg_addr *a, const void *sa)
{
	const struct sockaddr_in6 *in6 = sa;
	const struct sockaddr_in *in = sa;

	switch (in->sin_family) {
	case AF_INET:
		vg_addr_from_ip4(a, &in->sin_addr, ntohs(in->sin_port));
		return 0;
	case AF_INET6:
		vg_addr_from_ip6(a, &in6->sin6_addr, ntohs(in6->sin6_port));
		return 0;
	default:
		*a = (struct vg_addr){ };
		return -EAFNOSUPPORT;
	}
}
