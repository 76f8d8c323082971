/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node: its configuration, keys, learnt values and services. The kernel has one, virgod may
 * hold several. Life: vg_node_new() -> vg_node_start() -> … -> vg_node_stop() -> vg_node_free().
 *
 * Locks, outermost first: node->lock (start, stop, reload, the service list; may sleep)
 *			-> a service's own locks -> replay table's spinlocks.
 * node->cfg and node->keys are RCU pointers to counted objects; a connection keeps a reference
 * to those its request began with and exchanges them between requests.
 */
#ifndef VG_CORE_NODE_H
#define VG_CORE_NODE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "core/auth.h"
#include "core/config.h"
#include "core/limits.h"
#include "core/route.h"
#include "core/service.h"
#include "core/values.h"

struct vg_client;
struct vg_keyset;
struct vg_peers;
struct vg_deny;
struct vg_replay;
struct vg_values;
struct workqueue_struct;

/* what one service of one node counts; never reset */
struct vg_counters {
	atomic64_t requests;
	atomic64_t status[6];		/* [2]: 2xx …; [0]: lines */
	atomic64_t bytes_in, bytes_out;
	atomic64_t accepted;
	atomic64_t timeouts;
};

/* a service as one node runs it */
struct vg_svc {
	const struct vg_service *def;
	struct vg_node *node;
	void *data;
	struct vg_matcher match;	/* vg_matcher_init() before the service listens */
	u32 nr_listeners;
	struct vg_listener {
		struct vg_addr addr;
		void *host;
	} listener[VG_LISTENERS_MAX];
	struct vg_counters count;
	atomic_t connections;
};

/* the values that core acts on, as far as their deeds are counted */
enum vg_act { VG_ACT_BANDWIDTH, VG_ACT_CONNECTIONS, VG_ACT_MEMPOOL, VG_ACT_DENY, VG_ACT_DEGRADED, VG_ACTS };

struct vg_acts {
	bool learnt;		/* the limit in force is the learnt one, not the administrator's own */
	atomic64_t did;		/* times it made a difference */
	atomic64_t would;	/* times that one in shadow would have */
};

struct vg_node {
	struct mutex lock;
	u32 id;
	bool started;
	char conf_path[256];
	char *override;			/* settings that count more than the file's, or NULL */
	struct vg_config __rcu *cfg;
	struct vg_keyset __rcu *keys;
	struct vg_replay *replay;
	struct vg_values *values;
	struct vg_client *client;	/* its own calls to other nodes: core/client.h */
	struct vg_peers *peers;		/* whom they go to: core/peers.h */
	u32 nr_svcs;
	struct vg_svc *svc[VG_SERVICES_MAX];

	u64 start_real_s, start_mono_ms;
	atomic64_t clock;		/* hybrid logical clock: ms << 16 | counter */
	atomic_t connections;		/* admitted and alive */
	atomic_t refusing;
	atomic64_t refused_limit, refused_deny;	/* connections turned away at accept */
	atomic64_t auth_refused[VG_AUTH_CODES];
	atomic64_t answers_bytes;	/* of answers by reference that core owns; see VG_ANSWERS_MAX */
	atomic64_t bodies_bytes;	/* of bodies that core owns; see VG_BODIES_MAX */
	atomic64_t refused_memory;	/* requests for which these had no room */

	/* effective limits: configuration bounded and possibly moved by learnt values */
	u64 max_connections;
	u64 mempool_max_bytes;
	atomic64_t bw_tat_ns;		/* token bucket: theoretical arrival time */
	u64 bw_ns_per_kib;		/* 0: no limit */
	atomic64_t bw_delayed;		/* times a connection had to wait */
	struct vg_deny __rcu *deny;	/* NULL: nothing denied */
	struct vg_deny __rcu *deny_shadow;
	struct vg_acts act[VG_ACTS];
	/* learnt limits in shadow, 0: none */
	u64 shadow_connections, shadow_mempool_bytes;
	u64 shadow_bw_ns_per_kib;
	atomic64_t shadow_bw_tat_ns;
	int anomaly_score, anomaly_threshold;	/* permille, -1: not learnt; under the lock */
	u8 degraded;			/* enum vg_force: it is, or (shadow) would be */

	const struct vg_event_sink __rcu *event_sink;	/* core/events.h */
	struct workqueue_struct *wq;	/* what a handler does not do on the connection's worker */
	void *host;
};

/*
 * Make a node from configuration text (already read) with nothing running. @override: see
 * vg_config_parse(), copied. Errors name file, line and column in @msg (at least 256 bytes).
 */
int vg_node_new(const char *conf_path, const char *text, size_t n, const char *override,
		struct vg_node **node, char *msg, size_t msg_n);
/*
 * Read the keys and values, start services, open all listeners, then begin to accept: all or
 * nothing. The reason for a failure goes to @msg in one line.
 */
int vg_node_start(struct vg_node *node, const struct vg_service *const *svcs, u32 nr, char *msg,
		  size_t msg_n);
int vg_node_add_service(struct vg_node *node, const struct vg_service *svc, char *msg,
			size_t msg_n);
void vg_node_del_service(struct vg_node *node, const struct vg_service *svc);
/* Stop accepting, end connections, stop services in reverse, write the replay stamp. */
void vg_node_stop(struct vg_node *node);
void vg_node_free(struct vg_node *node);
/* Every VG_TICK_MS from one context that may sleep: expiry of values, ticks of services. */
void vg_node_tick(struct vg_node *node);
/* Read configuration and keys again; listeners stay as they are. All or nothing. */
int vg_node_reload(struct vg_node *node, char *msg, size_t msg_n);
/*
 * Read the learnt values again; see vg_values_load(). @doc (may be NULL, unless @dry): the document of /v1/analytics as it is then.
 * @dry: only write there what would be.
 */
int vg_node_reload_values(struct vg_node *node, enum vg_reload how, bool dry, struct vg_buf *doc, char *msg,
			  size_t msg_n);

/* A reference to what is in force now; vg_config_put(), vg_keyset_put(). Never NULL, any context. */
struct vg_config *vg_node_cfg(struct vg_node *node);
struct vg_keyset *vg_node_keys(struct vg_node *node);

struct vg_svc *vg_node_svc(struct vg_node *node, const char *name);
/*
 * The bytes of @name of the service @svc to @fn: see vg_service.read. -EOPNOTSUPP: no such service here, or none
 * that gives. Rights are the caller's to check. Takes node->lock.
 */
int vg_node_read(struct vg_node *node, const char *svc, struct vg_str name,
		 int (*fn)(void *ctx, const u8 *p, size_t n), void *ctx);
extern const struct vg_service vg_control_service;

/* hybrid logical clock (Kulkarni, Demirbas et al. 2014): */
u64 vg_clock_now(struct vg_node *node);
/* Move past @seen; -ERANGE when that is more than VG_CLOCK_AHEAD_MS ahead. */
int vg_clock_see(struct vg_node *node, u64 seen);
enum { VG_CLOCK_AHEAD_MS = 60000 };

/*
 * Bandwidth over all sockets of the node, both directions. Asked before bytes move and told after:
 * vg_bandwidth_room() is how many of @want bytes may move now, 0 with *@wake_ms set (monotonic)
 * when none; vg_bandwidth_used() counts those that did. Without a limit they cost one load and two.
 */
size_t vg_bandwidth_room(struct vg_node *node, size_t want, u64 *wake_ms);
void vg_bandwidth_used(struct vg_node *node, size_t n);
void vg_bandwidth_set(struct vg_node *node, u64 mbit);
/* A limit that only counts how often somebody would have waited for it; 0: none. */
void vg_bandwidth_shadow(struct vg_node *node, u64 mbit);
/* A connection begins to wait for bandwidth. */
void vg_bandwidth_waits(struct vg_node *node);

/* A limit was met that may be a learnt one. Any context. */
static inline void vg_act_did(struct vg_node *node, enum vg_act act)
{
	if (READ_ONCE(node->act[act].learnt))
		atomic64_inc(&node->act[act].did);
}

static inline void vg_act_would(struct vg_node *node, enum vg_act act)
{
	atomic64_inc(&node->act[act].would);
}

#endif
