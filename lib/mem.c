// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keys and values: one request each, to the node that keeps the key. Listing is list.c's,
 * transactions txn.c's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { HEADERS_MAX = 2 };	/* If-Match, and Range or If-None-Match */

/* a request about one key, with what it points at */
struct key_request {
	struct virgo_request req;
	struct virgo_target target;
	struct virgo_header headers[HEADERS_MAX];
	char match[48], range[64];
	const char *node;
};

static const struct virgo_mem_options no_options;

static enum virgo_code check_key(const char *key, struct virgo_error *err)
{
	size_t n = strlen(key);

	if (n >= 1 && n <= VIRGO_MEM_KEY_MAX)
		return VIRGO_OK;
	return virgo_error_set(err, VIRGO_USAGE, "a key has 1 to %d bytes, not %zu",
			       VIRGO_MEM_KEY_MAX, n);
}

/* without query and headers */
static enum virgo_code mem_begin(struct key_request *r, struct virgo_ctx *ctx, const char *method,
				 const char *key, const struct virgo_mem_options *opt,
			     struct virgo_error *err)
{
	enum virgo_code code = check_key(key, err);

	if (code)
		return code;
	memset(&r->req, 0, sizeof(r->req));
	r->req.service = VIRGO_MEMPOOL;
	r->req.method = method;
	r->req.headers = r->headers;
	r->req.target = r->target.text;
	r->node = opt->node ? opt->node : virgo_place(ctx, key, strlen(key));
	virgo_target_start(&r->target, "/v1/mem");
	virgo_target_segment(&r->target, key, strlen(key));
	return virgo_target_end(&r->target, err);
}

static void mem_header(struct key_request *r, const char *name, const char *value)
{
	r->headers[r->req.nheaders].name = name;
	r->headers[r->req.nheaders++].value = value;
}

static enum virgo_code add_version(struct key_request *r, const struct virgo_mem_options *opt,
				   struct virgo_error *err)
{
	size_t n;

	if (!opt->if_version)
		return VIRGO_OK;
	n = strlen(opt->if_version);
	if (!n || n > 20 || strspn(opt->if_version, "0123456789") != n)
		return virgo_error_set(err, VIRGO_USAGE, "a version is a number");
	snprintf(r->match, sizeof(r->match), "\"%s\"", opt->if_version);
	mem_header(r, "If-Match", r->match);
	return VIRGO_OK;
}

static enum virgo_code add_match(struct key_request *r, const struct virgo_mem_options *opt,
				 struct virgo_error *err)
{
	if (opt->if_absent)
		mem_header(r, "If-None-Match", "*");
	return add_version(r, opt, err);
}

/* ETag: "17" */
static void take_version(const struct virgo_answer *ans, char out[24])
{
	const char *tag = virgo_answer_header(ans, "etag");
	size_t n;

	out[0] = '\0';
	if (!tag)
		return;
	tag += strspn(tag, "W/\"");
	n = strcspn(tag, "\"");
	if (n < 24)
		snprintf(out, 24, "%.*s", (int)n, tag);
}

enum virgo_code virgo_mem_get(struct virgo_ctx *ctx, const char *key,
			      const struct virgo_mem_options *opt, struct virgo_value *value,
			      struct virgo_error *err)
{
	struct virgo_answer *ans;
	struct key_request r;
	enum virgo_code code;

	memset(value, 0, sizeof(*value));
	opt = opt ? opt : &no_options;
	code = mem_begin(&r, ctx, "GET", key, opt, err);
	if (!code)
		code = add_version(&r, opt, err);
	if (code)
		return code;
	if (opt->has_range) {
		if (opt->length && opt->offset > UINT64_MAX - opt->length)
			return virgo_error_set(err, VIRGO_USAGE, "the range ends past 2^64 bytes");
		if (opt->length)
			snprintf(r.range, sizeof(r.range), "bytes=%" PRIu64 "-%" PRIu64,
				 opt->offset, opt->offset + opt->length - 1);
		else
			snprintf(r.range, sizeof(r.range), "bytes=%" PRIu64 "-", opt->offset);
		mem_header(&r, "Range", r.range);
	}
	r.req.sink = opt->sink;
	r.req.sink_arg = opt->sink_arg;
	code = virgo_call(ctx, r.node, &r.req, &ans, err);
	if (!code) {
		value->data = ans->body;
		value->len = ans->len;
		ans->body = NULL;
		take_version(ans, value->version);
		snprintf(value->node, sizeof(value->node), "%s", r.node);
	}
	virgo_answer_free(ans);
	return code;
}

void virgo_value_free(struct virgo_value *value)
{
	if (!value)
		return;
	free(value->data);
	memset(value, 0, sizeof(*value));
}

enum virgo_code virgo_mem_set(struct virgo_ctx *ctx, const char *key,
			      const struct virgo_body *body, const struct virgo_mem_options *opt,
			      struct virgo_stored *stored, struct virgo_error *err)
{
	struct virgo_answer *ans;
	struct key_request r;
	enum virgo_code code;

	opt = opt ? opt : &no_options;
	code = mem_begin(&r, ctx, "PUT", key, opt, err);
	if (!code)
		code = add_match(&r, opt, err);
	if (!code && opt->ttl_ms) {
		virgo_target_number(&r.target, "ttl_ms", opt->ttl_ms);
		code = virgo_target_end(&r.target, err);
	}
	if (code)
		return code;
	r.req.body = body;
	code = virgo_call(ctx, r.node, &r.req, &ans, err);
	if (!code && stored) {
		stored->created = ans->status == 201;
		take_version(ans, stored->version);
		snprintf(stored->node, sizeof(stored->node), "%s", r.node);
	}
	virgo_answer_free(ans);
	return code;
}

enum virgo_code virgo_mem_del(struct virgo_ctx *ctx, const char *key,
			      const struct virgo_mem_options *opt, struct virgo_error *err)
{
	struct key_request r;
	enum virgo_code code;

	opt = opt ? opt : &no_options;
	code = mem_begin(&r, ctx, "DELETE", key, opt, err);
	if (!code)
		code = add_match(&r, opt, err);
	return code ? code : virgo_call(ctx, r.node, &r.req, NULL, err);
}

enum virgo_code virgo_mem_incr(struct virgo_ctx *ctx, const char *key, int64_t by,
			       const struct virgo_mem_options *opt, int64_t *value,
			       struct virgo_error *err)
{
	struct virgo_answer *ans;
	struct key_request r;
	enum virgo_code code;
	char text[24];
	int64_t now;

	opt = opt ? opt : &no_options;
	code = mem_begin(&r, ctx, "POST", key, opt, err);
	if (code)
		return code;
	virgo_target_segment(&r.target, "incr", 4);
	virgo_target_query(&r.target, "by", text, snprintf(text, sizeof(text), "%" PRId64, by));
	code = virgo_target_end(&r.target, err);
	if (code)
		return code;
	code = virgo_call(ctx, r.node, &r.req, &ans, err);
	if (!code && virgo_json_flat_s64(ans->body, "value", &now))
		code = virgo_bad_answer(ans, "no number \"value\"", err);
	if (!code && value)
		*value = now;
	virgo_answer_free(ans);
	return code;
}
