/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ordered index of keys: a skip list (Pugh, "Skip lists: a probabilistic alternative to balanced
 * trees", CACM 33(6), 1990). Readers hold rcu_read_lock() and nothing else; writers are serialised
 * by the caller. It never allocates: nodes are embedded, and freed by their owner after a grace
 * period.
 */
#ifndef VG_MEMPOOL_SKIP_H
#define VG_MEMPOOL_SKIP_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "core/str.h"

/* a quarter of the nodes of a level reach the next one; a bound for all loops over levels */
enum { MP_SKIP_LEVELS = 20 };

/* The last member of whatever embeds it: @height links and then the key's bytes follow */
struct mp_skip_node {
	u16 key_n;
	u8 height;	/* 1..MP_SKIP_LEVELS */
	struct mp_skip_node __rcu *next[];
};

struct mp_skip {
	unsigned int levels;	/* no link above this level was ever used */
	struct mp_skip_node __rcu *head[MP_SKIP_LEVELS];
};

static inline char *mp_skip_key_at(struct mp_skip_node *n)
{
	return (char *)&n->next[n->height];
}

static inline struct vg_str mp_skip_key(const struct mp_skip_node *n)
{
	return vg_str((const char *)&n->next[n->height], n->key_n);
}

/* Bytes that follow the node for a tower of @height and a key of @key_n */
static inline size_t mp_skip_tail(unsigned int height, size_t key_n)
{
	return height * sizeof(struct mp_skip_node *) + key_n;
}

void mp_skip_init(struct mp_skip *s);

/*
 * The tower's height from 32 evenly distributed bits that no client can choose (part of a keyed
 * hash): h with probability 3/4 * 1/4^(h-1).
 */
unsigned int mp_skip_height(u32 bits);

/* First node whose key is not below @key (@after: is above it). In rcu_read_lock(), or a writer. */
struct mp_skip_node *mp_skip_seek(const struct mp_skip *s, struct vg_str key, bool after);
struct mp_skip_node *mp_skip_next(const struct mp_skip_node *n);

/* Writers only. Height, key and key_n are set; no equal key is there. */
void mp_skip_insert(struct mp_skip *s, struct mp_skip_node *n);
/* @n is in @s. It keeps its links, so that readers standing on it find their way back. */
void mp_skip_remove(struct mp_skip *s, struct mp_skip_node *n);

#endif
