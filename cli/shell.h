/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of "virgo shell" know of each other: the language and the prompt meet there. */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli/cli.h"
#include "shell/prompt/prompt.h"
#include "shell/shell.h"

/*
 * shell-prompt.c: read from the terminal and run until the shell ends; its exit status. The part
 * that has readline is loaded here; where that fails, why has been reported.
 */
int shell_prompt(struct cli *cli, struct sh *sh);

/* shell-ask.c: what the prompt wants to know of commands and nodes (see struct prompt_host) */
bool shell_knows(struct cli *cli, const char *word);
void shell_candidates(struct cli *cli, const char *const *words, size_t n, FILE *to);
void shell_usage(struct cli *cli, const char *const *words, size_t n, FILE *to);
size_t shell_nodes(struct cli *cli, char *name, size_t size);
int shell_ask(struct cli *cli, enum prompt_question what, const char *const *words, size_t n,
	      pid_t *pid, int *fd);

#endif
