// SPDX-License-Identifier: GPL-3.0-or-later
/* Texts, numbers and times as all forms of a report show them. */
#include <time.h>

#include "review.h"

const char *an_review_string(const cJSON *o, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return s ? s : "";
}

double an_review_number(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

const char *an_review_time(int64_t sec, char text[24])
{
	time_t t = (time_t)sec;
	struct tm tm;

	text[0] = 0;
	if (!gmtime_r(&t, &tm) || !strftime(text, 24, "%Y-%m-%d %H:%M", &tm))
		snprintf(text, 24, "%lld", (long long)sec);
	return text;
}

const char *an_review_generated(const cJSON *manifest, char text[24])
{
	double sec = an_review_number(manifest, "generated");

	/* to the end of the year 9999 */
	return an_review_time(sec >= 0 && sec <= 253402300799.0 ? (int64_t)sec : 0, text);
}
