// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See loop.h. Must never call an owner that has closed its source: epoll goes on watching a
 * descriptor that a process just forked still has, and what it told of before may be waiting here.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "helper/loop.h"

enum { EVENTS = 128 };

static int epoll_fd = -1;
static struct epoll_event events[EVENTS];
static int nr_events;

int loop_open(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd < 0 ? -1 : 0;
}

int loop_add(struct source *s, int fd, uint32_t what, source_fn *fn)
{
	struct epoll_event e = { .events = what, .data.ptr = s };

	s->fd = -1;
	s->fn = fn;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e))
		return -1;
	s->fd = fd;
	return 0;
}

void loop_change(struct source *s, uint32_t what)
{
	struct epoll_event e = { .events = what, .data.ptr = s };

	if (s->fd >= 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_MOD, s->fd, &e);
}

void loop_close(struct source *s)
{
	int i;

	if (s->fd < 0)
		return;
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
	for (i = 0; i < nr_events; i++)
		if (events[i].data.ptr == s)
			events[i].data.ptr = NULL;
}

void loop_wait(int timeout_ms)
{
	struct source *s;
	int i;

	nr_events = epoll_wait(epoll_fd, events, EVENTS, timeout_ms);
	for (i = 0; i < nr_events; i++) {
		s = events[i].data.ptr;
		if (s)
			s->fn(s, events[i].events);
	}
	nr_events = 0;
}
