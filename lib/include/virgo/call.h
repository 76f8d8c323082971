/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls: one request to one node, or many to many at once. All of libvirgo goes through here.
 *
 * Requests are signed with the context's key; body hash and ordered nonce are added. A request is
 * sent once: after a lost answer the library never repeats one that changes something
 * (err.maybe_done says that it may have taken effect).
 */
#ifndef VIRGO_CALL_H
#define VIRGO_CALL_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/ctx.h>
#include <virgo/error.h>

enum virgo_service {
	VIRGO_CPUPOOL,		/* 10000 */
	VIRGO_EVENTNET,		/* 20000 */
	VIRGO_MEMPOOL,		/* 30000 */
	VIRGO_CONTROL,		/* 40000 */
	VIRGO_CLOUDFS,		/* 50000 */
	VIRGO_QUEUE,		/* 60000 */
	VIRGO_SERVICES,		/* how many */
};

/* "mempool"; NULL for a number that is none */
const char *virgo_service_name(enum virgo_service service);
unsigned int virgo_service_port(enum virgo_service service);
/* the service of a name or port number in text, or -1 */
int virgo_service_find(const char *text);

/*
 * What to send. Either bytes in memory (data, len), which must stay until the call is over, or what
 * virgo_body_fd() found. An all-zero body sends nothing.
 */
struct virgo_body {
	const void *data;
	uint64_t len;
	int fd;			/* with from_file: read by pread() from offset */
	int from_file;
	int64_t offset;
	void *buffer;		/* owned: what was read from a pipe */
	char sha256[65];	/* hex, "" until known */
};

void virgo_body_mem(struct virgo_body *body, const void *data, size_t len);

/*
 * The rest of fd, at most max bytes. A regular file is hashed now and read again while it is sent
 * (it must not change; a node refuses what does not match the hash); anything else is read into
 * memory now. More than max bytes: VIRGO_USAGE. A signal whose handler was set without SA_RESTART
 * ends the reading: VIRGO_INTERRUPTED. fd stays the caller's and open until virgo_body_free().
 */
enum virgo_code virgo_body_fd(struct virgo_body *body, int fd, uint64_t max,
			      struct virgo_error *err);
void virgo_body_free(struct virgo_body *body);

struct virgo_header {
	const char *name;
	const char *value;
};

/*
 * Receives the body of a 2xx answer piece by piece instead of memory; other than 0 ends the call
 * (VIRGO_FAILED).
 */
typedef int (*virgo_sink_fn)(void *arg, const void *data, size_t len);
/* a sink: arg points to an int, the file descriptor; writes all */
int virgo_sink_fd(void *arg, const void *data, size_t len);

struct virgo_request {
	enum virgo_service service;
	const char *method;		/* "GET"; upper-case letters */
	const char *target;		/* canonical: see target.h */
	const struct virgo_header *headers;	/* all are signed; each name once; may be NULL */
	size_t nheaders;
	const struct virgo_body *body;	/* NULL: none */
	virgo_sink_fn sink;		/* NULL: the answer's body is kept in memory */
	void *sink_arg;
	size_t answer_max;		/* bytes of body kept in memory; 0: 64 MiB */
	unsigned long timeout_ms;	/* 0: the context's */
	int unsigned_ok;		/* do not sign (GET /healthz) */
};

/*
 * An answer, or why there is none. err.code is VIRGO_OK for 2xx and 304. The problem document of
 * another status has been read into err; body keeps it.
 */
struct virgo_answer {
	size_t index;			/* which of the calls */
	char *node;			/* as in the node set */
	char *address;			/* host:port */
	int status;			/* 0: no answer */
	char node_id[24];		/* Virgo-Node, or "" */
	char *body;			/* NUL follows the last byte; "" with a sink; never NULL */
	size_t len;			/* bytes of body, or given to the sink */
	uint64_t us;			/* from the start of the call to its end */
	uint64_t connect_us;		/* of it: making a connection, 0: reused */
	struct virgo_error err;
	char *head;			/* the library's: header lines */
};

/* the answer's header of that name (any case), or NULL; lives as long as the answer */
const char *virgo_answer_header(const struct virgo_answer *ans, const char *name);
void virgo_answer_free(struct virgo_answer *ans);

/*
 * One request to one node ("10.0.0.2", "host:port"; need not be one of the context's). *ans is the
 * caller's to free, and is set whenever the node answered at all, also with an error; NULL
 * otherwise. ans may be NULL.
 */
enum virgo_code virgo_call(struct virgo_ctx *ctx, const char *node, const struct virgo_request *req,
			   struct virgo_answer **ans, struct virgo_error *err);

struct virgo_job {
	const char *node;
	const struct virgo_request *req;
};

/*
 * Called once for every job, as soon as its answer is there or it has failed, in any order: a dead
 * node delays nobody. The answer is the callback's to free. Other than 0: no more answers are
 * wanted. It must not use the context.
 */
typedef int (*virgo_answer_fn)(void *arg, struct virgo_answer *ans);

/*
 * n jobs at once. VIRGO_OK means every job was reported to fn, whatever became of it; another code
 * that the rest was given up (no memory, cancelled, fn said so).
 */
enum virgo_code virgo_call_many(struct virgo_ctx *ctx, const struct virgo_job *jobs, size_t n,
				virgo_answer_fn fn, void *arg, struct virgo_error *err);

/* the same request to every node of virgo_nodes(); index is the node's in that set */
enum virgo_code virgo_call_all(struct virgo_ctx *ctx, const struct virgo_request *req,
			       virgo_answer_fn fn, void *arg, struct virgo_error *err);

#endif
