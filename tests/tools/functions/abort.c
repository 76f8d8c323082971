// SPDX-License-Identifier: GPL-3.0-or-later
/* A library that cannot be loaded alive, for the tests. */
#include <stdio.h>
#include <stdlib.h>
#include <virgo/function.h>

__attribute__((constructor)) static void die(void)
{
	printf("abort:never%clisted%c", 0, 0);
	fflush(stdout);
	abort();
}

static long never(int argc, const char *const *argv)
{
	return 0;
}

VIRGO_FUNCTIONS({ "never", never, "is never called" });
