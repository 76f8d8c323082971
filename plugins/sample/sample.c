/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin to copy from: "virgo sample count" and "virgo sample hello". It is built with the installed
 * headers alone and linked with nothing: virgo_mem_list() is found in the virgo command.
 */
#include <stdlib.h>
#include <string.h>
#include <virgo/virgo.h>
#include <virgo_plugin.h>

typedef const struct virgo_plugin_host host_t;

/* --- sample count: a list over the nodes --------------------------------------------------------- */

struct count {
	host_t *host;
	struct virgo_plugin_run *run;
	struct per_node {
		const char *node;	/* as in virgo_nodes(), which outlives us */
		uint64_t keys, bytes, largest;
	} *nodes;
	size_t n;
	uint64_t min_size;
};

static int count_entry(void *arg, const struct virgo_mem_entry *entry)
{
	struct count *c = arg;
	size_t i;

	for (i = 0; i < c->n && entry->size >= c->min_size; i++) {
		if (strcmp(c->nodes[i].node, entry->node))
			continue;
		c->nodes[i].keys++;
		c->nodes[i].bytes += entry->size;
		if (entry->size > c->nodes[i].largest)
			c->nodes[i].largest = entry->size;
	}
	return c->host->interrupted(c->run);
}

static void count_failed(void *arg, const struct virgo_error *err)
{
	struct count *c = arg;

	c->host->node_failed(c->run, err);
}

static void count_print(struct count *c)
{
	static const struct virgo_plugin_column columns[] = {
		{ "node", "NODE", 0 }, { "keys", "KEYS", 1 }, { "bytes", "BYTES", 1 },
		{ "largest", "LARGEST", 1 },
	};
	int empty = c->host->flag(c->run, "empty");
	size_t i;

	c->host->list(c->run, columns, sizeof(columns) / sizeof(*columns));
	for (i = 0; i < c->n; i++) {
		if (!c->nodes[i].keys && !empty)
			continue;
		c->host->str(c->run, c->nodes[i].node);
		c->host->u64(c->run, c->nodes[i].keys);
		c->host->size_cell(c->run, c->nodes[i].bytes);
		c->host->size_cell(c->run, c->nodes[i].largest);
	}
}

static int count(host_t *host, struct virgo_plugin_run *run)
{
	struct virgo_mem_list list = { .entry = count_entry, .failed = count_failed };
	struct virgo_ctx *ctx = host->ctx(run);
	const struct virgo_nodeset *nodes = virgo_nodes(ctx);
	struct count c = { .host = host, .run = run };
	struct virgo_error err;
	int ret;

	ret = host->option_size(run, "min-size", &c.min_size);
	if (ret)
		return ret;
	while (virgo_nodeset_name(nodes, c.n))
		c.n++;
	c.nodes = calloc(c.n + 1, sizeof(*c.nodes));
	if (!c.nodes)
		return host->fail(run, VIRGO_FAILED, "out of memory");
	for (size_t i = 0; i < c.n; i++)
		c.nodes[i].node = virgo_nodeset_name(nodes, i);
	list.prefix = host->argv(run)[0];
	list.arg = &c;
	ret = virgo_mem_list(ctx, &list, &err);
	if (ret == VIRGO_INTERRUPTED) {
		free(c.nodes);
		return ret;
	}
	count_print(&c);
	free(c.nodes);
	/* what a node could not do has been remembered by count_failed() */
	return host->failures(run, c.n);
}

/* Candidates for PREFIX: what the keys that begin so have before their next ":". */
struct prefixes {
	host_t *host;
	struct virgo_plugin_completion *c;
	size_t begun;
	char last[VIRGO_MEM_KEY_MAX + 1];
};

static int offer_prefix(void *arg, const struct virgo_mem_entry *entry)
{
	struct prefixes *p = arg;
	const char *colon = strchr(entry->key + p->begun, ':');
	size_t n = colon ? (size_t)(colon - entry->key) + 1 : 0;

	if (!colon || (!strncmp(p->last, entry->key, n) && !p->last[n]))
		return 0;
	memcpy(p->last, entry->key, n);
	p->last[n] = '\0';
	p->host->offer(p->c, p->last, NULL);
	return 0;
}

static void offer_count(host_t *host, struct virgo_plugin_completion *c,
			const struct virgo_plugin_cursor *at)
{
	struct prefixes p = { .host = host, .c = c, .begun = strlen(at->begun) };
	struct virgo_mem_list list = { .prefix = at->begun, .limit = 200, .entry = offer_prefix };
	struct virgo_ctx *ctx;

	if (at->argc || at->option)
		return;
	ctx = host->completion_ctx(c);
	list.arg = &p;
	if (ctx)
		virgo_mem_list(ctx, &list, NULL);
}

static const struct virgo_plugin_option count_options[] = {
	{ .letter = 's', .name = "min-size", .arg = "N", .help = "only values of N bytes or more (k, M, G)" },
	{ .letter = 'e', .name = "empty", .help = "nodes without such keys, too" },
	{ .name = NULL }
};

/* --- sample hello: a record, and errors ---------------------------------------------------------- */

static const char *const tones[] = { "plain", "loud", NULL };

static int hello(host_t *host, struct virgo_plugin_run *run)
{
	static const struct virgo_plugin_column columns[] = {
		{ "greeting", "greeting", 0 }, { "name", "name", 0 },
	};
	const char *name = host->argc(run) ? host->argv(run)[0] : "world";
	const char *tone = host->option(run, "tone");

	if (tone && strcmp(tone, "plain") && strcmp(tone, "loud"))
		return host->usage(run, "--tone \"%.40s\" is neither plain nor loud", tone);
	if (!strcmp(name, "nobody")) {
		host->hint(run, "virgo sample hello NAME");
		return host->fail(run, VIRGO_NOT_FOUND, "there is no \"%s\" to greet", name);
	}
	host->record(run, columns, 2);
	host->str(run, tone && !strcmp(tone, "loud") ? "HELLO" : "hello");
	host->str(run, name);
	return VIRGO_OK;
}

static const struct virgo_plugin_option hello_options[] = {
	{ .letter = 't', .name = "tone", .arg = "TONE", .help = "plain or loud",
	  .complete = VIRGO_PLUGIN_C_WORDS, .words = tones },
	{ .name = NULL }
};

/* --- the descriptor -------------------------------------------------------------------------------- */

static const struct virgo_plugin_command commands[] = {
	{ .name = "count", .args = "PREFIX", .summary = "count the keys that begin with PREFIX, and their bytes",
	  .detail = "A row a node. \"\" counts all keys.", .options = count_options, .min_args = 1,
	  .max_args = 1, .flags = VIRGO_PLUGIN_NEEDS_NODES, .complete = VIRGO_PLUGIN_C_CALL,
	  .run = count, .offer = offer_count },
	{ .name = "hello", .args = "[NAME]", .summary = "greet somebody", .options = hello_options,
	  .max_args = 1, .run = hello },
	{ .name = NULL }
};

static const struct virgo_plugin_function functions[] = {
	{ .name = "sample_each", .summary = "run a command for every key that begins with a prefix",
	  .text = "sample_each() {\n"
		  "	local key prefix=$1\n"
		  "	shift\n"
		  "	mem ls -o raw \"$prefix\" | while IFS= read -r key; do\n"
		  "		\"$@\" \"$key\" || return\n"
		  "	done\n"
		  "}\n" },
	{ .name = NULL }
};

const struct virgo_plugin virgo_plugin = {
	.head = VIRGO_PLUGIN_HEAD, .name = "sample", .version = "1.0",
	.summary = "a plugin to copy from: keys counted by prefix, and a greeting",
	.commands = commands, .functions = functions,
};
