// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Messages from a node to its helper, any bytes: what is accepted lies within the message, string by string,
 * and taken together it is the message. Then the environment is built of it.
 */
#include <stdlib.h>

#include "helper/env.c"
#include "helper/fault.c"
#include "helper/proto.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So many strings from at on; where they end. */
static const char *pass(const struct strings *s, const char *at)
{
	size_t i;

	MUST(!s->n || s->first == at);
	for (i = 0; i < s->n; i++)
		at = strings_next(at);
	return at;
}

static void check_environment(const struct strings *sent)
{
	struct fault f = { .why = 0 };
	char **env = env_build(sent, "nobody", "/", &f), **e;
	size_t n = 0;

	if (!env) {
		MUST(f.why && f.err && f.text[0] && strlen(f.text) < sizeof(f.text));
		return;
	}
	for (e = env; *e; e++, n++)
		MUST(**e != '=' && strchr(*e, '=') && strncmp(*e, "LD_", 3));
	MUST(n >= BASE && n <= sent->n + BASE);
	env_free(env);
}

static void check_run(const char *msg, size_t size)
{
	const char *at = msg + HEAD + sizeof(struct virgo_run), *end = msg + size;
	struct request r;

	if (proto_run(msg, size, &r))
		return;
	MUST(r.name == at && end[-1] == '\0');
	MUST(r.user == strings_next(r.name) && r.group == strings_next(r.user));
	MUST(r.cwd == strings_next(r.group));
	at = strings_next(r.cwd);
	at = pass(&r.args, at);
	at = pass(&r.env, at);
	at = pass(&r.allow, at);
	MUST(at == end);
	MUST(r.args.n == r.run.nargs && r.env.n == r.run.nenv && r.allow.n == r.run.nallow);
	MUST(r.id);
	check_environment(&r.env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *msg = (const char *)data;
	struct virgo_msg head;
	struct request r;

	if (proto_head(msg, size, &head))
		return 0;
	MUST(head.len == size && size >= HEAD && size <= VIRGO_MSG_MAX);
	if (head.type == VIRGO_MSG_RUN)
		check_run(msg, size);
	else if (head.type == VIRGO_MSG_LIST && !proto_list(msg, size, &r))
		MUST(pass(&r.allow, msg + HEAD) == msg + size);
	return 0;
}
