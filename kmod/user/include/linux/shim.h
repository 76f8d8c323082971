/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim only: what tests and virgod may ask of the shim itself. Shared code in kmod/core and
 * the services must not include it.
 */
#ifndef SHIM_LINUX_SHIM_H
#define SHIM_LINUX_SHIM_H

#include <linux/compiler.h>
#include <linux/types.h>

/*
 * Allocations not yet freed, of all kinds. Tests compare before and after; freeing deferred by
 * kfree_rcu() counts after rcu_barrier() only.
 */
long shim_alloc_live(void);

/*
 * Lets the n-th allocation from now on fail, once; 1 is the next one, 0 switches off. Tests raise
 * n until shim_alloc_failed() says that no allocation was left to fail.
 */
void shim_alloc_fail_nth(unsigned long n);

/* Failures injected since shim_alloc_fail_nth() was last called: 0 or 1. */
unsigned long shim_alloc_failed(void);

/*
 * Moves every clock of the shim forward, for tests of expiry: delayed work becomes due at once.
 * shim_clock_set_real_ns() sets the calendar clock alone (nanoseconds since 1970); it runs on
 * from there. shim_clock_reset() takes both back.
 */
void shim_clock_advance(u64 ns);
void shim_clock_set_real_ns(u64 ns);
void shim_clock_reset(void);

/*
 * Where printk goes: level 0..7, one text without level mark, not ended by NUL. May be called
 * from any thread and must not call back. Default: shim_printk_stderr, which writes what has
 * shim_printk_level or a lower number, with "<N>" in front if shim_printk_marks is set (as
 * systemd's journal wants it).
 */
extern void (*shim_printk)(int level, const char *text, size_t len);
extern int shim_printk_level;
extern bool shim_printk_marks;
void shim_printk_stderr(int level, const char *text, size_t len);

/* A thread's identity, for lock owners. */
extern __thread char shim_self;
#define shim_me()	((void *)&shim_self)

/* Spinlocks held by this thread, and whether it is running an RCU callback. */
extern __thread int shim_atomic_depth;
extern __thread bool shim_in_callback;

#endif /* SHIM_LINUX_SHIM_H */
