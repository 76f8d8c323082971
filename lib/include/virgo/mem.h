/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys and values in the nodes' memory. A key (1 to 512 bytes, no NUL) lives on the node
 * virgo_place() says, unless the options name one.
 */
#ifndef VIRGO_MEM_H
#define VIRGO_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/call.h>
#include <virgo/ctx.h>
#include <virgo/error.h>

enum { VIRGO_MEM_KEY_MAX = 512, VIRGO_VALUE_MAX = 1 << 20 };

/* All zero: nothing special. A function ignores what does not concern it. */
struct virgo_mem_options {
	const char *node;	/* NULL: by placement */
	uint64_t ttl_ms;	/* set: forget it after; 0: never */
	const char *if_version;	/* only this version, else VIRGO_PRECONDITION */
	int if_absent;		/* set: only a new key, else VIRGO_PRECONDITION */
	int has_range;		/* get: bytes offset to offset+length-1; length 0: to the end */
	uint64_t offset;
	uint64_t length;
	virgo_sink_fn sink;	/* get: the value goes here */
	void *sink_arg;
};

/* A value and what is known about it. Free with virgo_value_free(). */
struct virgo_value {
	char *data;		/* NUL follows; "" with a sink */
	size_t len;
	char version[24];	/* of the ETag, without quotes */
	char node[VIRGO_NODE_NAME_MAX + 1];
};

enum virgo_code virgo_mem_get(struct virgo_ctx *ctx, const char *key,
			      const struct virgo_mem_options *opt, struct virgo_value *value,
			      struct virgo_error *err);
void virgo_value_free(struct virgo_value *value);

/* what a set did; may be NULL */
struct virgo_stored {
	int created;		/* the key is new */
	char version[24];
	char node[VIRGO_NODE_NAME_MAX + 1];
};

/* nodes take at most VIRGO_VALUE_MAX bytes unless configured otherwise */
enum virgo_code virgo_mem_set(struct virgo_ctx *ctx, const char *key, const struct virgo_body *body,
			      const struct virgo_mem_options *opt, struct virgo_stored *stored,
			      struct virgo_error *err);

enum virgo_code virgo_mem_del(struct virgo_ctx *ctx, const char *key,
			      const struct virgo_mem_options *opt, struct virgo_error *err);

/*
 * add by (may be negative) to the decimal number kept there, absent counts as 0; *value (may be
 * NULL) is the result
 */
enum virgo_code virgo_mem_incr(struct virgo_ctx *ctx, const char *key, int64_t by,
			       const struct virgo_mem_options *opt, int64_t *value,
			       struct virgo_error *err);

struct virgo_mem_entry {
	const char *key;	/* decoded bytes */
	uint64_t size;
	const char *version;
	int64_t ttl_ms;		/* left to live; -1: for ever */
	const char *node;
};

/* a key; other than 0 ends the listing (VIRGO_INTERRUPTED) */
typedef int (*virgo_mem_entry_fn)(void *arg, const struct virgo_mem_entry *entry);
/* a node whose keys are missing from the listing */
typedef void (*virgo_node_failed_fn)(void *arg, const struct virgo_error *err);

struct virgo_mem_list {
	const char *prefix;	/* NULL: all keys */
	const char *after;	/* only keys after this one; NULL: from the start */
	uint64_t limit;		/* at most so many; 0: all */
	virgo_mem_entry_fn entry;
	virgo_node_failed_fn failed;	/* may be NULL */
	void *arg;
};

/*
 * The keys of all nodes of the context, merged in byte order. Pages are fetched as the listing goes
 * on, so that it can be of any length. When a node fails its keys are left out, failed() hears of
 * it and the rest goes on: then the result is the worst node's error, and VIRGO_OK only if the
 * listing is whole.
 */
enum virgo_code virgo_mem_list(struct virgo_ctx *ctx, const struct virgo_mem_list *list,
			       struct virgo_error *err);

/*
 * A transaction ({"if":[…],"then":[…],"else":[…]}) on one node: opt->node, or where its
 * keys live; keys placed on different nodes are VIRGO_USAGE. *succeeded: which branch ran. *answer
 * (may be NULL) is the node's JSON, the caller's to free.
 */
enum virgo_code virgo_mem_txn(struct virgo_ctx *ctx, const char *json, size_t len,
			      const struct virgo_mem_options *opt, int *succeeded, char **answer,
			      struct virgo_error *err);

#endif
