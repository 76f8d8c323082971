// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cipher side of core/host.h in the kernel: the fastest "sha256" the crypto API has, its state
 * kept in the caller's memory. Holds one transform from load to unload.
 */
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/random.h>

#include <crypto/hash.h>

#include "core/host.h"
#include "host.h"

enum { STATE_MAX = 256 };	/* bytes of an exported state; checked at load */

static struct crypto_shash *tfm;

static struct shash_desc *desc(struct vg_sha256 *s)
{
	return (struct shash_desc *)s->opaque;
}

int virgo_sha256_init(void)
{
	size_t room = sizeof(((struct vg_sha256 *)0)->opaque);

	BUILD_BUG_ON(__alignof__(struct shash_desc) > __alignof__(struct vg_sha256));
	tfm = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(tfm)) {
		pr_err("virgo: the kernel has no sha256 (error %ld): modprobe sha256_generic\n",
		       PTR_ERR(tfm));
		return PTR_ERR(tfm);
	}
	if (sizeof(struct shash_desc) + crypto_shash_descsize(tfm) > room ||
	    crypto_shash_statesize(tfm) > STATE_MAX) {
		pr_err("virgo: sha256 by %s needs more state than there is room for\n",
		       crypto_shash_driver_name(tfm));
		crypto_free_shash(tfm);
		return -E2BIG;
	}
	return 0;
}

void virgo_sha256_exit(void)
{
	crypto_free_shash(tfm);
}

void host_sha256_init(struct vg_sha256 *s)
{
	desc(s)->tfm = tfm;
	crypto_shash_init(desc(s));
}

void host_sha256_update(struct vg_sha256 *s, const void *p, size_t n)
{
	/* the API counts in unsigned int; hashing holds the FPU, so not too much at once */
	while (n) {
		unsigned int now = min_t(size_t, n, 64 << 10);

		crypto_shash_update(desc(s), p, now);
		p += now;
		n -= now;
	}
}

void host_sha256_final(struct vg_sha256 *s, u8 out[VG_SHA256_BYTES])
{
	crypto_shash_final(desc(s), out);
}

void host_sha256_copy(struct vg_sha256 *to, const struct vg_sha256 *from)
{
	u8 state[STATE_MAX];

	desc(to)->tfm = tfm;
	/* neither fails for a software hash */
	crypto_shash_export(desc((struct vg_sha256 *)from), state);
	crypto_shash_import(desc(to), state);
	memzero_explicit(state, sizeof(state));
}

void host_random(void *p, size_t n)
{
	get_random_bytes(p, n);
}
EXPORT_SYMBOL_GPL(host_random);
