// SPDX-License-Identifier: GPL-3.0-or-later
/* See child.h. Reads what a child says with a deadline; its words are bounded. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shell/prompt/child.h"

enum { ANSWER_MAX = 1 << 20 };

unsigned long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long)ts.tv_sec * 1000 + (unsigned long)ts.tv_nsec / 1000000;
}

int child_start(struct child *c, const struct prompt_host *host, enum prompt_question what,
		const char *const *words, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->text = calloc(1, 1);
	if (!c->text)
		return -1;
	if (host->ask(host->arg, what, words, n, &c->pid, &c->fd)) {
		free(c->text);
		memset(c, 0, sizeof(*c));
		return -1;
	}
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->started = now_ms();
	return 0;
}

/* it has said all: its process is about to end or has ended */
static void ended(struct child *c)
{
	int status;

	close(c->fd);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	c->pid = 0;
}

/* what is there now; true: that was all */
static bool take(struct child *c)
{
	char part[4096], *text;
	ssize_t n;

	for (;;) {
		n = read(c->fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			return true;
		text = c->len + (size_t)n > ANSWER_MAX ? NULL :
		       realloc(c->text, c->len + (size_t)n + 1);
		if (!text) {
			c->failed = true;
			kill(c->pid, SIGKILL);
			return true;
		}
		memcpy(text + c->len, part, (size_t)n);
		c->text = text;
		c->len += (size_t)n;
		text[c->len] = '\0';
	}
}

bool child_read(struct child *c, int ms)
{
	unsigned long until = now_ms() + (unsigned long)ms, now;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (!c->pid)
		return true;
	for (;;) {
		if (take(c)) {
			ended(c);
			return true;
		}
		now = now_ms();
		if (now >= until)
			return false;
		if (poll(&p, 1, (int)(until - now)) < 0 && errno != EINTR)
			return false;
	}
}

void child_end(struct child *c)
{
	if (c->pid) {
		kill(c->pid, SIGKILL);
		ended(c);
	}
	free(c->text);
	memset(c, 0, sizeof(*c));
}
