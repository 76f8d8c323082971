/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of libvirgo share. Not installed. Nothing here is visible outside the shared
 * library.
 */
#ifndef VIRGO_INTERNAL_H
#define VIRGO_INTERNAL_H

#include <signal.h>
#include <stdint.h>
#include <virgo/virgo.h>

#define VIRGO_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* error.c */
enum { VIRGO_SHOWN = 96 };
const char *virgo_show(char out[VIRGO_SHOWN], const void *data, size_t len);
void virgo_one_line(char *text);
enum virgo_code virgo_error_nomem(struct virgo_error *err);
enum virgo_code virgo_error_move(struct virgo_error *to, const struct virgo_error *from);

/* nodename.c: a node's canonical name */
struct virgo_endpoint {
	char host[VIRGO_NODE_NAME_MAX + 1];	/* IPv6 in brackets */
	unsigned int port;			/* 0: the service's own */
};

/*
 * Make name (len bytes) canonical in out: lower case, addresses checked, IPv6 short and in
 * brackets. NULL, or what is wrong with it.
 */
const char *virgo_node_canon(const char *name, size_t len, char out[VIRGO_NODE_NAME_MAX + 1]);
/* split a canonical name */
void virgo_node_split(const char *name, struct virgo_endpoint *ep);

/* nodeparse.c: is text a node set? It may be an empty one: its groups are not known yet. */
enum virgo_code virgo_nodeset_check(const char *text, virgo_group_fn group, void *arg,
				    struct virgo_error *err);

/* sha256.c: hex, lower case, NUL-terminated */
void virgo_sha256_hex(const void *data, size_t len, char hex[65]);
/*
 * the rest of a file from offset; counts into *len. 0, or -1 with errno; more than max: -1, EFBIG
 */
int virgo_sha256_fd(int fd, int64_t offset, uint64_t max, uint64_t *len, char hex[65]);

/* target.c: undo %XX in place; the new length, or -1 for a broken escape */
long virgo_pct_decode(char *s, size_t n);

/* json.c: reading a node's answer; out arguments are untouched where -1 is returned */
struct cJSON;
const char *virgo_json_text(const struct cJSON *object, const char *name);
int virgo_json_u64(const struct cJSON *object, const char *name, uint64_t *out);
int virgo_json_s64(const struct cJSON *object, const char *name, int64_t *out);
/*
 * the integer member of a flat object, exact to 64 bits where cJSON would round it through a double
 */
int virgo_json_flat_s64(const char *text, const char *name, int64_t *out);

/* answer.c */
struct virgo_answer *virgo_answer_new(const struct virgo_job *job, size_t index);

/* problem.c: the answer's status and body into ans->err; key_note may be "" */
void virgo_problem_read(struct virgo_answer *ans, const char *key_note);
void virgo_problem_set(struct virgo_answer *ans, const char *problem, const char *detail,
		       const char *key_note);
/*
 * Why there is no answer, behind the node's name; err.code is set, and timed_out if that was why. sent: bytes
 * of the request may have arrived; changes: and that would matter
 */
void virgo_no_answer(struct virgo_answer *ans, const char *text, int sent, int changes);
/* a 2xx answer whose body is not what it should be; VIRGO_FAILED */
enum virgo_code virgo_bad_answer(const struct virgo_answer *ans, const char *what,
				 struct virgo_error *err);
/* "node 2 (10.0.0.2:30000)" or "10.0.0.2:30000" */
void virgo_node_label(const struct virgo_answer *ans, char *out, size_t size);

/* key.c */
int virgo_xdg_path(char *path, size_t size, const char *file);

/* ctx.c */
struct virgo_device;
struct virgo_view;
struct virgo_xfer;
struct virgo_ctx {
	struct virgo_nodeset *nodes;
	unsigned long long *hashes;	/* of the nodes' names, for placement */
	struct virgo_key key;		/* id "": none */
	char key_note[384];		/* why there is no key, for the hint of a 401 */
	char cluster[33];
	unsigned long timeout_ms, connect_timeout_ms;
	unsigned int parallel;
	int old_curl;			/* before 8.14.0: CURLOPT_REQUEST_TARGET */
	void *multi;			/* CURLM, made by the first call */
	struct virgo_xfer *idle;	/* to use again */
	enum virgo_balancer balancer;
	char registry[VIRGO_NODE_NAME_MAX + 1];	/* who is asked for the load of all; "": each */
	struct virgo_view *view;	/* of the nodes' load; NULL: not looked yet */
	struct virgo_device *device;	/* calls go by way of it; NULL: by HTTP */
	uint64_t views;			/* how many there have been */
	volatile sig_atomic_t cancelled;
	virgo_trace_fn trace;
	void *trace_arg;
};

int virgo_random(void *out, size_t len);

/*
 * call.c: as virgo_call_many(), but over (VIRGO_OK) as soon as enough(arg) says so, which is asked every
 * few milliseconds; what has not been answered by then is given up and not told of
 */
typedef int (*virgo_enough_fn)(void *arg);
enum virgo_code virgo_call_until(struct virgo_ctx *ctx, const struct virgo_job *jobs, size_t n,
				 virgo_answer_fn fn, virgo_enough_fn enough, void *arg,
				 struct virgo_error *err);

/* device.c: calls by way of /dev/virgo; *nodes are the kernel's, the caller's to free */
enum virgo_code virgo_device_open(struct virgo_ctx *ctx, struct virgo_nodeset **nodes,
				  struct virgo_error *err);
void virgo_device_close(struct virgo_ctx *ctx);
/* are the context's nodes the kernel's own, so that it may pick? */
void virgo_device_use_all(struct virgo_ctx *ctx, int all);
int virgo_device_picks(const struct virgo_ctx *ctx);
/* virgo_call_picked() by the kernel */
enum virgo_code virgo_device_picked(struct virgo_ctx *ctx, const struct virgo_want *want,
				    const struct virgo_request *req, struct virgo_answer **ans,
				    struct virgo_error *err);

/* view.c */
void virgo_view_free(struct virgo_ctx *ctx);

/* curl.c: what depends on the libcurl found at run time */
enum virgo_code virgo_curl_start(int *old_curl, struct virgo_error *err);

/* xfer.c: one request on its way; see there */
enum virgo_code virgo_xfer_start(struct virgo_ctx *ctx, const struct virgo_job *job, size_t index,
				 struct virgo_xfer **xfer, struct virgo_answer **ans,
				 struct virgo_error *err);
struct virgo_answer *virgo_xfer_finish(struct virgo_xfer *xfer, int curl_result);
void virgo_xfer_abandon(struct virgo_xfer *xfer);
void virgo_xfer_free_idle(struct virgo_ctx *ctx);

/* trace.c */
void virgo_trace_line(struct virgo_ctx *ctx, const char *node, char mark, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
