// SPDX-License-Identifier: GPL-3.0-or-later
/* read: a line of standard input into variables. Takes nothing from it that is behind the line. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "shell/int.h"

/* standard input, without taking from it what is not ours */
struct reader {
	struct sh *sh;
	char buf[1024];
	size_t len, at;
	bool seeks;
};

static bool is_ready(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };

	return poll(&in, 1, 0) > 0;
}

/* the next byte; -1: end, -2: a signal ended it, -3: an error */
static int next_byte(struct reader *r)
{
	ssize_t n;

	if (r->at < r->len)
		return (unsigned char)r->buf[r->at++];
	while (!r->seeks && !is_ready() && sh_await(r->sh, 0, NULL, false) < 0) {
		if (!r->sh->pending)
			continue;
		sh_handle_signals(r->sh);
		if (r->sh->flow)
			return -2;
	}
	n = read(0, r->buf, r->seeks ? sizeof(r->buf) : 1);
	r->at = 1;
	r->len = n > 0 ? (size_t)n : 0;
	return n > 0 ? (unsigned char)r->buf[0] : n ? -3 : -1;
}

/*
 * A line into *b without its newline; marks: 1 for bytes a \ protects from splitting. 0, 1 at the end of
 * input, or a status.
 */
static int read_line(struct reader *r, bool raw, struct sh_buf *b, struct sh_buf *marks)
{
	bool escaped = false;
	int c;

	while ((c = next_byte(r)) >= 0 && !r->sh->flow) {
		if (!c) {
			sh_say(r->sh, "read: a NUL byte, which no variable holds: use a pipe or a redirection");
			return SH_ST_ERROR;
		}
		if (c == '\\' && !raw && !escaped) {
			escaped = true;
			continue;
		}
		if (c == '\n' && !escaped)
			return 0;
		if (c != '\n') {
			sh_buf_byte(r->sh, b, (char)c);
			sh_buf_byte(r->sh, marks, escaped);
		}
		escaped = false;
	}
	if (c == -3) {
		sh_say(r->sh, "read: %s", strerror(errno));
		return SH_ST_ERROR;
	}
	return c == -2 ? SH_ST_INTERRUPTED : 1;
}

struct line {
	struct sh *sh;
	const char *s, *marks, *ifs;
	size_t len, at;
};

/* 0: no separator, 1: a blank one, 2: another */
static int separates(const struct line *l, size_t i)
{
	char c = l->s[i];

	if (l->marks[i] || !strchr(l->ifs, c))
		return 0;
	return c == ' ' || c == '\t' || c == '\n' ? 1 : 2;
}

static void skip_blanks(struct line *l)
{
	while (l->at < l->len && separates(l, l->at) == 1)
		l->at++;
}

/* the rest, less blanks at the end, and less a single separator if nothing but that follows a field */
static size_t rest_end(struct line *l)
{
	size_t end = l->len, first;

	while (end > l->at && separates(l, end - 1) == 1)
		end--;
	if (end == l->at || separates(l, end - 1) != 2)
		return end;
	for (first = l->at; first < end && !separates(l, first); first++)
		;
	while (first < end && separates(l, first) == 1)
		first++;
	if (first != end - 1)
		return end;
	for (end--; end > l->at && separates(l, end - 1) == 1; end--)
		;
	return end;
}

static int give(struct line *l, const char *name, bool last)
{
	size_t from, to;

	skip_blanks(l);
	from = l->at;
	if (last) {
		to = rest_end(l);
		l->at = l->len;
	} else {
		while (l->at < l->len && !separates(l, l->at))
			l->at++;
		to = l->at;
		skip_blanks(l);
		if (l->at < l->len && separates(l, l->at) == 2)
			l->at++;
	}
	return sh_var_set(l->sh, name, strlen(name), l->s + from, to - from);
}

static int split_line(struct sh *sh, const struct sh_buf *b, const struct sh_buf *marks, int n,
		      const char *const *names)
{
	struct line l = { .sh = sh, .s = b->data, .marks = marks->data, .len = b->len };
	int i;

	l.ifs = sh_get(sh, "IFS");
	if (!l.ifs)
		l.ifs = " \t\n";
	for (i = 0; i < n; i++)
		if (give(&l, names[i], i == n - 1))
			return -1;
	return 0;
}

int sh_b_read(struct sh *sh, int argc, const char *const *argv)
{
	struct reader r = { .sh = sh, .seeks = lseek(0, 0, SEEK_CUR) >= 0 };
	struct sh_buf b = { 0 }, marks = { 0 };
	bool raw = false;
	int i, status;

	for (i = 1; i < argc && *argv[i] == '-' && argv[i][1]; i++) {
		if (!strcmp(argv[i], "-p") && i + 1 < argc) {
			if (isatty(0))
				fputs(argv[++i], stderr);
			else
				i++;
		} else if (!strcmp(argv[i], "-r")) {
			raw = true;
		} else {
			return sh_usage(sh, argv);
		}
	}
	if (i == argc)
		return sh_usage(sh, argv);
	for (status = i; status < argc; status++)
		if (!sh_is_name(argv[status], strlen(argv[status])))
			return sh_complain(sh, argv, "\"%.60s\" is no name", argv[status]);
	fflush(stdout);
	status = read_line(&r, raw, &b, &marks);
	if (r.seeks && r.at < r.len)
		lseek(0, (off_t)r.at - (off_t)r.len, SEEK_CUR);
	if (sh->flow || status > 1)
		return status;
	sh_buf_end(sh, &b);
	if (split_line(sh, &b, &marks, argc - i, argv + i))
		return SH_ST_ERROR;
	return status;
}
