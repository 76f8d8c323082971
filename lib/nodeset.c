// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Node sets: names in the order they came, found by hash, and the operators of sets. A name that is
 * taken out leaves a gap; gaps are closed when they are more than half. Must never resolve a name.
 * The text is nodeparse.c's, the way back fold.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "nodeset_int.h"

enum { GAPS_WORTH_CLOSING = 64 };

struct place {
	uint32_t at;			/* where the name begins in the text */
	uint32_t gone;
};

struct virgo_nodeset {
	char *text;			/* the names, each with its NUL */
	size_t used, cap;
	struct place *places;
	size_t count, places_cap, live;
	uint32_t *table;		/* open addressing: place + 1, 0 free */
	size_t slots;			/* power of two */
};

static uint64_t hash_name(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 0x100000001b3;
	return h ^ h >> 29;
}

static const char *name_at(const struct virgo_nodeset *set, size_t place)
{
	return set->text + set->places[place].at;
}

/* the slot of name (which may be gone), or the free one where it belongs */
static size_t find_slot(const struct virgo_nodeset *set, const char *name)
{
	size_t i = hash_name(name) & (set->slots - 1);

	while (set->table[i] && strcmp(name_at(set, set->table[i] - 1), name))
		i = (i + 1) & (set->slots - 1);
	return i;
}

/* the place of name, or -1 */
static long find_place(const struct virgo_nodeset *set, const char *name)
{
	size_t slot;

	if (!set->slots)
		return -1;
	slot = find_slot(set, name);
	if (!set->table[slot] || set->places[set->table[slot] - 1].gone)
		return -1;
	return (long)set->table[slot] - 1;
}

static int grow_table(struct virgo_nodeset *set)
{
	size_t slots = set->slots ? set->slots * 2 : 64;
	uint32_t *table = calloc(slots, sizeof(*table));

	if (!table)
		return -1;
	free(set->table);
	set->table = table;
	set->slots = slots;
	for (size_t i = 0; i < set->count; i++)
		if (!set->places[i].gone)
			table[find_slot(set, name_at(set, i))] = i + 1;
	return 0;
}

static int set_grow(void **array, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 64;
	void *p;

	if (want <= *cap)
		return 0;
	while (n < want)
		n *= 2;
	p = realloc(*array, n * size);
	if (!p)
		return -1;
	*array = p;
	*cap = n;
	return 0;
}

struct virgo_nodeset *virgo_set_new(void)
{
	return calloc(1, sizeof(struct virgo_nodeset));
}

int virgo_set_add(struct virgo_nodeset *set, const char *name)
{
	size_t len = strlen(name) + 1, slot;

	if (set->count * 2 >= set->slots && grow_table(set))
		return VIRGO_SET_NOMEM;
	slot = find_slot(set, name);
	if (set->table[slot] && !set->places[set->table[slot] - 1].gone)
		return 0;
	if (set->live >= VIRGO_NODES_MAX)
		return VIRGO_SET_FULL;
	if (set_grow((void **)&set->text, &set->cap, set->used + len, 1) ||
	    set_grow((void **)&set->places, &set->places_cap, set->count + 1,
		     sizeof(*set->places)))
		return VIRGO_SET_NOMEM;
	memcpy(set->text + set->used, name, len);
	set->places[set->count++] = (struct place){ .at = set->used };
	set->used += len;
	set->table[slot] = set->count;
	set->live++;
	return 0;
}

static void set_remove(struct virgo_nodeset *set, long place)
{
	set->places[place].gone = 1;
	set->live--;
}

int virgo_set_compact(struct virgo_nodeset *set)
{
	struct virgo_nodeset *whole, swap;
	int ret = 0;

	if (set->live == set->count)
		return 0;
	whole = virgo_set_new();
	if (!whole)
		return VIRGO_SET_NOMEM;
	for (size_t i = 0; i < set->count && !ret; i++)
		if (!set->places[i].gone)
			ret = virgo_set_add(whole, name_at(set, i));
	if (!ret) {
		swap = *set;
		*set = *whole;
		*whole = swap;
	}
	virgo_nodeset_free(whole);
	return ret;
}

static int apply_name(struct virgo_nodeset *left, const char *name, char op)
{
	long place = op == ',' ? -1 : find_place(left, name);

	if (place >= 0)
		set_remove(left, place);
	return op == '!' || place >= 0 ? 0 : virgo_set_add(left, name);
}

int virgo_set_apply(struct virgo_nodeset *left, const struct virgo_nodeset *right, char op)
{
	int ret = 0;

	for (size_t i = 0; op == '&' && i < left->count; i++)
		if (!left->places[i].gone && find_place(right, name_at(left, i)) < 0)
			set_remove(left, i);
	for (size_t i = 0; op != '&' && i < right->count && !ret; i++)
		if (!right->places[i].gone)
			ret = apply_name(left, name_at(right, i), op);
	if (!ret && left->count > GAPS_WORTH_CLOSING && left->live < left->count / 2)
		ret = virgo_set_compact(left);
	return ret;
}

size_t virgo_set_live(const struct virgo_nodeset *set)
{
	return set->live;
}

size_t virgo_set_places(const struct virgo_nodeset *set)
{
	return set->count;
}

void virgo_nodeset_free(struct virgo_nodeset *set)
{
	if (!set)
		return;
	free(set->text);
	free(set->places);
	free(set->table);
	free(set);
}

size_t virgo_nodeset_count(const struct virgo_nodeset *set)
{
	return set->count;
}

const char *virgo_nodeset_name(const struct virgo_nodeset *set, size_t i)
{
	return i < set->count ? name_at(set, i) : NULL;
}

long virgo_nodeset_find(const struct virgo_nodeset *set, const char *name)
{
	return find_place(set, name);
}
