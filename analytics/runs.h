/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long runs took: rows of function, bytes, node, load and time, a fair sample of them when there
 * are many, and the features made of them.
 */
#ifndef VIRGO_AN_RUNS_H
#define VIRGO_AN_RUNS_H

#include <libsvm/svm.h>

#include "bytes.h"
#include "line.h"

#define AN_RUN_FNS	64	/* functions told apart; further ones are not learnt */
#define AN_RUN_NODES	256
#define AN_RUN_SAMPLE	40000	/* rows kept */
#define AN_RUN_NAME	96
#define AN_RUN_KNOTS	32	/* powers of two up to 2 GB */
#define AN_RUN_PER_FN	(AN_RUN_KNOTS + 5)
#define AN_RUN_BYTES_MAX	(1ull << 50)

/* The names a model knows; a name's place is its number. */
struct an_run_names {
	char fn[AN_RUN_FNS][AN_RUN_NAME];
	uint32_t node[AN_RUN_NODES];
	unsigned int nfns, nnodes;
};

struct an_run {
	uint64_t bytes;
	uint64_t seq;		/* place among all runs */
	uint32_t us;
	float load;		/* runs a processor when it began, as the log last said */
	uint8_t fn, node;
	uint32_t minute;	/* Unix time; 0: not known */
};

struct an_runs {
	struct an_run_names names;
	double load[AN_RUN_NODES];	/* last printed */
	struct an_run *v;		/* the sample; in order of seq after an_runs_end() */
	size_t n;
	uint64_t seq;			/* of the last run */
	uint64_t seen;			/* runs the sample is of */
	uint64_t left_out;		/* of functions or nodes beyond the limits */
	uint64_t random;
};

bool an_runs_init(struct an_runs *r, uint64_t seed);
void an_runs_free(struct an_runs *r);

/* Takes an AN_LINE_EXEC or AN_LINE_LOAD line; others are none of its business. */
void an_runs_add(struct an_runs *r, const struct an_line *line);
void an_runs_end(struct an_runs *r);

/*
 * Writes all for a later run, before an_runs_end(). Runs from before @from_ms stay out, and then
 * also functions and nodes of which no run is left.
 */
void an_runs_put(const struct an_runs *r, int64_t from_ms, struct an_bytes *to);

/* Reads it back into @r, initialised and empty. False when it is none. */
bool an_runs_get(struct an_runs *r, struct an_bytes *from);

/* The number of a name, -1 when it is not there. */
int an_run_fn(const struct an_run_names *names, const char *fn, size_t len);
int an_run_node(const struct an_run_names *names, uint32_t node);

/* How many features rows with these names have. */
unsigned int an_run_nfeat(const struct an_run_names *names);

/* Features of one run; @x has room for 16 nodes. An unknown node (-1) has none of its own. */
void an_run_row(const struct an_run_names *names, int fn, int node, uint64_t bytes, double load,
		struct svm_node *x);

#endif
