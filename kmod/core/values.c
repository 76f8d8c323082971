// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The learnt values of a node: the file is read whole or not at all, judged as a whole (mode, provenance,
 * quality, expiry), and each value of it acted upon within the administrator's bounds. Whatever ends
 * its reign puts back the administrator's own setting. Every change is logged once.
 *
 * Locks: node->lock is held around everything here that changes something.
 */
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include "core/conf.h"
#include "core/host.h"
#include "core/json.h"
#include "core/node.h"
#include "core/values.h"
#include "core/values_int.h"
#include "core/values_parse.h"

enum { FUTURE_S = 300 };

int vg_values_new(struct vg_node *node, struct vg_values **out)
{
	struct vg_values *v = kvzalloc(sizeof(*v), GFP_KERNEL);
	u32 i;

	if (!v)
		return -ENOMEM;
	v->node = node;
	node->anomaly_score = -1;
	node->anomaly_threshold = -1;
	for (i = 0; i < vg_nr_core_values; i++)
		v->slot[v->n++].def = &vg_core_values[i];
	strscpy(v->state, "no file was read", sizeof(v->state));
	*out = v;
	return 0;
}

/* --- judging --------------------------------------------------------------------------------------------- */

enum vg_mode vg_values_mode(const struct vg_values *v, const struct vg_config *cfg)
{
	if (v->asked == VG_RELOAD_AS_SET || v->asked_under != cfg->analytics_mode)
		return cfg->analytics_mode;
	return v->asked == VG_RELOAD_SHADOW ? VG_MODE_SHADOW : VG_MODE_APPLY;
}

/* Into @why, why the file as a whole is not in force; false: it is. */
static bool judge_file(const struct vg_values *v, const struct vg_config *cfg, u64 now_s, char *why, size_t n)
{
	const struct vg_snapshot *s = v->snap;
	int p;

	why[0] = 0;
	if (!s) {
		scnprintf(why, n, "there is no file");
	} else if (vg_values_mode(v, cfg) == VG_MODE_OFF) {
		scnprintf(why, n, "analytics_mode is off");
	} else if (!s->hand_set) {
		for (p = 0; p < VG_PROVENANCES; p++)
			if (!(s->have & 1ull << p)) {
				scnprintf(why, n, "%s is missing", vg_provenance_names[p]);
				return true;
			}
		if (s->provenance[VG_P_SCHEMA] != 1)
			scnprintf(why, n, "SchemaVersion %llu is not known: 1 is",
				  (unsigned long long)s->provenance[VG_P_SCHEMA]);
		else if (s->provenance[VG_P_GENERATED] > now_s + FUTURE_S)
			scnprintf(why, n, "Generated lies %llu s in the future",
				  (unsigned long long)(s->provenance[VG_P_GENERATED] - now_s));
		else if (vg_snapshot_until(s) < now_s)
			scnprintf(why, n, "it expired %llu s ago",
				  (unsigned long long)(now_s - vg_snapshot_until(s)));
		else if (s->provenance[VG_P_QUALITY] < cfg->analytics_min_quality)
			scnprintf(why, n, "ModelQualityPermille %llu is under analytics_min_quality %llu",
				  (unsigned long long)s->provenance[VG_P_QUALITY],
				  (unsigned long long)cfg->analytics_min_quality);
	}
	return why[0];
}

/* Hold @x within the administrator's bounds and the step from what is in force. */
static s64 clamp_value(struct vg_values *v, struct vg_value_slot *slot, s64 x)
{
	const struct vg_value_def *def = slot->def;
	s64 lo = def->min, hi = def->max, now = slot->number, step, was = x;

	slot->bounded[0] = 0;
	if (slot->force != VG_FORCE_APPLY)
		now = def->own ? def->own(v->node) : 0;
	if (def->bounds)
		def->bounds(v->node, &lo, &hi);
	if (def->step_permille && now > 0) {
		step = max_t(s64, div_s64(now * def->step_permille, 1000), 1);
		x = clamp_t(s64, x, now - step, now + step);
		if (x != was)
			scnprintf(slot->bounded, sizeof(slot->bounded), "a reload moves it by at most %u permille from %lld",
				  def->step_permille, (long long)now);
	}
	was = x;
	x = clamp_t(s64, x, lo, max(lo, hi));
	if (x != was)
		scnprintf(slot->bounded, sizeof(slot->bounded), "bounded by the configuration: %lld to %lld",
			  (long long)lo, (long long)hi);
	return x;
}

/* a value that is text, as the log shows it: cut, and "nothing" where the file does not count */
static const char *shown(enum vg_force force, struct vg_str text, char *buf, size_t cap)
{
	return force == VG_FORCE_NONE ? "nothing" : vg_printable(text.p, text.n, buf, cap);
}

static const char *const force_words[] = { "back to the administrator's own", "in shadow", "in force" };

static void log_change(const struct vg_value_slot *slot, enum vg_force was, s64 was_number,
		       struct vg_str was_text, struct vg_str text)
{
	const char *colon = slot->why[0] ? ": " : "";
	char old[64], new[64];

	if (slot->def->type == VG_VALUE_INT)
		pr_info("virgo: value %s: %s, %lld -> %lld%s%s\n", slot->def->name, force_words[slot->force],
			(long long)was_number, (long long)slot->number, colon, slot->why);
	else
		pr_info("virgo: value %s: %s, %s -> %s%s%s\n", slot->def->name, force_words[slot->force],
			shown(was, was_text, old, sizeof(old)),
			shown(slot->force, text, new, sizeof(new)), colon, slot->why);
}

static struct vg_str text_of(const struct vg_conf_pair *pair)
{
	return pair ? pair->value : vg_str("", 0);
}

static const char *shadow_why(const struct vg_values *v)
{
	return v->asked == VG_RELOAD_SHADOW ? "asked for in shadow" : "analytics_mode is shadow";
}

/* Make @slot count with @force; @fresh: the file was read anew, so equal numbers may hide new text. */
static void settle(struct vg_values *v, struct vg_value_slot *slot, enum vg_force force, bool fresh)
{
	const struct vg_conf_pair *pair = vg_snapshot_pair(v->snap, vg_cstr(slot->def->name));
	struct vg_value value = { .until_s = v->snap ? vg_snapshot_until(v->snap) : 0 };
	/* the file was read before a module said what it takes */
	bool fits = pair && !vg_values_fits(slot->def, pair, NULL);
	s64 was_number = slot->number, own = slot->def->own ? slot->def->own(v->node) : 0;
	struct vg_str text = text_of(pair), was_text = text;
	enum vg_force was = slot->force;
	bool changed;
	int ret = 0;

	if (fresh)
		was_text = text_of(vg_snapshot_pair(v->before, vg_cstr(slot->def->name)));
	if (!fits)
		force = VG_FORCE_NONE;
	if (force == VG_FORCE_NONE) {
		strscpy(slot->why, fits ? v->state : pair ? "outside of what it may be" :
			"not in the file", sizeof(slot->why));
		slot->bounded[0] = 0;
		value.number = own;
		/* the administrator may have changed it since */
		if (was == VG_FORCE_NONE && value.number == was_number)
			return;
	} else {
		value.text = pair->value;
		slot->bounded[0] = 0;
		if (slot->def->type == VG_VALUE_INT) {
			vg_values_s64(pair, slot->def->min, slot->def->max, &value.number, NULL);
			/* one reading moves a value by one step, however often it is judged */
			if (!fresh && was == force && slot->def->step_permille)
				value.number = was_number;
			value.number = clamp_value(v, slot, value.number);
		}
		strscpy(slot->why, force == VG_FORCE_SHADOW ? shadow_why(v) : slot->bounded, sizeof(slot->why));
		/* in shadow it is the administrator's own that counts */
		if (!fresh && was == force && value.number == was_number && own == slot->own)
			return;
	}
	if (slot->def->apply && !v->dry)
		ret = slot->def->apply(slot->def, v->node, &value, force);
	if (ret) {
		scnprintf(slot->why, sizeof(slot->why), "could not be applied (error %d)", ret);
		return;
	}
	slot->force = force;
	slot->number = value.number;
	slot->own = own;
	changed = slot->def->type == VG_VALUE_INT ? was_number != value.number :
		  force != VG_FORCE_NONE && !vg_str_eq(was_text, text);
	if (was != force || changed) {
		slot->taken.since_s = ktime_get_real_seconds();
		if (!v->dry && (was != VG_FORCE_NONE || force != VG_FORCE_NONE))
			log_change(slot, was, was_number, was_text, text);
	}
}

/* A value without a slot, which others take: logged as those with one. */
static void log_pair(enum vg_force was, struct vg_str old, enum vg_force force, struct vg_str text, struct vg_str key)
{
	char before[64], after[64], name[VG_CONF_KEY + 1];

	pr_info("virgo: value %s: %s, %s -> %s\n", vg_printable(key.p, key.n, name, sizeof(name)), force_words[force],
		shown(was, old, before, sizeof(before)), shown(force, text, after, sizeof(after)));
}

/* The pair of @key in @s, which is likely to be the @i-th there too. */
static int find_near(const struct vg_snapshot *s, struct vg_str key, u32 i)
{
	const struct vg_conf_pair *pair;

	if (!s)
		return -1;
	if (i < s->n && vg_str_eq(s->pair[i].key, key))
		return i;
	pair = vg_snapshot_pair(s, key);
	return pair ? pair - s->pair : -1;
}

/* What the @i-th pair of a new reading has done so far, and since when it stands there. */
static void settle_pair(struct vg_values *v, u32 i, enum vg_force was, bool fresh)
{
	const struct vg_snapshot *before = fresh ? v->before : v->snap;
	struct vg_conf_pair *pair = &v->snap->pair[i];
	struct vg_taken *taken = &v->snap->taken[i];
	int old = find_near(before, pair->key, i);
	struct vg_str was_text = old < 0 ? vg_str("", 0) : before->pair[old].value;

	if (old < 0)
		was = VG_FORCE_NONE;
	else
		*taken = before->taken[old];
	if (old >= 0 && was == v->force && vg_str_eq(was_text, pair->value))
		return;
	taken->since_s = ktime_get_real_seconds();
	if (!v->dry && vg_schema_taken(pair->key) && (was != VG_FORCE_NONE || v->force != VG_FORCE_NONE))
		log_pair(was, was_text, v->force, pair->value, pair->key);
}

static void settle_pairs(struct vg_values *v, enum vg_force was, bool fresh)
{
	const struct vg_snapshot *before = v->before;
	u32 i;

	for (i = 0; v->snap && i < v->snap->n; i++)
		if (!vg_values_slot(v, v->snap->pair[i].key))
			settle_pair(v, i, was, fresh);
	for (i = 0; fresh && before && was != VG_FORCE_NONE && !v->dry && i < before->n; i++)
		if (vg_schema_taken(before->pair[i].key) && find_near(v->snap, before->pair[i].key, i) < 0)
			log_pair(was, before->pair[i].value, VG_FORCE_NONE, vg_str("", 0), before->pair[i].key);
}

/* Both values of an anomaly are settled: is the node degraded by them? */
static void judge_anomaly(struct vg_values *v)
{
	const struct vg_conf_pair *kind = vg_snapshot_pair(v->snap, VG_STR("AnomalyKind"));
	struct vg_node *node = v->node;
	bool over = node->anomaly_score >= 0 && node->anomaly_threshold >= 0 &&
		    node->anomaly_score > node->anomaly_threshold;
	enum vg_force degraded = over ? v->force : VG_FORCE_NONE, was = node->degraded;
	char text[16];

	if (degraded == was)
		return;
	WRITE_ONCE(node->degraded, degraded);
	if (degraded == VG_FORCE_NONE)
		pr_info("virgo: node %u is %s no more\n", node->id,
			was == VG_FORCE_APPLY ? "degraded" : "what would be degraded");
	else
		pr_warn("virgo: node %u %s degraded: AnomalyScorePermille %d is over AnomalyThresholdPermille %d, kind %s\n",
			node->id, degraded == VG_FORCE_APPLY ? "is" : "would be, were it not for the shadow,",
			node->anomaly_score, node->anomaly_threshold,
			kind ? vg_printable(kind->value.p, kind->value.n, text, sizeof(text)) : "not said");
}

static void judge(struct vg_values *v, bool fresh)
{
	struct vg_config *cfg = vg_node_cfg(v->node);
	enum vg_force force = VG_FORCE_NONE, was = v->force;
	u32 i;

	lockdep_assert_held(&v->node->lock);
	if (v->asked_under != cfg->analytics_mode)
		v->asked = VG_RELOAD_AS_SET;
	if (!judge_file(v, cfg, ktime_get_real_seconds(), v->state, sizeof(v->state)))
		force = vg_values_mode(v, cfg) == VG_MODE_APPLY ? VG_FORCE_APPLY : VG_FORCE_SHADOW;
	vg_config_put(cfg);
	v->force = force;
	for (i = 0; i < v->n; i++)
		settle(v, &v->slot[i], force, fresh);
	settle_pairs(v, was, fresh);
	if (!v->dry)
		judge_anomaly(v);
}

/* Read the file for @v, as asked for in @how; *@fresh NULL with -ENOENT. */
static int read_for(struct vg_values *v, enum vg_reload how, struct vg_snapshot **fresh, char *msg, size_t msg_n)
{
	struct vg_config *cfg = vg_node_cfg(v->node);
	int ret = -EOPNOTSUPP;

	*fresh = NULL;
	if (how != VG_RELOAD_AS_SET && cfg->analytics_mode == VG_MODE_OFF)
		scnprintf(msg, msg_n, "analytics_mode is off in the configuration of node %u", v->node->id);
	else
		ret = vg_snapshot_read(v, cfg->analytics_file, fresh, msg, msg_n);
	if (!ret || ret == -ENOENT) {
		v->asked = how;
		v->asked_under = cfg->analytics_mode;
	}
	vg_config_put(cfg);
	return ret;
}

int vg_values_load(struct vg_values *v, enum vg_reload how, char *msg, size_t msg_n)
{
	struct vg_snapshot *fresh;
	int ret = read_for(v, how, &fresh, msg, msg_n);

	if (ret && ret != -ENOENT)
		return ret;
	v->before = v->snap;
	v->snap = fresh;
	judge(v, true);
	vg_snapshot_free(v->before);
	v->before = NULL;
	return ret;
}

int vg_values_try(struct vg_values *v, enum vg_reload how, struct vg_jw *json, char *msg, size_t msg_n)
{
	struct vg_values *dry = kvmalloc(sizeof(*dry), GFP_KERNEL);
	int ret;

	lockdep_assert_held(&v->node->lock);
	if (!dry)
		return -ENOMEM;
	*dry = *v;
	dry->dry = true;
	ret = read_for(dry, how, &dry->snap, msg, msg_n);
	if (!ret || ret == -ENOENT) {
		dry->before = v->snap;
		judge(dry, true);
		vg_values_doc(dry, v, json);
		vg_snapshot_free(dry->snap);
	}
	kvfree(dry);
	return ret;
}

void vg_values_judge(struct vg_values *v)
{
	judge(v, false);
}

/* Only time can change a verdict between two readings; the clock may also be set, forward and back. */
void vg_values_tick(struct vg_values *v, u64 now_s)
{
	struct vg_config *cfg;
	char why[sizeof(v->state)];
	bool changed;

	if (!v->snap || v->snap->hand_set)
		return;
	cfg = vg_node_cfg(v->node);
	changed = judge_file(v, cfg, now_s, why, sizeof(why)) != !!v->state[0];
	vg_config_put(cfg);
	if (changed)
		judge(v, false);
}

void vg_values_free(struct vg_values *v)
{
	u32 i;

	if (!v)
		return;
	strscpy(v->state, "the node stops", sizeof(v->state));
	for (i = 0; i < v->n; i++)
		if (v->slot[i].force != VG_FORCE_NONE)
			settle(v, &v->slot[i], VG_FORCE_NONE, false);
	v->force = VG_FORCE_NONE;
	judge_anomaly(v);
	vg_snapshot_free(v->snap);
	kvfree(v);
}

/* --- other modules ------------------------------------------------------------------------------------------- */

/*
 * The pair of @name while the file is acted on; NULL: it is not. Counts whoever takes it, and in shadow whoever would
 * have.
 */
static const struct vg_conf_pair *take(struct vg_values *v, const char *name, struct vg_value_slot **slot)
{
	struct vg_str key = vg_cstr(name);
	const struct vg_conf_pair *pair;
	struct vg_taken *taken;
	enum vg_force force;

	lockdep_assert_held(&v->node->lock);
	*slot = vg_values_slot(v, key);
	pair = vg_snapshot_pair(v->snap, key);
	if (!pair)
		return NULL;
	taken = *slot ? &(*slot)->taken : &v->snap->taken[pair - v->snap->pair];
	force = *slot ? (*slot)->force : v->force;
	taken->acted += force == VG_FORCE_APPLY;
	taken->would += force == VG_FORCE_SHADOW;
	return force == VG_FORCE_APPLY ? pair : NULL;
}

int vg_values_get_s64(struct vg_values *v, const char *name, s64 *out)
{
	struct vg_value_slot *slot;
	const struct vg_conf_pair *pair = take(v, name, &slot);

	if (!pair)
		return -ENOENT;
	if (slot && slot->def->type == VG_VALUE_INT) {
		*out = slot->number;
		return 0;
	}
	return vg_values_s64(pair, S64_MIN, S64_MAX, out, NULL);
}
EXPORT_SYMBOL_GPL(vg_values_get_s64);

int vg_values_get_text(struct vg_values *v, const char *name, char *out, size_t cap)
{
	struct vg_value_slot *slot;
	const struct vg_conf_pair *pair = take(v, name, &slot);

	if (!pair)
		return -ENOENT;
	if (pair->value.n >= cap)
		return -ENOSPC;
	memcpy(out, pair->value.p, pair->value.n);
	out[pair->value.n] = 0;
	return pair->value.n;
}
EXPORT_SYMBOL_GPL(vg_values_get_text);

int vg_values_register(struct vg_values *v, const struct vg_value_def *def)
{
	lockdep_assert_held(&v->node->lock);
	if (vg_values_slot(v, vg_cstr(def->name)))
		return -EEXIST;
	if (v->n == VG_VALUE_DEFS_MAX)
		return -ENOSPC;
	memset(&v->slot[v->n], 0, sizeof(v->slot[0]));
	v->slot[v->n++].def = def;
	judge(v, false);
	return 0;
}

void vg_values_unregister(struct vg_values *v, const struct vg_value_def *def)
{
	u32 i;

	lockdep_assert_held(&v->node->lock);
	for (i = 0; i < v->n; i++)
		if (v->slot[i].def == def) {
			if (v->slot[i].force != VG_FORCE_NONE)
				settle(v, &v->slot[i], VG_FORCE_NONE, false);
			v->slot[i] = v->slot[--v->n];
			return;
		}
}

