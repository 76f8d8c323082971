// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines parsed ahead; must never hold more of them than a fair block has, however short a log's lines are. */
#include <stdlib.h>

#include "grow.h"
#include "parsed.h"

#define LINES_MAX	2048	/* of 32 bytes each, if they fill a block */

static void parse_ahead(const struct an_prefixes *prefixes, struct an_clock *clock, const char *s,
			const char *end, struct an_parsed_line *l)
{
	l->yearless = an_stamp_is_yearless(s);
	an_line_split(clock, prefixes, s, end, &l->line);
	l->packet = l->line.kind == AN_LINE_BLOCK && an_line_packet(&l->line, &l->ev);
	if (l->line.kind == AN_LINE_OTHER)
		l->line.template_key = an_line_template(&l->line);
}

bool an_parsed_look(const struct an_prefixes *prefixes, struct an_block *block, struct an_parsed *p)
{
	const char *s, *end;

	*p = (struct an_parsed){ .v = p->v, .room = p->room };
	an_clock_init(&p->clock, 0);
	while (an_next_line(block, &p->stats, &s, &end)) {
		if (p->n == LINES_MAX) {
			if (!p->rest.p)
				p->rest = (struct an_block){ s, block->end, .nuls = block->nuls };
			continue;
		}
		if (!an_grow((void **)&p->v, p->n, &p->room, sizeof(*p->v)))
			return false;
		parse_ahead(prefixes, &p->clock, s, end, &p->v[p->n++]);
	}
	return true;
}

const struct an_parsed_line *an_parsed_next(struct an_parsed *p, const struct an_prefixes *prefixes,
					    struct an_clock *clock)
{
	struct an_read_stats counted = { 0 };
	const char *s, *end;
	struct an_parsed_line *l;
	int64_t ms;

	if (p->next == p->n) {
		if (!p->rest.p || !an_next_line(&p->rest, &counted, &s, &end))
			return NULL;
		parse_ahead(prefixes, clock, s, end, &p->last);
		return &p->last;
	}
	l = &p->v[p->next++];
	/* the text is not looked at without need: it is in another processor's cache */
	if (l->yearless && an_stamp_parse(clock, l->line.s, l->line.end, &ms)) {
		l->line.ms = ms;
		l->ev.ms = ms;
	}
	return l;
}

void an_parsed_free(struct an_parsed *p)
{
	free(p->v);
}
