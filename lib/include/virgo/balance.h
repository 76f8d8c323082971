/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which node is to run something: the balancers of the configuration ("balance") over a view of the
 * nodes' load that the context keeps.
 *
 *	struct virgo_want want = { .fn = "sample:upper", .arg_bytes = n };
 *
 *	code = virgo_call_picked(ctx, &want, &req, &ans, err);
 *
 * or, step by step:
 *
 *	struct virgo_pick pick = { 0 };
 *
 *	while (!(code = virgo_pick(ctx, &want, &pick, err))) {
 *		code = virgo_call(ctx, pick.node, &req, &ans, err);
 *		if (!virgo_picked_done(ctx, &pick, ans, err))
 *			break;
 *		virgo_answer_free(ans);
 *	}
 *
 * A node that can't be connected to is left out for a while that grows (500 ms to 30 s) and is tried
 * again by itself; one that answered Retry-After is left alone that long; one that says it is
 * degraded is taken only where there is no other. Nothing is ever sent twice: the next candidate is
 * tried only if no connection came about, or the node refused before it had begun anything
 * (exec.busy and the like).
 *
 * Where figures are needed, those older than a second are asked for anew: of all nodes for
 * least-loaded and predicted, of the two drawn for two-choices; or of the registry, if the
 * configuration names one that answers. Blocks of memory (virgo_malloc()) go to any node at random,
 * keys by virgo_place(), whatever the balancer.
 */
#ifndef VIRGO_BALANCE_H
#define VIRGO_BALANCE_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/call.h>
#include <virgo/ctx.h>
#include <virgo/error.h>

enum virgo_balancer {
	VIRGO_LEAST_LOADED,	/* the one with least to do for its processors, of all */
	VIRGO_TWO_CHOICES,	/* the better of two taken at random */
	VIRGO_PRG,		/* any, at random (the original's) */
	VIRGO_HASH,		/* what has the same key goes to the same node */
	VIRGO_PREDICTED,	/* the one that is expected to be done first, from learnt values */
	VIRGO_BALANCERS,	/* how many */
};

/* "least-loaded" …; NULL for a number that is none */
const char *virgo_balancer_name(enum virgo_balancer balancer);
/* the balancer of a name, or -1 */
int virgo_balancer_find(const char *name);
/* the context's; the configuration's ("balance", least-loaded) until it is set */
enum virgo_balancer virgo_balancer_get(const struct virgo_ctx *ctx);
void virgo_balancer_set(struct virgo_ctx *ctx, enum virgo_balancer balancer);

/* What is to run. All may be zero: something of which nothing is known. */
struct virgo_want {
	const char *fn;		/* as in the learnt values' ExecUs.<fn>; NULL: no name */
	uint64_t arg_bytes;	/* of arguments and standard input together */
	const void *key;	/* VIRGO_HASH: key_len bytes; NULL: fn */
	size_t key_len;
};

enum { VIRGO_PICK_TRIES = 16 };	/* candidates one request is offered to */

/* One choice and those before it for the same request. All zero to begin with; needs no freeing. */
struct virgo_pick {
	const char *node;	/* of virgo_nodes(); NULL: none is picked */
	size_t index;		/* its index there */
	unsigned int tried;	/* how many failed before it */
	uint32_t failed[VIRGO_PICK_TRIES];
	uint64_t view;		/* the library's */
	struct virgo_error last;	/* why the one before it failed */
};

/*
 * The node for want, or the next candidate after one that failed; it counts as busy with one
 * request more until virgo_picked_done(). May ask the nodes (or the registry) for their load first,
 * all at once and for no longer than the connect timeout. VIRGO_UNREACHABLE or VIRGO_FAILED: nobody
 * is left; the error is that of the last one tried. It may be called for many requests before the
 * first is sent.
 */
enum virgo_code virgo_pick(struct virgo_ctx *ctx, const struct virgo_want *want,
			   struct virgo_pick *pick, struct virgo_error *err);

/*
 * What became of it: the answer (NULL: none) and the error of virgo_call(), or ans->err where
 * answers come from virgo_call_many(), in whose callback this may be called. 1: the request was not
 * taken on, and virgo_pick() may be asked for the next candidate; 0: that was it, well or ill.
 */
int virgo_picked_done(struct virgo_ctx *ctx, struct virgo_pick *pick, const struct virgo_answer *ans,
		      const struct virgo_error *err);

/*
 * virgo_call() to the node picked for want, and to the next candidates as long as nobody took it
 * on. ans->node says who answered.
 */
enum virgo_code virgo_call_picked(struct virgo_ctx *ctx, const struct virgo_want *want,
				  const struct virgo_request *req, struct virgo_answer **ans,
				  struct virgo_error *err);

/*
 * What is known of the i-th node of virgo_nodes(): 0, or -1: there is no such node. Asks nobody;
 * virgo_look() does, and brings figures older than max_age_ms up to date.
 */
struct virgo_load {
	int known;		/* figures were seen at all */
	int down, degraded;
	uint64_t age_ms;	/* of the figures */
	uint32_t cpus, running, queued;
	uint32_t load1_permille;
	uint64_t mem_free, predicted_us;
	uint32_t in_flight;	/* this context's own requests */
	uint64_t retry_ms;	/* left alone that much longer (down, or Retry-After) */
};
int virgo_load_of(const struct virgo_ctx *ctx, size_t i, struct virgo_load *load);
enum virgo_code virgo_look(struct virgo_ctx *ctx, unsigned long max_age_ms, struct virgo_error *err);

#endif
