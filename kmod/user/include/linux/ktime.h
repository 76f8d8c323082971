/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: time as a number of nanoseconds. */
#ifndef SHIM_LINUX_KTIME_H
#define SHIM_LINUX_KTIME_H

#include <linux/timekeeping.h>

#define KTIME_MAX	((s64)~((u64)1 << 63))
#define KTIME_SEC_MAX	(KTIME_MAX / NSEC_PER_SEC)

#define ktime_add(a, b)		((ktime_t)((a) + (b)))
#define ktime_sub(a, b)		((ktime_t)((a) - (b)))
#define ktime_add_ns(kt, ns)	((ktime_t)((kt) + (s64)(ns)))
#define ktime_sub_ns(kt, ns)	((ktime_t)((kt) - (s64)(ns)))
#define ktime_add_us(kt, us)	ktime_add_ns(kt, (s64)(us) * NSEC_PER_USEC)
#define ktime_add_ms(kt, ms)	ktime_add_ns(kt, (s64)(ms) * NSEC_PER_MSEC)

static inline ktime_t ktime_set(const s64 secs, const unsigned long nsecs)
{
	return secs >= KTIME_SEC_MAX ? KTIME_MAX : secs * NSEC_PER_SEC + (s64)nsecs;
}

static inline ktime_t ns_to_ktime(u64 ns)
{
	return (ktime_t)ns;
}

static inline ktime_t ms_to_ktime(u64 ms)
{
	return (ktime_t)(ms * NSEC_PER_MSEC);
}

static inline s64 ktime_to_ns(ktime_t kt)
{
	return kt;
}

static inline s64 ktime_to_us(ktime_t kt)
{
	return kt / NSEC_PER_USEC;
}

static inline s64 ktime_to_ms(ktime_t kt)
{
	return kt / NSEC_PER_MSEC;
}

static inline int ktime_compare(ktime_t a, ktime_t b)
{
	return a < b ? -1 : a > b;
}

#define ktime_after(a, b)	((ktime_t)(a) > (ktime_t)(b))
#define ktime_before(a, b)	((ktime_t)(a) < (ktime_t)(b))
#define ktime_us_delta(later, earlier)	ktime_to_us(ktime_sub(later, earlier))
#define ktime_ms_delta(later, earlier)	ktime_to_ms(ktime_sub(later, earlier))

#endif /* SHIM_LINUX_KTIME_H */
