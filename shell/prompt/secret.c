// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the history does not keep. Errs on the side of keeping too little: a line that is lost can
 * be typed again.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "shell/prompt/hist.h"

enum { KEY_MIN = 20, HEX_MIN = 32, LONG_MIN = 40 };	/* LONG: even without digits */

/* how the characters of a word alternate between the kinds that key material is made of */
struct mix {
	size_t len, upper, lower, digits, hex, changes;
	int last;
};

static void mix_add(struct mix *m, char c)
{
	int kind = isupper((unsigned char)c) ? 1 : islower((unsigned char)c) ? 2 :
		   isdigit((unsigned char)c) ? 3 : 4;

	m->len++;
	m->upper += kind == 1;
	m->lower += kind == 2;
	m->digits += kind == 3;
	m->hex += isxdigit((unsigned char)c) != 0;
	if (kind == 4)
		return;		/* paths and names have many of these */
	m->changes += m->last && kind != m->last;
	m->last = kind;
}

static bool mix_is_key(const struct mix *m)
{
	if (m->len >= HEX_MIN && m->hex == m->len && m->digits > 5 && m->digits + 5 < m->len)
		return true;
	return m->len >= KEY_MIN && m->upper && m->lower && (m->digits || m->len >= LONG_MIN) &&
	       m->changes * 3 >= m->len;
}

/* random text in base64, base64url or hexadecimal */
static bool holds_key(const char *s)
{
	struct mix m = { 0 };

	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("+/_-", *s)) {
			mix_add(&m, *s);
			continue;
		}
		if (mix_is_key(&m))
			return true;
		memset(&m, 0, sizeof(m));
	}
	return mix_is_key(&m);
}

/* the rest of a word whose name says that its value is a secret: is there a value? */
static bool has_value(const char *s)
{
	while (isalnum((unsigned char)*s) || *s == '_' || *s == '-')
		s++;
	if (*s == '"' || *s == '\'')
		s++;
	if (*s != '=' && *s != ':')
		return false;
	return s[1] && (*s == ':' || !isspace((unsigned char)s[1]));
}

/* the option that the name at p is part of, with its value in the next word */
static bool is_option(const char *line, const char *p)
{
	while (p > line && (isalnum((unsigned char)p[-1]) || p[-1] == '_' || p[-1] == '-'))
		p--;
	if (*p != '-' || (p > line && !isspace((unsigned char)p[-1])))
		return false;
	p += strcspn(p, " \t\n=");
	return isspace((unsigned char)*p) && p[strspn(p, " \t\n")];
}

static bool names_secret(const char *line)
{
	static const char *const names[] = {
		"secret", "passw", "passphrase", "token", "credential", "authorization", "apikey",
		"api_key", "api-key", "access_key", "access-key", "private_key", "private-key",
	};
	const char *p;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (p = strcasestr(line, names[i]); p; p = strcasestr(p + 1, names[i]))
			if (has_value(p) || is_option(line, p))
				return true;
	return false;
}

/* scheme://user:password@host */
static bool url_with_password(const char *line)
{
	const char *p = line, *end, *at, *colon;

	for (p = strstr(p, "://"); p; p = strstr(p, "://")) {
		p += 3;
		end = p + strcspn(p, "/ \t\n\"'");
		at = memchr(p, '@', (size_t)(end - p));
		colon = at ? memchr(p, ':', (size_t)(at - p)) : NULL;
		if (colon && colon + 1 < at)
			return true;
	}
	return false;
}

bool hist_keeps(const char *entry)
{
	return *entry && !isspace((unsigned char)*entry) && strlen(entry) <= HIST_ENTRY_MAX &&
	       !names_secret(entry) && !url_with_password(entry) && !holds_key(entry);
}
