// SPDX-License-Identifier: GPL-3.0-or-later
/* Folding of equal texts. Owns texts and names; prints only through the struct out it is given. */
#include <stdlib.h>
#include <string.h>
#include <virgo/nodeset.h>

#include "cli/heaps.h"

static uint64_t hash_text(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3;
	return h;
}

static struct heap *heap_of(struct heaps *h, char *text, size_t len, bool *known)
{
	uint64_t hash = hash_text(text, len);
	struct heap *heaps;
	size_t i;

	*known = true;
	for (i = 0; i < h->count; i++) {
		struct heap *heap = &h->heaps[i];

		if (heap->hash != hash || heap->len != len || (len && memcmp(heap->text, text, len)))
			continue;
		free(text);
		return heap;
	}
	*known = false;
	heaps = realloc(h->heaps, (h->count + 1) * sizeof(*heaps));
	if (!heaps) {
		free(text);
		return NULL;
	}
	h->heaps = heaps;
	heaps[h->count] = (struct heap){ .text = text, .len = len, .hash = hash,
					 .first = SIZE_MAX };
	return &heaps[h->count++];
}

int heaps_add(struct heaps *h, const char *node, size_t index, char *text, size_t len, bool *known)
{
	bool was_there;
	struct heap *heap = heap_of(h, text, len, &was_there);
	char **nodes;

	if (known)
		*known = was_there;
	nodes = heap ? realloc(heap->nodes, (heap->count + 1) * sizeof(*nodes)) : NULL;
	if (!nodes)
		return -1;
	heap->nodes = nodes;
	nodes[heap->count] = strdup(node);
	if (!nodes[heap->count])
		return -1;
	heap->count++;
	heap->first = index < heap->first ? index : heap->first;
	return 0;
}

static int by_first(const void *a, const void *b)
{
	const struct heap *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

void heaps_sort(struct heaps *h)
{
	if (h->count)
		qsort(h->heaps, h->count, sizeof(*h->heaps), by_first);
}

char *heap_names(const struct heap *heap)
{
	return virgo_nodeset_fold((const char *const *)heap->nodes, heap->count);
}

void heaps_print(const struct heaps *h, struct out *o, bool titles)
{
	const struct heap *heap;
	char *names;
	size_t i;

	for (i = 0; i < h->count; i++) {
		heap = &h->heaps[i];
		names = titles ? heap_names(heap) : NULL;
		if (names)
			out_printf(o, "%s%s:\n", i ? "\n" : "", names);
		free(names);
		out_write(o, heap->text, heap->len);
		if (titles && heap->len && heap->text[heap->len - 1] != '\n')
			out_write(o, "\n", 1);
	}
}

void heaps_free(struct heaps *h)
{
	size_t i, k;

	for (i = 0; i < h->count; i++) {
		for (k = 0; k < h->heaps[i].count; k++)
			free(h->heaps[i].nodes[k]);
		free(h->heaps[i].nodes);
		free(h->heaps[i].text);
	}
	free(h->heaps);
	memset(h, 0, sizeof(*h));
}
