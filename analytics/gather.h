/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From logs to rows: who was seen doing what, what each minute held, how long runs took. */
#ifndef VIRGO_AN_GATHER_H
#define VIRGO_AN_GATHER_H

#include "feature.h"
#include "labels.h"
#include "logs.h"
#include "rate.h"
#include "reader.h"
#include "rows.h"
#include "rule.h"
#include "runs.h"
#include "winrow.h"
#include "winrule.h"

/* A source with enough lines to be judged. */
struct an_cand {
	struct an_addr addr;
	uint64_t count, busiest;	/* lines; in its busiest minute */
	double udp_share;
	struct an_traits traits;
	double f[AN_NFEATURES];
	enum an_label label;
};

struct an_cands {
	struct an_cand *v;
	size_t n, room;
};

/* Rows of sources, and what the hand rules see of each. */
struct an_table {
	struct an_rows rows;
	struct an_traits *traits;
	size_t room;
};

/* Logs that belong together: one machine's, compared with each other only. */
struct an_group {
	struct an_labels labels;
	struct an_windows windows;
	struct an_win_norm norm;
	bool begun;
};

struct an_win_table {
	struct an_rows rows;
	struct an_win_traits *traits;
	size_t room;
};

enum an_window_labels { AN_WINDOWS_WEAK, AN_WINDOWS_GIVEN, AN_WINDOWS_COLUMN };

#define AN_OWN_MAX	4096	/* addresses of this machine that are told apart */

/* What is to be gathered and how: the part of both training's and prediction's options. */
struct an_gather_options {
	const char *const *logs;
	size_t nlogs;
	const char *const *labels;
	size_t nlabels;
	bool halve;		/* without labels: the earlier half teaches, the later is judged */
	bool hash;		/* fill the inputs' sha256 */
	bool rewind;		/* the logs are to be read again afterwards */
	const char *const *prefixes;	/* of refused packets, beside [UFW BLOCK] */
	size_t nprefixes;
	struct an_state *state;	/* to go on from, at most one labels file; NULL: none */
	uint32_t state_days;	/* what is older leaves the state */
	uint32_t min_rows;	/* of either class: with fewer, news make no half of their own */
	uint64_t seed;
	int64_t now;
	uint32_t min_lines, max_sources;
	an_progress_fn progress;
	void *progress_arg;
};

struct an_gathered {
	struct an_logs logs;		/* still open */
	size_t *order;			/* in which the inputs are read */
	struct an_group *groups;
	size_t ngroups;
	struct an_table sources;	/* to learn from */
	struct an_cands cands;		/* to judge with what was learnt */
	struct an_runs runs;
	struct an_count total;		/* lines a source, all logs together */
	struct an_count own;		/* destinations: this machine's addresses */
	struct an_rate rate;
	uint64_t unobserved, ruled;	/* ruled: rows of an incomplete list, labelled by the rule */
	uint64_t early, late;		/* lines in the two halves, weak labels only */
	bool by_run;			/* the halves: what earlier runs read, and this run's news */
	uint64_t before;		/* lines of earlier runs */
	int weak;			/* the sources' labels */
	enum an_window_labels window_labels;
};

/*
 * Reads the logs. With labels for sources, rows and candidates are the same sources, over each whole
 * log. Without and with ->halve, the logs, oldest first, are cut in half by [UFW BLOCK] lines: rows
 * are the sources of the earlier half, their label says whether the weak rule holds for them in the
 * later half, and candidates are the sources of the later half. So what is learnt is a forecast from
 * one half to the next, and it is applied to the latest half to look beyond the log's end.
 *
 * With ->state everything is of all runs together, and what was gathered is left in the state as
 * sections, not saved yet. The earlier half is then what earlier runs read, the later one the news;
 * when there are too few of them they are added to the last run's later half. The first run halves
 * its logs. A state whose sections make no sense is forgotten.
 */
int an_gather(const struct an_gather_options *opt, struct an_gathered *g,
	      struct an_read_stats *stats, struct an_error *err);
void an_gather_free(struct an_gathered *g);

/*
 * The label of window @i of @group: given, of the log's own column, or by the weak rule, as
 * g->window_labels says. AN_LABEL_NONE: not known.
 */
enum an_label an_gather_window(const struct an_gathered *g, const struct an_group *group, size_t i);

/*
 * Rows of all windows with a label, of @nfeat features (see an_win_row()), at most @max of them by class. False
 * when out of memory.
 */
bool an_gather_windows(const struct an_gathered *g, unsigned int nfeat, size_t max, uint64_t seed,
		       struct an_win_table *t, uint64_t *rows, uint64_t *positives);
void an_win_table_free(struct an_win_table *t);

#endif
