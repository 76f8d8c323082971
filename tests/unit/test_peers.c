// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which node a call goes to: the view of the nodes with the test as the network. A node is an address that answers, is silent
 * or refuses; the shim's clock is the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <linux/ktime.h>
#include <linux/shim.h>
#include <linux/slab.h>

#include "core/addr.c"
#include "core/balance.c"
#include "core/buf.c"
#include "core/clock.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/config.c"
#include "core/json_read.c"
#include "core/json_write.c"
#include "core/load.c"
#include "core/peers.c"
#include "core/peers_pick.c"
#include "core/place.c"
#include "core/predict.c"
#include "core/utf8.c"
#include "core/values_parse.c"

enum { NODES = 8 };

/* --- the world: node i has the address 10.0.0.i ---------------------------------------------------------- */

static struct {
	int err;		/* 0: it answers */
	bool connected;		/* the error comes behind the connection */
	u16 status;
	u32 number, cpus, running, load_calls, health_calls;
	u32 us;			/* how long it takes */
	u64 predicted_us;
	bool degraded;
	u16 load_port;
} world[NODES + 1];

static struct vg_node node;
static struct vg_config *config;
static const char *learnt;		/* the curve of "job" */
static u64 learnt_speed;		/* of node number 102 */

const char *const vg_service_names[] = { "cpupool", "eventnet", "mempool", "control", "cloudfs", "queue", NULL };

int vg_call(struct vg_client *client, struct vg_call *call)
{
	u32 i = call->peer.ip[3];
	bool load = vg_str_is(call->target, "/v1/load");
	char text[256];

	assert_true(i && i <= NODES && call->peer.ip[0] == 10);
	assert_true(load || vg_str_is(call->target, "/healthz"));
	assert_int_equal(call->unsigned_ok, !load);
	assert_int_equal(call->service, load ? 0 : 3);
	if (load)
		world[i].load_port = call->peer.port;
	__atomic_fetch_add(load ? &world[i].load_calls : &world[i].health_calls, 1, __ATOMIC_RELAXED);
	call->connected = !world[i].err || world[i].connected;
	if (world[i].err)
		return world[i].err;
	call->status = world[i].status ?: 200;
	call->node = world[i].number;
	snprintf(text, sizeof(text), "{\"node\":%u,\"cpus\":%u,\"load1\":0.0,\"running\":%u,\"queued\":0,\"mem_free\":%u,\"predicted_us\":%llu,\"degraded\":%s}",
		 world[i].number, world[i].cpus, world[i].running, 1 << 30, (unsigned long long)world[i].predicted_us,
		 world[i].degraded ? "true" : "false");
	vg_buf_puts(call->out, text);
	return 0;
}

struct vg_config *vg_node_cfg(struct vg_node *n)
{
	refcount_inc(&config->refs);
	return config;
}

void vg_config_put(struct vg_config *cfg)
{
	if (cfg && refcount_dec_and_test(&cfg->refs))
		kvfree(cfg);
}

bool host_addr_is_local(const struct vg_addr *addr)
{
	return addr->ip[3] == 1;
}

void host_random(void *p, size_t n)
{
	memset(p, 7, n);
}

int vg_values_get_text(struct vg_values *v, const char *name, char *out, size_t cap)
{
	assert_true(mutex_is_locked(&node.lock));
	if (!learnt || strcmp(name, "ExecUs.job"))
		return -ENOENT;
	return snprintf(out, cap, "%s", learnt);
}

int vg_values_get_s64(struct vg_values *v, const char *name, s64 *out)
{
	if (!learnt_speed || strcmp(name, "NodeSpeedPermille.102"))
		return -ENOENT;
	*out = learnt_speed;
	return 0;
}

/* --- set-up -------------------------------------------------------------------------------------------------- */

static void configure(const char *text)
{
	struct vg_conf_error err;
	struct vg_config *cfg;

	if (vg_config_parse(text, strlen(text), NULL, &cfg, &err))
		fail_msg("%s", err.msg);
	vg_config_put(config);
	config = cfg;
}

static int set_up(void **state)
{
	u32 i;

	memset(&node, 0, sizeof(node));
	memset(world, 0, sizeof(world));
	for (i = 1; i <= NODES; i++) {
		world[i].number = 100 + i;
		world[i].cpus = 2;
	}
	learnt = NULL;
	learnt_speed = 0;
	mutex_init(&node.lock);
	node.id = 101;
	node.wq = alloc_workqueue("test", WQ_UNBOUND, 0);
	configure("nodes = 10.0.0.1,10.0.0.2,10.0.0.3\nlisten = 10.0.0.1\n");
	return vg_peers_new(&node, &node.peers);
}

static int tear_down(void **state)
{
	destroy_workqueue(node.wq);
	vg_peers_free(node.peers);
	vg_config_put(config);
	config = NULL;
	mutex_destroy(&node.lock);
	rcu_barrier();
	assert_int_equal(shim_alloc_live(), 0);
	shim_clock_reset();
	return 0;
}

static struct vg_ask ask_any(enum vg_policy policy)
{
	return (struct vg_ask){ .policy = policy, .service = 0 };
}

/* Pick once and count it as done well: the last byte of the address, or an error */
static int pick_once(const struct vg_ask *ask)
{
	struct vg_call call = { .connected = true, .status = 200 };
	struct vg_picked p = { };
	int ret = vg_peers_pick(&node, ask, &p);

	if (!ret) {
		ret = p.addr.ip[3];
		assert_false(vg_peers_done(&node, &p, &call, 0, ""));
	}
	vg_peers_put(&p);
	return ret;
}

/* --- who they are ------------------------------------------------------------------------------------------------ */

static void oneself_is_one_of_them(void **state)
{
	static const struct {
		const char *conf, *names;
		int own;
	} cases[] = {
		{ "nodes = 10.0.0.1,10.0.0.2\nlisten = 10.0.0.1\n", "10.0.0.1 10.0.0.2", 0 },
		{ "nodes = 10.0.0.2,10.0.0.3\nlisten = 10.0.0.1\n", "10.0.0.2 10.0.0.3 10.0.0.1", 2 },
		{ "nodes = 10.0.0.2,10.0.0.1\nlisten = 0.0.0.0\n", "10.0.0.2 10.0.0.1", 1 },
		{ "listen = 10.0.0.1, ::1\n", "10.0.0.1", 0 },
		{ "listen = ::1\n", "[::1]", 0 },
		{ "listen = 0.0.0.0\n", "127.0.0.1", 0 },
		{ "listen = ::\n", "[::1]", 0 },
		{ "nodes = 10.0.0.1:31000\nlisten = 10.0.0.1\nlisten_mempool = 10.0.0.1:31000\n", "10.0.0.1:31000", 0 },
		{ "nodes = 10.0.0.1:31001\nlisten = 10.0.0.1\n", "10.0.0.1:31001 10.0.0.1", 1 },
	};
	struct vg_peer_info info;
	char names[256];
	size_t i;
	u32 k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int own = -1;

		configure(cases[i].conf);
		names[0] = '\0';
		for (k = 0; vg_peers_info(&node, k, &info); k++) {
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", k ? " " : "", info.name);
			if (info.own)
				own = k;
			assert_int_equal(info.number, info.own ? 101 : 0);
		}
		if (strcmp(names, cases[i].names) || own != cases[i].own)
			fail_msg("case %zu: %s, own %d", i, names, own);
	}
}

static void ones_own_ports(void **state)
{
	struct vg_ask ask = { .how = VG_ASK_NUMBER, .number = 101 };
	struct vg_picked p = { };

	configure("nodes = 10.0.0.1,10.0.0.2\nlisten = 10.0.0.1\nlisten_mempool = 10.0.0.1:31000\nlisten_cpupool = 127.0.0.1:11000\n");
	ask.service = 2;
	assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
	assert_int_equal(p.addr.port, 31000);
	assert_int_equal(p.addr.ip[0], 10);
	vg_peers_put(&p);
	ask.service = 0;
	assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
	assert_int_equal(p.addr.port, 11000);
	assert_int_equal(p.addr.ip[0], 127);
	vg_peers_put(&p);
	ask.service = 3;
	assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
	assert_int_equal(p.addr.port, 40000);
	vg_peers_put(&p);
}

static void by_address(void **state)
{
	struct vg_ask ask = { .how = VG_ASK_ADDR, .addr = { .family = 4, .prefix = 32, .ip = { 10, 0, 0, 3 } } };

	assert_int_equal(pick_once(&ask), 3);
	/* who is not in the configuration is not called, nor one who is at a port nobody listed */
	ask.addr.ip[3] = 4;
	assert_int_equal(pick_once(&ask), -ENOENT);
	ask.addr.ip[3] = 3;
	ask.addr.port = 22;
	assert_int_equal(pick_once(&ask), -ENOENT);
}

static void by_number(void **state)
{
	struct vg_ask ask = { .how = VG_ASK_NUMBER, .number = 103, .service = 2 };

	assert_int_equal(pick_once(&ask), 3);
	assert_int_equal(world[3].health_calls, 1);
	/* known from then on */
	assert_int_equal(pick_once(&ask), 3);
	assert_int_equal(world[3].health_calls, 1);
	ask.number = 150;
	assert_int_equal(pick_once(&ask), -ENOENT);
	ask.number = 0;
	assert_int_equal(pick_once(&ask), -ENOENT);
	assert_int_equal(world[1].health_calls, 0);
}

static void by_key(void **state)
{
	static const char *const names[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3" };
	struct vg_ask ask = { .how = VG_ASK_KEY };
	char key[16];
	u64 hash[3];
	int i, seen[4] = { 0 };

	for (i = 0; i < 3; i++)
		hash[i] = vg_place_hash(names[i], strlen(names[i]));
	for (i = 0; i < 60; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		ask.key = vg_cstr(key);
		assert_int_equal(pick_once(&ask), 1 + vg_place(hash, 3, vg_place_hash(key, strlen(key))));
		seen[pick_once(&ask)]++;
	}
	assert_true(seen[1] && seen[2] && seen[3]);
}

/* --- whom the policies take --------------------------------------------------------------------------------------- */

static void the_idle_one_is_taken(void **state)
{
	static const enum vg_policy policies[] = { VG_LEAST_LOADED, VG_PREDICTED };
	struct vg_ask ask;
	size_t i;
	int k;

	world[1].running = 5;
	world[3].running = 9;
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ask = ask_any(policies[i]);
		ask.key = VG_STR("job");
		learnt = "0:1000;20:5000";
		for (k = 0; k < 5; k++)
			assert_int_equal(pick_once(&ask), 2);
	}
	/* one look each, for all of them */
	assert_int_equal(world[1].load_calls, 1);
	assert_int_equal(world[3].load_calls, 1);
	/* of two the worst of three never */
	ask = ask_any(VG_TWO_CHOICES);
	for (k = 0; k < 50; k++)
		assert_int_not_equal(pick_once(&ask), 3);
	/* figures grow old, and are asked for again */
	world[2].running = 9;
	world[3].running = 0;
	shim_clock_advance(2 * (u64)NSEC_PER_SEC);
	ask = ask_any(VG_LEAST_LOADED);
	assert_int_equal(pick_once(&ask), 3);
	assert_int_equal(world[3].load_calls, 2);
	assert_true(world[1].load_port == 10000 && !world[2].load_port);
}

static void a_burst_spreads(void **state)
{
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);
	struct vg_picked p[9] = { };
	int i, seen[4] = { 0 };

	for (i = 0; i < 9; i++) {
		assert_int_equal(vg_peers_pick(&node, &ask, &p[i]), 0);
		seen[p[i].addr.ip[3]]++;
	}
	for (i = 1; i <= 3; i++)
		assert_int_equal(seen[i], 3);
	for (i = 0; i < 9; i++)
		vg_peers_put(&p[i]);
}

static void the_fast_one_is_taken(void **state)
{
	struct vg_ask ask = ask_any(VG_PREDICTED);
	int i;

	ask.key = VG_STR("job");
	ask.arg_bytes = 1024;
	learnt = "0:1000;20:900000";
	learnt_speed = 4000;
	for (i = 1; i <= 3; i++)
		world[i].running = 1;
	/* whose number is whose is not known before they were looked at */
	pick_once(&ask);
	for (i = 0; i < 10; i++)
		assert_int_equal(pick_once(&ask), 2);
}

static void degraded_ones_only_if_they_must(void **state)
{
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);

	world[1].running = 100;
	world[2].degraded = world[3].degraded = true;
	assert_int_equal(pick_once(&ask), 1);
}

/* --- the dead -------------------------------------------------------------------------------------------------------- */

static void a_dead_node_is_left_out_and_comes_back(void **state)
{
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);
	struct vg_peer_info info;
	int i, seen[4] = { 0 };

	world[1].running = world[2].running = 10;
	world[3].err = -ETIMEDOUT;
	for (i = 0; i < 20; i++)
		seen[pick_once(&ask)]++;
	assert_int_equal(seen[3], 0);
	assert_int_equal(world[3].load_calls, 1);
	assert_true(vg_peers_info(&node, 2, &info) && info.down);
	world[3].err = 0;
	shim_clock_advance(2 * (u64)NSEC_PER_SEC);
	assert_int_equal(pick_once(&ask), 3);
	assert_true(vg_peers_info(&node, 2, &info) && !info.down && info.number == 103);
}

static void one_without_a_pool_is_not_dead(void **state)
{
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);
	int i, seen[4] = { 0 };

	/* nobody listens on its port 10000, or it has no such route */
	world[1].err = world[2].err = -ECONNREFUSED;
	world[3].status = 404;
	for (i = 0; i < 60; i++)
		seen[pick_once(&ask)]++;
	assert_true(seen[1] && seen[2] && seen[3]);
	/* and is not asked at each call */
	assert_int_equal(world[1].load_calls, 1);
	assert_int_equal(world[3].load_calls, 1);
}

static void all_dead(void **state)
{
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);
	struct vg_call refused = { };
	struct vg_picked p = { };
	int i;

	for (i = 1; i <= 3; i++)
		world[i].err = -EHOSTUNREACH;
	/* found dead by this very call */
	assert_int_equal(pick_once(&ask), -EHOSTUNREACH);
	/* later one of them is tried rather than none */
	shim_clock_advance(10 * (u64)NSEC_PER_MSEC);
	assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
	assert_true(vg_peers_done(&node, &p, &refused, -EHOSTUNREACH, ""));
	assert_int_equal(vg_peers_pick(&node, &ask, &p), -EHOSTUNREACH);
	vg_peers_put(&p);
}

static void one_that_is_being_tried(void **state)
{
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);
	struct vg_picked first = { }, probe = { };
	struct vg_call refused = { };

	configure("listen = 10.0.0.1\n");
	assert_int_equal(vg_peers_pick(&node, &ask, &first), 0);
	vg_peers_done(&node, &first, &refused, -ECONNREFUSED, "");
	vg_peers_put(&first);
	shim_clock_advance(2 * (u64)NSEC_PER_SEC);
	/* the probe may take its time: others are not turned away meanwhile, there being nobody else */
	assert_int_equal(vg_peers_pick(&node, &ask, &probe), 0);
	assert_int_equal(pick_once(&ask), 1);
	vg_peers_put(&probe);
}

/* --- what becomes of calls ------------------------------------------------------------------------------------------- */

static void the_next_candidate(void **state)
{
	static const struct {
		bool connected;
		u16 status;
		u32 retry_after_s;
		int ret;
		const char *problem;
		bool again;
	} cases[] = {
		{ false, 0, 0, -ECONNREFUSED, "", true },
		{ false, 0, 0, -EHOSTUNREACH, "", true },
		{ false, 0, 0, -ETIMEDOUT, "", true },
		{ true, 0, 0, -ETIMEDOUT, "", false },
		{ true, 0, 0, -ECONNRESET, "", false },
		{ true, 0, 0, -EPROTO, "", false },
		{ false, 0, 0, -EINTR, "", false },
		{ false, 0, 0, -ENOKEY, "", false },
		{ true, 200, 0, 0, "", false },
		{ true, 200, 0, -ECONNRESET, "", false },
		{ true, 404, 0, 0, "exec.not_found", false },
		{ true, 503, 2, 0, "exec.busy", true },
		{ true, 503, 2, 0, "auth.starting", true },
		{ true, 503, 2, 0, "exec.other", false },
		{ true, 503, 0, 0, "exec.busy", false },
		{ true, 500, 2, 0, "exec.busy", false },
	};
	struct vg_ask ask = ask_any(VG_PRG);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vg_call call = {
			.connected = cases[i].connected, .status = cases[i].status, .retry_after_s = cases[i].retry_after_s,
		};
		struct vg_picked p = { };
		u32 first;

		assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
		first = p.addr.ip[3];
		if (vg_peers_done(&node, &p, &call, cases[i].ret, cases[i].problem) != cases[i].again)
			fail_msg("case %zu", i);
		if (cases[i].again) {
			assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
			assert_int_not_equal(p.addr.ip[3], first);
		}
		vg_peers_put(&p);
		shim_clock_advance(100 * (u64)NSEC_PER_SEC);
	}
}

static void each_candidate_once(void **state)
{
	struct vg_call refused = { };
	struct vg_ask ask = ask_any(VG_LEAST_LOADED);
	struct vg_picked p = { };
	int seen = 0, n = 0;
	bool again = true;

	while (again) {
		assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
		assert_false(seen & 1 << p.addr.ip[3]);
		seen |= 1 << p.addr.ip[3];
		n++;
		again = vg_peers_done(&node, &p, &refused, -ECONNREFUSED, "");
	}
	assert_int_equal(n, 3);
	vg_peers_put(&p);
	/* a node that was asked for has no stand-in */
	ask = (struct vg_ask){ .how = VG_ASK_NUMBER, .number = 101 };
	assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
	assert_true(vg_peers_done(&node, &p, &refused, -ECONNREFUSED, ""));
	assert_int_equal(vg_peers_pick(&node, &ask, &p), -EHOSTUNREACH);
	vg_peers_put(&p);
}

static void retry_after_is_obeyed(void **state)
{
	struct vg_call busy = { .connected = true, .status = 503, .retry_after_s = 5 };
	struct vg_ask ask = ask_any(VG_PRG);
	struct vg_picked p = { };
	int i, seen[4] = { 0 };
	u32 first;

	assert_int_equal(vg_peers_pick(&node, &ask, &p), 0);
	first = p.addr.ip[3];
	vg_peers_done(&node, &p, &busy, 0, "exec.busy");
	vg_peers_put(&p);
	for (i = 0; i < 30; i++)
		seen[pick_once(&ask)]++;
	assert_int_equal(seen[first], 0);
	shim_clock_advance(6 * (u64)NSEC_PER_SEC);
	for (i = 0; i < 60; i++)
		seen[pick_once(&ask)]++;
	assert_int_not_equal(seen[first], 0);
}

static void a_reload_keeps_what_is_known(void **state)
{
	struct vg_ask ask = { .how = VG_ASK_NUMBER, .number = 103, .service = 2 };
	struct vg_picked held = { };

	assert_int_equal(pick_once(&ask), 3);
	assert_int_equal(vg_peers_pick(&node, &ask, &held), 0);
	configure("nodes = 10.0.0.3,10.0.0.4\nlisten = 10.0.0.1\n");
	assert_int_equal(pick_once(&ask), 3);
	assert_int_equal(world[3].health_calls, 1);
	ask.number = 102;
	assert_int_equal(pick_once(&ask), -ENOENT);
	ask.number = 104;
	assert_int_equal(pick_once(&ask), 4);
	/* what was picked before goes on */
	vg_peers_put(&held);
}

static void without_memory(void **state)
{
	struct vg_ask ask = ask_any(VG_PREDICTED);
	unsigned long n;
	int ret;

	learnt = "0:1000";
	ask.key = VG_STR("job");
	for (n = 1; ; n++) {
		configure("nodes = 10.0.0.1,10.0.0.2\nlisten = 10.0.0.1\n");
		shim_clock_advance(100 * (u64)NSEC_PER_SEC);
		shim_alloc_fail_nth(n);
		ret = pick_once(&ask);
		flush_workqueue(node.wq);
		if (!shim_alloc_failed())
			break;
		assert_true(ret > 0 || ret == -ENOMEM);
	}
	shim_alloc_fail_nth(0);
	assert_true(ret > 0);
	assert_true(n > 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(oneself_is_one_of_them),
		TEST(ones_own_ports),
		TEST(by_address),
		TEST(by_number),
		TEST(by_key),
		TEST(the_idle_one_is_taken),
		TEST(a_burst_spreads),
		TEST(the_fast_one_is_taken),
		TEST(degraded_ones_only_if_they_must),
		TEST(a_dead_node_is_left_out_and_comes_back),
		TEST(one_without_a_pool_is_not_dead),
		TEST(all_dead),
		TEST(one_that_is_being_tried),
		TEST(the_next_candidate),
		TEST(each_candidate_once),
		TEST(retry_after_is_obeyed),
		TEST(a_reload_keeps_what_is_known),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
