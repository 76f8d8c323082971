// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the shim's allocator and strings want of the rest of the shim, for a program that has only
 * the pure files of core: no locks, no RCU, so nothing that could forbid to sleep. Keeps liburcu
 * out of libvirgo.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/shim.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__thread int shim_atomic_depth;
__thread bool shim_in_callback;

void shim_might_sleep(const char *file, int line)
{
}

void shim_bug(const char *file, int line, const char *func, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "libvirgo: bug at %s:%d in %s: ", file, line, func);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
