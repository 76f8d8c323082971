// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads labels files; must never take a file for labels that does not say who is malicious. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "reader.h"
#include "stamp.h"

#define MINUTE_MS	60000
#define WHEN_MAX	253402300799.0	/* the end of the year 9999 */

static int label_add(struct an_labels *labels, const cJSON *item, size_t i, const char *name,
		     struct an_error *err)
{
	const cJSON *ip = cJSON_GetObjectItemCaseSensitive(item, "ip");
	const cJSON *malicious = cJSON_GetObjectItemCaseSensitive(item, "malicious");
	struct an_addr addr;
	uint32_t index, user;
	bool fresh;

	if (!cJSON_IsString(ip) || !an_addr_parse(ip->valuestring, strlen(ip->valuestring), &addr))
		return an_fail(err, AN_INPUT, "%s: sources[%zu]: \"ip\" must be an address",
			       name, i);
	if (!cJSON_IsBool(malicious))
		return an_fail(err, AN_INPUT,
			       "%s: sources[%zu]: \"malicious\" must be true or false", name, i);
	user = cJSON_IsTrue(malicious) ? AN_LABEL_HOSTILE : AN_LABEL_BENIGN;
	index = an_count_add(&labels->seen, addr, &fresh);
	if (index == AN_COUNT_NONE)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (!fresh && labels->seen.entries[index].user != user)
		return an_fail(err, AN_INPUT,
			       "%s: sources[%zu]: %s is called both malicious and not", name, i,
			       ip->valuestring);
	labels->seen.entries[index].user = user;
	return AN_OK;
}

/* RFC 3339, whole or with a fraction; no other form, and nothing after it. */
static bool parse_start(const cJSON *start, int64_t *ms)
{
	struct an_clock clock;
	const char *s, *end, *stop;

	if (cJSON_IsNumber(start)) {
		if (!(fabs(start->valuedouble) <= WHEN_MAX))
			return false;
		*ms = (int64_t)(start->valuedouble * 1000);
		return true;
	}
	if (!cJSON_IsString(start))
		return false;
	s = start->valuestring;
	end = s + strlen(s);
	if (*s < '0' || *s > '9')	/* the other stamps that logs have */
		return false;
	an_clock_init(&clock, 0);
	stop = an_stamp_parse(&clock, s, end, ms);
	return stop == end;
}

static int window_add(struct an_labels *labels, const cJSON *item, size_t i, const char *name,
		      struct an_error *err)
{
	const cJSON *start = cJSON_GetObjectItemCaseSensitive(item, "start");
	const cJSON *anomalous = cJSON_GetObjectItemCaseSensitive(item, "anomalous");
	struct an_window_label *w = &labels->windows[labels->nwindows];
	int64_t ms;

	if (!parse_start(start, &ms))
		return an_fail(err, AN_INPUT, "%s: windows[%zu]: \"start\" must be a time like "
			       "2025-11-03T00:00:00Z", name, i);
	if (!cJSON_IsBool(anomalous))
		return an_fail(err, AN_INPUT,
			       "%s: windows[%zu]: \"anomalous\" must be true or false", name, i);
	ms += MINUTE_MS / 2;
	w->start_ms = (ms - (ms < 0 ? MINUTE_MS - 1 : 0)) / MINUTE_MS * MINUTE_MS;
	w->label = cJSON_IsTrue(anomalous) ? AN_LABEL_HOSTILE : AN_LABEL_BENIGN;
	labels->nwindows++;
	return AN_OK;
}

static int by_start(const void *a, const void *b)
{
	const struct an_window_label *x = a, *y = b;

	return x->start_ms < y->start_ms ? -1 : x->start_ms > y->start_ms;
}

static int parse_windows(struct an_labels *labels, const cJSON *list, const char *name,
			 struct an_error *err)
{
	const cJSON *item;
	int n = cJSON_GetArraySize(list), status;
	size_t i = 0;

	if (n > (int)AN_LABELS_MAX)
		return an_fail(err, AN_INPUT, "%s: more than %u windows", name, AN_LABELS_MAX);
	labels->windows = calloc((size_t)n + 1, sizeof(*labels->windows));
	if (!labels->windows)
		return an_fail(err, AN_NOMEM, "out of memory");
	cJSON_ArrayForEach(item, list) {
		status = window_add(labels, item, i++, name, err);
		if (status)
			return status;
	}
	qsort(labels->windows, labels->nwindows, sizeof(*labels->windows), by_start);
	return AN_OK;
}

static int parse_sources(struct an_labels *labels, const cJSON *list, const char *name,
			 struct an_error *err)
{
	const cJSON *item;
	size_t i = 0;
	int status;

	if (!an_count_init(&labels->seen, AN_LABELS_MAX))
		return an_fail(err, AN_NOMEM, "out of memory");
	cJSON_ArrayForEach(item, list) {
		if (i == AN_LABELS_MAX)
			return an_fail(err, AN_INPUT, "%s: more than %u sources", name,
				       AN_LABELS_MAX);
		status = label_add(labels, item, i++, name, err);
		if (status)
			return status;
	}
	return AN_OK;
}

int an_labels_parse(struct an_labels *labels, const char *text, size_t len, const char *name,
		    struct an_error *err)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	const cJSON *sources = cJSON_GetObjectItemCaseSensitive(root, "sources");
	const cJSON *windows = cJSON_GetObjectItemCaseSensitive(root, "windows");
	const cJSON *complete = cJSON_GetObjectItemCaseSensitive(root, "complete");
	int status = AN_OK;

	memset(labels, 0, sizeof(*labels));
	labels->has_sources = cJSON_IsArray(sources);
	labels->has_windows = cJSON_IsArray(windows);
	labels->complete = !cJSON_IsFalse(complete);
	if ((!labels->has_sources && !labels->has_windows) ||
	    (sources && !labels->has_sources) || (windows && !labels->has_windows))
		status = an_fail(err, AN_INPUT, root ? "%s: no array \"sources\" or \"windows\": "
				 "labels look like {\"sources\":[{\"ip\":\"192.0.2.1\","
				 "\"malicious\":true}]}" : "%s is not JSON", name);
	else if (complete && !cJSON_IsBool(complete))
		status = an_fail(err, AN_INPUT, "%s: \"complete\" must be true or false", name);
	if (!status && labels->has_sources)
		status = parse_sources(labels, sources, name, err);
	if (!status && labels->has_windows)
		status = parse_windows(labels, windows, name, err);
	if (status)
		an_labels_free(labels);
	cJSON_Delete(root);
	return status;
}

int an_labels_load(struct an_labels *labels, const char *path, struct an_error *err)
{
	FILE *f = fopen(path, "re");
	size_t room = 64 * 1024, len = 0, n;
	char *text = malloc(room), *more;
	int status = AN_OK;

	memset(labels, 0, sizeof(*labels));
	if (!f) {
		free(text);	/* leaves errno alone */
		return an_fail_sys(err, AN_INPUT, "open", path);
	}
	while (text && (n = fread(text + len, 1, room - len, f)) > 0) {
		len += n;
		if (len < room)
			continue;
		if (room >= AN_LABELS_BYTES) {
			status = an_fail(err, AN_INPUT, "%s: labels of more than %u bytes", path,
					 AN_LABELS_BYTES);
			goto out;
		}
		more = realloc(text, room *= 2);
		if (!more)
			free(text);
		text = more;
	}
	if (!text)
		status = an_fail(err, AN_NOMEM, "out of memory");
	else if (ferror(f))
		status = an_fail_sys(err, AN_INPUT, "read", path);
	else
		status = an_labels_parse(labels, text, len, path, err);
out:
	free(text);
	fclose(f);
	return status;
}

void an_labels_free(struct an_labels *labels)
{
	an_count_free(&labels->seen);
	free(labels->windows);
	memset(labels, 0, sizeof(*labels));
}

enum an_label an_labels_get(const struct an_labels *labels, struct an_addr addr)
{
	uint32_t index;

	if (!labels->has_sources)
		return AN_LABEL_NONE;
	index = an_count_find(&labels->seen, addr);
	if (index == AN_COUNT_NONE)
		return AN_LABEL_NONE;
	return (enum an_label)labels->seen.entries[index].user;
}

enum an_label an_labels_window(const struct an_labels *labels, int64_t start_ms)
{
	const struct an_window_label key = { .start_ms = start_ms }, *found;

	if (!labels->nwindows)
		return AN_LABEL_NONE;
	found = bsearch(&key, labels->windows, labels->nwindows, sizeof(key), by_start);
	return found ? found->label : AN_LABEL_NONE;
}
