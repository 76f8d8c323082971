// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The library's choice of nodes against servers that answer as told: who is asked and how often,
 * who is left out and comes back, and that no request reaches two nodes.
 */
#include "tests/unit/lib_fixture.h"

enum { NODES = 4 };

/* one node: what it says of its load, and what it does with a run */
struct script {
	struct server server;
	int bound;			/* a socket that is bound and does not listen yet, or -1 */
	atomic_int loads, runs;		/* requests it has seen */
	char load[512];
	const char *loads_doc;		/* GET /v1/loads */
	const char *learnt;		/* GET /v1/analytics */
	const char *run;		/* problem code of its refusal; "drop", "silent"; NULL: it runs */
	int silent;			/* says nothing to GET /v1/load */
};

static struct script nodes[NODES];
static char set_text[NODES * 32];

static char *act(struct server *s, const struct seen *seen, size_t *len)
{
	struct script *n = s->arg;

	(void)len;
	if (!strncmp(seen->head, "GET /v1/loads ", 14) && n->loads_doc)
		return reply_text("200 OK", "", n->loads_doc);
	if (!strncmp(seen->head, "GET /v1/analytics ", 18) && n->learnt)
		return reply_text("200 OK", "", n->learnt);
	if (!strncmp(seen->head, "GET /v1/load ", 13)) {
		atomic_fetch_add(&n->loads, 1);
		if (n->silent)
			return strdup("");
		if (!n->load[0])
			return reply_problem("404 Not Found", "http.no_route", "no such thing", "");
		return reply_text("200 OK", "", n->load);
	}
	if (strncmp(seen->head, "POST /v1/exec ", 14))
		return reply_problem("404 Not Found", "http.no_route", "no such thing", "");
	atomic_fetch_add(&n->runs, 1);
	if (!n->run)
		return reply_text("200 OK", "", "{\"exit\":0}");
	if (!strcmp(n->run, "drop"))
		return NULL;
	if (!strcmp(n->run, "silent"))
		return strdup("");
	return reply_problem("503 Service Unavailable", n->run, "not now", "Retry-After: 2\r\n");
}

/* a port that refuses connections until comes_up() */
static void bind_dead(struct script *n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	n->bound = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(n->bound >= 0);
	assert_int_equal(bind(n->bound, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(n->bound, (struct sockaddr *)&a, &len), 0);
	snprintf(n->server.node, sizeof(n->server.node), "127.0.0.1:%u", ntohs(a.sin_port));
	n->server.fd = n->bound;
	n->server.answer = act;
	n->server.arg = n;
}

static void comes_up(struct script *n)
{
	assert_int_equal(listen(n->bound, 64), 0);
	assert_int_equal(pipe(n->server.stop_fd), 0);
	assert_int_equal(pthread_create(&n->server.thread, NULL, server_run, &n->server), 0);
	n->bound = -1;
}

static void loaded(int i, int running, int queued)
{
	snprintf(nodes[i].load, sizeof(nodes[i].load),
		 "{\"node\":%d,\"cpus\":1,\"load1\":0.00,\"running\":%d,\"queued\":%d,"
		 "\"mem_free\":1073741824,\"predicted_us\":0,\"degraded\":false}", i + 1, running, queued);
}

/* nodes 0 to up - 1 answer and are idle, the others are dead */
static void nodes_start(int up)
{
	size_t at = 0;

	memset(nodes, 0, sizeof(nodes));
	for (int i = 0; i < NODES; i++) {
		nodes[i].bound = -1;
		loaded(i, 0, 0);
		bind_dead(&nodes[i]);
		if (i < up)
			comes_up(&nodes[i]);
		at += snprintf(set_text + at, sizeof(set_text) - at, "%s%s", i ? "," : "",
			       nodes[i].server.node);
	}
}

static void nodes_stop(void)
{
	for (int i = 0; i < NODES; i++) {
		if (nodes[i].bound >= 0)
			close(nodes[i].bound);
		else
			server_stop(&nodes[i].server);
	}
}

static struct virgo_ctx *balanced_ctx(enum virgo_balancer how)
{
	struct virgo_ctx *ctx = connected(set_text, 0);

	virgo_balancer_set(ctx, how);
	assert_int_equal(virgo_balancer_get(ctx), how);
	return ctx;
}

static enum virgo_code run_one(struct virgo_ctx *ctx, char node[64], struct virgo_error *err)
{
	static const struct virgo_want want = { .fn = "f" };
	struct virgo_request req = {
		.service = VIRGO_CPUPOOL, .method = "POST", .target = "/v1/exec",
	};
	struct virgo_answer *ans;
	enum virgo_code code = virgo_call_picked(ctx, &want, &req, &ans, err);

	if (node)
		snprintf(node, 64, "%s", ans ? ans->node : "");
	virgo_answer_free(ans);
	return code;
}

static int at(const char *node)
{
	for (int i = 0; i < NODES; i++)
		if (!strcmp(node, nodes[i].server.node))
			return i;
	return -1;
}

/* how often nodes were asked for their load */
static int all_loads(void)
{
	int n = 0;

	for (int i = 0; i < NODES; i++)
		n += atomic_load(&nodes[i].loads);
	return n;
}

/* figures are good for a second: on a machine that was busy for longer they are asked for again */
static void assert_loads(uint64_t begun_ms, int want)
{
	if (virgo_now_ms() - begun_ms < VIEW_FRESH_MS)
		assert_int_equal(all_loads(), want);
	else
		assert_true(all_loads() >= want);
}

static int all_runs(void)
{
	int n = 0;

	for (int i = 0; i < NODES; i++)
		n += atomic_load(&nodes[i].runs);
	return n;
}

/* pick and keep, as for many requests at once */
static int pick_one(struct virgo_ctx *ctx, struct virgo_pick *pick)
{
	struct virgo_error err;

	memset(pick, 0, sizeof(*pick));
	if (virgo_pick(ctx, NULL, pick, &err))
		fail_msg("%s", err.message);
	assert_int_equal(at(pick->node), pick->index);
	return pick->index;
}

static void least_loaded(void **state)
{
	struct virgo_pick picks[30];
	struct virgo_load load;
	uint64_t begun = virgo_now_ms();
	int hits[NODES] = { 0 };
	struct virgo_ctx *ctx;

	(void)state;
	nodes_start(4);
	loaded(0, 3, 2);
	loaded(1, 1, 0);
	loaded(3, 9, 0);
	ctx = balanced_ctx(VIRGO_LEAST_LOADED);
	assert_int_equal(virgo_load_of(ctx, 0, &load), 0);
	assert_false(load.known);
	assert_int_equal(pick_one(ctx, &picks[0]), 2);
	/* a burst fills up what the figures leave: 15 that are there and 30 of ours are 11 or 12 each */
	for (int i = 1; i < 30; i++)
		pick_one(ctx, &picks[i]);
	for (int i = 0; i < 30; i++)
		hits[picks[i].index]++;
	assert_in_range(hits[0], 11 - 5, 12 - 5);
	assert_in_range(hits[1], 11 - 1, 12 - 1);
	assert_in_range(hits[2], 11, 12);
	assert_in_range(hits[3], 11 - 9, 12 - 9);
	assert_int_equal(virgo_load_of(ctx, 0, &load), 0);
	assert_true(load.known && !load.down && load.running == 3 && load.queued == 2);
	assert_int_equal(load.in_flight, hits[0]);
	assert_int_equal(virgo_load_of(ctx, NODES, &load), -1);
	assert_loads(begun, NODES);
	for (int i = 0; i < 30; i++)
		assert_int_equal(virgo_picked_done(ctx, &picks[i], NULL, NULL), 0);
	/* a second time settles nothing */
	assert_int_equal(virgo_picked_done(ctx, &picks[0], NULL, NULL), 0);
	assert_int_equal(virgo_load_of(ctx, 2, &load), 0);
	assert_int_equal(load.in_flight, 0);
	virgo_disconnect(ctx);
	nodes_stop();
}

static void two_are_asked(void **state)
{
	uint64_t begun = virgo_now_ms();
	struct virgo_pick pick, other;
	struct virgo_ctx *ctx;
	int asked;

	(void)state;
	nodes_start(4);
	ctx = balanced_ctx(VIRGO_TWO_CHOICES);
	pick_one(ctx, &pick);
	assert_int_equal(all_loads(), 2);
	for (int i = 0; i < 40; i++)
		pick_one(ctx, &other);
	assert_loads(begun, NODES);
	asked = all_loads();
	virgo_disconnect(ctx);
	/* nobody is asked where it is not looked at */
	for (int how = VIRGO_PRG; how <= VIRGO_HASH; how++) {
		ctx = balanced_ctx(how);
		pick_one(ctx, &pick);
		assert_int_equal(all_loads(), asked);
		virgo_disconnect(ctx);
	}
	nodes_stop();
}

static void hash_is_the_keys(void **state)
{
	struct virgo_want want = { .key = "colour", .key_len = 6 };
	struct virgo_pick pick;
	struct virgo_ctx *ctx;
	struct virgo_error err;

	(void)state;
	nodes_start(4);
	ctx = balanced_ctx(VIRGO_HASH);
	for (int i = 0; i < 20; i++) {
		memset(&pick, 0, sizeof(pick));
		assert_int_equal(virgo_pick(ctx, &want, &pick, &err), VIRGO_OK);
		assert_string_equal(pick.node, virgo_place(ctx, "colour", 6));
	}
	virgo_disconnect(ctx);
	nodes_stop();
}

/* dead nodes cost one failed connect each, and take part again by themselves when they are back */
static void dead_and_back(void **state)
{
	struct virgo_load load;
	struct virgo_ctx *ctx;
	struct virgo_error err;
	char node[64];
	int hits[NODES];

	(void)state;
	for (int how = 0; how < VIRGO_BALANCERS; how++) {
		nodes_start(3);
		ctx = balanced_ctx(how);
		memset(hits, 0, sizeof(hits));
		for (int i = 0; i < 60; i++) {
			if (run_one(ctx, node, &err))
				fail_msg("%s: %s", virgo_balancer_name(how), err.message);
			hits[at(node)]++;
		}
		assert_int_equal(all_runs(), 60);
		assert_int_equal(hits[3], 0);
		if (how == VIRGO_LEAST_LOADED) {
			assert_int_equal(virgo_load_of(ctx, 3, &load), 0);
			assert_true(load.down && load.retry_ms <= 650);
		}
		comes_up(&nodes[3]);
		/* "hash" sends everything of one name to one node: it may be another one */
		for (int i = 0; how != VIRGO_HASH && i < 200 && !atomic_load(&nodes[3].runs); i++) {
			assert_int_equal(run_one(ctx, NULL, &err), VIRGO_OK);
			usleep(20000);
		}
		assert_true(how == VIRGO_HASH || atomic_load(&nodes[3].runs));
		virgo_disconnect(ctx);
		nodes_stop();
	}
}

static void all_are_dead(void **state)
{
	struct virgo_ctx *ctx;
	struct virgo_error err;
	char node[64];

	(void)state;
	for (int how = 0; how < VIRGO_BALANCERS; how++) {
		nodes_start(0);
		ctx = balanced_ctx(how);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(run_one(ctx, node, &err), VIRGO_UNREACHABLE);
			assert_non_null(strstr(err.message, "Connection refused"));
			assert_false(err.maybe_done);
		}
		/* a pause keeps nobody from being tried where there is no other */
		comes_up(&nodes[1]);
		for (int i = 0; i < 200 && run_one(ctx, node, &err); i++)
			usleep(20000);
		assert_string_equal(node, nodes[1].server.node);
		virgo_disconnect(ctx);
		nodes_stop();
	}
	/* of one node, the very next call */
	nodes_start(0);
	snprintf(set_text, sizeof(set_text), "%s", nodes[0].server.node);
	ctx = balanced_ctx(VIRGO_LEAST_LOADED);
	assert_int_equal(run_one(ctx, node, &err), VIRGO_UNREACHABLE);
	comes_up(&nodes[0]);
	assert_int_equal(run_one(ctx, node, &err), VIRGO_OK);
	assert_int_equal(all_loads(), 0);
	virgo_disconnect(ctx);
	nodes_stop();
}

static void retry_after(void **state)
{
	struct virgo_load load;
	struct virgo_ctx *ctx;
	struct virgo_error err;
	char node[64];

	(void)state;
	nodes_start(2);
	snprintf(set_text, sizeof(set_text), "%s,%s", nodes[0].server.node, nodes[1].server.node);
	loaded(1, 5, 0);
	nodes[0].run = "exec.busy";
	ctx = balanced_ctx(VIRGO_LEAST_LOADED);
	/* the best one has no room: the next one takes it, and the first is left alone */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(run_one(ctx, node, &err), VIRGO_OK);
		assert_string_equal(node, nodes[1].server.node);
	}
	assert_int_equal(atomic_load(&nodes[0].runs), 1);
	assert_int_equal(virgo_load_of(ctx, 0, &load), 0);
	assert_in_range(load.retry_ms, 1, 2000);
	nodes[1].run = "exec.busy";
	assert_int_equal(run_one(ctx, node, &err), VIRGO_FAILED);
	assert_string_equal(err.problem, "exec.busy");
	/* both asked for rest: nobody is asked, and it is said how long */
	assert_int_equal(run_one(ctx, node, &err), VIRGO_FAILED);
	assert_non_null(strstr(err.message, "asked to be left alone for "));
	assert_non_null(strstr(err.hint, "try again in "));
	assert_int_equal(atomic_load(&nodes[0].runs), 1);
	assert_int_equal(atomic_load(&nodes[1].runs), 6);
	/* and it ends by itself */
	nodes[0].run = NULL;
	for (int i = 0; i < 200 && run_one(ctx, node, &err); i++)
		usleep(20000);
	assert_string_equal(node, nodes[0].server.node);
	virgo_disconnect(ctx);
	nodes_stop();
}

/* what may have begun is never sent to another node, whatever the reason it was not finished */
static void never_twice(void **state)
{
	static const char *const ways[] = { "drop", "silent", "node.memory", "mem.full" };
	struct virgo_ctx *ctx;
	struct virgo_error err;

	(void)state;
	for (size_t w = 0; w < VIRGO_COUNT(ways); w++) {
		for (int how = 0; how < VIRGO_BALANCERS; how++) {
			nodes_start(4);
			for (int i = 0; i < NODES; i++)
				nodes[i].run = ways[w];
			ctx = balanced_ctx(how);
			ctx->timeout_ms = 300;
			assert_int_not_equal(run_one(ctx, NULL, &err), VIRGO_OK);
			assert_int_equal(all_runs(), 1);
			assert_int_equal(err.maybe_done, w < 2);
			assert_int_equal(err.unsent, 0);
			virgo_disconnect(ctx);
			nodes_stop();
		}
	}
}

/* a node that accepts and says nothing does not hold the choice up for the whole connect timeout */
static void late_ones(void **state)
{
	struct virgo_pick pick;
	struct virgo_load load;
	struct virgo_ctx *ctx;
	uint64_t begun;

	(void)state;
	nodes_start(4);
	nodes[2].silent = 1;
	ctx = balanced_ctx(VIRGO_LEAST_LOADED);
	ctx->connect_timeout_ms = 60000;
	begun = virgo_now_ms();
	assert_int_not_equal(pick_one(ctx, &pick), 2);
	assert_true(virgo_now_ms() - begun < 20000);
	assert_int_equal(virgo_load_of(ctx, 2, &load), 0);
	assert_true(load.down);
	virgo_disconnect(ctx);
	nodes_stop();
}

/* nodes that tell no load are taken all the same, and not asked each time */
static void no_figures(void **state)
{
	int hits[NODES] = { 0 };
	struct virgo_ctx *ctx;
	struct virgo_error err;
	char node[64];

	(void)state;
	nodes_start(4);
	for (int i = 0; i < NODES; i++)
		snprintf(nodes[i].load, sizeof(nodes[i].load), "%s", i & 1 ? "" : "{\"cpus\":-1}");
	ctx = balanced_ctx(VIRGO_LEAST_LOADED);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(run_one(ctx, node, &err), VIRGO_OK);
		hits[at(node)]++;
	}
	assert_int_equal(all_loads(), NODES);	/* and not again within ten seconds */
	for (int i = 0; i < NODES; i++)
		assert_in_range(hits[i], 1, 30);
	virgo_disconnect(ctx);
	nodes_stop();
}

static void use_registry(struct virgo_ctx *ctx, const char *node)
{
	snprintf(ctx->registry, sizeof(ctx->registry), "%s", node);
}

static void registry(void **state)
{
	uint64_t begun = virgo_now_ms();
	struct virgo_pick pick;
	struct virgo_load load;
	struct virgo_ctx *ctx;
	char doc[1024];

	(void)state;
	nodes_start(4);
	/* by address with the port, by number once it is known, and a stranger */
	snprintf(doc, sizeof(doc),
		 "{\"loads\":[{\"node\":9,\"address\":\"10.9.9.9\",\"cpus\":64,\"load1\":0,\"running\":0,"
		 "\"queued\":0,\"age_ms\":0},{\"node\":1,\"address\":\"%s\",\"cpus\":1,\"load1\":0,"
		 "\"running\":8,\"queued\":0,\"age_ms\":10},{\"node\":2,\"address\":\"%s\",\"cpus\":1,"
		 "\"load1\":0,\"running\":2,\"queued\":0,\"age_ms\":700},\"what\",{\"node\":3}]}",
		 nodes[0].server.node, nodes[1].server.node);
	nodes[3].loads_doc = doc;
	ctx = balanced_ctx(VIRGO_LEAST_LOADED);
	use_registry(ctx, nodes[3].server.node);
	/* the two that it does not know are a last resort */
	assert_int_equal(pick_one(ctx, &pick), 1);
	assert_int_equal(all_loads(), 0);
	assert_int_equal(atomic_load(&nodes[3].server.requests), 1);
	assert_int_equal(virgo_load_of(ctx, 1, &load), 0);
	assert_true(load.known && load.running == 2);
	assert_in_range(load.age_ms, 700, 5000);
	for (int i = 0; i < 20; i++)
		assert_true(pick_one(ctx, &pick) < 2);
	assert_true(atomic_load(&nodes[3].server.requests) == 1 || virgo_now_ms() - begun >= 1000);
	virgo_disconnect(ctx);

	/* a registry that is none, or dead: each is asked as without it */
	for (int i = 0; i < 2; i++) {
		ctx = balanced_ctx(VIRGO_LEAST_LOADED);
		use_registry(ctx, i ? "127.0.0.1:1" : nodes[2].server.node);
		begun = virgo_now_ms();
		pick_one(ctx, &pick);
		assert_int_equal(all_loads(), NODES * (i + 1));
		pick_one(ctx, &pick);
		assert_loads(begun, NODES * (i + 1));
		virgo_disconnect(ctx);
	}
	nodes_stop();
}

static void addresses(void **state)
{
	(void)state;
	assert_true(is_at("10.0.0.2", "10.0.0.2"));
	assert_true(is_at("10.0.0.2", "10.0.0.2:10001"));
	assert_true(is_at("10.0.0.2:10001", "10.0.0.2:10001"));
	assert_false(is_at("10.0.0.2:10000", "10.0.0.2:10001"));
	assert_false(is_at("10.0.0.2:10000", "10.0.0.2"));
	assert_false(is_at("10.0.0.2", "10.0.0.22"));
	assert_true(is_at("[fd00::2]", "[fd00::2]"));
	assert_true(is_at("[fd00::2]", "[fd00::2]:10001"));
	assert_false(is_at("[fd00::2]:1", "[fd00::2]:10001"));
	assert_false(is_at("[fd00::2]", "[fd00::2:1]"));
}

#define LEARNT(mode, usable) "{\"mode\":\"" mode "\",\"usable\":" usable ",\"values\":[" \
	"{\"name\":\"ExecUs.f\",\"learnt\":\"10:1000\"}," \
	"{\"name\":\"NodeSpeedPermille.2\",\"learnt\":\"4000\"}," \
	"{\"name\":\"NodeSpeedPermille.3\",\"learnt\":\"junk\"},{\"name\":7}]}"

static void predicted_ones(void **state)
{
	struct virgo_want want = { .fn = "f", .arg_bytes = 1024 };
	static const char *const not_used[] = {
		LEARNT("shadow", "true"), LEARNT("apply", "false"), "[]", "junk", NULL,
	};
	struct virgo_pick pick;
	struct virgo_ctx *ctx;
	struct virgo_error err;
	int hits[NODES];

	(void)state;
	nodes_start(4);
	for (int i = 0; i < NODES; i++)
		loaded(i, 1, 0);
	nodes[0].learnt = LEARNT("apply", "true");
	ctx = balanced_ctx(VIRGO_PREDICTED);
	memset(hits, 0, sizeof(hits));
	for (int i = 0; i < 8; i++) {
		memset(&pick, 0, sizeof(pick));
		assert_int_equal(virgo_pick(ctx, &want, &pick, &err), VIRGO_OK);
		hits[pick.index]++;
	}
	/* four times as fast: (1 + 1 + n) × 250 against (1 + 1) × 1000 */
	assert_true(hits[1] >= 6);
	assert_true(all_loads() >= NODES);
	/* of another function nothing is learnt */
	want.fn = "g";
	assert_null(virgo_view_model(ctx, "g", &err));
	assert_null(virgo_view_model(ctx, NULL, &err));
	assert_non_null(virgo_view_model(ctx, "f", &err));
	virgo_disconnect(ctx);

	for (size_t i = 0; i < VIRGO_COUNT(not_used); i++) {
		nodes[0].learnt = not_used[i];
		ctx = balanced_ctx(VIRGO_PREDICTED);
		assert_non_null(virgo_view(ctx));
		assert_null(virgo_view_model(ctx, "f", &err));
		virgo_disconnect(ctx);
	}
	nodes_stop();
}

static void other_nodes(void **state)
{
	struct virgo_pick pick, old;
	struct virgo_nodeset *set;
	struct virgo_ctx *ctx;
	struct virgo_error err;
	struct virgo_load load;

	(void)state;
	nodes_start(4);
	ctx = balanced_ctx(VIRGO_PRG);
	pick_one(ctx, &old);
	assert_int_equal(virgo_nodeset_parse(&set, nodes[2].server.node, NULL, NULL, &err), 0);
	assert_int_equal(virgo_use(ctx, set, &err), VIRGO_OK);
	memset(&pick, 0, sizeof(pick));
	assert_int_equal(virgo_pick(ctx, NULL, &pick, &err), VIRGO_OK);
	assert_int_equal(pick.index, 0);
	/* what belongs to the nodes of before changes nothing here */
	assert_int_equal(virgo_picked_done(ctx, &old, NULL, NULL), 0);
	assert_int_equal(virgo_load_of(ctx, 0, &load), 0);
	assert_int_equal(load.in_flight, 1);
	virgo_cancel(ctx);
	virgo_balancer_set(ctx, VIRGO_PREDICTED);
	assert_int_equal(virgo_pick(ctx, NULL, &pick, &err), VIRGO_INTERRUPTED);
	virgo_disconnect(ctx);
	nodes_stop();
}

static void balancer_names(void **state)
{
	(void)state;
	for (int i = 0; i < VIRGO_BALANCERS; i++)
		assert_int_equal(virgo_balancer_find(virgo_balancer_name(i)), i);
	assert_int_equal(virgo_balancer_find("luck"), -1);
	assert_null(virgo_balancer_name(VIRGO_BALANCERS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balancer_names),
		cmocka_unit_test(least_loaded),
		cmocka_unit_test(two_are_asked),
		cmocka_unit_test(hash_is_the_keys),
		cmocka_unit_test(dead_and_back),
		cmocka_unit_test(all_are_dead),
		cmocka_unit_test(retry_after),
		cmocka_unit_test(never_twice),
		cmocka_unit_test(late_ones),
		cmocka_unit_test(no_figures),
		cmocka_unit_test(registry),
		cmocka_unit_test(addresses),
		cmocka_unit_test(predicted_ones),
		cmocka_unit_test(other_nodes),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
