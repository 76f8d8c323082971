/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The set as its parser sees it: names in order, each once, with the operators of sets. */
#ifndef VIRGO_NODESET_INT_H
#define VIRGO_NODESET_INT_H

#include "internal.h"

struct virgo_nodeset *virgo_set_new(void);

/*
 * Add a canonical name. Other than 0 here and below: VIRGO_SET_NOMEM, or VIRGO_SET_FULL:
 * VIRGO_NODES_MAX are there.
 */
enum { VIRGO_SET_NOMEM = -1, VIRGO_SET_FULL = -2 };
int virgo_set_add(struct virgo_nodeset *set, const char *name);

/*
 * Make left what "left OP right" is: op "," union, "!" difference, "&" intersection, "^" symmetric
 * difference. What stays keeps its place, what comes stands behind it.
 */
int virgo_set_apply(struct virgo_nodeset *left, const struct virgo_nodeset *right, char op);

/* names in it, and (never more than about twice as many) places they take: what a pass costs */
size_t virgo_set_live(const struct virgo_nodeset *set);
size_t virgo_set_places(const struct virgo_nodeset *set);

/* no gaps any more: a finished set must have none */
int virgo_set_compact(struct virgo_nodeset *set);

#endif
