// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * mem get, set, del, ls, incr, txn: keys and values. Values pass byte for byte and are never
 * printed by accident: only get shows one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/input.h"

static int to_output(void *arg, const void *data, size_t len)
{
	struct out *o = arg;

	out_write(o, data, len);
	return o->error != 0;
}

static int options_range(struct run *r, struct virgo_mem_options *opt)
{
	int ret;

	ret = run_opt_size(r, "offset", &opt->offset);
	if (!ret)
		ret = run_opt_size(r, "length", &opt->length);
	opt->has_range = run_flag(r, "offset") || run_flag(r, "length");
	if (!ret && run_flag(r, "length") && !opt->length)
		ret = run_usage(r, "--length 0: nothing to read");
	return ret;
}

static const struct cli_option get_options[] = {
	{ 0, "offset", "N", "start at this byte (k, M, G)" },
	{ 0, "length", "N", "at most so many bytes" },
	{ 0, "if-version", "V", "only if this is the key's version" },
	{ 0 }
};

static int mem_get(struct run *r)
{
	static const struct out_col cols[] = {
		{ "key" }, { "value" }, { "size" }, { "version" }, { "node" },
	};
	struct virgo_mem_options opt = { .if_version = run_opt(r, "if-version") };
	bool stream = r->out.format == OUT_RAW || r->out.format == OUT_TSV;
	struct virgo_value value;
	struct virgo_error err;
	int ret;

	ret = options_range(r, &opt);
	if (ret)
		return ret;
	if (stream && !r->out.filtered) {
		opt.sink = to_output;
		opt.sink_arg = &r->out;
	}
	if (virgo_mem_get(r->ctx, r->argv[0], &opt, &value, &err))
		return r->out.error ? VIRGO_FAILED : run_error(r, &err);
	if (out_is_json(&r->out)) {
		out_record(&r->out, cols, CLI_COUNT(cols));
		out_str(&r->out, r->argv[0]);
		out_bytes(&r->out, value.data, value.len);
		out_u64(&r->out, value.len);
		out_str(&r->out, value.version);
		out_str(&r->out, value.node);
	} else if (!opt.sink) {
		out_value(&r->out, value.data, value.len);
	}
	virgo_value_free(&value);
	return VIRGO_OK;
}

static const struct cli_option set_options[] = {
	{ 0, "ttl", "DUR", "forget the key after this long: 500ms, 30s, 5m, 1h" },
	{ 0, "if-version", "V", "only if this is the key's version" },
	{ 0, "if-absent", NULL, "only if there is no such key" },
	{ 0 }
};

static void say_stored(struct run *r, const struct virgo_stored *stored)
{
	static const struct out_col cols[] = {
		{ "key" }, { "created" }, { "version" }, { "node" }, { "acked" },
	};

	if (!out_is_json(&r->out)) {
		run_note(r, "%s version %s on %s, in memory",
			 stored->created ? "created" : "replaced", stored->version, stored->node);
		return;
	}
	out_record(&r->out, cols, CLI_COUNT(cols));
	out_str(&r->out, r->argv[0]);
	out_bool(&r->out, stored->created);
	out_str(&r->out, stored->version);
	out_str(&r->out, stored->node);
	out_str(&r->out, "memory");
}

static int mem_set(struct run *r)
{
	struct virgo_mem_options opt = { .if_version = run_opt(r, "if-version"),
					 .if_absent = run_flag(r, "if-absent") };
	struct virgo_stored stored;
	struct virgo_body body;
	struct virgo_error err;
	int ret;

	ret = run_opt_ms(r, "ttl", &opt.ttl_ms);
	if (ret)
		return ret;
	if (opt.if_version && opt.if_absent)
		return run_usage(r, "--if-version and --if-absent exclude each other");
	ret = input_body(r, r->argc > 1 ? r->argv[1] : "-", &body);
	if (ret)
		return ret;
	ret = virgo_mem_set(r->ctx, r->argv[0], &body, &opt, &stored, &err);
	if (ret)
		run_error(r, &err);
	else
		say_stored(r, &stored);
	virgo_body_free(&body);
	return ret;
}

static const struct cli_option del_options[] = {
	{ 0, "if-version", "V", "only if this is the key's version" },
	{ 0 }
};

/* Nodes that gave no answer: each costs its time-out once, however many keys it has. */
struct silent {
	const char **nodes;
	size_t count;
};

static bool is_silent(const struct silent *s, const char *node)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->nodes[i] == node)	/* placement gives the node set's own string */
			return true;
	return false;
}

static int del_one(struct run *r, struct silent *s, const struct virgo_mem_options *opt,
		   const char *key)
{
	const char *node = virgo_place(r->ctx, key, strlen(key));
	struct virgo_error err;
	int ret;

	if (is_silent(s, node))
		return run_fail(r, VIRGO_UNREACHABLE, "key \"%.100s\" is not deleted: %s did not "
				"answer", key, node);
	ret = virgo_mem_del(r->ctx, key, opt, &err);
	if (!ret)
		return VIRGO_OK;
	if (ret == VIRGO_UNREACHABLE)
		s->nodes[s->count++] = node;
	return run_error(r, &err);
}

static int mem_del(struct run *r)
{
	static const struct out_col cols[] = { { "key" }, { "deleted" } };
	struct virgo_mem_options opt = { .if_version = run_opt(r, "if-version") };
	struct silent silent = { .nodes = calloc((size_t)r->argc, sizeof(char *)) };
	int i, ret, worst = VIRGO_OK;

	if (!silent.nodes)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	if (opt.if_version && r->argc > 1) {
		free(silent.nodes);
		return run_usage(r, "--if-version goes with one key");
	}
	if (out_is_json(&r->out))
		out_list(&r->out, cols, CLI_COUNT(cols));
	for (i = 0; i < r->argc && !r->cli->interrupted; i++) {
		ret = del_one(r, &silent, &opt, r->argv[i]);
		worst = ret > worst ? ret : worst;
		if (!ret && out_is_json(&r->out)) {
			out_str(&r->out, r->argv[i]);
			out_bool(&r->out, true);
		}
	}
	free(silent.nodes);
	return i < r->argc ? VIRGO_INTERRUPTED : worst;
}

static const struct cli_option ls_options[] = {
	{ 'n', "limit", "N", "at most so many keys" },
	{ 0, "after", "KEY", "only keys after this one", CLI_C_KEY },
	{ 0 }
};

static int list_entry(void *arg, const struct virgo_mem_entry *e)
{
	struct run *r = arg;

	out_str(&r->out, e->key);
	out_size(&r->out, e->size);
	out_str(&r->out, e->version);
	if (e->ttl_ms < 0)
		out_none(&r->out);
	else
		out_ms(&r->out, (uint64_t)e->ttl_ms);
	out_str(&r->out, e->node);
	return r->out.error || r->cli->interrupted;
}

static void list_failed(void *arg, const struct virgo_error *err)
{
	run_node_failed(arg, err);
}

static int mem_ls(struct run *r)
{
	static const struct out_col cols[] = {
		{ "key", "KEY" }, { "size", "SIZE", true }, { "version", "VERSION", true },
		{ "ttl_ms", "TTL", true }, { "node", "NODE" },
	};
	struct virgo_mem_list list = {
		.prefix = r->argc ? r->argv[0] : NULL, .after = run_opt(r, "after"),
		.entry = list_entry, .failed = list_failed, .arg = r,
	};
	struct virgo_error err;
	int ret, worst;
	bool told;

	ret = run_opt_u64(r, "limit", INT64_MAX, &list.limit);
	if (ret)
		return ret;
	if (run_flag(r, "limit") && !list.limit)
		return run_usage(r, "--limit 0: nothing to list");
	r->asked = virgo_nodeset_count(virgo_nodes(r->ctx));
	out_list(&r->out, cols, CLI_COUNT(cols));
	ret = virgo_mem_list(r->ctx, &list, &err);
	told = r->nfailures || r->out.error;
	worst = run_failures(r);
	if (ret && !told)
		run_error(r, &err);
	return ret > worst ? ret : worst;
}

static int mem_incr(struct run *r)
{
	static const struct out_col cols[] = { { "key" }, { "value" } };
	struct virgo_error err;
	int64_t by = 1, value;
	char *end;

	if (r->argc > 1) {
		errno = 0;
		by = strtoll(r->argv[1], &end, 10);
		if (errno || end == r->argv[1] || *end)
			return run_usage(r, "\"%.60s\" is not a whole number of 64 bits",
					 r->argv[1]);
	}
	if (virgo_mem_incr(r->ctx, r->argv[0], by, NULL, &value, &err))
		return run_error(r, &err);
	if (!out_is_json(&r->out)) {
		out_printf(&r->out, "%" PRId64 "\n", value);
		return VIRGO_OK;
	}
	out_record(&r->out, cols, CLI_COUNT(cols));
	out_str(&r->out, r->argv[0]);
	out_i64(&r->out, value);
	return VIRGO_OK;
}

static int mem_txn(struct run *r)
{
	struct virgo_error err;
	int ret, succeeded = 0;
	char *text, *answer;
	size_t len;

	ret = input_text(r, r->argc ? r->argv[0] : "-", &text, &len);
	if (ret)
		return ret;
	ret = virgo_mem_txn(r->ctx, text, len, NULL, &succeeded, &answer, &err);
	free(text);
	if (ret)
		return run_error(r, &err);
	out_printf(&r->out, "%s\n", answer);
	free(answer);
	return succeeded ? VIRGO_OK : VIRGO_PRECONDITION;
}

#define PLACED "The key lives on the node that placement over the node list chooses; -w NODE\n" \
	       "names one node."

const struct cli_command commands_mem[] = {
	{ "mem get", "KEY", "print the value of a key",
	  PLACED "\n\n"
	  "Into a file or pipe the value comes byte for byte; on a terminal it is escaped. With\n"
	  "-o json: key, value (value_b64 where it is not UTF-8), size, version and node.",
	  get_options, 1, 1, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_KEY, NULL, mem_get },
	{ "mem set", "KEY [VALUE | -]", "store a value under a key",
	  "Without VALUE, or with -, the value is read from standard input. " PLACED,
	  set_options, 1, 2, CLI_NEEDS_NODES | CLI_VALUE | CLI_NEGATIVE, CLI_C_KEY, NULL, mem_set },
	{ "mem del", "KEY…", "remove keys",
	  "A key that is not there is an error (3); the others are removed all the same.",
	  del_options, 1, CLI_ANY, CLI_NEEDS_NODES, CLI_C_KEY, NULL, mem_del },
	{ "mem ls", "[PREFIX]", "list the keys of all nodes, in byte order",
	  "In a pipe: key, size, version, milliseconds left to live (empty: for ever) and node,\n"
	  "separated by tabs, bytes in keys escaped; with -o raw the keys alone.",
	  ls_options, 0, 1, CLI_NEEDS_NODES, CLI_C_KEY, NULL, mem_ls },
	{ "mem incr", "KEY [BY]", "add to the number kept under a key and print it",
	  "BY is 1 if left out and may be negative. An absent key counts as 0.",
	  NULL, 1, 2, CLI_NEEDS_NODES | CLI_VALUE | CLI_NEGATIVE, CLI_C_KEY, NULL, mem_incr },
	{ "mem txn", "[FILE | -]", "run a transaction on one node: all of it or nothing",
	  "The transaction is JSON:\n"
	  "{\"if\":[{\"key\",\"version\"|\"value\"|\"absent\"}],\"then\":[…],\"else\":[…]}. All\n"
	  "its keys must live on one node. The node's answer is printed; the exit status is 6\n"
	  "when the conditions did not hold and \"else\" was done.",
	  NULL, 0, 1, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_FILE, NULL, mem_txn },
	{ 0 }
};
