/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment of a run: a clean base, and what the node sent. */
#ifndef HELPER_ENV_H
#define HELPER_ENV_H

#include "helper/fault.h"
#include "helper/proto.h"

/*
 * An environment on the heap, its strings borrowed from sent and from the two names: NULL, with *f
 * filled, if an entry is none, is of a kind that is not let through, or memory is short.
 */
char **env_build(const struct strings *sent, const char *user, const char *home, struct fault *f);
void env_free(char **env);

#endif
