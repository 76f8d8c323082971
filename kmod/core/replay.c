// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was accepted once is not accepted again. One bounded table of two kinds of entry, both dead
 * when the dates they stand for are stale:
 *
 *	opaque nonce	16 bytes of signature, one entry a request
 *	ordered nonce	(key, service, stream), one entry a connection, with the last counter
 *
 * Nothing is ever evicted before its time: a full table refuses (only holders of keys can fill it, and
 * one key at most half of it, counted by key). Locks: one spinlock a shard, under it that of the shares;
 * nothing sleeps under either.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "core/auth.h"
#include "core/ledger.h"
#include "core/limits.h"
#include "core/sigv4.h"

enum {
	SHARDS		= 64,		/* powers of two */
	BUCKETS		= 256,		/* of a shard */
	SHARES		= 2 * VG_KEYS_MAX,	/* those of the key file before may still be held */
	SWEEP_SHARDS	= 1,		/* a tick: the whole table every 16 s */
};

struct entry {
	struct hlist_node link;
	u64 id[2];
	u64 date_s;		/* of what was accepted; ordered: the newest */
	u64 counter;		/* ordered: last one accepted; opaque: unused */
	bool ordered;
	u8 share;
};

struct shard {
	spinlock_t lock;
	struct hlist_head bucket[BUCKETS];
};

/* What one key holds; held by none, it is anybody's. */
struct share {
	u64 owner;		/* hash of the key's id */
	u32 held;		/* entries */
};

struct vg_replay {
	siphash_key_t seed;
	u32 max;
	atomic_t n;
	spinlock_t share_lock;
	struct share share[SHARES];
	atomic64_t largest_s;	/* the largest date accepted */
	atomic64_t floor_s;
	u64 begin_s;		/* requests dated up to here were perhaps accepted before */
	u32 sweep;
	struct shard shard[SHARDS];
};

int vg_replay_new(u32 entries, struct vg_replay **out)
{
	struct vg_replay *r = kvzalloc(sizeof(*r), GFP_KERNEL);
	u32 i;

	BUILD_BUG_ON(SHARES > U8_MAX + 1);	/* entry.share */
	if (!r)
		return -ENOMEM;
	host_random(&r->seed, sizeof(r->seed));
	r->max = entries;
	spin_lock_init(&r->share_lock);
	for (i = 0; i < SHARDS; i++)
		spin_lock_init(&r->shard[i].lock);
	*out = r;
	return 0;
}

/*
 * The share of @owner, under its lock. More keys than there are shares can hold entries only where key files
 * change faster than entries become stale: then those too many hold one together with another.
 */
static struct share *share_of(struct vg_replay *r, u64 owner)
{
	struct share *s, *unused = NULL;
	u32 i;

	for (i = 0; i < SHARES; i++) {
		s = &r->share[(owner + i) % SHARES];
		if (s->held && s->owner == owner)
			return s;
		if (!s->held && !unused)
			unused = s;
	}
	if (!unused)
		return &r->share[owner % SHARES];
	unused->owner = owner;
	return unused;
}

/* Take a place in the table, for the whole and for the key's share of it. */
static int take(struct vg_replay *r, u64 owner, struct entry *e)
{
	struct share *s;
	int ret = -ENOSPC;

	spin_lock(&r->share_lock);
	s = share_of(r, owner);
	if (atomic_read(&r->n) < r->max && s->held < (r->max + 1) / 2) {
		atomic_inc(&r->n);
		s->held++;
		e->share = s - r->share;
		ret = 0;
	}
	spin_unlock(&r->share_lock);
	return ret;
}

static void give_back(struct vg_replay *r, const struct entry *e)
{
	spin_lock(&r->share_lock);
	r->share[e->share].held--;
	atomic_dec(&r->n);
	spin_unlock(&r->share_lock);
}

static void free_entry(struct vg_replay *r, struct entry *e)
{
	give_back(r, e);
	kfree(e);
	vg_gone(VG_L_REPLAYS);
}

static u64 raise(atomic64_t *a, u64 to)
{
	s64 seen = atomic64_read(a);

	while ((u64)seen < to && !atomic64_try_cmpxchg(a, &seen, to))
		;
	return max_t(u64, seen, to);
}

/* Under the shard's lock. What is forgotten is too old from now on, whatever clock and window become. */
static void drop(struct vg_replay *r, struct entry *e)
{
	raise(&r->floor_s, e->date_s + 1);
	hlist_del(&e->link);
	free_entry(r, e);
}

/* Sixteen million entries are a second's work. */
static void sweep(struct vg_replay *r, struct shard *s, u64 before_s)
{
	struct hlist_node *tmp;
	struct entry *e;
	u32 i;

	for (i = 0; i < BUCKETS; i++) {
		spin_lock(&s->lock);
		hlist_for_each_entry_safe(e, tmp, &s->bucket[i], link)
			if (e->date_s < before_s)
				drop(r, e);
		spin_unlock(&s->lock);
		cond_resched();
	}
}

void vg_replay_free(struct vg_replay *r)
{
	u32 i;

	if (!r)
		return;
	for (i = 0; i < SHARDS; i++)
		sweep(r, &r->shard[i], U64_MAX);
	WARN_ON(atomic_read(&r->n));
	kvfree(r);
}

void vg_replay_tick(struct vg_replay *r, u64 now_s, u32 past_s)
{
	u32 i;

	for (i = 0; now_s > past_s && i < SWEEP_SHARDS; i++)
		sweep(r, &r->shard[r->sweep++ % SHARDS], now_s - past_s);
}

u64 vg_replay_floor(struct vg_replay *r, u64 now_s, u32 past_s)
{
	return raise(&r->floor_s, now_s > past_s ? now_s - past_s : 0);
}

u64 vg_replay_largest(struct vg_replay *r)
{
	return atomic64_read(&r->largest_s);
}

void vg_replay_begin(struct vg_replay *r, u64 not_before_s)
{
	r->begin_s = not_before_s;
}

/* "<16 lower-case hex>.<decimal>": true, with the stream and its counter. */
static bool ordered_nonce(struct vg_str nonce, u64 *stream, u64 *counter)
{
	u8 id[8];

	if (nonce.n < 18 || nonce.p[16] != '.' || vg_unhex(id, vg_str(nonce.p, 16), 8))
		return false;
	memcpy(stream, id, sizeof(id));
	return !vg_str_u64(vg_str_sub(nonce, 17, nonce.n), counter);
}

static struct entry *find(struct hlist_head *head, const struct entry *like)
{
	struct entry *e;

	hlist_for_each_entry(e, head, link)
		if (e->ordered == like->ordered && e->id[0] == like->id[0] && e->id[1] == like->id[1])
			return e;
	return NULL;
}

/* Under the shard's lock: insert @fresh, or judge by the entry that is there. */
static int insert(struct vg_replay *r, struct hlist_head *head, struct entry *fresh)
{
	struct entry *e = find(head, fresh);

	/* a body may take its time: what its head was compared with may be forgotten meanwhile */
	if (fresh->date_s < (u64)atomic64_read(&r->floor_s))
		return -ESTALE;
	if (!e) {
		hlist_add_head(&fresh->link, head);
		return 0;
	}
	if (!e->ordered || fresh->counter <= e->counter)
		return -EEXIST;
	e->counter = fresh->counter;
	e->date_s = max(e->date_s, fresh->date_s);
	return 1;
}

/* What stands for a request, and where; but for its date */
static struct hlist_head *place(struct vg_replay *r, u64 owner, u32 service, const u8 sig[16],
				struct vg_str nonce, struct entry *like, struct shard **s)
{
	u64 hash;

	*like = (struct entry){ };
	like->ordered = ordered_nonce(nonce, &like->id[0], &like->counter);
	if (like->ordered)
		like->id[1] = owner ^ service;
	else
		memcpy(like->id, sig, sizeof(like->id));
	hash = siphash(like->id, sizeof(like->id), &r->seed);
	*s = &r->shard[hash % SHARDS];
	return &(*s)->bucket[hash / SHARDS % BUCKETS];
}

static u64 owner_of(const struct vg_replay *r, const struct vg_key *key)
{
	return siphash(key->id, key->id_n, &r->seed);
}

bool vg_replay_seen(struct vg_replay *r, const struct vg_key *key, u32 service, const u8 sig[16],
		    struct vg_str nonce)
{
	struct entry like, *e;
	struct hlist_head *head;
	struct shard *s;
	bool seen;

	head = place(r, owner_of(r, key), service, sig, nonce, &like, &s);
	spin_lock(&s->lock);
	e = find(head, &like);
	seen = e && (!e->ordered || like.counter <= e->counter);
	spin_unlock(&s->lock);
	return seen;
}

int vg_replay_check(struct vg_replay *r, const struct vg_key *key, u32 service, const u8 sig[16],
		    struct vg_str nonce, u64 date_s, u64 now_s, u32 *retry_s)
{
	u64 owner = owner_of(r, key);
	struct entry like, *e;
	struct hlist_head *head;
	struct shard *s;
	int ret;

	if (date_s <= r->begin_s) {
		*retry_s = r->begin_s >= now_s ? min_t(u64, r->begin_s - now_s + 1, 60) : 1;
		return -EAGAIN;
	}
	head = place(r, owner, service, sig, nonce, &like, &s);
	like.date_s = date_s;

	/* an ordered stream that is known costs no memory */
	if (like.ordered) {
		spin_lock(&s->lock);
		ret = find(head, &like) ? insert(r, head, &like) : 0;
		spin_unlock(&s->lock);
		if (ret)
			goto out;
	}
	ret = take(r, owner, &like);
	if (ret)
		return ret;
	e = kmalloc(sizeof(*e), GFP_KERNEL);
	if (!e) {
		give_back(r, &like);
		return -ENOSPC;
	}
	vg_made(VG_L_REPLAYS);
	*e = like;
	spin_lock(&s->lock);
	ret = insert(r, head, e);
	spin_unlock(&s->lock);
	if (ret)
		free_entry(r, e);
out:
	if (ret < 0)
		return ret;
	raise(&r->largest_s, date_s);
	return 0;
}
