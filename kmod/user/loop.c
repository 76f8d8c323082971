// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads, epoll and the pump between sockets and connections. See loop.h.
 *
 * A connection belongs to the thread that accepted it, from loop_conn_add() to conn_close(). Other threads
 * reach it through host_conn_kick() only, which puts it on the thread's list of kicked connections; it is
 * freed by its own thread, which takes it off that list first. core does not kick after vg_conn_free().
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/conn.h"
#include "core/host.h"
#include "core/node.h"
#include "user/loop.h"

enum {
	EVENTS		= 128,		/* taken from epoll at a time */
	ROUNDS		= 16,		/* receive-send rounds of a connection before others get a turn */
	IOV		= 2 * VG_OUT_REFS + 1,
};

struct loop_conn {
	enum loop_kind kind;		/* LOOP_CONN */
	int fd;
	u32 armed;			/* what epoll watches for */
	bool readable, writable;
	bool waiting;			/* on the thread's waiting list */
	struct vg_conn *c;
	struct loop_thread *t;
	struct list_head link;		/* t->conns */
	struct list_head wait;		/* t->waiting */
	struct list_head kick;		/* t->kicked, under t->lock; empty: not kicked */
};

struct task {
	struct list_head link;
	void (*fn)(struct loop_thread *t, void *arg);
	void *arg;
	unsigned int *left;
};

struct loop_thread {
	enum loop_kind kind;		/* LOOP_WAKE: the eventfd */
	pthread_t id;
	int epoll_fd, wake_fd;
	bool stop;
	u64 swept_ms;
	struct list_head conns;
	struct list_head waiting;
	pthread_mutex_t lock;		/* kicked and tasks */
	struct list_head kicked;
	struct list_head tasks;
};

static struct loop_thread *threads;
static unsigned int nr_threads;
static pthread_mutex_t call_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t call_done = PTHREAD_COND_INITIALIZER;

static void wake(struct loop_thread *t)
{
	u64 one = 1;

	/* a full counter wakes as well */
	if (write(t->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort();
}

/* --- one connection -------------------------------------------------------------------------------- */

static void conn_close(struct loop_conn *u)
{
	struct loop_thread *t = u->t;

	vg_conn_free(u->c);
	list_del(&u->link);
	if (u->waiting)
		list_del(&u->wait);
	pthread_mutex_lock(&t->lock);
	list_del_init(&u->kick);
	pthread_mutex_unlock(&t->lock);
	/*
	 * Taken out by name: a child between fork and exec holds a copy of the descriptor, and
	 * close() alone would leave epoll an event that carries the pointer freed here.
	 */
	epoll_ctl(t->epoll_fd, EPOLL_CTL_DEL, u->fd, NULL);
	close(u->fd);
	kfree(u);
}

static void conn_arm(struct loop_conn *u, u32 events)
{
	/* hang-ups are told always: of a connection that wants nothing, once is enough */
	struct epoll_event e = { .events = events ? events : EPOLLET, .data.ptr = u };

	if (u->armed == events)
		return;
	if (!epoll_ctl(u->t->epoll_fd, EPOLL_CTL_MOD, u->fd, &e))
		u->armed = events;
}

/* False: nothing more can be done before the socket says so. */
static bool conn_send(struct loop_conn *u)
{
	struct kvec v[IOV];
	struct msghdr msg = { .msg_iov = (struct iovec *)v };
	size_t bytes;
	ssize_t n;

	BUILD_BUG_ON(sizeof(struct kvec) != sizeof(struct iovec));
	msg.msg_iovlen = vg_conn_output(u->c, v, IOV, &bytes);
	if (!msg.msg_iovlen)
		return false;
	if (msg.msg_iovlen == 1)
		n = send(u->fd, v[0].iov_base, v[0].iov_len, MSG_NOSIGNAL);
	else
		n = sendmsg(u->fd, &msg, MSG_NOSIGNAL);
	if (n < 0) {
		vg_conn_sent(u->c, 0);
		if (errno == EAGAIN || errno == EINTR)
			u->writable = false;
		else
			vg_conn_eof(u->c, -errno);
		return errno == EINTR;
	}
	vg_conn_sent(u->c, n);
	if ((size_t)n < bytes)
		u->writable = false;
	return true;
}

static bool conn_receive(struct loop_conn *u)
{
	size_t room;
	void *p = vg_conn_space(u->c, &room);
	ssize_t n;

	if (!p)
		return false;
	n = recv(u->fd, p, room, 0);
	if (n < 0) {
		vg_conn_received(u->c, 0);
		if (errno == EAGAIN || errno == EINTR)
			u->readable = false;
		else
			vg_conn_eof(u->c, -errno);
		return true;
	}
	/* level-triggered: what a short read left behind is told again */
	if ((size_t)n < room)
		u->readable = false;
	if (n)
		vg_conn_received(u->c, n);
	else
		vg_conn_eof(u->c, 0);
	return true;
}

static void conn_wait(struct loop_conn *u, bool waiting)
{
	if (u->waiting == waiting)
		return;
	if (waiting)
		list_add_tail(&u->wait, &u->t->waiting);
	else
		list_del(&u->wait);
	u->waiting = waiting;
}

static void conn_shut(struct loop_conn *u)
{
	shutdown(u->fd, SHUT_WR);
	vg_conn_shut(u->c);
}

static void conn_run(struct loop_conn *u)
{
	unsigned int wants = 0;
	u32 events = 0;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		wants = vg_conn_wants(u->c);
		if (wants & VG_WANT_CLOSE) {
			conn_close(u);
			return;
		}
		if (wants & VG_WANT_SHUT) {
			conn_shut(u);
			continue;
		}
		if (wants & VG_WANT_WRITE && u->writable && conn_send(u))
			continue;
		if (!(wants & VG_WANT_READ) || !u->readable || !conn_receive(u))
			break;
	}
	wants = vg_conn_wants(u->c);
	/* in the last round it may have sent all it had: no event would bring us back */
	if (wants & VG_WANT_SHUT) {
		conn_shut(u);
		wants = vg_conn_wants(u->c);
	}
	if (wants & VG_WANT_CLOSE) {
		conn_close(u);
		return;
	}
	conn_wait(u, wants & VG_WANT_WAIT && u->c->wake_ms);
	if (wants & VG_WANT_READ)
		events |= EPOLLIN;
	if (wants & VG_WANT_WRITE && !u->waiting)
		events |= EPOLLOUT;
	if (wants & VG_WANT_HUP)
		events |= EPOLLRDHUP;
	conn_arm(u, events);
}

struct loop_conn *loop_conn_new(int fd)
{
	struct loop_conn *u = kzalloc(sizeof(*u), GFP_KERNEL);

	if (!u) {
		close(fd);
		return NULL;
	}
	u->kind = LOOP_CONN;
	u->fd = fd;
	u->writable = true;
	u->readable = true;
	INIT_LIST_HEAD(&u->kick);
	return u;
}

void loop_conn_discard(struct loop_conn *u)
{
	close(u->fd);
	kfree(u);
}

void loop_conn_add(struct loop_thread *t, struct loop_conn *u, struct vg_conn *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = u };

	u->c = c;
	u->t = t;
	u->armed = EPOLLIN;
	list_add_tail(&u->link, &t->conns);
	if (epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, u->fd, &e)) {
		vg_conn_eof(c, -errno);
		conn_close(u);
		return;
	}
	conn_run(u);
}

void host_conn_kick(struct vg_conn *conn)
{
	struct loop_conn *u = conn->host;
	struct loop_thread *t = u->t;
	bool first = false;

	pthread_mutex_lock(&t->lock);
	if (list_empty(&u->kick)) {
		list_add_tail(&u->kick, &t->kicked);
		first = true;
	}
	pthread_mutex_unlock(&t->lock);
	if (first)
		wake(t);
}

/* --- one thread ---------------------------------------------------------------------------------------- */

static void run_kicked(struct loop_thread *t)
{
	struct loop_conn *u;

	for (;;) {
		pthread_mutex_lock(&t->lock);
		u = list_first_entry_or_null(&t->kicked, struct loop_conn, kick);
		if (u)
			list_del_init(&u->kick);
		pthread_mutex_unlock(&t->lock);
		if (!u)
			return;
		vg_conn_kicked(u->c);
		conn_run(u);
	}
}

static void run_tasks(struct loop_thread *t)
{
	struct task *task;

	for (;;) {
		pthread_mutex_lock(&t->lock);
		task = list_first_entry_or_null(&t->tasks, struct task, link);
		if (task)
			list_del(&task->link);
		pthread_mutex_unlock(&t->lock);
		if (!task)
			return;
		task->fn(t, task->arg);
		pthread_mutex_lock(&call_lock);
		--*task->left;
		pthread_cond_broadcast(&call_done);
		pthread_mutex_unlock(&call_lock);
	}
}

/* Connections whose time is up, and those that waited for bandwidth. */
static void run_clock(struct loop_thread *t)
{
	struct loop_conn *u, *tmp;
	u64 ms = vg_now_ms();

	list_for_each_entry_safe(u, tmp, &t->waiting, wait)
		if (u->c->wake_ms <= ms)
			conn_run(u);
	if (ms - t->swept_ms < VG_TICK_MS)
		return;
	t->swept_ms = ms;
	list_for_each_entry_safe(u, tmp, &t->conns, link) {
		if (!vg_conn_expired(u->c, ms))
			continue;
		vg_conn_timeout(u->c, ms);
		conn_run(u);
	}
}

static void conn_event(struct loop_conn *u, u32 events)
{
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		u->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		u->writable = true;
	if (events & (EPOLLHUP | EPOLLERR) && !(vg_conn_wants(u->c) & VG_WANT_READ))
		vg_conn_eof(u->c, -ECONNRESET);
	else if (events & EPOLLRDHUP && vg_conn_wants(u->c) & VG_WANT_HUP)
		vg_conn_hup(u->c);
	conn_run(u);
}

static int wait_ms(const struct loop_thread *t)
{
	const struct loop_conn *u;
	u64 ms = vg_now_ms(), first = ms + VG_TICK_MS;

	list_for_each_entry(u, &t->waiting, wait)
		first = min(first, u->c->wake_ms);
	return first > ms ? first - ms : 0;
}

static void *thread_main(void *arg)
{
	struct loop_thread *t = arg;
	struct epoll_event e[EVENTS];
	int i, n;
	u64 drain;

	while (!t->stop) {
		n = epoll_wait(t->epoll_fd, e, EVENTS, wait_ms(t));
		for (i = 0; i < n; i++) {
			switch (*(enum loop_kind *)e[i].data.ptr) {
			case LOOP_CONN:
				conn_event(e[i].data.ptr, e[i].events);
				break;
			case LOOP_LISTENER:
				loop_accept(t, e[i].data.ptr);
				break;
			case LOOP_WAKE:
				if (read(t->wake_fd, &drain, sizeof(drain)) < 0 && errno != EAGAIN)
					abort();
				break;
			}
		}
		/* only now: a task may free what an event of the batch pointed to */
		run_kicked(t);
		run_tasks(t);
		run_clock(t);
	}
	return NULL;
}

int loop_watch(struct loop_thread *t, struct loop_listener *l)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = l };

	return epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, l->fd, &e) ? -errno : 0;
}

void loop_unwatch(struct loop_thread *t, struct loop_listener *l)
{
	epoll_ctl(t->epoll_fd, EPOLL_CTL_DEL, l->fd, NULL);
}

void loop_call(void (*fn)(struct loop_thread *t, void *arg), void *arg)
{
	struct task *task = calloc(nr_threads, sizeof(*task));
	unsigned int left = nr_threads, i;

	if (!task)
		abort();	/* a few bytes at start or stop: there is no way on */
	for (i = 0; i < nr_threads; i++) {
		task[i].fn = fn;
		task[i].arg = arg;
		task[i].left = &left;
		pthread_mutex_lock(&threads[i].lock);
		list_add_tail(&task[i].link, &threads[i].tasks);
		pthread_mutex_unlock(&threads[i].lock);
		wake(&threads[i]);
	}
	pthread_mutex_lock(&call_lock);
	while (left)
		pthread_cond_wait(&call_done, &call_lock);
	pthread_mutex_unlock(&call_lock);
	free(task);
}

/* --- dropping connections ---------------------------------------------------------------------------------- */

struct drop {
	struct vg_node *node;
	struct vg_svc *svc;
	atomic_t left;
};

static void drop_some(struct loop_thread *t, void *arg)
{
	struct drop *d = arg;
	struct loop_conn *u, *tmp;

	list_for_each_entry_safe(u, tmp, &t->conns, link) {
		if (u->c->node != d->node || (d->svc && u->c->svc != d->svc))
			continue;
		shutdown(u->fd, SHUT_RDWR);
		vg_conn_eof(u->c, -ECONNRESET);
		conn_run(u);
	}
	/* what is left waits for a pending request */
	list_for_each_entry(u, &t->conns, link)
		if (u->c->node == d->node && (!d->svc || u->c->svc == d->svc))
			atomic_inc(&d->left);
}

void host_drop_connections(struct vg_node *node, struct vg_svc *svc)
{
	struct drop d = { .node = node, .svc = svc };
	unsigned int us = 100;

	for (;;) {
		atomic_set(&d.left, 0);
		loop_call(drop_some, &d);
		if (!atomic_read(&d.left))
			return;
		usleep(us);
		us = min(us * 2, 20000u);
	}
}

/* --- all threads --------------------------------------------------------------------------------------------- */

static int thread_init(struct loop_thread *t)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = t };

	t->kind = LOOP_WAKE;
	INIT_LIST_HEAD(&t->conns);
	INIT_LIST_HEAD(&t->waiting);
	INIT_LIST_HEAD(&t->kicked);
	INIT_LIST_HEAD(&t->tasks);
	pthread_mutex_init(&t->lock, NULL);
	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->epoll_fd < 0 || t->wake_fd < 0 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->wake_fd, &e))
		return -errno;
	return -pthread_create(&t->id, NULL, thread_main, t);
}

static void thread_end(struct loop_thread *t, void *arg)
{
	t->stop = true;
}

int loop_start(unsigned int n)
{
	int ret;

	threads = calloc(n, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	for (nr_threads = 0; nr_threads < n; nr_threads++) {
		ret = thread_init(&threads[nr_threads]);
		if (ret)
			return ret;
	}
	return 0;
}

void loop_stop(void)
{
	unsigned int i;

	loop_call(thread_end, NULL);
	for (i = 0; i < nr_threads; i++) {
		pthread_join(threads[i].id, NULL);
		close(threads[i].epoll_fd);
		close(threads[i].wake_fd);
		pthread_mutex_destroy(&threads[i].lock);
	}
	free(threads);
	nr_threads = 0;
}
