// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The values file of a node into a snapshot: whole, or not at all with line and column. Must never change what is in
 * force.
 */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "core/host.h"
#include "core/node.h"
#include "core/values_int.h"
#include "core/values_parse.h"

void vg_snapshot_free(struct vg_snapshot *s)
{
	if (!s)
		return;
	kvfree(s->text);
	kvfree(s);
}

struct vg_value_slot *vg_values_slot(struct vg_values *v, struct vg_str name)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (vg_str_is(name, v->slot[i].def->name))
			return &v->slot[i];
	return NULL;
}

const struct vg_conf_pair *vg_snapshot_pair(const struct vg_snapshot *s, struct vg_str name)
{
	u32 i;

	for (i = 0; s && i < s->n; i++)
		if (vg_str_eq(s->pair[i].key, name))
			return &s->pair[i];
	return NULL;
}

struct reading {
	struct vg_values *v;
	struct vg_snapshot *snap;
};

static int check_sources(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct vg_conf_list list = VG_VALUES_LIST(pair);
	struct vg_conf_pair item;
	struct vg_addr addr;
	u64 ttl_s;
	u32 n = 0;
	int ret;

	while ((ret = vg_conf_list_next(&list, &item, err)) > 0) {
		if (++n > VG_DENY_MAX)
			return vg_conf_fail(err, &item, -E2BIG, "more than %d addresses", VG_DENY_MAX);
		ret = vg_values_source(&item, &addr, &ttl_s, err);
		if (ret)
			return ret;
	}
	return ret;
}

int vg_values_fits(const struct vg_value_def *def, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	s64 number;

	switch (def->type) {
	case VG_VALUE_INT:
		return vg_values_s64(pair, def->min, def->max, &number, err);
	case VG_VALUE_SOURCES:
		return check_sources(pair, err);
	default:
		return 0;
	}
}

static int take_pair(void *ctx, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct reading *r = ctx;
	struct vg_snapshot *s = r->snap;
	struct vg_value_slot *slot = vg_values_slot(r->v, pair->key);
	int p = vg_provenance_of(pair->key), ret;

	if (p >= 0) {
		ret = vg_conf_u64(pair, 0, S64_MAX, &s->provenance[p], err);
		s->have |= 1ull << p;
		s->hand_set = false;
	} else if (slot) {
		ret = vg_values_fits(slot->def, pair, err);
		if (!vg_str_is(pair->key, "MaxNetworkBandwidth"))
			s->hand_set = false;
	} else {
		ret = vg_schema_check(pair, err);
		if (ret > 0)		/* known, and as it should be */
			s->hand_set = false;
		ret = min(ret, 0);
	}
	if (!ret && s->n < VG_VALUES_MAX)
		s->pair[s->n++] = *pair;
	return ret;
}

int vg_snapshot_read(struct vg_values *v, const char *path, struct vg_snapshot **out, char *msg, size_t msg_n)
{
	struct reading r = { .v = v };
	struct vg_conf_sink sink = { .pair = take_pair, .ctx = &r };
	struct vg_conf_error err = { };
	u8 *text;
	size_t n;
	int ret;

	ret = host_read_file(path, VG_VALUES_FILE_MAX, false, &text, &n);
	if (ret)
		return vg_conf_unread(path, ret, VG_VALUES_FILE_MAX, msg, msg_n);
	r.snap = kvzalloc(sizeof(*r.snap), GFP_KERNEL);
	if (!r.snap) {
		kvfree(text);
		return -ENOMEM;
	}
	r.snap->text = text;
	r.snap->hand_set = true;
	r.snap->read_s = ktime_get_real_seconds();
	ret = vg_values_parse((char *)text, n, &sink, &err);
	if (ret) {
		scnprintf(msg, msg_n, "%s:%u:%u: %s", path, err.line, err.col, err.msg);
		vg_snapshot_free(r.snap);
		return ret;
	}
	*out = r.snap;
	return 0;
}

u64 vg_snapshot_until(const struct vg_snapshot *s)
{
	if (s->hand_set)
		return 0;
	return s->provenance[VG_P_GENERATED] + s->provenance[VG_P_VALID_FOR];
}
