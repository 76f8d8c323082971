/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the helper itself keeps of what it was started with. */
#ifndef HELPER_PRIVILEGES_H
#define HELPER_PRIVILEGES_H

#include <stdbool.h>

/*
 * Give up, for good, all but what runs need: capabilities, the gain of any by exec, being looked
 * into by others; and take the highest limits that are to be had before. 0, or -1 with errno and
 * *what.
 */
int privileges_drop(bool has_groups, const char **what);
/* All of them, for a run; makes system calls only. 0, or -1 with errno. */
int privileges_drop_all(void);
/* The other way round, at the end: nothing but what removes a control group. */
void privileges_for_removal(void);

/* System calls that nothing here ever needs, in this process and all it starts, fail with EPERM. */
int seccomp_deny(void);

#endif
