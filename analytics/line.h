/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line of a kernel log. Everything in it may be an attacker's: nothing is believed that does
 * not stand where the kernel itself puts it.
 */
#ifndef VIRGO_AN_LINE_H
#define VIRGO_AN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "stamp.h"

#define AN_LINE_MAX	8192	/* longer lines are skipped whole */

enum an_event_flag {
	AN_F_SYN = 1 << 0,
	AN_F_ACK = 1 << 1,
	AN_F_RST = 1 << 2,
	AN_F_FIN = 1 << 3,
	AN_F_DF = 1 << 4,	/* "don't fragment" */
	AN_F_DST = 1 << 5,	/* dst is set */
	AN_F_SPT = 1 << 6,	/* spt is set */
	AN_F_DPT = 1 << 7,	/* dpt is set */
	AN_F_OUTGOING = 1 << 8,	/* IN= is empty: the source is this machine */
	AN_F_GROUP = 1 << 9,	/* to a multicast or broadcast address */
	AN_F_FORWARD = 1 << 10,	/* in by one interface, out by another: dst need not be ours */
};

enum { AN_PROTO_ICMP = 1, AN_PROTO_TCP = 6, AN_PROTO_UDP = 17, AN_PROTO_ICMPV6 = 58 };

/* A packet the firewall refused. What the line does not tell is 0 and its flag is clear. */
struct an_event {
	struct an_addr src, dst;
	int64_t ms;		/* AN_MS_NONE when the line has no stamp */
	uint32_t flags;
	uint16_t len, spt, dpt;
	uint8_t ttl, proto;
};

/*
 * Where the fields of a [UFW BLOCK] line begin, or NULL when @s..@end is none. The tag counts only
 * directly after "STAMP HOST kernel: " and the kernel's optional "[uptime] ", or after the uptime
 * alone (dmesg): the same words in a device's name or a program's message are just words.
 */
const char *an_line_tag(const char *s, const char *end);

/*
 * The source address from the fields at @s (as given by an_line_tag). False when the line is cut
 * before the blank that ends the address, or the address is none.
 */
bool an_line_source(const char *s, const char *end, struct an_addr *src);

/* Everything else as well; same return. @clock and @line (the line's start) give the time. */
bool an_line_event(struct an_clock *clock, const char *line, const char *s, const char *end,
		   struct an_event *ev);

#endif
