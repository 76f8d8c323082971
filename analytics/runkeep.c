// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs in bytes, for a later run; must never make runs of bytes that cannot be any. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runs.h"

#define VERSION		1
#define LOAD_MAX	1e9	/* runs a processor: no line tells of more */

/* What is written: names by their new number + 1, 0 for those that stay out. */
struct run_keeping {
	const struct an_runs *r;
	uint32_t from;		/* minute */
	size_t n;
	unsigned int fn[AN_RUN_FNS], node[AN_RUN_NODES], nfns, nnodes;
};

static bool run_stays(const struct run_keeping *k, const struct an_run *run)
{
	return !run->minute || run->minute >= k->from;
}

static void choose_runs(struct run_keeping *k, int64_t from_ms)
{
	const struct an_runs *r = k->r;
	unsigned int j;
	size_t i;

	if (from_ms > 0)
		k->from = from_ms / 60000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(from_ms / 60000);
	for (i = 0; i < r->n; i++) {
		if (!run_stays(k, &r->v[i]))
			continue;
		k->n++;
		k->fn[r->v[i].fn] = k->node[r->v[i].node] = 1;
	}
	for (j = 0; j < r->names.nfns; j++)
		if (k->n == r->n || k->fn[j])
			k->fn[j] = ++k->nfns;
	for (j = 0; j < r->names.nnodes; j++)
		if (k->n == r->n || k->node[j])
			k->node[j] = ++k->nnodes;
}

static void put_names(const struct run_keeping *k, struct an_bytes *to)
{
	const struct an_run_names *names = &k->r->names;
	unsigned int i;

	an_put(to, k->nfns, 2);
	for (i = 0; i < names->nfns; i++)
		if (k->fn[i])
			an_put_string(to, names->fn[i]);
	an_put(to, k->nnodes, 2);
	for (i = 0; i < names->nnodes; i++) {
		if (!k->node[i])
			continue;
		an_put(to, names->node[i], 4);
		/* what was printed are hundredths */
		an_put(to, (uint64_t)llround(k->r->load[i] * 100), 8);
	}
}

static void put_run(const struct run_keeping *k, const struct an_run *run, struct an_bytes *to)
{
	uint32_t load;

	memcpy(&load, &run->load, sizeof(load));
	an_put(to, run->bytes, 8);
	an_put(to, run->seq, 8);
	an_put(to, run->us, 4);
	an_put(to, load, 4);
	an_put(to, k->fn[run->fn] - 1, 1);
	an_put(to, k->node[run->node] - 1, 1);
	an_put(to, run->minute, 4);
}

void an_runs_put(const struct an_runs *r, int64_t from_ms, struct an_bytes *to)
{
	struct run_keeping k = { .r = r };
	size_t i;

	choose_runs(&k, from_ms);
	an_put(to, VERSION, 1);
	put_names(&k, to);
	an_put(to, r->seq, 8);
	/* a sample with room left is all there was */
	an_put(to, k.n < r->n ? k.n : r->seen, 8);
	an_put(to, r->left_out, 8);
	an_put(to, r->random, 8);
	an_put(to, k.n, 4);
	for (i = 0; i < r->n; i++)
		if (run_stays(&k, &r->v[i]))
			put_run(&k, &r->v[i], to);
}

static bool get_names(struct an_runs *r, struct an_bytes *from)
{
	struct an_run_names *names = &r->names;
	unsigned int n = (unsigned int)an_get(from, 2);

	if (n > AN_RUN_FNS)
		return false;
	for (; names->nfns < n; names->nfns++) {
		char fn[AN_RUN_NAME];

		if (!an_get_string(from, fn, sizeof(fn)) || !*fn ||
		    an_run_fn(names, fn, strlen(fn)) >= 0)
			return false;
		strcpy(names->fn[names->nfns], fn);
	}
	n = (unsigned int)an_get(from, 2);
	if (n > AN_RUN_NODES)
		return false;
	for (; names->nnodes < n; names->nnodes++) {
		uint32_t node = (uint32_t)an_get(from, 4);
		uint64_t centi = an_get(from, 8);

		if (from->bad || centi > LOAD_MAX * 100 || an_run_node(names, node) >= 0)
			return false;
		names->node[names->nnodes] = node;
		r->load[names->nnodes] = (double)centi / 100.0;
	}
	return !from->bad;
}

static bool get_run(struct an_runs *r, struct an_bytes *from)
{
	struct an_run *run = &r->v[r->n++];
	uint32_t load;

	run->bytes = an_get(from, 8);
	run->seq = an_get(from, 8);
	run->us = (uint32_t)an_get(from, 4);
	load = (uint32_t)an_get(from, 4);
	memcpy(&run->load, &load, sizeof(load));
	run->fn = (uint8_t)an_get(from, 1);
	run->node = (uint8_t)an_get(from, 1);
	run->minute = (uint32_t)an_get(from, 4);
	return !from->bad && run->bytes <= AN_RUN_BYTES_MAX && run->us && run->seq &&
	       run->seq <= r->seq && run->load >= 0 && run->load <= (float)LOAD_MAX &&
	       run->fn < r->names.nfns && run->node < r->names.nnodes;
}

bool an_runs_get(struct an_runs *r, struct an_bytes *from)
{
	size_t n;

	if (an_get(from, 1) != VERSION || !get_names(r, from))
		return false;
	r->seq = an_get(from, 8);
	r->seen = an_get(from, 8);
	r->left_out = an_get(from, 8);
	r->random = an_get(from, 8);
	n = an_get(from, 4);
	if (from->bad || n > AN_RUN_SAMPLE || r->seq > INT64_MAX || r->seen > r->seq ||
	    r->seen < n || (n < AN_RUN_SAMPLE && r->seen != n))
		return false;
	while (n--)
		if (!get_run(r, from))
			return false;
	return true;
}
