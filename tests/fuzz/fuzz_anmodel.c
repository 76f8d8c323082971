// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What models are made of, under a fuzzer: a labels file, or a log's windows and runs. Any bytes must
 * give finite numbers in the places features have, and labels that can be looked up again.
 */
#include <math.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "analytics/addr.c"
#include "analytics/ahead.c"
#include "analytics/count.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/labels.c"
#include "analytics/line.c"
#include "analytics/parallel.c"
#include "analytics/pull.c"
#include "analytics/reader.c"
#include "analytics/rows.c"
#include "analytics/runs.c"
#include "analytics/split.c"
#include "analytics/stamp.c"
#include "analytics/window.c"
#include "analytics/winrow.c"
#include "analytics/wintext.c"
#include "analytics/word.c"

static void check_row(const struct svm_node *x, int nfeat)
{
	int last = 0;

	for (; x->index != -1; x++) {
		CHECK(x->index > last && x->index <= nfeat && isfinite(x->value));
		last = x->index;
	}
}

static void check_windows(struct an_windows *w)
{
	struct svm_node x[AN_W_NTEXT + 1];
	struct an_win_norm norm;
	size_t i, lines = 0;
	uint32_t df = 0;

	an_windows_end(w);
	CHECK(an_win_norm(w, &norm));
	for (i = 0; i < w->n; i++) {
		CHECK(w->v[i].start_ms % AN_WINDOW_MS == 0 && w->v[i].lines);
		CHECK(w->v[i].pairs + w->v[i].npairs <= w->npairs);
		lines += w->v[i].lines;
		an_win_row(w, &norm, i, AN_W_NFEATURES, x);
		check_row(x, AN_W_NFEATURES);
		an_win_row(w, &norm, i, AN_W_NTEXT, x);
		check_row(x, AN_W_NTEXT);
		CHECK(strlen(an_win_kind(w, &norm, i)) < 8);
	}
	for (i = 0; i < w->ntemplates; i++) {
		df += w->templates[i].df;
		CHECK(an_windows_template(w, w->templates[i].key) == &w->templates[i]);
	}
	CHECK(df == w->npairs);
}

static void check_runs(struct an_runs *r)
{
	struct svm_node x[16];
	size_t i;

	an_runs_end(r);
	for (i = 0; i < r->n; i++) {
		const struct an_run *run = &r->v[i];

		CHECK(run->fn < r->names.nfns && run->node < r->names.nnodes && run->us);
		an_run_row(&r->names, run->fn, run->node, run->bytes, (double)run->load, x);
		check_row(x, (int)an_run_nfeat(&r->names));
	}
}

static void fuzz_log(const char *p, const char *end)
{
	struct an_block block = { .p = p, .end = end, .nuls = true };
	struct an_read_stats stats = { 0 };
	struct an_windows w;
	struct an_clock clock;
	struct an_runs runs;
	const char *s, *stop;

	CHECK(an_windows_init(&w) && an_runs_init(&runs, 1));
	an_clock_init(&clock, 1800000000);
	while (an_next_line(&block, &stats, &s, &stop)) {
		struct an_line line;
		struct an_event ev;
		bool packet;

		an_line_split(&clock, NULL, s, stop, &line);
		packet = line.kind == AN_LINE_BLOCK && an_line_packet(&line, &ev);
		an_runs_add(&runs, &line);
		if (line.ms != AN_MS_NONE)
			CHECK(an_windows_add(&w, &line, packet ? &ev : NULL));
	}
	check_windows(&w);
	check_runs(&runs);
	an_windows_free(&w);
	an_runs_free(&runs);
}

static void fuzz_labels(const char *text, size_t len)
{
	struct an_error err = { .sys = 0 };
	struct an_labels labels;
	size_t i;

	if (an_labels_parse(&labels, text, len, "fuzz", &err)) {
		CHECK(err.msg[0] && !strchr(err.msg, '\n'));
		return;
	}
	CHECK(labels.has_sources || labels.has_windows);
	for (i = 0; i < labels.nwindows; i++) {
		CHECK(labels.windows[i].start_ms % 60000 == 0);
		CHECK(an_labels_window(&labels, labels.windows[i].start_ms) != AN_LABEL_NONE);
	}
	for (i = 0; labels.has_sources && i < labels.seen.n; i++)
		CHECK(an_labels_get(&labels, labels.seen.entries[i].addr) != AN_LABEL_NONE);
	an_labels_free(&labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	/* A copy of its own, so that a read beyond the end is seen. */
	text = malloc(size > 1 ? size - 1 : 1);
	memcpy(text, data + 1, size - 1);
	if (data[0] == 'j')
		fuzz_labels(text, size - 1);
	else
		fuzz_log(text, text + size - 1);
	free(text);
	return 0;
}
