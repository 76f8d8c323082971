// SPDX-License-Identifier: GPL-3.0-or-later
/* The values file as text; must never write what the kernel's parser would refuse. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "values.h"

#define KEY_NAME	44	/* with NUL; behind the longest prefix it fills a key */
#define LINES_MAX	1024	/* bytes that one function's two values may take */

/* "DenySources=a;b;c\n", cut at the entry that would make the value too long. */
static size_t deny_list(const struct an_values *v, char *buf, size_t *written)
{
	char *p = buf + sprintf(buf, "DenySources=");
	size_t value = 0;

	for (*written = 0; *written < v->ndeny; (*written)++) {
		const char *ip = v->deny[*written].ip;
		size_t need = strlen(ip) + (*written > 0);

		if (value + need > AN_DENY_BYTES)
			break;
		p += sprintf(p, "%s%s", *written ? ";" : "", ip);
		value += need;
	}
	if (!*written)
		return 0;
	*p++ = '\n';
	return (size_t)(p - buf);
}

/* A name as a key may hold it; what is too long is cut at its head, which tells less. */
static void key_name(const char *name, char out[KEY_NAME])
{
	size_t n = strlen(name), i;

	if (n > KEY_NAME - 1) {
		name += n - (KEY_NAME - 1);
		n = KEY_NAME - 1;
	}
	for (i = 0; i < n; i++) {
		char c = name[i];

		out[i] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			 (c >= 'a' && c <= 'z') || c == '.' || c == '-' ? c : '_';
	}
	out[n] = 0;
}

/* Two functions whose keys are the same: only the first can be told. */
static bool same_key(const struct an_values *v, unsigned int fn, const char *key)
{
	char other[KEY_NAME];
	unsigned int i;

	for (i = 0; i < fn; i++) {
		key_name(v->names->fn[i], other);
		if (v->curves->fn[i].n && !strcmp(other, key))
			return true;
	}
	return false;
}

static char *exec_values(const struct an_values *v, char *p, const char *end)
{
	unsigned int fn, node, i;

	for (fn = 0; fn < v->names->nfns && end - p > LINES_MAX; fn++) {
		const struct an_curve *c = &v->curves->fn[fn];
		char key[KEY_NAME];

		key_name(v->names->fn[fn], key);
		if (!c->n || same_key(v, fn, key))
			continue;
		p += sprintf(p, "ExecUs.%s=", key);
		for (i = 0; i < c->n; i++)
			p += sprintf(p, "%s%u:%u", i ? ";" : "", c->log2[i], c->us[i]);
		p += sprintf(p, "\nNodeLoadCoefPermille.%s=%u\n", key, c->load_coef);
	}
	for (node = 0; node < v->names->nnodes && end - p > LINES_MAX; node++)
		if (v->curves->speed[node])
			p += sprintf(p, "NodeSpeedPermille.%u=%u\n", v->names->node[node],
				     v->curves->speed[node]);
	return p;
}

static char *qualities(const struct an_values *v, char *p)
{
	if (v->sources_quality)
		p += sprintf(p, "SourcesQualityPermille=%u\n", v->sources_quality);
	if (v->windows_quality)
		p += sprintf(p, "WindowsQualityPermille=%u\n", v->windows_quality);
	if (v->exec_quality)
		p += sprintf(p, "ExecQualityPermille=%u\n", v->exec_quality);
	return p;
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
	p = qualities(v, p);
	if (v->top) {
		p += sprintf(p, "TopSourceIP=%s\n", v->top->ip);
		p += sprintf(p, "TopSourceCount=%" PRIu64 "\n", v->top->count);
	}
	p += deny_list(v, p, written);
	p += sprintf(p, "LogLimited=%d\n", !!v->log_limited);
	if (v->max_bandwidth)
		p += sprintf(p, "MaxNetworkBandwidth=%u\n", v->max_bandwidth);
	if (v->windows_quality)
		p += sprintf(p, "AnomalyScorePermille=%u\nAnomalyThresholdPermille=500\n"
			     "AnomalyKind=%s\n", v->anomaly_score, v->anomaly_kind);
	if (v->curves)
		p = exec_values(v, p, buf + AN_VALUES_BYTES);
	return (size_t)(p - buf);
}
