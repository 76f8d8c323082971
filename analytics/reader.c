// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes of an input to blocks of lines; must never hold more than its buffers of any input. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ahead.h"
#include "pull.h"

#define BUF_SIZE	(64 * 1024)	/* what a processor looks at stays in its cache */

/* One scan under way. */
struct scan {
	struct an_input *in;
	struct an_read_stats *stats;
	an_block_fn fn;		/* or, when NULL: */
	const struct an_looker *looker;
	struct an_ahead *ahead;
	void *arg;
	struct an_error *err;
	struct an_pull pull;
	char *buf;		/* ->ahead's when there is one */
	size_t have;		/* bytes of an unfinished line at the start of buf */
	/* of buf[0]; ->line and ->torn, which only a walk over the lines tells, are of what was used */
	struct an_place at;
	bool torn;		/* the bytes before it are NULs within a line */
};

int an_fail(struct an_error *err, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return status;
}

int an_fail_sys(struct an_error *err, int status, const char *what, const char *path)
{
	err->sys = errno;
	return an_fail(err, status, "cannot %s %s: %s", what, path, strerror(err->sys));
}

int an_inputs_check(const char *const *names, size_t n, struct an_error *err)
{
	size_t i, seen = 0;

	if (!n)
		return an_fail(err, AN_USAGE, "no log given");
	for (i = 0; i < n; i++)
		seen += !strcmp(names[i], "-");
	if (seen > 1)
		return an_fail(err, AN_USAGE, "standard input (\"-\") can be read only once");
	return AN_OK;
}

bool an_next_torn(struct an_block *b, struct an_read_stats *stats, const char **line,
		  const char **line_end)
{
	while (b->p < b->end) {
		const char *s = b->p;
		const char *stop, *nul;

		if (b->torn && !*s) {
			b->p++;
			continue;
		}
		stop = memchr(s, '\n', (size_t)(b->end - s));
		stop = stop ? stop : b->end;
		nul = memchr(s, 0, (size_t)(stop - s));
		b->line += !b->torn;
		b->torn = nul;
		if (nul) {
			stats->nul_runs++;
			stop = nul;
			while (nul < b->end && !*nul)
				nul++;
			b->p = nul;
		} else {
			b->p = stop < b->end ? stop + 1 : b->end;
		}
		if (stop == s)
			continue;
		stats->lines++;
		if (stop - s > AN_LINE_MAX) {
			stats->overlong++;
			continue;
		}
		*line = s;
		*line_end = stop;
		return true;
	}
	return false;
}

/* Notes @len bytes that are read for good. */
static void edge_add(struct an_edge *e, const char *s, size_t len)
{
	size_t n = e->done ? 0 : AN_EDGE - e->head_len, old;

	n = n < len ? n : len;
	memcpy(e->head + e->head_len, s, n);
	e->head_len += (uint32_t)n;
	n = len < AN_EDGE ? len : AN_EDGE;
	old = AN_EDGE - n < e->tail_len ? AN_EDGE - n : e->tail_len;
	memmove(e->tail, e->tail + e->tail_len - old, old);
	memcpy(e->tail + old, s + len - n, n);
	e->tail_len = (uint32_t)(old + n);
}

/* A scan begins: the log may be another one's by now, or shorter, than the last scan found it. */
static void edge_begin(struct an_edge *e)
{
	if (!e->done) {
		e->from_len = e->tail_len;
		memcpy(e->from, e->tail, e->from_len);
	} else {
		e->tail_len = e->from_len;
		memcpy(e->tail, e->from, e->from_len);
	}
}

static void edge_end(struct an_edge *e, uint64_t pos)
{
	e->done = true;
	if (e->head_len > pos)
		e->head_len = (uint32_t)pos;
}

/* Walks over whole lines, in their order. */
static int walk(struct scan *sc, struct an_block *block, void *found)
{
	bool ok = true;
	int ret = 0;

	block->line = sc->at.line;
	block->torn = sc->torn;
	block->nuls = sc->torn || memchr(block->p, 0, (size_t)(block->end - block->p));
	if (sc->fn)
		ret = sc->fn(sc->arg, block);
	else
		ok = sc->looker->look(sc->arg, block, found);
	sc->at.line = block->line;
	sc->torn = block->torn;
	return ok ? ret : an_fail(sc->err, AN_NOMEM, "out of memory");
}

/*
 * A look ahead: counts the lines. NULs, which need to know how the block before ended, are left for
 * looked(), which may have to begin anew.
 */
static bool look(const void *arg, struct an_block *block, void *found)
{
	const struct scan *sc = arg;
	struct an_block walked = *block;
	bool ok;

	block->nuls = memchr(block->p, 0, (size_t)(block->end - block->p));
	if (block->nuls)
		return true;
	ok = sc->looker->look(sc->arg, &walked, found);
	block->line = walked.line;
	return ok;
}

static int looked(void *arg, struct an_block *block, void *found)
{
	struct scan *sc = arg;
	int ret = 0;

	if (!found)
		return an_fail(sc->err, AN_NOMEM, "out of memory");
	if (block->nuls || sc->torn)
		ret = walk(sc, block, found);
	else
		sc->at.line += block->line;
	return ret ? ret : sc->looker->use(sc->arg, found);
}

/* Hands on @s..@end, whole lines. */
static int hand_on(struct scan *sc, const char *s, const char *end)
{
	struct an_block block = { .p = s, .end = end };

	return sc->ahead ? an_ahead_give(sc->ahead, &block) : walk(sc, &block, NULL);
}

/* The rest of a line that was too long, at the start of the first @len bytes: its length. */
static size_t skip_rest(struct scan *sc, size_t len)
{
	const char *nl = memchr(sc->buf, '\n', len);
	const char *nul = memchr(sc->buf, 0, nl ? (size_t)(nl - sc->buf) : len);

	if (!nl && !nul)
		return len;
	sc->at.inside = false;
	if (nul) {
		sc->torn = true;
		sc->stats->nul_runs++;
		return (size_t)(nul + 1 - sc->buf);
	}
	return (size_t)(nl + 1 - sc->buf);
}

/* Behind the last byte that ends a line; NULs do when there is too much to wait for a newline. */
static char *last_end(char *s, char *end)
{
	char *cut = s < end ? memrchr(s, '\n', (size_t)(end - s)) : NULL;

	if (!cut && end - s > AN_LINE_MAX)
		cut = memrchr(s, 0, (size_t)(end - s));
	return cut ? cut + 1 : s;
}

/* The unfinished line at @s goes to the start of where the next block is read to. */
static int next_buf(struct scan *sc, const char *s)
{
	char *buf = sc->ahead ? an_ahead_buffer(sc->ahead) : sc->buf;

	if (!buf)
		return an_fail(sc->err, AN_NOMEM, "out of memory");
	memmove(buf, s, sc->have);
	sc->buf = buf;
	return 0;
}

/* Hands on the whole lines among the first @len bytes of the buffer, keeps the rest. */
static int deliver(struct scan *sc, size_t len, bool eof)
{
	char *s = sc->buf, *end = sc->buf + len, *cut;
	bool whole = eof && !sc->in->hold_tail;

	if (sc->at.inside)
		s += skip_rest(sc, len);
	cut = whole ? end : last_end(s, end);
	if (cut > s) {
		int ret = hand_on(sc, s, cut);

		if (ret)
			return ret;
		s = cut;
	}
	if (end - s > AN_LINE_MAX) {
		int ret = sc->ahead ? an_ahead_drain(sc->ahead) : 0;

		if (ret)
			return ret;
		sc->stats->lines++;
		sc->stats->overlong++;
		sc->at.line += !sc->torn;
		sc->at.inside = true;
		sc->torn = false;
		s = end;
	}
	if (sc->in->edge)
		edge_add(sc->in->edge, sc->buf, (size_t)(s - sc->buf));
	sc->have = (size_t)(end - s);
	sc->at.pos += (uint64_t)(s - sc->buf);
	return next_buf(sc, s);
}

/*
 * Whether the file was cut and written anew under our hands: the bytes just read are then of another
 * log, which the next run finds at its start. It begins otherwise than the one that was read so far.
 */
static bool is_replaced(const struct scan *sc)
{
	const struct an_input *in = sc->in;
	const struct an_edge *e = in->edge;
	unsigned char now[AN_EDGE];

	return e && e->head_len && !in->stream && in->packing == AN_PLAIN &&
	       (pread(in->fd, now, e->head_len, 0) != (ssize_t)e->head_len ||
		memcmp(now, e->head, e->head_len));
}

static int scan_loop(struct scan *sc)
{
	for (;;) {
		char *at = sc->buf + sc->have;
		ssize_t n = an_pull_read(&sc->pull, at, BUF_SIZE - sc->have);
		int ret;

		if (n < 0)
			return AN_INPUT;
		if (n && is_replaced(sc)) {
			sc->pull.short_file = true;
			n = 0;
		}
		sc->stats->bytes += (uint64_t)n;
		ret = deliver(sc, sc->have + (size_t)n, !n);
		if (!ret && !n && sc->ahead)
			ret = an_ahead_drain(sc->ahead);
		if (ret || !n)
			return ret;
	}
}

/* Steps over what an earlier run has read. */
static int skip_start(struct scan *sc)
{
	struct an_input *in = sc->in;
	uint64_t left = in->start.pos;

	if (in->packing == AN_PLAIN && left)
		return an_pull_seek(&sc->pull, left);
	while (left) {
		ssize_t n = an_pull_read(&sc->pull, sc->buf, left < BUF_SIZE ? left : BUF_SIZE);

		if (n < 0)
			return AN_INPUT;
		if (!n)
			break;
		left -= (uint64_t)n;
	}
	return AN_OK;
}

/* Room for the blocks, once it is known who walks over them. */
static int make_room(struct scan *sc)
{
	if (sc->looker) {
		sc->ahead = an_ahead_new(BUF_SIZE, sc->looker->size, look, looked, sc->looker->done, sc);
		sc->buf = sc->ahead ? an_ahead_buffer(sc->ahead) : NULL;
	} else {
		sc->buf = malloc(BUF_SIZE);
	}
	return sc->buf ? AN_OK : an_fail(sc->err, AN_NOMEM, "out of memory");
}

static void free_room(struct scan *sc)
{
	if (!sc->ahead)
		free(sc->buf);
	an_ahead_free(sc->ahead);
}

static int scan_input(struct scan *sc, unsigned int flags)
{
	struct an_input *in = sc->in;
	bool hash = flags & AN_SCAN_HASH;
	int ret = an_pull_open(&sc->pull, in, hash, sc->err);

	sc->at = in->start;
	if (!ret)
		ret = make_room(sc);
	if (!ret)
		ret = skip_start(sc);
	if (!ret && in->edge)
		edge_begin(in->edge);
	if (!ret)
		ret = scan_loop(sc);
	/* what is left for the next run is read then */
	sc->stats->bytes -= sc->have;
	in->stop = sc->at;
	if (!ret && in->edge)
		edge_end(in->edge, in->stop.pos);
	sc->stats->truncated += sc->pull.short_file;
	if (!ret && hash)
		sha256_digest(&sc->pull.sha, AN_SHA256_SIZE, in->sha256);
	an_pull_close(&sc->pull);
	free_room(sc);
	return ret;
}

int an_input_scan(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
		  an_block_fn fn, void *arg, struct an_error *err)
{
	struct scan sc = { .in = in, .stats = stats, .fn = fn, .arg = arg, .err = err };

	return scan_input(&sc, flags);
}

int an_input_scan_ahead(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
			const struct an_looker *looker, void *arg, struct an_error *err)
{
	struct scan sc = { .in = in, .stats = stats, .looker = looker, .arg = arg, .err = err };

	return scan_input(&sc, flags);
}
