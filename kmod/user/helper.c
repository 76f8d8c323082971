// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgod's end of the helper: a child on a socket pair, and a thread that starts it, listens to it, sends what
 * waits, and buries it. Everything the child is told or says goes by that thread, so that callbacks come one
 * at a time.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/host.h"
#include "core/limits.h"
#include "uapi/virgo.h"
#include "user/beside.h"

enum {
	CHILD_FD	= 3,
	PAUSE_FIRST_MS	= 100,		/* before a helper that has ended is started anew; doubles … */
	PAUSE_MAX_MS	= 5000,		/* … up to this */
	STEADY_MS	= 10000,	/* one that lived so long is started again at once */
	BYE_MS		= 10000,	/* from BYE to its end; then it is killed */
	SEND_BUFFER	= 1 << 20,
};

struct message {
	struct list_head link;
	size_t n;
	char data[];
};

struct host_helper {
	const struct host_helper_ops *ops;
	void *ctx;
	char path[256], functions[256];
	pthread_t thread;
	int wake_fd;

	pthread_mutex_t lock;		/* what is below, up to the line */
	struct list_head queue;
	size_t queued;
	bool closing;

	/* the thread's own */
	pid_t pid;			/* 0: none */
	int fd;
	u64 started_ms, pause_ms, start_at_ms, kill_at_ms;
	char in[VIRGO_MSG_MAX];
};

/* --- the child --------------------------------------------------------------------------------------- */

static int spawn_child(struct host_helper *h, int fd)
{
	char *argv[] = { h->path, "--fd", "3", NULL, h->functions, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int ret;

	if (h->functions[0])
		argv[3] = "--functions";
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	/* ours are close-on-exec; a session of its own, so that the terminal's keys are not for it */
	posix_spawn_file_actions_adddup2(&files, fd, CHILD_FD);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	ret = posix_spawn(&h->pid, h->path, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (ret)
		h->pid = 0;
	return -ret;
}

static int start_child(struct host_helper *h)
{
	int pair[2], size = SEND_BUFFER, ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* dup2() onto itself would leave it close-on-exec */
	if (pair[1] == CHILD_FD) {
		ret = fcntl(pair[1], F_DUPFD_CLOEXEC, CHILD_FD + 1);
		close(pair[1]);
		pair[1] = ret;
	}
	ret = pair[1] < 0 ? -errno : spawn_child(h, pair[1]);
	if (pair[1] >= 0)
		close(pair[1]);
	if (ret) {
		close(pair[0]);
		return ret;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	h->fd = pair[0];
	h->started_ms = vg_now_ms();
	return 0;
}

/* It has ended or is to: nothing it says counts any more. */
static void bury_child(struct host_helper *h)
{
	u64 now_ms = vg_now_ms();

	close(h->fd);
	h->fd = -1;
	kill(h->pid, SIGKILL);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	h->pid = 0;
	if (now_ms - h->started_ms >= STEADY_MS)
		h->pause_ms = 0;
	h->start_at_ms = now_ms + h->pause_ms;
	h->pause_ms = h->pause_ms ? min_t(u64, 2 * h->pause_ms, PAUSE_MAX_MS) : PAUSE_FIRST_MS;
}

/* --- messages ------------------------------------------------------------------------------------------ */

static void drop_queue(struct host_helper *h)
{
	struct message *m, *tmp;
	LIST_HEAD(dropped);

	pthread_mutex_lock(&h->lock);
	list_splice_init(&h->queue, &dropped);
	h->queued = 0;
	pthread_mutex_unlock(&h->lock);
	list_for_each_entry_safe(m, tmp, &dropped, link)
		kfree(m);
}

static bool has_messages(struct host_helper *h)
{
	bool has;

	pthread_mutex_lock(&h->lock);
	has = !list_empty(&h->queue);
	pthread_mutex_unlock(&h->lock);
	return has;
}

/* 1: sent, 0: there is none, or no room now, negative: the child cannot be talked to any more */
static int send_first(struct host_helper *h)
{
	struct message *m;
	int ret = 0;

	/* also while it is sent, which does not wait: who closes drops what is in the queue */
	pthread_mutex_lock(&h->lock);
	m = list_first_entry_or_null(&h->queue, struct message, link);
	if (m && send(h->fd, m->data, m->n, MSG_NOSIGNAL) >= 0) {
		list_del(&m->link);
		h->queued -= m->n;
		kfree(m);
		ret = 1;
	} else if (m && errno != EAGAIN && errno != EINTR) {
		ret = -errno;
	}
	pthread_mutex_unlock(&h->lock);
	return ret;
}

/* False: the child cannot be talked to any more. */
static bool send_queue(struct host_helper *h)
{
	int ret;

	do
		ret = send_first(h);
	while (ret > 0);
	return !ret;
}

/* Take what it says; false: it has ended, or does not keep to the rules. */
static bool receive(struct host_helper *h)
{
	const struct virgo_msg *m = (const struct virgo_msg *)h->in;
	const struct virgo_hello *hello = (const struct virgo_hello *)(m + 1);
	ssize_t n;
	int i;

	/* others have their turn too */
	for (i = 0; i < 64; i++) {
		n = recv(h->fd, h->in, sizeof(h->in), 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if ((size_t)n < sizeof(*m) || m->len != n)
			return false;
		if (m->type == VIRGO_MSG_HELLO) {
			if ((size_t)n < sizeof(*m) + sizeof(*hello) || hello->abi != VIRGO_ABI) {
				pr_err("virgo: %s is of another version of virgo\n", h->path);
				return false;
			}
			continue;
		}
		h->ops->message(h->ctx, h->in, n);
	}
	return true;
}

/* --- the thread ------------------------------------------------------------------------------------------ */

static bool is_closing(struct host_helper *h)
{
	bool closing;

	pthread_mutex_lock(&h->lock);
	closing = h->closing;
	pthread_mutex_unlock(&h->lock);
	return closing;
}

/* Without a child: start one if there is something to say, and it is time. */
static void try_start(struct host_helper *h)
{
	int ret;

	if (!has_messages(h) || vg_now_ms() < h->start_at_ms)
		return;
	ret = start_child(h);
	if (!ret)
		return;
	h->start_at_ms = vg_now_ms() + PAUSE_FIRST_MS;
	drop_queue(h);
	h->ops->failed(h->ctx, ret);
}

static int wait_ms(struct host_helper *h)
{
	u64 now_ms = vg_now_ms(), until_ms = 0;

	if (h->kill_at_ms)
		until_ms = h->kill_at_ms;
	else if (!h->pid && has_messages(h))
		until_ms = h->start_at_ms;
	else
		return -1;
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

static void wait_for_something(struct host_helper *h)
{
	struct pollfd p[2] = {
		{ .fd = h->wake_fd, .events = POLLIN },
		{ .fd = h->fd, .events = POLLIN },
	};
	u64 woken;

	if (h->pid && has_messages(h))
		p[1].events |= POLLOUT;
	poll(p, h->pid ? 2 : 1, wait_ms(h));
	if (p[0].revents && read(h->wake_fd, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
		abort();
}

static void *helper_thread(void *arg)
{
	struct host_helper *h = arg;

	for (;;) {
		bool closing = is_closing(h);

		if (closing && !h->pid)
			return NULL;
		if (closing && !h->kill_at_ms)
			h->kill_at_ms = vg_now_ms() + BYE_MS;
		if (!h->pid)
			try_start(h);
		if (h->pid && (!receive(h) || !send_queue(h) ||
			       (h->kill_at_ms && vg_now_ms() >= h->kill_at_ms))) {
			bury_child(h);
			/* what was for it would be half a conversation for the next one */
			drop_queue(h);
			h->ops->gone(h->ctx);
			continue;
		}
		wait_for_something(h);
	}
}

static void wake_thread(struct host_helper *h)
{
	u64 one = 1;

	if (write(h->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort();
}

/* --- what core asks for ------------------------------------------------------------------------------------ */

int host_helper_open(struct vg_node *node, const char *path, const char *functions,
		     const struct host_helper_ops *ops, void *ctx, struct host_helper **out)
{
	struct host_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int ret;

	if (!h)
		return -ENOMEM;
	h->ops = ops;
	h->ctx = ctx;
	h->fd = -1;
	if (path && *path)
		strscpy(h->path, path, sizeof(h->path));
	else
		find_beside("virgo_kernelupcall_plugin", h->path, sizeof(h->path));
	if (functions)
		strscpy(h->functions, functions, sizeof(h->functions));
	INIT_LIST_HEAD(&h->queue);
	pthread_mutex_init(&h->lock, NULL);
	h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = h->wake_fd < 0 ? -errno : -pthread_create(&h->thread, NULL, helper_thread, h);
	if (ret) {
		if (h->wake_fd >= 0)
			close(h->wake_fd);
		kfree(h);
		return ret;
	}
	*out = h;
	return 0;
}

int host_helper_send(struct host_helper *h, const void *msg, size_t n)
{
	struct message *m = kmalloc(sizeof(*m) + n, GFP_KERNEL);
	bool full;

	if (!m)
		return -ENOMEM;
	memcpy(m->data, msg, n);
	m->n = n;
	pthread_mutex_lock(&h->lock);
	full = h->queued + n > VG_HELPER_QUEUE_BYTES || h->closing;
	if (!full) {
		list_add_tail(&m->link, &h->queue);
		h->queued += n;
	}
	pthread_mutex_unlock(&h->lock);
	if (full) {
		kfree(m);
		return -ENOBUFS;
	}
	wake_thread(h);
	return 0;
}

void host_helper_close(struct host_helper *h)
{
	const struct virgo_msg bye = { .len = sizeof(bye), .type = VIRGO_MSG_BYE };

	if (!h)
		return;
	/* what waits would begin what is to end */
	drop_queue(h);
	host_helper_send(h, &bye, sizeof(bye));
	pthread_mutex_lock(&h->lock);
	h->closing = true;
	pthread_mutex_unlock(&h->lock);
	wake_thread(h);
	pthread_join(h->thread, NULL);
	drop_queue(h);
	close(h->wake_fd);
	pthread_mutex_destroy(&h->lock);
	kfree(h);
}
