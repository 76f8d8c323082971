// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: random numbers from the system. Must never fall back to weaker ones. */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/random.h>
#include <errno.h>
#include <sys/random.h>

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			SHIM_BUG("getrandom failed: errno %d", errno);
		p += n;
		len -= (size_t)n;
	}
}

u32 get_random_u32(void)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

u64 get_random_u64(void)
{
	u64 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

u32 get_random_u32_below(u32 ceil)
{
	u32 v, skip;

	if (ceil <= 1)
		return 0;
	/* The lowest 2^32 mod ceil values would make small results likelier. */
	skip = (0 - ceil) % ceil;
	do {
		v = get_random_u32();
	} while (v < skip);
	return v % ceil;
}
