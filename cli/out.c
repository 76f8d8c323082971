// SPDX-License-Identifier: GPL-3.0-or-later
/* The formats of out.h. Writes only to the file it was given, and remembers the first failure. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out.h"

void out_init(struct out *o, FILE *file, enum out_format format)
{
	memset(o, 0, sizeof(*o));
	o->file = file;
	o->format = format;
}

static void out_drop_held(struct out *o)
{
	size_t i;

	for (i = 0; i < o->nheld; i++)
		free(o->held[i]);
	free(o->held);
	o->held = NULL;
	o->nheld = 0;
}

void out_free(struct out *o)
{
	out_drop_held(o);
	text_free(&o->row);
	text_free(&o->doc);
}

bool out_is_json(const struct out *o)
{
	return o->format == OUT_JSON || o->format == OUT_NDJSON;
}

/* only tables: what comes bit by bit is to be seen at once */
static bool out_is_paged(const struct out *o)
{
	return o->pager && o->open && o->format == OUT_TABLE;
}

static void out_paged(struct out *o, int error)
{
	if (error && !o->error)
		o->error = error;
}

void out_write(struct out *o, const void *data, size_t len)
{
	if (o->filtered) {
		text_add(&o->doc, data, len);
		if (o->doc.failed && !o->error)
			o->error = ENOMEM;
		return;
	}
	if (out_is_paged(o))
		out_paged(o, o->pager->write(o->pager->arg, o->file, data, len));
	else if (len && fwrite(data, 1, len, o->file) != len && !o->error)
		o->error = errno ? errno : EIO;
}

static void out_format(struct out *o, bool escape, const char *fmt, va_list ap)
{
	struct out_text t = { 0 };
	char *s;
	int n;

	n = vasprintf(&s, fmt, ap);
	if (n < 0) {
		o->error = ENOMEM;
		return;
	}
	if (escape)
		text_escaped(&t, s, (size_t)n);
	if (t.failed)
		o->error = ENOMEM;
	else if (escape)
		out_write(o, t.data, t.len);
	else
		out_write(o, s, (size_t)n);
	text_free(&t);
	free(s);
}

void out_printf(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out_format(o, false, fmt, ap);
	va_end(ap);
}

void out_shown(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out_format(o, true, fmt, ap);
	va_end(ap);
}

void out_value(struct out *o, const void *data, size_t len)
{
	const char *p = data;
	struct out_text t = { 0 };
	size_t line;

	if (o->format != OUT_TABLE) {
		out_write(o, data, len);
		return;
	}
	while (len) {
		line = strcspn(p, "\n\t");	/* the value's NUL follows its last byte */
		line = line < len ? line : len;
		text_escaped(&t, p, line);
		if (line < len && (p[line] == '\n' || p[line] == '\t'))
			text_add(&t, p + line++, 1);
		else if (line < len)
			text_escaped(&t, p + line++, 1);
		p += line;
		len -= line;
	}
	if (!t.len || t.data[t.len - 1] != '\n')
		text_add(&t, "\n", 1);
	if (t.failed)
		o->error = ENOMEM;
	else
		out_write(o, t.data, t.len);
	text_free(&t);
}

static void out_begin(struct out *o, const struct out_col *cols, unsigned int ncols, bool record)
{
	o->cols = cols;
	o->ncols = ncols < OUT_COLS_MAX ? ncols : OUT_COLS_MAX;
	o->col = 0;
	o->open = true;
	o->record = record;
	o->rows = 0;
	o->widths_known = false;
	o->row.len = 0;
}

void out_list(struct out *o, const struct out_col *cols, unsigned int ncols)
{
	out_begin(o, cols, ncols, false);
}

void out_record(struct out *o, const struct out_col *cols, unsigned int ncols)
{
	out_begin(o, cols, ncols, true);
}

/* what separates JSON rows */
static void out_json_lead(struct out *o)
{
	if (o->format == OUT_NDJSON || (o->record && o->open))
		return;
	out_write(o, o->started ? ",\n" : "[\n", 2);
}

void out_element(struct out *o, const char *json, size_t len)
{
	out_json_lead(o);
	o->started = true;
	out_write(o, json, len);
	if (o->format == OUT_NDJSON || (o->record && o->open))
		out_write(o, "\n", 1);
}

/* one cell of a table line, padded unless it is the last */
static void table_cell(struct out *o, const char *text, unsigned int i, bool last)
{
	size_t have = text_columns(text), want = o->width[i];
	int pad = want > have ? (int)(want - have) : 0;

	if (o->cols[i].right)
		out_printf(o, "%*s%s%s", pad, "", text, last ? "" : "  ");
	else
		out_printf(o, "%s%*s", text, last ? 0 : pad + 2, "");
}

static void table_line(struct out *o, char *const *cells)
{
	unsigned int i, last = 0;

	for (i = 0; i < o->ncols; i++)
		if (o->cols[i].title)
			last = i;
	for (i = 0; i < o->ncols; i++)
		if (o->cols[i].title)
			table_cell(o, cells ? cells[i] : o->cols[i].title, i, i == last);
	out_write(o, "\n", 1);
}

/* the widths are what the rows held so far need; then these are printed */
static void table_flush(struct out *o)
{
	unsigned int i;
	size_t r, n;

	if (o->widths_known || !o->nheld)
		return;
	for (i = 0; i < o->ncols; i++) {
		o->width[i] = o->cols[i].title ? (unsigned int)text_columns(o->cols[i].title) : 0;
		for (r = 0; r < o->nheld; r += o->ncols) {
			n = text_columns(o->held[r + i]);
			o->width[i] = n > o->width[i] ? (unsigned int)n : o->width[i];
		}
	}
	o->widths_known = true;
	if (o->color)
		out_write(o, "\033[1m", 4);
	table_line(o, NULL);
	if (o->color)
		out_write(o, "\033[0m", 4);
	for (r = 0; r < o->nheld; r += o->ncols)
		table_line(o, o->held + r);
	out_drop_held(o);
}

static void record_flush(struct out *o)
{
	unsigned int i;
	size_t width = 0, n;

	for (i = 0; i < o->ncols && i < o->nheld; i++) {
		n = o->cols[i].title ? text_columns(o->cols[i].title) : 0;
		width = n > width && *o->held[i] ? n : width;
	}
	for (i = 0; i < o->ncols && i < o->nheld; i++)
		if (o->cols[i].title && *o->held[i])
			out_printf(o, "%s%*s  %s\n", o->cols[i].title,
				   (int)(width - text_columns(o->cols[i].title)), "", o->held[i]);
	out_drop_held(o);
}

static void table_hold(struct out *o, const char *text)
{
	char **held, *copy;

	held = realloc(o->held, (o->nheld + 1) * sizeof(*held));
	copy = strdup(text);
	if (held)
		o->held = held;
	if (!held || !copy) {
		free(copy);
		o->error = ENOMEM;
		return;
	}
	o->held[o->nheld++] = copy;
}

static void row_end(struct out *o)
{
	o->col = 0;
	o->rows++;
	switch (o->format) {
	case OUT_JSON:
	case OUT_NDJSON:
		text_add(&o->row, "}", 1);
		if (!o->row.failed)
			out_element(o, o->row.data, o->row.len);
		break;
	case OUT_TABLE:
		if (o->record)
			break;
		if (o->widths_known) {
			table_line(o, o->held);
			out_drop_held(o);
		} else if (o->nheld >= (size_t)OUT_ROWS_HELD * o->ncols) {
			table_flush(o);
		}
		break;
	default:
		if (!o->record)
			text_add(&o->row, "\n", 1);
		if (!o->row.failed)
			out_write(o, o->row.data, o->row.len);
		break;
	}
	if (o->row.failed)
		o->error = ENOMEM;
	o->row.len = 0;
	o->started = true;
}

/* One cell: as people read it, as programs do, and in JSON. len is that of exact. */
struct cell {
	const char *shown;	/* NULL: exact, escaped */
	const void *exact;	/* NULL: nothing there */
	size_t len;
	const char *json;	/* NULL: exact as a string */
};

static void cell_json(struct out *o, const struct out_col *col, const struct cell *c)
{
	if (!o->col)
		o->row.len = 0;
	text_str(&o->row, o->col ? "," : "{");
	if (c->json || !c->exact) {
		text_printf(&o->row, "\"%s\":", col->key);
		text_str(&o->row, c->json ? c->json : "null");
	} else {
		text_json_member(&o->row, col->key, c->exact, c->len);
	}
}

static void cell_tsv(struct out *o, const struct out_col *col, const struct cell *c)
{
	if (o->record)
		text_printf(&o->row, "%s\t", col->key);
	else if (o->col)
		text_add(&o->row, "\t", 1);
	if (c->exact)
		text_escaped(&o->row, c->exact, c->len);
	if (o->record)
		text_add(&o->row, "\n", 1);
}

static void cell_table(struct out *o, const struct cell *c)
{
	struct out_text t = { 0 };

	if (c->shown)
		text_str(&t, c->shown);
	else if (c->exact)
		text_escaped(&t, c->exact, c->len);
	else if (!o->record)
		text_str(&t, "-");
	table_hold(o, t.data && !t.failed ? t.data : "");
	text_free(&t);
}

static void out_cell(struct out *o, const struct cell *c)
{
	const struct out_col *col = &o->cols[o->col];

	if (!o->open || o->col >= o->ncols)
		return;
	switch (o->format) {
	case OUT_JSON:
	case OUT_NDJSON:
		cell_json(o, col, c);
		break;
	case OUT_TABLE:
		cell_table(o, c);
		break;
	case OUT_TSV:
		cell_tsv(o, col, c);
		break;
	case OUT_RAW:
		if (!o->col && c->exact) {
			text_add(&o->row, c->exact, c->len);
			if (o->record)
				text_add(&o->row, "\n", 1);
		}
		break;
	}
	if (++o->col == o->ncols)
		row_end(o);
}

void out_end(struct out *o)
{
	if (!o->open)
		return;
	if (o->format == OUT_TABLE && o->record)
		record_flush(o);
	else if (o->format == OUT_TABLE)
		table_flush(o);
	else if (o->format == OUT_JSON && !o->record)
		out_write(o, o->started ? "\n]\n" : "[]\n", 3);
	if (out_is_paged(o) && !o->filtered)
		out_paged(o, o->pager->end(o->pager->arg, o->file));
	o->open = false;
	if (!o->record)
		o->started = false;
}

void out_none(struct out *o)
{
	out_cell(o, &(struct cell){ 0 });
}

void out_bytes(struct out *o, const void *data, size_t len)
{
	out_cell(o, &(struct cell){ .exact = data, .len = len });
}

void out_str(struct out *o, const char *text)
{
	out_bytes(o, text, text ? strlen(text) : 0);
}

static void out_number(struct out *o, const char *digits, const char *shown)
{
	out_cell(o, &(struct cell){ .shown = shown, .exact = digits, .len = strlen(digits),
				    .json = digits });
}

void out_u64(struct out *o, uint64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	out_number(o, digits, NULL);
}

void out_i64(struct out *o, int64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)n);
	out_number(o, digits, NULL);
}

void out_bool(struct out *o, bool yes)
{
	const char *exact = yes ? "true" : "false";

	out_number(o, exact, yes ? "yes" : "no");
}

static void out_rounded(struct out *o, uint64_t n, void (*spell)(struct out_text *, uint64_t))
{
	struct out_text t = { 0 };
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	spell(&t, n);
	out_number(o, digits, t.failed ? digits : t.data);
	text_free(&t);
}

void out_size(struct out *o, uint64_t bytes)
{
	out_rounded(o, bytes, text_size);
}

void out_ms(struct out *o, uint64_t ms)
{
	out_rounded(o, ms, text_ms);
}

void out_us(struct out *o, uint64_t us)
{
	out_rounded(o, us, text_us);
}

void out_json(struct out *o, const char *json)
{
	out_cell(o, &(struct cell){ .exact = json, .len = json ? strlen(json) : 0, .json = json });
}
