/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node runs with: /etc/virgo_cloud.conf as checked integers and lists. Immutable once
 * published; shared by reference. Parsing is conf.h's, the host reads the file.
 */
#ifndef VG_CORE_CONFIG_H
#define VG_CORE_CONFIG_H

#include <linux/bitmap.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "core/addr.h"
#include "core/limits.h"
#include "core/buf.h"

enum vg_plaintext { VG_PLAIN_OFF, VG_PLAIN_READONLY, VG_PLAIN_ON };
enum vg_evict { VG_EVICT_NONE, VG_EVICT_CLOCK };
enum vg_mode { VG_MODE_OFF, VG_MODE_SHADOW, VG_MODE_APPLY };

struct vg_addr_list {
	u32 n;
	struct vg_addr addr[VG_ADDRS_MAX];
};

enum { VG_CONFIG_KEYS_MAX = 128 };
enum { VG_SERVICES_KNOWN = 6 };	/* names that listen_<service> accepts, in port order */

struct vg_config {
	refcount_t refs;
	struct rcu_head rcu;
	u32 node_id;
	char cluster[33];
	struct vg_addr_list nodes;
	char names[VG_NAMES_MAX][64];
	u32 nr_names;
	struct vg_addr_list listen;
	struct vg_addr_list listen_svc[VG_SERVICES_KNOWN];
	bool host_check;
	char key_file[256];
	char state_dir[256];
	struct vg_addr_list trusted;
	u32 trusted_rights;
	enum vg_plaintext plaintext;
	char plaintext_key[VG_KEY_ID_MAX + 1];
	struct vg_addr_list plaintext_allow;
	u32 auth_window_past_s, auth_window_future_s;
	u32 replay_entries;
	u64 unhashed_body_max;

	u64 request_line_max, header_bytes_max, header_fields_max;
	u64 value_max, block_max;
	u64 request_timeout_ms, idle_timeout_ms;
	u64 max_connections, max_connections_min;
	u64 mempool_max_bytes, mempool_max_bytes_min;
	enum vg_evict evict;
	u64 max_network_bandwidth;	/* Mbit/s, 0: no limit */

	char analytics_file[256];
	enum vg_mode analytics_mode;
	u64 analytics_min_quality;
	struct vg_addr_list analytics_never_deny;

	/* cpupool: what may be run, as whom, and within which limits */
	char exec_allow[VG_EXEC_ALLOW_MAX][VG_EXEC_PATH_MAX];
	u32 nr_exec_allow;
	char exec_user[33], exec_group[33];
	char exec_cwd[VG_EXEC_PATH_MAX];
	char exec_path[VG_EXEC_PATH_MAX];
	char exec_functions[VG_EXEC_PATH_MAX];
	char exec_helper[VG_EXEC_PATH_MAX];
	u32 exec_umask;
	u64 exec_timeout_ms, exec_timeout_max_ms, exec_grace_ms;
	u64 output_max, exec_bytes_max;
	u32 exec_running, exec_queued, jobs_running, jobs_kept;
	u64 job_keep_ms;
	u64 exec_cpu_ms, exec_memory, exec_file_size;
	u32 exec_files, exec_processes;

	/* this node's own calls to others */
	char client_key[VG_KEY_ID_MAX + 1];
	struct vg_addr_list load_registry;	/* none or one */
	u64 load_lease_ms;

	DECLARE_BITMAP(given, VG_CONFIG_KEYS_MAX);	/* bit i: key i of the table is not the default */
	DECLARE_BITMAP(overridden, VG_CONFIG_KEYS_MAX);	/* it comes from the host's own options */
};

/* The keys of virgo_cloud.conf: for `virgo config check`, completion and the man page too. */
struct vg_conf_table;
extern const struct vg_conf_table vg_config_table;

struct vg_conf_error;

/*
 * Parse @n bytes of @text over the defaults. 0 and *@cfg with one reference, or -errno with
 * @err filled: line, column, what is allowed. With @bad every error is told and parsing goes
 * on (for a checker); the first one is still returned. @override: settings in the same form that
 * count more than the file's (a host's command line), or NULL; errors there have a column, but
 * line 0.
 */
int vg_config_parse(const char *text, size_t n, const char *override, struct vg_config **cfg,
		    struct vg_conf_error *err);
int vg_config_check(const char *text, size_t n,
		    bool (*bad)(void *ctx, const struct vg_conf_error *err), void *ctx,
		    struct vg_conf_error *err);
struct vg_config *vg_config_get(struct vg_config *cfg);
void vg_config_put(struct vg_config *cfg);
struct vg_jw;
/* Write every setting as a member {"value", "from": "file", "option" or "default"} of the open object. */
void vg_config_json(const struct vg_config *cfg, struct vg_jw *json);
/* The addresses @svc_name listens on: its own list, or the common one with its port. */
u32 vg_config_listen(const struct vg_config *cfg, const char *svc_name, u16 port,
		     struct vg_addr *out, u32 max);
bool vg_addr_list_has(const struct vg_addr_list *list, const struct vg_addr *a);

#endif
