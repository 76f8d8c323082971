// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes from files to blocks of lines; must never hold more than its buffers of any input. */
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "reader.h"

#define BUF_SIZE	(256 * 1024)
#define RAW_SIZE	(64 * 1024)

/* One scan under way. */
struct scan {
	struct an_input *in;
	struct an_read_stats *stats;
	an_block_fn fn;
	void *arg;
	struct an_error *err;
	bool hash;
	struct sha256_ctx sha;
	uint64_t left;		/* bytes of the file that may still be read */
	char *buf;
	size_t have;		/* bytes of an unfinished line at the start of buf */
	bool skipping;		/* inside a line that was too long */
	unsigned char *raw;	/* compressed bytes */
	z_stream z;
	bool z_open;
	bool z_ended;		/* a gzip member has ended; another one may follow */
	bool raw_eof;
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

static int write_full(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

/* An unlinked file in $TMPDIR, or -1. */
static int temp_file(const char **dir)
{
	char path[4096];
	int fd;

	*dir = getenv("TMPDIR");
	if (!*dir || **dir != '/')
		*dir = "/tmp";
	if (snprintf(path, sizeof(path), "%s/virgo-log-XXXXXX", *dir) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Puts a temporary copy in the place of a stream. */
static int spool(struct an_input *in, struct an_error *err)
{
	const char *dir;
	int status = AN_OK;
	int fd = temp_file(&dir);
	char *buf = malloc(RAW_SIZE);
	ssize_t n = 0;

	if (fd < 0) {
		status = an_fail(err, AN_INPUT, "cannot make a temporary file in %s: %s; "
				 "set TMPDIR to a directory that can be written", dir,
				 strerror(errno));
		goto out;
	}
	if (!buf) {
		status = an_fail(err, AN_NOMEM, "out of memory");
		goto out;
	}
	while ((n = read(in->fd, buf, RAW_SIZE)) > 0) {
		if (write_full(fd, buf, (size_t)n)) {
			status = an_fail(err, AN_INPUT, "cannot copy %s to %s: %s", in->name, dir,
					 strerror(errno));
			goto out;
		}
		in->size += (uint64_t)n;
	}
	if (n < 0) {
		status = an_fail_sys(err, AN_INPUT, "read", in->name);
		goto out;
	}
	close(in->fd);
	in->fd = fd;
	in->stream = false;
	fd = -1;
out:
	free(buf);
	if (fd >= 0)
		close(fd);
	return status;
}

/* Looks at the first bytes of a file that can be rewound. */
static int sniff(struct an_input *in, struct an_error *err)
{
	unsigned char magic[4] = { 0 };
	ssize_t n = pread(in->fd, magic, sizeof(magic), 0);

	if (n < 0)
		return an_fail_sys(err, AN_INPUT, "read", in->name);
	if (!memcmp(magic, "\x28\xb5\x2f\xfd", 4) || !memcmp(magic, "\xfd""7zX", 4))
		return an_fail(err, AN_INPUT, "%s is compressed with zstd or xz, and only gzip is "
			       "read: unpack it and pipe it to \"-\"", in->name);
	in->gzip = magic[0] == 0x1f && magic[1] == 0x8b;
	return AN_OK;
}

int an_input_open(struct an_input *in, const char *name, bool rewind, struct an_error *err)
{
	struct stat st;
	int status;

	memset(in, 0, sizeof(*in));
	in->name = name;
	if (!strcmp(name, "-")) {
		in->name = "standard input";
		in->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		in->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (in->fd < 0 || fstat(in->fd, &st))
		return an_fail_sys(err, AN_INPUT, "open", in->name);
	if (S_ISDIR(st.st_mode))
		return an_fail(err, AN_INPUT, "%s is a directory; name a log file", in->name);
	/* A file on standard input may have been read in part by somebody before us. */
	in->stream = !S_ISREG(st.st_mode) || lseek(in->fd, 0, SEEK_CUR) != 0;
	if (!in->stream)
		in->size = (uint64_t)st.st_size;
	if (in->stream && rewind) {
		status = spool(in, err);
		if (status)
			return status;
	}
	return in->stream ? AN_OK : sniff(in, err);
}

void an_input_close(struct an_input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
}

/* Raw bytes of the file: -1 error, 0 end. */
static ssize_t raw_read(struct scan *sc, void *buf, size_t len)
{
	ssize_t n;

	if (!sc->in->stream && len > sc->left)
		len = (size_t)sc->left;
	if (!len)
		return 0;
	n = read(sc->in->fd, buf, len);
	if (n < 0) {
		an_fail_sys(sc->err, AN_INPUT, "read", sc->in->name);
		return -1;
	}
	if (!n && !sc->in->stream) {
		an_fail(sc->err, AN_INPUT, "%s was truncated while it was read: run again",
			sc->in->name);
		return -1;
	}
	sc->left -= sc->in->stream ? 0 : (uint64_t)n;
	if (sc->hash)
		sha256_update(&sc->sha, (size_t)n, buf);
	return n;
}

/* More compressed bytes, when there are none. 0, or -1 on error. */
static int z_fill(struct scan *sc)
{
	ssize_t n;

	if (sc->z.avail_in || sc->raw_eof)
		return 0;
	n = raw_read(sc, sc->raw, RAW_SIZE);
	if (n < 0)
		return -1;
	sc->raw_eof = !n;
	sc->z.next_in = sc->raw;
	sc->z.avail_in = (unsigned int)n;
	return 0;
}

/*
 * Decompressed bytes: -1 error, 0 end. Several gzip members in a row are one file, as for zcat;
 * what follows the last member and is no gzip is padding.
 */
static ssize_t z_read(struct scan *sc, char *buf, size_t len)
{
	sc->z.next_out = (unsigned char *)buf;
	sc->z.avail_out = (unsigned int)len;
	while (sc->z.avail_out == len) {
		int ret;

		if (z_fill(sc))
			return -1;
		if (!sc->z.avail_in) {
			if (sc->z_ended)
				return 0;
			an_fail(sc->err, AN_INPUT, "%s: the gzip data end too early", sc->in->name);
			return -1;
		}
		if (sc->z_ended && *sc->z.next_in != 0x1f) {
			sc->z.avail_in = 0;
			continue;
		}
		if (sc->z_ended)
			inflateReset(&sc->z);
		ret = inflate(&sc->z, Z_NO_FLUSH);
		sc->z_ended = ret == Z_STREAM_END;
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR) {
			an_fail(sc->err, AN_INPUT, "%s: broken gzip data (%s)", sc->in->name,
				sc->z.msg ? sc->z.msg : "no details");
			return -1;
		}
	}
	return (ssize_t)(len - sc->z.avail_out);
}

/* NUL bytes, left by a power cut, become line ends: what is on their two sides is two lines. */
static void replace_nuls(struct scan *sc, char *s, char *end)
{
	while ((s = memchr(s, 0, (size_t)(end - s)))) {
		sc->stats->nul_runs++;
		while (s < end && !*s)
			*s++ = '\n';
	}
}

/* Hands on the whole lines among the first @len bytes of the buffer, keeps the rest. */
static int deliver(struct scan *sc, size_t len, bool eof)
{
	char *s = sc->buf, *end = sc->buf + len, *cut;

	if (sc->skipping) {
		char *nl = memchr(s, '\n', len);

		if (!nl) {
			sc->have = 0;
			return 0;
		}
		s = nl + 1;
		sc->skipping = false;
	}
	cut = eof ? end : memrchr(s, '\n', (size_t)(end - s));
	if (cut && !eof)
		cut++;
	if (cut && cut > s) {
		int ret = sc->fn(sc->arg, s, cut);

		if (ret)
			return ret;
		s = cut;
	}
	sc->have = (size_t)(end - s);
	if (sc->have > AN_LINE_MAX) {
		sc->stats->lines++;
		sc->stats->overlong++;
		sc->skipping = true;
		sc->have = 0;
	}
	memmove(sc->buf, s, sc->have);
	return 0;
}

static int scan_loop(struct scan *sc)
{
	for (;;) {
		char *at = sc->buf + sc->have;
		size_t room = BUF_SIZE - sc->have;
		ssize_t n = sc->z_open ? z_read(sc, at, room) : raw_read(sc, at, room);
		int ret;

		if (n < 0)
			return AN_INPUT;
		sc->stats->bytes += (uint64_t)n;
		replace_nuls(sc, at, at + n);
		ret = deliver(sc, sc->have + (size_t)n, !n);
		if (ret || !n)
			return ret;
	}
}

/* A stream cannot be sniffed beforehand: the first bytes are read here and kept. */
static int scan_begin(struct scan *sc)
{
	struct an_input *in = sc->in;

	if (in->stream && in->scanned)
		return an_fail(sc->err, AN_INPUT, "%s cannot be read twice", in->name);
	in->scanned = true;
	sc->buf = malloc(BUF_SIZE);
	sc->raw = malloc(RAW_SIZE);
	if (!sc->buf || !sc->raw)
		return an_fail(sc->err, AN_NOMEM, "out of memory");
	if (sc->hash)
		sha256_init(&sc->sha);
	if (in->stream) {
		while (sc->have < 2) {
			ssize_t n = raw_read(sc, sc->buf + sc->have, 2 - sc->have);

			if (n < 0)
				return AN_INPUT;
			if (!n)
				break;
			sc->have += (size_t)n;
		}
		in->gzip = sc->have == 2 && !memcmp(sc->buf, "\x1f\x8b", 2);
	} else {
		sc->left = in->size;
		if (lseek(in->fd, 0, SEEK_SET))
			return an_fail(sc->err, AN_INPUT, "cannot rewind %s: %s", in->name,
				       strerror(errno));
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	if (!in->gzip) {
		sc->stats->bytes += sc->have;
		replace_nuls(sc, sc->buf, sc->buf + sc->have);
		return AN_OK;
	}
	memcpy(sc->raw, sc->buf, sc->have);
	sc->z.next_in = sc->raw;
	sc->z.avail_in = (unsigned int)sc->have;
	sc->have = 0;
	if (inflateInit2(&sc->z, 15 + 16) != Z_OK)
		return an_fail(sc->err, AN_NOMEM, "out of memory");
	sc->z_open = true;
	return AN_OK;
}

int an_input_scan(struct an_input *in, unsigned int flags, struct an_read_stats *stats,
		  an_block_fn fn, void *arg, struct an_error *err)
{
	struct scan sc = {
		.in = in, .stats = stats, .fn = fn, .arg = arg, .err = err,
		.hash = flags & AN_SCAN_HASH,
	};
	int ret = scan_begin(&sc);

	if (!ret)
		ret = scan_loop(&sc);
	if (!ret && sc.hash)
		sha256_digest(&sc.sha, AN_SHA256_SIZE, in->sha256);
	if (sc.z_open)
		inflateEnd(&sc.z);
	free(sc.raw);
	free(sc.buf);
	return ret;
}
