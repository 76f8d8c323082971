// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What training left in a state, under a fuzzer: the first byte says which of windows, sources, runs
 * and rate, the others are it. What is accepted makes finite features, can be counted on, and is
 * written as it was read.
 */
#include <math.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "analytics/addr.c"
#include "analytics/ahead.c"
#include "analytics/count.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/line.c"
#include "analytics/parallel.c"
#include "analytics/pull.c"
#include "analytics/rate.c"
#include "analytics/reader.c"
#include "analytics/rows.c"
#include "analytics/runkeep.c"
#include "analytics/runs.c"
#include "analytics/split.c"
#include "analytics/stamp.c"
#include "analytics/stat.c"
#include "analytics/statkeep.c"
#include "analytics/window.c"
#include "analytics/winkeep.c"
#include "analytics/winrow.c"
#include "analytics/wintext.c"
#include "analytics/word.c"
/* two files have one of their own */
#define ratio	feature_ratio
#include "analytics/feature.c"
#undef ratio

static void finite_row(const struct svm_node *x)
{
	for (; x->index != -1; x++)
		CHECK(isfinite(x->value));
}

static bool windows_again(struct an_bytes *from, struct an_bytes *to)
{
	struct svm_node x[AN_W_NTEXT + 1];
	struct an_win_norm norm;
	struct an_windows w;
	bool good;
	size_t i;

	CHECK(an_windows_init(&w));
	good = an_windows_get(&w, from) && from->at == from->len;
	if (good) {
		an_windows_put(&w, INT64_MIN, to);
		an_windows_end(&w);
		CHECK(an_win_norm(&w, &norm));
	}
	for (i = 0; good && i < w.n; i++) {
		an_win_row(&w, &norm, i, AN_W_NTEXT, x);
		finite_row(x);
	}
	an_windows_free(&w);
	return good;
}

static bool sources_again(struct an_bytes *from, struct an_bytes *to)
{
	struct an_event ev = { .ms = 1, .flags = AN_F_DPT | AN_F_SPT | AN_F_DST };
	double f[AN_NFEATURES];
	struct an_sources s;
	uint32_t i;
	bool good;
	int j;

	CHECK(an_sources_init(&s, 64));
	good = an_sources_get(&s, from) && from->at == from->len;
	if (good)
		an_sources_put(&s, INT64_MIN, to);
	for (i = 0; good && i < s.count.n; i++) {
		ev.src = s.count.entries[i].addr;
		ev.dpt = (uint16_t)(i * 257);
		CHECK(an_sources_add(&s, &ev));
		if (!an_sources_stat(&s, i))
			continue;
		an_features(an_sources_stat(&s, i), f);
		for (j = 0; j < AN_NFEATURES; j++)
			CHECK(isfinite(f[j]));
	}
	an_sources_free(&s);
	return good;
}

static bool runs_again(struct an_bytes *from, struct an_bytes *to)
{
	struct svm_node x[16];
	struct an_runs r;
	bool good;
	size_t i;

	CHECK(an_runs_init(&r, 0));
	good = an_runs_get(&r, from) && from->at == from->len;
	if (good)
		an_runs_put(&r, INT64_MIN, to);
	for (i = 0; good && i < r.n; i++) {
		an_run_row(&r.names, r.v[i].fn, r.v[i].node, r.v[i].bytes, (double)r.v[i].load, x);
		finite_row(x);
	}
	an_runs_free(&r);
	return good;
}

static bool rate_again(struct an_bytes *from, struct an_bytes *to)
{
	static struct an_rate r;
	bool good;

	memset(&r, 0, sizeof(r));
	good = an_rate_get(&r, from) && from->at == from->len;
	if (good)
		an_rate_put(&r, UINT64_MAX, to);
	an_rate_limited(&r);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool (*const again[])(struct an_bytes *, struct an_bytes *) = {
		windows_again, sources_again, runs_again, rate_again,
	};
	struct an_bytes from = { 0 }, to = { 0 };

	if (!size)
		return 0;
	from.data = (unsigned char *)data + 1;
	from.len = size - 1;
	if (again[data[0] & 3](&from, &to) && !from.bad)
		CHECK(!to.bad && to.len == size - 1 && !memcmp(to.data, data + 1, to.len));
	free(to.data);
	return 0;
}
