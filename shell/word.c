// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a word holds: literals, quotes, parameters, substitutions. Expands nothing. Where a word stands
 * (bare, within "", ${…} or $((…)), in a here-document) decides which bytes mean something.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/lex.h"

enum place {
	BARE = 1,
	WITHIN_QUOTES = 2,	/* "…" */
	WITHIN_BRACES = 4,	/* ${name-…}, or ${name#…} wherever it stands */
	QUOTED_BRACES = 8,	/* the former within "" or a here-document */
	WITHIN_ARITH = 16,	/* $((…)) */
	HERE = 32,
	ANYWHERE = 63,
	IS_QUOTED = WITHIN_QUOTES | QUOTED_BRACES | WITHIN_ARITH | HERE,
};

/* in which places a byte is not just itself */
static const unsigned char stops[256] = {
	['\\'] = ANYWHERE, ['$'] = ANYWHERE, ['`'] = ANYWHERE, ['"'] = ANYWHERE & ~HERE,
	['\''] = BARE | WITHIN_BRACES, ['}'] = WITHIN_BRACES | QUOTED_BRACES,
	['('] = BARE | WITHIN_ARITH, [')'] = BARE | WITHIN_ARITH,
	[' '] = BARE, ['\t'] = BARE, ['\n'] = BARE, [';'] = BARE, ['&'] = BARE, ['|'] = BARE,
	['<'] = BARE, ['>'] = BARE,
	[1 ... 8] = BARE, [11 ... 31] = BARE, [127] = BARE,
};

/* A word in the making. The literal that is open is the parser's scratch; of nested words none is. */
struct build {
	struct sh_word *word;
	struct sh_part **tail;
	bool open, quoted;
	struct sh_pos pos;
};

static void read_parts(struct sh_parser *p, struct build *b, enum place place);

bool sh_ends_word(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '<' ||
	       c == '>' || c == '(' || c == ')';
}

bool sh_is_name(const char *s, size_t len)
{
	if (!len || (*s >= '0' && *s <= '9'))
		return false;
	for (; len; s++, len--)
		if (!(*s >= '0' && *s <= '9') && !(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    *s != '_')
			return false;
	return true;
}

void sh_scratch_add(struct sh_parser *p, const char *s, size_t len)
{
	size_t room = p->room ? p->room : 256;
	char *scratch;

	if (len > p->room - p->used) {
		while (len > room - p->used)
			room *= 2;
		scratch = realloc(p->scratch, room);
		if (!scratch)
			sh_no_memory(p);
		p->scratch = scratch;
		p->room = room;
	}
	if (len)	/* else there may be no scratch yet */
		memcpy(p->scratch + p->used, s, len);
	p->used += len;
}

static struct sh_part *add_part(struct sh_parser *p, struct build *b, enum sh_part_type type,
				bool quoted, struct sh_pos pos)
{
	struct sh_part *part = sh_new_piece(p, sizeof(*part));

	part->type = type;
	part->quoted = quoted;
	part->pos = pos;
	*b->tail = part;
	b->tail = &part->next;
	return part;
}

/* the literal so far, if there is one, becomes a part */
static void flush(struct sh_parser *p, struct build *b)
{
	struct sh_part *part;

	if (!b->open)
		return;
	b->open = false;
	part = add_part(p, b, SH_LITERAL, b->quoted, b->pos);
	part->literal.len = p->used;
	part->literal.text = sh_new_text(p, p->scratch ? p->scratch : "", p->used);
	p->used = 0;
}

static void add_literal(struct sh_parser *p, struct build *b, const char *s, size_t len, bool quoted)
{
	if (b->open && b->quoted != quoted)
		flush(p, b);
	if (!b->open) {
		b->open = true;
		b->quoted = quoted;
		b->pos = sh_pos_of(p, s);
	}
	sh_scratch_add(p, s, len);
}

void sh_word_done(struct sh_parser *p, struct sh_word *word)
{
	const struct sh_part *part;
	size_t len = 0;
	char *text;

	word->quoted = false;
	word->literal = NULL;
	for (part = word->parts; part; part = part->next)
		word->quoted |= part->quoted;
	for (part = word->parts; part; part = part->next) {
		if (part->type != SH_LITERAL)
			return;
		len += part->literal.len;
	}
	part = word->parts;
	if (!part || !part->next) {
		word->literal = part ? part->literal.text : "";
		return;
	}
	word->literal = text = sh_new_piece(p, len + 1);
	for (; part; part = part->next) {
		memcpy(text, part->literal.text, part->literal.len);
		text += part->literal.len;
	}
}

static struct sh_word *read_in(struct sh_parser *p, enum place place, struct sh_word *word)
{
	struct build b = { .word = word, .tail = &word->parts };

	read_parts(p, &b, place);
	flush(p, &b);
	sh_word_done(p, word);
	return word;
}

static struct sh_word *read_new(struct sh_parser *p, enum place place)
{
	struct sh_word *word = sh_new_piece(p, sizeof(*word));

	word->pos = sh_pos_of(p, p->in->at);
	return read_in(p, place, word);
}

struct sh_word *sh_read_word(struct sh_parser *p)
{
	return read_new(p, BARE);
}

void sh_read_here(struct sh_parser *p, struct sh_word *word)
{
	read_in(p, HERE, word);
}

/* --- substitutions -------------------------------------------------------------------------- */

/* at "(" of "$(", which began at from */
static struct sh_node *read_dollar_command(struct sh_parser *p, const char *from)
{
	struct sh_reader *in = p->in;
	struct sh_here *pending = in->pending, **tail = in->pending_tail;
	struct sh_tok tok = in->tok;
	struct sh_node *list;

	in->at++;
	in->pending = NULL;
	in->pending_tail = &in->pending;
	list = sh_read_list(p);
	if (sh_next_token(p)->type == SH_T_END)
		sh_incomplete(p, sh_pos_of(p, from), "\"$(\" is not closed by \")\"");
	if (in->tok.type != SH_T_CLOSE)
		sh_stray(p, "an operator or \")\"");
	sh_no_pending(p, "\")\"");
	sh_take(p);
	in->tok = tok;
	in->pending = pending;
	in->pending_tail = pending ? tail : &in->pending;
	return list;
}

/* is a backslash before this byte taken out within ``? */
static bool unescapes(int c, bool quoted)
{
	return c == '$' || c == '`' || c == '\\' || (quoted && c == '"');
}

/* behind the first `: its text without the backslashes that are ``'s own; the reader moves behind it */
static void copy_backquoted(struct sh_parser *p, struct sh_reader *copy, const char *from, bool quoted)
{
	struct sh_reader *in = p->in;
	const char *s = in->at;
	uint32_t *cuts;
	size_t ncuts = 0;
	char *to;

	for (; s < in->end && *s != '`'; s++)
		if (*s == '\\' && s + 1 < in->end)
			ncuts += unescapes(*++s, quoted);
	if (s >= in->end)
		sh_incomplete(p, sh_pos_of(p, from), "the ` is not closed");
	copy->outer = in;
	copy->outer_from = in->at;
	copy->base = to = sh_new_piece(p, s - in->at + 1);
	copy->cuts = cuts = sh_new_piece(p, ncuts * sizeof(*cuts) + 1);
	copy->ncuts = ncuts;
	for (s = in->at; *s != '`'; s++) {
		if (*s == '\\') {
			if (unescapes(s[1], quoted))
				*cuts++ = to - copy->base;
			else
				*to++ = *s;
			s++;
		}
		*to++ = *s;
	}
	copy->end = to;
	in->at = s + 1;
}

static struct sh_node *read_backquoted(struct sh_parser *p, bool quoted)
{
	struct sh_reader *in = p->in, copy = { 0 };
	const char *from = in->at++;
	struct sh_node *list;

	copy_backquoted(p, &copy, from, quoted);
	sh_read_from(p, &copy, "the closing `");
	list = sh_read_list(p);
	if (sh_next_token(p)->type != SH_T_END)
		sh_stray(p, "an operator or the closing `");
	p->in = in;
	return list;
}

/* --- parameters ----------------------------------------------------------------------------- */

static bool is_special(int c)
{
	return c > 0 && strchr("@*#?-$!", c);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_byte(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* a parameter's name; NULL: none is here. Only within ${} more than one digit is taken. */
static const char *read_name(struct sh_parser *p, bool braces)
{
	int c = sh_peek(p);
	bool digits = is_digit(c);
	const char *name;

	if (is_special(c)) {
		p->in->at++;
		return sh_new_text(p, &(char){ c }, 1);
	}
	if (!is_name_byte(c))
		return NULL;
	do {
		sh_scratch_add(p, p->in->at++, 1);
		c = sh_peek(p);
	} while (digits ? braces && is_digit(c) : is_name_byte(c));
	name = sh_new_text(p, p->scratch, p->used);
	p->used = 0;
	return name;
}

static _Noreturn void no_such_expansion(struct sh_parser *p, const char *name)
{
	struct sh_pos pos = sh_pos_of(p, p->in->at);
	char shown[SH_SHOWN];
	int c = sh_peek(p);

	sh_shown(shown, name, strlen(name));
	if (c == '[')
		sh_wrong(p, pos, "there are no arrays: keep the list in \"$@\" with set --, or in lines of a text");
	if (c == ':')
		sh_wrong(p, pos, "there is no ${%s:OFFSET:LENGTH}: cut with ${%s#...} and ${%s%%...}, or a program",
			 shown, shown, shown);
	if (c == '/')
		sh_wrong(p, pos, "there is no ${%s/...}: replace with a program: printf %%s \"$%s\" | sed ...", shown,
			 shown);
	if (c == '^' || c == ',')
		sh_wrong(p, pos, "there is no ${%s%c}: change the case with a program: printf %%s \"$%s\" | tr a-z A-Z",
			 shown, c, shown);
	sh_wrong(p, pos, "${%s must be followed by \"}\" or one of - = ? + # %%", shown);
}

/* behind the name: what is done with it, and whether a word follows */
static void read_op(struct sh_parser *p, struct sh_part *part)
{
	static const char ops[] = "-=?+#%";
	static const enum sh_param_op types[] = {
		SH_OR_DEFAULT, SH_OR_ASSIGN, SH_OR_ERROR, SH_IF_SET, SH_CUT_HEAD, SH_CUT_TAIL,
	};
	const char *colon = p->in->at, *op;
	int c = sh_peek(p);

	if (c == ':') {
		part->param.colon = true;
		p->in->at++;
		c = sh_peek(p);
	}
	op = c > 0 ? strchr(ops, c) : NULL;
	if (!op || (part->param.colon && op - ops >= 4)) {
		if (c < 0)
			return;
		p->in->at = colon;
		no_such_expansion(p, part->param.name);
	}
	if (*op == '=' && !sh_is_name(part->param.name, strlen(part->param.name)))
		sh_wrong(p, sh_pos_of(p, p->in->at), "only a variable can be assigned to, not $%s",
			 part->param.name);
	p->in->at++;
	part->param.op = types[op - ops];
	if (op - ops >= 4 && sh_peek(p) == *op) {
		p->in->at++;
		part->param.op++;
	}
}

/* ${#…}: is # an operator here, or the parameter? The reader stands behind it. */
static bool is_length(struct sh_parser *p)
{
	const char *at = p->in->at;
	int c = sh_peek(p);
	bool length = is_name_byte(c);

	if (is_special(c)) {
		p->in->at++;
		length = sh_peek(p) == '}';
	}
	p->in->at = at;
	return length;
}

static void read_braced_name(struct sh_parser *p, struct sh_part *part)
{
	const char *at;

	if (sh_peek(p) == '#') {
		p->in->at++;
		if (is_length(p)) {
			part->param.op = SH_LENGTH;
			part->param.name = read_name(p, true);
		} else {
			part->param.name = "#";
		}
		return;
	}
	at = p->in->at;
	part->param.name = read_name(p, true);
	if (!part->param.name && sh_peek(p) >= 0)
		sh_wrong(p, sh_pos_of(p, at), "${ must be followed by a parameter's name");
	if (part->param.name && *part->param.name == '!' && is_name_byte(sh_peek(p)))
		sh_wrong(p, sh_pos_of(p, at), "there is no ${!name}: write eval \"x=\\$$name\"");
}

/* at "{" of "${" */
static void read_braces(struct sh_parser *p, struct sh_part *part, enum place place, const char *from)
{
	enum place within = place & IS_QUOTED ? QUOTED_BRACES : WITHIN_BRACES;

	p->in->at++;
	read_braced_name(p, part);
	if (sh_peek(p) >= 0 && sh_peek(p) != '}') {
		if (part->param.op == SH_LENGTH)
			sh_wrong(p, sh_pos_of(p, p->in->at), "${#%.40s must be followed by \"}\"", part->param.name);
		read_op(p, part);
		if (part->param.op >= SH_CUT_HEAD)
			within = WITHIN_BRACES;
		if (sh_peek(p) != '}')
			part->param.word = read_new(p, within);
	}
	if (sh_peek(p) < 0)
		sh_incomplete(p, sh_pos_of(p, from), "\"${\" is not closed by \"}\"");
	p->in->at++;
}

/* --- $ ---------------------------------------------------------------------------------------- */

/* behind "$((" */
static struct sh_word *read_arith(struct sh_parser *p, const char *from)
{
	struct sh_word *word = read_new(p, WITHIN_ARITH);

	if (sh_peek(p) < 0)
		sh_incomplete(p, sh_pos_of(p, from), "\"$((\" is not closed by \"))\"");
	p->in->at++;
	if (sh_peek(p) < 0)
		sh_incomplete(p, sh_pos_of(p, from), "\"$((\" is not closed by \"))\"");
	if (sh_peek(p) != ')')
		sh_wrong(p, sh_pos_of(p, from),
			 "\"$((\" is not closed by \"))\"; a command that begins with \"(\" needs a blank: $( (");
	p->in->at++;
	return word;
}

static void read_substitution(struct sh_parser *p, struct build *b, enum place place, const char *from)
{
	struct sh_pos pos = sh_pos_of(p, from);
	bool quoted = place & IS_QUOTED;
	const char *at = p->in->at;
	struct sh_part *part;

	p->in->at++;
	if (sh_peek(p) == '(') {
		p->in->at++;
		part = add_part(p, b, SH_ARITH, quoted, pos);
		part->arith = read_arith(p, from);
		return;
	}
	p->in->at = at;
	part = add_part(p, b, SH_COMMAND, quoted, pos);
	part->command = read_dollar_command(p, from);
}

static void read_dollar(struct sh_parser *p, struct build *b, enum place place)
{
	const char *from = p->in->at++;
	bool quoted = place & IS_QUOTED;
	int c = sh_peek(p);
	struct sh_part *part;

	if (c == '\'' && !quoted)
		sh_wrong(p, sh_pos_of(p, from), "$'...' is left out of this language: use $(printf '...')");
	if (c != '(' && c != '{' && !is_name_byte(c) && !is_special(c)) {
		add_literal(p, b, from, 1, quoted);
		return;
	}
	flush(p, b);
	sh_enter(p, from);
	if (c == '(') {
		read_substitution(p, b, place, from);
	} else {
		part = add_part(p, b, SH_PARAM, quoted, sh_pos_of(p, from));
		if (c == '{')
			read_braces(p, part, place, from);
		else
			part->param.name = read_name(p, false);
	}
	sh_leave(p);
}

/* --- quotes ----------------------------------------------------------------------------------- */

static void read_single(struct sh_parser *p, struct build *b)
{
	const char *from = p->in->at++, *s = p->in->at, *end;

	end = memchr(s, '\'', p->in->end - s);
	if (!end)
		sh_incomplete(p, sh_pos_of(p, from), "the quote ' is not closed");
	add_literal(p, b, s, end - s, true);
	p->in->at = end + 1;
}

static void read_double(struct sh_parser *p, struct build *b)
{
	const char *from = p->in->at++;
	struct sh_part **tail = b->tail;
	bool open = b->open;

	sh_enter(p, from);
	read_parts(p, b, WITHIN_QUOTES);
	if (sh_peek(p) != '"')
		sh_incomplete(p, sh_pos_of(p, from), "the quote \" is not closed");
	if (b->tail == tail && b->open == open)		/* "" */
		add_literal(p, b, p->in->at, 0, true);
	p->in->at++;
	sh_leave(p);
}

/* is a backslash taken out before this byte? */
static bool is_escaped(int c, enum place place)
{
	if (place & (BARE | WITHIN_BRACES))
		return true;
	if (c == '}')
		return place == QUOTED_BRACES;
	if (c == '"')
		return place != HERE;
	return c == '$' || c == '`' || c == '\\';
}

/* the reader has looked here: no newline follows */
static void read_backslash(struct sh_parser *p, struct build *b, enum place place)
{
	struct sh_reader *in = p->in;
	const char *from = in->at;
	char next[2] = { '\\' };

	if (in->end - from < 2) {
		if (!in->limit)
			sh_incomplete(p, sh_pos_of(p, from), "nothing follows the backslash");
		in->at++;
		add_literal(p, b, from, 1, place & IS_QUOTED);
		return;
	}
	next[1] = from[1];
	in->at += 2;
	if (is_escaped((unsigned char)next[1], place))
		add_literal(p, b, from + 1, 1, true);
	else
		add_literal(p, b, from, 2, true);
}

static _Noreturn void stray_byte(struct sh_parser *p, int c)
{
	sh_wrong(p, sh_pos_of(p, p->in->at), "a control byte (%d) stands outside of quotes", c);
}

/* one byte that means something here, or false: it ends what is read */
static bool read_special(struct sh_parser *p, struct build *b, enum place place, int c)
{
	struct sh_part *part;

	switch (c) {
	case '\\':
		read_backslash(p, b, place);
		return true;
	case '$':
		read_dollar(p, b, place);
		return true;
	case '`':
		flush(p, b);
		sh_enter(p, p->in->at);
		part = add_part(p, b, SH_COMMAND, place & IS_QUOTED, sh_pos_of(p, p->in->at));
		part->command = read_backquoted(p, place & IS_QUOTED);
		sh_leave(p);
		return true;
	case '\'':
		read_single(p, b);
		return true;
	case '"':
		if (place == WITHIN_QUOTES)
			return false;
		if (place == WITHIN_ARITH)
			p->in->at++;	/* it is as within quotes anyway */
		else
			read_double(p, b);
		return true;
	default:
		if (place == BARE && !sh_ends_word(c))
			stray_byte(p, c);
		return false;
	}
}

static void read_parts(struct sh_parser *p, struct build *b, enum place place)
{
	struct sh_reader *in = p->in;
	struct sh_pos open = { 0 };
	unsigned int depth = 0;
	const char *from;
	int c;

	while ((c = sh_peek(p)) >= 0) {
		from = in->at;
		while (in->at < in->end && !(stops[(unsigned char)*in->at] & place))
			in->at++;
		if (in->at > from) {
			add_literal(p, b, from, in->at - from, place & IS_QUOTED);
		} else if (place == WITHIN_ARITH && (c == '(' || (c == ')' && depth))) {
			if (c == '(' && !depth)
				open = sh_pos_of(p, from);
			depth += c == '(' ? 1 : -1;
			if (depth > SH_DEPTH_MAX)
				sh_wrong(p, sh_pos_of(p, from), "more than %d parentheses are within each other",
					 SH_DEPTH_MAX);
			add_literal(p, b, in->at++, 1, true);
		} else if (!read_special(p, b, place, c)) {
			break;
		}
	}
	if (depth)
		sh_incomplete(p, open, "\"(\" is not closed by \")\"");
}
