// SPDX-License-Identifier: GPL-2.0-or-later
/* The registry of load. See registry.h. Must never hold more than VG_REGISTRY_MAX entries, or one without end. */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/conn.h"
#include "core/ledger.h"
#include "core/node.h"
#include "core/registry.h"
#include "core/req.h"

enum { ANSWER_MAX = VG_REGISTRY_MAX * 384 };

struct entry {
	struct list_head link;
	struct vg_lease lease;
	u64 seen_ms, until_ms;
};

struct vg_registry {
	struct mutex lock;
	struct list_head entries;	/* by node, ascending */
	u32 n;
};

int vg_registry_new(struct vg_registry **out)
{
	struct vg_registry *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	INIT_LIST_HEAD(&r->entries);
	*out = r;
	return 0;
}

static void entry_free(struct vg_registry *r, struct entry *e)
{
	list_del(&e->link);
	r->n--;
	kfree(e);
	vg_gone(VG_L_LOADS);
}

void vg_registry_tick(struct vg_registry *r, u64 now_ms)
{
	struct entry *e, *tmp;

	mutex_lock(&r->lock);
	list_for_each_entry_safe(e, tmp, &r->entries, link)
		if (now_ms >= e->until_ms)
			entry_free(r, e);
	mutex_unlock(&r->lock);
}

void vg_registry_free(struct vg_registry *r)
{
	if (!r)
		return;
	vg_registry_tick(r, U64_MAX);
	mutex_destroy(&r->lock);
	kfree(r);
}

u32 vg_registry_count(struct vg_registry *r)
{
	u32 n;

	mutex_lock(&r->lock);
	n = r->n;
	mutex_unlock(&r->lock);
	return n;
}

/* Where node @id stands: its entry, or the first one behind its place (maybe the head itself). */
static struct list_head *place_of(struct vg_registry *r, u32 id)
{
	struct entry *e;

	list_for_each_entry(e, &r->entries, link)
		if (e->lease.load.node >= id)
			return &e->link;
	return &r->entries;
}

static struct entry *entry_new(struct vg_registry *r, struct list_head *before)
{
	struct entry *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return NULL;
	list_add_tail(&e->link, before);
	r->n++;
	vg_made(VG_L_LOADS);
	return e;
}

int vg_registry_put(struct vg_registry *r, const struct vg_lease *lease, u64 ttl_ms, u64 now_ms)
{
	struct list_head *at;
	struct entry *e = NULL;
	int ret = 0;

	mutex_lock(&r->lock);
	at = place_of(r, lease->load.node);
	if (at != &r->entries)
		e = list_entry(at, struct entry, link);
	if (!e || e->lease.load.node != lease->load.node) {
		ret = r->n >= VG_REGISTRY_MAX ? -ENOSPC : 1;
		e = ret > 0 ? entry_new(r, at) : NULL;
		if (!e && ret > 0)
			ret = -ENOMEM;
	}
	if (e) {
		e->lease = *lease;
		e->seen_ms = now_ms;
		e->until_ms = now_ms + ttl_ms;
	}
	mutex_unlock(&r->lock);
	return ret;
}

static void entry_json(const struct entry *e, u64 now_ms, struct vg_jw *w)
{
	char text[VG_ADDR_TEXT];

	vg_jw_obj(w);
	vg_load_json(&e->lease.load, w);
	vg_jw_kstr(w, "address", vg_str(text, vg_addr_print(&e->lease.addr, text)));
	vg_jw_ku64(w, "age_ms", now_ms > e->seen_ms ? now_ms - e->seen_ms : 0);
	vg_jw_obj_end(w);
}

void vg_registry_json(struct vg_registry *r, u64 now_ms, struct vg_jw *w)
{
	struct entry *e;

	vg_jw_obj(w);
	vg_jw_karr(w, "loads");
	mutex_lock(&r->lock);
	list_for_each_entry(e, &r->entries, link)
		if (now_ms < e->until_ms)
			entry_json(e, now_ms, w);
	mutex_unlock(&r->lock);
	vg_jw_arr_end(w);
	vg_jw_obj_end(w);
}

/* --- requests --------------------------------------------------------------------------------- */

const char *const vg_registry_query[] = { "ttl_ms", NULL };

size_t vg_registry_body_max(struct vg_req *req)
{
	return VG_LOAD_BYTES;
}

/* The lease in the request; false: answered, or (*@ret) no memory */
static bool take_lease(struct vg_req *req, struct vg_lease *lease, int *ret)
{
	struct vg_jtok *toks;
	const char *why = "";
	struct vg_json doc;
	u64 id;

	*ret = 0;
	if (vg_str_u64(req->param[0], &id) || !id || id > U32_MAX) {
		char shown[48];

		vg_problem(req, 400, "registry.bad_load", "\"%s\" is no node's number",
			   vg_printable(req->param[0].p, req->param[0].n, shown, sizeof(shown)));
		return false;
	}
	toks = kmalloc_array(VG_LOAD_TOKENS, sizeof(*toks), GFP_KERNEL);
	*ret = toks ? 0 : -ENOMEM;
	if (toks && vg_lease_read(&doc, (const char *)req->body.data, req->body.n, toks,
				  VG_LOAD_TOKENS, id, lease, &why)) {
		vg_problem(req, 400, "registry.bad_load", "the body is no load: %s", why);
		kfree(toks);
		return false;
	}
	kfree(toks);
	return toks;
}

int vg_registry_put_load(struct vg_registry *r, struct vg_req *req)
{
	u64 ttl_ms = VG_REGISTRY_TTL_MS;
	struct vg_lease lease;
	int ret;

	if (vg_req_query_u64(req, "ttl_ms", VG_REGISTRY_TTL_MIN_MS, VG_REGISTRY_TTL_MAX_MS, &ttl_ms))
		return 0;
	if (!take_lease(req, &lease, &ret))
		return ret;
	if (!lease.addr.family) {
		lease.addr = req->conn->peer;
		lease.addr.port = 0;
	}
	ret = vg_registry_put(r, &lease, ttl_ms, vg_now_ms());
	if (ret == -ENOSPC)
		return vg_problem(req, 507, "registry.full", "%d nodes are there already", VG_REGISTRY_MAX);
	return ret < 0 ? ret : vg_reply(req, ret ? 201 : 204);
}

int vg_registry_get_loads(struct vg_registry *r, struct vg_req *req)
{
	struct vg_buf buf;
	struct vg_jw w;

	vg_buf_init(&buf, NULL, 0, ANSWER_MAX);
	vg_jw_init(&w, &buf);
	vg_registry_json(r, vg_now_ms(), &w);
	return vg_reply_json(req, 200, &buf);
}
