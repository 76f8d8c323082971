/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A shell: the language without a terminal and without any command but its own. What else a word may
 * run comes through struct sh_host, so that this library knows neither nodes nor virgo's commands.
 *
 * A command works on the process's descriptors 0, 1 and 2, which the shell has put in place, and on
 * the stdio streams of them. One shell a process.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include "shell/parse.h"

struct sh;

/* What the shell asks of whoever made it. arg goes to every call. */
struct sh_host {
	void *arg;
	/* does this word begin a command of the host's? */
	bool (*knows)(void *arg, const char *word);
	/* run it in this process; its exit status. Reads fd 0, writes stdout and stderr. */
	int (*run)(void *arg, int argc, const char *const *argv);
	/*
	 * the definition of a function that the host has for this word, "name() { … }": it is defined,
	 * and asked for again only if it was unset. The text lives as long as the host. NULL: there is
	 * none, or unknown() will say why not.
	 */
	const char *(*function)(void *arg, const char *word);
	/*
	 * a command word that nobody knows, which has been said with its place: print what was perhaps
	 * meant. is_program: PATH has such a program.
	 */
	void (*unknown)(void *arg, const char *word, bool is_program);
	/* settings by the words "use", "output" and "timing": value NULL asks; NULL or why it was refused */
	const char *(*set)(void *arg, const char *setting, const char *value);
	const char *(*get)(void *arg, const char *setting);
	/* "help WORD" where it is no construct and no word of the language */
	int (*help)(void *arg, int argc, const char *const *argv);
	/* this is a child now: what the parent holds open (connections) is not ours; forget, never close */
	void (*forked)(void *arg);
	/* an exported variable that begins with VIRGO_ has changed */
	void (*environment)(void *arg);
};

struct sh_options {
	bool errexit, nounset, xtrace, pipefail;
	bool interactive;		/* errors do not end it; "exit" is asked of the prompt */
};

/* name is $0. NULL: out of memory. host lives longer than the shell. */
struct sh *sh_new(const struct sh_host *host, const char *name);
void sh_free(struct sh *sh);
struct sh_options *sh_options(struct sh *sh);
/* $1 …; copied */
int sh_set_args(struct sh *sh, int argc, const char *const *argv);

/*
 * Run a script; the status of its last command. Traps on EXIT wait for sh_exit_trap(). Errors go to
 * standard error with line, column and a caret.
 */
int sh_run(struct sh *sh, struct sh_script *script);
/* parse and run; SH_INCOMPLETE is an error here */
int sh_run_text(struct sh *sh, const char *name, const char *text, size_t len);
int sh_run_file(struct sh *sh, const char *path);
/* "exit" was said (or -e, -u, a signal ended it): the shell must not be given more; *status */
bool sh_exiting(const struct sh *sh, int *status);
/* the trap on EXIT, once; the status to end with */
int sh_exit_trap(struct sh *sh, int status);
int sh_status(const struct sh *sh);	/* $? */
void sh_set_status(struct sh *sh, int status);	/* what a prompt saw, for the next $? */

/* async-signal-safe: end what is running with 130 (the host ends its own command) */
void sh_interrupt(struct sh *sh);
/* has that been asked for since the last command ended? A host that is to begin one does not. */
bool sh_interrupted(const struct sh *sh);
/* async-signal-safe: a signal came that a trap may want */
void sh_signal(struct sh *sh, int sig);

/* variables: NULL: not set. The value stays valid until it changes. */
const char *sh_get(const struct sh *sh, const char *name);
/* 0, or -1: read-only, no name or no memory */
int sh_put(struct sh *sh, const char *name, const char *value);
/* expand a text as within "…", for $PS1: malloc'd, NULL on failure (nothing is printed) */
char *sh_expand_text(struct sh *sh, const char *text);

/* for completion: the i-th name (from 0), NULL past the end; order is the shell's own */
const char *sh_variable_at(const struct sh *sh, size_t i);
const char *sh_function_at(const struct sh *sh, size_t i);
/* the language's own commands: name, usage line, one sentence; NULL past the end */
struct sh_word_help {
	const char *name, *usage, *summary;
};
const struct sh_word_help *sh_builtin_at(size_t i);
/* constructs ("if", "for", "redirection", …) with a text of a few lines for help */
const struct sh_word_help *sh_construct_at(size_t i);
/* the one that a word is of ("then": if), a command or a construct, or NULL */
const struct sh_word_help *sh_help_on(const char *word);

/* print a syntax error the way all errors of the language are: virgo: NAME:LINE:COL: …, line, caret */
void sh_report(const char *name, const char *text, size_t len, uint32_t first_line,
	       const struct sh_syntax_error *err);

#endif
