/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a run is expected to take, from the learnt values:
 *
 *	ExecUs.<fn> = <log2 bytes>:<µs>;…	a curve: c(b), interpolated linearly over log2 of
 *	the bytes NodeSpeedPermille.<node>		divides it: s
 *	NodeLoadCoefPermille.<fn>		times 1 + k × load, load = runs per processor
 *
 *	us(fn, b, node, load) = c(b) × 1000/s × (1 + k/1000 × load)
 *
 * Left of the first point and right of the last one the curve is flat: nothing was seen there. No
 * floating point, no allocation, no lock; compiles into the modules, virgod and libvirgo.
 */
#ifndef VG_CORE_PREDICT_H
#define VG_CORE_PREDICT_H

#include <linux/types.h>

#include "core/str.h"

struct vg_conf_error;

enum vg_predict_limit {
	VG_CURVE_POINTS = 64,		/* log2 of a length is 0 to 63 */
	VG_SPEED_MIN = 100,		/* permille */
	VG_SPEED_MAX = 10000,
	VG_LOAD_COEF_MAX = 5000,
	VG_PREDICT_MAX_US = 1 << 30,	/* 18 min: what takes longer is all the same to a choice */
	VG_PREDICT_MAX_LOAD = 1 << 20,	/* permille; with these, products stay in 64 bits */
};

struct vg_curve {
	u32 n;			/* 0: nothing is known */
	u8 log2[VG_CURVE_POINTS];
	u32 us[VG_CURVE_POINTS];
};

/* what is learnt of one function */
struct vg_model {
	struct vg_curve curve;
	u32 load_coef_permille;
};

/*
 * A function's or program's name as it stands behind "ExecUs." and in the log line of its runs: what a key may
 * not hold becomes "_" ("sample:upper" is sample_upper), and what is too long is cut at its head, which
 * tells less than its end. Returns the length, 0 for an empty name.
 */
enum { VG_FN_NAME = 44 };	/* with NUL; behind the longest prefix it fills a key */
size_t vg_fn_name(struct vg_str name, char out[VG_FN_NAME]);

/* The value of ExecUs.<fn>. -EINVAL, -E2BIG with @err (may be NULL) filled. */
int vg_curve_parse(struct vg_curve *curve, struct vg_str text, struct vg_conf_error *err);
/* µs for @bytes; 0 if the curve has no point */
u64 vg_curve_us(const struct vg_curve *curve, u64 bytes);

/*
 * The formula above. @speed_permille 0: 1000. @load_permille: runs per processor that are there
 * already. 0 without a curve, else at least 1 and at most VG_PREDICT_MAX_US.
 */
u64 vg_predict_us(const struct vg_model *model, u64 bytes, u32 speed_permille, u64 load_permille);

#endif
