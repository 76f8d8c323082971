// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POST /v1/txn: see txn.h for the language.
 *
 * Everything that can fail happens first: values, tombstones, entries and the answer's buffer are
 * allocated; then, under the lock, conditions are judged and new keys linked as ghosts, which no
 * reader sees. After that nothing can fail. Every written key gets its new value with the commit
 * record not yet done: readers who meet it take the value from before. Storing "done" is the
 * instant at which all of it becomes visible; what follows is tidying up.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/target.h"
#include "core/utf8.h"
#include "mempool/api.h"
#include "mempool/txn.h"

enum {
	/* of an answer, per operation besides key and value, and per byte of these at worst */
	MP_RESULT_BYTES = 128,
	MP_RESULT_FACTOR = 6,
	MP_RESULT_BUF = MP_RESULT_FACTOR * (MP_TXN_RESULT_MAX + MP_TXN_OPS_MAX * MP_KEY_MAX) +
			(MP_TXN_OPS_MAX + 1) * MP_RESULT_BYTES,
};

size_t mp_txn_body_max(struct vg_req *req)
{
	return VG_JSON_BODY_MAX;
}

static bool mp_writes(const struct mp_op *op)
{
	return op->kind == MP_OP_SET || op->kind == MP_OP_DEL;
}

/* --- before the lock: rights and memory ------------------------------------------------------ */

static int mp_txn_may(struct mp_txn *t)
{
	char shown[80];
	u32 i;

	for (i = 0; i < t->nr; i++) {
		struct vg_str key = t->op[i].what.key;

		if (vg_req_may(t->req, mp_writes(&t->op[i]) ? VG_WRITE : VG_READ, key.p, key.n))
			continue;
		vg_problem(t->req, 403, "mem.forbidden", "this key may not %s \"%s\"",
			   mp_writes(&t->op[i]) ? "write" : "read",
			   vg_printable(key.p, key.n, shown, sizeof(shown)));
		return -EACCES;
	}
	return 0;
}

/* The value of a set, and an entry in case its key is new; or the tombstone of a del */
static int mp_op_prepare(struct mp_txn *t, struct mp_op *op, u64 now_ms)
{
	size_t cap = op->kind == MP_OP_SET ? op->text->len : 0;
	u64 most = READ_ONCE(t->pool->value_max);

	op->val = mp_val_new(t->pool, cap);
	if (!op->val)
		goto full;
	if (op->kind == MP_OP_DEL) {
		op->val->tomb = true;
		return 0;
	}
	op->val->size = vg_json_str(&t->doc, op->text, (char *)op->val->data, cap);
	if (op->val->size > most) {
		vg_problem(t->req, 413, "mem.too_large",
			   "a value has at most %llu bytes (value_max)", (unsigned long long)most);
		return -E2BIG;
	}
	op->val->expires_ms = op->ttl_ms ? now_ms + op->ttl_ms : 0;
	op->spare = mp_entry_new(t->pool, &op->what);
	if (op->spare)
		return 0;
full:
	mp_full(t->req, cap);
	return -ENOSPC;
}

static int mp_txn_prepare(struct mp_txn *t)
{
	u64 now_ms = vg_now_ms();
	u32 i;
	int ret;

	for (i = 0; i < t->nr; i++) {
		if (!mp_writes(&t->op[i]))
			continue;
		ret = mp_op_prepare(t, &t->op[i], now_ms);
		if (ret)
			return ret;
	}
	t->commit = kzalloc(sizeof(*t->commit), GFP_KERNEL);
	if (t->commit)
		return 0;
	mp_full(t->req, sizeof(*t->commit));
	return -ENOMEM;
}

/* --- under the lock -------------------------------------------------------------------------- */

static bool mp_holds(struct mp_txn *t, const struct mp_op *op, u64 now_ms)
{
	const struct mp_val *cur = mp_entry_val(mp_entry_find(t->pool, &op->what), now_ms);

	switch (op->kind) {
	case MP_OP_VERSION:
		return cur && cur->version == op->version;
	case MP_OP_VALUE:
		return cur && vg_json_str_eq(&t->doc, op->text,
					     vg_str((const char *)cur->data, cur->size));
	default:
		return !cur;
	}
}

/* What operation @op of the branch @ops would find: of an earlier one, or of the pool */
static struct mp_val *mp_sees(struct mp_txn *t, const struct mp_op *ops, const struct mp_op *op,
			      u64 now_ms)
{
	if (op->before < 0)
		return mp_entry_val(mp_entry_find(t->pool, &op->what), now_ms);
	return ops[op->before].kind == MP_OP_SET ? ops[op->before].val : NULL;
}

/* Bytes of values that the branch reads */
static u64 mp_txn_reads(struct mp_txn *t, const struct mp_op *ops, u32 n, u64 now_ms)
{
	const struct mp_val *v;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		v = ops[i].kind == MP_OP_GET ? mp_sees(t, ops, &ops[i], now_ms) : NULL;
		sum += v ? v->size : 0;
	}
	return sum;
}

/* Link what is new, as ghosts; all or none */
static int mp_txn_link(struct mp_txn *t, struct mp_op *ops, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (!ops[i].last)
			continue;
		ops[i].entry = mp_entry_find(t->pool, &ops[i].what);
		if (ops[i].entry || ops[i].kind == MP_OP_DEL)
			continue;
		if (mp_entry_link(t->pool, ops[i].spare))
			goto unlink;
		ops[i].entry = ops[i].spare;
		ops[i].spare = NULL;
	}
	return 0;
unlink:
	/* a ghost has no value: found that way, for its spare is gone */
	while (i--) {
		if (ops[i].last && ops[i].kind == MP_OP_SET && !ops[i].spare)
			mp_entry_unlink(t->pool, ops[i].entry);
	}
	return -ENOSPC;
}

/* Results and versions, in order. Nothing is visible yet. */
static void mp_txn_results(struct mp_txn *t, struct mp_op *ops, u32 n, u64 now_ms)
{
	struct mp_val *v;
	u32 i;

	for (i = 0; i < n; i++) {
		v = mp_sees(t, ops, &ops[i], now_ms);
		switch (ops[i].kind) {
		case MP_OP_SET:
			ops[i].val->version = ++t->pool->version;
			ops[i].version = ops[i].val->version;
			break;
		case MP_OP_DEL:
			ops[i].version = v ? v->version : 0;
			break;
		default:
			ops[i].version = v ? v->version : 0;
			/* it is in force, or ours: the reference cannot fail */
			if (v && !WARN_ON(!mp_val_get(v)))
				ops[i].val = v;
			break;
		}
	}
}

/* Put what stays in place, then make it visible at once, then let go of what was before */
static void mp_txn_publish(struct mp_txn *t, struct mp_op *ops, u32 n)
{
	struct mp_val *v;
	u32 i;

	for (i = 0; i < n; i++) {
		if (!ops[i].last || !ops[i].entry)
			continue;
		v = ops[i].val;
		v->before = rcu_dereference_protected(ops[i].entry->val,
						      lockdep_is_held(&t->pool->lock));
		RCU_INIT_POINTER(v->commit, t->commit);
		mp_entry_set(t->pool, ops[i].entry, v);
	}
	/* pairs with mp_entry_read() */
	smp_store_release(&t->commit->done, true);
	for (i = 0; i < n; i++) {
		if (!ops[i].last || !ops[i].entry)
			continue;
		v = ops[i].val;
		ops[i].val = NULL;
		RCU_INIT_POINTER(v->commit, NULL);
		mp_val_put(v->before);
		if (ops[i].kind == MP_OP_DEL)
			mp_entry_unlink(t->pool, ops[i].entry);
	}
	kfree_rcu(t->commit, rcu);
	t->commit = NULL;
}

/*
 * Judge and do it. 0, -ENOSPC, -E2BIG (more is read than an answer holds) or -EAGAIN: *@need
 * bytes of buffer are wanted first.
 */
static int mp_txn_locked(struct mp_txn *t, size_t *need)
{
	u64 now_ms = vg_now_ms();
	struct mp_op *ops;
	int branch, ret;
	u64 reads;
	u32 i, n;

	t->succeeded = true;
	for (i = 0; i < t->first[MP_BRANCH_THEN] && t->succeeded; i++)
		t->succeeded = mp_holds(t, &t->op[i], now_ms);
	branch = t->succeeded ? MP_BRANCH_THEN : MP_BRANCH_ELSE;
	ops = &t->op[t->first[branch]];
	n = t->first[branch + 1] - t->first[branch];

	reads = mp_txn_reads(t, ops, n, now_ms);
	if (reads > MP_TXN_RESULT_MAX)
		return -E2BIG;
	*need = MP_RESULT_FACTOR * (reads + t->keys_n) + (n + 1) * MP_RESULT_BYTES;
	if (t->out.cap < *need)
		return -EAGAIN;
	ret = mp_txn_link(t, ops, n);
	if (ret)
		return ret;
	mp_txn_results(t, ops, n, now_ms);
	mp_txn_publish(t, ops, n);
	return 0;
}

/* --- afterwards: the answer ------------------------------------------------------------------ */

/* A value as text, or percent-encoded where it is none */
static void mp_write_value(struct vg_jw *json, const struct mp_val *v)
{
	struct vg_str s = vg_str((const char *)v->data, v->size);

	if (vg_utf8_valid(s.p, s.n)) {
		vg_jw_kstr(json, "value", s);
		return;
	}
	vg_jw_key(json, "value_raw");
	/* the encoding needs no escapes, so it may stand between quotes as it is */
	vg_jw_raw(json, VG_STR("\""));
	vg_pct_encode(json->b, s, false);
	vg_buf_putc(json->b, '"');
}

static void mp_write_result(struct vg_jw *json, const struct mp_op *op)
{
	vg_jw_obj(json);
	switch (op->kind) {
	case MP_OP_SET:
		vg_jw_kstr(json, "set", op->what.key);
		vg_jw_kid(json, "version", op->version);
		break;
	case MP_OP_DEL:
		vg_jw_kstr(json, "del", op->what.key);
		vg_jw_kbool(json, "deleted", op->version);
		break;
	default:
		vg_jw_kstr(json, "get", op->what.key);
		if (!op->val) {
			vg_jw_key(json, "value");
			vg_jw_null(json);
			break;
		}
		mp_write_value(json, op->val);
		vg_jw_kid(json, "version", op->version);
		break;
	}
	vg_jw_obj_end(json);
}

static int mp_txn_answer(struct mp_txn *t)
{
	int branch = t->succeeded ? MP_BRANCH_THEN : MP_BRANCH_ELSE;
	struct vg_jw json;
	u32 i;

	atomic64_inc(&t->pool->stats.txns);
	if (!t->succeeded)
		atomic64_inc(&t->pool->stats.txns_else);
	vg_jw_init(&json, &t->out);
	vg_jw_obj(&json);
	vg_jw_kbool(&json, "succeeded", t->succeeded);
	vg_jw_karr(&json, "results");
	for (i = t->first[branch]; i < t->first[branch + 1]; i++)
		mp_write_result(&json, &t->op[i]);
	vg_jw_arr_end(&json);
	vg_jw_obj_end(&json);
	return vg_reply_json(t->req, 200, &t->out);
}

static int mp_txn_run(struct mp_txn *t)
{
	size_t need = 4096;
	int ret;

	do {
		if (!vg_buf_reserve(&t->out, need))
			return mp_full(t->req, need);
		mutex_lock(&t->pool->lock);
		ret = mp_txn_locked(t, &need);
		mutex_unlock(&t->pool->lock);
		/* values may grow while the buffer does: bounded by MP_TXN_RESULT_MAX */
	} while (ret == -EAGAIN);
	if (ret == -E2BIG)
		return vg_problem(t->req, 413, "mem.too_large",
				  "a transaction gets at most %d bytes of values",
				  MP_TXN_RESULT_MAX);
	if (ret)
		return mp_full(t->req, 0);
	return mp_txn_answer(t);
}

static void mp_txn_free(struct mp_txn *t)
{
	u32 i;

	for (i = 0; i < t->nr; i++) {
		mp_val_put(t->op[i].val);
		mp_entry_drop(t->op[i].spare);
	}
	kfree(t->commit);
	vg_buf_free(&t->out);
	kvfree(t->tok);
	kvfree(t->keys);
	kvfree(t);
}

int mp_txn(struct vg_req *req)
{
	struct mp_txn *t = kvzalloc(sizeof(*t), GFP_KERNEL);
	int ret = 0;

	if (!t)
		return -ENOMEM;
	t->req = req;
	t->pool = req->data;
	vg_buf_init(&t->out, NULL, 0, MP_RESULT_BUF);
	/* what is done cannot be taken back for want of room for the answer */
	if (!mp_txn_parse(t) && !mp_txn_may(t) && vg_reply_room(req) && !mp_txn_prepare(t))
		ret = mp_txn_run(t);
	mp_txn_free(t);
	return ret;
}
