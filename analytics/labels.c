// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads labels files; must never take a file for labels that does not say who is malicious. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "reader.h"

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

int an_labels_parse(struct an_labels *labels, const char *text, size_t len, const char *name,
		    struct an_error *err)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	const cJSON *sources, *item;
	int status = AN_OK;
	size_t i = 0;

	memset(labels, 0, sizeof(*labels));
	sources = cJSON_GetObjectItemCaseSensitive(root, "sources");
	if (!cJSON_IsArray(sources)) {
		status = an_fail(err, AN_INPUT, root ? "%s: no array \"sources\": labels look like "
				 "{\"sources\":[{\"ip\":\"192.0.2.1\",\"malicious\":true}]}" :
				 "%s is not JSON", name);
		goto out;
	}
	if (!an_count_init(&labels->seen, AN_LABELS_MAX)) {
		status = an_fail(err, AN_NOMEM, "out of memory");
		goto out;
	}
	cJSON_ArrayForEach(item, sources) {
		if (i == AN_LABELS_MAX)
			status = an_fail(err, AN_INPUT, "%s: more than %u sources", name,
					 AN_LABELS_MAX);
		else
			status = label_add(labels, item, i, name, err);
		if (status)
			break;
		i++;
	}
out:
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
}

enum an_label an_labels_get(const struct an_labels *labels, struct an_addr addr)
{
	uint32_t index = an_count_find(&labels->seen, addr);

	if (index == AN_COUNT_NONE)
		return AN_LABEL_NONE;
	return (enum an_label)labels->seen.entries[index].user;
}
