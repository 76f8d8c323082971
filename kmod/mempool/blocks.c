// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks: the translation table from a virgo unique id to memory. A slot's content is an immutable
 * value; writing replaces it. The generation, taken from the pool's version counter, makes every id
 * unique, across slots and restarts, so that a freed one never resolves again. No address ever
 * leaves here.
 */
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "mempool/pool.h"

enum { MP_CHUNK_SLOTS = 1 << MP_SLOT_BITS };

/* Lower-case hex up to @end (or the end of the text) without leading zeros */
static bool mp_hex_field(struct vg_str *s, char end, u64 max, u64 *out)
{
	size_t i;
	u64 v = 0;

	for (i = 0; i < s->n && s->p[i] != end; i++) {
		int digit = vg_is_upper(s->p[i]) ? -1 : vg_hex_val(s->p[i]);

		if (digit < 0 || i == 16 || (i == 1 && !v))
			return false;
		v = v << 4 | digit;
	}
	if (!i || v > max || (end && i == s->n))
		return false;
	*s = vg_str_sub(*s, i + (end ? 1 : 0), s->n);
	*out = v;
	return true;
}

bool mp_block_id_parse(struct vg_str s, struct mp_block_id *id)
{
	u64 node, slot, generation;

	if (!mp_hex_field(&s, '-', U32_MAX, &node) || !mp_hex_field(&s, '-', U32_MAX, &slot) ||
	    !mp_hex_field(&s, '\0', U64_MAX, &generation) || s.n)
		return false;
	id->node = node;
	id->slot = slot;
	id->generation = generation;
	return true;
}

size_t mp_block_id_print(const struct mp_block_id *id, char out[MP_BLOCK_ID_TEXT])
{
	return scnprintf(out, MP_BLOCK_ID_TEXT, "%x-%x-%llx", id->node, id->slot, id->generation);
}

static struct mp_slot *mp_slot_at(struct mp_chunk *chunk, u32 slot)
{
	return chunk ? &chunk->slot[slot & (MP_CHUNK_SLOTS - 1)] : NULL;
}

static struct mp_slot *mp_slot_locked(struct mp_pool *pool, u32 slot)
{
	if (slot >> MP_SLOT_BITS >= MP_CHUNK_SLOTS)
		return NULL;
	return mp_slot_at(rcu_dereference_protected(pool->chunk[slot >> MP_SLOT_BITS],
						    lockdep_is_held(&pool->lock)), slot);
}

/* L: the slot's content if it still is what @id means */
static struct mp_val *mp_slot_val(struct mp_pool *pool, const struct mp_block_id *id)
{
	struct mp_slot *slot = mp_slot_locked(pool, id->slot);
	struct mp_val *v;

	lockdep_assert_held(&pool->lock);
	v = slot ? rcu_dereference_protected(slot->val, lockdep_is_held(&pool->lock)) : NULL;
	return v && v->version == id->generation ? v : NULL;
}

/* L: @chunk's slots become the free ones, lowest first */
static void mp_chunk_add(struct mp_pool *pool, struct mp_chunk *chunk)
{
	u32 i;

	for (i = MP_CHUNK_SLOTS; i--; ) {
		chunk->slot[i].next_free = pool->free_slot;
		pool->free_slot = pool->slots + i + 1;
	}
	rcu_assign_pointer(pool->chunk[pool->slots >> MP_SLOT_BITS], chunk);
	pool->slots += MP_CHUNK_SLOTS;
}

static struct mp_chunk *mp_chunk_new(struct mp_pool *pool)
{
	struct mp_chunk *chunk;
	size_t charged;

	chunk = mp_alloc(pool, sizeof(*chunk), 0, &charged);
	if (!chunk)
		return NULL;
	memset(chunk, 0, sizeof(*chunk));
	chunk->slot[0].charged = charged;
	return chunk;
}

/* Returns with the lock held and a slot free if 0 */
static int mp_slots_lock(struct mp_pool *pool)
{
	struct mp_chunk *spare = NULL;
	int ret = 0;

	for (;;) {
		mutex_lock(&pool->lock);
		if (!pool->free_slot && spare) {
			mp_chunk_add(pool, spare);
			spare = NULL;
		}
		if (pool->free_slot)
			break;
		ret = pool->slots == MP_CHUNK_SLOTS * MP_CHUNK_SLOTS ? -EMFILE : 0;
		mutex_unlock(&pool->lock);
		if (ret)
			return ret;
		spare = mp_chunk_new(pool);
		if (!spare)
			return -ENOSPC;
	}
	/* another made room meanwhile: nobody saw ours */
	if (spare)
		mp_free(pool, spare, spare->slot[0].charged);
	return 0;
}

int mp_block_new(struct mp_pool *pool, struct mp_val *v, struct mp_block_id *id)
{
	struct mp_slot *slot;
	int ret;

	ret = mp_slots_lock(pool);
	if (ret)
		return ret;
	id->slot = pool->free_slot - 1;
	id->generation = ++pool->version;
	slot = mp_slot_locked(pool, id->slot);
	pool->free_slot = slot->next_free;
	v->version = id->generation;
	rcu_assign_pointer(slot->val, v);
	WRITE_ONCE(pool->blocks, pool->blocks + 1);
	mutex_unlock(&pool->lock);
	atomic64_inc(&pool->stats.blocks_made);
	return 0;
}

struct mp_val *mp_block_get(struct mp_pool *pool, const struct mp_block_id *id)
{
	struct mp_slot *slot;
	struct mp_val *v;

	if (id->slot >> MP_SLOT_BITS >= MP_CHUNK_SLOTS)
		return NULL;
	rcu_read_lock();
	slot = mp_slot_at(rcu_dereference(pool->chunk[id->slot >> MP_SLOT_BITS]), id->slot);
	do {
		v = slot ? rcu_dereference(slot->val) : NULL;
		if (!v || v->version != id->generation) {
			v = NULL;
			break;
		}
		/* a failure means that the slot has moved on already */
	} while (!mp_val_get(v));
	rcu_read_unlock();
	return v;
}

int mp_block_swap(struct mp_pool *pool, const struct mp_block_id *id, const struct mp_val *old,
		  struct mp_val *v)
{
	struct mp_val *cur;
	int ret = 0;

	v->version = id->generation;
	mutex_lock(&pool->lock);
	cur = mp_slot_val(pool, id);
	if (!cur)
		ret = -ENOENT;
	else if (old && cur != old)
		ret = -EAGAIN;
	else
		rcu_assign_pointer(mp_slot_locked(pool, id->slot)->val, v);
	mutex_unlock(&pool->lock);
	if (!ret)
		mp_val_put(cur);
	return ret;
}

/* L: the slot becomes free */
static void mp_slot_clear(struct mp_pool *pool, u32 index)
{
	struct mp_slot *slot = mp_slot_locked(pool, index);

	rcu_assign_pointer(slot->val, NULL);
	slot->next_free = pool->free_slot;
	pool->free_slot = index + 1;
	WRITE_ONCE(pool->blocks, pool->blocks - 1);
	atomic64_inc(&pool->stats.blocks_gone);
}

int mp_block_free(struct mp_pool *pool, const struct mp_block_id *id)
{
	struct mp_val *v;

	mutex_lock(&pool->lock);
	v = mp_slot_val(pool, id);
	if (v)
		mp_slot_clear(pool, id->slot);
	mutex_unlock(&pool->lock);
	mp_val_put(v);
	return v ? 0 : -ENOENT;
}

void mp_blocks_free(struct mp_pool *pool)
{
	struct mp_chunk *chunk;
	struct mp_val *v;
	u32 i;

	mutex_lock(&pool->lock);
	for (i = 0; i < pool->slots; i++) {
		if (!(i & (MP_CHUNK_SLOTS - 1)))
			cond_resched();
		v = rcu_dereference_protected(mp_slot_locked(pool, i)->val,
					      lockdep_is_held(&pool->lock));
		if (!v)
			continue;
		mp_slot_clear(pool, i);
		mp_val_put(v);
	}
	for (i = 0; i < pool->slots >> MP_SLOT_BITS; i++) {
		chunk = rcu_dereference_protected(pool->chunk[i], lockdep_is_held(&pool->lock));
		RCU_INIT_POINTER(pool->chunk[i], NULL);
		mp_free(pool, chunk, chunk->slot[0].charged);
	}
	pool->slots = 0;
	pool->free_slot = 0;
	mutex_unlock(&pool->lock);
}
