/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A context's view of its nodes: what they said of their load and when, what it has under way
 * itself, who is dead or asks for rest, and what is learnt of functions. The choice is
 * core/balance.h's. Not installed.
 */
#ifndef VIRGO_VIEW_H
#define VIRGO_VIEW_H

#include "core/balance.h"
#include "internal.h"

enum {
	VIEW_FRESH_MS = VG_VIEW_FRESH_MS,	/* figures as old as this are asked for anew */
	VIEW_PROBE_MS = 500,	/* what a node that was dead may take to show that it is back */
	VIEW_MUTE_MS = 10000,	/* a node (or registry) that tells no load is asked again after this */
	VIEW_LATE_MS = 200,	/* when half have answered, the rest has this and four times as long */
	VIEW_LEARNT_MS = 60000,	/* learnt values are read again after this */
	VIEW_LOADS_MAX = 4 << 20,	/* bytes of a registry's answer */
};

struct view_note {		/* of a peer, besides struct vg_peer */
	uint64_t asked_ms;	/* when last, successfully or not; 0: never */
	uint64_t mute_until_ms;
	uint32_t node_id;	/* its Virgo-Node; 0: not known */
	uint32_t noted;		/* requests in flight when the registry was last read */
};

struct cJSON;
struct virgo_view {
	uint64_t number;	/* which view: a pick of an earlier one means other nodes */
	size_t n;
	struct vg_peer *peers;	/* one a node of ctx->nodes, in its order */
	struct view_note *notes;
	struct vg_rng rng;
	uint64_t registry_ms;	/* when the registry was last read well; 0: never */
	uint64_t registry_mute_ms;
	struct cJSON *learnt;	/* the values, by name; NULL: none, or not to be acted upon */
	uint64_t learnt_ms;	/* when they are read next */
	char fn[VG_FN_NAME];	/* whose model is kept */
	struct vg_model model;
	struct virgo_error why;	/* of the last node that failed to tell its load */
};

uint64_t virgo_now_ms(void);
/* the view of the nodes in use, made when it is first asked for; NULL: no memory */
struct virgo_view *virgo_view(struct virgo_ctx *ctx);

/*
 * Ask those of the n nodes (indexes in which; NULL: all) whose figures are older than max_age_ms
 * and who can be asked. VIRGO_OK whatever they say; VIRGO_INTERRUPTED, no memory. *failed: how many
 * were found dead.
 */
enum virgo_code virgo_view_look(struct virgo_ctx *ctx, const uint32_t *which, size_t n,
				uint64_t max_age_ms, size_t *failed, struct virgo_error *err);
/* what is learnt of fn, NULL: nothing; reads the values from a node if that is due */
const struct vg_model *virgo_view_model(struct virgo_ctx *ctx, const char *fn,
					struct virgo_error *err);
/* an answer's Virgo-Node */
void virgo_view_heard(struct virgo_view *view, size_t i, const struct virgo_answer *ans);

#endif
