// SPDX-License-Identifier: GPL-3.0-or-later
/* Hashes of whole files; must never take a file that could not be read to its end for a whole one. */
#include <nettle/sha2.h>
#include <stdio.h>

#include "hash.h"

void an_hex(const uint8_t *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * len] = 0;
}

int an_hash_file(const char *path, char hex[65])
{
	uint8_t buf[16384], digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	FILE *f = fopen(path, "re");
	size_t n;
	int bad;

	if (!f)
		return -1;
	sha256_init(&sha);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sha256_update(&sha, n, buf);
	bad = ferror(f);
	fclose(f);
	if (bad)
		return -1;
	sha256_digest(&sha, sizeof(digest), digest);
	an_hex(digest, sizeof(digest), hex);
	return 0;
}
