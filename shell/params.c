// SPDX-License-Identifier: GPL-3.0-or-later
/* Parameters that are no variables: $1 …, $#, $?, $$ and their like. */
#include <stdlib.h>
#include <unistd.h>

#include "shell/int.h"

void sh_args_free(struct sh_args *args)
{
	free(args->own);
	memset(args, 0, sizeof(*args));
}

/* the words and their list in one piece; v may lie in the old one */
int sh_args_set(struct sh *sh, size_t n, const char *const *v)
{
	size_t size = (n + 1) * sizeof(char *), i, len;
	const char **list;
	char *p;

	for (i = 0; i < n; i++)
		size += strlen(v[i]) + 1;
	list = malloc(size);
	if (!list)
		sh_out_of_memory();
	p = (char *)(list + n + 1);
	for (i = 0; i < n; i++) {
		len = strlen(v[i]) + 1;
		memcpy(p, v[i], len);
		list[i] = p;
		p += len;
	}
	list[n] = NULL;
	free(sh->args.own);
	sh->args.own = list;
	sh->args.v = list;
	sh->args.n = (int)n;
	return 0;
}

int sh_set_args(struct sh *sh, int argc, const char *const *argv)
{
	return sh_args_set(sh, argc > 0 ? (size_t)argc : 0, argv);
}

static const char *number(struct sh *sh, int64_t n, size_t *len)
{
	char text[24];

	*len = sh_number(text, n);
	return sh_tmp_dup(sh, text, *len);
}

static const char *options(struct sh *sh, size_t *len)
{
	struct sh_buf b = { 0 };

	if (sh->opt.errexit)
		sh_buf_byte(sh, &b, 'e');
	if (sh->opt.interactive)
		sh_buf_byte(sh, &b, 'i');
	if (sh->opt.nounset)
		sh_buf_byte(sh, &b, 'u');
	if (sh->opt.xtrace)
		sh_buf_byte(sh, &b, 'x');
	*len = b.len;
	return sh_buf_end(sh, &b);
}

static const char *pipe_statuses(struct sh *sh, size_t *len)
{
	struct sh_buf b = { 0 };
	size_t i;

	for (i = 0; i < sh->pipe_n; i++)
		sh_buf_printf(sh, &b, "%s%d", i ? " " : "", sh->pipe_status[i]);
	*len = b.len;
	return sh_buf_end(sh, &b);
}

static const char *positional(struct sh *sh, const char *name, size_t *len)
{
	long i = strtol(name, NULL, 10);
	const char *value;

	if (i > sh->args.n)	/* a number that is too large is LONG_MAX */
		return NULL;
	value = i ? sh->args.v[i - 1] : sh->name;
	*len = strlen(value);
	return value;
}

static const char *variable(struct sh *sh, const char *name, size_t *len)
{
	const struct sh_var *var = sh_var_find(sh, name, strlen(name));

	if (var && var->value) {
		*len = var->len;
		return var->value;
	}
	if (!strcmp(name, "LINENO"))
		return number(sh, sh->at.line, len);
	if (!strcmp(name, "pipestatus"))
		return pipe_statuses(sh, len);
	return NULL;
}

const char *sh_param(struct sh *sh, const char *name, size_t *len)
{
	if (sh_begins_name(*name))
		return variable(sh, name, len);
	switch (*name) {
	case '#':
		return number(sh, sh->args.n, len);
	case '?':
		return number(sh, sh->status, len);
	case '$':
		return number(sh, sh->pid, len);
	case '-':
		return options(sh, len);
	case '!':		/* nothing runs in the background */
		return NULL;
	default:
		return positional(sh, name, len);
	}
}

char *sh_args_joined(struct sh *sh, bool star, size_t *len)
{
	const char *ifs = star ? sh_get(sh, "IFS") : " ";
	struct sh_buf b = { 0 };
	int i;

	for (i = 0; i < sh->args.n; i++) {
		if (i && !ifs)
			sh_buf_byte(sh, &b, ' ');
		else if (i && *ifs)
			sh_buf_byte(sh, &b, *ifs);
		sh_buf_add(sh, &b, sh->args.v[i], strlen(sh->args.v[i]));
	}
	*len = b.len;
	return sh_buf_end(sh, &b);
}
