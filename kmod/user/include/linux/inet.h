/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: addresses from text, with the kernel's signatures. */
#ifndef SHIM_LINUX_INET_H
#define SHIM_LINUX_INET_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>

#undef INET_ADDRSTRLEN
#undef INET6_ADDRSTRLEN
#define INET_ADDRSTRLEN		16
#define INET6_ADDRSTRLEN	48

/*
 * Reads an address of at most srclen bytes (-1: up to NUL) that ends at the byte delim, at the
 * NUL or at srclen. With delim -1 any byte that is no hexadecimal digit, dot or colon ends it
 * too, and a colon ends IPv4 always: look at *end (may be NULL), which is where reading stopped.
 * dst gets 4 or 16 bytes in network order. 1 on success; 0 else, dst untouched.
 * As in the kernel, leading zeros of IPv4 numbers are decimal. IPv6 is narrower than there: words
 * of at most four digits, and "::" stands for one word or more (RFC 4291 2.2).
 */
int in4_pton(const char *src, int srclen, u8 *dst, int delim, const char **end);
int in6_pton(const char *src, int srclen, u8 *dst, int delim, const char **end);

#endif /* SHIM_LINUX_INET_H */
