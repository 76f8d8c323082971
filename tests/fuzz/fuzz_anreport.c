// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A model directory's manifest and findings, under a fuzzer: somebody may have got them from elsewhere.
 * Whatever they hold, a report of them is clean text, a page without anything that runs, and JSON.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "analytics/ahead.c"
#include "analytics/findings.c"
#include "analytics/html.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/page-found.c"
#include "analytics/page-style.c"
#include "analytics/plots.c"
#include "analytics/parallel.c"
#include "analytics/pull.c"
#include "analytics/reader.c"
#include "analytics/report-html.c"
#include "analytics/report-text.c"
#include "analytics/review-cell.c"
#include "analytics/svg.c"
/* names that two files have for themselves */
#define put		put_reviewed
#define put_sources	put_reviewed_sources
#define put_windows	put_reviewed_windows
#define say_sources	say_trained_sources
#include "analytics/report-json.c"
#include "analytics/report.c"

/* Nothing a terminal would take as more than a letter. */
static void check_text(const char *s)
{
	for (; *s; s++)
		CHECK(((unsigned char)*s >= ' ' && *s != 0x7f) || *s == '\n');
}

/* Tags are those of a page; no attribute is anybody else's, so none starts a script. */
static void check_page(const char *s)
{
	CHECK(!strcasestr(s, "<script") && !strcasestr(s, "<iframe") && !strcasestr(s, "<img"));
	for (; (s = strchr(s, '<')); s++)
		CHECK(strchr("/!abcdefghijklmnopqrstuvwxyz", s[1]) && s[1]);
}

static char *written(const struct an_review *review, void (*write)(const struct an_review *, FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CHECK(f);
	write(review, f);
	CHECK(!fclose(f) && strlen(text) == len);
	return text;
}

static void json(const struct an_review *review, FILE *f)
{
	CHECK(an_review_json(review, f));
}

static void report(struct an_review *review)
{
	char *text = written(review, an_review_text), *page = written(review, an_review_html);
	char *object = written(review, json);
	cJSON *again = cJSON_Parse(object);

	check_text(text);
	check_page(page);
	CHECK(cJSON_IsObject(again));
	cJSON_Delete(again);
	free(object);
	free(page);
	free(text);
}

/* The manifest, a NUL, the findings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct an_report_options opt = { .model_dir = "model" };
	struct an_review review = { .opt = &opt, .now = 1762128000 };
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;

	if (!cut)
		return 0;
	review.manifest = cJSON_ParseWithLength((const char *)data, (size_t)(cut - data));
	review.findings = cJSON_ParseWithLength((const char *)cut + 1,
						size - (size_t)(cut + 1 - data));
	if (review.manifest && review.findings) {
		CHECK(an_findings_take(review.findings, &review.trained));
		report(&review);
		an_train_report_free(&review.trained);
	}
	cJSON_Delete(review.manifest);
	cJSON_Delete(review.findings);
	return 0;
}
