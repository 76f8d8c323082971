// SPDX-License-Identifier: GPL-3.0-or-later
/* The three stamps of a kernel log; must never read at or past the end it was given. */
#include <string.h>

#include "stamp.h"

#define DAY_MS		86400000ll
#define MINUTE_MS	60000
#define YEAR_MAX	9999	/* a hostile log may turn the year as often as it likes */

static const unsigned char month_days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

void an_clock_init(struct an_clock *clock, int64_t now)
{
	memset(clock, 0, sizeof(*clock));
	clock->now = now;
	clock->told = AN_MS_NONE;
}

int64_t an_days(int64_t year, int month, int day)
{
	int64_t era, yoe, doy;

	/* Years begin in March, so that the leap day is the last one. */
	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	yoe = year - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits, or -1. */
static int two(const char *s)
{
	if (!is_digit(s[0]) || !is_digit(s[1]))
		return -1;
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* "hh:mm:ss" as milliseconds of the day, or -1. A leap second is the second before it. */
static int64_t clock_time(const char *s)
{
	int h = two(s), m = two(s + 3), sec = two(s + 6);

	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60)
		return -1;
	if (s[2] != ':' || s[5] != ':')
		return -1;
	return ((int64_t)h * 3600 + m * 60 + (sec == 60 ? 59 : sec)) * 1000;
}

/* ".123456" at *p as milliseconds; leaves *p after the last digit. */
static int64_t fraction(const char **p, const char *end)
{
	const char *s = *p;
	int64_t ms = 0, unit = 100;

	if (s == end || *s != '.')
		return 0;
	for (s++; s < end && is_digit(*s); s++) {
		ms += (*s - '0') * unit;
		unit /= 10;
	}
	*p = s;
	return ms;
}

/* "Z", "+hh:mm" or "-hh:mm" at *p as milliseconds east of Greenwich. */
static bool zone(const char **p, const char *end, int64_t *ms)
{
	const char *s = *p;
	int h, m;

	if (s < end && (*s == 'Z' || *s == 'z')) {
		*ms = 0;
		*p = s + 1;
		return true;
	}
	if (end - s < 6 || (*s != '+' && *s != '-') || s[3] != ':')
		return false;
	h = two(s + 1);
	m = two(s + 4);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*ms = (h * 60 + m) * 60000ll * (*s == '-' ? -1 : 1);
	*p = s + 6;
	return true;
}

/* "2025-11-03" as a day number; the last one is remembered, since nearly all are the same. */
static bool day_of(struct an_clock *clock, const char *s, int64_t *day)
{
	int century = two(s), year = two(s + 2), month = two(s + 5), dom = two(s + 8);

	if (century < 0 || year < 0 || month < 1 || month > 12 || dom < 1 || dom > month_days[month - 1])
		return false;
	if (s[4] != '-' || s[7] != '-')
		return false;
	*day = an_days(century * 100 + year, month, dom);
	memcpy(clock->day_text, s, sizeof(clock->day_text));
	clock->day = *day;
	return true;
}

static const char *parse_rfc3339(struct an_clock *clock, const char *s, const char *end,
				 int64_t *ms)
{
	int64_t day, time, frac, east;

	if (end - s < 20 || (s[10] != 'T' && s[10] != 't'))
		return NULL;
	if (!memcmp(s, clock->day_text, sizeof(clock->day_text)))
		day = clock->day;
	else if (!day_of(clock, s, &day))
		return NULL;
	time = clock_time(s + 11);
	if (time < 0)
		return NULL;
	s += 19;
	frac = fraction(&s, end);
	if (!zone(&s, end, &east))
		return NULL;
	*ms = day * DAY_MS + time + frac - east;
	return s;
}

/* 1..12, or 0. */
static int month_of(const char *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++)
		if (!memcmp(s, names + 3 * i, 3))
			return i + 1;
	return 0;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Whether this moment is more than a day after the clock's now. */
static bool after_now(const struct an_clock *clock, int year, int month, int dom, int64_t time)
{
	return an_days(year, month, dom) * DAY_MS + time > clock->now * 1000 + DAY_MS;
}

/* The latest year up to @year that has such a day and does not put it after the clock's now. */
static int latest_year(const struct an_clock *clock, int year, int month, int dom, int64_t time)
{
	bool leap = month == 2 && dom == 29;

	while (year > 1970 && ((leap && !is_leap(year)) ||
			       after_now(clock, year, month, dom, time)))
		year--;
	return year;
}

/* The year of the first stamp: see struct an_clock. */
static int first_year(const struct an_clock *clock, int month, int dom, int64_t time)
{
	int latest = latest_year(clock, 1971 + (int)(clock->now / 31556952), month, dom, time);
	int64_t at = an_days(latest, month, dom) * DAY_MS + time;
	int64_t span = clock->now * 1000 + DAY_MS - at;
	int year = latest;

	if (clock->told == AN_MS_NONE)
		return latest;
	/* before the first line's own minute began */
	while (clock->told < at - MINUTE_MS) {
		if (year <= 1970)
			return latest;
		year = latest_year(clock, year - 1, month, dom, time);
		at = an_days(year, month, dom) * DAY_MS + time;
	}
	return clock->told > at + span ? latest : year;
}

/* "May  7 " as a day number, with the year that @time of that day is in. */
static bool yearless_day(struct an_clock *clock, const char *s, int64_t time, int64_t *day)
{
	int month, dom, year;
	bool known = true;

	if (s[3] != ' ' || s[6] != ' ')
		return false;
	month = month_of(s);
	dom = s[4] == ' ' && is_digit(s[5]) ? s[5] - '0' : two(s + 4);
	if (!month || dom < 1 || dom > month_days[month - 1])
		return false;
	if (!clock->year) {
		clock->year = first_year(clock, month, dom, time);
		clock->month = month;
	}
	year = clock->year;
	if (month <= clock->month - 6) {
		/* A New Year; but not one that is yet to come: then the clock was set back. */
		known = year < YEAR_MAX && !after_now(clock, year + 1, month, dom, time);
		if (known)
			year = ++clock->year;
	} else if (month == 12 && clock->month == 1) {
		/* A line that came late. */
		known = false;
		year--;
	}
	if (month == 2 && dom == 29 && !is_leap(year))
		year = clock->year = latest_year(clock, year, month, dom, time);
	*day = an_days(year, month, dom);
	clock->dated = known;
	if (known)
		clock->month = month;
	memcpy(clock->date_text, s, sizeof(clock->date_text));
	clock->date = *day;
	return true;
}

static const char *parse_traditional(struct an_clock *clock, const char *s, const char *end,
				     int64_t *ms)
{
	int64_t time, day;

	if (end - s < 15)
		return NULL;
	time = clock_time(s + 7);
	if (time < 0)
		return NULL;
	if (clock->dated && !memcmp(s, clock->date_text, sizeof(clock->date_text)))
		day = clock->date;
	else if (!yearless_day(clock, s, time, &day))
		return NULL;
	*ms = day * DAY_MS + time;
	return s + 15;
}

/* "[12345.678901]", padded with blanks in front. */
static const char *parse_uptime(const char *s, const char *end, int64_t *ms)
{
	int64_t sec = 0;
	int digits = 0;

	for (s++; s < end && *s == ' '; s++)
		;
	for (; s < end && is_digit(*s) && digits < 12; s++, digits++)
		sec = sec * 10 + *s - '0';
	if (!digits || s == end || *s != '.')
		return NULL;
	*ms = sec * 1000 + fraction(&s, end);
	return s < end && *s == ']' ? s + 1 : NULL;
}

const char *an_stamp_parse(struct an_clock *clock, const char *s, const char *end, int64_t *ms)
{
	if (s == end)
		return NULL;
	if (an_stamp_is_yearless(s))
		return parse_traditional(clock, s, end, ms);
	return *s == '[' ? parse_uptime(s, end, ms) : parse_rfc3339(clock, s, end, ms);
}

const char *an_stamp_skip(const char *s, const char *end)
{
	if (end - s >= 20 && is_digit(*s) && s[4] == '-' && s[13] == ':') {
		const char *limit = end - s > AN_STAMP_MAX ? s + AN_STAMP_MAX + 1 : end;

		for (s += 19; s < limit; s++)
			if (*s == ' ')
				return s;
		return NULL;
	}
	if (end - s >= 15 && s[3] == ' ' && s[6] == ' ' && s[9] == ':' && s[12] == ':')
		return s + 15;
	return NULL;
}
