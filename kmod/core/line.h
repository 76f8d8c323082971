/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The original's one-line commands: `name(argument,argument)`, or any text where a service takes
 * it whole. Splits; must never run, allocate or copy.
 */
#ifndef VG_CORE_LINE_H
#define VG_CORE_LINE_H

#include "core/route.h"
#include "core/req.h"

/*
 * Find the command in @line (without its end) and store its arguments in req->arg[]. 0 with
 * *@route set, or -ENOENT (no such command; *@name is what was asked for), -EINVAL (*@why says
 * what is wrong with the arguments; *@route is set).
 *
 * Blanks around arguments do not count and double quotes around one are dropped, except for the
 * last of several: that is data and taken as it stands up to the closing parenthesis.
 */
int vg_line_split(const struct vg_matcher *m, struct vg_str line, struct vg_req *req,
		  const struct vg_route **route, struct vg_str *name, const char **why);

/* Offset of the first byte that no line may have (controls but HTAB), or @n. */
size_t vg_line_span(const char *p, size_t n);

#endif
