// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From bytes to tokens: positions, line continuation, comments, operators, here-documents. Knows no
 * grammar; what a word holds is word.c's.
 */
#include <stdio.h>
#include <string.h>

#include "shell/lex.h"

void *sh_new_piece(struct sh_parser *p, size_t size)
{
	void *piece = sh_alloc(p->arena, size);

	if (!piece)
		sh_no_memory(p);
	return piece;
}

char *sh_new_text(struct sh_parser *p, const char *s, size_t len)
{
	char *text = sh_strndup(p->arena, s, len);

	if (!text)
		sh_no_memory(p);
	return text;
}

/* how many bytes a copy lacks up to this offset of it */
static size_t cut_before(const struct sh_reader *in, size_t offset)
{
	size_t low = 0, high = in->ncuts, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (in->cuts[mid] <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sh_pos sh_pos_of(struct sh_parser *p, const char *at)
{
	size_t offset;

	for (const struct sh_reader *in = p->in; in->outer; in = in->outer) {
		offset = at - in->base;
		at = in->outer_from + offset + cut_before(in, offset);
	}
	offset = at - p->script->text;
	while (p->line + 1 < p->nlines && offset >= p->lines[p->line + 1])
		p->line++;
	while (offset < p->lines[p->line])
		p->line--;
	return (struct sh_pos){ p->script->first_line + p->line, offset - p->lines[p->line] + 1 };
}

int sh_peek(struct sh_parser *p)
{
	struct sh_reader *in = p->in;

	while (in->end - in->at >= 2 && in->at[0] == '\\' && in->at[1] == '\n') {
		in->at += 2;
		in->continued = in->at == in->end;
	}
	return in->at < in->end ? (unsigned char)*in->at : -1;
}

void sh_enter(struct sh_parser *p, const char *at)
{
	if (++p->depth > SH_DEPTH_MAX)
		sh_wrong(p, sh_pos_of(p, at), "more than %d constructs are within each other", SH_DEPTH_MAX);
}

void sh_leave(struct sh_parser *p)
{
	p->depth--;
}

void sh_read_from(struct sh_parser *p, struct sh_reader *copy, const char *limit)
{
	copy->at = copy->base;
	copy->limit = limit;
	copy->peeked = false;
	copy->pending = NULL;
	copy->pending_tail = &copy->pending;
	p->in = copy;
}

/* --- here-documents ------------------------------------------------------------------------- */

/* the delimiter's word: quotes are taken out, nothing is expanded */
static void read_delimiter(struct sh_parser *p, struct sh_here *here)
{
	const char *from = p->in->at;
	int c, quote = 0;

	while ((c = sh_peek(p)) >= 0 && (quote || !sh_ends_word(c))) {
		if (c == '\n')
			sh_wrong(p, sh_pos_of(p, from), "a here-document's delimiter must stand on one line");
		p->in->at++;
		if (c == quote) {
			quote = 0;
		} else if (!quote && (c == '\'' || c == '"')) {
			quote = c;
			here->quoted = true;
		} else {
			if (c == '\\' && quote != '\'') {
				here->quoted = true;
				c = sh_peek(p);
				if (c < 0)
					break;
				p->in->at++;
			}
			sh_scratch_add(p, &(char){ c }, 1);
		}
	}
	if (quote)
		sh_incomplete(p, sh_pos_of(p, from), "the quote %c is not closed", quote);
	if (p->in->at == from)
		sh_wrong(p, sh_pos_of(p, from), "\"<<\" needs a delimiter: a word that ends the text, such as EOF");
	here->delimiter = sh_new_text(p, p->scratch ? p->scratch : "", p->used);
	here->len = p->used;
	p->used = 0;
}

void sh_add_here(struct sh_parser *p, struct sh_redir *redir, bool tabs)
{
	struct sh_here *here = sh_new_piece(p, sizeof(*here));
	int c;

	while ((c = sh_peek(p)) == ' ' || c == '\t')
		p->in->at++;
	here->redir = redir;
	here->tabs = tabs;
	redir->word = sh_new_piece(p, sizeof(*redir->word));
	redir->word->pos = sh_pos_of(p, p->in->at);
	read_delimiter(p, here);
	*p->in->pending_tail = here;
	p->in->pending_tail = &here->next;
}

void sh_no_pending(struct sh_parser *p, const char *before)
{
	const struct sh_here *here = p->in->pending;
	char shown[SH_SHOWN];

	if (here)
		sh_wrong(p, here->redir->pos, "here-document \"%s\" has no text before %s",
			 sh_shown(shown, here->delimiter, here->len), before);
}

static bool ends_in_backslash(const char *from, const char *to)
{
	const char *at = to;

	while (at > from && at[-1] == '\\')
		at--;
	return (to - at) & 1;
}

/* where the text of a here-document ends; the reader moves behind the delimiter's line */
static const char *find_end(struct sh_parser *p, const struct sh_here *here)
{
	struct sh_reader *in = p->in;
	const char *line, *s, *end;
	bool continued = false;
	char shown[SH_SHOWN];

	while (in->at < in->end) {
		line = s = in->at;
		end = memchr(line, '\n', in->end - line);
		in->at = end ? end + 1 : in->end;
		if (!end)
			end = in->end;
		while (here->tabs && s < end && *s == '\t')
			s++;
		if (!continued && end - s == here->len && !memcmp(s, here->delimiter, here->len))
			return line;
		continued = !here->quoted && ends_in_backslash(s, end);
	}
	sh_incomplete(p, here->redir->pos, "here-document \"%s\" is not ended by a line of this word alone",
		      sh_shown(shown, here->delimiter, here->len));
}

/* a copy without the tabs that lines begin with */
static void cut_tabs(struct sh_parser *p, struct sh_reader *copy)
{
	const char *from = copy->base, *end = copy->end;
	bool fresh = true;
	uint32_t *cuts;
	char *to;

	for (const char *s = from; s < end; s++) {
		if (fresh && *s == '\t')
			copy->ncuts++;
		else
			fresh = *s == '\n';
	}
	cuts = sh_new_piece(p, copy->ncuts * sizeof(*cuts));
	copy->base = to = sh_new_piece(p, end - from + 1);
	copy->cuts = cuts;
	copy->outer = p->in;
	copy->outer_from = from;
	fresh = true;
	for (const char *s = from; s < end; s++) {
		if (fresh && *s == '\t') {
			*cuts++ = to - copy->base;
		} else {
			fresh = *s == '\n';
			*to++ = *s;
		}
	}
	copy->end = to;
}

static void read_here(struct sh_parser *p, struct sh_here *here)
{
	struct sh_reader *in = p->in, body = { .base = in->at };
	struct sh_word *word = here->redir->word;
	char limit[SH_TOK_SHOWN], shown[SH_SHOWN];

	body.end = find_end(p, here);
	if (here->tabs)
		cut_tabs(p, &body);
	else
		body.outer = in, body.outer_from = body.base;
	if (!here->quoted) {
		sprintf(limit, "the end of here-document \"%s\"", sh_shown(shown, here->delimiter, here->len));
		sh_enter(p, body.base);
		sh_read_from(p, &body, limit);
		sh_read_here(p, word);
		sh_leave(p);
		p->in = in;
	} else if (body.end > body.base) {
		word->parts = sh_new_piece(p, sizeof(*word->parts));
		word->parts->pos = sh_pos_of(p, body.outer_from);
		word->parts->quoted = true;
		word->parts->literal.len = body.end - body.base;
		word->parts->literal.text = sh_new_text(p, body.base, word->parts->literal.len);
	}
	sh_word_done(p, word);
	word->quoted = true;
}

/* the line has ended: what it has promised comes now */
static void read_pending(struct sh_parser *p)
{
	struct sh_here *here;

	while ((here = p->in->pending)) {
		p->in->pending = here->next;
		if (!here->next)
			p->in->pending_tail = &p->in->pending;
		read_here(p, here);
	}
}

/* --- tokens --------------------------------------------------------------------------------- */

static _Noreturn void no_operator(struct sh_parser *p, const char *what, const char *instead)
{
	sh_wrong(p, p->in->tok.pos, "\"%s\" is left out of this language: %s", what, instead);
}

/* is the next byte this one? then take it */
static bool take_byte(struct sh_parser *p, int c)
{
	if (sh_peek(p) != c)
		return false;
	p->in->at++;
	return true;
}

static void scan_in(struct sh_parser *p, struct sh_tok *tok)
{
	tok->redir = SH_IN;
	if (take_byte(p, '<')) {
		tok->redir = SH_HERE;
		tok->tabs = take_byte(p, '-');
		if (!tok->tabs && sh_peek(p) == '<')
			no_operator(p, "<<<", "pipe it in with printf, or use a here-document (<<EOF)");
	} else if (take_byte(p, '>')) {
		tok->redir = SH_IN_OUT;
	} else if (take_byte(p, '&')) {
		tok->redir = SH_DUP_IN;
	} else if (sh_peek(p) == '(') {
		no_operator(p, "<(...)", "use a pipe, or a file");
	}
}

static void scan_out(struct sh_parser *p, struct sh_tok *tok)
{
	tok->redir = SH_OUT;
	if (take_byte(p, '>'))
		tok->redir = SH_APPEND;
	else if (take_byte(p, '&'))
		tok->redir = SH_DUP_OUT;
	else if (!take_byte(p, '|') && sh_peek(p) == '(')
		no_operator(p, ">(...)", "use a pipe, or a file");
}

static void scan_redir(struct sh_parser *p, struct sh_tok *tok, int fd)
{
	bool in = *p->in->at++ == '<';

	tok->type = SH_T_REDIR;
	if (in)
		scan_in(p, tok);
	else
		scan_out(p, tok);
	if (fd < 0)
		fd = in ? 0 : 1;
	tok->fd = fd;
}

/* digits right before < or >: the descriptor, and the reader stands behind them; else -1 */
static int read_fd(struct sh_parser *p)
{
	struct sh_reader *in = p->in;
	const char *from = in->at, *to = from;
	int c;

	while (to < in->end && *to >= '0' && *to <= '9')
		to++;
	if (to == from)
		return -1;
	in->at = to;
	c = sh_peek(p);
	if (c != '<' && c != '>') {
		in->at = from;
		return -1;
	}
	if (to - from > 1)
		sh_wrong(p, in->tok.pos, "descriptors are 0 to 9");
	return *from - '0';
}

static enum sh_tok_type read_operator(struct sh_parser *p, int c)
{
	p->in->at++;
	switch (c) {
	case '&':
		if (sh_peek(p) == '>')
			no_operator(p, "&>", "write > FILE 2>&1");
		return take_byte(p, '&') ? SH_T_AND : SH_T_AMP;
	case '|':
		if (sh_peek(p) == '&')
			no_operator(p, "|&", "write 2>&1 |");
		return take_byte(p, '|') ? SH_T_OR : SH_T_PIPE;
	case ';':
		if (sh_peek(p) == '&')
			no_operator(p, ";&", "end the branch with ;; and give the patterns one list (a|b)");
		if (!take_byte(p, ';'))
			return SH_T_SEMI;
		if (sh_peek(p) == '&')
			no_operator(p, ";;&", "end the branch with ;; and use a second case");
		return SH_T_DSEMI;
	case '(':
		return SH_T_OPEN;
	default:
		return SH_T_CLOSE;
	}
}

/* blanks and a comment; the byte behind them */
static int skip_blanks(struct sh_parser *p)
{
	struct sh_reader *in = p->in;
	const char *end;
	int c;

	while ((c = sh_peek(p)) == ' ' || c == '\t')
		in->at++;
	if (c == '#') {
		end = memchr(in->at, '\n', in->end - in->at);
		in->at = end ? end : in->end;
		return end ? '\n' : -1;
	}
	return c;
}

static void read_end(struct sh_parser *p)
{
	struct sh_reader *in = p->in;

	in->tok.type = SH_T_END;
	if (in->pending)
		find_end(p, in->pending);	/* its text has not even begun */
	if (in->continued && !in->limit)
		sh_incomplete(p, sh_pos_of(p, in->end - 2), "the line ends with a backslash: another one must follow");
}

static void read_token(struct sh_parser *p)
{
	struct sh_reader *in = p->in;
	struct sh_tok *tok = &in->tok;
	int c = skip_blanks(p), fd;

	tok->from = in->at;
	tok->pos = sh_pos_of(p, in->at);
	tok->word = NULL;
	if (c < 0) {
		read_end(p);
	} else if (c == '\n') {
		in->at++;
		tok->type = SH_T_NEWLINE;
		if (in->pending)
			read_pending(p);
	} else if (c == '<' || c == '>') {
		scan_redir(p, tok, -1);
	} else if (sh_ends_word(c)) {
		tok->type = read_operator(p, c);
	} else {
		fd = read_fd(p);
		if (fd >= 0) {
			scan_redir(p, tok, fd);
		} else {
			tok->word = sh_read_word(p);
			tok->type = SH_T_WORD;
		}
	}
	tok->len = in->at - tok->from;
}

struct sh_tok *sh_next_token(struct sh_parser *p)
{
	if (!p->in->peeked) {
		read_token(p);
		p->in->peeked = true;
	}
	return &p->in->tok;
}

void sh_take(struct sh_parser *p)
{
	sh_next_token(p);
	p->in->peeked = false;
}
