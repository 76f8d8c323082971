// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From the text of a word to fields: splitting by IFS as it comes, and pathnames. Knows nothing of
 * where text comes from.
 */
#include <glob.h>

#include "shell/int.h"

static void learn_ifs(struct sh *sh)
{
	const char *ifs = sh_get(sh, "IFS");

	memset(sh->ifs, 0, sizeof(sh->ifs));
	for (ifs = ifs ? ifs : " \t\n"; *ifs; ifs++)
		sh->ifs[(unsigned char)*ifs] = strchr(" \t\n", *ifs) ? 1 : 2;
	sh->ifs_known = true;
}

static void put(struct sh_sink *k, const char *s, size_t len, bool quoted)
{
	sh_buf_add(k->sh, &k->text, s, len);
	if (k->marks && sh_buf_room(k->sh, &k->quoted, len)) {
		memset(k->quoted.data + k->quoted.len, quoted, len);
		k->quoted.len += len;
	}
}

void sh_sink_text(struct sh_sink *k, const char *s, size_t len, bool quoted)
{
	if (!len && !quoted)
		return;
	k->started = true;
	k->space = false;
	put(k, s, len, quoted);
}

void sh_sink_split(struct sh_sink *k, const char *s, size_t len)
{
	struct sh *sh = k->sh;
	size_t i = 0, n;

	if (!k->fields) {
		sh_sink_text(k, s, len, false);
		return;
	}
	if (!sh->ifs_known)
		learn_ifs(sh);
	while (i < len && !sh->flow) {
		for (n = i; n < len && !sh->ifs[(unsigned char)s[n]]; n++)
			;
		sh_sink_text(k, s + i, n - i, false);
		if (n == len)
			return;
		i = n + 1;
		if (sh->ifs[(unsigned char)s[n]] == 1) {
			if (k->started) {
				sh_sink_end(k);
				k->space = true;
			}
		} else if (k->started || !k->space) {
			k->started = true;
			sh_sink_end(k);
		} else {
			k->space = false;	/* "a : b": the blanks are the colon's */
		}
	}
}

bool sh_has_magic(const char *s)
{
	return s[strcspn(s, "*?[")];
}

static bool is_magic(const struct sh_sink *k)
{
	size_t i;

	for (i = 0; i < k->text.len; i++)
		if (strchr("*?[", k->text.data[i]) && !k->quoted.data[i])
			return true;
	return false;
}

char *sh_sink_pattern(struct sh_sink *k)
{
	struct sh_buf b = { 0 };
	size_t i;
	char c;

	for (i = 0; i < k->text.len && !k->sh->flow; i++) {
		c = k->text.data[i];
		if (k->quoted.data[i] && c > 0 && !sh_in_name(c))
			sh_buf_byte(k->sh, &b, '\\');
		sh_buf_byte(k->sh, &b, c);
	}
	return sh_buf_end(k->sh, &b);
}

/* the names a pattern matches; false: none */
static bool add_names(struct sh_sink *k)
{
	glob_t g;
	size_t i;

	if (glob(sh_sink_pattern(k), 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc; i++)
		sh_words_add(k->sh, k->fields, sh_tmp_dup(k->sh, g.gl_pathv[i],
							  strlen(g.gl_pathv[i])));
	globfree(&g);
	return i;
}

void sh_sink_end(struct sh_sink *k)
{
	if (!k->fields || !k->started)
		return;
	if (!k->marks || !is_magic(k) || !add_names(k))
		sh_words_add(k->sh, k->fields, sh_buf_end(k->sh, &k->text));
	memset(&k->text, 0, sizeof(k->text));
	memset(&k->quoted, 0, sizeof(k->quoted));
	k->started = false;
	k->space = false;
}

void sh_sink_break(struct sh_sink *k)
{
	if (k->fields)
		sh_sink_end(k);
	else
		sh_sink_text(k, " ", 1, false);
}
