// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is told of learnt values: the document of GET /v1/analytics and the metrics. Must never change what it tells of.
 */
#include "core/json.h"
#include "core/node.h"
#include "core/values_int.h"

static const char *const force_names[] = { "own", "shadow", "apply" };

/* the value itself, as a number: what is in force now, and what is not, but would be */
static void number_json(struct vg_node *node, const struct vg_value_slot *slot, const struct vg_value_slot *live, bool dry,
			struct vg_jw *w)
{
	const struct vg_value_def *def = slot->def;
	s64 lo = def->min, hi = def->max, own = def->own ? def->own(node) : 0;

	if (def->own)
		vg_jw_ks64(w, "own", own);
	if (live->force == VG_FORCE_APPLY || def->own)
		vg_jw_ks64(w, "in_force", live->force == VG_FORCE_APPLY ? live->number : own);
	if (slot->force == VG_FORCE_SHADOW || (dry && slot->force == VG_FORCE_APPLY))
		vg_jw_ks64(w, "would_be", slot->number);
	else if (dry && def->own)
		vg_jw_ks64(w, "would_be", own);
	if (def->bounds) {
		def->bounds(node, &lo, &hi);
		vg_jw_ks64(w, "least", lo);
		vg_jw_ks64(w, "most", hi);
	}
}

static void counts_json(u64 acted, u64 would, struct vg_jw *w)
{
	vg_jw_ku64(w, "acted", acted);
	vg_jw_ku64(w, "would_have_acted", would);
}

static u64 slot_acted(struct vg_node *node, const struct vg_value_slot *slot, bool would)
{
	u64 taken = would ? slot->taken.would : slot->taken.acted;

	return slot->def->acted ? slot->def->acted(node, would) : taken;
}

static void slot_json(struct vg_values *v, const struct vg_value_slot *slot, const struct vg_value_slot *live,
		      struct vg_jw *w)
{
	const struct vg_value_def *def = slot->def;
	const struct vg_conf_pair *pair = vg_snapshot_pair(v->snap, vg_cstr(def->name));

	vg_jw_obj(w);
	vg_jw_kcstr(w, "name", def->name);
	if (def->unit)
		vg_jw_kcstr(w, "unit", def->unit);
	vg_jw_key(w, "learnt");
	if (pair)
		vg_jw_str(w, pair->value);
	else
		vg_jw_null(w);
	vg_jw_kbool(w, "applied", slot->force == VG_FORCE_APPLY);
	vg_jw_kcstr(w, "force", force_names[slot->force]);
	if (def->type == VG_VALUE_INT)
		number_json(v->node, slot, live, v->dry, w);
	if (slot->bounded[0])
		vg_jw_kcstr(w, "bounded_by", slot->bounded);
	if (slot->why[0])
		vg_jw_kcstr(w, "why", slot->why);
	if (slot->taken.since_s)
		vg_jw_ku64(w, "since_ms", slot->taken.since_s * 1000);
	if (def->tell && !v->dry)
		def->tell(v->node, w);
	counts_json(slot_acted(v->node, slot, false), slot_acted(v->node, slot, true), w);
	vg_jw_obj_end(w);
}

/* A value that core does not act on: balancers take some, modules any */
static void pair_json(struct vg_values *v, u32 i, struct vg_jw *w)
{
	const struct vg_conf_pair *pair = &v->snap->pair[i];
	const struct vg_taken *taken = &v->snap->taken[i];
	bool by_balancers = vg_schema_taken(pair->key);

	vg_jw_obj(w);
	vg_jw_kstr(w, "name", pair->key);
	vg_jw_kstr(w, "learnt", pair->value);
	vg_jw_kbool(w, "applied", by_balancers && v->force == VG_FORCE_APPLY);
	if (by_balancers) {
		vg_jw_kcstr(w, "force", force_names[v->force]);
		if (v->force != VG_FORCE_APPLY)
			vg_jw_kcstr(w, "why", v->state[0] ? v->state : "analytics_mode is shadow");
	} else {
		vg_jw_kcstr(w, "why", "shown and given to other modules");
	}
	if (taken->since_s)
		vg_jw_ku64(w, "since_ms", taken->since_s * 1000);
	counts_json(taken->acted, taken->would, w);
	vg_jw_obj_end(w);
}

static void head_json(struct vg_values *v, const struct vg_config *cfg, struct vg_jw *w)
{
	static const char *const modes[] = { "off", "shadow", "apply" };

	vg_jw_kcstr(w, "file", cfg->analytics_file);
	vg_jw_kcstr(w, "mode", modes[vg_values_mode(v, cfg)]);
	vg_jw_kcstr(w, "analytics_mode", modes[cfg->analytics_mode]);
	vg_jw_ku64(w, "min_quality", cfg->analytics_min_quality);
	if (v->dry)
		vg_jw_kbool(w, "dry_run", true);
	vg_jw_kbool(w, "usable", !v->state[0]);
	if (v->state[0])
		vg_jw_kcstr(w, "why", v->state);
	if (v->snap) {
		vg_jw_ku64(w, "read_ms", v->snap->read_s * 1000);
		if (!v->snap->hand_set && vg_snapshot_until(v->snap) < U64_MAX / 1000)
			vg_jw_ku64(w, "expires_ms", vg_snapshot_until(v->snap) * 1000);
	}
	vg_jw_kbool(w, "degraded", READ_ONCE(v->node->degraded) == VG_FORCE_APPLY);
}

void vg_values_doc(struct vg_values *v, struct vg_values *live, struct vg_jw *w)
{
	struct vg_config *cfg = vg_node_cfg(v->node);
	u32 i;

	vg_jw_obj(w);
	head_json(v, cfg, w);
	vg_config_put(cfg);
	vg_jw_karr(w, "values");
	for (i = 0; i < v->n; i++)
		slot_json(v, &v->slot[i], &live->slot[i], w);
	for (i = 0; v->snap && i < v->snap->n; i++)
		if (!vg_values_slot(v, v->snap->pair[i].key))
			pair_json(v, i, w);
	vg_jw_arr_end(w);
	vg_jw_obj_end(w);
}

void vg_values_json(struct vg_values *v, struct vg_jw *w)
{
	vg_values_doc(v, v, w);
}

static void acted_metric(struct vg_values *v, struct vg_buf *out, const char *name, const char *help, bool would)
{
	u32 i;

	vg_buf_printf(out, "# HELP virgo_value_%s %s\n# TYPE virgo_value_%s counter\n", name, help, name);
	for (i = 0; i < v->n; i++)
		vg_buf_printf(out, "virgo_value_%s{name=\"%s\"} %llu\n", name, v->slot[i].def->name,
			      (unsigned long long)slot_acted(v->node, &v->slot[i], would));
}

void vg_values_metrics(struct vg_values *v, struct vg_buf *out)
{
	u32 i;

	vg_buf_puts(out, "# HELP virgo_value_applied Learnt value in force (1) or not (0).\n"
		    "# TYPE virgo_value_applied gauge\n");
	for (i = 0; i < v->n; i++)
		vg_buf_printf(out, "virgo_value_applied{name=\"%s\"} %d\n", v->slot[i].def->name,
			      v->slot[i].force == VG_FORCE_APPLY);
	acted_metric(v, out, "acted_total", "How often a learnt value made a difference.", false);
	acted_metric(v, out, "would_have_acted_total", "How often one in shadow would have.", true);
}
