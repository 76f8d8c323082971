/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads for a while. Independent pieces of work over the processors there are. What comes out may
 * not depend on how many: a piece writes only into places of its own.
 */
#ifndef VIRGO_AN_PARALLEL_H
#define VIRGO_AN_PARALLEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define AN_THREADS_MAX	16

/* Does piece @i; false when it failed. May run at the same time as other pieces. */
typedef bool (*an_piece_fn)(void *arg, size_t i);

/* Called by the thread that called an_parallel(), after each piece: false stops the rest. */
typedef bool (*an_pieces_done_fn)(void *arg, size_t done);

/*
 * Does pieces 0..@n-1 in that order on up to @threads threads (0: as many as processors are ours, at
 * most 16). @done may be NULL. False when a piece failed or @done said so; every piece begun is then
 * finished all the same.
 */
bool an_parallel(size_t n, unsigned int threads, an_piece_fn piece, an_pieces_done_fn done,
		 void *arg);

/* How many threads can run at once: 1 to AN_THREADS_MAX. */
unsigned int an_processors(void);

/* Begins up to @n threads, to be joined; signals are left to the caller's own. How many there are. */
unsigned int an_threads_start(pthread_t *t, unsigned int n, void *(*fn)(void *), void *arg);

#endif
