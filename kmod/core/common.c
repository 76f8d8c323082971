// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The routes every port has: is it alive, who is it, what has it done. They only read.
 */
#include <linux/ktime.h>
#include <linux/math64.h>

#include "core/clock.h"
#include "core/conn.h"
#include "core/host.h"
#include "core/json.h"
#include "core/node.h"
#include "core/req.h"
#include "core/route.h"
#include "core/values.h"

enum { ANSWER_MAX = 256 << 10 };

static int get_healthz(struct vg_req *req)
{
	return vg_reply_bytes(req, 200, "text/plain; charset=utf-8", "ok\n", 3);
}

/* --- /v1/node ------------------------------------------------------------------------------------- */

static void service_json(const struct vg_svc *svc, struct vg_jw *w)
{
	char text[VG_ADDR_TEXT];
	u32 i;

	vg_jw_obj(w);
	vg_jw_kcstr(w, "name", svc->def->name);
	vg_jw_ku64(w, "port", svc->def->port);
	vg_jw_karr(w, "listen");
	for (i = 0; i < svc->nr_listeners; i++)
		vg_jw_str(w, vg_str(text, vg_addr_print(&svc->listener[i].addr, text)));
	vg_jw_arr_end(w);
	vg_jw_obj_end(w);
}

static void node_json(struct vg_node *node, const struct vg_config *cfg, struct vg_jw *w)
{
	struct host_facts f = { };
	u32 i;

	host_facts(&f);
	vg_jw_obj(w);
	vg_jw_ku64(w, "id", node->id);
	vg_jw_kcstr(w, "cluster", cfg->cluster);
	vg_jw_kcstr(w, "version", VIRGO_VERSION);
	vg_jw_kcstr(w, "kind", f.kind);
	vg_jw_kcstr(w, "release", f.release);
	vg_jw_ku64(w, "cpus", f.cpus);
	vg_jw_ku64(w, "mem_total", f.mem_total);
	vg_jw_ku64(w, "started_ms", node->start_real_s * 1000);
	vg_jw_ku64(w, "uptime_ms", vg_mono_ms() - node->start_mono_ms);
	vg_jw_karr(w, "services");
	mutex_lock(&node->lock);
	for (i = 0; i < node->nr_svcs; i++)
		service_json(node->svc[i], w);
	mutex_unlock(&node->lock);
	vg_jw_arr_end(w);
	vg_jw_obj_end(w);
}

static int get_node(struct vg_req *req)
{
	struct vg_buf buf;
	struct vg_jw w;

	vg_buf_init(&buf, NULL, 0, ANSWER_MAX);
	vg_jw_init(&w, &buf);
	node_json(req->node, req->conn->cfg, &w);
	return vg_reply_json(req, 200, &buf);
}

/* --- /v1/stats --------------------------------------------------------------------------------------- */

static u64 total(const atomic64_t *a)
{
	return atomic64_read(a);
}

static void counters_json(const struct vg_svc *svc, struct vg_jw *w)
{
	static const char *const classes[] = { "lines", "1xx", "2xx", "3xx", "4xx", "5xx" };
	const struct vg_counters *c = &svc->count;
	u32 i;

	vg_jw_ku64(w, "connections", atomic_read(&svc->connections));
	vg_jw_ku64(w, "accepted", total(&c->accepted));
	vg_jw_ku64(w, "requests", total(&c->requests));
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		vg_jw_ku64(w, classes[i], total(&c->status[i]));
	vg_jw_ku64(w, "bytes_in", total(&c->bytes_in));
	vg_jw_ku64(w, "bytes_out", total(&c->bytes_out));
	vg_jw_ku64(w, "timeouts", total(&c->timeouts));
}

static void stats_json(struct vg_node *node, struct vg_jw *w)
{
	struct host_facts f = { };
	u32 i;

	host_facts(&f);
	/* limits change under the lock, all that one reading of the values moves together */
	mutex_lock(&node->lock);
	vg_jw_obj(w);
	vg_jw_ku64(w, "node", node->id);
	vg_jw_ku64(w, "connections", atomic_read(&node->connections));
	vg_jw_ku64(w, "max_connections", READ_ONCE(node->max_connections));
	vg_jw_ku64(w, "refused_limit", total(&node->refused_limit));
	vg_jw_ku64(w, "refused_deny", total(&node->refused_deny));
	vg_jw_ku64(w, "refused_memory", total(&node->refused_memory));
	vg_jw_ku64(w, "answers_bytes", total(&node->answers_bytes));
	vg_jw_ku64(w, "bodies_bytes", total(&node->bodies_bytes));
	vg_jw_ku64(w, "bandwidth_delayed", total(&node->bw_delayed));
	vg_jw_ku64(w, "load1_milli", f.load1_milli);
	vg_jw_ku64(w, "mem_free", f.mem_free);
	vg_jw_kobj(w, "services");
	for (i = 0; i < node->nr_svcs; i++) {
		struct vg_svc *svc = node->svc[i];

		vg_jw_kobj(w, svc->def->name);
		counters_json(svc, w);
		if (svc->def->stats)
			svc->def->stats(svc->data, w);
		vg_jw_obj_end(w);
	}
	mutex_unlock(&node->lock);
	vg_jw_obj_end(w);
	vg_jw_obj_end(w);
}

static int get_stats(struct vg_req *req)
{
	struct vg_buf buf;
	struct vg_jw w;

	vg_buf_init(&buf, NULL, 0, ANSWER_MAX);
	vg_jw_init(&w, &buf);
	stats_json(req->node, &w);
	return vg_reply_json(req, 200, &buf);
}

/* --- /metrics ------------------------------------------------------------------------------------------ */

static void metric(struct vg_buf *out, const char *name, const char *type, const char *help, u64 v)
{
	vg_buf_printf(out, "# HELP virgo_%s %s\n# TYPE virgo_%s %s\nvirgo_%s %llu\n", name, help, name,
		      type, name, (unsigned long long)v);
}

static void service_metric(struct vg_node *node, struct vg_buf *out, const char *name,
			   const char *help, u64 (*get)(const struct vg_svc *svc))
{
	u32 i;

	vg_buf_printf(out, "# HELP virgo_%s %s\n# TYPE virgo_%s counter\n", name, help, name);
	for (i = 0; i < node->nr_svcs; i++)
		vg_buf_printf(out, "virgo_%s{service=\"%s\"} %llu\n", name, node->svc[i]->def->name,
			      (unsigned long long)get(node->svc[i]));
}

static u64 bytes_in(const struct vg_svc *svc)
{
	return total(&svc->count.bytes_in);
}

static u64 bytes_out(const struct vg_svc *svc)
{
	return total(&svc->count.bytes_out);
}

static u64 accepted(const struct vg_svc *svc)
{
	return total(&svc->count.accepted);
}

static u64 timeouts(const struct vg_svc *svc)
{
	return total(&svc->count.timeouts);
}

static void requests_metric(struct vg_node *node, struct vg_buf *out)
{
	static const char *const classes[] = { "line", "1xx", "2xx", "3xx", "4xx", "5xx" };
	u32 i, j;

	vg_buf_puts(out, "# HELP virgo_requests_total Requests answered, by class of status.\n"
		    "# TYPE virgo_requests_total counter\n");
	for (i = 0; i < node->nr_svcs; i++)
		for (j = 0; j < ARRAY_SIZE(classes); j++)
			vg_buf_printf(out, "virgo_requests_total{service=\"%s\",class=\"%s\"} %llu\n",
				      node->svc[i]->def->name, classes[j],
				      (unsigned long long)total(&node->svc[i]->count.status[j]));
}

static void node_metrics(struct vg_node *node, struct vg_buf *out)
{
	vg_buf_printf(out, "# HELP virgo_build_info Version.\n# TYPE virgo_build_info gauge\n"
		      "virgo_build_info{version=\"%s\",node=\"%u\"} 1\n", VIRGO_VERSION, node->id);
	metric(out, "uptime_seconds", "gauge", "Seconds since the node started.",
	       div_u64(vg_mono_ms() - node->start_mono_ms, MSEC_PER_SEC));
	metric(out, "connections", "gauge", "Open connections.", atomic_read(&node->connections));
	metric(out, "connections_max", "gauge", "Limit in force.", READ_ONCE(node->max_connections));
	metric(out, "connections_refused_total", "counter", "Turned away at the limit.",
	       total(&node->refused_limit));
	metric(out, "sources_denied_total", "counter", "Connections refused by DenySources.",
	       total(&node->refused_deny));
	metric(out, "memory_refused_total", "counter", "Requests refused for want of room for body or answer.",
	       total(&node->refused_memory));
	metric(out, "answers_bytes", "gauge", "Long answers that wait for their readers.",
	       total(&node->answers_bytes));
	metric(out, "bodies_bytes", "gauge", "Bodies on their way in, the pool's values apart.",
	       total(&node->bodies_bytes));
	metric(out, "bandwidth_delayed_total", "counter", "Times a connection waited for bandwidth.",
	       total(&node->bw_delayed));
}

static int get_metrics(struct vg_req *req)
{
	struct vg_node *node = req->node;
	struct vg_buf out;
	u32 i;

	vg_buf_init(&out, NULL, 0, ANSWER_MAX);
	mutex_lock(&node->lock);
	node_metrics(node, &out);
	requests_metric(node, &out);
	service_metric(node, &out, "bytes_received_total", "Bytes received.", bytes_in);
	service_metric(node, &out, "bytes_sent_total", "Bytes sent.", bytes_out);
	service_metric(node, &out, "accepted_total", "Connections accepted.", accepted);
	service_metric(node, &out, "timeouts_total", "Connections ended by a time limit.", timeouts);
	vg_auth_metrics(node, &out);
	vg_keyset_metrics(req->conn->keys, &out);
	vg_values_metrics(node->values, &out);
	for (i = 0; i < node->nr_svcs; i++)
		if (node->svc[i]->def->metrics)
			node->svc[i]->def->metrics(node->svc[i]->data, &out);
	mutex_unlock(&node->lock);
	return vg_reply_text(req, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}

const struct vg_route vg_common_routes[] = {
	{ .method = VG_GET, .path = "/healthz", .flags = VG_ROUTE_OPEN, .run = get_healthz },
	{ .method = VG_GET, .path = "/metrics", .rights = VG_READ, .run = get_metrics },
	{ .method = VG_GET, .path = "/v1/node", .rights = VG_READ, .run = get_node },
	{ .method = VG_GET, .path = "/v1/stats", .rights = VG_READ, .run = get_stats },
};
const u32 vg_nr_common_routes = ARRAY_SIZE(vg_common_routes);
