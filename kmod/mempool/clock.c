// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Eviction by second chance (the clock algorithm): the hand goes round all keys; one that was read
 * since it last came by is spared once. Blocks are never evicted: their owner holds an address.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "mempool/pool.h"

/* Behind the hand: a new key is the last to be looked at */
void mp_clock_add(struct mp_pool *pool, struct mp_entry *e)
{
	lockdep_assert_held(&pool->lock);
	list_add_tail(&e->clock, &pool->clock);
}

void mp_clock_del(struct mp_pool *pool, struct mp_entry *e)
{
	lockdep_assert_held(&pool->lock);
	list_del(&e->clock);
}

/*
 * The next victim, or NULL if there are no keys. Bounded: where everything is in use the hand would
 * go round all keys with the lock held, and what it then evicts is no better a choice.
 */
static struct mp_entry *mp_clock_next(struct mp_pool *pool)
{
	struct mp_entry *e = NULL;
	unsigned int spared;

	for (spared = 0; !list_empty(&pool->clock); spared++) {
		e = list_first_entry(&pool->clock, struct mp_entry, clock);
		if (!READ_ONCE(e->used) || spared == MP_CLOCK_STEPS)
			return e;
		WRITE_ONCE(e->used, 0);
		list_move_tail(&e->clock, &pool->clock);
	}
	return NULL;
}

size_t mp_evict(struct mp_pool *pool, size_t bytes)
{
	struct mp_entry *e;
	struct mp_val *v;
	size_t got = 0;

	while (got < bytes) {
		unsigned int n;

		mutex_lock(&pool->lock);
		for (n = 0; n < MP_BUDGET && got < bytes; n++) {
			e = mp_clock_next(pool);
			if (!e)
				break;
			v = rcu_dereference_protected(e->val, lockdep_is_held(&pool->lock));
			got += e->charged + (v ? v->charged : 0);
			mp_entry_unlink(pool, e);
			atomic64_inc(&pool->stats.evicted);
		}
		mutex_unlock(&pool->lock);
		cond_resched();
		if (n < MP_BUDGET && got < bytes)
			break;
	}
	return got;
}
