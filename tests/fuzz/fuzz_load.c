// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What nodes and clients read of each other's load: a lease of the registry, and (behind a "c") a curve of run
 * times. What is accepted must be within its limits, and say the same when it is written and read again.
 */
#include <stdlib.h>

#include <linux/slab.h>

#include "core/addr.c"
#include "core/buf.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/json_read.c"
#include "core/json_write.c"
#include "core/lease.c"
#include "core/load.c"
#include "core/predict.c"
#include "core/utf8.c"
#include "core/values_parse.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lease(const char *text, size_t n)
{
	struct vg_jtok toks[VG_LOAD_TOKENS];
	struct vg_lease a, b;
	const char *why = NULL;
	char address[VG_ADDR_TEXT];
	struct vg_json doc;
	struct vg_buf buf;
	struct vg_jw w;

	if (vg_lease_read(&doc, text, n, toks, VG_LOAD_TOKENS, 7, &a, &why)) {
		MUST(why);
		return;
	}
	MUST(a.load.node == 7 && a.load.cpus >= 1 && a.load.cpus <= VG_LOAD_CPUS_MAX);
	MUST(a.load.running <= VG_LOAD_RUNS_MAX && a.load.queued <= VG_LOAD_RUNS_MAX);
	MUST(a.load.load1_permille <= VG_LOAD1_MAX);
	vg_buf_init(&buf, NULL, 0, VG_LOAD_BYTES);
	vg_jw_init(&w, &buf);
	vg_jw_obj(&w);
	vg_load_json(&a.load, &w);
	if (a.addr.family)
		vg_jw_kstr(&w, "address", vg_str(address, vg_addr_print(&a.addr, address)));
	vg_jw_obj_end(&w);
	MUST(!vg_jw_end(&w));
	MUST(!vg_lease_read(&doc, buf.p, buf.len, toks, VG_LOAD_TOKENS, 7, &b, &why));
	MUST(!memcmp(&a, &b, sizeof(a)));
	vg_buf_free(&buf);
}

static void curve(const char *text, size_t n)
{
	struct vg_model model = { .load_coef_permille = 450 };
	struct vg_conf_error err;
	u64 bytes, us;
	u32 i;

	if (vg_curve_parse(&model.curve, vg_str(text, n), &err)) {
		MUST(!model.curve.n);
		return;
	}
	MUST(model.curve.n >= 1 && model.curve.n <= VG_CURVE_POINTS);
	for (i = 0; i < 64; i++) {
		bytes = 3ull << i;
		us = vg_curve_us(&model.curve, bytes);
		MUST(us <= U32_MAX);
		us = vg_predict_us(&model, bytes, i * 200, bytes);
		MUST(us >= 1 && us <= VG_PREDICT_MAX_US);
	}
	for (i = 0; i < model.curve.n; i++)
		if (model.curve.log2[i])
			MUST(vg_curve_us(&model.curve, 1ull << model.curve.log2[i]) == model.curve.us[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 'c')
		curve((const char *)data + 1, size - 1);
	else
		lease((const char *)data, size);
	return 0;
}
