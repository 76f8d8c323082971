/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real requests for virgo bench. */
#ifndef CLI_BENCH_RUN_H
#define CLI_BENCH_RUN_H

#include "cli/bench.h"
#include "cli/cli.h"

/*
 * plan->requests over the nodes of r->ctx (plan->machines of them), at_once at a time: GET
 * /healthz, or a run of that kernel function. A status; after 0 the result is freed by
 * bench_free(), else too. Errors are reported; requests that fail are counted, unless all do.
 */
int bench_run(struct run *r, const struct bench_plan *plan, const char *function, uint32_t at_once,
	      struct bench_result *result);

#endif
