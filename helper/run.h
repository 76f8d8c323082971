/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run, as the helper knows it. */
#ifndef HELPER_RUN_H
#define HELPER_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "helper/fault.h"
#include "helper/input.h"
#include "helper/loop.h"
#include "helper/proto.h"
#include "helper/stream.h"

struct run {
	struct source control;		/* the supervisor's socket */
	uint64_t id;
	bool is_list;			/* of functions: its output is gathered, not sent */
	pid_t supervisor;		/* 0: there is none, or it was waited for */
	int group;
	struct input in;
	struct stream out, err;
	bool forked;			/* it may have run, whether we heard of its start or not */
	bool started, ended;
	bool told_started, told_ended;
	bool in_tell;
	pid_t pid;
	struct virgo_ended end;
	struct fault note;		/* the sentence that goes with it */
	size_t listed;			/* bytes of what was gathered that were told */
	TAILQ_ENTRY(run) all, tell;
	LIST_ENTRY(run) same;		/* of its place in the table */
};

/* Called by the streams: one of the run's has ended, all that was to be sent of it was. */
void run_stream_closed(struct run *r);

#endif
