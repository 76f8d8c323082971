/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What commands print: lists of rows, single records and plain bytes, in the format the user asked
 * for. Knows nothing of nodes or commands.
 *
 *	table	aligned, readable: control bytes escaped, sizes and times rounded
 *	TSV	one row a line, exact values, bytes escaped as \t \n \\ \xNN
 *	raw	the first column, byte for byte, one row a line
 *	json	one document: an array of rows, or one object
 *	ndjson	one object a line, as soon as it is there
 *
 * Text that is not UTF-8 becomes the JSON member NAME_b64 in place of NAME.
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* rows of the tables leave out what is zero */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum out_format { OUT_TABLE, OUT_TSV, OUT_RAW, OUT_JSON, OUT_NDJSON };

/* One column: its name in JSON, its title in a table (NULL: not shown there). */
struct out_col {
	const char *key;
	const char *title;
	bool right;		/* numbers stand right in a table */
};

enum out_limit { OUT_COLS_MAX = 24, OUT_ROWS_HELD = 512 };

struct out_text {		/* growing bytes; failed: out of memory */
	char *data;
	size_t len, max;
	bool failed;
};

/* What shows tables that are longer than the screen, in place of the file. */
struct out_pager {
	void *arg;
	int (*write)(void *arg, FILE *file, const void *data, size_t len);	/* 0, or errno */
	int (*end)(void *arg, FILE *file);	/* the table is done; 0, or errno */
};

struct out {
	FILE *file;
	const struct out_pager *pager;	/* NULL: none */
	enum out_format format;
	bool color;
	const struct out_col *cols;
	unsigned int ncols, col;
	bool open, record, started;	/* started: a row or element was written */
	uint64_t rows;
	char **held;			/* table rows waiting for the widths: cells */
	size_t nheld;
	bool widths_known;
	unsigned int width[OUT_COLS_MAX];
	struct out_text row;		/* the row being built */
	struct out_text doc;		/* all output, while a filter waits for it */
	bool filtered;			/* collect in doc instead of writing */
	int error;			/* errno of the first write that failed */
};

void out_init(struct out *o, FILE *file, enum out_format format);
void out_free(struct out *o);
bool out_is_json(const struct out *o);

/* a list of rows, or one record ("title  value" lines in a table); cols live until out_end() */
void out_list(struct out *o, const struct out_col *cols, unsigned int ncols);
void out_record(struct out *o, const struct out_col *cols, unsigned int ncols);
void out_end(struct out *o);

/* the cells of a row, in the order of the columns; the last one ends the row */
void out_str(struct out *o, const char *text);			/* NULL: nothing there */
void out_bytes(struct out *o, const void *data, size_t len);
void out_u64(struct out *o, uint64_t n);
void out_i64(struct out *o, int64_t n);
void out_bool(struct out *o, bool yes);
void out_size(struct out *o, uint64_t bytes);			/* 1.5M in a table */
void out_ms(struct out *o, uint64_t ms);			/* 3h 20m in a table */
void out_us(struct out *o, uint64_t us);			/* 1.25 ms in a table */
void out_json(struct out *o, const char *json);			/* JSON; NULL: nothing */
void out_none(struct out *o);

/* an element or document that is JSON already; only when out_is_json() */
void out_element(struct out *o, const char *json, size_t len);

/* bytes as they are, outside of lists and records */
void out_write(struct out *o, const void *data, size_t len);
void out_printf(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* text of a node within a line: escaped as cells are, so that it can't drive the terminal */
void out_shown(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* a value: as it is, but escaped and ended by a newline in a table */
void out_value(struct out *o, const void *data, size_t len);	/* a NUL follows data */

/* outtext.c: growing bytes and the spellings */
void text_add(struct out_text *t, const void *data, size_t len);
void text_str(struct out_text *t, const char *s);
void text_printf(struct out_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct out_text *t);
/* with its quotes */
void text_json_string(struct out_text *t, const void *data, size_t len);
/* "name":"value", or "name_b64":"…" where the bytes are not UTF-8 */
void text_json_member(struct out_text *t, const char *name, const void *data, size_t len);
/* control bytes, backslash and what is not UTF-8 as \n \t \\ \xNN */
void text_escaped(struct out_text *t, const void *data, size_t len);
void text_size(struct out_text *t, uint64_t bytes);
void text_ms(struct out_text *t, uint64_t ms);
void text_us(struct out_text *t, uint64_t us);
bool text_is_utf8(const void *data, size_t len);
/* columns that the UTF-8 text takes on a terminal, about: one a character */
size_t text_columns(const char *s);

#endif
