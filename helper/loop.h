/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helper's one epoll: descriptors and what is to be called when something is up with them. */
#ifndef HELPER_LOOP_H
#define HELPER_LOOP_H

#include <stdint.h>

struct source;
typedef void source_fn(struct source *s, uint32_t events);

/* Embedded in what owns the descriptor, as its first member. */
struct source {
	int fd;			/* -1: closed */
	source_fn *fn;
};

/* 0, or -1 with errno */
int loop_open(void);
/* Take over fd; on failure it is the caller's still, and s is closed. */
int loop_add(struct source *s, int fd, uint32_t events, source_fn *fn);
void loop_change(struct source *s, uint32_t events);
/* Stop watching it and close it; its owner may be freed at once. Closed is fine. */
void loop_close(struct source *s);
/* Call whoever something is up with; timeout in ms, -1: for ever. */
void loop_wait(int timeout_ms);

#endif
