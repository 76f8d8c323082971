// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bounded byte builder. Must never hold more than its limit, write outside its storage, or
 * let a put after an error have effect.
 */
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "core/buf.h"

#define VG_BUF_FIRST 256

void vg_buf_init(struct vg_buf *b, char *lent, size_t lent_n, size_t max)
{
	*b = (struct vg_buf){
		.p = lent_n ? lent : NULL,
		.cap = lent_n,
		.max = max,
		.lent = lent,
		.lent_n = lent_n,
	};
}
EXPORT_SYMBOL_GPL(vg_buf_init);

int vg_buf_fail(struct vg_buf *b, int err)
{
	if (!b->err)
		b->err = err;
	return b->err;
}
EXPORT_SYMBOL_GPL(vg_buf_fail);

static int buf_grow(struct vg_buf *b, size_t need)
{
	size_t cap = b->cap;
	char *p;

	cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap < need)
		cap = need;
	if (cap < VG_BUF_FIRST)
		cap = min_t(size_t, VG_BUF_FIRST, b->max);
	p = kvmalloc(cap, GFP_KERNEL);
	if (!p)
		return vg_buf_fail(b, -ENOMEM);
	if (b->len)
		memcpy(p, b->p, b->len);
	if (b->p && b->p != b->lent)
		kvfree(b->p);
	b->p = p;
	b->cap = cap;
	return 0;
}

char *vg_buf_reserve(struct vg_buf *b, size_t n)
{
	size_t need;

	if (b->err)
		return NULL;
	if (check_add_overflow(b->len, n, &need) || need > b->max) {
		vg_buf_fail(b, -E2BIG);
		return NULL;
	}
	/* also for n = 0, so that success is never a NULL address */
	if ((need > b->cap || !b->p) && buf_grow(b, need))
		return NULL;
	return b->p + b->len;
}
EXPORT_SYMBOL_GPL(vg_buf_reserve);

void vg_buf_add(struct vg_buf *b, size_t n)
{
	if (b->err)
		return;
	if (n > min_t(size_t, b->cap, b->max) - b->len) {
		vg_buf_fail(b, -EPROTO);
		return;
	}
	b->len += n;
}
EXPORT_SYMBOL_GPL(vg_buf_add);

int vg_buf_put(struct vg_buf *b, const void *p, size_t n)
{
	char *to;

	if (!n)
		return b->err;
	to = vg_buf_reserve(b, n);
	if (!to)
		return b->err;
	memcpy(to, p, n);
	b->len += n;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_buf_put);

int vg_buf_putc(struct vg_buf *b, char c)
{
	return vg_buf_put(b, &c, 1);
}
EXPORT_SYMBOL_GPL(vg_buf_putc);

int vg_buf_puts(struct vg_buf *b, const char *s)
{
	return vg_buf_put(b, s, strlen(s));
}
EXPORT_SYMBOL_GPL(vg_buf_puts);

int vg_buf_str(struct vg_buf *b, struct vg_str s)
{
	return vg_buf_put(b, s.p, s.n);
}
EXPORT_SYMBOL_GPL(vg_buf_str);

/* "00" to "99": two digits a division, each answer having some thirty of them */
static const char digit_pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

size_t vg_u64_to_dec(u64 v, char out[VG_U64_DIGITS])
{
	char tmp[VG_U64_DIGITS];
	size_t at = sizeof(tmp);
	u32 low, pair;

	/*
	 * most numbers fit 32 bits, where a division is much cheaper, on 32-bit machines above
	 * all
	 */
	while (v > U32_MAX) {
		v = div_u64_rem(v, 100, &pair);
		at -= 2;
		memcpy(tmp + at, digit_pairs + 2 * pair, 2);
	}
	for (low = v; low >= 100; low /= 100) {
		at -= 2;
		memcpy(tmp + at, digit_pairs + 2 * (low % 100), 2);
	}
	tmp[--at] = digit_pairs[2 * low + 1];
	if (low >= 10)
		tmp[--at] = digit_pairs[2 * low];
	memcpy(out, tmp + at, sizeof(tmp) - at);
	return sizeof(tmp) - at;
}
EXPORT_SYMBOL_GPL(vg_u64_to_dec);

int vg_buf_u64(struct vg_buf *b, u64 v)
{
	char digits[VG_U64_DIGITS];

	return vg_buf_put(b, digits, vg_u64_to_dec(v, digits));
}
EXPORT_SYMBOL_GPL(vg_buf_u64);

int vg_buf_s64(struct vg_buf *b, s64 v)
{
	char digits[VG_U64_DIGITS + 1];
	/* unsigned negation, because -S64_MIN overflows */
	u64 abs = v < 0 ? 0 - (u64)v : (u64)v;
	size_t n = vg_u64_to_dec(abs, digits + 1);

	digits[0] = '-';
	return v < 0 ? vg_buf_put(b, digits, n + 1) : vg_buf_put(b, digits + 1, n);
}
EXPORT_SYMBOL_GPL(vg_buf_s64);

int vg_buf_hex64(struct vg_buf *b, u64 v)
{
	char tmp[16];
	size_t at = sizeof(tmp);

	do {
		tmp[--at] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	return vg_buf_put(b, tmp + at, sizeof(tmp) - at);
}
EXPORT_SYMBOL_GPL(vg_buf_hex64);

int vg_buf_hex(struct vg_buf *b, const void *p, size_t n)
{
	const u8 *from = p;
	size_t i;
	char *to;

	if (n > b->max)
		return vg_buf_fail(b, -E2BIG);
	to = vg_buf_reserve(b, 2 * n);
	if (!to)
		return b->err;
	for (i = 0; i < n; i++) {
		to[2 * i] = "0123456789abcdef"[from[i] >> 4];
		to[2 * i + 1] = "0123456789abcdef"[from[i] & 15];
	}
	b->len += 2 * n;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_buf_hex);

int vg_buf_vprintf(struct vg_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int n;

	if (b->err)
		return b->err;
	va_copy(again, ap);
	n = vsnprintf(b->p ? b->p + b->len : NULL, b->p ? b->cap - b->len : 0, fmt, ap);
	if (n < 0) {
		vg_buf_fail(b, -EINVAL);
		goto out;
	}
	/* a second pass only where the first had no room for text and NUL */
	if (!b->p || (size_t)n >= b->cap - b->len || b->len + n > b->max) {
		to = vg_buf_reserve(b, (size_t)n + 1);
		if (!to)
			goto out;
		vsnprintf(to, (size_t)n + 1, fmt, again);
	}
	b->len += n;
out:
	va_end(again);
	return b->err;
}
EXPORT_SYMBOL_GPL(vg_buf_vprintf);

int vg_buf_printf(struct vg_buf *b, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = vg_buf_vprintf(b, fmt, ap);
	va_end(ap);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_buf_printf);

void vg_buf_cut(struct vg_buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}
EXPORT_SYMBOL_GPL(vg_buf_cut);

void *vg_buf_take(struct vg_buf *b, size_t *n)
{
	void *p;

	*n = 0;
	if (b->err)
		return NULL;
	if (b->p && b->p != b->lent) {
		p = b->p;
	} else {
		p = kvmalloc(b->len ? b->len : 1, GFP_KERNEL);
		if (!p) {
			vg_buf_fail(b, -ENOMEM);
			return NULL;
		}
		if (b->len)
			memcpy(p, b->p, b->len);
	}
	*n = b->len;
	vg_buf_init(b, b->lent, b->lent_n, b->max);
	return p;
}
EXPORT_SYMBOL_GPL(vg_buf_take);

void vg_buf_reset(struct vg_buf *b)
{
	b->len = 0;
	b->err = 0;
}
EXPORT_SYMBOL_GPL(vg_buf_reset);

void vg_buf_free(struct vg_buf *b)
{
	if (b->p && b->p != b->lent)
		kvfree(b->p);
	vg_buf_init(b, b->lent, b->lent_n, b->max);
}
EXPORT_SYMBOL_GPL(vg_buf_free);

int vg_buf_metric(struct vg_buf *b, const char *group, const char *name, const char *help, bool counter,
		  u64 v)
{
	const char *tail = counter ? "_total" : "", *type = counter ? "counter" : "gauge";

	vg_buf_printf(b, "# HELP virgo_%s_%s%s %s\n", group, name, tail, help);
	vg_buf_printf(b, "# TYPE virgo_%s_%s%s %s\n", group, name, tail, type);
	return vg_buf_printf(b, "virgo_%s_%s%s %llu\n", group, name, tail, (unsigned long long)v);
}
EXPORT_SYMBOL_GPL(vg_buf_metric);
