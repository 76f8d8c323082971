// SPDX-License-Identifier: GPL-3.0-or-later
/* command, type: who answers to a word. */
#include <limits.h>
#include <stdio.h>

#include "shell/int.h"

static bool is_reserved(const char *word)
{
	const char *const *w;

	for (w = sh_reserved; *w; w++)
		if (!strcmp(*w, word))
			return true;
	return false;
}

static int describe(struct sh *sh, const char *word, bool brief)
{
	struct sh_target t = sh_resolve(sh, word, false);
	const char *what = is_reserved(word) ? "a word of the language" :
			   t.kind == SH_K_FUNCTION ? "a function" :
			   t.kind == SH_K_BUILTIN ? "a command of the shell" :
			   t.kind == SH_K_HOST ? "a virgo command" : NULL;
	char path[PATH_MAX];

	if (what && brief)
		puts(word);
	else if (what)
		printf("%s is %s\n", word, what);
	else if (!sh_find_program(sh, word, path, sizeof(path)))
		return SH_ST_NOT_FOUND;
	else if (brief)
		puts(path);
	else
		printf("%s is the program %s: write !%s, or | before it\n", word, path, word);
	return 0;
}

int sh_b_type(struct sh *sh, int argc, const char *const *argv)
{
	int i, status = 0;

	for (i = 1; i < argc; i++) {
		if (!describe(sh, argv[i], false))
			continue;
		sh_say(sh, "type: %.200s: nobody answers to it", argv[i]);
		status = SH_ST_NOT_FOUND;
	}
	return status;
}

int sh_b_command(struct sh *sh, int argc, const char *const *argv)
{
	int i = 1, status = 0;
	char asks = 0;

	if (argc > 1 && (!strcmp(argv[1], "-v") || !strcmp(argv[1], "-V")))
		asks = argv[i++][1];
	else if (argc > 1 && (!strcmp(argv[1], "-p") || !strcmp(argv[1], "--")))
		i++;
	if (i == argc)
		return asks ? sh_usage(sh, argv) : 0;
	if (!asks)
		return sh_run_words(sh, (size_t)(argc - i), argv + i, false);
	for (; i < argc; i++)
		if (describe(sh, argv[i], asks == 'v'))
			status = SH_ST_NOT_FOUND;
	return status;
}
