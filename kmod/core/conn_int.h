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
/* Forget all that is queued; from now on answers are thrown away. */
void vg_out_abort(struct vg_conn *c);
/* May another request be begun? */
static inline bool vg_out_low(const struct vg_conn *c)
{
	return c->out_bytes <= VG_OUT_HIGH && c->nr_refs < VG_OUT_REFS;
}

/* Buffers back to their smallest; only with nothing in them. */
void vg_conn_shrink(struct vg_conn *c);

/* --- conn_in.c: from bytes to handlers ------------------------------------------------------ */

/* Work on what has arrived, as far as it goes. */
void vg_conn_run(struct vg_conn *c);
/* A request has its answer, or never will: settle its account and turn to the next one. */
void vg_request_end(struct vg_conn *c);
/* run() or finish() came back with @ret (not VG_PENDING): make sure there is an answer. */
void vg_request_answered(struct vg_req *req, int ret);
/* Clear what a request leaves behind, before the next one is parsed. */
void vg_request_reset(struct vg_conn *c);

/* --- conn.c: life and time ------------------------------------------------------------------ */

/* No further request: send what is queued, then end. */
void vg_conn_close(struct vg_conn *c);
/* Exchange configuration and keys for newer ones; between requests only. */
void vg_conn_refresh(struct vg_conn *c);
/* The deadlines after a batch. */
void vg_conn_rearm(struct vg_conn *c);
void vg_conn_count(struct vg_conn *c);

#endif
