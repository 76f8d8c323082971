// SPDX-License-Identifier: GPL-3.0-or-later
/* Transactions: all or nothing, hence all on one node, which is found from the keys. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct txn_keys {
	struct virgo_ctx *ctx;
	const char *first, *node;	/* a key, and where it lives */
	struct virgo_error *err;
};

static enum virgo_code add_key(struct txn_keys *k, const char *key)
{
	char a[VIRGO_SHOWN], b[VIRGO_SHOWN];
	const char *node = virgo_place(k->ctx, key, strlen(key));

	if (!k->node) {
		k->first = key;
		k->node = node;
	}
	if (!strcmp(k->node, node))
		return VIRGO_OK;
	virgo_error_set(k->err, VIRGO_USAGE,
			"a transaction runs on one node, but %s is on %s and %s on %s",
			virgo_show(a, k->first, strlen(k->first)), k->node,
			virgo_show(b, key, strlen(key)), node);
	virgo_error_hint(k->err, "name one node for all of them");
	return VIRGO_USAGE;
}

/* {"key":"a",…}, {"set":"a",…}, {"del":"a"} or {"get":"a"}: the node checks the rest */
static enum virgo_code add_item(struct txn_keys *k, const cJSON *item)
{
	static const char *const names[] = { "key", "set", "del", "get" };
	enum virgo_code code = VIRGO_OK;

	for (size_t i = 0; i < VIRGO_COUNT(names) && !code; i++) {
		const char *key = virgo_json_text(item, names[i]);

		if (key)
			code = add_key(k, key);
	}
	return code;
}

static enum virgo_code find_keys(struct txn_keys *k, const cJSON *doc)
{
	static const char *const lists[] = { "if", "then", "else" };
	const cJSON *item;
	enum virgo_code code;

	for (size_t i = 0; i < VIRGO_COUNT(lists); i++) {
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, lists[i]);

		cJSON_ArrayForEach(item, list) {
			code = cJSON_IsObject(item) ? add_item(k, item) : VIRGO_OK;
			if (code)
				return code;
		}
	}
	return VIRGO_OK;
}

static enum virgo_code txn_node(struct virgo_ctx *ctx, const cJSON *doc, const char **node,
				struct virgo_error *err)
{
	struct txn_keys k = { .ctx = ctx, .err = err };
	enum virgo_code code;

	if (*node)
		return VIRGO_OK;
	code = find_keys(&k, doc);
	if (!code && !k.node)
		code = virgo_error_set(err, VIRGO_USAGE, "the transaction names no key");
	*node = k.node;
	return code;
}

enum virgo_code virgo_mem_txn(struct virgo_ctx *ctx, const char *json, size_t len,
			      const struct virgo_mem_options *opt, int *succeeded, char **answer,
			      struct virgo_error *err)
{
	static const struct virgo_header type = { "Content-Type", "application/json" };
	struct virgo_request req = {
		.service = VIRGO_MEMPOOL, .method = "POST", .target = "/v1/txn",
		.headers = &type, .nheaders = 1,
	};
	const char *node = opt ? opt->node : NULL;
	cJSON *doc = cJSON_ParseWithLength(json, len), *reply = NULL;
	const cJSON *done;
	struct virgo_answer *ans = NULL;
	struct virgo_body body;
	enum virgo_code code;

	if (!cJSON_IsObject(doc)) {
		code = virgo_error_set(err, VIRGO_USAGE, "the transaction is not a JSON object");
		goto out;
	}
	code = txn_node(ctx, doc, &node, err);
	if (code)
		goto out;
	virgo_body_mem(&body, json, len);
	req.body = &body;
	code = virgo_call(ctx, node, &req, &ans, err);
	if (code)
		goto out;
	reply = cJSON_ParseWithLength(ans->body, ans->len);
	done = cJSON_GetObjectItemCaseSensitive(reply, "succeeded");
	if (!cJSON_IsBool(done)) {
		code = virgo_bad_answer(ans, "no \"succeeded\"", err);
		goto out;
	}
	*succeeded = cJSON_IsTrue(done);
	if (answer) {
		*answer = ans->body;
		ans->body = NULL;
	}
out:
	cJSON_Delete(reply);
	cJSON_Delete(doc);
	virgo_answer_free(ans);
	return code;
}
