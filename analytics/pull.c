// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes of files as they were before they were packed; must never hold more than its buffers. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal.h"
#include "pull.h"

#define ZSTD_WINDOW_LOG	27	/* 128 MB, what zstd(1) itself takes without being asked for more */

enum an_packing an_packing_of(const unsigned char *magic, size_t len)
{
	if (len >= 2 && magic[0] == 0x1f && magic[1] == 0x8b)
		return AN_GZIP;
	if (len >= 4 && !memcmp(magic, "\x28\xb5\x2f\xfd", 4))
		return AN_ZSTD;
	return AN_PLAIN;
}

/* Bytes as the file has them: -1 error, 0 end. */
static ssize_t raw_read(struct an_pull *pull, void *buf, size_t len)
{
	struct an_input *in = pull->in;
	ssize_t n;

	if (!in->stream && len > pull->left)
		len = (size_t)pull->left;
	if (!len)
		return 0;
	n = an_input_read(in, buf, len, pull->err);
	if (n < 0 || (in->stream && in->journal))
		return n;
	/* Somebody has cut the file: what is gone cannot be read, and is no reason to stop. */
	if (!n && !in->stream) {
		pull->short_file = true;
		pull->left = 0;
	}
	pull->left -= in->stream ? 0 : (uint64_t)n;
	if (pull->hash)
		sha256_update(&pull->sha, (size_t)n, buf);
	return n;
}

/* Makes sure that there are packed bytes, unless the file is at its end. 0, or -1 on error. */
static int pull_fill(struct an_pull *pull)
{
	ssize_t n;

	if (pull->at < pull->have || pull->raw_eof)
		return 0;
	n = raw_read(pull, pull->raw, AN_RAW_SIZE);
	if (n < 0)
		return -1;
	pull->raw_eof = !n;
	pull->at = 0;
	pull->have = (size_t)n;
	return 0;
}

static ssize_t pull_broken(struct an_pull *pull, const char *kind, const char *why)
{
	an_fail(pull->err, AN_INPUT, "%s: broken %s data (%s)", pull->in->name, kind, why);
	return -1;
}

/*
 * Whether there is more to unpack: 1, 0 at a proper end, -1 on error. Several members in a row are
 * one file, as for zcat; what follows the last one and is none is padding.
 */
static int pull_more(struct an_pull *pull, const char *kind, unsigned char first)
{
	for (;;) {
		if (pull_fill(pull))
			return -1;
		if (pull->at == pull->have)
			break;
		if (!pull->ended || pull->raw[pull->at] == first)
			return 1;
		pull->at = pull->have;
	}
	if (pull->ended)
		return 0;
	an_fail(pull->err, AN_INPUT, "%s: the %s data end too early", pull->in->name, kind);
	return -1;
}

static ssize_t gzip_read(struct an_pull *pull, char *buf, size_t len)
{
	z_stream *z = &pull->z;

	z->next_out = (unsigned char *)buf;
	z->avail_out = (unsigned int)len;
	while (z->avail_out == len) {
		int ret = pull_more(pull, "gzip", 0x1f);

		if (ret <= 0)
			return ret;
		if (pull->ended)
			inflateReset(z);
		z->next_in = pull->raw + pull->at;
		z->avail_in = (unsigned int)(pull->have - pull->at);
		ret = inflate(z, Z_NO_FLUSH);
		pull->at = pull->have - z->avail_in;
		pull->ended = ret == Z_STREAM_END;
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR)
			return pull_broken(pull, "gzip", z->msg ? z->msg : "no details");
	}
	return (ssize_t)(len - z->avail_out);
}

static ssize_t zstd_read(struct an_pull *pull, char *buf, size_t len)
{
	ZSTD_outBuffer out = { buf, len, 0 };

	while (!out.pos) {
		ZSTD_inBuffer in;
		size_t left;
		/* What had no room last time comes first, without more input. */
		int ret = pull->pending ? 1 : pull_more(pull, "zstd", 0x28);

		if (ret <= 0)
			return ret;
		in = (ZSTD_inBuffer){ pull->raw, pull->have, pull->at };
		left = ZSTD_decompressStream(pull->zstd, &out, &in);
		pull->at = in.pos;
		if (ZSTD_isError(left))
			return pull_broken(pull, "zstd", ZSTD_getErrorName(left));
		pull->ended = !left;
		pull->pending = left && out.pos == out.size;
	}
	return (ssize_t)out.pos;
}

ssize_t an_pull_read(struct an_pull *pull, char *buf, size_t len)
{
	size_t n = pull->have - pull->at;

	if (pull->in->packing == AN_GZIP)
		return gzip_read(pull, buf, len);
	if (pull->in->packing == AN_ZSTD)
		return zstd_read(pull, buf, len);
	if (!n)
		return raw_read(pull, buf, len);
	/* The bytes that were looked at to know the packing. */
	n = n < len ? n : len;
	memcpy(buf, pull->raw + pull->at, n);
	pull->at += n;
	return (ssize_t)n;
}

/* A stream cannot be sniffed beforehand: its first bytes are read here and kept. */
static int pull_sniff(struct an_pull *pull)
{
	while (pull->have < 4) {
		ssize_t n = raw_read(pull, pull->raw + pull->have, 4 - pull->have);

		if (n < 0)
			return AN_INPUT;
		if (!n)
			break;
		pull->have += (size_t)n;
	}
	pull->in->packing = an_packing_of(pull->raw, pull->have);
	return AN_OK;
}

int an_pull_open(struct an_pull *pull, struct an_input *in, bool hash, struct an_error *err)
{
	int ret;

	memset(pull, 0, sizeof(*pull));
	pull->in = in;
	pull->err = err;
	pull->hash = hash;
	if (in->stream && in->scanned)
		return an_fail(err, AN_INPUT, "%s cannot be read twice", in->name);
	in->scanned = true;
	pull->raw = malloc(AN_RAW_SIZE);
	if (!pull->raw)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (hash)
		sha256_init(&pull->sha);
	ret = in->stream ? in->journal ? AN_OK : pull_sniff(pull) : an_pull_seek(pull, 0);
	if (ret)
		return ret;
	if (in->packing == AN_GZIP) {
		if (inflateInit2(&pull->z, 15 + 16) != Z_OK)
			return an_fail(err, AN_NOMEM, "out of memory");
		pull->z_open = true;
	} else if (in->packing == AN_ZSTD) {
		pull->zstd = ZSTD_createDStream();
		if (!pull->zstd)
			return an_fail(err, AN_NOMEM, "out of memory");
		ZSTD_DCtx_setParameter(pull->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	}
	return AN_OK;
}

int an_pull_seek(struct an_pull *pull, uint64_t at)
{
	struct an_input *in = pull->in;

	if (lseek(in->fd, (off_t)at, SEEK_SET) != (off_t)at)
		return an_fail_sys(pull->err, AN_INPUT, "rewind", in->name);
	pull->left = in->size > at ? in->size - at : 0;
	return AN_OK;
}

void an_pull_close(struct an_pull *pull)
{
	if (pull->z_open)
		inflateEnd(&pull->z);
	ZSTD_freeDStream(pull->zstd);
	free(pull->raw);
	memset(pull, 0, sizeof(*pull));
}
