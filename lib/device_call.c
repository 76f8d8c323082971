// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One call by way of /dev/virgo, on a worker's thread: the request into VIRGO_IOC_CALL, the answer out of it.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "device.h"
#include "xfer.h"

/* what is given to the kernel besides the structure */
struct parcel {
	struct virgo_ioc_call c;
	char head[16 * 1024];		/* the answer's header lines */
	char headers[VIRGO_IOC_HEADERS];
	void *body;			/* read from a file */
	char *piece;			/* of an answer that goes to a sink */
};

/* --- the request -------------------------------------------------------------------------------- */

const char *virgo_device_to(struct virgo_ioc_to *to, const char *node)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	char canon[VIRGO_NODE_NAME_MAX + 1], *host;
	struct virgo_endpoint ep;
	const char *wrong;

	wrong = virgo_node_canon(node, strlen(node), canon);
	if (wrong)
		return wrong;
	virgo_node_split(canon, &ep);
	host = ep.host;
	if (host[0] == '[') {
		host[strlen(host) - 1] = '\0';
		host++;
	}
	if (getaddrinfo(host, NULL, &hints, &found))
		return "no address found for this name";
	to->pick = VIRGO_PICK_NODE;
	to->port = ep.port;
	if (found->ai_family == AF_INET) {
		to->family = 4;
		memcpy(to->ip, &((struct sockaddr_in *)found->ai_addr)->sin_addr, 4);
	} else {
		to->family = 6;
		memcpy(to->ip, &((struct sockaddr_in6 *)found->ai_addr)->sin6_addr, 16);
	}
	freeaddrinfo(found);
	return NULL;
}

static enum virgo_code parcel_to(struct virgo_worker *w, struct virgo_ioc_call *c)
{
	const struct virgo_want *want = w->want;
	struct virgo_error *err = &w->ans->err;
	const char *wrong;

	if (!want) {
		wrong = virgo_device_to(&c->to, w->ans->node);
		if (!wrong)
			return VIRGO_OK;
		err->code = w->ans->address[0] ? VIRGO_UNREACHABLE : VIRGO_USAGE;
		virgo_no_answer(w->ans, wrong, 0, 0);
		return err->code;
	}
	c->to.pick = VIRGO_PICK_ANY;
	c->to.balance = w->dev->ctx->balancer;
	c->arg_bytes = want->arg_bytes;
	if (c->to.balance == VIRGO_BALANCE_HASH && want->key) {
		c->key = (uintptr_t)want->key;
		c->key_len = want->key_len;
	} else if (want->fn) {
		c->key = (uintptr_t)want->fn;
		c->key_len = strlen(want->fn);
	}
	return VIRGO_OK;
}

static enum virgo_code parcel_headers(struct virgo_worker *w, struct parcel *p)
{
	const struct virgo_request *req = w->req;
	size_t at = 0;

	for (size_t i = 0; i < req->nheaders; i++)
		at += snprintf(p->headers + at, at < sizeof(p->headers) ? sizeof(p->headers) - at : 0,
			       "%s: %s\r\n", req->headers[i].name, req->headers[i].value);
	if (at >= sizeof(p->headers))
		return virgo_error_set(&w->ans->err, VIRGO_USAGE, "the header is over %d bytes, the most that goes by way of %s",
				       VIRGO_IOC_HEADERS - 1, VIRGO_DEVICE);
	p->c.headers = (uintptr_t)p->headers;
	p->c.headers_len = at;
	return VIRGO_OK;
}

enum virgo_code virgo_device_body(const struct virgo_body *body, const void **data, void **copy,
				  struct virgo_error *err)
{
	size_t at = 0;
	ssize_t n = 1;

	*copy = NULL;
	*data = body->data;
	if (body->len > VIRGO_IOC_BODY) {
		virgo_error_set(err, VIRGO_USAGE, "the body is over %d bytes, the most that goes by way of %s",
				VIRGO_IOC_BODY, VIRGO_DEVICE);
		virgo_error_hint(err, "use via http");
		return VIRGO_USAGE;
	}
	if (!body->from_file)
		return VIRGO_OK;
	*copy = malloc(body->len ? body->len : 1);
	if (!*copy)
		return virgo_error_nomem(err);
	*data = *copy;
	for (; at < body->len && n > 0; at += n > 0 ? n : 0)
		n = pread(body->fd, (char *)*copy + at, body->len - at, body->offset + (int64_t)at);
	if (at == body->len)
		return VIRGO_OK;
	free(*copy);
	*copy = NULL;
	return virgo_error_set(err, VIRGO_FAILED, "the file changed while it was sent");
}

static enum virgo_code parcel_body(struct virgo_worker *w, struct parcel *p)
{
	const struct virgo_body *body = w->req->body;
	const void *data;
	enum virgo_code code;

	if (!body || !body->len)
		return VIRGO_OK;
	code = virgo_device_body(body, &data, &p->body, &w->ans->err);
	p->c.body = (uintptr_t)data;
	p->c.body_len = body->len;
	return code;
}

static enum virgo_code parcel_fill(struct virgo_worker *w, struct parcel *p)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "POST", "DELETE" };
	const struct virgo_request *req = w->req;
	struct virgo_ioc_call *c = &p->c;
	enum virgo_code code;

	c->size = sizeof(*c);
	c->abi = VIRGO_ABI;
	c->service = req->service;
	for (c->method = 0; c->method < VIRGO_COUNT(methods); c->method++)
		if (!strcmp(req->method, methods[c->method]))
			break;
	if (c->method == VIRGO_COUNT(methods) || !virgo_service_name(req->service))
		return virgo_error_set(&w->ans->err, VIRGO_USAGE, "not a method or service that goes by way of %s",
				       VIRGO_DEVICE);
	c->flags = VIRGO_CALL_STREAM | (req->unsigned_ok ? VIRGO_CALL_UNSIGNED : 0);
	c->timeout_ms = req->timeout_ms ? req->timeout_ms : w->dev->ctx->timeout_ms;
	c->connect_ms = w->dev->ctx->connect_timeout_ms;
	c->target = (uintptr_t)req->target;
	c->target_len = strlen(req->target);
	c->head = (uintptr_t)p->head;
	c->head_room = sizeof(p->head);
	code = parcel_to(w, c);
	if (!code)
		code = parcel_headers(w, p);
	return code ? code : parcel_body(w, p);
}

/* --- why there is no answer ------------------------------------------------------------------------ */

void virgo_device_failed(struct virgo_ctx *ctx, struct virgo_answer *ans, int errnum,
			 const struct virgo_ioc_reply *reply, unsigned long timeout_ms, int changes)
{
	int sent = !!(reply->flags & VIRGO_REPLY_CONNECTED);
	struct virgo_error *err = &ans->err;
	char text[VIRGO_IOC_DETAIL + 64];

	virgo_error_clear(err);
	err->code = VIRGO_UNREACHABLE;
	switch (errnum) {
	case ETIMEDOUT:
		err->timed_out = 1;
		if (!sent && ctx->connect_timeout_ms < timeout_ms)
			timeout_ms = ctx->connect_timeout_ms;
		snprintf(text, sizeof(text), "no %s within %lu ms", sent ? "answer" : "connection",
			 timeout_ms);
		break;
	case ECONNRESET:
		snprintf(text, sizeof(text), "connection lost before the answer was complete");
		break;
	case EINTR:
	case ECANCELED:
		err->code = VIRGO_INTERRUPTED;
		snprintf(text, sizeof(text), "interrupted");
		break;
	case EPROTO:
		err->code = VIRGO_FAILED;
		snprintf(text, sizeof(text), "does not answer in HTTP/1.1");
		break;
	case ENOENT:
		err->code = VIRGO_USAGE;
		snprintf(text, sizeof(text), "not one of the nodes of this kernel");
		break;
	case EMSGSIZE:
		err->code = VIRGO_FAILED;
		snprintf(text, sizeof(text), "the answer is over the limit");
		break;
	case EINVAL:
		err->code = VIRGO_USAGE;
		snprintf(text, sizeof(text), "not a request that goes by way of %s%s%s", VIRGO_DEVICE,
			 reply->detail[0] ? ": " : "", reply->detail);
		break;
	case ENOKEY:
	case EBUSY:
	case ENOMEM:
	case EFAULT:
	case EILSEQ:
	case ESHUTDOWN:
		err->code = VIRGO_FAILED;
		snprintf(text, sizeof(text), "%s", reply->detail[0] ? reply->detail : strerror(errnum));
		break;
	default:
		if (!reply->address[0] && reply->detail[0])
			snprintf(text, sizeof(text), "%s", reply->detail);
		else
			snprintf(text, sizeof(text), "no connection: %s", strerror(errnum));
	}
	virgo_no_answer(ans, text, sent, changes);
	if (errnum == ENOENT)
		virgo_error_hint(err, "add it to nodes in virgo_cloud.conf, or use via http");
}

/* the node's name without the service's own port: as in a node set */
static void device_name_node(struct virgo_answer *ans, unsigned int port)
{
	char tail[8];
	size_t n = strlen(ans->address), len;

	len = snprintf(tail, sizeof(tail), ":%u", port);
	if (n > len && !strcmp(ans->address + n - len, tail))
		n -= len;
	free(ans->node);
	ans->node = strndup(ans->address, n);
	if (!ans->node)
		ans->node = calloc(1, 1);
}

void virgo_device_reply(struct virgo_answer *ans, const struct virgo_ioc_reply *reply,
			enum virgo_service service)
{
	char *address;

	ans->status = reply->status;
	ans->us = reply->us;
	if (reply->node)
		snprintf(ans->node_id, sizeof(ans->node_id), "%u", reply->node);
	if (!reply->address[0])
		return;
	address = strndup(reply->address, sizeof(reply->address));
	if (!address)
		return;
	/* a name that was looked up stays the name it was given */
	if (!ans->node[0]) {
		free(ans->address);
		ans->address = address;
		device_name_node(ans, virgo_service_port(service));
	} else {
		free(address);
	}
}

/* --- the answer ---------------------------------------------------------------------------------------- */

/* "Name: value" and CRLF, any number of them, to "Name\0value\0", and an empty name at the end */
static int parcel_head(struct virgo_answer *ans, const char *lines, size_t n)
{
	char *to = malloc(n + 2);
	size_t at = 0, o = 0;

	if (!to)
		return -1;
	while (at < n) {
		const char *end = memchr(lines + at, '\r', n - at), *colon;
		size_t len = end ? (size_t)(end - (lines + at)) : n - at;

		colon = memchr(lines + at, ':', len);
		if (colon) {
			size_t name = colon - (lines + at), value = name + 1;

			memcpy(to + o, lines + at, name);
			o += name;
			to[o++] = '\0';
			while (value < len && strchr(" \t", lines[at + value]))
				value++;
			memcpy(to + o, lines + at + value, len - value);
			o += len - value;
			to[o++] = '\0';
		}
		at += len + 2;
	}
	to[o] = '\0';
	ans->head = to;
	return 0;
}

static enum virgo_code parcel_too_big(struct virgo_worker *w)
{
	w->ans->err.code = VIRGO_FAILED;
	virgo_no_answer(w->ans, "the answer is over the limit", 1, virgo_xfer_changes(w->req));
	return VIRGO_FAILED;
}

/* room for @more bytes and a NUL behind what the answer has */
static int parcel_room(struct virgo_answer *ans, size_t *cap, size_t more)
{
	size_t need = ans->len + more + 1;
	char *p;

	if (need <= *cap)
		return 0;
	if (need < 2 * *cap)
		need = 2 * *cap;
	p = realloc(ans->body, need);
	if (!p)
		return -1;
	ans->body = p;
	*cap = need;
	return 0;
}

/* the rest of a body by read(); how the call ends, 0 or errno, -1 with ans->err set */
static int parcel_rest(struct virgo_worker *w, struct parcel *p, size_t cap)
{
	struct virgo_answer *ans = w->ans;
	int sink = w->req->sink && ans->status / 100 == 2;
	size_t max = w->req->answer_max ? w->req->answer_max : BODY_MAX;
	ssize_t n = 1;
	char *to;

	while (p->c.more && n > 0) {
		if (!sink && parcel_room(ans, &cap, DEVICE_PIECE)) {
			virgo_error_nomem(&ans->err);
			return -1;
		}
		to = sink ? p->piece : ans->body + ans->len;
		/* stopped and continued, it goes on where it was */
		do {
			n = read(w->fd, to, DEVICE_PIECE);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			return errno;
		if (sink && n && virgo_worker_piece(w, to, n)) {
			ans->err.code = VIRGO_FAILED;
			virgo_no_answer(ans, "unable to write the answer out", 1,
					virgo_xfer_changes(w->req));
			return -1;
		}
		ans->len += n;
		if (!sink && ans->len > max) {
			parcel_too_big(w);
			return -1;
		}
	}
	if (!sink)
		ans->body[ans->len] = '\0';
	return 0;
}

/* what the ioctl brought, and what is still to come */
static int parcel_answer(struct virgo_worker *w, struct parcel *p)
{
	struct virgo_answer *ans = w->ans;

	virgo_device_reply(ans, &p->c.reply, w->req->service);
	if (parcel_head(ans, p->head, p->c.head_len)) {
		virgo_error_nomem(&ans->err);
		return -1;
	}
	if (w->req->sink && ans->status / 100 == 2) {
		ans->len = p->c.out_len;
		if (ans->len && virgo_worker_piece(w, p->piece, ans->len)) {
			ans->err.code = VIRGO_FAILED;
			virgo_no_answer(ans, "unable to write the answer out", 1,
					virgo_xfer_changes(w->req));
			return -1;
		}
		return parcel_rest(w, p, 0);
	}
	/* the piece becomes the body */
	free(ans->body);
	ans->body = p->piece;
	p->piece = NULL;
	ans->len = p->c.out_len;
	return parcel_rest(w, p, DEVICE_PIECE + 1);
}

static void give_up_stream(struct virgo_worker *w)
{
	/* another call on the descriptor gives up the one before it; one that can't be made does as well */
	struct virgo_ioc_call nothing = { .size = sizeof(nothing), .abi = VIRGO_ABI };

	ioctl(w->fd, VIRGO_IOC_CALL, &nothing);
}

void virgo_device_call(struct virgo_worker *w)
{
	struct parcel *p = calloc(1, sizeof(*p));
	struct virgo_answer *ans = w->ans;
	int errnum;

	if (p)
		p->piece = malloc(DEVICE_PIECE + 1);
	if (!p || !p->piece) {
		virgo_error_nomem(&ans->err);
		goto out;
	}
	if (parcel_fill(w, p))
		goto out;
	p->c.out = (uintptr_t)p->piece;
	p->c.out_room = DEVICE_PIECE;
	do {
		errnum = ioctl(w->fd, VIRGO_IOC_CALL, &p->c) ? errno : 0;
		p->c.flags |= p->c.reply.flags & VIRGO_REPLY_WAITS ? VIRGO_CALL_RESUME : 0;
	} while (errnum == EINTR &&
		 (p->c.flags & VIRGO_CALL_RESUME || !(p->c.reply.flags & VIRGO_REPLY_MAYBE_DONE)));
	if (!errnum) {
		errnum = parcel_answer(w, p);
		if (errnum && p->c.more)
			give_up_stream(w);
	} else {
		virgo_device_reply(ans, &p->c.reply, w->req->service);
	}
	if (!errnum && ans->status / 100 != 2 && ans->status != 304)
		virgo_problem_read(ans, w->dev->ctx->key_note);
	if (errnum)
		ans->status = 0;
	if (errnum > 0)
		virgo_device_failed(w->dev->ctx, ans, errnum, &p->c.reply, p->c.timeout_ms,
				    virgo_xfer_changes(w->req));
out:
	if (p) {
		free(p->piece);
		free(p->body);
	}
	free(p);
}
