/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool: keys, blocks, their values, and the account of what they cost. Must never speak HTTP.
 *
 * Locking. pool->lock (a mutex) serialises every change: table, index, wheel, clock, block slots,
 * versions. Readers take rcu_read_lock() alone. Nothing is allocated, charged or waited for with
 * the lock held, but for what a table grows by.
 *
 * Lifetime. An entry (key) and a slot point at an immutable value by an RCU pointer that holds one
 * reference; who needs a value beyond the read side takes another. Entries are freed a grace period
 * after they are unlinked, values a grace period after their last reference.
 *
 * Account. pool->used is what the allocator really gave, from before an object is allocated until
 * it is freed. Memory is charged before it is asked for, so that no number of concurrent uploads
 * gets past the limit; pool->dying is the part of it that waits for a grace period.
 */
#ifndef VG_MEMPOOL_POOL_H
#define VG_MEMPOOL_POOL_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/str.h"
#include "mempool/skip.h"
#include "mempool/table.h"
#include "mempool/wheel.h"

struct vg_node;
struct mp_pool;

enum mp_limits {
	MP_KEY_MAX		= 512,
	MP_LIST_DEFAULT		= 100,
	MP_LIST_MAX		= 1000,
	MP_TXN_OPS_MAX		= 128,		/* conditions and operations of a transaction */
	MP_TXN_RESULT_MAX	= 1 << 20,	/* bytes of values a transaction may get */
	MP_COPY			= 512,		/* values up to this are copied, not referenced */
	MP_LINE_DATA_MAX	= 65536,	/* bytes virgo_cloud_get puts on a line */
	MP_SLOT_BITS		= 10,		/* of a chunk, and chunks of the table */
	MP_EVICT_ROUNDS		= 4,		/* before an allocation gives up */
	MP_CLOCK_STEPS		= 1024,		/* second chances in a row */
	MP_BUDGET		= 1024,		/* timers looked at, entries removed, a lock hold */
	MP_STAT_SHARDS		= 8,
};

/* 10 years: nobody means more, and sums of times cannot overflow */
#define MP_TTL_MAX_MS (315576000000ULL)

/* a transaction's commit point: until it is set readers see what was before */
struct mp_commit {
	bool done;
	struct rcu_head rcu;
};

/*
 * A value: bytes that never change once published. Of a block, version is its generation.
 * While commit->done is not set, before (may be NULL: nothing) is the value in force.
 */
struct mp_val {
	refcount_t refs;
	bool tomb;		/* a transaction deletes the key */
	u64 version;
	u64 expires_ms;		/* monotonic; 0: never */
	size_t size;		/* bytes in use */
	size_t cap;		/* bytes there are */
	size_t charged;
	struct mp_pool *pool;
	struct mp_commit __rcu *commit;
	struct mp_val *before;	/* stays as it was when commit goes: a slow reader may need it */
	struct rcu_head rcu;
	u8 data[];
};

/* A key. Complete before it is linked; only the value pointer and the used bit change later. */
struct mp_entry {
	struct mp_val __rcu *val;	/* NULL: no such key (yet, or any more) */
	struct mp_hnode hnode;
	u64 hash;
	struct mp_pool *pool;
	size_t charged;
	u8 used;			/* read since the clock's hand passed; written by readers */
	union {
		struct {		/* while linked */
			struct list_head clock;
			struct mp_timer timer;
		};
		struct rcu_head rcu;	/* afterwards */
	};
	struct mp_skip_node skip;	/* ends in the tower and the key: last */
};

static inline struct vg_str mp_entry_key(const struct mp_entry *e)
{
	return mp_skip_key(&e->skip);
}

/* For the tables. Pairs with mp_entry_new(): what the hash says was written before it. */
static inline bool mp_entry_is(const struct mp_entry *e, const struct mp_lookup *what)
{
	/* pairs with the release in mp_entry_new() */
	return smp_load_acquire(&e->hash) == what->hash && vg_str_eq(mp_entry_key(e), what->key);
}

struct mp_slot {
	struct mp_val __rcu *val;	/* NULL: free */
	u32 next_free;			/* index + 1 of the next free slot; 0: none */
	u32 charged;			/* of the first of a chunk: what the chunk costs */
};

struct mp_chunk {
	struct mp_slot slot[1 << MP_SLOT_BITS];
};

/* counted by readers: spread, so that they do not fight for a cache line */
struct mp_shard {
	atomic64_t hits, misses;
} __aligned(64);

struct mp_stats {
	atomic64_t sets, deletes, incrs, lists, txns, txns_else, block_ops;
	atomic64_t evicted, expired, refused_full;
	/* the ledger: at the end every one that was made must be gone */
	atomic64_t vals_made, vals_gone, entries_made, entries_gone, blocks_made, blocks_gone;
};

struct mp_pool {
	struct vg_node *node;
	siphash_key_t hash_key;

	/* of the configuration; read anew by mp_pool_config() */
	enum vg_evict evict;
	u64 value_max, block_max;

	atomic64_t used, dying;

	struct mutex lock;
	struct mp_table *table;
	struct mp_skip index;
	struct mp_wheel wheel;
	struct list_head clock;		/* all entries; the hand stands at its head */
	u64 version;			/* the last one given */
	u64 keys;
	u64 blocks;
	u32 slots;			/* slots of all chunks */
	u32 free_slot;			/* index + 1; 0: none */
	struct mp_chunk __rcu *chunk[1 << MP_SLOT_BITS];

	struct mp_stats stats;
	struct mp_shard shard[MP_STAT_SHARDS];
};

/* pool.c: life */
int mp_pool_new(struct vg_node *node, struct mp_pool **pool);
void mp_pool_free(struct mp_pool *pool);	/* no reader is left; waits for all grace periods */
void mp_pool_config(struct mp_pool *pool);
/* Expire, and evict where the limit was lowered. May sleep. */
void mp_pool_tick(struct mp_pool *pool, u64 now_ms);
u64 mp_pool_max(const struct mp_pool *pool);

/* account.c */
/*
 * @size bytes, charged along with @share bytes allocated elsewhere. May sleep, evict and wait for
 * a grace period: never with the lock held. NULL: the pool is full (and may not evict) or the
 * machine is out of memory. *@charged is for mp_free().
 */
void *mp_alloc(struct mp_pool *pool, size_t size, size_t share, size_t *charged);
/* In RCU callbacks too */
void mp_free(struct mp_pool *pool, void *p, size_t charged);

/* value.c */
/* One reference, size == cap, content not set. NULL as mp_alloc(). */
struct mp_val *mp_val_new(struct mp_pool *pool, size_t cap);
/* @v, unpublished, moved to where @cap bytes have room, its size cut to that. NULL: @v stays. */
struct mp_val *mp_val_resize(struct mp_val *v, size_t cap);
bool mp_val_get(struct mp_val *v);		/* in rcu_read_lock(); false: it is going */
void mp_val_put(struct mp_val *v);		/* NULL is fine */
void mp_val_put_obj(void *v);			/* the same, for vg_reply_ref() */
void mp_val_drop(struct mp_val *v);		/* never published: at once; NULL is fine */

static inline bool mp_val_live(const struct mp_val *v, u64 now_ms)
{
	return v && !v->tomb && (!v->expires_ms || now_ms < v->expires_ms);
}

/* entry.c: keys. "L": the caller holds pool->lock */
void mp_hash(const struct mp_pool *pool, struct vg_str key, struct mp_lookup *what);
/* An unlinked entry without value ("ghost"). NULL as mp_alloc(). */
struct mp_entry *mp_entry_new(struct mp_pool *pool, const struct mp_lookup *what);
void mp_entry_drop(struct mp_entry *e);		/* never linked: at once; NULL is fine */
struct mp_entry *mp_entry_find(struct mp_pool *pool, const struct mp_lookup *what);	/* L */
int mp_entry_link(struct mp_pool *pool, struct mp_entry *e);	/* L; 0 or -ENOSPC */
void mp_entry_unlink(struct mp_pool *pool, struct mp_entry *e);	/* L; value and entry are freed */
/* L: publish @v (its reference is taken over) in place of what was there, with its timer */
void mp_entry_set(struct mp_pool *pool, struct mp_entry *e, struct mp_val *v);
/* L: the value in force at @now_ms, or NULL */
struct mp_val *mp_entry_val(const struct mp_entry *e, u64 now_ms);
/* rcu_read_lock(): the same, through a transaction that is being committed */
struct mp_val *mp_entry_read(const struct mp_entry *e, u64 now_ms);

/* A look at a key by a reader. In rcu_read_lock(); counts hit or miss in shard @shard. */
struct mp_val *mp_peek(struct mp_pool *pool, const struct mp_lookup *what, unsigned int shard);

/*
 * Change one key. @decide runs under the lock with the value in force (or NULL) and may still write
 * @v (size, data, expires_ms); what it returns, if not 0, ends the change. On success @v is taken
 * over, *@version is its version and the key exists. -ENOSPC: full.
 */
typedef int (*mp_decide)(void *ctx, const struct mp_val *cur, struct mp_val *v);
int mp_update(struct mp_pool *pool, const struct mp_lookup *what, struct mp_val *v,
	      mp_decide decide, void *ctx, u64 *version);
/* -ENOENT, or what @decide (may be NULL; @v is NULL) returned */
int mp_delete(struct mp_pool *pool, const struct mp_lookup *what, mp_decide decide, void *ctx);

/* clock.c */
/*
 * Unlink keys worth at least @bytes, those not read lately first; blocks stay. Takes the lock.
 * Returns what they are worth; that memory comes back a grace period later.
 */
size_t mp_evict(struct mp_pool *pool, size_t bytes);
void mp_clock_add(struct mp_pool *pool, struct mp_entry *e);	/* L */
void mp_clock_del(struct mp_pool *pool, struct mp_entry *e);	/* L */

/* blocks.c */
struct mp_block_id {
	u32 node;
	u32 slot;
	u64 generation;
};

enum { MP_BLOCK_ID_TEXT = 8 + 1 + 8 + 1 + 16 + 1 };

/* `<node>-<slot>-<generation>`, lower-case hex, no leading zeros; false: no such text */
bool mp_block_id_parse(struct vg_str s, struct mp_block_id *id);
size_t mp_block_id_print(const struct mp_block_id *id, char out[MP_BLOCK_ID_TEXT]);
/* @v is the block's content and taken over on success. 0, -ENOSPC, -EMFILE (no slot left). */
int mp_block_new(struct mp_pool *pool, struct mp_val *v, struct mp_block_id *id);
/* The content with a reference, or NULL: no such block */
struct mp_val *mp_block_get(struct mp_pool *pool, const struct mp_block_id *id);
/*
 * Put @v (taken over on success) in the place of @old (of any content, if NULL). 0, -ENOENT (no
 * such block any more), -EAGAIN (it is not @old any more).
 */
int mp_block_swap(struct mp_pool *pool, const struct mp_block_id *id, const struct mp_val *old,
		  struct mp_val *v);
int mp_block_free(struct mp_pool *pool, const struct mp_block_id *id);	/* 0 or -ENOENT */
void mp_blocks_free(struct mp_pool *pool);	/* all of them, at the end */

#endif
