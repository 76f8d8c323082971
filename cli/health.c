// SPDX-License-Identifier: GPL-3.0-or-later
/* How many of the nodes answer, for the prompt, which asks in the background. Says nothing else. */
#include "cli/cli.h"
#include "cli/session.h"

static int count(void *arg, struct virgo_answer *ans)
{
	size_t *up = arg;

	*up += !ans->err.code;
	virgo_answer_free(ans);
	return 0;
}

int cli_health(struct cli *cli)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/healthz", .unsigned_ok = 1 };
	struct run r = { .cli = cli, .name = "", .set = cli->set };
	struct virgo_error err;
	size_t up = 0, total;

	r.set.timeout = "3s";
	r.set.connect_timeout = "2s";
	if (session_conf(&r, &err) || virgo_connect(&r.ctx, r.conf, &err)) {
		session_release(&r);
		return (int)err.code;
	}
	r.own_ctx = true;
	total = virgo_nodeset_count(virgo_nodes(r.ctx));
	virgo_call_all(r.ctx, &req, count, &up, &err);
	fprintf(cli->data, "%zu %zu\n", up, total);
	session_release(&r);
	return VIRGO_OK;
}
