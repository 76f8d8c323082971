/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting a run: pipes, and the process that becomes its supervisor. */
#ifndef HELPER_START_H
#define HELPER_START_H

#include "helper/run.h"

/*
 * Fill in r's sources and supervisor. control: called when the supervisor has something to say. 0,
 * or -1 with *f filled and nothing left open.
 */
int run_start(struct run *r, const struct request *req, source_fn *control, struct fault *f);

#endif
