/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each minute of a log held: lines, packets, the loudest source, and how often which template
 * (the shape of a message) came. Everything is kept small and bounded, because only at the end of
 * the log can be said what is rare in it.
 */
#ifndef VIRGO_AN_WINDOW_H
#define VIRGO_AN_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line.h"
#include "word.h"

#define AN_WINDOW_MS		60000ll
#define AN_WINDOWS_MAX		(1u << 20)	/* two years of minutes */
#define AN_TEMPLATES_MAX	(1u << 16)	/* further ones are only counted */
#define AN_PAIRS_MAX		(6u << 20)	/* 48 MB of template counts */

/* A shape of message. */
struct an_template {
	uint64_t key;
	uint64_t total;			/* lines */
	uint32_t df;			/* windows that hold it */
	uint32_t window, pair;		/* the last of them, and its count there */
	uint16_t bucket[AN_WORDS_MAX];	/* different words of its first line */
	uint8_t nbuckets;
	uint8_t about;			/* an_word_about of them all */
	uint8_t kind[AN_ABOUT_KINDS];	/* words of each kind */
};

struct an_pair {
	uint32_t template, count;
};

/* The source with most blocked packets in a window. */
struct an_loud {
	uint64_t key;			/* an_addr_hash() of it */
	uint32_t count, syn, ack, group, udp, ports;
};

struct an_window {
	int64_t start_ms;		/* a whole minute */
	uint32_t lines, blocks, packets;	/* packets: other logged ones, not blocked */
	uint32_t sources, ports;	/* different ones among the blocked */
	uint32_t pairs, npairs;		/* from windows->pairs on */
	uint32_t alerts;		/* lines whose own first column calls them an alert */
	int32_t first_ms, last_ms;	/* of its lines, within the minute */
	struct an_loud loud;
};

struct an_window_source;

struct an_windows {
	struct an_window *v;
	size_t n, room;
	struct an_template *templates;
	uint32_t ntemplates, templates_room;
	uint32_t *slots, mask;		/* templates by key: index + 1 */
	struct an_pair *pairs;
	size_t npairs, pairs_room;
	uint64_t untracked;		/* lines for which a bound left no room */
	bool has_alerts;		/* the log has a column for them */
	/* the window under way */
	struct an_window_source *sources;
	uint32_t *used;
	uint32_t generation, nused;
	uint64_t portmap[32];
};

/* False when out of memory; an_windows_free() in any case. */
bool an_windows_init(struct an_windows *w);
void an_windows_free(struct an_windows *w);

/* Counts a line with a time; @ev is its packet when it is AN_LINE_BLOCK. False: out of memory. */
bool an_windows_add(struct an_windows *w, const struct an_line *line, const struct an_event *ev);

/* No line follows: finishes the window under way. */
void an_windows_end(struct an_windows *w);

/* The template of a message, NULL if it was never added. */
const struct an_template *an_windows_template(const struct an_windows *w, uint64_t key);

#endif
