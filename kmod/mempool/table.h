/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Point lookup of keys, the pool's one seam between the hosts: the kernel's rhashtable
 * (table_rhash.c) or liburcu's cds_lfht (table_lfht.c). Both resize by themselves; neither takes a
 * lock in a lookup.
 */
#ifndef VG_MEMPOOL_TABLE_H
#define VG_MEMPOOL_TABLE_H

#include <linux/types.h>

#include "core/str.h"

struct mp_entry;
struct mp_table;

/* room for either host's link */
struct mp_hnode {
	unsigned long opaque[2];
};

/* @hash is a keyed hash of @key: clients cannot aim at a bucket */
struct mp_lookup {
	struct vg_str key;
	u64 hash;
};

/* What an entry costs in buckets, at the emptiest the tables let themselves become */
enum { MP_TABLE_SHARE = 32 };

int mp_table_new(struct mp_table **table);
/* The table is empty. May sleep. NULL is fine. */
void mp_table_free(struct mp_table *table);

/* Caller in rcu_read_lock(); the entry may be used as long as that is held, or by a writer */
struct mp_entry *mp_table_find(struct mp_table *table, const struct mp_lookup *what);

/* Writers, serialised by the caller. No equal key is there. 0 or -errno (no memory, too full). */
int mp_table_insert(struct mp_table *table, struct mp_entry *e);
void mp_table_remove(struct mp_table *table, struct mp_entry *e);

#endif
