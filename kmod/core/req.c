// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a handler asks of a request. Must never give out a byte that the checks have not passed.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "core/conn.h"
#include "core/target.h"

struct vg_str vg_req_header(const struct vg_req *req, enum vg_header h)
{
	const struct vg_field *f;

	if (!req->known[h])
		return vg_str(NULL, 0);
	f = &req->field[req->known[h] - 1];
	return vg_str(req->head + f->value, f->value_n);
}
EXPORT_SYMBOL_GPL(vg_req_header);

int vg_req_query(const struct vg_req *req, const char *name, struct vg_str *value)
{
	const struct vg_target t = { .path = req->path, .query = req->query };

	return req->query.n && vg_target_get(&t, name, value);
}
EXPORT_SYMBOL_GPL(vg_req_query);

static int bad_number(struct vg_req *req, const char *name, struct vg_str got, const char *range)
{
	char shown[48];

	vg_problem(req, 400, "http.query_value", "%s=%s: %s", name,
		   vg_printable(got.p, got.n, shown, sizeof(shown)), range);
	return -EINVAL;
}

int vg_req_query_u64(struct vg_req *req, const char *name, u64 min, u64 max, u64 *v)
{
	struct vg_str s;
	char range[80];
	u64 got;

	if (!vg_req_query(req, name, &s))
		return 0;
	if (vg_str_u64(s, &got) || got < min || got > max) {
		scnprintf(range, sizeof(range), "a number from %llu to %llu is wanted",
			  (unsigned long long)min, (unsigned long long)max);
		return bad_number(req, name, s, range);
	}
	*v = got;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_req_query_u64);

int vg_req_query_s64(struct vg_req *req, const char *name, s64 *v)
{
	struct vg_str s, digits;
	bool minus;
	u64 got;

	if (!vg_req_query(req, name, &s))
		return 0;
	minus = s.n && s.p[0] == '-';
	digits = vg_str_sub(s, minus, s.n);
	if (vg_str_u64(digits, &got) || got > (u64)S64_MAX + minus || (minus && !got))
		return bad_number(req, name, s, "a number of 64 bits with sign is wanted");
	*v = minus ? (s64)(0 - got) : (s64)got;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_req_query_s64);

int vg_req_decode(struct vg_str in, char *out, size_t cap)
{
	ssize_t n = vg_pct_decode(in, out, cap);

	return n < 0 ? -ENAMETOOLONG : n;
}
EXPORT_SYMBOL_GPL(vg_req_decode);

static bool is_plain(u8 c)
{
	return c >= 0x20 && c < 0x7f;
}

const char *vg_printable(const void *p, size_t n, char *out, size_t cap)
{
	static const char hex[] = "0123456789abcdef";
	const u8 *s = p;
	size_t i, at = 0, all = 0, room;

	if (!cap)
		return "";
	for (i = 0; i < n && all < cap; i++)
		all += is_plain(s[i]) ? 1 : 4;
	/* what does not fit ends with "..." */
	room = all < cap ? cap - 1 : cap - min_t(size_t, cap, 4);
	for (i = 0; i < n && at + (is_plain(s[i]) ? 1 : 4) <= room; i++) {
		if (is_plain(s[i])) {
			out[at++] = s[i];
			continue;
		}
		out[at++] = '\\';
		out[at++] = 'x';
		out[at++] = hex[s[i] >> 4];
		out[at++] = hex[s[i] & 15];
	}
	if (i < n)
		for (i = 0; i < 3 && at + 1 < cap; i++)
			out[at++] = '.';
	out[at] = '\0';
	return out;
}
EXPORT_SYMBOL_GPL(vg_printable);
