/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views of bytes that somebody else owns: pointer and length, no NUL needed, any byte allowed.
 * Must never allocate, sleep or look outside [p, p + n).
 */
#ifndef VG_CORE_STR_H
#define VG_CORE_STR_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

/*
 * For a large buffer on the stack of a hot path that is written before it is read: kernels that
 * zero automatic variables need not zero it at each request.
 */
#if __has_attribute(uninitialized)
#define VG_UNZEROED __attribute__((uninitialized))
#else
#define VG_UNZEROED
#endif

/* @p may be NULL if @n is 0 */
struct vg_str {
	const char *p;
	size_t n;
};

/*
 * Why some text was refused: @pos is the offset of the first offending byte, @why a static string
 */
struct vg_fault {
	size_t pos;
	const char *why;
};

/* A view of a string literal; VG_STR_INIT is the same for initialisers of static tables */
#define VG_STR(lit) ((struct vg_str){ .p = ("" lit), .n = sizeof(lit) - 1 })
#define VG_STR_INIT(lit) { .p = ("" lit), .n = sizeof(lit) - 1 }

/* For "%.*s"; the kernel's printf takes no more than 32,767 bytes */
#define VG_STR_ARG(s) ((int)min_t(size_t, (s).n, 0x7fff)), ((s).p ? (s).p : "")

static inline struct vg_str vg_str(const char *p, size_t n)
{
	return (struct vg_str){ .p = p, .n = n };
}

/* @s NUL-terminated, may be NULL: empty */
static inline struct vg_str vg_cstr(const char *s)
{
	return (struct vg_str){ .p = s, .n = s ? strlen(s) : 0 };
}

/* Bytes [from, to) of @s; both are cut to its length */
static inline struct vg_str vg_str_sub(struct vg_str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct vg_str){ .p = s.p ? s.p + from : NULL, .n = to - from };
}

static inline bool vg_str_eq(struct vg_str a, struct vg_str b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static inline bool vg_str_is(struct vg_str a, const char *b)
{
	return vg_str_eq(a, vg_cstr(b));
}

static inline bool vg_str_starts(struct vg_str s, struct vg_str prefix)
{
	return s.n >= prefix.n && (!prefix.n || !memcmp(s.p, prefix.p, prefix.n));
}

/* memcmp order, a proper prefix sorts first */
static inline int vg_str_cmp(struct vg_str a, struct vg_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d)
		return d;
	return a.n < b.n ? -1 : a.n > b.n;
}

/*
 * ASCII only, whatever the locale; the kernel's ctype is Latin-1 and libc's depends on the locale
 */
static inline bool vg_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool vg_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool vg_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool vg_is_alpha(char c)
{
	return vg_is_lower(c) || vg_is_upper(c);
}

static inline bool vg_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* 0x00-0x1F and 0x7F */
static inline bool vg_is_ctrl(char c)
{
	return (u8)c < 0x20 || (u8)c == 0x7f;
}

/* RFC 3986 unreserved */
static inline bool vg_is_unreserved(char c)
{
	return vg_is_alpha(c) || vg_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static inline char vg_to_lower(char c)
{
	return vg_is_upper(c) ? c + ('a' - 'A') : c;
}

/* Value of a hexadecimal digit of either case, or -1 */
static inline int vg_hex_val(char c)
{
	if (vg_is_digit(c))
		return c - '0';
	c = vg_to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool vg_str_eq_nocase(struct vg_str a, struct vg_str b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i] && vg_to_lower(a.p[i]) != vg_to_lower(b.p[i]))
			return false;
	return true;
}

/* Without blanks (SP, HTAB) at both ends */
static inline struct vg_str vg_str_trim(struct vg_str s)
{
	while (s.n && vg_is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && vg_is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/*
 * Strict decimal: digits only, no sign, no blank, no leading zero but "0" itself.
 * Returns 0, -EINVAL (not such a number) or -ERANGE (over U64_MAX); @out is set only on 0.
 */
static inline int vg_str_u64(struct vg_str s, u64 *out)
{
	u64 v = 0;
	size_t i;

	if (!s.n || (s.n > 1 && s.p[0] == '0'))
		return -EINVAL;
	for (i = 0; i < s.n; i++)
		if (!vg_is_digit(s.p[i]))
			return -EINVAL;
	for (i = 0; i < s.n; i++) {
		u64 d = s.p[i] - '0';

		if (v > U64_MAX / 10 || v * 10 > U64_MAX - d)
			return -ERANGE;
		v = v * 10 + d;
	}
	*out = v;
	return 0;
}

#endif
