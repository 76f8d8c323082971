/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Standard output and error of runs, from their pipes to the node. What is read is sent at once:
 * while the node does not take it, it stays in the pipe. Behind the limit it is thrown away and
 * counted, whether the node takes anything or not, so that no program waits.
 */
#ifndef HELPER_STREAM_H
#define HELPER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "helper/loop.h"

struct run;

struct stream {
	struct source source;
	struct run *run;
	TAILQ_ENTRY(stream) link;
	bool is_queued;		/* it may have something */
	bool is_last;		/* nobody writes any more: left bytes are to come */
	int left;
	uint16_t flags;		/* of its messages */
	uint64_t max, came, kept;
	char *gathered;		/* not NULL: bytes are kept here, max at the most, not sent */
};

/*
 * Take over the pipe's end, which does not block. 0, or -1 with errno and the descriptor the
 * caller's.
 */
int stream_open(struct stream *s, struct run *r, int fd, uint16_t flags, uint64_t max);
/* It may be sent: the node knows that the run has started. */
void stream_go(struct stream *s);
/*
 * All who could write have ended: run_stream_closed() is called when what is in the pipe was sent.
 */
void stream_last(struct stream *s);
void stream_close(struct stream *s);

/* Give every stream that has something a turn. True: there is more to do at once. */
bool streams_work(void);

#endif
