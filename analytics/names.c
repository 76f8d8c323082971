// SPDX-License-Identifier: GPL-3.0-or-later
/* Names to files, parts of a rotated log in order; must never open a file. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "names.h"
#include "reader.h"

/* How a path is made up: the log it is of, and which part of it. */
struct part {
	size_t base;		/* bytes of the path that name the log */
	const char *date;	/* "20251103" or the like; NULL for none */
	size_t date_len;
	uint64_t number;	/* 1 + N of ".N"; 0 for none */
	bool packed;
};

bool an_is_file(const char *name)
{
	return strcmp(name, "-") && strncmp(name, AN_JOURNAL, strlen(AN_JOURNAL));
}

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(s + len - n, end, n);
}

/* The digits (and '-' when @dashes) that end the first @len bytes: how many. */
static size_t last_digits(const char *s, size_t len, bool dashes)
{
	size_t n = 0;

	while (n < len && ((s[len - n - 1] >= '0' && s[len - n - 1] <= '9') ||
			   (dashes && s[len - n - 1] == '-')))
		n++;
	return n;
}

static struct part part_of(const char *path)
{
	struct part p = { .base = strlen(path) };
	size_t n;

	p.packed = ends_with(path, p.base, ".gz") || ends_with(path, p.base, ".zst");
	if (p.packed)
		p.base -= ends_with(path, p.base, ".gz") ? 3 : 4;
	n = last_digits(path, p.base, false);
	if (n && n <= 9 && n + 1 < p.base && path[p.base - n - 1] == '.') {
		p.number = 1 + strtoull(path + p.base - n, NULL, 10);
		p.base -= n + 1;
	}
	/* "-20251103", "-2025-11-03", "-20251103-17" */
	n = last_digits(path, p.base, true);
	while (n && path[p.base - n] != '-')
		n--;
	if (n >= 9 && n + 1 < p.base) {
		p.date = path + p.base - n + 1;
		p.date_len = n - 1;
		p.base -= n;
	}
	return p;
}

bool an_same_log(const char *a, const char *b)
{
	struct part x = part_of(a), y = part_of(b);

	return x.base == y.base && !memcmp(a, b, x.base);
}

/* Below 0 when part @x is older than @y. A log without date or number is the one written to. */
static int part_cmp(const struct part *x, const struct part *y)
{
	size_t len = x->date_len < y->date_len ? x->date_len : y->date_len;
	int ret;

	if (!x->date != !y->date)
		return x->date ? -1 : 1;
	ret = x->date ? memcmp(x->date, y->date, len) : 0;
	if (!ret && x->date_len != y->date_len)
		ret = x->date_len < y->date_len ? -1 : 1;
	if (ret)
		return ret;
	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	return x->packed != y->packed ? x->packed ? -1 : 1 : 0;
}

bool an_paths_add(struct an_paths *paths, const char *path, size_t given, bool extra)
{
	struct an_path *v;
	size_t i;

	for (i = 0; i < paths->n && an_is_file(path); i++)
		if (!strcmp(paths->v[i].path, path))
			return true;
	if (paths->n == paths->room) {
		size_t room = paths->room ? paths->room * 2 : 16;

		v = realloc(paths->v, room * sizeof(*v));
		if (!v)
			return false;
		paths->v = v;
		paths->room = room;
	}
	v = &paths->v[paths->n];
	*v = (struct an_path){ .path = strdup(path), .given = given, .extra = extra };
	paths->n += !!v->path;
	return v->path;
}

/*
 * A part that is just being packed is there twice, and one of the two is not whole yet: the packed
 * one is left out.
 */
static void drop_twins(struct an_paths *paths)
{
	size_t i, to = 0;

	for (i = 0; i < paths->n; i++) {
		struct part x = part_of(paths->v[i].path), y;

		if (i + 1 < paths->n && x.packed && an_is_file(paths->v[i].path) &&
		    an_same_log(paths->v[i].path, paths->v[i + 1].path)) {
			y = part_of(paths->v[i + 1].path);
			y.packed = true;
			if (!part_cmp(&x, &y)) {
				free(paths->v[i].path);
				continue;
			}
		}
		paths->v[to++] = paths->v[i];
	}
	paths->n = to;
}

bool an_paths_order(struct an_paths *paths)
{
	struct an_path *v = calloc(paths->n + 1, sizeof(*v));
	size_t i, j, n = 0;

	if (!v)
		return false;
	for (i = 0; i < paths->n; i++) {
		size_t first = n;

		if (!paths->v[i].path)
			continue;
		/* This one and all later ones of the same log, each put in its place. */
		for (j = i; j < paths->n; j++) {
			struct part x, y;
			size_t at;

			if (!paths->v[j].path || (j > i && (!an_is_file(paths->v[j].path) ||
			    !an_same_log(n > first ? v[first].path : "", paths->v[j].path))))
				continue;
			x = part_of(paths->v[j].path);
			for (at = n++; at > first; at--) {
				y = part_of(v[at - 1].path);
				if (part_cmp(&y, &x) <= 0)
					break;
				v[at] = v[at - 1];
			}
			v[at] = paths->v[j];
			paths->v[j].path = NULL;
		}
	}
	free(paths->v);
	paths->v = v;
	paths->room = paths->n + 1;
	drop_twins(paths);
	return true;
}

static int add_pattern(struct an_paths *paths, const char *name, size_t given,
		       struct an_error *err)
{
	int ret = AN_OK;
	glob_t g = { 0 };
	size_t i;

	switch (glob(name, GLOB_ERR, NULL, &g)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		err->sys = ENOENT;
		ret = an_fail(err, AN_INPUT, "no log matches %s", name);
		break;
	case GLOB_NOSPACE:
		ret = an_fail(err, AN_NOMEM, "out of memory");
		break;
	default:
		ret = an_fail_sys(err, AN_INPUT, "search", name);
	}
	for (i = 0; i < g.gl_pathc && !ret; i++)
		if (!an_paths_add(paths, g.gl_pathv[i], given, false))
			ret = an_fail(err, AN_NOMEM, "out of memory");
	globfree(&g);
	return ret;
}

int an_paths_expand(struct an_paths *paths, const char *const *names, size_t n,
		    struct an_error *err)
{
	int ret = AN_OK;
	size_t i;

	for (i = 0; i < n && !ret; i++) {
		/* A file that has such a name is meant by it. */
		if (an_is_file(names[i]) && strpbrk(names[i], "*?[") && access(names[i], F_OK))
			ret = add_pattern(paths, names[i], i, err);
		else if (!an_paths_add(paths, names[i], i, false))
			ret = an_fail(err, AN_NOMEM, "out of memory");
	}
	if (!ret && !an_paths_order(paths))
		ret = an_fail(err, AN_NOMEM, "out of memory");
	return ret;
}

bool an_paths_siblings(struct an_paths *paths, const char *path, size_t given)
{
	struct part p = part_of(path);
	char *pattern = malloc(2 * p.base + 2);
	glob_t g = { 0 };
	size_t i, to = 0;
	bool ok = true;

	if (!pattern)
		return false;
	for (i = 0; i < p.base; i++) {
		if (strchr("*?[]\\", path[i]))
			pattern[to++] = '\\';
		pattern[to++] = path[i];
	}
	pattern[to++] = '*';
	pattern[to] = 0;
	if (!glob(pattern, GLOB_NOSORT, NULL, &g))
		for (i = 0; i < g.gl_pathc && ok; i++)
			if (an_same_log(path, g.gl_pathv[i]))
				ok = an_paths_add(paths, g.gl_pathv[i], given, true);
	globfree(&g);
	free(pattern);
	return ok;
}

void an_paths_free(struct an_paths *paths)
{
	size_t i;

	for (i = 0; i < paths->n; i++)
		free(paths->v[i].path);
	free(paths->v);
	memset(paths, 0, sizeof(*paths));
}
