// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The analytics' state file under a fuzzer. A checksum stands before all else, so it is made right
 * here: what comes after it must hold for any bytes, and what is read must be written the same.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "analytics/addr.c"
#include "analytics/ahead.c"
#include "analytics/atomic.c"
#include "analytics/count.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/line.c"
#include "analytics/logs.c"
#include "analytics/match.c"
#include "analytics/names.c"
#include "analytics/parallel.c"
#include "analytics/pull.c"
#include "analytics/reader.c"
#include "analytics/stamp.c"
#include "analytics/state.c"
#include "analytics/top.c"

/* The counts of top, if they are any: then they can be counted on and written again. */
static void fuzz_counts(const void *data, size_t len)
{
	struct an_read_stats stats = { 0 };
	struct top_pass pass = { .stats = &stats };
	struct an_bytes b = { 0 };
	bool fresh;

	CHECK(an_count_init(&pass.count, 64));
	if (get_counts(&pass, data, len)) {
		an_count_put(&pass.count, &b);
		CHECK(b.len < len && !memcmp((const char *)data + len - b.len, b.data, b.len));
		CHECK(an_count_add(&pass.count, (struct an_addr){ 1, 2 }, &fresh) != AN_COUNT_NONE);
	}
	free(b.data);
	an_count_free(&pass.count);
}

static void fuzz_again(struct an_state *st)
{
	struct an_state *again = calloc(1, sizeof(*again));
	struct an_bytes b = { 0 };
	struct an_error err;
	const void *counts;
	size_t len, i;

	counts = an_state_get(st, SECTION, &len);
	if (counts)
		fuzz_counts(counts, len);
	CHECK(!state_format(st, &b, &err));
	CHECK(!state_parse(again, b.data, b.len));
	CHECK(again->marks.n == st->marks.n && again->n == st->n);
	for (i = 0; i < st->marks.n; i++)
		CHECK(!strcmp(again->marks.v[i].path, st->marks.v[i].path) &&
		      again->marks.v[i].place.pos == st->marks.v[i].place.pos);
	free(b.data);
	an_state_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct an_state *st = calloc(1, sizeof(*st));
	unsigned char *copy = malloc(MAGIC_LEN + size + AN_SHA256_SIZE);
	struct sha256_ctx sha;

	memcpy(copy, magic, MAGIC_LEN);
	if (size)
		memcpy(copy + MAGIC_LEN, data, size);
	sha256_init(&sha);
	sha256_update(&sha, MAGIC_LEN + size, copy);
	sha256_digest(&sha, AN_SHA256_SIZE, copy + MAGIC_LEN + size);
	if (!state_parse(st, copy, MAGIC_LEN + size + AN_SHA256_SIZE))
		fuzz_again(st);
	an_state_free(st);
	free(copy);
	return 0;
}
