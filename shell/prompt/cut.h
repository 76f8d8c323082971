/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The word at the cursor and what it is part of. Pure. */
#ifndef SHELL_PROMPT_CUT_H
#define SHELL_PROMPT_CUT_H

#include <stdbool.h>
#include <stddef.h>

enum cut_kind {
	CUT_NOTHING,		/* a comment, a here-document, a name that is new */
	CUT_COMMAND,		/* the first word of a command */
	CUT_ARGUMENT,		/* a later one */
	CUT_FILE,		/* behind a redirection or name=, or a word of "for … in" */
	CUT_VARIABLE,		/* behind $ or ${ */
};

struct cut {
	enum cut_kind kind;
	char **words;		/* of the command before the cursor, the quotes taken out */
	size_t n;
	char *word;		/* at the cursor, the quotes taken out; never NULL */
	size_t start;		/* where it begins in the text */
	char quote;		/* ' or ": the cursor is within these */
	bool program;		/* of a program of this machine: "!" stands before it */
	bool piped;		/* of a stage behind "|" */
	bool brace;		/* CUT_VARIABLE: behind ${ */
	bool expands;		/* something in word stands for another text */
};

/* Cut the text up to the cursor. 0, or -1: out of memory. */
int cut_text(struct cut *cut, const char *text, size_t len);
void cut_free(struct cut *cut);

#endif
