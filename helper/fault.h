/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a run could not start: what ENDED will say of it. */
#ifndef HELPER_FAULT_H
#define HELPER_FAULT_H

#include <stdint.h>

struct fault {
	uint32_t why;		/* enum virgo_end_why; 0: nothing is wrong */
	int err;
	char text[256];		/* a sentence, on one line */
};

/* Fills *f and returns -1. What is printed may hold any bytes: control characters become '?'. */
int fault_set(struct fault *f, uint32_t why, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
