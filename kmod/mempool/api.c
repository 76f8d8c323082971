// SPDX-License-Identifier: GPL-2.0-or-later
/* What the handlers share: keys out of paths, bodies into values, values into answers. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "mempool/api.h"

bool mp_req_key(struct vg_req *req, char buf[MP_KEY_MAX], struct mp_lookup *what)
{
	struct vg_str key = req->param[0];
	int n;

	if (memchr(key.p, '%', key.n)) {
		n = vg_req_decode(key, buf, MP_KEY_MAX);
		key = vg_str(buf, n < 0 ? MP_KEY_MAX + 1 : n);
	}
	if (!key.n || key.n > MP_KEY_MAX || memchr(key.p, '\0', key.n)) {
		vg_problem(req, 400, "mem.bad_key",
			   "a key is 1 to %d bytes after decoding, none of them NUL", MP_KEY_MAX);
		return false;
	}
	mp_hash(req->data, key, what);
	return true;
}

int mp_full(struct vg_req *req, size_t bytes)
{
	struct mp_pool *pool = req->data;

	return vg_problem(req, 507, "mem.full",
			  "no room for %zu bytes: %llu of %llu are used; free some, raise "
			  "mempool_max_bytes or set evict = clock", bytes,
			  (unsigned long long)atomic64_read(&pool->used),
			  (unsigned long long)mp_pool_max(pool));
}

int mp_room(struct vg_req *req, size_t need, size_t skip, size_t least)
{
	struct mp_val *v = req->priv;
	size_t cap = max(skip + need, least);

	if (v && v->cap >= cap)
		return 0;
	if (v) {
		/* a chunked body: core doubles what it asks for */
		v->size = skip + req->body.n;
		v = mp_val_resize(v, cap);
	} else {
		v = mp_val_new(req->data, cap);
	}
	if (!v) {
		mp_full(req, cap);
		return -ENOSPC;
	}
	req->priv = v;
	req->body.data = v->data + skip;
	req->body.cap = v->cap - skip;
	return 0;
}

struct mp_val *mp_room_take(struct vg_req *req)
{
	struct mp_val *v = req->priv;

	req->priv = NULL;
	req->body.data = NULL;
	req->body.cap = 0;
	return v;
}

void mp_room_drop(struct vg_req *req)
{
	mp_val_drop(mp_room_take(req));
}

int mp_reply_val(struct vg_req *req, u16 status, struct mp_val *v, u64 off, u64 n)
{
	return vg_reply_ref(req, status, "application/octet-stream", v->data + off, n,
			    mp_val_put_obj, v);
}
