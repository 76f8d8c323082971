// SPDX-License-Identifier: GPL-3.0-or-later
/* Fan-out and folding for commands. Owns the answers until they are printed. */
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/heaps.h"
#include "cli/progress.h"

struct asking {
	struct run *r;
	ask_row_fn row;
	void *arg;
	struct virgo_answer **answers;	/* by node; NULL: printed already, or not there */
	size_t total, done;
	bool stream, failures_too;
	struct progress progress;
};

static void take(struct asking *a, struct virgo_answer *ans)
{
	if (ans->err.code)
		run_node_failed(a->r, &ans->err);
	if (!ans->err.code || (a->failures_too && !out_is_json(&a->r->out)))
		a->row(a->r, ans, a->arg);
	virgo_answer_free(ans);
}

static int arrived(void *arg, struct virgo_answer *ans)
{
	struct asking *a = arg;

	a->done++;
	if (a->stream || ans->index >= a->total)
		take(a, ans);
	else
		a->answers[ans->index] = ans;
	progress_show(&a->progress, a->done, 0, a->total);
	return 0;
}

static int ask(struct asking *a, const struct virgo_request *req)
{
	struct run *r = a->r;
	struct virgo_error err;
	enum virgo_code code;
	size_t i;

	a->total = virgo_nodeset_count(virgo_nodes(r->ctx));
	r->asked += a->total;
	a->answers = calloc(a->total, sizeof(struct virgo_answer *));
	if (!a->answers)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	progress_start(&a->progress, r, a->total, false);
	code = virgo_call_all(r->ctx, req, arrived, a, &err);
	progress_clear(&a->progress);
	for (i = 0; i < a->total; i++)
		if (a->answers[i])
			take(a, a->answers[i]);
	free(a->answers);
	return code ? run_error(r, &err) : VIRGO_OK;
}

int ask_rows(struct run *r, const struct virgo_request *req, ask_row_fn row, void *arg)
{
	struct asking a = { .r = r, .row = row, .arg = arg };

	a.stream = r->out.format != OUT_TABLE && r->out.format != OUT_JSON;
	return ask(&a, req);
}

int ask_rows_all(struct run *r, const struct virgo_request *req, ask_row_fn row, void *arg)
{
	struct asking a = { .r = r, .row = row, .arg = arg, .failures_too = true };
	int code, worst;

	a.stream = r->out.format != OUT_TABLE && r->out.format != OUT_JSON;
	code = ask(&a, req);
	worst = run_failures(r);
	return worst > code ? worst : code;
}

struct folding {
	struct run *r;
	ask_text_fn text;
	void *arg;
	struct heaps heaps;
};

static char *render(struct folding *f, const struct virgo_answer *ans, size_t *len)
{
	struct out o;
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	if (!to)
		return NULL;
	out_init(&o, to, f->r->out.format);
	f->text(f->r, &o, ans, f->arg);
	out_end(&o);
	if (fclose(to) || o.error) {
		free(text);
		text = NULL;
	}
	out_free(&o);
	return text;
}

static void fold_answer(struct run *r, const struct virgo_answer *ans, void *arg)
{
	struct folding *f = arg;
	size_t len;
	char *text = render(f, ans, &len);

	if (!text || heaps_add(&f->heaps, ans->node, ans->index, text, len, NULL))
		r->out.error = 12;	/* ENOMEM, reported when the output is closed */
}

cJSON *json_body(const struct virgo_answer *ans)
{
	const char *type = virgo_answer_header(ans, "Content-Type"), *end = NULL;
	cJSON *body = ans->len ? cJSON_ParseWithLengthOpts(ans->body, ans->len, &end, 0) : NULL;

	if (!body)
		return NULL;
	end += strspn(end, " \t\r\n");
	/* a value that reads like a number, or begins like one, is bytes all the same */
	if (end == ans->body + ans->len &&
	    (cJSON_IsObject(body) || cJSON_IsArray(body) ||
	     (type && !strcmp(type, "application/json"))))
		return body;
	cJSON_Delete(body);
	return NULL;
}

void json_cell_body(struct out *o, const struct virgo_answer *ans)
{
	cJSON *parsed = json_body(ans);
	char *body = parsed ? cJSON_PrintUnformatted(parsed) : NULL;

	if (body)
		out_json(o, body);
	else if (ans->len)
		out_bytes(o, ans->body, ans->len);
	else
		out_none(o);
	cJSON_free(body);
	cJSON_Delete(parsed);
}

static void json_answer(struct run *r, const struct virgo_answer *ans, void *arg)
{
	(void)arg;
	out_str(&r->out, ans->node);
	out_u64(&r->out, (uint64_t)ans->status);
	json_cell_body(&r->out, ans);
}

int ask_folded(struct run *r, const struct virgo_request *req, ask_text_fn text, void *arg)
{
	static const struct out_col cols[] = { { "node" }, { "status" }, { "body" } };
	struct folding f = { .r = r, .text = text, .arg = arg };
	struct asking a = { .r = r, .row = fold_answer, .arg = &f };
	int code, worst;

	if (out_is_json(&r->out)) {
		out_list(&r->out, cols, CLI_COUNT(cols));
		code = ask_rows(r, req, json_answer, NULL);
	} else {
		code = ask(&a, req);
		heaps_print(&f.heaps, &r->out, r->asked > 1);
		heaps_free(&f.heaps);
	}
	worst = run_failures(r);
	return worst > code ? worst : code;
}

const char *json_text(const cJSON *object, const char *name, const char *fallback)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : fallback;
}

double json_number(const cJSON *object, const char *name, double fallback)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

void json_cell_u64(struct out *o, const cJSON *object, const char *name)
{
	double n = json_number(object, name, -1);

	if (n < 0 || n > 1e18)
		out_none(o);
	else
		out_u64(o, (uint64_t)n);
}

void json_cell_size(struct out *o, const cJSON *object, const char *name)
{
	double n = json_number(object, name, -1);

	if (n < 0 || n > 1e18)
		out_none(o);
	else
		out_size(o, (uint64_t)n);
}

void json_cell_permille(struct out *o, const cJSON *object, const char *name)
{
	double n = json_number(object, name, -1);
	char text[32];

	if (n < 0 || n > 1e12) {
		out_none(o);
		return;
	}
	snprintf(text, sizeof(text), "%.2f", n / 1000);
	out_json(o, text);
}

void json_cell_text(struct out *o, const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	char number[24];

	if (cJSON_IsNumber(item)) {
		snprintf(number, sizeof(number), "%.17g", item->valuedouble);
		out_str(o, number);
	} else {
		out_str(o, cJSON_IsString(item) ? item->valuestring : NULL);
	}
}
