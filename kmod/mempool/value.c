// SPDX-License-Identifier: GPL-2.0-or-later
/* Values: counted, immutable once published, freed a grace period after the last reference. */
#include <linux/container_of.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "mempool/pool.h"

struct mp_val *mp_val_new(struct mp_pool *pool, size_t cap)
{
	struct mp_val *v;
	size_t size, charged;

	if (check_add_overflow(sizeof(*v), cap, &size))
		return NULL;
	v = mp_alloc(pool, size, 0, &charged);
	if (!v)
		return NULL;
	memset(v, 0, sizeof(*v));
	refcount_set(&v->refs, 1);
	v->pool = pool;
	v->size = cap;
	v->cap = cap;
	v->charged = charged;
	atomic64_inc(&pool->stats.vals_made);
	return v;
}

struct mp_val *mp_val_resize(struct mp_val *v, size_t cap)
{
	struct mp_val *to = mp_val_new(v->pool, cap);

	if (!to)
		return NULL;
	to->size = min_t(size_t, v->size, cap);
	to->version = v->version;
	to->expires_ms = v->expires_ms;
	memcpy(to->data, v->data, to->size);
	mp_val_drop(v);
	return to;
}

bool mp_val_get(struct mp_val *v)
{
	return refcount_inc_not_zero(&v->refs);
}

void mp_val_drop(struct mp_val *v)
{
	struct mp_pool *pool;

	if (!v)
		return;
	pool = v->pool;
	mp_free(pool, v, v->charged);
	atomic64_inc(&pool->stats.vals_gone);
}

static void mp_val_reap(struct rcu_head *rcu)
{
	struct mp_val *v = container_of(rcu, struct mp_val, rcu);
	struct mp_pool *pool = v->pool;
	size_t charged = v->charged;

	mp_val_drop(v);
	atomic64_sub(charged, &pool->dying);
}

void mp_val_put(struct mp_val *v)
{
	if (!v || !refcount_dec_and_test(&v->refs))
		return;
	atomic64_add(v->charged, &v->pool->dying);
	call_rcu(&v->rcu, mp_val_reap);
}

void mp_val_put_obj(void *v)
{
	mp_val_put(v);
}
