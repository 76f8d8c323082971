/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the connection share among themselves; nobody else includes it.
 */
#ifndef VG_CORE_CONN_INT_H
#define VG_CORE_CONN_INT_H

#include "core/conn.h"
#include "core/node.h"

/* --- conn_out.c: the output queue --------------------------------------------------------- */

/*
 * Room for @n more linear bytes; NULL (and the connection ends once what is queued is sent) when
 * there is none. vg_out_add() counts what was written.
 */
char *vg_out_room(struct vg_conn *c, size_t n);
void vg_out_add(struct vg_conn *c, size_t n);
/* Queue @n bytes at @p behind the linear bytes; put(obj) now or later, whatever happens. */
void vg_out_ref(struct vg_conn *c, const void *p, size_t n, void (*put)(void *obj), void *obj);
/* The put of kvmalloc'd memory that is core's own, and counted as such while it is queued */
void vg_out_own(void *obj);
/* Forget all that is queued; from now on answers are thrown away. */
void vg_out_abort(struct vg_conn *c);
/* May another request be begun? */
static inline bool vg_out_low(const struct vg_conn *c)
{
	return c->out_bytes <= VG_OUT_HIGH && c->nr_refs < VG_OUT_REFS;
}

/* Give the buffers back, as far as nothing is in them. */
void vg_conn_shrink(struct vg_conn *c);

/* --- conn_in.c: from bytes to requests ------------------------------------------------------ */

/* Work on what has arrived, as far as it goes. */
void vg_conn_run(struct vg_conn *c);

/* --- request.c: from a head to its answer; true: look for the next request at once -------------- */

/* Clear what a request leaves behind, before the next one is parsed. */
void vg_request_reset(struct vg_conn *c);
/* The head is parsed: check it, then wait for the body or run. */
bool vg_request_begin(struct vg_conn *c);
/* Head and body are there. */
bool vg_request_run(struct vg_conn *c);
/* One line is there, without its end. */
bool vg_request_line(struct vg_conn *c, struct vg_str line);
/* Make the body able to hold @need bytes, which body_max allows; false: answered. */
bool vg_body_room(struct vg_conn *c, size_t need);
/* run() or finish() came back with @ret (not VG_PENDING): make sure there is an answer. */
void vg_request_answered(struct vg_req *req, int ret);
/* A request has its answer, or never will: settle its account and turn to the next one. */
void vg_request_end(struct vg_conn *c);

/* Answer and close: whatever follows on this connection cannot be trusted to be a request. */
#define refuse_and_close(c, status, code, ...) do {				\
	struct vg_conn *_c = (c);						\
										\
	_c->req.keep_alive = false;						\
	vg_problem(&_c->req, status, code, __VA_ARGS__);			\
	vg_request_end(_c);							\
} while (0)

/* --- stream.c ------------------------------------------------------------------------------------ */

/* A streamed answer that its handler did not end: the connection ends without the last chunk. */
void vg_stream_cut(struct vg_req *req);

/* --- reply.c: what stream.c needs of it ------------------------------------------------------------- */

/* As a reply begins; false: nothing may be written. */
bool vg_reply_begin(struct vg_req *req, u16 status);
/* The head of an answer to @p, VG_HEAD_ROOM + req->extra_n bytes at most; @n: VG_LENGTH_UNKNOWN, or the body's. */
char *vg_reply_head(struct vg_req *req, char *p, u16 status, const char *type, u64 n);
enum { VG_HEAD_ROOM = 512 };
#define VG_LENGTH_UNKNOWN U64_MAX

/* --- conn.c: life and time ------------------------------------------------------------------ */

/* No further request: send what is queued, then end. */
void vg_conn_close(struct vg_conn *c);
/* Exchange configuration and keys for newer ones; between requests only. */
void vg_conn_refresh(struct vg_conn *c);
/* The deadlines after a batch. */
void vg_conn_rearm(struct vg_conn *c);
void vg_conn_count(struct vg_conn *c);
/* A pending request's output has room again. */
void vg_conn_drained(struct vg_conn *c);

#endif
