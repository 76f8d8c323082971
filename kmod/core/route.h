/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a path to the operation that serves it. The tables are compiled once per service, so that
 * a request compares a few lengths and bytes; matching never allocates.
 */
#ifndef VG_CORE_ROUTE_H
#define VG_CORE_ROUTE_H

#include "core/limits.h"
#include "core/service.h"

enum vg_route_limit {
	VG_ROUTES_MAX	= 48,	/* of a service, the common ones included */
	VG_SEGS_MAX	= 7,	/* segments of a route's path */
};

struct vg_pattern {
	const struct vg_route *route;
	u8 segs;
	u8 params;		/* bit i: segment i is a parameter */
	struct {
		u8 at, n;	/* in route->path */
	} seg[VG_SEGS_MAX];
};

struct vg_matcher {
	u32 n;
	u32 nr_lines;
	struct vg_pattern pattern[VG_ROUTES_MAX];	/* by number of segments, then as declared */
	u8 first[VG_SEGS_MAX + 2];			/* [k]: first pattern of k segments */
	const struct vg_route *line[VG_ROUTES_MAX];	/* those with a one-line command */
};

/* the routes every port has, declared in common.c */
extern const struct vg_route vg_common_routes[];
extern const u32 vg_nr_common_routes;

/*
 * Compile @routes and the common ones after them. -EINVAL: a path or count over the limits, or a
 * path that could never match. Of two routes that match the same path the first declared wins.
 */
int vg_matcher_init(struct vg_matcher *m, const struct vg_route *routes, u32 nr);

/*
 * The route for @path (canonical, without query) and @method, parameters stored in @param.
 * NULL with *@allow 0: no such path; else *@allow has the bits (1 << method) that would do.
 */
const struct vg_route *vg_route_match(const struct vg_matcher *m, struct vg_str path, u32 method,
				      struct vg_str param[VG_PATH_PARAMS_MAX], u32 *allow);

/* "GET, HEAD, PUT" for the bits of @allow */
enum { VG_ALLOW_TEXT = 40 };
size_t vg_allow_print(u32 allow, char out[VG_ALLOW_TEXT]);

#endif
