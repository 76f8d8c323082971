// SPDX-License-Identifier: GPL-3.0-or-later
/* A library whose loading does not end, for the tests. */
#include <unistd.h>
#include <virgo/function.h>

__attribute__((constructor)) static void hang(void)
{
	for (;;)
		pause();
}

static long never(int argc, const char *const *argv)
{
	return 0;
}

VIRGO_FUNCTIONS({ "never", never, "is never called" });
