// SPDX-License-Identifier: GPL-3.0-or-later
/* Reports: what is escaped, what is drawn of nothing and of nonsense, findings to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analytics/findings.h"
#include "analytics/html.h"
#include "analytics/plots.h"
#include "analytics/review.h"
#include "analytics/svg.h"

#define DATA	"tests/data/kernlog/"

static char *written;
static size_t written_len;

static FILE *begin(void)
{
	FILE *f = open_memstream(&written, &written_len);

	assert_non_null(f);
	return f;
}

static void end(FILE *f)
{
	assert_int_equal(fclose(f), 0);
}

static void escapes(const char *from, size_t len, const char *want)
{
	FILE *f = begin();

	an_html_bytes(f, from, len);
	end(f);
	assert_string_equal(written, want);
	free(written);
}

static void html(void **state)
{
	static const struct {
		const char *from, *want;
	} cases[] = {
		{ "", "" },
		{ "plain µ €", "plain µ €" },
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;" },
		{ "a\x1b[31m\r\n\tb\x7f", "a\\x1b[31m\\x0d\\x0a\\x09b\\x7f" },
		/* not UTF-8: an overlong <, a surrogate, beyond the end, cut short */
		{ "\xc0\xbc", "\\xc0\\xbc" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xff<", "\\xff&lt;" },
		/* what a reader would not see: right to left, zero width, C1, byte order mark */
		{ "a\u202e" "b", "a\\xe2\\x80\\xae" "b" },
		{ "a\u200b" "b", "a\\xe2\\x80\\x8b" "b" },
		{ "\xc2\x9b" "31m", "\\xc2\\x9b" "31m" },
		{ "\ufeff", "\\xef\\xbb\\xbf" },
		{ "\u2066", "\\xe2\\x81\\xa6" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		escapes(cases[i].from, strlen(cases[i].from), cases[i].want);
	escapes("a\0b", 3, "a\\x00b");
}

/* Every byte and pair of bytes: none of those that are markup comes through. */
static void no_markup(void **state)
{
	int a, b;

	for (a = 0; a < 256; a++) {
		FILE *f = begin();
		size_t i;

		for (b = 0; b < 256; b++)
			an_html_bytes(f, (char[]){ (char)a, (char)b }, 2);
		end(f);
		for (i = 0; i < written_len; i++) {
			unsigned char c = (unsigned char)written[i];

			assert_true(c >= 0x20 && c != '<' && c != '>' && c != '"' && c != '\'');
		}
		free(written);
	}
}

static void nothing_but_numbers(void)
{
	assert_null(strstr(written, "nan"));
	assert_null(strstr(written, "inf"));
	free(written);
}

static void plots_of_nothing(void **state)
{
	struct an_quality q = { 0 };
	struct an_window_report one = { .start = 1762128000, .lines = 0 };
	struct an_exec_point run = { 0, 0 };
	struct an_pr_point point = { 1000, 1000, 500 };
	FILE *f = begin();

	an_plot_timeline(f, NULL, 0);
	an_plot_runs(f, NULL, 0);
	an_plot_curve(f, "x", NULL, 0, &q, NULL);
	end(f);
	assert_null(strstr(written, "<svg"));
	nothing_but_numbers();
	f = begin();
	an_plot_timeline(f, &one, 1);
	an_plot_runs(f, &run, 1);
	an_plot_curve(f, "<b>", &point, 1, &q, &q);
	end(f);
	assert_null(strstr(written, "<b>"));
	assert_non_null(strstr(written, "<title>&lt;b&gt;"));
	nothing_but_numbers();
}

static void plots_of_nonsense(void **state)
{
	struct an_window_report far[] = {
		{ .start = 0, .lines = UINT32_MAX, .score = 1000, .label = 1 },
		{ .start = 253402300740, .lines = 1, .score = 501, .label = -1 },
	};
	struct an_exec_point runs[] = { { 1, UINT64_MAX }, { UINT64_MAX, 1 }, { 5, 5 } };
	FILE *f = begin();

	an_plot_timeline(f, far, 2);
	an_plot_runs(f, runs, 3);
	end(f);
	assert_true(written_len < 100000);
	nothing_but_numbers();
}

/* However long the log, the page does not grow with it. */
static void plots_are_bounded(void **state)
{
	size_t n = 100000, i;
	struct an_window_report *w = calloc(n, sizeof(*w));
	FILE *f = begin();

	for (i = 0; i < n; i++)
		w[i] = (struct an_window_report){ .start = 1762128000 + 60 * (int64_t)i,
						  .lines = (uint32_t)i % 97, .score = i % 1000,
						  .label = i % 3 ? -1 : 1 };
	an_plot_timeline(f, w, n);
	end(f);
	assert_true(written_len < 150000);
	nothing_but_numbers();
	free(w);
}

static void ticks(void **state)
{
	static const struct an_svg_axis us = { "t", AN_SVG_MICROSECONDS, 3, 4e6 };
	static const struct an_svg_axis day = { "time", AN_SVG_TIME, 1762128000, 1762214400 };
	struct an_svg s;
	FILE *f = begin();

	an_svg_begin(&s, f, "t", 400, 300, &day, &us);
	an_svg_end(&s);
	end(f);
	assert_non_null(strstr(written, ">03 Nov</text>"));
	assert_non_null(strstr(written, ">12:00</text>"));
	assert_non_null(strstr(written, ">1 µs</text>"));
	assert_non_null(strstr(written, ">1 s</text>"));
	nothing_but_numbers();
}

static struct an_train_report train(int64_t now)
{
	const char *logs[] = { DATA "train.log.gz" }, *labels[] = { DATA "train.json" };
	struct an_train_options o;
	struct an_train_report r;
	struct an_error err;

	an_train_defaults(&o);
	o.logs = logs;
	o.labels = labels;
	o.nlogs = o.nlabels = 1;
	o.now = now;
	if (an_train(&o, &r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static void findings_come_back(void **state)
{
	struct an_train_report r = train(1762128000), back;
	cJSON *root = an_findings_make(&r), *again;
	char *text = cJSON_PrintUnformatted(root), *same;
	int k;

	cJSON_Delete(root);
	root = cJSON_Parse(text);
	assert_true(an_findings_take(root, &back));
	assert_int_equal(back.read.lines, r.read.lines);
	assert_int_equal(back.ndeny, r.ndeny);
	assert_true(back.ndeny > 0);
	assert_int_equal(back.nwindows, r.nwindows);
	for (k = 0; k < AN_KINDS; k++) {
		assert_int_equal(back.of[k].good, r.of[k].good);
		assert_int_equal(back.of[k].quality, r.of[k].quality);
		assert_string_equal(back.of[k].why, r.of[k].why);
		assert_int_equal(back.of[k].ncurve, r.of[k].ncurve);
	}
	/* all of it, to the byte */
	again = an_findings_make(&back);
	same = cJSON_PrintUnformatted(again);
	assert_string_equal(same, text);
	an_train_report_free(&back);
	an_train_report_free(&r);
	cJSON_Delete(root);
	cJSON_Delete(again);
	free(text);
	free(same);
}

static void findings_of_nonsense(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", "7", "\"x\"", "{\"models\":7,\"top\":7,\"windows\":{}}",
		"{\"windows\":[7,[],[1],[\"x\",1,2,3,4,5],[-1,1e300,-1,1e9,1e300,\"kindkindkindkind\"]]}",
		"{\"top\":[7,{\"ip\":7,\"count\":-1},{\"ip\":\"0123456789012345678901234567890123456789"
		"0123456789\",\"count\":1e300,\"score_permille\":1e300}],\"deny\":[null]}",
		"{\"kept_off\":[{},{\"why\":7}],\"exec\":[[1e300,-1],[\"x\"],7]}",
		"{\"models\":{\"sources\":{\"kept\":true,\"trained\":true,\"curve\":[[2000,-1],7,[]]}}}",
	};
	struct an_report_options opt = { .model_dir = "m" };
	struct an_review review = { .opt = &opt };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cJSON *root = cJSON_Parse(texts[i]);
		FILE *f = begin();

		assert_non_null(root);
		assert_true(an_findings_take(root, &review.trained));
		review.findings = root;
		review.manifest = root;
		an_review_text(&review, f);
		an_review_html(&review, f);
		assert_true(an_review_json(&review, f));
		end(f);
		nothing_but_numbers();
		an_train_report_free(&review.trained);
		cJSON_Delete(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html), cmocka_unit_test(no_markup),
		cmocka_unit_test(plots_of_nothing), cmocka_unit_test(plots_of_nonsense),
		cmocka_unit_test(plots_are_bounded), cmocka_unit_test(ticks),
		cmocka_unit_test(findings_come_back), cmocka_unit_test(findings_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
