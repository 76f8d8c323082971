// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP exchange for people to see. Must never show a signature or a secret, nor a body. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "xfer.h"

enum { LINE = 4400 };

void virgo_trace_line(struct virgo_ctx *ctx, const char *node, char mark, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	if (!ctx->trace)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	virgo_one_line(line);
	ctx->trace(ctx->trace_arg, node, mark, line);
}

/* what follows "Signature=" is of use to nobody who reads this, and to a thief for seconds */
static void show_line(struct virgo_xfer *xfer, char mark, const char *text, size_t len)
{
	char line[LINE];
	char *sig;

	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	memcpy(line, text, len);
	line[len] = '\0';
	sig = strstr(line, "Signature=");
	if (sig)
		snprintf(sig + 10, sizeof(line) - (sig + 10 - line), "…");
	virgo_trace_line(xfer->ctx, xfer->ans->address, mark, "%s", line);
}

static void show_lines(struct virgo_xfer *xfer, char mark, const char *data, size_t size)
{
	while (size) {
		const char *end = memchr(data, '\n', size);
		size_t whole = end ? (size_t)(end - data) + 1 : size, len = whole;

		while (len && (data[len - 1] == '\n' || data[len - 1] == '\r'))
			len--;
		if (len)
			show_line(xfer, mark, data, len);
		data += whole;
		size -= whole;
	}
}

int virgo_trace_curl(CURL *easy, curl_infotype type, char *data, size_t size, void *arg)
{
	struct virgo_xfer *xfer = arg;

	(void)easy;
	if (!xfer->ans || !xfer->ctx->trace)
		return 0;
	switch (type) {
	case CURLINFO_TEXT:
		show_lines(xfer, '*', data, size);
		break;
	case CURLINFO_HEADER_OUT:
		show_lines(xfer, '>', data, size);
		break;
	case CURLINFO_HEADER_IN:
		show_lines(xfer, '<', data, size);
		break;
	case CURLINFO_DATA_OUT:
		virgo_trace_line(xfer->ctx, xfer->ans->address, '*', "%zu bytes of body sent",
				 size);
		break;
	default:
		break;
	}
	return 0;
}
