/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may ask: keys with rights, VIRGO4-HMAC-SHA256 verification, replay protection.
 * Never logs or answers a secret or a signature.
 */
#ifndef VG_CORE_AUTH_H
#define VG_CORE_AUTH_H

#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "core/buf.h"
#include "core/host.h"
#include "core/limits.h"
#include "core/req.h"

struct vg_conf_error;
struct vg_node;

struct vg_sigkey;	/* cached HMAC states of one key, date and service */

enum {
	VG_SERVICE_NAMES = 6,
	VG_SIGKEYS = 2 * VG_SERVICE_NAMES,	/* a slot for odd and even days of each service */
};

/* why a request was refused: index of node->auth_refused[] */
enum vg_auth_code {
	VG_AUTH_MISSING,
	VG_AUTH_MALFORMED,
	VG_AUTH_NOT_SIGNED,
	VG_AUTH_SCOPE,
	VG_AUTH_STALE,
	VG_AUTH_HOST,
	VG_AUTH_SIGNATURE,
	VG_AUTH_PAYLOAD_REQUIRED,
	VG_AUTH_PAYLOAD_MISMATCH,
	VG_AUTH_RIGHTS,
	VG_AUTH_REPLAY,
	VG_AUTH_TABLE_FULL,
	VG_AUTH_STARTING,
	VG_AUTH_PLAINTEXT,
	VG_AUTH_CODES,
};

struct vg_key {
	char id[VG_KEY_ID_MAX + 1];
	u8 id_n;
	char secret[VG_KEY_SECRET_MAX + 1];
	u8 secret_n;
	u32 rights;
	u32 services;			/* bit i: service i of vg_service_names[]; 0: all */
	u32 nr_prefixes;		/* 0: everything */
	struct vg_str prefix[VG_KEY_PREFIXES_MAX];
	u64 not_before, not_after;	/* Unix seconds; 0: none */
	atomic64_t last_used;		/* Unix seconds */
	atomic64_t uses;
	struct vg_sigkey __rcu *cache[VG_SIGKEYS];
};

struct vg_keyset {
	refcount_t refs;
	struct rcu_head rcu;
	char *text;			/* the file; prefixes point into it */
	size_t text_n;
	struct vg_key dummy;		/* an unknown key id costs what a known one costs */
	u32 n;
	struct vg_key key[];
};

/*
 * Parse a key file (see virgo_cloud.conf(5)). @text is taken over on success and wiped at the
 * end. An empty file is a keyset of none. Errors name line and column, never the secret.
 */
int vg_keyset_parse(char *text, size_t n, struct vg_keyset **set, struct vg_conf_error *err);
struct vg_keyset *vg_keyset_get(struct vg_keyset *set);
void vg_keyset_put(struct vg_keyset *set);	/* wipes secrets; defers the free past RCU */
const struct vg_key *vg_keyset_find(const struct vg_keyset *set, struct vg_str id);

/*
 * Steps 3 to 10 of the verification, on a request whose head and target were checked (steps 1
 * and 2). 0: go on, req->key is set and, where the body must be checked against a hash,
 * req->hash_body. Otherwise the answer has been given.
 */
int vg_auth_head(struct vg_req *req);
/*
 * Steps 9 (body without hash header), 11 and 12, when the body is complete. 0: run the handler.
 */
int vg_auth_body(struct vg_req *req);
/* May a one-line command be run on this connection with the rights @route needs? 0 or answered. */
int vg_auth_line(struct vg_req *req);
/* Check rights, service and name prefix of req->key. */
bool vg_key_may(const struct vg_key *key, u32 rights, const char *service, const char *name,
		size_t n);

/* Replay table of a node; see replay.c for its bounds. */
struct vg_replay;
int vg_replay_new(u32 entries, struct vg_replay **r);
void vg_replay_free(struct vg_replay *r);
/* The stamp of a clean stop: the largest date accepted, and its use at the next start. */
u64 vg_replay_largest(struct vg_replay *r);
void vg_replay_begin(struct vg_replay *r, u64 not_before_s);
/*
 * Insert if absent. @sig: first 16 bytes of the signature; @nonce: the header's value or empty.
 * 0, -EEXIST (replay), -ESTALE (so old that it may be one), -ENOSPC (full), -EAGAIN (starting;
 * *@retry_s says when).
 */
int vg_replay_check(struct vg_replay *r, const struct vg_key *key, u32 service, const u8 sig[16],
		    struct vg_str nonce, u64 date_s, u64 now_s, u32 *retry_s);
/* Would that be -EEXIST? For a head whose body is yet to come; changes nothing. */
bool vg_replay_seen(struct vg_replay *r, const struct vg_key *key, u32 service, const u8 sig[16],
		    struct vg_str nonce);
/* Forget what is stale, which stays so from then on; every tick. */
void vg_replay_tick(struct vg_replay *r, u64 now_s, u32 past_s);
/* The lower end of the window at @now_s, which never moves back. */
u64 vg_replay_floor(struct vg_replay *r, u64 now_s, u32 past_s);

/* Refusals per code, for /metrics. */
void vg_auth_metrics(struct vg_node *node, struct vg_buf *out);
void vg_keyset_metrics(const struct vg_keyset *set, struct vg_buf *out);

extern const char *const vg_service_names[];	/* cpupool eventnet mempool control cloudfs queue */
int vg_service_index(struct vg_str name);	/* -1: no such service */

#endif
