// SPDX-License-Identifier: GPL-3.0-or-later
/* See stream.h. Must never let one run's output keep another's from being sent. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/channel.h"
#include "helper/helper.h"
#include "helper/run.h"
#include "helper/stream.h"

enum { DRAIN = 1 << 20, TURNS = 256 };

TAILQ_HEAD(stream_list, stream);

/* those that may have something to be sent, and those of whom it is only counted */
static struct stream_list sending = TAILQ_HEAD_INITIALIZER(sending);
static struct stream_list draining = TAILQ_HEAD_INITIALIZER(draining);

static struct stream_list *list_of(const struct stream *s)
{
	return s->kept < s->max && !s->gathered ? &sending : &draining;
}

static void enqueue(struct stream *s)
{
	if (s->is_queued || s->source.fd < 0)
		return;
	s->is_queued = true;
	TAILQ_INSERT_TAIL(list_of(s), s, link);
}

static void dequeue(struct stream *s, struct stream_list *list)
{
	if (s->is_queued)
		TAILQ_REMOVE(list, s, link);
	s->is_queued = false;
}

static void event(struct source *source, uint32_t events)
{
	struct stream *s = (struct stream *)source;

	if (s->run->told_started)
		enqueue(s);
}

int stream_open(struct stream *s, struct run *r, int fd, uint16_t flags, uint64_t max)
{
	s->run = r;
	s->flags = flags;
	s->max = max;
	return loop_add(&s->source, fd, EPOLLIN | EPOLLET, event);
}

void stream_go(struct stream *s)
{
	enqueue(s);
}

void stream_close(struct stream *s)
{
	if (s->source.fd < 0)
		return;
	dequeue(s, list_of(s));
	loop_close(&s->source);
}

static void finish(struct stream *s)
{
	stream_close(s);
	run_stream_closed(s->run);
}

void stream_last(struct stream *s)
{
	if (s->source.fd < 0)
		return;
	s->is_last = true;
	/* a stranger to whom the pipe was passed on may go on writing, but not to us */
	if (ioctl(s->source.fd, FIONREAD, &s->left) || s->left <= 0)
		finish(s);
	else if (s->run->told_started)
		enqueue(s);
}

static size_t bounded(const struct stream *s, uint64_t n)
{
	return s->is_last && (uint64_t)s->left < n ? (size_t)s->left : n;
}

/* What read() or splice() gave: false if there is nothing more for now. */
static bool account(struct stream *s, ssize_t n, bool kept)
{
	if (n < 0)
		return errno == EINTR;
	s->came += n;
	if (kept)
		s->kept += n;
	if (s->is_last)
		s->left -= n;
	return true;
}

static ssize_t send_some(struct stream *s)
{
	uint64_t room = s->max - s->kept;
	ssize_t n = read(s->source.fd, channel_room(),
			 bounded(s, room < VIRGO_MSG_DATA ? room : VIRGO_MSG_DATA));

	if (n > 0)
		channel_send(VIRGO_MSG_OUTPUT, s->flags, s->run->id, n);
	return n;
}

/* One turn of a stream, which is in its list and leaves it if there is nothing more for now. */
static void turn(struct stream *s)
{
	struct stream_list *list = list_of(s);
	bool keep = s->kept < s->max, more;
	ssize_t n;

	if (list == &sending)
		n = send_some(s);
	else if (keep)
		n = read(s->source.fd, s->gathered + s->kept, bounded(s, s->max - s->kept));
	else
		n = splice(s->source.fd, NULL, config.null, NULL, bounded(s, DRAIN),
			   SPLICE_F_NONBLOCK);
	if (s->source.fd < 0)
		return;	/* sending ended the conversation, and with it all runs */
	dequeue(s, list);
	more = account(s, n, keep);
	if (!n || (s->is_last && s->left <= 0) || (n < 0 && !more && errno != EAGAIN))
		finish(s);
	else if (more)
		enqueue(s);
}

static void work(struct stream_list *list, bool needs_channel)
{
	struct stream *last = TAILQ_LAST(list, stream_list), *s;
	int i;

	for (i = 0; i < TURNS && (s = TAILQ_FIRST(list)); i++) {
		if (needs_channel && !channel_ready())
			break;
		turn(s);
		if (s == last)
			break;
	}
}

bool streams_work(void)
{
	work(&draining, false);
	work(&sending, true);
	return !TAILQ_EMPTY(&draining) || (!TAILQ_EMPTY(&sending) && channel_ready());
}
