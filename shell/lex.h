/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the parser share: errors, characters and positions, tokens, words. Only they include this.
 * An error leaves by longjmp to sh_parse(): all memory is the arena's or the parser's, so nothing has to be
 * unwound on the way, and no caller has to ask.
 */
#ifndef SHELL_LEX_H
#define SHELL_LEX_H

#include <setjmp.h>

#include "shell/parse.h"

enum sh_tok_type {
	SH_T_END,	/* of the text, or of what is read within it */
	SH_T_NEWLINE,
	SH_T_WORD,
	SH_T_REDIR,
	SH_T_AND, SH_T_OR, SH_T_PIPE, SH_T_AMP, SH_T_SEMI, SH_T_DSEMI, SH_T_OPEN, SH_T_CLOSE,
};

struct sh_tok {
	enum sh_tok_type type;
	struct sh_pos pos;
	const char *from;		/* its source, up to where the reader stands */
	size_t len;
	struct sh_word *word;		/* SH_T_WORD */
	enum sh_redir_type redir;	/* SH_T_REDIR */
	int fd;
	bool tabs;			/* <<- */
};

/* a here-document whose text has not come yet */
struct sh_here {
	struct sh_here *next;
	struct sh_redir *redir;
	const char *delimiter;
	size_t len;
	bool quoted, tabs;
};

/*
 * What is being read: the text, a piece of it (a here-document) or a copy of a piece that lacks some
 * bytes (backslashes within ``, tabs of <<-). Of the latter two the end cannot be moved by more lines.
 */
struct sh_reader {
	const char *base, *at, *end;
	const struct sh_reader *outer;	/* a copy: where it was made of, and from where on */
	const char *outer_from;
	const uint32_t *cuts;		/* a copy: for each byte it lacks the offset of the next one it has */
	size_t ncuts;
	const char *limit;		/* what ends it, for errors; NULL: the text itself */
	bool continued;			/* it ends with a backslash and a newline */
	bool peeked;
	struct sh_tok tok;
	struct sh_here *pending, **pending_tail;
};

struct sh_parser {
	struct sh_script *script;
	struct sh_arena *arena;
	struct sh_reader *in;
	uint32_t *lines;		/* offsets where lines begin; one more at the end, behind the text */
	size_t nlines, line;		/* line: the last one looked up */
	char *scratch;			/* a literal that is being read */
	size_t used, room;
	unsigned int depth, height;
	enum sh_parsed status;
	struct sh_syntax_error *err;
	jmp_buf escape;
};

/* error.c */
enum {
	SH_SHOWN = 64,
	SH_TOK_SHOWN = SH_SHOWN + 40,
};
/* a piece of source as an error shows it: printable, not long; buf of SH_SHOWN bytes */
const char *sh_shown(char *buf, const char *s, size_t len);
void sh_no_memory(struct sh_parser *p) __attribute__((noreturn));
void sh_wrong(struct sh_parser *p, struct sh_pos pos, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
/* more lines could help; where the end is fixed it is simply wrong */
void sh_incomplete(struct sh_parser *p, struct sh_pos pos, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
/* the token that comes next is not what it should be */
void sh_unexpected(struct sh_parser *p, const char *expected) __attribute__((noreturn));
/* the token that was looked at last; buf of SH_TOK_SHOWN bytes */
const char *sh_tok_shown(const struct sh_parser *p, char *buf);

/* lex.c */
void *sh_new_piece(struct sh_parser *p, size_t size);
char *sh_new_text(struct sh_parser *p, const char *s, size_t len);
struct sh_pos sh_pos_of(struct sh_parser *p, const char *at);
/* the next byte, -1 at the end; a backslash and a newline are not there */
int sh_peek(struct sh_parser *p);
void sh_enter(struct sh_parser *p, const char *at);
void sh_leave(struct sh_parser *p);
struct sh_tok *sh_next_token(struct sh_parser *p);	/* look at it */
void sh_take(struct sh_parser *p);			/* and take it */
/* make copy the source of what follows: a piece of the current one from "from" on */
void sh_read_from(struct sh_parser *p, struct sh_reader *copy, const char *limit);
void sh_add_here(struct sh_parser *p, struct sh_redir *redir, bool tabs);
/* there is a here-document whose text should have begun before this */
void sh_no_pending(struct sh_parser *p, const char *before);

/* word.c */
void sh_scratch_add(struct sh_parser *p, const char *s, size_t len);
/* at the first byte of a word */
struct sh_word *sh_read_word(struct sh_parser *p);
/* all there is, as within "" but for the quote itself */
void sh_read_here(struct sh_parser *p, struct sh_word *word);
void sh_word_done(struct sh_parser *p, struct sh_word *word);
bool sh_ends_word(int c);

/* parse.c */
/* commands up to what cannot begin one; NULL: none */
struct sh_node *sh_read_list(struct sh_parser *p);
/* a list has ended, but not with what should end it */
void sh_stray(struct sh_parser *p, const char *expected) __attribute__((noreturn));

/* compound.c */
/* what a word means where a command may begin */
enum sh_key {
	SH_K_NONE, SH_K_NOT, SH_K_IF, SH_K_THEN, SH_K_ELIF, SH_K_ELSE, SH_K_FI, SH_K_FOR, SH_K_WHILE, SH_K_UNTIL,
	SH_K_DO, SH_K_DONE, SH_K_CASE, SH_K_IN, SH_K_ESAC, SH_K_BRACE, SH_K_END_BRACE,
	SH_K_TEST, SH_K_FUNCTION, SH_K_SELECT, SH_K_COPROC,	/* left out */
};
enum sh_key sh_key_of(const struct sh_word *word);
/* the token that comes next */
enum sh_key sh_next_key(struct sh_parser *p);
/* a compound command without what may follow it (redirections); NULL: none begins here */
struct sh_node *sh_read_compound(struct sh_parser *p);
void sh_skip_newlines(struct sh_parser *p);
struct sh_node *sh_new_node(struct sh_parser *p, enum sh_node_type type);

#endif
