// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Growing bytes, and how values are spelled: JSON strings, escapes, sizes and times. Never writes
 * to a file.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"

static bool text_room(struct out_text *t, size_t len)
{
	size_t max = t->max ? t->max : 256;
	char *data;

	if (t->failed || len > SIZE_MAX / 4 - t->len) {
		t->failed = true;
		return false;
	}
	while (max - t->len <= len)
		max *= 2;
	if (max == t->max)
		return true;
	data = realloc(t->data, max);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->max = max;
	return true;
}

void text_add(struct out_text *t, const void *data, size_t len)
{
	if (!text_room(t, len))
		return;
	if (len)
		memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_str(struct out_text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct out_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !text_room(t, (size_t)n)) {
		t->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(t->data + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void text_free(struct out_text *t)
{
	free(t->data);
	memset(t, 0, sizeof(*t));
}

/* length of the UTF-8 character at p (n bytes are left), 0 where there is none */
static size_t utf8_char(const unsigned char *p, size_t n)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int c = p[0];
	size_t len, i;

	if (c < 0x80)
		return 1;
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
	if (!len || len > n || c >= 0xf8)
		return 0;
	c &= 0x7fu >> len;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

bool text_is_utf8(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t step;

	for (; len; p += step, len -= step) {
		step = utf8_char(p, len);
		if (!step)
			return false;
	}
	return true;
}

size_t text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void text_json_string(struct out_text *t, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t step, plain = 0;

	text_add(t, "\"", 1);
	while (plain < len) {
		step = utf8_char(p + plain, len - plain);
		if (step && p[plain] >= 0x20 && p[plain] != '"' && p[plain] != '\\' &&
		    p[plain] != 0x7f) {
			plain += step;
			continue;
		}
		text_add(t, p, plain);
		if (!step)
			text_str(t, "\\ufffd");
		else if (p[plain] == '"' || p[plain] == '\\')
			text_printf(t, "\\%c", p[plain]);
		else if (p[plain] == '\n')
			text_str(t, "\\n");
		else if (p[plain] == '\t')
			text_str(t, "\\t");
		else
			text_printf(t, "\\u%04x", p[plain]);
		p += plain + 1;
		len -= plain + 1;
		plain = 0;
	}
	text_add(t, p, plain);
	text_add(t, "\"", 1);
}

static void text_base64(struct out_text *t, const unsigned char *p, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int v;
	size_t n, i;
	char four[4];

	for (; len; p += n, len -= n) {
		n = len < 3 ? len : 3;
		v = (unsigned int)p[0] << 16;
		if (n > 1)
			v |= (unsigned int)p[1] << 8;
		if (n > 2)
			v |= p[2];
		for (i = 0; i < 4; i++)
			four[i] = i > n ? '=' : digits[v >> (18 - 6 * i) & 63];
		text_add(t, four, 4);
	}
}

void text_json_member(struct out_text *t, const char *name, const void *data, size_t len)
{
	if (text_is_utf8(data, len)) {
		text_printf(t, "\"%s\":", name);
		text_json_string(t, data, len);
		return;
	}
	text_printf(t, "\"%s_b64\":\"", name);
	text_base64(t, data, len);
	text_add(t, "\"", 1);
}

void text_escaped(struct out_text *t, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t step;

	for (; len; p += step, len -= step) {
		step = utf8_char(p, len);
		if (step > 1 && p[0] == 0xc2 && p[1] < 0xa0)
			step = 0;	/* C1 control characters drive terminals too */
		if (step && *p >= 0x20 && *p != '\\' && *p != 0x7f) {
			text_add(t, p, step);
			continue;
		}
		step = 1;
		if (*p == '\n')
			text_str(t, "\\n");
		else if (*p == '\t')
			text_str(t, "\\t");
		else if (*p == '\r')
			text_str(t, "\\r");
		else if (*p == '\\')
			text_str(t, "\\\\");
		else
			text_printf(t, "\\x%02x", *p);
	}
}

void text_size(struct out_text *t, uint64_t bytes)
{
	static const char units[] = "BkMGTPE";
	double n = (double)bytes;
	size_t i = 0;

	while (n >= 1023.95 && i + 2 < sizeof(units)) {
		n /= 1024;
		i++;
	}
	if (!i)
		text_printf(t, "%llu", (unsigned long long)bytes);
	else
		text_printf(t, n < 99.95 ? "%.1f%c" : "%.0f%c", n, units[i]);
}

void text_ms(struct out_text *t, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		text_printf(t, "%llums", (unsigned long long)ms);
	else if (s < 60)
		text_printf(t, "%llus", (unsigned long long)s);
	else if (s < 3600)
		text_printf(t, "%llum %02us", (unsigned long long)s / 60, (unsigned int)(s % 60));
	else if (s < 86400)
		text_printf(t, "%lluh %02um", (unsigned long long)s / 3600,
			    (unsigned int)(s / 60 % 60));
	else
		text_printf(t, "%llud %02uh", (unsigned long long)s / 86400,
			    (unsigned int)(s / 3600 % 24));
}

void text_us(struct out_text *t, uint64_t us)
{
	if (us < 1000)
		text_printf(t, "%llu us", (unsigned long long)us);
	else if (us < 1000000)
		text_printf(t, "%.2f ms", (double)us / 1e3);
	else
		text_printf(t, "%.2f s", (double)us / 1e6);
}
