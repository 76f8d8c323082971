/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the page of a report that have files of their own. */
#ifndef VIRGO_AN_PAGE_H
#define VIRGO_AN_PAGE_H

#include "review.h"
#include "svg.h"

/* Up to <main>, with all that the page looks like. */
void an_page_head(FILE *f);
/* <section>s: the timeline with its alarms; sources and the deny list. */
void an_page_windows(const struct an_review *r, FILE *f);
void an_page_sources(const struct an_review *r, FILE *f);

#endif
