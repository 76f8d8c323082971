// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The log of runs as "--retry-failed" reads it, any text: what it takes names each node once, in order, and
 * none that the text does not have as the first field of a line.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/exec-log.c"
#include "cli/outtext.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int run_fail(struct run *r, enum virgo_code code, const char *fmt, ...)
{
	MUST(code && fmt[0]);
	return code;
}

enum virgo_code run_errno(int error)
{
	return VIRGO_FAILED;
}

const char *virgo_exec_kind_name(enum virgo_exec_kind kind)
{
	return "program";
}

static int in_text(const char *text, const char *node)
{
	size_t n = strlen(node);
	const char *at;

	for (at = text; (at = strstr(at, node)); at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\t')
			return 1;
	return 0;
}

static void check_nodes(const char *text, char *nodes)
{
	char *node, *before = NULL;

	while (*nodes && (node = strsep(&nodes, "\n"))) {
		MUST(*node && in_text(text, node));
		MUST(!before || strcmp(before, node) < 0);
		before = node;
		if (!nodes)
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)data, size, "r") : NULL;
	struct entries e = { 0 };
	char *text, *nodes = NULL;
	size_t i;

	if (!file)
		return 0;
	text = malloc(size + 1);
	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!read_lines(NULL, file, "log", &e)) {
		for (i = 0; i < e.n; i++)
			MUST(*e.all[i].node && !strpbrk(e.all[i].node, "\t\n") && in_text(text, e.all[i].node));
		MUST(!failed_nodes(NULL, &e, &nodes));
		/* a name may have a comma in it here: the node set refuses it, or takes it for two */
		if (!memchr(text, ',', size)) {
			for (i = 0; nodes[i]; i++)
				if (nodes[i] == ',')
					nodes[i] = '\n';
			check_nodes(text, nodes);
		}
	}
	fclose(file);
	for (i = 0; i < e.n; i++)
		free(e.all[i].node);
	free(e.all);
	free(nodes);
	free(text);
	return 0;
}
