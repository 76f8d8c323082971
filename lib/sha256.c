// SPDX-License-Identifier: GPL-3.0-or-later
/* SHA-256 of what a request carries, by nettle. Signing itself is libcurl's. */
#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

enum { PIECE = 256 * 1024 };

static void sha256_finish(struct sha256_ctx *sha, char hex[65])
{
	static const char digit[] = "0123456789abcdef";
	uint8_t sum[SHA256_DIGEST_SIZE];

	sha256_digest(sha, sizeof(sum), sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		hex[2 * i] = digit[sum[i] >> 4];
		hex[2 * i + 1] = digit[sum[i] & 15];
	}
	hex[64] = '\0';
}

void virgo_sha256_hex(const void *data, size_t len, char hex[65])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, len, data);
	sha256_finish(&sha, hex);
}

int virgo_sha256_fd(int fd, int64_t offset, uint64_t max, uint64_t *len, char hex[65])
{
	struct sha256_ctx sha;
	uint8_t *piece = malloc(PIECE);
	ssize_t n;

	if (!piece)
		return -1;
	sha256_init(&sha);
	*len = 0;
	for (;;) {
		n = pread(fd, piece, PIECE, offset + (int64_t)*len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if ((uint64_t)n > max - *len) {
			errno = EFBIG;
			n = -1;
			break;
		}
		sha256_update(&sha, n, piece);
		*len += n;
	}
	free(piece);
	if (!n)
		sha256_finish(&sha, hex);
	return n ? -1 : 0;
}
