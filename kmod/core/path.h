/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths that name no other place than they say. Pure. */
#ifndef VG_CORE_PATH_H
#define VG_CORE_PATH_H

#include "core/str.h"

/* Absolute, and without empty, "." or ".." segments; one "/" at the end is fine */
static inline bool vg_path_is_plain(struct vg_str s)
{
	size_t at, end;

	if (!s.n || s.p[0] != '/')
		return false;
	for (at = 1; at < s.n; at = end + 1) {
		struct vg_str seg;

		for (end = at; end < s.n && s.p[end] != '/'; end++)
			;
		seg = vg_str(s.p + at, end - at);
		if (!seg.n || vg_str_is(seg, ".") || vg_str_is(seg, ".."))
			return false;
	}
	return true;
}

#endif
