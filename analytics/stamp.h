/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time stamps of log lines. Never calls the C library's calendar: it knows locales and zones. */
#ifndef VIRGO_AN_STAMP_H
#define VIRGO_AN_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#define AN_MS_NONE	INT64_MIN	/* a line whose time is unknown */

/*
 * What must be remembered from line to line, because the traditional stamp has no year. The first
 * such stamp gets the latest year that does not put it after @now; from then on six months or more
 * backwards are a New Year, unless that is after @now: then the clock was set back. December after
 * January is a line that came late. 29 February takes a year that has one. When somebody @told of a
 * moment the log holds, the first stamp gets the latest year with which that moment lies between it
 * and as much later as @now is at the latest; when there is none, the year is found as without.
 */
struct an_clock {
	int64_t now;		/* Unix seconds the log is read at */
	int64_t told;		/* Unix milliseconds; AN_MS_NONE: nobody did */
	int year;		/* of the last year-less stamp; 0: none yet */
	int month;
	char date_text[7];	/* "May  7 " of the last year-less stamp, and its day, */
	bool dated;		/* if they leave no doubt for the next one with the same */
	int64_t date;
	char day_text[10];	/* date of the last RFC 3339 stamp, and its day number */
	int64_t day;
};

void an_clock_init(struct an_clock *clock, int64_t now);

/* Days since 1970-01-01 in the Gregorian calendar; @month 1..12. */
int64_t an_days(int64_t year, int month, int day);

/*
 * A stamp at the start of @s: RFC 3339, traditional ("May  7 14:13:26"), or the kernel's own
 * "[12345.678]". Returns the first byte after it, NULL when there is none; *ms gets Unix
 * milliseconds (milliseconds since boot for the kernel's own). Never reads at or past @end.
 */
const char *an_stamp_parse(struct an_clock *clock, const char *s, const char *end, int64_t *ms);

/* Whether a stamp at @s, which is no end, would be a traditional one: its year is for a clock to say. */
static inline bool an_stamp_is_yearless(const char *s)
{
	return *s != '[' && !(*s >= '0' && *s <= '9');
}

#define AN_STAMP_MAX	38	/* bytes of a stamp that is stepped over */

/*
 * Only steps over a stamp, no time: to the blank where an_stamp_parse() ends at one, and over some that are
 * none to it. The kernel's own is not stepped over.
 */
const char *an_stamp_skip(const char *s, const char *end);

#endif
