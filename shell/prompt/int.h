/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the prompt know of each other. */
#ifndef SHELL_PROMPT_INT_H
#define SHELL_PROMPT_INT_H

#include <termios.h>

#include "shell/prompt/child.h"
#include "shell/prompt/cut.h"
#include "shell/prompt/prompt.h"

enum prompt_limit {
	PROMPT_SET_MAX = 512,		/* bytes of a node set's name, with its NUL */
	PROMPT_SET_SHOWN = 32,		/* of it in the prompt */
	PROMPT_WAIT_MS = 70,		/* all that a key press may wait for the nodes */
	PROMPT_HEALTH_MS = 3000,	/* health that is older is asked for anew */
	PROMPT_HEALTH_LATE_MS = 10000,	/* so long may the answer take */
};

struct pager {
	bool begun, through, left, escape;	/* through: straight to the terminal */
	pid_t pid;				/* 0: not started */
	int fd;
	char *held;
	size_t len;
	unsigned int rows, cols, lines, col;
};

struct health {
	char set[PROMPT_SET_MAX];	/* of which this is the health */
	size_t total;
	long up;			/* -1: not known */
	unsigned long asked;		/* now_ms(); 0: never */
	struct child child;
};

/* One word that would fit. */
struct candidate {
	char *word;		/* as it is meant, without quotes */
	char *about;		/* NULL: nothing to say */
	bool raw;		/* put into the line as it is */
	char end;		/* what follows when it is the only one; 0: nothing */
};

struct candidates {
	struct candidate *list;
	size_t n;
	bool failed, late;	/* late: the nodes have not answered yet */
	bool early;			/* and have not had much time: what is here is only shown */
	bool files;		/* they are names of files: only the last part is shown */
};

struct prompt {
	const struct prompt_host *host;
	bool colors, utf8, dumb;
	int status;		/* of the last command */
	char *pending;		/* the lines of a construct that is not complete; NULL: none */
	size_t npending;
	char *history;		/* its file; NULL: none is kept */
	const char *raw;	/* the word at the cursor as it was typed, while it is completed */
	struct termios tty;
	bool tty_known;
	struct health health;
	struct pager pager;
	struct prompt_pager pages;
};

/* prompt.c */
bool interrupted(void);			/* since the command began */
void terminal_restore(struct prompt *pr);

/* read.c: readline and its signals */
void read_begin(struct prompt *pr);
/* a line, malloc'd; NULL: the end, or with *cancelled Ctrl-C */
char *read_line(struct prompt *pr, const char *prompt, bool *cancelled);
void read_remember(struct prompt *pr, const char *entry);	/* in the history */

/* text.c: what is printed before the cursor; malloc'd */
char *prompt_text(struct prompt *pr, const char *name, const char *fallback);

/* health.c */
/* what is known now; ask, if it is time to. Never waits. */
void health_refresh(struct prompt *pr, bool ask);
void health_show(struct prompt *pr, char *text, size_t size);
/* 0: not known or there is no node, 1: some fail, 2: all fail, 3: all answer */
int health_state(const struct prompt *pr);
void health_end(struct prompt *pr);

/* pager.c */
void pager_begin(struct prompt *pr);

/* complete.c: readline's Tab */
void complete_begin(struct prompt *pr);
/* before each key is read */
void complete_settle(void);
/* hint.c: the usage line; and the key that shows it */
void hint_begin(struct prompt *pr);
/* without a newline; false: there is none */
bool hint_print(struct prompt *pr, const struct cut *cut);
/* the text of the construct up to the cursor, cut; *before: bytes of it on earlier lines */
int cut_here(struct prompt *pr, struct cut *cut, size_t *before);

/* cand.c: lists of candidates. All that is added begins with the word at the cursor. */
void cand_add(struct candidates *c, const struct cut *cut, const char *word, const char *about);
struct candidate *cand_new(struct candidates *c, const char *word, const char *about);
void cand_finish(struct candidates *c);		/* sorted, each once */
void cand_free(struct candidates *c);
/* as it is put into the line; glob: *, ? and [ mean something there. malloc'd */
char *cand_quote(const struct candidate *cand, char quote, bool glob);

/* source.c: where they come from */
void source_all(struct prompt *pr, const struct cut *cut, struct candidates *c);
/* files.c */
void files_add(struct prompt *pr, const struct cut *cut, const char *raw, bool dirs,
	       struct candidates *c);
void programs_add(const struct cut *cut, struct candidates *c);
/* fetch.c: candidates that the nodes know, kept for a while */
void fetch(struct prompt *pr, const struct cut *cut, struct candidates *c);
void fetch_aged(void);			/* a command has run: what is known may be wrong now */
void fetch_end(void);
/* lines of PROMPT_CANDIDATES; others go to special, if that is not NULL */
void cand_parse(struct candidates *c, const struct cut *cut, char *text,
		void (*special)(void *arg, const char *line), void *arg);

#endif
