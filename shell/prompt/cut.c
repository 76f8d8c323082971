// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where in the language the cursor stands: a rough lexer that never fails, for text that is not
 * finished. Knows quotes, operators, substitutions within each other, redirections, here-documents
 * and reserved words; nothing of what commands there are.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/prompt/cut.h"

enum { FRAMES_MAX = 64, HERE_MAX = 8, WORDS_MAX = 4096 };

enum redirection { NONE, TO_FILE, TO_FD, HERE };

/* One command list on its way: the text, or what stands within $( ), ` ` or ${ }. */
struct frame {
	char closer;		/* 0: the text; ) ` } or a for $(( */
	char **words;
	size_t n;
	char *word;
	size_t len;
	bool in_word, quoted, expands, program, piped;
	size_t start;
	size_t equals;		/* where the value of name=value begins; 0: it is none */
	char quote;
	enum redirection redir;
	unsigned int parens, cases;
};

struct lexer {
	const char *text;
	size_t len, at;
	struct frame frames[FRAMES_MAX];
	unsigned int depth;
	char *here[HERE_MAX];
	unsigned int nhere;
	bool here_tabs[HERE_MAX], strip;
	bool failed, lost;	/* out of memory; too deep, or where no word is */
	size_t variable;	/* where the name begins that the text ends with; 0: it does not */
	bool brace;
};

static void add(struct lexer *l, struct frame *f, char c)
{
	char *word;

	if (!f->in_word) {
		f->in_word = true;
		f->start = l->at;
	}
	if ((f->len & 63) == 0) {
		word = realloc(f->word, f->len + 64 + 1);
		if (!word) {
			l->failed = true;
			return;
		}
		f->word = word;
	}
	f->word[f->len++] = c;
}

static void begin(struct lexer *l, struct frame *f)
{
	if (f->in_word)
		return;
	f->in_word = true;
	f->start = l->at;
}

static void clear_word(struct frame *f)
{
	free(f->word);
	f->word = NULL;
	f->len = f->equals = 0;
	f->in_word = f->quoted = f->expands = false;
}

static void clear_words(struct frame *f)
{
	while (f->n)
		free(f->words[--f->n]);
	free(f->words);
	f->words = NULL;
}

static void end_command(struct frame *f)
{
	clear_word(f);
	clear_words(f);
	f->program = f->piped = false;
	f->redir = NONE;
}

static char *take_word(struct lexer *l, struct frame *f)
{
	char *word = f->word ? f->word : malloc(1);

	if (!word) {
		l->failed = true;
		return NULL;
	}
	word[f->len] = '\0';
	f->word = NULL;
	clear_word(f);
	return word;
}

/* words that a command follows */
static bool opens(const char *word)
{
	static const char *const words[] = {
		"if", "then", "elif", "else", "while", "until", "do", "{", "!", "}", "fi", "done",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

/* a word that is complete and no redirection's */
static void keep_word(struct lexer *l, struct frame *f)
{
	bool plain = !f->quoted && !f->expands, assigns = f->equals && !f->n;
	char *word = take_word(l, f), **words;

	if (!word)
		return;
	if (!f->n && !f->program && plain && !strcmp(word, "case"))
		f->cases++;
	else if (!f->n && !f->program && plain && !strcmp(word, "esac"))
		f->cases -= f->cases > 0;
	if (assigns || f->n == WORDS_MAX || (!f->n && !f->program && plain && opens(word))) {
		free(word);
		return;
	}
	if (f->n == 2 && !strcmp(f->words[0], "case") && !strcmp(word, "in")) {
		free(word);
		end_command(f);
		return;
	}
	words = realloc(f->words, (f->n + 1) * sizeof(*words));
	if (!words) {
		free(word);
		l->failed = true;
		return;
	}
	f->words = words;
	f->words[f->n++] = word;
}

static void end_word(struct lexer *l, struct frame *f)
{
	char *word;

	if (!f->in_word)
		return;
	if (f->redir == NONE) {
		keep_word(l, f);
		return;
	}
	word = take_word(l, f);
	if (f->redir == HERE && l->nhere < HERE_MAX && word) {
		l->here_tabs[l->nhere] = l->strip;
		l->here[l->nhere++] = word;
	} else {
		free(word);
	}
	f->redir = NONE;
}

static void push(struct lexer *l, char closer)
{
	struct frame *f;

	if (l->depth + 1 == FRAMES_MAX) {
		l->lost = true;
		l->at = l->len;
		return;
	}
	f = &l->frames[++l->depth];
	memset(f, 0, sizeof(*f));
	f->closer = closer;
}

static void pop(struct lexer *l)
{
	end_command(&l->frames[l->depth--]);
	add(l, &l->frames[l->depth], '?');	/* whatever it comes to */
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* $name, ${…}, $(…), $((…)): at stands on the $ */
static void dollar(struct lexer *l, struct frame *f)
{
	size_t i = l->at + 1;

	begin(l, f);
	f->expands = true;
	if (i < l->len && l->text[i] == '(') {
		push(l, i + 1 < l->len && l->text[i + 1] == '(' ? 'a' : ')');
		l->at = l->lost ? l->len : i + (l->frames[l->depth].closer == 'a');
		return;
	}
	l->brace = i < l->len && l->text[i] == '{';
	i += l->brace;
	i += l->brace && i < l->len && l->text[i] == '#';
	l->variable = i;
	while (i < l->len && name_char(l->text[i]))
		i++;
	if (i == l->len) {
		l->at = i;
		return;
	}
	l->variable = 0;
	if (l->brace) {
		push(l, '}');
		l->at = l->lost ? l->len : i - 1;
		return;
	}
	add(l, f, '?');
	l->at = i - 1;
}

/* the lines of here-documents follow: at stands on the newline before them */
static void skip_here(struct lexer *l)
{
	const char *line, *end;
	unsigned int i = 0;
	size_t n;

	while (i < l->nhere && l->at < l->len) {
		line = l->text + l->at + 1;
		if (line >= l->text + l->len) {
			l->lost = true;
			break;
		}
		end = memchr(line, '\n', (size_t)(l->text + l->len - line));
		l->lost = !end;
		l->at = end ? (size_t)(end - l->text) : l->len;
		for (; l->here_tabs[i] && *line == '\t' && end && line < end; line++)
			;
		n = strlen(l->here[i]);
		if (end && (size_t)(end - line) == n && !strncmp(line, l->here[i], n))
			i++;
	}
	if (l->lost)
		l->at = l->len;
	while (l->nhere)
		free(l->here[--l->nhere]);
}

static char peek(const struct lexer *l)
{
	return l->at + 1 < l->len ? l->text[l->at + 1] : '\0';
}

static void redirection(struct lexer *l, struct frame *f, char c)
{
	size_t i;

	for (i = 0; i < f->len && isdigit((unsigned char)f->word[i]); i++)
		;
	if (f->in_word && i == f->len && !f->quoted)
		clear_word(f);		/* the descriptor before it */
	end_word(l, f);
	f->redir = TO_FILE;
	if (c == '<' && peek(l) == '<') {
		l->at++;
		f->redir = HERE;
		l->strip = peek(l) == '-';
		l->at += l->strip;
	} else if (peek(l) == '&') {
		l->at++;
		f->redir = TO_FD;
	} else if (peek(l) == '>' || peek(l) == '|') {
		l->at++;
	}
}

static void close_paren(struct lexer *l, struct frame *f)
{
	end_word(l, f);
	if (!f->parens && !f->cases && f->closer == ')') {
		pop(l);
		return;
	}
	f->parens -= f->parens > 0;
	end_command(f);
}

static void open_paren(struct lexer *l, struct frame *f)
{
	if (f->in_word && !f->n && peek(l) == ')') {	/* name() */
		l->at++;
		end_command(f);
		return;
	}
	end_word(l, f);
	end_command(f);
	f->parens++;
}

static void line_end(struct lexer *l, struct frame *f)
{
	end_word(l, f);
	end_command(f);
	if (l->nhere)
		skip_here(l);
}

static void comment(struct lexer *l)
{
	const char *end = memchr(l->text + l->at, '\n', l->len - l->at);

	l->lost = !end;
	l->at = end ? (size_t)(end - l->text) - 1 : l->len;
}

/* operators; false: the character is an ordinary one */
static bool operator(struct lexer *l, struct frame *f, char c)
{
	switch (c) {
	case ' ':
	case '\t':
		end_word(l, f);
		return true;
	case '\n':
		line_end(l, f);
		return true;
	case ';':
	case '&':
		end_word(l, f);
		end_command(f);
		return true;
	case '|':
		end_word(l, f);
		end_command(f);
		f->piped = peek(l) != '|';
		l->at += !f->piped;
		return true;
	case '(':
		open_paren(l, f);
		return true;
	case ')':
		close_paren(l, f);
		return true;
	case '<':
	case '>':
		redirection(l, f, c);
		return true;
	}
	return false;
}

static void backslash(struct lexer *l, struct frame *f)
{
	static const char within[] = "$`\"\\";
	char next = peek(l);

	begin(l, f);
	if (l->at + 1 >= l->len)
		return;
	if (f->quote && !strchr(within, next) && next != '\n')
		add(l, f, '\\');
	f->quoted = true;
	l->at++;
	if (next != '\n')
		add(l, f, next);
}

static void ordinary(struct lexer *l, struct frame *f, char c)
{
	size_t i;

	/* "!" and a blank negates: then it is a word */
	if (c == '!' && !f->in_word && !f->n && f->redir == NONE && !f->program &&
	    !strchr(" \t\n", l->at + 1 < l->len ? peek(l) : '!')) {
		f->program = true;
		return;
	}
	for (i = 0; i < f->len && name_char(f->word[i]); i++)
		;
	if (c == '=' && !f->equals && f->len && i == f->len && !f->quoted && !f->expands && !f->n &&
	    !isdigit((unsigned char)f->word[0]))
		f->equals = f->len + 1;
	add(l, f, c);
}

static void quote(struct lexer *l, struct frame *f, char c)
{
	begin(l, f);
	f->quoted = true;
	f->quote = f->quote ? '\0' : c;
}

static void grave(struct lexer *l, struct frame *f)
{
	if (f->closer == '`' && !f->quote) {
		end_word(l, f);
		pop(l);
		return;
	}
	begin(l, f);
	f->expands = true;
	push(l, '`');
}

/* within $(( )) and behind the name in ${ }: nothing is cut there */
static bool in_expression(struct lexer *l, struct frame *f, char c)
{
	if (f->closer == '}' && c == '}') {
		pop(l);
		return true;
	}
	if (f->closer != 'a')
		return f->closer == '}' && strchr(" \t\n;|&<>()!#", c);
	if (c == '(') {
		f->parens++;
	} else if (c == ')' && f->parens) {
		f->parens--;
	} else if (c == ')') {
		l->at += peek(l) == ')';
		pop(l);
	} else {
		return c != '$' && c != '`' && c != '\\';
	}
	return true;
}

static void step(struct lexer *l)
{
	struct frame *f = &l->frames[l->depth];
	char c = l->text[l->at];

	if (f->quote == '\'') {
		if (c == '\'')
			f->quote = '\0';
		else
			add(l, f, c);
	} else if (!f->quote && in_expression(l, f, c)) {
		return;
	} else if (c == '"' || (c == '\'' && !f->quote)) {
		quote(l, f, c);
	} else if (c == '\\') {
		backslash(l, f);
	} else if (c == '$') {
		dollar(l, f);
	} else if (c == '`') {
		grave(l, f);
	} else if (f->quote) {
		add(l, f, c);
	} else if (c == '#' && !f->in_word) {
		comment(l);
	} else if (!operator(l, f, c)) {
		ordinary(l, f, c);
	}
}

/* what is wanted there, from the frame that the text ended in */
static enum cut_kind kind_of(const struct lexer *l, const struct frame *f)
{
	if (l->lost || f->redir == HERE || f->redir == TO_FD)
		return CUT_NOTHING;
	if (f->closer == 'a' || f->closer == '}')
		return CUT_NOTHING;
	if (f->redir == TO_FILE || (f->equals && !f->n))
		return CUT_FILE;
	if (!f->n)
		return CUT_COMMAND;
	if (f->program || (strcmp(f->words[0], "for") && strcmp(f->words[0], "case")))
		return CUT_ARGUMENT;
	return f->n > 2 && !strcmp(f->words[0], "for") ? CUT_FILE : CUT_NOTHING;
}

static void tell_variable(struct lexer *l, struct cut *cut)
{
	cut->kind = CUT_VARIABLE;
	cut->start = l->variable;
	cut->brace = l->brace;
	cut->quote = l->frames[l->depth].quote;
	cut->word = strndup(l->text + l->variable, l->len - l->variable);
}

static void tell(struct lexer *l, struct cut *cut)
{
	struct frame *f = &l->frames[l->depth];
	size_t skip = 0;

	cut->kind = kind_of(l, f);
	cut->quote = f->quote;
	cut->program = f->program;
	cut->piped = f->piped;
	cut->expands = f->expands;
	cut->start = f->in_word ? f->start : l->len;
	if (cut->kind == CUT_FILE && f->equals && !f->n && f->redir == NONE) {
		skip = f->equals;
		cut->start += skip;	/* a name holds no quotes: as many bytes */
	}
	cut->words = f->words;
	cut->n = f->n;
	f->words = NULL;
	f->n = 0;
	cut->word = strndup(f->len > skip ? f->word + skip : "", f->len - skip);
}

int cut_text(struct cut *cut, const char *text, size_t len)
{
	struct lexer l = { .text = text, .len = len };

	memset(cut, 0, sizeof(*cut));
	for (l.at = 0; l.at < len && !l.failed && !l.lost; l.at++)
		step(&l);
	if (l.variable && !l.lost)
		tell_variable(&l, cut);
	else
		tell(&l, cut);
	for (;; l.depth--) {
		end_command(&l.frames[l.depth]);
		if (!l.depth)
			break;
	}
	while (l.nhere)
		free(l.here[--l.nhere]);
	if (!l.failed && cut->word)
		return 0;
	cut_free(cut);
	return -1;
}

void cut_free(struct cut *cut)
{
	while (cut->n)
		free(cut->words[--cut->n]);
	free(cut->words);
	free(cut->word);
	memset(cut, 0, sizeof(*cut));
}
