/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What training has gathered, to and from sections of a state. */
#ifndef VIRGO_AN_KEEP_H
#define VIRGO_AN_KEEP_H

#include "gather.h"
#include "state.h"

/* A stretch of log that tells what became of the sources before it. */
struct an_stretch {
	uint64_t begin;			/* [UFW BLOCK] lines before it */
	bool taken;			/* ->taught is: at its first packet */
	int64_t since;			/* Unix seconds of the last line before it */
	struct an_cands taught;		/* address, features and traits of the sources before it */
	struct an_sources late;		/* those in it; all zeros until it is begun or read */
};

void an_stretch_free(struct an_stretch *s);

struct an_keep {
	struct an_state *state;
	struct an_gathered *g;		/* with one group */
	struct an_sources *all;		/* every packet of all runs */
	struct an_stretch *stretch;	/* without labels: the one that was learnt from last */
	struct an_read_stats *stats;
	size_t room;			/* bytes all sections together may take */
};

#define AN_KEEP_ROOM	(AN_STATE_MAX - (8u << 20))	/* the rest is for how far logs were read */

/*
 * Takes what the state holds, or nothing when it holds nothing. Everything in @k is initialised and
 * empty but for k->all and k->stretch, which are all zeros and may be so afterwards. A state whose
 * sections make no sense is forgotten: then all is as if there had been none.
 */
int an_keep_get(const struct an_keep *k, uint32_t max_sources, uint64_t seed,
		struct an_error *err);

/*
 * Sets the sections; an_state_save() is the caller's. What is more than @days older than the latest
 * line (or than @now, Unix seconds, where that is earlier) stays out. Where k->room is too little for
 * that, of sources half the time is remembered, or half of that, while it is an hour at least, and then
 * of all else; k->stats->kept_hours says how much of the sources.
 */
int an_keep_put(const struct an_keep *k, uint32_t days, int64_t now, struct an_error *err);

/* Unix milliseconds: what is older leaves the state. */
int64_t an_keep_from_ms(const struct an_read_stats *stats, uint32_t days, int64_t now);

/* The section of the stretch alone; of @k only ->all, ->stretch and ->stats->blocks matter. */
void an_keep_put_stretch(const struct an_keep *k, int64_t from_ms, struct an_bytes *to);
bool an_keep_get_stretch(const struct an_keep *k, struct an_bytes *from);

#endif
