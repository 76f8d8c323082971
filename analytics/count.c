// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters per address: open addressing, then space-saving; never more entries than the limit. */
#include <stdlib.h>
#include <string.h>

#include "count.h"

#define FIRST_ROOM	4096

bool an_count_init(struct an_count *c, uint32_t limit)
{
	memset(c, 0, sizeof(*c));
	c->limit = limit;
	c->room = limit < FIRST_ROOM ? limit : FIRST_ROOM;
	c->mask = FIRST_ROOM * 2 - 1;
	c->entries = malloc(c->room * sizeof(*c->entries));
	c->slots = calloc(c->mask + 1ul, sizeof(*c->slots));
	if (c->entries && c->slots)
		return true;
	an_count_free(c);
	return false;
}

void an_count_free(struct an_count *c)
{
	free(c->entries);
	free(c->slots);
	free(c->heap);
	memset(c, 0, sizeof(*c));
}

static uint64_t slot_of(uint64_t hash, uint32_t index)
{
	return (hash & ~0xffffffffull) | (index + 1ull);
}

/* The slot that holds @addr, or the free one where it belongs. */
static uint32_t probe(const struct an_count *c, struct an_addr addr, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & c->mask;

	for (; c->slots[i]; i = (i + 1) & c->mask) {
		uint32_t index = (uint32_t)c->slots[i] - 1;

		if (c->slots[i] >> 32 == hash >> 32 && an_addr_eq(c->entries[index].addr, addr))
			break;
	}
	return i;
}

static bool rehash(struct an_count *c)
{
	uint32_t mask = c->mask * 2 + 1, i, n;
	uint64_t *slots = calloc(mask + 1ul, sizeof(*slots));

	if (!slots)
		return false;
	free(c->slots);
	c->slots = slots;
	c->mask = mask;
	for (n = 0; n < c->n; n++) {
		uint64_t hash = an_addr_hash(c->entries[n].addr);

		for (i = (uint32_t)hash & mask; slots[i]; i = (i + 1) & mask)
			;
		slots[i] = slot_of(hash, n);
	}
	return true;
}

/* Room for one entry more, below the limit. */
static bool grow(struct an_count *c)
{
	uint32_t room = c->room > c->limit / 2 ? c->limit : c->room * 2;
	struct an_count_entry *entries;

	if (c->n < c->room)
		return true;
	entries = realloc(c->entries, room * sizeof(*entries));
	if (!entries)
		return false;
	c->entries = entries;
	c->room = room;
	return room * 2ull <= c->mask + 1ull || rehash(c);
}

static void heap_put(struct an_count *c, uint32_t pos, uint32_t index)
{
	c->heap[pos] = index;
	c->entries[index].heap = pos;
}

/* The entry at @pos has grown: lets it sink to where no child is smaller. */
static void sink(struct an_count *c, uint32_t pos)
{
	uint32_t index = c->heap[pos];

	for (;;) {
		uint32_t child = pos * 2 + 1;

		if (child >= c->n)
			break;
		if (child + 1 < c->n &&
		    c->entries[c->heap[child + 1]].count < c->entries[c->heap[child]].count)
			child++;
		if (c->entries[c->heap[child]].count >= c->entries[index].count)
			break;
		heap_put(c, pos, c->heap[child]);
		pos = child;
	}
	heap_put(c, pos, index);
}

static bool heap_make(struct an_count *c)
{
	uint32_t i;

	c->heap = malloc(c->n * sizeof(*c->heap));
	if (!c->heap)
		return false;
	for (i = 0; i < c->n; i++)
		heap_put(c, i, i);
	for (i = c->n / 2; i-- > 0;)
		sink(c, i);
	return true;
}

/* Frees the slot of @addr and closes the gap, so that no probe ends too early. */
static void slot_remove(struct an_count *c, struct an_addr addr)
{
	uint32_t gap = probe(c, addr, an_addr_hash(addr)), i = gap;

	for (;;) {
		uint32_t home;

		i = (i + 1) & c->mask;
		if (!c->slots[i])
			break;
		home = (uint32_t)an_addr_hash(c->entries[(uint32_t)c->slots[i] - 1].addr) & c->mask;
		if (((i - home) & c->mask) < ((i - gap) & c->mask))
			continue;
		c->slots[gap] = c->slots[i];
		gap = i;
	}
	c->slots[gap] = 0;
}

/* The table is full: the least counted entry becomes @addr's. */
static uint32_t replace(struct an_count *c, struct an_addr addr, uint64_t hash)
{
	struct an_count_entry *e;
	uint32_t index;

	if (!c->heap && !heap_make(c))
		return AN_COUNT_NONE;
	index = c->heap[0];
	e = &c->entries[index];
	slot_remove(c, e->addr);
	e->addr = addr;
	e->error = e->count++;
	e->user = 0;
	c->slots[probe(c, addr, hash)] = slot_of(hash, index);
	sink(c, 0);
	return index;
}

static uint32_t count_again(struct an_count *c, uint32_t index)
{
	c->last = index;
	c->entries[index].count++;
	if (c->heap)
		sink(c, c->entries[index].heap);
	return index;
}

uint32_t an_count_add(struct an_count *c, struct an_addr addr, bool *fresh)
{
	uint64_t hash;
	uint32_t slot, index;

	*fresh = false;
	if (c->last < c->n && an_addr_eq(c->entries[c->last].addr, addr))
		return count_again(c, c->last);
	hash = an_addr_hash(addr);
	slot = probe(c, addr, hash);
	if (c->slots[slot])
		return count_again(c, (uint32_t)c->slots[slot] - 1);
	*fresh = true;
	if (c->n == c->limit)
		return replace(c, addr, hash);
	if (!grow(c))
		return AN_COUNT_NONE;
	index = c->n++;
	c->entries[index] = (struct an_count_entry){ .addr = addr, .count = 1 };
	c->slots[probe(c, addr, hash)] = slot_of(hash, index);
	return index;
}

uint32_t an_count_find(const struct an_count *c, struct an_addr addr)
{
	uint32_t slot = probe(c, addr, an_addr_hash(addr));

	return c->slots[slot] ? (uint32_t)c->slots[slot] - 1 : AN_COUNT_NONE;
}

/* Whether entry @a comes before @b in the answer. */
static bool ahead(const struct an_count *c, uint32_t a, uint32_t b)
{
	const struct an_count_entry *x = &c->entries[a], *y = &c->entries[b];

	if (x->count != y->count)
		return x->count > y->count;
	return an_addr_cmp(x->addr, y->addr) < 0;
}

/* Keeps the heap of the best so far, the worst of them on top, in order after a change at @pos. */
static void top_sink(const struct an_count *c, uint32_t *heap, uint32_t n, uint32_t pos)
{
	uint32_t index = heap[pos];

	for (;;) {
		uint32_t child = pos * 2 + 1;

		if (child >= n)
			break;
		if (child + 1 < n && ahead(c, heap[child], heap[child + 1]))
			child++;
		if (!ahead(c, index, heap[child]))
			break;
		heap[pos] = heap[child];
		pos = child;
	}
	heap[pos] = index;
}

uint32_t an_count_top(const struct an_count *c, uint32_t *index, uint32_t max)
{
	uint32_t n = c->n < max ? c->n : max, i;

	for (i = 0; i < n; i++)
		index[i] = i;
	for (i = n / 2; i-- > 0;)
		top_sink(c, index, n, i);
	for (i = n; n && i < c->n; i++) {
		if (!ahead(c, i, index[0]))
			continue;
		index[0] = i;
		top_sink(c, index, n, 0);
	}
	/* Takes the worst away again and again: the array ends up best first. */
	for (i = n; i-- > 1;) {
		uint32_t worst = index[0];

		index[0] = index[i];
		top_sink(c, index, i, 0);
		index[i] = worst;
	}
	return n;
}

void an_count_put_some(const struct an_count *c, const bool *out, struct an_bytes *to)
{
	uint32_t n = 0, i;

	for (i = 0; i < c->n; i++)
		n += !out || !out[i];
	an_put(to, n, 4);
	an_put(to, c->heap && n == c->n, 1);
	for (i = 0; i < c->n; i++) {
		if (out && out[i])
			continue;
		an_put(to, c->entries[i].addr.hi, 8);
		an_put(to, c->entries[i].addr.lo, 8);
		an_put(to, c->entries[i].count, 8);
		an_put(to, c->entries[i].error, 8);
	}
}

void an_count_put(const struct an_count *c, struct an_bytes *to)
{
	an_count_put_some(c, NULL, to);
}

bool an_count_get(struct an_count *c, struct an_bytes *from)
{
	uint32_t n = (uint32_t)an_get(from, 4), i;
	uint64_t heap = an_get(from, 1);
	bool fresh;

	/* A heap there is only of a full table. */
	if (from->bad || n > c->limit || heap > 1 || (heap && n != c->limit))
		return false;
	for (i = 0; i < n; i++) {
		struct an_addr addr;
		uint64_t count, error;

		addr.hi = an_get(from, 8);
		addr.lo = an_get(from, 8);
		count = an_get(from, 8);
		error = an_get(from, 8);
		if (from->bad || !count || error >= count || count > INT64_MAX ||
		    an_count_add(c, addr, &fresh) != i)
			return false;
		c->entries[i].count = count;
		c->entries[i].error = error;
	}
	return !heap || heap_make(c);
}
