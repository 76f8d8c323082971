/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This node's own calls to other nodes: one request, one answer, on the caller's thread, which
 * sleeps until the answer is there. Connections are kept open between calls; requests are signed
 * with the key that client_key names.
 *
 * A request that changes something is never sent twice: a kept connection that turns out to be dead
 * is replaced as long as not a byte of the request went out; behind that only GET and HEAD are begun
 * anew, and only before the first byte of an answer.
 */
#ifndef VG_CORE_CLIENT_H
#define VG_CORE_CLIENT_H

#include <linux/types.h>

#include "core/addr.h"
#include "core/buf.h"
#include "core/service.h"
#include "core/str.h"

struct vg_client;	/* the kept connections of one node, and its calls under way */
struct vg_flight;	/* a call whose answer is being read */
struct vg_node;

/* one more header field, which is signed; its name in lower case */
struct vg_call_field {
	struct vg_str name, value;
};

enum {
	VG_CALL_CODE = 64,	/* bytes of a problem's code and its NUL */
	VG_CALL_DETAIL = 512,
};

/*
 * All zero is a good start. What is set by the caller must stay until vg_call() returns.
 */
struct vg_call {
	/* to whom and what */
	struct vg_addr peer;		/* port 0: the service's own */
	u32 service;			/* index of vg_service_names[] */
	enum vg_method method;
	struct vg_str target;		/* canonical (target.h), with its query */
	const struct vg_call_field *field;
	u32 nr_fields;			/* at most VG_CALL_FIELDS */
	const void *body;
	size_t body_n;
	bool unsigned_ok;		/* do not sign (GET /healthz) */
	u32 connect_ms;			/* making a connection, 0: VG_CALL_CONNECT_MS */
	u32 timeout_ms;			/* all of it, 0: VG_CALL_MS */
	const bool *cancel;		/* looked at while waiting: true ends the call; NULL: nobody does */

	/*
	 * Where the answer goes. Its body to @out, at most out->max bytes; or, of a 2xx one, piece
	 * by piece to @sink, which may sleep and ends the call by a negative return value. Neither:
	 * it is read and thrown away.
	 */
	struct vg_buf *head;		/* header lines "Name: value", each with CRLF; NULL: not wanted */
	struct vg_buf *out;
	int (*sink)(struct vg_call *call, const void *p, size_t n);
	void *ctx;			/* the sink's own */

	/* filled by vg_call() */
	u16 status;			/* of the answer's head; 0: none came */
	u32 node;			/* the number it gave, 0: none */
	u32 retry_after_s;		/* of a refusal, 0: none said */
	u64 us;				/* from the beginning of the call to its end */
	u64 length;			/* of the answer's body, where its head says so; else 0 */
	u64 body_got;			/* bytes of it that came */
	struct vg_addr to;		/* peer with the port that was used */
	bool connected;			/* there was a connection: a time-out is the answer's */
	bool maybe_done;		/* it failed, and yet what it asks for may have been done */
	const char *why;		/* if it failed: a few words, static */
};

/*
 * Returns 0 when the whole answer is there, whatever its status; else, with call->why set:
 *  -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH … no connection
 *  -ETIMEDOUT	not within connect_ms or timeout_ms
 *  -ECONNRESET	the connection was lost before the answer was complete
 *  -EINTR	a signal is pending for the caller
 *  -ECANCELED	the caller has set *cancel
 *  -EPROTO	what came is no HTTP/1.1 answer
 *  -EMSGSIZE	the answer is larger than there is room for
 *  -EINVAL	target, a field or the body's size cannot be sent
 *  -ENOKEY	client_key names no key of the key file
 *  -EBUSY	VG_CALLS_MAX are under way already
 *  -ESHUTDOWN	the node stops
 *  -ENOMEM, or what the sink returned
 * Process context, no locks held.
 */
int vg_call(struct vg_client *client, struct vg_call *call);

/*
 * The same in steps, for a body that is taken piece by piece: after open, which fails as above, the head is
 * there (status, node, head). read gives up to @n bytes more of the body to @p, 0 at its end, or fails as
 * above; after -EINTR it may be called again, after anything else not. out and sink play no part.
 * close ends the call wherever it is: an exec whose answer is still coming is cancelled by that.
 *
 * Where open fails with -EINTR and yet *@flight is set, the whole request is out: resume goes on waiting for the
 * head of its answer, as open would have, and may be interrupted again; or close gives it up. *@flight is NULL
 * after any other failure.
 */
int vg_call_open(struct vg_client *client, struct vg_call *call, struct vg_flight **flight);
int vg_call_resume(struct vg_flight *flight);
ssize_t vg_call_read(struct vg_flight *flight, void *p, size_t n);
void vg_call_close(struct vg_flight *flight);
/* Is there something to read that is here already? Has all of the body been read? */
bool vg_call_ready(const struct vg_flight *flight);
bool vg_call_is_done(const struct vg_flight *flight);

/*
 * The code and detail of a problem+json body, each cut to its room and NUL-terminated; "" where
 * there is none.
 */
void vg_call_problem(const char *body, size_t n, char code[VG_CALL_CODE],
		     char detail[VG_CALL_DETAIL]);

/*
 * In node.c alone. Stopping ends calls under way (in a moment) and refuses new ones;
 * freeing waits for them.
 */
int vg_client_new(struct vg_node *node, struct vg_client **client);
void vg_client_stop(struct vg_client *client);
void vg_client_free(struct vg_client *client);
/* Close what has been idle for too long. */
void vg_client_tick(struct vg_client *client, u64 now_ms);

#endif
