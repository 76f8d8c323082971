/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who goes on the deny list, and who must not whatever a model says. */
#ifndef VIRGO_AN_DENY_H
#define VIRGO_AN_DENY_H

#include "gather.h"
#include "learn.h"

/*
 * Judges the candidates and fills the report's hostile, deny, ndeny and deny_kept_off. The loudest
 * come first: on real logs the number of lines ranks as well as any model does. Kept off are own
 * and special addresses, sources labelled benign, and what never_deny covers.
 */
int an_deny(const struct an_learned *learned, const struct an_gathered *g,
	    const struct an_train_options *opt, struct an_train_report *report,
	    struct an_error *err);

/* Checks the never_deny list; AN_USAGE names the first bad entry. */
int an_deny_check(const struct an_train_options *opt, struct an_error *err);

#endif
