// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The options every command takes. Only records what was said: nothing is opened or checked here
 * but the choice words.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char *const words_output[] = { "table", "json", "ndjson", "tsv", "raw", NULL };
static const char *const words_via[] = { "auto", "http", "syscall", NULL };
static const char *const words_balance[] = {
	"least-loaded", "two-choices", "prg", "predicted", "hash", NULL
};

const char *const cli_service_words[] = {
	"cpupool", "eventnet", "mempool", "control", "cloudfs", "queue", NULL
};

const struct cli_option cli_globals[] = {
	{ 'c', "config", "FILE", "read this configuration instead of the user's and that of /etc",
	  CLI_C_FILE },
	{ 'w', "nodes", "SET", "work on these nodes: node[1-64],10.0.0.7, @group!node7, all",
	  CLI_C_NODES },
	{ 'o', "output", "FORMAT", "table, json, ndjson, tsv or raw", CLI_C_WORDS, words_output },
	{ 0, "jq", "EXPR", "print what this jq expression makes of the JSON output" },
	{ 0, "timeout", "DUR", "give up on a node after this long: 500ms, 30s, 2m" },
	{ 0, "connect-timeout", "DUR", "give up connecting after this long" },
	{ 0, "via", "ROAD", "auto, http or syscall", CLI_C_WORDS, words_via },
	{ 0, "balance", "HOW", "how a node is picked for a run: least-loaded, two-choices, prg (at random), "
	  "predicted or hash",
	  CLI_C_WORDS, words_balance },
	{ 'q', "quiet", NULL, "no remarks, only data and errors" },
	{ 'v', "verbose", NULL, "remarks about connections; -vv shows the HTTP exchange" },
	{ 0, "no-color", NULL, "no colours (also NO_COLOR)" },
	{ 'h', "help", NULL, "show help" },
	{ 0, "version", NULL, "show the version" },
	{ 0 }
};

static bool one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(value, *words))
			return true;
	return false;
}

static void say_words(char *why, const struct cli_option *opt, const char *value)
{
	size_t n, i;

	n = (size_t)snprintf(why, CLI_WHY_MAX, "--%s \"%.100s\" is none of", opt->name, value);

	for (i = 0; opt->words[i] && n < CLI_WHY_MAX; i++)
		n += (size_t)snprintf(why + n, CLI_WHY_MAX - n, "%s %s", i ? "," : "",
				      opt->words[i]);
}

int cli_global_set(struct cli_settings *set, const struct cli_option *opt, const char *value,
		   char why[CLI_WHY_MAX])
{
	const struct {
		const char *name;
		const char **to;
	} strings[] = {
		{ "config", &set->config }, { "nodes", &set->nodes }, { "output", &set->output },
		{ "jq", &set->jq }, { "timeout", &set->timeout },
		{ "connect-timeout", &set->connect_timeout }, { "via", &set->via },
		{ "balance", &set->balance },
	};
	size_t i;

	if (opt->words && !one_of(value, opt->words)) {
		say_words(why, opt, value);
		return -1;
	}
	for (i = 0; i < CLI_COUNT(strings); i++)
		if (!strcmp(opt->name, strings[i].name))
			*strings[i].to = value;
	if (!strcmp(opt->name, "quiet"))
		set->quiet = true;
	else if (!strcmp(opt->name, "verbose"))
		set->verbose++;
	else if (!strcmp(opt->name, "no-color"))
		set->no_color = true;
	else if (!strcmp(opt->name, "help"))
		return 'h';
	else if (!strcmp(opt->name, "version"))
		return 'V';
	return 0;
}
