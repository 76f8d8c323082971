/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The unpacked bytes of an input, a piece at a time. Only for reader.c, input.c and match.c. */
#ifndef VIRGO_AN_PULL_H
#define VIRGO_AN_PULL_H

#include <nettle/sha2.h>
#include <sys/types.h>
#include <zlib.h>
#include <zstd.h>

#include "reader.h"

#define AN_RAW_SIZE	(128 * 1024)

/* Zeroed is closed. */
struct an_pull {
	struct an_input *in;
	struct an_error *err;
	bool hash;
	struct sha256_ctx sha;		/* of the packed bytes, with hash */
	uint64_t left;			/* bytes of the file that may still be read */
	bool short_file;		/* it ended before its size */
	unsigned char *raw;		/* packed bytes, or the first ones of a stream */
	size_t at, have;		/* those of them not yet used are at..have */
	bool raw_eof;
	bool ended;			/* a member or frame has ended; another one may follow */
	bool pending;			/* zstd holds unpacked bytes for which there was no room */
	z_stream z;
	bool z_open;
	ZSTD_DStream *zstd;
};

/* From the first byte on. Returns an an_status; an_pull_close() in any case. */
int an_pull_open(struct an_pull *pull, struct an_input *in, bool hash, struct an_error *err);
void an_pull_close(struct an_pull *pull);

/* A plain file only: goes on at byte @at. */
int an_pull_seek(struct an_pull *pull, uint64_t at);

/* Up to @len unpacked bytes, at least one; 0 at the end, -1 on error. */
ssize_t an_pull_read(struct an_pull *pull, char *buf, size_t len);

/* What the first bytes of a file tell. @len at least 4, or all there are. */
enum an_packing an_packing_of(const unsigned char *magic, size_t len);

#endif
