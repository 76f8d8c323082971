// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What plugins are handed besides the verbs: progress, questions, and asking nodes. Never lets a
 * plugin print into an answer that is not its own.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/embed.h"
#include "cli/plugin-run.h"

char *plugin_json_text(const char *name, const void *data, size_t len)
{
	struct out_text t = { 0 };

	if (name)
		text_json_member(&t, name, data, len);
	else
		text_json_string(&t, data, len);
	if (t.failed)
		text_free(&t);
	return t.data;
}

void plugin_progress(struct virgo_plugin_run *run, const char *text)
{
	FILE *to = run->r->cli->diag;
	struct out_text t = { 0 };

	if (!text && !run->shown)
		return;
	if (!run->asked_tty) {
		run->tty = !run->r->set.quiet && isatty(fileno(to));
		run->asked_tty = true;
	}
	if (!run->tty)
		return;
	text_str(&t, "\r");
	text_escaped(&t, text ? text : "", text ? strlen(text) : 0);
	text_str(&t, "\033[K");
	if (!t.failed)
		fwrite(t.data, 1, t.len, to);
	fflush(to);
	text_free(&t);
	run->shown = text;
}

int plugin_prompt(struct virgo_plugin_run *run, const char *question, char *answer, size_t size)
{
	struct cli *cli = run->r->cli;
	bool ended = false;
	size_t len = 0;
	ssize_t n;
	char c;

	out_printf(&run->r->out, "%s", question);
	fflush(run->r->out.file);
	while (!ended) {
		if (cli->interrupted)
			return -1;
		n = read(cli->in_fd, &c, 1);
		if (n < 0 && errno == EINTR && !cli->interrupted)
			continue;
		if (n < 0 || (!n && !len))
			return -1;
		ended = !n || c == '\n';
		if (!ended && len + 1 < size)
			answer[len++] = c;
	}
	if (size)
		answer[len] = '\0';
	return (int)len;
}

int plugin_running_file(struct virgo_plugin_run *run, const char *name, char *path, size_t size)
{
	char whole[PATH_MAX];

	(void)run;
	if (strchr(name, '/') || embed_running_file(name, whole) || strlen(whole) >= size)
		return -1;
	strcpy(path, whole);
	return 0;
}

struct answering {
	struct virgo_plugin_run *run;
	virgo_plugin_answer_fn fn;
	void *arg;
};

static void one_row(struct run *r, const struct virgo_answer *ans, void *arg)
{
	struct answering *a = arg;

	(void)r;
	a->fn(a->run, ans, a->arg);
	plugin_finish_row(a->run);
}

int plugin_call_all(struct virgo_plugin_run *run, const struct virgo_request *req,
		    virgo_plugin_answer_fn fn, void *arg, size_t *failed)
{
	struct answering a = { run, fn, arg };
	struct run *r = run->r;
	size_t before = r->nfailures;
	int ret;

	plugin_finish_row(run);
	if (failed)
		*failed = 0;
	if (!run_ctx(r))
		return r->no_ctx;
	ret = ask_rows(r, req, one_row, &a);
	if (failed)
		*failed = r->nfailures - before;
	return ret;
}

/* the plugin's calls print to where its command prints: for the time of one answer that is o */
static void one_text(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	struct answering *a = arg;
	struct out own = r->out;

	r->out = *o;
	a->fn(a->run, ans, a->arg);
	plugin_finish_row(a->run);
	out_end(&r->out);
	*o = r->out;
	r->out = own;
}

int plugin_call_folded(struct virgo_plugin_run *run, const struct virgo_request *req,
		       virgo_plugin_answer_fn fn, void *arg)
{
	struct answering a = { run, fn, arg };

	plugin_finish_row(run);
	out_end(&run->r->out);
	if (!run_ctx(run->r))
		return run->r->no_ctx;
	return ask_folded(run->r, req, one_text, &a);
}
