// SPDX-License-Identifier: GPL-3.0-or-later
/* See fault.h. Must never let a byte of a name break the line that reports it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "helper/fault.h"

/* A sentence that was cut must not end within a character. */
static void trim_utf8(char *s, size_t n)
{
	size_t at = n, need;

	while (at && ((unsigned char)s[at - 1] & 0xc0) == 0x80)
		at--;
	if (!at || !(s[at - 1] & 0x80))
		return;
	need = (unsigned char)s[at - 1] >= 0xf0 ? 4 : (unsigned char)s[at - 1] >= 0xe0 ? 3 : 2;
	if (n - (at - 1) < need)
		s[at - 1] = '\0';
}

int fault_set(struct fault *f, uint32_t why, int err, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	f->why = why;
	f->err = err;
	va_start(ap, fmt);
	n = vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	for (p = f->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (n >= (int)sizeof(f->text))
		trim_utf8(f->text, strlen(f->text));
	return -1;
}
