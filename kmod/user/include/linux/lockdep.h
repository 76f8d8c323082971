/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: assertions about locks, really checked. NDEBUG turns them off. */
#ifndef SHIM_LINUX_LOCKDEP_H
#define SHIM_LINUX_LOCKDEP_H

#include <linux/bug.h>
#include <linux/shim.h>

struct lock_class_key {
	char unused;
};

struct rw_semaphore;
bool shim_rwsem_held(const struct rw_semaphore *sem);

/* Held by this thread. A rwsem also counts when it has readers: whose they are is not kept. */
#define shim_lock_mine(l)	(__atomic_load_n(&(l)->owner, __ATOMIC_RELAXED) == shim_me())
#define lockdep_is_held(l)						\
	(shim_lock_mine(l) || _Generic((l), struct rw_semaphore *: shim_rwsem_held((void *)(l)), \
				       default: false))

#ifndef NDEBUG
#define shim_lock_assert(ok, what, l) do {				\
	if (unlikely(!(ok)))						\
		SHIM_BUG(what "(%s)", l);				\
} while (0)
#else
#define shim_lock_assert(ok, what, l)	((void)sizeof(ok))
#endif
#define lockdep_assert_held(l) \
	shim_lock_assert(lockdep_is_held(l), "lockdep_assert_held", #l)
#define lockdep_assert_held_write(l) \
	shim_lock_assert(shim_lock_mine(l), "lockdep_assert_held_write", #l)
#define lockdep_assert_held_read(l) \
	shim_lock_assert(lockdep_is_held(l), "lockdep_assert_held_read", #l)
#define lockdep_assert_not_held(l) \
	shim_lock_assert(!shim_lock_mine(l), "lockdep_assert_not_held", #l)
#define lockdep_set_class(l, key)	((void)(l), (void)(key))

#endif /* SHIM_LINUX_LOCKDEP_H */
