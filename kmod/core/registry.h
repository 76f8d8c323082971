/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of load (the original's first way of balancing): nodes push what they have to do,
 * clients read all of it in one request. Part of the control service of whatever node the others
 * name as load_registry. Each entry is a lease: a node that stops pushing is forgotten when it runs
 * out. One lock of its own, a mutex, taken inside all others and held for no longer than a copy.
 *
 *	PUT /v1/loads/{id}?ttl_ms=	body as of GET /v1/load and "address": 201, or 204 if it was
 *	there GET /v1/loads			{"loads":[{"node","address","cpus",…,"age_ms"}]}, by
 *	node
 *
 * Codes of problems, stable:
 *
 *	registry.bad_load	400	the id or the body is not of the documented form
 *	registry.full		507	VG_REGISTRY_MAX nodes are there already
 */
#ifndef VG_CORE_REGISTRY_H
#define VG_CORE_REGISTRY_H

#include <linux/types.h>

#include "core/addr.h"
#include "core/load.h"

struct vg_buf;
struct vg_node;
struct vg_registry;
struct vg_req;

enum vg_registry_limit {
	VG_REGISTRY_MAX = 1024,			/* nodes */
	VG_REGISTRY_TTL_MIN_MS = 100,
	VG_REGISTRY_TTL_MAX_MS = 3600000,
	VG_REGISTRY_TTL_MS = 10000,		/* unless ttl_ms says otherwise */
};

/* one node's lease as it arrives */
struct vg_lease {
	struct vg_load load;
	struct vg_addr addr;	/* of its processor pool; family 0: where it called from */
};

int vg_registry_new(struct vg_registry **registry);
void vg_registry_free(struct vg_registry *registry);
/* Forget what has run out. */
void vg_registry_tick(struct vg_registry *registry, u64 now_ms);
/* 1: new, 0: renewed, -ENOSPC, -ENOMEM. load.node is the id. */
int vg_registry_put(struct vg_registry *registry, const struct vg_lease *lease, u64 ttl_ms,
		    u64 now_ms);
/* The document of GET /v1/loads. */
void vg_registry_json(struct vg_registry *registry, u64 now_ms, struct vg_jw *w);
u32 vg_registry_count(struct vg_registry *registry);

/* A lease's body for node @id; 0, or -EINVAL with @why pointing to a static sentence. */
int vg_lease_read(struct vg_json *doc, const char *text, size_t n, struct vg_jtok *toks, u32 max,
		  u64 id, struct vg_lease *lease, const char **why);

/* What the control service's handlers do. */
size_t vg_registry_body_max(struct vg_req *req);
int vg_registry_put_load(struct vg_registry *registry, struct vg_req *req);
int vg_registry_get_loads(struct vg_registry *registry, struct vg_req *req);
extern const char *const vg_registry_query[];

#endif
