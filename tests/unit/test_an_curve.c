// SPDX-License-Identifier: GPL-3.0-or-later
/* The tables' formula here and in the node: the same numbers, or what was measured means nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/predict.c"
#include "core/utf8.c"
#include "core/values_parse.c"

#define log2_steps an_log2_steps
#include "analytics/curve.c"
#include "analytics/values.c"

static void as_the_node_computes(void **state)
{
	static const uint64_t bytes[] = { 0, 1, 2, 3, 15, 16, 17, 100, 1023, 1024, 5000, 65535, 1 << 20,
					  1ull << 40 };
	static const double loads[] = { 0, 0.01, 0.5, 1, 3.99, 17 };
	static const uint32_t speeds[] = { 0, 100, 762, 1000, 10000 };
	static struct an_curves c;
	struct vg_model model = { .curve = { .n = 3, .log2 = { 4, 10, 20 }, .us = { 7, 90, 123456 } } };
	size_t b, l, s;

	c.fn[0] = (struct an_curve){ .n = 3, .log2 = { 4, 10, 20 }, .us = { 7, 90, 123456 } };
	for (b = 0; b < sizeof(bytes) / sizeof(bytes[0]); b++) {
		for (l = 0; l < sizeof(loads) / sizeof(loads[0]); l++) {
			for (s = 0; s < sizeof(speeds) / sizeof(speeds[0]); s++) {
				c.speed[0] = speeds[s];
				c.fn[0].load_coef = model.load_coef_permille = (uint32_t)(b * 371 + l);
				assert_int_equal(an_curves_predict(&c, 0, 0, bytes[b], loads[l]),
						 vg_predict_us(&model, bytes[b], speeds[s],
							       (u64)(loads[l] * 1000 + 0.5)));
			}
		}
	}
}

struct seen {
	size_t pairs, curves, points;
};

static int on_pair(void *ctx, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct seen *seen = ctx;
	struct vg_curve curve;

	seen->pairs++;
	if (pair->key.n < 7 || memcmp(pair->key.p, "ExecUs.", 7))
		return 0;
	seen->curves++;
	if (vg_curve_parse(&curve, pair->value, err))
		return -EINVAL;
	seen->points += curve.n;
	return 0;
}

/* What is written is what the node's own parsers take, at its largest and with names of any bytes. */
static void as_the_node_reads(void **state)
{
	static struct an_run_names names;
	static struct an_curves curves;
	static char buf[AN_VALUES_BYTES];
	struct an_values v = {
		.generated = 1700000000, .valid_for = 3600, .model_version = 2, .quality = 901,
		.train_rows = 7, .sources_quality = 950, .windows_quality = 901, .exec_quality = 910,
		.anomaly_score = 17, .anomaly_kind = "none", .curves = &curves, .names = &names,
	};
	struct seen seen = { 0 };
	struct vg_conf_sink sink = { .pair = on_pair, .ctx = &seen };
	struct vg_conf_error err;
	size_t written, len;
	unsigned int i, k;

	for (i = 0; i < AN_RUN_FNS; i++) {
		snprintf(names.fn[i], AN_RUN_NAME, "%s%u", i & 1 ? "lib:a,b=c#d;e " :
			 "a_name_that_is_much_longer_than_any_key_may_be_and_goes_on_", i);
		curves.fn[i].n = AN_RUN_KNOTS;
		curves.fn[i].load_coef = 5000;
		for (k = 0; k < AN_RUN_KNOTS; k++) {
			curves.fn[i].log2[k] = (uint8_t)k;
			curves.fn[i].us[k] = US_MAX;
		}
	}
	for (i = 0; i < AN_RUN_NODES; i++) {
		names.node[i] = i * 16843009;
		curves.speed[i] = 10000;
	}
	names.nfns = AN_RUN_FNS;
	names.nnodes = AN_RUN_NODES;
	len = an_values_format(&v, buf, &written);
	assert_in_range(len, 10000, AN_VALUES_BYTES);
	assert_int_equal(vg_values_parse(buf, len, &sink, &err), 0);
	assert_int_equal(seen.curves, AN_RUN_FNS);
	assert_int_equal(seen.points, AN_RUN_FNS * AN_RUN_KNOTS);
	assert_in_range(seen.pairs, 2 * AN_RUN_FNS + AN_RUN_NODES, 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_node_computes),
		cmocka_unit_test(as_the_node_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
