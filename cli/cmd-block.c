// SPDX-License-Identifier: GPL-3.0-or-later
/* mem alloc, read, write, free: raw blocks of other nodes' memory, by address. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/input.h"

static int to_output(void *arg, const void *data, size_t len)
{
	struct out *o = arg;

	out_write(o, data, len);
	return o->error != 0;
}

static int mem_alloc(struct run *r)
{
	static const struct out_col cols[] = {
		{ "address", "address" }, { "node", "node" }, { "id", "id" }, { "size", "size" },
	};
	struct virgo_address addr;
	struct virgo_error err;
	uint64_t size;

	if (virgo_parse_size(r->argv[0], &size, &err))
		return run_usage(r, "%s", err.message);
	if (virgo_malloc(r->ctx, NULL, size, &addr, &err))
		return run_error(r, &err);
	if (!out_is_json(&r->out)) {
		out_printf(&r->out, "%s/%s\n", addr.node, addr.id);
		return VIRGO_OK;
	}
	snprintf(r->hint, sizeof(r->hint), "%s/%s", addr.node, addr.id);
	out_record(&r->out, cols, CLI_COUNT(cols));
	out_str(&r->out, r->hint);
	out_str(&r->out, addr.node);
	out_str(&r->out, addr.id);
	out_u64(&r->out, size);
	*r->hint = '\0';
	return VIRGO_OK;
}

static int address(struct run *r, const char *text, struct virgo_address *addr)
{
	struct virgo_error err;

	if (virgo_address_parse(r->ctx, text, addr, &err))
		return run_error(r, &err);
	return VIRGO_OK;
}

static const struct cli_option read_options[] = {
	{ 0, "offset", "N", "start at this byte (k, M, G)" },
	{ 0, "length", "N", "so many bytes; else to the end of the block" },
	{ 0 }
};

static int read_json(struct run *r, const struct virgo_address *addr, uint64_t offset,
		     const char *data, size_t len)
{
	static const struct out_col cols[] = {
		{ "node" }, { "id" }, { "offset" }, { "size" }, { "data" },
	};

	out_record(&r->out, cols, CLI_COUNT(cols));
	out_str(&r->out, addr->node);
	out_str(&r->out, addr->id);
	out_u64(&r->out, offset);
	out_u64(&r->out, len);
	out_bytes(&r->out, data, len);
	return VIRGO_OK;
}

static int mem_read(struct run *r)
{
	bool stream = r->out.format == OUT_RAW || r->out.format == OUT_TSV;
	uint64_t offset = 0, length = 0;
	struct virgo_address addr;
	struct virgo_error err;
	char *data = NULL;
	size_t len = 0;
	int ret;

	ret = run_opt_size(r, "offset", &offset);
	if (!ret)
		ret = run_opt_size(r, "length", &length);
	if (!ret && run_flag(r, "length") && !length)
		ret = run_usage(r, "--length 0: nothing to read");
	if (!ret)
		ret = address(r, r->argv[0], &addr);
	if (ret)
		return ret;
	if (virgo_get(r->ctx, &addr, offset, length, stream ? to_output : NULL, &r->out, &data,
		      &len, &err))
		return r->out.error ? VIRGO_FAILED : run_error(r, &err);
	if (out_is_json(&r->out))
		read_json(r, &addr, offset, data, len);
	else if (!stream)
		out_value(&r->out, data, len);
	free(data);
	return VIRGO_OK;
}

static const struct cli_option write_options[] = {
	{ 0, "offset", "N", "start at this byte (k, M, G)" },
	{ 0 }
};

static int mem_write(struct run *r)
{
	static const struct out_col cols[] = {
		{ "node" }, { "id" }, { "offset" }, { "size" }, { "acked" },
	};
	struct virgo_address addr;
	struct virgo_body body;
	struct virgo_error err;
	uint64_t offset = 0;
	int ret;

	ret = run_opt_size(r, "offset", &offset);
	if (!ret)
		ret = address(r, r->argv[0], &addr);
	if (!ret)
		ret = input_body(r, r->argc > 1 ? r->argv[1] : "-", &body);
	if (ret)
		return ret;
	ret = virgo_set(r->ctx, &addr, offset, &body, &err);
	if (ret) {
		run_error(r, &err);
	} else if (out_is_json(&r->out)) {
		out_record(&r->out, cols, CLI_COUNT(cols));
		out_str(&r->out, addr.node);
		out_str(&r->out, addr.id);
		out_u64(&r->out, offset);
		out_u64(&r->out, body.len);
		out_str(&r->out, "memory");
	} else {
		run_note(r, "%llu bytes written to %s/%s, in memory", (unsigned long long)body.len,
			 addr.node, addr.id);
	}
	virgo_body_free(&body);
	return ret;
}

static int mem_free(struct run *r)
{
	static const struct out_col cols[] = { { "address" }, { "freed" } };
	int i, ret, worst = VIRGO_OK;
	struct virgo_address addr;
	struct virgo_error err;

	if (out_is_json(&r->out))
		out_list(&r->out, cols, CLI_COUNT(cols));
	for (i = 0; i < r->argc && !r->cli->interrupted; i++) {
		ret = address(r, r->argv[i], &addr);
		if (!ret) {
			ret = virgo_free(r->ctx, &addr, &err);
			if (ret)
				run_error(r, &err);
		}
		worst = ret > worst ? ret : worst;
		if (!ret && out_is_json(&r->out)) {
			out_str(&r->out, r->argv[i]);
			out_bool(&r->out, true);
		}
	}
	return i < r->argc ? VIRGO_INTERRUPTED : worst;
}

const struct cli_command commands_block[] = {
	{ "mem alloc", "SIZE", "take a block of zeroed memory on a node and print its address",
	  "On a node chosen at random, or the one -w names. SIZE takes k, M and G. The block\n"
	  "lives until \"mem free\". The address is NODE/ID; the id alone will do where the\n"
	  "node list is the same.",
	  NULL, 1, 1, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, mem_alloc },
	{ "mem read", "ADDRESS", "print the bytes of a block",
	  NULL, read_options, 1, 1, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, mem_read },
	{ "mem write", "ADDRESS [DATA | -]", "write into a block",
	  "Without DATA, or with -, from standard input. All of it must fit.",
	  write_options, 1, 2, CLI_NEEDS_NODES, CLI_C_NONE, NULL, mem_write },
	{ "mem free", "ADDRESS…", "give blocks back",
	  NULL, NULL, 1, CLI_ANY, CLI_NEEDS_NODES, CLI_C_NONE, NULL, mem_free },
	{ 0 }
};
