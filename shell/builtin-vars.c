// SPDX-License-Identifier: GPL-3.0-or-later
/* export, readonly, local, unset, set, shift, getopts: what changes variables and parameters. */
#include <stdio.h>
#include <stdlib.h>

#include "shell/int.h"

/* --- showing them -------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct sh_var *const *)a)->name,
		      (*(const struct sh_var *const *)b)->name);
}

/* those with all of flags (0: that are set), one a line behind a word */
static int show(struct sh *sh, unsigned int flags, const char *word)
{
	struct sh_mark mark = sh_mark(sh);
	const struct sh_var **list = sh_tmp(sh, (sh->vars.n + 1) * sizeof(*list)), *var;
	struct sh_buf b = { 0 };
	size_t n = 0, i;

	for (i = 0; i < sh->vars.nslots; i++)
		for (var = sh->vars.slots[i]; var; var = var->next)
			if ((var->flags & flags) == flags && (flags || var->value))
				list[n++] = var;
	qsort(list, n, sizeof(*list), by_name);
	for (i = 0; i < n; i++) {
		b.len = 0;
		sh_buf_printf(sh, &b, "%s%s", word, list[i]->name);
		if (list[i]->value) {
			sh_buf_byte(sh, &b, '=');
			sh_quote(sh, &b, list[i]->value);
		}
		sh_buf_byte(sh, &b, '\n');
		fwrite(b.data, 1, b.len, stdout);
	}
	sh_release(sh, mark);
	return 0;
}

/* --- declaring ------------------------------------------------------------------------------------- */

/* NAME or NAME=VALUE: the name's length, 0 after complaining */
static size_t name_of(struct sh *sh, const char *const *argv, const char *word)
{
	size_t n = sh_name_len(word);

	if (n && (!word[n] || word[n] == '='))
		return n;
	sh_complain(sh, argv, "\"%.60s\" is no name", word);
	return 0;
}

static int declare(struct sh *sh, int argc, const char *const *argv, unsigned int flag)
{
	const char *word;
	size_t n;
	int i;

	for (i = 1; i < argc; i++) {
		word = argv[i];
		n = name_of(sh, argv, word);
		if (!n)
			return SH_ST_ERROR;
		if (word[n] && sh_var_set(sh, word, n, word + n + 1, strlen(word + n + 1)))
			return SH_ST_ERROR;
		sh_var_flag(sh, word, n, flag);
	}
	return 0;
}

static bool asks_list(int argc, const char *const *argv)
{
	return argc < 2 || (argc == 2 && !strcmp(argv[1], "-p"));
}

int sh_b_export(struct sh *sh, int argc, const char *const *argv)
{
	if (asks_list(argc, argv))
		return show(sh, SH_V_EXPORTED, "export ");
	return declare(sh, argc, argv, SH_V_EXPORTED);
}

int sh_b_readonly(struct sh *sh, int argc, const char *const *argv)
{
	if (asks_list(argc, argv))
		return show(sh, SH_V_READONLY, "readonly ");
	return declare(sh, argc, argv, SH_V_READONLY);
}

static bool is_local(const struct sh *sh, const char *name)
{
	const struct sh_saved *saved;

	for (saved = sh->frame->locals; saved; saved = saved->next)
		if (!strcmp(saved->name, name))
			return true;
	return false;
}

int sh_b_local(struct sh *sh, int argc, const char *const *argv)
{
	const char *name;
	size_t n;
	int i;

	if (!sh->frame)
		return sh_complain(sh, argv, "only within a function");
	for (i = 1; i < argc; i++) {
		n = name_of(sh, argv, argv[i]);
		if (!n)
			return SH_ST_ERROR;
		name = sh_tmp_dup(sh, argv[i], n);
		if (!is_local(sh, name))
			sh_var_save(sh, &sh->frame->locals, name);
	}
	return declare(sh, argc, argv, 0);
}

int sh_b_unset(struct sh *sh, int argc, const char *const *argv)
{
	bool functions = false, variables = false;
	int i;

	for (i = 1; i < argc && *argv[i] == '-'; i++) {
		if (!strcmp(argv[i], "-f"))
			functions = true;
		else if (!strcmp(argv[i], "-v"))
			variables = true;
		else
			return sh_usage(sh, argv);
	}
	for (; i < argc; i++) {
		if (functions)
			sh_function_unset(sh, argv[i]);
		if (functions && !variables)
			continue;
		if (!sh_name_len(argv[i]) || argv[i][sh_name_len(argv[i])])
			return sh_complain(sh, argv, "\"%.60s\" is no name", argv[i]);
		if (sh_var_unset(sh, argv[i]))
			return SH_ST_ERROR;
	}
	return 0;
}

/* --- set ------------------------------------------------------------------------------------------- */

static const struct {
	char letter;
	const char *name;
	size_t offset;
} options[] = {
	{ 'e', "errexit", offsetof(struct sh_options, errexit) },
	{ 'u', "nounset", offsetof(struct sh_options, nounset) },
	{ 0, "pipefail", offsetof(struct sh_options, pipefail) },
	{ 'x', "xtrace", offsetof(struct sh_options, xtrace) },
};

static bool *option_of(struct sh *sh, char letter, const char *name)
{
	size_t i;

	for (i = 0; i < SH_COUNT(options); i++)
		if (name ? !strcmp(options[i].name, name) : options[i].letter == letter)
			return (bool *)((char *)&sh->opt + options[i].offset);
	return NULL;
}

static int list_options(struct sh *sh, bool as_commands)
{
	size_t i;

	for (i = 0; i < SH_COUNT(options); i++) {
		bool on = *option_of(sh, 0, options[i].name);

		if (as_commands)
			printf("set %co %s\n", on ? '-' : '+', options[i].name);
		else
			printf("%-15s %s\n", options[i].name, on ? "on" : "off");
	}
	return 0;
}

/* "-eu", "+x", "-o NAME"; *i is at it and stays at its last word. A status, or -1: go on */
static int take_option(struct sh *sh, int argc, const char *const *argv, int *i)
{
	const char *p = argv[*i];
	bool on = *p == '-', *option;

	for (p++; *p; p++) {
		if (*p == 'o' && *i + 1 == argc)
			return list_options(sh, !on);
		if (*p == 'o')
			option = option_of(sh, 0, argv[++*i]);
		else
			option = option_of(sh, *p, NULL);
		if (!option)
			return sh_complain(sh, argv, "there is no \"%.60s\": -e -u -x, or -o with "
					   "errexit, nounset, xtrace, pipefail", argv[*i]);
		*option = on;
	}
	return -1;
}

int sh_b_set(struct sh *sh, int argc, const char *const *argv)
{
	int i, status;

	if (argc < 2)
		return show(sh, 0, "");
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			return sh_args_set(sh, (size_t)(argc - i), argv + i);
		}
		if ((*argv[i] != '-' && *argv[i] != '+') || !argv[i][1])
			break;
		status = take_option(sh, argc, argv, &i);
		if (status >= 0)
			return status;
	}
	return i < argc ? sh_args_set(sh, (size_t)(argc - i), argv + i) : 0;
}

int sh_b_shift(struct sh *sh, int argc, const char *const *argv)
{
	int64_t n = 1;

	if (argc > 2)
		return sh_usage(sh, argv);
	if (argc > 1 && (!*argv[1] || sh_parse_number(argv[1], &n) || n < 0))
		return sh_complain(sh, argv, "\"%.60s\" is no number", argv[1]);
	if (n > sh->args.n)
		return sh_complain(sh, argv, "there are only %d arguments", sh->args.n);
	sh->args.v += n;
	sh->args.n -= (int)n;
	return 0;
}

/* --- getopts ----------------------------------------------------------------------------------------- */

struct getopts {
	struct sh *sh;
	const char *options, *name;
	const char *const *v;	/* the words, v[0] the first */
	int n;
	int index;		/* of the word under way, from 1 */
	bool silent;
};

static void set_text(struct sh *sh, const char *name, const char *value)
{
	sh_var_set(sh, name, strlen(name), value, strlen(value));
}

static int finish(struct getopts *g, const char *found, const char *arg)
{
	char number[24];

	number[sh_number(number, g->index)] = '\0';
	set_text(g->sh, "OPTIND", number);
	g->sh->option_index = g->index;
	if (arg)
		set_text(g->sh, "OPTARG", arg);
	else
		sh_var_unset(g->sh, "OPTARG");
	set_text(g->sh, g->name, found);
	return g->sh->flow ? SH_ST_ERROR : 0;
}

static int bad_option(struct getopts *g, char letter, const char *what, bool missing)
{
	char text[2] = { letter, '\0' };

	if (g->silent)
		return finish(g, missing ? ":" : "?", text);
	sh_say(g->sh, "getopts: -%c: %s", letter, what);
	return finish(g, "?", NULL);
}

static int take_letter(struct getopts *g)
{
	const char *word = g->v[g->index - 1], *known, *arg = NULL;
	char letter = word[g->sh->option_at++], text[2] = { letter, '\0' };
	bool last = !word[g->sh->option_at];

	known = letter == ':' ? NULL : strchr(g->options, letter);
	if (known && known[1] == ':') {
		arg = last ? NULL : word + g->sh->option_at;
		g->sh->option_at = 1;
		g->index++;
		if (last && g->index > g->n)
			return bad_option(g, letter, "its argument is missing", true);
		if (last)
			arg = g->v[g->index++ - 1];
		return finish(g, text, arg);
	}
	if (last) {
		g->sh->option_at = 1;
		g->index++;
	}
	return known ? finish(g, text, NULL) : bad_option(g, letter, "no such option", false);
}

int sh_b_getopts(struct sh *sh, int argc, const char *const *argv)
{
	struct getopts g = { .sh = sh };
	const char *index = sh_get(sh, "OPTIND"), *word;
	int64_t n = 1;

	if (argc < 3 || !sh_is_name(argv[2], strlen(argv[2])))
		return sh_usage(sh, argv);
	g.silent = *argv[1] == ':';
	g.options = argv[1] + g.silent;
	g.name = argv[2];
	g.v = argc > 3 ? argv + 3 : sh->args.v;
	g.n = argc > 3 ? argc - 3 : sh->args.n;
	if (!index || sh_parse_number(index, &n) || n < 1 || n > INT32_MAX)
		n = 1;
	g.index = (int)n;
	if (g.index != sh->option_index || !sh->option_at)
		sh->option_at = 1;	/* it was set anew */
	word = g.index <= g.n ? g.v[g.index - 1] : "";
	if ((size_t)sh->option_at >= strlen(word) && sh->option_at > 1)
		sh->option_at = 1;
	if (*word == '-' && word[1] && strcmp(word, "--"))
		return take_letter(&g);
	g.index += !strcmp(word, "--");
	sh->option_at = 1;
	finish(&g, "?", NULL);
	return 1;
}
