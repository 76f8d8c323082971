// SPDX-License-Identifier: GPL-3.0-or-later
/* See input.h. Must never wait for a program that does not read, nor keep more than it may. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "helper/helper.h"
#include "helper/input.h"

enum { CHUNK_MIN = 4096 };

struct chunk {
	TAILQ_ENTRY(chunk) link;
	size_t at, n, room;	/* written, filled, and what it could hold */
	char data[];
};

static size_t queued_all;

/* Bytes written; less than n: the pipe is full. -1: nobody reads. */
static ssize_t put(int fd, const char *p, size_t n)
{
	size_t at = 0;
	ssize_t ret;

	while (at < n) {
		ret = write(fd, p + at, n - at);
		if (ret > 0)
			at += ret;
		else if (ret < 0 && errno == EAGAIN)
			break;
		else if (ret < 0 && errno != EINTR)
			return -1;
	}
	return at;
}

static void drop_first(struct input *in)
{
	struct chunk *c = TAILQ_FIRST(&in->chunks);

	TAILQ_REMOVE(&in->chunks, c, link);
	in->queued -= c->n;
	queued_all -= c->n;
	free(c);
}

static void push(struct input *in)
{
	struct chunk *c;
	ssize_t n;

	while ((c = TAILQ_FIRST(&in->chunks))) {
		n = put(in->source.fd, c->data + c->at, c->n - c->at);
		if (n < 0) {
			input_close(in);
			return;
		}
		c->at += n;
		if (c->at < c->n)
			return;
		drop_first(in);
	}
	if (in->eof)
		input_close(in);
}

static void event(struct source *s, uint32_t events)
{
	struct input *in = (struct input *)s;

	if (events & EPOLLERR)
		input_close(in);
	else
		push(in);
}

int input_open(struct input *in, int fd)
{
	TAILQ_INIT(&in->chunks);
	return loop_add(&in->source, fd, EPOLLOUT | EPOLLET, event);
}

void input_close(struct input *in)
{
	if (in->source.fd < 0)
		return;
	loop_close(&in->source);
	while (!TAILQ_EMPTY(&in->chunks))
		drop_first(in);
}

static void fill(struct input *in, struct chunk *c, const char *p, size_t n)
{
	memcpy(c->data + c->n, p, n);
	c->n += n;
	in->queued += n;
	queued_all += n;
}

/* Many small pieces share a chunk, so that what is counted is about what is used. */
static int keep(struct input *in, const char *p, size_t n)
{
	struct chunk *last = TAILQ_LAST(&in->chunks, chunks), *c = NULL;
	size_t room = last ? last->room - last->n : 0;

	if (in->queued + n > STDIN_MAX || queued_all + n > STDIN_ALL_MAX) {
		errno = ENOBUFS;
		return -1;
	}
	if (room > n)
		room = n;
	if (n > room) {
		c = malloc(sizeof(*c) + (n - room > CHUNK_MIN ? n - room : CHUNK_MIN));
		if (!c)
			return -1;
		c->at = c->n = 0;
		c->room = n - room > CHUNK_MIN ? n - room : CHUNK_MIN;
		TAILQ_INSERT_TAIL(&in->chunks, c, link);
	}
	if (room)
		fill(in, last, p, room);
	if (c)
		fill(in, c, p + room, n - room);
	return 0;
}

int input_add(struct input *in, const void *p, size_t n, bool eof)
{
	ssize_t put_n = 0;

	if (in->source.fd < 0 || in->eof)
		return 0;
	in->eof = eof;
	if (TAILQ_EMPTY(&in->chunks)) {
		put_n = put(in->source.fd, p, n);
		if (put_n < 0) {
			input_close(in);
			return 0;
		}
	}
	if ((size_t)put_n < n)
		return keep(in, (const char *)p + put_n, n - put_n);
	if (TAILQ_EMPTY(&in->chunks) && eof)
		input_close(in);
	return 0;
}
