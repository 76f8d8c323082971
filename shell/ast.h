/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tree of a script: what the parser builds and the evaluator walks. Nothing changes it once it is
 * there. All of it lies in one arena, freed with the script; text ends with a NUL and holds no other.
 */
#ifndef SHELL_AST_H
#define SHELL_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* from 1; columns count bytes */
struct sh_pos {
	uint32_t line, col;
};

struct sh_node;
struct sh_word;

enum sh_part_type {
	SH_LITERAL,	/* text */
	SH_PARAM,	/* $name, ${name…} */
	SH_COMMAND,	/* $(…), `…` */
	SH_ARITH,	/* $((…)) */
};

/* what ${name OP word} does; a colon makes an empty value count as none */
enum sh_param_op {
	SH_VALUE,		/* ${name} */
	SH_LENGTH,		/* ${#name} */
	SH_OR_DEFAULT,		/* - */
	SH_OR_ASSIGN,		/* = */
	SH_OR_ERROR,		/* ? */
	SH_IF_SET,		/* + */
	SH_CUT_HEAD,		/* # */
	SH_CUT_LONG_HEAD,	/* ## */
	SH_CUT_TAIL,		/* % */
	SH_CUT_LONG_TAIL,	/* %% */
};

struct sh_part {
	struct sh_part *next;
	struct sh_pos pos;
	enum sh_part_type type;
	bool quoted;		/* by '', "" or \: neither split nor a pattern; "" alone is an empty literal */
	union {
		struct {
			const char *text;	/* the quotes are taken out */
			size_t len;
		} literal;
		struct {
			const char *name;	/* a name, digits, or one of @ * # ? - $ ! */
			enum sh_param_op op;
			bool colon;
			struct sh_word *word;	/* one word, not split when parsed; NULL: none */
		} param;
		struct sh_node *command;	/* a list; NULL: nothing is in it */
		struct sh_word *arith;		/* the expression, its parts as within "" */
	};
};

struct sh_word {
	struct sh_word *next;
	struct sh_pos pos;
	struct sh_part *parts;	/* NULL: the empty text */
	const char *literal;	/* all of it, if it is but literals, quoted or not; else NULL */
	bool quoted;		/* some part is: then it does not vanish when it comes to nothing */
};

struct sh_assign {
	struct sh_assign *next;
	struct sh_pos pos;
	const char *name;
	struct sh_word *value;	/* never NULL */
};

enum sh_redir_type {
	SH_IN,			/* < */
	SH_OUT,			/* > and >| */
	SH_APPEND,		/* >> */
	SH_IN_OUT,		/* <> */
	SH_HERE,		/* <<: word is the text, leading tabs taken away for <<- */
	SH_DUP_IN,		/* <& */
	SH_DUP_OUT,		/* >& */
};

struct sh_redir {
	struct sh_redir *next;
	struct sh_pos pos;
	enum sh_redir_type type;
	int fd;			/* the one that changes: 0 to 9 */
	struct sh_word *word;
};

struct sh_case {
	struct sh_case *next;
	struct sh_word *patterns;
	struct sh_node *body;	/* NULL: nothing */
};

enum sh_node_type {
	SH_SIMPLE,		/* a=b command word … */
	SH_PIPE,		/* a | b | c; one stage only where it is negated */
	SH_AND, SH_OR,		/* a && b, a || b */
	SH_GROUP,		/* { …; } */
	SH_SUBSHELL,		/* ( … ) */
	SH_IF, SH_WHILE, SH_UNTIL, SH_FOR, SH_CASE,
	SH_FUNCTION,		/* name() … */
};

/* One command. A list is commands linked by next. */
struct sh_node {
	struct sh_node *next;
	struct sh_pos pos;
	enum sh_node_type type;
	struct sh_redir *redirs;	/* of simple and compound commands, in their order */
	union {
		struct {
			struct sh_assign *assigns;
			struct sh_word *words;
			bool program;		/* !word: a program of this machine; words lack the "!" */
		} simple;
		struct {
			struct sh_node *stages;	/* linked by next */
			unsigned int n;
			bool negated;		/* ! a | b */
		} pipe;
		struct {
			struct sh_node *left, *right;
		} pair;				/* SH_AND, SH_OR */
		struct sh_node *body;		/* SH_GROUP, SH_SUBSHELL: a list */
		struct {
			struct sh_node *test, *then, *otherwise;	/* lists; otherwise may be NULL */
		} choice;			/* SH_IF; elif is an SH_IF in otherwise */
		struct {
			struct sh_node *test, *body;	/* lists */
		} loop;				/* SH_WHILE, SH_UNTIL */
		struct {
			const char *name;
			struct sh_word *words;
			bool given;		/* "in" is there; else "$@" */
			struct sh_node *body;
		} each;				/* SH_FOR */
		struct {
			struct sh_word *word;
			struct sh_case *cases;
		} select;			/* SH_CASE */
		struct {
			const char *name;
			struct sh_node *body;	/* one compound command */
		} function;
	};
};

/* One parsed text. Functions that it defines hold a reference, so that they outlive their file. */
struct sh_script {
	unsigned int refs;
	const char *name;		/* a file's name or "-c", for errors */
	struct sh_node *list;		/* NULL: nothing to do */
	const char *text;		/* the source, for errors: lines begin at line first_line */
	size_t len;
	uint32_t first_line;
	struct sh_arena *arena;
};

#endif
