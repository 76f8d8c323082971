/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets of nodes, as people write them: parsing and folding. Resolves no names, opens no
 * connections.
 *
 *	set   = item *( op item )		; blanks around items are ignored
 *	op    = "," and | "!" but not | "&" if also in | "^" in one of both but not in the other
 *	item  = host [ ":" port ] | "[" IPv6 "]" [ ":" port ] | IPv6 | "@" group | "all"
 *	host  = letters, digits, ".", "-", "_" and any number of brackets
 *	bracket = "[" range *( "," range ) "]"
 *	range = n [ "-" n [ "/" step ] ]	; [08-10] is 08 09 10, [1-9/4] is 1 5 9
 *
 * Operators go from left to right, none before another; a group is what its own text comes to.
 * Addresses are checked and IPv6 is written in its short form in brackets. A node named twice
 * counts once, at its first place. A port is used for every call to that node, whatever the
 * service.
 */
#ifndef VIRGO_NODESET_H
#define VIRGO_NODESET_H

#include <stddef.h>
#include <virgo/error.h>

enum {
	VIRGO_NODES_MAX = 65536,	/* nodes in a set */
	VIRGO_NODE_NAME_MAX = 262,	/* bytes of one, its port included, without the NUL */
};

struct virgo_nodeset;

/*
 * What "@name" ("all" is asked for as "all") stands for: a set's text that stays valid during the
 * parse, or NULL: no such group. Groups may name groups; a cycle is an error.
 */
typedef const char *(*virgo_group_fn)(void *arg, const char *name);

/*
 * Parse text. group may be NULL: there are no groups. Errors are VIRGO_USAGE and say the column
 * (from 1) and what stands there. An empty set is an error. The caller frees *set.
 */
enum virgo_code virgo_nodeset_parse(struct virgo_nodeset **set, const char *text,
				    virgo_group_fn group, void *arg, struct virgo_error *err);
void virgo_nodeset_free(struct virgo_nodeset *set);

size_t virgo_nodeset_count(const struct virgo_nodeset *set);

/*
 * the i-th node, "host", "host:port", "[::1]" or "[::1]:port"; NULL past the end. Lives as long as
 * the set.
 */
const char *virgo_nodeset_name(const struct virgo_nodeset *set, size_t i);

/* index of name, or -1 */
long virgo_nodeset_find(const struct virgo_nodeset *set, const char *name);

/*
 * The short form of n names: node[1-3,7],10.0.0.[1-2]. Parsing it gives the same set again (the
 * order may differ). malloc'd, or NULL without memory; "" for none.
 */
char *virgo_nodeset_fold(const char *const *names, size_t n);

#endif
