// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run's output as it comes: one JSON object a line, at last the result. Begins with the first byte or the end,
 * so that what could not be started is still a plain error. Where the two streams stand is kept in the run, under
 * its lock.
 */
#include <linux/kernel.h>

#include "core/json.h"
#include "core/utf8.h"
#include "cpupool/api.h"

enum {
	PIECE		= 2048,		/* bytes of output in one object */
	OBJECT_MAX	= 6 * PIECE + 64,
	RESULT_MAX	= 1024,
};

/* How much of @n bytes goes into one object: not half a character, unless it never becomes a whole one */
static size_t cut(const char *p, size_t n, bool ended)
{
	size_t span, k = min_t(size_t, n, PIECE);

	span = vg_utf8_span(p, k);
	if (span == k)
		return k;
	/* what is left may be the beginning of a character whose rest is yet to come */
	if (span && k - span < 4)
		return span;
	if (!span && k < 4 && n == k && !ended)
		return 0;
	return k;
}

/* 1: told a piece, 0: nothing can be told yet, -ENOMEM */
static int put_piece(struct vg_req *req, struct cp_run *run, int stream)
{
	const struct vg_buf *out = &run->out[stream];
	size_t at = run->told[stream], n = cut(out->p + at, out->len - at, run->ended);
	struct vg_buf b;
	struct vg_jw w;
	int ret = 1;

	if (!n)
		return 0;
	vg_buf_init(&b, NULL, 0, OBJECT_MAX);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_jw_kcstr(&w, "stream", stream == CP_STDOUT ? "stdout" : "stderr");
	cp_bytes_json(&w, "data", "data_b64", out->p + at, n);
	vg_jw_obj_end(&w);
	if (vg_buf_putc(&b, '\n'))
		ret = -ENOMEM;
	else
		vg_stream_put(req, b.p, b.len);
	vg_buf_free(&b);
	run->told[stream] = at + n;
	return ret;
}

/* All that there is and there is room for. 0: everything has been told; VG_PENDING; -ENOMEM */
static int put_output(struct vg_req *req, struct cp_run *run)
{
	int stream, ret;

	for (stream = 0; stream < CP_STREAMS; stream++) {
		while (run->told[stream] < run->out[stream].len) {
			if (vg_stream_room(req) < OBJECT_MAX)
				return VG_PENDING;
			ret = put_piece(req, run, stream);
			if (ret < 0)
				return ret;
			if (!ret)
				break;
		}
	}
	return run->ended ? 0 : VG_PENDING;
}

static int put_result(struct vg_req *req, struct cp_run *run)
{
	char lent[RESULT_MAX];
	struct vg_buf b;
	struct vg_jw w;

	vg_buf_init(&b, lent, sizeof(lent), sizeof(lent));
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	cp_result_json(run, &w, false);
	vg_jw_obj_end(&w);
	vg_buf_putc(&b, '\n');
	vg_stream_put(req, b.p, b.len);
	return vg_stream_end(req);
}

/* An error here breaks the answer off, which then does not look whole. */
int cp_stream_more(struct vg_req *req, struct cp_run *run)
{
	lockdep_assert_held(&run->lock);
	if (!req->streaming) {
		if (!run->ended && !run->out[CP_STDOUT].len && !run->out[CP_STDERR].len)
			return VG_PENDING;
		vg_stream_begin(req, 200, "application/x-ndjson");
	}
	return put_output(req, run) ?: put_result(req, run);
}
