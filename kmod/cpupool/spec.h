/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be run: the body of POST /v1/exec, checked. Immutable once parsed; knows no node and no file.
 */
#ifndef VG_CPUPOOL_SPEC_H
#define VG_CPUPOOL_SPEC_H

#include "core/buf.h"
#include "core/str.h"

enum cp_kind { CP_PROGRAM, CP_FUNCTION, CP_KERNEL, CP_KINDS };

extern const char *const cp_kind_names[CP_KINDS + 1];

enum cp_spec_limit {
	CP_NAME_MAX	= 255,
	CP_ARGS_MAX	= 1024,
	CP_ENV_MAX	= 256,
	CP_ENV_NAME_MAX	= 128,
	CP_TEXT_MAX	= 80 << 10,	/* bytes of all strings, each with its NUL */
	CP_PRIORITY_MAX	= 100,
	CP_TOKENS_MAX	= 4096,
};

struct cp_spec {
	enum cp_kind kind;
	s32 priority;
	u64 timeout_ms;		/* 0: the node's own */
	bool has_cwd;
	u32 nargs, nenv;
	char *name;		/* in @text, like all that follows: NUL-terminated, one behind the other */
	char *cwd;		/* "" if none was given */
	char *args;		/* the first of nargs */
	char *env;		/* the first of nenv, "NAME=value" */
	char *text;
	size_t text_n;
	u8 *input;
	size_t input_n;
	u64 arg_bytes;		/* of arguments and input: what an expected run time depends on */
};

/* why a body was refused */
struct cp_fault {
	u16 status;		/* 400 or 413 */
	char why[160];
};

/* 0; -EINVAL with @fault filled; -ENOMEM. cp_spec_free() in any case. */
int cp_spec_parse(struct cp_spec *spec, const char *body, size_t n, struct cp_fault *fault);
/* A one-line command: words between blanks, quotes of either kind around blanks; the same values. */
int cp_spec_line(struct cp_spec *spec, struct vg_str line, struct cp_fault *fault);
void cp_spec_free(struct cp_spec *spec);

/* The string behind @s, which is one of a row */
static inline char *cp_next(char *s)
{
	return s + strlen(s) + 1;
}

#endif
