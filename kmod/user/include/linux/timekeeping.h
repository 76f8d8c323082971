/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: the clocks, movable by tests (<linux/shim.h>). */
#ifndef SHIM_LINUX_TIMEKEEPING_H
#define SHIM_LINUX_TIMEKEEPING_H

#include <linux/time64.h>
#include <linux/types.h>

/* Monotonic, calendar and monotonic with suspended time, in nanoseconds. */
u64 ktime_get_ns(void);
u64 ktime_get_real_ns(void);
u64 ktime_get_boottime_ns(void);
/* Cheaper, up to one tick (4 ms) late. */
u64 ktime_get_coarse_ns(void);
u64 ktime_get_coarse_real_ns(void);

time64_t ktime_get_real_seconds(void);
time64_t ktime_get_seconds(void);
time64_t ktime_get_boottime_seconds(void);
void ktime_get_real_ts64(struct timespec64 *ts);
void ktime_get_ts64(struct timespec64 *ts);
void ktime_get_coarse_real_ts64(struct timespec64 *ts);

static inline ktime_t ktime_get(void)
{
	return (ktime_t)ktime_get_ns();
}

static inline ktime_t ktime_get_real(void)
{
	return (ktime_t)ktime_get_real_ns();
}

static inline ktime_t ktime_get_boottime(void)
{
	return (ktime_t)ktime_get_boottime_ns();
}

static inline ktime_t ktime_get_coarse(void)
{
	return (ktime_t)ktime_get_coarse_ns();
}

#define ktime_get_raw_ns()	ktime_get_ns()
#define ktime_get_mono_fast_ns() ktime_get_ns()

#endif /* SHIM_LINUX_TIMEKEEPING_H */
