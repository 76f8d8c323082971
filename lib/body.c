// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a request carries: bytes in memory, or a file. Must never hold more than the caller's limit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

enum { IN_MEMORY_MAX = 1 << 20, FIRST_PIECE = 64 * 1024 };

void virgo_body_mem(struct virgo_body *body, const void *data, size_t len)
{
	memset(body, 0, sizeof(*body));
	body->fd = -1;
	body->data = data;
	body->len = len;
	if (len)
		virgo_sha256_hex(data, len, body->sha256);
}

void virgo_body_free(struct virgo_body *body)
{
	if (!body)
		return;
	free(body->buffer);
	memset(body, 0, sizeof(*body));
	body->fd = -1;
}

static enum virgo_code too_big(struct virgo_error *err, uint64_t max)
{
	return virgo_error_set(err, VIRGO_USAGE, "the input is over %llu bytes, the limit",
			       (unsigned long long)max);
}

static enum virgo_code read_failed(struct virgo_error *err)
{
	if (errno == ENOMEM)
		return virgo_error_nomem(err);
	if (errno == EINTR)	/* whoever wants reading to go on sets SA_RESTART */
		return virgo_error_set(err, VIRGO_INTERRUPTED, "interrupted");
	return virgo_error_set(err, VIRGO_FAILED, "unable to read the input: %s", strerror(errno));
}

/* to the end of a pipe or small file; one byte past max is enough to know */
static enum virgo_code read_memory(struct virgo_body *body, int fd, uint64_t max,
				   struct virgo_error *err)
{
	size_t cap = 0, len = 0;
	char *buffer = NULL, *p;
	ssize_t n;

	for (;;) {
		if (len == cap) {
			cap = cap ? cap * 2 : FIRST_PIECE;
			p = realloc(buffer, cap);
			if (!p) {
				free(buffer);
				return virgo_error_nomem(err);
			}
			buffer = p;
		}
		n = read(fd, buffer + len, cap - len);
		if (n <= 0)
			break;
		len += n;
		if (len > max) {
			free(buffer);
			return too_big(err, max);
		}
	}
	if (n < 0) {
		free(buffer);
		return read_failed(err);
	}
	virgo_body_mem(body, buffer, len);
	body->buffer = buffer;
	return VIRGO_OK;
}

enum virgo_code virgo_body_fd(struct virgo_body *body, int fd, uint64_t max,
			      struct virgo_error *err)
{
	struct stat st;
	off_t at;

	memset(body, 0, sizeof(*body));
	body->fd = -1;
	if (fstat(fd, &st))
		return read_failed(err);
	at = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
	if (at < 0 || st.st_size - at <= IN_MEMORY_MAX)
		return read_memory(body, fd, max, err);
	if (virgo_sha256_fd(fd, at, max, &body->len, body->sha256)) {
		if (errno == EFBIG)
			return too_big(err, max);
		return read_failed(err);
	}
	body->fd = fd;
	body->from_file = 1;
	body->offset = at;
	return VIRGO_OK;
}

int virgo_sink_fd(void *arg, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(*(int *)arg, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}
