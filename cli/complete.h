/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For commands that complete their words themselves (struct cli_command's offer). */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/cli.h"

/*
 * A candidate for the word at the cursor; about may be NULL. One that does not begin as the word
 * does, or would need quotes, is left out.
 */
void complete_offer(struct completing *c, const char *word, const char *about);
/* a context that gives up after CLI_COMPLETE_MS, or NULL */
struct virgo_ctx *complete_ctx(struct completing *c);

#endif
