/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Raw blocks of another node's memory: virgo_malloc, virgo_set, virgo_get, virgo_free. An address
 * names the node and the block's virgo unique id, never a kernel address.
 */
#ifndef VIRGO_BLOCK_H
#define VIRGO_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/call.h>
#include <virgo/ctx.h>
#include <virgo/error.h>

enum { VIRGO_BLOCK_ID_MAX = 63, VIRGO_BLOCK_MAX = 16 << 20 };

struct virgo_address {
	char node[VIRGO_NODE_NAME_MAX + 1];
	char id[VIRGO_BLOCK_ID_MAX + 1];
};

/*
 * size zeroed bytes on node, or (NULL) on a node of the context chosen at random; they live until
 * virgo_free()
 */
enum virgo_code virgo_malloc(struct virgo_ctx *ctx, const char *node, uint64_t size,
			     struct virgo_address *addr, struct virgo_error *err);

/* write body at offset; all of it must lie inside the block */
enum virgo_code virgo_set(struct virgo_ctx *ctx, const struct virgo_address *addr, uint64_t offset,
			  const struct virgo_body *body, struct virgo_error *err);

/*
 * Read length bytes (0: to the end) at offset into sink, or, with sink NULL, into *data (malloc'd,
 * NUL follows, the caller's to free) and *len.
 */
enum virgo_code virgo_get(struct virgo_ctx *ctx, const struct virgo_address *addr, uint64_t offset,
			  uint64_t length, virgo_sink_fn sink, void *sink_arg, char **data,
			  size_t *len, struct virgo_error *err);

enum virgo_code virgo_free(struct virgo_ctx *ctx, const struct virgo_address *addr,
			   struct virgo_error *err);

/*
 * An address from text: "NODE/ID", or an id alone: then the context's nodes are asked which of them
 * is the one the id names (nobody is asked when there is only one).
 */
enum virgo_code virgo_address_parse(struct virgo_ctx *ctx, const char *text,
				    struct virgo_address *addr, struct virgo_error *err);

#endif
