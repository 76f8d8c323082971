// SPDX-License-Identifier: GPL-3.0-or-later
/* Escapes text for a page; must never let a byte through that a browser takes for markup. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "html.h"

#define TEXT_MAX	4096

/* Length of the UTF-8 character at @p (RFC 3629), 0 if there is none; *code is its number. */
static size_t utf8(const unsigned char *p, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;
	size_t i;

	if (!n || n > left)
		return 0;
	*code = n == 1 ? *p : *p & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

/* Characters that are not there for the eye, or turn around what others look like. */
static int unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xffff) ||
	       (c >= 0xe0000 && c < 0xe1000);
}

static const char *entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

void an_html_bytes(FILE *f, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i = 0, k, n;
	uint32_t c = 0;

	for (; i < len; i += n) {
		n = utf8(p + i, len - i, &c);
		if (n && entity(c)) {
			fputs(entity(c), f);
		} else if (n && !unseen(c)) {
			fwrite(p + i, 1, n, f);
		} else {
			n = n ? n : 1;
			for (k = 0; k < n; k++)
				fprintf(f, "\\x%02x", p[i + k]);
		}
	}
}

void an_html(FILE *f, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len > 0)
		an_html_bytes(f, text, strlen(text));
}
