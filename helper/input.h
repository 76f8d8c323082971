/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard input of a run: what the node sent and the program has not read yet. */
#ifndef HELPER_INPUT_H
#define HELPER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "helper/loop.h"

struct chunk;

struct input {
	struct source source;
	TAILQ_HEAD(chunks, chunk) chunks;
	size_t queued;
	bool eof;		/* close it behind the last chunk */
};

/*
 * Take over the pipe's end, which does not block. 0, or -1 with errno and the descriptor the
 * caller's.
 */
int input_open(struct input *in, int fd);
void input_close(struct input *in);
/*
 * 0, or -1 with errno: ENOBUFS if too much waits already. A program that reads no more is no error.
 */
int input_add(struct input *in, const void *p, size_t n, bool eof);

#endif
