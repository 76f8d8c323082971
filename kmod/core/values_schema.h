/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the protocol says of values that core does not act on itself: provenance and the values that are
 * shown or read by other modules. A known key with a bad value refuses the file.
 */
#ifndef VG_CORE_VALUES_SCHEMA_H
#define VG_CORE_VALUES_SCHEMA_H

#include "core/conf.h"

enum vg_provenance {
	VG_P_SCHEMA,
	VG_P_GENERATED,
	VG_P_VALID_FOR,
	VG_P_MODEL,
	VG_P_QUALITY,
	VG_P_ROWS,
	VG_PROVENANCES,
};

extern const char *const vg_provenance_names[VG_PROVENANCES];
/* index in enum vg_provenance, or -1 */
int vg_provenance_of(struct vg_str key);

/* 0: unknown key; 1: known and good; -errno with @err filled: known and bad */
int vg_schema_check(const struct vg_conf_pair *pair, struct vg_conf_error *err);

/* Do balancers take the value of this key (run times, speeds, loads)? */
bool vg_schema_taken(struct vg_str key);

#endif
