// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys: made, linked into table, index, clock and wheel, changed, and taken out again. */
#include <linux/container_of.h>
#include <linux/lockdep.h>
#include <linux/string.h>

#include "mempool/pool.h"

void mp_hash(const struct mp_pool *pool, struct vg_str key, struct mp_lookup *what)
{
	what->key = key;
	what->hash = siphash(key.p, key.n, &pool->hash_key);
}

struct mp_entry *mp_entry_new(struct mp_pool *pool, const struct mp_lookup *what)
{
	unsigned int height = mp_skip_height(what->hash >> 32);
	struct mp_entry *e;
	size_t charged;

	e = mp_alloc(pool, sizeof(*e) + mp_skip_tail(height, what->key.n), MP_TABLE_SHARE,
		     &charged);
	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->pool = pool;
	e->charged = charged;
	e->skip.height = height;
	e->skip.key_n = what->key.n;
	memcpy(mp_skip_key_at(&e->skip), what->key.p, what->key.n);
	/* pairs with mp_entry_is() */
	smp_store_release(&e->hash, what->hash);
	atomic64_inc(&pool->stats.entries_made);
	return e;
}

void mp_entry_drop(struct mp_entry *e)
{
	struct mp_pool *pool;

	if (!e)
		return;
	pool = e->pool;
	mp_free(pool, e, e->charged);
	atomic64_inc(&pool->stats.entries_gone);
}

static void mp_entry_reap(struct rcu_head *rcu)
{
	struct mp_entry *e = container_of(rcu, struct mp_entry, rcu);
	struct mp_pool *pool = e->pool;
	size_t charged = e->charged;

	mp_entry_drop(e);
	atomic64_sub(charged, &pool->dying);
}

struct mp_entry *mp_entry_find(struct mp_pool *pool, const struct mp_lookup *what)
{
	struct mp_entry *e;

	lockdep_assert_held(&pool->lock);
	rcu_read_lock();
	e = mp_table_find(pool->table, what);
	rcu_read_unlock();
	/* only a writer could free it */
	return e;
}

int mp_entry_link(struct mp_pool *pool, struct mp_entry *e)
{
	lockdep_assert_held(&pool->lock);
	if (mp_table_insert(pool->table, e))
		return -ENOSPC;
	mp_skip_insert(&pool->index, &e->skip);
	mp_clock_add(pool, e);
	WRITE_ONCE(pool->keys, pool->keys + 1);
	return 0;
}

void mp_entry_unlink(struct mp_pool *pool, struct mp_entry *e)
{
	struct mp_val *v = rcu_dereference_protected(e->val, lockdep_is_held(&pool->lock));

	lockdep_assert_held(&pool->lock);
	rcu_assign_pointer(e->val, NULL);
	mp_table_remove(pool->table, e);
	mp_skip_remove(&pool->index, &e->skip);
	mp_wheel_del(&e->timer);
	mp_clock_del(pool, e);
	WRITE_ONCE(pool->keys, pool->keys - 1);
	mp_val_put(v);
	atomic64_add(e->charged, &pool->dying);
	call_rcu(&e->rcu, mp_entry_reap);
}

void mp_entry_set(struct mp_pool *pool, struct mp_entry *e, struct mp_val *v)
{
	struct mp_val *old = rcu_dereference_protected(e->val, lockdep_is_held(&pool->lock));

	lockdep_assert_held(&pool->lock);
	mp_wheel_del(&e->timer);
	if (v->expires_ms)
		mp_wheel_add(&pool->wheel, &e->timer, v->expires_ms);
	rcu_assign_pointer(e->val, v);
	/* while a transaction is not committed readers go on to the old one: see txn.c */
	if (!rcu_access_pointer(v->commit))
		mp_val_put(old);
}

struct mp_val *mp_entry_val(const struct mp_entry *e, u64 now_ms)
{
	struct mp_val *v;

	if (!e)
		return NULL;
	lockdep_assert_held(&e->pool->lock);
	v = rcu_dereference_protected(e->val, lockdep_is_held(&e->pool->lock));
	return mp_val_live(v, now_ms) ? v : NULL;
}

struct mp_val *mp_entry_read(const struct mp_entry *e, u64 now_ms)
{
	struct mp_val *v = rcu_dereference(e->val);
	struct mp_commit *commit = v ? rcu_dereference(v->commit) : NULL;

	/* pairs with mp_txn_publish() */
	if (commit && !smp_load_acquire(&commit->done))
		v = v->before;
	return mp_val_live(v, now_ms) ? v : NULL;
}

struct mp_val *mp_peek(struct mp_pool *pool, const struct mp_lookup *what, unsigned int shard)
{
	struct mp_shard *s = &pool->shard[shard % MP_STAT_SHARDS];
	struct mp_entry *e = mp_table_find(pool->table, what);
	struct mp_val *v = e ? mp_entry_read(e, vg_now_ms()) : NULL;

	atomic64_inc(v ? &s->hits : &s->misses);
	/* written only when it changes: the line stays shared among readers */
	if (v && !READ_ONCE(e->used))
		WRITE_ONCE(e->used, 1);
	return v;
}

int mp_update(struct mp_pool *pool, const struct mp_lookup *what, struct mp_val *v,
	      mp_decide decide, void *ctx, u64 *version)
{
	struct mp_entry *spare = NULL;
	struct mp_entry *e;
	int ret;

	for (;;) {
		mutex_lock(&pool->lock);
		e = mp_entry_find(pool, what);
		if (e || spare)
			break;
		mutex_unlock(&pool->lock);
		spare = mp_entry_new(pool, what);
		if (!spare)
			return -ENOSPC;
	}
	ret = decide(ctx, mp_entry_val(e, vg_now_ms()), v);
	if (ret)
		goto unlock;
	if (!e) {
		ret = mp_entry_link(pool, spare);
		if (ret)
			goto unlock;
		e = spare;
		spare = NULL;
	}
	v->version = ++pool->version;
	*version = v->version;
	mp_entry_set(pool, e, v);
unlock:
	mutex_unlock(&pool->lock);
	mp_entry_drop(spare);
	return ret;
}

int mp_delete(struct mp_pool *pool, const struct mp_lookup *what, mp_decide decide, void *ctx)
{
	struct mp_entry *e;
	struct mp_val *cur;
	int ret;

	mutex_lock(&pool->lock);
	e = mp_entry_find(pool, what);
	cur = mp_entry_val(e, vg_now_ms());
	ret = decide ? decide(ctx, cur, NULL) : 0;
	if (!ret && !cur)
		ret = -ENOENT;
	if (!ret)
		mp_entry_unlink(pool, e);
	mutex_unlock(&pool->lock);
	return ret;
}
