// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses as text and bytes. Must never accept two spellings that mean different things
 * elsewhere.
 */
#include <linux/export.h>

#include "core/addr.h"

/* A cursor over text that is being refused or taken, byte by byte */
struct addr_cursor {
	struct vg_str s;
	size_t at;
	const char *why;
};

static int addr_refuse(struct addr_cursor *c, const char *why)
{
	c->why = why;
	return -EINVAL;
}

static bool addr_here(const struct addr_cursor *c, char want)
{
	return c->at < c->s.n && c->s.p[c->at] == want;
}

static bool addr_take(struct addr_cursor *c, char want)
{
	if (!addr_here(c, want))
		return false;
	c->at++;
	return true;
}

/*
 * A strict decimal of at most @max (below 100,000); on an error the cursor stays at its first
 * digit
 */
static int addr_take_number(struct addr_cursor *c, u32 max, u32 *out, const char *why)
{
	size_t at = c->at;
	u32 v = 0;

	while (at < c->s.n && vg_is_digit(c->s.p[at]) && at - c->at < 6)
		v = v * 10 + (c->s.p[at++] - '0');
	if (at == c->at || v > max || (at - c->at > 1 && c->s.p[c->at] == '0'))
		return addr_refuse(c, why);
	c->at = at;
	*out = v;
	return 0;
}

static int addr_take_ip4(struct addr_cursor *c, u8 *ip)
{
	unsigned int i;
	u32 v;

	for (i = 0; i < 4; i++) {
		if (i && !addr_take(c, '.'))
			return addr_refuse(c, "an IPv4 address has four numbers with dots between");
		if (addr_take_number(c, 255, &v, "expected 0 to 255, no leading zero"))
			return -EINVAL;
		ip[i] = v;
	}
	return 0;
}

/* One group of IPv6, 1-4 hexadecimal digits; false and nothing taken if there is none */
static bool addr_take_group(struct addr_cursor *c, u16 *out)
{
	size_t at = c->at;
	u32 v = 0;

	while (at < c->s.n && at - c->at < 4 && vg_hex_val(c->s.p[at]) >= 0)
		v = v << 4 | vg_hex_val(c->s.p[at++]);
	if (at == c->at)
		return false;
	c->at = at;
	*out = v;
	return true;
}

/* Does dotted IPv4 begin here, that is: digits and then a dot? */
static bool addr_is_dotted(const struct addr_cursor *c)
{
	size_t at = c->at;

	while (at < c->s.n && vg_is_digit(c->s.p[at]))
		at++;
	return at > c->at && at < c->s.n && c->s.p[at] == '.';
}

static int addr_take_ip6(struct addr_cursor *c, u8 *ip)
{
	unsigned int n = 0, gap = 16;
	u16 group;

	memset(ip, 0, 16);
	if (addr_here(c, ':')) {
		c->at++;
		if (!addr_take(c, ':'))
			return addr_refuse(c, "a single colon cannot begin an address");
		gap = 0;
	}
	while (n < 16) {
		if (n <= 12 && addr_is_dotted(c)) {
			if (addr_take_ip4(c, ip + n))
				return -EINVAL;
			n += 4;
			break;
		}
		if (!addr_take_group(c, &group)) {
			if (gap == n)
				break;
			return addr_refuse(c, "expected a group of 1 to 4 hexadecimal digits");
		}
		ip[n++] = group >> 8;
		ip[n++] = group & 0xff;
		if (n == 16 || !addr_here(c, ':'))
			break;
		c->at++;
		if (!addr_here(c, ':'))
			continue;
		if (gap != 16)
			return addr_refuse(c, "\"::\" twice");
		c->at++;
		gap = n;
	}
	if (gap == 16 && n < 16)
		return addr_refuse(c, "an IPv6 address has eight groups, or \"::\"");
	if (gap != 16 && n == 16)
		return addr_refuse(c, "\"::\" stands for no group at all");
	if (gap != 16) {
		memmove(ip + 16 - (n - gap), ip + gap, n - gap);
		memset(ip + gap, 0, 16 - n);
	}
	return 0;
}

static const u8 addr_mapped[12] = { [10] = 0xff, [11] = 0xff };

/* One spelling for an IPv4 address */
static int addr_normalise(struct addr_cursor *c, struct vg_addr *a)
{
	if (a->family != 6 || memcmp(a->ip, addr_mapped, sizeof(addr_mapped)))
		return 0;
	if (a->prefix < 96)
		return addr_refuse(c, "the prefix of an IPv4-mapped address is at least 96");
	a->family = 4;
	a->prefix -= 96;
	memcpy(a->ip, a->ip + 12, 4);
	memset(a->ip + 4, 0, 12);
	return 0;
}

static int addr_take_all(struct addr_cursor *c, unsigned int allow, struct vg_addr *a)
{
	bool bracket;
	u32 v;

	if (!c->s.n)
		return addr_refuse(c, "no address");
	bracket = (allow & VG_ADDR_PORT) && addr_take(c, '[');
	a->family = !bracket && addr_is_dotted(c) ? 4 : 6;
	if (a->family == 6 && !bracket && !memchr(c->s.p, ':', c->s.n))
		return addr_refuse(c, "no numeric address: expected one like 10.0.0.1 or fe80::1");
	if (a->family == 4 ? addr_take_ip4(c, a->ip) : addr_take_ip6(c, a->ip))
		return -EINVAL;
	if (addr_here(c, '%'))
		return addr_refuse(c, "an address with a zone cannot be used");
	a->prefix = a->family == 4 ? 32 : 128;
	if ((allow & VG_ADDR_PREFIX) && addr_take(c, '/')) {
		const char *why = a->family == 4 ? "expected a prefix from 0 to 32" :
						   "expected a prefix from 0 to 128";

		if (addr_take_number(c, a->prefix, &v, why))
			return -EINVAL;
		a->prefix = v;
	}
	if (bracket && !addr_take(c, ']'))
		return addr_refuse(c, "expected \"]\"");
	if ((allow & VG_ADDR_PORT) && (bracket || a->family == 4) && addr_take(c, ':')) {
		if (addr_take_number(c, U16_MAX, &v, "expected a port from 1 to 65535"))
			return -EINVAL;
		if (!v) {
			c->at--;
			return addr_refuse(c, "expected a port from 1 to 65535");
		}
		a->port = v;
	}
	if (c->at != c->s.n)
		return addr_refuse(c, "text behind the address");
	return addr_normalise(c, a);
}

int vg_addr_parse(struct vg_str s, unsigned int allow, struct vg_addr *out, struct vg_fault *fault)
{
	struct addr_cursor c = { .s = s };
	struct vg_addr a = { .family = 0 };

	if (addr_take_all(&c, allow, &a)) {
		if (fault)
			*fault = (struct vg_fault){ .pos = c.at, .why = c.why };
		return -EINVAL;
	}
	*out = a;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_addr_parse);

void vg_addr_from_ip4(struct vg_addr *out, const void *ip4, u16 port)
{
	*out = (struct vg_addr){ .family = 4, .prefix = 32, .port = port };
	memcpy(out->ip, ip4, 4);
}
EXPORT_SYMBOL_GPL(vg_addr_from_ip4);

void vg_addr_from_ip6(struct vg_addr *out, const void *ip6, u16 port)
{
	struct addr_cursor c = { .at = 0 };

	*out = (struct vg_addr){ .family = 6, .prefix = 128, .port = port };
	memcpy(out->ip, ip6, 16);
	addr_normalise(&c, out);
}
EXPORT_SYMBOL_GPL(vg_addr_from_ip6);

/*
 * The longest run of at least two zero groups, the first of equals: *@from groups, *@n of them or
 * 0
 */
static void addr_longest_gap(const u8 *ip, unsigned int *from, unsigned int *n)
{
	unsigned int i, run = 0;

	*n = 0;
	for (i = 0; i < 8; i++) {
		run = ip[2 * i] || ip[2 * i + 1] ? 0 : run + 1;
		if (run >= 2 && run > *n) {
			*n = run;
			*from = i + 1 - run;
		}
	}
}

static size_t addr_print_ip6(const u8 *ip, char *out, size_t n)
{
	unsigned int gap = 8, gap_n, i;
	size_t at = 0;

	addr_longest_gap(ip, &gap, &gap_n);
	for (i = 0; i < 8; i++) {
		if (gap_n && i == gap) {
			at += snprintf(out + at, n - at, "::");
			i += gap_n - 1;
			continue;
		}
		at += snprintf(out + at, n - at, "%s%x", i && i != gap + gap_n ? ":" : "",
			       ip[2 * i] << 8 | ip[2 * i + 1]);
	}
	return at;
}

size_t vg_addr_print_ip(const struct vg_addr *a, char out[VG_ADDR_TEXT])
{
	if (a->family == 6)
		return addr_print_ip6(a->ip, out, VG_ADDR_TEXT);
	if (a->family == 4)
		return snprintf(out, VG_ADDR_TEXT, "%u.%u.%u.%u", a->ip[0], a->ip[1], a->ip[2],
				a->ip[3]);
	return snprintf(out, VG_ADDR_TEXT, "none");
}
EXPORT_SYMBOL_GPL(vg_addr_print_ip);

size_t vg_addr_print(const struct vg_addr *a, char out[VG_ADDR_TEXT])
{
	bool bracket = a->family == 6 && a->port;
	char ip[VG_ADDR_TEXT], prefix[8] = "", port[8] = "";

	vg_addr_print_ip(a, ip);
	if (a->family && a->prefix != (a->family == 4 ? 32 : 128))
		snprintf(prefix, sizeof(prefix), "/%u", a->prefix);
	if (a->port)
		snprintf(port, sizeof(port), ":%u", a->port);
	return snprintf(out, VG_ADDR_TEXT, "%s%s%s%s%s", bracket ? "[" : "", ip, prefix,
			bracket ? "]" : "", port);
}
EXPORT_SYMBOL_GPL(vg_addr_print);

void vg_addr_mask(struct vg_addr *a)
{
	unsigned int i;

	for (i = 0; i < sizeof(a->ip); i++) {
		int bits = (int)a->prefix - 8 * (int)i;

		if (bits <= 0)
			a->ip[i] = 0;
		else if (bits < 8)
			a->ip[i] &= 0xff << (8 - bits);
	}
}
EXPORT_SYMBOL_GPL(vg_addr_mask);

static bool addr_same_bits(const u8 *a, const u8 *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole))
		return false;
	return !rest || !((a[whole] ^ b[whole]) >> (8 - rest));
}

bool vg_addr_in(const struct vg_addr *a, const struct vg_addr *net)
{
	return a->family && a->family == net->family && addr_same_bits(a->ip, net->ip, net->prefix);
}
EXPORT_SYMBOL_GPL(vg_addr_in);

bool vg_addr_same(const struct vg_addr *a, const struct vg_addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, sizeof(a->ip));
}
EXPORT_SYMBOL_GPL(vg_addr_same);

bool vg_addr_overlap(const struct vg_addr *a, const struct vg_addr *b)
{
	unsigned int bits = min_t(unsigned int, a->prefix, b->prefix);

	return a->family && a->family == b->family && addr_same_bits(a->ip, b->ip, bits);
}
EXPORT_SYMBOL_GPL(vg_addr_overlap);

static bool addr_is_net4(const struct vg_addr *a, u8 b0, u8 b1, unsigned int bits)
{
	u8 net[4] = { b0, b1 };

	return a->family == 4 && addr_same_bits(a->ip, net, bits);
}

static bool addr_is_net6(const struct vg_addr *a, u8 b0, u8 b1, unsigned int bits)
{
	u8 net[2] = { b0, b1 };

	return a->family == 6 && addr_same_bits(a->ip, net, bits);
}

bool vg_addr_is_any(const struct vg_addr *a)
{
	return a->family && !memchr_inv(a->ip, 0, sizeof(a->ip));
}
EXPORT_SYMBOL_GPL(vg_addr_is_any);

bool vg_addr_is_loopback(const struct vg_addr *a)
{
	if (a->family == 6)
		return a->ip[15] == 1 && !memchr_inv(a->ip, 0, 15);
	return addr_is_net4(a, 127, 0, 8);
}
EXPORT_SYMBOL_GPL(vg_addr_is_loopback);

bool vg_addr_is_private(const struct vg_addr *a)
{
	return addr_is_net4(a, 10, 0, 8) || addr_is_net4(a, 172, 16, 12) ||
	       addr_is_net4(a, 192, 168, 16) || addr_is_net6(a, 0xfc, 0, 7);
}
EXPORT_SYMBOL_GPL(vg_addr_is_private);

bool vg_addr_is_link_local(const struct vg_addr *a)
{
	return addr_is_net4(a, 169, 254, 16) || addr_is_net6(a, 0xfe, 0x80, 10);
}
EXPORT_SYMBOL_GPL(vg_addr_is_link_local);

bool vg_addr_is_multicast(const struct vg_addr *a)
{
	return addr_is_net4(a, 224, 0, 4) || addr_is_net6(a, 0xff, 0, 8);
}
EXPORT_SYMBOL_GPL(vg_addr_is_multicast);
