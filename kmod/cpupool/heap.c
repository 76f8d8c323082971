// SPDX-License-Identifier: GPL-2.0-or-later
/* A binary heap of pointers. See heap.h. */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cpupool/heap.h"

enum { FIRST_ITEMS = 64 };

static int heap_grow(struct cp_heap *h)
{
	u32 cap = h->cap ? 2 * h->cap : FIRST_ITEMS;
	struct cp_item **item = kvmalloc_array(cap, sizeof(*item), GFP_KERNEL);

	if (!item)
		return -ENOMEM;
	if (h->n)
		memcpy(item, h->item, h->n * sizeof(*item));
	kvfree(h->item);
	h->item = item;
	h->cap = cap;
	return 0;
}

void cp_heap_free(struct cp_heap *h)
{
	kvfree(h->item);
	*h = (struct cp_heap){};
}

static bool goes_before(const struct cp_item *a, const struct cp_item *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->seq < b->seq;
}

static void put_at(struct cp_heap *h, u32 i, struct cp_item *item)
{
	h->item[i] = item;
	item->at = i + 1;
}

static void sift_up(struct cp_heap *h, u32 i, struct cp_item *item)
{
	while (i && goes_before(item, h->item[(i - 1) / 2])) {
		put_at(h, i, h->item[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put_at(h, i, item);
}

static void sift_down(struct cp_heap *h, u32 i, struct cp_item *item)
{
	u32 child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && goes_before(h->item[child + 1], h->item[child]))
			child++;
		if (!goes_before(h->item[child], item))
			break;
		put_at(h, i, h->item[child]);
		i = child;
	}
	put_at(h, i, item);
}

int cp_heap_push(struct cp_heap *h, struct cp_item *item)
{
	if (h->n == h->cap && heap_grow(h))
		return -ENOMEM;
	sift_up(h, h->n++, item);
	return 0;
}

struct cp_item *cp_heap_pop(struct cp_heap *h)
{
	struct cp_item *first = h->n ? h->item[0] : NULL;

	if (first)
		cp_heap_remove(h, first);
	return first;
}

void cp_heap_remove(struct cp_heap *h, struct cp_item *item)
{
	struct cp_item *last;
	u32 i;

	if (!item->at)
		return;
	i = item->at - 1;
	item->at = 0;
	last = h->item[--h->n];
	if (last == item)
		return;
	/* the last one takes its place, and moves from there whichever way it must */
	if (i && goes_before(last, h->item[(i - 1) / 2]))
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}
