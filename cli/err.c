// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How commands report: one error line and at most one hint, or the same as JSON; nodes' failures
 * gathered and named at the end. Holds no secrets, because libvirgo's errors hold none.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* with a filter the document is its input, so errors stay lines for people */
static bool json_errors(const struct run *r)
{
	return out_is_json(&r->out) && !r->out.filtered;
}

static void member(struct out_text *t, const char *name, const char *value)
{
	if (!*value)
		return;
	text_add(t, ",", 1);
	text_json_member(t, name, value, strlen(value));
}

static void error_json(struct run *r, const struct virgo_error *err)
{
	struct out_text t = { 0 };
	bool element = r->out.open && !r->out.record;

	text_printf(&t, "{\"error\":{\"command\":");
	text_json_string(&t, r->name, strlen(r->name));
	text_printf(&t, ",\"kind\":\"%s\",\"exit\":%d", virgo_code_name(err->code), (int)err->code);
	member(&t, "code", err->problem);
	if (err->status)
		text_printf(&t, ",\"status\":%d", err->status);
	member(&t, "node", err->node);
	member(&t, "node_id", err->node_id);
	if (err->timed_out)
		text_str(&t, ",\"timed_out\":true");
	if (err->maybe_done)
		text_str(&t, ",\"maybe_done\":true");
	member(&t, "message", err->message);
	member(&t, "hint", err->hint);
	text_str(&t, "}}");
	if (t.failed) {
		r->out.error = 12;	/* ENOMEM, said when the output is closed */
	} else if (element) {
		out_element(&r->out, t.data, t.len);
	} else {
		out_write(&r->out, t.data, t.len);
		out_write(&r->out, "\n", 1);
	}
	text_free(&t);
}

/* one write, control bytes escaped: what a node says must not drive the terminal */
static void line(struct run *r, const char *prefix, const char *text)
{
	struct out_text t = { 0 };

	text_str(&t, prefix);
	text_escaped(&t, text, strlen(text));
	text_add(&t, "\n", 1);
	if (!t.failed)
		fwrite(t.data, 1, t.len, r->cli->diag);
	text_free(&t);
}

static void error_lines(struct run *r, const struct virgo_error *err)
{
	char prefix[128];

	fflush(r->cli->data);	/* in order, where both go to one place */
	snprintf(prefix, sizeof(prefix), "virgo: %s: ", r->name);
	line(r, *r->name ? prefix : "virgo: ", err->message);
	if (*err->hint)
		line(r, "hint: ", err->hint);
	fflush(r->cli->diag);
}

int run_error(struct run *r, const struct virgo_error *err)
{
	struct virgo_error copy = *err;

	if (*r->hint && !*copy.hint)
		snprintf(copy.hint, sizeof(copy.hint), "%s", r->hint);
	*r->hint = '\0';
	if (err->code == VIRGO_UNREACHABLE && !err->timed_out && !*copy.hint &&
	    !strncmp(err->node, "127.", 4))
		snprintf(copy.hint, sizeof(copy.hint), "virgo up starts nodes on this machine");
	if (json_errors(r))
		error_json(r, &copy);
	else
		error_lines(r, &copy);
	return err->code;
}

static int fail_v(struct run *r, enum virgo_code code, const char *fmt, va_list ap)
{
	struct virgo_error err;

	virgo_error_clear(&err);
	err.code = code;
	vsnprintf(err.message, sizeof(err.message), fmt, ap);
	return run_error(r, &err);
}

int run_fail(struct run *r, enum virgo_code code, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = fail_v(r, code, fmt, ap);
	va_end(ap);
	return ret;
}

int run_usage(struct run *r, const char *fmt, ...)
{
	va_list ap;
	int ret;

	if (!*r->hint && r->cmd)
		run_hint(r, "usage: virgo %s%s%s%s; virgo help %s", r->cmd->name,
			 r->cmd->options ? " [OPTION…]" : "", *r->cmd->args ? " " : "",
			 r->cmd->args, r->cmd->name);
	va_start(ap, fmt);
	ret = fail_v(r, VIRGO_USAGE, fmt, ap);
	va_end(ap);
	return ret;
}

enum virgo_code run_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return VIRGO_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return VIRGO_NOT_ALLOWED;
	default:
		return VIRGO_FAILED;
	}
}

void run_hint(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->hint, sizeof(r->hint), fmt, ap);
	va_end(ap);
}

static void remark(struct run *r, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	fflush(r->cli->data);
	line(r, "", text);
}

void run_note(struct run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->set.quiet || r->out.format != OUT_TABLE)
		return;
	va_start(ap, fmt);
	remark(r, fmt, ap);
	va_end(ap);
}

void run_warn(struct run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->set.quiet)
		return;
	va_start(ap, fmt);
	remark(r, fmt, ap);
	va_end(ap);
}

void run_node_failed(struct run *r, const struct virgo_error *err)
{
	struct virgo_error *all;
	size_t max;

	if (r->nfailures == r->failures_max) {
		max = r->failures_max ? r->failures_max * 2 : 16;
		all = realloc(r->failures, max * sizeof(*all));
		if (!all) {
			run_error(r, err);	/* better early than never */
			return;
		}
		r->failures = all;
		r->failures_max = max;
	}
	r->failures[r->nfailures++] = *err;
}

static void count_failures(struct run *r)
{
	const char **names = calloc(r->nfailures, sizeof(*names));
	char *folded = NULL, text[512];
	size_t i;

	for (i = 0; names && i < r->nfailures; i++)
		names[i] = r->failures[i].node;
	if (names)
		folded = virgo_nodeset_fold(names, r->nfailures);
	snprintf(text, sizeof(text), "virgo: %s: ", r->name);
	fputs(text, r->cli->diag);
	snprintf(text, sizeof(text), "%zu of %zu nodes failed", r->nfailures, r->asked);
	fputs(text, r->cli->diag);
	if (folded && *folded)
		fprintf(r->cli->diag, ": %s", folded);
	fputc('\n', r->cli->diag);
	free(folded);
	free(names);
}

int run_failures(struct run *r)
{
	enum virgo_code worst = VIRGO_OK;
	size_t i;

	if (!json_errors(r))
		out_end(&r->out);
	for (i = 0; i < r->nfailures; i++) {
		worst = r->failures[i].code > worst ? r->failures[i].code : worst;
		if (json_errors(r) || i < CLI_FAILURES_SHOWN)
			run_error(r, &r->failures[i]);
	}
	if (!json_errors(r) && i > CLI_FAILURES_SHOWN)
		fprintf(r->cli->diag, "virgo: %s: and %zu more\n", r->name,
			i - CLI_FAILURES_SHOWN);
	if (!json_errors(r) && r->asked > 1 && r->nfailures)
		count_failures(r);
	if (json_errors(r))
		out_end(&r->out);
	r->nfailures = 0;
	return worst;
}
