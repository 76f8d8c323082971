// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compiled route tables. Must never read a path before the target check has passed it.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "core/http.h"
#include "core/route.h"

static int add_segment(struct vg_pattern *p, const char *path, size_t at, size_t end, u32 *params)
{
	size_t n = end - at;

	if (p->segs == VG_SEGS_MAX || end > U8_MAX)
		return -EINVAL;
	/* an empty last segment is a trailing "/", which is another resource */
	if (n >= 2 && path[at] == '{' && path[end - 1] == '}') {
		if (++*params > VG_PATH_PARAMS_MAX)
			return -EINVAL;
		p->params |= 1 << p->segs;
	}
	p->seg[p->segs].at = at;
	p->seg[p->segs].n = n;
	p->segs++;
	return 0;
}

/* "/a/{b}" is two segments, "/a/" two of which the last is empty, "/" one empty one */
static int pattern_compile(struct vg_pattern *p, const struct vg_route *route)
{
	size_t i, at, n = strlen(route->path);
	u32 params = 0;
	int ret;

	*p = (struct vg_pattern){ .route = route };
	if (!n || route->path[0] != '/' || route->method >= VG_METHODS || route->method == VG_HEAD)
		return -EINVAL;
	for (at = 1, i = 1; i <= n; i++) {
		if (i < n && route->path[i] != '/')
			continue;
		ret = add_segment(p, route->path, at, i, &params);
		if (ret)
			return ret;
		at = i + 1;
	}
	return 0;
}

static int add_routes(struct vg_matcher *m, const struct vg_route *routes, u32 nr)
{
	u32 i;
	int ret;

	for (i = 0; i < nr; i++) {
		if (routes[i].line) {
			if (m->nr_lines == VG_ROUTES_MAX || !routes[i].run_line ||
			    routes[i].line_args > VG_LINE_ARGS_MAX)
				return -EINVAL;
			m->line[m->nr_lines++] = &routes[i];
		}
		if (!routes[i].path)
			continue;
		if (m->n == VG_ROUTES_MAX || !routes[i].run)
			return -EINVAL;
		ret = pattern_compile(&m->pattern[m->n], &routes[i]);
		if (ret)
			return ret;
		m->n++;
	}
	return 0;
}

int vg_matcher_init(struct vg_matcher *m, const struct vg_route *routes, u32 nr)
{
	u32 i, j, k;
	int ret;

	memset(m, 0, sizeof(*m));
	ret = add_routes(m, routes, nr);
	if (!ret)
		ret = add_routes(m, vg_common_routes, vg_nr_common_routes);
	if (ret)
		return ret;
	/* stable insertion sort: the order of declaration decides between equals */
	for (i = 1; i < m->n; i++) {
		struct vg_pattern p = m->pattern[i];

		for (j = i; j && m->pattern[j - 1].segs > p.segs; j--)
			m->pattern[j] = m->pattern[j - 1];
		m->pattern[j] = p;
	}
	for (i = 0, k = 0; k < ARRAY_SIZE(m->first); k++) {
		while (i < m->n && m->pattern[i].segs < k)
			i++;
		m->first[k] = i;
	}
	return 0;
}

/* Segments of @path, or VG_SEGS_MAX + 1 when there are more than any pattern has */
static u32 path_split(struct vg_str path, struct vg_str seg[VG_SEGS_MAX])
{
	const char *p = path.p + 1, *end = path.p + path.n;
	u32 n = 0;

	for (;;) {
		const char *slash = p;

		if (n == VG_SEGS_MAX)
			return VG_SEGS_MAX + 1;
		while (slash < end && *slash != '/')
			slash++;
		seg[n++] = vg_str(p, slash - p);
		if (slash == end)
			return n;
		p = slash + 1;
	}
}

static bool pattern_fits(const struct vg_pattern *p, const struct vg_str *seg)
{
	u32 i;

	/* backwards: "/v1" begins them all */
	for (i = p->segs; i--;) {
		if (p->params & 1 << i) {
			if (!seg[i].n)
				return false;
			continue;
		}
		if (seg[i].n != p->seg[i].n ||
		    memcmp(seg[i].p, p->route->path + p->seg[i].at, seg[i].n))
			return false;
	}
	return true;
}

const struct vg_route *vg_route_match(const struct vg_matcher *m, struct vg_str path, u32 method,
				      struct vg_str param[VG_PATH_PARAMS_MAX], u32 *allow)
{
	struct vg_str seg[VG_SEGS_MAX];
	u32 n, i, j, k;

	*allow = 0;
	if (!path.n || path.p[0] != '/')
		return NULL;
	n = path_split(path, seg);
	if (n > VG_SEGS_MAX)
		return NULL;
	if (method == VG_HEAD)
		method = VG_GET;
	for (i = m->first[n]; i < m->first[n + 1]; i++) {
		const struct vg_pattern *p = &m->pattern[i];

		if (!pattern_fits(p, seg))
			continue;
		*allow |= 1 << p->route->method;
		if (p->route->method != method)
			continue;
		for (j = 0, k = 0; p->params >> j; j++)
			if (p->params & 1 << j)
				param[k++] = seg[j];
		return p->route;
	}
	if (*allow & 1 << VG_GET)
		*allow |= 1 << VG_HEAD;
	return NULL;
}

size_t vg_allow_print(u32 allow, char out[VG_ALLOW_TEXT])
{
	size_t n = 0;
	u32 i;

	for (i = 0; i < VG_METHODS; i++) {
		size_t len = strlen(vg_method_names[i]);

		if (!(allow & 1 << i))
			continue;
		if (n) {
			out[n++] = ',';
			out[n++] = ' ';
		}
		memcpy(out + n, vg_method_names[i], len);
		n += len;
	}
	out[n] = '\0';
	return n;
}
