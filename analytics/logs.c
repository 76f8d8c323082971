// SPDX-License-Identifier: GPL-3.0-or-later
/* Names to open logs, and where each goes on; must never read a line twice, nor leave one out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "logs.h"
#include "mark.h"

#define TRIES		8	/* to see the same files before and after opening them */
#define COPY_MIN	512	/* bytes: two logs may well begin with the same line */
#define YEAR_2000	946684800	/* file times before that are made up */
#define QUIET_SECONDS	60	/* after so long nobody is in the middle of writing a line */

static int no_memory(struct an_error *err)
{
	return an_fail(err, AN_NOMEM, "out of memory");
}

static void close_inputs(struct an_logs *logs)
{
	size_t i;

	for (i = 0; i < logs->n; i++)
		an_input_close(&logs->in[i]);
	free(logs->in);
	free(logs->mark);
	logs->in = NULL;
	logs->mark = NULL;
	logs->n = 0;
	an_paths_free(&logs->paths);
}

void an_logs_close(struct an_logs *logs)
{
	close_inputs(logs);
	logs->state = NULL;
}

/* All paths, with the older parts of logs that an earlier run may not have read to their end. */
static int find_paths(struct an_paths *paths, const char *const *names, size_t n, bool siblings,
		      struct an_error *err)
{
	size_t i, named;
	int ret = an_paths_expand(paths, names, n, err);

	if (ret)
		return ret;
	named = paths->n;
	for (i = 0; i < named && siblings; i++)
		if (an_is_file(paths->v[i].path) &&
		    !an_paths_siblings(paths, paths->v[i].path, paths->v[i].given))
			return no_memory(err);
	if (paths->n > named && !an_paths_order(paths))
		return no_memory(err);
	if (paths->n > AN_LOGS_MAX)
		return an_fail(err, AN_USAGE, "%zu logs: at most %d can be read at once", paths->n,
			       AN_LOGS_MAX);
	return AN_OK;
}

/* Whether a file is open already, under another name. */
static bool is_open(const struct an_logs *logs, const struct an_input *in)
{
	size_t i;

	for (i = 0; i < logs->n; i++)
		if (in->ino && logs->in[i].ino == in->ino && logs->in[i].dev == in->dev)
			return true;
	return false;
}

static int open_paths(struct an_logs *logs, struct an_error *err)
{
	size_t i;
	int ret;

	logs->in = calloc(logs->paths.n + 1, sizeof(*logs->in));
	logs->mark = calloc(logs->paths.n + 1, sizeof(*logs->mark));
	if (!logs->in || !logs->mark)
		return no_memory(err);
	for (i = 0; i < logs->paths.n; i++) {
		const struct an_path *path = &logs->paths.v[i];
		struct an_input *in = &logs->in[logs->n];

		ret = an_input_open(in, path->path, false, err);
		if (ret && !path->extra) {
			an_input_close(in);
			return ret;
		}
		in->given = path->given;
		in->extra = path->extra;
		if (ret || is_open(logs, in)) {
			an_input_close(in);
			memset(err, 0, sizeof(*err));
			continue;
		}
		logs->n++;
	}
	return AN_OK;
}

/* Whether the names mean what they meant before the files were opened. */
static bool unchanged(const struct an_logs *logs, const char *const *names, size_t n,
		      struct an_error *err)
{
	struct an_paths again = { 0 };
	bool same = !find_paths(&again, names, n, logs->state, err) && again.n == logs->paths.n;
	size_t i;

	for (i = 0; i < again.n && same; i++)
		same = !strcmp(again.v[i].path, logs->paths.v[i].path);
	an_paths_free(&again);
	for (i = 0; i < logs->n && same; i++) {
		const struct an_input *in = &logs->in[i];
		struct stat st;

		same = !in->ino || (!stat(in->name, &st) && st.st_ino == in->ino &&
				    st.st_dev == in->dev);
	}
	memset(err, 0, sizeof(*err));
	return same;
}

static int open_all(struct an_logs *logs, const char *const *names, size_t n,
		    struct an_error *err)
{
	int ret = AN_OK, i;

	for (i = 0; i < TRIES; i++) {
		close_inputs(logs);
		memset(err, 0, sizeof(*err));
		ret = find_paths(&logs->paths, names, n, logs->state, err);
		if (!ret)
			ret = open_paths(logs, err);
		/* Standard input is opened once more each time; nothing of it has been read. */
		if (ret && err->sys != ENOENT)
			return ret;
		if (!ret && unchanged(logs, names, n, err))
			return AN_OK;
	}
	return ret;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void claim(struct an_logs *logs, size_t i, size_t mark)
{
	struct an_mark *m = &an_state_marks(logs->state)->v[mark];

	m->claimed = true;
	m->unseen = 0;
	logs->mark[i] = mark + 1;
}

enum by { BY_INODE, BY_CONTENT, BY_INODE_ALONE };

/* Whether input @in is the log of @m. An inode is free for another log once a file is removed. */
static int is_log_of(struct an_input *in, const struct an_mark *m, enum by by, struct an_error *err)
{
	bool inode = m->ino == in->ino && m->dev == in->dev;

	/* Of a log that was empty there is nothing but its inode to know it by. */
	if (!m->head_len)
		return by == BY_INODE_ALONE && inode && in->packing == AN_PLAIN;
	if (by == BY_INODE ? !inode : !an_same_log(base_name(m->path), base_name(in->name)))
		return 0;
	return by == BY_INODE_ALONE ? 0 : an_mark_match(m, in, err);
}

static int find_marks(struct an_logs *logs, enum by by, struct an_error *err)
{
	struct an_marks *marks = an_state_marks(logs->state);
	size_t i, j;

	for (i = 0; i < logs->n; i++) {
		struct an_input *in = &logs->in[i];

		for (j = 0; j < marks->n && in->ino && !logs->mark[i]; j++) {
			int ret;

			if (marks->v[j].claimed || !an_is_file(marks->v[j].path))
				continue;
			ret = is_log_of(in, &marks->v[j], by, err);
			if (ret < 0)
				return ret;
			if (ret)
				claim(logs, i, j);
		}
	}
	return AN_OK;
}

static void go_on_in_journal(struct an_logs *logs, size_t i)
{
	struct an_marks *marks = an_state_marks(logs->state);
	size_t j;

	for (j = 0; j < marks->n; j++) {
		if (strcmp(marks->v[j].path, logs->in[i].name))
			continue;
		claim(logs, i, j);
		if (marks->v[j].cursor[0])
			an_journal_seek(logs->in[i].journal, marks->v[j].cursor);
	}
}

/*
 * Whether nothing of input @i is to be read: it was read to its end, or it is a part that nobody
 * named and that is older than what an earlier run began with.
 */
static bool left_out(const struct an_logs *logs, size_t i)
{
	const struct an_input *in = &logs->in[i];
	const struct an_mark *m;
	size_t j;

	if (logs->mark[i]) {
		m = &an_state_marks(logs->state)->v[logs->mark[i] - 1];
		if (in->packing == AN_PLAIN)
			return in->ino && in->start.pos == in->size;
		return m->packing == in->packing && m->ino == in->ino && m->dev == in->dev &&
		       m->size == in->size;
	}
	if (!in->extra)
		return false;
	for (j = 0; j < i; j++)
		if (logs->mark[j] && an_same_log(logs->in[j].name, in->name))
			return false;
	return true;
}

/* Removes the inputs of which nothing is to be read. */
static bool leave_out(struct an_logs *logs)
{
	bool *out = calloc(logs->n + 1, sizeof(*out));
	size_t i, to = 0;

	if (!out)
		return false;
	for (i = 0; i < logs->n; i++)
		out[i] = left_out(logs, i);
	for (i = 0; i < logs->n; i++) {
		if (out[i]) {
			an_input_close(&logs->in[i]);
			continue;
		}
		logs->in[to] = logs->in[i];
		logs->mark[to++] = logs->mark[i];
	}
	logs->n = to;
	free(out);
	return true;
}

/* Whether plain file @copy is the beginning of @in: of a log that is copied before it is cut. */
static bool is_copy(const struct an_input *copy, const struct an_input *in)
{
	size_t len = copy->size < AN_EDGE ? (size_t)copy->size : AN_EDGE;
	char a[AN_EDGE], b[AN_EDGE];
	off_t at = 0;
	int i;

	if (!copy->ino || !in->ino || copy->packing != AN_PLAIN || in->packing != AN_PLAIN ||
	    copy->size < COPY_MIN || copy->size > in->size || !an_same_log(copy->name, in->name))
		return false;
	for (i = 0; i < 2; i++, at = (off_t)(copy->size - len))
		if (pread(copy->fd, a, len, at) != (ssize_t)len ||
		    pread(in->fd, b, len, at) != (ssize_t)len || memcmp(a, b, len))
			return false;
	return true;
}

/* Parts that somebody is just copying: all they hold is in the log they are copied from. */
static void drop_copies(struct an_logs *logs)
{
	size_t i, to = 0;

	for (i = 0; i < logs->n; i++) {
		if (i + 1 < logs->n && is_copy(&logs->in[i], &logs->in[i + 1]))
			an_input_close(&logs->in[i]);
		else
			logs->in[to++] = logs->in[i];
	}
	logs->n = to;
}

static int go_on(struct an_logs *logs, struct an_error *err)
{
	struct an_marks *marks = an_state_marks(logs->state);
	int64_t now = time(NULL);
	enum by by;
	size_t i;
	int ret;

	for (i = 0; i < marks->n; i++) {
		marks->v[i].claimed = false;
		marks->v[i].unseen++;
	}
	for (by = BY_INODE; by <= BY_INODE_ALONE; by++) {
		ret = find_marks(logs, by, err);
		if (ret)
			return ret;
	}
	if (!leave_out(logs))
		return no_memory(err);
	for (i = 0; i < logs->n; i++) {
		struct an_input *in = &logs->in[i];

		if (in->journal)
			go_on_in_journal(logs, i);
		if (!in->edge)
			in->edge = calloc(1, sizeof(*in->edge));
		if (!in->edge)
			return no_memory(err);
		in->hold_tail = in->ino && in->packing == AN_PLAIN &&
				in->mtime > now - QUIET_SECONDS;
	}
	return AN_OK;
}

int an_logs_open(struct an_logs *logs, const char *const *names, size_t n, bool rewind,
		 struct an_state *state, const struct an_watch *watch, struct an_error *err)
{
	int ret = an_inputs_check(names, n, err);
	size_t i;

	memset(logs, 0, sizeof(*logs));
	logs->state = state;
	if (!ret)
		ret = open_all(logs, names, n, err);
	if (!ret)
		drop_copies(logs);
	if (!ret && state)
		ret = go_on(logs, err);
	for (i = 0; i < logs->n && watch; i++)
		logs->in[i].watch = *watch;
	for (i = 0; i < logs->n && !ret && rewind; i++)
		if (logs->in[i].stream)
			ret = an_input_spool(&logs->in[i], err);
	return ret;
}

/* After a scan: what the next run has to know. */
static int remember(struct an_logs *logs, size_t i, const struct an_clock *clock,
		    struct an_error *err)
{
	struct an_marks *marks = an_state_marks(logs->state);
	const struct an_input *in = &logs->in[i];
	struct an_mark *m;

	/* What comes through a pipe cannot be met again. */
	if (!in->ino && !in->journal)
		return AN_OK;
	if (!logs->mark[i]) {
		if (!an_marks_add(marks, in->name))
			return no_memory(err);
		logs->mark[i] = marks->n;
	}
	m = &marks->v[logs->mark[i] - 1];
	if (in->journal) {
		snprintf(m->cursor, sizeof(m->cursor), "%s", an_journal_cursor(in->journal));
		return AN_OK;
	}
	if (strcmp(m->path, in->name)) {
		char *path = strdup(in->name);

		if (!path)
			return no_memory(err);
		free(m->path);
		m->path = path;
	}
	an_mark_set(m, in, clock);
	return AN_OK;
}

static void set_clock(const struct an_input *in, struct an_clock *clock, int64_t now)
{
	an_clock_init(clock, in->mtime > YEAR_2000 && in->mtime < now ? in->mtime : now);
	clock->told = in->told;
	clock->year = in->start.year;
	clock->month = in->start.month;
}

int an_logs_scan(struct an_logs *logs, size_t i, struct an_clock *clock, int64_t now,
		 unsigned int flags, struct an_read_stats *stats, an_block_fn fn, void *arg,
		 struct an_error *err)
{
	int ret;

	set_clock(&logs->in[i], clock, now);
	ret = an_input_scan(&logs->in[i], flags, stats, fn, arg, err);
	return !ret && logs->state ? remember(logs, i, clock, err) : ret;
}

int an_logs_scan_ahead(struct an_logs *logs, size_t i, struct an_clock *clock, int64_t now,
		       unsigned int flags, struct an_read_stats *stats, const struct an_looker *looker,
		       void *arg, struct an_error *err)
{
	int ret;

	set_clock(&logs->in[i], clock, now);
	ret = an_input_scan_ahead(&logs->in[i], flags, stats, looker, arg, err);
	return !ret && logs->state ? remember(logs, i, clock, err) : ret;
}
