// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GET /v1/mem: keys in byte order, a page at a time.
 *
 *	{"keys":[{"key":"a","size":3,"version":"7","ttl_ms":900}],"next":"a"}
 *
 * ttl_ms is null for a key that does not expire; next is the value of "after" for the next page,
 * null behind the last one. A key that is not UTF-8 comes as "key_raw", percent-encoded, and so
 * does "next_raw". A page is no snapshot: keys that come and go meanwhile may or may not be in it.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/auth.h"
#include "core/json.h"
#include "core/target.h"
#include "core/utf8.h"
#include "mempool/api.h"

enum {
	MP_ROWS = 16,			/* copied out of each read section */
	MP_ROW_BYTES = 6 * MP_KEY_MAX + 128,	/* longest row as JSON */
};

struct mp_row {
	u64 version;
	u64 size;
	u64 expires_ms;
	u32 key_n;
	char key[MP_KEY_MAX];
};

/* where a listing stands */
struct mp_walk {
	struct vg_req *req;
	struct vg_str prefix;
	char prefix_buf[MP_KEY_MAX];
	char at[MP_KEY_MAX];		/* the last key looked at */
	size_t at_n;
	bool after;			/* go on behind it, not at it */
	bool end;
	u32 nr;
	struct mp_row row[MP_ROWS];
	char text[3 * MP_KEY_MAX];	/* scratch: too large for the stack */
};

/* The walk goes on at @key, or behind it */
static void mp_walk_to(struct mp_walk *w, struct vg_str key, bool after)
{
	memcpy(w->at, key.p, key.n);
	w->at_n = key.n;
	w->after = after;
}

/*
 * @key is none of the requester's: its names begin with one of its prefixes. Go on at the first of
 * these that lies ahead; keys in between are not looked at, however many there are.
 */
static bool mp_walk_skip(struct mp_walk *w, struct vg_str key)
{
	const struct vg_key *who = w->req->key;
	struct vg_str next = {};
	u32 i;

	for (i = 0; i < who->nr_prefixes; i++) {
		if (vg_str_cmp(who->prefix[i], key) > 0 && who->prefix[i].n <= MP_KEY_MAX &&
		    (!next.p || vg_str_cmp(who->prefix[i], next) < 0))
			next = who->prefix[i];
	}
	if (next.p)
		mp_walk_to(w, next, false);
	return next.p;
}

/* Copy what the answer needs of one key. In rcu_read_lock(). */
static void mp_row_fill(struct mp_row *row, struct vg_str key, const struct mp_val *v)
{
	row->version = v->version;
	row->size = v->size;
	row->expires_ms = v->expires_ms;
	row->key_n = key.n;
	memcpy(row->key, key.p, key.n);
}

/* Fill up to @max rows. Nothing in here may sleep. */
static void mp_walk_rows(struct mp_walk *w, u32 max, u64 now_ms)
{
	struct mp_pool *pool = w->req->data;
	struct mp_skip_node *n;
	struct vg_str key;
	struct mp_val *v;
	u32 looked = 0;

	w->nr = 0;
	rcu_read_lock();
	n = mp_skip_seek(&pool->index, vg_str(w->at, w->at_n), w->after);
	while (n && w->nr < max && looked++ < MP_BUDGET) {
		key = mp_skip_key(n);
		if (!vg_str_starts(key, w->prefix))
			break;
		if (!vg_req_may(w->req, VG_READ, key.p, key.n)) {
			if (!mp_walk_skip(w, key)) {
				n = NULL;
				break;
			}
			n = mp_skip_seek(&pool->index, vg_str(w->at, w->at_n), w->after);
			continue;
		}
		v = mp_entry_read(container_of(n, struct mp_entry, skip), now_ms);
		if (v)
			mp_row_fill(&w->row[w->nr++], key, v);
		mp_walk_to(w, key, true);
		n = mp_skip_next(n);
	}
	/* no page more for a key that would not be on it */
	w->end = !n || !vg_str_starts(mp_skip_key(n), w->prefix);
	rcu_read_unlock();
}

/* "key":"text", or "key_raw":"percent-encoded" for what is not text */
static void mp_write_key(struct mp_walk *w, struct vg_jw *json, const char *name,
			 const char *raw_name, struct vg_str key)
{
	struct vg_buf b;

	if (vg_utf8_valid(key.p, key.n)) {
		vg_jw_kstr(json, name, key);
		return;
	}
	vg_buf_init(&b, w->text, sizeof(w->text), sizeof(w->text));
	vg_pct_encode(&b, key, false);
	vg_jw_kstr(json, raw_name, vg_buf_view(&b));
}

static void mp_write_row(struct mp_walk *w, struct vg_jw *json, const struct mp_row *row,
			 u64 now_ms)
{
	vg_jw_obj(json);
	mp_write_key(w, json, "key", "key_raw", vg_str(row->key, row->key_n));
	vg_jw_ku64(json, "size", row->size);
	vg_jw_kid(json, "version", row->version);
	vg_jw_key(json, "ttl_ms");
	if (row->expires_ms)
		vg_jw_u64(json, row->expires_ms - now_ms);
	else
		vg_jw_null(json);
	vg_jw_obj_end(json);
}

static void mp_list_write(struct mp_walk *w, u64 limit, struct vg_buf *out)
{
	u64 now_ms = vg_now_ms();
	struct vg_str last = {};
	struct vg_jw json;
	u32 i;

	vg_jw_init(&json, out);
	vg_jw_obj(&json);
	vg_jw_karr(&json, "keys");
	while (limit && !w->end && !out->err) {
		mp_walk_rows(w, min_t(u64, limit, MP_ROWS), now_ms);
		for (i = 0; i < w->nr; i++)
			mp_write_row(w, &json, &w->row[i], now_ms);
		limit -= w->nr;
		if (w->nr)
			last = vg_str(w->row[w->nr - 1].key, w->row[w->nr - 1].key_n);
	}
	vg_jw_arr_end(&json);
	if (w->end || !last.n) {
		vg_jw_key(&json, "next");
		vg_jw_null(&json);
	} else {
		mp_write_key(w, &json, "next", "next_raw", last);
	}
	vg_jw_obj_end(&json);
}

static ssize_t mp_unhex(struct vg_str hex, char *out, size_t cap)
{
	size_t i;

	if (hex.n % 2)
		return -EINVAL;
	if (hex.n / 2 > cap)
		return -ENAMETOOLONG;
	for (i = 0; i < hex.n / 2; i++) {
		int hi = vg_hex_val(hex.p[2 * i]), lo = vg_hex_val(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		out[i] = hi << 4 | lo;
	}
	return i;
}

/*
 * A parameter that is a key or the beginning of one, as text (@name) or in hexadecimal (@hex_name), which
 * can say what no query may hold: a "+". False: answered.
 */
static bool mp_list_param(struct vg_req *req, const char *name, const char *hex_name,
			  char out[MP_KEY_MAX], size_t *n)
{
	struct vg_str value, hex;
	bool text = vg_req_query(req, name, &value);
	ssize_t ret = 0;

	if (vg_req_query(req, hex_name, &hex)) {
		ret = text ? -EEXIST : mp_unhex(hex, out, MP_KEY_MAX);
		name = hex_name;
	} else if (text) {
		ret = vg_req_decode(value, out, MP_KEY_MAX);
	}
	*n = max_t(ssize_t, ret, 0);
	if (ret >= 0)
		return true;
	if (ret == -EEXIST)
		vg_problem(req, 400, "mem.bad_key", "%s says the same as its plain form: give one of them",
			   name);
	else if (ret == -EINVAL)
		vg_problem(req, 400, "mem.bad_key", "%s is not pairs of hexadecimal digits", name);
	else
		vg_problem(req, 400, "mem.bad_key", "%s is longer than a key's %d bytes", name,
			   MP_KEY_MAX);
	return false;
}

int mp_list(struct vg_req *req)
{
	struct mp_pool *pool = req->data;
	u64 limit = MP_LIST_DEFAULT;
	struct vg_buf out;
	struct mp_walk *w;
	size_t n;
	int ret = 0;

	if (vg_req_query_u64(req, "limit", 1, MP_LIST_MAX, &limit))
		return 0;
	w = kvmalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	w->req = req;
	w->end = false;
	if (!mp_list_param(req, "after", "after_hex", w->at, &w->at_n) ||
	    !mp_list_param(req, "prefix", "prefix_hex", w->prefix_buf, &n))
		goto free;
	w->after = w->at_n;
	w->prefix = vg_str(w->prefix_buf, n);
	if (vg_str_cmp(w->prefix, vg_str(w->at, w->at_n)) > 0)
		mp_walk_to(w, w->prefix, false);
	vg_buf_init(&out, NULL, 0, (size_t)(limit + 1) * MP_ROW_BYTES);
	mp_list_write(w, limit, &out);
	atomic64_inc(&pool->stats.lists);
	ret = vg_reply_json(req, 200, &out);
free:
	kvfree(w);
	return ret;
}
