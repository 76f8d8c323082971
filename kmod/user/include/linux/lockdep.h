/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: assertions about locks, really checked. NDEBUG turns them off. */
#ifndef SHIM_LINUX_LOCKDEP_H
#define SHIM_LINUX_LOCKDEP_H

#include <linux/bug.h>
#include <linux/shim.h>

struct lock_class_key {
	char unused;
};

#ifndef NDEBUG
#define shim_lock_mine(l)	(__atomic_load_n(&(l)->owner, __ATOMIC_RELAXED) == shim_me())
#define lockdep_assert_held(l) do {					\
	if (unlikely(!shim_lock_mine(l)))				\
		SHIM_BUG("lockdep_assert_held(%s): not held by this thread", #l); \
} while (0)
#define lockdep_assert_not_held(l) do {					\
	if (unlikely(shim_lock_mine(l)))				\
		SHIM_BUG("lockdep_assert_not_held(%s): held by this thread", #l); \
} while (0)
#define lockdep_is_held(l)	shim_lock_mine(l)
#else
#define lockdep_assert_held(l)		do { (void)(l); } while (0)
#define lockdep_assert_not_held(l)	do { (void)(l); } while (0)
#define lockdep_is_held(l)		((void)(l), 1)
#endif
#define lockdep_assert_held_write(l)	lockdep_assert_held(l)
#define lockdep_set_class(l, key)	((void)(l), (void)(key))

#endif /* SHIM_LINUX_LOCKDEP_H */
