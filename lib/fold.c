// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Node sets: from names to the short text. Names that differ in one run of digits share a pair of
 * brackets; the last run is tried first, then the ones before it. Ports and IPv6 addresses are
 * never folded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { RUNS_MAX = 8, RUN_DIGITS = 9 };

/* a run of digits in a name */
struct digits_run {
	unsigned short at, len;
};

struct part {
	const char *name;
	size_t order;			/* where it stood */
	struct digits_run runs[RUNS_MAX];
	unsigned int nruns;
	struct digits_run by;			/* the run it is folded by; len 0: not folded */
	uint32_t value;
	size_t group;			/* order of the group's first name */
};

struct text {
	char *p;
	size_t len, cap;
	int failed;
};

static void fold_append(struct text *t, const char *s, size_t len)
{
	char *p;

	if (t->failed)
		return;
	if (t->len + len + 1 > t->cap) {
		size_t cap = (t->len + len + 1) * 2;

		p = realloc(t->p, cap);
		if (!p) {
			t->failed = 1;
			return;
		}
		t->p = p;
		t->cap = cap;
	}
	memcpy(t->p + t->len, s, len);
	t->len += len;
	t->p[t->len] = '\0';
}

/* the last RUNS_MAX runs of the host part, from the right */
static void find_runs(struct part *part)
{
	const char *name = part->name, *colon = strrchr(name, ':');
	size_t i = colon ? (size_t)(colon - name) : strlen(name);

	part->nruns = 0;
	if (name[0] == '[' || i > VIRGO_NODE_NAME_MAX)
		return;
	while (i > 0 && part->nruns < RUNS_MAX) {
		size_t end;

		while (i > 0 && (name[i - 1] < '0' || name[i - 1] > '9'))
			i--;
		end = i;
		while (i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9')
			i--;
		if (end > i && end - i <= RUN_DIGITS)
			part->runs[part->nruns++] = (struct digits_run){ i, end - i };
	}
}

static int fold_compare(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* what stands before the run, then what stands behind it: equal for names of one group */
static int compare_frame(const struct part *a, const struct part *b)
{
	int d;

	if (!a->by.len || !b->by.len)
		return a->by.len || b->by.len ? fold_compare(a->by.len, b->by.len)
					      : fold_compare(a->order, b->order);
	d = fold_compare(a->by.at, b->by.at);
	if (!d)
		d = memcmp(a->name, b->name, a->by.at);
	if (!d)
		d = strcmp(a->name + a->by.at + a->by.len, b->name + b->by.at + b->by.len);
	return d;
}

static int compare_value(const struct part *a, const struct part *b)
{
	int d = fold_compare(a->by.len, b->by.len);

	if (!d)
		d = fold_compare(a->value, b->value);
	return d ? d : fold_compare(a->order, b->order);
}

static int by_frame(const void *x, const void *y)
{
	int d = compare_frame(x, y);

	return d ? d : compare_value(x, y);
}

static int by_group(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int d = fold_compare(a->group, b->group);

	return d ? d : compare_value(a, b);
}

static uint32_t run_value(const struct part *part)
{
	uint32_t v = 0;

	for (unsigned int i = 0; i < part->by.len; i++)
		v = v * 10 + (part->name[part->by.at + i] - '0');
	return v;
}

/*
 * One round: whatever has no partner yet is grouped by its run number round, counted from the
 * right. At the end the names without a partner are at the front again.
 */
static size_t group_round(struct part *parts, size_t n, unsigned int round)
{
	size_t alone = 0;

	for (size_t i = 0; i < n; i++) {
		parts[i].by.len = 0;
		if (round < parts[i].nruns)
			parts[i].by = parts[i].runs[round];
		parts[i].value = run_value(&parts[i]);
		parts[i].group = parts[i].order;
	}
	qsort(parts, n, sizeof(*parts), by_frame);
	for (size_t i = 0, j; i < n; i = j) {
		size_t first = parts[i].order;

		for (j = i + 1; j < n && !compare_frame(&parts[i], &parts[j]); j++)
			if (parts[j].order < first)
				first = parts[j].order;
		if (j - i > 1) {
			for (size_t k = i; k < j; k++)
				parts[k].group = first;
		} else {
			struct part swap = parts[i];

			swap.by.len = 0;
			parts[i] = parts[alone];
			parts[alone++] = swap;
		}
	}
	return alone;
}

/* does b's text follow a's in a range that began at first? */
static int follows(const struct part *first, const struct part *a, const struct part *b)
{
	char want[RUN_DIGITS + 2];
	int width = first->name[first->by.at] == '0' ? first->by.len : 0;
	int len;

	if (b->value != a->value + 1)
		return 0;
	len = snprintf(want, sizeof(want), "%0*u", width, b->value);
	return len == b->by.len && (!width || len == width) &&
	       !memcmp(want, b->name + b->by.at, len);
}

/* the parts i..j-1, which share a group, in value order */
static void write_group(struct text *t, const struct part *parts, size_t n)
{
	const struct part *p = parts;
	size_t i, j, k;

	fold_append(t, p->name, p->by.at);
	fold_append(t, "[", 1);
	for (i = 0; i < n; i = k) {
		for (j = i, k = i + 1; k < n; k++) {
			if (!follows(&parts[i], &parts[j], &parts[k]))
				break;
			j = k;
		}
		if (i)
			fold_append(t, ",", 1);
		fold_append(t, parts[i].name + parts[i].by.at, parts[i].by.len);
		if (j > i) {
			fold_append(t, "-", 1);
			fold_append(t, parts[j].name + parts[j].by.at, parts[j].by.len);
		}
	}
	fold_append(t, "]", 1);
	fold_append(t, p->name + p->by.at + p->by.len, strlen(p->name + p->by.at + p->by.len));
}

static int by_name(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int d = strcmp(a->name, b->name);

	return d ? d : fold_compare(a->order, b->order);
}

/* the names, each once */
static size_t take_names(struct part *parts, const char *const *names, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		parts[i].name = names[i];
		parts[i].order = i;
	}
	qsort(parts, n, sizeof(*parts), by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept && !strcmp(parts[kept - 1].name, parts[i].name))
			continue;
		parts[kept] = parts[i];
		find_runs(&parts[kept++]);
	}
	return kept;
}

char *virgo_nodeset_fold(const char *const *names, size_t n)
{
	struct text t = { 0 };
	struct part *parts;
	size_t alone, i, j;

	fold_append(&t, "", 0);
	if (n > SIZE_MAX / sizeof(*parts) || !n)
		return t.p;
	parts = calloc(n, sizeof(*parts));
	if (!parts) {
		free(t.p);
		return NULL;
	}
	n = take_names(parts, names, n);
	alone = n;
	for (unsigned int round = 0; round < RUNS_MAX && alone; round++)
		alone = group_round(parts, alone, round);
	qsort(parts, n, sizeof(*parts), by_group);
	for (i = 0; i < n; i = j) {
		for (j = i + 1; j < n && parts[j].group == parts[i].group; j++)
			;
		if (i)
			fold_append(&t, ",", 1);
		if (parts[i].by.len)
			write_group(&t, parts + i, j - i);
		else
			fold_append(&t, parts[i].name, strlen(parts[i].name));
	}
	free(parts);
	if (t.failed) {
		free(t.p);
		return NULL;
	}
	return t.p;
}
