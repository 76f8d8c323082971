/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as 128 bits, IPv4 mapped into IPv6. Never asks a resolver. */
#ifndef VIRGO_AN_ADDR_H
#define VIRGO_AN_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In host order, so that comparing hi, then lo, is the order of the addresses. */
struct an_addr {
	uint64_t hi, lo;
};

/* An address and how many of its 128 bits count (an IPv4 /24 is 120 here). */
struct an_prefix {
	struct an_addr addr;
	unsigned int bits;
};

#define AN_V4_MAPPED	0xffff00000000ull
#define AN_ADDR_TEXT	46	/* longest printed address and its NUL */

static inline bool an_addr_eq(struct an_addr a, struct an_addr b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

static inline int an_addr_cmp(struct an_addr a, struct an_addr b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

static inline bool an_addr_is_v4(struct an_addr a)
{
	return !a.hi && a.lo >> 32 == 0xffff;
}

/* A good mix of all 128 bits; the same on every machine. */
static inline uint64_t an_addr_hash(struct an_addr a)
{
	uint64_t h = (a.lo ^ a.hi * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;

	h ^= h >> 32;
	h *= 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 29;
}

/* The digit at @s; more than 9 when there is none. */
static inline unsigned int an_addr_digit(const char *s, const char *end)
{
	return s < end ? (unsigned char)*s - (unsigned int)'0' : 10;
}

/*
 * Four decimal numbers without leading zeros at *p, which is left after them; false, and *p as it
 * was, when there is no such thing. What follows is the caller's to look at.
 */
static inline bool an_addr_parse_v4(const char **p, const char *end, struct an_addr *addr)
{
	const char *s = *p;
	uint32_t v4 = 0;
	int i;

	for (i = 0; i < 4; i++) {
		unsigned int n, d;

		if (i && (s == end || *s++ != '.'))
			return false;
		n = an_addr_digit(s, end);
		if (n > 9)
			return false;
		s++;
		d = n ? an_addr_digit(s, end) : 10;
		if (d <= 9) {
			n = n * 10 + d;
			s++;
			d = an_addr_digit(s, end);
			if (d <= 9) {
				n = n * 10 + d;
				s++;
			}
		}
		if (n > 255)
			return false;
		v4 = v4 << 8 | n;
	}
	addr->hi = 0;
	addr->lo = AN_V4_MAPPED | v4;
	*p = s;
	return true;
}

/*
 * Exactly the @len bytes at @s must be an address: four decimal numbers without leading zeros, or
 * any form of IPv6 (without zone). Never reads past @s + @len.
 */
bool an_addr_parse(const char *s, size_t len, struct an_addr *addr);

/* "address" or "address/bits", NUL terminated; bits beyond the prefix are cleared. */
bool an_prefix_parse(const char *s, struct an_prefix *prefix);
bool an_prefix_has(const struct an_prefix *prefix, struct an_addr addr);

/* @buf holds at least AN_ADDR_TEXT bytes. Returns @buf. */
char *an_addr_format(struct an_addr addr, char *buf);

/*
 * An address that no packet from outside can honestly carry, or that belongs to everybody:
 * unspecified, loopback, private, link-local, multicast, broadcast, reserved. Such an address is
 * never put on a deny list. 100.64.0.0/10 (carrier NAT) is not among them: it does arrive.
 */
bool an_addr_is_special(struct an_addr addr);

/* Multicast, limited broadcast, or an address that ends like a /24's broadcast. */
bool an_addr_is_group(struct an_addr addr);

#endif
