// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A streamed answer: one JSON object a line, output as it appears and at last the result. Must never
 * keep more than one line, nor more output than its limit; what is no such answer ends the call.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "exec_int.h"

enum {
	LINE_MAX_BYTES = 1 << 20,	/* a node sends at most 32 KiB of output in one */
	KEPT_MAX = 64 << 20,		/* of one stream */
	LINE_TOKENS = 128,
};

static int stream_bad(struct virgo_exec_reader *r, const char *bad)
{
	if (!r->bad)
		r->bad = bad;
	return -1;
}

static int grow(char **p, size_t *cap, size_t want)
{
	size_t n = *cap ? *cap : 1024;
	char *more;

	if (want <= *cap)
		return 0;
	while (n < want)
		n *= 2;
	more = realloc(*p, n);
	if (!more)
		return -1;
	*p = more;
	*cap = n;
	return 0;
}

static int keep(struct virgo_exec_reader *r, enum virgo_stream stream, const char *data, size_t len)
{
	struct virgo_exec_result *res = r->result;
	char **p = stream == VIRGO_STDERR ? &res->err : &res->out;
	size_t *have = stream == VIRGO_STDERR ? &res->err_len : &res->out_len;

	if (len > KEPT_MAX - *have)
		return stream_bad(r, "more than 64 MiB of output");
	if (grow(p, stream == VIRGO_STDERR ? &r->err_cap : &r->out_cap, *have + len + 1))
		return stream_bad(r, "no memory for its output");
	memcpy(*p + *have, data, len);
	*have += len;
	(*p)[*have] = '\0';
	return 0;
}

static int hand_on(struct virgo_exec_reader *r, enum virgo_stream stream, const char *data,
		   size_t len)
{
	if (!r->output)
		return keep(r, stream, data, len);
	if (!len || !r->output(r->arg, stream, data, len))
		return 0;
	r->stopped = 1;
	return -1;
}

/* the piece's bytes, where they must be decoded first */
static int decode_on(struct virgo_exec_reader *r, const struct vg_json *doc,
		     const struct vg_jtok *t, int base64, enum virgo_stream stream)
{
	char *bytes = malloc((size_t)t->len + 1);
	ssize_t n;
	int ret;

	if (!bytes)
		return stream_bad(r, "no memory for its output");
	if (base64)
		n = t->escaped ? -1 : vg_base64_decode(vg_json_raw(doc, t), (u8 *)bytes);
	else
		n = vg_json_str(doc, t, bytes, t->len);
	ret = n < 0 ? stream_bad(r, "output that is not base64") : hand_on(r, stream, bytes, n);
	free(bytes);
	return ret;
}

static int take_piece(struct virgo_exec_reader *r, const struct vg_json *doc,
		      const struct vg_jtok *obj, const struct vg_jtok *name)
{
	const struct vg_jtok *text = vg_json_get(doc, obj, "data");
	const struct vg_jtok *b64 = vg_json_get(doc, obj, "data_b64");
	enum virgo_stream stream = VIRGO_STDOUT;
	struct vg_str raw;

	if (vg_json_str_eq(doc, name, VG_STR("stderr")))
		stream = VIRGO_STDERR;
	else if (!vg_json_str_eq(doc, name, VG_STR("stdout")))
		return stream_bad(r, "output of no stream");
	if (!vg_json_is(text ? text : b64, VG_JSON_STRING))
		return stream_bad(r, "output without bytes");
	if (!text)
		return decode_on(r, doc, b64, 1, stream);
	if (text->escaped)
		return decode_on(r, doc, text, 0, stream);
	raw = vg_json_raw(doc, text);
	return hand_on(r, stream, raw.p, raw.n);
}

static int take_result(struct virgo_exec_reader *r, const struct vg_json *doc,
		       const struct vg_jtok *obj)
{
	struct virgo_exec_result *res = r->result;
	int status = virgo_exec_member_status(doc, obj);
	s64 value;

	if (status < 0 || status > VIRGO_EXEC_LOST)
		return stream_bad(r, "no \"status\" of a run");
	res->status = status;
	res->exit = -1;
	virgo_exec_member_int(doc, obj, "exit", &res->exit);
	virgo_exec_member_int(doc, obj, "signal", &res->signal);
	if (status == VIRGO_EXEC_EXITED && (res->exit < 0 || res->exit > 255))
		return stream_bad(r, "no \"exit\" of a program");
	if (!vg_json_s64(doc, vg_json_get(doc, obj, "value"), &value)) {
		res->has_value = 1;
		res->value = value;
	}
	virgo_exec_member_flag(doc, obj, "truncated", &res->truncated);
	virgo_exec_member_u64(doc, obj, "stdout_bytes", &res->out_bytes);
	virgo_exec_member_u64(doc, obj, "stderr_bytes", &res->err_bytes);
	virgo_exec_member_u64(doc, obj, "us", &res->us);
	virgo_exec_member_text(doc, obj, "error", res->why, sizeof(res->why));
	virgo_exec_member_text(doc, obj, "id", res->id, sizeof(res->id));
	r->ended = 1;
	return 0;
}

static int take_line(struct virgo_exec_reader *r, const char *line, size_t len)
{
	struct vg_jtok toks[LINE_TOKENS];
	const struct vg_jtok *stream;
	struct vg_json doc;

	if (r->ended)
		return stream_bad(r, "more behind the result");
	if (vg_json_parse(&doc, line, len, toks, LINE_TOKENS) ||
	    !vg_json_is(vg_json_root(&doc), VG_JSON_OBJECT))
		return stream_bad(r, "a line that is no JSON object");
	stream = vg_json_get(&doc, vg_json_root(&doc), "stream");
	if (stream)
		return take_piece(r, &doc, vg_json_root(&doc), stream);
	return take_result(r, &doc, vg_json_root(&doc));
}

static int keep_line(struct virgo_exec_reader *r, const char *data, size_t len)
{
	if (len > LINE_MAX_BYTES - r->len)
		return stream_bad(r, "a line of over 1 MiB");
	if (grow(&r->line, &r->cap, r->len + len))
		return stream_bad(r, "no memory for its output");
	memcpy(r->line + r->len, data, len);
	r->len += len;
	return 0;
}

int virgo_exec_feed(void *arg, const void *data, size_t len)
{
	struct virgo_exec_reader *r = arg;
	const char *p = data, *end;
	int ret = 0;

	while (len && !ret) {
		size_t n;

		end = memchr(p, '\n', len);
		if (!end)
			return keep_line(r, p, len);
		n = end - p;
		if (!r->len) {
			ret = n ? take_line(r, p, n) : 0;
		} else {
			ret = keep_line(r, p, n);
			if (!ret)
				ret = take_line(r, r->line, r->len);
			r->len = 0;
		}
		p = end + 1;
		len -= n + 1;
	}
	return ret;
}

const char *virgo_exec_reader_end(struct virgo_exec_reader *r)
{
	if (!r->bad && !r->stopped && r->len)
		take_line(r, r->line, r->len);
	if (!r->bad && !r->stopped && !r->ended)
		r->bad = "it ends without a result";
	if (!r->output && !r->bad && (keep(r, VIRGO_STDOUT, "", 0) || keep(r, VIRGO_STDERR, "", 0)))
		r->bad = "no memory for its output";
	virgo_exec_reader_free(r);
	return r->bad;
}

void virgo_exec_reader_free(struct virgo_exec_reader *r)
{
	free(r->line);
	r->line = NULL;
	r->len = 0;
	r->cap = 0;
}

void virgo_exec_result_free(struct virgo_exec_result *result)
{
	if (!result)
		return;
	free(result->out);
	free(result->err);
	memset(result, 0, sizeof(*result));
}
