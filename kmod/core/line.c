// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Splitting one-line commands. Must never look beyond the line or change it.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "core/line.h"

size_t vg_line_span(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (vg_is_ctrl(p[i]) && p[i] != '\t')
			break;
	return i;
}
EXPORT_SYMBOL_GPL(vg_line_span);

/* The first word: up to an opening parenthesis or a blank */
static struct vg_str line_word(struct vg_str line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (line.p[i] == '(' || vg_is_blank(line.p[i]))
			break;
	return vg_str_sub(line, 0, i);
}

/* Route of that name; one whose name is empty takes what no other does */
static const struct vg_route *line_find(const struct vg_matcher *m, struct vg_str name)
{
	const struct vg_route *any = NULL;
	u32 i;

	for (i = 0; i < m->nr_lines; i++) {
		if (!m->line[i]->line[0])
			any = m->line[i];
		else if (vg_str_is(name, m->line[i]->line))
			return m->line[i];
	}
	return any;
}

/* Cut the next argument off *@rest, without the comma behind it */
static int take_arg(struct vg_str *rest, struct vg_str *arg, const char **why)
{
	const char *end;
	struct vg_str s;

	while (rest->n && vg_is_blank(rest->p[0]))
		*rest = vg_str_sub(*rest, 1, rest->n);
	if (rest->n && rest->p[0] == '"') {
		end = memchr(rest->p + 1, '"', rest->n - 1);
		if (!end) {
			*why = "a double quote is not closed";
			return -EINVAL;
		}
		*arg = vg_str(rest->p + 1, end - rest->p - 1);
		*rest = vg_str_trim(vg_str_sub(*rest, arg->n + 2, rest->n));
		if (rest->n && rest->p[0] != ',') {
			*why = "only a comma may follow a quoted argument";
			return -EINVAL;
		}
	} else {
		end = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
		s = end ? vg_str(rest->p, end - rest->p) : *rest;
		*arg = vg_str_trim(s);
		*rest = vg_str_sub(*rest, s.n, rest->n);
	}
	return 0;
}

static int split_args(struct vg_str rest, u32 want, struct vg_req *req, const char **why)
{
	int ret;

	*why = "too few arguments";
	while (req->nr_args < want) {
		struct vg_str *arg = &req->arg[req->nr_args];

		if (want > 1 && req->nr_args == want - 1) {
			*arg = rest;
			req->nr_args++;
			return 0;
		}
		ret = take_arg(&rest, arg, why);
		if (ret)
			return ret;
		req->nr_args++;
		if (req->nr_args == want)
			break;
		if (!rest.n)
			return -EINVAL;
		rest = vg_str_sub(rest, 1, rest.n);
	}
	*why = "too many arguments";
	return rest.n ? -EINVAL : 0;
}

int vg_line_split(const struct vg_matcher *m, struct vg_str line, struct vg_req *req,
		  const struct vg_route **route, struct vg_str *name, const char **why)
{
	struct vg_str args;

	req->nr_args = 0;
	*name = line_word(line);
	*route = line_find(m, *name);
	if (!*route)
		return -ENOENT;
	if ((*route)->line_args < 0) {
		req->arg[req->nr_args++] = line;
		return 0;
	}
	args = vg_str_trim(vg_str_sub(line, name->n, line.n));
	if (!args.n && !(*route)->line_args)
		return 0;
	*why = "arguments stand in parentheses, which end the line";
	if (args.n < 2 || args.p[0] != '(' || args.p[args.n - 1] != ')')
		return -EINVAL;
	return split_args(vg_str_sub(args, 1, args.n - 1), (*route)->line_args, req, why);
}
