// SPDX-License-Identifier: GPL-3.0-or-later
/* See listing.h. Libraries wrote it: must never take a byte of it on trust. */
#include <string.h>

#include "helper/library.h"
#include "helper/listing.h"
#include "uapi/virgo.h"

static bool is_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon && library_name_ok(name, colon - name) &&
	       library_name_ok(colon + 1, strlen(colon + 1));
}

static bool is_summary(const char *s)
{
	const char *p;

	for (p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return p - s <= SUMMARY_MAX;
}

/* Bytes of the pair at p, which n bytes are left for; 0: there is none. */
static size_t pair(const char *p, size_t n)
{
	size_t name = strnlen(p, n), summary;

	if (name == n || !is_name(p))
		return 0;
	name++;
	summary = strnlen(p + name, n - name);
	if (summary == n - name || !is_summary(p + name))
		return 0;
	return name + summary + 1;
}

size_t listing_next(const struct stream *s, size_t *at, char *room, bool *more)
{
	size_t put = 0, n;

	for (;;) {
		n = s->gathered ? pair(s->gathered + *at, s->kept - *at) : 0;
		*more = n;
		if (!n || put + n > VIRGO_MSG_DATA)
			return put;
		memcpy(room + put, s->gathered + *at, n);
		put += n;
		*at += n;
	}
}
