/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a log was read, and what it is recognised by when it has another name, another inode or
 * is packed: its first and last bytes as they were read. Shared by state.c, match.c and logs.c.
 */
#ifndef VIRGO_AN_MARK_H
#define VIRGO_AN_MARK_H

#include "journal.h"
#include "reader.h"
#include "state.h"

#define AN_MARKS_MAX	1024

struct an_mark {
	char *path;		/* the name it had; the mark's */
	uint64_t dev, ino, size;	/* of the file as it was, packed or not */
	enum an_packing packing;
	struct an_place place;
	uint32_t head_len, tail_len;	/* bytes hashed: at the start, and up to place.pos */
	uint8_t head[AN_SHA256_SIZE], tail[AN_SHA256_SIZE];
	char cursor[AN_CURSOR_MAX];	/* of the journal; else "" */
	uint32_t unseen;	/* runs in which no file was found to be this log */
	bool claimed;		/* in this run, by an input */
};

struct an_marks {
	struct an_mark *v;
	size_t n, room;
};

/* The marks of @state, to be changed by who reads logs. */
struct an_marks *an_state_marks(struct an_state *state);

/* A fresh mark, zeroed but for a copy of @path; NULL when out of memory. Pointers go stale. */
struct an_mark *an_marks_add(struct an_marks *marks, const char *path);
void an_marks_free(struct an_marks *marks);

/*
 * Whether the open file @in is the log of @mark, grown or not. When it is, in->start and in->edge
 * are set to go on. 1, 0, or an an_status below 0.
 */
int an_mark_match(const struct an_mark *mark, struct an_input *in, struct an_error *err);

/* What to remember of @in after a scan. */
void an_mark_set(struct an_mark *mark, const struct an_input *in, const struct an_clock *clock);

#endif
