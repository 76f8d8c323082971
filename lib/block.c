// SPDX-License-Identifier: GPL-3.0-or-later
/* Raw blocks on the nodes, and finding the node an id belongs to. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "internal.h"

static int id_ok(const char *id)
{
	size_t n = strlen(id);

	return n >= 1 && n <= VIRGO_BLOCK_ID_MAX && strspn(id, "0123456789abcdef-") == n;
}

static enum virgo_code block_target(struct virgo_target *t, const struct virgo_address *addr,
				    struct virgo_error *err)
{
	char shown[VIRGO_SHOWN];

	if (!id_ok(addr->id))
		return virgo_error_set(err, VIRGO_USAGE, "%s is not a block's id",
				       virgo_show(shown, addr->id, strlen(addr->id)));
	virgo_target_start(t, "/v1/blocks");
	virgo_target_segment(t, addr->id, strlen(addr->id));
	return VIRGO_OK;
}

static enum virgo_code take_id(const struct virgo_answer *ans, struct virgo_address *addr,
			       struct virgo_error *err)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const char *id = virgo_json_text(doc, "id");
	enum virgo_code code = VIRGO_OK;

	if (id && id_ok(id))
		snprintf(addr->id, sizeof(addr->id), "%s", id);
	else
		code = virgo_bad_answer(ans, "no block \"id\"", err);
	cJSON_Delete(doc);
	return code;
}

enum virgo_code virgo_malloc(struct virgo_ctx *ctx, const char *node, uint64_t size,
			     struct virgo_address *addr, struct virgo_error *err)
{
	static const struct virgo_header type = { "Content-Type", "application/json" };
	struct virgo_request req = {
		.service = VIRGO_MEMPOOL, .method = "POST", .target = "/v1/blocks",
		.headers = &type, .nheaders = 1,
	};
	struct virgo_answer *ans;
	struct virgo_body body;
	enum virgo_code code;
	uint64_t random;
	char json[48];

	if (ctx->device && (node || virgo_device_picks(ctx)))
		return virgo_device_malloc(ctx, node, size, addr, err);
	if (!node) {
		if (virgo_random(&random, sizeof(random)))
			return virgo_error_set(err, VIRGO_FAILED, "no random numbers");
		node = virgo_nodeset_name(virgo_nodes(ctx),
					  random % virgo_nodeset_count(virgo_nodes(ctx)));
	}
	virgo_body_mem(&body, json, snprintf(json, sizeof(json), "{\"size\":%llu}",
					     (unsigned long long)size));
	req.body = &body;
	memset(addr, 0, sizeof(*addr));
	snprintf(addr->node, sizeof(addr->node), "%s", node);
	code = virgo_call(ctx, node, &req, &ans, err);
	if (!code)
		code = take_id(ans, addr, err);
	virgo_answer_free(ans);
	return code;
}

enum virgo_code virgo_set(struct virgo_ctx *ctx, const struct virgo_address *addr, uint64_t offset,
			  const struct virgo_body *body, struct virgo_error *err)
{
	struct virgo_request req = { .service = VIRGO_MEMPOOL, .method = "PUT", .body = body };
	struct virgo_target t;
	enum virgo_code code = block_target(&t, addr, err);

	if (code)
		return code;
	if (ctx->device)
		return virgo_device_set(ctx, addr, offset, body, err);
	if (offset)
		virgo_target_number(&t, "offset", offset);
	req.target = t.text;
	code = virgo_target_end(&t, err);
	return code ? code : virgo_call(ctx, addr->node, &req, NULL, err);
}

enum virgo_code virgo_get(struct virgo_ctx *ctx, const struct virgo_address *addr, uint64_t offset,
			  uint64_t length, virgo_sink_fn sink, void *sink_arg, char **data,
			  size_t *len, struct virgo_error *err)
{
	struct virgo_request req = {
		.service = VIRGO_MEMPOOL, .method = "GET", .sink = sink, .sink_arg = sink_arg,
	};
	struct virgo_answer *ans;
	struct virgo_target t;
	enum virgo_code code = block_target(&t, addr, err);

	if (code)
		return code;
	/* in one piece; what is larger comes by and by */
	if (ctx->device && !sink && length <= VIRGO_IOC_BODY)
		return virgo_device_get(ctx, addr, offset, length, data, len, err);
	if (length)
		virgo_target_number(&t, "length", length);
	if (offset)
		virgo_target_number(&t, "offset", offset);
	req.target = t.text;
	code = virgo_target_end(&t, err);
	if (code)
		return code;
	code = virgo_call(ctx, addr->node, &req, &ans, err);
	if (!code && !sink) {
		*data = ans->body;
		*len = ans->len;
		ans->body = NULL;
	}
	virgo_answer_free(ans);
	return code;
}

enum virgo_code virgo_free(struct virgo_ctx *ctx, const struct virgo_address *addr,
			   struct virgo_error *err)
{
	struct virgo_request req = { .service = VIRGO_MEMPOOL, .method = "DELETE" };
	struct virgo_target t;
	enum virgo_code code = block_target(&t, addr, err);

	if (code)
		return code;
	if (ctx->device)
		return virgo_device_free(ctx, addr, err);
	req.target = t.text;
	return virgo_call(ctx, addr->node, &req, NULL, err);
}

/* who is node number wanted? */
struct search {
	unsigned long wanted;
	struct virgo_address *addr;
	size_t silent;			/* nodes that gave no answer */
	struct virgo_error why;		/* of the first of them */
};

static int on_node(void *arg, struct virgo_answer *ans)
{
	struct search *s = arg;
	int found = 0;

	if (!ans->status) {
		if (!s->silent++)
			s->why = ans->err;
	} else if (ans->node_id[0] && strtoul(ans->node_id, NULL, 10) == s->wanted) {
		snprintf(s->addr->node, sizeof(s->addr->node), "%s", ans->node);
		found = 1;
	}
	virgo_answer_free(ans);
	return found;
}

/* an id begins with the node's number, in hexadecimal */
static enum virgo_code find_node(struct virgo_ctx *ctx, struct virgo_address *addr,
				 struct virgo_error *err)
{
	struct virgo_request req = {
		.service = VIRGO_MEMPOOL, .method = "GET", .target = "/healthz", .unsigned_ok = 1,
	};
	struct search s = { .wanted = strtoul(addr->id, NULL, 16), .addr = addr };
	enum virgo_code code;

	code = virgo_call_all(ctx, &req, on_node, &s, err);
	if (addr->node[0]) {
		virgo_error_clear(err);	/* the search was stopped early */
		return VIRGO_OK;
	}
	if (code)
		return code;
	if (s.silent)
		return virgo_error_set(err, VIRGO_UNREACHABLE,
				       "%s belongs to node %lu, which did not answer (%s)",
				       addr->id, s.wanted, s.why.message);
	virgo_error_set(err, VIRGO_NOT_FOUND,
			"%s belongs to node %lu, which is not in the node set", addr->id, s.wanted);
	virgo_error_hint(err, "name it: NODE/%s", addr->id);
	return VIRGO_NOT_FOUND;
}

enum virgo_code virgo_address_parse(struct virgo_ctx *ctx, const char *text,
				    struct virgo_address *addr, struct virgo_error *err)
{
	const char *slash = strrchr(text, '/'), *id = slash ? slash + 1 : text;
	const struct virgo_nodeset *nodes = virgo_nodes(ctx);
	char shown[VIRGO_SHOWN];

	memset(addr, 0, sizeof(*addr));
	virgo_show(shown, text, strlen(text));
	if (!id_ok(id) || (slash && virgo_node_canon(text, slash - text, addr->node)))
		return virgo_error_set(err, VIRGO_USAGE,
				       "%s is not a block: expected ID or NODE/ID", shown);
	snprintf(addr->id, sizeof(addr->id), "%s", id);
	if (slash)
		return VIRGO_OK;
	if (virgo_nodeset_count(nodes) > 1)
		return find_node(ctx, addr, err);
	snprintf(addr->node, sizeof(addr->node), "%s", virgo_nodeset_name(nodes, 0));
	return VIRGO_OK;
}
