// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists of candidates, and how one is written so that the language reads it as it is meant. */
#include <stdlib.h>
#include <string.h>

#include "shell/prompt/int.h"

struct candidate *cand_new(struct candidates *c, const char *word, const char *about)
{
	struct candidate *list, *new;

	list = c->n & 63 ? c->list : realloc(c->list, (c->n + 64) * sizeof(*list));
	if (!list) {
		c->failed = true;
		return NULL;
	}
	c->list = list;
	new = &list[c->n];
	memset(new, 0, sizeof(*new));
	new->word = strdup(word);
	new->about = about && *about ? strdup(about) : NULL;
	new->end = ' ';
	if (!new->word) {
		free(new->about);
		c->failed = true;
		return NULL;
	}
	c->n++;
	return new;
}

/* nothing that would do something to the terminal */
static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

void cand_add(struct candidates *c, const struct cut *cut, const char *word, const char *about)
{
	struct candidate *cand;
	size_t n = strlen(word);

	if (!n || strncmp(word, cut->word, strlen(cut->word)) || !printable(word))
		return;
	cand = cand_new(c, word, about && printable(about) ? about : NULL);
	if (cand && word[n - 1] == '=')
		cand->end = '\0';
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = strcmp(x->word, y->word);

	/* of two the one that says something goes first */
	return order ? order : (x->about == NULL) - (y->about == NULL);
}

void cand_finish(struct candidates *c)
{
	size_t i, n = 0;

	if (!c->n)
		return;
	qsort(c->list, c->n, sizeof(*c->list), compare);
	for (i = 1; i < c->n; i++) {
		if (strcmp(c->list[n].word, c->list[i].word)) {
			c->list[++n] = c->list[i];
			continue;
		}
		free(c->list[i].word);
		free(c->list[i].about);
	}
	c->n = n + 1;
}

void cand_free(struct candidates *c)
{
	while (c->n--) {
		free(c->list[c->n].word);
		free(c->list[c->n].about);
	}
	free(c->list);
	memset(c, 0, sizeof(*c));
}

static char *single(const char *s, bool close)
{
	char *text = malloc(4 * strlen(s) + 3), *to = text;

	if (!text)
		return NULL;
	for (*to++ = '\''; *s; s++) {
		if (*s == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *s;
	}
	if (close)
		*to++ = '\'';
	*to = '\0';
	return text;
}

static char *escaped(const char *s, const char *special, const char *first)
{
	char *text = malloc(2 * strlen(s) + 1), *to = text;

	if (!text)
		return NULL;
	if (*s && strchr(first, *s))
		*to++ = '\\';
	for (; *s; s++) {
		if (strchr(special, *s) && (to == text || !strchr(first, *s) || to[-1] != '\\'))
			*to++ = '\\';
		*to++ = *s;
	}
	*to = '\0';
	return text;
}

static char *within_double(const char *s, bool close)
{
	char *text = escaped(s, "$`\"\\", ""), *whole = NULL;

	if (text && asprintf(&whole, "\"%s%s", text, close ? "\"" : "") < 0)
		whole = NULL;
	free(text);
	return whole;
}

char *cand_quote(const struct candidate *cand, char quote, bool glob)
{
	if (cand->raw)
		return strdup(cand->word);
	if (quote == '\'')
		return single(cand->word, cand->end == ' ');
	if (quote == '"')
		return within_double(cand->word, cand->end == ' ');
	return escaped(cand->word, glob ? " \t|&;()<>$`\\\"'*?[" : " \t|&;()<>$`\\\"'", "#~!");
}

void cand_parse(struct candidates *c, const struct cut *cut, char *text,
		void (*special)(void *arg, const char *line), void *arg)
{
	char *line, *next, *about;

	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line == ':') {
			if (special)
				special(arg, line);
			continue;
		}
		about = strchr(line, '\t');
		if (about)
			*about++ = '\0';
		cand_add(c, cut, line, about);
	}
}
