// SPDX-License-Identifier: GPL-3.0-or-later
/* Streamed answers, and what a handler that works elsewhere is told of its peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn_env.h"

#define ASK(method, version) method " /v1/stream HTTP/" version "\r\nHost: h\r\n\r\n"
#define NEXT "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"

static struct env_out out;

static struct vg_conn *begin(const char *text)
{
	struct vg_conn *c = env_conn();

	memset(&out, 0, sizeof(out));
	memset(env_events, 0, sizeof(env_events));
	env_on_event = NULL;
	assert_non_null(c);
	vg_conn_input(c, text, strlen(text));
	env_take(c, &out, SIZE_MAX);
	return c;
}

static void end(struct vg_conn *c)
{
	free(out.p);
	vg_conn_free(c);
}

/* finish functions */
static int put_piece(struct vg_req *req)
{
	vg_stream_put(req, "piece", 5);
	return VG_PENDING;
}

static int put_end(struct vg_req *req)
{
	vg_stream_put(req, "last", 4);
	return vg_stream_end(req);
}

static int break_off(struct vg_req *req)
{
	return -EIO;
}

static void go_on(struct vg_conn *c, int (*finish)(struct vg_req *req))
{
	vg_req_finish(env_waiting, finish);
	vg_conn_kicked(c);
	env_take(c, &out, SIZE_MAX);
}

static const char *body_of(void)
{
	return strstr(out.p, "\r\n\r\n") + 4;
}

static void pieces_come_as_chunks(void **state)
{
	struct vg_conn *c = begin(ASK("GET", "1.1") NEXT);

	assert_non_null(strstr(out.p, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_null(strstr(out.p, "Content-Length"));
	assert_string_equal(body_of(), "");
	go_on(c, put_piece);
	go_on(c, put_piece);
	assert_string_equal(body_of(), "5\r\npiece\r\n5\r\npiece\r\n");
	go_on(c, put_end);
	/* and the request behind it has its turn */
	assert_non_null(strstr(body_of(), "4\r\nlast\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	end(c);
}

static void old_clients_get_bytes_and_the_end(void **state)
{
	struct vg_conn *c = begin(ASK("GET", "1.0"));

	go_on(c, put_piece);
	go_on(c, put_end);
	assert_null(strstr(out.p, "chunked"));
	assert_string_equal(body_of(), "piecelast");
	assert_int_equal(vg_conn_wants(c), VG_WANT_SHUT);
	end(c);
	c = begin(ASK("HEAD", "1.1"));
	go_on(c, put_piece);
	go_on(c, put_end);
	assert_non_null(strstr(out.p, "chunked"));
	assert_string_equal(body_of(), "");
	assert_int_equal(vg_conn_wants(c), VG_WANT_READ);
	end(c);
}

static void a_cut_answer_does_not_look_whole(void **state)
{
	struct vg_conn *c = begin(ASK("GET", "1.1") NEXT);

	go_on(c, put_piece);
	go_on(c, break_off);
	assert_string_equal(body_of(), "5\r\npiece\r\n");
	assert_int_equal(vg_conn_wants(c), VG_WANT_SHUT);
	end(c);
}

static int fill(struct vg_req *req)
{
	static char piece[16384];
	size_t room;

	while ((room = vg_stream_room(req)))
		vg_stream_put(req, piece, min(room, sizeof(piece)));
	return VG_PENDING;
}

static int fill_again(struct vg_req *req, enum vg_event event)
{
	assert_int_equal(event, VG_EVENT_ROOM);
	return fill(req);
}

static void slow_peers_are_waited_for(void **state)
{
	struct vg_conn *c = begin(ASK("GET", "1.1"));
	size_t first;

	vg_req_finish(env_waiting, fill);
	vg_conn_kicked(c);
	first = c->out_bytes;
	assert_in_range(first, VG_OUT_HIGH / 2, VG_OUT_HIGH);
	env_on_event = fill_again;
	env_events[VG_EVENT_ROOM] = 0;
	/* not as long as more waits than is worth a call */
	env_take(c, &out, first - VG_OUT_HIGH / 2);
	assert_int_equal(env_events[VG_EVENT_ROOM], 0);
	env_take(c, &out, 1000);
	assert_int_equal(env_events[VG_EVENT_ROOM], 1);
	assert_in_range(c->out_bytes, VG_OUT_HIGH / 2, VG_OUT_HIGH);
	env_on_event = NULL;
	go_on(c, put_end);
	end(c);
}

static int end_when_gone(struct vg_req *req, enum vg_event event)
{
	assert_int_equal(event, VG_EVENT_GONE);
	return vg_stream_end(req);
}

static void a_peer_that_leaves_is_told_once(void **state)
{
	struct vg_conn *c = begin(ASK("GET", "1.1"));
	u32 drops = env_drops;

	assert_int_equal(vg_conn_wants(c), VG_WANT_HUP);
	vg_conn_hup(c);
	assert_int_equal(env_events[VG_EVENT_GONE], 1);
	assert_int_equal(vg_conn_wants(c), 0);
	vg_conn_eof(c, -ECONNRESET);
	assert_int_equal(env_events[VG_EVENT_GONE], 1);
	/* still there, until who works elsewhere lets go */
	assert_int_equal(vg_conn_wants(c), 0);
	go_on(c, put_end);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	assert_int_equal(env_drops, drops + 1);
	end(c);

	/* or lets go at once */
	c = begin(ASK("GET", "1.1"));
	env_on_event = end_when_gone;
	vg_conn_eof(c, -ECONNRESET);
	assert_int_equal(vg_conn_wants(c), VG_WANT_CLOSE);
	end(c);
	/* what was said until then still goes out to who has only stopped sending */
	c = begin(ASK("GET", "1.1"));
	env_on_event = end_when_gone;
	vg_conn_hup(c);
	env_take(c, &out, SIZE_MAX);
	assert_string_equal(body_of(), "0\r\n\r\n");
	end(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_come_as_chunks),
		cmocka_unit_test(old_clients_get_bytes_and_the_end),
		cmocka_unit_test(a_cut_answer_does_not_look_whole),
		cmocka_unit_test(slow_peers_are_waited_for),
		cmocka_unit_test(a_peer_that_leaves_is_told_once),
	};

	env_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
