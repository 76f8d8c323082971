// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The history's file. Changed under a lock, and as a whole or by one line at its end, so that
 * neither another shell nor a full disk loses what was there. Never makes it readable for others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shell/prompt/hist.h"

enum { LOCK_TRIES = 50, LOCK_PAUSE_NS = 2000000 };

char *hist_path(const char *state_home, const char *home)
{
	char *path = NULL, *slash;
	int n;

	if (state_home && *state_home == '/')
		n = asprintf(&path, "%s/virgo/history", state_home);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.local/state/virgo/history", home);
	else
		return NULL;
	if (n < 0)
		return NULL;
	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST && access(path, X_OK)) {
			free(path);
			return NULL;
		}
		*slash = '/';
	}
	return path;
}

/* --- the file -------------------------------------------------------------------------------- */

/* open, ours, a plain file, for us alone; -1: it is not to be used */
static int open_own(const char *path, int flags, struct stat *st)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return -1;
	if (fstat(fd, st) || !S_ISREG(st->st_mode) || st->st_uid != geteuid() ||
	    ((st->st_mode & 077) && fchmod(fd, 0600))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* the file that has the name now, locked: another shell may have put a new one in its place */
static int open_locked(const char *path)
{
	struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	struct stat ours, named;
	int fd, i;

	for (i = 0; i < LOCK_TRIES; i++) {
		fd = open_own(path, O_RDWR | O_CREAT | O_APPEND, &ours);
		if (fd < 0)
			return -1;
		if (!flock(fd, LOCK_EX | LOCK_NB) && !stat(path, &named) &&
		    named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
			return fd;
		close(fd);
		nanosleep(&pause, NULL);
	}
	return -1;
}

/* its last HIST_FILE_MAX bytes, with a NUL: malloc'd */
static char *read_all(int fd, size_t *len)
{
	struct stat st;
	off_t from;
	char *text;
	ssize_t n;

	if (fstat(fd, &st))
		return NULL;
	from = st.st_size > HIST_FILE_MAX ? st.st_size - HIST_FILE_MAX : 0;
	text = malloc((size_t)(st.st_size - from) + 1);
	if (!text)
		return NULL;
	for (*len = 0; *len < (size_t)(st.st_size - from); *len += (size_t)n) {
		n = pread(fd, text + *len, (size_t)(st.st_size - from) - *len, from + (off_t)*len);
		if (n <= 0)
			break;
	}
	text[*len] = '\0';
	return text;
}

/* the end of the entry that begins at p: its newline, or the text's end */
static char *entry_end(char *p)
{
	do {
		p = strchr(p, '\n');
	} while (p && p[1] == '\t' && p++);
	return p;
}

/* entries as they stand in the file, one after the other: *n of them; malloc'd, into text */
static char **split(char *text, size_t *n)
{
	char **list = NULL, **more, *p = text, *end;

	for (*n = 0; p && *p; p = end ? end + 1 : NULL) {
		end = entry_end(p);
		if (end)
			*end = '\0';
		if (!*p || *p == '\t')
			continue;
		if ((*n & 255) == 0) {
			more = realloc(list, (*n + 256) * sizeof(*list));
			if (!more)
				break;
			list = more;
		}
		list[(*n)++] = p;
	}
	return list;
}

/* take the tabs behind newlines away, in place */
static void decode(char *entry)
{
	char *to = entry;

	for (; *entry; entry++) {
		*to++ = *entry;
		entry += *entry == '\n' && entry[1] == '\t';
	}
	*to = '\0';
}

/* put them there: malloc'd, without blanks and newlines at the end */
static char *encode(const char *entry)
{
	size_t len = strlen(entry);
	char *line, *to;

	while (len && strchr(" \t\r\n", entry[len - 1]))
		len--;
	line = malloc(2 * len + 1);
	for (to = line; line && len--; entry++) {
		*to++ = *entry;
		if (*entry == '\n')
			*to++ = '\t';
	}
	if (line)
		*to = '\0';
	return line;
}

void hist_load(const char *path, void (*entry)(void *arg, const char *text), void *arg)
{
	struct stat st;
	int fd = open_own(path, O_RDONLY, &st);
	size_t len, n = 0, i;
	char *text, **list;

	if (fd < 0)
		return;
	text = read_all(fd, &len);
	list = text ? split(text, &n) : NULL;
	for (i = n > HIST_ENTRIES ? n - HIST_ENTRIES : 0; i < n; i++) {
		decode(list[i]);
		entry(arg, list[i]);
	}
	free(list);
	free(text);
	close(fd);
}

/* one write, taken back if it did not go in as a whole */
static int append(int fd, const char *line)
{
	off_t before = lseek(fd, 0, SEEK_END);
	size_t len = strlen(line);
	char *text;
	ssize_t n;

	if (asprintf(&text, "%s\n", line) < 0)
		return -1;
	n = write(fd, text, len + 1);
	free(text);
	if (n == (ssize_t)len + 1)
		return 0;
	if (n > 0 && ftruncate(fd, before))
		return -1;
	return -1;
}

static int write_list(FILE *to, char *const *list, size_t n, const char *line)
{
	size_t i, from = n >= HIST_ENTRIES ? n - HIST_ENTRIES + 1 : 0;

	for (i = from; i < n; i++)
		if (strcmp(list[i], line))
			fprintf(to, "%s\n", list[i]);
	fprintf(to, "%s\n", line);
	return ferror(to) ? -1 : 0;
}

/* a new file with the entry once, in the old one's place */
static int rewrite(const char *path, char *const *list, size_t n, const char *line)
{
	char *temp;
	FILE *to;
	int fd, ret;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(temp, O_CLOEXEC);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		if (fd >= 0) {
			close(fd);
			unlink(temp);
		}
		free(temp);
		return -1;
	}
	ret = write_list(to, list, n, line);
	if (fclose(to) || ret || rename(temp, path)) {
		unlink(temp);
		ret = -1;
	}
	free(temp);
	return ret;
}

static int add_locked(int fd, const char *path, const char *line)
{
	size_t len = 0, n = 0, i;
	char *text = read_all(fd, &len), **list;
	bool whole, same = false;
	int ret;

	if (!text)
		return -1;
	whole = len && len < HIST_FILE_MAX - HIST_ENTRY_MAX && text[len - 1] == '\n';
	list = split(text, &n);
	for (i = 0; i < n && !same; i++)
		same = !strcmp(list[i], line);
	if (same && i == n)
		ret = 0;
	else if (!same && n < HIST_ENTRIES && (whole || !len))
		ret = append(fd, line);
	else
		ret = rewrite(path, list, n, line);
	free(list);
	free(text);
	return ret;
}

int hist_add(const char *path, const char *entry)
{
	char *line = strlen(entry) > HIST_ENTRY_MAX ? NULL : encode(entry);
	int fd, ret = -1;

	if (!line)
		return -1;
	fd = *line ? open_locked(path) : -1;
	if (fd >= 0) {
		ret = add_locked(fd, path, line);
		close(fd);
	}
	free(line);
	return ret;
}
