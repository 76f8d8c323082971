// SPDX-License-Identifier: GPL-3.0-or-later
/* Small readings of a node's JSON. What a node sends is foreign: every type is checked. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define EXACT 9007199254740992.0

const char *virgo_json_text(const struct cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* a decimal integer and nothing else */
static int parse_s64(const char *text, int64_t *out)
{
	char *end;
	long long v;

	if (*text != '-' && (*text < '0' || *text > '9'))
		return -1;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || *end || end == text)
		return -1;
	*out = v;
	return 0;
}

/* a number, or (a 64-bit id) a string of digits */
int virgo_json_s64(const struct cJSON *object, const char *name, int64_t *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (cJSON_IsString(item))
		return parse_s64(item->valuestring, out);
	/* beyond 2^53 a double no longer holds every integer: such numbers come as strings */
	if (!cJSON_IsNumber(item) || item->valuedouble > EXACT || item->valuedouble < -EXACT)
		return -1;
	*out = (int64_t)item->valuedouble;
	return 0;
}

int virgo_json_u64(const struct cJSON *object, const char *name, uint64_t *out)
{
	const char *text = virgo_json_text(object, name);
	int64_t v;
	char *end;
	unsigned long long u;

	if (!text) {
		if (virgo_json_s64(object, name, &v) || v < 0)
			return -1;
		*out = v;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	u = strtoull(text, &end, 10);
	if (errno || *end)
		return -1;
	*out = u;
	return 0;
}

int virgo_json_flat_s64(const char *text, const char *name, int64_t *out)
{
	cJSON *object = cJSON_Parse(text);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	char number[24];
	const char *at;
	size_t n;
	int ret = -1;

	if (cJSON_IsString(item)) {
		ret = parse_s64(item->valuestring, out);
	} else if (cJSON_IsNumber(item)) {
		/* the text is valid JSON with one such name: its digits stand behind the colon */
		at = strstr(text, name);
		at = at ? strchr(at, ':') : NULL;
		at = at ? at + 1 + strspn(at + 1, " \t\r\n") : "";
		n = strspn(at, "-0123456789");
		if (n && n < sizeof(number) && !strchr(".eE", at[n])) {
			memcpy(number, at, n);
			number[n] = '\0';
			ret = parse_s64(number, out);
		}
	}
	cJSON_Delete(object);
	return ret;
}
