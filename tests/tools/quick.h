/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What quick.c sends to quick_preload.c: one message of this head and of the strings of the
 * arguments and of the environment, each with its NUL; with it the descriptors, and the directory as
 * one more. The answer is the status as waitpid() gives it.
 */
#ifndef VIRGO_TEST_QUICK_H
#define VIRGO_TEST_QUICK_H

#include <stdint.h>

enum { QUICK_FD_MAX = 200, QUICK_TEXT_MAX = 128 << 10 };

struct quick_head {
	uint32_t argc, envc, mask;
	uint32_t ignored, blocked;	/* signals, a bit each */
	uint32_t fds;
	uint64_t files;			/* RLIMIT_NOFILE */
	int32_t fd[QUICK_FD_MAX];	/* the numbers that they have to have */
};

#endif
