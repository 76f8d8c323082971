// SPDX-License-Identifier: GPL-3.0-or-later
/* The prompt. */
#include "cli/shell.h"

int shell_prompt(struct cli *cli, struct sh *sh)
{
	(void)sh;
	fprintf(cli->diag, "virgo: shell: the prompt is not built in\nhint: virgo shell -c 'TEXT', or virgo run FILE\n");
	return VIRGO_USAGE;
}
