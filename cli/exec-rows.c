// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Results as rows: a JSON list in the order of the nodes, TSV and ndjson as they come. Must never hold
 * more output than the plan allows.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/exec.h"

/* value comes last: programs have none */
static const struct out_col cols[] = {
	{ "node" }, { "status" }, { "exit" }, { "signal" }, { "stdout" }, { "stderr" },
	{ "truncated" }, { "us" }, { "value" },
};

static void put_row(struct out *o, const struct virgo_exec_result *res)
{
	out_str(o, res->node);
	out_str(o, virgo_exec_status_name(res->status));
	out_i64(o, res->exit);
	out_i64(o, res->signal);
	out_bytes(o, res->out ? res->out : "", res->out_len);
	out_bytes(o, res->err ? res->err : "", res->err_len);
	out_bool(o, res->truncated);
	out_u64(o, res->us);
	if (o->ncols < CLI_COUNT(cols))
		return;
	if (res->has_value)
		out_i64(o, res->value);
	else
		out_none(o);
}

static int rows_begin(struct plan *p)
{
	bool program = p->exec.kind == VIRGO_EXEC_PROGRAM;

	if (p->r->out.format == OUT_JSON) {
		p->shown = calloc(p->n, sizeof(struct virgo_exec_result));
		if (!p->shown)
			return run_fail(p->r, VIRGO_FAILED, "out of memory");
	}
	out_list(&p->r->out, cols, CLI_COUNT(cols) - program);
	return VIRGO_OK;
}

static void rows_done(struct plan *p, size_t index, struct virgo_exec_result *result)
{
	struct virgo_exec_result *rows = p->shown;

	if (!result)
		return;
	if (!rows) {
		put_row(&p->r->out, result);
		fflush(p->r->cli->data);
		return;
	}
	rows[index] = *result;
	if (exec_may_hold(p, result->out_len + result->err_len)) {
		result->out = NULL;
		result->err = NULL;
		return;
	}
	rows[index].out = NULL;
	rows[index].err = NULL;
	rows[index].out_len = 0;
	rows[index].err_len = 0;
	rows[index].truncated = 1;
}

/* the list stays open: what failed comes behind */
static void rows_end(struct plan *p)
{
	struct virgo_exec_result *rows = p->shown;
	size_t i;

	for (i = 0; rows && i < p->n; i++) {
		if (*rows[i].node)
			put_row(&p->r->out, &rows[i]);
		virgo_exec_result_free(&rows[i]);
	}
	free(rows);
}

const struct exec_view exec_rows = {
	.gathers = true, .begin = rows_begin, .done = rows_done, .end = rows_end,
};
