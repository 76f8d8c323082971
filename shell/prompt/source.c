// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where candidates come from, by what the word at the cursor is: the language's words here, those
 * of virgo's commands from the host, files and programs from this machine.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/prompt/int.h"

/* what a command of the language takes */
enum takes { NODES, FORMATS, FILES, DIRS, NAMES, SWITCH, COMMANDS, TOPICS, SIGNALS, OPTIONS };

static const struct {
	const char *name;
	enum takes takes;
} builtins[] = {
	{ "use", NODES }, { "output", FORMATS }, { "source", FILES }, { ".", FILES },
	{ "test", FILES }, { "[", FILES }, { "cd", DIRS }, { "unset", NAMES }, { "export", NAMES },
	{ "read", NAMES }, { "readonly", NAMES }, { "local", NAMES }, { "timing", SWITCH },
	{ "command", COMMANDS }, { "type", COMMANDS }, { "help", TOPICS }, { "trap", SIGNALS },
	{ "set", OPTIONS },
};

static const char *const switches[] = { "on", "off", NULL };
static const char *const signals[] = { "EXIT", "HUP", "INT", "QUIT", "TERM", "USR1", "USR2", NULL };
static const char *const options[] = {
	"-e", "-u", "-x", "-o", "+e", "+u", "+x", "+o", "errexit", "nounset", "xtrace", "pipefail",
	NULL
};

struct sources {
	struct prompt *pr;
	const struct cut *cut;
	struct candidates *c;
	bool files, dirs, ask;
};

static void add_kind(struct sources *s, enum prompt_words kind)
{
	const struct prompt_host *host = s->pr->host;
	const char *word, *about;
	size_t i;

	for (i = 0; ; i++) {
		about = NULL;
		word = host->word(host->arg, kind, i, &about);
		if (!word)
			break;
		cand_add(s->c, s->cut, word, about);
	}
}

static bool is_of_kind(struct sources *s, enum prompt_words kind, const char *name)
{
	const struct prompt_host *host = s->pr->host;
	const char *word, *about;
	size_t i;

	for (i = 0; (word = host->word(host->arg, kind, i, &about)); i++)
		if (!strcmp(word, name))
			return true;
	return false;
}

static void special(void *arg, const char *line)
{
	struct sources *s = arg;

	s->files = s->files || !strcmp(line, ":file");
	s->dirs = s->dirs || !strcmp(line, ":dir");
	s->ask = s->ask || !strcmp(line, ":ask");
}

/* candidates of virgo's commands for the word at the cursor behind n words */
static void add_commands(struct sources *s, const char *const *words, size_t n)
{
	const struct prompt_host *host = s->pr->host;
	const char **all = calloc(n + 1, sizeof(*all));
	char *text = NULL;
	size_t len;
	FILE *to = all ? open_memstream(&text, &len) : NULL;

	if (to) {
		if (n)
			memcpy(all, words, n * sizeof(*all));
		all[n] = s->cut->word;
		host->candidates(host->arg, all, n + 1, to);
		fclose(to);
		cand_parse(s->c, s->cut, text, special, s);
	}
	free(text);
	free(all);
}

static void add_option_value(struct sources *s, const char *option)
{
	add_commands(s, &option, 1);
}

static void add_words(struct sources *s, const char *const *words)
{
	for (; *words; words++)
		cand_add(s->c, s->cut, *words, NULL);
}

static void add_first_words(struct sources *s)
{
	if (s->cut->program) {
		programs_add(s->cut, s->c);
		s->files = strchr(s->cut->word, '/');
		return;
	}
	add_kind(s, PROMPT_RESERVED);
	add_kind(s, PROMPT_BUILTINS);
	add_kind(s, PROMPT_FUNCTIONS);
	add_commands(s, NULL, 0);
	if (s->cut->piped)
		programs_add(s->cut, s->c);
}

static void add_builtin(struct sources *s, enum takes takes)
{
	switch (takes) {
	case NODES:
		add_option_value(s, "--nodes");
		break;
	case FORMATS:
		add_option_value(s, "--output");
		break;
	case FILES:
		s->files = true;
		break;
	case DIRS:
		s->dirs = true;
		break;
	case NAMES:
		add_kind(s, PROMPT_VARIABLES);
		break;
	case SWITCH:
		add_words(s, switches);
		break;
	case SIGNALS:
		add_words(s, signals);
		break;
	case OPTIONS:
		add_words(s, options);
		break;
	case TOPICS:
		add_kind(s, PROMPT_BUILTINS);
		add_kind(s, PROMPT_CONSTRUCTS);
		add_commands(s, (const char *const *)s->cut->words, s->cut->n);
		break;
	case COMMANDS:
		add_first_words(s);
		break;
	}
}

static void add_arguments(struct sources *s)
{
	const char *first = s->cut->words[0];
	size_t i;

	if (s->cut->program || is_of_kind(s, PROMPT_FUNCTIONS, first)) {
		s->files = true;
		return;
	}
	for (i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (!strcmp(builtins[i].name, first)) {
			add_builtin(s, builtins[i].takes);
			return;
		}
	}
	if (s->pr->host->knows(s->pr->host->arg, first))
		add_commands(s, (const char *const *)s->cut->words, s->cut->n);
	else
		s->files = s->cut->piped;
}

static void add_variables(struct sources *s)
{
	struct candidate *cand;
	char *word;
	size_t i;

	add_kind(s, PROMPT_VARIABLES);
	for (i = 0; i < s->c->n; i++) {
		cand = &s->c->list[i];
		cand->raw = true;
		cand->end = s->cut->quote ? '\0' : ' ';
		if (s->cut->brace && asprintf(&word, "%s}", cand->word) >= 0) {
			free(cand->word);
			cand->word = word;
			cand->end = '\0';
		}
	}
}

static void add_files(struct sources *s)
{
	files_add(s->pr, s->cut, s->pr->raw, s->dirs && !s->files, s->c);
}

void source_all(struct prompt *pr, const struct cut *cut, struct candidates *c)
{
	struct sources s = { .pr = pr, .cut = cut, .c = c };

	switch (cut->kind) {
	case CUT_COMMAND:
		add_first_words(&s);
		break;
	case CUT_ARGUMENT:
		add_arguments(&s);
		break;
	case CUT_FILE:
		s.files = true;
		break;
	case CUT_VARIABLE:
		add_variables(&s);
		break;
	case CUT_NOTHING:
		break;
	}
	if (s.files || s.dirs)
		add_files(&s);
	if (s.ask)
		fetch(pr, cut, c);
}
