// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Scripts, any text. What is refused says so in words that can be printed and points into the text; what
 * is accepted stays so with one more newline, and its tree is whole: it can be walked and says of every
 * word what its parts say.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/arena.c"
#include "shell/compound.c"
#include "shell/error.c"
#include "shell/lex.c"
#include "shell/parse.c"
#include "shell/word.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *text;
static size_t text_len;

static void walk(const struct sh_node *node);

/* a position is that of a byte of the text, or right behind a line or the text */
static void check_pos(struct sh_pos pos)
{
	const char *s = text, *end = text + text_len, *next;
	uint32_t line = 1;

	MUST(pos.line && pos.col);
	for (; line < pos.line; line++) {
		s = memchr(s, '\n', end - s);
		MUST(s);
		s++;
	}
	next = memchr(s, '\n', end - s);
	MUST(pos.col <= (next ? next : end) - s + 1);
}

static void check_error(const struct sh_syntax_error *err)
{
	MUST(err->message[0] && memchr(err->message, '\0', sizeof(err->message)));
	for (const unsigned char *p = (const unsigned char *)err->message; *p; p++)
		MUST(*p >= 0x20 && *p != 0x7f);
	check_pos(err->pos);
}

static void walk_word(const struct sh_word *word)
{
	bool literal = true, quoted = false;
	size_t len = 0;

	for (const struct sh_part *part = word->parts; part; part = part->next) {
		MUST(part->pos.line && part->pos.col);
		quoted |= part->quoted;
		literal &= part->type == SH_LITERAL;
		if (part->type == SH_LITERAL) {
			MUST(strlen(part->literal.text) == part->literal.len);
			len += part->literal.len;
		} else if (part->type == SH_PARAM) {
			MUST(part->param.name[0]);
			MUST(part->param.op > SH_LENGTH || !part->param.word);
			if (part->param.word)
				walk_word(part->param.word);
		} else if (part->type == SH_COMMAND) {
			walk(part->command);
		} else {
			walk_word(part->arith);
		}
	}
	MUST(literal == !!word->literal && (!literal || strlen(word->literal) == len));
	MUST(word->quoted || !quoted);
}

static void walk_words(const struct sh_word *word)
{
	for (; word; word = word->next)
		walk_word(word);
}

static void walk_case(const struct sh_node *node)
{
	walk_word(node->select.word);
	for (const struct sh_case *branch = node->select.cases; branch; branch = branch->next) {
		MUST(branch->patterns);
		walk_words(branch->patterns);
		walk(branch->body);
	}
}

static void walk_inside(const struct sh_node *node)
{
	switch (node->type) {
	case SH_SIMPLE:
		for (const struct sh_assign *assign = node->simple.assigns; assign; assign = assign->next) {
			MUST(sh_is_name(assign->name, strlen(assign->name)));
			walk_word(assign->value);
		}
		MUST(node->simple.words || node->simple.assigns || node->redirs);
		return walk_words(node->simple.words);
	case SH_PIPE:
		MUST(node->pipe.stages && (node->pipe.n > 1 || node->pipe.negated));
		return walk(node->pipe.stages);
	case SH_AND:
	case SH_OR:
		walk(node->pair.left);
		return walk(node->pair.right);
	case SH_GROUP:
	case SH_SUBSHELL:
		MUST(node->body);
		return walk(node->body);
	case SH_IF:
		MUST(node->choice.test && node->choice.then);
		walk(node->choice.test);
		walk(node->choice.then);
		return walk(node->choice.otherwise);
	case SH_WHILE:
	case SH_UNTIL:
		MUST(node->loop.test && node->loop.body);
		walk(node->loop.test);
		return walk(node->loop.body);
	case SH_FOR:
		MUST(node->each.body && sh_is_name(node->each.name, strlen(node->each.name)));
		walk_words(node->each.words);
		return walk(node->each.body);
	case SH_CASE:
		return walk_case(node);
	case SH_FUNCTION:
		MUST(node->function.body && !node->function.body->next);
		return walk(node->function.body);
	}
}

static void walk(const struct sh_node *node)
{
	for (; node; node = node->next) {
		check_pos(node->pos);
		for (const struct sh_redir *redir = node->redirs; redir; redir = redir->next) {
			MUST(redir->fd >= 0 && redir->fd <= 9);
			walk_word(redir->word);
		}
		walk_inside(node);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *more = malloc(size + 1);
	struct sh_syntax_error err;
	struct sh_script *script;
	enum sh_parsed parsed;

	MUST(more);
	memcpy(more, data, size);
	more[size] = '\n';
	text = more;
	text_len = size;
	parsed = sh_parse(&script, "fuzz", more, size, 1, &err);
	MUST(parsed != SH_NO_MEMORY && (parsed == SH_PARSED) == !!script);
	if (script) {
		walk(script->list);
		sh_script_put(script);
		MUST(sh_parse(&script, "fuzz", more, size + 1, 1, &err) == SH_PARSED);
		sh_script_put(script);
	} else {
		check_error(&err);
	}
	free(more);
	return 0;
}
