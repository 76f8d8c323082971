/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A context: which nodes, which key, and the connections kept open between calls. */
#ifndef VIRGO_CTX_H
#define VIRGO_CTX_H

#include <stddef.h>
#include <virgo/conf.h>
#include <virgo/error.h>
#include <virgo/nodeset.h>

struct virgo_ctx;

/*
 * Make a context. conf is copied from and not kept; NULL reads the usual configuration. Opens no
 * connection yet. Fails (VIRGO_USAGE, VIRGO_NOT_ALLOWED) for a node set or key file that is wrong,
 * and (VIRGO_FAILED) where the libcurl found at run time can't sign (before 7.87.0). No key file at
 * all: requests go unsigned.
 */
enum virgo_code virgo_connect(struct virgo_ctx **ctx, const struct virgo_conf *conf,
			      struct virgo_error *err);

/* close the connections, wipe the key, free; takes NULL */
void virgo_disconnect(struct virgo_ctx *ctx);

/* the nodes of this context; lives as long as it, or until virgo_use() */
const struct virgo_nodeset *virgo_nodes(const struct virgo_ctx *ctx);

/* other nodes from now on; connections stay open. set is the context's then, also on failure. */
enum virgo_code virgo_use(struct virgo_ctx *ctx, struct virgo_nodeset *set,
			  struct virgo_error *err);

/* id of the key requests are signed with, "" if they are not signed */
const char *virgo_key_id(const struct virgo_ctx *ctx);

/*
 * The node of virgo_nodes() that keeps key (len bytes), by rendezvous hashing over the nodes'
 * names: every client that writes the set's names alike, in whatever order, finds the same node;
 * when a node joins or leaves, only its share of the keys moves.
 */
const char *virgo_place(const struct virgo_ctx *ctx, const void *key, size_t len);

/*
 * End the calls of this context that are under way, and those begun later, with VIRGO_INTERRUPTED,
 * until virgo_resume(). Async-signal-safe.
 */
void virgo_cancel(struct virgo_ctx *ctx);
void virgo_resume(struct virgo_ctx *ctx);

/*
 * See the HTTP exchange: mark is '>' for a line sent, '<' for one received, '*' for remarks
 * (connection, bytes of body, time). text has no line end and shows signatures as "…"; secrets
 * never come by. node is host:port. fn NULL ends it.
 */
typedef void (*virgo_trace_fn)(void *arg, const char *node, char mark, const char *text);
void virgo_trace(struct virgo_ctx *ctx, virgo_trace_fn fn, void *arg);

/* how many calls may be under way at once in virgo_call_many(), 1 to 1024; default 256 */
void virgo_parallel(struct virgo_ctx *ctx, unsigned int n);

#endif
