// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws plots; must never divide by an empty range nor print what is not a number. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "html.h"
#include "svg.h"

#define X_TICKS		6
#define Y_TICKS		5
#define MARK		6.0	/* half a triangle's width */

static double place(const struct an_svg_axis *a, double v)
{
	double min = a->min, max = a->max;

	if (a->scale == AN_SVG_MICROSECONDS) {
		v = log10(fmax(v, 1));
		min = log10(min);
		max = log10(max);
	}
	v = (v - min) / (max - min);
	return v >= 0 ? fmin(v, 1) : 0;	/* what is not a number too */
}

double an_svg_x(const struct an_svg *s, double v)
{
	return s->left + place(&s->x, v) * (s->right - s->left);
}

double an_svg_y(const struct an_svg *s, double v)
{
	return s->bottom - place(&s->y, v) * (s->bottom - s->top);
}

static void widen(struct an_svg_axis *a)
{
	if (a->scale == AN_SVG_MICROSECONDS) {
		a->min = pow(10, floor(log10(fmax(a->min, 1))));
		a->max = pow(10, ceil(log10(fmax(a->max, 1))));
		if (a->max <= a->min)
			a->max = a->min * 10;
	} else if (!(a->max > a->min)) {
		a->max = a->min + 1;
	}
}

/* 1, 2 or 5 times a power of ten, at most @ticks of them within the axis. */
static double round_step(const struct an_svg_axis *a, int ticks)
{
	double rough = (a->max - a->min) / ticks, ten = pow(10, floor(log10(rough)));

	rough /= ten;
	return (rough <= 1 ? 1 : rough <= 2 ? 2 : rough <= 5 ? 5 : 10) * ten;
}

static double time_step(const struct an_svg_axis *a)
{
	static const double steps[] = {
		60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800,
		345600, 604800, 1209600, 2592000, 5184000, 15552000, 31536000,
	};
	size_t i, n = sizeof(steps) / sizeof(steps[0]);

	for (i = 0; i < n - 1; i++)
		if ((a->max - a->min) / steps[i] <= X_TICKS)
			return steps[i];
	return fmax(steps[n - 1], round_step(a, X_TICKS));
}

static void say_time(double v, double step, char *text, size_t size)
{
	time_t t = (time_t)v;
	struct tm tm;

	text[0] = 0;
	if (!gmtime_r(&t, &tm))
		return;
	if (step < 86400 && (tm.tm_hour || tm.tm_min))
		strftime(text, size, "%H:%M", &tm);
	else
		strftime(text, size, step < 31536000 ? "%d %b" : "%Y", &tm);
}

static void say_number(double v, char *text, size_t size)
{
	if (fabs(v) >= 1e6)
		snprintf(text, size, "%.4gM", v / 1e6);
	else if (fabs(v) >= 1e4)
		snprintf(text, size, "%.4gk", v / 1e3);
	else
		snprintf(text, size, "%.4g", v);
}

static void say_tick(const struct an_svg_axis *a, double v, double step, char *text, size_t size)
{
	if (a->scale == AN_SVG_TIME)
		say_time(v, step, text, size);
	else if (a->scale == AN_SVG_NUMBER)
		say_number(v, text, size);
	else if (v >= 1e6)
		snprintf(text, size, "%.0f s", v / 1e6);
	else if (v >= 1e3)
		snprintf(text, size, "%.0f ms", v / 1e3);
	else
		snprintf(text, size, "%.0f µs", v);
}

static void tick(struct an_svg *s, const struct an_svg_axis *a, int upright, double v, double step)
{
	char text[32];
	double at;

	say_tick(a, v, step, text, sizeof(text));
	if (upright) {
		at = an_svg_y(s, v);
		fprintf(s->f, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", s->left, at, s->right);
		fprintf(s->f, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" dy=\".35em\" "
			"text-anchor=\"end\">%s</text>\n", s->left - 6, at, text);
	} else {
		at = an_svg_x(s, v);
		fprintf(s->f, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", at, s->top, s->bottom);
		fprintf(s->f, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" dy=\"1.1em\" "
			"text-anchor=\"middle\">%s</text>\n", at, s->bottom + 3, text);
	}
}

static void ticks(struct an_svg *s, const struct an_svg_axis *a, int upright)
{
	int max = upright ? Y_TICKS : X_TICKS;
	double step, v;

	if (a->scale == AN_SVG_MICROSECONDS) {
		step = pow(10, ceil(log10(a->max / a->min) / max));
		for (v = a->min; v <= a->max * 1.001; v *= step)
			tick(s, a, upright, v, step);
		return;
	}
	step = a->scale == AN_SVG_TIME ? time_step(a) : round_step(a, max);
	for (v = ceil(a->min / step - 1e-9) * step; v <= a->max + step * 1e-6; v += step)
		tick(s, a, upright, fabs(v) < step * 1e-6 ? 0 : v, step);
}

void an_svg_begin(struct an_svg *s, FILE *f, const char *title, double width, double height,
		  const struct an_svg_axis *x, const struct an_svg_axis *y)
{
	*s = (struct an_svg){ .f = f, .width = width, .height = height, .left = 84, .top = 22,
			      .right = width - 22, .bottom = height - 62, .x = *x, .y = *y };
	widen(&s->x);
	widen(&s->y);
	fprintf(f, "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\"><title>", width, height);
	an_html(f, "%s", title);
	fprintf(f, "</title>\n");
	ticks(s, &s->x, 0);
	ticks(s, &s->y, 1);
	fprintf(f, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", s->left, s->top, s->bottom,
		s->right);
	fprintf(f, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
		(s->left + s->right) / 2, height - 8);
	an_html(f, "%s", s->x.label);
	fprintf(f, "</text>\n<text class=\"label\" transform=\"translate(18 %.1f) rotate(-90)\" "
		"text-anchor=\"middle\">", (s->top + s->bottom) / 2);
	an_html(f, "%s", s->y.label);
	fprintf(f, "</text>\n");
}

void an_svg_end(struct an_svg *s)
{
	fprintf(s->f, "</svg>\n");
}

void an_svg_line(struct an_svg *s, const char *class, const struct an_svg_point *p, size_t n)
{
	int drawing = 0;
	size_t i;

	if (!n)
		return;
	fprintf(s->f, "<path class=\"%s\" d=\"", class);
	for (i = 0; i < n; i++) {
		if (isnan(p[i].y)) {
			drawing = 0;
			continue;
		}
		fprintf(s->f, "%c%.1f %.1f", drawing ? 'L' : 'M', an_svg_x(s, p[i].x),
			an_svg_y(s, p[i].y));
		/* one point alone is to be seen, too */
		if (!drawing)
			fprintf(s->f, "h.1");
		drawing = 1;
	}
	fprintf(s->f, "\"/>\n");
}

void an_svg_dots(struct an_svg *s, const char *class, const struct an_svg_point *p, size_t n)
{
	size_t i;

	if (!n)
		return;
	fprintf(s->f, "<path class=\"%s\" d=\"", class);
	for (i = 0; i < n; i++)
		fprintf(s->f, "M%.1f %.1fh0", an_svg_x(s, p[i].x), an_svg_y(s, p[i].y));
	fprintf(s->f, "\"/>\n");
}

void an_svg_level(struct an_svg *s, const char *class, double y)
{
	fprintf(s->f, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>\n", class, s->left,
		an_svg_y(s, y), s->right);
}

void an_svg_mark(struct an_svg *s, const char *class, double x, int down)
{
	double at = an_svg_x(s, x);

	if (down)
		fprintf(s->f, "<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>\n", class, at,
			s->bottom - 2 * MARK, MARK, 2 * MARK, -2 * MARK);
	else
		fprintf(s->f, "<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>\n", class, at,
			s->top, -MARK, -2 * MARK, 2 * MARK);
}

void an_svg_bars(FILE *f, const char *title, uint32_t first, uint32_t second)
{
	fprintf(f, "<svg class=\"bars\" role=\"img\" viewBox=\"0 0 200 26\" "
		"preserveAspectRatio=\"none\"><title>");
	an_html(f, "%s", title);
	fprintf(f, "</title><rect class=\"model\" x=\"0\" y=\"1\" width=\"%.1f\" height=\"11\"/>"
		"<rect class=\"rule\" x=\"0\" y=\"14\" width=\"%.1f\" height=\"11\"/>"
		"<path class=\"grid\" d=\"M200 0V26\"/></svg>",
		fmin(first, 1000) / 5, fmin(second, 1000) / 5);
}
