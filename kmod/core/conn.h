/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection without its socket: bytes in, answers out. The host receives into
 * vg_conn_space(), reports with vg_conn_received(), sends what vg_conn_output() shows and reports
 * with vg_conn_sent(). All of it on one worker at a time; no locks are taken for the host.
 *
 *	loop:	wants = vg_conn_wants(c)
 *		WRITE: output -> send -> sent		(until empty or the peer is slow)
 *		READ:  space -> recv -> received / eof	(until -EAGAIN)
 *		SHUT:  shut down the sending side once, then go on reading: c drains its peer
 *		CLOSE: detach, vg_conn_free()
 *		WAIT:  the bandwidth limit: no (other) direction before conn->wake_ms (monotonic)
 *		HUP:   no input, but tell when the peer stops sending: vg_conn_hup()
 *		0:     nothing before a kick (a handler works elsewhere)
 * A peer's reset or a failed send is vg_conn_eof(c, -errno). After host_conn_kick() the worker calls
 * vg_conn_kicked() and goes on with the loop. CLOSE is never wanted while a request is pending:
 * its vg_req_finish() still needs the connection, and its kick brings the CLOSE.
 */
#ifndef VG_CORE_CONN_H
#define VG_CORE_CONN_H

#include <linux/spinlock.h>
#include <linux/uio.h>

#include "core/chunk.h"
#include "core/http.h"
#include "core/req.h"

struct vg_config;
struct vg_keyset;
struct vg_svc;

enum vg_conn_state {
	VG_CONN_FIRST,		/* no byte yet: HTTP or line is undecided */
	VG_CONN_HEAD,		/* waiting for a request's head, or idle between two */
	VG_CONN_BODY,
	VG_CONN_PENDING,	/* a handler works elsewhere */
	VG_CONN_LINE,
	VG_CONN_FLUSH,		/* last answer going out; input is not looked at */
	VG_CONN_LINGER,		/* sent and shut down; input is thrown away */
	VG_CONN_DEAD,
};

enum {
	VG_WANT_READ	= 1 << 0,
	VG_WANT_WRITE	= 1 << 1,
	VG_WANT_SHUT	= 1 << 2,
	VG_WANT_CLOSE	= 1 << 3,
	VG_WANT_WAIT	= 1 << 4,
	VG_WANT_HUP	= 1 << 5,
};

/* an answer's body sent by reference, at its place in the linear output */
struct vg_out_ref {
	size_t at;		/* offset in out[] before which it is sent */
	const u8 *p;
	size_t n;
	void (*put)(void *obj);
	void *obj;
	size_t own;		/* counted in the node's answers_bytes until it is put */
};

struct vg_conn {
	struct vg_node *node;
	struct vg_svc *svc;
	void *host;			/* the host's own */
	struct vg_addr peer, local;
	char local_text[VG_ADDR_TEXT];	/* the local address as a Host field names it */
	u8 local_text_n;

	enum vg_conn_state state;
	bool eof;
	bool shut_done;
	bool counted;			/* among the node's connections (a refused one is not) */
	u32 linger_bytes;
	u64 deadline_ms;		/* monotonic; 0: none. Read by the host's tick */
	u64 read_by_ms, write_by_ms;	/* what it is the earlier of; 0: none */
	u64 wake_ms;
	u64 now_ms;			/* when the batch being worked on arrived */
	bool waits_in, waits_out;	/* for bandwidth */
	bool held;			/* input waits for output to drain */
	bool aborted;			/* nothing can be sent any more */
	bool stays;			/* keep_alive as the head said it */
	bool direct;			/* the space given out is the body's own */
	bool begun;			/* a request has begun to arrive: read_by_ms is its end */
	bool tidy;			/* big buffers to be given back at the next deadline */

	/* what the node's pointers were when this request began; see vg_conn_refresh() */
	struct vg_config *cfg;
	struct vg_keyset *keys;

	/* input: [in_at, in_n) is not yet looked at, head of the current request at 0 */
	char *in;
	u32 in_cap, in_n, in_at;
	u32 head_end;			/* where input may begin while a request's head is in use */
	bool partial;			/* the head at in_at was incomplete when last looked at */
	struct vg_http_scan scan;
	struct vg_http_limits limits;
	size_t body_max;

	/* output: linear bytes [out_at, out_n) with references in between */
	char *out;
	u32 out_cap, out_n, out_at;
	u32 nr_refs, ref_at;
	struct vg_out_ref ref[VG_OUT_REFS];
	size_t out_bytes;		/* all that is queued, references included */
	bool out_failed;

	struct vg_chunk chunk;
	struct vg_req req;
	spinlock_t finish_lock;		/* orders vg_req_finish() against vg_conn_kicked() */
	int (*finish)(struct vg_req *req);
	bool finished;

	/* counted here, added to the service's counters once a batch */
	u32 n_requests, n_status[6];
	u64 n_in, n_out;

	u64 date_s, date_ms;		/* for when the header lines below were made */
	u32 date_n, date_ms_n;
	char date[112];			/* Date, Virgo-Node and Virgo-Clock up to its counter */
};

/*
 * A peer asks in. 0 and *@c: admitted, or over the limit and to be told so (the connection
 * then holds its answer from the start). -EACCES: on the deny list, close without a word.
 * -EMFILE: too many, not even told. -ENOMEM.
 */
int vg_conn_new(struct vg_node *node, struct vg_svc *svc, const struct vg_addr *peer,
		const struct vg_addr *local, void *host, struct vg_conn **c);
void vg_conn_free(struct vg_conn *c);

/* The peer has stopped sending, while a request is pending and HUP was wanted. */
void vg_conn_hup(struct vg_conn *c);

/* Where the next bytes go, at most *@room of them; NULL when it does not want any. */
void *vg_conn_space(struct vg_conn *c, size_t *room);
/* @n bytes are there: parse, run handlers, append answers. 0 is nothing, not the end. */
void vg_conn_received(struct vg_conn *c, size_t n);
/* The same for bytes that lie elsewhere (tests, fuzzers). Returns how many were taken. */
size_t vg_conn_input(struct vg_conn *c, const void *p, size_t n);
/* The peer has stopped sending, or the connection broke (@err: nothing can be sent either). */
void vg_conn_eof(struct vg_conn *c, int err);

/* Up to @max pieces to send now; returns how many (0: nothing, or bandwidth is used up). */
int vg_conn_output(struct vg_conn *c, struct kvec *v, int max, size_t *bytes);
/* @n bytes of it are gone. 0 is no progress. */
void vg_conn_sent(struct vg_conn *c, size_t n);
/* The host has shut down the sending side. */
void vg_conn_shut(struct vg_conn *c);

unsigned int vg_conn_wants(struct vg_conn *c);
/* Has the deadline passed (any context)? Then the worker is to call vg_conn_timeout(). */
bool vg_conn_expired(const struct vg_conn *c, u64 now_ms);
void vg_conn_timeout(struct vg_conn *c, u64 now_ms);
/* Called by the worker after a kick: runs the finish function of a pending request. */
void vg_conn_kicked(struct vg_conn *c);

#endif
