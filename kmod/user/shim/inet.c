// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: addresses from text. Must never read past srclen or the NUL. */
#include <linux/ctype.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <string.h>

enum {
	V6_WORDS = 8,
};

/* What is left of the text; a missing byte reads as NUL. */
struct text {
	const char *s;
	size_t left;
	int delim;
};

static struct text text_of(const char *src, int srclen, int delim)
{
	struct text t = { src, srclen < 0 ? strlen(src) : (size_t)srclen, delim };

	return t;
}

static unsigned char peek(const struct text *t)
{
	return t->left ? (unsigned char)*t->s : '\0';
}

static void skip(struct text *t)
{
	t->s++;
	t->left--;
}

/* No delimiter wanted (-1): every byte that cannot belong to an address ends it. */
static bool at_end(const struct text *t)
{
	unsigned char c = peek(t);

	if (c == '\0' || (int)c == t->delim)
		return true;
	return t->delim == -1 && c != ':' && c != '.' && hex_to_bin(c) < 0;
}

static bool read_v4(struct text *t, u8 *dst)
{
	int i;

	for (i = 0; i < 4; i++) {
		unsigned int val = 0;

		if (i) {
			if (peek(t) != '.' || t->delim == '.')
				return false;
			skip(t);
		}
		if (!isdigit(peek(t)))
			return false;
		for (; isdigit(peek(t)); skip(t)) {
			val = val * 10 + peek(t) - '0';
			if (val > 255)
				return false;
		}
		dst[i] = (u8)val;
	}
	return at_end(t) || peek(t) == ':';
}

int in4_pton(const char *src, int srclen, u8 *dst, int delim, const char **end)
{
	struct text t = text_of(src, srclen, delim);
	u8 buf[4];
	bool ok = read_v4(&t, buf);

	if (ok)
		memcpy(dst, buf, sizeof(buf));
	if (end)
		*end = t.s;
	return ok;
}

/* The words before and after "::"; gap is where it stood, or -1. */
struct v6 {
	u16 word[V6_WORDS];
	int n;
	int gap;
};

/* One to four digits, or an IPv4 address in the place of two words (then *tail). */
static bool read_word(struct text *t, struct v6 *v, bool *tail)
{
	struct text start = *t;
	unsigned int val = 0;
	int digits;
	u8 v4[4];

	for (digits = 0; digits < 4 && hex_to_bin(peek(t)) >= 0; digits++, skip(t))
		val = val << 4 | (unsigned int)hex_to_bin(peek(t));
	if (!digits || v->n >= V6_WORDS)
		return false;
	*tail = peek(t) == '.' && t->delim != '.';
	if (!*tail) {
		v->word[v->n++] = (u16)val;
		return true;
	}
	*t = start;
	if (v->n > V6_WORDS - 2 || !read_v4(t, v4))
		return false;
	v->word[v->n++] = (u16)(v4[0] << 8 | v4[1]);
	v->word[v->n++] = (u16)(v4[2] << 8 | v4[3]);
	return true;
}

/* Eats ":" or "::" before the next word. False at a colon that may not stand here. */
static bool read_colons(struct text *t, struct v6 *v)
{
	if (peek(t) != ':')
		return v->n == 0;
	skip(t);
	if (peek(t) != ':')
		return v->n > 0;	/* a single one only between words */
	if (v->gap >= 0)
		return false;
	v->gap = v->n;
	skip(t);
	return true;
}

static bool read_v6(struct text *t, struct v6 *v)
{
	bool tail = false;

	while (!tail) {
		if (!read_colons(t, v))
			return false;
		if (v->gap == v->n && at_end(t))
			break;
		if (!read_word(t, v, &tail))
			return false;
		if (at_end(t))
			break;
	}
	return v->gap < 0 ? v->n == V6_WORDS : v->n < V6_WORDS;
}

int in6_pton(const char *src, int srclen, u8 *dst, int delim, const char **end)
{
	struct text t = text_of(src, srclen, delim);
	struct v6 v = { .gap = -1 };
	bool ok = read_v6(&t, &v);
	int i, zeros;

	if (end)
		*end = t.s;
	if (!ok)
		return 0;
	zeros = V6_WORDS - v.n;
	memset(dst, 0, 16);
	for (i = 0; i < v.n; i++) {
		int at = i < v.gap || v.gap < 0 ? i : i + zeros;

		dst[2 * at] = (u8)(v.word[i] >> 8);
		dst[2 * at + 1] = (u8)v.word[i];
	}
	return 1;
}
