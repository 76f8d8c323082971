// SPDX-License-Identifier: GPL-3.0-or-later
/* Parser of firewall lines; must never read at or past the end it was given, whatever it reads. */
#include <string.h>

#include "place.h"
#include "reader.h"

static const char ufw[] = "[UFW BLOCK] ";

#define UFW_LEN		(sizeof(ufw) - 1)
#define HOST_MAX	255
#define BRACKET_MAX	24	/* "[4294967295.999999]" and a caller's "[T1234567]" fit */

/* Bytes of "[ 123.456]" and "[T12]" between the brackets. */
static const bool in_bracket[256] = {
	['0' ... '9'] = true, ['.'] = true, [' '] = true, ['T'] = true, ['C'] = true,
};

/* "[ 123.456]" or "[T12]" at @s: the byte after it, or NULL. */
static const char *skip_bracket(const char *s, const char *end)
{
	const char *limit = end - s > BRACKET_MAX ? s + BRACKET_MAX : end;

	for (s++; s < limit && in_bracket[(unsigned char)*s]; s++)
		;
	return s < limit && *s == ']' ? s + 1 : NULL;
}

/* Steps over " HOST kernel: "; NULL when that is not what stands there. */
static const char *skip_host(const char *s, const char *end)
{
	const char *limit = end - s > HOST_MAX ? s + HOST_MAX : end, *host = s + 1;

	if (s == end || *s != ' ')
		return NULL;
	for (s++; s < limit && *s != ' '; s++)
		;
	if (s == host || end - s < 9 || memcmp(s, " kernel: ", 9))
		return NULL;
	return s + 9;
}

/* Where the message of one of the kernel's own lines begins, or NULL: the only place believed. */
const char *an_kernel_message(const char *s, const char *end, const char *stamp_end)
{
	const char *p;
	bool dmesg;

	if (s == end)
		return NULL;
	dmesg = *s == '[';
	if (!dmesg) {
		if (stamp_end && stamp_end < end && *stamp_end == ' ' && stamp_end - s <= AN_STAMP_MAX)
			p = stamp_end;
		else
			p = an_stamp_skip(s, end);
		s = p ? skip_host(p, end) : NULL;
		if (!s)
			return NULL;
	}
	if (s == end || *s != '[')
		return dmesg ? NULL : s;
	p = skip_bracket(s, end);
	/* With CONFIG_PRINTK_CALLER a second bracket follows without a blank. */
	if (p && p < end && *p == '[')
		p = skip_bracket(p, end);
	if (p && p < end && *p == ' ')
		return p + 1;
	return dmesg ? NULL : s;
}

/* Blanks at a prefix' end count for nothing. */
static size_t prefix_len(const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		len--;
	return len;
}

int an_prefix_check(const char *text, struct an_error *err)
{
	size_t len = prefix_len(text), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			break;
	if (len && len < AN_PREFIX_MAX && i == len && text[0] != ' ')
		return AN_OK;
	return an_fail(err, AN_USAGE, "\"%.40s\" is no log prefix: 1 to %d printable bytes, the "
		       "first no blank", text, AN_PREFIX_MAX - 1);
}

/* Steps over blanks, and over tabs as syslog daemons write them. */
static const char *skip_blanks(const char *s, const char *end)
{
	for (;;) {
		if (s < end && (*s == ' ' || *s == '\t'))
			s++;
		else if (end - s >= 4 && !memcmp(s, "#011", 4))
			s += 4;
		else
			return s;
	}
}

/* The fields of the message @msg when it is of a refused packet, or NULL. */
const char *an_block_fields(const struct an_prefixes *prefixes, const char *msg, const char *end)
{
	size_t i;

	if (end - msg >= (ptrdiff_t)UFW_LEN && !memcmp(msg, ufw, UFW_LEN))
		return msg + UFW_LEN;
	for (i = 0; prefixes && i < prefixes->n; i++) {
		size_t len = prefix_len(prefixes->text[i]);
		const char *p;

		if ((size_t)(end - msg) < len || memcmp(msg, prefixes->text[i], len))
			continue;
		p = skip_blanks(msg + len, end);
		if (end - p >= 3 && !memcmp(p, "IN=", 3))
			return p;
	}
	return NULL;
}

const char *an_line_tag(const struct an_prefixes *prefixes, const char *s, const char *end)
{
	const char *msg = an_kernel_message(s, end, NULL);

	return msg ? an_block_fields(prefixes, msg, end) : NULL;
}

/* The next blank at or after @s, or @end. */
static const char *token_end(const char *s, const char *end)
{
	const char *blank = memchr(s, ' ', (size_t)(end - s));

	return blank ? blank : end;
}

bool an_line_source(const char *s, const char *end, struct an_addr *src)
{
	while (s < end && *s != '[') {
		const char *stop;

		if (end - s > 4 && !memcmp(s, "SRC=", 4)) {
			s += 4;
			if (an_addr_parse_v4(&s, end, src) && s < end && *s == ' ')
				return true;
			stop = token_end(s, end);
			return stop < end && an_addr_parse(s, (size_t)(stop - s), src);
		}
		stop = token_end(s, end);
		if (stop == end)
			break;
		s = stop + 1;
	}
	return false;
}

/* A decimal number up to @max that fills @s..@end. */
static bool number(const char *s, const char *end, uint32_t max, uint32_t *value)
{
	uint32_t n = 0;

	if (s == end || end - s > 6)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (uint32_t)(*s - '0');
	}
	*value = n;
	return n <= max;
}

static uint8_t protocol(const char *s, const char *end)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} names[] = {
		{ "TCP", AN_PROTO_TCP }, { "UDP", AN_PROTO_UDP }, { "ICMP", AN_PROTO_ICMP },
		{ "ICMPv6", AN_PROTO_ICMPV6 }, { "SCTP", 132 }, { "ESP", 50 }, { "AH", 51 },
		{ "UDPLITE", 136 },
	};
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == (size_t)(end - s) &&
		    !memcmp(names[i].name, s, (size_t)(end - s)))
			return names[i].proto;
	return number(s, end, 255, &n) ? (uint8_t)n : 0;
}

/* "SYN", "ACK" and the like, words of their own. */
static uint32_t flag_of(const char *s, size_t len)
{
	if (len == 2)
		return memcmp(s, "DF", 2) ? 0 : AN_F_DF;
	if (len != 3)
		return 0;
	switch (*s) {
	case 'S':
		return memcmp(s, "SYN", 3) ? 0 : AN_F_SYN;
	case 'A':
		return memcmp(s, "ACK", 3) ? 0 : AN_F_ACK;
	case 'R':
		return memcmp(s, "RST", 3) ? 0 : AN_F_RST;
	case 'F':
		return memcmp(s, "FIN", 3) ? 0 : AN_F_FIN;
	}
	return 0;
}

/* What the interfaces tell: "IN=eth0 OUT= ", always the first two fields and in this order. */
static const char *interfaces(const char *s, const char *end, uint32_t *flags)
{
	const char *in = s + 3, *in_end, *out, *out_end;

	if (end - s < 3 || memcmp(s, "IN=", 3))
		return s;
	in_end = token_end(s, end);
	if (in == in_end)
		*flags |= AN_F_OUTGOING;
	if (end - in_end < 5 || memcmp(in_end, " OUT=", 5))
		return in_end < end ? in_end + 1 : end;
	out = in_end + 5;
	out_end = token_end(out, end);
	if (in < in_end && out < out_end &&
	    (in_end - in != out_end - out || memcmp(in, out, (size_t)(in_end - in))))
		*flags |= AN_F_FORWARD;
	return out_end < end ? out_end + 1 : end;
}

/* Four bytes as a number, to tell keys apart by one comparison each. */
#define FOUR(a, b, c, d)	\
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static uint32_t four(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	return FOUR(c[0], c[1], c[2], c[3]);
}

/*
 * The same for words of a few bytes: eight are looked at in one step, because a loop that ends after
 * another number of bytes each time costs more by its end than by all of its steps.
 */
static const char *word_end(const char *s, const char *end)
{
	const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;

	for (; end - s >= 8; s += 8) {
		uint64_t v, found;

		memcpy(&v, s, 8);
		v ^= ones * ' ';
		/* the lowest bit set is that of the first byte that is 0 now; those above it may be wrong */
		found = (v - ones) & ~v & high;
		if (found && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			return s + __builtin_ctzll(found) / 8;
		if (found)
			break;
	}
	while (s < end && *s != ' ')
		s++;
	return s;
}

/*
 * The value @v..@end of a key of three letters. The first of two equal ones counts: UDP has a second
 * LEN of its own.
 */
static void short_field(struct an_event *ev, uint32_t key, const char *v, const char *end)
{
	uint32_t n;

	switch (key) {
	case FOUR('D', 'S', 'T', '='):
		if (!(ev->flags & AN_F_DST) && an_addr_parse(v, (size_t)(end - v), &ev->dst))
			ev->flags |= AN_F_DST;
		break;
	case FOUR('L', 'E', 'N', '='):
		if (!ev->len && number(v, end, 65535, &n))
			ev->len = (uint16_t)n;
		break;
	case FOUR('T', 'T', 'L', '='):
		if (!ev->ttl && number(v, end, 255, &n))
			ev->ttl = (uint8_t)n;
		break;
	case FOUR('S', 'P', 'T', '='):
		if (!(ev->flags & AN_F_SPT) && number(v, end, 65535, &n)) {
			ev->spt = (uint16_t)n;
			ev->flags |= AN_F_SPT;
		}
		break;
	case FOUR('D', 'P', 'T', '='):
		if (!(ev->flags & AN_F_DPT) && number(v, end, 65535, &n)) {
			ev->dpt = (uint16_t)n;
			ev->flags |= AN_F_DPT;
		}
	}
}

/* Any other word @s..@end; @whole tells that a blank follows, so that it is not cut. */
static void long_field(struct an_event *ev, const char *s, const char *end, bool whole)
{
	size_t len = (size_t)(end - s);
	uint32_t n;

	if (len >= 6 && !memcmp(s, "PROTO=", 6)) {
		if (!ev->proto)
			ev->proto = protocol(s + 6, end);
	} else if (len >= 9 && !memcmp(s, "HOPLIMIT=", 9)) {
		if (whole && !ev->ttl && number(s + 9, end, 255, &n))
			ev->ttl = (uint8_t)n;
	} else if (len <= 3) {
		ev->flags |= flag_of(s, len);
	}
}

static bool packet(const char *s, const char *end, struct an_event *ev)
{
	bool have_src = false;

	s = interfaces(s, end, &ev->flags);
	/* A bracket opens the packet inside an ICMP error: those addresses are not the sender's. */
	while (s < end && *s != '[') {
		uint32_t key = end - s >= 4 ? four(s) : 0;
		const char *stop = word_end(s, end);

		if (key == FOUR('S', 'R', 'C', '=')) {
			if (have_src || stop == end ||
			    !an_addr_parse(s + 4, (size_t)(stop - s - 4), &ev->src))
				return false;
			have_src = true;
		} else if ((key & 0xff) == '=' && stop - s >= 4) {
			if (stop < end)
				short_field(ev, key, s + 4, stop);
		} else {
			long_field(ev, s, stop, stop < end);
		}
		if (stop == end)
			break;
		s = stop + 1;
	}
	if (ev->flags & AN_F_DST && an_addr_is_group(ev->dst))
		ev->flags |= AN_F_GROUP;
	return have_src;
}

bool an_line_packet(const struct an_line *line, struct an_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->ms = line->ms;
	return line->fields && packet(line->fields, line->end, ev);
}

bool an_line_event(struct an_clock *clock, const char *line, const char *s, const char *end,
		   struct an_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	if (!an_stamp_parse(clock, line, end, &ev->ms))
		ev->ms = AN_MS_NONE;
	return packet(s, end, ev);
}
