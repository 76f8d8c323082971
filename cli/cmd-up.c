// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * up and down: nodes of one's own on this machine, all or none of them, and nothing left behind.
 * Never touches a process or directory it did not make.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/embed.h"
#include "cli/keyfile.h"
#include "cli/kernel.h"

static const struct cli_option up_options[] = {
	{ 'n', "nodes", "N", "so many nodes, 1 to 64, on 127.0.0.1, 127.0.0.2 …; default 3" },
	{ 0, "kernel", NULL, "load the kernel modules instead (one node, as root)" },
	{ 0, "no-keys", NULL, "no signing, and so no settings; loopback only as ever" },
	{ 0, "set", "KEY=VALUE", "a line for the nodes' configuration; not node_id, listen",
	  .repeats = true },
	{ 0 }
};

/* What up has done so far, to be undone if it fails. */
struct starting {
	struct run *r;
	struct embed e;
	unsigned int count;
	bool keys;
	pid_t pids[EMBED_NODES_MAX + 1];
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int cant_write(struct run *r, const char *path)
{
	return run_fail(r, run_errno(errno), "can't write %s: %s", path, strerror(errno));
}

static int make_keys(struct starting *s)
{
	struct keyfile_line with = { .rights = "read,write,exec,admin" };
	char client[PATH_MAX], nodes[PATH_MAX];
	struct keyfile file = { 0 };
	struct virgo_key key;
	int ret = VIRGO_OK;

	embed_path(&s->e, 0, "key", client);
	embed_path(&s->e, 0, "keys", nodes);
	if (keyfile_make(&key, ""))
		return run_fail(s->r, VIRGO_FAILED, "no random bytes: %s", strerror(errno));
	if (keyfile_write_client(client, &key))
		ret = cant_write(s->r, client);
	else if (keyfile_add(&file, &key, &with) ||
		 keyfile_replace(nodes, file.text, file.len))
		ret = cant_write(s->r, nodes);
	keyfile_free(&file);
	virgo_key_wipe(&key);
	return ret;
}

/* the other nodes' addresses are never denied, whatever is learnt */
static void add_nodes(struct out_text *t, unsigned int count)
{
	unsigned int i;

	text_str(t, "nodes = ");
	for (i = 1; i <= count; i++)
		text_printf(t, "%s127.0.0.%u", i > 1 ? "," : "", i);
	text_str(t, "\n");
}

/* does --set say something about key? Then that is the line. */
static bool is_set(const struct starting *s, const char *key)
{
	size_t n = strlen(key), i;
	const char *line;

	for (i = 0; (line = run_opt_at(s->r, "set", i)); i++)
		if (!strncmp(line, key, n) && strchr(" \t=", line[n]) && line[n])
			return true;
	return false;
}

/* what the tour runs: programs that show something and change nothing */
static void add_exec(const struct starting *s, struct out_text *t)
{
	static const char *const programs[] = {
		"uname", "hostname", "uptime", "date", "true", "false", "echo", "cat", "wc", "head",
		"sort", "seq", "sleep",
	};
	char path[PATH_MAX], functions[PATH_MAX];
	bool any = false, has_functions = !cli_beside("functions", functions, sizeof(functions));
	size_t i;

	if (!s->keys)
		return;		/* nodes without keys run nothing */
	for (i = 0; i < CLI_COUNT(programs) && !is_set(s, "exec_allow"); i++) {
		snprintf(path, sizeof(path), "/usr/bin/%s", programs[i]);
		if (access(path, X_OK))
			continue;
		text_printf(t, "%s%s", any ? "," : "exec_allow = ", path);
		any = true;
	}
	if (any && has_functions)
		text_printf(t, ",%s/", functions);
	if (any)
		text_str(t, "\n");
	if (has_functions && !is_set(s, "exec_functions"))
		text_printf(t, "exec_functions = %s\n", functions);
	if (!is_set(s, "exec_helper") &&
	    !cli_beside("virgo_kernelupcall_plugin", path, sizeof(path)))
		text_printf(t, "exec_helper = %s\n", path);
}

static int make_node(struct starting *s, unsigned int n)
{
	struct out_text t = { 0 };
	char path[PATH_MAX];
	const char *line;
	int ret = VIRGO_OK;
	size_t i;

	embed_path(&s->e, n, "", path);
	if (mkdir(path, 0700))
		return run_fail(s->r, run_errno(errno), "can't make %s: %s", path, strerror(errno));
	embed_path(&s->e, n, "state", path);
	if (mkdir(path, 0700))
		return run_fail(s->r, run_errno(errno), "can't make %s: %s", path, strerror(errno));
	text_printf(&t, "# made by virgo up\nstate_dir = %s\n", path);
	text_printf(&t, "key_file = %s/keys\n", s->e.dir);
	text_printf(&t, "analytics_file = %s/virgo_kernel_analytics.conf\n", s->e.dir);
	add_nodes(&t, s->count);
	add_exec(s, &t);
	for (i = 0; (line = run_opt_at(s->r, "set", i)); i++)
		text_printf(&t, "%s\n", line);
	embed_path(&s->e, n, "virgo_cloud.conf", path);
	if (t.failed || embed_write(path, t.data))
		ret = cant_write(s->r, path);
	text_free(&t);
	return ret;
}

static int make_files(struct starting *s)
{
	unsigned int n;
	int ret = s->keys ? make_keys(s) : VIRGO_OK;

	for (n = 1; n <= s->count && !ret; n++)
		ret = make_node(s, n);
	return ret;
}

/* the client's file appears whole, and only when all nodes answer */
static int publish(struct starting *s, const char *name)
{
	char text[PATH_MAX + 256], path[PATH_MAX];

	if (s->count > 1)
		snprintf(text, sizeof(text), "# made by virgo up\nnodes = 127.0.0.[1-%u]\n",
			 s->count);
	else
		snprintf(text, sizeof(text), "# made by virgo up\nnodes = 127.0.0.1\n");
	if (s->keys)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "key_file = %s/key\n",
			 s->e.dir);
	else
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "key_file = none\n");
	embed_path(&s->e, 0, name, path);
	return embed_write(path, text) ? cant_write(s->r, path) : VIRGO_OK;
}

/* a node that ended before it answered: what it said last is the reason */
static int has_ended(struct starting *s)
{
	char words[512];
	unsigned int n;
	int status;

	for (n = 1; n <= s->count; n++) {
		if (!s->pids[n] || waitpid(s->pids[n], &status, WNOHANG) != s->pids[n])
			continue;
		s->pids[n] = 0;
		embed_last_words(&s->e, n, words, sizeof(words));
		run_hint(s->r, "%snothing was left running", strstr(words, "cannot listen") ?
			 "virgo doctor shows who has the ports; " : "");
		if (*words)
			return run_fail(s->r, VIRGO_FAILED, "node %u did not start: %s", n, words);
		return run_fail(s->r, VIRGO_FAILED,
				"node %u did not start: virgod ended with %s %d", n,
				WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return VIRGO_OK;
}

static bool answers(struct virgo_ctx *ctx, unsigned int n, enum virgo_service service,
		    const char *target, struct virgo_error *err)
{
	struct virgo_request req = { .service = service, .method = "GET", .target = target,
				     .timeout_ms = 1000 };
	struct virgo_answer *ans;
	char name[32], id[24];
	bool ready;

	snprintf(name, sizeof(name), "127.0.0.%u", n);
	snprintf(id, sizeof(id), "%u", n);
	if (virgo_call(ctx, name, &req, &ans, err)) {
		virgo_answer_free(ans);
		return false;
	}
	ready = !strcmp(ans->node_id, id);
	if (!ready)
		virgo_error_set(err, VIRGO_FAILED, "node \"%s\" has its port", ans->node_id);
	virgo_answer_free(ans);
	return ready;
}

/* does node n answer on its ports, and is it the one that has our key? */
static bool is_ready(struct virgo_ctx *ctx, unsigned int n, struct virgo_error *err)
{
	return answers(ctx, n, VIRGO_CONTROL, "/healthz", err) &&
	       answers(ctx, n, VIRGO_MEMPOOL, "/healthz", err) &&
	       answers(ctx, n, VIRGO_CPUPOOL, "/healthz", err) &&
	       answers(ctx, n, VIRGO_CONTROL, "/v1/node", err);
}

static int wait_ready(struct starting *s, struct virgo_ctx *ctx)
{
	int64_t end = now_ms() + EMBED_READY_MS;
	struct virgo_error err;
	unsigned int n = 1;
	int ret;

	virgo_error_clear(&err);
	while (n <= s->count) {
		ret = has_ended(s);
		if (ret)
			return ret;
		if (s->r->cli->interrupted)
			return run_fail(s->r, VIRGO_INTERRUPTED,
					"interrupted, nothing was left running");
		if (is_ready(ctx, n, &err)) {
			n++;
		} else if (now_ms() > end) {
			return run_fail(s->r, VIRGO_UNREACHABLE, "node %u does not answer: %s", n,
					err.message);
		} else {
			poll(NULL, 0, 10);
		}
	}
	return VIRGO_OK;
}

static int check_ready(struct starting *s)
{
	struct virgo_conf *conf = NULL;
	struct virgo_ctx *ctx = NULL;
	struct virgo_error err;
	char path[PATH_MAX];
	int ret;

	ret = publish(s, "client.conf.new");
	if (ret)
		return ret;
	embed_path(&s->e, 0, "client.conf.new", path);
	/* environment variables would come before the file: they are about other nodes */
	if (virgo_conf_open(&conf, path, &err) ||
	    virgo_conf_set(conf, "key_file", "none", &err))
		goto fail;
	if (s->keys) {
		embed_path(&s->e, 0, "key", path);
		if (virgo_conf_set(conf, "key_file", path, &err))
			goto fail;
	}
	if (virgo_conf_set(conf, "nodes", "127.0.0.1", &err) || virgo_connect(&ctx, conf, &err))
		goto fail;
	s->r->cli->busy = ctx;
	ret = wait_ready(s, ctx);
	s->r->cli->busy = NULL;
	virgo_disconnect(ctx);
	virgo_conf_free(conf);
	return ret;
fail:
	virgo_conf_free(conf);
	return run_error(s->r, &err);
}

static int start_all(struct starting *s)
{
	char why[CLI_WHY_MAX], virgod[PATH_MAX], path[PATH_MAX], other[PATH_MAX];
	unsigned int n;
	int ret;

	if (cli_beside("virgod", virgod, sizeof(virgod))) {
		run_hint(s->r, "make builds it; packages put it into sbin");
		return run_fail(s->r, VIRGO_FAILED, "no virgod beside virgo or in " VIRGO_LIBDIR);
	}
	ret = make_files(s);
	for (n = 1; n <= s->count && !ret; n++)
		if (embed_start(&s->e, virgod, n, &s->pids[n], why))
			ret = run_fail(s->r, VIRGO_FAILED, "%s", why);
	if (!ret)
		ret = check_ready(s);
	if (ret)
		return ret;
	embed_path(&s->e, 0, "client.conf.new", path);
	embed_path(&s->e, 0, "client.conf", other);
	return rename(path, other) ? cant_write(s->r, other) : VIRGO_OK;
}

static void undo(struct starting *s)
{
	unsigned int n;

	for (n = 1; n <= s->count; n++)
		if (s->pids[n] > 0)
			kill(s->pids[n], SIGTERM);
	for (n = 1; n <= s->count; n++)
		if (s->pids[n] > 0)
			embed_reap(s->pids[n]);
	embed_remove(s->r, &s->e);
}

static void show_started(struct starting *s)
{
	static const struct out_col cols[] = {
		{ "node", "NODE" }, { "id", "ID", true }, { "pid", "PROCESS", true },
		{ "log", "LOG" },
	};
	struct out *o = &s->r->out;
	char text[PATH_MAX];
	unsigned int n;

	out_list(o, cols, CLI_COUNT(cols));
	for (n = 1; n <= s->count; n++) {
		snprintf(text, sizeof(text), "127.0.0.%u", n);
		out_str(o, text);
		out_u64(o, n);
		out_u64(o, (uint64_t)s->pids[n]);
		embed_path(&s->e, n, "log", text);
		out_str(o, text);
	}
	out_end(o);
}

/* is something of an earlier up still running? Its remains are cleared away if not. */
static int check_free(struct starting *s)
{
	unsigned int n, running = 0;
	bool ours = false;
	int ret;

	for (n = 1; n <= EMBED_NODES_MAX; n++) {
		running += embed_pid(&s->e, n) != 0;
		ours = ours || embed_has(&s->e, n, "");
	}
	if (running || embed_has(&s->e, 0, "kernel")) {
		run_hint(s->r, "virgo down");
		return run_fail(s->r, VIRGO_PRECONDITION, "already up: %u nodes of %s", running,
				s->e.dir);
	}
	if (!ours && !embed_has(&s->e, 0, "client.conf"))
		return VIRGO_OK;
	ret = embed_remove(s->r, &s->e);	/* while its lock is held */
	embed_close(&s->e);
	return ret ? ret : embed_open(s->r, &s->e, true);
}

/* what up gives each node itself would count more than the line: refused, not ignored */
static int check_sets(struct run *r)
{
	static const char *const own[] = { "node_id", "listen" };
	const char *line;
	size_t i, k, n;

	for (i = 0; (line = run_opt_at(r, "set", i)); i++) {
		line += strspn(line, " \t");
		n = strcspn(line, " \t=");
		for (k = 0; k < CLI_COUNT(own); k++)
			if (n == strlen(own[k]) && !strncmp(line, own[k], n))
				return run_usage(r, "--set %s: up gives each node its own", own[k]);
	}
	if (run_flag(r, "kernel") && (i || run_flag(r, "no-keys")))
		return run_usage(r, "--kernel takes /etc/virgo_cloud.conf as it is, without --%s",
				 i ? "set" : "no-keys");
	return VIRGO_OK;
}

static int up(struct run *r)
{
	struct starting s = { .r = r, .keys = !run_flag(r, "no-keys") };
	uint64_t count = 3;
	int ret;

	ret = run_opt_u64(r, "nodes", EMBED_NODES_MAX, &count);
	if (ret || !count)
		return ret ? ret : run_usage(r, "between 1 and %d nodes", EMBED_NODES_MAX);
	s.count = (unsigned int)count;
	ret = check_sets(r);
	if (!ret)
		ret = embed_open(r, &s.e, true);
	if (ret)
		return ret;
	ret = check_free(&s);
	if (!ret && run_flag(r, "kernel")) {
		ret = kernel_up(r, &s.e);
	} else if (!ret) {
		ret = start_all(&s);
		if (ret)
			undo(&s);
		else
			show_started(&s);
	}
	embed_close(&s.e);
	return ret;
}

static void show_stopped(struct run *r, unsigned int ended, unsigned int killed)
{
	static const struct out_col cols[] = { { "stopped" }, { "killed" } };

	if (!out_is_json(&r->out)) {
		if (ended)
			run_note(r, "%u nodes stopped, nothing is left", ended);
		else
			run_note(r, "nothing is up");
		return;
	}
	out_record(&r->out, cols, CLI_COUNT(cols));
	out_u64(&r->out, ended);
	out_u64(&r->out, killed);
}

static int down(struct run *r)
{
	unsigned int n, ended = 0, stuck = 0;
	struct embed e;
	int ret;

	ret = embed_open(r, &e, false);
	if (ret > 0)
		return ret;
	if (ret < 0) {
		show_stopped(r, 0, 0);
		return VIRGO_OK;
	}
	if (embed_has(&e, 0, "kernel")) {
		ret = kernel_down(r);
		ended += !ret;
	} else {
		ret = VIRGO_OK;
	}
	for (n = 1; n <= EMBED_NODES_MAX; n++)
		if (embed_pid(&e, n))
			kill(embed_pid(&e, n), SIGTERM);	/* all at once; waited for below */
	for (n = 1; n <= EMBED_NODES_MAX; n++) {
		int was = embed_stop(&e, n);

		ended += was != 0;
		stuck += was < 0;
	}
	if (!ret)
		ret = embed_remove(r, &e);
	embed_close(&e);
	if (stuck)
		run_warn(r, "%u nodes did not end within %d s and were killed", stuck,
			 EMBED_STOP_MS / 1000);
	if (!ret)
		show_stopped(r, ended, stuck);
	return ret;
}

const struct cli_command commands_up[] = {
	{ "up", "", "start nodes of your own on this machine",
	  "Each node is a virgod on 127.0.0.1, 127.0.0.2 … with the real ports and a fresh key\n"
	  "that only you can read. Returns when all of them answer; if one does not, all are\n"
	  "stopped again. Their files are in $XDG_RUNTIME_DIR/virgo (or /run/user/UID/virgo,\n"
	  "/tmp/virgo-UID), and client.conf there comes before your own configuration, so that\n"
	  "the following commands find them. They run (exec) a handful of harmless programs and\n"
	  "the functions of the sample library, unless --set exec_allow=… says otherwise.\n\n"
	  "With --kernel the modules virgo, virgo_mempool and virgo_cpupool are loaded with\n"
	  "/etc/virgo_cloud.conf instead.",
	  up_options, 0, 0, 0, CLI_C_NONE, NULL, up },
	{ "down", "", "stop what \"up\" started, and leave nothing behind",
	  NULL, NULL, 0, 0, 0, CLI_C_NONE, NULL, down },
	{ 0 }
};
