/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the prompt of the shell wants to know of commands and nodes: see struct prompt_host. */
#ifndef CLI_SHELL_ASK_H
#define CLI_SHELL_ASK_H

#include "cli/cli.h"
#include "shell/prompt/prompt.h"

bool shell_knows(struct cli *cli, const char *word);
void shell_candidates(struct cli *cli, const char *const *words, size_t n, FILE *to);
void shell_usage(struct cli *cli, const char *const *words, size_t n, FILE *to);
size_t shell_nodes(struct cli *cli, char *name, size_t size);
int shell_ask(struct cli *cli, enum prompt_question what, const char *const *words, size_t n,
	      pid_t *pid, int *fd);

#endif
