/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What client.c (connections kept), flight.c (the course of a call) and flight_head.c (what is sent) share.
 */
#ifndef VG_CORE_CLIENT_INT_H
#define VG_CORE_CLIENT_INT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "core/answer.h"
#include "core/auth.h"
#include "core/client.h"
#include "core/config.h"
#include "core/http.h"
#include "core/sigv4.h"

enum { VG_NONCE_STREAM = 16 };	/* hexadecimal digits */

struct vg_client {
	struct vg_node *node;
	spinlock_t lock;
	struct list_head idle;		/* struct vg_kept, the latest first */
	u32 nr_idle;
	u32 nr_calls;
	bool stopping;
	wait_queue_head_t no_calls;
};

/* A connection of ours, to be used again; in one call, or on the idle list. */
struct vg_kept {
	struct list_head link;		/* client->idle, under client->lock */
	struct vg_addr addr;
	struct host_peer *peer;
	char stream[VG_NONCE_STREAM];	/* of its ordered nonces, and the last number used */
	u64 counter;
	u64 idle_ms;			/* since when, monotonic */
};

void vg_kept_free(struct vg_kept *k);	/* NULL is fine */
/* The connection to @addr that was used last, off the list; or NULL */
struct vg_kept *vg_kept_take(struct vg_client *c, const struct vg_addr *addr);
/* Is it too old, has the peer closed it, or said something nobody asked for? */
bool vg_kept_stale(struct vg_kept *k);
/* Keep it, and not more than there is room for: the one idle for longest goes. */
void vg_kept_put(struct vg_client *c, struct vg_kept *k);

/* A call begins: 0, -ESHUTDOWN or -EBUSY; and ends */
int vg_client_enter(struct vg_client *c);
void vg_client_leave(struct vg_client *c);

struct vg_flight {
	struct vg_client *client;
	struct vg_node *node;
	struct vg_call *call;
	struct vg_config *cfg;
	struct vg_keyset *keys;
	const struct vg_key *key;	/* of keys; NULL: unsigned */
	u64 begun_ns, until_ms;

	struct vg_kept *kept;
	bool reused;			/* it has served another call before */
	bool heard;			/* a byte of the answer has come */
	bool partial;			/* the answer came before all of the request was sent */
	bool waits;			/* all of it is sent, the head of the answer is not there */
	size_t sent;			/* bytes of the request that the system has taken */

	char body_hash[2 * VG_SHA256_BYTES];
	struct vg_buf out;		/* the head that is sent */
	struct vg_gather canon;

	struct vg_buf in;		/* what came and is not read yet: from in_at on */
	size_t in_at;
	struct vg_http_scan scan;
	struct vg_answer answer;
};

/* Is what the caller asks for fit to be sent? 0, or -EINVAL with call->why. Hashes the body. */
int vg_flight_check(struct vg_flight *f);
/* Write the head for the connection f->kept into f->out; signs it. 0, -EINVAL (too long), -ENOMEM */
int vg_flight_head(struct vg_flight *f);

static inline bool vg_call_changes(const struct vg_call *call)
{
	return call->method != VG_GET && call->method != VG_HEAD;
}

#endif
