/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs in the background: handed to a node, which runs them by priority and keeps their output and end
 * for a while (its job_keep).
 */
#ifndef VIRGO_JOB_H
#define VIRGO_JOB_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/exec.h>

/* where a job is: "NODE/ID" */
struct virgo_job_address {
	char node[VIRGO_NODE_NAME_MAX + 1];
	char id[VIRGO_EXEC_ID_MAX + 1];
};

/*
 * An address from text: "NODE/ID", or an id alone: then the context's nodes are asked which of them has
 * it (nobody is asked when there is only one). An id that several have is VIRGO_USAGE.
 */
enum virgo_code virgo_job_parse(struct virgo_ctx *ctx, const char *text,
				struct virgo_job_address *job, struct virgo_error *err);

/* What a node says of a job. Free with virgo_job_info_free(). */
struct virgo_job_info {
	struct virgo_job_address job;
	enum virgo_exec_kind kind;
	enum virgo_exec_status status;
	int exit;			/* -1: it did not exit, or not yet */
	int signal, priority;
	int has_value, truncated;
	int64_t value;
	int64_t created_ms, started_ms, ended_ms;	/* of Unix time; -1: not yet */
	uint64_t us, out_bytes, err_bytes;
	char key[64];			/* whose it is; "" on a node without keys */
	char error[256];		/* why it could not be started, or "" */
	char *name;
	char **args;			/* nargs of them */
	size_t nargs;
};

void virgo_job_info_free(struct virgo_job_info *info);

/* hand exec to node, or (NULL) to the one the context's balancer picks */
enum virgo_code virgo_job_submit(struct virgo_ctx *ctx, const char *node,
				 const struct virgo_exec *exec, struct virgo_job_address *job,
				 struct virgo_error *err);

/* a job of node number index is there, or (job NULL) why not; other than 0: no more are wanted */
typedef int (*virgo_submitted_fn)(void *arg, size_t index, const struct virgo_job_address *job,
				  const struct virgo_error *err);

/* the same to each of n nodes at once: VIRGO_OK when fn has heard of all of them */
enum virgo_code virgo_job_submit_many(struct virgo_ctx *ctx, const struct virgo_exec *exec,
				      const char *const *nodes, size_t n, virgo_submitted_fn fn,
				      void *arg, struct virgo_error *err);

/* one request: how it is now, or, with wait_ms (at most 10 min), as soon as it has ended */
enum virgo_code virgo_job_show(struct virgo_ctx *ctx, const struct virgo_job_address *job,
			       uint64_t wait_ms, struct virgo_job_info *info,
			       struct virgo_error *err);

/* wait for its end, for timeout_ms at the most (VIRGO_UNREACHABLE, err.timed_out); 0: for ever */
enum virgo_code virgo_job_wait(struct virgo_ctx *ctx, const struct virgo_job_address *job,
			       uint64_t timeout_ms, struct virgo_job_info *info,
			       struct virgo_error *err);

/* end it, if it has not ended: *status (may be NULL) as the node has it now; else it stays as it is */
enum virgo_code virgo_job_cancel(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				 enum virgo_exec_status *status, struct virgo_error *err);
/* forget one that has ended, and its output; one that has not is VIRGO_PRECONDITION */
enum virgo_code virgo_job_forget(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				 struct virgo_error *err);

/* What one look at a job's output brought: where the next begins, and how the job was. */
struct virgo_job_output {
	uint64_t next;
	enum virgo_exec_status status;
};

/*
 * The bytes of a stream from offset on, as far as they are there, into sink; with wait_ms (at most 10
 * min) as soon as there is one, or the job has ended. Nothing new and ended: that was all.
 */
enum virgo_code virgo_job_output(struct virgo_ctx *ctx, const struct virgo_job_address *job,
				 enum virgo_stream stream, uint64_t offset, uint64_t wait_ms,
				 virgo_sink_fn sink, void *arg, struct virgo_job_output *out,
				 struct virgo_error *err);

/* a job; other than 0 ends the listing (VIRGO_INTERRUPTED) */
typedef int (*virgo_job_fn)(void *arg, const struct virgo_job_info *info);

struct virgo_job_list {
	int has_status;			/* only those with status */
	enum virgo_exec_status status;
	virgo_job_fn job;
	void (*failed)(void *arg, const struct virgo_error *err);	/* a node's are missing; may be NULL */
	void *arg;
};

/*
 * The jobs of all nodes of the context, one's own (an administrator's: all), node after node, each
 * node's oldest first. The result is VIRGO_OK only if the listing is whole, else the worst node's error.
 */
enum virgo_code virgo_job_list(struct virgo_ctx *ctx, const struct virgo_job_list *list,
			       struct virgo_error *err);

#endif
