/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of "virgo doctor": each says what it found and, if that is not good, what mends it. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/cli.h"

enum health { DOCTOR_OK, DOCTOR_WARN, DOCTOR_BAD };

struct doctor {
	struct run *r;
	unsigned int bad, warn;
	size_t *up;		/* which nodes answered, by their index in the set */
	size_t nup;
};

/* one finding; mend: the command or action that helps, "" for none. Formats message only. */
void doctor_say(struct doctor *d, const char *check, enum health health, const char *mend,
		const char *fmt, ...) CLI_PRINTF(5, 6);
/* a small file of /proc or /sys without its last newline: 0, or -1 */
int doctor_read(const char *path, char *text, size_t size);

/* doctor-net.c */
void doctor_ports(struct doctor *d);
void doctor_ephemeral(struct doctor *d);

/* doctor-exec.c: what running programs needs, here and at the nodes */
void doctor_exec(struct doctor *d);
void doctor_exec_nodes(struct doctor *d, struct virgo_ctx *ctx);

/* doctor-nodes.c */
void doctor_files(struct doctor *d);
void doctor_keys(struct doctor *d);
void doctor_nodes(struct doctor *d);

#endif
