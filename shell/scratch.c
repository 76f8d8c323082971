// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Memory of the command under way: taken from the top, given back all at once down to a mark. What
 * must outlive the command never lies here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/int.h"

enum { CHUNK = 32 << 10, ALIGN = 16 };

struct sh_chunk {
	struct sh_chunk *up;
	size_t max, used;
	_Alignas(ALIGN) char data[];
};

void sh_out_of_memory(void)
{
	static const char text[] = "virgo: out of memory\n";

	/* a shell that goes on with half of a command does harm */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(1);
}

struct sh_mark sh_mark(struct sh *sh)
{
	struct sh_chunk *top = sh->scratch.top;
	struct sh_mark mark = { top, top ? top->used : 0 };

	return mark;
}

void sh_release(struct sh *sh, struct sh_mark mark)
{
	struct sh_scratch *s = &sh->scratch;
	struct sh_chunk *chunk;

	while ((chunk = s->top) != mark.chunk) {
		s->top = chunk->up;
		if (chunk->max == CHUNK && !s->spare)
			s->spare = chunk;
		else
			free(chunk);
	}
	if (s->top)
		s->top->used = mark.used;
}

void sh_scratch_free(struct sh_scratch *s)
{
	struct sh_chunk *chunk;

	while ((chunk = s->top)) {
		s->top = chunk->up;
		free(chunk);
	}
	free(s->spare);
	s->spare = NULL;
}

static void push_chunk(struct sh_scratch *s, size_t size)
{
	size_t max = size > CHUNK / 2 ? size : CHUNK;
	struct sh_chunk *chunk;

	if (max == CHUNK && s->spare) {
		chunk = s->spare;
		s->spare = NULL;
	} else {
		chunk = max < SIZE_MAX / 2 ? malloc(sizeof(*chunk) + max) : NULL;
		if (!chunk)
			sh_out_of_memory();
	}
	chunk->up = s->top;
	chunk->max = max;
	chunk->used = 0;
	s->top = chunk;
}

static void *cut(struct sh *sh, size_t size, size_t align)
{
	struct sh_scratch *s = &sh->scratch;
	size_t at = s->top ? (s->top->used + align - 1) & ~(align - 1) : 0;

	if (!s->top || at > s->top->max || size > s->top->max - at) {
		push_chunk(s, size);
		at = 0;
	}
	s->top->used = at + size;
	return s->top->data + at;
}

void *sh_tmp(struct sh *sh, size_t size)
{
	return cut(sh, size, ALIGN);
}

char *sh_tmp_dup(struct sh *sh, const char *s, size_t len)
{
	char *copy = cut(sh, len + 1, 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

/* the buffer is what was taken last: make it longer where it lies, or with its whole chunk */
static bool grow_in_place(struct sh *sh, struct sh_buf *b, size_t max)
{
	struct sh_chunk *top = sh->scratch.top, *moved;

	if (!b->data || !top || b->data + b->max != top->data + top->used)
		return false;
	if (max - b->max <= top->max - top->used) {
		top->used += max - b->max;
		b->max = max;
		return true;
	}
	if (b->data != top->data || max <= CHUNK)
		return false;
	moved = realloc(top, sizeof(*top) + max);
	if (!moved)
		sh_out_of_memory();
	moved->max = max;
	moved->used = max;
	sh->scratch.top = moved;
	b->data = moved->data;
	b->max = max;
	return true;
}

bool sh_buf_room(struct sh *sh, struct sh_buf *b, size_t n)
{
	size_t max = b->max ? b->max : 32;
	char *data;

	if (n > SH_STRING_MAX || b->len + n > SH_STRING_MAX) {
		if (!sh->flow)
			sh_fail(sh, "a text is over %d MiB, the limit", SH_STRING_MAX >> 20);
		return false;
	}
	while (max - b->len <= n)	/* a NUL goes behind it */
		max *= 2;
	if (max == b->max || grow_in_place(sh, b, max))
		return true;
	data = cut(sh, max, 1);
	if (b->len)
		memcpy(data, b->data, b->len);
	b->data = data;
	b->max = max;
	return true;
}

void sh_buf_add(struct sh *sh, struct sh_buf *b, const char *s, size_t len)
{
	if (b->max - b->len <= len && !sh_buf_room(sh, b, len))
		return;
	if (len)
		memcpy(b->data + b->len, s, len);
	b->len += len;
}

void sh_buf_byte(struct sh *sh, struct sh_buf *b, char c)
{
	sh_buf_add(sh, b, &c, 1);
}

void sh_buf_printf(struct sh *sh, struct sh_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !sh_buf_room(sh, b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

char *sh_buf_end(struct sh *sh, struct sh_buf *b)
{
	if (!b->data)
		return sh_tmp_dup(sh, "", 0);
	b->data[b->len] = '\0';
	return b->data;
}

void sh_words_add(struct sh *sh, struct sh_words *w, const char *word)
{
	const char **v;

	if (w->n + 1 >= w->max) {
		w->max = w->max ? w->max * 2 : 8;
		v = sh_tmp(sh, w->max * sizeof(*v));
		if (w->n)
			memcpy(v, w->v, w->n * sizeof(*v));
		w->v = v;
	}
	w->v[w->n++] = word;
	w->v[w->n] = NULL;
}

size_t sh_number(char out[24], int64_t n)
{
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[24];
	size_t len = 0, i = 0;

	do {
		digits[len++] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (n < 0)
		out[i++] = '-';
	while (len)
		out[i++] = digits[--len];
	return i;
}
