/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of signing keys: the HMAC states of (key, day, service), so that a request costs the hashes
 * of its own bytes only. A slot for odd and one for even days of each service; readers hold
 * rcu_read_lock(), a day's turn replaces a slot.
 */
#ifndef VG_CORE_SIGKEY_H
#define VG_CORE_SIGKEY_H

#include "core/auth.h"
#include "core/sigv4.h"

/*
 * The HMAC-SHA256 of @msg under @key's signing key of that day, region and service.
 * May allocate (GFP_KERNEL); without memory it computes without the cache.
 */
void vg_sigkey_sign(const struct vg_key *key, struct vg_str day, struct vg_str region, u32 service,
		    const void *msg, size_t n, u8 out[VG_SHA256_BYTES]);
/*
 * The signature of a request of @date (YYYYMMDDTHHMMSSZ) to that service, @canon_hash being the
 * SHA-256 of its canonical form. Allocates as the above.
 */
void vg_sigkey_request(const struct vg_key *key, struct vg_str date, struct vg_str region, u32 service,
		       const u8 canon_hash[VG_SHA256_BYTES], u8 out[VG_SHA256_BYTES]);
/* Wipe and free past RCU; NULL is fine. */
void vg_sigkey_drop(struct vg_sigkey *s);

#endif
