// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: threads and the state each has. Must never let a signal run on a thread of its own. */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/shim.h>
#include <linux/string.h>
#include <signal.h>
#include "internal.h"

__thread char shim_self;
__thread int shim_atomic_depth;
__thread bool shim_in_callback;

pthread_t shim_thread_start(const char *name, void *(*func)(void *), void *arg)
{
	sigset_t all, old;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, NULL, func, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		SHIM_BUG("cannot start thread %s: %s", name, strerror(err));
	pthread_setname_np(thread, name);
	return thread;
}

void shim_might_sleep(const char *file, int line)
{
#ifndef NDEBUG
	if (unlikely(shim_atomic_depth))
		shim_bug(file, line, __func__, "sleeping with %d spinlock(s) held",
			 shim_atomic_depth);
	if (unlikely(rcu_read_lock_held()))
		shim_bug(file, line, __func__, "sleeping inside an RCU reader");
	if (unlikely(shim_in_callback))
		shim_bug(file, line, __func__, "sleeping inside an RCU callback");
#else
	(void)file;
	(void)line;
#endif
}
