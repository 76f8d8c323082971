/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From text to a tree. Pure: runs nothing, prints nothing, knows no variables. The text may come from
 * anybody: depth, size and time are bounded.
 */
#ifndef SHELL_PARSE_H
#define SHELL_PARSE_H

#include "shell/ast.h"

enum sh_parse_limit {
	SH_TEXT_MAX = 16 << 20,		/* bytes of a script; its tree may take 50 times that */
	SH_DEPTH_MAX = 200,		/* constructs, quotes and substitutions within each other */
	SH_HEIGHT_MAX = 2000,		/* levels of the tree: each && or || of a chain, each elif is one */
	SH_MESSAGE_MAX = 256,
};

enum sh_parsed {
	SH_PARSED,
	SH_INCOMPLETE,		/* more lines could make it right: a prompt asks for them */
	SH_WRONG,
	SH_NO_MEMORY,
};

struct sh_syntax_error {
	struct sh_pos pos;
	char message[SH_MESSAGE_MAX];	/* what is wrong; where a construct is left out, what to use */
};

/*
 * Parse len bytes, of which the first line is first_line. name and text are copied. *script has one
 * reference. Other than SH_PARSED: *script is NULL and *err is filled; for SH_INCOMPLETE with what is
 * missing (an unclosed quote's position is where it began).
 */
enum sh_parsed sh_parse(struct sh_script **script, const char *name, const char *text, size_t len,
			uint32_t first_line, struct sh_syntax_error *err);
struct sh_script *sh_script_get(struct sh_script *script);
void sh_script_put(struct sh_script *script);		/* NULL is fine */

/* line pos.line of the script, without its newline: *len bytes; NULL: no such line */
const char *sh_script_line(const struct sh_script *script, uint32_t line, size_t *len);
/* is it a name: letters, digits and _, no digit first? */
bool sh_is_name(const char *s, size_t len);
/* words that begin or end a construct ("if", "done", "{" …), ended by NULL: for completion and help */
extern const char *const sh_reserved[];

/* arena.c: memory that is freed all at once */
struct sh_arena;
struct sh_arena *sh_arena_new(void);
void sh_arena_free(struct sh_arena *arena);
/* zeroed and aligned for pointers and 64 bits; NULL: out of memory */
void *sh_alloc(struct sh_arena *arena, size_t size);
char *sh_strndup(struct sh_arena *arena, const char *s, size_t len);

#endif
