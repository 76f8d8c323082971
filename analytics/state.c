// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The state file: a magic line, sections (name, length, bytes), a SHA-256 of all that. Must never
 * make anything of a file that is not, to the last bit, as it was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "bytes.h"
#include "mark.h"

#define SECTIONS_MAX	16
#define LOGS_SECTION	".logs"
#define OWNER_SECTION	".owner"

static const char magic[] = "virgo-analytics-state 1\n";

#define MAGIC_LEN	(sizeof(magic) - 1)

struct section {
	char name[AN_SECTION_NAME];
	unsigned char *data;
	size_t len;
};

struct an_state {
	char path[AN_PATH_MAX];
	char owner[AN_SECTION_NAME];
	char why[160];
	struct section sections[SECTIONS_MAX];
	size_t n;
	struct an_marks marks;
};

struct an_marks *an_state_marks(struct an_state *state)
{
	return &state->marks;
}

void an_marks_free(struct an_marks *marks)
{
	size_t i;

	for (i = 0; i < marks->n; i++)
		free(marks->v[i].path);
	free(marks->v);
	memset(marks, 0, sizeof(*marks));
}

struct an_mark *an_marks_add(struct an_marks *marks, const char *path)
{
	struct an_mark *m;

	if (marks->n == marks->room) {
		size_t room = marks->room ? marks->room * 2 : 16;

		m = realloc(marks->v, room * sizeof(*m));
		if (!m)
			return NULL;
		marks->v = m;
		marks->room = room;
	}
	m = &marks->v[marks->n];
	memset(m, 0, sizeof(*m));
	m->path = strdup(path);
	if (!m->path)
		return NULL;
	marks->n++;
	return m;
}

void an_state_forget(struct an_state *st, const char *why)
{
	size_t i;

	for (i = 0; i < st->n; i++)
		free(st->sections[i].data);
	st->n = 0;
	an_marks_free(&st->marks);
	snprintf(st->why, sizeof(st->why), "%s", why);
}

const void *an_state_get(const struct an_state *st, const char *name, size_t *len)
{
	size_t i;

	for (i = 0; i < st->n; i++) {
		if (strcmp(st->sections[i].name, name))
			continue;
		*len = st->sections[i].len;
		return st->sections[i].data;
	}
	return NULL;
}

int an_state_give(struct an_state *st, const char *name, void *data, size_t len,
		  struct an_error *err)
{
	size_t i;

	for (i = 0; i < st->n && strcmp(st->sections[i].name, name); i++)
		;
	if (i == SECTIONS_MAX || !*name || strlen(name) >= AN_SECTION_NAME || len > AN_STATE_MAX) {
		free(data);
		return an_fail(err, AN_OUTPUT, "no room in the state for section \"%s\" of %zu "
			       "bytes: remember fewer days, or count fewer sources", name, len);
	}
	if (i == st->n)
		st->n++;
	else
		free(st->sections[i].data);
	strcpy(st->sections[i].name, name);
	st->sections[i].data = data;
	st->sections[i].len = len;
	return AN_OK;
}

int an_state_set(struct an_state *st, const char *name, const void *data, size_t len,
		 struct an_error *err)
{
	unsigned char *copy = malloc(len ? len : 1);

	if (!copy)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (len)
		memcpy(copy, data, len);
	return an_state_give(st, name, copy, len, err);
}

void an_state_drop(struct an_state *st, const char *name)
{
	size_t i;

	for (i = 0; i < st->n && strcmp(st->sections[i].name, name); i++)
		;
	if (i == st->n)
		return;
	free(st->sections[i].data);
	st->sections[i] = st->sections[--st->n];
}

/* One mark from @b; false when that is none. */
static bool mark_get(struct an_bytes *b, struct an_marks *marks)
{
	char path[AN_PATH_MAX];
	struct an_mark *m;
	uint64_t packing, inside;

	if (marks->n == AN_MARKS_MAX || !an_get_string(b, path, sizeof(path)))
		return false;
	m = an_marks_add(marks, path);
	if (!m)
		return false;
	m->dev = an_get(b, 8);
	m->ino = an_get(b, 8);
	m->size = an_get(b, 8);
	packing = an_get(b, 1);
	m->place.pos = an_get(b, 8);
	m->place.line = an_get(b, 8);
	inside = an_get(b, 1);
	m->head_len = (uint32_t)an_get(b, 4);
	m->tail_len = (uint32_t)an_get(b, 4);
	an_get_bytes(b, m->head, sizeof(m->head));
	an_get_bytes(b, m->tail, sizeof(m->tail));
	m->place.year = (int)an_get(b, 4);
	m->place.month = (int)an_get(b, 4);
	m->unseen = (uint32_t)an_get(b, 4);
	if (!an_get_string(b, m->cursor, sizeof(m->cursor)))
		return false;
	m->packing = (enum an_packing)packing;
	m->place.inside = inside;
	return packing <= AN_ZSTD && inside <= 1 && m->place.pos <= INT64_MAX &&
	       m->head_len <= AN_EDGE && m->tail_len <= AN_EDGE &&
	       m->head_len <= m->place.pos && m->tail_len <= m->place.pos &&
	       m->place.year >= 0 && m->place.year <= 9999 && m->place.month >= 0 &&
	       m->place.month <= 12;
}

static void mark_put(struct an_bytes *b, const struct an_mark *m)
{
	an_put_string(b, m->path);
	an_put(b, m->dev, 8);
	an_put(b, m->ino, 8);
	an_put(b, m->size, 8);
	an_put(b, m->packing, 1);
	an_put(b, m->place.pos, 8);
	an_put(b, m->place.line, 8);
	an_put(b, m->place.inside, 1);
	an_put(b, m->head_len, 4);
	an_put(b, m->tail_len, 4);
	an_put_bytes(b, m->head, sizeof(m->head));
	an_put_bytes(b, m->tail, sizeof(m->tail));
	an_put(b, (uint64_t)m->place.year, 4);
	an_put(b, (uint64_t)m->place.month, 4);
	an_put(b, m->unseen, 4);
	an_put_string(b, m->cursor);
}

static const char *marks_get(struct an_state *st)
{
	struct an_bytes b = { 0 };

	b.data = (unsigned char *)an_state_get(st, LOGS_SECTION, &b.len);
	if (!b.data)
		return "it does not say how far the logs were read";
	while (b.at < b.len)
		if (!mark_get(&b, &st->marks))
			return "what it says of the logs makes no sense";
	return NULL;
}

static int marks_put(struct an_state *st, struct an_error *err)
{
	struct an_bytes b = { 0 };
	int ret = AN_OK;
	size_t i;

	for (i = 0; i < st->marks.n; i++)
		mark_put(&b, &st->marks.v[i]);
	if (b.bad)
		ret = an_fail(err, AN_NOMEM, "out of memory");
	if (!ret)
		ret = an_state_set(st, LOGS_SECTION, b.data, b.len, err);
	free(b.data);
	return ret;
}

/* The sections of @data, checked but for what they hold. NULL, or what is wrong. */
static const char *sections_get(struct an_state *st, const unsigned char *data, size_t len)
{
	struct an_bytes b = { .data = (unsigned char *)data, .len = len, .at = MAGIC_LEN };
	struct an_error err;

	while (b.at < b.len) {
		char name[AN_SECTION_NAME];
		uint64_t size;
		size_t had;

		if (!an_get_string(&b, name, sizeof(name)))
			return "a section has no name";
		size = an_get(&b, 4);
		if (b.bad || size > b.len - b.at || an_state_get(st, name, &had))
			return "a section is cut or there twice";
		if (an_state_set(st, name, b.data + b.at, size, &err))
			return "it has too many sections";
		b.at += size;
	}
	return NULL;
}

/* All of a state file. NULL, or what is wrong with it. */
static const char *state_parse(struct an_state *st, const unsigned char *data, size_t len)
{
	uint8_t sum[AN_SHA256_SIZE];
	struct sha256_ctx sha;
	const char *why;

	if (len < MAGIC_LEN + AN_SHA256_SIZE)
		return "it is cut";
	if (memcmp(data, magic, MAGIC_LEN))
		return "it is not a state file of this version";
	len -= AN_SHA256_SIZE;
	sha256_init(&sha);
	sha256_update(&sha, len, data);
	sha256_digest(&sha, sizeof(sum), sum);
	if (memcmp(sum, data + len, sizeof(sum)))
		return "its checksum is wrong";
	why = sections_get(st, data, len);
	return why ? why : marks_get(st);
}

/* The whole file; *data NULL when there is none. What is no state file by its size says *why. */
static int state_read(const char *path, unsigned char **data, size_t *len, const char **why,
		      struct an_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int ret = AN_OK;
	struct stat stat;
	ssize_t n;

	*data = NULL;
	*len = 0;
	if (fd < 0)
		return errno == ENOENT ? AN_OK : an_fail_sys(err, AN_INPUT, "open", path);
	if (fstat(fd, &stat))
		ret = an_fail_sys(err, AN_INPUT, "open", path);
	else if (!S_ISREG(stat.st_mode))
		ret = an_fail(err, AN_USAGE, "%s is not a regular file: name one for the state", path);
	else if (stat.st_size > AN_STATE_MAX)
		*why = "it is too large";
	else
		*data = malloc((size_t)stat.st_size + 1);
	if (!ret && !*why && !*data)
		ret = an_fail(err, AN_NOMEM, "out of memory");
	while (!ret && *data && *len < (size_t)stat.st_size) {
		n = read(fd, *data + *len, (size_t)stat.st_size - *len);
		if (n < 0)
			ret = an_fail_sys(err, AN_INPUT, "read", path);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	close(fd);
	return ret;
}

static int check_owner(struct an_state *st, struct an_error *err)
{
	size_t len;
	const char *owner = an_state_get(st, OWNER_SECTION, &len);

	if (!owner || (len == strlen(st->owner) && !memcmp(owner, st->owner, len)))
		return AN_OK;
	return an_fail(err, AN_USAGE, "%s is the state of \"%.*s\", not of \"%s\": name a file of "
		       "its own", st->path, (int)len, owner, st->owner);
}

int an_state_open(struct an_state **state, const char *path, const char *owner,
		  struct an_error *err)
{
	struct an_state *st = calloc(1, sizeof(*st));
	const char *why = NULL;
	unsigned char *data = NULL;
	size_t len = 0;
	int ret;

	*state = st;
	if (!st)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (strlen(path) >= sizeof(st->path))
		return an_fail(err, AN_USAGE, "path too long: %.80s…", path);
	strcpy(st->path, path);
	snprintf(st->owner, sizeof(st->owner), "%s", owner);
	ret = state_read(path, &data, &len, &why, err);
	if (!ret && data)
		why = state_parse(st, data, len);
	free(data);
	if (why)
		an_state_forget(st, why);
	return ret ? ret : check_owner(st, err);
}

const char *an_state_why(const struct an_state *st)
{
	return st->why[0] ? st->why : NULL;
}

/* Logs that nobody has seen for long make room. */
static void marks_limit(struct an_marks *marks)
{
	while (marks->n > AN_MARKS_MAX) {
		size_t i, old = 0;

		for (i = 1; i < marks->n; i++)
			if (marks->v[i].unseen > marks->v[old].unseen)
				old = i;
		free(marks->v[old].path);
		marks->n--;
		memmove(&marks->v[old], &marks->v[old + 1], (marks->n - old) * sizeof(*marks->v));
	}
}

static int state_format(struct an_state *st, struct an_bytes *b, struct an_error *err)
{
	uint8_t sum[AN_SHA256_SIZE];
	struct sha256_ctx sha;
	size_t i;

	an_put_bytes(b, magic, MAGIC_LEN);
	for (i = 0; i < st->n; i++) {
		an_put_string(b, st->sections[i].name);
		an_put(b, st->sections[i].len, 4);
		an_put_bytes(b, st->sections[i].data, st->sections[i].len);
	}
	sha256_init(&sha);
	sha256_update(&sha, b->len, b->data);
	sha256_digest(&sha, sizeof(sum), sum);
	an_put_bytes(b, sum, sizeof(sum));
	if (b->bad)
		return an_fail(err, AN_NOMEM, "out of memory");
	return b->len <= AN_STATE_MAX ? AN_OK :
	       an_fail(err, AN_OUTPUT, "the state for %s would have %zu bytes, and %u may be: count "
		       "fewer sources", st->path, b->len, AN_STATE_MAX);
}

int an_state_prepare(struct an_state *st, struct an_new_file *file, struct an_error *err)
{
	struct an_bytes b = { 0 };
	int ret;

	marks_limit(&st->marks);
	ret = an_state_set(st, OWNER_SECTION, st->owner, strlen(st->owner), err);
	if (!ret)
		ret = marks_put(st, err);
	if (!ret)
		ret = state_format(st, &b, err);
	if (!ret)
		ret = an_file_prepare(file, st->path, b.data, b.len, 0600, err);
	free(b.data);
	return ret;
}

int an_state_save(struct an_state *st, struct an_error *err)
{
	struct an_new_file file = { .temp = "" };
	int ret = an_state_prepare(st, &file, err);

	if (!ret)
		ret = an_file_commit(&file, 0, err);
	an_file_abort(&file);
	return ret;
}

void an_state_free(struct an_state *st)
{
	if (!st)
		return;
	an_state_forget(st, "");
	free(st);
}
