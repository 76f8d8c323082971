/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An HTTP/1.x answer as a client reads it: bytes in, offsets and pieces of the body out. As strict as
 * the parser of requests, for the same reason: two parties must not read one stream in two ways.
 * Must never allocate, sleep, copy or change a byte.
 */
#ifndef VG_CORE_ANSWER_H
#define VG_CORE_ANSWER_H

#include "core/chunk.h"
#include "core/req.h"

enum vg_framing {
	VG_BODY_NONE,		/* HEAD, 1xx, 204, 304, or a length of 0 */
	VG_BODY_LENGTH,
	VG_BODY_CHUNKED,
	VG_BODY_CLOSE,		/* it ends where the connection does */
};

struct vg_answer {
	u16 status;		/* 100 to 599; below 200 another head follows */
	u8 minor;		/* HTTP/1.minor */
	u8 framing;		/* enum vg_framing */
	bool keep_alive;	/* when it is done, another request may follow */
	bool done;		/* the body is complete */
	u64 left;		/* of a body with a length: bytes still to come */
	struct vg_chunk chunk;

	const char *head;	/* base of the fields' offsets */
	u32 head_n;		/* bytes of the head, its empty line included */
	u32 fields_at;		/* where its fields begin, behind the status line */
	u32 nr_fields;
	struct vg_field field[VG_HEADER_FIELDS_MAX];
};

/*
 * Parse the head at @p, of which @n bytes are there, of the answer to a request by @method. Returns its
 * length with @a filled, 0 when more bytes are needed, -EPROTO or (over a limit) -E2BIG with *@why
 * set, which is static.
 */
int vg_answer_head(struct vg_answer *a, enum vg_method method, const char *p, size_t n,
		   const char **why);

/* The value of the first field of that name (any case), or an empty view with p == NULL */
struct vg_str vg_answer_field(const struct vg_answer *a, const char *name);

/*
 * Eat from what came behind the head: up to the next piece of the body, which *@data is a view of
 * (empty if there is none in @p), and it. Returns the bytes eaten, fewer than @n only if *@data is not
 * empty or a->done; or -EPROTO.
 */
ssize_t vg_answer_body(struct vg_answer *a, const char *p, size_t n, struct vg_str *data);

/* The connection has ended: 0 if the answer is complete by that (or was), else -ECONNRESET. */
int vg_answer_eof(struct vg_answer *a);

#endif
