/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written for the kernel, as text. Integers only; the kernel has no floats. */
#ifndef VIRGO_AN_VALUES_H
#define VIRGO_AN_VALUES_H

#include "addr.h"
#include "analytics.h"
#include "curve.h"

#define AN_SCHEMA_VERSION	1
#define AN_DENY_BYTES		16384	/* of DenySources, the one value that may be so long */
#define AN_VALUES_BYTES		65536	/* the most the kernel reads; more is not written */

struct an_values {
	int64_t generated;
	uint32_t valid_for, model_version, quality, max_bandwidth;
	uint64_t train_rows;
	int log_limited;
	const struct an_source *top;	/* NULL: no TopSourceIP */
	const struct an_source *deny;
	size_t ndeny;			/* as many as fit are written */
	uint32_t sources_quality, windows_quality, exec_quality;	/* permille; 0: not learnt */
	uint32_t anomaly_score;		/* written with windows_quality; the threshold is 500 */
	const char *anomaly_kind;
	const struct an_curves *curves;	/* NULL: none */
	const struct an_run_names *names;
};

/*
 * Formats the file into @buf (AN_VALUES_BYTES) and returns its length; *written gets how many deny
 * entries found room in AN_DENY_BYTES.
 */
size_t an_values_format(const struct an_values *v, char *buf, size_t *written);

#endif
