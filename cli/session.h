/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a run opens and gives back its session's configuration and context. For run.c alone. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli.h"

/* open r->conf without reporting; err says why not */
enum virgo_code session_conf(struct run *r, struct virgo_error *err);
/* close what was opened for this run only */
void session_release(struct run *r);

#endif
