// SPDX-License-Identifier: GPL-3.0-or-later
/* job ls, show, wait, output, cancel: runs in the background, by NODE/ID. */
#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/exec.h"

enum { FOLLOW_BOTH_MS = 250, FOLLOW_ONE_MS = 30000 };

static const char *const words_status[] = {
	"queued", "running", "exited", "killed", "timeout", "cancelled", "lost", "failed", NULL
};
static const char *const words_stream[] = { "stdout", "stderr", NULL };

static const struct out_col cols[] = {
	{ "job", "JOB" }, { "status", "STATUS" }, { "exit", "EXIT", true }, { "signal" },
	{ "priority", "PRIORITY", true }, { "us", "TIME", true }, { "command", "COMMAND" },
	{ "node" }, { "id" }, { "kind" }, { "name" }, { "args" }, { "key" }, { "created_ms" },
	{ "started_ms" }, { "ended_ms" }, { "stdout_bytes" }, { "stderr_bytes" }, { "truncated" },
	{ "value" }, { "error" },
};

/* --- what a job is --------------------------------------------------------------------------------------- */

static void put_command(struct out *o, const struct virgo_job_info *info)
{
	struct out_text t = { 0 };

	exec_command(&t, info->kind, info->name, (const char *const *)info->args, info->nargs);
	if (t.failed)
		o->error = ENOMEM;
	out_str(o, t.failed ? "" : t.data);
	text_free(&t);
}

static void put_args(struct out *o, const struct virgo_job_info *info)
{
	struct out_text t = { 0 };
	size_t i;

	text_str(&t, "[");
	for (i = 0; i < info->nargs; i++) {
		if (i)
			text_str(&t, ",");
		text_json_string(&t, info->args[i], strlen(info->args[i]));
	}
	text_str(&t, "]");
	if (t.failed)
		o->error = ENOMEM;
	out_json(o, t.failed ? "[]" : t.data);
	text_free(&t);
}

static void put_time(struct out *o, int64_t ms)
{
	if (ms < 0)
		out_none(o);
	else
		out_i64(o, ms);
}

static void put_job(struct out *o, const struct virgo_job_info *info)
{
	char text[sizeof(info->job.node) + sizeof(info->job.id) + 1];

	snprintf(text, sizeof(text), "%s/%s", info->job.node, info->job.id);
	out_str(o, text);
	out_str(o, virgo_exec_status_name(info->status));
	if (info->status == VIRGO_EXEC_EXITED)
		out_i64(o, info->exit);
	else
		out_none(o);
	out_i64(o, info->signal);
	out_i64(o, info->priority);
	if (info->ended_ms < 0)
		out_none(o);
	else
		out_us(o, info->us);
	put_command(o, info);
	out_str(o, info->job.node);
	out_str(o, info->job.id);
	out_str(o, virgo_exec_kind_name(info->kind));
	out_str(o, info->name);
	put_args(o, info);
	out_str(o, info->key);
	put_time(o, info->created_ms);
	put_time(o, info->started_ms);
	put_time(o, info->ended_ms);
	out_u64(o, info->out_bytes);
	out_u64(o, info->err_bytes);
	out_bool(o, info->truncated);
	if (info->has_value)
		out_i64(o, info->value);
	else
		out_none(o);
	out_str(o, *info->error ? info->error : NULL);
}

/* --- ls ---------------------------------------------------------------------------------------------------- */

static const struct cli_option ls_options[] = {
	{ 0, "status", "STATUS", "only jobs that are queued, running, exited …", CLI_C_WORDS,
	  words_status },
	{ 0 }
};

static int listed(void *arg, const struct virgo_job_info *info)
{
	struct run *r = arg;

	put_job(&r->out, info);
	return r->out.error;
}

static void list_failed(void *arg, const struct virgo_error *err)
{
	run_node_failed(arg, err);
}

static int status_of(const char *name)
{
	int i = 0;

	while (i < VIRGO_EXEC_STATUSES && strcmp(virgo_exec_status_name((enum virgo_exec_status)i),
						 name))
		i++;
	return i < VIRGO_EXEC_STATUSES ? i : -1;
}

static int job_ls(struct run *r)
{
	struct virgo_job_list list = { .job = listed, .failed = list_failed, .arg = r };
	const char *status = run_opt(r, "status");
	struct virgo_error err;
	int ret, worst;

	if (status) {
		ret = status_of(status);
		if (ret < 0)
			return run_usage(r, "--status \"%.40s\" is none of queued, running, exited, killed, timeout, cancelled, lost, failed",
					 status);
		list.has_status = 1;
		list.status = (enum virgo_exec_status)ret;
	}
	if (!run_on(r, r->argc ? r->argv[0] : NULL))
		return r->no_ctx;
	r->asked = virgo_nodeset_count(virgo_nodes(r->ctx));
	out_list(&r->out, cols, CLI_COUNT(cols));
	ret = virgo_job_list(r->ctx, &list, &err);
	if (ret && !r->nfailures && !r->out.error)
		return run_error(r, &err);
	worst = run_failures(r);
	return worst > ret ? worst : ret;
}

/* --- show, wait ---------------------------------------------------------------------------------------------- */

static int address(struct run *r, const char *text, struct virgo_job_address *job)
{
	struct virgo_error err;

	if (virgo_job_parse(r->ctx, text, job, &err))
		return run_error(r, &err);
	return VIRGO_OK;
}

/* of one job a record, of several a list */
static void open_jobs(struct run *r)
{
	if (r->argc > 1)
		out_list(&r->out, cols, CLI_COUNT(cols));
	else
		out_record(&r->out, cols, CLI_COUNT(cols));
}

static int job_show(struct run *r)
{
	struct virgo_job_address job;
	struct virgo_job_info info;
	struct virgo_error err;
	int i, ret, worst = VIRGO_OK;

	if (r->argc > 1)
		open_jobs(r);
	for (i = 0; i < r->argc && !r->cli->interrupted; i++) {
		ret = address(r, r->argv[i], &job);
		if (!ret) {
			ret = virgo_job_show(r->ctx, &job, 0, &info, &err);
			if (ret)
				run_error(r, &err);
		}
		if (!ret) {
			if (r->argc == 1)
				open_jobs(r);
			put_job(&r->out, &info);
			virgo_job_info_free(&info);
		}
		worst = ret > worst ? ret : worst;
	}
	return i < r->argc ? VIRGO_INTERRUPTED : worst;
}

static const struct cli_option wait_options[] = {
	{ 0, "timeout", "DUR", "wait no longer than this; else for ever" },
	{ 0 }
};

/* how it ended, where its exit status does not say it */
static void say_end(struct run *r, const struct virgo_job_info *info)
{
	const char *job = info->job.id, *node = info->job.node;

	switch (info->status) {
	case VIRGO_EXEC_EXITED:
		break;
	case VIRGO_EXEC_KILLED:
		run_warn(r, "virgo: job wait: %s/%s was killed by signal %d, %s", node, job,
			 info->signal, strsignal(info->signal));
		break;
	default:
		run_warn(r, "virgo: job wait: %s/%s: %s%s%s", node, job,
			 virgo_exec_status_name(info->status), *info->error ? ": " : "",
			 info->error);
		break;
	}
}

static int wait_one(struct run *r, const char *text, uint64_t timeout_ms)
{
	struct virgo_job_address job;
	struct virgo_job_info info;
	struct virgo_error err;
	int ret = address(r, text, &job);

	if (ret)
		return ret;
	if (virgo_job_wait(r->ctx, &job, timeout_ms, &info, &err))
		return run_error(r, &err);
	if (out_is_json(&r->out)) {
		if (r->argc == 1)
			open_jobs(r);
		put_job(&r->out, &info);
	} else {
		say_end(r, &info);
	}
	ret = virgo_exec_exit(info.status, info.exit, info.signal);
	virgo_job_info_free(&info);
	return ret;
}

/* all must end, so the order of waiting does not matter */
static int job_wait(struct run *r)
{
	uint64_t timeout_ms = 0;
	int i, ret, worst;

	worst = run_opt_ms(r, "timeout", &timeout_ms);
	if (worst)
		return worst;
	if (r->argc > 1 && out_is_json(&r->out))
		open_jobs(r);
	for (i = 0; i < r->argc && !r->cli->interrupted; i++) {
		ret = wait_one(r, r->argv[i], timeout_ms);
		worst = ret > worst ? ret : worst;
	}
	return i < r->argc ? VIRGO_INTERRUPTED : worst;
}

/* --- output ---------------------------------------------------------------------------------------------------- */

static const struct cli_option output_options[] = {
	{ 'f', "follow", NULL, "go on until the job has ended" },
	{ 0, "stream", "STREAM", "stdout or stderr alone, to our standard output", CLI_C_WORDS, words_stream },
	{ 0, "offset", "N", "start at this byte of it (k, M, G)" },
	{ 0 }
};

/* One stream of a job as it is read. */
struct reading {
	struct run *r;
	enum virgo_stream stream;
	struct virgo_job_output at;
	bool to_diag;			/* to our standard error */
	struct out_text *kept;		/* NULL: written at once */
};

static int take_bytes(void *arg, const void *data, size_t len)
{
	struct reading *read = arg;
	struct run *r = read->r;

	if (read->kept) {
		if (len > EXEC_HELD_MAX - read->kept->len)
			return -1;
		text_add(read->kept, data, len);
		return read->kept->failed;
	}
	if (read->to_diag)
		return fwrite(data, 1, len, r->cli->diag) != len;
	out_write(&r->out, data, len);
	if (fflush(r->cli->data) && !r->out.error)
		r->out.error = errno;
	return r->out.error;
}

/* what is there and was not read yet; *more: there was something */
static int read_on(struct reading *read, const struct virgo_job_address *job, uint64_t wait_ms,
		   bool *more)
{
	struct virgo_error err;
	uint64_t from = read->at.next;

	if (virgo_job_output(read->r->ctx, job, read->stream, from, wait_ms, take_bytes, read,
			     &read->at, &err))
		return read->r->out.error ? VIRGO_FAILED : run_error(read->r, &err);
	*more = read->at.next != from;
	return VIRGO_OK;
}

static int read_all(struct reading *reads, size_t n, const struct virgo_job_address *job,
		    bool follow)
{
	uint64_t patience = n > 1 ? FOLLOW_BOTH_MS : FOLLOW_ONE_MS;
	bool more, any, ended;
	size_t i;
	int ret;

	do {
		any = false;
		ended = true;
		for (i = 0; i < n; i++) {
			ret = read_on(&reads[i], job, follow && !i ? patience : 0, &more);
			if (ret)
				return ret;
			any = any || more;
			ended = ended && virgo_exec_ended(reads[i].at.status);
		}
		if (reads->r->cli->interrupted)
			return VIRGO_INTERRUPTED;
	} while (any || (follow && !ended));
	return VIRGO_OK;
}

static int output_json(struct run *r, struct reading *reads, size_t n,
		       const struct virgo_job_address *job)
{
	static const struct out_col json_cols[] = {
		{ "node" }, { "id" }, { "status" }, { "stdout" }, { "stderr" },
	};
	struct out_text texts[2] = { 0 };
	size_t i;
	int ret;

	for (i = 0; i < n; i++)
		reads[i].kept = &texts[reads[i].stream == VIRGO_STDERR];
	ret = read_all(reads, n, job, false);
	if (!ret) {
		out_record(&r->out, json_cols, CLI_COUNT(json_cols));
		out_str(&r->out, job->node);
		out_str(&r->out, job->id);
		out_str(&r->out, virgo_exec_status_name(reads[0].at.status));
		for (i = 0; i < 2; i++)
			out_bytes(&r->out, texts[i].data ? texts[i].data : "", texts[i].len);
	}
	text_free(&texts[0]);
	text_free(&texts[1]);
	return ret;
}

static int job_output(struct run *r)
{
	const char *stream = run_opt(r, "stream");
	struct reading reads[2] = {
		{ .r = r, .stream = VIRGO_STDOUT },
		{ .r = r, .stream = VIRGO_STDERR, .to_diag = true },
	};
	struct virgo_job_address job;
	uint64_t offset = 0;
	size_t n = 2;
	int ret;

	if (stream && strcmp(stream, "stdout") && strcmp(stream, "stderr"))
		return run_usage(r, "--stream \"%.40s\" is neither stdout nor stderr", stream);
	if (run_flag(r, "follow") && out_is_json(&r->out))
		return run_usage(r, "--follow has no JSON: the document would not end");
	ret = run_opt_size(r, "offset", &offset);
	if (!ret && offset && !stream)
		ret = run_usage(r, "--offset is of one stream: name it by --stream");
	if (!ret)
		ret = address(r, r->argv[0], &job);
	if (ret)
		return ret;
	if (stream) {
		n = 1;
		reads[0].stream = strcmp(stream, "stderr") ? VIRGO_STDOUT : VIRGO_STDERR;
		reads[0].at.next = offset;
	}
	if (out_is_json(&r->out))
		return output_json(r, reads, n, &job);
	return read_all(reads, n, &job, run_flag(r, "follow"));
}

/* --- cancel ------------------------------------------------------------------------------------------------------ */

static const struct cli_option cancel_options[] = {
	{ 0, "forget", NULL, "the node is to forget jobs that have ended, and their output" },
	{ 0 }
};

static int cancel_one(struct run *r, const char *text, enum virgo_exec_status *status)
{
	struct virgo_job_address job;
	struct virgo_error err;
	int ret = address(r, text, &job);

	if (ret)
		return ret;
	if (run_flag(r, "forget")) {
		*status = VIRGO_EXEC_STATUSES;
		if (virgo_job_forget(r->ctx, &job, &err))
			return run_error(r, &err);
		return VIRGO_OK;
	}
	if (virgo_job_cancel(r->ctx, &job, status, &err))
		return run_error(r, &err);
	if (*status == VIRGO_EXEC_CANCELLED || !virgo_exec_ended(*status))
		return VIRGO_OK;
	run_hint(r, "--forget takes jobs that have ended away");
	return run_fail(r, VIRGO_PRECONDITION, "job %s of %s has ended: %s", job.id, job.node,
			virgo_exec_status_name(*status));
}

static int job_cancel(struct run *r)
{
	static const struct out_col cancel_cols[] = { { "job" }, { "status" } };
	enum virgo_exec_status status;
	int i, ret, worst = VIRGO_OK;

	if (out_is_json(&r->out))
		out_list(&r->out, cancel_cols, CLI_COUNT(cancel_cols));
	for (i = 0; i < r->argc && !r->cli->interrupted; i++) {
		ret = cancel_one(r, r->argv[i], &status);
		worst = ret > worst ? ret : worst;
		if (ret || !out_is_json(&r->out))
			continue;
		out_str(&r->out, r->argv[i]);
		out_str(&r->out, status == VIRGO_EXEC_STATUSES ? "forgotten"
							       : virgo_exec_status_name(status));
	}
	return i < r->argc ? VIRGO_INTERRUPTED : worst;
}

const struct cli_command commands_job[] = {
	{ "job ls", "[SET]", "list the jobs of the nodes: your own, an administrator's all",
	  "Each node's oldest first. A node forgets a job when its job_keep is over.",
	  ls_options, 0, 1, 0, CLI_C_NODES, NULL, job_ls },
	{ "job show", "JOB…", "all there is to say of a job",
	  "JOB is NODE/ID, as exec --async prints it. The id alone will do where only one node\n"
	  "of the set has a job of that id; they are all asked.",
	  NULL, 1, CLI_ANY, CLI_NEEDS_NODES, CLI_C_NONE, NULL, job_show },
	{ "job wait", "JOB…", "wait for the end of a job, and exit as it did",
	  "Of several, all are waited for, and the exit status is the largest; a status of 1\n"
	  "also means that a job was lost or could not be started, 5 that its time limit ended\n"
	  "it, or --timeout the waiting, 130 that it was cancelled.",
	  wait_options, 1, CLI_ANY, CLI_NEEDS_NODES, CLI_C_NONE, NULL, job_wait },
	{ "job output", "JOB", "print what a job has written",
	  "Its standard output goes to ours, its standard error to ours, as far as the node has\n"
	  "kept them. With -f until the job has ended.",
	  output_options, 1, 1, CLI_NEEDS_NODES | CLI_VALUE, CLI_C_NONE, NULL, job_output },
	{ "job cancel", "JOB…", "end jobs that have not ended",
	  "One that has ended already is an error (6), and stays.",
	  cancel_options, 1, CLI_ANY, CLI_NEEDS_NODES, CLI_C_NONE, NULL, job_cancel },
	{ 0 }
};
