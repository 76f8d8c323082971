/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One question to all nodes of the run: answers as rows, or as text with identical ones folded.
 * A dead node costs its own time-out and nobody else's answer; it is reported at the end.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <cjson/cJSON.h>

#include "cli/cli.h"

/* print the row or rows of an answer that is good */
typedef void (*ask_row_fn)(struct run *r, const struct virgo_answer *ans, void *arg);

/*
 * Ask every node; rows come in node order, or (TSV, raw, ndjson) as soon as they are there.
 * Failures are kept for run_failures(). The list in r->out must be open. Returns a status: other
 * than VIRGO_OK only when the asking itself failed, which has been reported.
 */
int ask_rows(struct run *r, const struct virgo_request *req, ask_row_fn row, void *arg);

/*
 * The same for commands about the nodes themselves, as a whole: opens nothing but asks, reports the
 * failures and returns the status. Except in JSON, row is called for failures, too (ans->err).
 */
int ask_rows_all(struct run *r, const struct virgo_request *req, ask_row_fn row, void *arg);

/* the text of one node's answer, into o: a record, a list, anything */
typedef void (*ask_text_fn)(struct run *r, struct out *o, const struct virgo_answer *ans,
			    void *arg);

/*
 * Ask every node and print the answers under their nodes' names, equal ones together
 * ("node[1-3]:"); a single node's without a heading. In JSON: a list of
 * {"node","status","body"}, the body as the node sent it. Reports failures; returns the status.
 */
int ask_folded(struct run *r, const struct virgo_request *req, ask_text_fn text, void *arg);

/* the body where it is JSON, whole and as such; else NULL. The caller's. */
cJSON *json_body(const struct virgo_answer *ans);
/* a cell: the body as JSON, else as text or bytes */
void json_cell_body(struct out *o, const struct virgo_answer *ans);

/* members of a JSON object (NULL: none): fallback where they are missing or of another type */
const char *json_text(const cJSON *object, const char *name, const char *fallback);
double json_number(const cJSON *object, const char *name, double fallback);
/* for cells: the number, or nothing there */
void json_cell_u64(struct out *o, const cJSON *object, const char *name);
void json_cell_size(struct out *o, const cJSON *object, const char *name);
void json_cell_permille(struct out *o, const cJSON *object, const char *name);	/* as 1.25 */
void json_cell_text(struct out *o, const cJSON *object, const char *name);

#endif
