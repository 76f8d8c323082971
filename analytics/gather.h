/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From logs to rows: who was seen doing what, and what is to be learnt about it. */
#ifndef VIRGO_AN_GATHER_H
#define VIRGO_AN_GATHER_H

#include "feature.h"
#include "labels.h"
#include "rate.h"
#include "reader.h"
#include "rule.h"

/* A source with enough lines to be judged. */
struct an_cand {
	struct an_addr addr;
	uint64_t count;
	struct an_traits traits;
	double f[AN_NFEATURES];
	enum an_label label;
};

struct an_cands {
	struct an_cand *v;
	size_t n, room;
};

/* Rows with their labels, kept in columns, as the learner and the rules want them. */
struct an_table {
	double (*f)[AN_NFEATURES];
	struct an_traits *traits;
	signed char *y;
	size_t n, room;
};

struct an_gathered {
	struct an_input *inputs;	/* one a log, in the order read; still open */
	size_t ninputs;
	struct an_table rows;		/* to learn from */
	struct an_cands cands;		/* to judge with what was learnt */
	struct an_count total;		/* lines a source, all logs together */
	struct an_count own;		/* destinations: this machine's addresses */
	struct an_rate rate;
	uint64_t unobserved;
	uint64_t early, late;		/* lines in the two halves, weak labels only */
	int weak;
};

/*
 * Reads the logs and makes the rows. With labels, rows and candidates are the same sources, over
 * each whole log. Without, the logs, oldest first, are cut in half by [UFW BLOCK] lines: rows are
 * the sources of the earlier half, their label says whether the weak rule holds for them in the
 * later half, and candidates are the sources of the later half. So what is learnt is a forecast
 * from one half to the next, and it is applied to the latest half to look beyond the log's end.
 */
int an_gather(const struct an_train_options *opt, struct an_gathered *g,
	      struct an_read_stats *stats, struct an_error *err);
void an_gather_free(struct an_gathered *g);

#endif
