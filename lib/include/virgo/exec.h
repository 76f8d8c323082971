/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running things on nodes: a program, a function of a library there, or a kernel function; on the node
 * that should run it, on one, or on many at once. What goes on in the background is job.h's.
 *
 *	static const char *const args[] = { "-a" };
 *	struct virgo_exec exec = { .name = "uname", .args = args, .nargs = 1 };
 *	struct virgo_exec_result result;
 *
 *	if (!virgo_clone(ctx, NULL, &exec, &result, &err)) {
 *		fwrite(result.out, 1, result.out_len, stdout);
 *		virgo_exec_result_free(&result);
 *	}
 *
 * A run is never begun twice: another node is tried only where none of it can have begun. Where an
 * answer is missing err.maybe_done says that it may have. When the call ends early (virgo_cancel(), a
 * callback that wants no more, the end of this process) its connection closes, and the node ends the run.
 */
#ifndef VIRGO_EXEC_H
#define VIRGO_EXEC_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/call.h>
#include <virgo/ctx.h>
#include <virgo/error.h>

enum virgo_exec_limit {
	VIRGO_EXEC_ARGS_MAX = 1024,
	VIRGO_EXEC_ENV_MAX = 256,
	VIRGO_EXEC_PRIORITY_MAX = 100,	/* and -100 */
	VIRGO_EXEC_BODY_MAX = 1 << 20,	/* bytes of it all as a request */
	VIRGO_EXEC_ID_MAX = 63,
};

enum virgo_exec_kind {
	VIRGO_EXEC_PROGRAM,	/* an absolute path, or a name that is looked for among what is allowed */
	VIRGO_EXEC_FUNCTION,	/* "library:function" or "function" */
	VIRGO_EXEC_KERNEL,	/* a kernel function's name */
};

/*
 * What to run. All zero but name: no arguments, the node's environment, directory and time limit, no
 * standard input. Strings are UTF-8; input may be any bytes.
 */
struct virgo_exec {
	enum virgo_exec_kind kind;
	const char *name;
	const char *const *args;	/* nargs of them, the name not among them */
	size_t nargs;
	const char *const *env;		/* nenv of them, each "NAME=value" */
	size_t nenv;
	const void *input;		/* standard input */
	size_t input_len;
	const char *cwd;		/* an absolute path, or NULL */
	uint64_t timeout_ms;		/* the node ends it after this; 0: after its own exec_timeout */
	int priority;			/* of jobs: higher ones run first */
};

enum virgo_exec_status {
	VIRGO_EXEC_EXITED,
	VIRGO_EXEC_KILLED,	/* by a signal that nobody here sent */
	VIRGO_EXEC_TIMEOUT,	/* ended by its time limit */
	VIRGO_EXEC_CANCELLED,
	VIRGO_EXEC_LOST,	/* the node or its helper went away under it: nobody knows what became of it */
	/* of jobs only */
	VIRGO_EXEC_QUEUED,
	VIRGO_EXEC_RUNNING,
	VIRGO_EXEC_FAILED,	/* it could not be started */
	VIRGO_EXEC_STATUSES,	/* how many */
};

/* "exited", "killed" …; NULL for a number that is none */
const char *virgo_exec_status_name(enum virgo_exec_status status);
/* "program", "function", "kernel"; NULL for a number that is none */
const char *virgo_exec_kind_name(enum virgo_exec_kind kind);
/* has it ended, one way or another? */
int virgo_exec_ended(enum virgo_exec_status status);

/*
 * The exit status that a shell would have: a program's own, 128 and the signal, VIRGO_UNREACHABLE for a
 * time limit, VIRGO_INTERRUPTED for what was cancelled, VIRGO_FAILED for all else
 */
int virgo_exec_exit(enum virgo_exec_status status, int exit, int signal);

/* Free with virgo_exec_result_free(); all zero is fine there, too. */
struct virgo_exec_result {
	enum virgo_exec_status status;
	int exit;			/* -1: it did not exit */
	int signal;			/* 0: none */
	int has_value;			/* functions and kernel functions return one */
	int64_t value;
	char *out, *err;		/* what it wrote; a NUL follows; NULL: a callback had it */
	size_t out_len, err_len;
	int truncated;			/* the node keeps output_max of each; it wrote: */
	uint64_t out_bytes, err_bytes;
	uint64_t us;			/* that it ran */
	char why[160];			/* what the node has to add, or "" */
	char id[VIRGO_EXEC_ID_MAX + 1];
	char node[VIRGO_NODE_NAME_MAX + 1];	/* as in the node set */
	char node_id[24];
};

void virgo_exec_result_free(struct virgo_exec_result *result);

/*
 * Run exec on node, or (NULL) on the one the context's balancer picks, and wait for its end. VIRGO_OK:
 * it ran, and result says how it ended, be that well or ill. Output over 64 MiB is refused.
 */
enum virgo_code virgo_clone(struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec,
			    struct virgo_exec_result *result, struct virgo_error *err);

enum virgo_stream { VIRGO_STDOUT = 1, VIRGO_STDERR = 2 };

/* a piece of output, as it appears; other than 0 ends the run */
typedef int (*virgo_output_fn)(void *arg, enum virgo_stream stream, const void *data, size_t len);

/* the same with output as it appears */
enum virgo_code virgo_clone_stream(struct virgo_ctx *ctx, const char *node,
				   const struct virgo_exec *exec, virgo_output_fn output, void *arg,
				   struct virgo_exec_result *result, struct virgo_error *err);

/*
 * One run on each of n nodes at once, virgo_parallel() at a time.
 *
 * output: as above, index says of which node; NULL: it is gathered in the result.
 * done: one of them is over: how, or (result NULL) why nothing is known of it. us is from sending it to
 *	its end. The result is the library's and goes when done returns; out and err may be taken over (and
 *	freed later), with NULL left in their place.
 * Other than 0 from either ends everything, runs under way included.
 */
struct virgo_exec_many {
	const char *const *nodes;
	size_t n;
	int (*output)(void *arg, size_t index, enum virgo_stream stream, const void *data,
		      size_t len);
	int (*done)(void *arg, size_t index, struct virgo_exec_result *result,
		    const struct virgo_error *err, uint64_t us);
	void *arg;
};

/* VIRGO_OK: done was called for every node; another code: the rest was given up, err says why */
enum virgo_code virgo_exec_many(struct virgo_ctx *ctx, const struct virgo_exec *exec,
				const struct virgo_exec_many *many, struct virgo_error *err);

#endif
