// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * plugin ls, info: which plugins there are, and why one is refused. Each is tried in a process of its
 * own, so that one that crashes or hangs while it is loaded is a row and not the end of virgo.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/plugin.h"

/* What a child found out; small enough for a pipe to take at once. */
struct probed {
	bool ok;
	char version[40];
	unsigned int abi;
	char summary[VIRGO_PLUGIN_LINE_MAX + 1];
	struct virgo_error err;		/* why not */
};

static void probe_child(const char *word, const char *path, int fd)
{
	struct probed found = { 0 };
	struct plugin *p;
	int null = open("/dev/null", O_RDWR), i;

	for (i = 0; i <= 2; i++)
		dup2(null, i);
	signal(SIGINT, SIG_DFL);
	p = plugin_open(word, path, &found.err);
	found.ok = p;
	if (p) {
		found.abi = p->about.head.abi;
		snprintf(found.version, sizeof(found.version), "%s", p->about.version);
		snprintf(found.summary, sizeof(found.summary), "%s", p->about.summary);
	}
	if (write(fd, &found, sizeof(found)) != sizeof(found))
		_exit(1);
	_exit(0);
}

static void say_ended(struct probed *found, bool late, int status)
{
	if (late)
		virgo_error_set(&found->err, VIRGO_FAILED, "it took over %d s to load",
				PLUGIN_PROBE_MS / 1000);
	else if (WIFSIGNALED(status))
		virgo_error_set(&found->err, VIRGO_FAILED, "it crashed while it was loaded: %s",
				strsignal(WTERMSIG(status)));
	else
		virgo_error_set(&found->err, VIRGO_FAILED,
				"it ended the process while it was loaded");
}

/* try to load it elsewhere */
static void probe(struct run *r, const char *word, const char *path, struct probed *found)
{
	struct pollfd p = { .events = POLLIN };
	int fds[2], status = 0, ready;
	ssize_t n = 0;
	pid_t pid;

	memset(found, 0, sizeof(*found));
	fflush(r->cli->data);
	fflush(r->cli->diag);
	if (pipe2(fds, O_CLOEXEC)) {
		virgo_error_set(&found->err, VIRGO_FAILED, "it can't be tried: %s",
				strerror(errno));
		return;
	}
	pid = fork();
	if (!pid)
		probe_child(word, path, fds[1]);
	close(fds[1]);
	p.fd = fds[0];
	ready = pid < 0 ? -1 : poll(&p, 1, PLUGIN_PROBE_MS);
	if (ready > 0)
		n = read(fds[0], found, sizeof(*found));
	close(fds[0]);
	if (pid < 0) {
		virgo_error_set(&found->err, VIRGO_FAILED, "it can't be tried: %s",
				strerror(errno));
		return;
	}
	/* destructors may hang as well */
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == sizeof(*found))
		return;
	memset(found, 0, sizeof(*found));
	say_ended(found, ready <= 0, status);
}

/* The listing, and which words it has shown already. */
struct listing {
	struct run *r;
	struct {
		char word[CLI_NAME_MAX];
		bool object;
	} *seen;
	size_t nseen;
};

/* An object goes before a program of its name, wherever they are; else the first one found counts. */
static bool is_hidden(struct listing *l, const struct plugin_file *f)
{
	char path[PATH_MAX];
	size_t i;
	void *seen;

	if (!f->object && plugin_find(f->word, true, path))
		return true;
	for (i = 0; i < l->nseen; i++)
		if (l->seen[i].object == f->object && !strcmp(l->seen[i].word, f->word))
			return true;
	seen = reallocarray(l->seen, l->nseen + 1, sizeof(*l->seen));
	if (seen) {
		l->seen = seen;
		snprintf(l->seen[l->nseen].word, sizeof(l->seen->word), "%s", f->word);
		l->seen[l->nseen++].object = f->object;
	}
	return false;
}

static bool is_builtin(const char *word)
{
	int used;

	return !plugin_loaded(word) && (cli_find(1, &word, &used) || cli_is_group(word));
}

/* the state of a file, and with it found->err */
static const char *judge(struct listing *l, const struct plugin_file *f, struct probed *found)
{
	const struct plugin *p = f->object ? plugin_loaded(f->word) : NULL;

	memset(found, 0, sizeof(*found));
	if (f->object && !plugin_is_word(f->word))
		virgo_error_set(&found->err, VIRGO_FAILED,
				"its name can't be a command's: a-z, 0-9, -");
	else if (is_builtin(f->word))
		virgo_error_set(&found->err, VIRGO_FAILED, "virgo %s is built in", f->word);
	if (found->err.code)
		return "refused";
	if (is_hidden(l, f))
		return "hidden";
	if (f->object) {
		probe(l->r, f->word, f->path, found);
		return !found->ok ? "refused" : p && !strcmp(p->path, f->path) ? "loaded" : "ok";
	}
	found->ok = !f->dir || plugin_trusted(f->path, &found->err);
	return found->ok ? "ok" : "refused";
}

static int list_file(void *arg, const struct plugin_file *f)
{
	struct listing *l = arg;
	struct out *o = &l->r->out;
	struct probed found;
	const char *state = judge(l, f, &found);

	out_str(o, f->word);
	out_str(o, f->object ? "object" : "program");
	out_str(o, *found.version ? found.version : NULL);
	if (found.abi)
		out_u64(o, found.abi);
	else
		out_none(o);
	out_str(o, state);
	out_str(o, f->path);
	out_str(o, *found.err.message ? found.err.message : *found.summary ? found.summary : NULL);
	return l->r->cli->interrupted;
}

static int plugin_ls(struct run *r)
{
	static const struct out_col cols[] = {
		{ "name", "NAME" }, { "kind", "KIND" }, { "version", "VERSION" },
		{ "abi", "ABI", true }, { "state", "STATE" }, { "path", "PATH" },
		{ "about", "ABOUT" },
	};
	struct listing l = { .r = r };

	out_list(&r->out, cols, CLI_COUNT(cols));
	plugin_scan(PLUGIN_PROBE_MS * 10, list_file, &l);
	out_end(&r->out);
	free(l.seen);
	if (!r->out.rows)
		run_note(r, "no plugins; virgo-plugin(7) says where they belong");
	return VIRGO_OK;
}

/* names as a JSON array, or with commas for people */
static void names_cell(struct out *o, struct out_text *t)
{
	if (out_is_json(o)) {
		text_str(t, t->len ? "]" : "[]");
		out_json(o, t->failed ? NULL : t->data);
	} else {
		out_str(o, t->failed || !t->len ? NULL : t->data);
	}
	text_free(t);
}

static void add_name(struct out *o, struct out_text *t, const char *name)
{
	if (out_is_json(o)) {
		text_str(t, t->len ? "," : "[");
		text_json_string(t, name, strlen(name));
	} else {
		text_printf(t, "%s%s", t->len ? ", " : "", name);
	}
}

static int show_object(struct run *r, const struct plugin *p)
{
	static const struct out_col cols[] = {
		{ "name", "name" }, { "kind", "kind" }, { "version", "version" }, { "abi", "ABI" },
		{ "path", "path" }, { "summary", "summary" }, { "commands", "commands" },
		{ "functions", "shell functions" },
	};
	struct out_text t = { 0 };
	struct out *o = &r->out;
	size_t i;

	out_record(o, cols, CLI_COUNT(cols));
	out_str(o, p->about.name);
	out_str(o, "object");
	out_str(o, p->about.version);
	out_u64(o, p->about.head.abi);
	out_str(o, p->path);
	out_str(o, p->about.summary);
	for (i = 0; i < p->ncommands; i++)
		add_name(o, &t, p->names[i]);
	names_cell(o, &t);
	t = (struct out_text){ 0 };
	for (i = 0; i < p->nfunctions; i++)
		add_name(o, &t, p->functions[i].name);
	names_cell(o, &t);
	return VIRGO_OK;
}

static int show_program(struct run *r, const char *word, const char *path)
{
	static const struct out_col cols[] = {
		{ "name", "name" }, { "kind", "kind" }, { "path", "path" },
	};

	out_record(&r->out, cols, CLI_COUNT(cols));
	out_str(&r->out, word);
	out_str(&r->out, "program");
	out_str(&r->out, path);
	return VIRGO_OK;
}

static int plugin_info(struct run *r)
{
	const char *word = r->argv[0];
	struct virgo_error err;
	struct probed found;
	char path[PATH_MAX];

	if (is_builtin(word)) {
		run_hint(r, "virgo help %s", word);
		return run_fail(r, VIRGO_USAGE, "%.60s is built in", word);
	}
	if (plugin_loaded(word))
		return show_object(r, plugin_loaded(word));
	if (plugin_find(word, true, path)) {
		probe(r, word, path, &found);
		if (!found.ok)
			return run_error(r, &found.err);
		if (cli_plugin_load(word, &err) < 0)
			return run_error(r, &err);
		if (plugin_loaded(word))
			return show_object(r, plugin_loaded(word));
	}
	if (plugin_find(word, false, path))
		return show_program(r, word, path);
	run_hint(r, "virgo plugin ls");
	return run_fail(r, VIRGO_NOT_FOUND, "no plugin \"%.60s\"", word);
}

static void offer_plugins(struct completing *c, const struct cli_command *cmd,
			  const struct cli_cursor *at)
{
	struct plugin_word *words;
	size_t i, n = plugin_words(&words);

	(void)cmd;
	for (i = 0; !at->argc && i < n; i++)
		complete_offer(c, words[i].name, NULL);
	free(words);
}

const struct cli_command commands_plugin[] = {
	{ "plugin ls", "", "list the plugins: version, ABI, where they are, or why one is refused",
	  "A plugin is an object WORD.so of a plugin directory, or a program virgo-WORD of one or of\n"
	  "PATH. State: ok, loaded (this virgo has used it), hidden (another one of its name comes\n"
	  "first), refused. Objects are loaded for this, each in a process of its own.",
	  NULL, 0, 0, 0, CLI_C_NONE, NULL, plugin_ls },
	{ "plugin info", "NAME", "show what a plugin is and has: commands, functions of the shell",
	  NULL, NULL, 1, 1, 0, CLI_C_CALL, NULL, plugin_info, offer_plugins },
	{ 0 }
};
