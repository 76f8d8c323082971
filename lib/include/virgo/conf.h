/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client's configuration: option, environment, what "virgo up" started, user file, /etc,
 * built-in, in this order, and for each value where it came from. Reads files and the environment;
 * holds no secrets.
 *
 *	key              values                                             default
 *	nodes            a node set; a bare "ip,ip,ip" line means this too  127.0.0.1
 *	group.<name>     a node set, for @<name>
 *	cluster          [a-z0-9-]{1,32}                                    virgo
 *	key_file         a path ("none": do not sign); see key.h            the default key files
 *	timeout          duration: a whole call                             30s
 *	connect_timeout  duration                                           2s
 *	output           table | json | ndjson | tsv | raw                  (the command decides)
 *	color            auto | always | never                              auto
 *	via              auto | http | syscall                              auto
 *	balance          least-loaded | two-choices | prg | predicted | hash  least-loaded
 *	registry         a node that is asked for the load of all; see balance.h  (each is asked)
 *
 * Environment: VIRGO_NODES, VIRGO_KEY_FILE, VIRGO_OUTPUT; VIRGO_CONFIG names the file that is read
 * instead of the user's and that of /etc. An unset or empty variable counts as absent.
 */
#ifndef VIRGO_CONF_H
#define VIRGO_CONF_H

#include <stddef.h>
#include <stdint.h>
#include <virgo/error.h>
#include <virgo/nodeset.h>

struct virgo_conf;

/* one value in force. Strings live until the configuration is changed or freed. */
struct virgo_setting {
	const char *key;
	const char *value;
	const char *origin;	/* "FILE:LINE", "environment VIRGO_NODES", "option", "built-in" */
};

/*
 * Read the configuration. file NULL: $VIRGO_CONFIG, or else client.conf of virgo_runtime_dir() (if
 * that directory is the caller's own) over $XDG_CONFIG_HOME/virgo/client.conf (~/.config) over
 * /etc/virgo_client.conf, where a file that does not exist is no error. A file named by file or
 * VIRGO_CONFIG must exist, and stands alone. An unknown key or a bad value is VIRGO_USAGE:
 * file:line:column, and the allowed values.
 */
enum virgo_code virgo_conf_open(struct virgo_conf **conf, const char *file,
				struct virgo_error *err);
void virgo_conf_free(struct virgo_conf *conf);

/*
 * Where "virgo up" keeps what it started: $XDG_RUNTIME_DIR/virgo, /run/user/UID/virgo or
 * /tmp/virgo-UID. 0, or -1: path is too small. It need not exist.
 */
int virgo_runtime_dir(char *path, size_t size);

/* what a command-line option does: check value as a file's would be, and put it above everything */
enum virgo_code virgo_conf_set(struct virgo_conf *conf, const char *key, const char *value,
			       struct virgo_error *err);

/* the value in force, or NULL: no such key, or unset (output, key_file, group.*) */
const char *virgo_conf_get(const struct virgo_conf *conf, const char *key);

/* the same with its origin: 0 and *setting filled, or -1 */
int virgo_conf_setting(const struct virgo_conf *conf, const char *key,
		       struct virgo_setting *setting);

/* the i-th setting in force, 0 based, groups last; -1 past the end */
int virgo_conf_at(const struct virgo_conf *conf, size_t i, struct virgo_setting *setting);

/* timeout and connect_timeout in milliseconds */
unsigned long virgo_conf_ms(const struct virgo_conf *conf, const char *key);

/*
 * The node set in force, groups resolved; the caller frees it. "all" is what the next lower source
 * says: "--nodes all" means the nodes of VIRGO_NODES or of the file.
 */
enum virgo_code virgo_conf_nodes(const struct virgo_conf *conf, struct virgo_nodeset **set,
				 struct virgo_error *err);

/* any set's text in the light of the configuration's groups; "all" is the node set in force */
enum virgo_code virgo_conf_nodeset(const struct virgo_conf *conf, const char *text,
				   struct virgo_nodeset **set, struct virgo_error *err);

/* "250ms", "2s", "5m", "1h", or a bare number of seconds -> milliseconds, 1 ms to 1 year */
enum virgo_code virgo_parse_duration(const char *text, uint64_t *ms, struct virgo_error *err);

/* "100", "64k", "1M", "2G" (1024s) -> bytes */
enum virgo_code virgo_parse_size(const char *text, uint64_t *bytes, struct virgo_error *err);

#endif
