// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The usage line of the command at the cursor: by Alt-h, above a list of candidates, and where Tab
 * finds nothing twice. Printed below the line, which is then shown anew: that works anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "shell/prompt/int.h"

static struct prompt *prompt;

bool hint_print(struct prompt *pr, const struct cut *cut)
{
	const struct prompt_host *host = pr->host;
	char *text = NULL;
	size_t len = 0;
	FILE *to;
	bool shown;

	if (cut->program || cut->kind == CUT_NOTHING || !cut->n)
		return false;
	to = open_memstream(&text, &len);
	if (!to)
		return false;
	host->usage(host->arg, (const char *const *)cut->words, cut->n, to);
	fclose(to);
	shown = len;
	if (shown)
		fprintf(rl_outstream, pr->colors ? "\033[2m%s\033[0m" : "%s", text);
	free(text);
	return shown;
}

/* the first word may be complete, too */
static int word_as_command(struct cut *cut)
{
	char **words = realloc(cut->words, (cut->n + 1) * sizeof(*words));

	if (!words)
		return -1;
	cut->words = words;
	words[cut->n] = strdup(cut->word);
	cut->n += words[cut->n] != NULL;
	return 0;
}

static int usage_key(int count, int key)
{
	size_t before;
	struct cut cut;

	(void)count;
	(void)key;
	if (cut_here(prompt, &cut, &before))
		return 0;
	rl_crlf();
	if (*cut.word && cut.kind != CUT_VARIABLE)
		word_as_command(&cut);
	if (!hint_print(prompt, &cut))
		fputs("(no usage line here; help WORD says more)", rl_outstream);
	rl_crlf();
	rl_forced_update_display();
	cut_free(&cut);
	return 0;
}

void hint_begin(struct prompt *pr)
{
	prompt = pr;
	/* a name for ~/.inputrc; in vi mode Alt is what leaves insertion */
	rl_add_defun("virgo-usage", usage_key, -1);
	rl_bind_keyseq_if_unbound_in_map("\\eh", usage_key, emacs_standard_keymap);
}
