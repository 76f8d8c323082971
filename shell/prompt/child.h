/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child process that finds something out, read without ever waiting longer than one wants to. */
#ifndef SHELL_PROMPT_CHILD_H
#define SHELL_PROMPT_CHILD_H

#include "shell/prompt/prompt.h"

struct child {
	pid_t pid;		/* 0: none runs */
	int fd;
	char *text;		/* its answer so far; NUL follows */
	size_t len;
	bool failed;
	unsigned long started;	/* now_ms() */
};

unsigned long now_ms(void);
/* 0, or -1: it can't be started */
int child_start(struct child *c, const struct prompt_host *host, enum prompt_question what,
		const char *const *words, size_t n);
/* wait at most ms for its end; true: it has ended (or runs no more) and text is the answer */
bool child_read(struct child *c, int ms);
void child_end(struct child *c);	/* kill it, forget it */

#endif
