// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a node: configuration and keys in, services up, listeners open all together or not at all,
 * and the way down in exact reverse.
 *
 * Order of stopping, each step relying on the one before:
 *	1. unlisten: no new connection begins		4. service stop: nothing refers to its data now
 *	2. host_drop_connections: the last one is freed	5. values go back to the administrator's own
 *	3. (pending requests ended with their connection)	6. the replay stamp is written
 */
#include <linux/export.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "core/client.h"
#include "core/clock.h"
#include "core/conf.h"
#include "core/deny.h"
#include "core/host.h"
#include "core/ledger.h"
#include "core/node.h"
#include "core/peers.h"
#include "core/values.h"

/* --- what is in force now ------------------------------------------------------------------------- */

/* Here and not in config.c, which is pure: the command line checks files with it and knows no RCU. */
struct vg_config *vg_config_get(struct vg_config *cfg)
{
	refcount_inc(&cfg->refs);
	return cfg;
}
EXPORT_SYMBOL_GPL(vg_config_get);

void vg_config_put(struct vg_config *cfg)
{
	if (!cfg || !refcount_dec_and_test(&cfg->refs))
		return;
	kvfree_rcu(cfg, rcu);
	vg_gone(VG_L_CONFIGS);
}
EXPORT_SYMBOL_GPL(vg_config_put);

struct vg_config *vg_node_cfg(struct vg_node *node)
{
	struct vg_config *cfg;

	rcu_read_lock();
	do {
		cfg = rcu_dereference(node->cfg);
	} while (!refcount_inc_not_zero(&cfg->refs));
	rcu_read_unlock();
	return cfg;
}
EXPORT_SYMBOL_GPL(vg_node_cfg);

struct vg_keyset *vg_node_keys(struct vg_node *node)
{
	struct vg_keyset *keys;

	rcu_read_lock();
	do {
		keys = rcu_dereference(node->keys);
	} while (!refcount_inc_not_zero(&keys->refs));
	rcu_read_unlock();
	return keys;
}

struct vg_svc *vg_node_svc(struct vg_node *node, const char *name)
{
	u32 i;

	for (i = 0; i < node->nr_svcs; i++)
		if (!strcmp(node->svc[i]->def->name, name))
			return node->svc[i];
	return NULL;
}

/* --- reading configuration and keys --------------------------------------------------------------- */

static int parse_config(const struct vg_node *node, const char *text, size_t n,
			struct vg_config **cfg, char *msg, size_t msg_n)
{
	const char *path = node->conf_path;
	struct vg_conf_error err;
	int ret = vg_config_parse(text, n, node->override, cfg, &err);

	if (!ret)
		vg_made(VG_L_CONFIGS);
	else if (ret == -ENOMEM)
		scnprintf(msg, msg_n, "%s: out of memory", path);
	else if (err.line)
		scnprintf(msg, msg_n, "%s:%u:%u: %s", path, err.line, err.col, err.msg);
	else
		scnprintf(msg, msg_n, "%s: %s", err.col ? "option" : path, err.msg);
	return ret;
}

/* The keys of @cfg's key file; no file is a set of none. */
static int read_keys(const struct vg_config *cfg, struct vg_keyset **keys, char *msg, size_t msg_n)
{
	const char *path = cfg->key_file;
	struct vg_conf_error err = { };
	u8 *text = NULL;
	size_t n = 0;
	int ret;

	ret = host_read_file(path, VG_KEY_FILE_MAX, true, &text, &n);
	if (ret == -EPERM) {
		scnprintf(msg, msg_n, "%s: must be a regular file of root or the running user with mode 0600 (chmod 600 %s)",
			  path, path);
		return ret;
	}
	if (ret && ret != -ENOENT)
		return vg_conf_unread(path, ret, VG_KEY_FILE_MAX, msg, msg_n);
	ret = vg_keyset_parse((char *)text, n, keys, &err);
	if (!ret)
		return 0;
	if (text)
		memzero_explicit(text, n);
	kvfree(text);
	scnprintf(msg, msg_n, "%s:%u:%u: %s", path, err.line, err.col,
		  ret == -ENOMEM ? "out of memory" : err.msg);
	return ret;
}

static bool loopback_only(const struct vg_addr_list *list)
{
	u32 i;

	for (i = 0; i < list->n; i++)
		if (!vg_addr_is_loopback(&list->addr[i]))
			return false;
	return true;
}

/* Without keys there is nobody to tell apart: nothing but loopback is served. */
static int check_keyless(const struct vg_node *node, const struct vg_config *cfg,
			 const struct vg_keyset *keys, char *msg, size_t msg_n)
{
	char text[VG_ADDR_TEXT];
	u32 i, j;

	if (keys->n)
		return 0;
	/* what was opened under an earlier configuration stays open */
	for (i = 0; i < node->nr_svcs; i++)
		for (j = 0; j < node->svc[i]->nr_listeners; j++)
			if (!vg_addr_is_loopback(&node->svc[i]->listener[j].addr))
				goto refuse_open;
	if (!loopback_only(&cfg->listen))
		goto refuse;
	for (i = 0; i < VG_SERVICES_KNOWN; i++)
		if (!loopback_only(&cfg->listen_svc[i]))
			goto refuse;
	return 0;
refuse:
	scnprintf(msg, msg_n, "%s has no key: a node without keys listens on loopback only (make one with: virgo key new, or listen = 127.0.0.1)",
		  cfg->key_file);
	return -EACCES;
refuse_open:
	vg_addr_print(&node->svc[i]->listener[j].addr, text);
	scnprintf(msg, msg_n, "%s has no key, and this node is listening on %s: keep a key, or restart the node with listen = 127.0.0.1",
		  cfg->key_file, text);
	return -EACCES;
}

/* --- making and freeing ---------------------------------------------------------------------------- */

static void take_settings(struct vg_node *node, const struct vg_config *cfg)
{
	WRITE_ONCE(node->max_connections, cfg->max_connections);
	WRITE_ONCE(node->mempool_max_bytes, cfg->mempool_max_bytes);
	vg_bandwidth_set(node, cfg->max_network_bandwidth);
}

int vg_node_new(const char *conf_path, const char *text, size_t n, const char *override,
		struct vg_node **out, char *msg, size_t msg_n)
{
	struct vg_keyset *keys = NULL;
	struct vg_node *node;
	struct vg_config *cfg;
	struct vg_conf_error err;
	int ret;

	node = kvzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;
	mutex_init(&node->lock);
	strscpy(node->conf_path, conf_path, sizeof(node->conf_path));
	if (override) {
		node->override = kstrdup(override, GFP_KERNEL);
		ret = -ENOMEM;
		if (!node->override)
			goto err_node;
	}
	ret = parse_config(node, text, n, &cfg, msg, msg_n);
	if (ret)
		goto err_node;
	ret = vg_keyset_parse(NULL, 0, &keys, &err);
	if (ret)
		goto err_cfg;
	ret = vg_replay_new(cfg->replay_entries, &node->replay);
	if (ret)
		goto err_keys;
	ret = vg_values_new(node, &node->values);
	if (ret)
		goto err_replay;
	ret = -ENOMEM;
	node->wq = alloc_workqueue("virgo", WQ_UNBOUND, 0);
	if (!node->wq)
		goto err_values;
	ret = vg_client_new(node, &node->client);
	if (ret)
		goto err_wq;
	ret = vg_peers_new(node, &node->peers);
	if (ret)
		goto err_client;
	node->id = cfg->node_id;
	rcu_assign_pointer(node->cfg, cfg);
	rcu_assign_pointer(node->keys, keys);
	take_settings(node, cfg);
	*out = node;
	return 0;

err_client:
	vg_client_free(node->client);
err_wq:
	destroy_workqueue(node->wq);
err_values:
	vg_values_free(node->values);
err_replay:
	vg_replay_free(node->replay);
err_keys:
	vg_keyset_put(keys);
err_cfg:
	vg_config_put(cfg);
err_node:
	kfree(node->override);
	kvfree(node);
	return ret;
}

void vg_node_free(struct vg_node *node)
{
	struct vg_deny *deny, *shadow;

	if (!node)
		return;
	/* looks at other nodes end with their calls, and their work with the queue */
	vg_client_stop(node->client);
	destroy_workqueue(node->wq);
	vg_client_free(node->client);
	vg_peers_free(node->peers);
	mutex_lock(&node->lock);
	vg_values_free(node->values);
	mutex_unlock(&node->lock);
	deny = rcu_dereference_protected(node->deny, 1);
	shadow = rcu_dereference_protected(node->deny_shadow, 1);
	WARN_ON(deny || shadow || atomic_read(&node->connections));
	WARN_ON(atomic64_read(&node->answers_bytes) || atomic64_read(&node->bodies_bytes));
	vg_replay_free(node->replay);
	vg_keyset_put(rcu_dereference_protected(node->keys, 1));
	vg_config_put(rcu_dereference_protected(node->cfg, 1));
	mutex_destroy(&node->lock);
	kfree(node->override);
	kvfree(node);
}

/* --- the replay stamp -------------------------------------------------------------------------------- */

enum { CRASH_S = 30 };

static bool stamp_path(struct vg_node *node, char *path, size_t n)
{
	struct vg_config *cfg = vg_node_cfg(node);
	int len = snprintf(path, n, "%s/replay-%u", cfg->state_dir, node->id);

	vg_config_put(cfg);
	return len > 0 && (size_t)len < n;
}

/* The newline tells that the number is all there. */
static bool whole_number(const char *p, size_t n, u64 *out)
{
	return n > 1 && p[n - 1] == '\n' && !vg_str_u64(vg_str(p, n - 1), out);
}

/*
 * Which requests might have been accepted in an earlier life: after a clean stop those up to the stored
 * date; after a crash (the stamp says "running") those up to 30 s ahead; a node that has never
 * run has accepted nothing. Where the stamp cannot be written every start counts as after a crash.
 */
static void begin_replay(struct vg_node *node)
{
	u64 now_s = ktime_get_real_seconds(), begin_s = now_s + CRASH_S;
	char path[300];
	u8 *text = NULL;
	size_t n;
	int ret;

	if (!stamp_path(node, path, sizeof(path)))
		return;
	ret = host_read_file(path, 64, false, &text, &n);
	if (ret == -ENOENT)
		begin_s = 0;
	else if (!ret && !whole_number((char *)text, n, &begin_s))
		begin_s = now_s + CRASH_S;
	kvfree(text);
	ret = host_write_file(path, "running\n", 8);
	if (ret) {
		pr_warn("virgo: %s cannot be written (error %d): for %d s after each start changes from old clients are refused; make the directory (state_dir)\n",
			path, ret, CRASH_S);
		begin_s = now_s + CRASH_S;
	}
	vg_replay_begin(node->replay, begin_s);
}

static void end_replay(struct vg_node *node)
{
	char path[300], text[24];
	int n;

	if (!stamp_path(node, path, sizeof(path)))
		return;
	n = scnprintf(text, sizeof(text), "%llu\n",
		      (unsigned long long)vg_replay_largest(node->replay));
	if (host_write_file(path, text, n))
		pr_warn("virgo: %s cannot be written: the next start counts as after a crash\n", path);
}

/* --- services --------------------------------------------------------------------------------------------- */

static void unlisten(void *host)
{
	host_unlisten(host);
	vg_gone(VG_L_LISTENERS);
}

/* For a service that nobody sees yet, under the lock */
static void drop_listeners(struct vg_svc *svc)
{
	while (svc->nr_listeners)
		unlisten(svc->listener[--svc->nr_listeners].host);
}

/* Handlers list the listeners under the lock; a host may wait for those handlers, so it is called without. */
static void close_listeners(struct vg_svc *svc)
{
	struct mutex *lock = &svc->node->lock;
	void *host = NULL;
	bool any;

	do {
		mutex_lock(lock);
		any = svc->nr_listeners;
		if (any)
			host = svc->listener[--svc->nr_listeners].host;
		mutex_unlock(lock);
		if (any)
			unlisten(host);
	} while (any);
}

static int open_listeners(struct vg_node *node, struct vg_svc *svc, char *msg, size_t msg_n)
{
	struct vg_config *cfg = vg_node_cfg(node);
	struct vg_addr addr[VG_LISTENERS_MAX];
	char text[VG_ADDR_TEXT];
	u32 i, n;
	int ret = 0;

	n = vg_config_listen(cfg, svc->def->name, svc->def->port, addr, VG_LISTENERS_MAX);
	vg_config_put(cfg);
	for (i = 0; i < n; i++) {
		struct vg_listener *l = &svc->listener[svc->nr_listeners];

		l->addr = addr[i];
		ret = host_listen(node, svc, &addr[i], &l->host);
		/* a machine without IPv6 has no ::1 to listen on; where it was not asked for, go on */
		if ((ret == -EADDRNOTAVAIL || ret == -EAFNOSUPPORT) && addr[i].family == 6 && i > 0) {
			ret = 0;
			continue;
		}
		if (ret) {
			vg_addr_print(&addr[i], text);
			scnprintf(msg, msg_n, ret == -EADDRINUSE ?
				  "%s: cannot listen on %s: the port is taken (see: ss -ltnp)" :
				  "%s: cannot listen on %s (error %d)", svc->def->name, text, ret);
			drop_listeners(svc);
			return ret;
		}
		svc->nr_listeners++;
		vg_made(VG_L_LISTENERS);
	}
	return 0;
}

static void start_listeners(struct vg_svc *svc)
{
	u32 i;

	for (i = 0; i < svc->nr_listeners; i++)
		host_listen_start(svc->listener[i].host);
}

/* A service with its data and open, silent listeners; the last of node->svc[]. */
static int bring_up(struct vg_node *node, const struct vg_service *def, char *msg, size_t msg_n)
{
	struct vg_svc *svc;
	int ret;

	if (node->nr_svcs == VG_SERVICES_MAX || vg_node_svc(node, def->name)) {
		scnprintf(msg, msg_n, "service %s is there already, or there are %d", def->name,
			  VG_SERVICES_MAX);
		return -EEXIST;
	}
	svc = kvzalloc(sizeof(*svc), GFP_KERNEL);
	if (!svc)
		return -ENOMEM;
	svc->def = def;
	svc->node = node;
	ret = vg_matcher_init(&svc->match, def->routes, def->nr_routes);
	if (ret) {
		scnprintf(msg, msg_n, "%s: a route is malformed (error %d)", def->name, ret);
		goto err_free;
	}
	ret = def->start ? def->start(node, &svc->data) : 0;
	if (ret) {
		scnprintf(msg, msg_n, "%s: cannot start (error %d)", def->name, ret);
		goto err_free;
	}
	ret = open_listeners(node, svc, msg, msg_n);
	if (ret)
		goto err_stop;
	node->svc[node->nr_svcs++] = svc;
	return 0;

err_stop:
	if (def->stop)
		def->stop(svc->data);
err_free:
	kvfree(svc);
	return ret;
}

static void bring_down(struct vg_node *node, struct vg_svc *svc)
{
	close_listeners(svc);
	host_drop_connections(node, svc);
	if (svc->def->stop)
		svc->def->stop(svc->data);
	kvfree(svc);
}

int vg_node_add_service(struct vg_node *node, const struct vg_service *def, char *msg, size_t msg_n)
{
	int ret;

	struct vg_svc *svc = NULL;

	mutex_lock(&node->lock);
	ret = bring_up(node, def, msg, msg_n);
	if (!ret)
		svc = node->svc[node->nr_svcs - 1];
	mutex_unlock(&node->lock);
	/* outside the lock: a host may wait for workers, which may wait for the lock */
	if (svc)
		start_listeners(svc);
	return ret;
}

void vg_node_del_service(struct vg_node *node, const struct vg_service *def)
{
	struct vg_svc *svc = NULL;
	u32 i;

	mutex_lock(&node->lock);
	for (i = 0; i < node->nr_svcs; i++)
		if (node->svc[i]->def == def)
			svc = node->svc[i];
		else if (svc)
			node->svc[i - 1] = node->svc[i];
	if (svc)
		node->nr_svcs--;
	mutex_unlock(&node->lock);
	/* outside the lock: a handler that is being waited for may want it */
	if (svc)
		bring_down(node, svc);
}

static void log_values(struct vg_node *node)
{
	char why[256] = "";
	int ret = vg_values_load(node->values, VG_RELOAD_AS_SET, why, sizeof(why));

	if (ret && ret != -ENOENT)
		pr_warn("virgo: %s\n", why);
}

int vg_node_start(struct vg_node *node, const struct vg_service *const *defs, u32 nr, char *msg,
		  size_t msg_n)
{
	struct vg_keyset *keys, *old;
	struct vg_config *cfg;
	u32 i;
	int ret;

	mutex_lock(&node->lock);
	cfg = rcu_dereference_protected(node->cfg, lockdep_is_held(&node->lock));
	ret = read_keys(cfg, &keys, msg, msg_n);
	if (ret)
		goto out;
	ret = check_keyless(node, cfg, keys, msg, msg_n);
	if (ret) {
		vg_keyset_put(keys);
		goto out;
	}
	old = rcu_dereference_protected(node->keys, lockdep_is_held(&node->lock));
	rcu_assign_pointer(node->keys, keys);
	vg_keyset_put(old);
	node->start_real_s = ktime_get_real_seconds();
	node->start_mono_ms = vg_mono_ms();
	for (i = 0; i < nr; i++) {
		ret = bring_up(node, defs[i], msg, msg_n);
		if (ret)
			goto err_services;
	}
	begin_replay(node);
	log_values(node);
	node->started = true;
	if (!keys->n)
		pr_warn("virgo: node %u has no keys: it serves loopback only, and neither exec, files nor settings\n",
			node->id);
	pr_info("virgo: node %u started, %u service(s), %u key(s)\n", node->id, node->nr_svcs, keys->n);
	mutex_unlock(&node->lock);
	/* outside the lock, as in vg_node_add_service(); the list changes no more until the node stops */
	for (i = 0; i < node->nr_svcs; i++)
		start_listeners(node->svc[i]);
	return 0;

err_services:
	mutex_unlock(&node->lock);
	/* nothing was accepted: there is no handler to see them go */
	while (node->nr_svcs)
		bring_down(node, node->svc[--node->nr_svcs]);
	return ret;
out:
	mutex_unlock(&node->lock);
	return ret;
}

void vg_node_stop(struct vg_node *node)
{
	struct vg_svc *svc;
	u32 i;

	/* what a service asks of another node while it stops comes back at once */
	vg_client_stop(node->client);
	/* without the lock, as starting them; it is taken for each */
	for (i = 0; i < node->nr_svcs; i++)
		close_listeners(node->svc[i]);
	for (;;) {
		mutex_lock(&node->lock);
		svc = node->nr_svcs ? node->svc[--node->nr_svcs] : NULL;
		mutex_unlock(&node->lock);
		if (!svc)
			break;
		bring_down(node, svc);
	}
	if (node->started) {
		end_replay(node);
		pr_info("virgo: node %u stopped\n", node->id);
	}
	node->started = false;
}

/* --- running ------------------------------------------------------------------------------------------------- */

void vg_node_tick(struct vg_node *node)
{
	u64 now_s = ktime_get_real_seconds(), now_ms = vg_now_ms();
	u32 i, past_s;

	mutex_lock(&node->lock);
	past_s = rcu_dereference_protected(node->cfg, lockdep_is_held(&node->lock))->auth_window_past_s;
	vg_replay_tick(node->replay, now_s, past_s);
	vg_values_tick(node->values, now_s);
	vg_client_tick(node->client, now_ms);
	for (i = 0; i < node->nr_svcs; i++)
		if (node->svc[i]->def->tick)
			node->svc[i]->def->tick(node->svc[i]->data, now_ms);
	mutex_unlock(&node->lock);
}

int vg_node_read(struct vg_node *node, const char *name, struct vg_str what,
		 int (*fn)(void *ctx, const u8 *p, size_t n), void *ctx)
{
	struct vg_svc *svc;
	int ret = -EOPNOTSUPP;

	/* under the lock, so that the service cannot go meanwhile */
	mutex_lock(&node->lock);
	svc = vg_node_svc(node, name);
	if (svc && svc->def->read)
		ret = svc->def->read(svc->data, what, fn, ctx);
	mutex_unlock(&node->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_node_read);

static void tell_services(struct vg_node *node)
{
	u32 i;

	for (i = 0; i < node->nr_svcs; i++)
		if (node->svc[i]->def->config)
			node->svc[i]->def->config(node->svc[i]->data);
}

/* Under the lock: of two reloads the one that reads last is the one that counts. */
static int reload(struct vg_node *node, struct vg_config **cfg, struct vg_keyset **keys, char *msg,
		  size_t msg_n)
{
	u8 *text = NULL;
	size_t n = 0;
	int ret;

	lockdep_assert_held(&node->lock);
	ret = host_read_file(node->conf_path, VG_CONF_FILE_MAX, false, &text, &n);
	if (ret && ret != -ENOENT)
		return vg_conf_unread(node->conf_path, ret, VG_CONF_FILE_MAX, msg, msg_n);
	ret = parse_config(node, (char *)text, n, cfg, msg, msg_n);
	kvfree(text);
	if (ret)
		return ret;
	ret = read_keys(*cfg, keys, msg, msg_n);
	if (ret)
		goto err_cfg;
	ret = check_keyless(node, *cfg, *keys, msg, msg_n);
	if (ret)
		goto err_keys;
	(*cfg)->node_id = node->id;	/* a node keeps its number while it runs */
	pr_info("virgo: node %u has read its configuration anew, %u key(s)\n", node->id, (*keys)->n);
	/* what was in force is left in their place, to be put */
	*cfg = rcu_replace_pointer(node->cfg, *cfg, lockdep_is_held(&node->lock));
	*keys = rcu_replace_pointer(node->keys, *keys, lockdep_is_held(&node->lock));
	return 0;

err_keys:
	vg_keyset_put(*keys);
err_cfg:
	vg_config_put(*cfg);
	return ret;
}

int vg_node_reload(struct vg_node *node, char *msg, size_t msg_n)
{
	struct vg_keyset *keys;
	struct vg_config *cfg;
	int ret;

	mutex_lock(&node->lock);
	ret = reload(node, &cfg, &keys, msg, msg_n);
	if (!ret) {
		/* limits that were learnt stay in force, the others become the new configuration's */
		vg_values_judge(node->values);
		tell_services(node);
	}
	mutex_unlock(&node->lock);
	if (ret)
		return ret;
	vg_config_put(cfg);
	vg_keyset_put(keys);
	return 0;
}

int vg_node_reload_values(struct vg_node *node, enum vg_reload how, bool dry, struct vg_buf *doc, char *msg,
			  size_t msg_n)
{
	struct vg_jw w;
	int ret;

	vg_jw_init(&w, doc);
	mutex_lock(&node->lock);
	if (dry) {
		ret = vg_values_try(node->values, how, &w, msg, msg_n);
	} else {
		ret = vg_values_load(node->values, how, msg, msg_n);
		tell_services(node);
		if (doc && (!ret || ret == -ENOENT))
			vg_values_json(node->values, &w);
	}
	mutex_unlock(&node->lock);
	return ret;
}
