/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must be looked up and opened before a run can be started. */
#ifndef HELPER_PREPARE_H
#define HELPER_PREPARE_H

#include "helper/library.h"
#include "helper/spawn.h"
#include "helper/supervise.h"
#include "helper/user.h"

struct prepared {
	struct spawn spawn;
	struct user user;
	struct libraries libraries;
	int group;		/* the control group's directory, -1: none */
	char count[16];
};

/*
 * Fill *p, in the supervisor: what it allocates and opens goes with the process. 0, or -1 and *f.
 */
int prepare(const struct supervision *s, struct prepared *p, struct fault *f);
/* Its control group did not take it: do without one. */
void prepare_without_group(const struct supervision *s, struct prepared *p);

#endif
