// SPDX-License-Identifier: GPL-3.0-or-later
/* The journal as lines of a log; must never let one entry look like two lines. */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "line.h"
#include "reader.h"

#define SD_LOCAL_ONLY	1		/* SD_JOURNAL_LOCAL_ONLY */
#define JOURNAL_TEXT_MAX	(AN_LINE_MAX - 400)	/* bytes of a message; more are cut off */
#define JOURNAL_HOST_MAX	255

/* What is used of libsystemd; sd_journal is opaque to us. */
struct sd_api {
	int (*open)(void **journal, int flags);
	int (*open_directory)(void **journal, const char *path, int flags);
	void (*close)(void *journal);
	int (*add_match)(void *journal, const void *data, size_t size);
	int (*set_data_threshold)(void *journal, size_t size);
	int (*seek_head)(void *journal);
	int (*seek_cursor)(void *journal, const char *cursor);
	int (*test_cursor)(void *journal, const char *cursor);
	int (*get_cursor)(void *journal, char **cursor);
	int (*next)(void *journal);
	int (*get_realtime_usec)(void *journal, uint64_t *usec);
	int (*get_data)(void *journal, const char *field, const void **data, size_t *len);
};

struct an_journal {
	struct sd_api api;
	void *lib, *sd;
	bool at_entry;			/* the current entry is yet to be read */
	char cursor[AN_CURSOR_MAX];
	size_t at, len;			/* what of the line is not handed out yet */
	char line[4 * (JOURNAL_TEXT_MAX + JOURNAL_HOST_MAX) + 64];
};

static int journal_load(struct an_journal *j, struct an_error *err)
{
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{ "sd_journal_open", &j->api.open },
		{ "sd_journal_open_directory", &j->api.open_directory },
		{ "sd_journal_close", &j->api.close },
		{ "sd_journal_add_match", &j->api.add_match },
		{ "sd_journal_set_data_threshold", &j->api.set_data_threshold },
		{ "sd_journal_seek_head", &j->api.seek_head },
		{ "sd_journal_seek_cursor", &j->api.seek_cursor },
		{ "sd_journal_test_cursor", &j->api.test_cursor },
		{ "sd_journal_get_cursor", &j->api.get_cursor },
		{ "sd_journal_next", &j->api.next },
		{ "sd_journal_get_realtime_usec", &j->api.get_realtime_usec },
		{ "sd_journal_get_data", &j->api.get_data },
	};
	size_t i;

	j->lib = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!j->lib)
		return an_fail(err, AN_INPUT, "the journal cannot be read without libsystemd (%s): "
			       "install libsystemd0, or name a log file", dlerror());
	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *symbol = dlsym(j->lib, symbols[i].name);

		if (!symbol)
			return an_fail(err, AN_INPUT, "the journal cannot be read: libsystemd has no "
				       "%s, it is too old; name a log file", symbols[i].name);
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	return AN_OK;
}

static int journal_failed(struct an_error *err, const char *what, const char *dir, int ret)
{
	err->sys = -ret;
	return an_fail(err, AN_INPUT, "cannot %s the journal%s%s: %s", what, *dir ? " in " : "",
		       dir, strerror(-ret));
}

int an_journal_open(struct an_journal **journal, const char *dir, struct an_error *err)
{
	static const char match[] = "_TRANSPORT=kernel";
	struct an_journal *j = calloc(1, sizeof(*j));
	int ret;

	*journal = j;
	if (!j)
		return an_fail(err, AN_NOMEM, "out of memory");
	ret = journal_load(j, err);
	if (ret)
		return ret;
	ret = *dir ? j->api.open_directory(&j->sd, dir, 0) : j->api.open(&j->sd, SD_LOCAL_ONLY);
	if (ret < 0) {
		j->sd = NULL;
		return journal_failed(err, "open", dir, ret);
	}
	ret = j->api.add_match(j->sd, match, sizeof(match) - 1);
	if (ret >= 0)
		ret = j->api.set_data_threshold(j->sd, AN_LINE_MAX);
	if (ret >= 0)
		ret = j->api.seek_head(j->sd);
	return ret < 0 ? journal_failed(err, "search", dir, ret) : AN_OK;
}

void an_journal_close(struct an_journal *j)
{
	if (!j)
		return;
	if (j->sd)
		j->api.close(j->sd);
	if (j->lib)
		dlclose(j->lib);
	free(j);
}

bool an_journal_seek(struct an_journal *j, const char *cursor)
{
	int ret = j->api.seek_cursor(j->sd, cursor);

	if (ret < 0) {
		j->api.seek_head(j->sd);
		return false;
	}
	snprintf(j->cursor, sizeof(j->cursor), "%s", cursor);
	ret = j->api.next(j->sd);
	/* When that entry is gone, the one found instead came after it. */
	j->at_entry = ret > 0 && j->api.test_cursor(j->sd, cursor) <= 0;
	return true;
}

/* Appends @len bytes, control bytes as syslog daemons write them ("#012"), so that a line is one. */
static void journal_put(struct an_journal *j, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 32 && c != 127)
			j->line[j->len++] = (char)c;
		else
			j->len += (size_t)snprintf(j->line + j->len, 5, "#%03o", c);
	}
}

/* Appends the value of @field, at most @max bytes of it; @none when the entry has no such field. */
static void journal_field(struct an_journal *j, const char *field, size_t max, const char *none)
{
	size_t name = strlen(field) + 1, len;
	const void *data;

	if (j->api.get_data(j->sd, field, &data, &len) < 0 || len < name) {
		journal_put(j, none, strlen(none));
		return;
	}
	len -= name;
	journal_put(j, (const char *)data + name, len < max ? len : max);
}

/* Year, month and day of a day number; the reverse of an_days(). */
static void date_of(int64_t day, int *year, int *month, int *dom)
{
	int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*dom = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400) + (*month <= 2);
}

static void journal_entry(struct an_journal *j)
{
	uint64_t usec = 0, sec;
	int year, month, dom, time;

	if (j->api.get_realtime_usec(j->sd, &usec) < 0 || usec / 1000000 > 253402300799ull)
		usec = 0;
	sec = usec / 1000000;
	time = (int)(sec % 86400);
	date_of((int64_t)(sec / 86400), &year, &month, &dom);
	j->at = 0;
	j->len = (size_t)snprintf(j->line, 64, "%04d-%02d-%02dT%02d:%02d:%02d.%06u+00:00 ", year,
				  month, dom, time / 3600, time / 60 % 60, time % 60,
				  (unsigned int)(usec % 1000000));
	journal_field(j, "_HOSTNAME", JOURNAL_HOST_MAX, "localhost");
	j->len += (size_t)snprintf(j->line + j->len, 10, " kernel: ");
	journal_field(j, "MESSAGE", JOURNAL_TEXT_MAX, "");
	j->line[j->len++] = '\n';
}

static void keep_cursor(struct an_journal *j)
{
	char *cursor = NULL;

	if (j->api.get_cursor(j->sd, &cursor) >= 0 && cursor && strlen(cursor) < AN_CURSOR_MAX)
		strcpy(j->cursor, cursor);
	free(cursor);
}

ssize_t an_journal_read(struct an_journal *j, void *buf, size_t len, struct an_error *err)
{
	char *to = buf;
	size_t n = 0;

	while (n < len) {
		size_t some = j->len - j->at;
		int ret = 1;

		if (!some) {
			if (!j->at_entry)
				ret = j->api.next(j->sd);
			j->at_entry = false;
			if (ret < 0) {
				journal_failed(err, "read", "", ret);
				return -1;
			}
			if (!ret)
				break;
			journal_entry(j);
			keep_cursor(j);
			continue;
		}
		some = some < len - n ? some : len - n;
		memcpy(to + n, j->line + j->at, some);
		j->at += some;
		n += some;
	}
	return (ssize_t)n;
}

const char *an_journal_cursor(const struct an_journal *j)
{
	return j->cursor;
}
