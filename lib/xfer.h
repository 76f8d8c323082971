/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request on its way: shared by xfer.c (setting out), transport callbacks (flow.c) and trace.c.
 */
#ifndef VIRGO_XFER_H
#define VIRGO_XFER_H

#include <curl/curl.h>

#include "internal.h"

enum {
	HEAD_MAX = 64 * 1024,		/* bytes of an answer's header */
	ERROR_BODY_MAX = 1 << 20,	/* of a refusal's body */
	BODY_MAX = 64 << 20,		/* of an answer in memory; a request may say otherwise */
};

/* why our own callbacks stopped a transfer */
enum virgo_stop {
	STOP_NONE,
	STOP_SINK,		/* the caller's sink said no */
	STOP_ANSWER_BIG,
	STOP_HEAD_BIG,
	STOP_FILE_CHANGED,
	STOP_REPEAT,		/* libcurl was about to send a request again that may not be */
	STOP_NOMEM,
};

struct virgo_xfer {
	struct virgo_xfer *next;	/* in ctx->idle */
	struct virgo_ctx *ctx;
	CURL *easy;
	char stream[17];		/* of x-virgo-nonce: this handle's, one request at a time */
	uint64_t counter;
	/* from here on: of the present request */
	struct virgo_answer *ans;
	const struct virgo_request *req;
	struct curl_slist *headers;
	unsigned long timeout_ms;
	uint64_t sent;			/* bytes of the request's body */
	unsigned int tries;		/* how often libcurl set out to send it */
	size_t body_cap, head_len, head_cap;
	enum virgo_stop stop;
	char why[CURL_ERROR_SIZE];
};

/* does a repetition do something the first copy did not? */
int virgo_xfer_changes(const struct virgo_request *req);

int virgo_trace_curl(CURL *easy, curl_infotype type, char *data, size_t size, void *xfer);

/* flow.c */
void virgo_flow_attach(struct virgo_xfer *xfer);

#endif
