/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which source or minute a line stands behind, when the logs are read once more. Behind a source are
 * its refused packets. Behind a minute are the messages that are rare in its log, or all of them where
 * the model knows all texts, and the packets of its loudest source when those are most of what there was.
 */
#ifndef VIRGO_AN_BEHIND_H
#define VIRGO_AN_BEHIND_H

#include "gather.h"

#define AN_BEHIND_NONE	SIZE_MAX

struct an_behind {
	const struct an_gathered *g;
	struct an_count index;	/* address to candidate */
	size_t window;		/* the last one found */
	bool texts;		/* the caller's to set after an_behind_init(): all messages count */
};

/* False when out of memory; an_behind_free() in any case. Without @sources only minutes are found. */
bool an_behind_init(struct an_behind *b, const struct an_gathered *g, bool sources);
void an_behind_free(struct an_behind *b);

/* The candidate that sent the refused packet of @line; AN_BEHIND_NONE. */
size_t an_behind_source(const struct an_behind *b, const struct an_line *line);

/* The window of @line's time, in the first group; AN_BEHIND_NONE. */
size_t an_behind_window(struct an_behind *b, const struct an_line *line);

/* Does @line stand behind that window, rather than only in it? */
bool an_behind_why(const struct an_behind *b, size_t window, const struct an_line *line);

#endif
