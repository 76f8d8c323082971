/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fuzzers begin with: their one function, and how they say that something is wrong. */
#ifndef VIRGO_FUZZ_H
#define VIRGO_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)		\
	do {			\
		if (!(what))	\
			abort();	\
	} while (0)

#endif
