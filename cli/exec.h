/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One "virgo exec" on its way: what is to run, where, and how its results are shown. A view takes output
 * and ends as they come; exec-run.c keeps the books that all views share.
 */
#ifndef CLI_EXEC_H
#define CLI_EXEC_H

#include "cli/cli.h"
#include "cli/progress.h"

struct plan;
struct joblog;

/* Any function may be NULL. */
struct exec_view {
	bool gathers;			/* output is wanted whole, at the end of each run */
	int (*begin)(struct plan *p);	/* a status, reported */
	/* a piece of output as it appears; other than 0: it can't be written */
	int (*output)(struct plan *p, size_t index, enum virgo_stream stream, const void *data,
		      size_t len);
	/* a run is over (it may take result->out and ->err over: NULL them), or, result NULL, failed */
	void (*done)(struct plan *p, size_t index, struct virgo_exec_result *result);
	void (*end)(struct plan *p);
};

extern const struct exec_view exec_live;	/* exec-live.c: as it appears */
extern const struct exec_view exec_rows;	/* exec-rows.c: JSON, TSV */
extern const struct exec_view exec_fold;	/* exec-fold.c: equal output together */
extern const struct exec_view exec_diff;	/* exec-fold.c: what differs from what most say */

struct plan {
	struct run *r;
	struct virgo_exec exec;
	struct virgo_body input;	/* what standard input had */
	const char **env;
	const char **nodes;		/* NULL: the one that the balancer picks */
	size_t n;
	struct virgo_nodeset *set;	/* owns the names, where the context does not */
	bool many;			/* over several nodes: lines have labels, failures are listed */
	bool fail_fast, labels;
	const struct exec_view *view;
	void *shown;			/* the view's */
	uint64_t held;			/* bytes of output kept for the end */
	bool dropped;			/* more came than may be kept */
	struct joblog *log;
	struct progress progress;
	size_t done, failed;
	int worst;			/* exit status so far */
};

enum exec_limit {
	EXEC_HELD_MAX = 256 << 20,	/* bytes of output of all nodes kept until the end */
};

/* exec-run.c */
/* run it, show it: the exit status of it all */
int exec_run(struct plan *p);
/* may len more bytes be kept until the end? Says once that something is missing. */
bool exec_may_hold(struct plan *p, uint64_t len);

/* exec-async.c: hand it to the nodes as jobs and print where they are: a status */
int exec_submit(struct plan *p);

/* exec-log.c */
/* a command on one line as shells take it; "--kernel" or "--function" before a function's name */
void exec_command(struct out_text *t, enum virgo_exec_kind kind, const char *name,
		  const char *const *args, size_t nargs);

/* one line a run, tab-separated: node, start, µs, exit, signal, command */
int joblog_open(struct run *r, const char *path, const char *retried,
		const struct virgo_exec *exec, struct joblog **log);	/* a status, reported */
/* ended now; result NULL: nobody knows how */
void joblog_write(struct joblog *log, const char *node, uint64_t us,
		  const struct virgo_exec_result *result);
int joblog_close(struct joblog *log);	/* 0, or the errno of what could not be written */
/* the nodes whose last line in a log is no success: a set's text, malloc'd, "" for none; status */
int joblog_failed(struct run *r, const char *path, char **nodes);

/* exec-diff.c: what diff(1) says of two texts, under these names. -1: it could not be run */
int diff_texts(struct out *o, const char *name, const char *text, size_t len, const char *name2,
	       const char *text2, size_t len2);

#endif
