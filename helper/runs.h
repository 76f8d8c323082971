/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All runs: what the node wants of them, what their supervisors say, and their end. */
#ifndef HELPER_RUNS_H
#define HELPER_RUNS_H

#include <stdbool.h>

#include "uapi/virgo.h"

/* At most so many at a time. */
void runs_open(unsigned int limit);

/* A message of the node. NULL, or how it broke the rules. */
const char *runs_message(const struct virgo_msg *head, const void *msg);

/* Tell what is to be told, send what there is. True: there is more to do at once. */
bool runs_work(void);

/* End all, at once. With tell false nobody is to hear of it. */
void runs_end(bool tell);
/* None is left, and no supervisor. */
bool runs_are_gone(void);

/*
 * Wait for children that have ended, after SIGCHLD and from time to time while runs_has_orphans().
 */
void runs_reap(void);
bool runs_has_orphans(void);

#endif
