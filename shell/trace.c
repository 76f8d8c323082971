// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * set -x: what runs, as the shell would read it back. Never shows the value of a variable whose name
 * says that it is secret, nor anything that could be the secret of a key.
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "shell/int.h"

enum {
	SECRET_MIN = 32, SECRET_MAX = 128,	/* of a key: these of A-Z a-z 0-9 - _ */
	VALUE_MIN = 3,				/* a shorter value would mask half of everything */
};

bool sh_is_secret(const char *name)
{
	size_t n = strlen(name);

	return strcasestr(name, "SECRET") || strcasestr(name, "PASSWORD") ||
	       strcasestr(name, "TOKEN") || (n > 4 && !strcasecmp(name + n - 4, "_KEY"));
}

static bool in_key(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* a run as long as a key's secret, of letters and digits mixed as words are not */
static size_t like_key(const char *text, size_t *at)
{
	const char *p = text;
	size_t n;
	bool digit, letter;

	for (; *p; p += n ? n : 1) {
		digit = false;
		letter = false;
		for (n = 0; in_key(p[n]); n++) {
			digit = digit || isdigit((unsigned char)p[n]);
			letter = letter || isalpha((unsigned char)p[n]);
		}
		if (n < SECRET_MIN || n > SECRET_MAX || !digit || !letter)
			continue;
		*at = (size_t)(p - text);
		return n;
	}
	return 0;
}

static size_t value_of_secret(struct sh *sh, const char *text, size_t *at)
{
	const struct sh_var *var;
	const char *hit;
	size_t slot;

	for (slot = 0; slot < sh->vars.nslots; slot++) {
		for (var = sh->vars.slots[slot]; var; var = var->next) {
			if (!var->value || var->len < VALUE_MIN || !sh_is_secret(var->name))
				continue;
			hit = strstr(text, var->value);
			if (!hit)
				continue;
			*at = (size_t)(hit - text);
			return var->len;
		}
	}
	return 0;
}

size_t sh_find_secret(struct sh *sh, const char *text, size_t *at)
{
	size_t n = value_of_secret(sh, text, at);

	return n ? n : like_key(text, at);
}

static const char *masked(struct sh *sh, const char *text)
{
	struct sh_buf b = { 0 };
	const char *equals = strchr(text, '=');
	size_t n, at, name = sh_name_len(text);

	if (equals && text + name == equals &&
	    sh_is_secret(sh_tmp_dup(sh, text, name))) {
		sh_buf_printf(sh, &b, "%.*s=***", (int)name, text);
		return sh_buf_end(sh, &b);
	}
	while ((n = sh_find_secret(sh, text, &at))) {
		sh_buf_add(sh, &b, text, at);
		sh_buf_add(sh, &b, "***", 3);
		text += at + n;
	}
	sh_buf_add(sh, &b, text, strlen(text));
	return sh_buf_end(sh, &b);
}

void sh_quote(struct sh *sh, struct sh_buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./:=@%+,^";
	size_t n;

	if (*s && s[strspn(s, plain)] == '\0') {
		sh_buf_add(sh, b, s, strlen(s));
		return;
	}
	sh_buf_byte(sh, b, '\'');
	while (*s) {
		n = strcspn(s, "'");
		sh_buf_add(sh, b, s, n);
		s += n;
		if (*s) {
			sh_buf_add(sh, b, "'\\''", 4);
			s++;
		}
	}
	sh_buf_byte(sh, b, '\'');
}

/* an assignment's name stays outside of the quotes */
static void add(struct sh *sh, struct sh_buf *b, const char *word, bool assigned)
{
	const char *shown = masked(sh, word);
	size_t n = assigned ? strcspn(shown, "=") + 1 : 0;

	sh_buf_byte(sh, b, ' ');
	sh_buf_add(sh, b, shown, n);
	if (!assigned || shown[n])
		sh_quote(sh, b, shown + n);
}

void sh_trace(struct sh *sh, int fd, size_t nassigned, const char *const *assigned, size_t n,
	      const char *const *v)
{
	struct sh_mark mark = sh_mark(sh);
	struct sh_buf b = { 0 };
	size_t i;

	if (!n && !nassigned)
		return;
	sh_buf_byte(sh, &b, '+');
	for (i = 0; i < nassigned; i++)
		add(sh, &b, assigned[i], true);
	for (i = 0; i < n; i++)
		add(sh, &b, v[i], false);
	sh_buf_byte(sh, &b, '\n');
	fflush(stdout);
	if (write(fd, b.data, b.len) < 0)
		sh->opt.xtrace = false;		/* nobody is there to see it */
	sh_release(sh, mark);
}
