/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A labels file that grows answer by answer; what it held before and others wrote into it stays. */
#ifndef PLUGIN_LABELS_H
#define PLUGIN_LABELS_H

#include <cjson/cJSON.h>

#include "plugins/analytics/plugin.h"

struct labels {
	const char *path;
	cJSON *root;
};

/* Reads the file, or begins an empty, incomplete one. A status after reporting; labels_free() always. */
int labels_open(struct virgo_plugin_run *run, struct labels *l, const char *path);
void labels_free(struct labels *l);

/* whether the @list ("sources") has an element whose @key ("ip") is @value */
bool labels_have(const struct labels *l, const char *list, const char *key, const char *value);

/* adds {@key: @value, @verdict: @yes} and writes the file as a whole; a status after reporting */
int labels_add(struct virgo_plugin_run *run, struct labels *l, const char *list, const char *key,
	       const char *value, const char *verdict, bool yes);

#endif
