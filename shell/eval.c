// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The walk over the tree: lists, conditions, loops, groups. Knows what -e is to do with a status, and
 * nothing of words.
 */
#include <stdio.h>

#include "shell/int.h"

int sh_eval_list(struct sh *sh, const struct sh_node *list)
{
	int status = 0;

	for (; list; list = list->next) {
		status = sh_eval_node(sh, list);
		if (sh->flow)
			break;
	}
	return status;
}

/* a list whose status is asked for: -e leaves it alone */
static int eval_test(struct sh *sh, const struct sh_node *list)
{
	int status;

	sh->tested++;
	status = sh_eval_list(sh, list);
	sh->tested--;
	return status;
}

static int eval_pair(struct sh *sh, const struct sh_node *node)
{
	int status;

	sh->tested++;
	status = sh_eval_node(sh, node->pair.left);
	sh->tested--;
	if (sh->flow || !status != (node->type == SH_AND))
		return status;
	return sh_eval_node(sh, node->pair.right);
}

static int eval_if(struct sh *sh, const struct sh_node *node)
{
	int status = eval_test(sh, node->choice.test);

	if (sh->flow)
		return status;
	return sh_eval_list(sh, status ? node->choice.otherwise : node->choice.then);
}

/* break and continue have come as far as a loop: does it go on? */
static bool next_round(struct sh *sh)
{
	bool on = sh->flow == SH_CONTINUE;

	if (sh->flow != SH_BREAK && !on)
		return false;
	if (--sh->levels)
		return false;
	sh->flow = SH_GO;
	return on;
}

static int eval_while(struct sh *sh, const struct sh_node *node)
{
	int status = 0, test;

	sh->loops++;
	for (;;) {
		test = eval_test(sh, node->loop.test);
		if (sh->flow) {
			status = test;
			if (!next_round(sh))
				break;
			continue;
		}
		if (!test != (node->type == SH_WHILE))
			break;
		status = sh_eval_list(sh, node->loop.body);
		if (sh->flow && !next_round(sh))
			break;
	}
	sh->loops--;
	return status;
}

static int for_each(struct sh *sh, const struct sh_node *node, size_t n, const char *const *v)
{
	const char *name = node->each.name;
	size_t len = strlen(name), i;
	int status = 0;

	sh->loops++;
	for (i = 0; i < n; i++) {
		sh->at = node->pos;
		if (sh_var_set(sh, name, len, v[i], strlen(v[i])))
			break;
		status = sh_eval_list(sh, node->each.body);
		if (sh->flow && !next_round(sh))
			break;
	}
	sh->loops--;
	return status;
}

static int eval_for(struct sh *sh, const struct sh_node *node)
{
	struct sh_mark mark = sh_mark(sh);
	struct sh_words words = { 0 };
	const struct sh_word *word;
	int status = SH_ST_ERROR, i;

	sh->at = node->pos;
	if (node->each.given)
		for (word = node->each.words; word && !sh->flow; word = word->next)
			sh_expand_fields(sh, word, &words, true);
	else	/* they may be set anew on the way */
		for (i = 0; i < sh->args.n; i++)
			sh_words_add(sh, &words, sh_tmp_dup(sh, sh->args.v[i],
							    strlen(sh->args.v[i])));
	if (!sh->flow)
		status = for_each(sh, node, words.n, words.v);
	sh_release(sh, mark);
	return status;
}

static const struct sh_case *find_case(struct sh *sh, const struct sh_node *node)
{
	const struct sh_case *c;
	const struct sh_word *word;
	const char *text, *pattern;
	size_t len;

	text = sh_expand_string(sh, node->select.word, false, &len);
	for (c = node->select.cases; c; c = c->next) {
		for (word = c->patterns; word && !sh->flow; word = word->next) {
			pattern = sh_expand_pattern(sh, word);
			if (!sh->flow && sh_match(pattern, text))
				return c;
		}
	}
	return NULL;
}

static int eval_case(struct sh *sh, const struct sh_node *node)
{
	struct sh_mark mark = sh_mark(sh);
	const struct sh_case *hit;

	sh->at = node->pos;
	hit = find_case(sh, node);
	sh_release(sh, mark);
	return hit && !sh->flow ? sh_eval_list(sh, hit->body) : 0;
}

static int eval_subshell(struct sh *sh, const struct sh_node *node)
{
	pid_t pid = sh_fork(sh);

	if (pid < 0)
		return SH_ST_ERROR;
	if (pid)
		return sh_wait(sh, pid);
	sh->at = node->pos;
	if (sh_redirect(sh, node->redirs, NULL))
		sh_child_exit(sh, SH_ST_ERROR);
	sh_child_exit(sh, sh_eval_list(sh, node->body));
}

static int evaluate(struct sh *sh, const struct sh_node *node)
{
	switch (node->type) {
	case SH_SIMPLE:
		return sh_eval_simple(sh, node);
	case SH_PIPE:
		return sh_pipeline(sh, node);
	case SH_AND:
	case SH_OR:
		return eval_pair(sh, node);
	case SH_GROUP:
		return sh_eval_list(sh, node->body);
	case SH_SUBSHELL:
		return eval_subshell(sh, node);
	case SH_IF:
		return eval_if(sh, node);
	case SH_WHILE:
	case SH_UNTIL:
		return eval_while(sh, node);
	case SH_FOR:
		return eval_for(sh, node);
	case SH_CASE:
		return eval_case(sh, node);
	case SH_FUNCTION:
		sh_function_define(sh, node->function.name, node->function.body);
		return 0;
	}
	return SH_ST_ERROR;
}

/* a compound command with redirections; *failed: they could not be made */
static int redirected(struct sh *sh, const struct sh_node *node, bool *failed)
{
	struct sh_mark mark = sh_mark(sh);
	struct sh_undo undo;
	int status = SH_ST_ERROR;

	sh_undo_start(&undo);
	sh->at = node->pos;
	*failed = sh_redirect(sh, node->redirs, &undo);
	if (!*failed)
		status = evaluate(sh, node);
	fflush(stdout);
	sh_undo(sh, &undo);
	sh_release(sh, mark);
	return status;
}

int sh_eval_node(struct sh *sh, const struct sh_node *node)
{
	bool counts = node->type == SH_SIMPLE || node->type == SH_SUBSHELL ||
		      (node->type == SH_PIPE && !node->pipe.negated);
	int status;

	if (node->redirs && node->type != SH_SIMPLE && node->type != SH_SUBSHELL)
		status = redirected(sh, node, &counts);
	else
		status = evaluate(sh, node);
	if (sh->flow >= SH_ABORT)
		status = sh->ending;
	sh->status = status;
	if (sh->pending) {	/* before -e: the trap of what ended the command is to run */
		sh_handle_signals(sh);
		if (sh->flow >= SH_ABORT)
			status = sh->ending;
	}
	if (status && counts && sh->opt.errexit && !sh->tested && !sh->flow) {
		sh->flow = SH_EXIT;
		sh->ending = status;
	}
	return status;
}
