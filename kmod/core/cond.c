// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Range, If-Match and If-None-Match. Must never overflow on a hostile number.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "core/cond.h"

/* Digits at the start of *@s, saturating; false if there is none */
static bool take_number(struct vg_str *s, u64 *v)
{
	size_t i;

	*v = 0;
	for (i = 0; i < s->n && vg_is_digit(s->p[i]); i++) {
		u64 d = s->p[i] - '0';

		*v = *v > (U64_MAX - d) / 10 ? U64_MAX : *v * 10 + d;
	}
	*s = vg_str_sub(*s, i, s->n);
	return i;
}

static bool take_char(struct vg_str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = vg_str_sub(*s, 1, s->n);
	return true;
}

int vg_range_parse(struct vg_str s, u64 total, u64 *off, u64 *len)
{
	u64 first, last = U64_MAX;
	bool has_first;

	if (s.n < 6 || !vg_str_eq_nocase(vg_str_sub(s, 0, 6), VG_STR("bytes=")))
		return -ENOENT;
	s = vg_str_trim(vg_str_sub(s, 6, s.n));
	has_first = take_number(&s, &first);
	if (!take_char(&s, '-'))
		return -ENOENT;
	if (!take_number(&s, &last)) {
		if (!has_first)
			return -ENOENT;
		last = U64_MAX;
	}
	if (s.n || (has_first && last < first))
		return -ENOENT;
	if (!has_first) {
		/* the last so many bytes */
		if (!last || !total)
			return -ERANGE;
		*len = min(last, total);
		*off = total - *len;
		return 0;
	}
	if (first >= total)
		return -ERANGE;
	*off = first;
	*len = min(last, total - 1) - first + 1;
	return 0;
}

/* One entity-tag: 1 it is @version, 0 it is not, -EINVAL it is none */
static int take_tag(struct vg_str *s, bool weak, u64 version)
{
	bool is_weak = false;
	struct vg_str tag;
	size_t i;
	u64 v;

	if (s->n >= 2 && s->p[0] == 'W' && s->p[1] == '/') {
		is_weak = true;
		*s = vg_str_sub(*s, 2, s->n);
	}
	if (!take_char(s, '"'))
		return -EINVAL;
	for (i = 0; i < s->n && s->p[i] != '"'; i++)
		;
	tag = vg_str_sub(*s, 0, i);
	*s = vg_str_sub(*s, i, s->n);
	if (!take_char(s, '"'))
		return -EINVAL;
	if (is_weak && !weak)
		return 0;
	return !vg_str_u64(tag, &v) && v == version;
}

/* A part is wanted only of what the client has seen: any other If-Range than its tag means all. */
static bool if_range_holds(const struct vg_req *req, u64 version)
{
	struct vg_str tag = vg_req_header(req, VG_H_IF_RANGE);

	return !tag.p || (take_tag(&tag, false, version) == 1 && !tag.n);
}

int vg_req_range(struct vg_req *req, u64 version, u64 total, u64 *off, u64 *len)
{
	struct vg_str h = vg_req_header(req, VG_H_RANGE);
	int ret;

	*off = 0;
	*len = total;
	if (!h.p || (req->method != VG_GET && req->method != VG_HEAD) || !if_range_holds(req, version))
		return 200;
	ret = vg_range_parse(h, total, off, len);
	if (ret == -ENOENT)
		return 200;
	if (ret) {
		vg_reply_header(req, "Content-Range", "bytes */%llu", (unsigned long long)total);
		vg_problem(req, 416, "http.range", "nothing in that range of %llu bytes",
			   (unsigned long long)total);
		return 416;
	}
	vg_reply_header(req, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)*off,
			(unsigned long long)(*off + *len - 1), (unsigned long long)total);
	return 206;
}
EXPORT_SYMBOL_GPL(vg_req_range);

int vg_etag_list(struct vg_str s, bool weak, u64 version, bool exists)
{
	int ret, found = 0;

	s = vg_str_trim(s);
	if (vg_str_is(s, "*"))
		return exists;
	do {
		s = vg_str_trim(s);
		ret = take_tag(&s, weak, version);
		if (ret < 0)
			return ret;
		found |= ret;
		s = vg_str_trim(s);
	} while (take_char(&s, ','));
	return s.n ? -EINVAL : found && exists;
}

int vg_req_etag_match(struct vg_req *req, enum vg_header h, u64 version, bool exists)
{
	struct vg_str s = vg_req_header(req, h);
	int ret;

	if (!s.p)
		return -ENOENT;
	ret = vg_etag_list(s, h == VG_H_IF_NONE_MATCH, version, exists);
	if (ret < 0)
		vg_problem(req, 400, "http.etag",
			   "If-Match and If-None-Match take * or entity tags like \"7\", separated by commas");
	return ret;
}
EXPORT_SYMBOL_GPL(vg_req_etag_match);
