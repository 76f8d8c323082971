// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * virgo_clone() by the ioctl of its name: the kernel picks the node, makes the request and takes the answer
 * apart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "device.h"
#include "exec_int.h"

enum { CLONE_SLACK_MS = 15 * 1000, CLONE_ROOM = 64 << 20 };

static int string_fits(const char *s, size_t *all)
{
	size_t n = strlen(s);

	*all += n + 1;
	return vg_utf8_valid(s, n);
}

int virgo_device_clones(const struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec)
{
	size_t all = 0;
	int fits;

	if (!ctx->device || (!node && !virgo_device_picks(ctx)) || !exec->name)
		return 0;
	fits = string_fits(exec->name, &all) && (!exec->cwd || string_fits(exec->cwd, &all));
	for (size_t i = 0; fits && i < exec->nargs; i++)
		fits = string_fits(exec->args[i], &all);
	for (size_t i = 0; fits && i < exec->nenv; i++)
		fits = string_fits(exec->env[i], &all) && strchr(exec->env[i], '=') > exec->env[i];
	return fits && all <= VIRGO_RUN_STRINGS && exec->nargs <= VIRGO_EXEC_ARGS_MAX &&
	       exec->nenv <= VIRGO_EXEC_ENV_MAX && exec->input_len <= VIRGO_EXEC_BODY_MAX / 2 &&
	       abs(exec->priority) <= VIRGO_EXEC_PRIORITY_MAX;
}

static void put_string(char *strings, struct virgo_ioc_clone *c, const char *s)
{
	size_t n = strlen(s) + 1;

	memcpy(strings + c->strings_len, s, n);
	c->strings_len += n;
}

static void put_strings(char *strings, struct virgo_ioc_clone *c, const struct virgo_exec *exec)
{
	put_string(strings, c, exec->name);
	if (exec->cwd) {
		c->flags |= VIRGO_CLONE_HAS_CWD;
		put_string(strings, c, exec->cwd);
	}
	for (size_t i = 0; i < exec->nargs; i++)
		put_string(strings, c, exec->args[i]);
	for (size_t i = 0; i < exec->nenv; i++)
		put_string(strings, c, exec->env[i]);
	c->strings = (uintptr_t)strings;
	c->nargs = exec->nargs;
	c->nenv = exec->nenv;
}

/* what is there, with its NUL, and no more memory than that */
static char *trimmed(char *buf, size_t len)
{
	char *less = realloc(buf, len + 1);

	if (!less)
		less = buf;
	less[len] = '\0';
	return less;
}

static void fill_result(struct virgo_exec_result *r, struct virgo_ioc_clone *c, char *out, char *err)
{
	static const enum virgo_exec_status status[] = {
		[VIRGO_CLONE_EXITED] = VIRGO_EXEC_EXITED, [VIRGO_CLONE_KILLED] = VIRGO_EXEC_KILLED,
		[VIRGO_CLONE_TIMEOUT] = VIRGO_EXEC_TIMEOUT, [VIRGO_CLONE_CANCELLED] = VIRGO_EXEC_CANCELLED,
		[VIRGO_CLONE_LOST] = VIRGO_EXEC_LOST,
	};

	r->status = c->end < VIRGO_COUNT(status) ? status[c->end] : VIRGO_EXEC_LOST;
	r->exit = c->exit;
	r->signal = c->signal;
	r->has_value = !!(c->flags & VIRGO_CLONE_HAS_VALUE);
	r->value = c->value;
	r->out_len = c->out_len;
	r->err_len = c->err_len;
	r->out = trimmed(out, c->out_len);
	r->err = trimmed(err, c->err_len);
	r->truncated = !!(c->flags & VIRGO_CLONE_TRUNCATED);
	r->out_bytes = c->out_bytes;
	r->err_bytes = c->err_bytes;
	r->us = c->run_us;
	snprintf(r->why, sizeof(r->why), "%.*s", (int)sizeof(r->why) - 1, c->reply.detail);
	virgo_one_line(r->why);
	snprintf(r->id, sizeof(r->id), "%s", c->id);
	if (c->reply.node)
		snprintf(r->node_id, sizeof(r->node_id), "%u", c->reply.node);
}

enum virgo_code virgo_device_clone(struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec,
				   struct virgo_exec_result *result, struct virgo_error *err)
{
	static const __u32 kind[] = {
		[VIRGO_EXEC_PROGRAM] = VIRGO_CLONE_PROGRAM, [VIRGO_EXEC_FUNCTION] = VIRGO_CLONE_FUNCTION,
		[VIRGO_EXEC_KERNEL] = VIRGO_CLONE_KERNEL,
	};
	struct virgo_ioc_clone c = {
		.size = sizeof(c), .abi = VIRGO_ABI, .kind = kind[exec->kind], .priority = exec->priority,
		.input = (uintptr_t)exec->input, .input_len = exec->input_len, .run_ms = exec->timeout_ms,
		.connect_ms = ctx->connect_timeout_ms, .out_room = CLONE_ROOM, .err_room = CLONE_ROOM,
	};
	char *strings = malloc(VIRGO_RUN_STRINGS), *out = malloc(CLONE_ROOM + 1), *errs = malloc(CLONE_ROOM + 1);
	enum virgo_code code = VIRGO_OK;
	const char *wrong = NULL;
	int failure = 0;

	memset(result, 0, sizeof(*result));
	if (!strings || !out || !errs) {
		code = virgo_error_nomem(err);
		goto out;
	}
	if (exec->timeout_ms && exec->timeout_ms < UINT32_MAX - CLONE_SLACK_MS)
		c.timeout_ms = exec->timeout_ms + CLONE_SLACK_MS;
	put_strings(strings, &c, exec);
	c.out = (uintptr_t)out;
	c.err = (uintptr_t)errs;
	c.to.balance = node ? 0 : ctx->balancer;
	if (node)
		wrong = virgo_device_to(&c.to, node);
	if (wrong)
		code = virgo_error_set(err, VIRGO_UNREACHABLE, "%s: %s", node, wrong);
	if (!code)
		code = virgo_device_ioctl(ctx, VIRGO_IOC_CLONE, &c, &c.reply, &failure, err);
	if (!code)
		code = virgo_device_verdict(ctx, node, VIRGO_CPUPOOL, failure, &c.reply, c.timeout_ms, 1,
					    result->node, err);
	if (!code) {
		fill_result(result, &c, out, errs);
		out = errs = NULL;
	}
out:
	free(strings);
	free(out);
	free(errs);
	return code;
}
