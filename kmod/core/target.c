// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Request targets: the check, the canonical form for the refusal, and the walk over what was
 * accepted. Must never let two spellings of one resource through.
 */
#include <linux/export.h>

#include "core/target.h"

/* Classes of bytes: what may stand unescaped in a segment or value, and in a query key */
enum { TARGET_PLAIN = 1, TARGET_KEY = 2 };

static const u8 target_classes[256] = {
	['A' ... 'Z'] = TARGET_PLAIN | TARGET_KEY,
	['a' ... 'z'] = TARGET_PLAIN | TARGET_KEY,
	['_'] = TARGET_PLAIN | TARGET_KEY,
	['0' ... '9'] = TARGET_PLAIN,
	['-'] = TARGET_PLAIN,
	['.'] = TARGET_PLAIN,
	['~'] = TARGET_PLAIN,
};

static bool target_is_class(char c, u8 class)
{
	return target_classes[(u8)c] & class;
}

/* Behind the run of plain bytes at @at */
static size_t target_span(struct vg_str s, size_t at)
{
	while (at < s.n && target_is_class(s.p[at], TARGET_PLAIN))
		at++;
	return at;
}

static int target_refuse(struct vg_fault *fault, size_t pos, const char *why)
{
	if (fault)
		*fault = (struct vg_fault){ .pos = pos, .why = why };
	return -EINVAL;
}

/* Value of the escape at @at, or -1 if there are no two hexadecimal digits, of either case */
static int target_escape_val(struct vg_str s, size_t at)
{
	int hi, lo;

	if (s.n - at < 3)
		return -1;
	hi = vg_hex_val(s.p[at + 1]);
	lo = vg_hex_val(s.p[at + 2]);
	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

/* The byte or escape at *@at of @t, which must belong into a segment or value; moves behind it */
static int target_check_byte(struct vg_str t, size_t *at, bool query, struct vg_fault *fault)
{
	int v;

	if (likely(target_is_class(t.p[*at], TARGET_PLAIN))) {
		++*at;
		return 0;
	}
	if (query && t.p[*at] == '+')
		return target_refuse(fault, *at,
			      "+ is ambiguous: write a space as %20, send a plus in a JSON body");
	if (t.p[*at] != '%')
		return target_refuse(fault, *at, "this byte must be escaped as %XX");
	v = target_escape_val(t, *at);
	if (v < 0 || t.p[*at + 1] >= 'a' || t.p[*at + 2] >= 'a')
		return target_refuse(fault, *at, "% must be followed by two digits of 0-9 A-F");
	if (!v)
		return target_refuse(fault, *at, "a NUL byte is not allowed");
	if (target_is_class(v, TARGET_PLAIN))
		return target_refuse(fault, *at, "this byte must not be escaped");
	if (query && v == '+')
		return target_refuse(fault, *at, "no plus in a query: send it in a JSON body");
	*at += 3;
	return 0;
}

/* From the "/" that begins the target to the end of @t, which is the path alone */
static int target_check_path(struct vg_str t, struct vg_fault *fault)
{
	size_t at = 1, from;
	struct vg_str seg;

	if (t.n > VG_TARGET_PATH)
		return target_refuse(fault, VG_TARGET_PATH, "the path has more than 2048 bytes");
	while (at < t.n) {
		from = at;
		for (; at < t.n && t.p[at] != '/'; at = target_span(t, at))
			if (target_check_byte(t, &at, false, fault))
				return -EINVAL;
		seg = vg_str_sub(t, from, at);
		if (!seg.n)
			return target_refuse(fault, from, "empty path segment");
		if (seg.n <= 2 && seg.p[0] == '.' && seg.p[seg.n - 1] == '.')
			return target_refuse(fault, from, "path segment \".\" or \"..\"");
		at++;
	}
	return 0;
}

/* The pair at *@at of @t; *@last is the key before it */
static int target_check_pair(struct vg_str t, size_t *at, struct vg_str *last,
			     struct vg_fault *fault)
{
	size_t from = *at, i = from;
	struct vg_str key;

	while (i < t.n && target_is_class(t.p[i], TARGET_KEY))
		i++;
	key = vg_str_sub(t, from, i);
	if (i < t.n && t.p[i] != '=' && t.p[i] != '&')
		return target_refuse(fault, i, "a query key has letters and _ only");
	if (!key.n)
		return target_refuse(fault, from, "a query pair needs a key");
	if (key.n > VG_TARGET_KEY)
		return target_refuse(fault, from, "a query key has at most 32 bytes");
	if (i == t.n || t.p[i] != '=')
		return target_refuse(fault, i, "a query pair needs a =");
	if (last->n && vg_str_cmp(key, *last) <= 0)
		return target_refuse(fault, from, vg_str_eq(key, *last) ? "query key twice" :
			      "query keys must be in byte order");
	for (i++; i < t.n && t.p[i] != '&'; i = target_span(t, i))
		if (target_check_byte(t, &i, true, fault))
			return -EINVAL;
	*last = key;
	*at = i;
	return 0;
}

static int target_check_query(struct vg_str t, size_t at, struct vg_fault *fault)
{
	struct vg_str last = vg_str(NULL, 0);
	unsigned int pairs = 0;

	if (at == t.n)
		return target_refuse(fault, at - 1, "empty query: leave out the ?");
	if (t.n - at > VG_TARGET_QUERY)
		return target_refuse(fault, at + VG_TARGET_QUERY,
				     "the query has more than 1024 bytes");
	for (;;) {
		if (pairs++ == VG_TARGET_PAIRS)
			return target_refuse(fault, at, "the query has more than 16 pairs");
		if (target_check_pair(t, &at, &last, fault))
			return -EINVAL;
		if (at == t.n)
			return 0;
		at++;
	}
}

int vg_target_check(struct vg_str target, struct vg_target *out, struct vg_fault *fault)
{
	const char *mark = target.n ? memchr(target.p, '?', target.n) : NULL;
	size_t n = mark ? (size_t)(mark - target.p) : target.n;

	if (!target.n || target.p[0] != '/')
		return target_refuse(fault, 0, "the target must begin with /");
	if (target_check_path(vg_str_sub(target, 0, n), fault))
		return -EINVAL;
	if (mark && target_check_query(target, n + 1, fault))
		return -EINVAL;
	out->path = vg_str_sub(target, 0, n);
	out->query = vg_str_sub(target, n + 1, target.n);
	return 0;
}
EXPORT_SYMBOL_GPL(vg_target_check);

/* ---- the canonical form ---- */

static void target_put_byte(struct vg_buf *b, u8 c)
{
	char esc[3] = { '%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15] };

	if (target_is_class(c, TARGET_PLAIN))
		vg_buf_putc(b, c);
	else
		vg_buf_put(b, esc, sizeof(esc));
}

/*
 * @s decoded as far as its escapes make sense, and encoded again; -EINVAL at a byte that has no
 * form
 */
static int target_put_part(struct vg_buf *b, struct vg_str s, bool query)
{
	size_t at = 0;

	while (at < s.n && !b->err) {
		int v = s.p[at] == '%' ? target_escape_val(s, at) : -1;

		at += v < 0 ? 1 : 3;
		if (v < 0)
			v = (u8)s.p[at - 1];
		if (!v || (query && v == '+'))
			return -EINVAL;
		target_put_byte(b, v);
	}
	return b->err;
}

/* Take back the last segment, but not what was there before @base */
static void target_pop_segment(struct vg_buf *b, size_t base)
{
	size_t n = b->len;

	while (n > base && b->p[n - 1] != '/')
		n--;
	vg_buf_cut(b, n > base ? n - 1 : base);
}

static int target_put_path(struct vg_buf *b, struct vg_str path)
{
	size_t base = b->len, at = 1, start, end;
	bool dir = true;
	int ret;

	while (at <= path.n) {
		const char *slash = at < path.n ? memchr(path.p + at, '/', path.n - at) : NULL;
		struct vg_str seg;

		end = slash ? (size_t)(slash - path.p) : path.n;
		start = b->len;
		vg_buf_putc(b, '/');
		ret = target_put_part(b, vg_str_sub(path, at, end), false);
		if (ret)
			return ret;
		seg = vg_str(b->p + start + 1, b->len - start - 1);
		dir = !seg.n || vg_str_is(seg, ".") || vg_str_is(seg, "..");
		if (dir) {
			bool up = seg.n == 2;

			vg_buf_cut(b, start);
			if (up)
				target_pop_segment(b, base);
		}
		at = end + 1;
	}
	return dir ? vg_buf_putc(b, '/') : b->err;
}

/* Sort what pairs there are into @pairs; their number, or -EINVAL if there is no such query */
static int target_sort_pairs(struct vg_str query, struct vg_str *pairs)
{
	int n = 0, i;

	while (query.n) {
		const char *amp = memchr(query.p, '&', query.n);
		size_t end = amp ? (size_t)(amp - query.p) : query.n;
		struct vg_str pair = vg_str_sub(query, 0, end);

		query = vg_str_sub(query, end + 1, query.n);
		if (!pair.n)
			continue;
		if (n == VG_TARGET_PAIRS)
			return -EINVAL;
		/* whole pairs: "=" sorts before every byte of a key, so shorter keys come first */
		for (i = n++; i && vg_str_cmp(pair, pairs[i - 1]) < 0; i--)
			pairs[i] = pairs[i - 1];
		pairs[i] = pair;
	}
	return n;
}

static int target_put_query(struct vg_buf *b, struct vg_str query)
{
	struct vg_str pairs[VG_TARGET_PAIRS];
	int n = target_sort_pairs(query, pairs), i, ret;

	for (i = 0; i < n; i++) {
		const char *eq = memchr(pairs[i].p, '=', pairs[i].n);
		size_t key_n = eq ? (size_t)(eq - pairs[i].p) : pairs[i].n;

		vg_buf_putc(b, i ? '&' : '?');
		vg_buf_put(b, pairs[i].p, key_n);
		vg_buf_putc(b, '=');
		ret = target_put_part(b, vg_str_sub(pairs[i], key_n + 1, pairs[i].n), true);
		if (ret)
			return ret;
	}
	return n < 0 ? n : b->err;
}

int vg_target_canon(struct vg_str target, struct vg_buf *b)
{
	const char *mark = target.n ? memchr(target.p, '?', target.n) : NULL;
	size_t n = mark ? (size_t)(mark - target.p) : target.n, base = b->len;
	struct vg_target t;
	int ret;

	if (b->err)
		return b->err;
	if (!target.n || target.p[0] != '/')
		return -EINVAL;
	ret = target_put_path(b, vg_str_sub(target, 0, n));
	if (!ret)
		ret = target_put_query(b, vg_str_sub(target, n + 1, target.n));
	/* what has no canonical form for some other reason (a bad key, too long) shows here */
	if (!ret)
		ret = vg_target_check(vg_str(b->p + base, b->len - base), &t, NULL);
	if (ret == -EINVAL)
		vg_buf_cut(b, base);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_target_canon);

/* ---- walking over what was accepted ---- */

/* Up to the next @sep, which is dropped; @rest must not be empty */
static struct vg_str target_take_until(struct vg_str *rest, char sep)
{
	const char *hit = memchr(rest->p, sep, rest->n);
	size_t n = hit ? (size_t)(hit - rest->p) : rest->n;
	struct vg_str part = vg_str_sub(*rest, 0, n);

	*rest = vg_str_sub(*rest, n + 1, rest->n);
	return part;
}

bool vg_target_seg(struct vg_str *rest, struct vg_str *seg)
{
	if (rest->n && rest->p[0] == '/')
		*rest = vg_str_sub(*rest, 1, rest->n);
	if (!rest->n)
		return false;
	*seg = target_take_until(rest, '/');
	return true;
}
EXPORT_SYMBOL_GPL(vg_target_seg);

ssize_t vg_pct_decode(struct vg_str s, char *out, size_t cap)
{
	size_t at = 0, n = 0;

	while (at < s.n) {
		int v = (u8)s.p[at];

		if (v == '%') {
			v = target_escape_val(s, at);
			if (v < 0)
				return -EINVAL;
			at += 2;
		}
		at++;
		if (n == cap)
			return -ENOSPC;
		out[n++] = v;
	}
	return n;
}
EXPORT_SYMBOL_GPL(vg_pct_decode);

int vg_pct_encode(struct vg_buf *b, struct vg_str s, bool keep_slash)
{
	size_t i;

	for (i = 0; i < s.n && !b->err; i++) {
		if (keep_slash && s.p[i] == '/')
			vg_buf_putc(b, '/');
		else
			target_put_byte(b, s.p[i]);
	}
	return b->err;
}
EXPORT_SYMBOL_GPL(vg_pct_encode);

bool vg_target_pair(struct vg_str *rest, struct vg_str *key, struct vg_str *value)
{
	struct vg_str pair;

	if (!rest->n)
		return false;
	pair = target_take_until(rest, '&');
	/* a checked query has no empty pair; an unchecked one must not crash us */
	if (!pair.n)
		return false;
	*key = target_take_until(&pair, '=');
	*value = pair;
	return true;
}
EXPORT_SYMBOL_GPL(vg_target_pair);

bool vg_target_get(const struct vg_target *t, const char *key, struct vg_str *value)
{
	struct vg_str rest = t->query, k, v;

	while (vg_target_pair(&rest, &k, &v)) {
		if (!vg_str_is(k, key))
			continue;
		*value = v;
		return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(vg_target_get);

int vg_target_u64(const struct vg_target *t, const char *key, u64 *out)
{
	struct vg_str v;

	return vg_target_get(t, key, &v) ? vg_str_u64(v, out) : -ENOENT;
}
EXPORT_SYMBOL_GPL(vg_target_u64);
