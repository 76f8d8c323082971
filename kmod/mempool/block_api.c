// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgo_malloc, virgo_set, virgo_get and virgo_free: /v1/blocks and the one-line commands.
 *
 * A block has a size for life and is zeroed at first. Writing a part makes a copy with that part
 * changed and puts it in the block's place, so a reader always sees one whole state; writing all
 * of it copies nothing. The line commands know strings: set writes from byte 0 and zeroes the
 * rest, get gives what is before the trailing zeros.
 */
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "core/json.h"
#include "core/line.h"
#include "core/node.h"
#include "mempool/api.h"

enum {
	MP_MALLOC_BODY = 256,
	MP_MALLOC_TOKENS = 8,
	MP_ZERO_PIECE = 65536,	/* looked at before others get a turn */
};

/* Blocks have no names that a key's prefixes could allow. False: answered. */
static bool mp_block_may(struct vg_req *req)
{
	if (!req->key->nr_prefixes)
		return true;
	vg_problem(req, 403, "mem.forbidden",
		   "a key that is limited to prefixes may not use blocks, which have no names");
	return false;
}

/* The id in @text; false: answered */
static bool mp_block_id(struct vg_req *req, struct vg_str text, struct mp_block_id *id)
{
	char shown[80];

	if (mp_block_id_parse(text, id))
		return true;
	vg_problem(req, 400, "mem.bad_id", "\"%s\" is no block id like 1-0-6a3f20",
		   vg_printable(text.p, text.n, shown, sizeof(shown)));
	return false;
}

static int mp_no_block(struct vg_req *req, const struct mp_block_id *id)
{
	char text[MP_BLOCK_ID_TEXT];

	mp_block_id_print(id, text);
	if (id->node != req->node->id)
		return vg_problem(req, 404, "mem.no_block",
				  "block %s is node %u's, this is node %u", text, id->node,
				  req->node->id);
	return vg_problem(req, 404, "mem.no_block", "no block %s, or it was freed", text);
}

/* The block's content with a reference; NULL: answered */
static struct mp_val *mp_block_find(struct vg_req *req, struct vg_str text, struct mp_block_id *id)
{
	struct mp_pool *pool = req->data;
	struct mp_val *v;

	if (!mp_block_may(req) || !mp_block_id(req, text, id))
		return NULL;
	v = id->node == req->node->id ? mp_block_get(pool, id) : NULL;
	if (!v)
		mp_no_block(req, id);
	return v;
}

/* @n bytes at @off of @size; 0 or -ERANGE, answered */
static int mp_block_range(struct vg_req *req, u64 off, u64 n, u64 size)
{
	u64 end;

	if (!check_add_overflow(off, n, &end) && end <= size)
		return 0;
	vg_reply_header(req, "Content-Range", "bytes */%llu", (unsigned long long)size);
	vg_problem(req, 416, "mem.range", "%llu bytes at offset %llu leave the block of %llu bytes",
		   (unsigned long long)n, (unsigned long long)off, (unsigned long long)size);
	return -ERANGE;
}

/* offset and length of the query, *@n left as it is where there is no length; false: answered */
static bool mp_block_params(struct vg_req *req, u64 *off, u64 *n)
{
	*off = 0;
	return !vg_req_query_u64(req, "offset", 0, U64_MAX, off) &&
	       !vg_req_query_u64(req, "length", 0, U64_MAX, n);
}

/* --- virgo_malloc -------------------------------------------------------------------------- */

size_t mp_malloc_body_max(struct vg_req *req)
{
	return MP_MALLOC_BODY;
}

/* A new block of @size; false: answered */
static bool mp_block_make(struct vg_req *req, u64 size, struct mp_block_id *id)
{
	struct mp_pool *pool = req->data;
	u64 most = READ_ONCE(pool->block_max);
	struct mp_val *v;
	int ret;

	if (!size) {
		vg_problem(req, 400, "mem.bad_request", "a block has at least 1 byte");
		return false;
	}
	if (size > most) {
		vg_problem(req, 413, "mem.too_large", "a block has at most %llu bytes (block_max)",
			   (unsigned long long)most);
		return false;
	}
	v = mp_val_new(pool, size);
	if (!v) {
		mp_full(req, size);
		return false;
	}
	memset(v->data, 0, size);
	id->node = req->node->id;
	ret = mp_block_new(pool, v, id);
	if (!ret) {
		atomic64_inc(&pool->stats.block_ops);
		return true;
	}
	mp_val_drop(v);
	if (ret == -EMFILE)
		vg_problem(req, 507, "mem.no_slot", "this node has no more than %u blocks",
			   1u << (2 * MP_SLOT_BITS));
	else
		mp_full(req, sizeof(struct mp_chunk));
	return false;
}

/* {"size":N} and nothing else */
static int mp_malloc_parse(const struct vg_body *body, u64 *size)
{
	struct vg_jtok tok[MP_MALLOC_TOKENS];
	const struct vg_jtok *root;
	struct vg_json doc;

	if (vg_json_parse(&doc, (const char *)body->data, body->n, tok, MP_MALLOC_TOKENS))
		return -EINVAL;
	root = vg_json_root(&doc);
	if (!vg_json_is(root, VG_JSON_OBJECT) || root->count != 1)
		return -EINVAL;
	return vg_json_u64(&doc, vg_json_get(&doc, root, "size"), size);
}

int mp_malloc(struct vg_req *req)
{
	char text[MP_BLOCK_ID_TEXT], json[128];
	struct mp_block_id id;
	u64 size;
	int n;

	if (!mp_block_may(req))
		return 0;
	if (mp_malloc_parse(&req->body, &size))
		return vg_problem(req, 400, "mem.bad_request", "the body is to be {\"size\":N}");
	if (!mp_block_make(req, size, &id))
		return 0;
	mp_block_id_print(&id, text);
	vg_reply_header(req, "Location", "/v1/blocks/%s", text);
	n = scnprintf(json, sizeof(json), "{\"id\":\"%s\",\"node\":%u,\"size\":%llu}", text,
		      id.node, (unsigned long long)size);
	return vg_reply_bytes(req, 201, "application/json", json, n);
}

int mp_malloc_line(struct vg_req *req)
{
	char text[MP_BLOCK_ID_TEXT];
	struct mp_block_id id;
	u64 size;

	if (!mp_block_may(req))
		return 0;
	if (vg_str_u64(req->arg[0], &size))
		return vg_problem(req, 400, "mem.bad_request",
				  "virgo_cloud_malloc(<size>) takes a number of bytes");
	if (!mp_block_make(req, size, &id))
		return 0;
	return vg_line_reply(req, text, mp_block_id_print(&id, text));
}

/* --- virgo_set ----------------------------------------------------------------------------- */

size_t mp_block_body_max(struct vg_req *req)
{
	struct mp_pool *pool = req->data;

	return READ_ONCE(pool->block_max);
}

/* The body lands at its offset in a value of the whole block's size; run() fills in the rest */
int mp_block_room(struct vg_req *req, size_t need)
{
	struct mp_block_id id;
	struct mp_val *cur;
	u64 off, length = need;
	size_t size;
	int ret;

	cur = mp_block_find(req, req->param[0], &id);
	if (!cur)
		return -ENOENT;
	size = cur->size;
	mp_val_put(cur);
	if (!mp_block_params(req, &off, &length))
		return -EINVAL;
	ret = mp_block_range(req, off, need, size);
	return ret ? ret : mp_room(req, need, off, size);
}

/*
 * @v, of the block's size, has @n new bytes at @off: complete it from what is there and put it in
 * its place. Goes round again when another writer was first.
 */
static int mp_block_write(struct mp_pool *pool, const struct mp_block_id *id, struct mp_val *v,
			  size_t off, size_t n)
{
	size_t tail = off + n;
	struct mp_val *old;
	int ret;

	if (!off && n == v->size)
		return mp_block_swap(pool, id, NULL, v);
	do {
		cond_resched();
		old = mp_block_get(pool, id);
		if (!old)
			return -ENOENT;
		memcpy(v->data, old->data, off);
		memcpy(v->data + tail, old->data + tail, v->size - tail);
		ret = mp_block_swap(pool, id, old, v);
		mp_val_put(old);
	} while (ret == -EAGAIN);
	return ret;
}

int mp_block_put(struct vg_req *req)
{
	struct mp_pool *pool = req->data;
	u64 off, length = req->body.n;
	struct mp_block_id id;
	struct mp_val *cur;
	size_t size;

	cur = mp_block_find(req, req->param[0], &id);
	if (!cur)
		return 0;
	size = cur->size;
	mp_val_put(cur);
	if (!mp_block_params(req, &off, &length) || mp_block_range(req, off, req->body.n, size))
		return 0;
	if (length != req->body.n)
		return vg_problem(req, 400, "mem.bad_request",
				  "length=%llu but the body has %zu bytes",
				  (unsigned long long)length, req->body.n);
	atomic64_inc(&pool->stats.block_ops);
	if (!req->priv)		/* an empty body changes nothing */
		return vg_reply(req, 204);
	if (mp_block_write(pool, &id, req->priv, off, req->body.n))
		return mp_no_block(req, &id);
	mp_room_take(req);
	return vg_reply(req, 204);
}

int mp_block_put_line(struct vg_req *req)
{
	struct vg_str data = req->arg[1];
	struct mp_pool *pool = req->data;
	struct mp_block_id id;
	struct mp_val *cur, *v;
	size_t size;

	cur = mp_block_find(req, req->arg[0], &id);
	if (!cur)
		return 0;
	size = cur->size;
	mp_val_put(cur);
	if (mp_block_range(req, 0, data.n, size))
		return 0;
	v = mp_val_new(pool, size);
	if (!v)
		return mp_full(req, size);
	memcpy(v->data, data.p, data.n);
	memset(v->data + data.n, 0, size - data.n);
	if (mp_block_swap(pool, &id, NULL, v)) {
		mp_val_drop(v);
		return mp_no_block(req, &id);
	}
	atomic64_inc(&pool->stats.block_ops);
	return vg_line_reply(req, "0", 1);
}

/* --- virgo_get ----------------------------------------------------------------------------- */

int mp_block_read(struct vg_req *req)
{
	struct mp_pool *pool = req->data;
	struct mp_block_id id;
	struct vg_str unused;
	struct mp_val *v;
	u64 off, n = 0;

	v = mp_block_find(req, req->param[0], &id);
	if (!v)
		return 0;
	if (!mp_block_params(req, &off, &n))
		goto put;
	if (!vg_req_query(req, "length", &unused))
		n = off < v->size ? v->size - off : 0;
	if (mp_block_range(req, off, n, v->size))
		goto put;
	atomic64_inc(&pool->stats.block_ops);
	return mp_reply_val(req, 200, v, off, n);
put:
	mp_val_put(v);
	return 0;
}

/* The bytes before the zeros at the end; a block may be nothing else, for 256 MiB */
static size_t mp_block_text(const struct mp_val *v)
{
	size_t n = v->size, piece;

	while (n) {
		piece = min_t(size_t, n, MP_ZERO_PIECE);
		if (memchr_inv(v->data + n - piece, 0, piece))
			break;
		n -= piece;
		cond_resched();
	}
	while (n && !v->data[n - 1])
		n--;
	return n;
}

int mp_block_read_line(struct vg_req *req)
{
	struct mp_pool *pool = req->data;
	struct mp_block_id id;
	struct mp_val *v;
	size_t n;

	v = mp_block_find(req, req->arg[0], &id);
	if (!v)
		return 0;
	n = mp_block_text(v);
	if (n > MP_LINE_DATA_MAX)
		vg_problem(req, 413, "mem.too_large",
			   "the block holds %zu bytes, a line at most %d: use GET /v1/blocks", n,
			   MP_LINE_DATA_MAX);
	else if (vg_line_span((const char *)v->data, n) != n)
		vg_problem(req, 409, "mem.not_a_line",
			   "the block holds bytes that a line cannot carry: use GET /v1/blocks");
	else
		vg_line_reply(req, v->data, n);
	mp_val_put(v);
	atomic64_inc(&pool->stats.block_ops);
	return 0;
}

/* --- virgo_free ---------------------------------------------------------------------------- */

/* False: answered */
static bool mp_block_drop(struct vg_req *req, struct vg_str text)
{
	struct mp_pool *pool = req->data;
	struct mp_block_id id;

	if (!mp_block_may(req) || !mp_block_id(req, text, &id))
		return false;
	if (id.node != req->node->id || mp_block_free(pool, &id)) {
		mp_no_block(req, &id);
		return false;
	}
	atomic64_inc(&pool->stats.block_ops);
	return true;
}

int mp_block_delete(struct vg_req *req)
{
	return mp_block_drop(req, req->param[0]) ? vg_reply(req, 204) : 0;
}

int mp_block_delete_line(struct vg_req *req)
{
	return mp_block_drop(req, req->arg[0]) ? vg_line_reply(req, "0", 1) : 0;
}
