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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_node_computes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
