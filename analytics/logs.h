/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the names of logs mean. A name is a file, a pattern ("/var/log/kern.log*"), "-", "journal:"
 * (the kernel's messages in the system's journal) or "journal:DIR". The files of a pattern are put
 * in order of time, oldest first; a log that is being compressed is there once.
 */
#ifndef VIRGO_AN_LOGS_H
#define VIRGO_AN_LOGS_H

#include "reader.h"

#define AN_LOGS_MAX	1024	/* files at most, all patterns together */

struct an_state;

struct an_logs {
	struct an_input *in;	/* in the order to be read; ->given tells the name each is of */
	size_t n;
	char **paths;		/* what in[].name points to */
	size_t npaths;
	struct an_state *state;	/* NULL: everything is read from its start */
};

/*
 * Opens all that @names mean, so that a rotation from here on changes nothing. @rewind as for
 * an_input_open(). With @state each input begins where the earlier run stopped, and what was read
 * to its end is left out. Returns an an_status; an_logs_close() in any case.
 */
int an_logs_open(struct an_logs *logs, const char *const *names, size_t n, bool rewind,
		 struct an_state *state, struct an_error *err);
void an_logs_close(struct an_logs *logs);

/*
 * Scans one of them (index @i) with a clock for it: the files of one pattern share a clock, so that
 * years go on from file to file. After it the state knows how far the log was read.
 */
int an_logs_scan(struct an_logs *logs, size_t i, struct an_clock *clock, int64_t now,
		 unsigned int flags, struct an_read_stats *stats, an_block_fn fn, void *arg,
		 struct an_error *err);

#endif
