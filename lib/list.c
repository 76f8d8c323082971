// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The keys of many nodes as one sorted listing: a page of each node at a time, merged through a
 * heap. Memory is one page a node, however long the listing.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
	PAGE = 1000,			/* keys of one node in memory: a node gives no more */
	PAGES_TOGETHER = 64 * PAGE,	/* of all nodes */
	PAGE_MIN = 50,
};

struct stream {
	const char *node;
	cJSON *page;			/* the answer; item points into it */
	const cJSON *item;
	const char *key;		/* the item's */
	char *after;			/* the last key that was read; NULL: none */
	int more;			/* the node has another page */
	char *target;
	struct virgo_request req;
};

struct listing {
	struct virgo_ctx *ctx;
	const struct virgo_mem_list *list;
	struct stream *streams;
	struct stream **heap;		/* those with a key, the least one first */
	size_t n, in_heap;
	struct virgo_job *jobs;
	size_t *job_stream;
	uint64_t given, page;
	struct virgo_error worst;
};

static void node_failed(struct listing *l, struct stream *s, const struct virgo_error *err)
{
	s->more = 0;
	if (l->list->failed)
		l->list->failed(l->list->arg, err);
	if (!l->worst.code || err->code > l->worst.code)
		l->worst = *err;
}

static int less(const struct stream *a, const struct stream *b)
{
	int d = strcmp(a->key, b->key);

	return d ? d < 0 : a < b;
}

static void sift_down(struct listing *l, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1;
		struct stream *swap;

		if (child < l->in_heap && less(l->heap[child], l->heap[least]))
			least = child;
		if (child + 1 < l->in_heap && less(l->heap[child + 1], l->heap[least]))
			least = child + 1;
		if (least == i)
			return;
		swap = l->heap[i];
		l->heap[i] = l->heap[least];
		l->heap[least] = swap;
		i = least;
	}
}

static void heap_add(struct listing *l, struct stream *s)
{
	size_t i = l->in_heap++;

	while (i && less(s, l->heap[(i - 1) / 2])) {
		l->heap[i] = l->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	l->heap[i] = s;
}

/* a name that is not UTF-8 comes percent-encoded under raw_name: decode it, as name */
static void take_raw(cJSON *object, const char *name, const char *raw_name)
{
	cJSON *raw = cJSON_DetachItemFromObjectCaseSensitive(object, raw_name);
	long n = -1;

	if (!raw)
		return;
	if (cJSON_IsString(raw))
		n = virgo_pct_decode(raw->valuestring, strlen(raw->valuestring));
	if (n < 0) {
		cJSON_Delete(raw);
		return;
	}
	raw->valuestring[n] = '\0';
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	cJSON_AddItemToObject(object, name, raw);
}

/*
 * to the item's next sibling that is a key past the cursor and of the prefix; 0: the page is over
 */
static int settle(const struct listing *l, struct stream *s)
{
	const char *prefix = l->list->prefix ? l->list->prefix : "";

	for (; s->item; s->item = s->item->next) {
		s->key = virgo_json_text(s->item, "key");
		if (s->key && !strncmp(s->key, prefix, strlen(prefix)) &&
		    (!s->after || strcmp(s->key, s->after) > 0))
			return 1;
	}
	return 0;
}

/* A key as a parameter: no query may hold a "+", so what has one goes in hexadecimal. */
static void add_place(struct virgo_target *t, const char *name, const char *hex_name,
		      const char *key)
{
	char hex[2 * VIRGO_MEM_KEY_MAX + 1];
	size_t n = strnlen(key, VIRGO_MEM_KEY_MAX), i;

	if (!memchr(key, '+', n)) {
		virgo_target_query(t, name, key, n);
		return;
	}
	for (i = 0; i < n; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)key[i]);
	virgo_target_query(t, hex_name, hex, 2 * n);
}

static enum virgo_code set_target(const struct listing *l, struct stream *s,
				  struct virgo_error *err)
{
	struct virgo_target t;
	enum virgo_code code;

	virgo_target_start(&t, "/v1/mem");
	if (s->after)
		add_place(&t, "after", "after_hex", s->after);
	virgo_target_number(&t, "limit", l->page);
	if (l->list->prefix && *l->list->prefix)
		add_place(&t, "prefix", "prefix_hex", l->list->prefix);
	code = virgo_target_end(&t, err);
	if (code)
		return code;
	free(s->target);
	s->target = strdup(t.text);
	s->req.target = s->target;
	return s->target ? VIRGO_OK : virgo_error_nomem(err);
}

static int keep_after(struct stream *s, const char *key)
{
	char *copy = strdup(key);

	if (!copy)
		return -1;
	free(s->after);
	s->after = copy;
	return 0;
}

static void take_page(struct listing *l, struct stream *s, struct virgo_answer *ans)
{
	struct virgo_error err;
	cJSON *keys, *item;
	const char *next;

	cJSON_Delete(s->page);
	s->page = cJSON_ParseWithLength(ans->body, ans->len);
	keys = cJSON_GetObjectItemCaseSensitive(s->page, "keys");
	if (!cJSON_IsArray(keys)) {
		s->item = NULL;
		virgo_bad_answer(ans, "no list \"keys\"", &err);
		node_failed(l, s, &err);
		return;
	}
	take_raw(s->page, "next", "next_raw");
	cJSON_ArrayForEach(item, keys)
		take_raw(item, "key", "key_raw");
	next = virgo_json_text(s->page, "next");
	s->more = next && *next;
	s->item = keys->child;
	if (settle(l, s)) {
		heap_add(l, s);
	} else if (s->more) {
		/* a page of which nothing counts must move the cursor, or it would come for ever */
		if (s->after && strcmp(next, s->after) <= 0) {
			virgo_bad_answer(ans, "a \"next\" that does not go on", &err);
			node_failed(l, s, &err);
		} else if (keep_after(s, next)) {
			virgo_error_nomem(&err);
			node_failed(l, s, &err);
		}
	}
}

static int on_page(void *arg, struct virgo_answer *ans)
{
	struct listing *l = arg;
	struct stream *s = &l->streams[l->job_stream[ans->index]];

	if (ans->err.code)
		node_failed(l, s, &ans->err);
	else
		take_page(l, s, ans);
	virgo_answer_free(ans);
	return 0;
}

/* a page for every stream that ran dry, until each has a key or is over */
static enum virgo_code fetch(struct listing *l, struct virgo_error *err)
{
	struct virgo_error why;
	enum virgo_code code;
	size_t jobs;

	for (;;) {
		jobs = 0;
		for (size_t i = 0; i < l->n; i++) {
			struct stream *s = &l->streams[i];

			if (s->item || !s->more)
				continue;
			if (set_target(l, s, &why)) {
				node_failed(l, s, &why);
				continue;
			}
			l->job_stream[jobs] = i;
			l->jobs[jobs].node = s->node;
			l->jobs[jobs++].req = &s->req;
		}
		if (!jobs)
			return VIRGO_OK;
		code = virgo_call_many(l->ctx, l->jobs, jobs, on_page, l, err);
		if (code)
			return code;
	}
}

static int give(struct listing *l, const struct stream *s)
{
	struct virgo_mem_entry e = { .key = s->key, .ttl_ms = -1, .node = s->node };
	char version[24];
	uint64_t number;

	virgo_json_u64(s->item, "size", &e.size);
	e.version = virgo_json_text(s->item, "version");
	if (!e.version) {
		version[0] = '\0';
		if (!virgo_json_u64(s->item, "version", &number))
			snprintf(version, sizeof(version), "%llu", (unsigned long long)number);
		e.version = version;
	}
	virgo_json_s64(s->item, "ttl_ms", &e.ttl_ms);
	l->given++;
	return l->list->entry(l->list->arg, &e);
}

static enum virgo_code advance(struct listing *l, struct virgo_error *err)
{
	struct stream *s = l->heap[0];

	if (keep_after(s, s->key))
		return virgo_error_nomem(err);
	s->item = s->item->next;
	if (settle(l, s)) {
		sift_down(l, 0);
		return VIRGO_OK;
	}
	l->heap[0] = l->heap[--l->in_heap];
	sift_down(l, 0);
	return s->more ? fetch(l, err) : VIRGO_OK;
}

static enum virgo_code merge(struct listing *l, struct virgo_error *err)
{
	enum virgo_code code = fetch(l, err);

	while (!code && l->in_heap && (!l->list->limit || l->given < l->list->limit)) {
		if (give(l, l->heap[0]))
			return virgo_error_set(err, VIRGO_INTERRUPTED, "stopped by the caller");
		code = advance(l, err);
	}
	return code;
}

static int listing_start(struct listing *l)
{
	const struct virgo_nodeset *nodes = virgo_nodes(l->ctx);

	l->n = virgo_nodeset_count(nodes);
	l->streams = calloc(l->n, sizeof(*l->streams));
	l->heap = calloc(l->n, sizeof(*l->heap));
	l->jobs = calloc(l->n, sizeof(*l->jobs));
	l->job_stream = calloc(l->n, sizeof(*l->job_stream));
	if (!l->streams || !l->heap || !l->jobs || !l->job_stream)
		return -1;
	l->page = PAGES_TOGETHER / l->n < PAGE ? PAGES_TOGETHER / l->n : PAGE;
	if (l->page < PAGE_MIN)
		l->page = PAGE_MIN;
	if (l->list->limit && l->list->limit < l->page)
		l->page = l->list->limit;
	for (size_t i = 0; i < l->n; i++) {
		struct stream *s = &l->streams[i];

		s->node = virgo_nodeset_name(nodes, i);
		s->more = 1;
		s->req.service = VIRGO_MEMPOOL;
		s->req.method = "GET";
		if (l->list->after && keep_after(s, l->list->after))
			return -1;
	}
	return 0;
}

enum virgo_code virgo_mem_list(struct virgo_ctx *ctx, const struct virgo_mem_list *list,
			       struct virgo_error *err)
{
	struct listing l = { .ctx = ctx, .list = list };
	enum virgo_code code;

	virgo_error_clear(err);
	if ((list->after && strlen(list->after) > VIRGO_MEM_KEY_MAX) ||
	    (list->prefix && strlen(list->prefix) > VIRGO_MEM_KEY_MAX))
		return virgo_error_set(err, VIRGO_USAGE, "a key has at most %d bytes",
				       VIRGO_MEM_KEY_MAX);
	code = listing_start(&l) ? virgo_error_nomem(err) : merge(&l, err);
	if (!code && l.worst.code)
		code = virgo_error_move(err, &l.worst);
	for (size_t i = 0; l.streams && i < l.n; i++) {
		cJSON_Delete(l.streams[i].page);
		free(l.streams[i].after);
		free(l.streams[i].target);
	}
	free(l.streams);
	free(l.heap);
	free(l.jobs);
	free(l.job_stream);
	return code;
}
