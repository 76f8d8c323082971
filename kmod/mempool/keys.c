// SPDX-License-Identifier: GPL-2.0-or-later
/* PUT, GET, DELETE and incr of one key. */
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "core/cond.h"
#include "core/json.h"
#include "mempool/api.h"

/* a conditional change and what it found */
struct mp_cond {
	struct vg_req *req;
	bool found;
	u64 version;
};

/* what -errno of a change means to the client */
static int mp_key_problem(struct vg_req *req, const struct mp_lookup *what, int err,
			  const struct mp_cond *cond, size_t bytes)
{
	char key[80];

	vg_printable(what->key.p, what->key.n, key, sizeof(key));
	switch (err) {
	case -ENOSPC:
		return mp_full(req, bytes);
	case -ENOENT:
		return vg_problem(req, 404, "mem.not_found", "no key \"%s\"", key);
	case -ECANCELED:
		if (!cond->found)
			return vg_problem(req, 412, "mem.precondition", "there is no key \"%s\"",
					  key);
		return vg_problem(req, 412, "mem.precondition", "key \"%s\" is at version %llu",
				  key, (unsigned long long)cond->version);
	case -EDOM:
		return vg_problem(req, 409, "mem.not_a_number",
				  "the value of \"%s\" is no decimal 64-bit integer", key);
	case -EOVERFLOW:
		return vg_problem(req, 409, "mem.overflow",
				  "adding that to \"%s\" would leave 64 bits", key);
	default:
		return err;
	}
}

/* Are the headers well-formed? Asked before anything is locked. False: answered. */
static bool mp_cond_valid(struct vg_req *req)
{
	return vg_req_etag_match(req, VG_H_IF_MATCH, 0, false) != -EINVAL &&
	       vg_req_etag_match(req, VG_H_IF_NONE_MATCH, 0, false) != -EINVAL;
}

/* 0 or -ECANCELED */
static int mp_cond_check(struct mp_cond *cond, const struct mp_val *cur)
{
	cond->found = cur;
	cond->version = cur ? cur->version : 0;
	if (vg_req_etag_match(cond->req, VG_H_IF_MATCH, cond->version, cond->found) == 0 ||
	    vg_req_etag_match(cond->req, VG_H_IF_NONE_MATCH, cond->version, cond->found) == 1)
		return -ECANCELED;
	return 0;
}

static int mp_cond_decide(void *ctx, const struct mp_val *cur, struct mp_val *v)
{
	return mp_cond_check(ctx, cur);
}

size_t mp_key_body_max(struct vg_req *req)
{
	struct mp_pool *pool = req->data;

	return READ_ONCE(pool->value_max);
}

int mp_key_room(struct vg_req *req, size_t need)
{
	return mp_room(req, need, 0, 0);
}

/* The value the body was received into, without much slack; NULL: answered */
static struct mp_val *mp_key_body(struct vg_req *req)
{
	struct mp_val *v = req->priv, *fit;

	if (!v && mp_room(req, 0, 0, 0))
		return NULL;
	v = req->priv;
	v->size = req->body.n;
	if (v->cap - v->size > v->size / 4 + 256) {
		fit = mp_val_resize(v, v->size);
		if (fit)
			req->priv = fit;
	}
	return req->priv;
}

int mp_key_put(struct vg_req *req)
{
	struct mp_cond cond = { .req = req };
	struct mp_pool *pool = req->data;
	char buf[MP_KEY_MAX];
	struct mp_lookup what;
	struct mp_val *v;
	u64 ttl = 0, version;
	int ret;

	if (!mp_req_key(req, buf, &what) || !mp_cond_valid(req) ||
	    vg_req_query_u64(req, "ttl_ms", 1, MP_TTL_MAX_MS, &ttl))
		return 0;
	v = mp_key_body(req);
	if (!v)
		return 0;
	v->expires_ms = ttl ? vg_now_ms() + ttl : 0;
	ret = mp_update(pool, &what, v, mp_cond_decide, &cond, &version);
	if (ret)
		return mp_key_problem(req, &what, ret, &cond, v->size);
	mp_room_take(req);
	atomic64_inc(&pool->stats.sets);
	vg_reply_etag(req, version);
	return vg_reply(req, cond.found ? 204 : 201);
}

/* a value as a reader holds it: small ones copied, others by reference */
struct mp_view {
	bool found;
	u64 version;
	u64 size;
	struct mp_val *ref;
	u8 copy[MP_COPY];
};

static void mp_view_open(struct vg_req *req, const struct mp_lookup *what, struct mp_view *view)
{
	struct mp_val *v;

	rcu_read_lock();
	do {
		v = mp_peek(req->data, what, (unsigned long)req->conn >> 8);
		view->found = v;
		view->ref = NULL;
		if (!v)
			break;
		view->version = v->version;
		view->size = v->size;
		if (v->size <= MP_COPY) {
			memcpy(view->copy, v->data, v->size);
			break;
		}
		view->ref = v;
		/* a failure means that the key has moved on already */
	} while (!mp_val_get(v));
	rcu_read_unlock();
}

static int mp_view_reply(struct vg_req *req, u16 status, const struct mp_view *view, u64 off, u64 n)
{
	if (view->ref)
		return mp_reply_val(req, status, view->ref, off, n);
	return vg_reply_bytes(req, status, "application/octet-stream", view->copy + off, n);
}

/* Preconditions and range of a read. True: answered. */
static bool mp_view_conditions(struct vg_req *req, const struct mp_view *view)
{
	int match = vg_req_etag_match(req, VG_H_IF_MATCH, view->version, true);
	int none = match == -EINVAL ? match :
		   vg_req_etag_match(req, VG_H_IF_NONE_MATCH, view->version, true);

	if (match == -EINVAL || none == -EINVAL)
		return true;
	if (!match) {
		vg_problem(req, 412, "mem.precondition", "the key is at version %llu",
			   (unsigned long long)view->version);
		return true;
	}
	if (none == 1) {
		vg_reply(req, 304);
		return true;
	}
	return false;
}

int mp_key_get(struct vg_req *req)
{
	struct mp_view view VG_UNZEROED;
	char buf[MP_KEY_MAX] VG_UNZEROED;
	struct mp_lookup what;
	u64 off, n;
	int status;

	if (!mp_req_key(req, buf, &what))
		return 0;
	mp_view_open(req, &what, &view);
	if (!view.found)
		return mp_key_problem(req, &what, -ENOENT, NULL, 0);
	vg_reply_etag(req, view.version);
	if (mp_view_conditions(req, &view))
		goto put;
	status = vg_req_range(req, view.version, view.size, &off, &n);
	if (status == 416)
		goto put;
	return mp_view_reply(req, status, &view, off, n);
put:
	mp_val_put(view.ref);
	return 0;
}

int mp_key_delete(struct vg_req *req)
{
	struct mp_cond cond = { .req = req };
	struct mp_pool *pool = req->data;
	char buf[MP_KEY_MAX];
	struct mp_lookup what;
	int ret;

	if (!mp_req_key(req, buf, &what) || !mp_cond_valid(req))
		return 0;
	ret = mp_delete(pool, &what, mp_cond_decide, &cond);
	/* what is not there is not there, as GET says, whatever was expected of it */
	if (ret == -ECANCELED && !cond.found)
		ret = -ENOENT;
	if (ret)
		return mp_key_problem(req, &what, ret, &cond, 0);
	atomic64_inc(&pool->stats.deletes);
	return vg_reply(req, 204);
}

struct mp_incr {
	struct mp_cond cond;
	s64 by;
	s64 value;
};

enum { MP_S64_TEXT = 21 };	/* "-9223372036854775808" and a NUL */

static int mp_parse_s64(struct vg_str s, s64 *out)
{
	bool minus = s.n && s.p[0] == '-';
	u64 v;

	if (vg_str_u64(minus ? vg_str_sub(s, 1, s.n) : s, &v) || v > (u64)S64_MAX + minus)
		return -EDOM;
	*out = minus ? (s64)(0 - v) : (s64)v;
	return 0;
}

static int mp_incr_decide(void *ctx, const struct mp_val *cur, struct mp_val *v)
{
	struct mp_incr *incr = ctx;
	int ret = mp_cond_check(&incr->cond, cur);
	s64 old = 0;

	if (ret)
		return ret;
	if (cur && mp_parse_s64(vg_str((const char *)cur->data, cur->size), &old))
		return -EDOM;
	if (check_add_overflow(old, incr->by, &incr->value))
		return -EOVERFLOW;
	v->size = scnprintf((char *)v->data, v->cap, "%lld", (long long)incr->value);
	v->expires_ms = cur ? cur->expires_ms : 0;
	return 0;
}

int mp_key_incr(struct vg_req *req)
{
	struct mp_incr incr = { .cond = { .req = req }, .by = 1 };
	struct mp_pool *pool = req->data;
	char buf[MP_KEY_MAX], text[64];
	struct mp_lookup what;
	struct mp_val *v;
	u64 version;
	int ret;

	if (!mp_req_key(req, buf, &what) || !mp_cond_valid(req) ||
	    vg_req_query_s64(req, "by", &incr.by))
		return 0;
	v = mp_val_new(pool, MP_S64_TEXT);
	if (!v)
		return mp_full(req, MP_S64_TEXT);
	ret = mp_update(pool, &what, v, mp_incr_decide, &incr, &version);
	if (ret) {
		mp_val_drop(v);
		return mp_key_problem(req, &what, ret, &incr.cond, MP_S64_TEXT);
	}
	atomic64_inc(&pool->stats.incrs);
	vg_reply_etag(req, version);
	ret = scnprintf(text, sizeof(text), "{\"value\":%lld}", (long long)incr.value);
	return vg_reply_bytes(req, 200, "application/json", text, ret);
}
