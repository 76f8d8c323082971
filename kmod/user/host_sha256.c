// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cipher side of core/host.h for virgod: SHA-256 by libnettle, whose state is flat.
 */
#include <linux/build_bug.h>
#include <linux/string.h>

#include <nettle/sha2.h>

#include "core/host.h"

static struct sha256_ctx *ctx(struct vg_sha256 *s)
{
	BUILD_BUG_ON(sizeof(struct sha256_ctx) > sizeof(s->opaque));
	return (struct sha256_ctx *)s->opaque;
}

void host_sha256_init(struct vg_sha256 *s)
{
	sha256_init(ctx(s));
}

void host_sha256_update(struct vg_sha256 *s, const void *p, size_t n)
{
	sha256_update(ctx(s), n, p);
}

void host_sha256_final(struct vg_sha256 *s, u8 out[VG_SHA256_BYTES])
{
	sha256_digest(ctx(s), VG_SHA256_BYTES, out);
}

void host_sha256_copy(struct vg_sha256 *to, const struct vg_sha256 *from)
{
	memcpy(to->opaque, from->opaque, sizeof(struct sha256_ctx));
}
