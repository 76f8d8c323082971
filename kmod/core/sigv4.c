// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VIRGO4-HMAC-SHA256, the pure part. See sigv4.h.
 */
#include <linux/string.h>
#include <linux/time.h>
#include <linux/ktime.h>

#include "core/sigv4.h"

const u8 vg_sha256_of_nothing[VG_SHA256_BYTES] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

const char vg_sha256_of_nothing_hex[2 * VG_SHA256_BYTES + 1] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

void vg_hex(char *out, const u8 *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
}

static int lower_hex(char c)
{
	if (vg_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int vg_unhex(u8 *out, struct vg_str hex, size_t n)
{
	size_t i;

	if (hex.n != 2 * n)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		int hi = lower_hex(hex.p[2 * i]), lo = lower_hex(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		out[i] = hi << 4 | lo;
	}
	return 0;
}

/* --- the header ----------------------------------------------------------------------------- */

static bool eat(struct vg_str *s, struct vg_str what)
{
	if (!vg_str_starts(*s, what))
		return false;
	*s = vg_str_sub(*s, what.n, s->n);
	return true;
}

/* What stands before @end, which is eaten too; -EINVAL without it. */
static int eat_until(struct vg_str *s, char end, struct vg_str *out)
{
	const char *p = s->n ? memchr(s->p, end, s->n) : NULL;

	if (!p)
		return -EINVAL;
	*out = vg_str(s->p, p - s->p);
	*s = vg_str_sub(*s, out->n + 1, s->n);
	return 0;
}

static bool all(struct vg_str s, size_t min, size_t max, bool (*ok)(char c))
{
	size_t i;

	if (s.n < min || s.n > max)
		return false;
	for (i = 0; i < s.n; i++)
		if (!ok(s.p[i]))
			return false;
	return true;
}

static bool id_char(char c)
{
	return vg_is_alpha(c) || vg_is_digit(c) || c == '_' || c == '-';
}

static bool name_char(char c)
{
	return vg_is_lower(c) || vg_is_digit(c) || c == '-';
}

static int parse_names(struct vg_sig *sig)
{
	struct vg_str rest = sig->list;
	u32 i;

	sig->nr_names = 0;
	for (;;) {
		struct vg_str *name = &sig->name[sig->nr_names];
		bool last = eat_until(&rest, ';', name);

		if (last)
			*name = rest;
		if (!all(*name, 1, VG_HEADER_BYTES_MAX, name_char))
			return -EINVAL;
		for (i = 0; i < sig->nr_names; i++)
			if (vg_str_eq(sig->name[i], *name))
				return -EINVAL;
		sig->nr_names++;
		if (last)
			return 0;
		if (sig->nr_names == VG_SIGNED_HEADERS_MAX)
			return -EINVAL;
	}
}

int vg_sig_parse(struct vg_str s, struct vg_sig *sig)
{
	const char *scope;

	if (!eat(&s, VG_STR(VG_SIG_SCHEME " Credential=")))
		return -ENOENT;
	if (eat_until(&s, '/', &sig->key_id) || !all(sig->key_id, 4, VG_KEY_ID_MAX, id_char))
		return -EINVAL;
	scope = s.p;
	if (eat_until(&s, '/', &sig->day) || !all(sig->day, 8, 8, id_char) ||
	    eat_until(&s, '/', &sig->region) || !all(sig->region, 0, 64, id_char) ||
	    eat_until(&s, '/', &sig->service) || !all(sig->service, 0, 64, id_char) ||
	    eat_until(&s, ',', &sig->term) || !all(sig->term, 0, 64, id_char))
		return -EINVAL;
	sig->scope = vg_str(scope, sig->term.p + sig->term.n - scope);
	if (!eat(&s, VG_STR(" SignedHeaders=")) || eat_until(&s, ',', &sig->list))
		return -EINVAL;
	if (parse_names(sig))
		return -EINVAL;
	if (!eat(&s, VG_STR(" Signature=")))
		return -EINVAL;
	return vg_unhex(sig->signature, s, VG_SHA256_BYTES);
}

static int two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

int vg_sig_date(struct vg_str s, u64 *unix_s)
{
	static const u8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, mon, day, leap;
	size_t i;

	if (s.n != 16 || s.p[8] != 'T' || s.p[15] != 'Z')
		return -EINVAL;
	for (i = 0; i < 15; i++)
		if (i != 8 && !vg_is_digit(s.p[i]))
			return -EINVAL;
	year = two(s.p) * 100 + two(s.p + 2);
	mon = two(s.p + 4);
	day = two(s.p + 6);
	if (year < 1970 || mon < 1 || mon > 12)
		return -EINVAL;
	leap = mon == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (day < 1 || day > days[mon - 1] + leap)
		return -EINVAL;
	if (two(s.p + 9) > 23 || two(s.p + 11) > 59 || two(s.p + 13) > 59)
		return -EINVAL;
	*unix_s = mktime64(year, mon, day, two(s.p + 9), two(s.p + 11), two(s.p + 13));
	return 0;
}

/* --- HMAC-SHA256 (RFC 2104) ------------------------------------------------------------------- */

void vg_hmac_key(struct vg_hmac *h, const void *key, size_t n)
{
	u8 pad[VG_SHA256_BLOCK] = { 0 };
	int i;

	if (n > sizeof(pad)) {
		host_sha256_init(&h->inner);
		host_sha256_update(&h->inner, key, n);
		host_sha256_final(&h->inner, pad);
	} else {
		memcpy(pad, key, n);
	}
	for (i = 0; i < VG_SHA256_BLOCK; i++)
		pad[i] ^= 0x36;
	host_sha256_init(&h->inner);
	host_sha256_update(&h->inner, pad, sizeof(pad));
	for (i = 0; i < VG_SHA256_BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	host_sha256_init(&h->outer);
	host_sha256_update(&h->outer, pad, sizeof(pad));
	memzero_explicit(pad, sizeof(pad));
}

void vg_hmac(const struct vg_hmac *h, const void *msg, size_t n, u8 out[VG_SHA256_BYTES])
{
	struct vg_sha256 s;

	host_sha256_copy(&s, &h->inner);
	host_sha256_update(&s, msg, n);
	host_sha256_final(&s, out);
	host_sha256_copy(&s, &h->outer);
	host_sha256_update(&s, out, VG_SHA256_BYTES);
	host_sha256_final(&s, out);
	memzero_explicit(&s, sizeof(s));
}

void vg_sig_key(struct vg_hmac *h, struct vg_str secret, struct vg_str day, struct vg_str region,
		struct vg_str service)
{
	char first[sizeof("VIRGO4") + VG_KEY_SECRET_MAX];
	const struct vg_str step[] = { day, region, service, VG_STR_INIT(VG_SIG_TERM) };
	size_t n = strlen("VIRGO4"), i;
	u8 k[VG_SHA256_BYTES];

	secret.n = min_t(size_t, secret.n, VG_KEY_SECRET_MAX);
	memcpy(first, "VIRGO4", n);
	memcpy(first + n, secret.p, secret.n);
	vg_hmac_key(h, first, n + secret.n);
	for (i = 0; i < ARRAY_SIZE(step); i++) {
		vg_hmac(h, step[i].p, step[i].n, k);
		vg_hmac_key(h, k, sizeof(k));
	}
	memzero_explicit(first, sizeof(first));
	memzero_explicit(k, sizeof(k));
}

/* --- many small pieces ------------------------------------------------------------------------- */

void vg_gather_init(struct vg_gather *g)
{
	host_sha256_init(&g->sha);
	g->n = 0;
}

void vg_gather_flush(struct vg_gather *g)
{
	host_sha256_update(&g->sha, g->buf, g->n);
	g->n = 0;
}

void vg_gather_put(struct vg_gather *g, const void *p, size_t n)
{
	if (n > sizeof(g->buf) - g->n)
		vg_gather_flush(g);
	if (n > sizeof(g->buf)) {
		host_sha256_update(&g->sha, p, n);
		return;
	}
	if (n)
		memcpy(g->buf + g->n, p, n);
	g->n += n;
}

void vg_gather_str(struct vg_gather *g, struct vg_str s)
{
	vg_gather_put(g, s.p, s.n);
}

void vg_gather_value(struct vg_gather *g, struct vg_str v)
{
	size_t from = 0, i;

	for (i = 0; i < v.n; i++) {
		if (!vg_is_blank(v.p[i]))
			continue;
		if (v.p[i] == ' ' && !(i + 1 < v.n && vg_is_blank(v.p[i + 1])))
			continue;
		vg_gather_put(g, v.p + from, i - from);
		vg_gather_put(g, " ", 1);
		while (i + 1 < v.n && vg_is_blank(v.p[i + 1]))
			i++;
		from = i + 1;
	}
	vg_gather_put(g, v.p + from, v.n - from);
}

void vg_gather_path(struct vg_gather *g, struct vg_str path)
{
	const char *pct;

	while (path.n && (pct = memchr(path.p, '%', path.n))) {
		size_t n = pct - path.p + 1;

		vg_gather_put(g, path.p, n);
		vg_gather_put(g, "25", 2);
		path = vg_str_sub(path, n, path.n);
	}
	vg_gather_str(g, path);
}
