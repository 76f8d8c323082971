// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Candidates that only the nodes know. A child process asks; the key press waits for it at most
 * PROMPT_WAIT_MS. What comes later is kept for the next one, and what is known is shown until it is
 * too old, even while it is asked for anew.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/prompt/int.h"

enum { KNOWN_MAX = 16, FRESH_MS = 10000, OLD_MS = 300000, LATE_MS = 10000, EARLY_MS = 400 };

/* One question and what is known of its answer. */
struct known {
	char *question;		/* the node set and the words; NULL: the place is free */
	char *answer;		/* NULL: none yet */
	unsigned long when;	/* of the answer, now_ms(); 0: a command has run since */
	unsigned long used;
	struct child child;
};

static struct known known[KNOWN_MAX];

static void forget(struct known *k)
{
	child_end(&k->child);
	free(k->question);
	free(k->answer);
	memset(k, 0, sizeof(*k));
}

static char *question_of(struct prompt *pr, const struct cut *cut)
{
	char set[PROMPT_SET_MAX], *text = NULL;
	size_t len, i;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	pr->host->nodes(pr->host->arg, set, sizeof(set));
	fprintf(to, "%s\n", set);
	for (i = 0; i < cut->n; i++)
		fprintf(to, "%s\n", cut->words[i]);
	fprintf(to, "%s", cut->word);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

/* the place of the question: its own, a free one, or that which was not used for longest */
static struct known *find(char *question)
{
	struct known *k, *place = &known[0];

	for (k = known; k < known + KNOWN_MAX; k++) {
		if (k->question && !strcmp(k->question, question)) {
			free(question);
			return k;
		}
		if (place->question && (!k->question || k->used < place->used))
			place = k;
	}
	forget(place);
	place->question = question;
	return place;
}

static void start(struct prompt *pr, struct known *k, const struct cut *cut)
{
	const char **words = calloc(cut->n + 1, sizeof(*words));
	size_t i;

	for (i = 0; words && i < cut->n; i++)
		words[i] = cut->words[i];
	if (words) {
		words[i] = cut->word;
		child_start(&k->child, pr->host, PROMPT_CANDIDATES, words, cut->n + 1);
	}
	free(words);
}

/* take the answer, waiting at most ms */
static void take(struct known *k, int ms)
{
	if (!k->child.pid)
		return;
	if (!child_read(&k->child, ms)) {
		if (now_ms() - k->child.started > LATE_MS)
			child_end(&k->child);
		return;
	}
	free(k->answer);
	k->answer = k->child.failed ? NULL : k->child.text;
	if (!k->child.failed)
		k->child.text = NULL;
	k->when = now_ms();
	child_end(&k->child);
}

/* whole lines of text become candidates */
static void offer(struct candidates *c, const struct cut *cut, const char *text)
{
	const char *end = strrchr(text, '\n');
	char *copy = end ? strndup(text, (size_t)(end - text)) : NULL;

	if (copy)
		cand_parse(c, cut, copy, NULL, NULL);
	free(copy);
}

void fetch(struct prompt *pr, const struct cut *cut, struct candidates *c)
{
	char *question = question_of(pr, cut);
	struct known *k = question ? find(question) : NULL;
	unsigned long now = now_ms();

	if (!k)
		return;
	k->used = now;
	take(k, 0);
	if (!k->child.pid && (!k->answer || !k->when || now - k->when > FRESH_MS))
		start(pr, k, cut);
	take(k, PROMPT_WAIT_MS);
	c->late = k->child.pid;
	c->early = c->late && now_ms() - k->child.started < EARLY_MS;
	if (k->answer && (!k->when || now_ms() - k->when < OLD_MS))
		offer(c, cut, k->answer);
	if (k->child.pid)
		offer(c, cut, k->child.text);	/* of the nodes that have answered */
}

void fetch_aged(void)
{
	struct known *k;

	for (k = known; k < known + KNOWN_MAX; k++) {
		take(k, 0);
		k->when = 0;
	}
}

void fetch_end(void)
{
	struct known *k;

	for (k = known; k < known + KNOWN_MAX; k++)
		forget(k);
}
