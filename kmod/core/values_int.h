/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What values.c (judging), values_read.c (the file) and values_tell.c (telling) share. node->lock is
 * held around everything here.
 */
#ifndef VG_CORE_VALUES_INT_H
#define VG_CORE_VALUES_INT_H

#include "core/conf.h"
#include "core/config.h"
#include "core/values.h"
#include "core/values_schema.h"

enum { VG_VALUE_DEFS_MAX = 64 };

/* who took a value from us, and since when it stands as it does */
struct vg_taken {
	u64 since_s;
	u64 acted;		/* times it was taken */
	u64 would;		/* times it would have been, were it not in shadow */
};

/* a value the registry knows, and how it stands */
struct vg_value_slot {
	const struct vg_value_def *def;
	enum vg_force force;
	s64 number;		/* what counts, or would in shadow; INT */
	s64 own;		/* the administrator's setting when it was last applied */
	struct vg_taken taken;
	char why[96];		/* why it is not in force, or what bounded it */
	char bounded[96];	/* what bounded it, in force or not; empty: nothing did */
};

/* one reading of the file; what was read does not change */
struct vg_snapshot {
	u8 *text;
	u64 read_s;
	bool hand_set;		/* nothing but MaxNetworkBandwidth and unknown keys: needs no provenance */
	u64 have;		/* bit: enum vg_provenance */
	u64 provenance[VG_PROVENANCES];
	u32 n;
	struct vg_conf_pair pair[VG_VALUES_MAX];
	struct vg_taken taken[VG_VALUES_MAX];	/* of pairs that have no slot */
};

struct vg_values {
	struct vg_node *node;
	struct vg_snapshot *snap;	/* NULL: no file */
	struct vg_snapshot *before;	/* while a new reading is judged: the one it replaces */
	bool dry;		/* a copy that only tells what would be: changes and logs nothing */
	enum vg_reload asked;	/* for this reading, while analytics_mode is still */
	enum vg_mode asked_under;
	char state[160];	/* why nothing is in force; empty: it is */
	enum vg_force force;	/* of the file as a whole */
	u32 n;
	struct vg_value_slot slot[VG_VALUE_DEFS_MAX];
};

/* values_read.c: -ENOENT: no file; other errors with @msg. The caller's, vg_snapshot_free(). */
int vg_snapshot_read(struct vg_values *v, const char *path, struct vg_snapshot **out, char *msg, size_t msg_n);
void vg_snapshot_free(struct vg_snapshot *s);
/* Does the pair hold what the definition allows? @err may be NULL. */
int vg_values_fits(const struct vg_value_def *def, const struct vg_conf_pair *pair, struct vg_conf_error *err);
struct vg_value_slot *vg_values_slot(struct vg_values *v, struct vg_str name);
const struct vg_conf_pair *vg_snapshot_pair(const struct vg_snapshot *s, struct vg_str name);
/* Unix seconds; 0: it does not expire */
u64 vg_snapshot_until(const struct vg_snapshot *s);
/* What counts: analytics_mode, unless this reading was asked for in another one. */
enum vg_mode vg_values_mode(const struct vg_values *v, const struct vg_config *cfg);

/* values_tell.c. @live: of a dry run, the values it was made from; else @v itself. */
void vg_values_doc(struct vg_values *v, struct vg_values *live, struct vg_jw *json);

#endif
