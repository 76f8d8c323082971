// SPDX-License-Identifier: GPL-3.0-or-later
/* The command table: what each file of commands exports, and looking things up in it. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/plugin.h"

const struct cli_group cli_groups[] = {
	{ "node", commands_up },
	{ "node", commands_node },
	{ "processors", commands_exec },
	{ "processors", commands_job },
	{ "memory", commands_mem },
	{ "memory", commands_block },
	{ "settings", commands_config },
	{ "settings", commands_key },
	{ "shell", commands_shell },
	{ "other", commands_api },
	{ "other", commands_bench },
	{ "other", commands_doctor },
	{ "other", commands_help },
	{ "other", commands_plugin },
	{ 0 }
};

const struct cli_command *cli_at(size_t i, const struct cli_group **group)
{
	const struct cli_group *g = cli_groups;
	const struct cli_command *cmd;
	size_t plugins = 0;

	while (g) {
		for (cmd = g->commands; cmd->name; cmd++) {
			if (i--)
				continue;
			if (group)
				*group = g;
			return cmd;
		}
		g = !g->origin && g[1].name ? g + 1 : cli_plugin_group(plugins++);
	}
	return NULL;
}

/* does name consist of the first n words of argv? */
static bool is_named(const char *name, const char *const *argv, int n)
{
	size_t len = strlen(argv[0]);

	if (n == 1)
		return !strcmp(name, argv[0]);
	return !strncmp(name, argv[0], len) && name[len] == ' ' && !strcmp(name + len + 1, argv[1]);
}

const struct cli_command *cli_find(int argc, const char *const *argv, int *used)
{
	const struct cli_command *cmd;
	size_t i;
	int n;

	for (n = argc < 2 ? argc : 2; n > 0; n--) {
		for (i = 0; (cmd = cli_at(i, NULL)); i++) {
			if (!is_named(cmd->name, argv, n))
				continue;
			*used = n;
			return cmd;
		}
	}
	return NULL;
}

bool cli_is_group(const char *word)
{
	const struct cli_command *cmd;
	size_t i, len = strlen(word);

	for (i = 0; (cmd = cli_at(i, NULL)); i++)
		if (!strncmp(cmd->name, word, len) && cmd->name[len] == ' ')
			return true;
	return false;
}

enum { NEAR_MAX = 32 };

/* typing errors between two short words: changed, missing, added or swapped letters */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][NEAR_MAX + 1], *prev = rows[0], *last = rows[1], *cur = rows[2], *t;
	size_t la = strlen(a), lb = strlen(b), i, j;
	unsigned int d;

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return NEAR_MAX;
	for (j = 0; j <= lb; j++)
		last[j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		cur[0] = (unsigned int)i;
		for (j = 1; j <= lb; j++) {
			d = last[j - 1] + (a[i - 1] != b[j - 1]);
			d = last[j] + 1 < d ? last[j] + 1 : d;
			d = cur[j - 1] + 1 < d ? cur[j - 1] + 1 : d;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    prev[j - 2] + 1 < d)
				d = prev[j - 2] + 1;
			cur[j] = d;
		}
		t = prev;
		prev = last;
		last = cur;
		cur = t;
	}
	return last[lb];
}

/* nearer than best, and near enough for its length? */
static bool nearer(const char *word, const char *name, unsigned int *best)
{
	unsigned int d = distance(word, name), most = strlen(word) < 4 ? 1 : 2;

	if (d > most || d >= *best)
		return false;
	*best = d;
	return true;
}

/* "virgo get" means "mem get": a word that is exactly some command's second */
static const char *second_word(const char *word)
{
	const struct cli_command *cmd;
	const char *rest;
	size_t i;

	for (i = 0; (cmd = cli_at(i, NULL)); i++) {
		rest = strchr(cmd->name, ' ');
		if (rest && !strcmp(rest + 1, word))
			return cmd->name;
	}
	return NULL;
}

/* the words of plugins that are not loaded */
static bool nearest_plugin(const char *word, unsigned int *best, char near[CLI_NAME_MAX])
{
	struct plugin_word *words;
	size_t i, n = plugin_words(&words);
	bool hit = false;

	for (i = 0; i < n; i++) {
		if (!nearer(word, words[i].name, best))
			continue;
		hit = true;
		snprintf(near, CLI_NAME_MAX, "%s", words[i].name);
	}
	free(words);
	return hit;
}

bool cli_nearest(const char *group, const char *word, char near[CLI_NAME_MAX])
{
	const struct cli_command *cmd;
	unsigned int best = NEAR_MAX;
	size_t i, len = group ? strlen(group) : 0;
	const char *second;
	char name[CLI_NAME_MAX];
	bool hit = false;

	for (i = 0; (cmd = cli_at(i, NULL)); i++) {
		if (group && (strncmp(cmd->name, group, len) || cmd->name[len] != ' '))
			continue;
		snprintf(name, sizeof(name), "%s", cmd->name + (group ? len + 1 : 0));
		if (!group)
			name[strcspn(name, " ")] = '\0';
		if (!nearer(word, name, &best))
			continue;
		hit = true;
		snprintf(near, CLI_NAME_MAX, "%s", group ? cmd->name : name);
	}
	hit = (!group && nearest_plugin(word, &best, near)) || hit;
	second = hit || group ? NULL : second_word(word);
	if (second)
		snprintf(near, CLI_NAME_MAX, "%s", second);
	return hit || second;
}

const char *cli_nearest_option(const struct cli_option *options, const char *word)
{
	const struct cli_option *tables[] = { options, cli_globals }, *opt;
	unsigned int best = NEAR_MAX;
	const char *hit = NULL;
	char name[NEAR_MAX + 1];
	size_t i;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	for (i = 0; i < CLI_COUNT(tables); i++)
		for (opt = tables[i]; opt && opt->name; opt++)
			if (nearer(name, opt->name, &best))
				hit = opt->name;
	return hit;
}
