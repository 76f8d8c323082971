/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of commands export: their rows of the table, and nothing else. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct cli_command commands_up[];		/* cmd-up.c */
extern const struct cli_command commands_node[];	/* cmd-node.c */
extern const struct cli_command commands_exec[];	/* cmd-exec.c */
extern const struct cli_command commands_job[];		/* cmd-job.c */
extern const struct cli_command commands_mem[];		/* cmd-mem.c */
extern const struct cli_command commands_block[];	/* cmd-block.c */
extern const struct cli_command commands_config[];	/* cmd-config.c */
extern const struct cli_command commands_key[];		/* cmd-key.c */
extern const struct cli_command commands_api[];		/* cmd-api.c */
extern const struct cli_command commands_bench[];	/* cmd-bench.c */
extern const struct cli_command commands_doctor[];	/* cmd-doctor.c */
extern const struct cli_command commands_shell[];	/* cmd-shell.c */
extern const struct cli_command commands_help[];	/* cmd-help.c */
extern const struct cli_command commands_plugin[];	/* cmd-plugin.c */

#endif
