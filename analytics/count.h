/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often each address was seen, in bounded memory. Up to the limit every count is exact. Beyond
 * it the space-saving rule holds (Metwally, Agrawal, El Abbadi 2005): a new address takes the place
 * of the least counted one and inherits its count as its possible error, so that
 * count - error <= true count <= count, and error <= lines / limit.
 */
#ifndef VIRGO_AN_COUNT_H
#define VIRGO_AN_COUNT_H

#include "addr.h"
#include "bytes.h"

#define AN_COUNT_NONE	UINT32_MAX

struct an_count_entry {
	struct an_addr addr;
	uint64_t count;
	uint64_t error;
	uint32_t heap;		/* position in the heap, once there is one */
	uint32_t user;		/* the owner's, 0 when the entry is fresh */
};

struct an_count {
	struct an_count_entry *entries;
	uint32_t n, room, limit;
	uint32_t last;		/* the entry counted last: the next line is often of the same address */
	uint64_t *slots;	/* hash tag << 32 | index + 1; 0 is free */
	uint32_t mask;
	uint32_t *heap;		/* indices, least counted first; NULL while all is exact */
};

/* @limit 1 .. 2^26. Returns false when out of memory. */
bool an_count_init(struct an_count *c, uint32_t limit);
void an_count_free(struct an_count *c);

/*
 * Counts @addr once and returns its index, or AN_COUNT_NONE when out of memory. *fresh tells that
 * the entry is new at this index (an older address may have had to leave it).
 */
uint32_t an_count_add(struct an_count *c, struct an_addr addr, bool *fresh);

/* The index of @addr, or AN_COUNT_NONE. */
uint32_t an_count_find(const struct an_count *c, struct an_addr addr);

/* Fills @index with the @max most counted entries, by falling count, then by address. */
uint32_t an_count_top(const struct an_count *c, uint32_t *index, uint32_t max);

/*
 * Writes the counts for a later run; the owner's numbers are not among them. The second one leaves
 * out the entries for which @out is true: what is left is not full, and what new addresses get is
 * exact again.
 */
void an_count_put(const struct an_count *c, struct an_bytes *to);
void an_count_put_some(const struct an_count *c, const bool *out, struct an_bytes *to);

/*
 * Reads them back into @c, which is initialised and empty. False when they are none, when they are
 * more than its limit (or bounds that another limit made), or when out of memory.
 */
bool an_count_get(struct an_count *c, struct an_bytes *from);

#endif
