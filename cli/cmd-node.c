// SPDX-License-Identifier: GPL-3.0-or-later
/* status, node ls, show, load, ping: what the nodes say of themselves. Changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/commands.h"

/* print the members of an object as rows of a record, nested ones as "outer.inner" */
static void print_object(struct out *o, const cJSON *object, const char *prefix, int depth)
{
	const cJSON *item;
	char name[256], *text;

	cJSON_ArrayForEach(item, object) {
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "",
			 item->string ? item->string : "");
		if (cJSON_IsObject(item) && depth < 4) {
			print_object(o, item, name, depth + 1);
			continue;
		}
		text = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
		out_shown(o, o->format == OUT_TABLE ? "%-28s " : "%s", name);
		out_write(o, "\t", o->format != OUT_TABLE);
		out_shown(o, "%s", text ? text : cJSON_IsString(item) ? item->valuestring : "");
		out_write(o, "\n", 1);
		cJSON_free(text);
	}
}

static void show_answer(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	cJSON *body = cJSON_ParseWithLength(ans->body, ans->len);

	(void)r;
	(void)arg;
	if (cJSON_IsObject(body))
		print_object(o, body, "", 0);
	else
		out_value(o, ans->body, ans->len);
	cJSON_Delete(body);
}

static const struct cli_option show_options[] = {
	{ 0, "stats", NULL, "its counters instead" },
	{ 0 }
};

static int node_show(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET" };

	req.target = run_flag(r, "stats") ? "/v1/stats" : "/v1/node";
	if (!run_on(r, r->argc ? r->argv[0] : NULL))
		return r->no_ctx;
	return ask_folded(r, &req, show_answer, NULL);
}

/* "up", or why there is no good answer */
static const char *state_of(const struct virgo_answer *ans)
{
	if (!ans->err.code)
		return "up";
	return ans->err.timed_out ? "timed out" : virgo_code_name(ans->err.code);
}

static void ls_row(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *node = ans->err.code ? NULL : cJSON_ParseWithLength(ans->body, ans->len);
	double up = json_number(node, "uptime_ms", -1);

	(void)arg;
	out_str(&r->out, ans->node);
	out_str(&r->out, *ans->node_id ? ans->node_id : NULL);
	out_str(&r->out, state_of(ans));
	json_cell_text(&r->out, node, "version");
	json_cell_text(&r->out, node, "kind");
	json_cell_text(&r->out, node, "release");
	if (up < 0)
		out_none(&r->out);
	else
		out_ms(&r->out, (uint64_t)up);
	cJSON_Delete(node);
}

static int node_ls(struct run *r)
{
	static const struct out_col cols[] = {
		{ "node", "NODE" }, { "id", "ID", true }, { "state", "STATE" },
		{ "version", "VERSION" }, { "kind", "KIND" }, { "release", "KERNEL" },
		{ "uptime_ms", "UP", true },
	};
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/v1/node" };

	if (!run_on(r, r->argc ? r->argv[0] : NULL))
		return r->no_ctx;
	out_list(&r->out, cols, CLI_COUNT(cols));
	return ask_rows_all(r, &req, ls_row, NULL);
}

/* all requests of a node: the sum of its services' */
static void requests_cell(struct out *o, const cJSON *stats)
{
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(stats, "services"), *service;
	double sum = 0;

	cJSON_ArrayForEach(service, services)
		sum += json_number(service, "requests", 0);
	if (services)
		out_u64(o, (uint64_t)sum);
	else
		out_none(o);
}

/* what the balancers go by */
static void load_row(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *load = ans->err.code ? NULL : cJSON_ParseWithLength(ans->body, ans->len);
	double us = json_number(load, "predicted_us", 0), load1 = json_number(load, "load1", -1);
	char text[32];

	(void)arg;
	snprintf(text, sizeof(text), "%.2f", load1);
	out_str(&r->out, ans->node);
	out_str(&r->out, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(load, "degraded")) ?
			 "degraded" : state_of(ans));
	json_cell_u64(&r->out, load, "cpus");
	out_json(&r->out, load1 < 0 || load1 > 1e6 ? NULL : text);
	json_cell_u64(&r->out, load, "running");
	json_cell_u64(&r->out, load, "queued");
	json_cell_size(&r->out, load, "mem_free");
	if (us > 0 && us < 1e18)
		out_us(&r->out, (uint64_t)us);
	else
		out_none(&r->out);
	cJSON_Delete(load);
}

static int node_load(struct run *r)
{
	static const struct out_col cols[] = {
		{ "node", "NODE" }, { "state", "STATE" }, { "cpus", "CPUS", true },
		{ "load1", "LOAD", true }, { "running", "RUNNING", true },
		{ "queued", "QUEUED", true }, { "mem_free", "MEMORY FREE", true },
		{ "predicted_us", "EXPECTED", true },
	};
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "GET",
				     .target = "/v1/load" };

	if (!run_on(r, r->argc ? r->argv[0] : NULL))
		return r->no_ctx;
	out_list(&r->out, cols, CLI_COUNT(cols));
	return ask_rows_all(r, &req, load_row, NULL);
}

static const struct cli_option ping_options[] = {
	{ 'n', "count", "N", "ask so many times, 1 to 1000; default 3" },
	{ 's', "service", "NAME", "this service's port; default control", CLI_C_WORDS,
	  cli_service_words },
	{ 0 }
};

/* What the rounds of a ping found for one node. */
struct pinged {
	const char *node;
	uint64_t least, most, sum;
	unsigned int sent, answered;
	struct virgo_error err;		/* the last failure */
};

struct pinging {
	struct pinged *nodes;
	struct virgo_job *jobs;		/* of this round */
	size_t *which;			/* the node of each job */
	size_t n;
};

static int ping_answer(void *arg, struct virgo_answer *ans)
{
	struct pinging *all = arg;
	struct pinged *p = &all->nodes[all->which[ans->index]];

	p->sent++;
	if (ans->err.code) {
		p->err = ans->err;
	} else {
		p->least = p->answered && p->least < ans->us ? p->least : ans->us;
		p->most = p->most > ans->us ? p->most : ans->us;
		p->sum += ans->us;
		p->answered++;
	}
	virgo_answer_free(ans);
	return 0;
}

/* every node once, but for those that have cost a time-out already */
static int ping_round(struct run *r, struct pinging *all, const struct virgo_request *req,
		      struct virgo_error *err)
{
	size_t i, n = 0;

	for (i = 0; i < all->n; i++) {
		if (all->nodes[i].err.timed_out)
			continue;
		all->which[n] = i;
		all->jobs[n].node = all->nodes[i].node;
		all->jobs[n++].req = req;
	}
	return n ? virgo_call_many(r->ctx, all->jobs, n, ping_answer, all, err) : VIRGO_OK;
}

static void ping_rows(struct run *r, const struct pinged *p, size_t n)
{
	static const struct out_col cols[] = {
		{ "node", "NODE" }, { "sent", "SENT", true }, { "answered", "ANSWERED", true },
		{ "min_us", "LEAST", true }, { "avg_us", "MEAN", true }, { "max_us", "MOST", true },
	};
	size_t i;

	out_list(&r->out, cols, CLI_COUNT(cols));
	for (i = 0; i < n; i++, p++) {
		if (p->err.code)
			run_node_failed(r, &p->err);
		if (!p->answered && out_is_json(&r->out))
			continue;
		out_str(&r->out, p->node);
		out_u64(&r->out, p->sent);
		out_u64(&r->out, p->answered);
		if (!p->answered) {
			out_none(&r->out);
			out_none(&r->out);
			out_none(&r->out);
			continue;
		}
		out_us(&r->out, p->least);
		out_us(&r->out, p->sum / p->answered);
		out_us(&r->out, p->most);
	}
}

static int node_ping(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/healthz", .unsigned_ok = 1 };
	const char *service = run_opt(r, "service");
	struct pinging all = { NULL };
	struct virgo_error err;
	uint64_t rounds = 3, i;
	int ret, worst;
	size_t k;

	ret = run_opt_u64(r, "count", 1000, &rounds);
	if (ret || !rounds)
		return ret ? ret : run_usage(r, "--count 0: nothing to do");
	if (service && virgo_service_find(service) < 0)
		return run_usage(r, "no service \"%.40s\"", service);
	if (service)
		req.service = (enum virgo_service)virgo_service_find(service);
	if (!run_on(r, r->argc ? r->argv[0] : NULL))
		return r->no_ctx;
	all.n = virgo_nodeset_count(virgo_nodes(r->ctx));
	all.nodes = calloc(all.n, sizeof(*all.nodes));
	all.jobs = calloc(all.n, sizeof(*all.jobs));
	all.which = calloc(all.n, sizeof(*all.which));
	if (!all.nodes || !all.jobs || !all.which) {
		ret = run_fail(r, VIRGO_FAILED, "out of memory");
		goto out;
	}
	for (k = 0; k < all.n; k++)
		all.nodes[k].node = virgo_nodeset_name(virgo_nodes(r->ctx), k);
	for (i = 0; i < rounds && !ret; i++)
		ret = ping_round(r, &all, &req, &err);
	r->asked = all.n;
	ping_rows(r, all.nodes, all.n);
	if (!out_is_json(&r->out))
		out_end(&r->out);
	if (ret)
		run_error(r, &err);
	worst = run_failures(r);
	ret = ret ? ret : worst;
out:
	free(all.nodes);
	free(all.jobs);
	free(all.which);
	return ret;
}

static void status_row(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *all = ans->err.code ? NULL : cJSON_ParseWithLength(ans->body, ans->len);
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(all, "services");
	const cJSON *mem = cJSON_GetObjectItemCaseSensitive(services, "mempool");

	(void)arg;
	out_str(&r->out, ans->node);
	out_str(&r->out, *ans->node_id ? ans->node_id : NULL);
	out_str(&r->out, state_of(ans));
	json_cell_u64(&r->out, mem, "keys");
	json_cell_u64(&r->out, mem, "blocks");
	json_cell_size(&r->out, mem, "bytes_used");
	json_cell_size(&r->out, mem, "bytes_max");
	json_cell_u64(&r->out, all, "connections");
	requests_cell(&r->out, all);
	cJSON_Delete(all);
}

static void say_status(struct run *r)
{
	struct virgo_setting nodes = { 0 };
	const char *key = virgo_key_id(r->ctx);

	virgo_conf_setting(r->conf, "nodes", &nodes);
	run_note(r, "%zu nodes (%s), %s%s", virgo_nodeset_count(virgo_nodes(r->ctx)),
		 nodes.origin ? nodes.origin : "built-in", *key ? "signed with key " : "not signed",
		 key);
}

static int status(struct run *r)
{
	static const struct out_col cols[] = {
		{ "node", "NODE" }, { "id", "ID", true }, { "state", "STATE" },
		{ "keys", "KEYS", true }, { "blocks", "BLOCKS", true },
		{ "bytes_used", "MEMORY", true },
		{ "bytes_max", "OF", true }, { "connections", "CONNECTIONS", true },
		{ "requests", "REQUESTS", true },
	};
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/v1/stats" };

	say_status(r);
	out_list(&r->out, cols, CLI_COUNT(cols));
	return ask_rows_all(r, &req, status_row, NULL);
}

const struct cli_command commands_node[] = {
	{ "status", "", "which nodes answer, and what they hold",
	  NULL, NULL, 0, 0, CLI_NEEDS_NODES, CLI_C_NONE, NULL, status },
	{ "node ls", "[SET]", "list the nodes: id, state, version, kind, kernel, time since start",
	  NULL, NULL, 0, 1, 0, CLI_C_NODES, NULL, node_ls },
	{ "node show", "[SET]", "all a node says of itself; equal answers are shown once",
	  NULL, show_options, 0, 1, CLI_VALUE, CLI_C_NODES, NULL, node_show },
	{ "node load", "[SET]", "what the nodes have to do: what --balance goes by",
	  "Load average of a minute, runs and jobs under way and in line, free memory, and how\n"
	  "long all that is expected to take (learnt, else nothing).",
	  NULL, 0, 1, 0, CLI_C_NODES, NULL, node_load },
	{ "node ping", "[SET]", "time the way to the nodes and back, without a signature",
	  "The first time includes making the connection.",
	  ping_options, 0, 1, 0, CLI_C_NODES, NULL, node_ping },
	{ 0 }
};
