/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plots as inline SVG. Colours and letter sizes are the page's (classes, see page-style.c), so
 * that one drawing does for light, dark, phone and paper. Numbers in, no text of others but titles,
 * which are escaped.
 */
#ifndef VIRGO_AN_SVG_H
#define VIRGO_AN_SVG_H

#include <stdint.h>
#include <stdio.h>

enum an_svg_scale {
	AN_SVG_NUMBER,		/* from 0 or any other number, in steps of 1, 2 or 5 */
	AN_SVG_MICROSECONDS,	/* powers of ten, with their unit */
	AN_SVG_TIME,		/* Unix seconds, UTC */
};

struct an_svg_axis {
	const char *label;
	enum an_svg_scale scale;
	double min, max;	/* of AN_SVG_MICROSECONDS at least 1 */
};

struct an_svg {
	FILE *f;
	double width, height;
	double left, top, right, bottom;	/* of the area within the axes */
	struct an_svg_axis x, y;
};

struct an_svg_point {
	double x, y;
};

/* Begins a drawing with axes, grid and labels. An axis without extent is made one wide. */
void an_svg_begin(struct an_svg *s, FILE *f, const char *title, double width, double height,
		  const struct an_svg_axis *x, const struct an_svg_axis *y);
void an_svg_end(struct an_svg *s);

/* Where a value stands; what is outside stands on the edge. */
double an_svg_x(const struct an_svg *s, double v);
double an_svg_y(const struct an_svg *s, double v);

/* @class is a constant. A point whose y is not a number makes a gap in the line. */
void an_svg_line(struct an_svg *s, const char *class, const struct an_svg_point *p, size_t n);
void an_svg_dots(struct an_svg *s, const char *class, const struct an_svg_point *p, size_t n);
/* A level line over the whole width. */
void an_svg_level(struct an_svg *s, const char *class, double y);
/* A triangle at the upper edge (@down: below the lower one), for what is not to be overlooked. */
void an_svg_mark(struct an_svg *s, const char *class, double x, int down);

/* Two bars of permille one above the other, the second for comparison; not in a frame. */
void an_svg_bars(FILE *f, const char *title, uint32_t first, uint32_t second);

#endif
