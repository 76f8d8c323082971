// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The account of pool.h: every byte of keys, values and blocks is allocated here, after it was
 * charged. Must never let pool->used get past the limit, whoever races.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core/host.h"
#include "core/node.h"
#include "mempool/pool.h"

u64 mp_pool_max(const struct mp_pool *pool)
{
	return READ_ONCE(pool->node->mempool_max_bytes);
}

static bool mp_try_charge(struct mp_pool *pool, size_t n)
{
	s64 max = min_t(u64, mp_pool_max(pool), S64_MAX);
	s64 used = atomic64_read(&pool->used);

	do {
		if ((s64)n > max || used > max - (s64)n)
			return false;
	} while (!atomic64_try_cmpxchg(&pool->used, &used, used + (s64)n));
	return true;
}

static void mp_uncharge(struct mp_pool *pool, size_t n)
{
	atomic64_sub(n, &pool->used);
}

/* Would a limit that was learnt, and is in shadow, have had no room for this? */
static void mp_shadow(struct mp_pool *pool)
{
	u64 max = READ_ONCE(pool->node->shadow_mempool_bytes);

	if (unlikely(max) && atomic64_read(&pool->used) > (s64)min_t(u64, max, S64_MAX))
		vg_act_would(pool->node, VG_ACT_MEMPOOL);
}

/*
 * Full: first wait for memory that is already on its way back, then evict. More is evicted than one
 * object needs, because each round costs a grace period.
 */
static bool mp_charge(struct mp_pool *pool, size_t n)
{
	u64 max = mp_pool_max(pool);
	unsigned int round;
	s64 over;

	if (mp_try_charge(pool, n)) {
		mp_shadow(pool);
		return true;
	}
	vg_act_did(pool->node, VG_ACT_MEMPOOL);
	if (n > max)
		return false;
	for (round = 0; round < MP_EVICT_ROUNDS; round++) {
		over = atomic64_read(&pool->used) - atomic64_read(&pool->dying) + (s64)n - (s64)max;
		if (over > 0) {
			if (READ_ONCE(pool->evict) != VG_EVICT_CLOCK)
				return false;
			if (!mp_evict(pool, max_t(u64, over, max / 32)) &&
			    !atomic64_read(&pool->dying))
				return false;
		}
		rcu_barrier();
		if (mp_try_charge(pool, n))
			return true;
	}
	return false;
}

void *mp_alloc(struct mp_pool *pool, size_t size, size_t share, size_t *charged)
{
	size_t real, more;
	void *p;

	if (!mp_charge(pool, size + share))
		goto full;
	p = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!p)
		goto uncharge;
	real = host_alloc_size(p, size);
	more = real > size ? real - size : 0;
	if (more && !mp_charge(pool, more))
		goto free;
	*charged = size + share + more;
	return p;
free:
	kvfree(p);
uncharge:
	mp_uncharge(pool, size + share);
full:
	atomic64_inc(&pool->stats.refused_full);
	return NULL;
}

void mp_free(struct mp_pool *pool, void *p, size_t charged)
{
	kvfree(p);
	mp_uncharge(pool, charged);
}
