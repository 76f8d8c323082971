// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Functions: their table, their calls. A function that is running is never freed, though it may be
 * defined anew by itself.
 */
#include <stdlib.h>

#include "shell/int.h"

enum { SLOTS = 64 };

static size_t slot_of(const char *name)
{
	unsigned int h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return (h ^ h >> 15) % SLOTS;
}

struct sh_function *sh_function_find(const struct sh *sh, const char *name)
{
	struct sh_function *f;

	if (!sh->nfunctions)
		return NULL;
	for (f = sh->functions[slot_of(name)]; f; f = f->next)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

static void function_put(struct sh_function *f)
{
	if (--f->refs)
		return;
	sh_script_put(f->script);
	free(f);
}

bool sh_function_unset(struct sh *sh, const char *name)
{
	struct sh_function **at, *f;

	if (!sh->nfunctions)
		return false;
	for (at = &sh->functions[slot_of(name)]; (f = *at); at = &f->next) {
		if (strcmp(f->name, name))
			continue;
		*at = f->next;
		sh->nfunctions--;
		function_put(f);
		return true;
	}
	return false;
}

void sh_function_define(struct sh *sh, const char *name, const struct sh_node *body)
{
	size_t len = strlen(name);
	struct sh_function *f = calloc(1, sizeof(*f) + len + 1);

	if (!sh->functions)
		sh->functions = calloc(SLOTS, sizeof(*sh->functions));
	if (!f || !sh->functions)
		sh_out_of_memory();
	sh_function_unset(sh, name);
	memcpy(f->name, name, len);
	f->refs = 1;
	f->script = sh_script_get(sh->script);
	f->body = body;
	f->next = sh->functions[slot_of(name)];
	sh->functions[slot_of(name)] = f;
	sh->nfunctions++;
}

/* the host's text is nothing but a definition of that name: it runs nothing, and touches no other */
struct sh_function *sh_function_get(struct sh *sh, const char *name)
{
	struct sh_function *f = sh_function_find(sh, name);
	struct sh_script *script, *outer = sh->script;
	const char *text = NULL;
	const struct sh_node *node;
	struct sh_syntax_error err;

	if (!f && sh->host->function)
		text = sh->host->function(sh->host->arg, name);
	if (!text)
		return f;
	if (sh_parse(&script, name, text, strlen(text), 1, &err) != SH_PARSED) {
		if (!sh->quiet)
			sh_report(name, text, strlen(text), 1, &err);
		return NULL;
	}
	node = script->list;
	sh->script = script;
	if (node && !node->next && node->type == SH_FUNCTION && !strcmp(node->function.name, name))
		sh_function_define(sh, name, node->function.body);
	sh->script = outer;
	sh_script_put(script);
	f = sh_function_find(sh, name);
	if (!f)
		sh_say(sh, "what is there for %.100s is not its definition", name);
	return f;
}

void sh_functions_free(struct sh *sh)
{
	struct sh_function *f;
	size_t i;

	for (i = 0; sh->functions && i < SLOTS; i++) {
		while ((f = sh->functions[i])) {
			sh->functions[i] = f->next;
			function_put(f);
		}
	}
	free(sh->functions);
}

const char *sh_function_at(const struct sh *sh, size_t i)
{
	const struct sh_function *f;
	size_t slot;

	for (slot = 0; sh->functions && slot < SLOTS; slot++)
		for (f = sh->functions[slot]; f; f = f->next)
			if (!i--)
				return f->name;
	return NULL;
}

bool sh_call_begin(struct sh *sh)
{
	char *here = __builtin_frame_address(0);
	size_t deep = sh->stack > here ? (size_t)(sh->stack - here) : 0;

	if (sh->calls < SH_CALLS_MAX && deep < sh->stack_max) {
		sh->calls++;
		return true;
	}
	sh_fail(sh, "%u calls within each other, which is too deep", sh->calls);
	return false;
}

int sh_function_call(struct sh *sh, struct sh_function *f, size_t n, const char *const *v)
{
	struct sh_frame *frame;
	struct sh_args args = sh->args;
	struct sh_script *script = sh->script;
	unsigned int loops = sh->loops;
	int status;

	if (!sh_call_begin(sh))
		return SH_ST_ERROR;
	f->refs++;
	frame = sh_tmp(sh, sizeof(*frame));	/* the command's that calls */
	*frame = (struct sh_frame){ .up = sh->frame };
	sh->frame = frame;
	sh->args = (struct sh_args){ .v = v + 1, .n = (int)n - 1 };
	sh->script = f->script;
	sh->loops = 0;
	status = sh_eval_node(sh, f->body);
	if (sh->flow == SH_RETURN)
		sh->flow = SH_GO;
	sh_vars_restore(sh, &frame->locals);
	sh_args_free(&sh->args);
	sh->args = args;
	sh->script = script;
	sh->loops = loops;
	sh->frame = frame->up;
	sh->calls--;
	function_put(f);
	return status;
}
