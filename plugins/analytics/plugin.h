/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the files of the plugin that is "virgo analytics": what all commands that read logs do
 * alike (common.c), the nodes' side (nodes.c: show, apply, rollback, diff), and values files on this
 * machine (file.c). All that learns is the library analytics/, which is linked into the plugin; all
 * that talks to people and nodes is virgo's, behind host.
 */
#ifndef PLUGIN_ANALYTICS_H
#define PLUGIN_ANALYTICS_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <virgo/virgo.h>
#include <virgo_plugin.h>

#include "analytics/analytics.h"
#include "core/conf.h"

/* rows of the tables leave out what is zero */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LOGS_MAX = 256 };

/* commands.c: virgo's calls, the same for every command of the process */
extern const struct virgo_plugin_host *host;

/* how far the library is: @arg is the run; also how Ctrl-C reaches the library */
int progress(void *arg, const char *what, uint64_t done, uint64_t total);

/* reports a library's error; the status */
int failed(struct virgo_plugin_run *run, int status, const struct an_error *err);

/* what a file that can't be used comes to: absent and closed to us are statuses of their own */
enum virgo_code errno_code(int error);

/*
 * A whole file of at most @max bytes and a NUL; what is more is cut, with *len above max. malloc'd;
 * NULL: errno says why not.
 */
char *read_whole(const char *path, size_t max, size_t *len);

/* the values of a repeating option; *n at most LOGS_MAX */
int given_list(struct virgo_plugin_run *run, const char *option, const char *list[LOGS_MAX],
	       size_t *n);

/* logs are named by --log or as arguments; without any, the system's */
int given_logs(struct virgo_plugin_run *run, const char *list[LOGS_MAX], size_t *n);
/* these, and the log prefixes that count beside [UFW BLOCK] */
int given_inputs(struct virgo_plugin_run *run, const char *logs[LOGS_MAX], size_t *nlogs,
		 const char *prefixes[LOGS_MAX], size_t *nprefixes);

/* A JSON document as it is written: finish with document_end(). */
struct document {
	FILE *to;
	char *text;
	size_t len;
	bool failed;
};

bool document_begin(struct document *d);	/* false: out of memory */
/* a string with its quotes; a member: "name":"text", or "name_b64" where it is not UTF-8 */
void document_string(struct document *d, const char *text);
void document_member(struct document *d, const char *name, const char *text, size_t len);
/* the text, malloc'd; NULL: out of memory */
char *document_end(struct document *d);

/* the commands, each with its options */
extern const struct virgo_plugin_option analytics_train_options[], analytics_predict_options[];
extern const struct virgo_plugin_option analytics_label_options[], analytics_report_options[];
extern const struct virgo_plugin_option analytics_apply_options[], analytics_rollback_options[];
int analytics_train(struct virgo_plugin_run *run);
int analytics_predict(struct virgo_plugin_run *run);
int analytics_label(struct virgo_plugin_run *run);
int analytics_report(struct virgo_plugin_run *run);
int analytics_show(struct virgo_plugin_run *run);
int analytics_apply(struct virgo_plugin_run *run);
int analytics_rollback(struct virgo_plugin_run *run);
int analytics_diff(struct virgo_plugin_run *run);

enum { VALUES_KEPT = 5 };	/* older files: FILE.1 to FILE.5, as training leaves them */

/* A values file as pairs; free with values_free(). All zero: no file. */
struct values_file {
	char *text;		/* the pairs are views of it */
	struct vg_conf_pair pair[VG_CONF_PAIRS];
	size_t n;
};

/*
 * Reads a file by the node's grammar; a status after reporting. Without must, one that is absent or
 * broken is as good as what could be read of it.
 */
int values_read(struct virgo_plugin_run *run, const char *path, bool must, struct values_file *f);
void values_free(struct values_file *f);
/* the pair of the key of so many bytes, or NULL */
const struct vg_conf_pair *values_find(const struct values_file *f, const char *key, size_t len);

/*
 * FILE.1 becomes FILE, FILE.2 becomes FILE.1 and so on; FILE itself stays as FILE.undone. There is
 * never no FILE. A status after reporting, with nothing changed unless it says so.
 */
int values_undo(struct virgo_plugin_run *run, const char *path);

/* the values file of the nodes that are up, or the system's */
void values_default(struct virgo_plugin_run *run, char path[PATH_MAX]);

#endif
