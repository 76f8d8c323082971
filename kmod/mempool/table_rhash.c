// SPDX-License-Identifier: GPL-2.0-or-later
/* The table in the kernel. Must not be compiled for user space, which has table_lfht.c. */
#include <linux/build_bug.h>
#include <linux/jhash.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "mempool/pool.h"

struct mp_table {
	struct rhashtable ht;
};

/* the keyed hash once more with the table's seed, so that a rehash does shuffle */
static u32 mp_rhash_mix(u64 hash, u32 seed)
{
	return jhash_2words((u32)hash, (u32)(hash >> 32), seed);
}

static u32 mp_rhash_key(const void *data, u32 len, u32 seed)
{
	const struct mp_lookup *what = data;

	return mp_rhash_mix(what->hash, seed);
}

static u32 mp_rhash_entry(const void *data, u32 len, u32 seed)
{
	const struct mp_entry *e = data;

	return mp_rhash_mix(e->hash, seed);
}

static int mp_rhash_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	return !mp_entry_is(obj, arg->key);
}

static const struct rhashtable_params mp_rhash_params = {
	.head_offset = offsetof(struct mp_entry, hnode),
	.key_len = sizeof(struct mp_lookup),
	.hashfn = mp_rhash_key,
	.obj_hashfn = mp_rhash_entry,
	.obj_cmpfn = mp_rhash_differs,
	.min_size = 1024,
	.automatic_shrinking = true,
};

static struct rhash_head *mp_rhash_head(struct mp_entry *e)
{
	BUILD_BUG_ON(sizeof(struct rhash_head) > sizeof(struct mp_hnode));
	return (struct rhash_head *)&e->hnode;
}

int mp_table_new(struct mp_table **table)
{
	struct mp_table *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int ret;

	if (!t)
		return -ENOMEM;
	ret = rhashtable_init(&t->ht, &mp_rhash_params);
	if (ret) {
		kfree(t);
		return ret;
	}
	*table = t;
	return 0;
}

void mp_table_free(struct mp_table *table)
{
	if (!table)
		return;
	rhashtable_destroy(&table->ht);
	kfree(table);
}

struct mp_entry *mp_table_find(struct mp_table *table, const struct mp_lookup *what)
{
	return rhashtable_lookup(&table->ht, what, mp_rhash_params);
}

int mp_table_insert(struct mp_table *table, struct mp_entry *e)
{
	return rhashtable_insert_fast(&table->ht, mp_rhash_head(e), mp_rhash_params);
}

void mp_table_remove(struct mp_table *table, struct mp_entry *e)
{
	WARN_ON(rhashtable_remove_fast(&table->ht, mp_rhash_head(e), mp_rhash_params));
}
