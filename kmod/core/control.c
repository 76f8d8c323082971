// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control service: what this node runs with, what it has learnt, and the registry of other nodes' load.
 * Reloads read files, so they are done off the connection's worker and answered when done.
 */
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "core/conn.h"
#include "core/json.h"
#include "core/load_push.h"
#include "core/node.h"
#include "core/registry.h"
#include "core/req.h"
#include "core/values.h"

enum { ANSWER_MAX = 512 << 10 };

static int get_config(struct vg_req *req)
{
	struct vg_buf buf;
	struct vg_jw w;

	vg_buf_init(&buf, NULL, 0, ANSWER_MAX);
	vg_jw_init(&w, &buf);
	vg_jw_obj(&w);
	vg_jw_kcstr(&w, "file", req->node->conf_path);
	vg_jw_kobj(&w, "settings");
	vg_config_json(req->conn->cfg, &w);
	vg_jw_obj_end(&w);
	vg_jw_obj_end(&w);
	return vg_reply_json(req, 200, &buf);
}

static int get_analytics(struct vg_req *req)
{
	struct vg_buf buf;
	struct vg_jw w;

	vg_buf_init(&buf, NULL, 0, ANSWER_MAX);
	vg_jw_init(&w, &buf);
	mutex_lock(&req->node->lock);
	vg_values_json(req->node->values, &w);
	mutex_unlock(&req->node->lock);
	return vg_reply_json(req, 200, &buf);
}

/* --- reloads ------------------------------------------------------------------------------------------ */

struct reload {
	struct work_struct work;
	struct vg_req *req;
	bool values;		/* of the values, else of the configuration */
	enum vg_reload how;
	bool dry;
	struct vg_buf doc;
	int ret;
	char msg[512];
};

static int reload_answer(struct vg_req *req)
{
	struct reload *r = req->priv;

	if (r->ret == -ENOMEM)
		return vg_problem(req, 503, "node.no_memory", "out of memory: nothing was changed");
	if (r->ret == -EOPNOTSUPP && r->values)
		return vg_problem(req, 409, "analytics.off", "%s: what was in force stays", r->msg);
	/* no values file is a state of its own: everything is back to the administrator's settings */
	if (r->ret && !(r->ret == -ENOENT && r->values))
		return vg_problem(req, 409, r->values ? "analytics.invalid" : "config.invalid",
				  "%s: what was in force stays", r->msg);
	return r->values ? vg_reply_json(req, 200, &r->doc) : vg_reply(req, 204);
}

static void reload_work(struct work_struct *work)
{
	struct reload *r = container_of(work, struct reload, work);
	struct vg_node *node = r->req->node;

	if (r->values)
		r->ret = vg_node_reload_values(node, r->how, r->dry, &r->doc, r->msg, sizeof(r->msg));
	else
		r->ret = vg_node_reload(node, r->msg, sizeof(r->msg));
	vg_req_finish(r->req, reload_answer);
}

static int reload(struct vg_req *req, bool values, enum vg_reload how, bool dry)
{
	struct reload *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	INIT_WORK(&r->work, reload_work);
	vg_buf_init(&r->doc, NULL, 0, ANSWER_MAX);
	r->req = req;
	r->values = values;
	r->how = how;
	r->dry = dry;
	req->priv = r;
	queue_work(req->node->wq, &r->work);
	return VG_PENDING;
}

/* The finish function has run: nothing touches the work item any more. */
static void drop_reload(struct vg_req *req)
{
	struct reload *r = req->priv;

	if (!r)
		return;
	flush_work(&r->work);
	vg_buf_free(&r->doc);
	kfree(r);
	req->priv = NULL;
}

static int post_config_reload(struct vg_req *req)
{
	return reload(req, false, VG_RELOAD_AS_SET, false);
}

static const char *const analytics_query[] = { "dry_run", "mode", NULL };

static int post_analytics_reload(struct vg_req *req)
{
	enum vg_reload how = VG_RELOAD_AS_SET;
	struct vg_str mode;
	u64 dry = 0;

	if (vg_req_query_u64(req, "dry_run", 0, 1, &dry))
		return 0;
	if (vg_req_query(req, "mode", &mode)) {
		if (vg_str_is(mode, "shadow"))
			how = VG_RELOAD_SHADOW;
		else if (vg_str_is(mode, "apply"))
			how = VG_RELOAD_APPLY;
		else
			return vg_problem(req, 400, "http.query_value", "mode is shadow or apply");
	}
	/* what was read anew stays so, whatever becomes of the answer */
	if (!vg_reply_room(req))
		return 0;
	return reload(req, true, how, dry);
}

/* --- the registry of load ------------------------------------------------------------------------------ */

struct control {
	struct vg_registry *registry;
	struct vg_load_push *push;
};

static int get_loads(struct vg_req *req)
{
	struct control *c = req->data;

	return vg_registry_get_loads(c->registry, req);
}

static int put_load(struct vg_req *req)
{
	struct control *c = req->data;

	return vg_registry_put_load(c->registry, req);
}

static const struct vg_route routes[] = {
	{ .method = VG_GET, .path = "/v1/config", .rights = VG_READ, .run = get_config },
	{ .method = VG_POST, .path = "/v1/config/reload", .rights = VG_ADMIN,
	  .run = post_config_reload, .drop = drop_reload },
	{ .method = VG_GET, .path = "/v1/analytics", .rights = VG_READ, .run = get_analytics },
	{ .method = VG_POST, .path = "/v1/analytics/reload", .query = analytics_query, .rights = VG_ADMIN,
	  .run = post_analytics_reload, .drop = drop_reload },
	{ .method = VG_GET, .path = "/v1/loads", .rights = VG_READ, .run = get_loads },
	{ .method = VG_PUT, .path = "/v1/loads/{id}", .query = vg_registry_query, .rights = VG_WRITE,
	  .body_max = vg_registry_body_max, .run = put_load },
};

/* --- life ---------------------------------------------------------------------------------------------- */

static int start(struct vg_node *node, void **data)
{
	struct control *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int ret;

	if (!c)
		return -ENOMEM;
	ret = vg_registry_new(&c->registry);
	if (ret)
		goto err_free;
	ret = vg_load_push_new(node, &c->push);
	if (ret)
		goto err_registry;
	*data = c;
	return 0;

err_registry:
	vg_registry_free(c->registry);
err_free:
	kfree(c);
	return ret;
}

static void stop(void *data)
{
	struct control *c = data;

	vg_load_push_free(c->push);
	vg_registry_free(c->registry);
	kfree(c);
}

static void tick(void *data, u64 now_ms)
{
	struct control *c = data;

	vg_registry_tick(c->registry, now_ms);
	vg_load_push_tick(c->push, now_ms);
}

static void stats(void *data, struct vg_jw *w)
{
	struct control *c = data;

	vg_jw_ku64(w, "loads", vg_registry_count(c->registry));
}

static void metrics(void *data, struct vg_buf *out)
{
	struct control *c = data;

	vg_buf_printf(out, "# HELP virgo_registry_nodes Nodes whose load this node knows.\n"
		      "# TYPE virgo_registry_nodes gauge\nvirgo_registry_nodes %u\n",
		      vg_registry_count(c->registry));
}

const struct vg_service vg_control_service = {
	.name = "control",
	.port = 40000,
	.routes = routes,
	.nr_routes = ARRAY_SIZE(routes),
	.start = start,
	.stop = stop,
	.tick = tick,
	.stats = stats,
	.metrics = metrics,
};
