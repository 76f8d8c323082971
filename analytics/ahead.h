/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of a log, looked at by several threads and used by the caller's alone, in their order. What
 * comes out may not depend on how many threads there are: a look sees its block only.
 */
#ifndef VIRGO_AN_AHEAD_H
#define VIRGO_AN_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

struct an_block;

/*
 * Leaves in @found what there is in @block. @found is zeroed before the first look and then kept from one
 * to the next. Any thread. False when out of memory.
 */
typedef bool (*an_look_fn)(const void *arg, struct an_block *block, void *found);

/* Frees what hangs on it, all zeros or not. */
typedef void (*an_found_done_fn)(void *found);

struct an_looker {
	an_look_fn look;
	/* The caller's thread; the block's bytes are still there. Not 0 ends the scan, which returns it. */
	int (*use)(void *arg, void *found);
	an_found_done_fn done;
	size_t size;			/* of what is found */
};

/*
 * Called in the caller's thread, in order, for each block after its look; @found is NULL when that was
 * out of memory. Not 0 ends all.
 */
typedef int (*an_looked_fn)(void *arg, struct an_block *block, void *found);

struct an_ahead;

/*
 * For blocks of @size bytes at most; what is found in one takes @found bytes. Where there are other processors,
 * threads are begun once there are some blocks. NULL when out of memory.
 */
struct an_ahead *an_ahead_new(size_t size, size_t found, an_look_fn look, an_looked_fn looked,
			      an_found_done_fn done, void *arg);

/* Where the next block is to be put together; NULL when out of memory. The same until it is given. */
char *an_ahead_buffer(struct an_ahead *ahead);

/* @block lies in that buffer. What @looked returns for one of the blocks before, or 0. */
int an_ahead_give(struct an_ahead *ahead, const struct an_block *block);

/* All that was given has been used: the same return. */
int an_ahead_drain(struct an_ahead *ahead);

/* Ends its threads; what was not used is dropped. May be NULL. */
void an_ahead_free(struct an_ahead *ahead);

#endif
