// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The known values besides those acted upon by core. See values_schema.h.
 */
#include <linux/limits.h>

#include "core/values_parse.h"
#include "core/values_schema.h"

const char *const vg_provenance_names[VG_PROVENANCES] = {
	[VG_P_SCHEMA]	 = "SchemaVersion",
	[VG_P_GENERATED] = "Generated",
	[VG_P_VALID_FOR] = "ValidForSec",
	[VG_P_MODEL]	 = "ModelVersion",
	[VG_P_QUALITY]	 = "ModelQualityPermille",
	[VG_P_ROWS]	 = "TrainRows",
};

int vg_provenance_of(struct vg_str key)
{
	int i;

	for (i = 0; i < VG_PROVENANCES; i++)
		if (vg_str_is(key, vg_provenance_names[i]))
			return i;
	return -1;
}

static int check_address(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct vg_addr a;
	struct vg_fault fault;

	if (!vg_addr_parse(pair->value, 0, &a, &fault))
		return 0;
	return vg_conf_fail(err, pair, -EINVAL, "%s: an IPv4 or IPv6 address is expected", fault.why);
}

static int check_kind(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	static const char *const kinds[] = { "none", "oom", "io", "net", "cpu", "other", NULL };
	u32 i;

	return vg_conf_enum(pair, kinds, &i, err);
}

/* "<log2 bytes>:<µs>;…", ascending, at least one */
static int check_curve(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct vg_conf_list list = VG_VALUES_LIST(pair);
	struct vg_conf_pair item;
	u64 x, y, last = 0;
	u32 n = 0;
	int ret;

	while ((ret = vg_conf_list_next(&list, &item, err)) > 0) {
		ret = vg_values_point(&item, 63, U32_MAX, &x, &y, err);
		if (ret)
			return ret;
		if (n++ && x <= last)
			return vg_conf_fail(err, &item, -EINVAL, "sizes must ascend");
		last = x;
	}
	if (!ret && !n)
		return vg_conf_fail(err, pair, -EINVAL, "at least one <log2 bytes>:<microseconds>");
	return ret;
}

static const struct {
	const char *name;	/* ends with '.': a family, something must follow */
	s64 min, max;
	bool taken;		/* by balancers */
	int (*check)(const struct vg_conf_pair *pair, struct vg_conf_error *err);
} known[] = {
	{ .name = "TopSourceIP", .check = check_address },
	{ .name = "TopSourceCount", .min = 0, .max = S64_MAX },
	{ .name = "AnomalyKind", .check = check_kind },
	{ .name = "ExecUs.", .taken = true, .check = check_curve },
	{ .name = "NodeSpeedPermille.", .taken = true, .min = 100, .max = 10000 },
	{ .name = "NodeLoadCoefPermille.", .taken = true, .min = 0, .max = 5000 },
	{ .name = "LogLimited", .min = 0, .max = 1 },
};

/* Does @key name the value, or one of the family, of @name? */
static bool is_key(struct vg_str key, struct vg_str name)
{
	bool family = name.p[name.n - 1] == '.';

	return family ? vg_str_starts(key, name) && key.n > name.n : vg_str_eq(key, name);
}

bool vg_schema_taken(struct vg_str key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (is_key(key, vg_cstr(known[i].name)))
			return known[i].taken;
	return false;
}

int vg_schema_check(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	s64 number;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!is_key(pair->key, vg_cstr(known[i].name)))
			continue;
		if (known[i].check)
			ret = known[i].check(pair, err);
		else
			ret = vg_values_s64(pair, known[i].min, known[i].max, &number, err);
		return ret ?: 1;
	}
	return 0;
}
