// SPDX-License-Identifier: GPL-3.0-or-later
/* What the commands do alike; must never print but through virgo. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/analytics/plugin.h"

int progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct virgo_plugin_run *run = arg;
	char text[128];

	if (total)
		snprintf(text, sizeof(text), "%s %u %%", what,
			 (unsigned int)(100.0 * (double)done / (double)total));
	else
		snprintf(text, sizeof(text), "%s", what);
	host->progress(run, text);
	return host->interrupted(run);
}

enum virgo_code errno_code(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return VIRGO_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return VIRGO_NOT_ALLOWED;
	default:
		return VIRGO_FAILED;
	}
}

/* 1 is left to "no better than a hand rule" and to a machine out of memory or disk */
static enum virgo_code status_code(int status, int sys)
{
	if (errno_code(sys) != VIRGO_FAILED)
		return errno_code(sys);
	return status == AN_USAGE || status == AN_INPUT ? VIRGO_USAGE : VIRGO_FAILED;
}

int failed(struct virgo_plugin_run *run, int status, const struct an_error *err)
{
	if (host->interrupted(run))
		return host->fail(run, VIRGO_INTERRUPTED, "interrupted, nothing was written");
	return host->fail(run, status_code(status, err->sys), "%s", err->msg);
}

char *read_whole(const char *path, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
	char *text = malloc(max + 2);
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || !text || fstat(fd, &st))
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	for (*len = 0; !error && *len <= max; *len += (size_t)n) {
		n = read(fd, text + *len, max + 1 - *len);
		if (n < 0)
			error = errno;
		if (n <= 0)
			break;
	}
	if (fd >= 0)
		close(fd);
	if (error) {
		free(text);
		errno = error;
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

int given_list(struct virgo_plugin_run *run, const char *option, const char *list[LOGS_MAX],
	       size_t *n)
{
	const char *value;

	for (*n = 0; (value = host->option_at(run, option, *n)); ++*n) {
		if (*n == LOGS_MAX)
			return host->usage(run, "more than %d times --%s", LOGS_MAX, option);
		list[*n] = value;
	}
	return VIRGO_OK;
}

int given_logs(struct virgo_plugin_run *run, const char *list[LOGS_MAX], size_t *n)
{
	int ret = given_list(run, "log", list, n), i;

	for (i = 0; i < host->argc(run) && !ret; i++) {
		if (*n == LOGS_MAX)
			return host->usage(run, "more than %d logs", LOGS_MAX);
		list[(*n)++] = host->argv(run)[i];
	}
	if (!ret && !*n)
		list[(*n)++] = "/var/log/kern.log";
	return ret;
}

int given_inputs(struct virgo_plugin_run *run, const char *logs[LOGS_MAX], size_t *nlogs,
		 const char *prefixes[LOGS_MAX], size_t *nprefixes)
{
	int ret = given_logs(run, logs, nlogs);

	return ret ? ret : given_list(run, "block-prefix", prefixes, nprefixes);
}

/* --- documents ------------------------------------------------------------------------------------ */

bool document_begin(struct document *d)
{
	*d = (struct document){ .to = NULL };
	d->to = open_memstream(&d->text, &d->len);
	return d->to;
}

/* what can't be added makes the document fail, at its end */
static void add(struct document *d, char *json)
{
	if (json)
		fputs(json, d->to);
	else
		d->failed = true;
	free(json);
}

void document_string(struct document *d, const char *text)
{
	add(d, host->json_text(NULL, text, strlen(text)));
}

void document_member(struct document *d, const char *name, const char *text, size_t len)
{
	add(d, host->json_text(name, text, len));
}

char *document_end(struct document *d)
{
	bool bad = ferror(d->to);

	if (fclose(d->to) || bad || d->failed) {
		free(d->text);
		d->text = NULL;
	}
	return d->text;
}
