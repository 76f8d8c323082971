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
#include "core/values_parse.h"
#include "core/values_schema.h"

enum { DEFS_MAX = 64, FUTURE_S = 300 };

/* a value the registry knows, and how it stands */
struct slot {
	const struct vg_value_def *def;
	enum vg_force force;
	s64 number;		/* what counts, or would in shadow; INT */
	s64 own;		/* the administrator's setting when it was last applied */
	u64 since_s;
	char why[96];		/* why it is not in force, or what bounded it */
};

/* one reading of the file; immutable */
struct snapshot {
	u8 *text;
	u64 read_s;
	bool hand_set;		/* nothing but MaxNetworkBandwidth and unknown keys: needs no provenance */
	u64 have;		/* bit: enum vg_provenance */
	u64 provenance[VG_PROVENANCES];
	u32 n;
	struct vg_conf_pair pair[];
};

struct vg_values {
	struct vg_node *node;
	struct snapshot *snap;	/* NULL: no file */
	struct snapshot *before;	/* while a new reading is judged: the one it replaces */
	char state[160];	/* why nothing is in force; empty: it is */
	enum vg_force force;	/* of the file as a whole */
	u32 n;
	struct slot slot[DEFS_MAX];
};

int vg_values_new(struct vg_node *node, struct vg_values **out)
{
	struct vg_values *v = kvzalloc(sizeof(*v), GFP_KERNEL);
	u32 i;

	if (!v)
		return -ENOMEM;
	v->node = node;
	for (i = 0; i < vg_nr_core_values; i++)
		v->slot[v->n++].def = &vg_core_values[i];
	strscpy(v->state, "no file was read", sizeof(v->state));
	*out = v;
	return 0;
}

static void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	kvfree(s->text);
	kvfree(s);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static struct slot *find_slot(struct vg_values *v, struct vg_str name)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (vg_str_is(name, v->slot[i].def->name))
			return &v->slot[i];
	return NULL;
}

static const struct vg_conf_pair *find_pair(const struct snapshot *s, const char *name)
{
	u32 i;

	for (i = 0; s && i < s->n; i++)
		if (vg_str_is(s->pair[i].key, name))
			return &s->pair[i];
	return NULL;
}

struct reading {
	struct vg_values *v;
	struct snapshot *snap;
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

static int check_registered(const struct vg_value_def *def, const struct vg_conf_pair *pair,
			    struct vg_conf_error *err)
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
	struct snapshot *s = r->snap;
	struct slot *slot = find_slot(r->v, pair->key);
	int p = vg_provenance_of(pair->key), ret;

	if (p >= 0) {
		ret = vg_conf_u64(pair, 0, S64_MAX, &s->provenance[p], err);
		s->have |= 1ull << p;
		s->hand_set = false;
	} else if (slot) {
		ret = check_registered(slot->def, pair, err);
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

static int read_snapshot(struct vg_values *v, const char *path, struct snapshot **out, char *msg,
			 size_t msg_n)
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
	r.snap = kvzalloc(struct_size(r.snap, pair, VG_VALUES_MAX), GFP_KERNEL);
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
		snapshot_free(r.snap);
		return ret;
	}
	*out = r.snap;
	return 0;
}

/* --- judging --------------------------------------------------------------------------------------------- */

static u64 until_s(const struct snapshot *s)
{
	if (s->hand_set)
		return 0;
	return s->provenance[VG_P_GENERATED] + s->provenance[VG_P_VALID_FOR];
}

/* Why the file as a whole is not in force; false: it is. */
static bool judge_file(struct vg_values *v, const struct vg_config *cfg, u64 now_s)
{
	const struct snapshot *s = v->snap;
	char *why = v->state;
	size_t n = sizeof(v->state);
	int p;

	why[0] = 0;
	if (!s) {
		scnprintf(why, n, "there is no file");
	} else if (cfg->analytics_mode == VG_MODE_OFF) {
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
		else if (until_s(s) < now_s)
			scnprintf(why, n, "it expired %llu s ago",
				  (unsigned long long)(now_s - until_s(s)));
		else if (s->provenance[VG_P_QUALITY] < cfg->analytics_min_quality)
			scnprintf(why, n, "ModelQualityPermille %llu is under analytics_min_quality %llu",
				  (unsigned long long)s->provenance[VG_P_QUALITY],
				  (unsigned long long)cfg->analytics_min_quality);
	}
	return why[0];
}

/* Hold @x within the administrator's bounds and the step from what is in force. */
static s64 clamp_value(struct vg_values *v, struct slot *slot, s64 x)
{
	const struct vg_value_def *def = slot->def;
	s64 lo = def->min, hi = def->max, now = slot->number, step, was = x;

	slot->why[0] = 0;
	if (slot->force != VG_FORCE_APPLY)
		now = def->own ? def->own(v->node) : 0;
	if (def->bounds)
		def->bounds(v->node, &lo, &hi);
	if (def->step_permille && now > 0) {
		step = max_t(s64, div_s64(now * def->step_permille, 1000), 1);
		x = clamp_t(s64, x, now - step, now + step);
		if (x != was)
			scnprintf(slot->why, sizeof(slot->why), "a reload moves it by at most %u permille from %lld",
				  def->step_permille, (long long)now);
	}
	was = x;
	x = clamp_t(s64, x, lo, max(lo, hi));
	if (x != was)
		scnprintf(slot->why, sizeof(slot->why), "bounded by the configuration: %lld to %lld",
			  (long long)lo, (long long)hi);
	return x;
}

/* a value that is text, as the log shows it: cut, and "nothing" where the file does not count */
static const char *shown(enum vg_force force, struct vg_str text, char *buf, size_t cap)
{
	return force == VG_FORCE_NONE ? "nothing" : vg_printable(text.p, text.n, buf, cap);
}

static void log_change(const struct slot *slot, enum vg_force was, s64 was_number,
		       struct vg_str was_text, struct vg_str text)
{
	static const char *const what[] = { "back to the administrator's own", "in shadow", "in force" };
	const char *colon = slot->why[0] ? ": " : "";
	char old[64], new[64];

	if (slot->def->type == VG_VALUE_INT)
		pr_info("virgo: value %s: %s, %lld -> %lld%s%s\n", slot->def->name, what[slot->force],
			(long long)was_number, (long long)slot->number, colon, slot->why);
	else
		pr_info("virgo: value %s: %s, %s -> %s%s%s\n", slot->def->name, what[slot->force],
			shown(was, was_text, old, sizeof(old)),
			shown(slot->force, text, new, sizeof(new)), colon, slot->why);
}

static struct vg_str text_of(const struct vg_conf_pair *pair)
{
	return pair ? pair->value : vg_str("", 0);
}

/* Make @slot count with @force; @fresh: the file was read anew, so equal numbers may hide new text. */
static void settle(struct vg_values *v, struct slot *slot, enum vg_force force, bool fresh)
{
	const struct vg_conf_pair *pair = find_pair(v->snap, slot->def->name);
	struct vg_value value = { .until_s = v->snap ? until_s(v->snap) : 0 };
	/* the file was read before a module said what it takes */
	bool fits = pair && !check_registered(slot->def, pair, NULL);
	s64 was_number = slot->number, own = slot->def->own ? slot->def->own(v->node) : 0;
	struct vg_str text = text_of(pair), was_text = text;
	enum vg_force was = slot->force;
	bool changed;
	int ret = 0;

	if (fresh)
		was_text = text_of(find_pair(v->before, slot->def->name));
	if (!fits)
		force = VG_FORCE_NONE;
	if (force == VG_FORCE_NONE) {
		strscpy(slot->why, fits ? v->state : pair ? "outside of what it may be" :
			"not in the file", sizeof(slot->why));
		value.number = own;
		/* the administrator may have changed it since */
		if (was == VG_FORCE_NONE && value.number == was_number)
			return;
	} else {
		value.text = pair->value;
		slot->why[0] = 0;
		if (slot->def->type == VG_VALUE_INT) {
			vg_values_s64(pair, slot->def->min, slot->def->max, &value.number, NULL);
			/* one reading moves a value by one step, however often it is judged */
			if (!fresh && was == force && slot->def->step_permille)
				value.number = was_number;
			value.number = clamp_value(v, slot, value.number);
		}
		if (force == VG_FORCE_SHADOW)
			strscpy(slot->why, "analytics_mode is shadow", sizeof(slot->why));
		/* in shadow it is the administrator's own that counts */
		if (!fresh && was == force && value.number == was_number && own == slot->own)
			return;
	}
	if (slot->def->apply)
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
		slot->since_s = ktime_get_real_seconds();
		if (was != VG_FORCE_NONE || force != VG_FORCE_NONE)
			log_change(slot, was, was_number, was_text, text);
	}
}

static void judge(struct vg_values *v, bool fresh)
{
	struct vg_config *cfg = vg_node_cfg(v->node);
	enum vg_force force = VG_FORCE_NONE;
	u32 i;

	lockdep_assert_held(&v->node->lock);
	if (!judge_file(v, cfg, ktime_get_real_seconds()))
		force = cfg->analytics_mode == VG_MODE_APPLY ? VG_FORCE_APPLY : VG_FORCE_SHADOW;
	vg_config_put(cfg);
	v->force = force;
	for (i = 0; i < v->n; i++)
		settle(v, &v->slot[i], force, fresh);
}

int vg_values_load(struct vg_values *v, char *msg, size_t msg_n)
{
	struct vg_config *cfg = vg_node_cfg(v->node);
	struct snapshot *fresh = NULL;
	int ret;

	ret = read_snapshot(v, cfg->analytics_file, &fresh, msg, msg_n);
	vg_config_put(cfg);
	if (ret && ret != -ENOENT)
		return ret;
	v->before = v->snap;
	v->snap = fresh;
	judge(v, true);
	snapshot_free(v->before);
	v->before = NULL;
	return ret;
}

void vg_values_judge(struct vg_values *v)
{
	judge(v, false);
}

void vg_values_tick(struct vg_values *v, u64 now_s)
{
	/* only time can change a verdict between two readings */
	if (v->snap && !v->snap->hand_set && !v->state[0] && until_s(v->snap) < now_s)
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
	snapshot_free(v->snap);
	kvfree(v);
}

/* --- other modules ------------------------------------------------------------------------------------------- */

/* The pair of @name while the file is acted on. */
static const struct vg_conf_pair *usable(struct vg_values *v, const char *name)
{
	return v->force == VG_FORCE_APPLY ? find_pair(v->snap, name) : NULL;
}

int vg_values_get_s64(struct vg_values *v, const char *name, s64 *out)
{
	const struct vg_conf_pair *pair = usable(v, name);
	struct slot *slot = find_slot(v, vg_cstr(name));

	lockdep_assert_held(&v->node->lock);
	if (!pair)
		return -ENOENT;
	if (slot && slot->def->type == VG_VALUE_INT && slot->force == VG_FORCE_APPLY) {
		*out = slot->number;
		return 0;
	}
	return vg_values_s64(pair, S64_MIN, S64_MAX, out, NULL);
}
EXPORT_SYMBOL_GPL(vg_values_get_s64);

int vg_values_get_text(struct vg_values *v, const char *name, char *out, size_t cap)
{
	const struct vg_conf_pair *pair = usable(v, name);

	lockdep_assert_held(&v->node->lock);
	if (!pair)
		return -ENOENT;
	if (pair->value.n >= cap)
		return -ENOSPC;
	memcpy(out, pair->value.p, pair->value.n);
	out[pair->value.n] = 0;
	return pair->value.n;
}

int vg_values_register(struct vg_values *v, const struct vg_value_def *def)
{
	lockdep_assert_held(&v->node->lock);
	if (find_slot(v, vg_cstr(def->name)))
		return -EEXIST;
	if (v->n == DEFS_MAX)
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

/* --- telling ---------------------------------------------------------------------------------------------------- */

static void slot_json(struct vg_values *v, const struct slot *slot, struct vg_jw *w)
{
	static const char *const words[] = { "own", "shadow", "apply" };
	const struct vg_value_def *def = slot->def;
	const struct vg_conf_pair *pair = find_pair(v->snap, def->name);

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
	vg_jw_kcstr(w, "force", words[slot->force]);
	if (def->type == VG_VALUE_INT && def->own) {
		vg_jw_ks64(w, "own", def->own(v->node));
		vg_jw_ks64(w, "in_force", slot->force == VG_FORCE_APPLY ? slot->number :
			   def->own(v->node));
		if (slot->force == VG_FORCE_SHADOW)
			vg_jw_ks64(w, "would_be", slot->number);
	}
	if (slot->why[0])
		vg_jw_kcstr(w, "why", slot->why);
	if (slot->since_s)
		vg_jw_ku64(w, "since_ms", slot->since_s * 1000);
	if (def->acted)
		vg_jw_ku64(w, "acted", def->acted(v->node));
	vg_jw_obj_end(w);
}

static void other_json(struct vg_values *v, struct vg_jw *w)
{
	const struct snapshot *s = v->snap;
	u32 i;

	for (i = 0; s && i < s->n; i++) {
		if (find_slot(v, s->pair[i].key))
			continue;
		vg_jw_obj(w);
		vg_jw_kstr(w, "name", s->pair[i].key);
		vg_jw_kstr(w, "learnt", s->pair[i].value);
		vg_jw_kbool(w, "applied", false);
		vg_jw_kcstr(w, "why", "shown and given to other modules");
		vg_jw_obj_end(w);
	}
}

void vg_values_json(struct vg_values *v, struct vg_jw *w)
{
	static const char *const modes[] = { "off", "shadow", "apply" };
	struct vg_config *cfg = vg_node_cfg(v->node);
	u32 i;

	vg_jw_obj(w);
	vg_jw_kcstr(w, "file", cfg->analytics_file);
	vg_jw_kcstr(w, "mode", modes[cfg->analytics_mode]);
	vg_jw_ku64(w, "min_quality", cfg->analytics_min_quality);
	vg_jw_kbool(w, "usable", !v->state[0]);
	if (v->state[0])
		vg_jw_kcstr(w, "why", v->state);
	if (v->snap) {
		vg_jw_ku64(w, "read_ms", v->snap->read_s * 1000);
		if (!v->snap->hand_set)
			vg_jw_ku64(w, "expires_ms", until_s(v->snap) * 1000);
	}
	vg_jw_karr(w, "values");
	for (i = 0; i < v->n; i++)
		slot_json(v, &v->slot[i], w);
	other_json(v, w);
	vg_jw_arr_end(w);
	vg_jw_obj_end(w);
	vg_config_put(cfg);
}

void vg_values_metrics(struct vg_values *v, struct vg_buf *out)
{
	u32 i;

	vg_buf_puts(out, "# HELP virgo_value_applied Learnt value in force (1) or not (0).\n"
		    "# TYPE virgo_value_applied gauge\n");
	for (i = 0; i < v->n; i++)
		vg_buf_printf(out, "virgo_value_applied{name=\"%s\"} %d\n", v->slot[i].def->name,
			      v->slot[i].force == VG_FORCE_APPLY);
	vg_buf_puts(out, "# HELP virgo_value_acted_total How often a learnt value made a difference.\n"
		    "# TYPE virgo_value_acted_total counter\n");
	for (i = 0; i < v->n; i++)
		if (v->slot[i].def->acted)
			vg_buf_printf(out, "virgo_value_acted_total{name=\"%s\"} %llu\n",
				      v->slot[i].def->name,
				      (unsigned long long)v->slot[i].def->acted(v->node));
}
