/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the evaluator know of each other. Private to shell/.
 *
 * How a command fails: a status is a return value, and goes into $? where the command ends. What ends
 * more than one command (break, return, exit, an error of the language, Ctrl-C) sets sh->flow, and
 * everybody who sees it returns at once. For SH_ABORT and SH_EXIT the status is sh->ending.
 */
#ifndef SHELL_INT_H
#define SHELL_INT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "shell/shell.h"

#define SH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SH_COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum sh_limit {
	SH_STRING_MAX = 64 << 20,	/* bytes of a variable, a word, what $(…) takes */
	SH_CALLS_MAX = 1000,		/* functions, eval, source within each other */
	SH_FDS = 10,			/* descriptors that redirections name: 0 to 9; ours are above */
	SH_SIGNALS = 32,
};

/* statuses that are the language's own */
enum sh_status {
	SH_ST_ERROR = 2,		/* of the language: syntax, expansion, redirection, usage */
	SH_ST_NOT_RUN = 126,
	SH_ST_NOT_FOUND = 127,
	SH_ST_SIGNAL = 128,
	SH_ST_INTERRUPTED = SH_ST_SIGNAL + SIGINT,
	SH_ST_PIPE = SH_ST_SIGNAL + SIGPIPE,
};

enum sh_flow {
	SH_GO,
	SH_BREAK, SH_CONTINUE,		/* sh->levels loops */
	SH_RETURN,
	SH_ABORT,			/* back to the prompt */
	SH_EXIT,
};

/* --- scratch.c: memory of the command under way ---------------------------------------------------- */

struct sh_chunk;
struct sh_scratch {
	struct sh_chunk *top;
	struct sh_chunk *spare;
};
struct sh_mark {
	struct sh_chunk *chunk;
	size_t used;
};

struct sh_mark sh_mark(struct sh *sh);
void sh_release(struct sh *sh, struct sh_mark mark);
/* lives until the mark before it is released; never NULL: without memory the process ends */
void *sh_tmp(struct sh *sh, size_t size);
char *sh_tmp_dup(struct sh *sh, const char *s, size_t len);
void sh_scratch_free(struct sh_scratch *scratch);
void sh_out_of_memory(void) __attribute__((noreturn));

/* growing text in scratch; over SH_STRING_MAX it is an error of the language, and grows no more */
struct sh_buf {
	char *data;
	size_t len, max;
};
void sh_buf_add(struct sh *sh, struct sh_buf *b, const char *s, size_t len);
void sh_buf_byte(struct sh *sh, struct sh_buf *b, char c);
void sh_buf_printf(struct sh *sh, struct sh_buf *b, const char *fmt, ...) SH_PRINTF(3, 4);
char *sh_buf_end(struct sh *sh, struct sh_buf *b);	/* with its NUL, "" if empty */
/* room for at least n more bytes at data + len; false: too long */
bool sh_buf_room(struct sh *sh, struct sh_buf *b, size_t n);

struct sh_words {
	const char **v;
	size_t n, max;
};
void sh_words_add(struct sh *sh, struct sh_words *w, const char *word);

/* decimal digits of n: at most 20 and a sign; returns their number, no NUL */
size_t sh_number(char out[24], int64_t n);

/* --- vars.c ------------------------------------------------------------------------------------------ */

enum sh_var_flag { SH_V_EXPORTED = 1, SH_V_READONLY = 2 };

struct sh_var {
	struct sh_var *next;
	char *value;			/* NULL: declared, not set */
	size_t len, max;
	unsigned int flags, hash;
	char name[];
};

struct sh_vars {
	struct sh_var **slots;
	size_t n, nslots;
};

/* what a variable was, for whoever changes it for a while; name lives as long as this does */
struct sh_saved {
	struct sh_saved *next;
	char *value;
	size_t len;
	unsigned int flags;
	bool existed;
	char name[];
};

void sh_vars_start(struct sh *sh);
void sh_vars_free(struct sh *sh);
struct sh_var *sh_var_find(const struct sh *sh, const char *name, size_t len);
/* 0, or -1 after saying that it is read-only (the flow has changed then) */
int sh_var_set(struct sh *sh, const char *name, size_t len, const char *value, size_t vlen);
int sh_var_flag(struct sh *sh, const char *name, size_t len, unsigned int flag);
int sh_var_unset(struct sh *sh, const char *name);
/* put what name is in front of *list; sh_vars_restore() brings all of a list back */
void sh_var_save(struct sh *sh, struct sh_saved **list, const char *name);
void sh_vars_restore(struct sh *sh, struct sh_saved **list);

/* --- params.c: positional and special parameters, functions' frames ----------------------------------- */

struct sh_args {
	const char *const *v;
	int n;
	void *own;			/* what they lie in, if it is ours to free */
};

struct sh_frame {
	struct sh_frame *up;
	struct sh_saved *locals;
};

int sh_args_set(struct sh *sh, size_t n, const char *const *v);
void sh_args_free(struct sh_args *args);
/*
 * the value of any parameter but @ and *, NULL: not set. Of those that are no variable it lies in
 * scratch.
 */
const char *sh_param(struct sh *sh, const char *name, size_t *len);
/* $* or $@ as one text */
char *sh_args_joined(struct sh *sh, bool star, size_t *len);

/* --- expand.c, fields.c, subst.c, pattern.c, arith.c --------------------------------------------------- */

/* how a word's text is gathered */
struct sh_sink {
	struct sh *sh;
	struct sh_words *fields;	/* NULL: one text, no splitting */
	bool marks;			/* keep what is quoted apart: for patterns and pathnames */
	bool started;			/* there is a field, if an empty one */
	bool space;			/* blanks of IFS ended a field, and nothing came since */
	struct sh_buf text, quoted;	/* quoted: one byte for each of text, if marks */
};

void sh_sink_text(struct sh_sink *k, const char *s, size_t len, bool quoted);
void sh_sink_split(struct sh_sink *k, const char *s, size_t len);
void sh_sink_break(struct sh_sink *k);		/* a field ends here, if there is one */
void sh_sink_end(struct sh_sink *k);
/* the text with a \ before what is quoted */
char *sh_sink_pattern(struct sh_sink *k);

/* fields of a word; pathnames: *, ? and […] are looked up in directories. See sh->flow afterwards. */
void sh_expand_fields(struct sh *sh, const struct sh_word *word, struct sh_words *to,
		      bool pathnames);
/* one text, not split. assigned: a ~ after : is a home, too */
const char *sh_expand_string(struct sh *sh, const struct sh_word *word, bool assigned, size_t *len);
/* for fnmatch(3) */
const char *sh_expand_pattern(struct sh *sh, const struct sh_word *word);
/* has text a *, ? or [? */
bool sh_has_magic(const char *s);
/* does text match what sh_expand_pattern() gave? */
bool sh_match(const char *pattern, const char *text);
/* cut the shortest or longest match off the head or tail */
void sh_cut(struct sh *sh, enum sh_param_op op, const char *pattern, const char **text,
	    size_t *len);
/* do these parts change a variable when they are expanded? (or might they) */
bool sh_word_changes(const struct sh_word *words);
/* what a $(…) comes to; NULL: the flow has changed */
const char *sh_substitute(struct sh *sh, const struct sh_node *list, size_t *len);
/* 0, or -1 after saying what is wrong */
int sh_arith(struct sh *sh, const char *text, int64_t *value);
/* a whole number as in $((…)), with blanks around it and a sign: NULL, or what is wrong */
const char *sh_parse_number(const char *text, int64_t *value);

/* --- redir.c ------------------------------------------------------------------------------------------- */

/* where the descriptors were that redirections changed */
struct sh_undo {
	int copy[SH_FDS];		/* -1: untouched; -2: was closed */
	unsigned int touched, user_fds;
};

void sh_fds_start(struct sh *sh);
void sh_undo_start(struct sh_undo *undo);
/* 0, or -1 after saying why; what was done by then is in undo. undo NULL: for good */
int sh_redirect(struct sh *sh, const struct sh_redir *redirs, struct sh_undo *undo);
void sh_undo(struct sh *sh, struct sh_undo *undo);
/* make fd (0 to 9) a copy of from for a while */
int sh_put_fd(struct sh *sh, int fd, int from, struct sh_undo *undo);

/* --- spawn.c, pipe.c -------------------------------------------------------------------------------------- */

/* a child of ours, 0 in it, -1 after saying why */
pid_t sh_fork(struct sh *sh);
void sh_child_exit(struct sh *sh, int status) __attribute__((noreturn));
/* start a program: its pid, or -1 after saying why with *status set */
pid_t sh_spawn(struct sh *sh, const char *const *argv, int *status);
/* wait for it: its exit status, or 128 and the signal */
int sh_wait(struct sh *sh, pid_t pid);
/* wait for n of them; those that are -1 keep their status */
void sh_wait_all(struct sh *sh, size_t n, const pid_t *pids, int *status);
/* an interrupt came while we waited: tell children of it, where the terminal has not */
void sh_pass_interrupt(struct sh *sh, size_t n, const pid_t *pids);
/* is there such a program? path (may be NULL) gets where */
bool sh_find_program(struct sh *sh, const char *word, char *path, size_t size);
int sh_pipeline(struct sh *sh, const struct sh_node *node);

/* --- eval.c, command.c ---------------------------------------------------------------------------------------- */

int sh_eval_list(struct sh *sh, const struct sh_node *list);
int sh_eval_node(struct sh *sh, const struct sh_node *node);
int sh_eval_simple(struct sh *sh, const struct sh_node *node);
/* the same for a program that is only started: its pid, or -1 with *status set */
pid_t sh_start_simple(struct sh *sh, const struct sh_node *node, int *status);
/*
 * who answers to a simple command, as far as that is known without expanding anything; SH_K_NONE also
 * where running it in this process would change its variables
 */
enum sh_kind sh_foresee(struct sh *sh, const struct sh_node *node, bool after_pipe);
/* what a command whose end is its own affair did to the flow; its status */
int sh_contain(struct sh *sh, int status);
/* run a script within what is running; parse a text and do so. what: for errors, "eval" */
int sh_eval_script(struct sh *sh, struct sh_script *script);
int sh_eval_text(struct sh *sh, const char *what, const char *text, size_t len);
/* source FILE: its status; SH_ST_NOT_FOUND after saying why */
int sh_eval_file(struct sh *sh, const char *path);

enum sh_kind { SH_K_NONE, SH_K_FUNCTION, SH_K_BUILTIN, SH_K_HOST, SH_K_PROGRAM };

struct sh_target {
	enum sh_kind kind;
	const struct sh_builtin *builtin;
	struct sh_function *function;
};

/* who answers to a command word? after_pipe: programs do */
struct sh_target sh_resolve(struct sh *sh, const char *word, bool after_pipe);
/* run words that are expanded; functions: false to pass over them */
int sh_run_words(struct sh *sh, size_t n, const char *const *v, bool functions);
/* flush standard output after a command that ended so; the status to have */
int sh_settle(struct sh *sh, int status);

/* --- func.c ----------------------------------------------------------------------------------------------- */

struct sh_function {
	struct sh_function *next;
	unsigned int refs;
	struct sh_script *script;	/* that holds its body */
	const struct sh_node *body;
	char name[];
};

struct sh_function *sh_function_find(const struct sh *sh, const char *name);
void sh_function_define(struct sh *sh, const char *name, const struct sh_node *body);
/* the same, or the one that the host has, which is defined then */
struct sh_function *sh_function_get(struct sh *sh, const char *name);
bool sh_function_unset(struct sh *sh, const char *name);
int sh_function_call(struct sh *sh, struct sh_function *f, size_t n, const char *const *v);
void sh_functions_free(struct sh *sh);
/* one call deeper, if that is allowed: false after saying that it is not */
bool sh_call_begin(struct sh *sh);

/* --- builtins --------------------------------------------------------------------------------------------- */

typedef int (*sh_builtin_fn)(struct sh *sh, int argc, const char *const *argv);

enum sh_builtin_flag {
	SH_B_SPECIAL = 1,	/* POSIX: its errors end a script, assignments before it stay */
	SH_B_PURE = 2,		/* changes nothing of the shell: $(…) needs no child for it */
	SH_B_DECLARES = 4,	/* name=value words are not split */
};

struct sh_builtin {
	struct sh_word_help help;
	sh_builtin_fn fn;
	unsigned int flags;
};

const struct sh_builtin *sh_builtin_find(const char *name);
/* say "NAME: …" with position; SH_ST_ERROR, and the end of a script if NAME is special */
int sh_complain(struct sh *sh, const char *const *argv, const char *fmt, ...) SH_PRINTF(3, 4);
int sh_usage(struct sh *sh, const char *const *argv);

/* builtin-*.c, test.c, printf.c, trap.c, help.c */
int sh_b_cd(struct sh *sh, int argc, const char *const *argv);
int sh_b_pwd(struct sh *sh, int argc, const char *const *argv);
int sh_b_umask(struct sh *sh, int argc, const char *const *argv);
int sh_b_sleep(struct sh *sh, int argc, const char *const *argv);
int sh_b_read(struct sh *sh, int argc, const char *const *argv);
int sh_b_export(struct sh *sh, int argc, const char *const *argv);
int sh_b_readonly(struct sh *sh, int argc, const char *const *argv);
int sh_b_local(struct sh *sh, int argc, const char *const *argv);
int sh_b_unset(struct sh *sh, int argc, const char *const *argv);
int sh_b_set(struct sh *sh, int argc, const char *const *argv);
int sh_b_shift(struct sh *sh, int argc, const char *const *argv);
int sh_b_getopts(struct sh *sh, int argc, const char *const *argv);
int sh_b_command(struct sh *sh, int argc, const char *const *argv);
int sh_b_type(struct sh *sh, int argc, const char *const *argv);
int sh_b_test(struct sh *sh, int argc, const char *const *argv);
int sh_b_printf(struct sh *sh, int argc, const char *const *argv);
int sh_b_trap(struct sh *sh, int argc, const char *const *argv);
int sh_b_help(struct sh *sh, int argc, const char *const *argv);
/* text in quotes that the shell reads back */
void sh_quote(struct sh *sh, struct sh_buf *b, const char *s);

/* --- trap.c: signals -------------------------------------------------------------------------------------- */

void sh_traps_start(struct sh *sh);
void sh_traps_free(struct sh *sh);
/* in a child: caught signals end it again, and whoever waits for EXIT waits in the parent */
void sh_traps_forked(struct sh *sh);
/* something came: run the traps, or begin to end */
void sh_handle_signals(struct sh *sh);
/*
 * Wait until fd can be read (-1: nothing) or the time is over (NULL: for ever): 1 or 0; -1: a signal
 * that is for us came, now or before. None is lost between looking and waiting. told: one that came
 * before does not count.
 */
int sh_await(struct sh *sh, int fd, const struct timespec *time, bool told);

/* --- report.c, trace.c ------------------------------------------------------------------------------------- */

/* say what is wrong, at the command or the part under way */
void sh_say(struct sh *sh, const char *fmt, ...) SH_PRINTF(2, 3);
void sh_say_at(struct sh *sh, struct sh_pos pos, const char *fmt, ...) SH_PRINTF(3, 4);
/* the same, and end the script or go back to the prompt with SH_ST_ERROR */
void sh_fail(struct sh *sh, const char *fmt, ...) SH_PRINTF(2, 3);
void sh_fail_at(struct sh *sh, struct sh_pos pos, const char *fmt, ...) SH_PRINTF(3, 4);
/* no words: just end it so */
void sh_stop(struct sh *sh, int status);
/* -x, to this descriptor */
void sh_trace(struct sh *sh, int fd, size_t nassigned, const char *const *assigned, size_t n,
	      const char *const *v);
/* a variable of that name is not for others' eyes */
bool sh_is_secret(const char *name);
/* where in text something stands that is (from *at on): its length, 0: nowhere */
size_t sh_find_secret(struct sh *sh, const char *text, size_t *at);

/* --- the shell ------------------------------------------------------------------------------------------------ */

struct sh {
	const struct sh_host *host;
	struct sh_options opt;
	char *name;			/* $0 */
	pid_t pid;			/* $$ */
	int status;			/* $? */
	struct sh_script *script;	/* whose text runs */
	struct sh_pos at;		/* the command under way */
	enum sh_flow flow;
	int ending;
	unsigned int levels, loops;
	unsigned int tested;		/* within a condition: -e waits */
	unsigned int calls;
	bool struck;			/* Ctrl-C is why the flow is what it is */
	bool quiet;			/* say nothing */
	bool after_pipe;		/* the next simple command stands after a | */
	bool piped;			/* this process's standard output is a pipeline's own */
	struct sh_scratch scratch;
	struct sh_vars vars;
	bool ifs_known;
	unsigned char ifs[256];		/* 1: a blank of IFS, 2: another of its bytes */
	struct sh_args args;
	struct sh_frame *frame;
	struct sh_function **functions;
	size_t nfunctions, nslots;
	int *pipe_status;
	size_t pipe_n, pipe_max;
	int subst_status;		/* of the last $(…) of a command without words */
	volatile sig_atomic_t pending, interrupted, got[SH_SIGNALS];
	int trap_status;		/* what "exit" alone means within a trap; -1: $? */
	char *traps[SH_SIGNALS];	/* [0]: EXIT; "": ignored; NULL: none */
	struct sigaction before[SH_SIGNALS];
	unsigned int user_fds;		/* bits: 3 to 9 that the user has opened */
	int option_at;			/* getopts: where in a word like -abc */
	int option_index;
	char *stack;			/* where it was when we began, and how far it may go */
	size_t stack_max;
};

static inline bool sh_begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool sh_in_name(char c)
{
	return sh_begins_name(c) || (c >= '0' && c <= '9');
}

/* bytes of the name that s begins with, 0: none */
static inline size_t sh_name_len(const char *s)
{
	size_t n = 0;

	if (sh_begins_name(*s))
		while (sh_in_name(s[n]))
			n++;
	return n;
}

#endif
