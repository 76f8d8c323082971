// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether a file is a log that was read before; must never take another log's word for it. */
#include <nettle/sha2.h>
#include <stdlib.h>
#include <unistd.h>

#include "mark.h"
#include "pull.h"

static void edge_hash(const unsigned char *s, uint32_t len, uint8_t out[AN_SHA256_SIZE])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, len, s);
	sha256_digest(&sha, AN_SHA256_SIZE, out);
}

static bool edge_is(const unsigned char *s, uint32_t len, const uint8_t hash[AN_SHA256_SIZE])
{
	uint8_t now[AN_SHA256_SIZE];

	edge_hash(s, len, now);
	return !memcmp(now, hash, AN_SHA256_SIZE);
}

static bool read_at(int fd, unsigned char *buf, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pread(fd, buf, len, (off_t)at);

		if (n <= 0)
			return false;
		buf += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

static bool plain_is(const struct an_mark *m, const struct an_input *in, struct an_edge *e)
{
	return in->size >= m->place.pos && read_at(in->fd, e->head, m->head_len, 0) &&
	       edge_is(e->head, m->head_len, m->head) &&
	       read_at(in->fd, e->tail, m->tail_len, m->place.pos - m->tail_len) &&
	       edge_is(e->tail, m->tail_len, m->tail);
}

/* Exactly @len unpacked bytes, to @buf when there is one: 1, 0 when the file ends before, -1. */
static int pull_exactly(struct an_pull *pull, unsigned char *buf, uint64_t len)
{
	char waste[4096] = { 0 };

	while (len) {
		uint64_t room = buf || len < sizeof(waste) ? len : sizeof(waste);
		ssize_t n = an_pull_read(pull, buf ? (char *)buf : waste, room);

		if (n <= 0)
			return (int)n;
		buf = buf ? buf + n : NULL;
		len -= (uint64_t)n;
	}
	return 1;
}

/* The tail may begin within the head: the bytes of both are then read once. */
static int packed_tail(const struct an_mark *m, struct an_pull *pull, struct an_edge *e)
{
	uint64_t at = m->place.pos - m->tail_len;
	uint32_t common = at < m->head_len ? m->head_len - (uint32_t)at : 0;
	int ret = 1;

	memcpy(e->tail, e->head + m->head_len - common, common);
	if (at > m->head_len)
		ret = pull_exactly(pull, NULL, at - m->head_len);
	if (ret > 0)
		ret = pull_exactly(pull, e->tail + common, m->tail_len - common);
	return ret <= 0 ? ret : edge_is(e->tail, m->tail_len, m->tail);
}

static int packed_is(const struct an_mark *m, struct an_input *in, struct an_edge *e,
		     struct an_error *err)
{
	struct an_pull pull;
	int ret = an_pull_open(&pull, in, false, err);

	if (!ret)
		ret = pull_exactly(&pull, e->head, m->head_len);
	if (ret > 0)
		ret = edge_is(e->head, m->head_len, m->head) ? packed_tail(m, &pull, e) : 0;
	an_pull_close(&pull);
	in->scanned = false;
	/* Broken data are nobody's log; who reads the file will say so. */
	if (ret == -1 || ret == AN_INPUT)
		memset(err, 0, sizeof(*err));
	return ret == -1 || ret == AN_INPUT ? 0 : ret;
}

int an_mark_match(const struct an_mark *m, struct an_input *in, struct an_error *err)
{
	struct an_edge *e;
	int ret;

	if (!m->head_len)
		return 0;
	e = calloc(1, sizeof(*e));
	if (!e)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (in->packing == AN_PLAIN)
		ret = plain_is(m, in, e);
	else
		ret = packed_is(m, in, e, err);
	if (ret <= 0) {
		free(e);
		return ret;
	}
	e->head_len = m->head_len;
	e->tail_len = m->tail_len;
	free(in->edge);
	in->edge = e;
	in->start = m->place;
	return 1;
}

void an_mark_set(struct an_mark *m, const struct an_input *in, const struct an_clock *clock)
{
	m->dev = in->dev;
	m->ino = in->ino;
	m->size = in->size;
	m->packing = in->packing;
	m->place = in->stop;
	m->head_len = in->edge->head_len;
	m->tail_len = in->edge->tail_len;
	edge_hash(in->edge->head, m->head_len, m->head);
	edge_hash(in->edge->tail, m->tail_len, m->tail);
	m->place.year = clock->year;
	m->place.month = clock->month;
	m->unseen = 0;
}
