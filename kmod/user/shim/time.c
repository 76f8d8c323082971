// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: clocks and the calendar. Must never use the process's time zone. */
#include <linux/bug.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/shim.h>
#include <linux/string.h>
#include <linux/time.h>
#include "internal.h"

#define SECONDS_PER_DAY		86400
#define DAYS_PER_ERA		146097	/* of 400 years, which the calendar repeats after */
#define DAYS_0000_03_01		719468	/* from the first of March of year 0 to 1970 */

/* Jiffies begin 5 minutes before they pass 32 bits, as in the kernel: that bug shows early. */
#define JIFFIES_BEGIN		((u64)(u32)(-300 * HZ))

static u64 moved_all;		/* added to every clock */
static u64 moved_real;		/* added to the calendar clock as well; wraps */
static u64 jiffies_epoch;	/* nanoseconds of the monotonic clock, 0: not known yet */

static u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		SHIM_BUG("clock %d cannot be read", (int)clock);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

u64 shim_mono_raw_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

struct timespec shim_ns_to_timespec(u64 ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / NSEC_PER_SEC),
		.tv_nsec = (long)(ns % NSEC_PER_SEC),
	};

	return ts;
}

static u64 moved(clockid_t clock)
{
	u64 ns = clock_ns(clock) + __atomic_load_n(&moved_all, __ATOMIC_RELAXED);

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		ns += __atomic_load_n(&moved_real, __ATOMIC_RELAXED);
	return ns;
}

void shim_clock_advance(u64 ns)
{
	(void)__atomic_fetch_add(&moved_all, ns, __ATOMIC_RELAXED);
	shim_timer_kick();
}

void shim_clock_set_real_ns(u64 ns)
{
	u64 now = clock_ns(CLOCK_REALTIME) + __atomic_load_n(&moved_all, __ATOMIC_RELAXED);

	__atomic_store_n(&moved_real, ns - now, __ATOMIC_RELAXED);
}

void shim_clock_reset(void)
{
	__atomic_store_n(&moved_all, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&moved_real, 0, __ATOMIC_RELAXED);
	shim_timer_kick();
}

u64 ktime_get_ns(void)
{
	return moved(CLOCK_MONOTONIC);
}

u64 ktime_get_real_ns(void)
{
	return moved(CLOCK_REALTIME);
}

u64 ktime_get_boottime_ns(void)
{
	return moved(CLOCK_BOOTTIME);
}

u64 ktime_get_coarse_ns(void)
{
	return moved(CLOCK_MONOTONIC_COARSE);
}

u64 ktime_get_coarse_real_ns(void)
{
	return moved(CLOCK_REALTIME_COARSE);
}

time64_t ktime_get_real_seconds(void)
{
	return (time64_t)(ktime_get_coarse_real_ns() / NSEC_PER_SEC);
}

time64_t ktime_get_seconds(void)
{
	return (time64_t)(ktime_get_coarse_ns() / NSEC_PER_SEC);
}

time64_t ktime_get_boottime_seconds(void)
{
	return (time64_t)(ktime_get_boottime_ns() / NSEC_PER_SEC);
}

struct timespec64 ns_to_timespec64(s64 ns)
{
	struct timespec64 ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += NSEC_PER_SEC;
	}
	return ts;
}

void ktime_get_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64((s64)ktime_get_real_ns());
}

void ktime_get_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64((s64)ktime_get_ns());
}

void ktime_get_coarse_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64((s64)ktime_get_coarse_real_ns());
}

u64 get_jiffies_64(void)
{
	u64 now = ktime_get_ns();
	u64 epoch = __atomic_load_n(&jiffies_epoch, __ATOMIC_RELAXED);

	if (!epoch && __atomic_compare_exchange_n(&jiffies_epoch, &epoch, now, false,
						  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		epoch = now;
	return JIFFIES_BEGIN + (now - epoch) / (NSEC_PER_SEC / HZ);
}

/* Days since 1970 of a date; month 1..12. Years begin in March, so that leap days come last. */
static s64 days_from_date(s64 year, unsigned int month, unsigned int day)
{
	s64 era, of_era, of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (s64)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       DAYS_0000_03_01;
}

time64_t mktime64(const unsigned int year, const unsigned int mon, const unsigned int day,
		  const unsigned int hour, const unsigned int min, const unsigned int sec)
{
	s64 days = days_from_date(year, mon, day);

	return ((days * 24 + hour) * 60 + min) * 60 + sec;
}

static void date_from_days(s64 days, struct tm *tm)
{
	s64 from_march = days + DAYS_0000_03_01;
	s64 era = (from_march >= 0 ? from_march : from_march - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	s64 of_era = from_march - era * DAYS_PER_ERA;
	s64 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	s64 of_year = of_era - (365 * year + year / 4 - year / 100);
	s64 month = (5 * of_year + 2) / 153;

	tm->tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1);
	tm->tm_mon = (int)(month < 10 ? month + 2 : month - 10);
	year += era * 400 + (tm->tm_mon <= 1);
	tm->tm_year = (int)(year - 1900);
	tm->tm_yday = (int)(days - days_from_date(year, 1, 1));
	tm->tm_wday = (int)(((days + 4) % 7 + 7) % 7);	/* 1970 began on a Thursday */
}

void time64_to_tm(time64_t totalsecs, int offset, struct tm *result)
{
	s64 secs = totalsecs + offset;
	s64 days = secs / SECONDS_PER_DAY;
	int rest = (int)(secs % SECONDS_PER_DAY);

	if (rest < 0) {
		rest += SECONDS_PER_DAY;
		days--;
	}
	memset(result, 0, sizeof(*result));
	result->tm_hour = rest / 3600;
	result->tm_min = rest / 60 % 60;
	result->tm_sec = rest % 60;
	date_from_days(days, result);
}
