/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: calendar dates. struct tm is libc's: cast tm_year, which is long in the kernel, before
 * printing it.
 */
#ifndef SHIM_LINUX_TIME_H
#define SHIM_LINUX_TIME_H

#include <linux/time64.h>
#include <sys/time.h>
#include <time.h>

/* Seconds since 1970 of a date in UTC: year such as 2024, month 1..12, day 1..31. */
time64_t mktime64(const unsigned int year, const unsigned int mon, const unsigned int day,
		  const unsigned int hour, const unsigned int min, const unsigned int sec);

/*
 * The date in UTC of totalsecs + offset. tm_year counts from 1900, tm_mon from 0. A year beyond
 * int does not occur: the argument is bounded by what libc's struct tm can hold.
 */
void time64_to_tm(time64_t totalsecs, int offset, struct tm *result);

#endif /* SHIM_LINUX_TIME_H */
