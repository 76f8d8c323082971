// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A whole node with the test as its host: files are strings, listening is a counter. Starting and stopping
 * with every allocation failing in turn, reloads that are all or nothing, learnt values judged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nettle/sha2.h>
#include <stdio.h>

#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/shim.h>
#include <linux/slab.h>

#include "core/conn.h"
#include "core/events.h"
#include "core/host.h"
#include "core/json.h"
#include "core/ledger.h"
#include "core/node.h"
#include "core/values.h"

#define SECRET "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define NOW 1795347598ull

/* --- the host ---------------------------------------------------------------------------------------- */

static struct {
	const char *conf, *keys, *values;
	char stamp[32];
	bool stamp_broken;
	int listening, started, listen_fails_at;
	bool local_is_10;
} host;

void host_sha256_init(struct vg_sha256 *s)
{
	sha256_init((struct sha256_ctx *)s->opaque);
}

void host_sha256_update(struct vg_sha256 *s, const void *p, size_t n)
{
	sha256_update((struct sha256_ctx *)s->opaque, n, p);
}

void host_sha256_final(struct vg_sha256 *s, u8 out[VG_SHA256_BYTES])
{
	sha256_digest((struct sha256_ctx *)s->opaque, VG_SHA256_BYTES, out);
}

void host_sha256_copy(struct vg_sha256 *to, const struct vg_sha256 *from)
{
	*to = *from;
}

void host_random(void *p, size_t n)
{
	get_random_bytes(p, n);
}

static const char *file_at(const char *path)
{
	if (!strcmp(path, "/conf"))
		return host.conf;
	if (!strcmp(path, "/keys"))
		return host.keys;
	if (!strcmp(path, "/values"))
		return host.values;
	if (!strcmp(path, "/state/replay-7"))
		return host.stamp[0] ? host.stamp : NULL;
	return NULL;
}

int host_read_file(const char *path, size_t max, bool secret, u8 **data, size_t *n)
{
	const char *text = file_at(path);

	if (!text)
		return -ENOENT;
	if (!strcmp(text, "EPERM"))
		return -EPERM;
	*n = strlen(text);
	if (*n > max)
		return -E2BIG;
	*data = kvmalloc(*n + 1, GFP_KERNEL);
	if (!*data)
		return -ENOMEM;
	memcpy(*data, text, *n + 1);
	return 0;
}

int host_write_file(const char *path, const void *data, size_t n)
{
	if (host.stamp_broken)
		return -ENOSPC;
	assert_string_equal(path, "/state/replay-7");
	memcpy(host.stamp, data, n);
	host.stamp[n] = 0;
	return 0;
}

int host_listen(struct vg_node *node, struct vg_svc *svc, const struct vg_addr *addr, void **listener)
{
	if (host.listen_fails_at && host.listening + 1 == host.listen_fails_at)
		return -EADDRINUSE;
	host.listening++;
	*listener = kzalloc(1, GFP_KERNEL);
	return 0;
}

void host_listen_start(void *listener)
{
	host.started++;
}

void host_unlisten(void *listener)
{
	host.listening--;
	kfree(listener);
}

void host_drop_connections(struct vg_node *node, struct vg_svc *svc)
{
}

void host_conn_kick(struct vg_conn *conn)
{
}

/* nobody is called from here */
int host_dial(const struct vg_addr *addr, struct host_peer **peer)
{
	return -ENETUNREACH;
}

int host_dial_wait(struct host_peer *peer, u32 wait_ms)
{
	return -ENETUNREACH;
}

ssize_t host_peer_send(struct host_peer *peer, const void *p, size_t n, u32 wait_ms)
{
	return -EPIPE;
}

ssize_t host_peer_recv(struct host_peer *peer, void *p, size_t n, u32 wait_ms)
{
	return 0;
}

void host_hangup(struct host_peer *peer)
{
}

bool host_addr_is_local(const struct vg_addr *addr)
{
	return host.local_is_10 && addr->ip[0] == 10;
}

void host_facts(struct host_facts *f)
{
	f->kind = "test";
}

void host_trace_start(const struct vg_req *req)
{
}

void host_trace_end(const struct vg_req *req)
{
}

/* --- a node -------------------------------------------------------------------------------------------- */

#define CONF "node_id = 7\nlisten = 127.0.0.1, ::1\nkey_file = /keys\nstate_dir = /state\n" \
	     "analytics_file = /values\nanalytics_mode = apply\n"

static const struct vg_service *const services[] = { &vg_control_service };
static char msg[512];

/* the calendar clock is a coarse one: stay clear of a second's edge */
static void set_clock(u64 unix_s)
{
	shim_clock_set_real_ns(unix_s * NSEC_PER_SEC + NSEC_PER_SEC / 2);
}

static int setup(void **state)
{
	memset(&host, 0, sizeof(host));
	host.conf = CONF;
	set_clock(NOW);
	return 0;
}

static int teardown(void **state)
{
	shim_alloc_fail_nth(0);
	rcu_barrier();
	assert_int_equal(host.listening, 0);
	assert_int_equal(shim_alloc_live(), 0);
	assert_true(vg_ledger_close());
	shim_clock_reset();
	return 0;
}

static struct vg_node *start(void)
{
	struct vg_node *node;

	if (vg_node_new("/conf", host.conf, strlen(host.conf), NULL, &node, msg, sizeof(msg)))
		return NULL;
	if (vg_node_start(node, services, ARRAY_SIZE(services), msg, sizeof(msg))) {
		vg_node_free(node);
		return NULL;
	}
	return node;
}

static void stop(struct vg_node *node)
{
	vg_node_stop(node);
	vg_node_free(node);
}

static void test_start_and_stop(void **state)
{
	struct vg_node *node = start();

	assert_non_null(node);
	assert_int_equal(node->id, 7);
	assert_int_equal(host.listening, 2);
	assert_int_equal(host.started, 2);
	assert_string_equal(host.stamp, "running\n");
	stop(node);
	assert_string_equal(host.stamp, "0\n");
}

static void test_every_allocation_fails_once(void **state)
{
	struct vg_node *node;
	unsigned long n;

	host.keys = "KEY1 " SECRET "\n";
	host.values = "SchemaVersion=1\nGenerated=1795347500\nValidForSec=1000\nModelVersion=1\n"
		      "ModelQualityPermille=900\nTrainRows=10\nDenySources=192.0.2.1\n";
	for (n = 1; ; n++) {
		host.stamp[0] = 0;
		shim_alloc_fail_nth(n);
		node = start();
		/* what is only of use may be missing from a node that runs; nothing may be lost */
		if (node)
			stop(node);
		rcu_barrier();
		if (!shim_alloc_failed())
			break;
		shim_alloc_fail_nth(0);
		assert_int_equal(host.listening, 0);
		assert_int_equal(shim_alloc_live(), 0);
	}
	assert_non_null(node);
	assert_true(n > 15);
}

static const struct {
	const char *conf, *keys, *says;
} refused[] = {
	{ CONF "colour = red\n", NULL, "/conf:7:1: " },
	{ CONF "max_connections = none\n", NULL, "/conf:7:19: " },
	{ CONF "max_connections = 10\nmax_connections_min = 11\n", NULL, "max_connections_min is over max_connections" },
	{ CONF "plaintext = on\n", NULL, "plaintext_key" },
	{ "listen = 0.0.0.0\nkey_file = /keys\n", NULL, "/keys has no key" },
	{ "listen_mempool = 10.0.0.1\nkey_file = /keys\n", "# none\n", "/keys has no key" },
	{ CONF, "KEY1 short\n", "/keys:1:6: " },
	{ CONF, "EPERM", "chmod 600 /keys" },
};

static void test_refuses_to_start_rather_than_guess(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		host.conf = refused[i].conf;
		host.keys = refused[i].keys;
		msg[0] = 0;
		assert_null(start());
		if (!strstr(msg, refused[i].says))
			fail_msg("%zu: \"%s\" lacks \"%s\"", i, msg, refused[i].says);
	}
}

static void test_taken_port_starts_nothing(void **state)
{
	host.listen_fails_at = 2;
	assert_null(start());
	assert_non_null(strstr(msg, "control: cannot listen on [::1]:40000: the port is taken"));
	assert_int_equal(host.started, 0);
}

static void test_reload_is_all_or_nothing(void **state)
{
	struct vg_node *node = start();
	struct vg_keyset *keys;
	struct vg_config *cfg;

	host.conf = CONF "max_connections = 99\n";
	host.keys = "KEY1 nonsense\n";
	assert_int_not_equal(vg_node_reload(node, msg, sizeof(msg)), 0);
	assert_int_equal(node->max_connections, 4096);
	host.keys = "KEY1 " SECRET "\n";
	assert_int_equal(vg_node_reload(node, msg, sizeof(msg)), 0);
	assert_int_equal(node->max_connections, 99);
	keys = vg_node_keys(node);
	assert_int_equal(keys->n, 1);
	vg_keyset_put(keys);
	host.conf = "max_connections = 98\nbad\n";
	assert_int_not_equal(vg_node_reload(node, msg, sizeof(msg)), 0);
	assert_non_null(strstr(msg, "/conf:2:"));
	cfg = vg_node_cfg(node);
	assert_int_equal(cfg->max_connections, 99);
	vg_config_put(cfg);
	stop(node);
}

/* Listeners outlive the configuration they came from: what is open to the world keeps its keys. */
static void test_keys_stay_while_others_can_connect(void **state)
{
	struct vg_node *node;
	struct vg_keyset *keys;

	host.conf = "node_id = 7\nlisten = 192.0.2.1\nkey_file = /keys\nstate_dir = /state\n";
	host.keys = "KEY1 " SECRET "\n";
	node = start();
	assert_non_null(node);
	host.conf = CONF;
	host.keys = "";
	assert_int_equal(vg_node_reload(node, msg, sizeof(msg)), -EACCES);
	assert_non_null(strstr(msg, "192.0.2.1:40000"));
	keys = vg_node_keys(node);
	assert_int_equal(keys->n, 1);
	vg_keyset_put(keys);
	stop(node);
}

/* Where a setting comes from is told as it is; the cluster may have more nodes than one has listeners. */
static void test_settings_and_their_origin(void **state)
{
	char text[1024] = CONF "max_connections = 99\nnodes = 10.0.0.1", *p = text + strlen(text), *out;
	struct vg_node *node;
	struct vg_buf b;
	struct vg_jw w;
	int i;

	for (i = 2; i <= 40; i++)
		p += sprintf(p, ", 10.0.0.%d", i);
	assert_int_equal(vg_node_new("/conf", text, strlen(text), "max_connections = 98\nevict = clock\n",
				     &node, msg, sizeof(msg)), 0);
	assert_int_equal(rcu_dereference_protected(node->cfg, 1)->nodes.n, 40);
	vg_buf_init(&b, NULL, 0, 64 << 10);
	vg_jw_init(&w, &b);
	vg_jw_obj(&w);
	vg_config_json(rcu_dereference_protected(node->cfg, 1), &w);
	vg_jw_obj_end(&w);
	vg_buf_putc(&b, 0);
	out = b.p;
	assert_non_null(strstr(out, "\"max_connections\":{\"value\":98,\"from\":\"option\"}"));
	assert_non_null(strstr(out, "\"evict\":{\"value\":\"clock\",\"from\":\"option\"}"));
	assert_non_null(strstr(out, "\"node_id\":{\"value\":7,\"from\":\"file\"}"));
	assert_non_null(strstr(out, "\"idle_timeout\":{\"value\":75000,\"from\":\"default\"}"));
	vg_buf_free(&b);
	vg_node_free(node);
}

/* --- the replay stamp --------------------------------------------------------------------------------------- */

static int replay_at(struct vg_node *node, u64 date_s)
{
	const struct vg_key key = { .id = "KEY1", .id_n = 4 };
	u8 sig[16];
	u32 retry_s;

	get_random_bytes(sig, sizeof(sig));
	return vg_replay_check(node->replay, &key, 2, sig, vg_str(NULL, 0), date_s, NOW, &retry_s);
}

static void test_stamps(void **state)
{
	struct vg_node *node;

	/* never ran: nothing can have been accepted */
	node = start();
	assert_int_equal(replay_at(node, NOW - 299), 0);
	assert_int_equal(replay_at(node, NOW + 5), 0);
	stop(node);
	assert_string_equal(host.stamp, "1795347603\n");
	/* a clean stop: what is dated up to the largest date might be old */
	node = start();
	assert_int_equal(replay_at(node, NOW + 5), -EAGAIN);
	assert_int_equal(replay_at(node, NOW + 6), 0);
	stop(node);
	/* a crash, or a stamp cut short: up to 30 s ahead */
	strcpy(host.stamp, "running\n");
	node = start();
	assert_int_equal(replay_at(node, NOW + 30), -EAGAIN);
	assert_int_equal(replay_at(node, NOW + 31), 0);
	stop(node);
	strcpy(host.stamp, "17953");
	node = start();
	assert_int_equal(replay_at(node, NOW + 30), -EAGAIN);
	stop(node);
	/* a stamp that cannot be written would look like a clean stop next time */
	host.stamp[0] = 0;
	host.stamp_broken = true;
	node = start();
	assert_int_equal(replay_at(node, NOW + 30), -EAGAIN);
	stop(node);
}

/* --- learnt values -------------------------------------------------------------------------------------------- */

#define GOOD "SchemaVersion=1,Generated=1795347500,ValidForSec=1000\nModelVersion=1\n" \
	     "ModelQualityPermille=900\nTrainRows=10\n"

static char doc[64 << 10];

static void show(struct vg_node *node)
{
	struct vg_buf b;
	struct vg_jw w;

	vg_buf_init(&b, NULL, 0, sizeof(doc));
	vg_jw_init(&w, &b);
	mutex_lock(&node->lock);
	vg_values_json(node->values, &w);
	mutex_unlock(&node->lock);
	assert_int_equal(vg_jw_end(&w), 0);
	snprintf(doc, sizeof(doc), "%.*s", (int)b.len, b.p);
	vg_buf_free(&b);
}

/* The document of GET /v1/analytics after reading @values; it is also what the reload itself answers */
static int learn_as(struct vg_node *node, const char *values, enum vg_reload how, bool dry)
{
	struct vg_buf b;
	int ret;

	host.values = values;
	vg_buf_init(&b, NULL, 0, sizeof(doc));
	ret = vg_node_reload_values(node, how, dry, &b, msg, sizeof(msg));
	show(node);
	if (!dry && (!ret || ret == -ENOENT) && strncmp(doc, (char *)b.p, b.len))
		fail_msg("%.*s\n%s", (int)b.len, b.p, doc);
	if (dry)
		snprintf(doc, sizeof(doc), "%.*s", (int)b.len, b.p);
	vg_buf_free(&b);
	return ret;
}

static int learn(struct vg_node *node, const char *values)
{
	return learn_as(node, values, VG_RELOAD_AS_SET, false);
}

/* Does the object of @name in the document hold @text? */
static bool says(const char *name, const char *text)
{
	char key[80];
	const char *from, *to, *at;

	snprintf(key, sizeof(key), "{\"name\":\"%s\",", name);
	from = strstr(doc, key);
	assert_non_null(from);
	to = strchr(from, '}');
	at = strstr(from, text);
	if (at && at < to)
		return true;
	print_message("%s lacks %s: %.*s\n", name, text, (int)(to - from), from);
	return false;
}

static bool denied(struct vg_node *node, u8 a, u8 d)
{
	struct vg_addr addr = { .family = 4, .prefix = 32, .ip = { a, 0, 2, d } };

	return vg_deny_match(node, &addr);
}

static void test_values_in_force(void **state)
{
	struct vg_node *node = start();

	assert_int_equal(learn(node, GOOD "MaxConnections=100\nDenySources=192.0.2.1;198.0.2.0/30@5\nFoo=bar\n"), 0);
	assert_int_equal(node->max_connections, 100);
	assert_true(denied(node, 192, 1));
	assert_false(denied(node, 192, 2));
	assert_true(denied(node, 198, 3));
	assert_int_equal(atomic64_read(&node->refused_deny), 2);
	assert_non_null(strstr(doc, "{\"name\":\"Foo\",\"learnt\":\"bar\",\"applied\":false"));
	/* five seconds on, the one with a life of its own is free */
	set_clock(NOW + 7);
	assert_false(denied(node, 198, 3));
	assert_true(denied(node, 192, 1));
	/* the file expires: back to the administrator's own, by the clock alone */
	set_clock(1795348501ull);
	vg_node_tick(node);
	assert_int_equal(node->max_connections, 4096);
	assert_false(denied(node, 192, 1));
	assert_int_equal(learn(node, host.values), 0);
	assert_non_null(strstr(doc, "it expired"));
	/* no file: the same */
	set_clock(NOW);
	assert_int_equal(learn(node, GOOD "MaxConnections=100\n"), 0);
	assert_int_equal(node->max_connections, 100);
	assert_int_equal(learn(node, NULL), -ENOENT);
	assert_int_equal(node->max_connections, 4096);
	stop(node);
}

static const struct {
	const char *values, *says;
} not_applied[] = {
	{ "MaxConnections=100\n", "SchemaVersion is missing" },
	{ "SchemaVersion=2,Generated=1795347500,ValidForSec=1000,ModelVersion=1,ModelQualityPermille=900,TrainRows=1,MaxConnections=100\n", "SchemaVersion 2" },
	{ "SchemaVersion=1,Generated=1795347500,ValidForSec=1000,ModelVersion=1,ModelQualityPermille=699,TrainRows=1,MaxConnections=100\n", "under analytics_min_quality 700" },
	{ "SchemaVersion=1,Generated=1795347000,ValidForSec=100,ModelVersion=1,ModelQualityPermille=900,TrainRows=1,MaxConnections=100\n", "expired" },
	{ "SchemaVersion=1,Generated=1795349000,ValidForSec=100,ModelVersion=1,ModelQualityPermille=900,TrainRows=1,MaxConnections=100\n", "future" },
};

static void test_values_not_applied(void **state)
{
	struct vg_node *node = start();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_applied); i++) {
		assert_int_equal(learn(node, not_applied[i].values), 0);
		assert_int_equal(node->max_connections, 4096);
		if (!strstr(doc, not_applied[i].says))
			fail_msg("%zu: %s lacks \"%s\"", i, doc, not_applied[i].says);
	}
	stop(node);
}

static void test_bad_files_leave_what_is_in_force(void **state)
{
	static const char *const bad[] = {
		GOOD "MaxConnections=0\n", GOOD "MaxConnections=1e3\n", GOOD "DenySources=192.0.2.300\n",
		GOOD "DenySources=192.0.2.1;;192.0.2.2\n", GOOD "AnomalyKind=flood\n", GOOD "LogLimited=2\n",
		GOOD "ExecUs.f=3:1;3:2\n", GOOD "NodeSpeedPermille.1=99\n", GOOD "Generated=1\n",
		"SchemaVersion=one\n", GOOD "1x=2\n",
	};
	struct vg_node *node = start();
	size_t i;

	assert_int_equal(learn(node, GOOD "MaxConnections=100\n"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		msg[0] = 0;
		if (!learn(node, bad[i]))
			fail_msg("%zu was taken: %s", i, bad[i]);
		assert_int_equal(strncmp(msg, "/values:", 8), 0);
		assert_int_equal(node->max_connections, 100);
	}
	stop(node);
}

static void test_bounds_steps_and_modes(void **state)
{
	struct vg_node *node;

	host.conf = CONF "max_connections = 1000\nmax_connections_min = 200\nmax_network_bandwidth = 100\n";
	node = start();
	assert_int_equal(learn(node, GOOD "MaxConnections=5\n"), 0);
	assert_int_equal(node->max_connections, 200);
	assert_int_equal(learn(node, GOOD "MaxConnections=65000\n"), 0);
	assert_int_equal(node->max_connections, 1000);
	/* by at most half a reload; set by hand it needs no provenance */
	assert_int_equal(learn(node, "MaxNetworkBandwidth=10\n"), 0);
	assert_non_null(strstr(doc, "\"own\":100,\"in_force\":50"));
	assert_int_equal(learn(node, "MaxNetworkBandwidth=10\n"), 0);
	assert_non_null(strstr(doc, "\"own\":100,\"in_force\":25"));
	/* shadow: counted, not done */
	host.conf = "node_id = 7\nkey_file = /keys\nstate_dir = /state\nanalytics_file = /values\nanalytics_mode = shadow\n";
	assert_int_equal(vg_node_reload(node, msg, sizeof(msg)), 0);
	assert_int_equal(learn(node, GOOD "MaxConnections=500\nDenySources=192.0.2.1\n"), 0);
	assert_int_equal(node->max_connections, 4096);
	assert_false(denied(node, 192, 1));
	assert_int_equal(atomic64_read(&node->act[VG_ACT_DENY].would), 1);
	vg_shadow_connections(node, 500);
	assert_int_equal(atomic64_read(&node->act[VG_ACT_CONNECTIONS].would), 0);
	vg_shadow_connections(node, 501);
	assert_int_equal(atomic64_read(&node->act[VG_ACT_CONNECTIONS].would), 1);
	assert_non_null(strstr(doc, "\"force\":\"shadow\""));
	stop(node);
}

static void test_some_are_never_denied(void **state)
{
	struct vg_addr loop = { .family = 4, .prefix = 32, .ip = { 127, 0, 0, 1 } };
	struct vg_node *node;

	host.conf = CONF "nodes = 192.0.2.7\nanalytics_never_deny = 198.0.2.0/24\n";
	host.local_is_10 = true;
	node = start();
	assert_int_equal(learn(node, GOOD "DenySources=0.0.0.0/0\n"), 0);
	assert_true(denied(node, 192, 8));
	assert_false(denied(node, 192, 7));
	assert_false(denied(node, 198, 1));
	assert_false(denied(node, 10, 1));
	assert_false(vg_deny_match(node, &loop));
	stop(node);
}

static const char shadow_conf[] =
	"node_id = 7\nkey_file = /keys\nstate_dir = /state\nanalytics_file = /values\nanalytics_mode = shadow\n"
	"max_network_bandwidth = 0\n";

static void reconfigure(struct vg_node *node, const char *conf)
{
	host.conf = conf;
	assert_int_equal(vg_node_reload(node, msg, sizeof(msg)), 0);
	show(node);
}

static void test_anomaly_degrades(void **state)
{
	struct vg_node *node = start();

	assert_int_equal(learn(node, GOOD "AnomalyScorePermille=701\n"), 0);
	assert_int_equal(node->degraded, VG_FORCE_NONE);
	assert_int_equal(learn(node, GOOD "AnomalyThresholdPermille=700\n"), 0);
	assert_int_equal(node->degraded, VG_FORCE_NONE);
	assert_int_equal(learn(node, GOOD "AnomalyScorePermille=700\nAnomalyThresholdPermille=700\n"), 0);
	assert_int_equal(node->degraded, VG_FORCE_NONE);
	assert_int_equal(learn(node, GOOD "AnomalyScorePermille=701\nAnomalyThresholdPermille=700\nAnomalyKind=oom\n"), 0);
	assert_int_equal(node->degraded, VG_FORCE_APPLY);
	assert_true(says("AnomalyScorePermille", "\"applied\":true,\"force\":\"apply\",\"in_force\":701"));
	/* in shadow it only would be */
	reconfigure(node, shadow_conf);
	assert_int_equal(node->degraded, VG_FORCE_SHADOW);
	assert_true(says("AnomalyScorePermille", "\"would_be\":701"));
	assert_non_null(strstr(doc, "\"degraded\":false"));
	reconfigure(node, CONF);
	assert_int_equal(node->degraded, VG_FORCE_APPLY);
	assert_non_null(strstr(doc, "\"degraded\":true"));
	/* and no longer than the file is good */
	set_clock(1795348501ull);
	vg_node_tick(node);
	assert_int_equal(node->degraded, VG_FORCE_NONE);
	/* a clock that is set back brings it back, and one far behind, as without a battery, does not */
	set_clock(NOW);
	vg_node_tick(node);
	assert_int_equal(node->degraded, VG_FORCE_APPLY);
	set_clock(1000);
	vg_node_tick(node);
	assert_int_equal(node->degraded, VG_FORCE_NONE);
	set_clock(NOW);
	vg_node_tick(node);
	assert_int_equal(node->degraded, VG_FORCE_APPLY);
	stop(node);
}

static void test_deeds_are_counted_by_value(void **state)
{
	struct vg_node *node = start();
	char text[32];
	s64 v;

	assert_int_equal(learn(node, GOOD "MempoolMaxBytes=1000000\nMaxConnections=4096\nExecUs.f=3:10\nX=1\n"), 0);
	vg_act_did(node, VG_ACT_MEMPOOL);
	/* a limit that is the administrator's own is not the value's doing */
	vg_act_did(node, VG_ACT_CONNECTIONS);
	mutex_lock(&node->lock);
	assert_int_equal(vg_values_get_text(node->values, "ExecUs.f", text, sizeof(text)), 4);
	assert_int_equal(vg_values_get_text(node->values, "ExecUs.f", text, sizeof(text)), 4);
	mutex_unlock(&node->lock);
	show(node);
	assert_true(says("MempoolMaxBytes", "\"acted\":1,\"would_have_acted\":0"));
	assert_true(says("MaxConnections", "\"acted\":0,\"would_have_acted\":0"));
	assert_true(says("ExecUs.f", "\"applied\":true,\"force\":\"apply\""));
	assert_true(says("ExecUs.f", "\"acted\":2,\"would_have_acted\":0"));
	assert_true(says("X", "\"applied\":false"));
	/* what was counted outlives a reading of the file, wherever the key stands then */
	set_clock(NOW + 5);
	assert_int_equal(learn(node, GOOD "X=2\nExecUs.f=3:10\n"), 0);
	assert_true(says("ExecUs.f", "\"since_ms\":1795347598000,\"acted\":2,"));
	assert_true(says("X", "\"since_ms\":1795347603000,\"acted\":0,"));
	reconfigure(node, shadow_conf);
	mutex_lock(&node->lock);
	assert_int_equal(vg_values_get_text(node->values, "ExecUs.f", text, sizeof(text)), -ENOENT);
	assert_int_equal(vg_values_get_s64(node->values, "X", &v), -ENOENT);
	mutex_unlock(&node->lock);
	show(node);
	assert_true(says("ExecUs.f", "\"acted\":2,\"would_have_acted\":1"));
	assert_true(says("X", "\"acted\":0,\"would_have_acted\":1"));
	stop(node);
}

static void test_bandwidth_in_shadow_counts_who_would_wait(void **state)
{
	struct vg_node *node;
	u64 wake_ms, n;

	host.conf = shadow_conf;
	node = start();
	assert_int_equal(learn(node, GOOD "MaxNetworkBandwidth=1\n"), 0);
	vg_bandwidth_used(node, 60000);	/* within the burst of 64 KiB */
	show(node);
	assert_true(says("MaxNetworkBandwidth", "\"acted\":0,\"would_have_acted\":0"));
	vg_bandwidth_used(node, 60000);
	n = vg_bandwidth_room(node, 1 << 30, &wake_ms);
	assert_int_equal(n, 1 << 30);
	show(node);
	assert_true(says("MaxNetworkBandwidth", "\"acted\":0,\"would_have_acted\":1"));
	/* who waited owes nothing more */
	shim_clock_advance(2ull * NSEC_PER_SEC);
	vg_bandwidth_used(node, 60000);
	show(node);
	assert_true(says("MaxNetworkBandwidth", "\"acted\":0,\"would_have_acted\":1"));
	reconfigure(node, CONF);
	vg_bandwidth_waits(node);
	show(node);
	assert_true(says("MaxNetworkBandwidth", "\"acted\":1,\"would_have_acted\":1"));
	stop(node);
}

static void test_a_reading_in_another_mode(void **state)
{
	static const char off_conf[] =
		"node_id = 7\nkey_file = /keys\nstate_dir = /state\nanalytics_file = /values\nanalytics_mode = off\n";
	struct vg_node *node;

	host.conf = shadow_conf;
	node = start();
	/* told, not done */
	assert_int_equal(learn_as(node, GOOD "MaxConnections=100\nDenySources=192.0.2.1\n", VG_RELOAD_APPLY, true), 0);
	assert_int_equal(node->max_connections, 4096);
	assert_non_null(strstr(doc, "\"mode\":\"apply\",\"analytics_mode\":\"shadow\""));
	assert_non_null(strstr(doc, "\"dry_run\":true"));
	assert_true(says("MaxConnections", "\"own\":4096,\"in_force\":4096,\"would_be\":100"));
	assert_false(denied(node, 192, 1));
	show(node);
	assert_null(strstr(doc, "\"learnt\":\"100\""));
	/* done, although the mode is shadow; a look at the configuration does not end it */
	assert_int_equal(learn_as(node, host.values, VG_RELOAD_APPLY, false), 0);
	assert_int_equal(node->max_connections, 100);
	assert_true(denied(node, 192, 1));
	reconfigure(node, shadow_conf);
	assert_int_equal(node->max_connections, 100);
	/* what is in force bounds what would be, also when it would go */
	assert_int_equal(learn_as(node, NULL, VG_RELOAD_AS_SET, true), -ENOENT);
	assert_true(says("MaxConnections", "\"own\":4096,\"in_force\":100,\"would_be\":4096"));
	/* the next reading is as the configuration has it */
	assert_int_equal(learn(node, GOOD "MaxConnections=100\n"), 0);
	assert_int_equal(node->max_connections, 4096);
	/* in shadow although the mode is apply, until the mode changes */
	reconfigure(node, CONF);
	assert_int_equal(node->max_connections, 100);
	assert_int_equal(learn_as(node, host.values, VG_RELOAD_SHADOW, false), 0);
	assert_int_equal(node->max_connections, 4096);
	assert_true(says("MaxConnections", "asked for in shadow"));
	reconfigure(node, shadow_conf);
	reconfigure(node, CONF);
	assert_int_equal(node->max_connections, 100);
	/* off is off; a bad file is one in a dry run too */
	assert_int_equal(learn_as(node, GOOD "MaxConnections=x\n", VG_RELOAD_AS_SET, true), -EINVAL);
	assert_int_equal(node->max_connections, 100);
	reconfigure(node, off_conf);
	assert_int_equal(learn_as(node, GOOD "MaxConnections=100\n", VG_RELOAD_APPLY, false), -EOPNOTSUPP);
	assert_int_equal(node->max_connections, 4096);
	stop(node);
}

static void test_the_longest_deny_list(void **state)
{
	static char text[32 << 10];
	struct vg_node *node = start();
	size_t n = snprintf(text, sizeof(text), GOOD "DenySources=");
	u32 i;

	for (i = 0; i < VG_DENY_MAX; i++)
		n += snprintf(text + n, sizeof(text) - n, "%s2001:db8:1111:2222:3333:4444:5555:%x/128@31622400",
			      i ? ";" : "", 0x1000 + i);
	assert_int_equal(learn(node, text), 0);
	assert_true(says("DenySources", "\"entries\":256,\"entries_live\":256,\"entries_spared\":0"));
	snprintf(text + n, sizeof(text) - n, ";192.0.2.1");
	assert_int_equal(learn(node, text), -E2BIG);
	/* other values are as short as ever */
	n = snprintf(text, sizeof(text), GOOD "Other=");
	memset(text + n, 'x', 1025);
	text[n + 1025] = 0;
	assert_int_equal(learn(node, text), -E2BIG);
	text[n + 1024] = 0;
	assert_int_equal(learn(node, text), 0);
	assert_int_equal(learn(node, GOOD "DenySources=0.0.0.0/0;192.0.2.1;127.0.0.1\n"), 0);
	assert_true(says("DenySources", "\"entries\":3,\"entries_live\":3,\"entries_spared\":1"));
	stop(node);
}

static int own_calls;
static bool own_in_force;
static s64 own_value;

static int own_apply(const struct vg_value_def *def, struct vg_node *node, const struct vg_value *v,
		     enum vg_force force)
{
	own_calls++;
	own_in_force = force == VG_FORCE_APPLY;
	own_value = v->number;
	return 0;
}

static void test_values_of_other_modules(void **state)
{
	static const struct vg_value_def def = {
		.name = "MyLimit", .type = VG_VALUE_INT, .min = 1, .max = 10, .apply = own_apply,
	};
	struct vg_node *node = start();
	char text[8];
	s64 v;

	/* while nobody says what it is, anything goes; whoever then says so does not get it */
	assert_int_equal(learn(node, GOOD "MyLimit=50\n"), 0);
	mutex_lock(&node->lock);
	assert_int_equal(vg_values_register(node->values, &def), 0);
	assert_false(own_in_force);
	vg_values_unregister(node->values, &def);
	mutex_unlock(&node->lock);
	assert_int_equal(learn(node, GOOD "MyLimit=5,Other=word\n"), 0);
	mutex_lock(&node->lock);
	assert_int_equal(vg_values_register(node->values, &def), 0);
	assert_int_equal(vg_values_register(node->values, &def), -EEXIST);
	assert_true(own_in_force && own_value == 5);
	assert_int_equal(vg_values_get_s64(node->values, "MyLimit", &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(vg_values_get_text(node->values, "Other", text, sizeof(text)), 4);
	assert_int_equal(vg_values_get_text(node->values, "Other", text, 4), -ENOSPC);
	assert_int_equal(vg_values_get_s64(node->values, "None", &v), -ENOENT);
	mutex_unlock(&node->lock);
	assert_int_not_equal(learn(node, GOOD "MyLimit=11\n"), 0);
	mutex_lock(&node->lock);
	vg_values_unregister(node->values, &def);
	mutex_unlock(&node->lock);
	assert_false(own_in_force);
	stop(node);
}

/* --- events ------------------------------------------------------------------------------------------ */

static char kept[64];

static int keep(struct vg_node *node, const char *source, struct vg_str text)
{
	snprintf(kept, sizeof(kept), "%s: %.*s", source, (int)text.n, text.p);
	return text.n > 20 ? -ENOSPC : 0;
}

static void test_events_go_to_who_keeps_them(void **state)
{
	static const struct vg_event_sink sink = { .log = keep };
	static char text[VG_EVENT_TEXT + 1];
	struct vg_node *node = start();

	assert_non_null(node);
	assert_int_equal(vg_event_log(node, "a", vg_cstr("nobody")), -ENOENT);
	vg_event_sink_set(node, &sink);
	assert_int_equal(vg_event_log(node, "a", vg_cstr("somebody")), 0);
	assert_string_equal(kept, "a: somebody");
	assert_int_equal(vg_event_log(node, "a", vg_cstr("more than it has room for")), -ENOSPC);
	memset(text, 'x', sizeof(text));
	assert_int_equal(vg_event_log(node, "a", vg_str(text, sizeof(text))), -EINVAL);
	assert_int_equal(vg_event_log(node, "a", vg_str(text, sizeof(text) - 1)), -ENOSPC);
	assert_int_equal(vg_event_log(node, "a", vg_cstr("\xff")), -EINVAL);
	assert_int_equal(vg_event_log(node, "a", vg_cstr("")), -EINVAL);
	vg_event_sink_set(node, NULL);
	assert_int_equal(vg_event_log(node, "a", vg_cstr("nobody")), -ENOENT);
	stop(node);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_start_and_stop), T(test_every_allocation_fails_once),
		T(test_refuses_to_start_rather_than_guess), T(test_taken_port_starts_nothing),
		T(test_reload_is_all_or_nothing), T(test_keys_stay_while_others_can_connect),
		T(test_settings_and_their_origin), T(test_stamps), T(test_values_in_force),
		T(test_values_not_applied), T(test_bad_files_leave_what_is_in_force),
		T(test_bounds_steps_and_modes), T(test_some_are_never_denied),
		T(test_anomaly_degrades), T(test_deeds_are_counted_by_value),
		T(test_bandwidth_in_shadow_counts_who_would_wait), T(test_a_reading_in_another_mode),
		T(test_the_longest_deny_list),
		T(test_values_of_other_modules), T(test_events_go_to_who_keeps_them),
	};

	shim_printk_level = 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
