/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times as text, and the hybrid logical clock's spelling `<unix ms>.<counter>`.
 */
#ifndef VG_CORE_CLOCK_H
#define VG_CORE_CLOCK_H

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "core/str.h"

struct vg_civil {
	u32 year, month, day;		/* month 1-12, day 1-31 */
	u32 hour, minute, second;
	u32 weekday;			/* 0: Sunday */
};

/* Unix seconds (up to the year 9999) to UTC */
void vg_civil_from(u64 unix_s, struct vg_civil *c);

/* "Sun, 22 Nov 2026 11:14:42 GMT" and a NUL; returns its length */
enum { VG_DATE_IMF = 30, VG_DATE_BASIC = 17, VG_CLOCK_TEXT = 24 };
size_t vg_date_imf(u64 unix_s, char out[VG_DATE_IMF]);
/* "20261122T111442Z" and a NUL */
size_t vg_date_basic(u64 unix_s, char out[VG_DATE_BASIC]);

/* A clock's value as text without NUL; returns its length */
size_t vg_clock_print(u64 clock, char out[VG_CLOCK_TEXT]);
/* 0, -EINVAL (not `digits.digits`) or -ERANGE (more than a clock can hold) */
int vg_clock_parse(struct vg_str s, u64 *clock);

/*
 * Milliseconds, Unix and monotonic, up to a tick late but without reading the hardware: for
 * deadlines, and for a logical clock, which orders by its counter within a tick.
 */
u64 vg_real_ms(void);
u64 vg_mono_ms(void);

/* Monotonic milliseconds, exact: where a few of them count */
static inline u64 vg_now_ms(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_MSEC);
}

static inline u64 vg_ts_ms(const struct timespec64 *ts)
{
	return (u64)ts->tv_sec * MSEC_PER_SEC + (u32)ts->tv_nsec / (u32)NSEC_PER_MSEC;
}

struct vg_node;
/* vg_clock_now() for a caller that has read the time already */
u64 vg_clock_at(struct vg_node *node, u64 unix_ms);

#endif
