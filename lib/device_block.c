// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * virgo_malloc(), virgo_set(), virgo_get() and virgo_free() by the ioctls of their names. The errors are those
 * of the same calls over HTTP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "xfer.h"

enum virgo_code virgo_device_verdict(struct virgo_ctx *ctx, const char *node, enum virgo_service service,
				     int result, const struct virgo_ioc_reply *reply,
				     unsigned long timeout_ms, int changes, char *name,
				     struct virgo_error *err)
{
	struct virgo_request req = { .service = service };
	struct virgo_job job = { .node = node ? node : "", .req = &req };
	struct virgo_answer *ans = virgo_answer_new(&job, 0);
	enum virgo_code code;

	if (!ans)
		return virgo_error_nomem(err);
	virgo_device_reply(ans, reply, service);
	if (name)
		snprintf(name, VIRGO_NODE_NAME_MAX + 1, "%s", ans->node);
	if (result == EREMOTEIO) {
		/* as the header that the hint is made of */
		ans->head = calloc(1, 40);
		if (ans->head && reply->retry_after_s)
			snprintf(ans->head + snprintf(ans->head, 16, "retry-after") + 1, 16, "%u",
				 reply->retry_after_s);
		virgo_problem_set(ans, reply->problem, reply->detail, ctx->key_note);
	} else if (result) {
		virgo_device_failed(ctx, ans, result, reply, timeout_ms, changes);
	}
	code = ans->err.code;
	if (code)
		virgo_error_move(err, &ans->err);
	virgo_answer_free(ans);
	return code;
}

static enum virgo_code block_to(struct virgo_ioc_to *to, const char *node, struct virgo_error *err)
{
	const char *wrong = virgo_device_to(to, node);

	return wrong ? virgo_error_set(err, VIRGO_UNREACHABLE, "%s: %s", node, wrong) : VIRGO_OK;
}

enum virgo_code virgo_device_malloc(struct virgo_ctx *ctx, const char *node, uint64_t size,
				    struct virgo_address *addr, struct virgo_error *err)
{
	struct virgo_ioc_malloc m = {
		.size = sizeof(m), .abi = VIRGO_ABI, .bytes = size, .timeout_ms = ctx->timeout_ms,
		.connect_ms = ctx->connect_timeout_ms,
	};
	enum virgo_code code = VIRGO_OK;
	int result = 0;

	memset(addr, 0, sizeof(*addr));
	m.to.balance = node ? 0 : ctx->balancer;
	if (node)
		code = block_to(&m.to, node, err);
	if (!code)
		code = virgo_device_ioctl(ctx, VIRGO_IOC_MALLOC, &m, &m.reply, &result, err);
	if (!code)
		code = virgo_device_verdict(ctx, node, VIRGO_MEMPOOL, result, &m.reply, m.timeout_ms, 1,
					    addr->node, err);
	if (!code)
		snprintf(addr->id, sizeof(addr->id), "%.*s", VIRGO_BLOCK_ID_MAX, m.id);
	return code;
}

/* one of the three on a block; *done: bytes, see struct virgo_ioc_block */
static enum virgo_code block_ioctl(struct virgo_ctx *ctx, const struct virgo_address *addr,
				   unsigned long cmd, struct virgo_ioc_block *b, int *result,
				   struct virgo_error *err)
{
	enum virgo_code code;

	b->size = sizeof(*b);
	b->abi = VIRGO_ABI;
	b->timeout_ms = ctx->timeout_ms;
	b->connect_ms = ctx->connect_timeout_ms;
	snprintf(b->id, sizeof(b->id), "%s", addr->id);
	code = block_to(&b->to, addr->node, err);
	return code ? code : virgo_device_ioctl(ctx, cmd, b, &b->reply, result, err);
}

static enum virgo_code block_verdict(struct virgo_ctx *ctx, const struct virgo_address *addr, int result,
				     const struct virgo_ioc_block *b, int changes,
				     struct virgo_error *err)
{
	return virgo_device_verdict(ctx, addr->node, VIRGO_MEMPOOL, result, &b->reply, b->timeout_ms,
				    changes, NULL, err);
}

enum virgo_code virgo_device_set(struct virgo_ctx *ctx, const struct virgo_address *addr,
				 uint64_t offset, const struct virgo_body *body,
				 struct virgo_error *err)
{
	struct virgo_ioc_block b = { .offset = offset, .length = body->len };
	const void *data;
	enum virgo_code code;
	int result = 0;
	void *copy;

	code = virgo_device_body(body, &data, &copy, err);
	if (code)
		return code;
	b.data = (uintptr_t)data;
	code = block_ioctl(ctx, addr, VIRGO_IOC_SET, &b, &result, err);
	free(copy);
	return code ? code : block_verdict(ctx, addr, result, &b, 1, err);
}

enum virgo_code virgo_device_get(struct virgo_ctx *ctx, const struct virgo_address *addr,
				 uint64_t offset, uint64_t length, char **data, size_t *len,
				 struct virgo_error *err)
{
	uint64_t room = length ? length : DEVICE_PIECE;
	struct virgo_ioc_block b;
	enum virgo_code code;
	int result = 0;
	char *buf;

	for (;;) {
		buf = malloc(room + 1);
		if (!buf)
			return virgo_error_nomem(err);
		b = (struct virgo_ioc_block){
			.flags = length ? 0 : VIRGO_BLOCK_TO_END, .offset = offset, .length = room,
			.data = (uintptr_t)buf,
		};
		code = block_ioctl(ctx, addr, VIRGO_IOC_GET, &b, &result, err);
		if (code || result != EMSGSIZE || length || b.done <= room || b.done > BODY_MAX)
			break;
		/* now it is known how much there is */
		free(buf);
		room = b.done;
	}
	if (!code)
		code = block_verdict(ctx, addr, result, &b, 0, err);
	if (code) {
		free(buf);
		return code;
	}
	buf[b.done] = '\0';
	*data = buf;
	*len = b.done;
	return VIRGO_OK;
}

enum virgo_code virgo_device_free(struct virgo_ctx *ctx, const struct virgo_address *addr,
				  struct virgo_error *err)
{
	struct virgo_ioc_block b = { 0 };
	enum virgo_code code;
	int result = 0;

	code = block_ioctl(ctx, addr, VIRGO_IOC_FREE, &b, &result, err);
	return code ? code : block_verdict(ctx, addr, result, &b, 1, err);
}
