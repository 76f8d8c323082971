/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: hash tables of fixed size, an array of hlist heads. */
#ifndef SHIM_LINUX_HASHTABLE_H
#define SHIM_LINUX_HASHTABLE_H

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/rculist.h>

#define DECLARE_HASHTABLE(name, bits)	struct hlist_head name[1 << (bits)]
#define DEFINE_HASHTABLE(name, bits)	struct hlist_head name[1 << (bits)] = { { NULL } }
#define HASH_SIZE(name)	(ARRAY_SIZE(name))
#define HASH_BITS(name)	ilog2(HASH_SIZE(name))
#define hash_min(val, bits) \
	(sizeof(val) <= 4 ? hash_32((u32)(val), bits) : hash_64((u64)(val), bits))

#define hash_init(table) do {						\
	size_t __shim_i;						\
									\
	for (__shim_i = 0; __shim_i < HASH_SIZE(table); __shim_i++)	\
		INIT_HLIST_HEAD(&(table)[__shim_i]);			\
} while (0)
#define hash_add(table, node, key) \
	hlist_add_head(node, &(table)[hash_min(key, HASH_BITS(table))])
#define hash_add_rcu(table, node, key) \
	hlist_add_head_rcu(node, &(table)[hash_min(key, HASH_BITS(table))])
#define hash_del(node)		hlist_del_init(node)
#define hash_del_rcu(node)	hlist_del_init_rcu(node)
#define hash_hashed(node)	(!hlist_unhashed(node))
#define hash_empty(table) ({						\
	size_t __shim_i;						\
									\
	for (__shim_i = 0; __shim_i < HASH_SIZE(table); __shim_i++)	\
		if (!hlist_empty(&(table)[__shim_i]))			\
			break;						\
	__shim_i == HASH_SIZE(table);					\
})
#define hash_for_each(name, bkt, obj, member)				\
	for ((bkt) = 0, (obj) = NULL; !(obj) && (size_t)(bkt) < HASH_SIZE(name); (bkt)++) \
		hlist_for_each_entry(obj, &(name)[bkt], member)
#define hash_for_each_rcu(name, bkt, obj, member)			\
	for ((bkt) = 0, (obj) = NULL; !(obj) && (size_t)(bkt) < HASH_SIZE(name); (bkt)++) \
		hlist_for_each_entry_rcu(obj, &(name)[bkt], member)
#define hash_for_each_safe(name, bkt, tmp, obj, member)			\
	for ((bkt) = 0, (obj) = NULL; !(obj) && (size_t)(bkt) < HASH_SIZE(name); (bkt)++) \
		hlist_for_each_entry_safe(obj, tmp, &(name)[bkt], member)
#define hash_for_each_possible(name, obj, member, key) \
	hlist_for_each_entry(obj, &(name)[hash_min(key, HASH_BITS(name))], member)
#define hash_for_each_possible_rcu(name, obj, member, key, cond...) \
	hlist_for_each_entry_rcu(obj, &(name)[hash_min(key, HASH_BITS(name))], member, ##cond)
#define hash_for_each_possible_safe(name, obj, tmp, member, key) \
	hlist_for_each_entry_safe(obj, tmp, &(name)[hash_min(key, HASH_BITS(name))], member)

#endif /* SHIM_LINUX_HASHTABLE_H */
