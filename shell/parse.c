// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Lists, pipelines, simple commands, functions and redirections; and sh_parse() itself. Decides nothing
 * about what a word means when it runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/lex.h"

/* --- redirections ----------------------------------------------------------------------------- */

/* behind <& and >&: a digit or "-", as far as that can be seen now */
static void check_descriptor(struct sh_parser *p, const struct sh_redir *redir)
{
	const char *s = redir->word->literal;
	char shown[SH_SHOWN];

	if (!s || !strcmp(s, "-") || (*s >= '0' && *s <= '9' && !s[1]))
		return;
	sh_shown(shown, s, strlen(s));
	if (redir->type == SH_DUP_OUT)
		sh_wrong(p, redir->word->pos,
			 "\"%s\" is no descriptor (0 to 9, or - to close): for both streams write > FILE 2>&1", shown);
	sh_wrong(p, redir->word->pos, "\"%s\" is no descriptor (0 to 9, or - to close)", shown);
}

static struct sh_redir *read_redir(struct sh_parser *p)
{
	struct sh_redir *redir = sh_new_piece(p, sizeof(*redir));
	struct sh_tok tok = *sh_next_token(p);

	redir->pos = tok.pos;
	redir->type = tok.redir;
	redir->fd = tok.fd;
	sh_take(p);
	if (redir->type == SH_HERE) {
		sh_add_here(p, redir, tok.tabs);
		return redir;
	}
	if (sh_next_token(p)->type != SH_T_WORD)
		sh_unexpected(p, redir->type == SH_DUP_IN || redir->type == SH_DUP_OUT ?
			      "a descriptor's number or \"-\"" : "a file's name");
	redir->word = p->in->tok.word;
	if (redir->type == SH_DUP_IN || redir->type == SH_DUP_OUT)
		check_descriptor(p, redir);
	sh_take(p);
	return redir;
}

static void read_redirs(struct sh_parser *p, struct sh_redir **tail)
{
	while (sh_next_token(p)->type == SH_T_REDIR) {
		*tail = read_redir(p);
		tail = &(*tail)->next;
	}
}

/* --- simple commands -------------------------------------------------------------------------- */

/* bytes of the name and "=" that an assignment begins with; 0: it is none */
static size_t assigned(const struct sh_word *word)
{
	const struct sh_part *part = word->parts;
	const char *equals;

	if (!part || part->type != SH_LITERAL || part->quoted)
		return 0;
	equals = strchr(part->literal.text, '=');
	if (!equals || !sh_is_name(part->literal.text, equals - part->literal.text))
		return 0;
	return equals + 1 - part->literal.text;
}

/* take bytes away from the literal that the word begins with */
static void cut_word(struct sh_parser *p, struct sh_word *word, size_t n)
{
	struct sh_part *part = word->parts;

	word->pos.col += n;
	if (part->literal.len == n) {
		word->parts = part->next;
	} else {
		part->literal.text += n;
		part->literal.len -= n;
		part->pos.col += n;
	}
	sh_word_done(p, word);
}

static struct sh_assign *read_assign(struct sh_parser *p, struct sh_word *word, size_t n)
{
	struct sh_assign *assign = sh_new_piece(p, sizeof(*assign));

	assign->pos = word->pos;
	assign->name = sh_new_text(p, word->parts->literal.text, n - 1);
	assign->value = word;
	cut_word(p, word, n);
	return assign;
}

/* what looks like an assignment of another shell */
static void check_command_word(struct sh_parser *p, const struct sh_word *word)
{
	const struct sh_part *part = word->parts;
	const char *text, *equals, *bracket;

	if (!part || part->type != SH_LITERAL || part->quoted)
		return;
	text = part->literal.text;
	equals = strchr(text, '=');
	if (!equals)
		return;
	if (equals > text && equals[-1] == '+' && sh_is_name(text, equals - 1 - text))
		sh_wrong(p, word->pos, "there is no +=: write name=$name...");
	bracket = memchr(text, '[', equals - text);
	if (bracket && equals[-1] == ']' && sh_is_name(text, bracket - text))
		sh_wrong(p, word->pos,
			 "there are no arrays: keep the list in \"$@\" with set --, or in lines of a text");
}

/* !word: a program of this machine */
static void take_mark(struct sh_parser *p, struct sh_node *node, struct sh_word *word)
{
	const struct sh_part *part = word->parts;

	if (!part || part->type != SH_LITERAL || part->quoted || part->literal.text[0] != '!')
		return;
	if (part->literal.len == 1 && !part->next)	/* "!" alone is read before commands */
		sh_wrong(p, word->pos, "\"!\" stands before a whole pipeline; \"!name\" runs a program of this machine");
	node->simple.program = true;
	cut_word(p, word, 1);
	if (assigned(word))
		sh_wrong(p, word->pos, "the assignment belongs before the \"!\"");
}

/* "(" where no command may begin */
static _Noreturn void stray_open(struct sh_parser *p, const struct sh_word *last)
{
	const char *at = p->in->tok.from;

	if (last && at > p->in->base && at[-1] == '=')
		sh_wrong(p, p->in->tok.pos,
			 "there are no arrays: keep the list in \"$@\" with set --, or in lines of a text");
	sh_wrong(p, p->in->tok.pos, "\"(\" must be quoted here; a function begins with name()");
}

static struct sh_node *read_function(struct sh_parser *p, struct sh_node *node)
{
	const struct sh_word *word = node->simple.words;
	char shown[SH_SHOWN];

	sh_take(p);
	if (sh_next_token(p)->type != SH_T_CLOSE)
		sh_wrong(p, p->in->tok.pos, "found %s behind \"(\": a function begins with name(), other (s must be quoted",
			 sh_tok_shown(p, (char[SH_TOK_SHOWN]){ 0 }));
	if (!word->literal || word->quoted || node->simple.program ||
	    !sh_is_name(word->literal, strlen(word->literal)))
		sh_wrong(p, word->pos, "%s is no name for a function: letters, digits and _, no digit first",
			 word->literal ? sh_shown(shown, word->literal, strlen(word->literal)) : "this");
	sh_take(p);
	node->type = SH_FUNCTION;
	node->function.name = word->literal;
	sh_skip_newlines(p);
	node->function.body = sh_read_compound(p);
	if (!node->function.body && sh_next_token(p)->type == SH_T_END)
		sh_incomplete(p, node->pos, "function \"%s\" has no body",
			      sh_shown(shown, node->function.name, strlen(node->function.name)));
	if (!node->function.body)
		sh_unexpected(p, "the function's body ({ ...; })");
	read_redirs(p, &node->function.body->redirs);
	return node;
}

static bool is_empty(const struct sh_node *node)
{
	return !node->simple.words && !node->simple.assigns && !node->redirs;
}

static struct sh_node *read_simple(struct sh_parser *p)
{
	struct sh_node *node = sh_new_node(p, SH_SIMPLE);
	struct sh_assign **assigns = &node->simple.assigns;
	struct sh_word **words = &node->simple.words, *word = NULL;
	struct sh_redir **redirs = &node->redirs;
	size_t n;

	for (;;) {
		switch (sh_next_token(p)->type) {
		case SH_T_WORD:
			word = p->in->tok.word;
			n = node->simple.words ? 0 : assigned(word);
			sh_take(p);
			if (n) {
				*assigns = read_assign(p, word, n);
				assigns = &(*assigns)->next;
				continue;
			}
			if (!node->simple.words) {
				check_command_word(p, word);
				take_mark(p, node, word);
			}
			*words = word;
			words = &word->next;
			continue;
		case SH_T_REDIR:
			*redirs = read_redir(p);
			redirs = &(*redirs)->next;
			continue;
		case SH_T_OPEN:
			if (!word || word != node->simple.words || node->simple.assigns || node->redirs)
				stray_open(p, word);
			return read_function(p, node);
		default:
			if (is_empty(node))
				sh_unexpected(p, "a command");
			return node;
		}
	}
}

/* --- pipelines and lists ------------------------------------------------------------------------ */

static struct sh_node *read_command(struct sh_parser *p)
{
	unsigned int height = p->height;
	struct sh_node *node;

	p->height = 0;
	sh_enter(p, sh_next_token(p)->from);
	node = sh_read_compound(p);
	if (node) {
		read_redirs(p, &node->redirs);
	} else {
		if (sh_next_key(p) == SH_K_NOT)
			sh_wrong(p, p->in->tok.pos, "\"!\" can only stand before a whole pipeline, and once");
		node = read_simple(p);
	}
	sh_leave(p);
	p->height++;
	if (p->height < height)
		p->height = height;
	if (p->height > SH_HEIGHT_MAX)
		sh_wrong(p, node->pos, "this is more than %d levels deep", SH_HEIGHT_MAX);
	return node;
}

/* behind an operator another command must follow, perhaps on a later line */
static void need_more(struct sh_parser *p, const char *operator)
{
	struct sh_pos pos = p->in->tok.pos;

	sh_take(p);
	sh_skip_newlines(p);
	if (sh_next_token(p)->type == SH_T_END)
		sh_incomplete(p, pos, "no command follows \"%s\"", operator);
}

static struct sh_node *read_pipeline(struct sh_parser *p)
{
	bool negated = sh_next_key(p) == SH_K_NOT;
	struct sh_pos pos = sh_next_token(p)->pos;
	struct sh_node *pipe, *stage;

	if (negated)
		sh_take(p);
	stage = read_command(p);
	if (!negated && sh_next_token(p)->type != SH_T_PIPE)
		return stage;
	pipe = sh_new_node(p, SH_PIPE);
	pipe->pos = pos;
	pipe->pipe.negated = negated;
	pipe->pipe.stages = stage;
	pipe->pipe.n = 1;
	while (sh_next_token(p)->type == SH_T_PIPE) {
		need_more(p, "|");
		stage->next = read_command(p);
		stage = stage->next;
		pipe->pipe.n++;
	}
	return pipe;
}

/* a && b || c: from the left, so that a long one is deep */
static struct sh_node *read_chain(struct sh_parser *p)
{
	unsigned int height = p->height;
	struct sh_node *node, *pair;
	enum sh_tok_type type;

	p->height = 0;
	node = read_pipeline(p);
	while ((type = sh_next_token(p)->type) == SH_T_AND || type == SH_T_OR) {
		pair = sh_new_node(p, type == SH_T_AND ? SH_AND : SH_OR);
		pair->pos = node->pos;
		pair->pair.left = node;
		need_more(p, type == SH_T_AND ? "&&" : "||");
		pair->pair.right = read_pipeline(p);
		node = pair;
		if (++p->height > SH_HEIGHT_MAX)
			sh_wrong(p, p->in->tok.pos, "more than %d commands are in one chain of && and ||",
				 SH_HEIGHT_MAX);
	}
	if (p->height < height)
		p->height = height;
	return node;
}

static bool ends_list(struct sh_parser *p)
{
	switch (sh_next_token(p)->type) {
	case SH_T_END:
	case SH_T_CLOSE:
	case SH_T_DSEMI:
		return true;
	case SH_T_WORD:
		break;
	default:
		return false;
	}
	switch (sh_next_key(p)) {
	case SH_K_THEN:
	case SH_K_ELIF:
	case SH_K_ELSE:
	case SH_K_FI:
	case SH_K_DO:
	case SH_K_DONE:
	case SH_K_ESAC:
	case SH_K_END_BRACE:
		return true;
	default:
		return false;
	}
}

void sh_stray(struct sh_parser *p, const char *expected)
{
	char shown[SH_TOK_SHOWN];

	if (ends_list(p) && p->in->tok.type != SH_T_END)
		sh_wrong(p, p->in->tok.pos, "%s has nothing to end here", sh_tok_shown(p, shown));
	sh_unexpected(p, expected);
}

struct sh_node *sh_read_list(struct sh_parser *p)
{
	struct sh_node *list = NULL, **tail = &list;
	enum sh_tok_type type;

	for (;;) {
		sh_skip_newlines(p);
		if (ends_list(p))
			return list;
		*tail = read_chain(p);
		tail = &(*tail)->next;
		type = sh_next_token(p)->type;
		if (type == SH_T_AMP)
			sh_wrong(p, p->in->tok.pos,
				 "\"&\" is left out of this language: use \"exec --async\" and \"job wait\"");
		if (type != SH_T_SEMI && type != SH_T_NEWLINE)
			return list;
		sh_take(p);
	}
}

/* --- the whole text ----------------------------------------------------------------------------- */

static void find_lines(struct sh_parser *p)
{
	const char *text = p->script->text, *end = text + p->script->len, *s;
	size_t n = 1;

	for (s = text; (s = memchr(s, '\n', end - s)); s++)
		n++;
	p->lines = malloc(n * sizeof(*p->lines));
	if (!p->lines)
		sh_no_memory(p);
	p->lines[p->nlines++] = 0;
	for (s = text; (s = memchr(s, '\n', end - s)); s++)
		p->lines[p->nlines++] = s + 1 - text;
}

/* bytes that are nowhere in a script */
static void check_bytes(struct sh_parser *p)
{
	const char *text = p->script->text, *end = text + p->script->len, *s;

	s = memchr(text, '\0', end - text);
	if (s)
		sh_wrong(p, sh_pos_of(p, s), "a NUL byte: this is no text");
	for (s = text; (s = memchr(s, '\r', end - s)); s++)
		if (s + 1 == end || s[1] == '\n')
			sh_wrong(p, sh_pos_of(p, s), "the line ends as DOS does it (CR LF): convert it, sed 's/\\r$//'");
}

static void parse(struct sh_parser *p)
{
	struct sh_reader in = { .base = p->script->text, .end = p->script->text + p->script->len };

	if (setjmp(p->escape))
		return;
	sh_read_from(p, &in, NULL);
	find_lines(p);
	check_bytes(p);
	p->script->list = sh_read_list(p);
	if (sh_next_token(p)->type != SH_T_END)
		sh_stray(p, "\";\", an operator or the end of the line");
	p->status = SH_PARSED;
}

static struct sh_script *new_script(const char *name, const char *text, size_t len, uint32_t first_line)
{
	struct sh_arena *arena = sh_arena_new();
	struct sh_script *script = arena ? sh_alloc(arena, sizeof(*script)) : NULL;

	if (script) {
		script->refs = 1;
		script->arena = arena;
		script->len = len;
		script->first_line = first_line;
		script->name = sh_strndup(arena, name, strlen(name));
		script->text = sh_strndup(arena, text, len);
		if (script->name && script->text)
			return script;
	}
	sh_arena_free(arena);
	return NULL;
}

enum sh_parsed sh_parse(struct sh_script **script, const char *name, const char *text, size_t len,
			uint32_t first_line, struct sh_syntax_error *err)
{
	struct sh_parser p = { .err = err };

	*script = NULL;
	err->pos = (struct sh_pos){ first_line, 1 };
	if (len > SH_TEXT_MAX) {
		snprintf(err->message, sizeof(err->message), "the text is longer than %d MiB", SH_TEXT_MAX >> 20);
		return SH_WRONG;
	}
	p.script = new_script(name, text, len, first_line);
	if (!p.script) {
		snprintf(err->message, sizeof(err->message), "out of memory");
		return SH_NO_MEMORY;
	}
	p.arena = p.script->arena;
	parse(&p);
	free(p.lines);
	free(p.scratch);
	if (p.status == SH_PARSED)
		*script = p.script;
	else
		sh_script_put(p.script);
	return p.status;
}

struct sh_script *sh_script_get(struct sh_script *script)
{
	script->refs++;
	return script;
}

void sh_script_put(struct sh_script *script)
{
	if (script && !--script->refs)
		sh_arena_free(script->arena);
}

const char *sh_script_line(const struct sh_script *script, uint32_t line, size_t *len)
{
	const char *s = script->text, *end = s + script->len, *next;

	if (line < script->first_line)
		return NULL;
	for (uint32_t at = script->first_line; ; at++, s = next + 1) {
		next = memchr(s, '\n', end - s);
		if (at == line)
			break;
		if (!next)
			return NULL;
	}
	*len = (next ? next : end) - s;
	return s;
}
