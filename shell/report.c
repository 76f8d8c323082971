// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How errors of the language look: where, what, the line, a caret below the place. One write each; the
 * line's control bytes are not shown as they are, and of a long one only what is near.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "shell/int.h"

enum { BEFORE = 70, AFTER = 40, MESSAGE = 4096 };

struct text {
	char data[8192];
	size_t len;
};

static void put(struct text *t, const char *s, size_t len)
{
	if (len > sizeof(t->data) - t->len)
		len = sizeof(t->data) - t->len;
	memcpy(t->data + t->len, s, len);
	t->len += len;
}

/* control bytes would drive the terminal; a tab stays, in the line and below it */
static void put_shown(struct text *t, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		put(t, ((unsigned char)s[i] < 32 && s[i] != '\t') || s[i] == 127 ? "?" : s + i, 1);
}

static const char *find_line(const char *text, size_t len, uint32_t n, size_t *line_len)
{
	const char *end = text + len, *p;

	while (n--) {
		p = memchr(text, '\n', (size_t)(end - text));
		if (!p)
			return NULL;
		text = p + 1;
	}
	p = memchr(text, '\n', (size_t)(end - text));
	*line_len = (size_t)((p ? p : end) - text);
	return text;
}

static bool goes_on(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;	/* within a character of UTF-8 */
}

static void put_line(struct text *t, const char *line, size_t len, size_t col)
{
	size_t from = col > BEFORE ? col - BEFORE : 0, to, i;

	to = len - col > AFTER && len - from > BEFORE + AFTER ? col + AFTER : len;
	while (from && goes_on(line[from]))
		from--;
	while (to < len && goes_on(line[to]))
		to++;
	put(t, "  ", 2);
	put_shown(t, line + from, to - from);
	put(t, "\n  ", 3);
	for (i = from; i < col; i++)
		if (!goes_on(line[i]))
			put(t, line[i] == '\t' ? "\t" : " ", 1);
	put(t, "^\n", 2);
}

static void report(const char *name, const char *text, size_t len, uint32_t first_line,
		   struct sh_pos pos, const char *message)
{
	const char *line = NULL;
	struct text t = { .len = 0 };
	char head[64];
	size_t n = 0;

	put(&t, "virgo: ", 7);
	if (name) {
		put_shown(&t, name, strnlen(name, 1024));
		n = (size_t)snprintf(head, sizeof(head), ":%u:%u: ", pos.line, pos.col);
		put(&t, head, n);
	}
	put_shown(&t, message, strlen(message));
	put(&t, "\n", 1);
	if (text && pos.line >= first_line)
		line = find_line(text, len, pos.line - first_line, &n);
	if (line && pos.col)
		put_line(&t, line, n, pos.col - 1 < n ? pos.col - 1 : n);
	fflush(stdout);		/* in order, where both go to one place */
	fwrite(t.data, 1, t.len, stderr);
	fflush(stderr);
}

void sh_report(const char *name, const char *text, size_t len, uint32_t first_line,
	       const struct sh_syntax_error *err)
{
	report(name, text, len, first_line, err->pos, err->message);
}

static void say(struct sh *sh, struct sh_pos pos, const char *fmt, va_list ap)
{
	const struct sh_script *script = sh->script;
	char message[MESSAGE];

	if (sh->quiet)
		return;
	vsnprintf(message, sizeof(message), fmt, ap);
	if (script)
		report(script->name, script->text, script->len, script->first_line, pos, message);
	else
		report(NULL, NULL, 0, 0, pos, message);
}

void sh_say(struct sh *sh, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(sh, sh->at, fmt, ap);
	va_end(ap);
}

void sh_say_at(struct sh *sh, struct sh_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(sh, pos, fmt, ap);
	va_end(ap);
}

void sh_stop(struct sh *sh, int status)
{
	sh->flow = sh->opt.interactive ? SH_ABORT : SH_EXIT;
	sh->ending = status;
}

void sh_fail(struct sh *sh, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(sh, sh->at, fmt, ap);
	va_end(ap);
	sh_stop(sh, SH_ST_ERROR);
}

void sh_fail_at(struct sh *sh, struct sh_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(sh, pos, fmt, ap);
	va_end(ap);
	sh_stop(sh, SH_ST_ERROR);
}

int sh_complain(struct sh *sh, const char *const *argv, const char *fmt, ...)
{
	const struct sh_builtin *b = sh_builtin_find(argv[0]);
	char message[MESSAGE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	sh_say(sh, "%s: %s", argv[0], message);
	if (b && b->flags & SH_B_SPECIAL)
		sh_stop(sh, SH_ST_ERROR);
	return SH_ST_ERROR;
}

int sh_usage(struct sh *sh, const char *const *argv)
{
	const struct sh_builtin *b = sh_builtin_find(argv[0]);

	return sh_complain(sh, argv, "usage: %s", b ? b->help.usage : argv[0]);
}
