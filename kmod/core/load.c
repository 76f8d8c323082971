// SPDX-License-Identifier: GPL-2.0-or-later
/* The document of GET /v1/load. See load.h. What is read is foreign: every member is checked. */
#include <linux/export.h>

#include "core/load.h"

void vg_load_json(const struct vg_load *load, struct vg_jw *w)
{
	char load1[16];
	int n;

	vg_jw_ku64(w, "node", load->node);
	vg_jw_ku64(w, "cpus", load->cpus);
	n = scnprintf(load1, sizeof(load1), "%u.%03u", load->load1_permille / 1000,
		      load->load1_permille % 1000);
	vg_jw_key(w, "load1");
	vg_jw_raw(w, vg_str(load1, n));
	vg_jw_ku64(w, "running", load->running);
	vg_jw_ku64(w, "queued", load->queued);
	vg_jw_ku64(w, "mem_free", load->mem_free);
	vg_jw_ku64(w, "predicted_us", load->predicted_us);
	vg_jw_kbool(w, "degraded", load->degraded);
}
EXPORT_SYMBOL_GPL(vg_load_json);

/* A number that may have a fraction, in thousandths; what is finer is cut off. */
static int read_permille(struct vg_str s, u32 *out)
{
	u32 unit = 1000;
	u64 v = 0;
	size_t i;

	for (i = 0; i < s.n && vg_is_digit(s.p[i]); i++) {
		v = v * 10 + (s.p[i] - '0');
		if (v > VG_LOAD1_MAX / 1000)
			return -ERANGE;
	}
	v *= 1000;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && vg_is_digit(s.p[i]); i++) {
			unit /= 10;
			v += unit * (s.p[i] - '0');
		}
	if (i < s.n)
		return -EINVAL;	/* a sign or an exponent: no load average is written so */
	*out = v;
	return 0;
}

/* 0, also where it is missing and need not be there */
static int read_u64(const struct vg_json *doc, const struct vg_jtok *obj, const char *name, bool must,
		    u64 max, u64 *out)
{
	const struct vg_jtok *t = vg_json_get(doc, obj, name);
	u64 v;
	int ret;

	if (!t)
		return must ? -EINVAL : 0;
	ret = vg_json_u64(doc, t, &v);
	if (!ret)
		*out = min(v, max);
	return ret;
}

static int load_refuse(const char **why, const char *text)
{
	if (why)
		*why = text;
	return -EINVAL;
}

int vg_load_read(const struct vg_json *doc, const struct vg_jtok *obj, struct vg_load *out,
		 const char **why)
{
	u64 node = 0, cpus = 0, running = 0, queued = 0, mem_free = 0, predicted_us = 0;
	const struct vg_jtok *load1, *degraded;
	struct vg_load l = { };

	if (!vg_json_is(obj, VG_JSON_OBJECT))
		return load_refuse(why, "an object is expected");
	if (read_u64(doc, obj, "cpus", true, VG_LOAD_CPUS_MAX, &cpus) || !cpus)
		return load_refuse(why, "\"cpus\" is no number from 1 on");
	if (read_u64(doc, obj, "running", true, VG_LOAD_RUNS_MAX, &running))
		return load_refuse(why, "\"running\" is no whole number");
	if (read_u64(doc, obj, "queued", true, VG_LOAD_RUNS_MAX, &queued))
		return load_refuse(why, "\"queued\" is no whole number");
	if (read_u64(doc, obj, "node", false, U32_MAX, &node))
		return load_refuse(why, "\"node\" is no whole number");
	if (read_u64(doc, obj, "mem_free", false, U64_MAX, &mem_free))
		return load_refuse(why, "\"mem_free\" is no whole number");
	if (read_u64(doc, obj, "predicted_us", false, U64_MAX, &predicted_us))
		return load_refuse(why, "\"predicted_us\" is no whole number");
	load1 = vg_json_get(doc, obj, "load1");
	if (load1 && (!vg_json_is(load1, VG_JSON_NUMBER) ||
		      read_permille(vg_json_raw(doc, load1), &l.load1_permille)))
		return load_refuse(why, "\"load1\" is no load average");
	degraded = vg_json_get(doc, obj, "degraded");
	if (degraded && vg_json_bool(doc, degraded, &l.degraded))
		return load_refuse(why, "\"degraded\" is neither true nor false");
	l.node = node;
	l.cpus = cpus;
	l.running = running;
	l.queued = queued;
	l.mem_free = mem_free;
	l.predicted_us = predicted_us;
	*out = l;
	return 0;
}
