/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: SipHash-2-4 (Aumasson and Bernstein, 2012), the keyed hash for tables whose keys come
 * from outside.
 */
#ifndef SHIM_LINUX_SIPHASH_H
#define SHIM_LINUX_SIPHASH_H

#include <linux/types.h>

#define SIPHASH_ALIGNMENT	__alignof__(u64)

typedef struct {
	u64 key[2];
} siphash_key_t;

static inline bool siphash_key_is_zero(const siphash_key_t *key)
{
	return !(key->key[0] | key->key[1]);
}

/* key->key[] holds the 16 key bytes as two little-endian numbers. data needs no alignment. */
u64 siphash(const void *data, size_t len, const siphash_key_t *key);
u64 siphash_1u64(u64 first, const siphash_key_t *key);
u64 siphash_2u64(u64 first, u64 second, const siphash_key_t *key);

#endif /* SHIM_LINUX_SIPHASH_H */
