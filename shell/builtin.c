// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The commands of the language itself: their table, which serves running them, help and completion,
 * and those of a few lines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shell/int.h"

static int b_true(struct sh *sh, int argc, const char *const *argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 0;
}

static int b_false(struct sh *sh, int argc, const char *const *argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 1;
}

static int b_echo(struct sh *sh, int argc, const char *const *argv)
{
	bool newline = argc < 2 || strcmp(argv[1], "-n");
	int i;

	(void)sh;
	for (i = newline ? 1 : 2; i < argc; i++) {
		fwrite(argv[i], 1, strlen(argv[i]), stdout);
		if (i + 1 < argc)
			putc(' ', stdout);
	}
	if (newline)
		putc('\n', stdout);
	return 0;
}

/* a count or status in argv[1]: -1 after complaining */
static int number_of(struct sh *sh, int argc, const char *const *argv, int usual, int least)
{
	int64_t n;

	if (argc < 2)
		return usual;
	if (argc > 2) {
		sh_usage(sh, argv);
		return -1;
	}
	if (*argv[1] && !sh_parse_number(argv[1], &n) && n >= least && n <= INT32_MAX)
		return (int)n;
	sh_complain(sh, argv, "\"%.60s\" is no number from %d on", argv[1], least);
	return -1;
}

static int leave_loops(struct sh *sh, int argc, const char *const *argv, enum sh_flow flow)
{
	int n = number_of(sh, argc, argv, 1, 1);

	if (n < 0)
		return SH_ST_ERROR;
	if (!sh->loops)
		return 0;
	sh->flow = flow;
	sh->levels = (unsigned int)n < sh->loops ? (unsigned int)n : sh->loops;
	return 0;
}

static int b_break(struct sh *sh, int argc, const char *const *argv)
{
	return leave_loops(sh, argc, argv, SH_BREAK);
}

static int b_continue(struct sh *sh, int argc, const char *const *argv)
{
	return leave_loops(sh, argc, argv, SH_CONTINUE);
}

static int b_return(struct sh *sh, int argc, const char *const *argv)
{
	int n = number_of(sh, argc, argv, sh->status, 0);

	if (n < 0)
		return SH_ST_ERROR;
	sh->flow = SH_RETURN;
	return n & 255;
}

static int b_exit(struct sh *sh, int argc, const char *const *argv)
{
	int n = number_of(sh, argc, argv, sh->trap_status >= 0 ? sh->trap_status : sh->status, 0);

	if (n < 0)
		return SH_ST_ERROR;
	sh->flow = SH_EXIT;
	sh->ending = n & 255;
	return sh->ending;
}

static int b_eval(struct sh *sh, int argc, const char *const *argv)
{
	struct sh_buf b = { 0 };
	int i;

	for (i = 1; i < argc; i++) {
		if (i > 1)
			sh_buf_byte(sh, &b, ' ');
		sh_buf_add(sh, &b, argv[i], strlen(argv[i]));
	}
	if (sh->flow)
		return sh->ending;
	return b.len ? sh_eval_text(sh, "eval", sh_buf_end(sh, &b), b.len) : 0;
}

/* POSIX looks for a name without a slash in PATH, and nowhere else */
static const char *find_source(struct sh *sh, const char *name)
{
	const char *dirs = sh_get(sh, "PATH"), *end;
	struct sh_buf b;
	FILE *f;

	if (strchr(name, '/'))
		return name;
	for (; dirs; dirs = *end ? end + 1 : NULL) {
		end = strchrnul(dirs, ':');
		b = (struct sh_buf){ 0 };
		sh_buf_printf(sh, &b, "%.*s%s%s", (int)(end - dirs), dirs, end == dirs ? "" : "/",
			      name);
		f = fopen(sh_buf_end(sh, &b), "re");
		if (!f)
			continue;
		fclose(f);
		return b.data;
	}
	return NULL;
}

static int b_source(struct sh *sh, int argc, const char *const *argv)
{
	struct sh_args args = sh->args;
	const char *path;
	int status;

	if (argc < 2)
		return sh_usage(sh, argv);
	path = find_source(sh, argv[1]);
	if (!path)
		return sh_complain(sh, argv, "no \"%.200s\" in PATH; ./%.200s is one of this directory",
				   argv[1], argv[1]);
	if (argc > 2)
		sh->args = (struct sh_args){ .v = argv + 2, .n = argc - 2 };
	status = sh_eval_file(sh, path);
	if (sh->flow == SH_RETURN)
		sh->flow = SH_GO;
	if (status == SH_ST_NOT_FOUND && !sh->flow && !sh->opt.interactive)
		sh_stop(sh, SH_ST_ERROR);
	if (argc > 2) {
		sh_args_free(&sh->args);
		sh->args = args;
	}
	return status;
}

static int setting(struct sh *sh, int argc, const char *const *argv)
{
	const char *text;

	if (argc > 2)
		return sh_usage(sh, argv);
	if (argc < 2) {
		text = sh->host->get ? sh->host->get(sh->host->arg, argv[0]) : NULL;
		if (text)
			puts(text);
		return 0;
	}
	text = sh->host->set ? sh->host->set(sh->host->arg, argv[0], argv[1]) : "not known here";
	return text ? sh_complain(sh, argv, "%s", text) : 0;
}

static const struct sh_builtin builtins[] = {
	{ { ".", ". FILE [ARG…]", "run the commands of a file in this shell" }, b_source,
	  SH_B_SPECIAL },
	{ { ":", ": [WORD…]", "do nothing, and succeed" }, b_true, SH_B_SPECIAL | SH_B_PURE },
	{ { "[", "[ EXPRESSION ]", "ask whether something is so; see test" }, sh_b_test, SH_B_PURE },
	{ { "break", "break [N]", "leave the loop, or N of them" }, b_break, SH_B_SPECIAL },
	{ { "cd", "cd [-L | -P] [DIR | -]", "go to a directory of this machine; home without DIR" },
	  sh_b_cd, 0 },
	{ { "command", "command [-v | -V] WORD [ARG…]",
	    "run a command though a function has its name; -v says who answers to it" },
	  sh_b_command, 0 },
	{ { "continue", "continue [N]", "begin the next round of the loop, or of the Nth around it" },
	  b_continue, SH_B_SPECIAL },
	{ { "echo", "echo [-n] [WORD…]", "print words as they are; -n: no newline" }, b_echo,
	  SH_B_PURE },
	{ { "eval", "eval [WORD…]", "run the words as commands" }, b_eval, SH_B_SPECIAL },
	{ { "exit", "exit [STATUS]", "end the shell" }, b_exit, SH_B_SPECIAL },
	{ { "export", "export [-p | NAME[=VALUE]…]", "hand variables to the programs that are run" },
	  sh_b_export, SH_B_SPECIAL | SH_B_DECLARES },
	{ { "false", "false", "do nothing, and fail" }, b_false, SH_B_PURE },
	{ { "getopts", "getopts OPTIONS NAME [ARG…]", "take the next option into NAME and OPTARG" },
	  sh_b_getopts, 0 },
	{ { "help", "help [WORD…]", "show help on a command, a construct, or all" }, sh_b_help,
	  SH_B_PURE },
	{ { "local", "local NAME[=VALUE]…", "give a variable back its value when the function ends" },
	  sh_b_local, SH_B_SPECIAL | SH_B_DECLARES },
	{ { "output", "output [table | json | ndjson | tsv | raw | -]",
	    "choose the format of all commands that follow; -: each command's own" }, setting, 0 },
	{ { "printf", "printf FORMAT [ARG…]", "print words in a format" }, sh_b_printf, SH_B_PURE },
	{ { "pwd", "pwd [-L | -P]", "print this machine's directory we are in" }, sh_b_pwd,
	  SH_B_PURE },
	{ { "read", "read [-r] [-p PROMPT] NAME…",
	    "read a line into variables; -r: a backslash is one" }, sh_b_read, 0 },
	{ { "readonly", "readonly [-p | NAME[=VALUE]…]", "let variables never change again" },
	  sh_b_readonly, SH_B_SPECIAL | SH_B_DECLARES },
	{ { "return", "return [STATUS]", "leave the function or the sourced file" }, b_return,
	  SH_B_SPECIAL },
	{ { "set", "set [-eux] [+eux] [-o NAME] [--] [ARG…]",
	    "choose how the shell runs, set $1 …, or show all variables" }, sh_b_set, SH_B_SPECIAL },
	{ { "shift", "shift [N]", "drop the first argument, or N of them" }, sh_b_shift,
	  SH_B_SPECIAL },
	{ { "sleep", "sleep TIME…", "wait: 5, 0.5, 500ms, 2m, 1h, 1d" }, sh_b_sleep, SH_B_PURE },
	{ { "source", "source FILE [ARG…]", "run the commands of a file in this shell" }, b_source,
	  SH_B_SPECIAL },
	{ { "test", "test EXPRESSION",
	    "ask whether something is so: -f FILE, -n TEXT, A = B, N -lt M, ! …" }, sh_b_test,
	  SH_B_PURE },
	{ { "timing", "timing [on | off]", "say how long each command took" }, setting, 0 },
	{ { "trap", "trap [ACTION | -] [EXIT | SIGNAL…]",
	    "run commands at the end or when a signal comes" }, sh_b_trap, SH_B_SPECIAL },
	{ { "true", "true", "do nothing, and succeed" }, b_true, SH_B_PURE },
	{ { "type", "type WORD…", "say who answers to a word" }, sh_b_type, SH_B_PURE },
	{ { "umask", "umask [-S] [MODE]", "show or set what new files are closed to" }, sh_b_umask, 0 },
	{ { "unset", "unset [-v | -f] NAME…", "forget variables or functions" }, sh_b_unset,
	  SH_B_SPECIAL },
	{ { "use", "use [SET | all | -]", "choose the nodes; -: as when the shell began" }, setting, 0 },
};

/* a slot a word: first and last letter and the length tell all of them well enough apart */
static const struct sh_builtin *slots[256];

static unsigned int slot_of(const char *name, size_t len)
{
	return ((unsigned char)name[0] * 7u + (unsigned char)name[len - 1] * 31u +
		(unsigned int)len * 11u) & 255;
}

static void fill_slots(void)
{
	unsigned int at;
	size_t i;

	for (i = 0; i < SH_COUNT(builtins); i++) {
		at = slot_of(builtins[i].help.name, strlen(builtins[i].help.name));
		while (slots[at])
			at = (at + 1) & 255;
		slots[at] = &builtins[i];
	}
}

const struct sh_builtin *sh_builtin_find(const char *name)
{
	static bool filled;
	size_t len = strlen(name);
	unsigned int at;

	if (!filled)
		fill_slots();
	filled = true;
	if (!len)
		return NULL;
	for (at = slot_of(name, len); slots[at]; at = (at + 1) & 255)
		if (!strcmp(slots[at]->help.name, name))
			return slots[at];
	return NULL;
}

const struct sh_word_help *sh_builtin_at(size_t i)
{
	return i < SH_COUNT(builtins) ? &builtins[i].help : NULL;
}
