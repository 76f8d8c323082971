// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Output as it appears. Of one node: byte for byte. Of several: whole lines, each under its node's name,
 * standard error to standard error; what is not a whole line yet is kept, as much as a line may have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exec.h"

enum { LINE_MAX_BYTES = 16 << 10 };

/* the beginning of a line of one node's stream */
struct rest {
	char *text;		/* LINE_MAX_BYTES; NULL: nothing is kept */
	size_t len;
};

struct live {
	struct rest (*rests)[2];	/* by node: stdout, stderr */
	struct out_text text;		/* what is written next */
};

static int live_begin(struct plan *p)
{
	struct live *live = calloc(1, sizeof(*live));

	if (live && p->many)
		live->rests = calloc(p->n, sizeof(*live->rests));
	if (!live || (p->many && !live->rests)) {
		free(live);
		return run_fail(p->r, VIRGO_FAILED, "out of memory");
	}
	p->shown = live;
	return VIRGO_OK;
}

/* at once, so that it is live; other than 0: it can't be written */
static int put(struct plan *p, enum virgo_stream stream, const void *data, size_t len)
{
	if (stream == VIRGO_STDERR) {
		fflush(p->r->cli->data);	/* in order, where both go to one place */
		fwrite(data, 1, len, p->r->cli->diag);
		fflush(p->r->cli->diag);
		return 0;
	}
	out_write(&p->r->out, data, len);
	if (fflush(p->r->cli->data) && !p->r->out.error)
		p->r->out.error = errno;
	return p->r->out.error;
}

static void add_label(struct plan *p, struct out_text *t, size_t index)
{
	if (!p->labels)
		return;
	if (p->r->out.color)
		text_str(t, "\033[36m");
	text_str(t, p->nodes[index]);
	text_str(t, p->r->out.color ? ":\033[0m " : ": ");
}

/* a line whose end is len, with what was kept of its beginning */
static void add_line(struct plan *p, struct rest *rest, size_t index, const char *data, size_t len)
{
	struct live *live = p->shown;

	add_label(p, &live->text, index);
	text_add(&live->text, rest->text, rest->len);
	text_add(&live->text, data, len);
	text_add(&live->text, "\n", 1);
	rest->len = 0;
}

static void keep_rest(struct plan *p, struct rest *rest, size_t index, const char *data, size_t len)
{
	size_t n;

	while (len) {
		if (!rest->text)
			rest->text = malloc(LINE_MAX_BYTES);
		if (!rest->text) {
			add_line(p, rest, index, data, len);
			return;
		}
		n = LINE_MAX_BYTES - rest->len < len ? LINE_MAX_BYTES - rest->len : len;
		memcpy(rest->text + rest->len, data, n);
		rest->len += n;
		data += n;
		len -= n;
		if (rest->len == LINE_MAX_BYTES)
			add_line(p, rest, index, "", 0);
	}
}

static void drop_rest(struct rest *rest)
{
	free(rest->text);
	rest->text = NULL;
	rest->len = 0;
}

static int write_lines(struct plan *p, enum virgo_stream stream)
{
	struct live *live = p->shown;
	int ret;

	if (live->text.failed)
		p->r->out.error = ENOMEM;
	if (!live->text.len)
		return p->r->out.error;
	ret = put(p, stream, live->text.data, live->text.len);
	live->text.len = 0;
	return ret;
}

static int live_output(struct plan *p, size_t index, enum virgo_stream stream, const void *data,
		       size_t len)
{
	struct live *live = p->shown;
	const char *at = data, *end;
	struct rest *rest;

	if (!p->many)
		return put(p, stream, data, len);
	rest = &live->rests[index][stream == VIRGO_STDERR];
	while (len && (end = memchr(at, '\n', len))) {
		add_line(p, rest, index, at, (size_t)(end - at));
		len -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	if (len)
		keep_rest(p, rest, index, at, len);
	else
		drop_rest(rest);
	return write_lines(p, stream);
}

/* a last line without its end */
static void live_done(struct plan *p, size_t index, struct virgo_exec_result *result)
{
	struct live *live = p->shown;
	int i;

	(void)result;
	for (i = 0; p->many && i < 2; i++) {
		struct rest *rest = &live->rests[index][i];

		if (rest->len)
			add_line(p, rest, index, "", 0);
		drop_rest(rest);
		write_lines(p, i ? VIRGO_STDERR : VIRGO_STDOUT);
	}
}

/* also of the nodes that were given up */
static void live_end(struct plan *p)
{
	struct live *live = p->shown;
	size_t i;

	for (i = 0; live->rests && i < p->n; i++)
		live_done(p, i, NULL);
	text_free(&live->text);
	free(live->rests);
	free(live);
}

const struct exec_view exec_live = {
	.begin = live_begin, .output = live_output, .done = live_done, .end = live_end,
};
