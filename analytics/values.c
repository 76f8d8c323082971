// SPDX-License-Identifier: GPL-3.0-or-later
/* The values file as text; must never write what the kernel's parser would refuse. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "values.h"

/* "DenySources=a;b;c\n", cut at the entry that would make the value too long. */
static size_t deny_list(const struct an_values *v, char *buf, size_t *written)
{
	char *p = buf + sprintf(buf, "DenySources=");
	size_t value = 0;

	for (*written = 0; *written < v->ndeny; (*written)++) {
		const char *ip = v->deny[*written].ip;
		size_t need = strlen(ip) + (*written > 0);

		if (value + need > AN_VALUE_MAX)
			break;
		p += sprintf(p, "%s%s", *written ? ";" : "", ip);
		value += need;
	}
	if (!*written)
		return 0;
	*p++ = '\n';
	return (size_t)(p - buf);
}

size_t an_values_format(const struct an_values *v, char *buf, size_t *written)
{
	char *p = buf;

	p += sprintf(p, "# Written by virgo analytics train. A new run replaces it; see\n"
		     "# virgo_kernel_analytics.conf(5).\n");
	p += sprintf(p, "SchemaVersion=%d\n", AN_SCHEMA_VERSION);
	p += sprintf(p, "Generated=%" PRId64 "\n", v->generated);
	p += sprintf(p, "ValidForSec=%u\n", v->valid_for);
	p += sprintf(p, "ModelVersion=%u\n", v->model_version);
	p += sprintf(p, "ModelQualityPermille=%u\n", v->quality);
	p += sprintf(p, "TrainRows=%" PRIu64 "\n", v->train_rows);
	if (v->top) {
		p += sprintf(p, "TopSourceIP=%s\n", v->top->ip);
		p += sprintf(p, "TopSourceCount=%" PRIu64 "\n", v->top->count);
	}
	p += deny_list(v, p, written);
	p += sprintf(p, "LogLimited=%d\n", !!v->log_limited);
	if (v->max_bandwidth)
		p += sprintf(p, "MaxNetworkBandwidth=%u\n", v->max_bandwidth);
	return (size_t)(p - buf);
}
