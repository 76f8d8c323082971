/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node says of itself to those who choose among nodes: the document of GET /v1/load, written
 * and read. Pure: no clock, no lock, no allocation; compiles into the modules, virgod and libvirgo.
 */
#ifndef VG_CORE_LOAD_H
#define VG_CORE_LOAD_H

#include <linux/types.h>

#include "core/json.h"

enum vg_load_limit {
	VG_LOAD_BYTES = 4096,		/* of the document */
	VG_LOAD_TOKENS = 128,		/* enough for it with members of later versions */
	VG_LOAD_CPUS_MAX = 65536,
	VG_LOAD_RUNS_MAX = 1 << 20,	/* more running or queued counts as this */
	VG_LOAD1_MAX = 1 << 30,		/* permille */
};

struct vg_load {
	u32 node;		/* its number; 0: not said */
	u32 cpus;		/* at least 1 */
	u32 load1_permille;	/* the machine's load average of the last minute */
	u32 running, queued;	/* runs of the node's */
	u64 mem_free;		/* bytes; 0: not said */
	u64 predicted_us;	/* what a run begun now is expected to take, with what is there; 0: not known */
	bool degraded;		/* it asks to be spared */
};

/* The figures as members of the open object: "node","cpus","load1","running",… */
void vg_load_json(const struct vg_load *load, struct vg_jw *w);

/*
 * The figures of the object @obj. cpus, running and queued must be there; what else is missing is
 * 0, what is not known is skipped. 0, or -EINVAL with @why (may be NULL) pointing to a static
 * sentence; *@load is untouched then.
 */
int vg_load_read(const struct vg_json *doc, const struct vg_jtok *obj, struct vg_load *load,
		 const char **why);

#endif
