// SPDX-License-Identifier: GPL-2.0-or-later
/* The table in user space. Must not be compiled for the kernel, which has table_rhash.c. */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <urcu/rculfhash.h>

#include "mempool/pool.h"

struct mp_table {
	struct cds_lfht *ht;
};

static struct cds_lfht_node *mp_lfht_node(struct mp_entry *e)
{
	BUILD_BUG_ON(sizeof(struct cds_lfht_node) > sizeof(struct mp_hnode));
	return (struct cds_lfht_node *)&e->hnode;
}

static struct mp_entry *mp_lfht_entry(struct cds_lfht_node *node)
{
	return container_of((struct mp_hnode *)node, struct mp_entry, hnode);
}

static int mp_lfht_match(struct cds_lfht_node *node, const void *key)
{
	return mp_entry_is(mp_lfht_entry(node), key);
}

int mp_table_new(struct mp_table **table)
{
	struct mp_table *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->ht = cds_lfht_new_flavor(1024, 1024, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING,
				    &urcu_memb_flavor, NULL);
	if (!t->ht) {
		kfree(t);
		return -ENOMEM;
	}
	*table = t;
	return 0;
}

void mp_table_free(struct mp_table *table)
{
	if (!table)
		return;
	WARN_ON(cds_lfht_destroy(table->ht, NULL));
	kfree(table);
}

struct mp_entry *mp_table_find(struct mp_table *table, const struct mp_lookup *what)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_lookup(table->ht, what->hash, mp_lfht_match, what, &iter);
	node = cds_lfht_iter_get_node(&iter);
	return node ? mp_lfht_entry(node) : NULL;
}

int mp_table_insert(struct mp_table *table, struct mp_entry *e)
{
	rcu_read_lock();
	cds_lfht_add(table->ht, e->hash, mp_lfht_node(e));
	rcu_read_unlock();
	return 0;
}

void mp_table_remove(struct mp_table *table, struct mp_entry *e)
{
	int ret;

	rcu_read_lock();
	ret = cds_lfht_del(table->ht, mp_lfht_node(e));
	rcu_read_unlock();
	WARN_ON(ret);
}
