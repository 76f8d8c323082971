// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One request: made ready for libcurl, and its result read. Every option is set anew each time, so
 * that nothing of one request can stay behind for the next. Must never log or keep a secret outside
 * ctx->key and libcurl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfer.h"

/* a node closes after 75 s of idling; a connection near that age is not worth the risk */
enum { IDLE_MAX_S = 60, EXPECT_MIN = 1 << 20 };
/* where nothing moves for long (a run), a peer that is gone is noticed all the same */
enum { ALIVE_IDLE_S = 30, ALIVE_EVERY_S = 10 };
enum { UPLOAD_SMALL = 16 * 1024 };	/* many requests at once need not 64 KiB each */
enum { NAME_MAX_BYTES = 64, VALUE_MAX_BYTES = 4096 };

int virgo_xfer_changes(const struct virgo_request *req)
{
	return strcmp(req->method, "GET") && strcmp(req->method, "HEAD");
}

static struct virgo_xfer *xfer_get(struct virgo_ctx *ctx)
{
	struct virgo_xfer *xfer = ctx->idle;
	unsigned char random[8];

	if (xfer) {
		ctx->idle = xfer->next;
		xfer->next = NULL;
		return xfer;
	}
	xfer = calloc(1, sizeof(*xfer));
	if (!xfer)
		return NULL;
	xfer->ctx = ctx;
	xfer->easy = curl_easy_init();
	if (!xfer->easy || virgo_random(random, sizeof(random))) {
		curl_easy_cleanup(xfer->easy);
		free(xfer);
		return NULL;
	}
	for (int i = 0; i < 8; i++)
		snprintf(xfer->stream + 2 * i, 3, "%02x", random[i]);
	return xfer;
}

/* everything of the present request goes; the handle, its stream and its counter stay */
static void xfer_put(struct virgo_xfer *xfer)
{
	curl_easy_reset(xfer->easy);
	curl_slist_free_all(xfer->headers);
	virgo_answer_free(xfer->ans);
	xfer->headers = NULL;
	xfer->ans = NULL;
	xfer->req = NULL;
	xfer->sent = 0;
	xfer->tries = 0;
	xfer->body_cap = 0;
	xfer->head_len = 0;
	xfer->head_cap = 0;
	xfer->stop = STOP_NONE;
	xfer->why[0] = '\0';
	xfer->next = xfer->ctx->idle;
	xfer->ctx->idle = xfer;
}

void virgo_xfer_free_idle(struct virgo_ctx *ctx)
{
	struct virgo_xfer *xfer;

	while ((xfer = ctx->idle)) {
		ctx->idle = xfer->next;
		curl_easy_cleanup(xfer->easy);
		free(xfer);
	}
}

static int add_header(struct virgo_xfer *xfer, const char *name, const char *value)
{
	char line[NAME_MAX_BYTES + VALUE_MAX_BYTES + 3];
	struct curl_slist *list;

	snprintf(line, sizeof(line), "%s: %s", name, value);
	list = curl_slist_append(xfer->headers, line);
	if (!list)
		return -1;
	xfer->headers = list;
	return 0;
}

static enum virgo_code check_header(const struct virgo_header *h, struct virgo_error *err)
{
	size_t n = strlen(h->name), v = strlen(h->value);
	char shown[VIRGO_SHOWN];

	/* an empty value is "Name;" to libcurl and breaks SignedHeaders in old versions */
	if (n && n < NAME_MAX_BYTES && v && v < VALUE_MAX_BYTES && !strpbrk(h->name, ":; \t\r\n") &&
	    !strpbrk(h->value, "\r\n"))
		return VIRGO_OK;
	return virgo_error_set(err, VIRGO_USAGE, "header %s can't be sent",
			       virgo_show(shown, h->name, n));
}

static enum virgo_code set_headers(struct virgo_xfer *xfer, struct virgo_error *err)
{
	const struct virgo_request *req = xfer->req;
	char nonce[48], hash[65];
	enum virgo_code code;

	for (size_t i = 0; i < req->nheaders; i++) {
		code = check_header(&req->headers[i], err);
		if (code)
			return code;
		if (add_header(xfer, req->headers[i].name, req->headers[i].value))
			return virgo_error_nomem(err);
	}
	/* asking first costs a round trip: worth it for what is too large to send for nothing */
	if (req->body && req->body->len && req->body->len <= EXPECT_MIN) {
		struct curl_slist *list = curl_slist_append(xfer->headers, "Expect:");

		if (!list)
			return virgo_error_nomem(err);
		xfer->headers = list;
	}
	if (!xfer->ctx->key.id[0] || req->unsigned_ok)
		return VIRGO_OK;
	if (req->body && req->body->len) {
		snprintf(hash, sizeof(hash), "%s", req->body->sha256);
		if (!hash[0])
			virgo_sha256_hex(req->body->data, req->body->len, hash);
		if (add_header(xfer, "x-virgo-content-sha256", hash))
			return virgo_error_nomem(err);
	}
	if (virgo_xfer_changes(req)) {
		xfer->counter++;
		snprintf(nonce, sizeof(nonce), "%s.%llu", xfer->stream,
			 (unsigned long long)xfer->counter);
		if (add_header(xfer, "x-virgo-nonce", nonce))
			return virgo_error_nomem(err);
	}
	return VIRGO_OK;
}

/*
 * Before 8.14 libcurl signs the URL's path as it stands, from then on it escapes the "%" of an
 * escape once more (as the nodes do). So the old ones are given the escaped form to sign, and the
 * real one to send.
 */
static enum virgo_code set_url(struct virgo_xfer *xfer, struct virgo_error *err)
{
	const char *target = xfer->req->target, *query = strchr(target, '?');
	size_t path_len = query ? (size_t)(query - target) : strlen(target);
	char url[16 + VIRGO_NODE_NAME_MAX + 8 + 3 * VIRGO_PATH_MAX + VIRGO_QUERY_MAX + 2];
	int twice = xfer->ctx->old_curl && memchr(target, '%', path_len);
	size_t n;

	if (target[0] != '/' || path_len > VIRGO_PATH_MAX ||
	    strlen(target) - path_len > VIRGO_QUERY_MAX + 1 || strpbrk(target, " #\r\n\t"))
		return virgo_error_set(err, VIRGO_USAGE, "not a canonical request target");
	n = snprintf(url, sizeof(url), "http://%s", xfer->ans->address);
	for (size_t i = 0; i < path_len; i++) {
		url[n++] = target[i];
		if (twice && target[i] == '%') {
			url[n++] = '2';
			url[n++] = '5';
		}
	}
	snprintf(url + n, sizeof(url) - n, "%s", query ? query : "");
	if (curl_easy_setopt(xfer->easy, CURLOPT_URL, url) ||
	    (twice && curl_easy_setopt(xfer->easy, CURLOPT_REQUEST_TARGET, target)))
		return virgo_error_nomem(err);
	return VIRGO_OK;
}

static int set_method(struct virgo_xfer *xfer)
{
	const struct virgo_request *req = xfer->req;
	int has_body = req->body && req->body->len;
	CURL *easy = xfer->easy;

	if (!strcmp(req->method, "HEAD") && !has_body)
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (!strcmp(req->method, "GET") && !has_body)
		return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	/* as an upload: no Content-Type of libcurl's own, and Content-Length: 0 without a body */
	if (has_body || strcmp(req->method, "DELETE")) {
		curl_off_t len = has_body ? (curl_off_t)req->body->len : 0;

		if (curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) ||
		    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, len))
			return -1;
	}
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, req->method);
}

static enum virgo_code set_signing(struct virgo_xfer *xfer, struct virgo_error *err)
{
	const struct virgo_ctx *ctx = xfer->ctx;
	const char *service = virgo_service_name(xfer->req->service);
	char sigv4[96];

	if (!ctx->key.id[0] || xfer->req->unsigned_ok)
		return VIRGO_OK;
	snprintf(sigv4, sizeof(sigv4), "virgo:virgo:%s:%s", ctx->cluster, service);
	if (curl_easy_setopt(xfer->easy, CURLOPT_AWS_SIGV4, sigv4) ||
	    curl_easy_setopt(xfer->easy, CURLOPT_USERNAME, ctx->key.id) ||
	    curl_easy_setopt(xfer->easy, CURLOPT_PASSWORD, ctx->key.secret))
		return virgo_error_set(err, VIRGO_FAILED,
				       "this libcurl was built without AWS SigV4 signing");
	return VIRGO_OK;
}

static void set_options(struct virgo_xfer *xfer)
{
	const struct virgo_ctx *ctx = xfer->ctx;
	CURL *easy = xfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, xfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, xfer->why);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* whatever http_proxy says: a proxy would break the signature */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "libvirgo");
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)ALIVE_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)ALIVE_EVERY_S);
	if (!xfer->req->body || xfer->req->body->len <= UPLOAD_SMALL)
		curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_SMALL);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)ctx->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)xfer->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, xfer->headers);
	if (ctx->trace) {
		curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, virgo_trace_curl);
		curl_easy_setopt(easy, CURLOPT_DEBUGDATA, xfer);
		curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	}
}

static enum virgo_code prepare(struct virgo_xfer *xfer, struct virgo_error *err)
{
	const struct virgo_request *req = xfer->req;
	char shown[VIRGO_SHOWN];
	enum virgo_code code;

	if (!xfer->ans->address[0])
		return virgo_error_set(err, VIRGO_USAGE, "%s is not a node's name",
				       virgo_show(shown, xfer->ans->node, strlen(xfer->ans->node)));
	if (!virgo_service_name(req->service) || !req->method[0] ||
	    req->method[strspn(req->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")])
		return virgo_error_set(err, VIRGO_USAGE, "not a method or service");
	code = set_url(xfer, err);
	if (!code)
		code = set_headers(xfer, err);
	if (!code)
		code = set_signing(xfer, err);
	if (!code && set_method(xfer))
		code = virgo_error_nomem(err);
	if (code)
		return code;
	xfer->timeout_ms = req->timeout_ms ? req->timeout_ms : xfer->ctx->timeout_ms;
	set_options(xfer);
	virgo_flow_attach(xfer);
	return VIRGO_OK;
}

/*
 * Set out. VIRGO_OK: *xfer is in the multi handle, and virgo_xfer_finish() or virgo_xfer_abandon()
 * ends it. Otherwise *ans says what is wrong with this job, or is NULL: out of memory.
 */
enum virgo_code virgo_xfer_start(struct virgo_ctx *ctx, const struct virgo_job *job, size_t index,
				 struct virgo_xfer **xfer_out, struct virgo_answer **ans,
				 struct virgo_error *err)
{
	struct virgo_xfer *xfer = xfer_get(ctx);
	struct virgo_error local;
	enum virgo_code code;

	*ans = NULL;
	if (!xfer)
		return virgo_error_nomem(err);
	xfer->req = job->req;
	xfer->ans = virgo_answer_new(job, index);
	if (!xfer->ans) {
		code = virgo_error_nomem(err);
		goto out_put;
	}
	code = prepare(xfer, &local);
	if (!code && curl_multi_add_handle(ctx->multi, xfer->easy))
		code = virgo_error_nomem(&local);
	if (!code) {
		*xfer_out = xfer;
		return VIRGO_OK;
	}
	virgo_error_move(err, &local);
	xfer->ans->err = local;
	snprintf(xfer->ans->err.node, sizeof(xfer->ans->err.node), "%s", xfer->ans->address);
	*ans = xfer->ans;
	xfer->ans = NULL;
out_put:
	xfer_put(xfer);
	return code;
}

static void no_answer(struct virgo_xfer *xfer, int result);

/* the transfer is over; the answer is the caller's */
struct virgo_answer *virgo_xfer_finish(struct virgo_xfer *xfer, int result)
{
	struct virgo_answer *ans = xfer->ans;
	curl_off_t us = 0, connect_us = 0;
	long status = 0, fresh = 0;

	curl_easy_getinfo(xfer->easy, CURLINFO_TOTAL_TIME_T, &us);
	curl_easy_getinfo(xfer->easy, CURLINFO_NUM_CONNECTS, &fresh);
	curl_easy_getinfo(xfer->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
	ans->us = us;
	ans->connect_us = fresh ? connect_us : 0;
	if (result == CURLE_OK) {
		curl_easy_getinfo(xfer->easy, CURLINFO_RESPONSE_CODE, &status);
		ans->status = status;
		if (status / 100 != 2 && status != 304)
			virgo_problem_read(ans, xfer->ctx->key_note);
	} else {
		no_answer(xfer, result);
	}
	virgo_trace_line(xfer->ctx, ans->address, '*', "%llu bytes of answer in %llu us",
			 (unsigned long long)ans->len, (unsigned long long)ans->us);
	curl_multi_remove_handle(xfer->ctx->multi, xfer->easy);
	xfer->ans = NULL;
	xfer_put(xfer);
	return ans;
}

void virgo_xfer_abandon(struct virgo_xfer *xfer)
{
	curl_multi_remove_handle(xfer->ctx->multi, xfer->easy);
	xfer_put(xfer);
}

static const char *own_stop(enum virgo_stop why)
{
	switch (why) {
	case STOP_SINK:
		return "unable to write the answer out";
	case STOP_ANSWER_BIG:
		return "the answer is over the limit";
	case STOP_HEAD_BIG:
		return "the answer's header is over 64 KiB";
	case STOP_FILE_CHANGED:
		return "the file changed while it was sent";
	case STOP_NOMEM:
		return "out of memory";
	default:
		return NULL;
	}
}

static void time_out(struct virgo_xfer *xfer, int sent, char *text, size_t size)
{
	xfer->ans->err.timed_out = 1;
	if (!sent)
		snprintf(text, size, "no connection within %lu ms",
			 xfer->ctx->connect_timeout_ms < xfer->timeout_ms ?
				 xfer->ctx->connect_timeout_ms : xfer->timeout_ms);
	else
		snprintf(text, size, "no answer within %lu ms", xfer->timeout_ms);
}

static void describe(struct virgo_xfer *xfer, int result, int sent, char *text, size_t size)
{
	struct virgo_error *err = &xfer->ans->err;
	long os_errno = 0;

	curl_easy_getinfo(xfer->easy, CURLINFO_OS_ERRNO, &os_errno);
	err->code = VIRGO_UNREACHABLE;
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		time_out(xfer, sent, text, size);
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		snprintf(text, size, "no address found for this name");
		break;
	case CURLE_COULDNT_CONNECT:
		snprintf(text, size, "no connection: %s",
			 os_errno ? strerror(os_errno) : "refused or not reachable");
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_SEND_FAIL_REWIND:
	case CURLE_PARTIAL_FILE:
	case CURLE_ABORTED_BY_CALLBACK:
		snprintf(text, size, "connection lost before the answer was complete");
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
		err->code = VIRGO_FAILED;
		snprintf(text, size, "does not answer in HTTP/1.1");
		break;
	default:
		err->code = VIRGO_FAILED;
		snprintf(text, size, "%s",
			 xfer->why[0] ? xfer->why : curl_easy_strerror(result));
	}
}

static void no_answer(struct virgo_xfer *xfer, int result)
{
	struct virgo_error *err = &xfer->ans->err;
	const char *own = own_stop(xfer->stop);
	int sent = xfer->tries > 0;
	char text[CURL_ERROR_SIZE + 64];

	virgo_error_clear(err);
	if (own) {
		err->code = VIRGO_FAILED;
		snprintf(text, sizeof(text), "%s", own);
	} else {
		describe(xfer, result, sent, text, sizeof(text));
	}
	virgo_no_answer(xfer->ans, text, sent, virgo_xfer_changes(xfer->req));
}
