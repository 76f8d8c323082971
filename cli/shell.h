/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shell of the command: what cmd-shell.c and the prompt share. */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli/cli.h"
#include "shell/shell.h"

/*
 * shell-host.c: the commands of virgo for a shell. The settings of cli belong to the shell from here
 * to shell_host_free(), which puts them back.
 */
struct shell_host {
	struct sh_host calls;		/* for sh_new() */
	struct cli *cli;
	struct sh *sh;			/* whose host this is, once there is one */
	struct cli_settings before;	/* as the command line had them */
	char *nodes, *output;		/* what "use" and "output" chose; NULL: what the command line did */
	char *shown;			/* what "use" alone last showed */
	bool timing;
};

void shell_host_init(struct shell_host *host, struct cli *cli);
void shell_host_free(struct shell_host *host);

/* shell-prompt.c: read commands from the terminal until the end; the status to end with */
int shell_prompt(struct cli *cli, struct sh *sh);

#endif
