/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the names of logs mean. A name is a file, a pattern ("/var/log/kern.log*"), "-", "journal:"
 * (the kernel's messages in the system's journal) or "journal:DIR". The files of a pattern are put
 * in order of time, oldest first; a log that is being compressed is there once.
 */
#ifndef VIRGO_AN_LOGS_H
#define VIRGO_AN_LOGS_H

#include "names.h"
#include "reader.h"

#define AN_LOGS_MAX	512	/* files at most, all patterns together; all are open at once */

struct an_state;

struct an_logs {
	struct an_input *in;	/* in the order to be read; ->given tells the name each is of */
	size_t n;
	struct an_paths paths;	/* what in[].name points to */
	struct an_state *state;	/* NULL: everything is read from its start */
	size_t *mark;		/* 1 + index among the state's marks, one an input; 0: none yet */
};

/*
 * Opens all that @names mean, so that a rotation from here on changes nothing. @rewind as for
 * an_input_open(). With @state each input begins where the earlier run stopped, older parts of the
 * named logs that were not read to their end are among them, and what was read to its end is left
 * out: there may be nothing to read. @watch may be NULL. Returns an an_status; an_logs_close() in any case.
 */
int an_logs_open(struct an_logs *logs, const char *const *names, size_t n, bool rewind,
		 struct an_state *state, const struct an_watch *watch, struct an_error *err);
void an_logs_close(struct an_logs *logs);

/*
 * Scans input @i. @clock is made ready for it: no stamp is later than @now or the file's own time,
 * and the year goes on where the earlier run stopped, or the input's ->told tells it. Afterwards the
 * state knows how far the log was read; a second scan of the same input changes nothing of that.
 */
int an_logs_scan(struct an_logs *logs, size_t i, struct an_clock *clock, int64_t now,
		 unsigned int flags, struct an_read_stats *stats, an_block_fn fn, void *arg,
		 struct an_error *err);

/* The same for an_input_scan_ahead(). */
int an_logs_scan_ahead(struct an_logs *logs, size_t i, struct an_clock *clock, int64_t now,
		       unsigned int flags, struct an_read_stats *stats, const struct an_looker *looker,
		       void *arg, struct an_error *err);

#endif
