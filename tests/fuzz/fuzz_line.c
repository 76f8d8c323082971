// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One-line commands on any bytes: arguments lie in the line, in order and apart; a connection answers one
 * line for each and survives.
 */
#include "../unit/conn_env.h"
#include "core/line.h"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split_alone(const char *line, size_t n)
{
	static struct vg_req req;
	const struct vg_route *route;
	struct vg_str name;
	const char *why = NULL, *at = line;
	u32 i;
	int ret;

	ret = vg_line_split(&env_svc.match, vg_str(line, n), &req, &route, &name, &why);
	MUST(ret == 0 || ret == -ENOENT || ret == -EINVAL);
	MUST(!ret == (route && req.nr_args == max(route->line_args, 0)) || ret == -EINVAL);
	MUST(ret != -EINVAL || why);
	MUST(req.nr_args <= VG_LINE_ARGS_MAX);
	for (i = 0; !ret && i < req.nr_args; i++) {
		if (!req.arg[i].n)
			continue;
		MUST(req.arg[i].p >= at && req.arg[i].p + req.arg[i].n <= line + n);
		at = req.arg[i].p + req.arg[i].n;
	}
	MUST(vg_line_span(line, n) <= n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct env_out out = {};
	struct vg_conn *c;
	size_t at = 0, step;
	long live;

	if (!env_svc.def)
		env_init();
	if (size < 2 || size > 65536)
		return 0;
	live = shim_alloc_live();
	split_alone((const char *)data + 1, size - 1);
	step = data[0] + 1;
	data++;
	size--;
	c = env_conn();
	MUST(c);
	while (at < size && vg_conn_wants(c) & VG_WANT_READ) {
		at += vg_conn_input(c, data + at, min(step, size - at));
		env_take(c, &out, SIZE_MAX);
		while (c->state == VG_CONN_PENDING) {
			vg_req_finish(&c->req, env_wait_done);
			vg_conn_kicked(c);
			env_take(c, &out, SIZE_MAX);
		}
	}
	if (c->req.is_line && out.n)
		MUST(out.p[out.n - 1] == '\n');
	vg_conn_eof(c, 0);
	free(out.p);
	vg_conn_free(c);
	MUST(shim_alloc_live() == live && !env_refs);
	return 0;
}
