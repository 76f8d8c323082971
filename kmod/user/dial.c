// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * This node's own connections in virgod: non-blocking sockets, poll() where they wait. Must never wait
 * longer than it was told, nor past a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/minmax.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/host.h"
#include "core/sockaddr.h"

struct host_peer {
	int fd;
};

/* Until @what is possible, or @until_ms: 0, -ETIMEDOUT, -EINTR or another error of poll(). */
static int dial_wait(int fd, short what, u64 until_ms)
{
	struct pollfd p = { .fd = fd, .events = what };
	u64 now_ms = vg_now_ms();
	int ret;

	ret = poll(&p, 1, until_ms > now_ms ? (int)min_t(u64, until_ms - now_ms, INT_MAX) : 0);
	if (ret < 0)
		return -errno;
	return ret ? 0 : -ETIMEDOUT;
}

int host_dial(const struct vg_addr *addr, struct host_peer **out)
{
	struct host_peer *peer = kmalloc(sizeof(*peer), GFP_KERNEL);
	struct sockaddr_storage ss;
	socklen_t len = vg_addr_to_sockaddr(addr, &ss);
	int on = 1, ret;

	if (!peer)
		return -ENOMEM;
	peer->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (peer->fd < 0) {
		ret = -errno;
		goto err_free;
	}
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(peer->fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS) {
		ret = -errno;
		goto err_close;
	}
	*out = peer;
	return 0;

err_close:
	close(peer->fd);
err_free:
	kfree(peer);
	return ret;
}

int host_dial_wait(struct host_peer *peer, u32 wait_ms)
{
	int ret = dial_wait(peer->fd, POLLOUT, vg_now_ms() + wait_ms), err = 0;
	socklen_t len = sizeof(err);

	if (!ret && getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		ret = -errno;
	return ret ?: -err;
}

ssize_t host_peer_send(struct host_peer *peer, const void *p, size_t n, u32 wait_ms)
{
	u64 until_ms = vg_now_ms() + wait_ms;
	ssize_t done;
	int ret;

	for (;;) {
		done = send(peer->fd, p, n, MSG_NOSIGNAL);
		if (done >= 0)
			return done;
		if (errno != EAGAIN)
			return -errno;
		ret = dial_wait(peer->fd, POLLOUT, until_ms);
		if (ret)
			return ret;
	}
}

ssize_t host_peer_recv(struct host_peer *peer, void *p, size_t n, u32 wait_ms)
{
	u64 until_ms = vg_now_ms() + wait_ms;
	ssize_t got;
	int ret;

	for (;;) {
		got = recv(peer->fd, p, n, 0);
		if (got >= 0)
			return got;
		if (errno != EAGAIN)
			return -errno;
		ret = dial_wait(peer->fd, POLLIN, until_ms);
		if (ret)
			return ret;
	}
}

void host_hangup(struct host_peer *peer)
{
	if (!peer)
		return;
	close(peer->fd);
	kfree(peer);
}
