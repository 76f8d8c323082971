// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The values file's grammar and the kinds of item its lists hold. Must never interpret a value:
 * what it means, and whether it is applied, others decide.
 */
#include <linux/export.h>

#include "core/values_parse.h"

#define VG_TTL_MAX (366ULL * 24 * 3600)

int vg_values_parse(const char *text, size_t n, const struct vg_conf_sink *sink,
		    struct vg_conf_error *err)
{
	static const struct vg_conf_grammar grammar = {
		.commas = true, .upper = true,
		/* 256 networks, the longest of 53 bytes with their ";" */
		.long_key = "DenySources",
	};

	return vg_conf_scan(text, n, &grammar, sink, err);
}
EXPORT_SYMBOL_GPL(vg_values_parse);

/* The part [from, to) of @pair's value as a pair of its own, so that errors point at it */
static struct vg_conf_pair values_part(const struct vg_conf_pair *pair, size_t from, size_t to)
{
	struct vg_conf_pair p = *pair;

	p.value = vg_str_sub(pair->value, from, to);
	p.value_col += from;
	return p;
}

int vg_values_source(const struct vg_conf_pair *item, struct vg_addr *addr, u64 *ttl_s,
		     struct vg_conf_error *err)
{
	const char *at = item->value.n ? memchr(item->value.p, '@', item->value.n) : NULL;
	size_t n = at ? (size_t)(at - item->value.p) : item->value.n;
	struct vg_conf_pair bit = values_part(item, 0, n);
	char shown[VG_CONF_SHOWN];
	struct vg_fault fault;
	struct vg_addr a;
	u64 ttl = 0;
	int ret;

	ret = vg_addr_parse(bit.value, VG_ADDR_PREFIX, &a, &fault);
	if (ret) {
		bit.value_col += fault.pos;
		return vg_conf_fail(err, &bit, ret,
				    "%.*s: %s is not address[/prefix][@seconds]: %s",
				    VG_STR_ARG(item->key), vg_conf_show(shown, item->value),
				    fault.why);
	}
	if (at) {
		bit = values_part(item, n + 1, item->value.n);
		ret = vg_conf_u64(&bit, 1, VG_TTL_MAX, &ttl, err);
		if (ret)
			return ret;
	}
	*addr = a;
	*ttl_s = ttl;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_values_source);

int vg_values_point(const struct vg_conf_pair *item, u64 x_max, u64 y_max, u64 *x, u64 *y,
		    struct vg_conf_error *err)
{
	const char *colon = item->value.n ? memchr(item->value.p, ':', item->value.n) : NULL;
	char shown[VG_CONF_SHOWN];
	struct vg_conf_pair bit;
	u64 first, second;
	size_t n;
	int ret;

	if (!colon)
		return vg_conf_fail(err, item, -EINVAL,
				    "%.*s: no \":\" in %s: expected number:number",
				    VG_STR_ARG(item->key), vg_conf_show(shown, item->value));
	n = colon - item->value.p;
	bit = values_part(item, 0, n);
	ret = vg_conf_u64(&bit, 0, x_max, &first, err);
	if (ret)
		return ret;
	bit = values_part(item, n + 1, item->value.n);
	ret = vg_conf_u64(&bit, 0, y_max, &second, err);
	if (ret)
		return ret;
	*x = first;
	*y = second;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_values_point);

int vg_values_s64(const struct vg_conf_pair *item, s64 min, s64 max, s64 *out,
		  struct vg_conf_error *err)
{
	bool minus = item->value.n && item->value.p[0] == '-';
	char shown[VG_CONF_SHOWN];
	s64 v = 0;
	u64 abs;
	int ret;

	ret = vg_str_u64(vg_str_sub(item->value, minus, item->value.n), &abs);
	if (!ret && abs > (u64)S64_MAX + minus)
		ret = -ERANGE;
	if (!ret)
		/* in two steps, because -S64_MIN does not exist */
		v = minus && abs ? -(s64)(abs - 1) - 1 : (s64)abs;
	if (!ret && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	return vg_conf_fail(err, item, ret == -EINVAL ? ret : -ERANGE,
			    "%.*s: %s is not a whole number from %lld to %lld",
			    VG_STR_ARG(item->key), vg_conf_show(shown, item->value), min, max);
}
EXPORT_SYMBOL_GPL(vg_values_s64);
