// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * /dev/virgo: opened when a context wants it, with the threads that wait in it. See device.h. Must never call
 * the caller's functions on any thread but the caller's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

enum { DEVICE_POLL_MS = 200, DEVICE_ENOUGH_MS = 5, DEVICE_STACK = 1 << 20 };

/* --- workers --------------------------------------------------------------------------------- */

static void device_tell(struct virgo_device *dev)
{
	uint64_t one = 1;
	ssize_t n = write(dev->event_fd, &one, sizeof(one));

	(void)n;	/* it is full of news already */
}

static void *worker_thread(void *arg)
{
	struct virgo_worker *w = arg;
	struct virgo_device *dev = w->dev;

	pthread_mutex_lock(&dev->lock);
	for (;;) {
		while (w->state != WORKER_BUSY && !w->quit)
			pthread_cond_wait(&w->go, &dev->lock);
		if (w->quit)
			break;
		pthread_mutex_unlock(&dev->lock);
		w->work(w);
		pthread_mutex_lock(&dev->lock);
		w->state = WORKER_DONE;
		device_tell(dev);
	}
	pthread_mutex_unlock(&dev->lock);
	return NULL;
}

int virgo_worker_piece(struct virgo_worker *w, const void *data, size_t len)
{
	struct virgo_device *dev = w->dev;
	int ret;

	pthread_mutex_lock(&dev->lock);
	w->piece = data;
	w->piece_len = len;
	w->state = WORKER_PIECE;
	device_tell(dev);
	while (w->state == WORKER_PIECE)
		pthread_cond_wait(&w->go, &dev->lock);
	ret = w->piece_ret;
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

static int worker_start(struct virgo_worker *w)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int ret;

	w->fd = open(VIRGO_DEVICE, O_RDWR | O_CLOEXEC);
	if (w->fd < 0)
		return errno;
	pthread_cond_init(&w->go, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, DEVICE_STACK);
	/* inherited by the thread: signals are for the program's own */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&w->thread, &attr, worker_thread, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (ret) {
		pthread_cond_destroy(&w->go);
		close(w->fd);
	}
	return ret;
}

static enum worker_state worker_state_of(struct virgo_worker *w)
{
	enum worker_state state;

	pthread_mutex_lock(&w->dev->lock);
	state = w->state;
	pthread_mutex_unlock(&w->dev->lock);
	return state;
}

static void worker_is_idle(struct virgo_worker *w)
{
	pthread_mutex_lock(&w->dev->lock);
	w->state = WORKER_IDLE;
	pthread_mutex_unlock(&w->dev->lock);
}

/* one that has nothing to do, a new one where there are few; NULL: all are busy, or *errnum */
static struct virgo_worker *worker_get(struct virgo_device *dev, int *errnum)
{
	struct virgo_worker *w;

	*errnum = 0;
	for (size_t i = 0; i < dev->nworkers; i++)
		if (worker_state_of(dev->workers[i]) == WORKER_IDLE)
			return dev->workers[i];
	if (dev->nworkers == DEVICE_WORKERS)
		return NULL;
	w = calloc(1, sizeof(*w));
	*errnum = ENOMEM;
	if (!w)
		return NULL;
	w->dev = dev;
	*errnum = worker_start(w);
	if (*errnum) {
		free(w);
		return NULL;
	}
	dev->workers[dev->nworkers++] = w;
	return w;
}

static void worker_run(struct virgo_worker *w, void (*work)(struct virgo_worker *w))
{
	pthread_mutex_lock(&w->dev->lock);
	w->work = work;
	w->state = WORKER_BUSY;
	pthread_cond_signal(&w->go);
	pthread_mutex_unlock(&w->dev->lock);
}

static void worker_end(struct virgo_worker *w)
{
	pthread_mutex_lock(&w->dev->lock);
	w->quit = 1;
	pthread_cond_signal(&w->go);
	pthread_mutex_unlock(&w->dev->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->go);
	close(w->fd);
	free(w);
}

/* what a piece met; its worker goes on */
static void piece_taken(struct virgo_worker *w, int ret)
{
	pthread_mutex_lock(&w->dev->lock);
	w->piece_ret = ret;
	w->state = WORKER_BUSY;
	pthread_cond_signal(&w->go);
	pthread_mutex_unlock(&w->dev->lock);
}

static void wait_for_news(struct virgo_device *dev, int ms)
{
	struct pollfd p = { .fd = dev->event_fd, .events = POLLIN };
	uint64_t news;
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return;
	n = read(dev->event_fd, &news, sizeof(news));
	(void)n;
}

static void worker_cancel(struct virgo_worker *w)
{
	uint32_t on = 1;

	ioctl(w->fd, VIRGO_IOC_CANCEL, &on);
}

/* end what a worker is at, whatever that is, and wait for it */
static void worker_stop(struct virgo_worker *w)
{
	enum worker_state state;
	uint32_t off = 0;

	worker_cancel(w);
	while ((state = worker_state_of(w)) != WORKER_DONE) {
		if (state == WORKER_PIECE)
			piece_taken(w, -1);
		else
			wait_for_news(w->dev, DEVICE_POLL_MS);
	}
	ioctl(w->fd, VIRGO_IOC_CANCEL, &off);
	worker_is_idle(w);
}

/* --- opening ------------------------------------------------------------------------------------ */

static enum virgo_code no_device(int errnum, struct virgo_error *err)
{
	enum virgo_code code = errnum == EACCES || errnum == EPERM ? VIRGO_NOT_ALLOWED : VIRGO_FAILED;

	virgo_error_set(err, code, "via syscall: %s: %s", VIRGO_DEVICE, strerror(errnum));
	if (code == VIRGO_NOT_ALLOWED)
		virgo_error_hint(err, "join the group virgo, or use via http");
	else
		virgo_error_hint(err, "load the kernel modules, or use via http");
	return code;
}

void virgo_device_close(struct virgo_ctx *ctx)
{
	struct virgo_device *dev = ctx->device;

	if (!dev)
		return;
	for (size_t i = 0; i < dev->nworkers; i++)
		worker_end(dev->workers[i]);
	pthread_mutex_destroy(&dev->lock);
	close(dev->event_fd);
	free(dev);
	ctx->device = NULL;
}

/* The names of the kernel's nodes as a set, and its key's id */
static enum virgo_code device_ask_nodes(struct virgo_ctx *ctx, int fd, struct virgo_nodeset **nodes,
				 struct virgo_error *err)
{
	static const char only_one[] = "127.0.0.1";
	struct virgo_ioc_node list[VIRGO_IOC_NODES_MAX] = { 0 };
	char text[VIRGO_IOC_NODES_MAX * (VIRGO_IOC_TEXT + 1)];
	struct virgo_ioc_nodes n = {
		.size = sizeof(n), .abi = VIRGO_ABI, .list = (uintptr_t)list, .room = VIRGO_IOC_NODES_MAX,
	};
	size_t at = 0;

	if (ioctl(fd, VIRGO_IOC_NODES, &n))
		return no_device(errno, err);
	for (uint32_t i = 0; i < n.count && i < n.room; i++)
		at += snprintf(text + at, sizeof(text) - at, "%s%.*s", i ? "," : "",
			       VIRGO_IOC_TEXT - 1, list[i].name);
	snprintf(ctx->key.id, sizeof(ctx->key.id), "%.*s", VIRGO_KEY_ID_MAX, n.key);
	snprintf(ctx->cluster, sizeof(ctx->cluster), "%.32s", n.cluster);
	if (!n.key[0])
		snprintf(ctx->key_note, sizeof(ctx->key_note),
			 "the kernel's calls are not signed: name a key in client_key of virgo_cloud.conf");
	return virgo_nodeset_parse(nodes, at ? text : only_one, NULL, NULL, err);
}

enum virgo_code virgo_device_open(struct virgo_ctx *ctx, struct virgo_nodeset **nodes,
				  struct virgo_error *err)
{
	int fd = open(VIRGO_DEVICE, O_RDWR | O_CLOEXEC);
	struct virgo_device *dev;
	enum virgo_code code;

	if (fd < 0)
		return no_device(errno, err);
	code = device_ask_nodes(ctx, fd, nodes, err);
	close(fd);
	if (code)
		return code;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		goto nomem;
	dev->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (dev->event_fd < 0)
		goto nomem;
	dev->ctx = ctx;
	pthread_mutex_init(&dev->lock, NULL);
	ctx->device = dev;
	return VIRGO_OK;

nomem:
	free(dev);
	virgo_nodeset_free(*nodes);
	*nodes = NULL;
	return virgo_error_nomem(err);
}

void virgo_device_use_all(struct virgo_ctx *ctx, int all)
{
	if (ctx->device)
		ctx->device->all = all;
}

int virgo_device_picks(const struct virgo_ctx *ctx)
{
	return ctx->device && ctx->device->all;
}

/* --- many calls ------------------------------------------------------------------------------------ */

struct rally {
	struct virgo_ctx *ctx;
	struct virgo_device *dev;
	const struct virgo_job *jobs;
	const struct virgo_want *want;
	size_t n, next, active;
	virgo_answer_fn fn;
	virgo_enough_fn enough;
	void *arg;
	struct virgo_error *err;
};

static void trace_answer(struct virgo_ctx *ctx, const struct virgo_worker *w)
{
	const struct virgo_answer *ans = w->ans;

	virgo_trace_line(ctx, ans->address, '*', "by way of %s", VIRGO_DEVICE);
	virgo_trace_line(ctx, ans->address, '>', "%s %s", w->req->method, w->req->target);
	if (ans->status)
		virgo_trace_line(ctx, ans->address, '<', "status %d", ans->status);
	virgo_trace_line(ctx, ans->address, '*', "%llu bytes of answer in %llu us",
			 (unsigned long long)ans->len, (unsigned long long)ans->us);
}

static enum virgo_code rally_hand_over(struct rally *r, struct virgo_worker *w)
{
	struct virgo_answer *ans = w->ans;

	trace_answer(r->ctx, w);
	w->ans = NULL;
	worker_is_idle(w);
	r->active--;
	if (r->fn(r->arg, ans))
		return virgo_error_set(r->err, VIRGO_INTERRUPTED, "stopped by the caller");
	return VIRGO_OK;
}

static enum virgo_code rally_start(struct rally *r)
{
	struct virgo_worker *w;
	int errnum;

	while (r->next < r->n && r->active < r->ctx->parallel) {
		w = worker_get(r->dev, &errnum);
		/* with some at work it goes on all the same */
		if (!w && (!errnum || r->active))
			return VIRGO_OK;
		if (!w)
			return virgo_error_set(r->err, VIRGO_FAILED, "%s: %s", VIRGO_DEVICE,
					       strerror(errnum));
		w->req = r->jobs[r->next].req;
		w->want = r->want;
		w->ans = virgo_answer_new(&r->jobs[r->next], r->next);
		if (!w->ans)
			return virgo_error_nomem(r->err);
		r->next++;
		r->active++;
		worker_run(w, virgo_device_call);
	}
	return VIRGO_OK;
}

static enum virgo_code rally_news(struct rally *r)
{
	enum virgo_code code = VIRGO_OK;

	for (size_t i = 0; i < r->dev->nworkers && !code; i++) {
		struct virgo_worker *w = r->dev->workers[i];

		switch (worker_state_of(w)) {
		case WORKER_PIECE:
			piece_taken(w, w->req->sink(w->req->sink_arg, w->piece, w->piece_len));
			break;
		case WORKER_DONE:
			code = rally_hand_over(r, w);
			break;
		default:
			break;
		}
	}
	return code;
}

static enum virgo_code rally_drive(struct rally *r)
{
	enum virgo_code code;

	for (;;) {
		code = rally_start(r);
		if (code)
			return code;
		if (!r->active)
			return VIRGO_OK;
		wait_for_news(r->dev, r->enough ? DEVICE_ENOUGH_MS : DEVICE_POLL_MS);
		code = rally_news(r);
		if (code)
			return code;
		if (r->enough && r->enough(r->arg))
			return VIRGO_OK;
		if (r->ctx->cancelled)
			return virgo_error_set(r->err, VIRGO_INTERRUPTED, "interrupted");
	}
}

static enum virgo_code rally(struct rally *r)
{
	enum virgo_code code;

	virgo_error_clear(r->err);
	if (r->ctx->cancelled)
		return virgo_error_set(r->err, VIRGO_INTERRUPTED, "interrupted");
	code = rally_drive(r);
	/* all at once, then one by one */
	for (size_t i = 0; i < r->dev->nworkers; i++)
		if (worker_state_of(r->dev->workers[i]) != WORKER_IDLE)
			worker_cancel(r->dev->workers[i]);
	for (size_t i = 0; i < r->dev->nworkers; i++) {
		struct virgo_worker *w = r->dev->workers[i];

		if (worker_state_of(w) == WORKER_IDLE)
			continue;
		worker_stop(w);
		virgo_answer_free(w->ans);
		w->ans = NULL;
	}
	return code;
}

enum virgo_code virgo_device_many(struct virgo_ctx *ctx, const struct virgo_job *jobs, size_t n,
				  virgo_answer_fn fn, virgo_enough_fn enough, void *arg,
				  struct virgo_error *err)
{
	struct rally r = {
		.ctx = ctx, .dev = ctx->device, .jobs = jobs, .n = n, .fn = fn, .enough = enough,
		.arg = arg, .err = err,
	};

	return rally(&r);
}

static int device_keep(void *arg, struct virgo_answer *ans)
{
	*(struct virgo_answer **)arg = ans;
	return 0;
}

enum virgo_code virgo_device_picked(struct virgo_ctx *ctx, const struct virgo_want *want,
				    const struct virgo_request *req, struct virgo_answer **ans,
				    struct virgo_error *err)
{
	static const struct virgo_want nothing;
	struct virgo_job job = { .node = "", .req = req };
	struct virgo_answer *got = NULL;
	struct rally r = {
		.ctx = ctx, .dev = ctx->device, .jobs = &job, .n = 1, .fn = device_keep, .arg = &got,
		.want = want ? want : &nothing, .err = err,
	};
	enum virgo_code code = rally(&r);

	if (code || !got)
		return code;
	code = got->err.code;
	if (code)
		virgo_error_move(err, &got->err);
	if (ans && got->status)
		*ans = got;
	else
		virgo_answer_free(got);
	return code;
}

/* --- one ioctl ------------------------------------------------------------------------------------- */

static void bare_ioctl(struct virgo_worker *w)
{
	do {
		w->result = ioctl(w->fd, w->cmd, w->arg) ? errno : 0;
		/* stopped and continued: made anew, if nothing can have been done */
	} while (w->result == EINTR && !(w->reply->flags & VIRGO_REPLY_MAYBE_DONE));
}

enum virgo_code virgo_device_ioctl(struct virgo_ctx *ctx, unsigned long cmd, void *arg,
				   const struct virgo_ioc_reply *reply, int *result,
				   struct virgo_error *err)
{
	struct virgo_device *dev = ctx->device;
	struct virgo_worker *w;
	int errnum;

	virgo_error_clear(err);
	if (ctx->cancelled)
		return virgo_error_set(err, VIRGO_INTERRUPTED, "interrupted");
	w = worker_get(dev, &errnum);
	if (!w)
		return virgo_error_set(err, VIRGO_FAILED, "%s: %s", VIRGO_DEVICE, strerror(errnum));
	w->cmd = cmd;
	w->arg = arg;
	w->reply = reply;
	worker_run(w, bare_ioctl);
	while (worker_state_of(w) != WORKER_DONE && !ctx->cancelled)
		wait_for_news(dev, DEVICE_POLL_MS);
	if (worker_state_of(w) != WORKER_DONE)
		worker_stop(w);
	worker_is_idle(w);
	*result = w->result;
	return VIRGO_OK;
}
