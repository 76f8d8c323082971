// SPDX-License-Identifier: GPL-3.0-or-later
/* Opening logs; must never change anything that a name means. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "pull.h"

enum { LOOK_MS = 200 };	/* how often somebody may stop a read that waits */

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

static bool is_stopped(const struct an_input *in, struct an_error *err)
{
	if (!in->watch.fn || !in->watch.fn(in->watch.arg, "reading", in->size, 0))
		return false;
	an_fail(err, AN_INPUT, "interrupted");
	return true;
}

/* Until there is something to read, for as long as nobody minds: a pipe may be silent for ever. */
static bool stream_wait(const struct an_input *in, struct an_error *err)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };
	int n;

	while ((n = poll(&p, 1, LOOK_MS)) <= 0) {
		/* what else is wrong, reading will tell */
		if (n < 0 && errno != EINTR)
			return true;
		if (is_stopped(in, err))
			return false;
	}
	return true;
}

ssize_t an_input_read(struct an_input *in, void *buf, size_t len, struct an_error *err)
{
	ssize_t n;

	if (in->stream && in->journal)
		return an_journal_read(in->journal, buf, len, err);
	if (in->stream && !stream_wait(in, err))
		return -1;
	do
		n = read(in->fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		an_fail_sys(err, AN_INPUT, "read", in->name);
	return n;
}

/* Looks at the first bytes of a file that can be rewound. */
static int input_sniff(struct an_input *in, struct an_error *err)
{
	unsigned char magic[6] = { 0 };
	ssize_t n = pread(in->fd, magic, sizeof(magic), 0);

	if (n < 0)
		return an_fail_sys(err, AN_INPUT, "read", in->name);
	if (!memcmp(magic, "\xfd""7zXZ", 6) || !memcmp(magic, "BZh", 3))
		return an_fail(err, AN_INPUT, "%s is compressed with xz or bzip2, and only gzip and "
			       "zstd are read: unpack it and pipe it to \"-\"", in->name);
	in->packing = an_packing_of(magic, (size_t)n);
	return AN_OK;
}

/* Puts a temporary copy in the place of a stream. The journal stays open: it knows its cursor. */
int an_input_spool(struct an_input *in, struct an_error *err)
{
	const char *dir;
	int status = AN_OK;
	int fd = temp_file(&dir);
	char *buf = malloc(AN_RAW_SIZE);
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
	while ((n = an_input_read(in, buf, AN_RAW_SIZE, err)) > 0) {
		if (write_full(fd, buf, (size_t)n)) {
			status = an_fail(err, AN_INPUT, "cannot copy %s to %s: %s", in->name, dir,
					 strerror(errno));
			goto out;
		}
		in->size += (uint64_t)n;
		if (is_stopped(in, err)) {
			status = AN_INPUT;
			goto out;
		}
	}
	if (n < 0) {
		status = AN_INPUT;
		goto out;
	}
	if (in->fd >= 0)
		close(in->fd);
	in->fd = fd;
	in->stream = false;
	fd = -1;
	/* a stream's first bytes are looked at while it is read, a file's before */
	if (!in->journal)
		status = input_sniff(in, err);
out:
	free(buf);
	if (fd >= 0)
		close(fd);
	return status;
}

static int open_journal(struct an_input *in, const char *dir, bool rewind, struct an_error *err)
{
	int status = an_journal_open(&in->journal, dir, err);

	in->stream = true;
	return !status && rewind ? an_input_spool(in, err) : status;
}

int an_input_open(struct an_input *in, const char *name, bool rewind, struct an_error *err)
{
	struct stat st;
	int status;

	memset(in, 0, sizeof(*in));
	in->name = name;
	in->told = AN_MS_NONE;
	in->fd = -1;
	if (!strncmp(name, AN_JOURNAL, strlen(AN_JOURNAL)))
		return open_journal(in, name + strlen(AN_JOURNAL), rewind, err);
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
	if (!in->stream) {
		in->size = (uint64_t)st.st_size;
		in->mtime = st.st_mtime;
		in->dev = st.st_dev;
		in->ino = st.st_ino;
	}
	if (in->stream && rewind) {
		status = an_input_spool(in, err);
		if (status)
			return status;
	}
	return in->stream ? AN_OK : input_sniff(in, err);
}

void an_input_close(struct an_input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
	an_journal_close(in->journal);
	in->journal = NULL;
	free(in->edge);
	in->edge = NULL;
}
