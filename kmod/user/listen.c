// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listening sockets of virgod: made here or handed over by systemd (LISTEN_FDS), and accepting from them.
 */
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/conn.h"
#include "core/host.h"
#include "core/node.h"
#include "core/sockaddr.h"
#include "user/listen.h"
#include "user/loop.h"

enum { ACCEPTS = 64, BACKLOG = 4096, INHERITED_FIRST = 3, INHERITED_MAX = 64 };

static int inherited_fd[INHERITED_MAX];
static unsigned int nr_inherited;

/* kept for shed_one(), from the first listener on */
static pthread_mutex_t spare_lock = PTHREAD_MUTEX_INITIALIZER;
static int spare_fd = -1;

/* --- inherited sockets ----------------------------------------------------------------------------------- */

void listen_inherit(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int i, n;

	if (!pid || !fds || atoi(pid) != getpid())
		return;
	n = atoi(fds);
	for (i = 0; i < n && i < INHERITED_MAX; i++)
		inherited_fd[nr_inherited++] = INHERITED_FIRST + i;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static int take_inherited(const struct vg_addr *want)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct vg_addr a;
	unsigned int i;
	int fd;

	for (i = 0; i < nr_inherited; i++) {
		len = sizeof(ss);
		if (inherited_fd[i] < 0 || getsockname(inherited_fd[i], (struct sockaddr *)&ss, &len))
			continue;
		if (vg_addr_from_sockaddr(&a, &ss))
			continue;
		if (a.port != want->port || !vg_addr_same(&a, want))
			continue;
		fd = inherited_fd[i];
		inherited_fd[i] = -1;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		return fd;
	}
	return -ENOENT;
}

/* --- listening --------------------------------------------------------------------------------------------- */

static int open_socket(const struct vg_addr *addr)
{
	struct sockaddr_storage ss;
	socklen_t len = vg_addr_to_sockaddr(addr, &ss);
	int one = 1, fd, ret;

	fd = take_inherited(addr);
	if (fd >= 0)
		return fd;
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ss.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, BACKLOG)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int host_listen(struct vg_node *node, struct vg_svc *svc, const struct vg_addr *addr, void **listener)
{
	struct loop_listener *l = kzalloc(sizeof(*l), GFP_KERNEL);

	if (!l)
		return -ENOMEM;
	l->kind = LOOP_LISTENER;
	l->node = node;
	l->svc = svc;
	l->fd = open_socket(addr);
	if (l->fd < 0) {
		int ret = l->fd;

		kfree(l);
		return ret;
	}
	if (spare_fd < 0)
		spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*listener = l;
	return 0;
}

static void watch(struct loop_thread *t, void *arg)
{
	struct loop_listener *l = arg;
	int ret = loop_watch(t, l);

	if (ret)
		pr_err("virgo: a thread cannot wait for connections to %s: %s\n", l->svc->def->name, strerror(-ret));
}

static void unwatch(struct loop_thread *t, void *arg)
{
	loop_unwatch(t, arg);
}

void host_listen_start(void *listener)
{
	struct loop_listener *l = listener;

	l->started = true;
	loop_call(watch, l);
}

void host_unlisten(void *listener)
{
	struct loop_listener *l = listener;

	if (l->started)
		loop_call(unwatch, l);
	close(l->fd);
	kfree(l);
}

/* --- accepting ------------------------------------------------------------------------------------------------ */

static void accept_one(struct loop_thread *t, struct loop_listener *l, int fd,
		       const struct sockaddr_storage *peer_ss)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct vg_addr peer, local;
	struct loop_conn *u;
	struct vg_conn *c;
	int one = 1;

	if (vg_addr_from_sockaddr(&peer, peer_ss) || getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    vg_addr_from_sockaddr(&local, &ss)) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	u = loop_conn_new(fd);
	if (!u)
		return;
	if (vg_conn_new(l->node, l->svc, &peer, &local, u, &c))
		loop_conn_discard(u);
	else
		loop_conn_add(t, u, c);
}

/*
 * Out of descriptors: the waiting peer is taken on the spare one and sent away, or it would wait forever.
 * One thread at a time: between closing it and having it back the number is anybody's.
 */
static void shed_one(struct loop_listener *l)
{
	int fd;

	pthread_mutex_lock(&spare_lock);
	if (spare_fd >= 0)
		close(spare_fd);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pthread_mutex_unlock(&spare_lock);
}

void loop_accept(struct loop_thread *t, struct loop_listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int i, fd;

	for (i = 0; i < ACCEPTS; i++) {
		len = sizeof(ss);
		fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			accept_one(t, l, fd, &ss);
		else if (errno == EMFILE || errno == ENFILE)
			shed_one(l);
		else if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}
