/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What running things is made of: the request's body, the answer's lines, JSON of a node. */
#ifndef VIRGO_EXEC_INT_H
#define VIRGO_EXEC_INT_H

#include <virgo/balance.h>
#include <virgo/exec.h>

#include "core/buf.h"
#include "core/json.h"
#include "internal.h"

/* exec_body.c: exec as JSON, or what is wrong with it (VIRGO_USAGE); *json is malloc'd */
enum virgo_code virgo_exec_json(const struct virgo_exec *exec, char **json, size_t *len,
				struct virgo_error *err);
/* what a balancer may know of it */
void virgo_exec_want(const struct virgo_exec *exec, struct virgo_want *want);

/*
 * exec_read.c: the lines of a streamed answer, read as they come. All zero but result, output and arg to
 * begin with.
 */
struct virgo_exec_reader {
	struct virgo_exec_result *result;
	virgo_output_fn output;		/* NULL: gathered in the result */
	void *arg;
	char *line;			/* what came of a line that is not whole yet */
	size_t len, cap, out_cap, err_cap;
	int ended;			/* the result was there */
	int stopped;			/* output wants no more */
	const char *bad;		/* what is wrong with the answer */
};

/* a sink; arg is the reader */
int virgo_exec_feed(void *arg, const void *data, size_t len);
/* the answer is over: NULL, or what is wrong with it */
const char *virgo_exec_reader_end(struct virgo_exec_reader *reader);
/* the reader's own memory goes (as it does above), the result stays */
void virgo_exec_reader_free(struct virgo_exec_reader *reader);

/*
 * exec_json.c: members of a node's objects. Those that are missing or of another type leave *out as it
 * is; text is cut to size and has no NUL.
 */
void virgo_exec_member_s64(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			   int64_t *out);
void virgo_exec_member_u64(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			   uint64_t *out);
void virgo_exec_member_int(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			   int *out);
void virgo_exec_member_flag(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			    int *out);
void virgo_exec_member_text(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			    char *out, size_t size);
/* a string of its own, malloc'd; NULL: not there, not a string, or no memory */
char *virgo_exec_text(const struct vg_json *doc, const struct vg_jtok *t);
/* the number of a name that stands in "status" or "kind", or -1 */
int virgo_exec_member_status(const struct vg_json *doc, const struct vg_jtok *obj);
int virgo_exec_member_kind(const struct vg_json *doc, const struct vg_jtok *obj);

#endif
