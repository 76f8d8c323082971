// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * This node's own connections in the kernel: sockets of the initial network name space, blocking, with the
 * waiting that sk_sndtimeo and sk_rcvtimeo bound. Used by one thread at a time; it is that thread's signals
 * that end a wait.
 */
#include <linux/export.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include <net/net_namespace.h>
#include <net/sock.h>

#include "core/host.h"
#include "core/sockaddr.h"
#include "compat.h"

struct host_peer {
	struct socket *sock;
	struct sockaddr_storage ss;
	int ss_len;
};

/* What a wait that ended early says, in the words of host.h */
static int dial_error(int ret)
{
	switch (ret) {
	case -EAGAIN:
	case -EINPROGRESS:
	case -EALREADY:
		return -ETIMEDOUT;
	case -ERESTARTSYS:
		return -EINTR;
	default:
		return ret;
	}
}

int host_dial(const struct vg_addr *addr, struct host_peer **out)
{
	struct host_peer *peer = kmalloc(sizeof(*peer), GFP_KERNEL);
	int ret;

	if (!peer)
		return -ENOMEM;
	peer->ss_len = vg_addr_to_sockaddr(addr, &peer->ss);
	ret = sock_create_kern(&init_net, peer->ss.ss_family, SOCK_STREAM, IPPROTO_TCP, &peer->sock);
	if (ret)
		goto err_free;
	tcp_sock_set_nodelay(peer->sock->sk);
	ret = kernel_connect(peer->sock, vg_sockaddr(&peer->ss), peer->ss_len, O_NONBLOCK);
	if (ret && ret != -EINPROGRESS)
		goto err_release;
	*out = peer;
	return 0;

err_release:
	sock_release(peer->sock);
err_free:
	kfree(peer);
	return dial_error(ret);
}

/* Connecting once more waits for what is in progress. */
int host_dial_wait(struct host_peer *peer, u32 wait_ms)
{
	int ret;

	WRITE_ONCE(peer->sock->sk->sk_sndtimeo, max(1UL, msecs_to_jiffies(wait_ms)));
	ret = kernel_connect(peer->sock, vg_sockaddr(&peer->ss), peer->ss_len, 0);
	return ret == -EISCONN ? 0 : dial_error(ret);
}

ssize_t host_peer_send(struct host_peer *peer, const void *p, size_t n, u32 wait_ms)
{
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL | (wait_ms ? 0 : MSG_DONTWAIT) };
	struct kvec v = { .iov_base = (void *)p, .iov_len = n };
	int ret;

	WRITE_ONCE(peer->sock->sk->sk_sndtimeo, max(1UL, msecs_to_jiffies(wait_ms)));
	ret = kernel_sendmsg(peer->sock, &msg, &v, 1, n);
	return ret < 0 ? dial_error(ret) : ret;
}

ssize_t host_peer_recv(struct host_peer *peer, void *p, size_t n, u32 wait_ms)
{
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	struct kvec v = { .iov_base = p, .iov_len = n };
	int ret;

	WRITE_ONCE(peer->sock->sk->sk_rcvtimeo, max(1UL, msecs_to_jiffies(wait_ms)));
	ret = kernel_recvmsg(peer->sock, &msg, &v, 1, n, wait_ms ? 0 : MSG_DONTWAIT);
	return ret < 0 ? dial_error(ret) : ret;
}

void host_hangup(struct host_peer *peer)
{
	if (!peer)
		return;
	sock_release(peer->sock);
	kfree(peer);
}
