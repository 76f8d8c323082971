/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool's operations as requests: the handlers of mempool.c's route table and what they share.
 * See core/service.h for when each is called.
 *
 * Codes of problems, stable:
 *
 *	mem.not_found		404	no such key, or it has expired
 *	mem.no_block		404	no such block, or it was freed
 *	mem.bad_key		400	a key is 1 to 512 bytes, none of them NUL
 *	mem.bad_id		400	no block id: <node>-<slot>-<generation> in lower-case hex
 *	mem.bad_request		400	something is missing, unknown or out of its range
 *	mem.bad_txn		400	the transaction is not of the documented form
 *	mem.precondition	412	If-Match or If-None-Match does not hold
 *	mem.forbidden		403	the key that signed may not touch this name
 *	mem.not_a_number	409	incr of a value that is no decimal 64-bit integer
 *	mem.overflow		409	incr would leave 64 bits
 *	mem.range		416	offset and length leave the block
 *	mem.too_large		413	over value_max, block_max, or what an answer can hold
 *	mem.not_a_line		(line)	the block holds bytes that a line cannot carry
 *	mem.full		507	mempool_max_bytes is reached, or no memory is left
 *	mem.no_slot		507	the table of blocks is full
 */
#ifndef VG_MEMPOOL_API_H
#define VG_MEMPOOL_API_H

#include "core/req.h"
#include "mempool/pool.h"

/* api.c */
/*
 * The key in the path, decoded into @buf where it has escapes. False: a problem was answered.
 */
bool mp_req_key(struct vg_req *req, char buf[MP_KEY_MAX], struct mp_lookup *what);
/* Answer 507: @bytes more did not fit. Returns 0, as all answers do. */
int mp_full(struct vg_req *req, size_t bytes);
/*
 * vg_route's room for a body that becomes a value: receives into req->priv, a struct mp_val, behind
 * its first @skip bytes; the value has room for at least @least in all. 0 or -errno, answered.
 */
int mp_room(struct vg_req *req, size_t need, size_t skip, size_t least);
/* vg_route's drop for it */
void mp_room_drop(struct vg_req *req);
/* req->priv is no longer the request's */
struct mp_val *mp_room_take(struct vg_req *req);
/* @v->data[@off] and @n bytes on, copied or sent in place; a reference of @v is taken over */
int mp_reply_val(struct vg_req *req, u16 status, struct mp_val *v, u64 off, u64 n);

/* keys.c */
size_t mp_key_body_max(struct vg_req *req);
int mp_key_room(struct vg_req *req, size_t need);
int mp_key_put(struct vg_req *req);
int mp_key_get(struct vg_req *req);
int mp_key_delete(struct vg_req *req);
int mp_key_incr(struct vg_req *req);

/* list.c */
int mp_list(struct vg_req *req);

/* txn.c */
size_t mp_txn_body_max(struct vg_req *req);
int mp_txn(struct vg_req *req);

/* block_api.c */
size_t mp_malloc_body_max(struct vg_req *req);
int mp_malloc(struct vg_req *req);
int mp_malloc_line(struct vg_req *req);
size_t mp_block_body_max(struct vg_req *req);
int mp_block_room(struct vg_req *req, size_t need);
int mp_block_put(struct vg_req *req);
int mp_block_put_line(struct vg_req *req);
int mp_block_read(struct vg_req *req);
int mp_block_read_line(struct vg_req *req);
int mp_block_delete(struct vg_req *req);
int mp_block_delete_line(struct vg_req *req);

#endif
