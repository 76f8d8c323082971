/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the shim's own files tell one another. Nothing else may include it. */
#ifndef SHIM_INTERNAL_H
#define SHIM_INTERNAL_H

#include <linux/types.h>
#include <pthread.h>

/* Starts a thread with every signal blocked; aborts when there is none to be had. */
pthread_t shim_thread_start(const char *name, void *(*func)(void *), void *arg);

/* The monotonic clock as the system has it, not moved by tests. */
u64 shim_mono_raw_ns(void);
struct timespec shim_ns_to_timespec(u64 ns);

/* Says that the test clocks moved: the thread of delayed work looks again. */
void shim_timer_kick(void);

/* Waits on cond until woken or until the raw monotonic time; U64 maximum is for ever. */
void shim_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, u64 raw_ns);

#endif /* SHIM_INTERNAL_H */
