/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Canonical request targets, the only spelling a node accepts and every curl signs alike:
 * unreserved bytes as they are, the rest %XX in upper case, query keys in byte order. Knows nothing
 * of connections.
 *
 *	struct virgo_target t;
 *	virgo_target_start(&t, "/v1/mem");
 *	virgo_target_segment(&t, key, strlen(key));
 *	virgo_target_number(&t, "ttl_ms", 5000);
 *	if (virgo_target_end(&t, err)) ...
 *	request.target = t.text;
 */
#ifndef VIRGO_TARGET_H
#define VIRGO_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/error.h>

enum {
	VIRGO_PATH_MAX = 2048,	/* bytes, escapes included */
	VIRGO_QUERY_MAX = 1024,
	VIRGO_QUERY_PAIRS = 16,
};

/* .text is the target so far; the rest is the builder's. */
struct virgo_target {
	char text[VIRGO_PATH_MAX + VIRGO_QUERY_MAX + 2];
	size_t len;
	size_t query;		/* where "?" stands, 0: not yet */
	unsigned int pairs;
	char last[33];		/* key of the last pair */
	char wrong[192];	/* the first thing that went wrong; end reports it */
};

/* begin with a path that is canonical already ("/v1/mem") */
void virgo_target_start(struct virgo_target *t, const char *path);

/*
 * append "/" and one escaped segment. Empty, "." and ".." can't be segments; NUL can't be in one.
 */
void virgo_target_segment(struct virgo_target *t, const void *data, size_t len);

/*
 * Append key=value: pairs in byte order of their keys ([A-Za-z_]{1,32}), each once; value escaped.
 * A value with "+" or NUL is refused: signing "+" is broken in curl 8.14 to 8.18, so no node
 * accepts it in a query.
 */
void virgo_target_query(struct virgo_target *t, const char *key, const void *value, size_t len);
void virgo_target_number(struct virgo_target *t, const char *key, uint64_t value);

/* VIRGO_OK, or VIRGO_USAGE: what could not be appended, and why */
enum virgo_code virgo_target_end(const struct virgo_target *t, struct virgo_error *err);

/*
 * A target somebody typed (/v1/mem/a b?prefix=x&limit=3), made canonical: escapes are decoded and
 * written anew, raw bytes escaped, pairs sorted. VIRGO_USAGE where that is impossible.
 */
enum virgo_code virgo_target_canonical(struct virgo_target *t, const char *text,
				       struct virgo_error *err);

#endif
