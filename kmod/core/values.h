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

struct vg_node;
struct vg_values;

enum vg_value_type {
	VG_VALUE_INT,
	VG_VALUE_LIST,		/* items between ';' */
	VG_VALUE_TEXT,
};

/*
 * One value a module acts on.
 * @min, @max: what the file may hold (outside: the whole file is refused).
 * @own: the administrator's setting, to which a value that is not in force goes back (INT).
 * @bounds: lowest and highest the administrator allows; the value is clamped to them.
 * @apply: @v is in force from now (INT), or @text is; @text.p == NULL: back to the
 *	administrator's own. Called with the values lock held; may sleep; must not fail half-way:
 *	-errno means nothing was changed and is reported in /v1/analytics.
 * @acted: how often the value made a difference, for /v1/analytics and /metrics. Optional.
 */
struct vg_value_def {
	const char *name;
	enum vg_value_type type;
	const char *unit;
	s64 min, max;
	s64 (*own)(struct vg_node *node);
	void (*bounds)(struct vg_node *node, s64 *lo, s64 *hi);
	int (*apply)(struct vg_node *node, s64 v, struct vg_str text);
	u64 (*acted)(struct vg_node *node);
};

int vg_values_new(struct vg_node *node, struct vg_values **v);
void vg_values_free(struct vg_values *v);
/*
 * Read and judge the file anew. -ENOENT: no file, all values go back. Any other error: the
 * values in force stay; *@msg (256 bytes) says file, line, column, why.
 */
int vg_values_load(struct vg_values *v, char *msg, size_t msg_n);
/* The configuration changed (mode, bounds, quality): judge the values held anew. */
void vg_values_judge(struct vg_values *v);
/* Expiry; every tick. */
void vg_values_tick(struct vg_values *v, u64 now_s);
/* The document of GET /v1/analytics. */
void vg_values_json(struct vg_values *v, struct vg_buf *json);
void vg_values_metrics(struct vg_values *v, struct vg_buf *out);

/* Other modules: see kapi/virgo.h. -ENOENT: not in the file, expired or below quality. */
int vg_values_get_s64(struct vg_values *v, const char *name, s64 *out);
int vg_values_get_text(struct vg_values *v, const char *name, char *out, size_t cap);
int vg_values_register(struct vg_values *v, const struct vg_value_def *def);
void vg_values_unregister(struct vg_values *v, const struct vg_value_def *def);

/*
 * Deny list: longest prefix does not matter, any match refuses. Lookup takes no lock and is
 * O(log n) in at most VG_DENY_MAX entries.
 */
struct vg_addr;
bool vg_deny_match(struct vg_node *node, const struct vg_addr *peer, u64 now_s);

#endif
