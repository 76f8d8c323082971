/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expiry: a hashed timing wheel (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP
 * 1987, scheme 6). Starting and stopping a timer costs O(1); a turn of the wheel looks at each
 * timer once. It never allocates and takes no lock: its owner serialises all calls.
 */
#ifndef VG_MEMPOOL_WHEEL_H
#define VG_MEMPOOL_WHEEL_H

#include <linux/list.h>
#include <linux/types.h>

#include "core/limits.h"

enum {
	MP_WHEEL_SLOTS = 1024,
	MP_WHEEL_MS = VG_TICK_MS,	/* a slot's width: finer than the tick would be lost */
};

struct mp_timer {
	struct hlist_node link;
	u64 at_ms;
};

struct mp_wheel {
	u64 turned;	/* slots up to this one (counted from time 0) have been looked at, */
	struct hlist_head looking;	/* but for these timers of the last one */
	struct hlist_head slot[MP_WHEEL_SLOTS];
};

void mp_wheel_init(struct mp_wheel *w, u64 now_ms);

/* @t is not in a wheel. Due at @at_ms: fired by the first turn at or after it. */
void mp_wheel_add(struct mp_wheel *w, struct mp_timer *t, u64 at_ms);
/* Fine for a timer that is in no wheel (all zero, or fired) */
void mp_wheel_del(struct mp_timer *t);

/*
 * Take out the timers due at @now_ms and call @fire for each. At most @budget timers are looked at, due or
 * not: clients choose when theirs are due, and may choose one slot for all. False: the budget ran out,
 * call again. @fire may add and delete timers.
 */
bool mp_wheel_turn(struct mp_wheel *w, u64 now_ms, u32 budget,
		   void (*fire)(void *ctx, struct mp_timer *t), void *ctx);

#endif
