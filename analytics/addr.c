// SPDX-License-Identifier: GPL-3.0-or-later
/* Parsing, printing and classing addresses; must never read past the bytes it was given. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"

static uint64_t addr_be64(const unsigned char *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

bool an_addr_parse(const char *s, size_t len, struct an_addr *addr)
{
	const char *text_end = s + len;
	unsigned char raw[16];
	char text[AN_ADDR_TEXT];

	if (!len || len >= sizeof(text))
		return false;
	if (!memchr(s, ':', len))
		return an_addr_parse_v4(&s, text_end, addr) && s == text_end;
	if (memchr(s, 0, len))
		return false;
	memcpy(text, s, len);
	text[len] = 0;
	if (inet_pton(AF_INET6, text, raw) != 1)
		return false;
	addr->hi = addr_be64(raw);
	addr->lo = addr_be64(raw + 8);
	return true;
}

static void addr_mask(struct an_addr *addr, unsigned int bits)
{
	if (bits < 64) {
		addr->hi &= bits ? ~0ull << (64 - bits) : 0;
		addr->lo = 0;
	} else if (bits < 128) {
		addr->lo &= bits > 64 ? ~0ull << (128 - bits) : 0;
	}
}

bool an_prefix_parse(const char *s, struct an_prefix *prefix)
{
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	unsigned int max, bits = 0;
	const char *p;

	if (!an_addr_parse(s, len, &prefix->addr))
		return false;
	max = an_addr_is_v4(prefix->addr) ? 32 : 128;
	prefix->bits = 128;
	if (!slash)
		return true;
	for (p = slash + 1; *p; p++) {
		if (*p < '0' || *p > '9' || p - slash > 3)
			return false;
		bits = bits * 10 + (unsigned int)(*p - '0');
	}
	if (p == slash + 1 || bits > max)
		return false;
	prefix->bits = 128 - max + bits;
	addr_mask(&prefix->addr, prefix->bits);
	return true;
}

bool an_prefix_has(const struct an_prefix *prefix, struct an_addr addr)
{
	addr_mask(&addr, prefix->bits);
	return an_addr_eq(addr, prefix->addr);
}

char *an_addr_format(struct an_addr addr, char *buf)
{
	unsigned char raw[16];
	int i;

	if (an_addr_is_v4(addr)) {
		uint32_t v4 = (uint32_t)addr.lo;

		snprintf(buf, AN_ADDR_TEXT, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255,
			 v4 & 255);
		return buf;
	}
	for (i = 0; i < 8; i++) {
		raw[i] = (unsigned char)(addr.hi >> (56 - 8 * i));
		raw[8 + i] = (unsigned char)(addr.lo >> (56 - 8 * i));
	}
	if (!inet_ntop(AF_INET6, raw, buf, AN_ADDR_TEXT))
		buf[0] = 0;
	return buf;
}

bool an_addr_is_special(struct an_addr addr)
{
	/* Network, mask; host order. */
	static const uint32_t v4_special[][2] = {
		{ 0x00000000, 0xff000000 },	/* this network */
		{ 0x0a000000, 0xff000000 },	/* private */
		{ 0x7f000000, 0xff000000 },	/* loopback */
		{ 0xa9fe0000, 0xffff0000 },	/* link-local */
		{ 0xac100000, 0xfff00000 },	/* private */
		{ 0xc0000000, 0xffffff00 },	/* protocol assignments */
		{ 0xc0a80000, 0xffff0000 },	/* private */
		{ 0xe0000000, 0xe0000000 },	/* multicast, reserved, broadcast */
	};
	unsigned int i;

	if (an_addr_is_v4(addr)) {
		for (i = 0; i < sizeof(v4_special) / sizeof(v4_special[0]); i++)
			if (((uint32_t)addr.lo & v4_special[i][1]) == v4_special[i][0])
				return true;
		return false;
	}
	/* Only 2000::/3 is routed; ::, ::1, fc00::/7, fe80::/10 and ff00::/8 all lie outside. */
	return addr.hi >> 61 != 1;
}

bool an_addr_is_group(struct an_addr addr)
{
	if (an_addr_is_v4(addr))
		return ((uint32_t)addr.lo & 0xf0000000) == 0xe0000000 || (addr.lo & 255) == 255;
	return addr.hi >> 56 == 0xff;
}
