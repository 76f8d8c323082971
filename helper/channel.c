// SPDX-License-Identifier: GPL-3.0-or-later
/* See channel.h. Must never wait, and never take half a message for a whole one. */
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/channel.h"
#include "helper/log.h"
#include "helper/loop.h"
#include "helper/proto.h"

enum { HEAD = sizeof(struct virgo_msg), MESSAGES = 64 };

static struct source source = { .fd = -1 };
static channel_message_fn *on_message;
static channel_over_fn *on_over;
static bool muted;
static size_t waiting;			/* bytes of out that could not be sent yet */
/* one byte more than there may be, so that what is too long shows */
static alignas(8) char in[VIRGO_MSG_MAX + 1];
static alignas(8) char out[HEAD + VIRGO_MSG_DATA];

int channel_open_device(const char *path)
{
	uint32_t abi = VIRGO_ABI;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	if (!ioctl(fd, VIRGO_IOC_HELPER, &abi))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static void arm(void)
{
	loop_change(&source, (muted ? 0 : EPOLLIN) | (waiting ? EPOLLOUT : 0));
}

static void over(const char *why)
{
	if (source.fd < 0)
		return;
	channel_close();
	on_over(why);
}

/* Errors that only say that the node is gone. */
static bool is_end(int err)
{
	return err == EPIPE || err == ECONNRESET || err == ENODEV;
}

/* Send what is in out. */
static void push(size_t n)
{
	ssize_t ret;

	do {
		ret = write(source.fd, out, n);
	} while (ret < 0 && errno == EINTR);
	if (ret == (ssize_t)n) {
		waiting = 0;
	} else if (ret < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
		waiting = n;
	} else if (ret < 0) {
		over(is_end(errno) ? NULL : strerror(errno));
	} else {
		over("the node took half a message");
	}
}

/* Is there another? */
static bool take(void)
{
	struct virgo_msg head;
	const char *wrong;
	ssize_t n = read(source.fd, in, sizeof(in));

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		over(!n || is_end(errno) ? NULL : strerror(errno));
		return false;
	}
	wrong = proto_head(in, n, &head);
	if (wrong)
		over(wrong);
	else
		on_message(&head, in);
	return source.fd >= 0 && !muted;
}

static void event(struct source *s, uint32_t events)
{
	int i;

	if (waiting && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
		push(waiting);
		arm();
	}
	if (s->fd < 0 || muted) {
		/* nothing is read any more: a hang-up would be told again and again */
		if (events & (EPOLLERR | EPOLLHUP))
			over(NULL);
		return;
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		for (i = 0; i < MESSAGES && take(); i++)
			;
}

int channel_open(int fd, channel_message_fn *message, channel_over_fn *over_fn)
{
	struct virgo_hello hello = { .abi = VIRGO_ABI, .pid = getpid() };
	int flags = fcntl(fd, F_GETFL);

	on_message = message;
	on_over = over_fn;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC) ||
	    loop_add(&source, fd, EPOLLIN, event))
		return -1;
	memcpy(channel_room(), &hello, sizeof(hello));
	channel_send(VIRGO_MSG_HELLO, 0, 0, sizeof(hello));
	return 0;
}

bool channel_is_open(void)
{
	return source.fd >= 0;
}

bool channel_ready(void)
{
	return source.fd >= 0 && !waiting;
}

void *channel_room(void)
{
	return out + HEAD;
}

void channel_send(uint16_t type, uint16_t flags, uint64_t run, size_t n)
{
	struct virgo_msg head = { .len = HEAD + n, .type = type, .flags = flags, .run = run };

	memcpy(out, &head, HEAD);
	push(HEAD + n);
	if (waiting)
		arm();
}

void channel_mute(void)
{
	muted = true;
	arm();
}

void channel_close(void)
{
	loop_close(&source);
	waiting = 0;
}
