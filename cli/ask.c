// SPDX-License-Identifier: GPL-3.0-or-later
/* Fan-out and folding for commands. Owns the answers until they are printed. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"

struct asking {
	struct run *r;
	ask_row_fn row;
	void *arg;
	struct virgo_answer **answers;	/* by node; NULL: printed already, or not there */
	size_t total, done;
	bool stream, progress, shown, failures_too;
	struct timespec start;
};

static void show_progress(struct asking *a)
{
	struct timespec now;
	long ms;

	if (!a->progress)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - a->start.tv_sec) * 1000 +
	     (now.tv_nsec - a->start.tv_nsec) / 1000000;
	if (!a->shown && ms < 300)
		return;
	a->shown = true;
	fprintf(a->r->cli->diag, "\r%zu of %zu nodes", a->done, a->total);
	fflush(a->r->cli->diag);
}

static void end_progress(struct asking *a)
{
	if (a->shown)
		fputs("\r\033[K", a->r->cli->diag);
}

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
	show_progress(a);
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
	clock_gettime(CLOCK_MONOTONIC, &a->start);
	a->progress = a->total > 1 && !r->set.quiet && !r->set.verbose &&
		      r->out.format == OUT_TABLE && isatty(fileno(r->cli->diag));
	code = virgo_call_all(r->ctx, req, arrived, a, &err);
	end_progress(a);
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

/* Equal texts, and the nodes that gave them. */
struct heap {
	char *text;
	size_t len;
	const char **nodes;
	size_t count;
};

struct folding {
	struct run *r;
	ask_text_fn text;
	void *arg;
	struct heap *heaps;
	size_t count;
};

static struct heap *heap_of(struct folding *f, char *text, size_t len)
{
	struct heap *heaps;
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (f->heaps[i].len != len || memcmp(f->heaps[i].text, text, len))
			continue;
		free(text);
		return &f->heaps[i];
	}
	heaps = realloc(f->heaps, (f->count + 1) * sizeof(*heaps));
	if (!heaps) {
		free(text);
		return NULL;
	}
	f->heaps = heaps;
	heaps[f->count] = (struct heap){ .text = text, .len = len };
	return &heaps[f->count++];
}

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
	struct heap *heap = NULL;
	const char **nodes;
	size_t len;
	char *text = render(f, ans, &len);

	if (text)
		heap = heap_of(f, text, len);
	nodes = heap ? realloc(heap->nodes, (heap->count + 1) * sizeof(*nodes)) : NULL;
	if (!nodes) {
		r->out.error = 12;	/* ENOMEM, reported when the output is closed */
		return;
	}
	heap->nodes = nodes;
	nodes[heap->count] = strdup(ans->node);
	if (nodes[heap->count])
		heap->count++;
}

static void print_heaps(struct folding *f)
{
	struct out *o = &f->r->out;
	struct heap *h;
	char *names;
	size_t i;

	for (i = 0; i < f->count; i++) {
		h = &f->heaps[i];
		names = f->r->asked > 1 ? virgo_nodeset_fold(h->nodes, h->count) : NULL;
		if (names)
			out_printf(o, "%s%s:\n", i ? "\n" : "", names);
		free(names);
		out_write(o, h->text, h->len);
		if (f->r->asked > 1 && h->len && h->text[h->len - 1] != '\n')
			out_write(o, "\n", 1);
	}
}

static void free_heaps(struct folding *f)
{
	size_t i, k;

	for (i = 0; i < f->count; i++) {
		for (k = 0; k < f->heaps[i].count; k++)
			free((char *)f->heaps[i].nodes[k]);
		free(f->heaps[i].nodes);
		free(f->heaps[i].text);
	}
	free(f->heaps);
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
		print_heaps(&f);
		free_heaps(&f);
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
