/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base64 (RFC 4648, section 4, with padding): for bytes that JSON cannot carry. The kernel's own comes without
 * padding and only with some file systems. Pure: no allocation but the given vg_buf's.
 */
#ifndef VG_CORE_BASE64_H
#define VG_CORE_BASE64_H

#include "core/buf.h"

/* To the end of @b; returns b->err */
int vg_base64_encode(struct vg_buf *b, const void *p, size_t n);

/* Bytes that @n characters stand for at the most */
static inline size_t vg_base64_room(size_t n)
{
	return n / 4 * 3;
}

/* To @out, which has vg_base64_room(s.n): how many, or -EINVAL: not exactly what encoding gives */
ssize_t vg_base64_decode(struct vg_str s, u8 *out);

#endif
