// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes of an input to blocks of lines; must never hold more than its buffers of any input. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "pull.h"

#define BUF_SIZE	(256 * 1024)

/* One scan under way. */
struct scan {
	struct an_input *in;
	struct an_read_stats *stats;
	an_block_fn fn;
	void *arg;
	struct an_pull pull;
	char *buf;
	size_t have;		/* bytes of an unfinished line at the start of buf */
	uint64_t pos, line;	/* of buf[0] in the unpacked log, lines before it */
	bool skipping;		/* inside a line that was too long */
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
		const char *stop = memchr(s, '\n', (size_t)(b->end - s));
		const char *nul;

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

/* Hands on @s..@end, whole lines. */
static int hand_on(struct scan *sc, const char *s, const char *end)
{
	struct an_block block = { .p = s, .end = end, .line = sc->line };
	int ret;

	block.nuls = memchr(s, 0, (size_t)(end - s));
	ret = sc->fn(sc->arg, &block);
	sc->line = block.line;
	sc->in->stop = sc->pos + (uint64_t)(end - sc->buf);
	sc->in->stop_line = sc->line;
	return ret;
}

/* The rest of a line that was too long, at the start of the first @len bytes: its length. */
static size_t skip_rest(struct scan *sc, size_t len)
{
	const char *nl = memchr(sc->buf, '\n', len);

	if (!nl)
		return len;
	sc->skipping = false;
	sc->line++;
	sc->in->stop = sc->pos + (uint64_t)(nl + 1 - sc->buf);
	sc->in->stop_line = sc->line;
	return (size_t)(nl + 1 - sc->buf);
}

/* Hands on the whole lines among the first @len bytes of the buffer, keeps the rest. */
static int deliver(struct scan *sc, size_t len, bool eof)
{
	char *s = sc->buf, *end = sc->buf + len, *cut;
	bool whole = eof && !sc->in->hold_tail;

	if (sc->skipping)
		s += skip_rest(sc, len);
	cut = s < end ? memrchr(s, '\n', (size_t)(end - s)) : NULL;
	cut = whole ? end : cut ? cut + 1 : s;
	if (cut > s) {
		int ret = hand_on(sc, s, cut);

		if (ret)
			return ret;
		s = cut;
	}
	sc->have = (size_t)(end - s);
	if (sc->have > AN_LINE_MAX) {
		sc->stats->lines++;
		sc->stats->overlong++;
		sc->skipping = true;
		s = end;
		sc->have = 0;
	}
	memmove(sc->buf, s, sc->have);
	sc->pos += (uint64_t)(s - sc->buf);
	return 0;
}

static int scan_loop(struct scan *sc)
{
	for (;;) {
		char *at = sc->buf + sc->have;
		ssize_t n = an_pull_read(&sc->pull, at, BUF_SIZE - sc->have);
		int ret;

		if (n < 0)
			return AN_INPUT;
		sc->stats->bytes += (uint64_t)n;
		ret = deliver(sc, sc->have + (size_t)n, !n);
		if (ret || !n)
			return ret;
	}
}

/* Steps over what an earlier run has read. */
static int skip_start(struct scan *sc)
{
	struct an_input *in = sc->in;

	if (in->packing == AN_PLAIN && in->start)
		return an_pull_seek(&sc->pull, in->start);
	while (sc->pos < in->start) {
		uint64_t left = in->start - sc->pos;
		ssize_t n = an_pull_read(&sc->pull, sc->buf, left < BUF_SIZE ? left : BUF_SIZE);

		if (n < 0)
			return AN_INPUT;
		if (!n)
			break;
		sc->pos += (uint64_t)n;
	}
	return AN_OK;
}

int an_input_scan(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
		  an_block_fn fn, void *arg, struct an_error *err)
{
	struct scan sc = { .in = in, .stats = stats, .fn = fn, .arg = arg };
	bool hash = flags & AN_SCAN_HASH;
	int ret = an_pull_open(&sc.pull, in, hash, err);

	in->stop = in->start;
	in->stop_line = in->start_line;
	sc.buf = malloc(BUF_SIZE);
	if (!ret && !sc.buf)
		ret = an_fail(err, AN_NOMEM, "out of memory");
	if (!ret)
		ret = skip_start(&sc);
	sc.pos = in->start;
	sc.line = in->start_line;
	if (!ret)
		ret = scan_loop(&sc);
	stats->truncated += sc.pull.short_file;
	if (!ret && hash)
		sha256_digest(&sc.pull.sha, AN_SHA256_SIZE, in->sha256);
	an_pull_close(&sc.pull);
	free(sc.buf);
	return ret;
}
