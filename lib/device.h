/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls by way of /dev/virgo: the kernel's node makes them, with its own key, to the nodes of its configuration.
 * Not installed.
 *
 * A call blocks in the kernel, and a signal would end it. So calls are made by threads that no signal reaches, each
 * with a descriptor of its own; whoever asked waits, looks whether it has been cancelled, and runs the callbacks
 * itself. A process that is stopped and continued sees its waits end all the same: they are taken up again.
 */
#ifndef VIRGO_DEVICE_H
#define VIRGO_DEVICE_H

#include <pthread.h>

#include "internal.h"
#include "uapi/virgo.h"

enum {
	DEVICE_WORKERS = 64,		/* calls under way at once, at most */
	DEVICE_PIECE = 64 * 1024,	/* bytes of an answer at a time */
};

enum worker_state {
	WORKER_IDLE,
	WORKER_BUSY,
	WORKER_PIECE,		/* waits until whoever asked has taken a piece of the answer */
	WORKER_DONE,
};

struct virgo_worker {
	struct virgo_device *dev;
	pthread_t thread;
	pthread_cond_t go;
	int fd;
	int quit;
	enum worker_state state;		/* under dev->lock, as what follows */
	void (*work)(struct virgo_worker *w);	/* on the thread */
	const void *piece;
	size_t piece_len;
	int piece_ret;
	/* what it works on */
	const struct virgo_request *req;
	const struct virgo_want *want;		/* NULL: to the node of the answer's name */
	struct virgo_answer *ans;
	unsigned long cmd;			/* a bare ioctl, and the reply in its structure */
	void *arg;
	const struct virgo_ioc_reply *reply;
	int result;				/* 0, or errno of it */
};

struct virgo_device {
	struct virgo_ctx *ctx;
	int all;		/* the context's nodes are the kernel's: it may pick among them */
	int event_fd;		/* workers have something to tell */
	pthread_mutex_t lock;
	struct virgo_worker *workers[DEVICE_WORKERS];
	size_t nworkers;
};

/* device.c */
enum virgo_code virgo_device_many(struct virgo_ctx *ctx, const struct virgo_job *jobs, size_t n,
				  virgo_answer_fn fn, virgo_enough_fn enough, void *arg,
				  struct virgo_error *err);
/*
 * One ioctl by a worker: VIRGO_OK with *result 0 or its errno; another code (interrupted, no memory): arg may
 * have been changed all the same
 */
enum virgo_code virgo_device_ioctl(struct virgo_ctx *ctx, unsigned long cmd, void *arg,
				   const struct virgo_ioc_reply *reply, int *result,
				   struct virgo_error *err);
/* hand a piece of the answer to whoever asked: what the sink says */
int virgo_worker_piece(struct virgo_worker *w, const void *data, size_t len);

/* device_call.c: any call, on a worker: fills w->ans */
void virgo_device_call(struct virgo_worker *w);
/*
 * A request's body in one piece of memory: body's own, or *copy, the caller's to free(). VIRGO_USAGE: too large
 * to go this way
 */
enum virgo_code virgo_device_body(const struct virgo_body *body, const void **data, void **copy,
				  struct virgo_error *err);
/* a node's name as the kernel wants it: 0, or what is wrong */
const char *virgo_device_to(struct virgo_ioc_to *to, const char *node);
/* why there is no answer, into ans->err; errnum is the ioctl's */
void virgo_device_failed(struct virgo_ctx *ctx, struct virgo_answer *ans, int errnum,
			 const struct virgo_ioc_reply *reply, unsigned long timeout_ms, int changes);
/* who answered, and how, into ans */
void virgo_device_reply(struct virgo_answer *ans, const struct virgo_ioc_reply *reply,
			enum virgo_service service);


/* device_block.c: virgo_malloc() and the others of block.h, by ioctls of their own */
enum virgo_code virgo_device_malloc(struct virgo_ctx *ctx, const char *node, uint64_t size,
				    struct virgo_address *addr, struct virgo_error *err);
enum virgo_code virgo_device_set(struct virgo_ctx *ctx, const struct virgo_address *addr,
				 uint64_t offset, const struct virgo_body *body,
				 struct virgo_error *err);
enum virgo_code virgo_device_get(struct virgo_ctx *ctx, const struct virgo_address *addr,
				 uint64_t offset, uint64_t length, char **data, size_t *len,
				 struct virgo_error *err);
enum virgo_code virgo_device_free(struct virgo_ctx *ctx, const struct virgo_address *addr,
				  struct virgo_error *err);

/* device_clone.c: may this run go by the ioctl? What it can't take goes as any other call, and is refused there. */
struct virgo_exec;
struct virgo_exec_result;
int virgo_device_clones(const struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec);
enum virgo_code virgo_device_clone(struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec,
				   struct virgo_exec_result *result, struct virgo_error *err);

/* what became of an ioctl to node (NULL: whom the kernel picked), as an error; *name (may be NULL): who it was */
enum virgo_code virgo_device_verdict(struct virgo_ctx *ctx, const char *node, enum virgo_service service,
				     int result, const struct virgo_ioc_reply *reply,
				     unsigned long timeout_ms, int changes, char *name,
				     struct virgo_error *err);

#endif
