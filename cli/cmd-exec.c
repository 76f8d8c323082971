// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * exec: run a program, a function or a kernel function, on the node that should run it or on many. Here is
 * what the command line says; running and showing it is the exec-*.c files'.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/exec.h"

static const struct cli_option exec_options[] = {
	{ 0, "all", NULL, "on every node of the set; so without it where -w names a set" },
	{ 0, "any", NULL, "on one node of the set, which --balance picks; so without -w" },
	{ 0, "async", NULL, "in the background: print where the jobs are, do not wait" },
	{ 0, "function", NULL, "run a function of a library on the node: LIBRARY:FUNCTION" },
	{ 0, "kernel", NULL, "run a kernel function" },
	{ 0, "list", NULL, "show what the nodes can run, and run nothing" },
	{ 'b', "fold", NULL, "show output at the end, equal output of several nodes once" },
	{ 0, "diff", NULL, "show what differs from the output of most nodes" },
	{ 0, "joblog", "FILE", "a line for each node: start, microseconds, exit status, signal",
	  CLI_C_FILE },
	{ 0, "retry-failed", "LOG", "only on the nodes whose last line in LOG is no success",
	  CLI_C_FILE },
	{ 0, "max-parallel", "N", "on so many nodes at once, 1 to 1024; default 256" },
	{ 0, "fail-fast", NULL, "end all of it when one fails" },
	{ 0, "env", "NAME=VALUE", "a variable of its environment", .repeats = true },
	{ 0, "cwd", "DIR", "run it in this directory of the node" },
	{ 0, "timeout", "DUR", "end it after this long; else the node's exec_timeout holds" },
	{ 0, "priority", "N", "of a job, -100 to 100: higher ones run first; default 0" },
	{ 'n', "no-stdin", NULL, "give it no standard input" },
	{ 0 }
};

enum { PARALLEL = 256, PARALLEL_MAX = 1024 };	/* of virgo_parallel() */

/* two options that do not go together; NULL: all go */
static const char *const *contradiction(const struct run *r)
{
	static const char *const pairs[][2] = {
		{ "all", "any" }, { "function", "kernel" }, { "fold", "diff" },
		{ "async", "fold" }, { "async", "diff" }, { "async", "joblog" },
		{ "async", "fail-fast" }, { "any", "retry-failed" },
	};
	size_t i;

	for (i = 0; i < CLI_COUNT(pairs); i++)
		if (run_flag(r, pairs[i][0]) && run_flag(r, pairs[i][1]))
			return pairs[i];
	return NULL;
}

/* --- options ------------------------------------------------------------------------------------- */

static int take_priority(struct plan *p)
{
	const char *text = run_opt(p->r, "priority");
	long n;
	char *end;

	if (!text)
		return VIRGO_OK;
	n = strtol(text, &end, 10);
	if (end == text || *end || n < -VIRGO_EXEC_PRIORITY_MAX || n > VIRGO_EXEC_PRIORITY_MAX)
		return run_usage(p->r, "--priority \"%.60s\" is not a number from -%d to %d", text,
				 VIRGO_EXEC_PRIORITY_MAX, VIRGO_EXEC_PRIORITY_MAX);
	p->exec.priority = (int)n;
	return VIRGO_OK;
}

/* "--timeout" behind the command, or before it */
static int take_timeout(struct plan *p)
{
	struct virgo_error err;

	if (run_flag(p->r, "timeout") || !p->r->set.timeout)
		return run_opt_ms(p->r, "timeout", &p->exec.timeout_ms);
	if (virgo_parse_duration(p->r->set.timeout, &p->exec.timeout_ms, &err))
		return run_usage(p->r, "--timeout: %s", err.message);
	return VIRGO_OK;
}

static int take_env(struct plan *p)
{
	size_t n = 0, i;

	while (run_opt_at(p->r, "env", n))
		n++;
	p->env = calloc(n + 1, sizeof(*p->env));
	if (!p->env)
		return run_fail(p->r, VIRGO_FAILED, "out of memory");
	for (i = 0; i < n; i++)
		p->env[i] = run_opt_at(p->r, "env", i);
	p->exec.env = p->env;
	p->exec.nenv = n;
	return VIRGO_OK;
}

static int take_parallel(struct plan *p)
{
	uint64_t n = 0;
	int ret = run_opt_u64(p->r, "max-parallel", PARALLEL_MAX, &n);

	if (!ret && run_flag(p->r, "max-parallel") && !n)
		ret = run_usage(p->r, "--max-parallel 0: at least one node at a time");
	if (!ret && n)
		virgo_parallel(p->r->ctx, (unsigned int)n);
	return ret;
}

static int take_options(struct plan *p)
{
	struct run *r = p->r;
	int ret;

	p->exec.kind = run_flag(r, "function") ? VIRGO_EXEC_FUNCTION :
		       run_flag(r, "kernel") ? VIRGO_EXEC_KERNEL : VIRGO_EXEC_PROGRAM;
	p->exec.name = r->argv[0];
	p->exec.args = r->argv + 1;
	p->exec.nargs = (size_t)r->argc - 1;
	p->exec.cwd = run_opt(r, "cwd");
	p->fail_fast = run_flag(r, "fail-fast");
	ret = take_priority(p);
	if (!ret)
		ret = take_timeout(p);
	if (!ret)
		ret = take_env(p);
	return ret ? ret : take_parallel(p);
}

/* --- standard input --------------------------------------------------------------------------------- */

/* somebody's input, and not just where the shell's own comes from */
static bool has_input(int fd)
{
	struct stat st;

	if (isatty(fd) || fstat(fd, &st))
		return false;
	return !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3);
}

static int take_input(struct plan *p)
{
	int fd = p->r->cli->in_fd;
	struct virgo_error err;

	if (run_flag(p->r, "no-stdin") || !has_input(fd))
		return VIRGO_OK;
	if (virgo_body_fd(&p->input, fd, VIRGO_EXEC_BODY_MAX, &err)) {
		if (err.code == VIRGO_USAGE)
			run_hint(p->r, "-n gives it none; large input is handed over by virgo mem set");
		return run_error(p->r, &err);
	}
	p->exec.input = p->input.data;
	p->exec.input_len = p->input.len;
	return VIRGO_OK;
}

/* --- where --------------------------------------------------------------------------------------------- */

/* the nodes that failed in a log; of them, where -w names a set, those of that set */
static int nodes_of_log(struct plan *p, const char *path)
{
	const struct virgo_nodeset *mine = virgo_nodes(p->r->ctx);
	struct virgo_error err;
	const char *name;
	char *text;
	size_t i;
	int ret;

	ret = joblog_failed(p->r, path, &text);
	if (ret)
		return ret;
	if (*text && virgo_nodeset_parse(&p->set, text, NULL, NULL, &err))
		ret = run_usage(p->r, "%s: %s", path, err.message);
	free(text);
	if (ret)
		return ret;
	p->nodes = calloc(p->set ? virgo_nodeset_count(p->set) : 1, sizeof(*p->nodes));
	if (!p->nodes)
		return run_fail(p->r, VIRGO_FAILED, "out of memory");
	for (i = 0; p->set && (name = virgo_nodeset_name(p->set, i)); i++)
		if (!p->r->set.nodes || virgo_nodeset_find(mine, name) >= 0)
			p->nodes[p->n++] = name;
	return VIRGO_OK;
}

static int take_nodes(struct plan *p)
{
	const struct virgo_nodeset *set = virgo_nodes(p->r->ctx);
	const char *log = run_opt(p->r, "retry-failed");
	size_t i;

	if (log)
		return nodes_of_log(p, log);
	p->n = virgo_nodeset_count(set);
	/* what is named is meant; where only one is there it need not be picked */
	if (p->n > 1 && !run_flag(p->r, "all") && (run_flag(p->r, "any") || !p->r->set.nodes)) {
		p->n = 1;
		return VIRGO_OK;
	}
	p->nodes = calloc(p->n, sizeof(*p->nodes));
	if (!p->nodes)
		return run_fail(p->r, VIRGO_FAILED, "out of memory");
	for (i = 0; i < p->n; i++)
		p->nodes[i] = virgo_nodeset_name(set, i);
	return VIRGO_OK;
}

/* --- how it is shown ------------------------------------------------------------------------------------ */

/* raw that was asked for is raw, also of several nodes */
static bool raw_is_asked(const struct run *r)
{
	const char *output = r->set.output ? r->set.output : virgo_conf_get(r->conf, "output");

	return output && !strcmp(output, "raw");
}

static int take_view(struct plan *p)
{
	struct run *r = p->r;
	bool rows = out_is_json(&r->out) || r->out.format == OUT_TSV;
	const char *text = run_flag(r, "fold") ? "-b" : run_flag(r, "diff") ? "--diff" : NULL;

	if (rows && text)
		return run_usage(r, "%s has no JSON or TSV: each node is a row of its own there", text);
	p->many = p->n > 1;
	p->labels = p->many && !raw_is_asked(r);
	p->view = rows ? &exec_rows : run_flag(r, "fold") ? &exec_fold :
		  run_flag(r, "diff") ? &exec_diff : &exec_live;
	return VIRGO_OK;
}

/* --- exec -------------------------------------------------------------------------------------------------- */

static void list_kind(struct out *o, const cJSON *doc, const char *kind, const char *member)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(doc, member)) {
		const char *name = json_text(item, "name", cJSON_GetStringValue(item));

		if (!name)
			continue;
		if (o->format == OUT_TABLE)
			out_shown(o, "%-9s %-32s %s", kind, name, json_text(item, "summary", ""));
		else
			out_printf(o, "%s\t%s\t%s", kind, name, json_text(item, "summary", ""));
		out_write(o, "\n", 1);
	}
}

static void list_text(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);

	(void)r;
	(void)arg;
	list_kind(o, doc, "program", "programs");
	list_kind(o, doc, "function", "functions");
	list_kind(o, doc, "kernel", "kernel");
	cJSON_Delete(doc);
}

static int list(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "GET",
				     .target = "/v1/functions" };

	if (r->argc)
		return run_usage(r, "--list runs nothing: unexpected argument \"%.100s\"", r->argv[0]);
	return ask_folded(r, &req, list_text, NULL);
}

static int nothing_to_retry(struct plan *p)
{
	run_note(p->r, "no node failed in %s", run_opt(p->r, "retry-failed"));
	if (out_is_json(&p->r->out)) {
		out_list(&p->r->out, NULL, 0);
		out_end(&p->r->out);
	}
	return VIRGO_OK;
}

static int start(struct plan *p)
{
	const char *log = run_opt(p->r, "joblog");
	int ret;

	if (!p->n)
		return nothing_to_retry(p);
	if (run_flag(p->r, "async"))
		return exec_submit(p);
	ret = log ? joblog_open(p->r, log, run_opt(p->r, "retry-failed"), &p->exec, &p->log)
		  : VIRGO_OK;
	return ret ? ret : exec_run(p);
}

static int exec(struct run *r)
{
	const char *const *pair = contradiction(r);
	struct plan p = { .r = r };
	int ret;

	if (pair)
		return run_usage(r, "--%s and --%s do not go together", pair[0], pair[1]);
	if (run_flag(r, "list"))
		return list(r);
	if (!r->argc)
		return run_usage(r, "no program given");
	ret = take_options(&p);
	if (!ret)
		ret = take_nodes(&p);
	if (!ret)
		ret = take_view(&p);
	if (!ret)
		ret = take_input(&p);
	if (!ret)
		ret = start(&p);
	virgo_parallel(r->ctx, PARALLEL);	/* the session's connections stay */
	free(p.env);
	free(p.nodes);
	virgo_nodeset_free(p.set);
	virgo_body_free(&p.input);
	return ret;
}

const struct cli_command commands_exec[] = {
	{ "exec", "[--] PROGRAM [ARG…]", "run something on the node that should run it, or on many",
	  "PROGRAM is a path, or a name among what the nodes' exec_allow lists; --list shows it.\n"
	  "It is started as it stands, without a shell. Without -w the node is picked by\n"
	  "--balance; on the nodes that -w names, or with --all, it runs on all at once.\n\n"
	  "Standard input goes to it, up to 1 MiB, if it is a file or a pipe. Of one node, output\n"
	  "comes byte for byte, and the exit status is the program's, or 128 and the signal that\n"
	  "killed it. Of several, each line comes under its node's name (-o raw: as it is; a line\n"
	  "over 16 KiB in parts), and the exit status is the largest. 5: the time limit ended it.\n"
	  "JSON and TSV have a row a node: node, status (exited, killed, timeout, cancelled,\n"
	  "lost), exit, signal, stdout, stderr, truncated, us; value of functions.\n\n"
	  "When virgo ends early (Ctrl-C, --fail-fast, a reader that has gone) the nodes end what\n"
	  "they run for it. What may have run is never run again: a failure that leaves it open\n"
	  "says so. --retry-failed with the same file as --joblog goes on with it; else FILE is\n"
	  "begun anew.",
	  exec_options, 0, CLI_ANY, CLI_NEEDS_NODES | CLI_STOP_OPTIONS | CLI_VALUE, CLI_C_FUNCTION,
	  NULL, exec },
	{ 0 }
};
