// SPDX-License-Identifier: GPL-3.0-or-later
/* Labels files as they grow; must never leave half a file, nor drop what it does not know. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/analytics/labels.h"

enum { LABELS_MAX = 1 << 20 };

int labels_open(struct virgo_plugin_run *run, struct labels *l, const char *path)
{
	size_t len;
	char *text;

	*l = (struct labels){ .path = path };
	if (access(path, F_OK) && errno == ENOENT) {
		l->root = cJSON_CreateObject();
		if (!cJSON_AddFalseToObject(l->root, "complete"))
			return host->fail(run, VIRGO_FAILED, "out of memory");
		return VIRGO_OK;
	}
	text = read_whole(path, LABELS_MAX, &len);
	if (!text)
		return host->fail(run, errno_code(errno), "can't read %s: %s", path, strerror(errno));
	if (len > LABELS_MAX) {
		free(text);
		return host->fail(run, VIRGO_USAGE, "%s has more than %d bytes", path, LABELS_MAX);
	}
	l->root = cJSON_ParseWithLength(text, len);
	free(text);
	if (!cJSON_IsObject(l->root))
		return host->fail(run, VIRGO_USAGE, "%s is no labels file: it is not a JSON object",
				  path);
	return VIRGO_OK;
}

void labels_free(struct labels *l)
{
	cJSON_Delete(l->root);
	l->root = NULL;
}

bool labels_have(const struct labels *l, const char *list, const char *key, const char *value)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(l->root, list)) {
		const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));

		if (s && !strcmp(s, value))
			return true;
	}
	return false;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The file as it was or as it is now, never anything between. */
static int save(struct virgo_plugin_run *run, const struct labels *l)
{
	char temp[PATH_MAX], *text = cJSON_Print(l->root);
	int fd, bad;

	if (!text)
		return host->fail(run, VIRGO_FAILED, "out of memory");
	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", l->path) >= (int)sizeof(temp)) {
		free(text);
		return host->fail(run, VIRGO_USAGE, "path too long: %.80s", l->path);
	}
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		free(text);
		return host->fail(run, errno_code(errno), "can't write %s: %s", temp, strerror(errno));
	}
	bad = write_all(fd, text, strlen(text)) || write_all(fd, "\n", 1) || fchmod(fd, 0644) ||
	      fsync(fd) || rename(temp, l->path) ? errno : 0;
	close(fd);
	free(text);
	if (!bad)
		return VIRGO_OK;
	unlink(temp);
	return host->fail(run, errno_code(bad), "can't write %s: %s", l->path, strerror(bad));
}

int labels_add(struct virgo_plugin_run *run, struct labels *l, const char *list, const char *key,
	       const char *value, const char *verdict, bool yes)
{
	cJSON *array = cJSON_GetObjectItemCaseSensitive(l->root, list);
	cJSON *item = cJSON_CreateObject();

	if (!array)
		array = cJSON_AddArrayToObject(l->root, list);
	if (!cJSON_IsArray(array) || !cJSON_AddStringToObject(item, key, value) ||
	    !cJSON_AddBoolToObject(item, verdict, yes)) {
		cJSON_Delete(item);
		return host->fail(run, VIRGO_USAGE, "%s: \"%s\" is no list", l->path, list);
	}
	cJSON_AddItemToArray(array, item);
	return save(run, l);
}
