// SPDX-License-Identifier: GPL-3.0-or-later
/* help: the language's own words and constructs; of all others the host knows. */
#include <stdio.h>

#include "shell/int.h"

static const struct sh_word_help constructs[] = {
	{ "if", "if LIST; then LIST; [elif LIST; then LIST;]… [else LIST;] fi",
	  "Runs what stands behind then if the last command of the list before it succeeds.\n"
	  "  if mem get lock >/dev/null; then echo taken; else echo free; fi" },
	{ "for", "for NAME [in WORD…]; do LIST; done",
	  "Runs the list once for each word, which NAME holds. Without in: for each argument.\n"
	  "*, ? and […] in the words are names of this machine's files.\n"
	  "  for n in $(node ls -o raw); do exec -w $n -- uptime; done" },
	{ "while", "while LIST; do LIST; done",
	  "Runs the second list as long as the first one succeeds.\n"
	  "  mem ls -o raw | while read -r key; do mem del \"$key\"; done" },
	{ "until", "until LIST; do LIST; done",
	  "Runs the second list as long as the first one fails.\n"
	  "  until node ls >/dev/null; do sleep 1; done" },
	{ "case", "case WORD in PATTERN [| PATTERN]…) LIST;; … esac",
	  "Runs the list of the first pattern that matches: * is any text, ? any byte, [a-z] one\n"
	  "of these.\n"
	  "  case $1 in start|stop) echo \"$1\";; *) exit 2;; esac" },
	{ "function", "NAME() { LIST; }",
	  "A command of your own. Its arguments are $1 …; local keeps variables its own, return\n"
	  "ends it.\n"
	  "  count() { mem incr \"$1\" \"${2:-1}\"; }" },
	{ "group", "{ LIST; }   ( LIST )",
	  "Several commands as one. Within ( ) it is a copy of the shell: variables and\n"
	  "directories that are changed there are not changed outside." },
	{ "pipe", "COMMAND | COMMAND …",
	  "The output of one is the input of the next, byte for byte as it comes. Behind | stand\n"
	  "functions, commands of the shell and of virgo, and programs of this machine.\n"
	  "$pipestatus has all exit statuses; with set -o pipefail the last one that is not 0 is\n"
	  "the pipe's.\n"
	  "  mem get image | sha256sum" },
	{ "!", "!PROGRAM [ARG…]   ! COMMAND",
	  "Without a blank: runs a program of this machine. With a blank: succeeds if the command\n"
	  "fails.\n"
	  "  now=$(!date +%s);  if ! mem get a >/dev/null; then echo none; fi" },
	{ "&&", "COMMAND && COMMAND   COMMAND || COMMAND",
	  "Runs the second one only if the first succeeds (&&) or fails (||)." },
	{ "redirection", "< FILE   > FILE   >> FILE   <> FILE   N>&M   N>&-   <<WORD",
	  "Where a command reads from and writes to: a file, the end of a file, another\n"
	  "descriptor, nowhere; <<WORD: the lines that follow, up to one that is WORD (in quotes:\n"
	  "as they are; <<- takes tabs away at their begin).\n"
	  "  mem set k - < file;  node ls > nodes 2>&1" },
	{ "quoting", "'TEXT'   \"TEXT\"   \\C",
	  "'…' is text as it is; within \"…\" $, ` and \\ keep their meaning; \\ makes the next\n"
	  "character an ordinary one." },
	{ "parameters", "$NAME   ${NAME:-WORD}   ${NAME#PATTERN}   $1 … $# $@ $* $? $$ $pipestatus",
	  "${#x} its length; ${x:-w} w if x is empty or not set, := assigns w, :? fails with it,\n"
	  ":+ is w if x is set; without the colon only if it is not set. ${x#p} cuts the shortest\n"
	  "match off the begin, ## the longest, % and %% off the end. Outside of \"…\" a value is\n"
	  "split at the characters of $IFS." },
	{ "substitution", "$(LIST)   `LIST`",
	  "What the commands print, less newlines at the end. What holds NUL bytes or is over\n"
	  "64 MiB is an error: use a pipe." },
	{ "arithmetic", "$((EXPRESSION))",
	  "Whole numbers of 64 bits with C's operators, assignments, ?:, and variables by name.\n"
	  "  i=$((i + 1))" },
	{ "assignment", "NAME=VALUE [COMMAND…]",
	  "Sets a variable; before a command only for that command, in its environment." },
};

const struct sh_word_help *sh_construct_at(size_t i)
{
	return i < SH_COUNT(constructs) ? &constructs[i] : NULL;
}

/* the construct that a word belongs to: "then" to if */
static const struct sh_word_help *construct_of(const char *word)
{
	static const char *const same[][2] = {
		{ "then", "if" }, { "elif", "if" }, { "else", "if" }, { "fi", "if" },
		{ "do", "for" }, { "done", "for" }, { "in", "for" }, { "esac", "case" },
		{ "{", "group" }, { "}", "group" }, { "(", "group" }, { ")", "group" },
		{ "|", "pipe" }, { "||", "&&" }, { "<", "redirection" }, { ">", "redirection" },
		{ ">>", "redirection" }, { "<<", "redirection" }, { "$", "parameters" },
		{ "$(", "substitution" }, { "$((", "arithmetic" }, { "functions", "function" },
		{ "pipestatus", "pipe" }, { "pipefail", "set" },
	};
	size_t i;

	for (i = 0; i < SH_COUNT(same); i++)
		if (!strcmp(word, same[i][0]))
			word = same[i][1];
	for (i = 0; i < SH_COUNT(constructs); i++)
		if (!strcmp(word, constructs[i].name))
			return &constructs[i];
	return NULL;
}

const struct sh_word_help *sh_help_on(const char *word)
{
	const struct sh_builtin *b = sh_builtin_find(word);

	return b ? &b->help : construct_of(word);
}

static void overview(void)
{
	size_t i;

	puts("\nthe shell's own commands");
	for (i = 0; sh_builtin_at(i); i++)
		printf("  %-18s %s\n", sh_builtin_at(i)->name, sh_builtin_at(i)->summary);
	puts("\nthe language: help WORD shows more");
	for (i = 0; i < SH_COUNT(constructs); i++)
		printf("  %-18s %s\n", constructs[i].name, constructs[i].usage);
}

int sh_b_help(struct sh *sh, int argc, const char *const *argv)
{
	const struct sh_word_help *help = argc == 2 ? sh_help_on(argv[1]) : NULL;
	int status = 0;

	if (help) {
		printf("usage: %s\n\n%s\n", help->usage, help->summary);
		return 0;
	}
	if (sh->host->help)
		status = sh->host->help(sh->host->arg, argc, argv);
	if (argc == 1)
		overview();
	return status;
}
