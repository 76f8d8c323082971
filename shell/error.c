// SPDX-License-Identifier: GPL-3.0-or-later
/* What is wrong with a text, in words: never a control byte, never half a character of what it quotes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shell/lex.h"

/* bytes of the printable character at s, 0: it is none */
static size_t printable(const unsigned char *s, size_t len)
{
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len || (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

const char *sh_shown(char *buf, const char *s, size_t len)
{
	size_t used = 0, n;

	for (size_t i = 0; i < len; i += n ? n : 1) {
		if (used + 8 > SH_SHOWN) {
			used += sprintf(buf + used, "...");
			break;
		}
		n = printable((const unsigned char *)s + i, len - i);
		if (n)
			memcpy(buf + used, s + i, n);
		else
			buf[used] = s[i] == '\n' || s[i] == '\t' ? ' ' : '?';
		used += n ? n : 1;
	}
	buf[used] = '\0';
	return buf;
}

static _Noreturn void leave(struct sh_parser *p, enum sh_parsed status)
{
	p->status = status;
	longjmp(p->escape, 1);
}

void sh_no_memory(struct sh_parser *p)
{
	p->err->pos = (struct sh_pos){ p->script->first_line, 1 };
	snprintf(p->err->message, sizeof(p->err->message), "out of memory");
	leave(p, SH_NO_MEMORY);
}

void sh_wrong(struct sh_parser *p, struct sh_pos pos, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	p->err->pos = pos;
	vsnprintf(p->err->message, sizeof(p->err->message), fmt, args);
	va_end(args);
	leave(p, SH_WRONG);
}

void sh_incomplete(struct sh_parser *p, struct sh_pos pos, const char *fmt, ...)
{
	char *message = p->err->message;
	va_list args;
	size_t used;

	va_start(args, fmt);
	p->err->pos = pos;
	vsnprintf(message, sizeof(p->err->message), fmt, args);
	va_end(args);
	if (!p->in->limit)
		leave(p, SH_INCOMPLETE);
	used = strlen(message);
	snprintf(message + used, sizeof(p->err->message) - used, " before %s", p->in->limit);
	leave(p, SH_WRONG);
}

const char *sh_tok_shown(const struct sh_parser *p, char *buf)
{
	const struct sh_tok *tok = &p->in->tok;
	char text[SH_SHOWN];

	if (tok->type == SH_T_NEWLINE)
		strcpy(buf, "the end of the line");
	else if (tok->type == SH_T_END)
		strcpy(buf, p->in->limit ? p->in->limit : "the end of the text");
	else
		sprintf(buf, "\"%s\"", sh_shown(text, tok->from, tok->len));
	return buf;
}

void sh_unexpected(struct sh_parser *p, const char *expected)
{
	char shown[SH_TOK_SHOWN];

	sh_wrong(p, p->in->tok.pos, "found %s where %s is expected", sh_tok_shown(p, shown), expected);
}
