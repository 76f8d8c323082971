// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shim: SipHash-2-4, after J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF",
 * 2012. Must give the numbers of their test vectors on every machine.
 */
#include <linux/bitops.h>
#include <linux/siphash.h>
#include <linux/unaligned.h>

struct state {
	u64 v0, v1, v2, v3;
};

static void rounds(struct state *s, int n)
{
	while (n--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rol64(s->v1, 13) ^ s->v0;
		s->v3 = rol64(s->v3, 16) ^ s->v2;
		s->v0 = rol64(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rol64(s->v1, 17) ^ s->v2;
		s->v3 = rol64(s->v3, 21) ^ s->v0;
		s->v2 = rol64(s->v2, 32);
	}
}

static void absorb(struct state *s, u64 word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

/* The constants spell "somepseudorandomlygeneratedbytes". */
static struct state begin(const siphash_key_t *key)
{
	struct state s = {
		.v0 = key->key[0] ^ 0x736f6d6570736575ull,
		.v1 = key->key[1] ^ 0x646f72616e646f6dull,
		.v2 = key->key[0] ^ 0x6c7967656e657261ull,
		.v3 = key->key[1] ^ 0x7465646279746573ull,
	};

	return s;
}

/* last: the rest of the input below the length in the top byte. */
static u64 end(struct state *s, u64 last)
{
	absorb(s, last);
	s->v2 ^= 0xff;
	rounds(s, 4);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	struct state s = begin(key);
	const u8 *p = data;
	u64 last = (u64)len << 56;
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8)
		absorb(&s, get_unaligned_le64(p));
	while (left--)
		last |= (u64)p[left] << (8 * left);
	return end(&s, last);
}

u64 siphash_1u64(u64 first, const siphash_key_t *key)
{
	struct state s = begin(key);

	absorb(&s, first);
	return end(&s, 8ull << 56);
}

u64 siphash_2u64(u64 first, u64 second, const siphash_key_t *key)
{
	struct state s = begin(key);

	absorb(&s, first);
	absorb(&s, second);
	return end(&s, 16ull << 56);
}
