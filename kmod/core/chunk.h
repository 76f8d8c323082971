/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chunked transfer coding, decoded: sizes of 1 to 7 hexadecimal digits, CRLF, no extensions,
 * no trailers. Anything else ends the connection.
 */
#ifndef VG_CORE_CHUNK_H
#define VG_CORE_CHUNK_H

#include <linux/types.h>

enum vg_chunk_state {
	VG_CHUNK_SIZE,
	VG_CHUNK_SIZE_LF,
	VG_CHUNK_DATA,
	VG_CHUNK_DATA_CR,
	VG_CHUNK_DATA_LF,
	VG_CHUNK_END_CR,
	VG_CHUNK_END_LF,
	VG_CHUNK_DONE,
};

struct vg_chunk {
	u8 state;
	u8 digits;
	u64 left;	/* data bytes of this chunk still to come */
};

/*
 * Eat framing from @p up to the next data byte or the end. Returns the bytes eaten, or -EINVAL.
 * Stops in VG_CHUNK_DATA (the caller takes up to @left bytes and reports them with
 * vg_chunk_took()), in VG_CHUNK_DONE, or with all @n bytes eaten.
 */
ssize_t vg_chunk_framing(struct vg_chunk *c, const char *p, size_t n);
void vg_chunk_took(struct vg_chunk *c, size_t n);

#endif
