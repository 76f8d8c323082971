// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tab. The whole line up to the cursor is readline's "word", so that cutting it and quoting what is
 * put in are ours: each match is the line as it would be. Shown are the candidates alone.
 */
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "shell/prompt/int.h"

static struct prompt *prompt;		/* readline's functions have no argument */
static struct candidates found;		/* the last ones */
static char **lines;			/* what the generator hands out */
static char *dry;			/* the line that nothing was found for */
static bool unsettled;			/* the first Tab came too early to put anything in … */
static int last_type;			/* … and this is what the last one asked for */

int cut_here(struct prompt *pr, struct cut *cut, size_t *before)
{
	size_t n = pr->npending + (size_t)rl_point;
	char *text = malloc(n + 1);
	int ret;

	if (!text)
		return -1;
	if (pr->npending)
		memcpy(text, pr->pending, pr->npending);
	memcpy(text + pr->npending, rl_line_buffer, (size_t)rl_point);
	text[n] = '\0';
	*before = pr->npending;
	ret = cut_text(cut, text, n);
	free(text);
	return ret;
}

/* --- showing --------------------------------------------------------------------------------- */

/* bytes of s that fit into so many columns */
static int fitting(const char *s, int columns)
{
	int i;

	for (i = 0; s[i]; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && columns-- <= 0)
			break;
	return i;
}

static const char *last_part(const char *word)
{
	const char *p = word + strlen(word);

	while (p > word && p[-1] == '/')
		p--;
	while (p > word && p[-1] != '/')
		p--;
	return p;
}

static void show_described(int columns)
{
	size_t width = 0, i;
	int room;

	for (i = 0; i < found.n; i++)
		width = strlen(found.list[i].word) > width ? strlen(found.list[i].word) : width;
	for (i = 0; i < found.n; i++) {
		const struct candidate *cand = &found.list[i];
		const char *about = cand->about ? cand->about : "";

		room = columns - (int)width - 5;
		if (room < 8)
			about = "";
		fprintf(rl_outstream, "  %-*s  %.*s\n", *about ? (int)width : 0, cand->word,
			fitting(about, room), about);
	}
}

static void show_columns(int n)
{
	char **list = calloc((size_t)n + 2, sizeof(*list));
	int max = 0, i, len;

	if (!list)
		return;
	list[0] = (char *)"";
	for (i = 0; i < n; i++) {
		list[i + 1] = (char *)(found.files ? last_part(found.list[i].word) :
				       found.list[i].word);
		len = (int)strlen(list[i + 1]);
		max = len > max ? len : max;
	}
	rl_display_match_list(list, n, max);
	free(list);
}

static bool wants_all(int n)
{
	int key;

	if (rl_completion_query_items <= 0 || n < rl_completion_query_items)
		return true;
	fprintf(rl_outstream, "\nDisplay all %d possibilities? (y or n)", n);
	fflush(rl_outstream);
	key = rl_read_key();
	return key == 'y' || key == 'Y' || key == ' ';
}

static bool any_described(void)
{
	size_t i;

	for (i = 0; i < found.n; i++)
		if (found.list[i].about)
			return true;
	return false;
}

static bool show_usage(void)
{
	struct cut cut;
	size_t before;
	bool shown;

	if (cut_here(prompt, &cut, &before))
		return false;
	if (cut.n || any_described())
		rl_crlf();
	shown = hint_print(prompt, &cut);
	cut_free(&cut);
	return shown;
}

static void show(char **matches, int n, int max)
{
	int rows, columns;
	bool usage;

	(void)matches;
	(void)n;
	(void)max;
	rl_get_screen_size(&rows, &columns);
	if (wants_all((int)found.n)) {
		usage = show_usage();
		if (!any_described() || (int)found.n >= rows - 2) {
			show_columns((int)found.n);	/* begins a new line */
		} else {
			if (usage)
				rl_crlf();
			show_described(columns);
		}
	} else {
		rl_crlf();
	}
	rl_forced_update_display();
}

/* the second time that there is nothing: what the command takes */
static void show_nothing(const struct cut *cut)
{
	bool again = dry && !strcmp(dry, rl_line_buffer);

	free(dry);
	dry = strdup(rl_line_buffer);
	if (!again && !found.late)
		return;
	rl_crlf();
	if (found.late)
		fputs("(asking the nodes: press Tab again)", rl_outstream);
	else if (!hint_print(prompt, cut))
		fputs("(nothing fits here)", rl_outstream);
	rl_crlf();
	rl_forced_update_display();
}

/* --- finding --------------------------------------------------------------------------------- */

static void free_lines(void)
{
	size_t i;

	for (i = 0; lines && lines[i]; i++)
		free(lines[i]);
	free(lines);
	lines = NULL;
}

/* where * and the like are patterns, they are quoted */
static bool has_patterns(const struct cut *cut)
{
	return cut->program || (cut->kind == CUT_FILE && cut->n);
}

/* the lines as they would be: what is before the word, and a candidate */
static char **make_lines(const struct cut *cut, size_t from)
{
	char **list = calloc(found.n + 1, sizeof(*list)), *word;
	bool all = rl_completion_type == '*';	/* put in one after the other */
	size_t i, n = 0;

	for (i = 0; list && i < found.n; i++) {
		word = cand_quote(&found.list[i], cut->quote, has_patterns(cut));
		if (word && asprintf(&list[n], "%.*s%s", all && n ? 0 : (int)from, rl_line_buffer,
				     word) >= 0)
			n++;
		else
			list[n] = NULL;
		free(word);
	}
	return list;
}

static char *next_line(const char *text, int state)
{
	static size_t at;

	(void)text;
	at = state ? at + 1 : 0;
	return lines[at] ? strdup(lines[at]) : NULL;
}

/* nodes may still answer: what is common to those that have is perhaps not what is meant; only list it */
static char **only_list(char **matches, const char *text)
{
	char **more, *as_it_is = strdup(text);

	if (!as_it_is)
		return matches;
	if (!matches[1]) {
		more = realloc(matches, 3 * sizeof(*more));
		if (!more) {
			free(as_it_is);
			return matches;
		}
		matches = more;
		matches[1] = matches[0];
		matches[2] = NULL;
	} else {
		free(matches[0]);
	}
	matches[0] = as_it_is;
	return matches;
}

static char **find(const struct cut *cut, size_t before, const char *text)
{
	char *raw, **matches;

	cand_free(&found);
	if (cut->start < before)
		return NULL;	/* the word began on an earlier line */
	raw = strndup(rl_line_buffer + (cut->start - before),
		      (size_t)rl_point - (cut->start - before));
	if (!raw)
		return NULL;
	prompt->raw = raw;
	source_all(prompt, cut, &found);
	prompt->raw = NULL;
	free(raw);
	cand_finish(&found);
	if (!found.n)
		return NULL;
	free_lines();
	lines = make_lines(cut, cut->start - before);
	if (found.n == 1)
		rl_completion_append_character = found.list[0].end;
	matches = lines ? rl_completion_matches(text, next_line) : NULL;
	return matches && found.early ? only_list(matches, text) : matches;
}

static char **attempt(const char *text, int start, int end)
{
	char **matches;
	size_t before;
	struct cut cut;

	(void)start;
	(void)end;
	rl_attempted_completion_over = 1;
	rl_completion_append_character = '\0';
	rl_completion_suppress_append = 0;
	rl_sort_completion_matches = 0;
	rl_ignore_completion_duplicates = 0;
	if (cut_here(prompt, &cut, &before))
		return NULL;
	matches = find(&cut, before, text);
	if (!matches)
		show_nothing(&cut);
	cut_free(&cut);
	last_type = rl_completion_type;
	if (found.early || last_type == '\t')
		unsettled = found.early;
	return matches;
}

/*
 * Behind a Tab that changed nothing readline only lists. Where the first one came too early to change
 * anything, the one behind the list counts as a first one again.
 */
void complete_settle(void)
{
	if (unsettled && last_type == '?')
		rl_last_func = NULL;
	last_type = 0;
}

/* nothing breaks readline's word */
static char *no_breaks(void)
{
	static char none[] = "";

	return none;
}

void complete_begin(struct prompt *pr)
{
	prompt = pr;
	rl_attempted_completion_function = attempt;
	rl_completion_word_break_hook = no_breaks;
	rl_completer_quote_characters = NULL;
	rl_completion_display_matches_hook = show;
}
