/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logs as blocks of whole lines: files, gzip files, standard input. Memory is one buffer, whatever
 * the input; files are read, never mapped, since a log may be truncated under our hands.
 */
#ifndef VIRGO_AN_READER_H
#define VIRGO_AN_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "analytics.h"
#include "line.h"

#define AN_SHA256_SIZE	32

/* An open log that can be scanned more than once; every scan sees the same bytes. */
struct an_input {
	const char *name;	/* as the caller wrote it, not copied */
	int fd;			/* -1: closed */
	bool gzip;
	bool stream;		/* cannot be rewound: one scan only */
	bool scanned;
	uint64_t size;		/* bytes in the file when it was opened; not for a stream */
	uint8_t sha256[AN_SHA256_SIZE];	/* of those bytes, after a scan with AN_SCAN_HASH */
};

enum an_scan_flag { AN_SCAN_HASH = 1 };

/*
 * Gets @s..@end, whole lines without NUL bytes (the last line of a file may lack its newline).
 * Another return than 0 ends the scan, which returns it.
 */
typedef int (*an_block_fn)(void *arg, const char *s, const char *end);

/*
 * Opens @name, "-" being standard input. @rewind: what cannot be read twice is copied into an
 * unlinked temporary file. Returns an an_status; closing an input that failed to open is harmless.
 */
int an_input_open(struct an_input *in, const char *name, bool rewind, struct an_error *err);
void an_input_close(struct an_input *in);

/*
 * Reads @in from its start. @stats->bytes, ->overlong and ->nul_runs are added to; lines are
 * counted by who walks over them.
 */
int an_input_scan(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
		  an_block_fn fn, void *arg, struct an_error *err);

/*
 * Walks over a block: sets *line..*line_end (without newline) to the next line that is neither
 * empty nor too long and moves *p behind it. False at the end.
 */
static inline bool an_next_line(const char **p, const char *end, struct an_read_stats *stats,
				const char **line, const char **line_end)
{
	while (*p < end) {
		const char *s = *p;
		const char *nl = memchr(s, '\n', (size_t)(end - s));

		if (!nl)
			nl = end;
		*p = nl < end ? nl + 1 : end;
		if (nl == s)
			continue;
		stats->lines++;
		if (nl - s > AN_LINE_MAX) {
			stats->overlong++;
			continue;
		}
		*line = s;
		*line_end = nl;
		return true;
	}
	return false;
}

/* Standard input can be given once: AN_USAGE when "-" is among the @n names twice. */
int an_inputs_check(const char *const *names, size_t n, struct an_error *err);

/* Fills @err from a format; returns @status, so that a failure is one statement. */
/* "cannot DO PATH: why", with errno; returns @status */
int an_fail_sys(struct an_error *err, int status, const char *what, const char *path);
int an_fail(struct an_error *err, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
