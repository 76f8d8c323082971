// SPDX-License-Identifier: GPL-2.0-or-later
/* Expected run times from the learnt values. See predict.h. */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/math64.h>

#include "core/predict.h"
#include "core/values_parse.h"

enum { STEP = 1024 };	/* of log2: the positions between two powers of two */

size_t vg_fn_name(struct vg_str name, char out[VG_FN_NAME])
{
	size_t i, n = min_t(size_t, name.n, VG_FN_NAME - 1);
	char c;

	for (i = 0; i < n; i++) {
		c = name.p[name.n - n + i];
		out[i] = vg_is_alpha(c) || vg_is_digit(c) || c == '.' || c == '-' ? c : '_';
	}
	out[n] = 0;
	return n;
}
EXPORT_SYMBOL_GPL(vg_fn_name);

int vg_curve_parse(struct vg_curve *curve, struct vg_str text, struct vg_conf_error *err)
{
	struct vg_conf_pair pair = { .key = VG_STR_INIT("ExecUs"), .value = text }, item;
	struct vg_conf_list list = VG_CONF_LIST(&pair, ';');
	struct vg_conf_error unheard;
	u64 x, y;
	int ret;

	err = err ?: &unheard;
	curve->n = 0;
	while ((ret = vg_conf_list_next(&list, &item, err)) > 0) {
		ret = vg_values_point(&item, VG_CURVE_POINTS - 1, U32_MAX, &x, &y, err);
		if (ret)
			break;
		if (curve->n && x <= curve->log2[curve->n - 1]) {
			ret = vg_conf_fail(err, &item, -EINVAL, "sizes must ascend");
			break;
		}
		curve->log2[curve->n] = x;
		curve->us[curve->n++] = y;
	}
	if (!ret && !curve->n)
		ret = vg_conf_fail(err, &pair, -EINVAL, "at least one <log2 bytes>:<microseconds>");
	if (ret)
		curve->n = 0;
	return ret;
}
EXPORT_SYMBOL_GPL(vg_curve_parse);

/* log2 in steps of 1/1024, the bits behind the first taken as its fraction: never 0.09 off. */
static u32 log2_steps(u64 bytes)
{
	u32 whole;

	if (bytes < 2)
		return 0;
	whole = ilog2(bytes);
	/* without the leading bit, the next ten */
	bytes <<= 63 - whole;
	return whole * STEP + ((bytes >> 53) & (STEP - 1));
}

u64 vg_curve_us(const struct vg_curve *curve, u64 bytes)
{
	u32 at = log2_steps(bytes), i, from, to;
	s64 rise;

	if (!curve->n)
		return 0;
	for (i = 0; i < curve->n && curve->log2[i] * STEP <= at; i++)
		;
	if (!i)
		return curve->us[0];
	if (i == curve->n)
		return curve->us[i - 1];
	from = curve->log2[i - 1] * STEP;
	to = curve->log2[i] * STEP;
	rise = (s64)curve->us[i] - curve->us[i - 1];
	return curve->us[i - 1] + div_s64(rise * (at - from), to - from);
}

u64 vg_predict_us(const struct vg_model *model, u64 bytes, u32 speed_permille, u64 load_permille)
{
	u32 speed = speed_permille ? clamp_t(u32, speed_permille, VG_SPEED_MIN, VG_SPEED_MAX) : 1000;
	u64 us = min_t(u64, vg_curve_us(&model->curve, bytes), VG_PREDICT_MAX_US), stretch;

	if (!model->curve.n)
		return 0;
	us = div_u64(us * 1000, speed);
	stretch = div_u64(min_t(u64, load_permille, VG_PREDICT_MAX_LOAD) *
			  min_t(u32, model->load_coef_permille, VG_LOAD_COEF_MAX), 1000);
	us += div_u64(us * stretch, 1000);
	return clamp_t(u64, us, 1, VG_PREDICT_MAX_US);
}
EXPORT_SYMBOL_GPL(vg_predict_us);
