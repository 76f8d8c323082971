/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: the kernel's allocator on malloc, counted, failing on demand (<linux/shim.h>) and as
 * limited as the real one.
 */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/types.h>

/* What kmalloc(0) gives: not NULL, not usable, may be freed. */
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(x)	((unsigned long)(x) <= (unsigned long)ZERO_SIZE_PTR)

/* kmalloc() above this fails, as on x86-64 with 4 KiB pages. kvmalloc() goes to INT_MAX. */
#define KMALLOC_MAX_SIZE	(4UL << 20)
#define ARCH_KMALLOC_MINALIGN	8

#define SLAB_HWCACHE_ALIGN	0x2000U
#define SLAB_ACCOUNT		0x4000U
#define SLAB_PANIC		0x8000U
#define SLAB_TYPESAFE_BY_RCU	0x10000U
typedef unsigned int slab_flags_t;

/* Flags with __GFP_DIRECT_RECLAIM (GFP_KERNEL) abort where the kernel must not sleep. */
void *kmalloc(size_t size, gfp_t flags) __malloc __alloc_size(1);
void *krealloc(const void *p, size_t size, gfp_t flags) __must_check __alloc_size(2);
void kfree(const void *p);
void kfree_sensitive(const void *p);
/* The bytes that may be used, at least what was asked. */
size_t ksize(const void *p);

/* Memory that need not be contiguous. Free with kvfree(), never with kfree(). */
void *kvmalloc(size_t size, gfp_t flags) __malloc __alloc_size(1);
void kvfree(const void *p);
void kvfree_sensitive(const void *p, size_t len);

static inline void *kzalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t flags)
{
	return kmalloc(size_mul(n, size), flags);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t flags)
{
	return kmalloc(size_mul(n, size), flags | __GFP_ZERO);
}

static inline void * __must_check krealloc_array(void *p, size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : krealloc(p, bytes, flags);
}

static inline void *kvzalloc(size_t size, gfp_t flags)
{
	return kvmalloc(size, flags | __GFP_ZERO);
}

static inline void *kvmalloc_array(size_t n, size_t size, gfp_t flags)
{
	return kvmalloc(size_mul(n, size), flags);
}

static inline void *kvcalloc(size_t n, size_t size, gfp_t flags)
{
	return kvmalloc(size_mul(n, size), flags | __GFP_ZERO);
}

/* A cache of objects of one size. Destroying one with live objects aborts. */
struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags) __malloc;
void kmem_cache_free(struct kmem_cache *cache, void *obj);
unsigned int kmem_cache_size(struct kmem_cache *cache);

static inline void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags)
{
	return kmem_cache_alloc(cache, flags | __GFP_ZERO);
}

#define KMEM_CACHE(__struct, __flags) \
	kmem_cache_create(#__struct, sizeof(struct __struct), __alignof__(struct __struct), \
			  (__flags), NULL)

#endif /* SHIM_LINUX_SLAB_H */
