/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a service declares: its routes, its one-line commands, its life cycle. Core dispatches
 * both languages from this one table; a service never calls another service, it asks core.
 */
#ifndef VG_CORE_SERVICE_H
#define VG_CORE_SERVICE_H

#include <linux/types.h>

#include "core/buf.h"
#include "core/str.h"

struct module;
struct vg_jw;
struct vg_load;
struct vg_node;
struct vg_req;

enum vg_method {
	VG_GET,
	VG_HEAD,	/* matched as GET; the answer's body is left out by core */
	VG_PUT,
	VG_POST,
	VG_DELETE,
	VG_METHODS,
};

/* rights of a key */
enum {
	VG_READ		= 1 << 0,
	VG_WRITE	= 1 << 1,
	VG_EXEC		= 1 << 2,
	VG_ADMIN	= 1 << 3,
};

/* route flags */
enum {
	VG_ROUTE_OPEN	= 1 << 0,	/* no signature asked for (/healthz alone) */
	VG_ROUTE_PREFIX	= 1 << 1,	/* the first path parameter falls under a key's prefixes */
};

enum { VG_PENDING = 1 };	/* a handler's answer comes later: see vg_req_finish() */

/* what happens to a pending request */
enum vg_event {
	VG_EVENT_GONE,	/* the peer closed or broke the connection, or the node drops it; told once */
	VG_EVENT_ROOM,	/* a streamed answer may go on */
};

/*
 * One operation, in both languages.
 *
 * @path: "/v1/mem/{key}/incr"; "{x}" matches one segment, which arrives undecoded in
 *	vg_req.param[] in order.
 * @query: query keys the route understands, NULL-terminated; any other is 400.
 * @body_max: largest body, 0 for none (413 above; a body where none is expected is 400).
 *	Called with the request's head parsed, perhaps before it is known who asks; NULL means no
 *	body.
 * @room: optional. Make req->body able to hold @need bytes (never above body_max). Called once
 *	for a Content-Length body and as it grows for a chunked one, before any effect may be
 *	seen. It is known who asks: a body that is signed without its hash in the head is received
 *	elsewhere first, and room() is called once it fits its signature. Default: a kvmalloc'd
 *	buffer that core frees.
 * @run: head and body are complete, signed, verified and not a replay: do it and answer.
 *	Returns 0 when answered, VG_PENDING, or -errno (answered as 500 or 503 by core).
 * @drop: optional. The request ends without or after @run: free what @room or @run left in
 *	req->body and req->priv. Always called once if @room or @run was.
 * @event: optional. Something happened to the request while it is pending: on the connection's worker, returns as a
 *	finish function does. Without it a peer that leaves is noticed when the answer is there.
 * @line: the one-line command's name, or NULL. @line_args: how many comma-separated arguments
 *	it takes in parentheses; the last one extends to the closing parenthesis. -1: the whole
 *	line is the argument.
 * @run_line: as @run, with the arguments in req->arg[]; answers with vg_line_*().
 */
struct vg_route {
	enum vg_method method;
	const char *path;
	const char *const *query;
	u32 rights;
	u32 flags;
	size_t (*body_max)(struct vg_req *req);
	int (*room)(struct vg_req *req, size_t need);
	int (*run)(struct vg_req *req);
	void (*drop)(struct vg_req *req);
	int (*event)(struct vg_req *req, enum vg_event event);
	const char *line;
	int line_args;
	int (*run_line)(struct vg_req *req);
};

/*
 * @start: once per node, before the service listens; *@data is handed back in every request.
 * @stop: after the last connection of the service is gone. Must free everything.
 * @tick: every VG_TICK_MS, may sleep; never runs beside itself. @now_ms is monotonic.
 * @load: what the service's runs come to, for who chooses among nodes. Process context; node->lock is held.
 * @stats: add members to the open JSON object of /v1/stats.
 * @metrics: append Prometheus lines.
 * @config: the node's configuration or learnt values changed; read them anew.
 * @read: give the bytes of the object @name to @fn, for another service that asked core (vg_node_read()): @fn's
 *	value, or -ENOENT. @fn may sleep, and must not keep @p.
 */
struct vg_service {
	const char *name;	/* also the scope in signatures */
	u16 port;
	const struct vg_route *routes;
	u32 nr_routes;
	struct module *owner;
	int (*start)(struct vg_node *node, void **data);
	void (*stop)(void *data);
	void (*tick)(void *data, u64 now_ms);
	void (*load)(void *data, struct vg_load *load);
	void (*stats)(void *data, struct vg_jw *json);
	void (*metrics)(void *data, struct vg_buf *out);
	void (*config)(void *data);
	int (*read)(void *data, struct vg_str name,
		    int (*fn)(void *ctx, const u8 *p, size_t n), void *ctx);
};

/*
 * Kernel host: a service module registers at load; the node starts it at once or, where the
 * node is not up, when it comes up. Errors are those of @start and of listening.
 */
int vg_service_register(const struct vg_service *svc);
void vg_service_unregister(const struct vg_service *svc);

#endif
