/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a block, parsed where no other block is known: all but the year of stamps that have none. */
#ifndef VIRGO_AN_PARSED_H
#define VIRGO_AN_PARSED_H

#include "line.h"
#include "reader.h"

struct an_parsed_line {
	struct an_line line;
	struct an_event ev;	/* of an AN_LINE_BLOCK */
	bool packet;		/* it has one */
	bool yearless;		/* its stamp, if it has one: the time is not sure yet */
};

/* Zeroed before its first block, then kept from one to the next. */
struct an_parsed {
	struct an_read_stats stats;	/* what the walk counted */
	struct an_parsed_line *v, last;
	size_t n, room, next;
	struct an_block rest;		/* lines beyond the room there is, not parsed yet */
	struct an_clock clock;
};

/* Parses @block, whose bytes must stay as long as its lines are used. False when out of memory. */
bool an_parsed_look(const struct an_prefixes *prefixes, struct an_block *block, struct an_parsed *parsed);

/* The lines one by one, with their times by @clock; NULL: there are no more. */
const struct an_parsed_line *an_parsed_next(struct an_parsed *parsed, const struct an_prefixes *prefixes,
					    struct an_clock *clock);

void an_parsed_free(struct an_parsed *parsed);

#endif
