// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listening sockets in the kernel. The listener's data_ready queues its accept work; an accepted socket
 * goes to conn.c. Sockets live in the initial network namespace, whoever loads the module.
 *
 * Ending a listener: callbacks back and sk_user_data cleared under sk_callback_lock, accept work cancelled
 * (it may be running), socket released.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inetdevice.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/slab.h>

#include <net/addrconf.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "core/host.h"
#include "core/node.h"
#include "core/sockaddr.h"
#include "compat.h"
#include "host.h"

enum { ACCEPTS = 64, BACKLOG = 4096 };

struct virgo_listener {
	struct socket *sock;
	struct vg_node *node;
	struct vg_svc *svc;
	struct delayed_work accept;
};

/* --- addresses ------------------------------------------------------------------------------------------- */

bool host_addr_is_local(const struct vg_addr *addr)
{
	struct in6_addr in6;
	__be32 in;

	if (addr->family == 4) {
		memcpy(&in, addr->ip, sizeof(in));
		return inet_addr_type(&init_net, in) == RTN_LOCAL;
	}
	memcpy(&in6, addr->ip, sizeof(in6));
	/* with ipv6.disable=1 there is no table to look it up in */
	return IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled() && ipv6_chk_addr(&init_net, &in6, NULL, 0);
}

/* --- accepting ---------------------------------------------------------------------------------------------- */

static void listen_data_ready(struct sock *sk)
{
	struct virgo_listener *l;

	read_lock_bh(&sk->sk_callback_lock);
	l = sk->sk_user_data;
	/* a child inherits this callback and runs it between its birth and accept */
	if (l && sk->sk_state == TCP_LISTEN)
		virgo_queue_accept(&l->accept);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void accept_work(struct work_struct *work)
{
	struct virgo_listener *l = container_of(to_delayed_work(work), struct virgo_listener, accept);
	struct socket *sock;
	int i, ret;

	for (i = 0; i < ACCEPTS; i++) {
		ret = kernel_accept(l->sock, &sock, O_NONBLOCK);
		if (ret == -EAGAIN)
			return;
		if (ret == -ECONNABORTED || ret == -EINTR)
			continue;
		if (ret) {
			/* short of memory: whoever waits in the backlog goes on waiting a moment */
			pr_warn_ratelimited("virgo: %s: no connection can be accepted now (error %d)\n",
					    l->svc->def->name, ret);
			virgo_queue_accept_later(&l->accept);
			return;
		}
		virgo_conn_accept(l->node, l->svc, sock);
	}
	virgo_queue_accept(&l->accept);
}

/* --- opening and closing --------------------------------------------------------------------------------------- */

static int open_socket(const struct vg_addr *addr, struct socket **out)
{
	struct sockaddr_storage ss;
	int len = vg_addr_to_sockaddr(addr, &ss);
	struct socket *sock;
	int ret;

	ret = sock_create_kern(&init_net, ss.ss_family, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (ret)
		return ret;
	sock_set_reuseaddr(sock->sk);
	if (ss.ss_family == AF_INET6)
		ip6_sock_set_v6only(sock->sk);
	ret = kernel_bind(sock, vg_sockaddr(&ss), len);
	if (!ret)
		ret = kernel_listen(sock, BACKLOG);
	if (ret) {
		sock_release(sock);
		return ret;
	}
	*out = sock;
	return 0;
}

int host_listen(struct vg_node *node, struct vg_svc *svc, const struct vg_addr *addr, void **listener)
{
	struct virgo_listener *l = kzalloc(sizeof(*l), GFP_KERNEL);
	int ret;

	if (!l)
		return -ENOMEM;
	ret = open_socket(addr, &l->sock);
	if (ret) {
		kfree(l);
		return ret;
	}
	l->node = node;
	l->svc = svc;
	INIT_DELAYED_WORK(&l->accept, accept_work);
	virgo_default_data_ready = l->sock->sk->sk_data_ready;
	*listener = l;
	return 0;
}

void host_listen_start(void *listener)
{
	struct virgo_listener *l = listener;
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = l;
	sk->sk_data_ready = listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	/* those who came before the callback was in place */
	virgo_queue_accept(&l->accept);
}

void host_unlisten(void *listener)
{
	struct virgo_listener *l = listener;
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = virgo_default_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	cancel_delayed_work_sync(&l->accept);
	sock_release(l->sock);
	kfree(l);
}
