/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: jiffies of one millisecond since an arbitrary start near the wrap of 32 bits. */
#ifndef SHIM_LINUX_JIFFIES_H
#define SHIM_LINUX_JIFFIES_H

#include <linux/ktime.h>
#include <linux/types.h>

#undef HZ
#define HZ	1000
#define MAX_JIFFY_OFFSET	((~0UL >> 1) - 1)

u64 get_jiffies_64(void);
#define jiffies	((unsigned long)get_jiffies_64())

#define shim_jiffies_type(a, b)	((void)sizeof(char[1 - 2 * (sizeof(a) != sizeof(long) || \
							    sizeof(b) != sizeof(long))]))
#define time_after(a, b)	(shim_jiffies_type(a, b), (long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	(shim_jiffies_type(a, b), (long)((a) - (b)) >= 0)
#define time_before_eq(a, b)	time_after_eq(b, a)
#define time_after64(a, b)	((s64)((b) - (a)) < 0)
#define time_before64(a, b)	time_after64(b, a)
#define time_is_before_jiffies(a)	time_after(jiffies, a)
#define time_is_after_jiffies(a)	time_before(jiffies, a)

static inline unsigned long msecs_to_jiffies(unsigned int m)
{
	return (int)m < 0 ? MAX_JIFFY_OFFSET : m;
}

static inline unsigned long usecs_to_jiffies(unsigned int u)
{
	return ((unsigned long)u + 999) / 1000;
}

static inline unsigned long nsecs_to_jiffies(u64 n)
{
	return n / (NSEC_PER_SEC / HZ);
}

static inline unsigned int jiffies_to_msecs(unsigned long j)
{
	return (unsigned int)j;
}

static inline u64 jiffies_to_nsecs(unsigned long j)
{
	return (u64)j * (NSEC_PER_SEC / HZ);
}

#endif /* SHIM_LINUX_JIFFIES_H */
