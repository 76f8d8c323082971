/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: RCU by liburcu's memb flavour. Threads register themselves at their first read;
 * callbacks run on one thread of the shim.
 */
#ifndef SHIM_LINUX_RCUPDATE_H
#define SHIM_LINUX_RCUPDATE_H

#if defined(__SANITIZE_THREAD__)
#define SHIM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHIM_TSAN 1
#endif
#endif

/* Readers inline liburcu's code, but not under TSan, which takes its plain stores for races. */
#undef _LGPL_SOURCE
#undef URCU_INLINE_SMALL_FUNCTIONS
#ifndef SHIM_TSAN
#define _LGPL_SOURCE
#define URCU_INLINE_SMALL_FUNCTIONS
#endif
#include <urcu/urcu-memb.h>
#include <linux/barrier.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/shim.h>

#undef rcu_dereference
#undef rcu_assign_pointer
#undef rcu_cmpxchg_pointer
#undef rcu_xchg_pointer
#undef rcu_set_pointer

/* struct rcu_head is liburcu's: next and func, with the kernel's type of function. */
#define callback_head rcu_head
typedef void (*rcu_callback_t)(struct rcu_head *head);

/*
 * A thread registers at its first read and is unregistered when it ends. One that registers itself
 * with liburcu must do so before its first read and unregister as its last step; none need to.
 */
extern __thread bool shim_rcu_ready;
void shim_rcu_register(void);

/*
 * TSan cannot see liburcu's ordering, which is a membarrier(2) in a library it did not compile:
 * tell it that what readers did happens before what follows a grace period.
 */
#ifdef SHIM_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
extern char shim_rcu_tsan;
#define shim_rcu_tsan_release()	__tsan_release(&shim_rcu_tsan)
#define shim_rcu_tsan_acquire()	__tsan_acquire(&shim_rcu_tsan)
#else
#define shim_rcu_tsan_release()	do { } while (0)
#define shim_rcu_tsan_acquire()	do { } while (0)
#endif

static inline void shim_rcu_read_lock(void)
{
	if (unlikely(!shim_rcu_ready))
		shim_rcu_register();
	urcu_memb_read_lock();
}

static inline int shim_rcu_read_held(void)
{
	return shim_rcu_ready && urcu_memb_read_ongoing();
}

static inline void shim_rcu_read_unlock(void)
{
	if (unlikely(!shim_rcu_read_held()))
		SHIM_BUG("rcu_read_unlock: this thread is no reader");
	shim_rcu_tsan_release();
	urcu_memb_read_unlock();
}

#define rcu_read_lock()		shim_rcu_read_lock()
#define rcu_read_unlock()	shim_rcu_read_unlock()
#define rcu_read_lock_bh()	shim_rcu_read_lock()
#define rcu_read_unlock_bh()	shim_rcu_read_unlock()
#define rcu_read_lock_held()	shim_rcu_read_held()
#define rcu_read_lock_bh_held()	shim_rcu_read_held()
#define rcu_read_lock_any_held() shim_rcu_read_held()

/* Says that a pointer or list is read legally: by a reader, or under what cond names. */
#ifndef NDEBUG
#define RCU_LOCKDEP_WARN(c, s)	do { if (unlikely(c)) SHIM_BUG("%s", s); } while (0)
#define shim_rcu_check(ok)	((ok) ? (void)0 : SHIM_BUG("RCU access without protection"))
#else
#define RCU_LOCKDEP_WARN(c, s)	do { } while (0)
#define shim_rcu_check(ok)	((void)0)
#endif
#define shim_rcu_check_walk(...) \
	shim_rcu_check(rcu_read_lock_held() || shim_second(__VA_ARGS__, 0, 0))
#define shim_second(a, b, ...)	(b)
#define shim_rcu_load(p)	((__typeof__(*(p)) *)__atomic_load_n(&(p), __ATOMIC_CONSUME))

#define rcu_dereference_raw(p)	shim_rcu_load(p)
#define rcu_dereference_check(p, c) \
	(shim_rcu_check(rcu_read_lock_held() || (c)), shim_rcu_load(p))
#define rcu_dereference(p)	rcu_dereference_check(p, 0)
#define rcu_dereference_bh(p)	rcu_dereference_check(p, 0)
#define rcu_dereference_protected(p, c) \
	(shim_rcu_check(c), (__typeof__(*(p)) *)READ_ONCE(p))
#define rcu_access_pointer(p)	((__typeof__(*(p)) *)READ_ONCE(p))
#define rcu_pointer_handoff(p)	(p)
#define rcu_assign_pointer(p, v)	__atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)	WRITE_ONCE(p, v)
#define RCU_POINTER_INITIALIZER(p, v)	.p = (v)
#define rcu_replace_pointer(rcu_ptr, ptr, c) ({				\
	__typeof__(ptr) __shim_old = rcu_dereference_protected(rcu_ptr, c); \
									\
	rcu_assign_pointer(rcu_ptr, ptr);				\
	__shim_old;							\
})
#define init_rcu_head(head)	((void)(head))
#define destroy_rcu_head(head)	((void)(head))

/*
 * Runs func(head) after all readers of now are done. Callbacks run one after another, in order,
 * and must not sleep: the shim aborts where the kernel would complain.
 */
void shim_call_rcu(struct rcu_head *head, rcu_callback_t func);

/* Both sleep. rcu_barrier() waits until every callback queued before it has run. */
void shim_synchronize_rcu(void);
void shim_rcu_barrier(void);

/* Frees ptr after a grace period; field is its struct rcu_head. Never frees at once. */
void shim_kfree_rcu(struct rcu_head *head, size_t offset);

#define call_rcu(head, func)	shim_call_rcu(head, func)
#define synchronize_rcu()	shim_synchronize_rcu()
#define synchronize_rcu_expedited() shim_synchronize_rcu()
#define synchronize_net()	shim_synchronize_rcu()
#define rcu_barrier()		shim_rcu_barrier()
#define kfree_rcu(ptr, field) do {					\
	__typeof__(ptr) __shim_p = (ptr);				\
									\
	BUILD_BUG_ON(offsetof(__typeof__(*(ptr)), field) >= 4096);	\
	if (__shim_p)							\
		shim_kfree_rcu(&__shim_p->field, offsetof(__typeof__(*(ptr)), field)); \
} while (0)
#define kvfree_rcu(ptr, field)	kfree_rcu(ptr, field)

#endif /* SHIM_LINUX_RCUPDATE_H */
