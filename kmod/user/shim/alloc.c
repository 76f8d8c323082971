// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shim: the allocator. Must never grant what the kernel would refuse, nor wait where it must
 * not.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/shim.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <malloc.h>

enum {
	SHARDS = 16,	/* counters, so that threads seldom write the same cache line */
};

static struct {
	long live;
} ____cacheline_aligned shards[SHARDS];

static __thread unsigned int my_shard;	/* 1 .. SHARDS, 0: none yet */
static unsigned int next_shard;

static unsigned long fail_countdown;	/* 0: off */
static unsigned long fail_count;

struct kmem_cache {
	char name[32];
	unsigned int size;
	unsigned int align;
	void (*ctor)(void *obj);
	long live;
};

static void count(long delta)
{
	if (unlikely(!my_shard))
		my_shard = 1 + __atomic_fetch_add(&next_shard, 1, __ATOMIC_RELAXED) % SHARDS;
	(void)__atomic_fetch_add(&shards[my_shard - 1].live, delta, __ATOMIC_RELAXED);
}

long shim_alloc_live(void)
{
	long sum = 0;
	int i;

	for (i = 0; i < SHARDS; i++)
		sum += __atomic_load_n(&shards[i].live, __ATOMIC_RELAXED);
	return sum;
}

void shim_alloc_fail_nth(unsigned long n)
{
	__atomic_store_n(&fail_count, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&fail_countdown, n, __ATOMIC_RELAXED);
}

unsigned long shim_alloc_failed(void)
{
	return __atomic_load_n(&fail_count, __ATOMIC_RELAXED);
}

static bool must_fail(void)
{
	unsigned long n = __atomic_load_n(&fail_countdown, __ATOMIC_RELAXED);

	do {
		if (likely(!n))
			return false;
	} while (!__atomic_compare_exchange_n(&fail_countdown, &n, n - 1, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	if (n != 1)
		return false;
	(void)__atomic_fetch_add(&fail_count, 1, __ATOMIC_RELAXED);
	return true;
}

/* size is not 0. align 0: malloc's own. */
static void *get(size_t size, size_t align, gfp_t flags)
{
	void *p = NULL;

	might_sleep_if(flags & __GFP_DIRECT_RECLAIM);
	if (must_fail())
		return NULL;
	if (align > __alignof__(max_align_t)) {
		if (posix_memalign(&p, align, size))
			return NULL;
		if (flags & __GFP_ZERO)
			memset(p, 0, size);
	} else {
		p = flags & __GFP_ZERO ? calloc(1, size) : malloc(size);
	}
	if (p)
		count(1);
	return p;
}

void *kmalloc(size_t size, gfp_t flags)
{
	if (!size)
		return ZERO_SIZE_PTR;
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	return get(size, 0, flags);
}

void *krealloc(const void *p, size_t size, gfp_t flags)
{
	void *q;

	if (ZERO_OR_NULL_PTR(p))
		return kmalloc(size, flags);
	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	might_sleep_if(flags & __GFP_DIRECT_RECLAIM);
	if (size > KMALLOC_MAX_SIZE || must_fail())
		return NULL;
	q = realloc((void *)p, size);
	return q;
}

void kfree(const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	count(-1);
	free((void *)p);
}

size_t ksize(const void *p)
{
	return ZERO_OR_NULL_PTR(p) ? 0 : malloc_usable_size((void *)p);
}

void kfree_sensitive(const void *p)
{
	if (!ZERO_OR_NULL_PTR(p))
		memzero_explicit((void *)p, ksize(p));
	kfree(p);
}

void *kvmalloc(size_t size, gfp_t flags)
{
	if (!size)
		return ZERO_SIZE_PTR;
	if (size > INT_MAX)
		return NULL;
	return get(size, 0, flags);
}

/* The kernel frees large areas by vfree(), which must not be called with a spinlock held. */
void kvfree(const void *p)
{
	if (ksize(p) > 2 * PAGE_SIZE && !shim_in_callback)
		might_sleep();
	kfree(p);
}

void kvfree_sensitive(const void *p, size_t len)
{
	if (!ZERO_OR_NULL_PTR(p))
		memzero_explicit((void *)p, len);
	kvfree(p);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (!cache) {
		if (flags & SLAB_PANIC)
			SHIM_BUG("kmem_cache_create(%s): out of memory", name);
		return NULL;
	}
	if (!size || (align & (align - 1)))
		SHIM_BUG("kmem_cache_create(%s): size %u align %u", name, size, align);
	strscpy(cache->name, name, sizeof(cache->name));
	cache->size = size;
	cache->align = flags & SLAB_HWCACHE_ALIGN && size >= 64 ? max_t(unsigned int, align, 64) :
								 align;
	cache->ctor = ctor;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	long live;

	if (!cache)
		return;
	might_sleep();
	live = __atomic_load_n(&cache->live, __ATOMIC_RELAXED);
	if (live)
		SHIM_BUG("kmem_cache_destroy(%s): %ld objects are still in use", cache->name, live);
	kfree(cache);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags)
{
	void *obj = get(cache->size, cache->align, flags);

	if (!obj)
		return NULL;
	if (cache->ctor)
		cache->ctor(obj);
	(void)__atomic_fetch_add(&cache->live, 1, __ATOMIC_RELAXED);
	return obj;
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	if (!obj)
		return;
	if (__atomic_fetch_sub(&cache->live, 1, __ATOMIC_RELAXED) <= 0)
		SHIM_BUG("kmem_cache_free(%s): more freed than allocated", cache->name);
	kfree(obj);
}

unsigned int kmem_cache_size(struct kmem_cache *cache)
{
	return cache->size;
}
