/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions: a list of conditions and two lists of operations, one of which takes effect as a
 * whole, at one instant, for every reader.
 *
 *	{"if":   [{"key":K,"version":"7"} | {"key":K,"value":V} | {"key":K,"absent":true}],
 *	 "then": [{"set":K,"value":V,"ttl_ms":N} | {"del":K} | {"get":K}],
 *	 "else": [as then]}
 *
 * All three may be left out. The operations run in order, a later one sees what earlier ones did.
 * Answer: {"succeeded":true,"results":[…]}, succeeded telling whether all conditions held, one
 * result an operation of the branch that ran:
 *	{"set":K,"version":"9"}   {"del":K,"deleted":true}
 *	{"get":K,"value":V,"version":"8"}, "value_raw" and percent-encoded if V is not UTF-8,
 *	or {"get":K,"value":null}
 */
#ifndef VG_MEMPOOL_TXN_H
#define VG_MEMPOOL_TXN_H

#include "core/json.h"
#include "mempool/pool.h"

struct vg_req;

enum mp_op_kind {
	MP_OP_VERSION,		/* conditions */
	MP_OP_VALUE,
	MP_OP_ABSENT,
	MP_OP_SET,		/* operations */
	MP_OP_DEL,
	MP_OP_GET,
};

struct mp_op {
	enum mp_op_kind kind;
	struct mp_lookup what;
	u64 version;			/* wanted; or of the result, 0: there was nothing */
	u64 ttl_ms;
	const struct vg_jtok *text;	/* value, wanted or to be set */

	/* among the operations of its branch, by index, -1: none */
	int before;			/* the last one before this that writes the same key */
	bool last;			/* no later one writes it: what it does stays */

	struct mp_val *val;		/* set: the new one; del: the tombstone; get: the result */
	struct mp_entry *spare;		/* set: should the key be new */
	struct mp_entry *entry;		/* while the lock is held */
};

enum { MP_BRANCH_IF, MP_BRANCH_THEN, MP_BRANCH_ELSE, MP_BRANCHES };

struct mp_txn {
	struct vg_req *req;
	struct mp_pool *pool;
	struct vg_json doc;
	struct vg_jtok *tok;
	char *keys;			/* the decoded ones */
	size_t keys_n;
	struct mp_commit *commit;
	struct vg_buf out;
	bool succeeded;
	u32 first[MP_BRANCHES + 1];	/* branch b is op[first[b]] up to op[first[b + 1]] */
	u32 nr;
	struct mp_op op[MP_TXN_OPS_MAX];
};

/* txn_parse.c: 0, or -errno when a problem was answered. Nothing in @t is allocated but by this. */
int mp_txn_parse(struct mp_txn *t);

#endif
