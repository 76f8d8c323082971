/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text for a page. Whatever did not come out of this program's own source (addresses, names, lines
 * of logs) must go through these two; only constants and numbers may be printed otherwise.
 */
#ifndef VIRGO_AN_HTML_H
#define VIRGO_AN_HTML_H

#include <stddef.h>
#include <stdio.h>

/*
 * @len bytes, safe between tags and between double quotes: & < > " ' as entities; what would not be
 * seen (control bytes, what turns the reading direction) and what is not UTF-8 as \xNN.
 */
void an_html_bytes(FILE *f, const void *data, size_t len);

/* printf(), the outcome escaped as above. Longer than 4,095 bytes is cut. */
void an_html(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
