// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Memory that is freed all at once: a script's tree. Pieces are cut from chunks; a large piece gets a
 * chunk of its own. Never gives a single piece back.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/parse.h"

enum {
	CHUNK_MIN = 2 << 10,	/* a line typed at a prompt should cost little */
	CHUNK_MAX = 64 << 10,
	ALIGN = alignof(uint64_t),	/* a tree needs no more: 16 would cost a sixth of it */
};

struct chunk {
	struct chunk *next;
	alignas(uint64_t) unsigned char bytes[];
};

struct sh_arena {
	struct chunk *chunks;
	unsigned char *at;	/* in the newest chunk that is not one piece's own */
	size_t left, size;	/* of it; and the next one's size */
};

struct sh_arena *sh_arena_new(void)
{
	struct sh_arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->size = CHUNK_MIN;
	return arena;
}

void sh_arena_free(struct sh_arena *arena)
{
	struct chunk *chunk, *next;

	if (!arena)
		return;
	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static unsigned char *add_chunk(struct sh_arena *arena, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk->bytes;
}

static void *cut(struct sh_arena *arena, size_t size, size_t align)
{
	size_t skip = -(uintptr_t)arena->at & (align - 1);
	unsigned char *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	if (skip + size > arena->left) {
		if (size > CHUNK_MAX / 4)
			return add_chunk(arena, size);
		while (arena->size < size + ALIGN)
			arena->size *= 2;
		arena->at = add_chunk(arena, arena->size);
		arena->left = arena->at ? arena->size : 0;
		if (!arena->at)
			return NULL;
		if (arena->size < CHUNK_MAX)
			arena->size *= 2;
		skip = 0;
	}
	piece = arena->at + skip;
	arena->at = piece + size;
	arena->left -= skip + size;
	return piece;
}

void *sh_alloc(struct sh_arena *arena, size_t size)
{
	return cut(arena, size, ALIGN);
}

char *sh_strndup(struct sh_arena *arena, const char *s, size_t len)
{
	char *copy = len < SIZE_MAX ? cut(arena, len + 1, 1) : NULL;

	if (copy)
		memcpy(copy, s, len);
	return copy;
}
