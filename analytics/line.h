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

/* What a line is, by what stands where the kernel itself writes. */
enum an_line_kind {
	AN_LINE_OTHER,		/* any other message, the kernel's or a program's */
	AN_LINE_BLOCK,		/* a packet that was refused: [UFW BLOCK], or a prefix one named */
	AN_LINE_PACKET,		/* another logged packet: IN= OUT= … after some prefix */
	AN_LINE_EXEC,		/* a run of a node that ended well: an_line_exec() */
	AN_LINE_ENDED,		/* a run that was killed or failed: an_line_exec() too */
	AN_LINE_LOAD,		/* a node's load: an_line_load() */
};

/*
 * A line in its parts; all pointers point into the line. @msg..@end is what was logged, without
 * stamp, host, "kernel:" and uptime (of a program: "PROG[PID]: TEXT"; without a known stamp: all).
 */
struct an_line {
	const char *s, *end;	/* the line without its newline */
	const char *msg;
	const char *fields;	/* of BLOCK and PACKET: "IN=…"; else NULL */
	const char *alert;	/* of the RAS logs' first column, "-" or a class; else NULL */
	size_t alert_len;
	unsigned int heading;	/* words at msg that say where and how bad, before those that say what */
	int64_t ms;		/* Unix milliseconds (since boot with the uptime alone); AN_MS_NONE */
	bool kernel;		/* msg stands where only the kernel's own messages stand */
	enum an_line_kind kind;
	uint64_t template_key;	/* an_line_template(), by who has worked it out; else 0 */
};

/*
 * Which prefixes are packets refused. [UFW BLOCK] always is; others are the texts of iptables'
 * --log-prefix or of nftables' log prefix, compared from the message's first byte up to the blanks
 * before "IN=".
 */
struct an_prefixes {
	const char *const *text;	/* as an_prefix_check() wants them */
	size_t n;
};

/* 1 to 127 printable bytes, the first no blank (blanks at the end are dropped): else AN_USAGE. */
struct an_error;
int an_prefix_check(const char *text, struct an_error *err);

/* Any bytes are a line. @prefixes may be NULL. Nothing is allocated, nothing read at or past @end. */
void an_line_split(struct an_clock *clock, const struct an_prefixes *prefixes, const char *s,
		   const char *end, struct an_line *line);

/* The template of what was logged: see an_word_template(). */
uint64_t an_line_template(const struct an_line *line);

/* The packet of a BLOCK or PACKET line. False when it has no whole source address. */
bool an_line_packet(const struct an_line *line, struct an_event *ev);

/* "virgo_cpupool: exec fn=NAME arg_bytes=N node=N us=N" */
struct an_exec {
	const char *fn;		/* not terminated */
	size_t fn_len;		/* 1..AN_FN_MAX */
	uint64_t arg_bytes, us;
	uint32_t node;
};

#define AN_FN_MAX	95

/* False when a number is missing, cut or too large: such a line is no measurement. */
bool an_line_exec(const struct an_line *line, struct an_exec *exec);

/* "virgo_cpupool: load node=N run=N.NN": *centi are hundredths. */
bool an_line_load(const struct an_line *line, uint32_t *node, uint32_t *centi);

/*
 * The quick way for who wants blocked packets only: where the fields of a [UFW BLOCK] line (or one
 * of @prefixes) begin, or NULL when @s..@end is none. The same answer as an_line_split() gives.
 */
const char *an_line_tag(const struct an_prefixes *prefixes, const char *s, const char *end);

/*
 * The source address from the fields at @s (as given by an_line_tag). False when the line is cut
 * before the blank that ends the address, or the address is none.
 */
bool an_line_source(const char *s, const char *end, struct an_addr *src);

/* an_line_packet() for who has the fields only; @line (the line's start) gives the time. */
bool an_line_event(struct an_clock *clock, const char *line, const char *s, const char *end,
		   struct an_event *ev);

#endif
