// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keys of /etc/virgo_cloud.conf: one table says how each is read, its default and its bounds.
 * Pure: shared with the command line's `virgo config check`. Reads no file.
 */
#include <linux/limits.h>
#include <linux/slab.h>

#include "core/conf.h"
#include "core/config.h"
#include "core/json.h"
#include "core/path.h"
#include "core/service.h"

static const char *const plaintext_words[] = { "off", "readonly", "on", NULL };
static const char *const evict_words[] = { "none", "clock", NULL };
static const char *const mode_words[] = { "off", "shadow", "apply", NULL };

/* --- values that are lists ------------------------------------------------------------------------ */

static int add_addr(struct vg_addr_list *list, const struct vg_conf_pair *item, unsigned int allow,
		    struct vg_conf_error *err)
{
	struct vg_fault fault;

	if (list->n == VG_ADDRS_MAX)
		return vg_conf_fail(err, item, -E2BIG, "more than %d addresses", VG_ADDRS_MAX);
	if (vg_addr_parse(item->value, allow, &list->addr[list->n], &fault)) {
		char shown[VG_CONF_SHOWN];

		return vg_conf_fail(err, item, -EINVAL, "%s: %s: an IPv4 or IPv6 address%s is expected",
				    vg_conf_show(shown, item->value), fault.why,
				    allow & VG_ADDR_PREFIX ? " or network (10.0.0.0/8)" :
				    allow & VG_ADDR_PORT ? " with or without port ([::1]:30000)" : "");
	}
	list->n++;
	return 0;
}

static int set_addrs(struct vg_addr_list *list, const struct vg_conf_pair *pair, unsigned int allow,
		     struct vg_conf_error *err)
{
	struct vg_conf_list l = VG_CONF_LIST(pair, ',');
	struct vg_conf_pair item;
	int ret;

	list->n = 0;
	while ((ret = vg_conf_list_next(&l, &item, err)) > 0) {
		ret = add_addr(list, &item, allow, err);
		if (ret)
			return ret;
	}
	return ret;
}

static int set_nets(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		    struct vg_conf_error *err)
{
	return set_addrs(base + key->offset, pair, VG_ADDR_PREFIX, err);
}

static int set_ports(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	struct vg_addr_list *list = base + key->offset;
	int ret = set_addrs(list, pair, VG_ADDR_PORT, err);

	if (!ret && list->n > VG_LISTENERS_MAX)
		return vg_conf_fail(err, pair, -E2BIG, "more than %d addresses to listen on",
				    VG_LISTENERS_MAX);
	return ret;
}

/* a port says nothing here, but the client's file may be copied */
static int set_nodes(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	return set_addrs(base + key->offset, pair, VG_ADDR_PORT, err);
}

static int set_listen(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		      struct vg_conf_error *err)
{
	struct vg_addr_list *list = base + key->offset;
	int ret = set_addrs(list, pair, 0, err);

	if (!ret && (!list->n || list->n > VG_LISTENERS_MAX))
		return vg_conf_fail(err, pair, -EINVAL, "between 1 and %d addresses to listen on",
				    VG_LISTENERS_MAX);
	return ret;
}

static int set_names(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	struct vg_config *cfg = base;
	struct vg_conf_list l = VG_CONF_LIST(pair, ',');
	struct vg_conf_pair item;
	int ret;

	cfg->nr_names = 0;
	while ((ret = vg_conf_list_next(&l, &item, err)) > 0) {
		if (cfg->nr_names == VG_NAMES_MAX)
			return vg_conf_fail(err, &item, -E2BIG, "more than %d names", VG_NAMES_MAX);
		if (item.value.n >= sizeof(cfg->names[0]))
			return vg_conf_fail(err, &item, -E2BIG, "a name has at most %zu bytes",
					    sizeof(cfg->names[0]) - 1);
		memcpy(cfg->names[cfg->nr_names], item.value.p, item.value.n);
		cfg->names[cfg->nr_names++][item.value.n] = 0;
	}
	return ret;
}

static bool is_exec_path(struct vg_str s)
{
	return vg_path_is_plain(s) && s.n < VG_EXEC_PATH_MAX;
}

static int set_allow(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	struct vg_config *cfg = base;
	struct vg_conf_list l = VG_CONF_LIST(pair, ',');
	struct vg_conf_pair item;
	char shown[VG_CONF_SHOWN];
	int ret;

	/* given again it goes on: a line holds few paths; the default, a line of its own, has none */
	while ((ret = vg_conf_list_next(&l, &item, err)) > 0) {
		if (cfg->nr_exec_allow == VG_EXEC_ALLOW_MAX)
			return vg_conf_fail(err, &item, -E2BIG, "more than %d programs and directories",
					    VG_EXEC_ALLOW_MAX);
		if (!is_exec_path(item.value))
			return vg_conf_fail(err, &item, -EINVAL,
					    "%s: an absolute path of at most %d bytes is expected, without \"//\", \".\" and \"..\"; a directory ends with \"/\"",
					    vg_conf_show(shown, item.value), VG_EXEC_PATH_MAX - 1);
		memcpy(cfg->exec_allow[cfg->nr_exec_allow], item.value.p, item.value.n);
		cfg->exec_allow[cfg->nr_exec_allow++][item.value.n] = 0;
	}
	return ret;
}

static int set_path(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		    struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN];
	char *to = base + key->offset;

	if (!is_exec_path(pair->value))
		return vg_conf_fail(err, pair, -EINVAL, "%s: an absolute path of at most %d bytes is expected",
				    vg_conf_show(shown, pair->value), VG_EXEC_PATH_MAX - 1);
	memcpy(to, pair->value.p, pair->value.n);
	to[pair->value.n] = 0;
	return 0;
}

/* Three or four octal digits, as for umask(1). */
static int set_umask(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	struct vg_config *cfg = base;
	u32 v = 0;
	size_t i;

	for (i = 0; i < pair->value.n && pair->value.p[i] >= '0' && pair->value.p[i] <= '7'; i++)
		v = v << 3 | (pair->value.p[i] - '0');
	if (i < 3 || i > 4 || i < pair->value.n || v > 0777)
		return vg_conf_fail(err, pair, -EINVAL, "octal digits from 000 to 777 are expected");
	cfg->exec_umask = v;
	return 0;
}

static int set_registry(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
			struct vg_conf_error *err)
{
	struct vg_addr_list *list = base + key->offset;
	int ret = set_addrs(list, pair, VG_ADDR_PORT, err);

	if (!ret && list->n > 1)
		return vg_conf_fail(err, pair, -E2BIG, "one address is expected");
	return ret;
}

static int set_rights(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		      struct vg_conf_error *err)
{
	static const char *const words[] = { "read", "write", "exec", "admin", NULL };
	struct vg_config *cfg = base;
	struct vg_conf_list l = VG_CONF_LIST(pair, ',');
	struct vg_conf_pair item;
	u32 i, rights = 0;
	int ret;

	while ((ret = vg_conf_list_next(&l, &item, err)) > 0) {
		ret = vg_conf_enum(&item, words, &i, err);
		if (ret)
			return ret;
		rights |= 1u << i;
	}
	if (!ret)
		cfg->trusted_rights = rights;
	return ret;
}

/* A letter of the scope in signatures. */
static bool cluster_char(char c)
{
	return vg_is_lower(c) || vg_is_digit(c) || c == '-';
}

static int set_cluster(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		       struct vg_conf_error *err)
{
	struct vg_config *cfg = base;
	size_t i;

	for (i = 0; i < pair->value.n && cluster_char(pair->value.p[i]); i++)
		;
	if (!pair->value.n || i < pair->value.n || i >= sizeof(cfg->cluster))
		return vg_conf_fail(err, pair, -EINVAL,
				    "a cluster's name is 1 to 32 of a-z, 0-9 and -");
	memcpy(cfg->cluster, pair->value.p, i);
	cfg->cluster[i] = 0;
	return 0;
}

/* "off", "readonly", "on", or the id of the key whose rights one-line commands get. */
static int set_plaintext(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
			 struct vg_conf_error *err)
{
	struct vg_config *cfg = base;
	struct vg_str v = pair->value;
	u32 word;

	if (!vg_conf_enum(pair, plaintext_words, &word, NULL)) {
		cfg->plaintext = word;
		return 0;
	}
	if (v.n < 4 || v.n > VG_KEY_ID_MAX)
		return vg_conf_fail(err, pair, -EINVAL, "one of off, readonly, on, or a key id of 4 to %d characters",
				    VG_KEY_ID_MAX);
	memcpy(cfg->plaintext_key, v.p, v.n);
	cfg->plaintext_key[v.n] = 0;
	cfg->plaintext = VG_PLAIN_ON;
	return 0;
}

/* --- the table ---------------------------------------------------------------------------------------- */

#define AT(field) VG_CONF_AT(struct vg_config, field)
#define NUM(n, field, lo, hi, d, h) \
	{ .name = n, .type = VG_CONF_T_NUM, AT(field), .min = lo, .max = hi, .def = d, .help = h }
#define SIZE(n, field, lo, hi, d, h) \
	{ .name = n, .type = VG_CONF_T_SIZE, AT(field), .min = lo, .max = hi, .def = d, .help = h }
#define MS(n, field, lo, hi, d, h) \
	{ .name = n, .type = VG_CONF_T_MS, AT(field), .min = lo, .max = hi, .def = d, .help = h }
#define STR(n, field, d, h) \
	{ .name = n, .type = VG_CONF_T_STR, AT(field), .min = 1, .def = d, .help = h }
#define ENUM(n, field, words, d, h) \
	{ .name = n, .type = VG_CONF_T_ENUM, AT(field), .choices = words, .def = d, .help = h }
#define FUNC(n, field, fn, d, h) \
	{ .name = n, .type = VG_CONF_T_FUNC, AT(field), .set = fn, .def = d, .help = h }
#define LISTEN(i, svc) \
	FUNC("listen_" svc, listen_svc[i], set_ports, NULL, "where " svc " listens instead of listen, with or without port")

#define KIB 1024ull
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

static const struct vg_conf_key keys[] = {
	NUM("node_id", node_id, 1, 65535, "1", "this node's number, unique in the cluster"),
	FUNC("cluster", cluster, set_cluster, "virgo", "the cluster's name, part of every signature"),
	FUNC("nodes", nodes, set_nodes, NULL, "addresses of the cluster's nodes; never on a deny list"),
	FUNC("names", names, set_names, NULL, "host names under which clients reach this node"),
	FUNC("listen", listen, set_listen, "127.0.0.1, ::1", "addresses every service listens on"),
	LISTEN(0, "cpupool"),
	LISTEN(1, "eventnet"),
	LISTEN(2, "mempool"),
	LISTEN(3, "control"),
	LISTEN(4, "cloudfs"),
	LISTEN(5, "queue"),
	{ .name = "host_check", .type = VG_CONF_T_BOOL, AT(host_check), .def = "on",
	  .help = "refuse requests whose Host is not this node" },
	STR("key_file", key_file, "/etc/virgo_keys", "the keys that may sign; root's, mode 0600"),
	STR("state_dir", state_dir, "/var/lib/virgo", "what a node remembers over a restart"),
	FUNC("trusted", trusted, set_nets, NULL, "networks whose requests need no signature"),
	FUNC("trusted_rights", trusted_rights, set_rights, "read, write", "what unsigned requests from trusted networks may do"),
	FUNC("plaintext", plaintext, set_plaintext, "off", "one-line commands where keys exist: off, readonly, on or a key id"),
	{ .name = "plaintext_key", .type = VG_CONF_T_STR, AT(plaintext_key), .min = 4, .help = "key whose rights one-line commands get" },
	FUNC("plaintext_allow", plaintext_allow, set_nets, "127.0.0.0/8, ::1", "networks that may send one-line commands"),
	NUM("auth_window_past", auth_window_past_s, 5, 3600, "300", "seconds a signature stays good"),
	NUM("auth_window_future", auth_window_future_s, 1, 300, "30", "seconds a client's clock may be ahead"),
	NUM("replay_entries", replay_entries, 1024, 16 << 20, "65536", "requests with random nonces remembered"),
	SIZE("unhashed_body_max", unhashed_body_max, 0, MIB, "64k", "largest body that may be signed without x-virgo-content-sha256"),
	SIZE("request_line_max", request_line_max, 256, VG_REQUEST_LINE_MAX, "4k", "longest request line"),
	SIZE("header_bytes_max", header_bytes_max, 1024, VG_HEADER_BYTES_MAX, "16k", "all header fields of a request together"),
	NUM("header_fields_max", header_fields_max, 8, VG_HEADER_FIELDS_MAX, "64", "header fields of a request"),
	SIZE("value_max", value_max, 1, 64 * MIB, "1M", "largest value of a key"),
	SIZE("block_max", block_max, 1, 256 * MIB, "16M", "largest memory block"),
	MS("request_timeout", request_timeout_ms, 100, 3600000, "10s", "time for a request to arrive whole"),
	MS("idle_timeout", idle_timeout_ms, 100, 86400000, "75s", "a connection without request is closed after this"),
	NUM("max_connections", max_connections, 1, VG_CONNECTIONS_MAX, "4096", "connections of the node at a time"),
	NUM("max_connections_min", max_connections_min, 1, VG_CONNECTIONS_MAX, "64", "learnt values go no lower"),
	SIZE("mempool_max_bytes", mempool_max_bytes, 64 * KIB, 1024 * GIB, "256M", "memory for keys and blocks"),
	SIZE("mempool_max_bytes_min", mempool_max_bytes_min, 64 * KIB, 1024 * GIB, "1M", "learnt values go no lower"),
	ENUM("evict", evict, evict_words, "none", "when the pool is full: refuse (none) or drop what is not used (clock)"),
	NUM("max_network_bandwidth", max_network_bandwidth, 0, 1000000, "0", "Mbit/s over all sockets of the node, 0: no limit"),
	STR("analytics_file", analytics_file, "/etc/virgo_kernel_analytics.conf", "learnt values"),
	ENUM("analytics_mode", analytics_mode, mode_words, "shadow", "learnt values: ignore, tell what would be done, or act"),
	NUM("analytics_min_quality", analytics_min_quality, 0, 1000, "700", "permille a model must reach"),
	FUNC("analytics_never_deny", analytics_never_deny, set_nets, NULL, "networks that no learnt value refuses"),
	{ .name = "exec_allow", .type = VG_CONF_T_FUNC, AT(exec_allow), .set = set_allow, .repeats = true,
	  .help = "programs and libraries that may be run; a directory, with \"/\" at its end, allows what is below" },
	STR("exec_user", exec_user, "nobody", "who runs them"),
	{ .name = "exec_group", .type = VG_CONF_T_STR, AT(exec_group), .min = 1, .help = "and in which group, instead of the user's" },
	FUNC("exec_cwd", exec_cwd, set_path, "/", "where they run, unless a request says"),
	STR("exec_path", exec_path, "/usr/local/bin:/usr/bin:/bin", "the PATH they see"),
	FUNC("exec_umask", exec_umask, set_umask, "022", "their umask"),
	FUNC("exec_functions", exec_functions, set_path, NULL, "where libraries of functions are, if not in their usual place"),
	FUNC("exec_helper", exec_helper, set_path, NULL, "the program that runs them, where it is not in its usual place"),
	MS("exec_timeout", exec_timeout_ms, 1, 7 * 86400000, "60s", "a run is ended after this, unless a request says"),
	MS("exec_timeout_max", exec_timeout_max_ms, 1, 7 * 86400000, "24h", "the longest a request may say"),
	MS("exec_grace", exec_grace_ms, 0, 600000, "2s", "between being asked to end (TERM) and being ended (KILL)"),
	SIZE("output_max", output_max, 0, 256 * MIB, "1M", "what is kept of each of a run's stdout and stderr"),
	SIZE("exec_bytes_max", exec_bytes_max, 64 * KIB, 64 * GIB, "256M", "output of all runs and jobs that the node holds"),
	NUM("exec_running", exec_running, 1, 4096, "64", "runs that somebody waits for, at a time; more wait in line"),
	NUM("exec_queued", exec_queued, 1, 65536, "4096", "runs and jobs in line; more are refused"),
	NUM("jobs_running", jobs_running, 1, 4096, "4", "jobs at a time"),
	NUM("jobs_kept", jobs_kept, 1, 65536, "1000", "jobs that have ended and are remembered"),
	MS("job_keep", job_keep_ms, 1000, 30ull * 86400000, "1h", "how long they are"),
	MS("exec_cpu", exec_cpu_ms, 0, 7 * 86400000, "0", "processor time of a run, in whole seconds; 0: no limit"),
	SIZE("exec_memory", exec_memory, 0, 1024 * GIB, "0", "address space of each process of a run, 0: no limit"),
	SIZE("exec_file_size", exec_file_size, 0, 1024 * GIB, "0", "largest file a run may write, 0: no limit"),
	NUM("exec_files", exec_files, 16, 65536, "256", "open files of each process of a run"),
	NUM("exec_processes", exec_processes, 1, 65536, "256", "processes of exec_user, all runs together"),
	{ .name = "client_key", .type = VG_CONF_T_STR, AT(client_key), .min = 4, .help = "id of the key that signs this node's calls to other nodes" },
	FUNC("load_registry", load_registry, set_registry, NULL, "a node that is told this node's load"),
	MS("load_lease", load_lease_ms, 1000, 600000, "10s", "how long it may believe it; told anew after a third"),
};

const struct vg_conf_table vg_config_table = {
	.keys = keys, .n = ARRAY_SIZE(keys), .manual = "virgo_cloud.conf(5)",
};

/* --- parsing --------------------------------------------------------------------------------------------- */

struct reading {
	struct vg_config *cfg;
	unsigned long *given;	/* the bitmap of cfg that what is read now counts in */
	bool (*bad)(void *ctx, const struct vg_conf_error *err);
	void *ctx;
};

static bool is_given(const struct vg_config *cfg, const char *name)
{
	return test_bit(vg_conf_find(&vg_config_table, vg_cstr(name)) - keys, cfg->given);
}

static int set_pair(void *ctx, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct reading *r = ctx;
	int ret = vg_conf_set(&vg_config_table, r->cfg, pair, err);

	if (!ret)
		__set_bit(vg_conf_find(&vg_config_table, pair->key) - keys, r->given);
	return ret;
}

static bool repeats(void *ctx, struct vg_str name)
{
	const struct vg_conf_key *key = vg_conf_find(&vg_config_table, name);

	return key && key->repeats;
}

static bool tell(void *ctx, const struct vg_conf_error *err)
{
	struct reading *r = ctx;

	return r->bad(r->ctx, err);
}

/* A lower bound that was not given follows its companion down. */
static void follow(struct vg_config *cfg)
{
	if (!is_given(cfg, "max_connections_min"))
		cfg->max_connections_min = min(cfg->max_connections_min, cfg->max_connections);
	if (!is_given(cfg, "mempool_max_bytes_min"))
		cfg->mempool_max_bytes_min = min(cfg->mempool_max_bytes_min, cfg->mempool_max_bytes);
}

/* What single keys cannot tell: settings that contradict each other. */
static int check_whole(const struct vg_config *cfg, struct vg_conf_error *err)
{
	struct vg_conf_pair at = { .key = VG_STR_INIT("configuration") };

	if (cfg->max_connections_min > cfg->max_connections)
		return vg_conf_fail(err, &at, -EINVAL,
				    "max_connections_min is over max_connections (%llu): lower it",
				    (unsigned long long)cfg->max_connections);
	if (cfg->mempool_max_bytes_min > cfg->mempool_max_bytes)
		return vg_conf_fail(err, &at, -EINVAL,
				    "mempool_max_bytes_min is over mempool_max_bytes (%llu): lower it",
				    (unsigned long long)cfg->mempool_max_bytes);
	if (cfg->exec_timeout_ms > cfg->exec_timeout_max_ms)
		return vg_conf_fail(err, &at, -EINVAL,
				    "exec_timeout is over exec_timeout_max (%llu ms): lower it",
				    (unsigned long long)cfg->exec_timeout_max_ms);
	if (cfg->plaintext == VG_PLAIN_ON && !cfg->plaintext_key[0])
		return vg_conf_fail(err, &at, -EINVAL,
				    "plaintext = on needs plaintext_key, the id of the key whose rights it gives");
	return 0;
}

static int parse(const char *text, size_t n, const char *override, struct reading *r,
		 struct vg_conf_error *err)
{
	struct vg_conf_sink sink = {
		.pair = set_pair, .repeats = repeats, .bad = r->bad ? tell : NULL, .ctx = r,
	};
	int ret;

	BUILD_BUG_ON(ARRAY_SIZE(keys) > VG_CONFIG_KEYS_MAX);
	ret = vg_conf_defaults(&vg_config_table, r->cfg, err);
	if (ret)
		return ret;
	r->given = r->cfg->given;
	ret = vg_conf_parse(text, n, &sink, err);
	if (ret)
		return ret;
	if (override) {
		r->given = r->cfg->overridden;
		ret = vg_conf_parse(override, strlen(override), &sink, err);
		err->line = 0;		/* a column without a line: an option's */
		if (ret)
			return ret;
		err->col = 0;
		bitmap_or(r->cfg->given, r->cfg->given, r->cfg->overridden, VG_CONFIG_KEYS_MAX);
	}
	follow(r->cfg);
	ret = check_whole(r->cfg, err);
	if (ret && r->bad)
		r->bad(r->ctx, err);
	return ret;
}

int vg_config_parse(const char *text, size_t n, const char *override, struct vg_config **out,
		    struct vg_conf_error *err)
{
	struct vg_config *cfg = kvzalloc(sizeof(*cfg), GFP_KERNEL);
	struct reading r = { .cfg = cfg };
	int ret;

	memset(err, 0, sizeof(*err));
	if (!cfg)
		return -ENOMEM;
	refcount_set(&cfg->refs, 1);
	ret = parse(text, n, override, &r, err);
	if (ret) {
		kvfree(cfg);
		return ret;
	}
	*out = cfg;
	return 0;
}

int vg_config_check(const char *text, size_t n,
		    bool (*bad)(void *ctx, const struct vg_conf_error *err), void *ctx,
		    struct vg_conf_error *err)
{
	struct reading r = { .bad = bad, .ctx = ctx };
	int ret;

	r.cfg = kvzalloc(sizeof(*r.cfg), GFP_KERNEL);
	if (!r.cfg)
		return -ENOMEM;
	ret = parse(text, n, NULL, &r, err);
	kvfree(r.cfg);
	return ret;
}

bool vg_addr_list_has(const struct vg_addr_list *list, const struct vg_addr *a)
{
	u32 i;

	for (i = 0; i < list->n; i++)
		if (vg_addr_in(a, &list->addr[i]))
			return true;
	return false;
}

u32 vg_config_listen(const struct vg_config *cfg, const char *svc_name, u16 port, struct vg_addr *out,
		     u32 max)
{
	const struct vg_addr_list *list = &cfg->listen;
	char key[32];
	u32 i, n;

	scnprintf(key, sizeof(key), "listen_%s", svc_name);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, key) && test_bit(i, cfg->given))
			list = (const void *)cfg + keys[i].offset;
	n = min(list->n, max);
	for (i = 0; i < n; i++) {
		out[i] = list->addr[i];
		if (!out[i].port)
			out[i].port = port;
	}
	return n;
}

/* --- telling ------------------------------------------------------------------------------------------------ */

static void addrs_json(struct vg_jw *w, const struct vg_addr_list *list)
{
	char text[VG_ADDR_TEXT];
	u32 i;

	vg_jw_arr(w);
	for (i = 0; i < list->n; i++)
		vg_jw_str(w, vg_str(text, vg_addr_print(&list->addr[i], text)));
	vg_jw_arr_end(w);
}

static void rights_json(struct vg_jw *w, u32 rights)
{
	static const char *const words[] = { "read", "write", "exec", "admin" };
	u32 i;

	vg_jw_arr(w);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (rights & 1u << i)
			vg_jw_cstr(w, words[i]);
	vg_jw_arr_end(w);
}

static void func_json(struct vg_jw *w, const struct vg_config *cfg, const struct vg_conf_key *key)
{
	u32 i;

	if (key->set == set_cluster) {
		vg_jw_cstr(w, cfg->cluster);
	} else if (key->set == set_plaintext) {
		vg_jw_cstr(w, plaintext_words[cfg->plaintext]);
	} else if (key->set == set_rights) {
		rights_json(w, cfg->trusted_rights);
	} else if (key->set == set_names) {
		vg_jw_arr(w);
		for (i = 0; i < cfg->nr_names; i++)
			vg_jw_cstr(w, cfg->names[i]);
		vg_jw_arr_end(w);
	} else if (key->set == set_allow) {
		vg_jw_arr(w);
		for (i = 0; i < cfg->nr_exec_allow; i++)
			vg_jw_cstr(w, cfg->exec_allow[i]);
		vg_jw_arr_end(w);
	} else if (key->set == set_path) {
		vg_jw_cstr(w, (const char *)cfg + key->offset);
	} else if (key->set == set_umask) {
		vg_jw_fmt(w, "%03o", cfg->exec_umask);
	} else {
		addrs_json(w, (const void *)cfg + key->offset);
	}
}

static u64 number(const struct vg_config *cfg, const struct vg_conf_key *key)
{
	const void *at = (const void *)cfg + key->offset;

	return key->size == sizeof(u64) ? *(const u64 *)at : *(const u32 *)at;
}

void vg_config_json(const struct vg_config *cfg, struct vg_jw *w)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct vg_conf_key *key = &keys[i];
		const void *at = (const void *)cfg + key->offset;

		vg_jw_kobj(w, key->name);
		vg_jw_key(w, "value");
		switch (key->type) {
		case VG_CONF_T_BOOL:
			vg_jw_bool(w, *(const bool *)at);
			break;
		case VG_CONF_T_ENUM:
			vg_jw_cstr(w, key->choices[*(const u32 *)at]);
			break;
		case VG_CONF_T_STR:
			vg_jw_cstr(w, at);
			break;
		case VG_CONF_T_FUNC:
			func_json(w, cfg, key);
			break;
		default:
			vg_jw_u64(w, number(cfg, key));
		}
		vg_jw_kcstr(w, "from", test_bit(i, cfg->overridden) ? "option" :
			    test_bit(i, cfg->given) ? "file" : "default");
		vg_jw_obj_end(w);
	}
}
