// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Calls to other nodes over a fake peer: either the real connection with real verification, or a script that says what
 * comes back, in which pieces, and when the connection breaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CONN_ENV_KEYS
#include "conn_env.h"

#include "core/answer.c"
#include "core/client.c"
#include "core/flight.c"
#include "core/flight_head.c"
#include "core/json_read.c"

#define SECRET "Zk7dQ2vR9xLpT4mWb8NcYf3HsJ6gAe1uKoXi5DzE0qU"
#define OK_HEAD "HTTP/1.1 200 OK\r\nVirgo-Node: 9\r\n"

/* --- the peer ------------------------------------------------------------------------------------------ */

enum { NEVER = 1 << 30 };

/* One connection's life, if it is not the real one */
struct script {
	const char *answer;	/* what comes back to a request; NULL: nothing */
	size_t answer_n;	/* 0: strlen */
	size_t step;		/* bytes a receive, 0: as many as are asked for */
	bool closes;		/* the end of the connection follows; else silence */
	int reset_after;	/* bytes sent until sending fails, NEVER: it does not */
	bool lost;		/* the answer is a reset */
	bool dead;		/* closed while it was idle, and told so */
	int intr_at;		/* the receive that a signal ends, 0: none */
};

struct host_peer {
	struct vg_conn *c;	/* the real one */
	struct env_out out;
	size_t out_at;
	const struct script *script;
	size_t sent, got;
	int recvs;
	u32 dial_ms;		/* until there is a connection */
};

static struct {
	const struct script *scripts;	/* of the connections to come; NULL: real ones */
	u32 nr_scripts, next;
	u32 dials, hangups, alive;
	int dial_err, wait_err;
	u32 dial_ms;			/* how long it takes */
	bool *cancel_at_dial;
	struct vg_addr last;
	char request[300000];		/* all that was sent */
	size_t request_n;
	struct vg_client *stop_at_recv;
	bool *cancel_at_recv;
} peer;

static struct vg_client *client;

int host_dial_wait(struct host_peer *p, u32 wait_ms)
{
	u32 now = min(p->dial_ms, wait_ms);

	shim_clock_advance(now * (u64)NSEC_PER_MSEC);
	p->dial_ms -= now;
	if (peer.cancel_at_dial)
		*peer.cancel_at_dial = true;
	return p->dial_ms ? -ETIMEDOUT : peer.wait_err;
}

int host_dial(const struct vg_addr *addr, struct host_peer **out)
{
	struct host_peer *p;

	peer.dials++;
	peer.last = *addr;
	if (peer.dial_err)
		return peer.dial_err;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->dial_ms = peer.dial_ms;
	if (peer.scripts) {
		assert_true(peer.next < peer.nr_scripts);
		p->script = &peer.scripts[peer.next++];
	} else {
		p->c = env_conn();
		if (!p->c) {
			kfree(p);
			return -ENOMEM;
		}
	}
	peer.alive++;
	*out = p;
	return 0;
}

static void note_sent(const void *p, size_t n)
{
	assert_true(peer.request_n + n < sizeof(peer.request));
	memcpy(peer.request + peer.request_n, p, n);
	peer.request_n += n;
	peer.request[peer.request_n] = '\0';
}

ssize_t host_peer_send(struct host_peer *p, const void *data, size_t n, u32 wait_ms)
{
	size_t took, at = 0;

	assert_true(n);
	if (p->script) {
		if (p->sent >= (size_t)p->script->reset_after)
			return -EPIPE;
		/* an odd number, so that what is sent is never what was asked for */
		n = min_t(size_t, n, min_t(size_t, p->script->reset_after - p->sent, 7777));
		p->sent += n;
		note_sent(data, n);
		return n;
	}
	note_sent(data, n);
	while (at < n) {
		took = vg_conn_input(p->c, (const u8 *)data + at, n - at);
		env_take(p->c, &p->out, SIZE_MAX);
		if (!took && !(vg_conn_wants(p->c) & VG_WANT_READ))
			return at ? (ssize_t)at : -EPIPE;
		at += took;
	}
	return n;
}

static ssize_t silence(u32 wait_ms)
{
	if (peer.stop_at_recv && wait_ms)
		vg_client_stop(peer.stop_at_recv);
	if (peer.cancel_at_recv && wait_ms)
		*peer.cancel_at_recv = true;
	shim_clock_advance(wait_ms * (u64)NSEC_PER_MSEC);
	return -ETIMEDOUT;
}

static ssize_t recv_script(struct host_peer *p, char *to, size_t n, u32 wait_ms)
{
	const struct script *s = p->script;
	size_t all = s->answer_n ? s->answer_n : s->answer ? strlen(s->answer) : 0;

	if (!wait_ms)
		return s->dead ? 0 : -ETIMEDOUT;
	if (++p->recvs == s->intr_at)
		return -EINTR;
	if (s->lost)
		return -ECONNRESET;
	if (p->got == all)
		return s->closes ? 0 : silence(wait_ms);
	n = min(min_t(size_t, n, s->step ? s->step : SIZE_MAX), all - p->got);
	memcpy(to, s->answer + p->got, n);
	p->got += n;
	return n;
}

ssize_t host_peer_recv(struct host_peer *p, void *to, size_t n, u32 wait_ms)
{
	if (p->script)
		return recv_script(p, to, n, wait_ms);
	if (p->out.n == p->out_at) {
		if (!(vg_conn_wants(p->c) & VG_WANT_READ))
			return 0;
		return silence(wait_ms);
	}
	n = min(n, p->out.n - p->out_at);
	memcpy(to, p->out.p + p->out_at, n);
	p->out_at += n;
	return n;
}

void host_hangup(struct host_peer *p)
{
	peer.hangups++;
	peer.alive--;
	if (p->c) {
		vg_conn_eof(p->c, 0);
		vg_conn_free(p->c);
		free(p->out.p);
	}
	kfree(p);
}

/* --- set-up ------------------------------------------------------------------------------------------------ */

static void set_keys(const char *text)
{
	char *copy = kvmalloc(strlen(text) + 1, GFP_KERNEL);
	struct vg_conf_error err;
	struct vg_keyset *keys;

	strcpy(copy, text);
	assert_int_equal(vg_keyset_parse(copy, strlen(text), &keys, &err), 0);
	rcu_assign_pointer(env_node.keys, keys);
}

static int set_up(void **state)
{
	env_init();
	env_cfg.host_check = true;
	strcpy(env_cfg.client_key, "VK1TESTKEY");
	set_keys("VK1TESTKEY " SECRET "\nother " SECRET "\n");
	assert_int_equal(vg_replay_new(1024, &env_node.replay), 0);
	memset(&peer, 0, sizeof(peer));
	assert_int_equal(vg_client_new(&env_node, &client), 0);
	return 0;
}

static int tear_down(void **state)
{
	u32 i;

	vg_client_free(client);
	assert_int_equal(peer.alive, 0);
	vg_keyset_put(rcu_dereference_protected(env_node.keys, 1));
	vg_replay_free(env_node.replay);
	rcu_barrier();
	for (i = 0; i < VG_LEDGER_KINDS; i++)
		assert_int_equal(atomic64_read(&vg_ledger[i].made), atomic64_read(&vg_ledger[i].gone));
	assert_int_equal(shim_alloc_live(), 0);
	shim_clock_reset();
	return 0;
}

static struct vg_call call_for(enum vg_method method, const char *target)
{
	return (struct vg_call){
		.peer = { .family = 4, .prefix = 32, .ip = { 127, 0, 0, 1 } }, .service = 2,
		.method = method, .target = vg_cstr(target),
	};
}

static void use_scripts(const struct script *scripts, u32 n)
{
	peer.scripts = scripts;
	peer.nr_scripts = n;
	peer.next = 0;
	peer.dials = peer.hangups = 0;
	peer.request_n = 0;
}

/* --- against the real connection ------------------------------------------------------------------------------ */

static void signed_calls(void **state)
{
	char lent[256];
	struct vg_buf out;
	struct vg_call call;
	u32 i;

	for (i = 0; i < 3; i++) {
		vg_buf_init(&out, lent, sizeof(lent), sizeof(lent));
		call = call_for(VG_GET, "/v1/mem/a%20b%2F%C3%BC");
		call.out = &out;
		assert_int_equal(vg_call(client, &call), 0);
		assert_int_equal(call.status, 200);
		assert_int_equal(call.node, 1);
		assert_int_equal(out.len, 100);
		assert_string_equal(out.p, "value");
		call = call_for(VG_DELETE, "/v1/mem/a");
		assert_int_equal(vg_call(client, &call), 0);
		assert_int_equal(call.status, 204);
		call = call_for(VG_GET, "/v1/mem?limit=7&prefix=x%2Fy");
		assert_int_equal(vg_call(client, &call), 0);
		assert_int_equal(call.status, 200);
		call = call_for(VG_HEAD, "/v1/mem/a");
		assert_int_equal(vg_call(client, &call), 0);
		assert_int_equal(call.status, 200);
		assert_int_equal(call.body_got, 0);
	}
	/* one connection for all, of the service's port; every nonce another one */
	assert_int_equal(peer.dials, 1);
	assert_int_equal(peer.last.port, 30000);
	assert_non_null(strstr(peer.request, ".3\r\n"));
	assert_int_equal(atomic64_read(&env_node.auth_refused[VG_AUTH_REPLAY]), 0);
}

static void bodies_are_signed(void **state)
{
	static const size_t sizes[] = { 1, 100, 8192, 8193, 70000, 150000 };
	char *body = malloc(150000);
	struct vg_buf out;
	struct vg_call call;
	size_t i;

	memset(body, 'x', 150000);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		vg_buf_init(&out, NULL, 0, 200000);
		call = call_for(VG_POST, "/v1/echo");
		call.body = body;
		call.body_n = sizes[i];
		call.out = &out;
		assert_int_equal(vg_call(client, &call), 0);
		assert_int_equal(call.status, 200);
		assert_true(out.len == sizes[i] && !memcmp(out.p, body, sizes[i]));
		vg_buf_free(&out);
		peer.request_n = 0;
	}
	free(body);
	assert_int_equal(peer.dials, 1);
	call = call_for(VG_POST, "/v1/echo");
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 200);
	assert_non_null(strstr(peer.request, "Content-Length: 0\r\n"));
}

static void fields_are_signed(void **state)
{
	const struct vg_call_field fields[] = {
		{ VG_STR_INIT("if-match"), VG_STR_INIT("  \"7\"   ") },
		{ VG_STR_INIT("virgo-clock"), VG_STR_INIT("1.2") },
		{ VG_STR_INIT("x-virgo-what"), VG_STR_INIT("a  b \t c") },
	};
	char lent[2048];
	struct vg_buf head;
	struct vg_call call = call_for(VG_PUT, "/v1/mem/a");

	vg_buf_init(&head, lent, sizeof(lent), sizeof(lent));
	call.field = fields;
	call.nr_fields = ARRAY_SIZE(fields);
	call.body = "x";
	call.body_n = 1;
	call.head = &head;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 204);
	assert_non_null(strstr(peer.request, "virgo-clock: 1.2\r\n"));
	lent[head.len] = '\0';
	assert_non_null(strstr(lent, "Virgo-Node: 1\r\n"));
	assert_null(strstr(lent, "HTTP/1.1"));
	assert_null(strstr(lent, "\r\n\r\n"));
	call.field = &(const struct vg_call_field){ VG_STR_INIT("if-match"), VG_STR_INIT("\"8\"") };
	call.nr_fields = 1;
	call.head = NULL;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 412);
}

static void refusals_come_back(void **state)
{
	char lent[1024], code[VG_CALL_CODE], detail[VG_CALL_DETAIL];
	struct vg_call call = call_for(VG_GET, "/v1/mem/miss");
	struct vg_buf out;

	vg_buf_init(&out, lent, sizeof(lent), sizeof(lent));
	call.out = &out;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 404);
	vg_call_problem(out.p, out.len, code, detail);
	assert_string_equal(code, "mem.not_found");
	assert_string_equal(detail, "no key \"miss\" on node 1");
	call = call_for(VG_PUT, "/v1/mem/a");
	call.body = "x";
	call.body_n = 1;
	call.out = &out;
	strcpy(env_cfg.client_key, "none-such");
	assert_int_equal(vg_call(client, &call), -ENOKEY);
	assert_non_null(call.why);
	/* without a key nothing is signed, and this node wants it */
	env_cfg.client_key[0] = '\0';
	vg_buf_reset(&out);
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 401);
	vg_call_problem(out.p, out.len, code, detail);
	assert_string_equal(code, "auth.missing");
	call = call_for(VG_GET, "/healthz");
	call.unsigned_ok = true;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 200);
}

static void clocks_move(void **state)
{
	u64 ahead = (vg_real_ms() + 5000) << 16 | 3;
	char answer[256], text[VG_CLOCK_TEXT + 1] = "";
	struct script s = { .answer = answer, .reset_after = NEVER };
	struct vg_call call = call_for(VG_GET, "/v1/mem/a");

	vg_clock_print(ahead, text);
	snprintf(answer, sizeof(answer), OK_HEAD "Virgo-Clock: %s\r\nContent-Length: 0\r\n\r\n", text);
	use_scripts(&s, 1);
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.node, 9);
	assert_true(vg_clock_now(&env_node) > ahead);
	assert_true(vg_clock_now(&env_node) < ahead + 100);
}

/* --- what cannot be sent ------------------------------------------------------------------------------------------ */

static void wrong_calls(void **state)
{
	static const struct vg_call_field bad[] = {
		{ VG_STR_INIT("Range"), VG_STR_INIT("x") },
		{ VG_STR_INIT(""), VG_STR_INIT("x") },
		{ VG_STR_INIT("a:b"), VG_STR_INIT("x") },
		{ VG_STR_INIT("a b"), VG_STR_INIT("x") },
		{ VG_STR_INIT("host"), VG_STR_INIT("x") },
		{ VG_STR_INIT("content-length"), VG_STR_INIT("1") },
		{ VG_STR_INIT("transfer-encoding"), VG_STR_INIT("chunked") },
		{ VG_STR_INIT("connection"), VG_STR_INIT("close") },
		{ VG_STR_INIT("authorization"), VG_STR_INIT("x") },
		{ VG_STR_INIT("x-virgo-nonce"), VG_STR_INIT("x") },
		{ VG_STR_INIT("x-virgo-date"), VG_STR_INIT("x") },
		{ VG_STR_INIT("a"), VG_STR_INIT("x\r\nb: y") },
		{ VG_STR_INIT("a"), VG_STR_INIT("x\ny") },
		{ VG_STR_INIT("a"), VG_STR_INIT("x\0y") },
	};
	static const char *const targets[] = {
		"", "v1", "/a b", "/%2f", "/a//b", "/../x", "/a?b", "/a?b=c+d", "/a HTTP/1.1\r\nX: y", "/%41",
		"http://x/", "*",
	};
	struct vg_call_field many[VG_CALL_FIELDS + 1], twice[2];
	static char names[VG_CALL_FIELDS + 1][3];
	static char big[VG_HEADER_BYTES_MAX + VG_REQUEST_LINE_MAX + 8192];
	struct vg_call call;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		call = call_for(VG_GET, "/v1/mem/a");
		call.field = &bad[i];
		call.nr_fields = 1;
		if (vg_call(client, &call) != -EINVAL)
			fail_msg("field %zu was sent", i);
		assert_non_null(call.why);
	}
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		call = call_for(VG_GET, targets[i]);
		if (vg_call(client, &call) != -EINVAL)
			fail_msg("target %s was sent", targets[i]);
	}
	for (i = 0; i <= VG_CALL_FIELDS; i++) {
		snprintf(names[i], sizeof(names[i]), "a%c", (char)('a' + i));
		many[i] = (struct vg_call_field){ vg_cstr(names[i]), VG_STR("x") };
	}
	call = call_for(VG_GET, "/v1/mem/a");
	call.field = many;
	call.nr_fields = VG_CALL_FIELDS + 1;
	assert_int_equal(vg_call(client, &call), -EINVAL);
	call.nr_fields = VG_CALL_FIELDS;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 200);
	twice[0] = twice[1] = many[0];
	call.field = twice;
	call.nr_fields = 2;
	assert_int_equal(vg_call(client, &call), -EINVAL);
	memset(big, 'x', sizeof(big));
	twice[0].value = vg_str(big, sizeof(big));
	call.nr_fields = 1;
	assert_int_equal(vg_call(client, &call), -EINVAL);
	call = call_for(VG_GET, "/v1/mem/a");
	call.body = "x";
	call.body_n = 1;
	assert_int_equal(vg_call(client, &call), -EINVAL);
	call = call_for(VG_METHODS, "/v1/mem/a");
	assert_int_equal(vg_call(client, &call), -EINVAL);
	call = call_for(VG_GET, "/v1/mem/a");
	call.service = VG_SERVICE_NAMES;
	assert_int_equal(vg_call(client, &call), -EINVAL);
	call = call_for(VG_GET, "/v1/mem/a");
	call.peer.family = 0;
	assert_int_equal(vg_call(client, &call), -EINVAL);
	assert_int_equal(peer.dials, 1);
}

/* --- connections that break ------------------------------------------------------------------------------------------ */

#define EMPTY OK_HEAD "Content-Length: 0\r\n\r\n"
#define GOOD { .answer = EMPTY, .reset_after = NEVER }

/* A first call leaves a connection; what becomes of it decides about the second */
static int second_call(const struct script *scripts, u32 n, struct vg_call *call)
{
	struct vg_call first = call_for(VG_GET, "/v1/mem/a");

	use_scripts(scripts, n);
	assert_int_equal(vg_call(client, &first), 0);
	assert_int_equal(peer.dials, 1);
	peer.request_n = 0;
	return vg_call(client, call);
}

static void a_kept_connection_closed_in_time_is_replaced(void **state)
{
	const struct script scripts[] = {
		{ .answer = EMPTY, .reset_after = NEVER, .dead = true }, GOOD,
	};
	struct vg_call call = call_for(VG_DELETE, "/v1/mem/a");

	assert_int_equal(second_call(scripts, 2, &call), 0);
	assert_int_equal(peer.dials, 2);
	assert_int_equal(call.status, 200);
}

/* What the first connection takes of a second request before it breaks, by how much it had taken of the first */
static size_t first_request_bytes(void)
{
	const struct script good = GOOD;
	struct vg_call first = call_for(VG_GET, "/v1/mem/a");

	use_scripts(&good, 1);
	assert_int_equal(vg_call(client, &first), 0);
	vg_client_tick(client, U64_MAX);
	return peer.request_n;
}

static void nothing_sent_is_sent_again(void **state)
{
	struct script scripts[] = { GOOD, GOOD };
	struct vg_call call = call_for(VG_POST, "/v1/echo");

	scripts[0].reset_after = first_request_bytes();
	assert_int_equal(second_call(scripts, 2, &call), 0);
	assert_int_equal(peer.dials, 2);
	assert_false(call.maybe_done);
	assert_null(call.why);
}

static void a_change_is_never_sent_twice(void **state)
{
	struct script scripts[] = { GOOD, GOOD };
	struct vg_call call = call_for(VG_POST, "/v1/echo"), get = call_for(VG_GET, "/v1/mem/a");
	size_t n = first_request_bytes();

	/* one byte of it went out */
	scripts[0].reset_after = n + 1;
	scripts[0].closes = true;
	assert_int_equal(second_call(scripts, 2, &call), -ECONNRESET);
	assert_int_equal(peer.dials, 1);
	assert_true(call.maybe_done);
	assert_int_equal(call.status, 0);
	/* reading has no effect and may be begun anew */
	assert_int_equal(second_call(scripts, 2, &get), 0);
	assert_int_equal(peer.dials, 2);
	vg_client_tick(client, U64_MAX);
	/* but once */
	scripts[1].lost = true;
	assert_int_equal(second_call(scripts, 2, &get), -ECONNRESET);
	assert_int_equal(peer.dials, 2);
	assert_false(get.maybe_done);
	/* all of it went out and nothing came back */
	scripts[0].reset_after = NEVER;
	call = call_for(VG_PUT, "/v1/mem/a");
	assert_int_equal(second_call(scripts, 2, &call), -ECONNRESET);
	assert_int_equal(peer.dials, 1);
	assert_true(call.maybe_done);
}

static void a_new_connection_that_breaks_is_told(void **state)
{
	const struct script lost = { .reset_after = NEVER, .lost = true };
	struct vg_call call = call_for(VG_GET, "/v1/mem/a");

	use_scripts(&lost, 1);
	assert_int_equal(vg_call(client, &call), -ECONNRESET);
	assert_int_equal(peer.dials, 1);
	assert_true(call.connected);
	peer.dial_err = -ECONNREFUSED;
	assert_int_equal(vg_call(client, &call), -ECONNREFUSED);
	peer.dial_err = 0;
	peer.wait_err = -ECONNREFUSED;
	use_scripts(&lost, 1);
	call = call_for(VG_POST, "/v1/echo");
	assert_int_equal(vg_call(client, &call), -ECONNREFUSED);
	assert_false(call.connected || call.maybe_done);
}

static void an_answer_within_the_request_counts(void **state)
{
	static char body[60000];
	const struct script full = {
		.answer = "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 2\r\n\r\nno",
		.reset_after = 20000,
	};
	struct vg_call call = call_for(VG_POST, "/v1/echo");
	char lent[16];
	struct vg_buf out;

	vg_buf_init(&out, lent, sizeof(lent), sizeof(lent));
	use_scripts(&full, 1);
	call.body = body;
	call.body_n = sizeof(body);
	call.out = &out;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(call.status, 507);
	assert_true(out.len == 2 && !memcmp(lent, "no", 2));
	/* whatever it says of itself, such a connection is of no use */
	assert_int_equal(peer.alive, 0);
}

/* --- answers ------------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *answer;
	int ret, status;
	const char *body;
	bool closes, kept;
} answers[] = {
	{ OK_HEAD "Content-Length: 5\r\n\r\nhello", 0, 200, "hello", false, true },
	{ OK_HEAD "Content-Length: 5\r\nConnection: close\r\n\r\nhello", 0, 200, "hello", false, false },
	{ OK_HEAD "Content-Length: 5\r\n\r\nhelloX", 0, 200, "hello", false, false },
	{ OK_HEAD "Content-Length: 5\r\n\r\nhell", -ECONNRESET, 200, "hell", true, false },
	{ OK_HEAD "Content-Length: 5\r\n\r\nhell", -ETIMEDOUT, 200, "hell", false, false },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 0, 200, "hello", false, true },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n", -ECONNRESET, 200, "hello", true, false },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhelX", -EPROTO, 200, "hel", false, false },
	{ OK_HEAD "\r\nhello", 0, 200, "hello", true, false },
	{ "HTTP/1.0 200 OK\r\n\r\nhello", 0, 200, "hello", true, false },
	{ "HTTP/1.1 204 No Content\r\n\r\n", 0, 204, "", false, true },
	{ "HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "Content-Length: 5\r\n\r\nhello", 0, 200, "hello", false, true },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n", 0, 503, "", false, true },
	{ OK_HEAD "Content-Length: 17\r\n\r\nhello hello hello", -EMSGSIZE, 200, NULL, false, false },
	{ OK_HEAD "\r\nhello hello hello", -EMSGSIZE, 200, "hello hello hell", true, false },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n11\r\nhello hello hello\r\n0\r\n\r\n", -EMSGSIZE, 200, "hello hello hell", false, false },
	{ OK_HEAD, -ECONNRESET, 0, "", true, false },
	{ OK_HEAD, -ETIMEDOUT, 0, "", false, false },
	{ "error: auth.plaintext_off\n", -EPROTO, 0, "", false, false },
	{ "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", -EPROTO, 0, "", false, false },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", -EPROTO, 0, "", false, false },
};

static void answers_in_any_pieces(void **state)
{
	char lent[16];
	struct vg_buf out;
	size_t i, step;

	for (i = 0; i < ARRAY_SIZE(answers); i++)
		for (step = 0; step < 30; step++) {
			const struct script s = {
				.answer = answers[i].answer, .step = step, .closes = answers[i].closes,
				.reset_after = NEVER,
			};
			struct vg_call call = call_for(VG_GET, "/v1/mem/a");
			int ret;

			vg_buf_init(&out, lent, sizeof(lent), sizeof(lent));
			use_scripts(&s, 1);
			call.out = &out;
			ret = vg_call(client, &call);
			if (ret != answers[i].ret || call.status != answers[i].status)
				fail_msg("answer %zu by %zu: %d, status %d", i, step, ret, call.status);
			if (answers[i].body && !vg_str_is(vg_buf_view(&out), answers[i].body))
				fail_msg("answer %zu by %zu: %.*s", i, step, (int)out.len, lent);
			assert_int_equal(!!call.why, ret != 0);
			/* a byte behind the answer may come too late to be seen with it: then the next call sees it */
			if (strstr(answers[i].answer, "helloX"))
				assert_true(step || !peer.alive);
			else
				assert_int_equal(peer.alive, answers[i].kept);
			vg_client_tick(client, U64_MAX);
		}
	assert_int_equal(call_for(VG_GET, "/").retry_after_s, 0);
}

static int sink_calls, sink_fails_at;
static size_t sink_bytes;

static int count_sink(struct vg_call *call, const void *p, size_t n)
{
	assert_int_equal(call->status, 200);
	sink_bytes += n;
	return ++sink_calls == sink_fails_at ? -EFAULT : 0;
}

static void sinks(void **state)
{
	char lent[1024];
	struct vg_call call = call_for(VG_GET, "/v1/big");
	struct vg_buf out;

	call.sink = count_sink;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(sink_bytes, 100000);
	assert_int_equal(call.body_got, 100000);
	sink_calls = 0;
	sink_fails_at = 2;
	assert_int_equal(vg_call(client, &call), -EFAULT);
	assert_int_equal(sink_calls, 2);
	assert_int_equal(peer.alive, 0);
	/* what is refused does not go to it */
	vg_buf_init(&out, lent, sizeof(lent), sizeof(lent));
	call = call_for(VG_GET, "/v1/mem/miss");
	call.sink = count_sink;
	call.out = &out;
	assert_int_equal(vg_call(client, &call), 0);
	assert_int_equal(sink_calls, 2);
	assert_true(out.len > 10);
}

static void step_by_step(void **state)
{
	const struct script s = {
		.answer = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
		.step = 1, .reset_after = NEVER, .intr_at = 75,
	};
	struct vg_call call = call_for(VG_POST, "/v1/exec");
	struct vg_flight *f;
	char text[16] = "";
	size_t n = 0, intr = 0;
	ssize_t got;

	use_scripts(&s, 1);
	assert_int_equal(vg_call_open(client, &call, &f), 0);
	assert_int_equal(call.status, 200);
	while ((got = vg_call_read(f, text + n, sizeof(text) - n))) {
		if (got == -EINTR) {
			intr++;
			continue;
		}
		assert_true(got > 0);
		n += got;
	}
	assert_string_equal(text, "hello world");
	assert_int_equal(intr, 1);
	/* an interruption that is over does not cost the connection */
	assert_null(call.why);
	vg_call_close(f);
	assert_int_equal(peer.alive, 1);
	vg_client_tick(client, U64_MAX);
	assert_int_equal(peer.alive, 0);
	/* given up in the middle */
	use_scripts(&s, 1);
	assert_int_equal(vg_call_open(client, &call, &f), 0);
	assert_int_equal(vg_call_read(f, text, 2), 1);
	vg_call_close(f);
	assert_int_equal(peer.alive, 0);
}

static void interrupted_and_taken_up_again(void **state)
{
	const struct script s[] = {
		{ .answer = OK_HEAD "Content-Length: 5\r\n\r\nhello", .step = 4, .reset_after = NEVER, .intr_at = 3 },
		{ .answer = OK_HEAD "Content-Length: 5\r\n\r\nhello", .reset_after = NEVER, .intr_at = 1 },
		{ .reset_after = NEVER, .intr_at = 1 },
	};
	struct vg_call call = call_for(VG_POST, "/v1/exec");
	struct vg_flight *f;
	char text[16] = "";
	size_t i;

	use_scripts(s, 3);
	for (i = 0; i < 2; i++) {
		assert_int_equal(vg_call_open(client, &call, &f), -EINTR);
		assert_non_null(f);
		assert_true(call.maybe_done && !call.status);
		assert_int_equal(vg_call_resume(f), 0);
		assert_false(call.maybe_done);
		assert_int_equal(call.status, 200);
		assert_int_equal(vg_call_read(f, text, sizeof(text)), i ? 5 : 3);
		vg_call_close(f);
		vg_client_tick(client, U64_MAX);
	}
	/* sent once each */
	assert_int_equal(peer.dials, 2);
	/* as a whole there is nothing to take up */
	assert_int_equal(vg_call(client, &call), -EINTR);
	assert_true(call.maybe_done);
	assert_int_equal(peer.alive, 0);
}

/* --- limits ------------------------------------------------------------------------------------------------------------- */

static void time_runs_out(void **state)
{
	const struct script mute[] = { { .reset_after = NEVER }, { .reset_after = NEVER }, { .reset_after = NEVER } };
	struct vg_call call = call_for(VG_POST, "/v1/echo");
	u64 began = vg_now_ms();

	use_scripts(mute, 3);
	call.timeout_ms = 3100;
	assert_int_equal(vg_call(client, &call), -ETIMEDOUT);
	/* the clock is the test's, but goes on by itself, too; a microsecond counts in another millisecond */
	assert_in_range(vg_now_ms() - began, 3100, 5000);
	assert_true(call.connected && call.maybe_done);
	assert_in_range(call.us, 3099000, 5000000);
	peer.dial_ms = 10000;
	began = vg_now_ms();
	call.connect_ms = 700;
	assert_int_equal(vg_call(client, &call), -ETIMEDOUT);
	assert_in_range(vg_now_ms() - began, 700, 2500);
	assert_false(call.connected);
	/* the deadline of all bounds each part */
	began = vg_now_ms();
	call.timeout_ms = 300;
	assert_int_equal(vg_call(client, &call), -ETIMEDOUT);
	assert_in_range(vg_now_ms() - began, 300, 2000);
}

static void stopping_ends_calls(void **state)
{
	const struct script mute = { .reset_after = NEVER };
	struct vg_call call = call_for(VG_GET, "/v1/mem/a");
	u64 began = vg_now_ms();

	use_scripts(&mute, 1);
	peer.stop_at_recv = client;
	assert_int_equal(vg_call(client, &call), -ESHUTDOWN);
	assert_in_range(vg_now_ms() - began, 0, 1000);
	assert_int_equal(vg_call(client, &call), -ESHUTDOWN);
	assert_int_equal(peer.dials, 1);
}

static void cancelling_ends_calls(void **state)
{
	const struct script mute[] = { { .reset_after = NEVER }, { .reset_after = NEVER }, { .reset_after = NEVER } };
	struct vg_call call = call_for(VG_POST, "/v1/echo");
	u64 began = vg_now_ms();
	bool cancel = false;

	use_scripts(mute, 3);
	call.cancel = &cancel;
	/* while there is no connection */
	peer.dial_ms = 100000;
	peer.cancel_at_dial = &cancel;
	assert_int_equal(vg_call(client, &call), -ECANCELED);
	assert_false(call.connected || call.maybe_done);
	/* while there is no answer */
	peer.dial_ms = 10;
	cancel = false;
	peer.cancel_at_dial = NULL;
	peer.cancel_at_recv = &cancel;
	assert_int_equal(vg_call(client, &call), -ECANCELED);
	assert_true(call.connected && call.maybe_done);
	assert_in_range(vg_now_ms() - began, 0, 1000);
	/* before it begins */
	assert_int_equal(vg_call(client, &call), -ECANCELED);
	assert_int_equal(peer.alive, 0);
}

static void idle_connections_are_few_and_young(void **state)
{
	static const struct script good[200] = { [0 ... 199] = GOOD };
	struct vg_flight *f[VG_CALL_IDLE_PEER + 3];
	struct vg_call call[VG_CALL_IDLE_PEER + 3];
	size_t i, many = ARRAY_SIZE(f);
	u32 old;

	use_scripts(good, 200);
	for (i = 0; i < many; i++) {
		call[i] = call_for(VG_GET, "/v1/mem/a");
		assert_int_equal(vg_call_open(client, &call[i], &f[i]), 0);
	}
	for (i = 0; i < many; i++)
		vg_call_close(f[i]);
	assert_int_equal(peer.alive, VG_CALL_IDLE_PEER);
	for (i = 0; i < VG_CALL_IDLE_MAX; i++) {
		call[0] = call_for(VG_GET, "/v1/mem/a");
		call[0].peer.ip[3] = 2 + i;
		assert_int_equal(vg_call(client, &call[0]), 0);
	}
	/* those of the first peer, being the oldest, had to go */
	assert_int_equal(peer.alive, VG_CALL_IDLE_MAX);
	old = peer.dials;
	call[0].peer.ip[3] = 1;
	assert_int_equal(vg_call(client, &call[0]), 0);
	assert_int_equal(peer.dials, old + 1);
	call[0].peer.port = 4711;
	assert_int_equal(vg_call(client, &call[0]), 0);
	assert_int_equal(peer.dials, old + 2);
	assert_int_equal(peer.last.port, 4711);
	shim_clock_advance((VG_CALL_IDLE_MS - 1000) * (u64)NSEC_PER_MSEC);
	vg_client_tick(client, vg_now_ms());
	assert_int_equal(peer.alive, VG_CALL_IDLE_MAX);
	shim_clock_advance(2 * (u64)NSEC_PER_SEC);
	/* even before the tick comes by, one that is too old is not used */
	old = peer.dials;
	assert_int_equal(vg_call(client, &call[0]), 0);
	assert_int_equal(peer.dials, old + 1);
	vg_client_tick(client, vg_now_ms());
	assert_int_equal(peer.alive, 1);
}

static void too_many_calls(void **state)
{
	struct vg_call call = call_for(VG_GET, "/v1/mem/a");
	u32 i;

	for (i = 0; i < VG_CALLS_MAX; i++)
		assert_int_equal(vg_client_enter(client), 0);
	assert_int_equal(vg_call(client, &call), -EBUSY);
	for (i = 0; i < VG_CALLS_MAX; i++)
		vg_client_leave(client);
	assert_int_equal(vg_call(client, &call), 0);
}

static void without_memory(void **state)
{
	struct vg_call call;
	struct vg_buf out;
	unsigned long n;
	int ret;

	for (n = 1; ; n++) {
		vg_buf_init(&out, NULL, 0, 200000);
		call = call_for(VG_GET, "/v1/big");
		call.out = &out;
		shim_alloc_fail_nth(n);
		ret = vg_call(client, &call);
		vg_buf_free(&out);
		/* memory that is short at the other end looks like a connection that breaks */
		if (!shim_alloc_failed())
			break;
		assert_true(ret == -ENOMEM || ret == -ECONNRESET || !ret);
		vg_client_tick(client, U64_MAX);
	}
	shim_alloc_fail_nth(0);
	assert_int_equal(ret, 0);
	assert_true(n > 6);
}

static void problems(void **state)
{
	static const struct {
		const char *body, *code, *detail;
	} cases[] = {
		{ "{\"status\":404,\"code\":\"mem.not_found\",\"detail\":\"no \\\"a\\\"\"}", "mem.not_found", "no \"a\"" },
		{ "{\"code\":7,\"detail\":null}", "", "" },
		{ "[]", "", "" },
		{ "\"code\"", "", "" },
		{ "{\"code\":\"a\"", "", "" },
		{ "", "", "" },
		{ "<html>", "", "" },
	};
	char code[VG_CALL_CODE], detail[VG_CALL_DETAIL], body[2048];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vg_call_problem(cases[i].body, strlen(cases[i].body), code, detail);
		assert_string_equal(code, cases[i].code);
		assert_string_equal(detail, cases[i].detail);
	}
	/* too long, with a character or an escape where it is cut */
	for (i = 0; i < 8; i++) {
		snprintf(body, sizeof(body), "{\"detail\":\"%.*s%0490d\\u00e4\xc3\xa4\\u0041%0500d\"}", (int)i, "1234567", 0, 0);
		vg_call_problem(body, strlen(body), code, detail);
		assert_in_range(strlen(detail), 490, VG_CALL_DETAIL - 1);
		assert_int_equal(vg_utf8_valid(detail, strlen(detail)), 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signed_calls),
		TEST(bodies_are_signed),
		TEST(fields_are_signed),
		TEST(refusals_come_back),
		TEST(clocks_move),
		TEST(wrong_calls),
		TEST(a_kept_connection_closed_in_time_is_replaced),
		TEST(nothing_sent_is_sent_again),
		TEST(a_change_is_never_sent_twice),
		TEST(a_new_connection_that_breaks_is_told),
		TEST(an_answer_within_the_request_counts),
		TEST(answers_in_any_pieces),
		TEST(sinks),
		TEST(step_by_step),
		TEST(interrupted_and_taken_up_again),
		TEST(time_runs_out),
		TEST(stopping_ends_calls),
		TEST(cancelling_ends_calls),
		TEST(idle_connections_are_few_and_young),
		TEST(too_many_calls),
		TEST(without_memory),
		TEST(problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
