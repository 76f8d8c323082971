// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws what a report shows; must never draw a line where there was no data. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "html.h"
#include "plots.h"
#include "svg.h"

#define BINS		360
#define ALARMS_DRAWN	400
#define WIDE		960.0
#define HIGH		270.0
#define SQUARE		480.0
#define MINUTE		60

/* Stretches of time of equal length, with the most of each. */
struct bins {
	double first, width;
	size_t n;
	double lines[BINS], score[BINS];
};

/* How many minutes they span: a clock that was set makes minutes come out of order. */
static double span(const struct an_window_report *w, size_t n, int64_t *first)
{
	int64_t last = w[0].start;
	size_t i;

	*first = w[0].start;
	for (i = 1; i < n; i++) {
		*first = w[i].start < *first ? w[i].start : *first;
		last = w[i].start > last ? w[i].start : last;
	}
	return (double)(last - *first) / MINUTE + 1;
}

static void fill_bins(struct bins *b, const struct an_window_report *w, size_t n)
{
	int64_t first;
	double minutes = span(w, n, &first);
	size_t i;

	b->n = minutes < BINS ? (size_t)minutes : BINS;
	b->first = (double)first;
	b->width = minutes * MINUTE / (double)b->n;
	for (i = 0; i < b->n; i++)
		b->lines[i] = b->score[i] = NAN;
	for (i = 0; i < n; i++) {
		size_t k = (size_t)(((double)w[i].start - b->first) / b->width);

		k = k < b->n ? k : b->n - 1;
		b->lines[k] = fmax(b->lines[k], w[i].lines);
		b->score[k] = fmax(b->score[k], w[i].score / 1000.0);
	}
}

static void bin_line(struct an_svg *s, const struct bins *b, const double *v, const char *class)
{
	struct an_svg_point p[BINS];
	size_t i;

	for (i = 0; i < b->n; i++)
		p[i] = (struct an_svg_point){ b->first + ((double)i + 0.5) * b->width, v[i] };
	an_svg_line(s, class, p, b->n);
}

static double most(const double *v, size_t n)
{
	double max = 0;
	size_t i;

	for (i = 0; i < n; i++)
		max = fmax(max, v[i]);
	return max;
}

/* Triangles where alarms and known anomalies are; a bin has one of each at most. */
static void mark_windows(struct an_svg *s, const struct bins *b, const struct an_window_report *w,
			 size_t n)
{
	size_t i, alarm = BINS, known = BINS, k;

	for (i = 0; i < n; i++) {
		double at = (double)w[i].start + MINUTE / 2;

		k = (size_t)(((double)w[i].start - b->first) / b->width);
		if (w[i].score > 500 && k != alarm) {
			an_svg_mark(s, w[i].label < 0 ? "false" : "alarm", at, 0);
			alarm = k;
		}
		if (w[i].label > 0 && k != known) {
			an_svg_mark(s, "known", at, 1);
			known = k;
		}
	}
}

static void time_legend(FILE *f, const struct an_window_report *w, size_t n, const struct bins *b)
{
	size_t i, known = 0, wrong = 0;

	for (i = 0; i < n; i++) {
		known += w[i].label > 0;
		wrong += w[i].score > 500 && w[i].label < 0;
	}
	fprintf(f, "<figcaption><span class=\"key alarm\">▼</span> alarm");
	if (wrong)
		fprintf(f, " <span class=\"key false\">▽</span> alarm in a minute labelled normal");
	if (known)
		fprintf(f, " <span class=\"key known\">▲</span> labelled anomalous");
	fprintf(f, " <span class=\"key level\">╌</span> over .5 the model calls a minute anomalous."
		" Times are UTC.");
	if (b->width > MINUTE)
		fprintf(f, " Of each stretch the highest minute is drawn.");
	fprintf(f, "</figcaption>\n");
}

void an_plot_timeline(FILE *f, const struct an_window_report *w, size_t n)
{
	struct an_svg_axis time = { "time, UTC", AN_SVG_TIME, 0, 0 };
	struct an_svg_axis lines = { "lines a minute", AN_SVG_NUMBER, 0, 0 };
	struct an_svg_axis score = { "anomaly score", AN_SVG_NUMBER, 0, 1 };
	struct an_svg s;
	struct bins *b;

	if (!n) {
		fprintf(f, "<p class=\"none\">No minute was judged.</p>\n");
		return;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return;
	fill_bins(b, w, n);
	time.min = b->first;
	time.max = b->first + (double)b->n * b->width;
	lines.max = most(b->lines, b->n);
	fprintf(f, "<figure class=\"wide\"><div class=\"turn\">\n");
	an_svg_begin(&s, f, "Lines a minute over time", WIDE, HIGH - 50, &time, &lines);
	bin_line(&s, b, b->lines, "lines");
	an_svg_end(&s);
	an_svg_begin(&s, f, "Anomaly score over time", WIDE, HIGH, &time, &score);
	an_svg_level(&s, "level", 0.5);
	bin_line(&s, b, b->score, "score");
	mark_windows(&s, b, w, n);
	an_svg_end(&s);
	fprintf(f, "</div>\n");
	time_legend(f, w, n, b);
	fprintf(f, "</figure>\n");
	free(b);
}

void an_plot_runs(FILE *f, const struct an_exec_point *p, size_t n)
{
	struct an_svg_axis x = { "actual run time", AN_SVG_MICROSECONDS, 1e15, 1 }, y = x;
	struct an_svg_point *v = calloc(n + 1, sizeof(*v)), diagonal[2];
	struct an_svg s;
	size_t i;

	if (!n || !v) {
		fprintf(f, "<p class=\"none\">No run with a prediction.</p>\n");
		free(v);
		return;
	}
	for (i = 0; i < n; i++) {
		v[i] = (struct an_svg_point){ (double)p[i].us, (double)p[i].predicted };
		x.min = fmin(x.min, fmin(v[i].x, v[i].y));
		x.max = fmax(x.max, fmax(v[i].x, v[i].y));
	}
	y.min = x.min;
	y.max = x.max;
	y.label = "predicted run time";
	fprintf(f, "<figure>\n");
	an_svg_begin(&s, f, "Predicted against actual run time", SQUARE, SQUARE, &x, &y);
	diagonal[0] = (struct an_svg_point){ s.x.min, s.x.min };
	diagonal[1] = (struct an_svg_point){ s.x.max, s.x.max };
	an_svg_line(&s, "level", diagonal, 2);
	an_svg_dots(&s, "dots", v, n);
	an_svg_end(&s);
	fprintf(f, "<figcaption>%zu runs; on the dashed line the prediction is right.</figcaption>\n"
		"</figure>\n", n);
	free(v);
}

static void curve_point(struct an_svg *s, const char *class, const struct an_quality *q)
{
	const struct an_svg_point p = { q->recall / 1000.0, q->precision / 1000.0 };

	an_svg_dots(s, class, &p, 1);
}

void an_plot_curve(FILE *f, const char *what, const struct an_pr_point *p, size_t n,
		   const struct an_quality *model, const struct an_quality *rule)
{
	static const struct an_svg_axis x = { "recall", AN_SVG_NUMBER, 0, 1 };
	static const struct an_svg_axis y = { "precision", AN_SVG_NUMBER, 0, 1 };
	struct an_svg_point *v = calloc(n + 1, sizeof(*v));
	struct an_svg s;
	size_t i;

	if (!n || !v) {
		fprintf(f, "<p class=\"none\">No row with a label to draw a curve of.</p>\n");
		free(v);
		return;
	}
	for (i = 0; i < n; i++)
		v[i] = (struct an_svg_point){ p[i].recall / 1000.0, p[i].precision / 1000.0 };
	fprintf(f, "<figure>\n");
	an_svg_begin(&s, f, what, SQUARE, SQUARE * 0.8, &x, &y);
	an_svg_line(&s, "score", v, n);
	if (rule)
		curve_point(&s, "point rule", rule);
	curve_point(&s, "point model", model);
	an_svg_end(&s);
	fprintf(f, "<figcaption>");
	an_html(f, "%s. ", what);
	fprintf(f, "<span class=\"key model\">●</span> the model at its threshold");
	if (rule)
		fprintf(f, " <span class=\"key rule\">●</span> the best hand rule");
	fprintf(f, "</figcaption>\n</figure>\n");
	free(v);
}
