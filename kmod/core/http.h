/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of an HTTP/1.x request: bytes in, offsets out. Must never allocate, copy or change a
 * byte. It is strict where leniency would let two parties read one stream in two ways.
 */
#ifndef VG_CORE_HTTP_H
#define VG_CORE_HTTP_H

#include "core/req.h"

struct vg_http_limits {
	u32 line;	/* bytes of the request line without CRLF */
	u32 headers;	/* bytes of all fields and the empty line */
	u32 fields;
};

/* why a head was refused: @why is static, @at the offset of the offending byte */
struct vg_http_error {
	u16 status;
	const char *code;
	const char *why;
	u32 at;
};

/* how far an incomplete head was searched; all zero at the start of one */
struct vg_http_scan {
	u32 at;
	u32 line;	/* bytes up to and with the first LF; 0: not seen */
};

/*
 * Parse the head at @p of which @n bytes are there. Returns its length with @req filled (method,
 * target split but not checked, fields, lengths, keep_alive), 0 when more bytes are needed, or
 * -EINVAL with @err filled. @req must have been through vg_http_reset().
 */
int vg_http_parse(struct vg_req *req, const char *p, size_t n, const struct vg_http_limits *lim,
		  struct vg_http_error *err);
/* Everything vg_http_parse() writes, back to its start. */
void vg_http_reset(struct vg_req *req);

/*
 * Is another vg_http_parse() worth its while, after one that returned 0? True when the head is
 * whole, broken or over a limit. Looks at each byte once however slowly they drip in.
 */
bool vg_http_ready(const char *p, size_t n, const struct vg_http_limits *lim,
		   struct vg_http_scan *scan);

/*
 * Do the first @n bytes of a connection begin an HTTP request? 1: yes, 0: no, -EAGAIN: too few
 * to tell; decided after VG_METHOD_MAX bytes.
 */
int vg_http_sniff(const char *p, size_t n);

/*
 * The syntax of one field at @i of @n <= 64 KiB bytes, for requests and answers alike: the offset
 * behind its CRLF with *@f filled; 0: more bytes are needed; -EINVAL: *@why (static) and *@at, the
 * offending byte. Not for the empty line that ends a head.
 */
int vg_http_field(const char *p, size_t i, size_t n, struct vg_field *f, const char **why,
		  size_t *at);
/* Does the comma-separated list @v have @token (lower case)? */
bool vg_http_list_has(struct vg_str v, struct vg_str token);

extern const char *const vg_method_names[VG_METHODS];

#endif
