// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The log of runs, as GNU parallel has one: written a line at a time, so that it is true whenever it is
 * looked at; and read again, for the nodes that are to be tried once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/exec.h"

static const char header[] = "node\tstart\tus\texit\tsignal\tcommand\n";

enum { LOG_FIELDS = 6, LOG_LINES_MAX = 1 << 20, LOG_LINE_MAX = 1 << 20 };

struct joblog {
	FILE *file;
	struct out_text command;
	int error;
};

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%+=:,./-_";

	return *word && strspn(word, plain) == strlen(word);
}

/* a word as shells take it, on one line whatever it has in it: as it is, 'so', or $'so\n' */
static void add_word(struct out_text *t, const char *word)
{
	struct out_text escaped = { 0 };
	size_t len = strlen(word), n;
	const char *p;

	text_escaped(&escaped, word, len);
	if (is_plain(word)) {
		text_add(t, word, len);
	} else if (!strchr(word, '\'') && escaped.len == len && !strchr(word, '\\')) {
		text_printf(t, "'%s'", word);
	} else {
		text_str(t, "$'");
		for (p = escaped.data; p && *p; p += n) {
			n = strcspn(p, "'");
			text_add(t, p, n);
			if (p[n])
				text_str(t, "\\'");
			n += p[n] != '\0';
		}
		text_str(t, "'");
	}
	t->failed = t->failed || escaped.failed;
	text_free(&escaped);
}

void exec_command(struct out_text *t, enum virgo_exec_kind kind, const char *name,
		  const char *const *args, size_t nargs)
{
	size_t i;

	if (kind != VIRGO_EXEC_PROGRAM)
		text_printf(t, "--%s ", virgo_exec_kind_name(kind));
	add_word(t, name);
	for (i = 0; i < nargs; i++) {
		text_str(t, " ");
		add_word(t, args[i]);
	}
}

/* begun anew, unless it is the one whose failures are tried again: that goes on */
static int begin_file(FILE *file, const char *retried)
{
	struct stat st, other;
	int fd = fileno(file);

	if (fstat(fd, &st))
		return -1;
	if (retried && !stat(retried, &other) && st.st_dev == other.st_dev &&
	    st.st_ino == other.st_ino)
		return fseek(file, 0, SEEK_END);
	if (S_ISREG(st.st_mode) && ftruncate(fd, 0))
		return -1;
	return fputs(header, file) == EOF || fflush(file) ? -1 : 0;
}

int joblog_open(struct run *r, const char *path, const char *retried,
		const struct virgo_exec *exec, struct joblog **log_out)
{
	struct joblog *log = calloc(1, sizeof(*log));
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	int error = errno;

	if (log && fd >= 0)
		log->file = fdopen(fd, "w");
	if (log && log->file) {
		exec_command(&log->command, exec->kind, exec->name, exec->args, exec->nargs);
		if (!log->command.failed && !begin_file(log->file, retried)) {
			*log_out = log;
			return VIRGO_OK;
		}
		error = log->command.failed ? ENOMEM : errno;
		joblog_close(log);
	} else {
		if (fd >= 0)
			close(fd);
		free(log);
	}
	return run_fail(r, run_errno(error), "can't write %s: %s", path, strerror(error));
}

void joblog_write(struct joblog *log, const char *node, uint64_t us,
		  const struct virgo_exec_result *result)
{
	struct timespec now;
	int64_t start;

	clock_gettime(CLOCK_REALTIME, &now);
	start = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - (int64_t)us;
	fprintf(log->file, "%s\t%lld.%06lld\t%llu\t%d\t%d\t%s\n", node,
		(long long)(start / 1000000), (long long)(start % 1000000),
		(unsigned long long)us, result ? result->exit : -1, result ? result->signal : 0,
		log->command.data);
	if (fflush(log->file) && !log->error)
		log->error = errno;
}

int joblog_close(struct joblog *log)
{
	int error = log->error;

	if (fclose(log->file) && !error)
		error = errno;
	text_free(&log->command);
	free(log);
	return error;
}

/* One line of a log: whose, and was it a success? Later lines count more. */
struct entry {
	char *node;
	size_t line;
	bool failed;
};

struct entries {
	struct entry *all;
	size_t n, max;
};

static int by_node(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int d = strcmp(x->node, y->node);

	return d ? d : x->line < y->line ? -1 : x->line > y->line;
}

/* node, start, µs, exit, signal, command; 0, -1: that is no such line, -2: no memory */
static int take_line(struct entries *e, char *line, size_t number)
{
	char *fields[LOG_FIELDS], *at = line;
	struct entry *all;
	size_t max;
	int i;

	for (i = 0; i < LOG_FIELDS; i++) {
		fields[i] = at ? strsep(&at, "\t") : NULL;
		if (!fields[i] || !*fields[i])
			return -1;
	}
	if (at || fields[3][strspn(fields[3], "-0123456789")] ||
	    fields[4][strspn(fields[4], "0123456789")])
		return -1;
	if (e->n == e->max) {
		max = e->max ? e->max * 2 : 64;
		all = realloc(e->all, max * sizeof(*all));
		if (!all)
			return -2;
		e->all = all;
		e->max = max;
	}
	e->all[e->n].node = strdup(fields[0]);
	if (!e->all[e->n].node)
		return -2;
	e->all[e->n].line = number;
	e->all[e->n++].failed = strcmp(fields[3], "0") || strcmp(fields[4], "0");
	return 0;
}

static int read_lines(struct run *r, FILE *file, const char *path, struct entries *e)
{
	char *line = malloc(LOG_LINE_MAX);
	size_t number = 0, n;
	int ret = line ? 0 : -2;

	while (!ret && fgets(line, LOG_LINE_MAX, file)) {
		n = strlen(line);
		/* over long, or with a NUL in it */
		if (++number > LOG_LINES_MAX || ((!n || line[n - 1] != '\n') && !feof(file))) {
			ret = -1;
			break;
		}
		if (number == 1 && !strcmp(line, header))
			continue;
		line[strcspn(line, "\n")] = '\0';
		ret = take_line(e, line, number);
	}
	free(line);
	if (ret == -1)
		return run_fail(r, VIRGO_USAGE, "%s:%zu: not a line of a job log", path, number);
	if (ret || ferror(file))
		return run_fail(r, VIRGO_FAILED, "can't read %s: %s", path,
				ret ? "out of memory" : strerror(errno));
	return VIRGO_OK;
}

static int failed_nodes(struct run *r, struct entries *e, char **nodes)
{
	struct out_text t = { 0 };
	size_t i;

	text_add(&t, "", 0);
	if (e->n)
		qsort(e->all, e->n, sizeof(*e->all), by_node);
	for (i = 0; i < e->n; i++) {
		if (i + 1 < e->n && !strcmp(e->all[i].node, e->all[i + 1].node))
			continue;
		if (!e->all[i].failed)
			continue;
		if (t.len)
			text_add(&t, ",", 1);
		text_str(&t, e->all[i].node);
	}
	if (t.failed) {
		text_free(&t);
		return run_fail(r, VIRGO_FAILED, "out of memory");
	}
	*nodes = t.data;
	return VIRGO_OK;
}

int joblog_failed(struct run *r, const char *path, char **nodes)
{
	struct entries e = { 0 };
	FILE *file = fopen(path, "re");
	size_t i;
	int ret;

	if (!file)
		return run_fail(r, run_errno(errno), "can't open %s: %s", path, strerror(errno));
	ret = read_lines(r, file, path, &e);
	fclose(file);
	if (!ret)
		ret = failed_nodes(r, &e, nodes);
	for (i = 0; i < e.n; i++)
		free(e.all[i].node);
	free(e.all);
	return ret;
}
