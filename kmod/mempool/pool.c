// SPDX-License-Identifier: GPL-2.0-or-later
/* The pool's life: made with its node's service, ticked, emptied to the last byte at the end. */
#include <linux/container_of.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/host.h"
#include "core/node.h"
#include "mempool/pool.h"

void mp_pool_config(struct mp_pool *pool)
{
	const struct vg_config *cfg;

	rcu_read_lock();
	cfg = rcu_dereference(pool->node->cfg);
	WRITE_ONCE(pool->evict, cfg->evict);
	WRITE_ONCE(pool->value_max, cfg->value_max);
	WRITE_ONCE(pool->block_max, cfg->block_max);
	rcu_read_unlock();
}

int mp_pool_new(struct vg_node *node, struct mp_pool **out)
{
	struct mp_pool *pool = kvzalloc(sizeof(*pool), GFP_KERNEL);
	int ret;

	if (!pool)
		return -ENOMEM;
	pool->node = node;
	host_random(&pool->hash_key, sizeof(pool->hash_key));
	mutex_init(&pool->lock);
	mp_skip_init(&pool->index);
	mp_wheel_init(&pool->wheel, vg_now_ms());
	INIT_LIST_HEAD(&pool->clock);
	/* later than any version given before a restart, unless a million were given each second */
	pool->version = (u64)ktime_get_real_seconds() << 20;
	mp_pool_config(pool);
	ret = mp_table_new(&pool->table);
	if (ret) {
		kvfree(pool);
		return ret;
	}
	*out = pool;
	return 0;
}

static void mp_check_ledger(const struct mp_pool *pool)
{
	const struct mp_stats *s = &pool->stats;

	pr_debug("mempool: %llu values created, %llu destroyed\n",
		 (u64)atomic64_read(&s->vals_made), (u64)atomic64_read(&s->vals_gone));
	pr_debug("mempool: %llu entries created, %llu destroyed\n",
		 (u64)atomic64_read(&s->entries_made), (u64)atomic64_read(&s->entries_gone));
	pr_debug("mempool: %llu blocks created, %llu destroyed\n",
		 (u64)atomic64_read(&s->blocks_made), (u64)atomic64_read(&s->blocks_gone));
	WARN_ON(atomic64_read(&s->vals_made) != atomic64_read(&s->vals_gone));
	WARN_ON(atomic64_read(&s->entries_made) != atomic64_read(&s->entries_gone));
	WARN_ON(atomic64_read(&s->blocks_made) != atomic64_read(&s->blocks_gone));
	WARN_ON(atomic64_read(&pool->used));
	WARN_ON(atomic64_read(&pool->dying));
}

/* Take out up to MP_BUDGET keys; false: there are none left */
static bool mp_pool_drain(struct mp_pool *pool)
{
	unsigned int n;
	bool more;

	mutex_lock(&pool->lock);
	for (n = 0; n < MP_BUDGET && !list_empty(&pool->clock); n++)
		mp_entry_unlink(pool, list_first_entry(&pool->clock, struct mp_entry, clock));
	more = !list_empty(&pool->clock);
	mutex_unlock(&pool->lock);
	cond_resched();
	return more;
}

void mp_pool_free(struct mp_pool *pool)
{
	while (mp_pool_drain(pool))
		;
	mp_blocks_free(pool);
	/* the callbacks that free run in our text and count in the pool */
	rcu_barrier();
	mp_check_ledger(pool);
	mp_table_free(pool->table);
	mutex_destroy(&pool->lock);
	kvfree(pool);
}

static void mp_expire(void *ctx, struct mp_timer *t)
{
	struct mp_pool *pool = ctx;

	mp_entry_unlink(pool, container_of(t, struct mp_entry, timer));
	atomic64_inc(&pool->stats.expired);
}

void mp_pool_tick(struct mp_pool *pool, u64 now_ms)
{
	bool done;
	s64 over;

	do {
		mutex_lock(&pool->lock);
		done = mp_wheel_turn(&pool->wheel, now_ms, MP_BUDGET, mp_expire, pool);
		mutex_unlock(&pool->lock);
		cond_resched();
	} while (!done);
	over = atomic64_read(&pool->used) - atomic64_read(&pool->dying) -
	       (s64)min_t(u64, mp_pool_max(pool), S64_MAX);
	if (over > 0 && READ_ONCE(pool->evict) == VG_EVICT_CLOCK)
		mp_evict(pool, over);
}
