/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of machines and networks, as text and as bytes. Numeric only: must never look up a
 * name, allocate or sleep.
 */
#ifndef VG_CORE_ADDR_H
#define VG_CORE_ADDR_H

#include "core/str.h"

/*
 * An IPv4 address lies in the first 4 bytes of @ip, the rest is zero, so structures compare with
 * memcmp. IPv6 addresses that carry an IPv4 one (::ffff:a.b.c.d) become IPv4 on the way in: one
 * spelling each.
 */
struct vg_addr {
	u8 family;	/* 4 or 6; 0 = none */
	u8 prefix;	/* 0-32 or 0-128; the whole address unless one was given */
	u16 port;	/* host byte order; 0 = none given */
	u8 ip[16];	/* network byte order */
};

/* What may follow the address */
#define VG_ADDR_PORT	1	/* a.b.c.d:port, [x::y]:port; port 1-65535 */
#define VG_ADDR_PREFIX	2	/* /bits */

/* Longest text of vg_addr_print and its NUL: "[" 39 "/128" "]" ":65535" */
#define VG_ADDR_TEXT 56

/*
 * 0, or -EINVAL with *@fault (may be NULL) set and *@out untouched. Strict: no blanks, no leading
 * zeros in IPv4 and port, no zone. Bits beyond the prefix are kept as written; vg_addr_in ignores
 * them.
 */
int vg_addr_parse(struct vg_str s, unsigned int allow, struct vg_addr *out, struct vg_fault *fault);

/* From the bytes of a socket address; IPv4-mapped becomes IPv4. @port in host byte order. */
void vg_addr_from_ip4(struct vg_addr *out, const void *ip4, u16 port);
void vg_addr_from_ip6(struct vg_addr *out, const void *ip6, u16 port);

/*
 * Canonical text (RFC 5952) with prefix, if not the whole address, and port, if any; returns its
 * length
 */
size_t vg_addr_print(const struct vg_addr *a, char out[VG_ADDR_TEXT]);
/* The same without port and prefix */
size_t vg_addr_print_ip(const struct vg_addr *a, char out[VG_ADDR_TEXT]);

/* Clear the bits beyond the prefix */
void vg_addr_mask(struct vg_addr *a);

/* Is @a (its prefix and port do not count) within @net? */
bool vg_addr_in(const struct vg_addr *a, const struct vg_addr *net);
/* Same address, whatever port and prefix */
bool vg_addr_same(const struct vg_addr *a, const struct vg_addr *b);
/* Have the two networks an address in common? */
bool vg_addr_overlap(const struct vg_addr *a, const struct vg_addr *b);

bool vg_addr_is_any(const struct vg_addr *a);		/* 0.0.0.0, :: */
bool vg_addr_is_loopback(const struct vg_addr *a);	/* 127/8, ::1 */
bool vg_addr_is_private(const struct vg_addr *a);	/* 10/8, 172.16/12, 192.168/16, fc00::/7 */
bool vg_addr_is_link_local(const struct vg_addr *a);	/* 169.254/16, fe80::/10 */
bool vg_addr_is_multicast(const struct vg_addr *a);	/* 224/4, ff00::/8 */

#endif
