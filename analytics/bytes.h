/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and strings in bytes, little end first. After the first failure all else is zeros. */
#ifndef VIRGO_AN_BYTES_H
#define VIRGO_AN_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* To read: data, len. To write: zeroed but for limited and max; data is then to be freed. */
struct an_bytes {
	unsigned char *data;
	size_t len, at, room;
	bool limited;		/* no more than max bytes are written */
	bool full;		/* bad because of that */
	size_t max;
	bool bad;
};

static inline void an_get_bytes(struct an_bytes *b, void *to, size_t n)
{
	if (b->bad || b->len - b->at < n) {
		b->bad = true;
		memset(to, 0, n);
		return;
	}
	memcpy(to, b->data + b->at, n);
	b->at += n;
}

static inline uint64_t an_get(struct an_bytes *b, unsigned int bytes)
{
	unsigned char raw[8] = { 0 };
	uint64_t v = 0;

	an_get_bytes(b, raw, bytes);
	while (bytes--)
		v = v << 8 | raw[bytes];
	return v;
}

/* A string of two length bytes and no NUL inside; false when it is none or @size is too small. */
static inline bool an_get_string(struct an_bytes *b, char *to, size_t size)
{
	size_t len = an_get(b, 2);

	if (b->bad || len >= size) {
		b->bad = true;
		return false;
	}
	an_get_bytes(b, to, len);
	to[b->bad ? 0 : len] = 0;
	return !b->bad && !memchr(to, 0, len);
}

static inline void an_put_bytes(struct an_bytes *b, const void *from, size_t n)
{
	if (b->limited && n > b->max - b->len)
		b->full = b->bad = true;
	if (!b->bad && b->room - b->len < n) {
		size_t room = (b->len + n) * 2;
		unsigned char *data = realloc(b->data, room);

		if (data) {
			b->data = data;
			b->room = room;
		}
		b->bad = !data;
	}
	if (b->bad || !n)
		return;
	memcpy(b->data + b->len, from, n);
	b->len += n;
}

static inline void an_put(struct an_bytes *b, uint64_t v, unsigned int bytes)
{
	unsigned char raw[8];
	unsigned int i;

	for (i = 0; i < bytes; i++)
		raw[i] = (unsigned char)(v >> 8 * i);
	an_put_bytes(b, raw, bytes);
}

static inline void an_put_string(struct an_bytes *b, const char *s)
{
	size_t len = strlen(s);

	an_put(b, len, 2);
	an_put_bytes(b, s, len);
}

#endif
