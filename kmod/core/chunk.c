// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The chunked decoder's framing. Must never touch data bytes: they go where they are to live.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "core/chunk.h"
#include "core/str.h"

enum { SIZE_DIGITS = 7 };

static int size_byte(struct vg_chunk *c, char b)
{
	int v = vg_hex_val(b);

	if (b == '\r' && c->digits) {
		c->state = VG_CHUNK_SIZE_LF;
		return 0;
	}
	if (v < 0 || c->digits == SIZE_DIGITS)
		return -EINVAL;
	c->left = c->left << 4 | v;
	c->digits++;
	return 0;
}

static int framing_byte(struct vg_chunk *c, char b)
{
	switch (c->state) {
	case VG_CHUNK_SIZE:
		return size_byte(c, b);
	case VG_CHUNK_SIZE_LF:
		c->state = c->left ? VG_CHUNK_DATA : VG_CHUNK_END_CR;
		return b == '\n' ? 0 : -EINVAL;
	case VG_CHUNK_DATA_CR:
		c->state = VG_CHUNK_DATA_LF;
		return b == '\r' ? 0 : -EINVAL;
	case VG_CHUNK_DATA_LF:
		*c = (struct vg_chunk){ .state = VG_CHUNK_SIZE };
		return b == '\n' ? 0 : -EINVAL;
	case VG_CHUNK_END_CR:
		c->state = VG_CHUNK_END_LF;
		return b == '\r' ? 0 : -EINVAL;
	case VG_CHUNK_END_LF:
		c->state = VG_CHUNK_DONE;
		return b == '\n' ? 0 : -EINVAL;
	}
	return -EINVAL;
}

ssize_t vg_chunk_framing(struct vg_chunk *c, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (c->state == VG_CHUNK_DATA || c->state == VG_CHUNK_DONE)
			break;
		if (framing_byte(c, p[i]))
			return -EINVAL;
	}
	return i;
}

void vg_chunk_took(struct vg_chunk *c, size_t n)
{
	c->left -= n;
	if (!c->left)
		c->state = VG_CHUNK_DATA_CR;
}
