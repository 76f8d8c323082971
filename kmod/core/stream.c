// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers whose end is not known when they begin, as chunks. Must never queue more than a slow peer may
 * keep waiting, nor let a cut answer look like a whole one.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "core/conn_int.h"

enum {
	CHUNK_MAX	= 16384,	/* bytes of a chunk: five digits at the most */
	FRAME		= 16,		/* its size line and line ends */
};

static bool wants_body(const struct vg_req *req)
{
	return req->method != VG_HEAD && !req->conn->aborted;
}

int vg_stream_begin(struct vg_req *req, u16 status, const char *type)
{
	struct vg_conn *c = req->conn;
	char *out;

	/* without chunks the end of the connection is the end of the answer */
	if (!req->minor)
		req->keep_alive = false;
	req->streaming = true;
	if (!vg_reply_begin(req, status))
		return 0;
	out = vg_out_room(c, VG_HEAD_ROOM + req->extra_n);
	if (out)
		vg_out_add(c, vg_reply_head(req, out, status, type, VG_LENGTH_UNKNOWN) - out);
	return 0;
}
EXPORT_SYMBOL_GPL(vg_stream_begin);

size_t vg_stream_room(const struct vg_req *req)
{
	const struct vg_conn *c = req->conn;

	/* to who is gone everything may be said */
	if (c->aborted || c->out_failed)
		return CHUNK_MAX;
	if (c->out_bytes >= VG_OUT_HIGH / 2)
		return 0;
	return min_t(size_t, CHUNK_MAX, VG_OUT_HIGH - c->out_bytes - FRAME);
}
EXPORT_SYMBOL_GPL(vg_stream_room);

static void put_chunk(struct vg_req *req, const char *p, size_t n)
{
	struct vg_conn *c = req->conn;
	char *out = vg_out_room(c, n + FRAME);
	size_t at = 0;

	if (!out)
		return;
	if (req->minor)
		at = scnprintf(out, FRAME, "%zx\r\n", n);
	memcpy(out + at, p, n);
	at += n;
	if (req->minor) {
		memcpy(out + at, "\r\n", 2);
		at += 2;
	}
	vg_out_add(c, at);
}

void vg_stream_put(struct vg_req *req, const void *p, size_t n)
{
	if (WARN_ON_ONCE(!req->streaming) || !wants_body(req))
		return;
	while (n) {
		size_t now = min_t(size_t, n, CHUNK_MAX);

		put_chunk(req, p, now);
		p += now;
		n -= now;
	}
}
EXPORT_SYMBOL_GPL(vg_stream_put);

int vg_stream_end(struct vg_req *req)
{
	struct vg_conn *c = req->conn;
	char *out;

	req->streaming = false;
	if (!wants_body(req) || !req->minor)
		return 0;
	out = vg_out_room(c, 5);
	if (!out)
		return 0;
	memcpy(out, "0\r\n\r\n", 5);
	vg_out_add(c, 5);
	return 0;
}
EXPORT_SYMBOL_GPL(vg_stream_end);

void vg_stream_cut(struct vg_req *req)
{
	req->streaming = false;
	req->keep_alive = false;
}
