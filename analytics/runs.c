// SPDX-License-Identifier: GPL-3.0-or-later
/* Collects runs and makes rows of them; must never grow with the number of runs or of names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "runs.h"

bool an_runs_init(struct an_runs *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->random = seed;
	r->v = calloc(AN_RUN_SAMPLE, sizeof(*r->v));
	return r->v;
}

void an_runs_free(struct an_runs *r)
{
	free(r->v);
	memset(r, 0, sizeof(*r));
}

int an_run_fn(const struct an_run_names *names, const char *fn, size_t len)
{
	unsigned int i;

	for (i = 0; i < names->nfns; i++)
		if (!strncmp(names->fn[i], fn, len) && !names->fn[i][len])
			return (int)i;
	return -1;
}

int an_run_node(const struct an_run_names *names, uint32_t node)
{
	unsigned int i;

	for (i = 0; i < names->nnodes; i++)
		if (names->node[i] == node)
			return (int)i;
	return -1;
}

static int add_fn(struct an_run_names *names, const char *fn, size_t len)
{
	int i = len && len < AN_RUN_NAME ? an_run_fn(names, fn, len) : -1;

	if (i >= 0 || !len || len >= AN_RUN_NAME || names->nfns == AN_RUN_FNS)
		return i;
	memcpy(names->fn[names->nfns], fn, len);
	return (int)names->nfns++;
}

static int add_node(struct an_run_names *names, uint32_t node)
{
	int i = an_run_node(names, node);

	if (i >= 0 || names->nnodes == AN_RUN_NODES)
		return i;
	names->node[names->nnodes] = node;
	return (int)names->nnodes++;
}

/* Algorithm R: every run has the same chance to be in the sample. */
static struct an_run *place(struct an_runs *r)
{
	struct an_random random = { r->random };
	uint64_t at;

	r->seq++;
	r->seen++;
	if (r->n < AN_RUN_SAMPLE)
		return &r->v[r->n++];
	at = (uint64_t)an_random_below(&random, r->seen);
	r->random = random.state;
	return at < AN_RUN_SAMPLE ? &r->v[at] : NULL;
}

static uint32_t run_minute(int64_t ms)
{
	return ms == AN_MS_NONE || ms < 0 || ms / 60000 > UINT32_MAX ? 0 : (uint32_t)(ms / 60000);
}

static void add_exec(struct an_runs *r, const struct an_line *line)
{
	struct an_run *run;
	struct an_exec e;
	int fn, node;

	if (!an_line_exec(line, &e) || !e.us || e.us > UINT32_MAX ||
	    e.arg_bytes > AN_RUN_BYTES_MAX)
		return;
	fn = add_fn(&r->names, e.fn, e.fn_len);
	node = add_node(&r->names, e.node);
	if (fn < 0 || node < 0) {
		r->left_out++;
		return;
	}
	run = place(r);
	if (run)
		*run = (struct an_run){ e.arg_bytes, r->seq, (uint32_t)e.us,
					(float)r->load[node], (uint8_t)fn, (uint8_t)node,
					run_minute(line->ms) };
}

void an_runs_add(struct an_runs *r, const struct an_line *line)
{
	uint32_t node, centi;
	int i;

	if (line->kind == AN_LINE_EXEC) {
		add_exec(r, line);
	} else if (line->kind == AN_LINE_LOAD && an_line_load(line, &node, &centi)) {
		i = add_node(&r->names, node);
		if (i >= 0)
			r->load[i] = centi / 100.0;
	}
}

static int by_seq(const void *a, const void *b)
{
	const struct an_run *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void an_runs_end(struct an_runs *r)
{
	qsort(r->v, r->n, sizeof(*r->v), by_seq);
}

unsigned int an_run_nfeat(const struct an_run_names *names)
{
	return names->nfns * AN_RUN_PER_FN + names->nnodes;
}

void an_run_row(const struct an_run_names *names, int fn, int node, uint64_t bytes, double load,
		struct svm_node *x)
{
	double size = log2((double)bytes + 1), part;
	int at = fn * AN_RUN_PER_FN + 1, knot;

	if (size > AN_RUN_KNOTS - 1)
		size = AN_RUN_KNOTS - 1;
	knot = (int)size;
	part = size - knot;
	*x++ = (struct svm_node){ at, 1 };
	*x++ = (struct svm_node){ at + 1, size / 20 };
	*x++ = (struct svm_node){ at + 2, size * size / 400 };
	*x++ = (struct svm_node){ at + 3, load / 4 };
	*x++ = (struct svm_node){ at + 4, log1p(load) };
	*x++ = (struct svm_node){ at + 5 + knot, 1 - part };
	if (part > 0)
		*x++ = (struct svm_node){ at + 6 + knot, part };
	if (node >= 0)
		*x++ = (struct svm_node){ (int)names->nfns * AN_RUN_PER_FN + node + 1, 1 };
	*x = (struct svm_node){ -1, 0 };
}
