/* SPDX-License-Identifier: GPL-3.0-or-later */
/* up --kernel and its end: the modules in, the modules out. Needs root. */
#ifndef CLI_KERNEL_H
#define CLI_KERNEL_H

#include "cli/embed.h"

/* load the modules and wait until the node answers; 0, or a status after reporting */
int kernel_up(struct run *r, struct embed *e);
/* unload them */
int kernel_down(struct run *r);
/* is a module of that name loaded? */
bool kernel_has(const char *module);

#endif
