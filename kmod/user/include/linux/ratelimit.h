/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: at most burst events in interval jiffies. */
#ifndef SHIM_LINUX_RATELIMIT_H
#define SHIM_LINUX_RATELIMIT_H

#include <linux/spinlock.h>
#include <linux/types.h>

#define DEFAULT_RATELIMIT_INTERVAL	(5 * 1000)
#define DEFAULT_RATELIMIT_BURST		10

struct ratelimit_state {
	spinlock_t lock;
	int interval;		/* jiffies; 0: no limit */
	int burst;
	int printed;
	int missed;
	u64 begin;		/* jiffies; 0: not begun */
};

#define RATELIMIT_STATE_INIT(name, interval_init, burst_init) \
	{ __SPIN_LOCK_UNLOCKED(name), interval_init, burst_init, 0, 0, 0 }
#define DEFINE_RATELIMIT_STATE(name, interval_init, burst_init) \
	struct ratelimit_state name = RATELIMIT_STATE_INIT(name, interval_init, burst_init)

void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst);

/* 1: go on; 0: too many. The first that passes after some were missed says how many. */
int shim_ratelimit(struct ratelimit_state *rs, const char *func);
#define __ratelimit(rs)	shim_ratelimit(rs, __func__)

#endif /* SHIM_LINUX_RATELIMIT_H */
