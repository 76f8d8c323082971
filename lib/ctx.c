// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The context: made from a configuration, taken apart again; placement over its nodes. Opens no
 * connection.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/place.h"
#include "internal.h"

enum { PARALLEL = 256, PARALLEL_MAX = 1024 };

int virgo_random(void *out, size_t len)
{
	ssize_t n;

	do {
		n = getrandom(out, len, 0);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : -1;
}

static enum virgo_code set_nodes(struct virgo_ctx *ctx, struct virgo_nodeset *nodes,
				 struct virgo_error *err)
{
	size_t n = virgo_nodeset_count(nodes);
	unsigned long long *hashes = calloc(n, sizeof(*hashes));

	if (!hashes) {
		virgo_nodeset_free(nodes);
		return virgo_error_nomem(err);
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = virgo_nodeset_name(nodes, i);

		hashes[i] = vg_place_hash(name, strlen(name));
	}
	virgo_view_free(ctx);
	virgo_nodeset_free(ctx->nodes);
	free(ctx->hashes);
	ctx->nodes = nodes;
	ctx->hashes = hashes;
	return VIRGO_OK;
}

/*
 * A key file that was named must be right. A default one that can't be read (root's, for another
 * user) leaves requests unsigned: nodes without keys answer all the same, and a refusal will say
 * why.
 */
static enum virgo_code set_key(struct virgo_ctx *ctx, const struct virgo_conf *conf,
			       struct virgo_error *err)
{
	const char *named = virgo_conf_get(conf, "key_file");
	char path[4096];

	if (named && !strcmp(named, "none")) {
		snprintf(ctx->key_note, sizeof(ctx->key_note), "key_file is \"none\"");
		return VIRGO_OK;
	}
	if (named)
		return virgo_key_read(named, &ctx->key, err);
	if (virgo_key_default_path(path, sizeof(path))) {
		snprintf(ctx->key_note, sizeof(ctx->key_note),
			 "no key file: name one in VIRGO_KEY_FILE or key_file");
		return VIRGO_OK;
	}
	if (access(path, R_OK) && errno == EACCES) {
		snprintf(ctx->key_note, sizeof(ctx->key_note),
			 "'%.200s' is not readable by you: name your key file in VIRGO_KEY_FILE",
			 path);
		return VIRGO_OK;
	}
	return virgo_key_read(path, &ctx->key, err);
}

/* has anybody said which nodes, or has their key at hand? */
static int has_own_mind(const struct virgo_conf *conf)
{
	struct virgo_setting nodes;
	char path[4096];

	return virgo_conf_setting(conf, "nodes", &nodes) || strcmp(nodes.origin, "built-in") ||
	       virgo_conf_get(conf, "key_file") ||
	       (!virgo_key_default_path(path, sizeof(path)) && !access(path, R_OK));
}

/*
 * By way of /dev/virgo the kernel's key signs, and its nodes are asked. Where that is not asked for
 * (auto) it is done for those who have said neither which nodes nor which key, if they may open the device:
 * what somebody has said is never passed over. Nodes that were named stay the context's; each call says if
 * one of them is not the kernel's.
 */
static enum virgo_code choose_road(struct virgo_ctx *ctx, const struct virgo_conf *conf,
				   struct virgo_error *err)
{
	const char *via = virgo_conf_get(conf, "via");
	struct virgo_nodeset *nodes;
	struct virgo_setting named;
	enum virgo_code code;

	if (!strcmp(via, "http") || (!strcmp(via, "auto") && has_own_mind(conf)))
		return VIRGO_OK;
	code = virgo_device_open(ctx, &nodes, err);
	if (code) {
		if (strcmp(via, "auto"))
			return code;
		virgo_error_clear(err);
		return VIRGO_OK;
	}
	if (virgo_conf_setting(conf, "nodes", &named) || strcmp(named.origin, "built-in")) {
		virgo_nodeset_free(nodes);
		return VIRGO_OK;
	}
	code = set_nodes(ctx, nodes, err);
	virgo_device_use_all(ctx, !code);
	return code;
}

static enum virgo_code ctx_start(struct virgo_ctx *ctx, const struct virgo_conf *conf,
				 struct virgo_error *err)
{
	struct virgo_nodeset *nodes;
	enum virgo_code code;

	ctx->parallel = PARALLEL;
	ctx->timeout_ms = virgo_conf_ms(conf, "timeout");
	ctx->connect_timeout_ms = virgo_conf_ms(conf, "connect_timeout");
	snprintf(ctx->cluster, sizeof(ctx->cluster), "%s", virgo_conf_get(conf, "cluster"));
	snprintf(ctx->registry, sizeof(ctx->registry), "%s",
		 virgo_conf_get(conf, "registry") ? virgo_conf_get(conf, "registry") : "");
	/* the configuration allows nothing else */
	ctx->balancer = virgo_balancer_find(virgo_conf_get(conf, "balance"));
	code = virgo_conf_nodes(conf, &nodes, err);
	if (!code)
		code = set_nodes(ctx, nodes, err);
	if (!code)
		code = choose_road(ctx, conf, err);
	if (code || ctx->device)
		return code;
	code = set_key(ctx, conf, err);
	if (!code)
		code = virgo_curl_start(&ctx->old_curl, err);
	return code;
}

enum virgo_code virgo_connect(struct virgo_ctx **ctx_out, const struct virgo_conf *conf,
			      struct virgo_error *err)
{
	struct virgo_conf *usual = NULL;
	struct virgo_ctx *ctx;
	enum virgo_code code;

	virgo_error_clear(err);
	*ctx_out = NULL;
	if (!conf) {
		code = virgo_conf_open(&usual, NULL, err);
		if (code)
			return code;
		conf = usual;
	}
	ctx = calloc(1, sizeof(*ctx));
	code = ctx ? ctx_start(ctx, conf, err) : virgo_error_nomem(err);
	virgo_conf_free(usual);
	if (code)
		virgo_disconnect(ctx);
	else
		*ctx_out = ctx;
	return code;
}

void virgo_disconnect(struct virgo_ctx *ctx)
{
	if (!ctx)
		return;
	virgo_device_close(ctx);
	virgo_xfer_free_idle(ctx);
	if (ctx->multi)
		curl_multi_cleanup(ctx->multi);
	virgo_key_wipe(&ctx->key);
	virgo_view_free(ctx);
	virgo_nodeset_free(ctx->nodes);
	free(ctx->hashes);
	free(ctx);
}

const struct virgo_nodeset *virgo_nodes(const struct virgo_ctx *ctx)
{
	return ctx->nodes;
}

enum virgo_code virgo_use(struct virgo_ctx *ctx, struct virgo_nodeset *set, struct virgo_error *err)
{
	virgo_device_use_all(ctx, 0);
	return set_nodes(ctx, set, err);
}

const char *virgo_key_id(const struct virgo_ctx *ctx)
{
	return ctx->key.id;
}

const char *virgo_place(const struct virgo_ctx *ctx, const void *key, size_t len)
{
	u32 i = vg_place(ctx->hashes, virgo_nodeset_count(ctx->nodes), vg_place_hash(key, len));

	return virgo_nodeset_name(ctx->nodes, i);
}

void virgo_cancel(struct virgo_ctx *ctx)
{
	ctx->cancelled = 1;
}

void virgo_resume(struct virgo_ctx *ctx)
{
	ctx->cancelled = 0;
}

void virgo_trace(struct virgo_ctx *ctx, virgo_trace_fn fn, void *arg)
{
	ctx->trace = fn;
	ctx->trace_arg = arg;
}

void virgo_parallel(struct virgo_ctx *ctx, unsigned int n)
{
	ctx->parallel = n < 1 ? 1 : n > PARALLEL_MAX ? PARALLEL_MAX : n;
}
