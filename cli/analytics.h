/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the analytics commands: the part that learns, which is an object of its own, loaded when
 * it is first needed, and what all commands that read logs do alike.
 */
#ifndef CLI_ANALYTICS_H
#define CLI_ANALYTICS_H

#include <limits.h>

#include "analytics/analytics.h"
#include "cli/cli.h"

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
extern const struct cli_option an_cli_label_options[];
int an_cli_train(struct run *r);
int an_cli_predict(struct run *r);
int an_cli_label(struct run *r);

#endif
