/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shell of the command: what cmd-shell.c and the prompt share. */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli/cli.h"
#include "shell/shell.h"

/* shell-prompt.c: read commands from the terminal until the end; the status to end with */
int shell_prompt(struct cli *cli, struct sh *sh);

#endif
