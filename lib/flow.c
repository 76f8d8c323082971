// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The bytes of a transfer: libcurl's callbacks. Everything that arrives is foreign and bounded.
 * Must never block on anything but the caller's sink.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "xfer.h"

static int flow_stop(struct virgo_xfer *xfer, enum virgo_stop why)
{
	if (!xfer->stop)
		xfer->stop = why;
	return -1;
}

/* room for extra bytes and a NUL behind the used ones; -1 without memory */
static int flow_reserve(char **buffer, size_t *cap, size_t used, size_t extra)
{
	size_t n = *cap ? *cap : 512;
	char *p;

	if (used + extra + 1 <= *cap)
		return 0;
	while (n < used + extra + 1)
		n *= 2;
	p = realloc(*buffer, n);
	if (!p)
		return -1;
	*buffer = p;
	*cap = n;
	return 0;
}

static size_t read_piece(struct virgo_xfer *xfer, char *out, size_t room)
{
	const struct virgo_body *body = xfer->req->body;
	ssize_t n;

	do {
		n = pread(body->fd, out, room, body->offset + (int64_t)xfer->sent);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		flow_stop(xfer, STOP_FILE_CHANGED);
		return CURL_READFUNC_ABORT;
	}
	xfer->sent += n;
	return n;
}

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
	struct virgo_xfer *xfer = arg;
	const struct virgo_body *body = xfer->req->body;
	uint64_t left = body ? body->len - xfer->sent : 0;
	size_t room = size * count;

	if (room > left)
		room = left;
	if (!room)
		return 0;
	if (body->from_file)
		return read_piece(xfer, out, room);
	memcpy(out, (const char *)body->data + xfer->sent, room);
	xfer->sent += room;
	return room;
}

/*
 * libcurl begins a body anew: after a 401 or on a connection that had died; on_send() decides about
 * the latter
 */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct virgo_xfer *xfer = arg;

	if (origin != SEEK_SET || offset < 0 ||
	    (uint64_t)offset > (xfer->req->body ? xfer->req->body->len : 0))
		return CURL_SEEKFUNC_FAIL;
	xfer->sent = offset;
	return CURL_SEEKFUNC_OK;
}

/*
 * Connected, and about to send. When a kept connection turns out to be dead libcurl sends the
 * request again on a new one. That is fine for reading, and for signed requests, of which a node
 * accepts one copy only; an unsigned change could happen twice.
 */
static int on_send(void *arg, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
	struct virgo_xfer *xfer = arg;

	(void)peer_ip;
	(void)own_ip;
	(void)peer_port;
	(void)own_port;
	if (xfer->tries++ && virgo_xfer_changes(xfer->req) && !xfer->ctx->key.id[0]) {
		flow_stop(xfer, STOP_REPEAT);
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

static void take_node_id(struct virgo_answer *ans, const char *value, size_t len)
{
	size_t n = 0;

	while (n < len && n + 1 < sizeof(ans->node_id) && value[n] > ' ' && value[n] < 0x7f)
		n++;
	memcpy(ans->node_id, value, n);
	ans->node_id[n] = '\0';
}

/*
 * "Name: value" becomes "Name\0value\0" at the end of ans->head, which always ends with an empty
 * name
 */
static int keep_field(struct virgo_xfer *xfer, const char *line, size_t len)
{
	struct virgo_answer *ans = xfer->ans;
	const char *colon = memchr(line, ':', len), *value;
	size_t name_len, value_len;

	if (!colon || colon == line || memchr(line, 0, len))
		return 0;
	name_len = colon - line;
	value = colon + 1;
	value_len = len - name_len - 1;
	for (; value_len && strchr(" \t", *value); value_len--)
		value++;
	while (value_len && strchr(" \t\r\n", value[value_len - 1]))
		value_len--;
	if (xfer->head_len + name_len + value_len + 3 > HEAD_MAX)
		return flow_stop(xfer, STOP_HEAD_BIG);
	if (flow_reserve(&ans->head, &xfer->head_cap, xfer->head_len, name_len + value_len + 2))
		return flow_stop(xfer, STOP_NOMEM);
	if (name_len == 10 && !strncasecmp(line, "virgo-node", 10))
		take_node_id(ans, value, value_len);
	memcpy(ans->head + xfer->head_len, line, name_len);
	xfer->head_len += name_len;
	ans->head[xfer->head_len++] = '\0';
	memcpy(ans->head + xfer->head_len, value, value_len);
	xfer->head_len += value_len;
	ans->head[xfer->head_len++] = '\0';
	ans->head[xfer->head_len] = '\0';
	return 0;
}

static size_t on_head(char *line, size_t size, size_t count, void *arg)
{
	struct virgo_xfer *xfer = arg;
	size_t len = size * count;

	/* a new status line: what came before was a 100 Continue */
	if (len >= 5 && !memcmp(line, "HTTP/", 5)) {
		xfer->head_len = 0;
		xfer->ans->node_id[0] = '\0';
		if (xfer->ans->head)
			xfer->ans->head[0] = '\0';
		return len;
	}
	return keep_field(xfer, line, len) ? 0 : len;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct virgo_xfer *xfer = arg;
	struct virgo_answer *ans = xfer->ans;
	size_t len = size * count, max;
	long status = 0;

	curl_easy_getinfo(xfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 == 2 && xfer->req->sink) {
		ans->len += len;
		if (!xfer->req->sink(xfer->req->sink_arg, data, len))
			return len;
		flow_stop(xfer, STOP_SINK);
		return 0;
	}
	max = xfer->req->answer_max ? xfer->req->answer_max : BODY_MAX;
	if (status / 100 != 2)
		max = ERROR_BODY_MAX;
	if (len > max - ans->len) {
		flow_stop(xfer, STOP_ANSWER_BIG);
		return 0;
	}
	if (flow_reserve(&ans->body, &xfer->body_cap, ans->len, len)) {
		flow_stop(xfer, STOP_NOMEM);
		return 0;
	}
	memcpy(ans->body + ans->len, data, len);
	ans->len += len;
	ans->body[ans->len] = '\0';
	return len;
}

void virgo_flow_attach(struct virgo_xfer *xfer)
{
	CURL *easy = xfer->easy;

	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, xfer);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, xfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, xfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, xfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, xfer);
}
