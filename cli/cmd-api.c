// SPDX-License-Identifier: GPL-3.0-or-later
/* api: a request as it is, for what has no command yet. */
#include <ctype.h>
#include <string.h>
#include <fcntl.h>
#include <errno.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/input.h"

static const struct cli_option api_options[] = {
	{ 'd', "data", "BODY", "send this; @FILE: a file's bytes, -: standard input", CLI_C_FILE },
	{ 'H', "header", "LINE", "add \"Name: value\" (signed)", .repeats = true },
	{ 'i', "include", NULL, "show status and headers of the answer" },
	{ 'y', "yes", NULL, "do not ask before a DELETE on several nodes" },
	{ 's', "service", "NAME", "service or port; else the one the path belongs to", CLI_C_WORDS,
	  cli_service_words },
	{ 0 }
};

enum { HEADERS_MAX = 16 };

struct api {
	struct virgo_header headers[HEADERS_MAX];
	char store[HEADERS_MAX][512];
	struct virgo_target target;
	struct virgo_body body;
	struct virgo_request req;
	int fd;
};

/* which service keeps what begins so; anything else is the control port's */
static enum virgo_service service_of(const char *path)
{
	static const struct {
		const char *begin;
		enum virgo_service service;
	} paths[] = {
		{ "/v1/mem", VIRGO_MEMPOOL }, { "/v1/txn", VIRGO_MEMPOOL },
		{ "/v1/blocks", VIRGO_MEMPOOL }, { "/v1/load", VIRGO_CPUPOOL },
		{ "/v1/functions", VIRGO_CPUPOOL }, { "/v1/exec", VIRGO_CPUPOOL },
		{ "/v1/jobs", VIRGO_CPUPOOL }, { "/v1/handles", VIRGO_CLOUDFS },
		{ "/v1/files", VIRGO_CLOUDFS }, { "/v1/dirs", VIRGO_CLOUDFS },
		{ "/v1/rename", VIRGO_CLOUDFS }, { "/v1/stat", VIRGO_CLOUDFS },
		{ "/v1/queues", VIRGO_QUEUE }, { "/v1/topics", VIRGO_QUEUE },
		{ "/v1/requests", VIRGO_QUEUE }, { "/v1/events", VIRGO_EVENTNET },
		{ "/v1/edges", VIRGO_EVENTNET }, { "/v1/graph", VIRGO_EVENTNET },
		{ "/v1/order", VIRGO_EVENTNET },
	};
	size_t i, n;

	for (i = 0; i < CLI_COUNT(paths); i++) {
		n = strlen(paths[i].begin);
		if (!strncmp(path, paths[i].begin, n) && strchr("/?", path[n]))
			return paths[i].service;	/* strchr finds the NUL, too */
	}
	return VIRGO_CONTROL;
}

static int take_headers(struct run *r, struct api *a)
{
	const char *line, *colon;
	size_t i;

	for (i = 0; (line = run_opt_at(r, "header", i)); i++) {
		colon = strchr(line, ':');
		if (i == HEADERS_MAX)
			return run_usage(r, "more than %d headers", HEADERS_MAX);
		if (!colon || colon == line || strlen(line) >= sizeof(a->store[i]))
			return run_usage(r, "header \"%.60s\" is not \"Name: value\" of at most "
					 "%zu bytes", line, sizeof(a->store[i]) - 1);
		strcpy(a->store[i], line);
		a->store[i][colon - line] = '\0';
		a->headers[i].name = a->store[i];
		a->headers[i].value = a->store[i] + (colon - line) + 1;
		a->headers[i].value += strspn(a->headers[i].value, " \t");
	}
	a->req.headers = a->headers;
	a->req.nheaders = i;
	return VIRGO_OK;
}

static int take_body(struct run *r, struct api *a)
{
	const char *data = run_opt(r, "data");
	int ret;

	if (!data)
		return VIRGO_OK;
	if (*data != '@') {
		ret = input_body(r, data, &a->body);
	} else {
		a->fd = open(data + 1, O_RDONLY | O_CLOEXEC);
		if (a->fd < 0)
			return run_fail(r, run_errno(errno), "can't open %s: %s", data + 1,
					strerror(errno));
		ret = input_body_fd(r, a->fd, &a->body);
	}
	if (!ret)
		a->req.body = &a->body;
	return ret;
}

static int take_request(struct run *r, struct api *a)
{
	const char *service = run_opt(r, "service"), *p;
	struct virgo_error err;
	int ret;

	for (p = r->argv[0]; isupper((unsigned char)*p); p++)
		;
	if (*p || p == r->argv[0])
		return run_usage(r, "method \"%.40s\" is not written in capital letters",
				 r->argv[0]);
	if (virgo_target_canonical(&a->target, r->argv[1], &err))
		return run_error(r, &err);
	a->req.method = r->argv[0];
	a->req.target = a->target.text;
	a->req.service = service_of(a->target.text);
	if (service) {
		ret = virgo_service_find(service);
		if (ret < 0)
			return run_usage(r, "no service \"%.40s\"", service);
		a->req.service = (enum virgo_service)ret;
	}
	ret = take_headers(r, a);
	return ret ? ret : take_body(r, a);
}

static const char *const shown[] = {
	"Date", "Content-Type", "Content-Length", "ETag", "Location", "Allow", "Retry-After",
	"Virgo-Node", "Virgo-Clock",
};

static void print_answer(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	const char *value;
	size_t i;

	if (run_flag(r, "include")) {
		out_printf(o, "%d\n", ans->status);
		for (i = 0; i < CLI_COUNT(shown); i++) {
			value = virgo_answer_header(ans, shown[i]);
			if (!value)
				continue;
			out_printf(o, "%s: ", shown[i]);
			out_shown(o, "%s", value);
			out_write(o, "\n", 1);
		}
		out_write(o, "\n", 1);
	}
	out_value(o, ans->body, ans->len);
}

static void headers_cell(struct out *o, const struct virgo_answer *ans)
{
	cJSON *headers = cJSON_CreateObject();
	const char *value;
	char *text;
	size_t i;

	for (i = 0; i < CLI_COUNT(shown); i++) {
		value = virgo_answer_header(ans, shown[i]);
		if (value)
			cJSON_AddStringToObject(headers, shown[i], value);
	}
	text = cJSON_PrintUnformatted(headers);
	out_json(o, text);
	cJSON_free(text);
	cJSON_Delete(headers);
}

/* without --include the headers are left out by naming no column for them */
static const struct out_col cols[] = { { "node" }, { "status" }, { "body" }, { "headers" } };

static unsigned int ncols(struct run *r)
{
	return CLI_COUNT(cols) - !run_flag(r, "include");
}

static void print_row(struct run *r, const struct virgo_answer *ans, void *arg)
{
	out_str(&r->out, ans->node);
	out_u64(&r->out, (uint64_t)ans->status);
	json_cell_body(&r->out, ans);
	if (run_flag(r, "include"))
		headers_cell(&r->out, ans);
}

/* in JSON: the body where that is JSON, otherwise what several nodes' answers look like */
static void print_json(struct run *r, const struct virgo_answer *ans)
{
	cJSON *body = run_flag(r, "include") ? NULL : json_body(ans);

	if (body) {
		out_value(&r->out, ans->body, ans->len);
		if (!r->out.filtered && ans->body[ans->len - 1] != '\n')
			out_write(&r->out, "\n", 1);
	} else {
		out_record(&r->out, cols, ncols(r));
		print_row(r, ans, NULL);
	}
	cJSON_Delete(body);
}

/* one node: its body as it is, whatever the status; the error goes where errors go */
static int api_one(struct run *r, const struct api *a)
{
	struct virgo_answer *ans;
	struct virgo_error err;
	int ret;

	ret = virgo_call(r->ctx, virgo_nodeset_name(virgo_nodes(r->ctx), 0), &a->req, &ans, &err);
	if (ans && !out_is_json(&r->out))
		print_answer(r, &r->out, ans, NULL);
	else if (ans && (!ret || r->out.filtered))
		print_json(r, ans);
	virgo_answer_free(ans);
	return ret ? run_error(r, &err) : VIRGO_OK;
}

static int api_all(struct run *r, const struct api *a)
{
	int ret, worst;

	if (!out_is_json(&r->out) || !run_flag(r, "include"))
		return ask_folded(r, &a->req, print_answer, NULL);
	out_list(&r->out, cols, ncols(r));
	ret = ask_rows(r, &a->req, print_row, NULL);
	worst = run_failures(r);
	return worst > ret ? worst : ret;
}

/* what is deleted on several nodes is gone on all of them: ask a person, or want --yes */
static int confirm(struct run *r, const struct api *a)
{
	size_t n = virgo_nodeset_count(virgo_nodes(r->ctx));
	const char *data = run_opt(r, "data");
	char answer[64];
	ssize_t len;

	if (n == 1 || strcmp(a->req.method, "DELETE") || run_flag(r, "yes"))
		return VIRGO_OK;
	if ((data && !strcmp(data, "-")) || !isatty(r->cli->in_fd) ||
	    !isatty(fileno(r->cli->diag))) {
		run_hint(r, "--yes does it; -w NODE names one node");
		return run_usage(r, "DELETE on %zu nodes needs --yes", n);
	}
	fprintf(r->cli->diag, "DELETE on %zu nodes? [y/N] ", n);
	fflush(r->cli->diag);
	len = read(r->cli->in_fd, answer, sizeof(answer));
	if (len > 0 && (*answer == 'y' || *answer == 'Y'))
		return VIRGO_OK;
	return run_fail(r, len < 0 ? VIRGO_INTERRUPTED : VIRGO_FAILED, "nothing was deleted");
}

static int api(struct run *r)
{
	struct api a = { .fd = -1 };
	int ret;

	ret = take_request(r, &a);
	if (!ret)
		ret = confirm(r, &a);
	if (!ret && virgo_nodeset_count(virgo_nodes(r->ctx)) == 1)
		ret = api_one(r, &a);
	else if (!ret)
		ret = api_all(r, &a);
	virgo_body_free(&a.body);
	if (a.fd >= 0)
		close(a.fd);
	return ret;
}

const struct cli_command commands_api[] = {
	{ "api", "METHOD PATH", "send a signed request as it is and print the answer's body",
	  "PATH may be written carelessly: escapes and the order of the query are put right.\n"
	  "The service is found by the path; --service says otherwise. Over several nodes\n"
	  "identical answers are shown once. An error's body is printed, too, and the exit\n"
	  "status is the one of its status. With -o json a body that is no JSON is the member\n"
	  "body (body_b64) of an object with node and status.\n\n"
	  "  virgo api GET /v1/node\n"
	  "  virgo api PUT /v1/mem/a -d @file",
	  api_options, 2, 2, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, api },
	{ 0 }
};
