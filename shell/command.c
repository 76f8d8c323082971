// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Simple commands: words, redirections and assignments in POSIX's order, and who answers to the first
 * word: a function, a command of the language, one of the host, a program of this machine.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "shell/int.h"

/* a simple command on its way */
struct command {
	struct sh_words words;
	struct sh_target target;
	struct sh_words assigned;	/* name=value, for -x */
	struct sh_saved *saved;		/* variables that were set for this command alone */
	struct sh_undo undo;
};

struct sh_target sh_resolve(struct sh *sh, const char *word, bool after_pipe)
{
	struct sh_target t = { .kind = SH_K_NONE };

	t.function = sh_function_find(sh, word);
	if (t.function) {
		t.kind = SH_K_FUNCTION;
		return t;
	}
	t.builtin = sh_builtin_find(word);
	if (t.builtin)
		t.kind = SH_K_BUILTIN;
	else if (*word && sh->host->knows && sh->host->knows(sh->host->arg, word))
		t.kind = SH_K_HOST;
	else
		t.function = sh_function_get(sh, word);
	if (t.function)
		t.kind = SH_K_FUNCTION;
	else if (!t.kind && after_pipe)
		t.kind = SH_K_PROGRAM;
	return t;
}

static bool changes(const struct sh_node *node)
{
	const struct sh_assign *assign;
	const struct sh_redir *redir;

	for (assign = node->simple.assigns; assign; assign = assign->next)
		if (sh_word_changes(assign->value))
			return true;
	for (redir = node->redirs; redir; redir = redir->next)
		if (redir->word && sh_word_changes(redir->word))
			return true;
	return sh_word_changes(node->simple.words);
}

enum sh_kind sh_foresee(struct sh *sh, const struct sh_node *node, bool after_pipe)
{
	enum sh_kind kind;

	if (!node->simple.words || !node->simple.words->literal || changes(node))
		return SH_K_NONE;
	if (node->simple.program)
		return SH_K_PROGRAM;
	kind = sh_resolve(sh, node->simple.words->literal, after_pipe).kind;
	return node->simple.assigns && kind != SH_K_PROGRAM ? SH_K_NONE : kind;
}

int sh_contain(struct sh *sh, int status)
{
	if (sh->flow >= SH_ABORT) {
		status = sh->ending;
		if (sh->struck)
			return status;
	}
	sh->flow = SH_GO;
	return status;
}

/* name=value as an argument of export and its like */
static bool is_assignment(const struct sh_word *word)
{
	const struct sh_part *part = word->parts;
	size_t n;

	if (!part || part->type != SH_LITERAL || part->quoted)
		return false;
	n = sh_name_len(part->literal.text);
	return n && part->literal.text[n] == '=';
}

static void expand_words(struct sh *sh, const struct sh_node *node, struct command *c)
{
	bool after_pipe = sh->after_pipe, known = false, pathnames = false, declares = false;
	const struct sh_word *word;
	size_t len;

	sh->after_pipe = false;
	for (word = node->simple.words; word && !sh->flow; word = word->next) {
		if (declares && is_assignment(word))
			sh_words_add(sh, &c->words, sh_expand_string(sh, word, true, &len));
		else
			sh_expand_fields(sh, word, &c->words, pathnames);
		if (known || !c->words.n || sh->flow)
			continue;
		known = true;
		if (node->simple.program)
			c->target.kind = SH_K_PROGRAM;
		else
			c->target = sh_resolve(sh, c->words.v[0], after_pipe);
		pathnames = c->target.kind == SH_K_PROGRAM;
		declares = c->target.kind == SH_K_BUILTIN &&
			   c->target.builtin->flags & SH_B_DECLARES;
	}
}

static void note_assigned(struct sh *sh, struct command *c, const char *name, const char *value,
			  size_t len)
{
	struct sh_buf b = { 0 };

	sh_buf_add(sh, &b, name, strlen(name));
	sh_buf_byte(sh, &b, '=');
	sh_buf_add(sh, &b, value, len);
	sh_words_add(sh, &c->assigned, sh_buf_end(sh, &b));
}

/* for_command: only while it runs, and in its environment */
static void assign(struct sh *sh, const struct sh_node *node, struct command *c, bool for_command)
{
	const struct sh_assign *a;
	const char *value;
	size_t len;

	for (a = node->simple.assigns; a; a = a->next) {
		sh->at = a->pos;
		value = sh_expand_string(sh, a->value, true, &len);
		if (sh->flow)
			return;
		if (for_command)
			sh_var_save(sh, &c->saved, a->name);
		sh->at = a->pos;
		if (sh_var_set(sh, a->name, strlen(a->name), value, len))
			return;
		if (for_command)
			sh_var_flag(sh, a->name, strlen(a->name), SH_V_EXPORTED);
		if (sh->opt.xtrace)
			note_assigned(sh, c, a->name, value, len);
	}
}

/* the reader of standard output has gone: nothing more will come of this process's output */
static int broken_pipe(struct sh *sh)
{
	if (!sh->piped && !sh->opt.interactive)
		sh_stop(sh, SH_ST_PIPE);
	return SH_ST_PIPE;
}

int sh_settle(struct sh *sh, int status)
{
	int error = errno;

	if (!__fpending(stdout) && !ferror(stdout))
		return status;
	if (fflush(stdout))
		error = errno;
	else if (!ferror(stdout))
		return status;
	__fpurge(stdout);
	clearerr(stdout);
	if (error == EPIPE)
		return broken_pipe(sh);
	if (error != EINTR)
		sh_say(sh, "can't write the output: %s", strerror(error));
	return status ? status : 1;
}

static int run_host(struct sh *sh, size_t n, const char *const *v)
{
	struct pollfd out = { .fd = 1 };
	int status = sh->host->run(sh->host->arg, (int)n, v);

	status = sh_settle(sh, status);
	if (status == SH_ST_PIPE && !sh->flow && poll(&out, 1, 0) > 0 && out.revents & POLLERR)
		return broken_pipe(sh);
	return status;
}

/* what other shells have and this one has not: what to use instead, or NULL */
static const char *instead_of(const char *word)
{
	static const char *const left_out[][2] = {
		{ "alias", "there are no aliases: write a function, name() { ...; }" },
		{ "unalias", "there are no aliases: unset -f forgets a function" },
		{ "let", "write x=$((...))" },
		{ "declare", "local, export or readonly do that" },
		{ "typeset", "local, export or readonly do that" },
		{ "wait", "nothing runs in the background: exec --async, then job wait" },
		{ "jobs", "nothing runs in the background: exec --async, then job ls" },
		{ "fg", "nothing runs in the background: exec --async, then job wait" },
		{ "bg", "nothing runs in the background: exec --async" },
		{ "time", "timing on says how long each command takes" },
		{ "times", "timing on says how long each command takes" },
		{ "ulimit", "limits are inherited: !prlimit shows and sets them" },
		{ "hash", "nothing is remembered of PATH: there is nothing to forget" },
	};
	size_t i;

	for (i = 0; i < SH_COUNT(left_out); i++)
		if (!strcmp(word, left_out[i][0]))
			return left_out[i][1];
	return NULL;
}

static int unknown(struct sh *sh, const char *word)
{
	bool is_program = sh_find_program(sh, word, NULL, 0);
	const char *instead = instead_of(word);

	sh_say(sh, "no such command: \"%.100s\"", word);
	if (instead && !sh->quiet)
		fprintf(stderr, "hint: %s\n", instead);
	else if (!sh->quiet && sh->host->unknown)
		sh->host->unknown(sh->host->arg, word, is_program);
	return SH_ST_NOT_FOUND;
}

static int run_builtin(struct sh *sh, const struct sh_builtin *b, size_t n, const char *const *v)
{
	errno = 0;
	return sh_settle(sh, b->fn(sh, (int)n, v));
}

static int run_program(struct sh *sh, const char *const *v)
{
	int status = 0;
	pid_t pid = sh_spawn(sh, v, &status);

	return pid < 0 ? status : sh_wait(sh, pid);
}

static int run(struct sh *sh, const struct sh_target *t, size_t n, const char *const *v)
{
	switch (t->kind) {
	case SH_K_FUNCTION:
		return sh_function_call(sh, t->function, n, v);
	case SH_K_BUILTIN:
		return run_builtin(sh, t->builtin, n, v);
	case SH_K_HOST:
		return run_host(sh, n, v);
	case SH_K_PROGRAM:
		return run_program(sh, v);
	case SH_K_NONE:
		break;
	}
	return unknown(sh, v[0]);
}

int sh_run_words(struct sh *sh, size_t n, const char *const *v, bool functions)
{
	struct sh_target t = sh_resolve(sh, v[0], false);

	if (t.kind == SH_K_FUNCTION && !functions) {
		t.builtin = sh_builtin_find(v[0]);
		t.kind = t.builtin ? SH_K_BUILTIN :
			 sh->host->knows(sh->host->arg, v[0]) ? SH_K_HOST : SH_K_NONE;
	}
	return run(sh, &t, n, v);
}

static bool is_special(const struct sh_target *t)
{
	return t->kind == SH_K_BUILTIN && t->builtin->flags & SH_B_SPECIAL;
}

static void show(struct sh *sh, const struct command *c)
{
	/* where standard error goes outside of the command */
	int fd = c->undo.touched & 1u << 2 && c->undo.copy[2] >= 0 ? c->undo.copy[2] : 2;

	if (sh->opt.xtrace)
		sh_trace(sh, fd, c->assigned.n, c->assigned.v, c->words.n, c->words.v);
}

/* everything up to where it runs: 0, or -1 with *status */
static int prepare(struct sh *sh, const struct sh_node *node, struct command *c, int *status)
{
	*status = SH_ST_ERROR;
	sh->at = node->pos;
	sh->subst_status = 0;
	expand_words(sh, node, c);
	if (sh->flow)
		return -1;
	sh->at = node->pos;
	if (node->redirs && sh_redirect(sh, node->redirs, &c->undo)) {
		if (is_special(&c->target) && !sh->flow)
			sh_stop(sh, SH_ST_ERROR);
		return -1;
	}
	if (node->simple.assigns)
		assign(sh, node, c, c->words.n && !is_special(&c->target));
	if (sh->flow)
		return -1;
	sh->at = node->pos;
	show(sh, c);
	return 0;
}

static void clean_up(struct sh *sh, struct command *c)
{
	sh_vars_restore(sh, &c->saved);
	sh_undo(sh, &c->undo);
}

int sh_eval_simple(struct sh *sh, const struct sh_node *node)
{
	struct command c = { .undo.touched = 0 };
	struct sh_mark mark = sh_mark(sh);
	int status;

	if (!prepare(sh, node, &c, &status))
		status = c.words.n ? run(sh, &c.target, c.words.n, c.words.v) : sh->subst_status;
	clean_up(sh, &c);
	sh_release(sh, mark);
	if (sh->flow >= SH_ABORT)
		status = sh->ending;
	if (!sh->pipe_max)
		return status;
	sh->pipe_status[0] = status;
	sh->pipe_n = 1;
	return status;
}

pid_t sh_start_simple(struct sh *sh, const struct sh_node *node, int *status)
{
	struct command c = { .undo.touched = 0 };
	struct sh_mark mark = sh_mark(sh);
	pid_t pid = -1;

	if (!prepare(sh, node, &c, status))
		pid = sh_spawn(sh, c.words.v, status);
	clean_up(sh, &c);
	sh_release(sh, mark);
	return pid;
}
