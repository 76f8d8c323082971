/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between core and its two hosts: what cannot be shimmed cheaply. Implemented once in
 * linux/ and once in user/. Core and services never reach for a socket, a file or a cipher in
 * any other way. Unless said otherwise a function may sleep and is called without locks.
 */
#ifndef VG_CORE_HOST_H
#define VG_CORE_HOST_H

#include <linux/types.h>

struct vg_addr;
struct vg_conn;
struct vg_node;
struct vg_svc;

/*
 * SHA-256. The state is opaque, flat and may be copied by vg_sha256_copy() only. None of these
 * sleeps, allocates or fails (the kernel host takes its transform at load).
 */
struct vg_sha256 {
	u64 opaque[48];
};

enum { VG_SHA256_BYTES = 32, VG_SHA256_BLOCK = 64 };

void host_sha256_init(struct vg_sha256 *s);
void host_sha256_update(struct vg_sha256 *s, const void *p, size_t n);
void host_sha256_final(struct vg_sha256 *s, u8 out[VG_SHA256_BYTES]);
void host_sha256_copy(struct vg_sha256 *to, const struct vg_sha256 *from);

void host_random(void *p, size_t n);

/* How many bytes the allocator really gave for @p, which was asked for with kvmalloc(@asked). */
size_t host_alloc_size(const void *p, size_t asked);

/*
 * Read a whole regular file of at most @max bytes. *@data is the caller's to kvfree(); it is
 * followed by a NUL that does not count. -ENOENT, -E2BIG, -EISDIR, -EACCES, -ENOMEM, -EIO.
 * With @secret the file must belong to root or the running user, be no symbolic link and
 * have no permission for group or others, else -EPERM.
 */
int host_read_file(const char *path, size_t max, bool secret, u8 **data, size_t *n);

/*
 * Write the small file @path (mode 0600) and sync it. A crash may leave it empty or short: what is in it
 * must tell whether it is whole.
 */
int host_write_file(const char *path, const void *data, size_t n);

/* Append to @path (made with mode 0600 if it is not there); not synced. 0 or -errno. */
int host_append_file(const char *path, const void *data, size_t n);

/*
 * The helper: the process that runs programs and functions for this node (uapi/virgo.h says how it is
 * talked to). The host starts it when the first message is sent, starts it anew when it has ended, with a
 * pause that grows to 5 s, and ends it at close.
 *
 * The three callbacks run in process context, one at a time, and may sleep; they must not call
 * host_helper_close().
 * @message: one whole message of the helper; its head and length are checked, what stands behind is not.
 * @gone: it has ended, or broke the rules and was ended: what it was doing is lost.
 * @failed: it cannot be started (@err, -ENOENT: no such file): what was sent is thrown away.
 */
struct host_helper;
struct host_helper_ops {
	void (*message)(void *ctx, const void *msg, size_t n);
	void (*gone)(void *ctx);
	void (*failed)(void *ctx, int err);
};

/*
 * @path NULL or "": where make install puts it; @functions likewise: the directory of libraries it is told.
 * Starts nothing yet. 0 or -ENOMEM, -EBUSY.
 */
int host_helper_open(struct vg_node *node, const char *path, const char *functions,
		     const struct host_helper_ops *ops, void *ctx, struct host_helper **h);
/*
 * Queue a copy of a message; it is delivered in order as soon as there is a helper. -ENOBUFS: too many wait
 * already (VG_HELPER_QUEUE_BYTES). May be called from the callbacks.
 */
int host_helper_send(struct host_helper *h, const void *msg, size_t n);
/* Say BYE, wait for its end (kill it after a while); no callback runs afterwards. NULL is fine. */
void host_helper_close(struct host_helper *h);

/*
 * A connection of this node's own to another, for core/client.c. Blocking, in process context; each call
 * ends early with -EINTR when a signal is pending for the caller. @wait_ms bounds each call: -ETIMEDOUT;
 * with 0 sending and receiving do not wait at all. host_dial() begins and does not wait, and looks up
 * nothing: @addr has its port. host_dial_wait(): 0 when there is a connection, -ETIMEDOUT: not yet, or why
 * there will be none. send: how many bytes the system has taken, at least 1, so that its failure means
 * that none of these went out; recv: bytes, 0 at the end; or -errno.
 */
struct host_peer;
int host_dial(const struct vg_addr *addr, struct host_peer **peer);
int host_dial_wait(struct host_peer *peer, u32 wait_ms);
ssize_t host_peer_send(struct host_peer *peer, const void *p, size_t n, u32 wait_ms);
ssize_t host_peer_recv(struct host_peer *peer, void *p, size_t n, u32 wait_ms);
void host_hangup(struct host_peer *peer);

/*
 * Open a listening socket for @svc on @addr and start accepting. On failure nothing is left
 * open; -EADDRINUSE when the port is taken. Accepting does not begin before host_listen_start(),
 * so that a node whose third port is taken has not answered on the first two.
 */
int host_listen(struct vg_node *node, struct vg_svc *svc, const struct vg_addr *addr,
		void **listener);
void host_listen_start(void *listener);
/*
 * Stop accepting and close; the connections already accepted live on. This and the two around it may
 * wait for workers: never with a lock held that a handler takes.
 */
void host_unlisten(void *listener);
/* End every connection of @svc (of the node, if NULL) and wait until the last one is freed. */
void host_drop_connections(struct vg_node *node, struct vg_svc *svc);

/* Something changed for @conn outside its worker: run its worker soon. Never sleeps. */
void host_conn_kick(struct vg_conn *conn);

/* Is @addr one of this machine's own addresses? */
bool host_addr_is_local(const struct vg_addr *addr);

/* A request's head is read and routed; it is answered. For tracing: must be cheap when nobody looks. */
struct vg_req;
void host_trace_start(const struct vg_req *req);
void host_trace_end(const struct vg_req *req);

/* Facts for /v1/node and /v1/stats. */
struct host_facts {
	const char *kind;	/* "kernel" or "virgod" */
	char release[64];	/* kernel release */
	u32 cpus;
	u32 load1_milli;
	u64 mem_total;
	u64 mem_free;
};

void host_facts(struct host_facts *f);

#endif
