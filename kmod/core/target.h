/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Request targets. A resource has one spelling, so that what is signed, routed and logged is one
 * thing; every other spelling is refused with the reason, the offending byte and the canonical
 * form.
 *
 *	target  = path [ "?" pair *15( "&" pair ) ]		; query at most 1,024 bytes
 *	path    = "/" [ segment *( "/" segment ) [ "/" ] ] ; at most 2,048 bytes; no "." or ".."
 *	segment = 1*( unreserved / escape )
 *	pair    = key "=" *( unreserved / escape )	; keys strictly increasing in byte order
 *	key     = 1*32( ALPHA / "_" )
 *	escape  = "%" 2( DIGIT / "A"-"F" ) ; of a byte not unreserved, not 0, in a query not "+"
 *
 * Must never allocate (but through the given vg_buf), sleep or decode before it has checked.
 */
#ifndef VG_CORE_TARGET_H
#define VG_CORE_TARGET_H

#include "core/buf.h"
#include "core/str.h"

enum vg_target_limits {
	VG_TARGET_PATH = 2048,
	VG_TARGET_QUERY = 1024,
	VG_TARGET_PAIRS = 16,
	VG_TARGET_KEY = 32,
};

/* Views of the target. @query is without its "?", empty if there is none. */
struct vg_target {
	struct vg_str path;
	struct vg_str query;
};

/*
 * 0 with *@out set, or -EINVAL with *@fault (may be NULL) set; pos counts from the target's first
 * byte
 */
int vg_target_check(struct vg_str target, struct vg_target *out, struct vg_fault *fault);

/*
 * The canonical form of a target that vg_target_check refused, to the end of @b. 0, b->err, or
 * -EINVAL with @b as before if there is none: a NUL, a "+" in the query, a repeated or impossible
 * key, no path, too long.
 */
int vg_target_canon(struct vg_str target, struct vg_buf *b);

/*
 * The segments of a checked path, still escaped:
 *	struct vg_str rest = t.path, seg;
 *	while (vg_target_seg(&rest, &seg)) ...
 * A trailing "/" gives no segment of its own; vg_target_is_dir tells.
 */
bool vg_target_seg(struct vg_str *rest, struct vg_str *seg);

static inline bool vg_target_is_dir(const struct vg_target *t)
{
	return t->path.n && t->path.p[t->path.n - 1] == '/';
}

/*
 * Undo the escapes of a checked segment or query value: the length (the bytes may be anything but
 * NUL), -ENOSPC if over @cap, -EINVAL if an escape is broken (only for unchecked text). Never
 * longer than @s.
 */
ssize_t vg_pct_decode(struct vg_str s, char *out, size_t cap);

/*
 * Every byte that is not unreserved as %XX, to the end of @b; @keep_slash leaves "/" alone;
 * returns b->err
 */
int vg_pct_encode(struct vg_buf *b, struct vg_str s, bool keep_slash);

/* The pairs of a checked query, value still escaped; as vg_target_seg with rest = t.query */
bool vg_target_pair(struct vg_str *rest, struct vg_str *key, struct vg_str *value);

/* The value of @key, still escaped; false if it is not there */
bool vg_target_get(const struct vg_target *t, const char *key, struct vg_str *value);

/* The value of @key as a strict decimal: 0, -ENOENT, -EINVAL or -ERANGE */
int vg_target_u64(const struct vg_target *t, const char *key, u64 *out);

#endif
