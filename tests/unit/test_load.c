// SPDX-License-Identifier: GPL-3.0-or-later
/* The document of GET /v1/load, written and read, and run times as the learnt values expect them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.c"
#include "core/buf.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/json_read.c"
#include "core/json_write.c"
#include "core/load.c"
#include "core/predict.c"
#include "core/utf8.c"
#include "core/values_parse.c"

static int read_text(const char *text, struct vg_load *load, const char **why)
{
	struct vg_jtok toks[VG_LOAD_TOKENS];
	struct vg_json doc;

	assert_int_equal(vg_json_parse(&doc, text, strlen(text), toks, VG_LOAD_TOKENS), 0);
	return vg_load_read(&doc, vg_json_root(&doc), load, why);
}

static void there_and_back(void **state)
{
	static const struct vg_load loads[] = {
		{ .node = 7, .cpus = 2, .load1_permille = 420, .running = 1, .queued = 3,
		  .mem_free = 1ull << 33, .predicted_us = 12345, .degraded = true },
		{ .cpus = 1 },
		{ .node = U32_MAX, .cpus = VG_LOAD_CPUS_MAX, .load1_permille = VG_LOAD1_MAX / 1000 * 1000,
		  .running = VG_LOAD_RUNS_MAX, .queued = VG_LOAD_RUNS_MAX, .mem_free = U64_MAX,
		  .predicted_us = U64_MAX },
		{ .cpus = 1, .load1_permille = 1005 },
	};
	struct vg_load load;
	struct vg_buf b;
	struct vg_jw w;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		vg_buf_init(&b, NULL, 0, VG_LOAD_BYTES);
		vg_jw_init(&w, &b);
		vg_jw_obj(&w);
		vg_load_json(&loads[i], &w);
		vg_jw_obj_end(&w);
		assert_int_equal(vg_jw_end(&w), 0);
		assert_int_equal(vg_buf_putc(&b, '\0'), 0);
		if (!i)
			assert_string_equal(b.p, "{\"node\":7,\"cpus\":2,\"load1\":0.420,\"running\":1,"
					    "\"queued\":3,\"mem_free\":8589934592,\"predicted_us\":12345,"
					    "\"degraded\":true}");
		memset(&load, 0xff, sizeof(load));
		assert_int_equal(read_text(b.p, &load, NULL), 0);
		assert_int_equal(load.node, loads[i].node);
		assert_int_equal(load.cpus, loads[i].cpus);
		assert_int_equal(load.load1_permille, loads[i].load1_permille);
		assert_int_equal(load.running, loads[i].running);
		assert_int_equal(load.queued, loads[i].queued);
		assert_true(load.mem_free == loads[i].mem_free);
		assert_true(load.predicted_us == loads[i].predicted_us);
		assert_int_equal(load.degraded, loads[i].degraded);
		vg_buf_free(&b);
	}
}

#define HEAD "{\"cpus\":1,\"running\":0,\"queued\":0"

static void what_is_read(void **state)
{
	static const struct { const char *text; u32 permille; } loads1[] = {
		{ "0", 0 }, { "3", 3000 }, { "0.42", 420 }, { "1.5", 1500 }, { "12.3456", 12345 },
		{ "0.0009", 0 }, { "1048576", 1048576000 },
	};
	struct vg_load load;
	char text[128];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(loads1); i++) {
		snprintf(text, sizeof(text), HEAD ",\"load1\":%s}", loads1[i].text);
		assert_int_equal(read_text(text, &load, NULL), 0);
		assert_int_equal(load.load1_permille, loads1[i].permille);
	}
	/* more than can be is as much as counts; what is not known is skipped */
	assert_int_equal(read_text("{\"later\":[1,{}],\"cpus\":18446744073709551615,"
				   "\"running\":18446744073709551615,\"queued\":1048577}", &load, NULL), 0);
	assert_int_equal(load.cpus, VG_LOAD_CPUS_MAX);
	assert_int_equal(load.running, VG_LOAD_RUNS_MAX);
	assert_int_equal(load.queued, VG_LOAD_RUNS_MAX);
	assert_int_equal(load.node, 0);
}

static void what_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "[]", "an object is expected" },
		{ "{}", "\"cpus\" is" },
		{ "{\"cpus\":0,\"running\":0,\"queued\":0}", "\"cpus\" is" },
		{ "{\"cpus\":\"1\",\"running\":0,\"queued\":0}", "\"cpus\" is" },
		{ "{\"cpus\":1,\"queued\":0}", "\"running\" is" },
		{ "{\"cpus\":1,\"running\":-1,\"queued\":0}", "\"running\" is" },
		{ "{\"cpus\":1,\"running\":0,\"queued\":0.5}", "\"queued\" is" },
		{ HEAD ",\"node\":4294967295.0}", "\"node\" is" },
		{ HEAD ",\"mem_free\":null}", "\"mem_free\" is" },
		{ HEAD ",\"predicted_us\":true}", "\"predicted_us\" is" },
		{ HEAD ",\"load1\":-0.1}", "\"load1\" is" },
		{ HEAD ",\"load1\":1e3}", "\"load1\" is" },
		{ HEAD ",\"load1\":\"0.1\"}", "\"load1\" is" },
		{ HEAD ",\"load1\":1073742}", "\"load1\" is" },
		{ HEAD ",\"load1\":99999999999999999999}", "\"load1\" is" },
		{ HEAD ",\"degraded\":1}", "\"degraded\" is" },
	};
	struct vg_load load, before;
	const char *why;
	u32 i;

	memset(&load, 0x5a, sizeof(load));
	before = load;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		assert_int_equal(read_text(bad[i][0], &load, &why), -EINVAL);
		assert_non_null(why);
		assert_ptr_equal(strstr(why, bad[i][1]), why);
		assert_memory_equal(&load, &before, sizeof(load));
	}
}

static void curves(void **state)
{
	static const struct { const char *text; u64 bytes, us; } good[] = {
		{ "10:500", 0, 500 }, { "10:500", 1 << 30, 500 }, { "0:0", 5, 0 },
		{ "10:1000;20:11000", 1 << 10, 1000 }, { "10:1000;20:11000", 1 << 20, 11000 },
		{ "10:1000;20:11000", 1 << 15, 6000 }, { "10:1000;20:11000", 1, 1000 },
		{ "10:1000;20:11000", 1ull << 40, 11000 },
		/* between two powers: half way in bytes is taken as half way in log2 */
		{ "10:1000;11:2000", 1536, 1500 },
		/* it may fall, and have several pieces */
		{ "4:900;8:100;12:500", 1 << 6, 500 }, { "4:900;8:100;12:500", 1 << 10, 300 },
		{ "0:1;63:4294967295", U64_MAX, 4294967295ull }, { "0:1;1:3", 0, 1 }, { "0:1;1:3", 1, 1 },
	};
	static const char *const bad[] = {
		"", ";", "10", "10:", ":5", "64:1", "10:4294967296", "10:1;10:2", "10:1;9:2", "1:1;", "1:-1", "a:b",
	};
	struct vg_conf_error err;
	struct vg_curve c;
	char all[64 * 8];
	size_t n = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(vg_curve_parse(&c, vg_cstr(good[i].text), NULL), 0);
		assert_int_equal(vg_curve_us(&c, good[i].bytes), good[i].us);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(vg_curve_parse(&c, vg_cstr(bad[i]), NULL), vg_curve_parse(&c, vg_cstr(bad[i]), &err));
		assert_true(err.msg[0]);
		assert_int_equal(c.n, 0);
		assert_int_equal(vg_curve_us(&c, 1000), 0);
	}
	for (i = 0; i < VG_CURVE_POINTS; i++)
		n += snprintf(all + n, sizeof(all) - n, "%s%u:%u", i ? ";" : "", i, i * 2);
	assert_int_equal(vg_curve_parse(&c, vg_str(all, n), NULL), 0);
	assert_int_equal(c.n, VG_CURVE_POINTS);
	for (i = 0; i < 63; i++) {
		assert_int_equal(vg_curve_us(&c, 1ull << i), i * 2);
		assert_in_range(vg_curve_us(&c, 3ull << i >> 1), i ? i * 2 - 1 : 0, i * 2 + 1);
	}
}

static void expectations(void **state)
{
	struct vg_model m = { .load_coef_permille = 450 };

	assert_int_equal(vg_predict_us(&m, 1, 1000, 0), 0);	/* nothing is learnt */
	assert_int_equal(vg_curve_parse(&m.curve, VG_STR("0:1000"), NULL), 0);
	assert_int_equal(vg_predict_us(&m, 1, 0, 0), 1000);
	assert_int_equal(vg_predict_us(&m, 1, 1000, 0), 1000);
	assert_int_equal(vg_predict_us(&m, 1, 2000, 0), 500);
	assert_int_equal(vg_predict_us(&m, 1, 250, 0), 4000);
	assert_int_equal(vg_predict_us(&m, 1, 250, 2000), 7600);	/* × (1 + 0.45 × 2) */
	/* what no file may hold is brought within bounds */
	assert_int_equal(vg_predict_us(&m, 1, 1, 0), 10000);
	assert_int_equal(vg_predict_us(&m, 1, U32_MAX, 0), 100);
	m.load_coef_permille = U32_MAX;
	assert_int_equal(vg_predict_us(&m, 1, 0, 1000), 6000);
	assert_int_equal(vg_predict_us(&m, 1, 0, U64_MAX), min_t(u64, 1000 + VG_PREDICT_MAX_LOAD * 5ull, 1ull << 30));
	assert_int_equal(vg_curve_parse(&m.curve, VG_STR("0:4294967295"), NULL), 0);
	assert_int_equal(vg_predict_us(&m, 1, 1, U64_MAX), VG_PREDICT_MAX_US);
	/* never less than a microsecond: else a queue of it would weigh nothing */
	assert_int_equal(vg_curve_parse(&m.curve, VG_STR("0:0"), NULL), 0);
	assert_int_equal(vg_predict_us(&m, 1, 1000, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(curves),
		cmocka_unit_test(expectations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
