// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs in the background: one request each. What a node says of a job is foreign, bounded and checked
 * member by member. Listing is joblist.c's.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exec_int.h"
#include "job_int.h"

enum {
	JOB_TOKENS_MAX = 1 << 20,
	WAIT_MAX_MS = 600 * 1000,	/* of one request */
	WAIT_ROUND_MS = 300 * 1000,
	PAUSE_MS = 50,			/* after a node that did not wait */
	JOB_SLACK_MS = 15 * 1000,
};

static int job_id_ok(const char *id)
{
	size_t n = strlen(id);

	return n >= 1 && n <= VIRGO_EXEC_ID_MAX &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == n &&
	       id[0] != '.';
}

static enum virgo_code job_target(struct virgo_target *t, const struct virgo_job_address *job,
				  struct virgo_error *err)
{
	char shown[VIRGO_SHOWN];

	if (!job_id_ok(job->id))
		return virgo_error_set(err, VIRGO_USAGE, "%s is not a job's id",
				       virgo_show(shown, job->id, strlen(job->id)));
	virgo_target_start(t, "/v1/jobs");
	virgo_target_segment(t, job->id, strlen(job->id));
	return VIRGO_OK;
}

int virgo_job_doc(struct vg_json *doc, const char *text, size_t len, struct vg_jtok **toks)
{
	size_t max = len / 2 + 1;

	if (max > JOB_TOKENS_MAX)
		max = JOB_TOKENS_MAX;
	*toks = malloc(max * sizeof(**toks));
	if (*toks && !vg_json_parse(doc, text, len, *toks, max) &&
	    vg_json_is(vg_json_root(doc), VG_JSON_OBJECT))
		return 0;
	free(*toks);
	*toks = NULL;
	return -1;
}

static int take_args(const struct vg_json *doc, const struct vg_jtok *list,
		     struct virgo_job_info *info)
{
	const struct vg_jtok *t;

	if (!vg_json_is(list, VG_JSON_ARRAY) || list->count > VIRGO_EXEC_ARGS_MAX)
		return list ? -1 : 0;
	info->args = calloc((size_t)list->count + 1, sizeof(*info->args));
	if (!info->args)
		return -1;
	vg_json_for_each(doc, list, t) {
		info->args[info->nargs] = virgo_exec_text(doc, t);
		if (!info->args[info->nargs])
			return -1;
		info->nargs++;
	}
	return 0;
}

int virgo_job_read(const struct vg_json *doc, const struct vg_jtok *obj, const char *node,
		   struct virgo_job_info *info)
{
	int status = virgo_exec_member_status(doc, obj), kind = virgo_exec_member_kind(doc, obj);
	s64 value;

	memset(info, 0, sizeof(*info));
	info->exit = -1;
	info->created_ms = -1;
	info->started_ms = -1;
	info->ended_ms = -1;
	snprintf(info->job.node, sizeof(info->job.node), "%s", node);
	virgo_exec_member_text(doc, obj, "id", info->job.id, sizeof(info->job.id));
	if (!job_id_ok(info->job.id) || status < 0 || kind < 0)
		return -1;
	info->status = status;
	info->kind = kind;
	info->name = virgo_exec_text(doc, vg_json_get(doc, obj, "name"));
	if (!info->name || take_args(doc, vg_json_get(doc, obj, "args"), info)) {
		virgo_job_info_free(info);
		return -1;
	}
	virgo_exec_member_int(doc, obj, "exit", &info->exit);
	virgo_exec_member_int(doc, obj, "signal", &info->signal);
	virgo_exec_member_int(doc, obj, "priority", &info->priority);
	virgo_exec_member_flag(doc, obj, "truncated", &info->truncated);
	virgo_exec_member_s64(doc, obj, "created_ms", &info->created_ms);
	virgo_exec_member_s64(doc, obj, "started_ms", &info->started_ms);
	virgo_exec_member_s64(doc, obj, "ended_ms", &info->ended_ms);
	virgo_exec_member_u64(doc, obj, "us", &info->us);
	virgo_exec_member_u64(doc, obj, "stdout_bytes", &info->out_bytes);
	virgo_exec_member_u64(doc, obj, "stderr_bytes", &info->err_bytes);
	virgo_exec_member_text(doc, obj, "key", info->key, sizeof(info->key));
	virgo_exec_member_text(doc, obj, "error", info->error, sizeof(info->error));
	if (!vg_json_s64(doc, vg_json_get(doc, obj, "value"), &value)) {
		info->has_value = 1;
		info->value = value;
	}
	return 0;
}

void virgo_job_info_free(struct virgo_job_info *info)
{
	if (!info)
		return;
	for (size_t i = 0; i < info->nargs; i++)
		free(info->args[i]);
	free(info->args);
	free(info->name);
	memset(info, 0, sizeof(*info));
}

/* an answer that is one job */
static enum virgo_code take_job(const struct virgo_answer *ans, const char *node,
				struct virgo_job_info *info, struct virgo_error *err)
{
	struct vg_jtok *toks;
	struct vg_json doc;
	int ret;

	ret = virgo_job_doc(&doc, ans->body, ans->len, &toks);
	if (!ret)
		ret = virgo_job_read(&doc, vg_json_root(&doc), node, info);
	free(toks);
	return ret ? virgo_bad_answer(ans, "no job", err) : VIRGO_OK;
}

/* a request to submit exec, and what it points at */
struct job_post {
	struct virgo_request req;
	struct virgo_body body;
	char *json;
};

static enum virgo_code job_post_make(struct job_post *post, const struct virgo_exec *exec,
				     struct virgo_error *err)
{
	static const struct virgo_header type = { "Content-Type", "application/json" };
	enum virgo_code code;
	size_t len;

	code = virgo_exec_json(exec, &post->json, &len, err);
	if (code)
		return code;
	virgo_body_mem(&post->body, post->json, len);
	post->req = (struct virgo_request){
		.service = VIRGO_CPUPOOL, .method = "POST", .target = "/v1/jobs",
		.headers = &type, .nheaders = 1, .body = &post->body,
	};
	return VIRGO_OK;
}

/* where the job of a good answer is */
static enum virgo_code take_submitted(const struct virgo_answer *ans, struct virgo_job_address *job,
				      struct virgo_error *err)
{
	struct vg_jtok *toks;
	struct vg_json doc;

	memset(job, 0, sizeof(*job));
	snprintf(job->node, sizeof(job->node), "%s", ans->node);
	if (!virgo_job_doc(&doc, ans->body, ans->len, &toks)) {
		virgo_exec_member_text(&doc, vg_json_root(&doc), "id", job->id, sizeof(job->id));
		free(toks);
	}
	return job_id_ok(job->id) ? VIRGO_OK : virgo_bad_answer(ans, "no job's \"id\"", err);
}

enum virgo_code virgo_job_submit(struct virgo_ctx *ctx, const char *node,
				 const struct virgo_exec *exec, struct virgo_job_address *job,
				 struct virgo_error *err)
{
	struct virgo_answer *ans = NULL;
	struct job_post post;
	struct virgo_want want;
	enum virgo_code code;

	code = job_post_make(&post, exec, err);
	if (code)
		return code;
	virgo_exec_want(exec, &want);
	code = node ? virgo_call(ctx, node, &post.req, &ans, err)
		    : virgo_call_picked(ctx, &want, &post.req, &ans, err);
	if (!code)
		code = take_submitted(ans, job, err);
	virgo_answer_free(ans);
	free(post.json);
	return code;
}

struct job_posts {
	virgo_submitted_fn fn;
	void *arg;
};

static int job_posted(void *arg, struct virgo_answer *ans)
{
	const struct job_posts *posts = arg;
	struct virgo_job_address job;
	struct virgo_error err = ans->err;
	int ret;

	if (!err.code)
		take_submitted(ans, &job, &err);
	ret = posts->fn(posts->arg, ans->index, err.code ? NULL : &job, &err);
	virgo_answer_free(ans);
	return ret;
}

enum virgo_code virgo_job_submit_many(struct virgo_ctx *ctx, const struct virgo_exec *exec,
				      const char *const *nodes, size_t n, virgo_submitted_fn fn,
				      void *arg, struct virgo_error *err)
{
	struct job_posts posts = { .fn = fn, .arg = arg };
	struct virgo_job *calls;
	struct job_post post;
	enum virgo_code code;

	code = job_post_make(&post, exec, err);
	if (code)
		return code;
	calls = calloc(n ? n : 1, sizeof(*calls));
	for (size_t i = 0; calls && i < n; i++)
		calls[i] = (struct virgo_job){ .node = nodes[i], .req = &post.req };
	code = calls ? virgo_call_many(ctx, calls, n, job_posted, &posts, err)
		     : virgo_error_nomem(err);
	free(calls);
	free(post.json);
	return code;
}

/* ask for what may take wait_ms to come; free *ans, whatever this returns */
static enum virgo_code ask_waiting(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				   struct virgo_target *t, struct virgo_request *req,
				   uint64_t wait_ms, struct virgo_answer **ans,
				   struct virgo_error *err)
{
	enum virgo_code code;

	*ans = NULL;
	if (wait_ms) {
		wait_ms = wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
		virgo_target_number(t, "wait", wait_ms);
		req->timeout_ms = wait_ms + JOB_SLACK_MS;
	}
	req->target = t->text;
	code = virgo_target_end(t, err);
	return code ? code : virgo_call(ctx, job->node, req, ans, err);
}

enum virgo_code virgo_job_show(struct virgo_ctx *ctx, const struct virgo_job_address *job,
			       uint64_t wait_ms, struct virgo_job_info *info,
			       struct virgo_error *err)
{
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "GET" };
	struct virgo_answer *ans;
	struct virgo_target t;
	enum virgo_code code = job_target(&t, job, err);

	memset(info, 0, sizeof(*info));
	if (code)
		return code;
	code = ask_waiting(ctx, job, &t, &req, wait_ms, &ans, err);
	if (!code)
		code = take_job(ans, job->node, info, err);
	virgo_answer_free(ans);
	return code;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum virgo_code waited_enough(const struct virgo_job_address *job, uint64_t timeout_ms,
				     struct virgo_error *err)
{
	virgo_error_set(err, VIRGO_UNREACHABLE, "job %s of %s has not ended within %llu ms", job->id,
			job->node, (unsigned long long)timeout_ms);
	if (err)
		err->timed_out = 1;
	return VIRGO_UNREACHABLE;
}

enum virgo_code virgo_job_wait(struct virgo_ctx *ctx, const struct virgo_job_address *job,
			       uint64_t timeout_ms, struct virgo_job_info *info,
			       struct virgo_error *err)
{
	int64_t start = now_ms();
	enum virgo_code code;

	for (;;) {
		uint64_t wait = WAIT_ROUND_MS, gone = now_ms() - start;

		if (timeout_ms && gone >= timeout_ms)
			return waited_enough(job, timeout_ms, err);
		if (timeout_ms && timeout_ms - gone < wait)
			wait = timeout_ms - gone;
		code = virgo_job_show(ctx, job, wait, info, err);
		if (code || virgo_exec_ended(info->status))
			return code;
		virgo_job_info_free(info);
		if ((uint64_t)(now_ms() - start) < gone + PAUSE_MS)
			poll(NULL, 0, PAUSE_MS);
	}
}

/* DELETE: what has not ended is cancelled (a job comes back), what has is forgotten */
static enum virgo_code job_delete(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				  enum virgo_exec_status *status, struct virgo_error *err)
{
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "DELETE" };
	struct virgo_job_info info;
	struct virgo_answer *ans;
	struct virgo_target t;
	enum virgo_code code = job_target(&t, job, err);

	req.target = t.text;
	if (!code)
		code = virgo_target_end(&t, err);
	if (code)
		return code;
	code = virgo_call(ctx, job->node, &req, &ans, err);
	if (!code && ans->status == 202) {
		code = take_job(ans, job->node, &info, err);
		if (!code) {
			*status = info.status;
			virgo_job_info_free(&info);
		}
	}
	virgo_answer_free(ans);
	return code;
}

enum virgo_code virgo_job_cancel(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				 enum virgo_exec_status *status, struct virgo_error *err)
{
	enum virgo_exec_status now;
	struct virgo_job_info info;
	enum virgo_code code;

	code = virgo_job_show(ctx, job, 0, &info, err);
	if (code)
		return code;
	now = info.status;
	virgo_job_info_free(&info);
	if (!virgo_exec_ended(now)) {
		now = VIRGO_EXEC_LOST;	/* if it ends in this very moment, nobody knows how */
		code = job_delete(ctx, job, &now, err);
	}
	if (status)
		*status = now;
	return code;
}

enum virgo_code virgo_job_forget(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				 struct virgo_error *err)
{
	enum virgo_exec_status status;
	struct virgo_job_info info;
	enum virgo_code code;

	code = virgo_job_show(ctx, job, 0, &info, err);
	if (code)
		return code;
	status = info.status;
	virgo_job_info_free(&info);
	if (virgo_exec_ended(status))
		return job_delete(ctx, job, &status, err);
	return virgo_error_set(err, VIRGO_PRECONDITION, "job %s of %s is %s, it has not ended",
			       job->id, job->node, virgo_exec_status_name(status));
}

static enum virgo_code take_output(const struct virgo_answer *ans, uint64_t offset,
				   struct virgo_job_output *out, struct virgo_error *err)
{
	const char *next = virgo_answer_header(ans, "virgo-output-next");
	const char *status = virgo_answer_header(ans, "virgo-job-status");
	u64 number = 0;
	int i = 0;

	while (i < VIRGO_EXEC_STATUSES && (!status || strcmp(status, virgo_exec_status_name(i))))
		i++;
	if (i == VIRGO_EXEC_STATUSES)
		return virgo_bad_answer(ans, "no Virgo-Job-Status", err);
	if (!next || vg_str_u64(vg_cstr(next), &number) || number != offset + ans->len)
		return virgo_bad_answer(ans, "Virgo-Output-Next is not where its bytes end", err);
	out->next = number;
	out->status = i;
	return VIRGO_OK;
}

enum virgo_code virgo_job_output(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				 enum virgo_stream stream, uint64_t offset, uint64_t wait_ms,
				 virgo_sink_fn sink, void *arg, struct virgo_job_output *out,
				 struct virgo_error *err)
{
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "GET", .sink = sink,
				     .sink_arg = arg };
	struct virgo_answer *ans;
	struct virgo_target t;
	enum virgo_code code = job_target(&t, job, err);

	if (code)
		return code;
	virgo_target_segment(&t, "output", 6);
	virgo_target_number(&t, "offset", offset);
	virgo_target_query(&t, "stream", stream == VIRGO_STDERR ? "stderr" : "stdout", 6);
	code = ask_waiting(ctx, job, &t, &req, wait_ms, &ans, err);
	if (!code)
		code = take_output(ans, offset, out, err);
	virgo_answer_free(ans);
	return code;
}

/* who has the job? Ids are numbers of a node's own, so that several may. */
struct job_search {
	struct virgo_job_address *job;
	size_t found, silent;		/* nodes that have it, that could not say */
	char second[VIRGO_NODE_NAME_MAX + 1];
	struct virgo_error why;		/* of the first that could not */
};

static int job_on_node(void *arg, struct virgo_answer *ans)
{
	struct job_search *s = arg;

	if (!ans->err.code && !s->found++)
		snprintf(s->job->node, sizeof(s->job->node), "%s", ans->node);
	else if (!ans->err.code)
		snprintf(s->second, sizeof(s->second), "%s", ans->node);
	else if (ans->err.code != VIRGO_NOT_FOUND && !s->silent++)
		s->why = ans->err;
	virgo_answer_free(ans);
	return 0;
}

static enum virgo_code find_job(struct virgo_ctx *ctx, struct virgo_job_address *job,
				struct virgo_error *err)
{
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "GET" };
	struct job_search s = { .job = job };
	struct virgo_target t;
	enum virgo_code code = job_target(&t, job, err);

	req.target = t.text;
	if (!code)
		code = virgo_call_all(ctx, &req, job_on_node, &s, err);
	if (code || s.found == 1)
		return code;
	if (s.found) {
		virgo_error_set(err, VIRGO_USAGE, "job %s is on %zu nodes, %s and %s among them",
				job->id, s.found, job->node, s.second);
		virgo_error_hint(err, "name the node: %s/%s", job->node, job->id);
		return VIRGO_USAGE;
	}
	if (s.silent)
		return virgo_error_set(err, s.why.code,
				       "no job %s found, and %zu nodes could not say (%s)", job->id,
				       s.silent, s.why.message);
	return virgo_error_set(err, VIRGO_NOT_FOUND, "no job %s on any of %zu nodes", job->id,
			       virgo_nodeset_count(virgo_nodes(ctx)));
}

enum virgo_code virgo_job_parse(struct virgo_ctx *ctx, const char *text,
				struct virgo_job_address *job, struct virgo_error *err)
{
	const char *slash = strrchr(text, '/'), *id = slash ? slash + 1 : text;
	const struct virgo_nodeset *nodes = virgo_nodes(ctx);
	char shown[VIRGO_SHOWN];

	virgo_error_clear(err);
	memset(job, 0, sizeof(*job));
	virgo_show(shown, text, strlen(text));
	if (!job_id_ok(id) || (slash && virgo_node_canon(text, slash - text, job->node)))
		return virgo_error_set(err, VIRGO_USAGE, "%s is not a job: expected ID or NODE/ID",
				       shown);
	snprintf(job->id, sizeof(job->id), "%s", id);
	if (slash)
		return VIRGO_OK;
	if (virgo_nodeset_count(nodes) > 1)
		return find_job(ctx, job, err);
	snprintf(job->node, sizeof(job->node), "%s", virgo_nodeset_name(nodes, 0));
	return VIRGO_OK;
}
