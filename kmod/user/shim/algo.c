// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: wide arithmetic, searches for bits, sorting, comparing secrets. Must never recurse. */
#include <crypto/algapi.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sort.h>

u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	unsigned __int128 quotient;

	if (!c)
		SHIM_BUG("mul_u64_u64_div_u64: division by 0");
	quotient = (unsigned __int128)a * b / c;
	if (quotient >> 64)
		SHIM_BUG("mul_u64_u64_div_u64: the quotient does not fit 64 bits");
	return (u64)quotient;
}

u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

u64 mul_u64_u64_shr(u64 a, u64 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

/* flip is all ones to search for zeros. */
static unsigned long find(const unsigned long *addr, unsigned long size, unsigned long offset,
			  unsigned long flip)
{
	while (offset < size) {
		unsigned long word = __atomic_load_n(addr + BIT_WORD(offset), __ATOMIC_RELAXED);

		word = (word ^ flip) & (~0UL << (offset % BITS_PER_LONG));
		if (word) {
			offset = round_down(offset, (unsigned long)BITS_PER_LONG) + __ffs(word);
			return offset < size ? offset : size;
		}
		offset = round_down(offset, (unsigned long)BITS_PER_LONG) + BITS_PER_LONG;
	}
	return size;
}

unsigned long find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset)
{
	return find(addr, size, offset, 0);
}

unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
				 unsigned long offset)
{
	return find(addr, size, offset, ~0UL);
}

static void swap_bytes(void *a, void *b, int size)
{
	u8 *p = a, *q = b;

	for (; size; p++, q++, size--)
		swap(*p, *q);
}

/* Lets the element at root sink until both children are smaller. */
static void sift(u8 *base, size_t root, size_t num, size_t size,
		 int (*cmp)(const void *, const void *), void (*swp)(void *, void *, int))
{
	for (;;) {
		size_t child = 2 * root + 1;

		if (child >= num)
			return;
		if (child + 1 < num && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + root * size, base + child * size) >= 0)
			return;
		swp(base + root * size, base + child * size, (int)size);
		root = child;
	}
}

void sort(void *base, size_t num, size_t size, int (*cmp_func)(const void *, const void *),
	  void (*swap_func)(void *, void *, int size))
{
	void (*swp)(void *, void *, int) = swap_func ? swap_func : swap_bytes;
	size_t i;

	for (i = num / 2; i > 0; i--)
		sift(base, i - 1, num, size, cmp_func, swp);
	for (i = num; i > 1; i--) {
		swp(base, (u8 *)base + (i - 1) * size, (int)size);
		sift(base, 0, i - 1, size, cmp_func, swp);
	}
}

unsigned long crypto_memneq(const void *a, const void *b, size_t size)
{
	const volatile u8 *p = a, *q = b;
	u8 diff = 0;

	for (; size; p++, q++, size--)
		diff |= *p ^ *q;
	return diff;
}
