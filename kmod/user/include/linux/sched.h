/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: scheduling as far as it matters outside of the kernel. Keeps the system header for
 * clone flags.
 */
#ifndef SHIM_LINUX_SCHED_H
#define SHIM_LINUX_SCHED_H

#include <sched.h>
#include_next <linux/sched.h>
#include <linux/kernel.h>

#define cond_resched()		({ might_sleep(); 0; })
#define TASK_COMM_LEN		16
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX

#endif /* SHIM_LINUX_SCHED_H */
