// SPDX-License-Identifier: GPL-2.0-or-later
/* From a transaction's body to a checked list of operations. Must not touch the pool's content. */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/json.h"
#include "mempool/api.h"
#include "mempool/txn.h"

static const char *const mp_branch_names[MP_BRANCHES] = { "if", "then", "else" };

__printf(4, 5)
static int mp_bad(struct mp_txn *t, int branch, u32 index, const char *fmt, ...)
{
	char why[120];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	vg_problem(t->req, 400, "mem.bad_txn", "\"%s\"[%u]: %s", mp_branch_names[branch], index,
		   why);
	return -EINVAL;
}

/* the members of one condition or operation */
struct mp_members {
	const struct vg_jtok *verb;	/* the key's value: behind "key", "set", "del" or "get" */
	enum mp_op_kind kind;
	u32 verbs;
	const struct vg_jtok *version, *value, *absent, *ttl;
	const struct vg_jtok *strange;
};

static void mp_take_members(const struct vg_json *doc, const struct vg_jtok *obj, bool condition,
			    struct mp_members *m)
{
	const struct vg_jtok *key;

	memset(m, 0, sizeof(*m));
	vg_json_for_each(doc, obj, key) {
		const struct vg_jtok *value = vg_json_value(key);
		struct vg_str name = vg_json_raw(doc, key);

		if (condition && vg_str_is(name, "key")) {
			m->verb = value;
			m->verbs++;
		} else if (!condition && (vg_str_is(name, "set") || vg_str_is(name, "del") ||
					  vg_str_is(name, "get"))) {
			m->verb = value;
			m->verbs++;
			m->kind = name.p[0] == 's' ? MP_OP_SET :
				  name.p[0] == 'd' ? MP_OP_DEL : MP_OP_GET;
		} else if (vg_str_is(name, "value")) {
			m->value = value;
		} else if (condition && vg_str_is(name, "version")) {
			m->version = value;
		} else if (condition && vg_str_is(name, "absent")) {
			m->absent = value;
		} else if (!condition && vg_str_is(name, "ttl_ms")) {
			m->ttl = value;
		} else {
			m->strange = key;
		}
	}
}

/* Decode the name @tok of an operation into t->keys */
static int mp_take_key(struct mp_txn *t, int branch, u32 index, const struct vg_jtok *tok,
		       struct mp_op *op)
{
	char *at = t->keys + t->keys_n;
	ssize_t n = vg_json_str(&t->doc, tok, at, MP_KEY_MAX);

	if (n < 1 || memchr(at, '\0', n))
		return mp_bad(t, branch, index,
			      "a key is a string of 1 to %d bytes, none of them NUL", MP_KEY_MAX);
	t->keys_n += n;
	mp_hash(t->pool, vg_str(at, n), &op->what);
	return 0;
}

static int mp_take_condition(struct mp_txn *t, u32 index, const struct mp_members *m,
			     struct mp_op *op)
{
	bool absent = false;

	if (!m->version + !m->value + !m->absent != 2)
		return mp_bad(t, MP_BRANCH_IF, index, "one of version, value and absent is wanted");
	if (m->version) {
		op->kind = MP_OP_VERSION;
		if (vg_json_id(&t->doc, m->version, &op->version))
			return mp_bad(t, MP_BRANCH_IF, index, "version is a number in a string");
	} else if (m->value) {
		op->kind = MP_OP_VALUE;
		op->text = m->value;
		if (!vg_json_is(m->value, VG_JSON_STRING))
			return mp_bad(t, MP_BRANCH_IF, index, "value is a string");
	} else {
		op->kind = MP_OP_ABSENT;
		if (vg_json_bool(&t->doc, m->absent, &absent) || !absent)
			return mp_bad(t, MP_BRANCH_IF, index, "absent can only be true");
	}
	return 0;
}

static int mp_take_operation(struct mp_txn *t, int branch, u32 index, const struct mp_members *m,
			     struct mp_op *op)
{
	op->kind = m->kind;
	op->text = m->value;
	if (op->kind != MP_OP_SET) {
		if (m->value || m->ttl)
			return mp_bad(t, branch, index, "value and ttl_ms belong to set");
		return 0;
	}
	if (!vg_json_is(m->value, VG_JSON_STRING))
		return mp_bad(t, branch, index, "set needs a value that is a string");
	if (m->ttl && (vg_json_u64(&t->doc, m->ttl, &op->ttl_ms) || !op->ttl_ms ||
		       op->ttl_ms > MP_TTL_MAX_MS))
		return mp_bad(t, branch, index, "ttl_ms is a number from 1 to %llu", MP_TTL_MAX_MS);
	return 0;
}

static int mp_take_one(struct mp_txn *t, int branch, u32 index, const struct vg_jtok *obj)
{
	bool condition = branch == MP_BRANCH_IF;
	struct mp_members m;
	struct mp_op *op;
	int ret;

	if (t->nr == MP_TXN_OPS_MAX) {
		vg_problem(t->req, 413, "mem.too_large",
			   "a transaction has at most %d conditions and operations",
			   MP_TXN_OPS_MAX);
		return -E2BIG;
	}
	op = &t->op[t->nr++];
	mp_take_members(&t->doc, obj, condition, &m);
	if (!vg_json_is(obj, VG_JSON_OBJECT) || m.verbs != 1)
		return mp_bad(t, branch, index, condition ? "an object with \"key\" is wanted" :
			      "an object with one of set, del and get is wanted");
	if (m.strange)
		return mp_bad(t, branch, index, "unknown or misplaced member \"%.*s\"",
			      (int)min_t(u32, m.strange->len, 32), t->doc.text + m.strange->start);
	ret = mp_take_key(t, branch, index, m.verb, op);
	if (ret)
		return ret;
	return condition ? mp_take_condition(t, index, &m, op) :
			   mp_take_operation(t, branch, index, &m, op);
}

static int mp_take_branch(struct mp_txn *t, int branch)
{
	const struct vg_jtok *list, *item;
	u32 index = 0;
	int ret;

	t->first[branch] = t->nr;
	list = vg_json_get(&t->doc, vg_json_root(&t->doc), mp_branch_names[branch]);
	if (!list)
		return 0;
	if (!vg_json_is(list, VG_JSON_ARRAY)) {
		vg_problem(t->req, 400, "mem.bad_txn", "\"%s\" is not an array",
			   mp_branch_names[branch]);
		return -EINVAL;
	}
	vg_json_for_each(&t->doc, list, item) {
		ret = mp_take_one(t, branch, index++, item);
		if (ret)
			return ret;
	}
	return 0;
}

/* Which operations of a branch write the same key */
static void mp_link_ops(struct mp_op *op, u32 n)
{
	u32 i, j;

	for (i = 0; i < n; i++) {
		op[i].before = -1;
		op[i].last = op[i].kind != MP_OP_GET;
		for (j = i; j-- > 0; ) {
			if (op[j].kind == MP_OP_GET || op[j].what.hash != op[i].what.hash ||
			    !vg_str_eq(op[j].what.key, op[i].what.key))
				continue;
			op[i].before = j;
			if (op[i].kind != MP_OP_GET)
				op[j].last = false;
			break;
		}
	}
}

static int mp_txn_json(struct mp_txn *t)
{
	const struct vg_body *body = &t->req->body;
	u32 max = min_t(size_t, body->n / 2 + 1, VG_JSON_TOKENS_MAX);

	/* a decoded key is never longer than it stands in the body */
	t->keys = kvmalloc(body->n + MP_KEY_MAX, GFP_KERNEL | __GFP_NOWARN);
	t->tok = kvmalloc_array(max, sizeof(*t->tok), GFP_KERNEL | __GFP_NOWARN);
	if (!t->keys || !t->tok) {
		mp_full(t->req, body->n);
		return -ENOMEM;
	}
	if (!vg_json_parse(&t->doc, (const char *)body->data, body->n, t->tok, max))
		return 0;
	vg_problem(t->req, 400, "mem.bad_txn", "not JSON at byte %zu: %s", t->doc.fault.pos,
		   t->doc.fault.why);
	return -EINVAL;
}

int mp_txn_parse(struct mp_txn *t)
{
	const struct vg_jtok *root, *key;
	int ret, b;

	ret = mp_txn_json(t);
	if (ret)
		return ret;
	root = vg_json_root(&t->doc);
	if (!vg_json_is(root, VG_JSON_OBJECT)) {
		vg_problem(t->req, 400, "mem.bad_txn",
			   "a transaction is an object of if, then and else");
		return -EINVAL;
	}
	vg_json_for_each(&t->doc, root, key) {
		struct vg_str name = vg_json_raw(&t->doc, key);

		if (vg_str_is(name, "if") || vg_str_is(name, "then") || vg_str_is(name, "else"))
			continue;
		vg_problem(t->req, 400, "mem.bad_txn",
			   "unknown member: only if, then and else may be there");
		return -EINVAL;
	}
	for (b = 0; b < MP_BRANCHES; b++) {
		ret = mp_take_branch(t, b);
		if (ret)
			return ret;
	}
	t->first[MP_BRANCHES] = t->nr;
	for (b = MP_BRANCH_THEN; b < MP_BRANCHES; b++)
		mp_link_ops(&t->op[t->first[b]], t->first[b + 1] - t->first[b]);
	return 0;
}
