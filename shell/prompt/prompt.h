/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prompt of "virgo shell": lines read with readline and handed on. A loaded part, so that only
 * who sits at a terminal pays for readline. It knows neither nodes nor commands nor the language:
 * all of that comes through struct prompt_host.
 */
#ifndef SHELL_PROMPT_PROMPT_H
#define SHELL_PROMPT_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

enum prompt_text {
	PROMPT_WHOLE,		/* can be run; or is wrong, which running it will report */
	PROMPT_INCOMPLETE,	/* more lines are needed */
};

/* the words of the language, by kind */
enum prompt_words {
	PROMPT_RESERVED, PROMPT_BUILTINS, PROMPT_FUNCTIONS, PROMPT_VARIABLES, PROMPT_CONSTRUCTS,
};

/* what a child process finds out */
enum prompt_question {
	PROMPT_CANDIDATES,	/* for the last of the words, one a line: word, tab, description */
	PROMPT_HEALTH,		/* one line: how many nodes answer, a blank, how many there are */
};

/* What shows a long table. Commands write to it in place of the terminal. */
struct prompt_pager {
	void *arg;
	/* part of a table that would go to file: 0, or errno */
	int (*write)(void *arg, FILE *file, const void *data, size_t len);
	/* the table is done: what was kept goes to file, or the pager has been left. 0, or errno */
	int (*end)(void *arg, FILE *file);
};

/* What the prompt asks of whoever loaded it. arg goes to every call. */
struct prompt_host {
	size_t size;			/* of this structure, as the loader knows it */
	const char *version;		/* of virgo */
	void *arg;

	/* the language */
	enum prompt_text (*judge)(void *arg, const char *text, size_t len);
	int (*run)(void *arg, const char *text, size_t len);	/* reports errors; the status */
	int (*source)(void *arg, const char *path);
	bool (*exiting)(void *arg, int *status);
	void (*cancelled)(void *arg);		/* Ctrl-C at the prompt: $? is 130 */
	void (*interrupt)(void *arg);		/* async-signal-safe: end what runs */
	char *(*expand)(void *arg, const char *text);	/* as within "": malloc'd, or NULL */
	const char *(*get)(void *arg, const char *name);
	int (*put)(void *arg, const char *name, const char *value);
	/* word i of a kind, NULL past the end; *about: what it is, or NULL */
	const char *(*word)(void *arg, enum prompt_words kind, size_t i, const char **about);

	/* commands of virgo */
	bool (*knows)(void *arg, const char *word);
	/*
	 * candidates for the last of n words, the text of PROMPT_CANDIDATES; ":file" and ":dir"
	 * stand for file names, ":ask" for what only a child process may find out
	 */
	void (*candidates)(void *arg, const char *const *words, size_t n, FILE *to);
	/* the usage line of the command that the words begin with, without a newline; or nothing */
	void (*usage)(void *arg, const char *const *words, size_t n, FILE *to);
	/* start a child that answers on *fd (to be closed) and ends by itself within seconds; 0 */
	int (*ask)(void *arg, enum prompt_question what, const char *const *words, size_t n,
		   pid_t *pid, int *fd);
	/* the node set in force, as a person calls it; how many nodes that is */
	size_t (*nodes)(void *arg, char *name, size_t size);
	/* tables go through this from now on; NULL: no more */
	void (*page)(void *arg, const struct prompt_pager *pager);
};

enum { PROMPT_OTHER_VERSION = -1 };

/*
 * Read and run until the shell ends; its exit status. Standard input is a terminal. -1: the loader
 * is of another version. The one function that the loaded part exports.
 */
__attribute__((visibility("default"))) int prompt_run(const struct prompt_host *host);

#endif
