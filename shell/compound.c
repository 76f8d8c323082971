// SPDX-License-Identifier: GPL-3.0-or-later
/* Reserved words and the constructs that they make: if, for, while, until, case, { } and ( ). */
#include <stdio.h>
#include <string.h>

#include "shell/lex.h"

const char *const sh_reserved[] = {
	"!", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while", "{", "}",
	NULL
};

static const struct {
	const char *word;
	enum sh_key key;
} keys[] = {
	{ "if", SH_K_IF }, { "fi", SH_K_FI }, { "then", SH_K_THEN }, { "else", SH_K_ELSE }, { "elif", SH_K_ELIF },
	{ "for", SH_K_FOR }, { "do", SH_K_DO }, { "done", SH_K_DONE }, { "while", SH_K_WHILE },
	{ "until", SH_K_UNTIL }, { "case", SH_K_CASE }, { "in", SH_K_IN }, { "esac", SH_K_ESAC },
	{ "{", SH_K_BRACE }, { "}", SH_K_END_BRACE }, { "!", SH_K_NOT }, { "[[", SH_K_TEST },
	{ "function", SH_K_FUNCTION }, { "select", SH_K_SELECT }, { "coproc", SH_K_COPROC },
};

enum sh_key sh_key_of(const struct sh_word *word)
{
	if (!word->literal || word->quoted)
		return SH_K_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].word[0] == word->literal[0] && !strcmp(keys[i].word, word->literal))
			return keys[i].key;
	return SH_K_NONE;
}

enum sh_key sh_next_key(struct sh_parser *p)
{
	const struct sh_tok *tok = sh_next_token(p);

	return tok->type == SH_T_WORD ? sh_key_of(tok->word) : SH_K_NONE;
}

void sh_skip_newlines(struct sh_parser *p)
{
	while (sh_next_token(p)->type == SH_T_NEWLINE)
		sh_take(p);
}

struct sh_node *sh_new_node(struct sh_parser *p, enum sh_node_type type)
{
	struct sh_node *node = sh_new_piece(p, sizeof(*node));

	node->type = type;
	node->pos = sh_next_token(p)->pos;
	return node;
}

/* a construct that is being read, for what is said where it does not go on as it should */
struct opener {
	const char *word;
	struct sh_pos pos;
};

static _Noreturn void not_closed(struct sh_parser *p, struct opener open, const char *needs)
{
	char shown[SH_TOK_SHOWN];

	if (sh_next_token(p)->type == SH_T_END)
		sh_incomplete(p, open.pos, "\"%s\" has no \"%s\"", open.word, needs);
	sh_wrong(p, p->in->tok.pos, "found %s where \"%s\" is expected for the \"%s\" of line %u",
		 sh_tok_shown(p, shown), needs, open.word, open.pos.line);
}

static void take_key(struct sh_parser *p, enum sh_key key, const char *word, struct opener open)
{
	if (sh_next_key(p) != key)
		not_closed(p, open, word);
	sh_take(p);
}

/* a list with something in it; "needs" is a word that must come behind it */
static struct sh_node *read_body(struct sh_parser *p, struct opener open, const char *needs)
{
	struct sh_node *list = sh_read_list(p);

	if (!list && sh_next_token(p)->type == SH_T_END)
		not_closed(p, open, needs);
	if (!list)
		sh_unexpected(p, "a command");
	return list;
}

static struct sh_node *read_if(struct sh_parser *p)
{
	struct sh_node *first = sh_new_node(p, SH_IF), *node = first;
	struct opener open = { "if", first->pos };
	unsigned int levels = 0;

	for (;;) {
		sh_take(p);
		node->choice.test = read_body(p, open, "then");
		take_key(p, SH_K_THEN, "then", open);
		node->choice.then = read_body(p, open, "fi");
		if (sh_next_key(p) != SH_K_ELIF)
			break;
		node->choice.otherwise = sh_new_node(p, SH_IF);
		node = node->choice.otherwise;
		levels++;
	}
	p->height += levels;
	if (sh_next_key(p) == SH_K_ELSE) {
		sh_take(p);
		node->choice.otherwise = read_body(p, open, "fi");
	}
	take_key(p, SH_K_FI, "fi", open);
	return first;
}

static struct sh_node *read_do(struct sh_parser *p, struct opener open)
{
	struct sh_node *body;

	take_key(p, SH_K_DO, "do", open);
	body = read_body(p, open, "done");
	take_key(p, SH_K_DONE, "done", open);
	return body;
}

static struct sh_node *read_loop(struct sh_parser *p, enum sh_node_type type)
{
	struct sh_node *node = sh_new_node(p, type);
	struct opener open = { type == SH_WHILE ? "while" : "until", node->pos };

	sh_take(p);
	node->loop.test = read_body(p, open, "do");
	node->loop.body = read_do(p, open);
	return node;
}

/* behind "in": words up to the end of the line or ";" */
static void read_for_words(struct sh_parser *p, struct sh_node *node, struct opener open)
{
	struct sh_word **tail = &node->each.words, *last = NULL;
	enum sh_tok_type type;

	while ((type = sh_next_token(p)->type) == SH_T_WORD) {
		*tail = last = p->in->tok.word;
		tail = &last->next;
		sh_take(p);
	}
	if (type == SH_T_END)
		not_closed(p, open, "do");
	if (type != SH_T_SEMI && type != SH_T_NEWLINE)
		sh_unexpected(p, "a word, \";\" or the end of the line");
	sh_take(p);
	sh_skip_newlines(p);
	if (last && sh_key_of(last) == SH_K_DO && sh_next_key(p) != SH_K_DO && sh_next_token(p)->type != SH_T_END)
		sh_wrong(p, last->pos, "this \"do\" is one of the words: put \";\" before it");
}

static struct sh_node *read_for(struct sh_parser *p)
{
	struct sh_node *node = sh_new_node(p, SH_FOR);
	struct opener open = { "for", node->pos };
	const struct sh_word *name;

	sh_take(p);
	if (sh_next_token(p)->type == SH_T_OPEN)
		sh_wrong(p, p->in->tok.pos, "for ((...)) is left out of this language: use while [ ... ] and x=$((x + 1))");
	if (p->in->tok.type != SH_T_WORD)
		sh_unexpected(p, "a variable's name");
	name = p->in->tok.word;
	if (!name->literal || name->quoted || !sh_is_name(name->literal, strlen(name->literal)))
		sh_unexpected(p, "a variable's name (letters, digits and _)");
	node->each.name = name->literal;
	sh_take(p);
	if (sh_next_token(p)->type == SH_T_SEMI) {
		sh_take(p);
		sh_skip_newlines(p);
	} else {
		sh_skip_newlines(p);
		node->each.given = sh_next_key(p) == SH_K_IN;
	}
	if (node->each.given) {
		sh_take(p);
		read_for_words(p, node, open);
	}
	node->each.body = read_do(p, open);
	return node;
}

/* patterns, ")", a list, and ";;" unless "esac" comes */
static struct sh_case *read_branch(struct sh_parser *p, struct opener open)
{
	struct sh_case *branch = sh_new_piece(p, sizeof(*branch));
	struct sh_word **tail = &branch->patterns;

	if (sh_next_token(p)->type == SH_T_OPEN)
		sh_take(p);
	for (;;) {
		if (sh_next_token(p)->type != SH_T_WORD)
			sh_unexpected(p, "a pattern or \"esac\"");
		*tail = p->in->tok.word;
		tail = &(*tail)->next;
		sh_take(p);
		if (sh_next_token(p)->type != SH_T_PIPE)
			break;
		sh_take(p);
	}
	if (p->in->tok.type != SH_T_CLOSE)
		sh_unexpected(p, "\")\" or \"|\" behind a pattern");
	sh_take(p);
	branch->body = sh_read_list(p);
	if (sh_next_token(p)->type == SH_T_DSEMI) {
		sh_take(p);
		sh_skip_newlines(p);
	} else if (sh_next_key(p) != SH_K_ESAC) {
		if (p->in->tok.type == SH_T_END)
			not_closed(p, open, "esac");
		sh_stray(p, "\";;\" or \"esac\"");
	}
	return branch;
}

static struct sh_node *read_case(struct sh_parser *p)
{
	struct sh_node *node = sh_new_node(p, SH_CASE);
	struct sh_case **tail = &node->select.cases;
	struct opener open = { "case", node->pos };

	sh_take(p);
	if (sh_next_token(p)->type != SH_T_WORD)
		sh_unexpected(p, "a word");
	node->select.word = p->in->tok.word;
	sh_take(p);
	sh_skip_newlines(p);
	take_key(p, SH_K_IN, "in", open);
	sh_skip_newlines(p);
	while (sh_next_key(p) != SH_K_ESAC) {
		if (p->in->tok.type == SH_T_END)
			not_closed(p, open, "esac");
		*tail = read_branch(p, open);
		tail = &(*tail)->next;
	}
	sh_take(p);
	return node;
}

static struct sh_node *read_group(struct sh_parser *p)
{
	struct sh_node *node = sh_new_node(p, SH_GROUP);
	struct opener open = { "{", node->pos };

	sh_take(p);
	node->body = read_body(p, open, "}");
	take_key(p, SH_K_END_BRACE, "}", open);
	return node;
}

static struct sh_node *read_subshell(struct sh_parser *p)
{
	struct sh_node *node = sh_new_node(p, SH_SUBSHELL);
	struct opener open = { "(", node->pos };

	if (p->in->at < p->in->end && *p->in->at == '(')
		sh_wrong(p, node->pos,
			 "((...)) is no command: use [ ... ] or x=$((...)); for a subshell in a subshell write ( (");
	sh_take(p);
	node->body = read_body(p, open, ")");
	if (sh_next_token(p)->type != SH_T_CLOSE)
		not_closed(p, open, ")");
	sh_take(p);
	return node;
}

static _Noreturn void left_out(struct sh_parser *p, const char *what, const char *instead)
{
	sh_wrong(p, p->in->tok.pos, "%s is left out of this language: %s", what, instead);
}

struct sh_node *sh_read_compound(struct sh_parser *p)
{
	if (sh_next_token(p)->type == SH_T_OPEN)
		return read_subshell(p);
	switch (sh_next_key(p)) {
	case SH_K_IF:
		return read_if(p);
	case SH_K_FOR:
		return read_for(p);
	case SH_K_WHILE:
		return read_loop(p, SH_WHILE);
	case SH_K_UNTIL:
		return read_loop(p, SH_UNTIL);
	case SH_K_CASE:
		return read_case(p);
	case SH_K_BRACE:
		return read_group(p);
	case SH_K_TEST:
		left_out(p, "[[ ]]", "use [ ... ], or case for patterns");
	case SH_K_FUNCTION:
		left_out(p, "\"function\"", "write name() { ...; }");
	case SH_K_SELECT:
		left_out(p, "\"select\"", "use read and case");
	case SH_K_COPROC:
		left_out(p, "\"coproc\"", "use a pipe, or \"exec --async\" and \"job wait\"");
	default:
		return NULL;
	}
}
