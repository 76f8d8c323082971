/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From kernel log lines to a model to the values a kernel acts on.
 *
 * The library never prints, never exits, never changes a signal disposition and keeps no state of
 * its own: everything it has to say is in the report or in the error. One an_train() at a time a
 * process, because libsvm changes the locale while it saves a model; an_top() may run beside it.
 */
#ifndef VIRGO_ANALYTICS_H
#define VIRGO_ANALYTICS_H

#include <stddef.h>
#include <stdint.h>

#define AN_FEATURE_VERSION	4	/* a model trained for another version is refused */
#define AN_DENY_DEFAULT		64	/* addresses of DenySources written when nobody says more */
#define AN_DENY_MAX		256	/* what the values file may hold */
#define AN_VALID_DEFAULT	93600	/* 26 hours: a nightly job may be two hours late */
#define AN_ADDR_STRLEN		46	/* longest printed address and its NUL */
#define AN_STATE_DAYS		30	/* what a state remembers of the logs, in days */
#define AN_QUALITY_MIN		700	/* permille: no value of a worse model is written */

/* What can be learnt. */
enum an_kind { AN_SOURCES, AN_WINDOWS, AN_EXEC, AN_KINDS };

/* What a call returns. Every status but AN_OK and AN_NOT_BETTER comes with a filled an_error. */
enum an_status {
	AN_OK = 0,		/* done, everything asked for was written */
	AN_NOT_BETTER = 1,	/* trained, but nothing worth writing: nothing was written */
	AN_USAGE = -1,		/* an option makes no sense; nothing was read */
	AN_INPUT = -2,		/* a log or a labels file cannot be read or holds nothing usable */
	AN_OUTPUT = -3,		/* the model or the values file cannot be written */
	AN_NOMEM = -4,		/* out of memory, or a library that is needed is missing */
};

/* One line, lower case, no full stop: what failed, where, which value, what to do. */
struct an_error {
	char msg[512];
	int sys;		/* the errno behind it: a file that is absent or closed to us; else 0 */
};

/*
 * Called now and then during long work: @what is a constant string ("reading", "training"),
 * @done of @total units are finished (@total 0: unknown). A return other than 0 asks to stop;
 * the call then returns AN_INPUT with "interrupted".
 */
typedef int (*an_progress_fn)(void *arg, const char *what, uint64_t done, uint64_t total);

/*
 * What to train from and where to write. Zero the structure, then an_train_defaults(). All strings
 * stay the caller's and must live as long as the call.
 */
struct an_train_options {
	const char *const *logs;	/* files, plain or gzip; "-" is standard input, once */
	size_t nlogs;
	const char *const *labels;	/* JSON, see labels.h and virgo-analytics(1) */
	size_t nlabels;			/* 0: weak ones; 1: for all logs; nlogs: in pairs */
	const char *out_conf;		/* values file; NULL: not written */
	const char *model_dir;		/* model directory, made if missing; NULL: not written */
	const char *const *prefixes;	/* log prefixes of refused packets beside [UFW BLOCK] */
	size_t nprefixes;
	const char *state;		/* file to go on from and to write; NULL: all is read */
	uint32_t state_days;		/* what is older than so many days leaves it, 1..3650 */
	int state_as_is;		/* the state is read and not written */
	const char *const *never_deny;	/* address[/prefix] that must never be on the deny list */
	size_t nnever_deny;
	uint64_t seed;			/* same input, seed and now: the same bytes out */
	int64_t now;			/* Unix seconds for Generated; 0: the clock */
	uint32_t valid_for;		/* seconds */
	uint32_t deny_max;		/* 0..AN_DENY_MAX */
	uint32_t min_lines;		/* a source needs as many lines to be judged, at least 5 */
	uint32_t max_rows;		/* training rows; more are subsampled by class */
	uint32_t folds;			/* of the cross validation, 2..20 */
	uint32_t max_bandwidth;		/* Mbit/s for MaxNetworkBandwidth; 0: key not written */
	uint32_t max_sources;		/* addresses counted exactly before space-saving begins */
	uint32_t keep;			/* older values files kept as .1 .. .keep, 0..9 */
	uint32_t min_quality;		/* permille, 0..1000 */
	uint32_t threads;		/* for training; 0: as many as there are processors */
	an_progress_fn progress;	/* may be NULL */
	void *progress_arg;
};

/* Counts of held-back predictions and the figures made of them, in thousandths. */
struct an_quality {
	uint64_t tp, fp, fn, tn;
	uint32_t precision, recall, f1;
};

/* A source address in print and what was seen of it. */
struct an_source {
	char ip[AN_ADDR_STRLEN];
	uint64_t count;		/* [UFW BLOCK] lines; an upper bound when error is not 0 */
	uint64_t error;		/* the true count is at least count - error */
	uint32_t ports;		/* distinct destination ports; 0 in answers of an_top() */
	uint32_t dsts;		/* distinct destination addresses; likewise */
	int32_t score;		/* decision value in thousandths, above 0 is hostile; likewise */
};

/* What was read. */
struct an_read_stats {
	uint64_t bytes;		/* after decompression */
	uint64_t lines;
	uint64_t blocks;	/* lines counted as [UFW BLOCK] */
	uint64_t malformed;	/* [UFW BLOCK] in its place, but no whole address after it */
	uint64_t overlong;	/* lines over the limit, skipped */
	uint64_t nul_runs;	/* runs of NUL bytes stepped over */
	uint64_t truncated;	/* files that became shorter while they were read */
	uint64_t sources;	/* distinct source addresses */
	int64_t first, last;	/* Unix seconds of the first and last counted line */
	int log_limited;	/* the firewall's own rate limit shows: counts are not packets */
	uint32_t kept_hours;	/* of sources, where the state had no room for all its days; else 0 */
};

/* A point of the precision/recall curve of held-back predictions, in thousandths. */
struct an_pr_point {
	uint32_t precision, recall, threshold;
};

/* A held-back run time beside its prediction, microseconds. */
struct an_exec_point {
	uint64_t us, predicted;
};

/* What became of one model. */
struct an_model_report {
	int trained, good;		/* good: better than its baseline and not below the floor */
	uint64_t rows, positives;	/* rows labelled; positives of them */
	uint64_t train_rows;		/* rows the model was trained on */
	struct an_quality model;	/* on rows the model had not seen; not of AN_EXEC */
	struct an_quality rule;		/* the best hand rule, on the same rows in the same way */
	uint32_t mape, rule_mape;	/* AN_EXEC: mean absolute error, permille of the true time */
	uint32_t tables_mape;		/* AN_EXEC: of the integer tables the kernel gets */
	uint32_t quality, baseline;	/* F1, or 1000 less the error: what is compared */
	char labels_text[320];		/* who says what is what */
	char split_text[160];		/* how rows were held back */
	char model_text[160];		/* kernel and parameters chosen */
	char rule_text[160];		/* the hand rule in words */
	char why[224];			/* why it is not good, else empty */
	struct an_pr_point *curve;	/* at most 101, by rising recall */
	size_t ncurve;
};

/* One minute of a log. Its score is above 500 where the model calls it anomalous. */
struct an_window_report {
	int64_t start;			/* Unix seconds, a whole minute */
	uint32_t lines, blocks;
	uint32_t score;			/* permille */
	int label;			/* 1 anomalous, -1 not, 0 unknown */
	char kind[8];			/* none oom io net cpu other */
};

/* An address that was judged hostile and is not on the deny list all the same. */
struct an_kept_off {
	struct an_source source;
	const char *why;		/* constant */
};

/* What training found. Free with an_train_report_free(); valid after AN_OK and AN_NOT_BETTER. */
struct an_train_report {
	struct an_read_stats read;
	uint64_t news;			/* lines read in this run; read.lines are those of all runs */
	char started_over[160];		/* as of an_top() */
	int weak;			/* the sources' labels were made by the rule, not given */
	struct an_model_report of[AN_KINDS];
	struct an_quality persist;	/* weak labels only: their own rule on the earlier half */
	int model_written, conf_written;
	uint64_t hostile;		/* sources predicted hostile */
	struct an_source *deny;		/* the deny list as written, loudest first */
	size_t ndeny;
	uint64_t deny_kept_off;		/* hostile, but not to be denied */
	struct an_kept_off *kept;	/* the loudest of them, at most 64 */
	size_t nkept;
	struct an_source *top;		/* the ten most prominent sources */
	size_t ntop;
	struct an_window_report *windows;	/* of the last group of logs, when there is a model */
	size_t nwindows;
	uint32_t anomaly_score;		/* permille: the worst of the last five minutes */
	char anomaly_kind[8];
	struct an_exec_point *exec;	/* a sample of at most 2,000 */
	size_t nexec;
	char summary[320];		/* one line without newline */
	char *text;			/* the report in full, lines ended by \n, never NULL */
};

/*
 * What an_top() reads and how much it answers. A log's name is a file (plain, gzip or zstd), a
 * pattern, "-" or "journal:", see logs.h.
 */
struct an_top_options {
	const char *const *logs;
	size_t nlogs;
	size_t n;			/* how many sources, at least 1 */
	uint32_t max_sources;		/* 0: the default, 1,048,576 */
	const char *const *prefixes;	/* log prefixes of refused packets beside [UFW BLOCK] */
	size_t nprefixes;
	const char *state;		/* file to go on from and to write; NULL: all is read */
	an_progress_fn progress;
	void *progress_arg;
};

/* Free with an_top_report_free(). */
struct an_top_report {
	struct an_read_stats read;
	struct an_source *top;		/* by falling count, then by address */
	size_t ntop;
	int exact;			/* 0: counts are bounds, see struct an_source */
	uint64_t news;			/* lines read in this run; read.lines are those of all runs */
	char started_over[160];		/* why the state was not used; "" when it was, or there was none */
};

/* Fills every number with its default and clears the rest. */
void an_train_defaults(struct an_train_options *opt);

/*
 * Reads, trains, judges and writes. @report and @err are cleared first. On any status but AN_OK
 * neither the model directory nor the values file has changed. Reads each log twice at most; what
 * cannot be read twice (a pipe) is first copied to an unlinked file in $TMPDIR.
 *
 * With a state, rows are of all runs since it was made, and it is written on AN_OK and on
 * AN_NOT_BETTER: what was read is read. Without labels the sources' rows are what earlier runs read,
 * labelled by the news. One labels file at most, for all logs: AN_USAGE otherwise.
 */
int an_train(const struct an_train_options *opt, struct an_train_report *report,
	     struct an_error *err);
void an_train_report_free(struct an_train_report *report);

/* A feature and what it added to a decision. */
struct an_reason {
	char name[64];
	double weight;
};

/* A line that had a part in it. The strings live as long as the call that hands them out. */
struct an_cause {
	const char *file, *text;	/* of the text at most 512 bytes */
	uint64_t number;		/* from 1 */
	size_t len;
};

#define AN_REASONS_MAX	5
#define AN_CAUSES_MAX	8

/* What a model says of a source, a window or a run; members of the other kinds are 0. */
struct an_prediction {
	enum an_kind kind;
	char ip[AN_ADDR_STRLEN];
	uint64_t lines;
	int positive;			/* hostile, anomalous */
	double score;			/* 0..1, above .5 where positive */
	int64_t start, end;		/* Unix seconds */
	char about[8];			/* of a window: none oom io net cpu other */
	const char *file;
	uint64_t line;			/* of a run, from 1 in its file */
	const char *fn;
	size_t fn_len;
	uint64_t arg_bytes, node, us, predicted_us;	/* predicted 0: function never seen */
	struct an_reason reasons[AN_REASONS_MAX];	/* with explain */
	size_t nreasons;
	struct an_cause causes[AN_CAUSES_MAX];
	size_t ncauses;
};

/* Another return than 0 ends the prediction, which then returns AN_INPUT, "interrupted". */
typedef int (*an_prediction_fn)(void *arg, const struct an_prediction *p);

struct an_predict_options {
	const char *const *logs;
	size_t nlogs;
	const char *const *prefixes;	/* as for training */
	size_t nprefixes;
	const char *model_dir;
	enum an_kind kind;
	int explain;		/* reads the logs twice */
	int uncertain;		/* by rising certainty instead of by address or time; not AN_EXEC */
	int64_t now;		/* Unix seconds; 0: the clock */
	uint32_t min_lines;	/* a source needs as many lines to be judged; 0: 5 */
	uint32_t max_sources;	/* 0: the default */
	an_prediction_fn predicted;
	void *predicted_arg;
	an_progress_fn progress;
	void *progress_arg;
};

/*
 * Applies a model directory to logs: one call of ->predicted for each source with enough lines (by
 * address), each minute that has lines (by time), or each run (by line).
 */
int an_predict(const struct an_predict_options *opt, struct an_read_stats *stats,
	       struct an_error *err);

/* A line that stands behind an alarm, or behind two. */
struct an_alarm_line {
	const char *file, *text;	/* lent for the call; the line may be long */
	uint64_t line;			/* from 1 in its file */
	size_t len;
	char ip[AN_ADDR_STRLEN];	/* of the hostile source that it is about, or "" */
	int64_t start;			/* Unix seconds of the anomalous minute, if about is not "" */
	char about[8];			/* oom io net cpu other */
	double score;			/* above .5: of the worse alarm */
};

/* Another return than 0 ends the prediction, which then returns AN_INPUT, "interrupted". */
typedef int (*an_alarm_line_fn)(void *arg, const struct an_alarm_line *l);

/*
 * Every line that stands behind an alarm, in the order of the logs: refused packets of hostile
 * sources; of anomalous minutes what is rare in the log, and the packets that flood it. Uses the models
 * of both that there are; opt->kind, ->explain, ->uncertain and ->predicted are not looked at. Reads
 * the logs twice.
 */
int an_predict_lines(const struct an_predict_options *opt, an_alarm_line_fn fn, void *arg,
		     struct an_read_stats *stats, struct an_error *err);

/* What is to be reported of a model directory, and of logs by the light of its models. */
struct an_report_options {
	const char *model_dir;
	const char *const *logs;	/* none: only what training found */
	size_t nlogs;
	const char *const *labels;	/* of the logs, as for training; to measure by */
	size_t nlabels;
	const char *const *prefixes;
	size_t nprefixes;
	const char *html;	/* file to write a page to, whole or not at all; NULL: none */
	int64_t now;		/* Unix seconds; 0: the clock */
	an_progress_fn progress;
	void *progress_arg;
};

/* Free with an_report_free(). */
struct an_report {
	char *text;		/* for people, lines ended by \n */
	char *json;		/* one object, without newline at its end */
};

/* Nothing but opt->html is written, and that only when the return is AN_OK. */
int an_report(const struct an_report_options *opt, struct an_report *report, struct an_error *err);
void an_report_free(struct an_report *report);

/* The most prominent sources, in one pass. */
int an_top(const struct an_top_options *opt, struct an_top_report *report, struct an_error *err);
void an_top_report_free(struct an_top_report *report);

#endif
