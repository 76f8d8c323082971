/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request as a handler sees it, and the ways to answer it. Valid only on the connection's
 * worker (or, for a pending request, until vg_req_finish()). Strings point into the
 * connection's input buffer: copy what outlives the request.
 */
#ifndef VG_CORE_REQ_H
#define VG_CORE_REQ_H

#include <linux/types.h>

#include "core/addr.h"
#include "core/buf.h"
#include "core/host.h"
#include "core/limits.h"
#include "core/service.h"
#include "core/str.h"

struct vg_key;

/* headers that core or a handler asks for by name; found once while parsing */
enum vg_header {
	VG_H_HOST,
	VG_H_AUTHORIZATION,
	VG_H_DATE,		/* x-virgo-date */
	VG_H_SHA256,		/* x-virgo-content-sha256 */
	VG_H_NONCE,		/* x-virgo-nonce */
	VG_H_CLOCK,		/* virgo-clock */
	VG_H_CONTENT_LENGTH,
	VG_H_TRANSFER_ENCODING,
	VG_H_CONNECTION,
	VG_H_EXPECT,
	VG_H_RANGE,
	VG_H_IF_MATCH,
	VG_H_IF_NONE_MATCH,
	VG_H_IF_RANGE,
	VG_H_ACCEPT,
	VG_H_CONTENT_ENCODING,
	VG_H_ORIGIN,
	VG_HEADERS,
};

/* what verification keeps between a request's head and the end of its body */
struct vg_auth_state {
	bool signed_by_key;		/* a signature was (or, deferred, will be) checked */
	bool deferred;			/* no hash header: the signature waits for the body */
	u8 signature[VG_SHA256_BYTES];
	u64 date_s;
	struct vg_str date;		/* YYYYMMDDTHHMMSSZ, as sent */
	struct vg_sha256 canon;		/* canonical request up to the payload hash */
};

/* where a body is received; room() puts it where it will live */
struct vg_body {
	u8 *data;
	size_t n;		/* bytes received */
	size_t cap;
};

/* one header field: offsets into the head, which never exceeds 64 KiB */
struct vg_field {
	u16 name, name_n;
	u16 value, value_n;
};

struct vg_req {
	struct vg_conn *conn;
	struct vg_node *node;
	void *data;			/* the service's, from start() */
	const struct vg_route *route;
	const struct vg_key *key;	/* who asks; never NULL in a handler */
	void *priv;			/* the handler's own */

	struct vg_body body;
	struct vg_str param[VG_PATH_PARAMS_MAX];	/* as sent, percent-encoded */
	struct vg_str arg[VG_LINE_ARGS_MAX];		/* of a one-line command */
	u32 nr_args;
	struct vg_str path;		/* without query */
	struct vg_str query;		/* without '?' */
	struct vg_str method_name;
	enum vg_method method;
	u8 minor;			/* HTTP/1.minor */
	bool is_line;
	bool keep_alive;
	bool chunked;
	bool has_length;
	bool expect_continue;
	bool answered;
	bool has_room;			/* for a long answer: vg_reply_room() has said so */
	bool pending;			/* run() returned VG_PENDING and has not finished */
	bool streaming;			/* vg_stream_begin() was called, vg_stream_end() was not */
	bool gone;			/* VG_EVENT_GONE was told */
	bool entered;			/* room() or run() was called: drop() is due */
	bool parked;			/* the body waits in core's memory for its signature */
	u64 content_length;
	u64 begun_ns;			/* monotonic, when the head was complete */

	const char *head;		/* base of the fields' offsets */
	struct vg_field field[VG_HEADER_FIELDS_MAX];
	u32 nr_fields;
	u8 known[VG_HEADERS];		/* 1 + index in field[], 0: absent */
	u32 head_n;			/* bytes of the head */

	u16 status;
	u32 extra_n;
	char extra[VG_EXTRA_HEADERS_MAX];	/* header lines for the answer */
	struct vg_sha256 body_hash;	/* of what has arrived, where it is checked */
	bool hash_body;			/* set by vg_auth_head(): hash the body as it arrives */
	struct vg_auth_state auth;
};

/* The value of a known header, or an empty view with p == NULL. */
struct vg_str vg_req_header(const struct vg_req *req, enum vg_header h);

/*
 * The header counts: signed, or on a connection that needs no signature. Range, If-Match,
 * If-None-Match and Virgo-Clock are refused at verification when unsigned, so a handler that
 * sees one may use it.
 */

/* Query parameter @name: 1 and its undecoded value, or 0. */
int vg_req_query(const struct vg_req *req, const char *name, struct vg_str *value);

/*
 * Query parameter as a number between @min and @max: 0 with *@v set (or left as it was when
 * absent), or -EINVAL with a 400 answered.
 */
int vg_req_query_u64(struct vg_req *req, const char *name, u64 min, u64 max, u64 *v);
int vg_req_query_s64(struct vg_req *req, const char *name, s64 *v);

/*
 * Decode @in (a path parameter or query value) into @out of @cap bytes. Returns the length, or
 * -ENAMETOOLONG.
 */
int vg_req_decode(struct vg_str in, char *out, size_t cap);

/* May this request's key do @rights on @name (a key, a path)? For names found in bodies. */
bool vg_req_may(const struct vg_req *req, u32 rights, const char *name, size_t n);

/*
 * Answers. Each may be called once and returns 0, so that a handler can end with
 * `return vg_reply…()`. An answer that cannot be built for want of memory closes the connection.
 */
int vg_reply(struct vg_req *req, u16 status);			/* no body */
int vg_reply_bytes(struct vg_req *req, u16 status, const char *type, const void *p, size_t n);
/* @p is sent in place; @put(@obj) is called when it is sent or the connection is gone. */
int vg_reply_ref(struct vg_req *req, u16 status, const char *type, const void *p, size_t n,
		 void (*put)(void *obj), void *obj);
/*
 * Is there memory for a long answer of core's own, or do too many wait for peers that do not read? False: 503 is
 * answered. Asked by core when it is handed such an answer; a handler that cannot take back what it does asks
 * first, and its answer is taken whatever has become of the memory since.
 */
bool vg_reply_room(struct vg_req *req);
/* Takes the bytes out of @json (freed by core, also on failure of @json). */
int vg_reply_json(struct vg_req *req, u16 status, struct vg_buf *json);
int vg_reply_text(struct vg_req *req, u16 status, const char *type, struct vg_buf *text);
/* problem+json, or the line `error: code: detail`. @fmt: what, which value, what to do. */
__printf(4, 5)
int vg_problem(struct vg_req *req, u16 status, const char *code, const char *fmt, ...);
/* Add a header line to the answer to come: vg_reply_header(req, "ETag", "\"%llu\"", v). */
__printf(3, 4)
void vg_reply_header(struct vg_req *req, const char *name, const char *fmt, ...);
/* The same as vg_reply_header(req, "ETag", "\"%llu\"", version), at a tenth of its price. */
void vg_reply_etag(struct vg_req *req, u64 version);

/* The answer to a one-line command: @n bytes and a newline. */
int vg_line_reply(struct vg_req *req, const void *p, size_t n);
__printf(2, 3)
int vg_line_printf(struct vg_req *req, const char *fmt, ...);

/*
 * Go on with a request whose run() returned (or is about to return) VG_PENDING. From any context; @finish
 * runs on the connection's worker and answers as run() would. It may return VG_PENDING again, then the
 * request waits for the next call; after 0 or -errno it is over, and @req must not be touched. Calls that
 * come before the worker has run are one. If the peer is gone by then @finish is called with the output
 * closed and its answer thrown away, so that it can free. A connection is never freed while one
 * of its requests is pending.
 */
void vg_req_finish(struct vg_req *req, int (*finish)(struct vg_req *req));

/*
 * An answer whose length is not known yet, in pieces as they come: begun once, by run() or a finish
 * function, and ended before that returns 0. On the connection's worker only. A client of HTTP/1.0 gets the
 * bytes without chunks, and the connection's end.
 *
 * vg_stream_room() says how many bytes may be put now: with 0 return VG_PENDING; the route's @event is called
 * with VG_EVENT_ROOM when the peer has taken some.
 */
int vg_stream_begin(struct vg_req *req, u16 status, const char *type);
size_t vg_stream_room(const struct vg_req *req);
void vg_stream_put(struct vg_req *req, const void *p, size_t n);
int vg_stream_end(struct vg_req *req);

/* Readable form of a foreign name for messages: printable ASCII, cut at @cap. Returns @out. */
const char *vg_printable(const void *p, size_t n, char *out, size_t cap);

#endif
