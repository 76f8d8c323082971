/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of nodes, equal ones together: what is shown once, under the names of all that said it. */
#ifndef CLI_HEAPS_H
#define CLI_HEAPS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/out.h"

struct heap {
	char *text;		/* the heap's own */
	size_t len;
	uint64_t hash;
	size_t first;		/* the least index of its nodes */
	char **nodes;
	size_t count;
};

/* All zero to begin with. */
struct heaps {
	struct heap *heaps;
	size_t count;
};

/*
 * Node number index said text (malloc'd; taken over, also on failure). 0, -1: out of memory. *known (may
 * be NULL): another node said it before, so that no more memory is held than before.
 */
int heaps_add(struct heaps *h, const char *node, size_t index, char *text, size_t len, bool *known);
/* in the order of their first nodes */
void heaps_sort(struct heaps *h);
/* each under its nodes' names, or (titles false) without */
void heaps_print(const struct heaps *h, struct out *o, bool titles);
/* the names of its nodes in short, malloc'd; NULL: no memory */
char *heap_names(const struct heap *heap);
void heaps_free(struct heaps *h);

#endif
