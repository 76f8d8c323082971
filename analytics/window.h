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

#include "bytes.h"
#include "line.h"
#include "word.h"

#define AN_WINDOW_MS		60000ll
#define AN_WINDOW_LATE_MS	120000	/* a stamp so little older belongs to the window under way */
#define AN_WINDOWS_MAX		(1u << 20)	/* two years of minutes */
#define AN_TEMPLATES_MAX	(1u << 16)	/* further ones are only counted */
#define AN_PAIRS_MAX		(6u << 20)	/* 48 MB of template counts */
#define AN_WINDOW_SLOTS		4096	/* of sources in one minute, never full */
#define AN_WINDOW_SOURCES	3072	/* told apart in one */

/* A shape of message. */
struct an_template {
	uint64_t key;
	uint64_t total;			/* lines */
	uint32_t df;			/* windows that hold it */
	uint32_t window, pair;		/* the last of them, and its count there */
	uint16_t word[AN_WORDS_MAX];	/* an_word_hash() of the different words of its first line */
	uint8_t nwords;
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

/* A source of the window under way. */
struct an_window_source {
	uint64_t key;
	uint32_t generation;
	struct an_loud n;
	uint64_t portmap;		/* ports by hash, for a count up to a few hundred */
};

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

/*
 * Writes all for a later run, before an_windows_end(): the window under way goes on there. Windows
 * that ended before @from_ms stay out, but for the last one, and templates that only they hold.
 */
void an_windows_put(const struct an_windows *w, int64_t from_ms, struct an_bytes *to);

/* Reads it back into @w, initialised and empty. False when it is none, or when out of memory. */
bool an_windows_get(struct an_windows *w, struct an_bytes *from);

/* For an_windows_get(): a fresh entry at the end, zeroed but for what finds it; NULL: no memory. */
struct an_window *an_windows_append(struct an_windows *w);
struct an_template *an_windows_new_template(struct an_windows *w, uint64_t key);
struct an_pair *an_windows_new_pair(struct an_windows *w);
/* In the window under way, a fresh one with count 0 when need be; NULL: no room. */
struct an_window_source *an_windows_source(struct an_windows *w, uint64_t key);

/* The template of a message, NULL if it was never added. */
const struct an_template *an_windows_template(const struct an_windows *w, uint64_t key);

#endif
