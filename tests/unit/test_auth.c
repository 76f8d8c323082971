// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Verification against the vectors (requests of real curls, and what an attacker would make of them), the
 * key file, rights and prefixes, the replay table. Everything goes through a connection, as on the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#define CONN_ENV_KEYS
#include "conn_env.h"

#ifndef VECTORS
#define VECTORS "tests/data/sigv4-vectors.json"
#endif

/* --- a service that takes any path --------------------------------------------------------------- */

static u32 runs;

static int any_run(struct vg_req *req)
{
	runs++;
	return vg_reply_bytes(req, 200, "text/plain", "done", 4);
}

static size_t any_max(struct vg_req *req)
{
	return 64 << 20;
}

#define ANY(m, where) { .method = m, .path = where, .rights = m == VG_GET ? VG_READ : VG_WRITE, \
		       .body_max = any_max, .run = any_run, .flags = VG_ROUTE_PREFIX }
#define ANY_METHOD(where) \
	ANY(VG_GET, where), ANY(VG_PUT, where), ANY(VG_POST, where), ANY(VG_DELETE, where)

static const struct vg_route any_routes[] = {
	ANY_METHOD("/{a}"), ANY_METHOD("/{a}/{b}"), ANY_METHOD("/{a}/{b}/{c}"), ANY_METHOD("/{a}/{b}/{c}/{d}"),
};

static struct vg_service service;

static void keys(const char *text)
{
	struct vg_conf_error err = { };
	struct vg_keyset *set = NULL;
	int ret = vg_keyset_parse(kstrdup(text, GFP_KERNEL), strlen(text), &set, &err);

	if (ret)
		fail_msg("keys: %u:%u: %s", err.line, err.col, err.msg);
	vg_keyset_put(rcu_dereference_protected(env_node.keys, 1));
	rcu_assign_pointer(env_node.keys, set);
}

/* first byte of the address connections come in on: that address is always a name of the node */
static u8 local_ip0 = 127;

/* The calendar clock is a coarse one and may lie a few milliseconds back: stay clear of a second's edge. */
static void set_clock(u64 unix_s)
{
	shim_clock_set_real_ns(unix_s * NSEC_PER_SEC + NSEC_PER_SEC / 2);
}

static void fresh(const char *service_name, const char *cluster)
{
	env_init();
	service = env_service;
	service.name = service_name;
	env_svc.def = &service;
	assert_int_equal(vg_matcher_init(&env_svc.match, any_routes, ARRAY_SIZE(any_routes)), 0);
	assert_int_equal(vg_replay_new(65536, &env_node.replay), 0);
	snprintf(env_cfg.cluster, sizeof(env_cfg.cluster), "%s", cluster);
	env_cfg.value_max = 64 << 20;
}

static void done(void)
{
	vg_replay_free(env_node.replay);
	vg_keyset_put(rcu_dereference_protected(env_node.keys, 1));
	rcu_assign_pointer(env_node.keys, NULL);
	rcu_barrier();
	local_ip0 = 127;
	shim_clock_reset();
}

/* Deliver @n bytes on a connection of their own; the answer, the caller's to free */
static char *deliver(const void *p, size_t n)
{
	struct vg_conn *c = env_conn();
	struct env_out out = { };
	size_t at = 0, took;

	assert_non_null(c);
	c->local.ip[0] = local_ip0;
	c->local_text_n = vg_addr_print(&c->local, c->local_text);
	do {
		took = vg_conn_input(c, (const char *)p + at, n - at);
		at += took;
		env_take(c, &out, SIZE_MAX);
	} while (took && at < n);
	vg_conn_eof(c, 0);
	env_take(c, &out, SIZE_MAX);
	vg_conn_free(c);
	return out.p;
}

/* --- vectors ----------------------------------------------------------------------------------------- */

static size_t unbase64(const char *s, u8 *out)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	u32 bits = 0, have = 0;
	size_t n = 0;

	for (; *s && *s != '='; s++) {
		const char *at = strchr(abc, *s);

		assert_non_null(at);
		bits = bits << 6 | (at - abc);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = bits >> have;
		}
	}
	return n;
}

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(o, name));
}

static void configure(const cJSON *root, const cJSON *server)
{
	const cJSON *key = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "keys"), 0);
	const char *host = text_of(server, "host");
	char line[256];

	fresh(text_of(server, "service"), text_of(server, "region"));
	snprintf(line, sizeof(line), "%s %s rights=read,write,exec,admin\n", text_of(key, "id"),
		 text_of(key, "secret"));
	keys(line);
	env_cfg.unhashed_body_max = cJSON_GetObjectItem(server, "max_unhashed_body")->valueint;
	env_cfg.host_check = host;
	env_cfg.nr_names = 0;
	local_ip0 = host ? 10 : 127;
	if (host) {
		snprintf(env_cfg.names[0], sizeof(env_cfg.names[0]), "%s", host);
		env_cfg.nr_names = 1;
	}
	set_clock(cJSON_GetObjectItem(server, "now_unix")->valuedouble);
}

static void one_vector(const cJSON *root, const cJSON *v)
{
	const cJSON *expected = cJSON_GetObjectItem(v, "expected");
	const char *want = text_of(expected, "result"), *raw = text_of(v, "raw_request_base64");
	int times = cJSON_GetObjectItem(v, "deliver_times")->valueint, i;
	u8 *bytes = malloc(strlen(raw));
	size_t n = unbase64(raw, bytes);
	char *answer = NULL, code[80];
	bool accepted;

	configure(root, cJSON_GetObjectItem(v, "server"));
	for (i = 0; i < times; i++) {
		free(answer);
		answer = deliver(bytes, n);
		assert_non_null(answer);
	}
	/* what comes behind verification: the routes here know neither "/" nor any query */
	accepted = strstr(answer, "HTTP/1.1 200 OK\r\n") || strstr(answer, "http.no_route") ||
		   strstr(answer, "http.query_unknown");
	snprintf(code, sizeof(code), "\"code\":\"%s\"", want);
	if (!strcmp(want, "accept") ? !accepted : accepted || !strstr(answer, code))
		fail_msg("%s (%s): wanted %s, got\n%s", text_of(v, "id"), text_of(v, "description"), want,
			 answer);
	if (strstr(answer, "HTTP/1.1 401")) {
		assert_non_null(strstr(answer, "\r\nWWW-Authenticate: VIRGO4-HMAC-SHA256 realm=\"lab\"\r\n"));
		assert_non_null(strstr(answer, "\"server_time\":\"20"));
	}
	free(answer);
	free(bytes);
	done();
}

static void test_vectors(void **state)
{
	FILE *f = fopen(VECTORS, "r");
	char *text = malloc(1 << 20);
	const cJSON *v;
	cJSON *root;
	size_t n;
	int count = 0;

	assert_non_null(f);
	n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = 0;
	fclose(f);
	root = cJSON_Parse(text);
	assert_non_null(root);
	cJSON_ArrayForEach(v, cJSON_GetObjectItem(root, "vectors")) {
		one_vector(root, v);
		count++;
	}
	assert_int_equal(count, 111);
	cJSON_Delete(root);
	free(text);
}

/* --- signing here, to break one thing at a time ----------------------------------------------------------- */

#define SECRET "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define NOW 1795347598ull	/* 2026-11-22T11:39:58Z */
#define DATE "20261122T113958Z"

struct ask {
	const char *method, *target, *id, *secret, *date, *nonce, *body, *host;
	bool unhashed;		/* no hash header: the body itself is signed */
};

static size_t sign(const struct ask *a, char *out, size_t cap)
{
	const char *hashed = a->unhashed ? "" : "x-virgo-content-sha256;";
	char canon[4096], text[512], path[512], hex[65] = "", payload[65] = "", line[128] = "";
	const char *p;
	struct vg_sha256 s;
	struct vg_hmac h;
	u8 hash[32];
	int n;

	host_sha256_init(&s);
	host_sha256_update(&s, a->body, strlen(a->body));
	host_sha256_final(&s, hash);
	vg_hex(payload, hash, 32);
	for (n = 0, p = a->target; *p; p++)
		n += sprintf(path + n, *p == '%' ? "%%25" : "%c", *p);
	if (!a->unhashed)
		snprintf(line, sizeof(line), "x-virgo-content-sha256:%s\n", payload);
	n = snprintf(canon, sizeof(canon), "%s\n%s\n\nhost:%s\n%sx-virgo-date:%s\nx-virgo-nonce:%s\n\n"
		     "host;%sx-virgo-date;x-virgo-nonce\n%s", a->method, path, a->host, line, a->date,
		     a->nonce, hashed, payload);
	host_sha256_init(&s);
	host_sha256_update(&s, canon, n);
	host_sha256_final(&s, hash);
	vg_hex(hex, hash, 32);
	n = snprintf(text, sizeof(text), "VIRGO4-HMAC-SHA256\n%s\n%.8s/lab/mempool/virgo4_request\n%s", a->date,
		     a->date, hex);
	vg_sig_key(&h, vg_cstr(a->secret), vg_str(a->date, 8), VG_STR("lab"), VG_STR("mempool"));
	vg_hmac(&h, text, n, hash);
	vg_hex(hex, hash, 32);
	if (!a->unhashed)
		snprintf(line, sizeof(line), "X-Virgo-Content-Sha256: %s\r\n", payload);
	return snprintf(out, cap, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: VIRGO4-HMAC-SHA256 Credential=%s/%.8s/lab/mempool/virgo4_request, "
			"SignedHeaders=host;%sx-virgo-date;x-virgo-nonce, Signature=%s\r\n"
			"X-Virgo-Date: %s\r\nX-Virgo-Nonce: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
			a->method, a->target, a->host, a->id, a->date, hashed, hex, a->date, a->nonce, line,
			strlen(a->body), a->body);
}

static const struct ask get = {
	.method = "GET", .target = "/v1/x", .id = "KEY1", .secret = SECRET, .date = DATE, .nonce = "n1",
	.body = "", .host = "127.0.0.1:30000",
};

/* The status of the answer to @a; 0: none */
static int status_of(const struct ask *a, const char *code)
{
	char raw[8192], want[80];
	size_t n = sign(a, raw, sizeof(raw));
	char *answer = deliver(raw, n);
	int status = 0;

	assert_non_null(answer);
	sscanf(answer, "HTTP/1.1 %d", &status);
	if (code) {
		snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
		if (!strstr(answer, want))
			fail_msg("wanted %s, got\n%s", code, answer);
	}
	free(answer);
	return status;
}

static void with_keys(const char *text)
{
	fresh("mempool", "lab");
	keys(text);
	env_cfg.host_check = true;
	set_clock(NOW);
}

static void test_rights(void **state)
{
	struct ask a = get;

	with_keys("KEY1 " SECRET " rights=read services=mempool prefixes=app/,b\n"
		  "KEY2 " SECRET " rights=write services=control\n");
	a.target = "/app%2Fx";
	assert_int_equal(status_of(&a, NULL), 200);
	a.target = "/bz";
	assert_int_equal(status_of(&a, NULL), 200);
	a.target = "/c";
	assert_int_equal(status_of(&a, "auth.rights"), 403);
	a.target = "/app";
	assert_int_equal(status_of(&a, "auth.rights"), 403);
	a.target = "/bz";
	a.method = "PUT";
	assert_int_equal(status_of(&a, "auth.rights"), 403);
	a.id = "KEY2";
	assert_int_equal(status_of(&a, "auth.rights"), 403);
	a.id = "KEY3";
	assert_int_equal(status_of(&a, "auth.signature"), 401);
	done();
}

static void test_two_active_keys_and_their_times(void **state)
{
	struct ask a = get;
	char text[512];

	snprintf(text, sizeof(text), "KEY1 " SECRET " not_after=%llu\nKEY2 x" SECRET " not_before=%llu\n",
		 NOW + 10, NOW - 10);
	with_keys(text);
	assert_int_equal(status_of(&a, NULL), 200);
	a.id = "KEY2";
	a.secret = "x" SECRET;
	assert_int_equal(status_of(&a, NULL), 200);
	a.secret = SECRET;
	assert_int_equal(status_of(&a, "auth.signature"), 401);
	/* 20 s on, the old one is retired */
	set_clock(NOW + 20);
	a.id = "KEY1";
	assert_int_equal(status_of(&a, "auth.signature"), 401);
	done();
}

static void test_window(void **state)
{
	struct ask a = get;

	with_keys("KEY1 " SECRET "\n");
	assert_int_equal(status_of(&a, NULL), 200);
	set_clock(NOW - 31);
	assert_int_equal(status_of(&a, "auth.stale"), 401);
	set_clock(NOW - 30);
	assert_int_equal(status_of(&a, NULL), 200);
	set_clock(NOW + 300);
	assert_int_equal(status_of(&a, NULL), 200);
	set_clock(NOW + 301);
	assert_int_equal(status_of(&a, "auth.stale"), 401);
	/* what was once too old stays so, even if the node's clock is set back */
	set_clock(NOW + 100);
	assert_int_equal(status_of(&a, "auth.stale"), 401);
	done();
}

static void test_hosts(void **state)
{
	struct ask a = get;

	with_keys("KEY1 " SECRET "\n");
	a.host = "LOCALHOST:30000";
	assert_int_equal(status_of(&a, NULL), 200);
	a.host = "localhost";
	assert_int_equal(status_of(&a, "auth.host"), 401);
	a.host = "127.0.0.1:30001";
	assert_int_equal(status_of(&a, "auth.host"), 401);
	a.host = "evil.example:30000";
	assert_int_equal(status_of(&a, "auth.host"), 401);
	strcpy(env_cfg.names[0], "evil.example");
	env_cfg.nr_names = 1;
	assert_int_equal(status_of(&a, NULL), 200);
	done();
}

static void test_replay(void **state)
{
	struct ask a = get;

	with_keys("KEY1 " SECRET "\n");
	a.method = "POST";
	assert_int_equal(status_of(&a, NULL), 200);
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	a.nonce = "n2";
	assert_int_equal(status_of(&a, NULL), 200);
	/* ordered: each counter once, only upwards, a stream of its own for each */
	a.nonce = "00112233445566aa.5";
	assert_int_equal(status_of(&a, NULL), 200);
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	a.nonce = "00112233445566aa.4";
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	a.nonce = "00112233445566aa.6";
	assert_int_equal(status_of(&a, NULL), 200);
	a.nonce = "00112233445566ab.1";
	assert_int_equal(status_of(&a, NULL), 200);
	assert_int_equal(atomic_read(&env_node.replay->n), 4);
	done();
}

static void test_replay_table_is_bounded(void **state)
{
	struct ask a = get;
	char nonce[32];
	int i;

	with_keys("KEY1 " SECRET "\nKEY2 " SECRET "\n");
	vg_replay_free(env_node.replay);
	assert_int_equal(vg_replay_new(8, &env_node.replay), 0);
	a.method = "POST";
	a.nonce = nonce;
	/* one key may hold half of it */
	for (i = 0; i < 4; i++) {
		sprintf(nonce, "x%d", i);
		assert_int_equal(status_of(&a, NULL), 200);
	}
	sprintf(nonce, "x%d", i);
	assert_int_equal(status_of(&a, "auth.replay_table_full"), 503);
	a.id = "KEY2";
	assert_int_equal(status_of(&a, NULL), 200);
	/* what is stale leaves */
	for (i = 0; i < SHARDS; i++)
		vg_replay_tick(env_node.replay, NOW + 301, 300);
	assert_int_equal(atomic_read(&env_node.replay->n), 0);
	done();
}

/* One more entry for the key @i */
static int remember(struct vg_replay *r, u32 i, u32 request)
{
	u32 sig[4] = { i, request }, retry_s;
	struct vg_key key = { };

	key.id_n = sprintf(key.id, "KEY%u", i);
	return vg_replay_check(r, &key, 0, (u8 *)sig, vg_str(NULL, 0), NOW, NOW, &retry_s);
}

/* Who has used up its half takes nothing from any other key, wherever their hashes fall (eight seeds). */
static void test_replay_shares_are_by_key(void **state)
{
	enum { OTHERS = 2 * VG_KEYS_MAX - 1, HALF = 2 * VG_KEYS_MAX };
	struct vg_replay *r;
	u32 round, i;

	for (round = 0; round < 8; round++) {
		assert_int_equal(vg_replay_new(2 * HALF, &r), 0);
		for (i = 0; i < HALF; i++)
			assert_int_equal(remember(r, 0, i), 0);
		for (i = 1; i <= OTHERS; i++)
			assert_int_equal(remember(r, i, 0), 0);
		assert_int_equal(remember(r, 0, i), -ENOSPC);
		/* and what has become stale is free for whoever comes */
		for (i = 0; i < SHARDS; i++)
			vg_replay_tick(r, NOW + 301, 300);
		assert_int_equal(atomic_read(&r->n), 0);
		vg_replay_free(r);
	}
}

static void tick_all(u64 now_s, u32 past_s)
{
	int i;

	for (i = 0; i < SHARDS; i++)
		vg_replay_tick(env_node.replay, now_s, past_s);
}

/* What is forgotten cannot be accepted again: not by a longer window, a clock set back, a slow body. */
static void test_forgotten_is_stale(void **state)
{
	struct vg_key key = { .id = "KEY1", .id_n = 4 };
	const u8 sig[16] = { 1 };
	struct ask a = get;
	u32 retry_s;

	with_keys("KEY1 " SECRET "\n");
	a.method = "POST";
	env_cfg.auth_window_past_s = 60;
	assert_int_equal(status_of(&a, NULL), 200);
	env_cfg.auth_window_past_s = 300;
	set_clock(NOW + 100);
	tick_all(NOW + 100, 300);
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	/* the clock jumps ahead and is set back */
	tick_all(NOW + 301, 300);
	assert_int_equal(atomic_read(&env_node.replay->n), 0);
	assert_int_equal(status_of(&a, "auth.stale"), 401);
	assert_int_equal(vg_replay_check(env_node.replay, &key, 2, sig, vg_str(NULL, 0), NOW, NOW + 301, &retry_s),
			 -ESTALE);
	assert_int_equal(atomic_read(&env_node.replay->n), 0);
	done();
}

static void test_starting(void **state)
{
	struct ask a = get;

	with_keys("KEY1 " SECRET "\n");
	vg_replay_begin(env_node.replay, NOW);
	assert_int_equal(status_of(&a, NULL), 200);
	a.method = "POST";
	assert_int_equal(status_of(&a, "auth.starting"), 503);
	a.date = "20261122T113959Z";
	assert_int_equal(status_of(&a, NULL), 200);
	done();
}

static void test_without_keys(void **state)
{
	static const char req[] = "GET /v1/x HTTP/1.1\r\nHost: 127.0.0.1:30000\r\n\r\n";
	static const char rebind[] = "GET /v1/x HTTP/1.1\r\nHost: evil.example\r\n\r\n";
	static const char page[] =
		"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:30000\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n";
	char *answer;

	with_keys("");
	answer = deliver(req, strlen(req));
	assert_non_null(strstr(answer, "HTTP/1.1 200"));
	free(answer);
	answer = deliver(rebind, strlen(rebind));
	assert_non_null(strstr(answer, "auth.host"));
	free(answer);
	/* what a page of another site has its reader's browser send without asking */
	answer = deliver(page, strlen(page));
	assert_non_null(strstr(answer, "HTTP/1.1 401"));
	assert_non_null(strstr(answer, "auth.host"));
	free(answer);
	env_cfg.host_check = false;
	answer = deliver(page, strlen(page));
	assert_null(strstr(answer, "auth.host"));
	free(answer);
	done();
}

/* A body signed without hash header: the signature waits for it, and so does what is said of the target. */
static void test_nothing_is_told_before_the_body_shows_who_asks(void **state)
{
	static const char req[] =
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1:30000\r\nAuthorization: VIRGO4-HMAC-SHA256 Credential=KEY1/20261122/lab/mempool/virgo4_request, "
		"SignedHeaders=host;x-virgo-date, Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n"
		"X-Virgo-Date: " DATE "\r\nContent-Length: 4\r\n\r\nbody";
	static const char *const targets[] = { "/", "/v1/x?no=1", "/a/b/c/d/e/f/g" };
	char raw[1024], *answer;
	size_t i, n;

	with_keys("KEY1 " SECRET "\n");
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		n = snprintf(raw, sizeof(raw), req, targets[i]);
		answer = deliver(raw, n);
		assert_non_null(strstr(answer, "HTTP/1.1 401"));
		assert_non_null(strstr(answer, "auth.signature"));
		free(answer);
	}
	done();
}

/* --- a body's memory, and who may have it ------------------------------------------------------------- */

static u32 rooms, room_drops;
static char seen[64];

static size_t room_max(struct vg_req *req)
{
	return sizeof(seen);
}

static int room_room(struct vg_req *req, size_t need)
{
	rooms++;
	assert_non_null(req->key);
	assert_false(req->body.n && req->auth.deferred);
	req->priv = krealloc(req->priv, need, GFP_KERNEL);
	req->body.data = req->priv;
	req->body.cap = need;
	return 0;
}

static int room_refuses(struct vg_req *req, size_t need)
{
	rooms++;
	vg_problem(req, 507, "mem.full", "no room");
	return -ENOSPC;
}

static int room_run(struct vg_req *req)
{
	snprintf(seen, sizeof(seen), "%.*s", (int)req->body.n, (const char *)req->body.data);
	return vg_reply(req, 204);
}

static void room_drop(struct vg_req *req)
{
	room_drops++;
	kfree(req->priv);
	req->body.data = NULL;
}

static const struct vg_route room_routes[] = {
	{ .method = VG_PUT, .path = "/r", .rights = VG_WRITE, .body_max = room_max, .room = room_room,
	  .run = room_run, .drop = room_drop },
	{ .method = VG_PUT, .path = "/full", .rights = VG_WRITE, .body_max = room_max, .room = room_refuses,
	  .run = room_run, .drop = room_drop },
};

/* A service is asked for memory only on behalf of somebody whose signature is right. */
static void test_no_room_before_the_signature(void **state)
{
	struct ask a = get;

	with_keys("KEY1 " SECRET "\n");
	assert_int_equal(vg_matcher_init(&env_svc.match, room_routes, ARRAY_SIZE(room_routes)), 0);
	a.method = "PUT";
	a.target = "/r";
	a.body = "twelve bytes";
	a.unhashed = true;
	rooms = room_drops = 0;
	a.id = "NOBODY";
	assert_int_equal(status_of(&a, "auth.signature"), 401);
	a.id = "KEY1";
	a.secret = "x" SECRET;
	assert_int_equal(status_of(&a, "auth.signature"), 401);
	assert_int_equal(rooms + room_drops, 0);
	a.secret = SECRET;
	assert_int_equal(status_of(&a, NULL), 204);
	assert_string_equal(seen, "twelve bytes");
	assert_int_equal(rooms, 1);
	assert_int_equal(room_drops, 1);
	/* the same bytes once more are a replay, for which there is no room either */
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	assert_int_equal(rooms, 1);
	a.target = "/full";
	assert_int_equal(status_of(&a, "mem.full"), 507);
	assert_int_equal(rooms, 2);
	assert_int_equal(room_drops, 2);
	/* with its hash in the head it goes straight there */
	a.target = "/r";
	a.unhashed = false;
	assert_int_equal(status_of(&a, NULL), 204);
	assert_int_equal(rooms, 3);
	assert_int_equal(room_drops, 3);
	/* but not a second time: its head alone says that it was here */
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	a.nonce = "00112233445566aa.5";
	assert_int_equal(status_of(&a, NULL), 204);
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	a.nonce = "00112233445566aa.4";
	assert_int_equal(status_of(&a, "auth.replay"), 409);
	assert_int_equal(rooms, 4);
	a.nonce = "00112233445566aa.6";
	assert_int_equal(status_of(&a, NULL), 204);
	assert_int_equal(rooms, 5);
	assert_int_equal(room_drops, 5);
	done();
}

/* Only a request that is signed, where signatures are asked for, moves the node's clock. */
static void test_unsigned_clocks_do_not_count(void **state)
{
	static const char req[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:30000\r\nVirgo-Clock: %llu.0\r\n\r\n";
	u64 ahead_ms = (NOW + 50) * 1000;
	char raw[256], *answer;

	with_keys("KEY1 " SECRET "\n");
	assert_int_equal(vg_matcher_init(&env_svc.match, NULL, 0), 0);
	answer = deliver(raw, snprintf(raw, sizeof(raw), req, ahead_ms));
	assert_non_null(strstr(answer, "HTTP/1.1 200"));
	assert_true((u64)atomic64_read(&env_node.clock) >> 16 < ahead_ms);
	free(answer);
	done();
}

/* --- the key file ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *text;
	u32 line, col;
	const char *msg;	/* NULL: fine */
} files[] = {
	{ "", 0, 0, NULL },
	{ "# nothing\n\n   \r\n", 0, 0, NULL },
	{ "KEY1 " SECRET "\r\nKEY2\t" SECRET " rights=exec\n", 0, 0, NULL },
	{ "KEY1\n", 1, 5, "the secret of key \"KEY1\" has 0 characters" },
	{ "KEY1 short\n", 1, 6, "the secret of key \"KEY1\" has 5 characters" },
	{ "\nKEY1 " SECRET "!\n", 2, 6, "has a character other than" },
	{ "K " SECRET "\n", 1, 1, "4 to 32 characters" },
	{ "KE/Y " SECRET "\n", 1, 1, "letters, digits" },
	{ "KEY1 " SECRET "\nKEY1 " SECRET "\n", 2, 1, "stands twice" },
	{ "KEY1 " SECRET " rights=rule\n", 1, 57, "unknown right" },
	{ "KEY1 " SECRET " services=mempool,x\n", 1, 67, "unknown service" },
	{ "KEY1 " SECRET " color=red\n", 1, 50, "unknown \"color\"" },
	{ "KEY1 " SECRET " what\n", 1, 50, "name=value" },
	{ "KEY1 " SECRET " rights=\n", 1, 57, "rights lists nothing" },
	{ "KEY1 " SECRET " prefixes= services=mempool\n", 1, 59, "prefixes lists nothing" },
	{ "KEY1 " SECRET " not_after=soon\n", 1, 60, "not_after" },
	{ "KEY1 " SECRET " \x01\n", 1, 50, "control byte" },
};

static void test_key_files(void **state)
{
	struct vg_conf_error err;
	struct vg_keyset *set;
	size_t i;
	char *text;
	int ret;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		memset(&err, 0, sizeof(err));
		text = kstrdup(files[i].text, GFP_KERNEL);
		ret = vg_keyset_parse(text, strlen(text), &set, &err);
		if (!ret) {
			vg_keyset_put(set);
			assert_null(files[i].msg);
			continue;
		}
		kvfree(text);
		if (!files[i].msg || err.line != files[i].line || err.col != files[i].col ||
		    !strstr(err.msg, files[i].msg))
			fail_msg("file %zu: %u:%u: %s", i, err.line, err.col, err.msg);
		/* no message shows a secret */
		assert_null(strstr(err.msg, "0123456789abcdef"));
		assert_null(strstr(err.msg, "short"));
	}
	rcu_barrier();
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		u64 unix_s;	/* 0: refused */
	} dates[] = {
		{ "20261122T113958Z", NOW }, { "20240229T000000Z", 1709164800 }, { "20000229T235959Z", 951868799 },
		{ "20230229T000000Z", 0 }, { "21000229T000000Z", 0 }, { "20261322T113958Z", 0 },
		{ "20261100T113958Z", 0 }, { "20261122T243958Z", 0 }, { "20261122T116058Z", 0 },
		{ "20261122T113960Z", 0 }, { "20261122t113958Z", 0 }, { "20261122T113958z", 0 },
		{ "2026112 T113958Z", 0 }, { "", 0 }, { "20261122T113958ZZ", 0 },
	};
	size_t i;
	u64 s;

	for (i = 0; i < ARRAY_SIZE(dates); i++) {
		int ret = vg_sig_date(vg_cstr(dates[i].text), &s);

		assert_int_equal(ret, dates[i].unix_s ? 0 : -EINVAL);
		if (!ret)
			assert_int_equal(s, dates[i].unix_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_two_active_keys_and_their_times),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_table_is_bounded),
		cmocka_unit_test(test_replay_shares_are_by_key),
		cmocka_unit_test(test_starting),
		cmocka_unit_test(test_without_keys),
		cmocka_unit_test(test_nothing_is_told_before_the_body_shows_who_asks),
		cmocka_unit_test(test_forgotten_is_stale),
		cmocka_unit_test(test_no_room_before_the_signature),
		cmocka_unit_test(test_unsigned_clocks_do_not_count),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_dates),
	};

	shim_printk_level = 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
