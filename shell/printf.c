// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * printf: POSIX's formats, used again while arguments are left. Output may hold NUL bytes; a format
 * never reaches printf(3) but for one conversion that has been checked.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "shell/int.h"

enum { SPEC_MAX = 64, WIDTH_MAX = 1 << 20 };

struct printing {
	struct sh *sh;
	const char *const *v;	/* arguments that are left */
	int n;
	int status;
	bool used;		/* a conversion took one */
	bool stop;		/* \c */
};

static void complain(struct printing *p, const char *what, const char *word)
{
	sh_say(p->sh, "printf: %s \"%.100s\"", what, word);
	p->status = 1;
}

static const char *next(struct printing *p)
{
	p->used = true;
	if (!p->n)
		return NULL;
	p->n--;
	return *p->v++;
}

/* digits of base 8 at *s: at most max of them */
static int octal(const char **s, int max)
{
	int n = 0;

	for (; max-- && **s >= '0' && **s <= '7'; ++*s)
		n = n * 8 + **s - '0';
	return n & 255;
}

/* the escape at *s (behind the \), which moves on: a byte, or -1: none, -2: \c */
static int escape(const char **s, bool in_argument)
{
	static const char letters[] = "abfnrtv\\", bytes[] = "\a\b\f\n\r\t\v\\";
	const char *hit = **s ? strchr(letters, **s) : NULL;

	if (hit) {
		++*s;
		return bytes[hit - letters];
	}
	if (in_argument && **s == 'c')
		return -2;
	if (in_argument && **s == '0') {
		++*s;
		return octal(s, 3);
	}
	if (**s >= '0' && **s <= '7')
		return octal(s, 3);
	return -1;
}

static void add_escaped(struct printing *p, struct sh_buf *b, const char *s)
{
	int c;

	while (*s) {
		if (*s != '\\') {
			sh_buf_byte(p->sh, b, *s++);
			continue;
		}
		s++;
		c = escape(&s, true);
		if (c == -2) {
			p->stop = true;
			return;
		}
		sh_buf_byte(p->sh, b, c < 0 ? '\\' : (char)c);
	}
}

/* 'c and "c: what the letter's number is; else as in C. What is no number is told of, and 0 */
static int64_t integer(struct printing *p, const char *word, bool is_signed)
{
	int64_t n;
	char *end;

	if (!word)
		return 0;
	if (*word == '\'' || *word == '"')
		return (unsigned char)word[1];
	errno = 0;
	n = is_signed || *word == '-' ? strtoll(word, &end, 0) : (int64_t)strtoull(word, &end, 0);
	if (end == word || *end)
		complain(p, "not a whole number:", word);
	else if (errno)
		complain(p, "over 64 bits:", word);
	return n;
}

static double real(struct printing *p, const char *word)
{
	double n;
	char *end;

	if (!word)
		return 0;
	if (*word == '\'' || *word == '"')
		return (unsigned char)word[1];
	n = strtod(word, &end);
	if (end == word || *end)
		complain(p, "not a number:", word);
	return n;
}

struct spec {
	char flags[8];
	int width, precision;		/* precision -1: none */
	bool left;
};

static int star_or_number(struct printing *p, const char **s)
{
	int64_t n = 0;

	if (**s == '*') {
		++*s;
		n = integer(p, next(p), true);
	} else {
		for (; isdigit((unsigned char)**s); ++*s)
			n = n > WIDTH_MAX ? n : n * 10 + **s - '0';
	}
	return n > WIDTH_MAX ? WIDTH_MAX : n < -WIDTH_MAX ? -WIDTH_MAX : (int)n;
}

static void take_spec(struct printing *p, const char **s, struct spec *spec)
{
	size_t n = 0;

	memset(spec, 0, sizeof(*spec));
	for (; **s && strchr("-+ #0", **s); ++*s)
		if (!strchr(spec->flags, **s) && n < sizeof(spec->flags) - 1)
			spec->flags[n++] = **s;
	spec->width = star_or_number(p, s);
	if (spec->width < 0) {
		if (!strchr(spec->flags, '-'))
			spec->flags[n] = '-';
		spec->width = -spec->width;
	}
	spec->left = strchr(spec->flags, '-');
	spec->precision = -1;
	if (**s == '.') {
		++*s;
		spec->precision = star_or_number(p, s);
	}
}

static void pad(struct printing *p, int n)
{
	(void)p;
	while (n-- > 0)
		putchar(' ');
}

static void put_text(struct printing *p, const struct spec *spec, const char *s, size_t len)
{
	if (spec->precision >= 0 && len > (size_t)spec->precision)
		len = (size_t)spec->precision;
	if (!spec->left && (size_t)spec->width > len)
		pad(p, spec->width - (int)len);
	fwrite(s, 1, len, stdout);
	if (spec->left && (size_t)spec->width > len)
		pad(p, spec->width - (int)len);
}

static void put_number(struct printing *p, const struct spec *spec, char type)
{
	bool is_real = strchr("aAeEfFgG", type);
	const char *word = next(p);
	char format[SPEC_MAX];

	snprintf(format, sizeof(format), "%%%s*.*%s%c", spec->flags, is_real ? "" : "ll", type);
	if (is_real)
		printf(format, spec->width, spec->precision, real(p, word));
	else
		printf(format, spec->width, spec->precision,
		       (long long)integer(p, word, type == 'd' || type == 'i'));
}

static void convert(struct printing *p, const char **s)
{
	struct sh_buf b = { 0 };
	const char *begin = *s, *word;
	struct spec spec;
	char type;

	take_spec(p, s, &spec);
	type = **s;
	*s += type != '\0';
	switch (type) {
	case '%':
		putchar('%');
		break;
	case 's':
		word = next(p);
		put_text(p, &spec, word ? word : "", word ? strlen(word) : 0);
		break;
	case 'b':
		word = next(p);
		add_escaped(p, &b, word ? word : "");
		put_text(p, &spec, b.data ? b.data : "", b.len);
		break;
	case 'c':
		word = next(p);
		put_text(p, &spec, word ? word : "", word && *word);
		break;
	default:
		if (type && strchr("diouxXaAeEfFgG", type)) {
			put_number(p, &spec, type);
			break;
		}
		complain(p, "no such conversion: %", begin);
		p->stop = true;
		break;
	}
}

static void print_once(struct printing *p, const char *s)
{
	int c;

	p->used = false;
	while (*s && !p->stop) {
		if (*s == '\\') {
			s++;
			c = escape(&s, false);
			putchar(c < 0 ? '\\' : c);
		} else if (*s == '%') {
			s++;
			convert(p, &s);
		} else {
			putchar(*s++);
		}
	}
}

int sh_b_printf(struct sh *sh, int argc, const char *const *argv)
{
	int first = argc > 1 && !strcmp(argv[1], "--") ? 2 : 1;
	struct printing p = { .sh = sh, .v = argv + first + 1, .n = argc - first - 1 };

	if (argc <= first)
		return sh_usage(sh, argv);
	do {
		print_once(&p, argv[first]);
	} while (p.n > 0 && p.used && !p.stop && !sh->flow && !sh->pending);
	return p.status;
}
