// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signing keys of the day. See sigkey.h.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/ledger.h"
#include "core/sigkey.h"

struct vg_sigkey {
	struct rcu_head rcu;
	char day[8];
	char region[64];
	u8 region_n;
	struct vg_hmac hmac;
};

static void free_rcu_cb(struct rcu_head *head)
{
	kfree_sensitive(container_of(head, struct vg_sigkey, rcu));
	vg_gone(VG_L_SIGKEYS);
}

void vg_sigkey_drop(struct vg_sigkey *s)
{
	if (s)
		call_rcu(&s->rcu, free_rcu_cb);
}

static bool fits(const struct vg_sigkey *s, struct vg_str day, struct vg_str region)
{
	return s && !memcmp(s->day, day.p, sizeof(s->day)) && s->region_n == region.n &&
	       !memcmp(s->region, region.p, region.n);
}

static struct vg_sigkey *make(const struct vg_key *key, struct vg_str day, struct vg_str region,
			      u32 service)
{
	struct vg_sigkey *s;

	if (day.n != sizeof(s->day) || region.n > sizeof(s->region))
		return NULL;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return NULL;
	vg_made(VG_L_SIGKEYS);
	memcpy(s->day, day.p, sizeof(s->day));
	memcpy(s->region, region.p, region.n);
	s->region_n = region.n;
	vg_sig_key(&s->hmac, vg_str(key->secret, key->secret_n), day, region,
		   vg_cstr(vg_service_names[service]));
	return s;
}

void vg_sigkey_sign(const struct vg_key *key, struct vg_str day, struct vg_str region, u32 service,
		    const void *msg, size_t n, u8 out[VG_SHA256_BYTES])
{
	/* the cache is the one part of a key that changes once it is published */
	struct vg_sigkey __rcu **slot = (struct vg_sigkey __rcu **)
		&key->cache[2 * service + (day.n ? day.p[day.n - 1] & 1 : 0)];
	struct vg_sigkey *s, *old;
	struct vg_hmac h;

	rcu_read_lock();
	s = rcu_dereference(*slot);
	if (fits(s, day, region)) {
		vg_hmac(&s->hmac, msg, n, out);
		rcu_read_unlock();
		return;
	}
	rcu_read_unlock();

	s = make(key, day, region, service);
	if (!s) {
		vg_sig_key(&h, vg_str(key->secret, key->secret_n), day, region,
			   vg_cstr(vg_service_names[service]));
		vg_hmac(&h, msg, n, out);
		memzero_explicit(&h, sizeof(h));
		return;
	}
	vg_hmac(&s->hmac, msg, n, out);
	old = xchg((__force struct vg_sigkey **)slot, s);
	vg_sigkey_drop(old);
}
