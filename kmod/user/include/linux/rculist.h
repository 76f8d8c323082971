/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: lists that readers walk under RCU while one writer, under its own lock, changes them. */
#ifndef SHIM_LINUX_RCULIST_H
#define SHIM_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

static inline void INIT_LIST_HEAD_RCU(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	WRITE_ONCE(list->prev, list);
}

static inline void __list_add_rcu(struct list_head *entry, struct list_head *prev,
				  struct list_head *next)
{
	entry->next = next;
	entry->prev = prev;
	rcu_assign_pointer(prev->next, entry);
	next->prev = entry;
}

static inline void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	__list_add_rcu(entry, head, head->next);
}

static inline void list_add_tail_rcu(struct list_head *entry, struct list_head *head)
{
	__list_add_rcu(entry, head->prev, head);
}

/* next stays: a reader may stand on the entry. Free it after a grace period only. */
static inline void list_del_rcu(struct list_head *entry)
{
	__list_del_entry(entry);
	entry->prev = LIST_POISON2;
}

static inline void list_replace_rcu(struct list_head *old, struct list_head *entry)
{
	entry->next = old->next;
	entry->prev = old->prev;
	rcu_assign_pointer(entry->prev->next, entry);
	entry->next->prev = entry;
	old->prev = LIST_POISON2;
}

#define list_entry_rcu(ptr, type, member) \
	container_of(READ_ONCE(ptr), type, member)
#define list_first_or_null_rcu(ptr, type, member) ({			\
	struct list_head *__shim_ptr = (ptr);				\
	struct list_head *__shim_next = rcu_dereference_raw(__shim_ptr->next); \
									\
	__shim_ptr != __shim_next ?					\
		container_of(__shim_next, type, member) : NULL;		\
})

/* The optional last argument is a condition that makes the walk legal outside of a reader. */
#define list_for_each_entry_rcu(pos, head, member, cond...)		\
	for (shim_rcu_check_walk(0, ##cond),				\
	     (pos) = container_of(rcu_dereference_raw((head)->next),	\
				  __typeof__(*(pos)), member);		\
	     &(pos)->member != (head);					\
	     (pos) = container_of(rcu_dereference_raw((pos)->member.next), \
				  __typeof__(*(pos)), member))

#define hlist_first_rcu(head)	((head)->first)
#define hlist_next_rcu(node)	((node)->next)

static inline void hlist_del_rcu(struct hlist_node *n)
{
	__hlist_del(n);
	WRITE_ONCE(n->pprev, LIST_POISON2);
}

static inline void hlist_del_init_rcu(struct hlist_node *n)
{
	if (!hlist_unhashed(n)) {
		__hlist_del(n);
		WRITE_ONCE(n->pprev, NULL);
	}
}

static inline void hlist_add_head_rcu(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *first = h->first;

	n->next = first;
	WRITE_ONCE(n->pprev, &h->first);
	rcu_assign_pointer(h->first, n);
	if (first)
		WRITE_ONCE(first->pprev, &n->next);
}

static inline void hlist_replace_rcu(struct hlist_node *old, struct hlist_node *entry)
{
	struct hlist_node *next = old->next;

	entry->next = next;
	WRITE_ONCE(entry->pprev, old->pprev);
	rcu_assign_pointer(*entry->pprev, entry);
	if (next)
		WRITE_ONCE(next->pprev, &entry->next);
	WRITE_ONCE(old->pprev, LIST_POISON2);
}

#define hlist_for_each_entry_rcu(pos, head, member, cond...)		\
	for (shim_rcu_check_walk(0, ##cond),				\
	     (pos) = hlist_entry_safe(rcu_dereference_raw((head)->first), \
				      __typeof__(*(pos)), member);	\
	     (pos);							\
	     (pos) = hlist_entry_safe(rcu_dereference_raw((pos)->member.next), \
				      __typeof__(*(pos)), member))

#endif /* SHIM_LINUX_RCULIST_H */
