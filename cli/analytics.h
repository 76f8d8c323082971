/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the analytics commands: the part that learns, which is an object of its own, loaded when
 * it is first needed (analytics-so.c), what all commands that read logs do alike, the nodes' side
 * (analytics-nodes.c: show, apply, rollback, diff), and values files on this machine
 * (analytics-file.c).
 */
#ifndef CLI_ANALYTICS_H
#define CLI_ANALYTICS_H

#include <limits.h>

#include "analytics/analytics.h"
#include "cli/cli.h"
#include "core/conf.h"

enum { AN_CLI_LOGS_MAX = 256 };

/* What is used of virgo-analytics.so. */
struct learning {
	void (*defaults)(struct an_train_options *);
	int (*train)(const struct an_train_options *, struct an_train_report *, struct an_error *);
	void (*train_free)(struct an_train_report *);
	int (*top)(const struct an_top_options *, struct an_top_report *, struct an_error *);
	void (*top_free)(struct an_top_report *);
	int (*predict)(const struct an_predict_options *, struct an_read_stats *,
		       struct an_error *);
	int (*report)(const struct an_report_options *, struct an_report *, struct an_error *);
	void (*report_free)(struct an_report *);
};

/* 0, or a status after reporting. The object stays loaded: libraries below it can't be unloaded. */
int an_cli_load(struct run *r, struct learning *l);

/* A line on a terminal that says how far it is; also how an interrupt reaches the library. */
struct watching {
	struct run *r;
	bool tty, shown;
};

void an_cli_watch(struct run *r, struct watching *w);
int an_cli_progress(void *arg, const char *what, uint64_t done, uint64_t total);
void an_cli_unwatch(struct watching *w);

/* reports a library's error; the status */
int an_cli_failed(struct run *r, int status, const struct an_error *err);

/* the values of a repeating option; *n at most AN_CLI_LOGS_MAX */
int an_cli_list(struct run *r, const char *option, const char *list[AN_CLI_LOGS_MAX], size_t *n);

/* logs are named by --log or as arguments; without any, the system's */
int an_cli_logs(struct run *r, const char *list[AN_CLI_LOGS_MAX], size_t *n);

/* the commands that have files of their own */
extern const struct cli_option an_cli_train_options[], an_cli_predict_options[];
extern const struct cli_option an_cli_label_options[], an_cli_report_options[];
int an_cli_train(struct run *r);
int an_cli_predict(struct run *r);
int an_cli_label(struct run *r);
int an_cli_report(struct run *r);

enum { VALUES_KEPT = 5 };	/* older files: FILE.1 to FILE.5, as training leaves them */

/* A values file as pairs; free with values_free(). All zero: no file. */
struct values_file {
	char *text;		/* the pairs are views of it */
	struct vg_conf_pair pair[VG_CONF_PAIRS];
	size_t n;
};

/*
 * Reads a file by the node's grammar; a status after reporting. Without must, one that is absent or broken is as good as
 * what could be read of it.
 */
int values_read(struct run *r, const char *path, bool must, struct values_file *f);
void values_free(struct values_file *f);
/* the pair of the key of so many bytes, or NULL */
const struct vg_conf_pair *values_find(const struct values_file *f, const char *key, size_t len);

/*
 * FILE.1 becomes FILE, FILE.2 becomes FILE.1 and so on; FILE itself stays as FILE.undone. There is never no FILE.
 * A status after reporting, with nothing changed unless it says so.
 */
int values_undo(struct run *r, const char *path);

/* analytics-train.c: the values file of the nodes that are up, or the system's */
void values_default(char path[PATH_MAX]);

/* analytics-nodes.c */
extern const struct cli_option analytics_apply_options[], analytics_rollback_options[];
int analytics_show(struct run *r);
int analytics_apply(struct run *r);
int analytics_rollback(struct run *r);
int analytics_diff(struct run *r);

#endif
