// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node's clocks: text of dates, and the hybrid logical clock. Must never let the logical clock
 * run backwards or further ahead than one request may push it.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/ktime.h>

#include "core/clock.h"
#include "core/node.h"

u64 vg_real_ms(void)
{
	struct timespec64 now;

	ktime_get_coarse_real_ts64(&now);
	return vg_ts_ms(&now);
}
EXPORT_SYMBOL_GPL(vg_real_ms);

u64 vg_mono_ms(void)
{
	return div_u64(ktime_get_coarse_ns(), NSEC_PER_MSEC);
}
EXPORT_SYMBOL_GPL(vg_mono_ms);

void vg_civil_from(u64 unix_s, struct vg_civil *c)
{
	u32 rest, days, era, doe, yoe, doy, mp;

	days = div_u64_rem(unix_s, 86400, &rest);
	c->hour = rest / 3600;
	c->minute = rest / 60 % 60;
	c->second = rest % 60;
	c->weekday = (days + 4) % 7;
	/* years begin in March here, so that a leap day ends one; 400 of them are an era */
	days += 719468;
	era = days / 146097;
	doe = days % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c->day = doy - (153 * mp + 2) / 5 + 1;
	c->month = mp < 10 ? mp + 3 : mp - 9;
	c->year = yoe + era * 400 + (c->month <= 2);
}

static char *put_digits(char *out, u32 v, u32 n)
{
	u32 i;

	for (i = n; i--; v /= 10)
		out[i] = '0' + v % 10;
	return out + n;
}

static char *put_text(char *out, const char *s, size_t n)
{
	memcpy(out, s, n);
	return out + n;
}

size_t vg_date_imf(u64 unix_s, char out[VG_DATE_IMF])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct vg_civil c;
	char *p = out;

	vg_civil_from(unix_s, &c);
	p = put_text(p, days + 3 * c.weekday, 3);
	p = put_text(p, ", ", 2);
	p = put_digits(p, c.day, 2);
	*p++ = ' ';
	p = put_text(p, months + 3 * (c.month - 1), 3);
	*p++ = ' ';
	p = put_digits(p, c.year, 4);
	*p++ = ' ';
	p = put_digits(p, c.hour, 2);
	*p++ = ':';
	p = put_digits(p, c.minute, 2);
	*p++ = ':';
	p = put_digits(p, c.second, 2);
	p = put_text(p, " GMT", 5);
	return p - out - 1;
}

size_t vg_date_basic(u64 unix_s, char out[VG_DATE_BASIC])
{
	struct vg_civil c;
	char *p = out;

	vg_civil_from(unix_s, &c);
	p = put_digits(p, c.year, 4);
	p = put_digits(p, c.month, 2);
	p = put_digits(p, c.day, 2);
	*p++ = 'T';
	p = put_digits(p, c.hour, 2);
	p = put_digits(p, c.minute, 2);
	p = put_digits(p, c.second, 2);
	p = put_text(p, "Z", 2);
	return p - out - 1;
}

size_t vg_clock_print(u64 clock, char out[VG_CLOCK_TEXT])
{
	size_t n = vg_u64_to_dec(clock >> 16, out);

	out[n++] = '.';
	return n + vg_u64_to_dec(clock & 0xffff, out + n);
}

/* Digits, leading zeros allowed: curl users pad the counter */
static int clock_number(struct vg_str s, u64 max, u64 *v)
{
	size_t i;

	*v = 0;
	if (!s.n || s.n > 20)
		return -EINVAL;
	for (i = 0; i < s.n; i++) {
		if (!vg_is_digit(s.p[i]))
			return -EINVAL;
		if (*v > max / 10)
			return -ERANGE;
		*v = *v * 10 + (s.p[i] - '0');
	}
	return *v > max ? -ERANGE : 0;
}

int vg_clock_parse(struct vg_str s, u64 *clock)
{
	const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
	u64 ms, counter;
	int ret;

	if (!dot)
		return -EINVAL;
	ret = clock_number(vg_str(s.p, dot - s.p), U64_MAX >> 17, &ms);
	if (!ret)
		ret = clock_number(vg_str(dot + 1, s.p + s.n - dot - 1), 0xffff, &counter);
	if (!ret)
		*clock = ms << 16 | counter;
	return ret;
}

u64 vg_clock_now(struct vg_node *node)
{
	return vg_clock_at(node, vg_real_ms());
}
EXPORT_SYMBOL_GPL(vg_clock_now);

u64 vg_clock_at(struct vg_node *node, u64 unix_ms)
{
	u64 wall = unix_ms << 16;
	s64 old = atomic64_read(&node->clock);
	u64 next;

	do {
		next = wall > (u64)old ? wall : (u64)old + 1;
	} while (!atomic64_try_cmpxchg(&node->clock, &old, next));
	return next;
}

int vg_clock_see(struct vg_node *node, u64 seen)
{
	s64 old = atomic64_read(&node->clock);

	if (seen >> 16 > vg_real_ms() + VG_CLOCK_AHEAD_MS)
		return -ERANGE;
	while ((u64)old < seen)
		if (atomic64_try_cmpxchg(&node->clock, &old, seen))
			break;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_clock_see);
