/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the analytics commands share: the nodes' side (analytics-nodes.c: show, apply, rollback, diff) and values files
 * on this machine (analytics-file.c). The part that learns is cmd-analytics.c's.
 */
#ifndef CLI_ANALYTICS_H
#define CLI_ANALYTICS_H

#include <limits.h>

#include "cli/cli.h"
#include "core/conf.h"

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

/* cmd-analytics.c: the values file of the nodes that are up, or the system's */
void values_default(char path[PATH_MAX]);

/* analytics-nodes.c */
extern const struct cli_option analytics_apply_options[], analytics_rollback_options[];
int analytics_show(struct run *r);
int analytics_apply(struct run *r);
int analytics_rollback(struct run *r);
int analytics_diff(struct run *r);

#endif
