/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other kernel modules may call of virgo.ko. Exported for GPL modules; all may sleep but
 * where it says otherwise.
 */
#ifndef KAPI_VIRGO_H
#define KAPI_VIRGO_H

#include <linux/types.h>

/*
 * A learnt value of /etc/virgo_kernel_analytics.conf while it is in force (analytics_mode apply, not
 * expired, of sufficient quality): 0, or -ENOENT, -EINVAL (no number).
 */
int virgo_value_s64(const char *name, s64 *value);
/* Its text, NUL-terminated: the length, -ENOENT, or -ENOSPC. */
int virgo_value_text(const char *name, char *out, size_t cap);

/*
 * A value your module acts on. A file in which it lies outside @min..@max is refused whole.
 * @changed: @value is in force from now, or (@in_force false) is not any more: go back to what your
 *	module does by itself. Called from a work item; must not call back into this interface.
 */
struct virgo_value {
	const char *name;
	const char *unit;
	s64 min, max;
	void (*changed)(struct virgo_value *v, bool in_force, s64 value);
	void *priv;		/* the module's own */
	void *slot;		/* virgo's */
};

/* 0, -EEXIST, -ENOSPC (64 are registered) or -ENOMEM. @v stays until it is unregistered. */
int virgo_value_register(struct virgo_value *v);
/* When it returns, changed() has run a last time if the value was in force, and never will again. */
void virgo_value_unregister(struct virgo_value *v);

/*
 * Tell those who watch this node's events that something has happened: a line of up to 1,024 bytes of UTF-8.
 * @source is your module's name. 0, -ENOENT (nobody on this node keeps events), -EINVAL. Does not sleep.
 */
int virgo_eventnet_log(const char *source, const char *text);

#endif
