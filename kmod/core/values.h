/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Learnt values: /etc/virgo_kernel_analytics.conf read, judged (mode, quality, expiry, bounds)
 * and acted upon through a registry in which each value says what it changes.
 */
#ifndef VG_CORE_VALUES_H
#define VG_CORE_VALUES_H

#include <linux/types.h>

#include "core/buf.h"
#include "core/str.h"

struct vg_jw;
struct vg_node;
struct vg_values;

enum vg_value_type {
	VG_VALUE_INT,
	VG_VALUE_SOURCES,	/* addresses and networks between ';' */
	VG_VALUE_TEXT,
};

/* how far a value reaches */
enum vg_force {
	VG_FORCE_NONE,		/* the administrator's own setting */
	VG_FORCE_SHADOW,	/* count what would be done, do nothing */
	VG_FORCE_APPLY,
};

/* what is in the file, as far as it concerns one definition */
struct vg_value {
	s64 number;		/* INT: clamped to bounds and step */
	struct vg_str text;	/* as written; valid during apply() only */
	u64 until_s;		/* the file's expiry, Unix seconds; 0: none */
};

/*
 * One value a module acts on.
 * @min, @max: what the file may hold (outside: the whole file is refused).
 * @step_permille: INT: how far one reload may move it from what is in force, 0: any distance.
 * @own: the administrator's setting, to which a value that is not in force goes back.
 * @bounds: lowest and highest the administrator allows; the value is clamped to them.
 * @apply: @v counts from now with @force; VG_FORCE_NONE: back to the administrator's own. Called with
 *	the values' lock held; may sleep. -errno: nothing was changed; /v1/analytics says so.
 * @acted: how often the value made a difference, or (@would) in shadow would have made one; without it: how often
 *	somebody took it.
 * @tell: further members of its object in /v1/analytics.
 * All but name, type, min and max are optional.
 */
struct vg_value_def {
	const char *name;
	enum vg_value_type type;
	const char *unit;
	s64 min, max;
	u32 step_permille;
	s64 (*own)(struct vg_node *node);
	void (*bounds)(struct vg_node *node, s64 *lo, s64 *hi);
	int (*apply)(const struct vg_value_def *def, struct vg_node *node,
		     const struct vg_value *v, enum vg_force force);
	u64 (*acted)(struct vg_node *node, bool would);
	void (*tell)(struct vg_node *node, struct vg_jw *json);
};

/* In which mode the file is to be read: the configuration's, or for this reading alone another one. */
enum vg_reload {
	VG_RELOAD_AS_SET,
	VG_RELOAD_SHADOW,
	VG_RELOAD_APPLY,
};

int vg_values_new(struct vg_node *node, struct vg_values **v);
void vg_values_free(struct vg_values *v);
/*
 * Read and judge the file anew. -ENOENT: no file, all values go back. Any other error: the
 * values in force stay; *@msg (256 bytes) says file, line, column, why. What @how asks for holds until the next
 * reading or until analytics_mode changes; -EOPNOTSUPP: analytics_mode is off, and stays so.
 */
int vg_values_load(struct vg_values *v, enum vg_reload how, char *msg, size_t msg_n);
/* What vg_values_load() would do, as the document of /v1/analytics; does and logs nothing. Errors as there. */
int vg_values_try(struct vg_values *v, enum vg_reload how, struct vg_jw *json, char *msg, size_t msg_n);
/* The configuration changed (mode, bounds, quality): judge the values held anew. */
void vg_values_judge(struct vg_values *v);
/* Expiry; every tick. */
void vg_values_tick(struct vg_values *v, u64 now_s);
/* The document of GET /v1/analytics. */
void vg_values_json(struct vg_values *v, struct vg_jw *json);
void vg_values_metrics(struct vg_values *v, struct vg_buf *out);

/* Other modules: see kapi/virgo.h. -ENOENT: not in the file, expired or below quality. */
int vg_values_get_s64(struct vg_values *v, const char *name, s64 *out);
int vg_values_get_text(struct vg_values *v, const char *name, char *out, size_t cap);
int vg_values_register(struct vg_values *v, const struct vg_value_def *def);
void vg_values_unregister(struct vg_values *v, const struct vg_value_def *def);

/* The values that core itself acts on (values_core.c). */
extern const struct vg_value_def vg_core_values[];
extern const u32 vg_nr_core_values;

struct vg_addr;
/* Is this peer to be refused at accept? Counts; takes no lock. */
bool vg_deny_match(struct vg_node *node, const struct vg_addr *peer);
/* Would the learnt limit (in shadow) have refused another connection at @n? Counts. */
void vg_shadow_connections(struct vg_node *node, u32 n);

#endif
