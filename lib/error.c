// SPDX-License-Identifier: GPL-3.0-or-later
/* Filling struct virgo_error. Must never print, and never be given a secret to format. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const struct {
	enum virgo_code code;
	const char *name;
} names[] = {
	{ VIRGO_OK, "ok" },
	{ VIRGO_FAILED, "failed" },
	{ VIRGO_USAGE, "usage" },
	{ VIRGO_NOT_FOUND, "not_found" },
	{ VIRGO_NOT_ALLOWED, "not_allowed" },
	{ VIRGO_UNREACHABLE, "unreachable" },
	{ VIRGO_PRECONDITION, "precondition" },
	{ VIRGO_INTERRUPTED, "interrupted" },
};

const char *virgo_code_name(enum virgo_code code)
{
	for (size_t i = 0; i < VIRGO_COUNT(names); i++)
		if (names[i].code == code)
			return names[i].name;
	return "failed";
}

/*
 * One line, whatever came in: control bytes become blanks (a node's text must not move the reader's
 * cursor), and a character that was cut in two goes.
 */
void virgo_one_line(char *text)
{
	size_t n = strlen(text), back = 0;
	unsigned char lead;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
	while (back < n && back < 3 && ((unsigned char)text[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back == n)
		return;
	lead = text[n - 1 - back];
	if ((lead >= 0xf0 && back < 3) || (lead >= 0xe0 && lead < 0xf0 && back < 2) ||
	    (lead >= 0xc0 && lead < 0xe0 && back < 1))
		text[n - 1 - back] = '\0';
}

void virgo_error_clear(struct virgo_error *err)
{
	if (err)
		memset(err, 0, sizeof(*err));
}

enum virgo_code virgo_error_set(struct virgo_error *err, enum virgo_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	virgo_error_clear(err);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	virgo_one_line(err->message);
	return code;
}

void virgo_error_hint(struct virgo_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	virgo_one_line(err->hint);
}

enum virgo_code virgo_error_nomem(struct virgo_error *err)
{
	return virgo_error_set(err, VIRGO_FAILED, "out of memory");
}

enum virgo_code virgo_error_move(struct virgo_error *to, const struct virgo_error *from)
{
	if (to)
		*to = *from;
	return from->code;
}

/* for messages: printable, cut, in double quotes; returns out */
const char *virgo_show(char out[VIRGO_SHOWN], const void *data, size_t len)
{
	const unsigned char *s = data;
	size_t o = 0, i;

	out[o++] = '"';
	for (i = 0; i < len && o < VIRGO_SHOWN - 9; i++) {
		if (s[i] < 0x20 || s[i] == 0x7f || s[i] == '"' || s[i] == '\\')
			o += snprintf(out + o, VIRGO_SHOWN - o, "\\x%02x", s[i]);
		else
			out[o++] = s[i];
	}
	snprintf(out + o, VIRGO_SHOWN - o, i < len ? "...\"" : "\"");
	return out;
}
