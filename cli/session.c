// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A session's configuration and context: opened when first needed, kept for the commands that
 * follow, and opened anew for a command that was given other settings.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/session.h"

void cli_init(struct cli *cli, const char *self)
{
	memset(cli, 0, sizeof(*cli));
	cli->data = stdout;
	cli->diag = stderr;
	cli->self = self;
}

void cli_free(struct cli *cli)
{
	virgo_disconnect(cli->ctx);
	virgo_conf_free(cli->conf);
	cli->ctx = NULL;
	cli->conf = NULL;
}

void cli_interrupt(struct cli *cli)
{
	struct virgo_ctx *busy = cli->busy;

	cli->interrupted = 1;
	if (busy)
		virgo_cancel(busy);
}

/* do the settings that a configuration or context is made of differ? */
static bool differs(const struct cli_settings *a, const struct cli_settings *b)
{
	return a->config != b->config || a->nodes != b->nodes || a->timeout != b->timeout ||
	       a->connect_timeout != b->connect_timeout || a->via != b->via ||
	       a->balance != b->balance || a->verbose != b->verbose;
}

static enum virgo_code put_options(struct virgo_conf *conf, const struct cli_settings *set,
				   struct virgo_error *err)
{
	const struct {
		const char *key, *value;
	} put[] = {
		{ "nodes", set->nodes }, { "timeout", set->timeout },
		{ "connect_timeout", set->connect_timeout }, { "via", set->via },
		{ "balance", set->balance },
	};
	enum virgo_code code;
	size_t i;

	for (i = 0; i < CLI_COUNT(put); i++) {
		if (!put[i].value)
			continue;
		code = virgo_conf_set(conf, put[i].key, put[i].value, err);
		if (code)
			return code;
	}
	return VIRGO_OK;
}

/* open the run's configuration without a word */
enum virgo_code session_conf(struct run *r, struct virgo_error *err)
{
	struct virgo_conf *conf;
	enum virgo_code code;

	r->own_conf = differs(&r->set, &r->cli->set);
	r->conf = r->own_conf ? NULL : r->cli->conf;
	if (r->conf)
		return VIRGO_OK;
	code = virgo_conf_open(&conf, r->set.config, err);
	if (!code) {
		code = put_options(conf, &r->set, err);
		if (code)
			virgo_conf_free(conf);
	}
	if (code)
		return code;
	r->conf = conf;
	if (!r->own_conf)
		r->cli->conf = conf;
	return VIRGO_OK;
}

struct virgo_conf *run_conf(struct run *r)
{
	struct virgo_error err;

	if (!r->conf && session_conf(r, &err))
		r->no_ctx = run_error(r, &err);
	return r->conf;
}

static void trace(void *arg, const char *node, char mark, const char *text)
{
	struct run *r = arg;
	struct out_text t = { 0 };

	if (r->set.verbose < 2 && mark != '*')
		return;
	text_printf(&t, "%c %s ", mark, node);
	text_escaped(&t, text, strlen(text));
	text_add(&t, "\n", 1);
	if (!t.failed)
		fwrite(t.data, 1, t.len, r->cli->diag);
	text_free(&t);
}

struct virgo_ctx *run_ctx(struct run *r)
{
	struct virgo_error err;
	struct virgo_ctx *ctx;

	if (r->ctx || !run_conf(r))
		return r->ctx;
	r->own_ctx = r->own_conf;
	ctx = r->own_ctx ? NULL : r->cli->ctx;
	if (!ctx && virgo_connect(&ctx, r->conf, &err)) {
		r->no_ctx = run_error(r, &err);
		return NULL;
	}
	if (!r->own_ctx)
		r->cli->ctx = ctx;
	r->ctx = ctx;
	virgo_trace(ctx, r->set.verbose ? trace : NULL, r);
	r->cli->busy = ctx;
	if (r->cli->interrupted)
		virgo_cancel(ctx);
	return ctx;
}

void session_release(struct run *r)
{
	r->cli->busy = NULL;
	if (r->ctx)
		virgo_trace(r->ctx, NULL, NULL);
	if (r->own_ctx)
		virgo_disconnect(r->ctx);
	if (r->own_conf)
		virgo_conf_free(r->conf);
	r->ctx = NULL;
	r->conf = NULL;
}

struct virgo_ctx *run_on(struct run *r, const char *set)
{
	if (set) {
		session_release(r);
		r->set.nodes = set;
	}
	return run_ctx(r);
}
