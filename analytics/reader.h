/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logs as blocks of whole lines: files, gzip and zstd files, standard input, the journal. Memory is
 * one buffer, or a few for each processor, whatever the input; files are read, never mapped, since a log may be truncated under
 * our hands. What names mean, and the order of several files, is logs.h's.
 */
#ifndef VIRGO_AN_READER_H
#define VIRGO_AN_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <string.h>

#include "analytics.h"
#include "line.h"

#define AN_SHA256_SIZE	32

enum an_packing { AN_PLAIN, AN_GZIP, AN_ZSTD };

#define AN_EDGE		4096

/* The first and the last bytes read of a log: what tells later that it is the same one. */
struct an_edge {
	bool done;		/* a scan has ended: the head stays, the next one makes the tail anew */
	uint32_t head_len, tail_len, from_len;
	unsigned char head[AN_EDGE], tail[AN_EDGE];
	unsigned char from[AN_EDGE];	/* the tail where each scan begins */
};

/* How far a log was read, in its unpacked bytes. */
struct an_place {
	uint64_t pos, line;	/* bytes, lines before it */
	bool inside;		/* within a line that is too long and skipped */
	int year, month;	/* of the last year-less stamp, see an_clock */
};

/* An open log that can be scanned more than once; every scan sees the same bytes. */
/* Who is told that it goes on, and may end it, also while nothing comes; ->fn may be NULL. */
struct an_watch {
	an_progress_fn fn;
	void *arg;
};

struct an_input {
	const char *name;	/* for messages; lives as long as the an_logs it is of */
	size_t given;		/* which of the names given this came from */
	int fd;			/* -1: closed, or the journal */
	struct an_journal *journal;
	enum an_packing packing;
	bool stream;		/* cannot be rewound: one scan only */
	bool scanned;
	struct an_watch watch;
	uint64_t size;		/* bytes in the file when it was opened; not for a stream */
	bool extra;		/* an older part of a log that was named, see logs.h */
	uint64_t dev, ino;	/* of that file; 0 for a stream */
	int64_t mtime;		/* Unix seconds; 0 unknown. No line is later than that */
	int64_t told;		/* see struct an_clock; AN_MS_NONE when it was opened */
	struct an_place start;	/* where an earlier run stopped; zeroed: at the first byte */
	struct an_place stop;	/* after a scan: where the next run goes on */
	struct an_edge *edge;	/* kept up to date when there is one; the input's */
	bool hold_tail;		/* a last line without newline is left for the next run */
	uint8_t sha256[AN_SHA256_SIZE];	/* of the file's bytes, after a scan with AN_SCAN_HASH */
};

enum an_scan_flag { AN_SCAN_HASH = 1 };

/* Whole lines (the last one of a file may lack its newline), and the cursor of who walks over them. */
struct an_block {
	const char *p, *end;
	uint64_t line;		/* number, in its input and from 1, of the line handed out last */
	bool nuls;		/* there are NUL bytes among them, for an_next_line() to step over */
	bool torn;		/* what comes next belongs to the same numbered line */
};

struct an_looker;

/* Another return than 0 ends the scan, which returns it. */
typedef int (*an_block_fn)(void *arg, struct an_block *block);

/*
 * Opens @name, "-" being standard input. @rewind: what cannot be read twice is copied into an
 * unlinked temporary file. Returns an an_status; closing an input that failed to open is harmless.
 */
int an_input_open(struct an_input *in, const char *name, bool rewind, struct an_error *err);
/* What has come of the file's own bytes, or the journal's lines; 0 at the end, -1 on error. */
ssize_t an_input_read(struct an_input *in, void *buf, size_t len, struct an_error *err);
/* The copy that @rewind makes, for a stream opened without it. */
int an_input_spool(struct an_input *in, struct an_error *err);
void an_input_close(struct an_input *in);

/*
 * Reads @in from in->start on. @stats->bytes, ->overlong and ->nul_runs are added to;
 * lines are counted by who walks over them. A file that has become shorter ends there, and
 * @stats->truncated counts it.
 */
int an_input_scan(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
		  an_block_fn fn, void *arg, struct an_error *err);

/*
 * The same by threads: each block's lines are walked over by @looker->look() (see ahead.h), which keeps
 * statistics of its own, for an_stats_add(), and does not know the lines' numbers.
 */
int an_input_scan_ahead(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
			const struct an_looker *looker, void *arg, struct an_error *err);

/* an_next_line() where there are NULs: each run of them ends a line, though not a numbered one. */
bool an_next_torn(struct an_block *b, struct an_read_stats *stats, const char **line,
		  const char **line_end);

/*
 * Walks over a block, to be called until it returns false: sets *line..*line_end (without newline)
 * to the next line that is neither empty nor too long; b->line is its number.
 */
static inline bool an_next_line(struct an_block *b, struct an_read_stats *stats, const char **line,
				const char **line_end)
{
	if (b->nuls)
		return an_next_torn(b, stats, line, line_end);
	while (b->p < b->end) {
		const char *s = b->p;
		const char *nl = memchr(s, '\n', (size_t)(b->end - s));

		if (!nl)
			nl = b->end;
		b->p = nl < b->end ? nl + 1 : b->end;
		b->line++;
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

/* Adds what a walk over lines has counted. */
static inline void an_stats_add(struct an_read_stats *to, const struct an_read_stats *s)
{
	to->lines += s->lines;
	to->malformed += s->malformed;
	to->overlong += s->overlong;
	to->nul_runs += s->nul_runs;
}

/* Standard input can be given once: AN_USAGE when "-" is among the @n names twice. */
int an_inputs_check(const char *const *names, size_t n, struct an_error *err);

/* Fills @err from a format; returns @status, so that a failure is one statement. */
int an_fail(struct an_error *err, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "cannot DO PATH: why", with errno; returns @status */
int an_fail_sys(struct an_error *err, int status, const char *what, const char *path);

#endif
