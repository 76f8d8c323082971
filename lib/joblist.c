// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The jobs of many nodes: a page of each at a time, handed on in the order of the nodes. Memory is one
 * round of pages, however many jobs there are.
 */
#include <stdlib.h>
#include <string.h>

#include "exec_int.h"
#include "job_int.h"

enum {
	JOBS_TOGETHER = 16384,		/* in one round, of all nodes */
	PAGE_LEAST = 16, PAGE_MOST = 500,
	PAGE_BYTES = 16 << 20,
	PAGES_MAX = 1 << 16,		/* of one node: it keeps fewer jobs */
};

struct job_stream {
	const char *node;
	struct virgo_answer *page;
	char after[VIRGO_EXEC_ID_MAX + 1];	/* the last job of the page before; "": there was none */
	int more;
	unsigned int pages;
	char *target;
	struct virgo_request req;
};

struct job_listing {
	const struct virgo_job_list *list;
	struct job_stream *streams;
	struct virgo_job *calls;
	size_t *stream_of;		/* by call */
	size_t n, page;
	struct virgo_error worst;
};

static void listing_failed(struct job_listing *l, struct job_stream *s,
			   const struct virgo_error *err)
{
	s->more = 0;
	if (l->list->failed)
		l->list->failed(l->list->arg, err);
	if (!l->worst.code || err->code > l->worst.code)
		l->worst = *err;
}

static enum virgo_code job_page_target(const struct job_listing *l, struct job_stream *s,
				       struct virgo_error *err)
{
	const char *status = virgo_exec_status_name(l->list->status);
	struct virgo_target t;
	enum virgo_code code;

	virgo_target_start(&t, "/v1/jobs");
	if (s->after[0])
		virgo_target_query(&t, "after", s->after, strlen(s->after));
	virgo_target_number(&t, "limit", l->page);
	if (l->list->has_status && status)
		virgo_target_query(&t, "status", status, strlen(status));
	code = virgo_target_end(&t, err);
	if (code)
		return code;
	free(s->target);
	s->target = strdup(t.text);
	s->req = (struct virgo_request){ .service = VIRGO_CPUPOOL, .method = "GET",
					 .target = s->target, .answer_max = PAGE_BYTES };
	return s->target ? VIRGO_OK : virgo_error_nomem(err);
}

static int job_page_came(void *arg, struct virgo_answer *ans)
{
	struct job_listing *l = arg;

	l->streams[l->stream_of[ans->index]].page = ans;
	return 0;
}

/* the jobs of a page; -1: the caller wants no more */
static int give_jobs(struct job_listing *l, struct job_stream *s, const struct vg_json *doc)
{
	const struct vg_jtok *jobs = vg_json_get(doc, vg_json_root(doc), "jobs"), *t;
	char next[VIRGO_EXEC_ID_MAX + 1] = "";
	struct virgo_job_info info;
	struct virgo_error err;
	int ret = 0;

	virgo_exec_member_text(doc, vg_json_root(doc), "next", next, sizeof(next));
	/* the same again would go on for ever, and so would others */
	s->more = next[0] && strcmp(next, s->after) && ++s->pages < PAGES_MAX;
	memcpy(s->after, next, sizeof(next));
	if (!vg_json_is(jobs, VG_JSON_ARRAY)) {
		virgo_bad_answer(s->page, "no list \"jobs\"", &err);
		listing_failed(l, s, &err);
		return 0;
	}
	vg_json_for_each(doc, jobs, t) {
		if (virgo_job_read(doc, t, s->node, &info)) {
			virgo_bad_answer(s->page, "something else among its jobs", &err);
			listing_failed(l, s, &err);
			break;
		}
		ret = l->list->job(l->list->arg, &info);
		virgo_job_info_free(&info);
		if (ret)
			break;
	}
	return ret ? -1 : 0;
}

static int take_job_page(struct job_listing *l, struct job_stream *s)
{
	struct vg_jtok *toks;
	struct virgo_error err;
	struct vg_json doc;
	int ret = 0;

	if (!s->page)
		return 0;
	if (s->page->err.code) {
		listing_failed(l, s, &s->page->err);
	} else if (virgo_job_doc(&doc, s->page->body, s->page->len, &toks)) {
		virgo_bad_answer(s->page, "no JSON object", &err);
		listing_failed(l, s, &err);
	} else {
		ret = give_jobs(l, s, &doc);
		free(toks);
	}
	virgo_answer_free(s->page);
	s->page = NULL;
	return ret;
}

/* a page of all that have one; *more: there was any */
static enum virgo_code job_round(struct virgo_ctx *ctx, struct job_listing *l, int *more,
				 struct virgo_error *err)
{
	struct virgo_error why;
	enum virgo_code code;
	size_t calls = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct job_stream *s = &l->streams[i];

		if (!s->more)
			continue;
		if (job_page_target(l, s, &why)) {
			listing_failed(l, s, &why);
			continue;
		}
		l->stream_of[calls] = i;
		l->calls[calls++] = (struct virgo_job){ .node = s->node, .req = &s->req };
	}
	*more = calls > 0;
	code = virgo_call_many(ctx, l->calls, calls, job_page_came, l, err);
	for (size_t i = 0; i < l->n && !code; i++)
		if (take_job_page(l, &l->streams[i]))
			code = virgo_error_set(err, VIRGO_INTERRUPTED, "stopped by the caller");
	return code;
}

static int job_listing_start(struct virgo_ctx *ctx, struct job_listing *l)
{
	const struct virgo_nodeset *nodes = virgo_nodes(ctx);

	l->n = virgo_nodeset_count(nodes);
	l->page = JOBS_TOGETHER / l->n;
	l->page = l->page < PAGE_LEAST ? PAGE_LEAST : l->page > PAGE_MOST ? PAGE_MOST : l->page;
	l->streams = calloc(l->n, sizeof(*l->streams));
	l->calls = calloc(l->n, sizeof(*l->calls));
	l->stream_of = calloc(l->n, sizeof(*l->stream_of));
	if (!l->streams || !l->calls || !l->stream_of)
		return -1;
	for (size_t i = 0; i < l->n; i++) {
		l->streams[i].node = virgo_nodeset_name(nodes, i);
		l->streams[i].more = 1;
	}
	return 0;
}

enum virgo_code virgo_job_list(struct virgo_ctx *ctx, const struct virgo_job_list *list,
			       struct virgo_error *err)
{
	struct job_listing l = { .list = list };
	enum virgo_code code = VIRGO_OK;
	int more = 1;

	virgo_error_clear(err);
	if (job_listing_start(ctx, &l))
		code = virgo_error_nomem(err);
	while (!code && more)
		code = job_round(ctx, &l, &more, err);
	if (!code && l.worst.code)
		code = virgo_error_move(err, &l.worst);
	for (size_t i = 0; l.streams && i < l.n; i++) {
		virgo_answer_free(l.streams[i].page);
		free(l.streams[i].target);
	}
	free(l.streams);
	free(l.calls);
	free(l.stream_of);
	return code;
}
