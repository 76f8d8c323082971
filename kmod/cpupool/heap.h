/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line in which runs wait: a binary heap by priority, higher first, and by age among equals. An item knows
 * its place, so that it can leave from the middle. No lock inside; never touches what it holds but ->at.
 */
#ifndef VG_CPUPOOL_HEAP_H
#define VG_CPUPOOL_HEAP_H

#include <linux/types.h>

struct cp_item {
	s32 priority;
	u64 seq;
	u32 at;		/* 1 + index in the heap; 0: in none */
};

struct cp_heap {
	struct cp_item **item;
	u32 n, cap;
};

/* All bytes zero is an empty heap. */
void cp_heap_free(struct cp_heap *h);
/* Grows as it must: 0 or -ENOMEM. The limit is the caller's. */
int cp_heap_push(struct cp_heap *h, struct cp_item *item);
/* NULL: empty */
struct cp_item *cp_heap_pop(struct cp_heap *h);
/* @item leaves, if it is in */
void cp_heap_remove(struct cp_heap *h, struct cp_item *item);

#endif
