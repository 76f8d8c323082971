// SPDX-License-Identifier: GPL-3.0-or-later
/* See log.h. Must never block for long, nor write more than a line at a time. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helper/log.h"

enum { BURST = 20, BURST_S = 10 };

static int log_fd = 2;
static bool to_kernel;

int log_open(void)
{
	bool has_stderr = fcntl(2, F_GETFD) >= 0;
	int fd;

	/* the lowest free one each time, until all three are there */
	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd < 2);
	if (fd < 0)
		return -1;
	if (fd > 2)
		close(fd);
	if (has_stderr)
		return 0;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		log_fd = fd;
		to_kernel = true;
	}
	return 0;
}

/* A node that makes us complain does not fill the log: the rest of a burst is left out. */
static bool is_quiet(void)
{
	static struct timespec since;
	static unsigned int said;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!said || now.tv_sec - since.tv_sec > BURST_S) {
		since = now;
		said = 0;
	}
	return said++ >= BURST;
}

static void log_line(int level, const char *fmt, va_list ap)
{
	char text[512];
	int n = 0, room = sizeof(text) - 1;

	if (is_quiet())
		return;
	if (to_kernel)
		n = snprintf(text, room, "<%d>", level);
	n += snprintf(text + n, room - n, "virgo_kernelupcall_plugin: ");
	vsnprintf(text + n, room - n, fmt, ap);
	n = strlen(text);
	text[n++] = '\n';
	if (write(log_fd, text, n) < 0)
		return;	/* there is nobody left to tell */
}

void log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(3, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(4, fmt, ap);
	va_end(ap);
}
