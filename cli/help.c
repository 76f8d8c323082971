// SPDX-License-Identifier: GPL-3.0-or-later
/* Help, from the command table: overview, one command, a group, and the man page's sections. */
#include <stdlib.h>
#include <string.h>

#include "cli/plugin.h"

static const char statuses[] =
	"0 done, 1 failed on the node, 2 usage, 3 not found, 4 not allowed,\n"
	"5 unreachable or timed out, 6 precondition failed, 130 interrupted";

void help_synopsis(FILE *to, const struct cli_command *cmd)
{
	fprintf(to, "virgo %s%s%s%s", cmd->name, cmd->options ? " [OPTION…]" : "",
		*cmd->args ? " " : "", cmd->args);
}

static void print_option(FILE *to, const struct cli_option *opt)
{
	char left[64];
	int n;

	n = snprintf(left, sizeof(left), opt->letter ? "-%c, " : "    ", opt->letter);
	snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", opt->name, opt->arg ? " " : "",
		 opt->arg ? opt->arg : "");
	fprintf(to, "  %-28s %s\n", left, opt->help);
}

static void print_options(FILE *to, const char *title, const struct cli_option *opts)
{
	if (!opts)
		return;
	fprintf(to, "\n%s\n", title);
	for (; opts->name; opts++)
		print_option(to, opts);
}

void help_command(FILE *to, const struct cli_command *cmd)
{
	fputs("usage: ", to);
	help_synopsis(to, cmd);
	fprintf(to, "\n\n%s\n", cmd->summary);
	if (cmd->detail)
		fprintf(to, "\n%s\n", cmd->detail);
	print_options(to, "options:", cmd->options);
	fprintf(to, "\nexit status: %s\n", statuses);
}

static void print_commands(FILE *to, const char *group, const char *word)
{
	const struct cli_command *cmd;
	const struct cli_group *g;
	size_t i, len = word ? strlen(word) : 0;

	for (i = 0; (cmd = cli_at(i, &g)); i++) {
		if (group && strcmp(g->name, group))
			continue;
		if (word && (strncmp(cmd->name, word, len) || cmd->name[len] != ' '))
			continue;
		fprintf(to, "  %-18s %s\n", cmd->name, cmd->summary);
	}
}

/* those that are loaded show their commands, of others only the word is known */
static void print_plugins(FILE *to)
{
	struct plugin_word *words;
	size_t i, n = plugin_words(&words);

	if (n || cli_plugin_group(0))
		fputs("\nplugins\n", to);
	print_commands(to, "plugins", NULL);
	for (i = 0; i < n; i++)
		fprintf(to, words[i].object ? "  %-18s plugin: virgo help %s\n" :
			"  %-18s program virgo-%s\n", words[i].name, words[i].name);
	free(words);
}

void help_overview(FILE *to)
{
	const struct cli_group *g;

	cli_plugin_load_bundled();
	fputs("usage: virgo [OPTION…] COMMAND [ARGUMENT…]\n", to);
	for (g = cli_groups; g->name; g++) {
		if (g != cli_groups && !strcmp(g->name, g[-1].name))
			continue;
		fprintf(to, "\n%s\n", g->name);
		print_commands(to, g->name, NULL);
	}
	print_plugins(to);
	print_options(to, "options", cli_globals);
	fprintf(to, "\nexit status: %s\n", statuses);
	fputs("\nvirgo help COMMAND shows more; the manual page is virgo(1)\n", to);
}

int help_topic(FILE *to, int argc, const char *const *argv)
{
	const struct cli_command *cmd;
	const struct cli_group *g;
	struct virgo_error err;
	int used;

	if (!argc) {
		help_overview(to);
		return 0;
	}
	cli_plugin_load(argv[0], &err);
	cmd = cli_find(argc, argv, &used);
	if (cmd && used == (argc < 2 ? argc : 2)) {
		help_command(to, cmd);
		/* a plugin may have a command of its name alone, and others */
		if (argc == 1 && cli_is_group(argv[0])) {
			fputs("\ncommands:\n", to);
			print_commands(to, NULL, argv[0]);
		}
		return 0;
	}
	if (argc == 1 && cli_is_group(argv[0])) {
		fprintf(to, "usage: virgo %s COMMAND\n\n", argv[0]);
		print_commands(to, NULL, argv[0]);
		return 0;
	}
	for (g = cli_groups; argc == 1 && g->name; g++) {
		if (strcmp(g->name, argv[0]))
			continue;
		print_commands(to, argv[0], NULL);
		return 0;
	}
	return -1;
}

/* text in the man page's language: backslash, leading dot and apostrophe, hyphens of options */
static void man_text(FILE *to, const char *s)
{
	bool start = true;

	for (; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			fputs("\\&", to);
		start = *s == '\n';
		if (*s == '\\') {
			fputs("\\e", to);
		} else if (*s == '-') {
			fputs("\\-", to);
		} else if (!strncmp(s, "…", 3)) {
			fputs("\\&...", to);
			s += 2;
		} else {
			fputc(*s, to);
		}
	}
}

/* paragraphs; one that begins with blanks is shown as it stands */
static void man_paragraphs(FILE *to, const char *text)
{
	char paragraph[2048];
	const char *end;
	bool literal;

	for (; *text; text = end + (*end ? 2 : 0)) {
		end = strstr(text, "\n\n");
		end = end ? end : text + strlen(text);
		literal = *text == ' ';
		snprintf(paragraph, sizeof(paragraph), "%.*s", (int)(end - text), text);
		fputs(literal ? ".PP\n.EX\n" : ".PP\n", to);
		man_text(to, paragraph);
		fputs(literal ? "\n.EE\n" : "\n", to);
	}
}

static void man_option(FILE *to, const struct cli_option *opt)
{
	fputs(".TP\n.B ", to);
	if (opt->letter)
		fprintf(to, "\\-%c, ", opt->letter);
	fputs("\\-\\-", to);
	man_text(to, opt->name);
	if (opt->arg)
		fprintf(to, " \\fI%s\\fR", opt->arg);
	fputc('\n', to);
	man_text(to, opt->help);
	fputc('\n', to);
}

static void man_group(FILE *to, const char *name)
{
	fputs(".SH COMMANDS: ", to);
	for (; *name; name++)
		fputc(*name >= 'a' && *name <= 'z' ? *name - 32 : *name, to);
	fputc('\n', to);
}

static void man_command(FILE *to, const struct cli_command *cmd)
{
	const struct cli_option *opt;

	fputs(".SS \"virgo ", to);
	man_text(to, cmd->name);
	fputs(cmd->options ? " [OPTION\\&...]" : "", to);
	fputs(*cmd->args ? " " : "", to);
	man_text(to, cmd->args);
	fputs("\"\n", to);
	man_text(to, cmd->summary);
	fputs(".\n", to);
	if (cmd->detail)
		man_paragraphs(to, cmd->detail);
	for (opt = cmd->options; opt && opt->name; opt++)
		man_option(to, opt);
}

static void man_plugin(FILE *to, const char *word)
{
	const struct plugin *p = plugin_loaded(word);
	const struct cli_command *cmd;

	if (!p)
		return;
	man_group(to, word);
	for (cmd = p->rows; cmd->name; cmd++)
		man_command(to, cmd);
}

void help_man(FILE *to, const char *word)
{
	const struct cli_option *opt;
	const struct cli_command *cmd;
	const struct cli_group *g;
	size_t i;

	if (word) {
		man_plugin(to, word);
		return;
	}
	fputs(".SH OPTIONS BEFORE THE COMMAND\n", to);
	for (opt = cli_globals; opt->name; opt++)
		man_option(to, opt);
	for (i = 0; (cmd = cli_at(i, &g)); i++) {
		if (g->origin)
			break;
		if (g == cli_groups ? cmd == g->commands :
		    cmd == g->commands && strcmp(g->name, g[-1].name))
			man_group(to, g->name);
		man_command(to, cmd);
	}
}
